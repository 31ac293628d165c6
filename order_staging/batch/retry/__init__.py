"""Retry: what failed is put on its way again, and what is unfinished goes on."""
