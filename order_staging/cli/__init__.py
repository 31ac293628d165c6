"""The command line: thin, and the only place that prints."""

from order_staging.cli.app import app, main

__all__ = ["app", "main"]
