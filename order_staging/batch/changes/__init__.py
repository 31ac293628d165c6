"""Changes: what was delivered before, and what its source rows say now, merged with the board field by field."""
