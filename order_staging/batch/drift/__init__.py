"""Drift: source, production and the board compared for everything that was delivered."""
