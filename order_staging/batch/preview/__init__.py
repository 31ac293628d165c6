"""The preview: what a run would do, found by reading alone."""
