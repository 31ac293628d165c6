"""Addresses of the board's pages. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BoardLinks:
    """Where the board and its items are in a browser; `address` is the board's, None where nobody has set it."""

    address: str | None = None

    def item(self, item_id: int | None) -> str | None:
        """Give the address of an item, None where the board's, or the item's id, is not known."""
        if self.address is None or item_id is None:
            return None
        return f"{self.address.rstrip('/')}/pulses/{item_id}"
