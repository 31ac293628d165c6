"""order_staging."""
