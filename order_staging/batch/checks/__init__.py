"""What `check` looks at before a run: database, source, board and account, each by findings of its own."""
