"""What people are told about a value that did not arrive as it was."""

from __future__ import annotations

from dataclasses import dataclass

ABBREVIATED_TO = 100


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know about one column of a row.

    `value` is the source's value as text, whole and unescaped, "" for none; for people and tables, use
    `sentence`.
    """

    column: str
    value: str
    problem: str

    def sentence(self) -> str:
        """Say it in one line, such as `CUSTOMER PRICE: 'n/a' is not a number; left out`.

        A long value is cut to 100 characters; characters that cannot be printed are escaped.
        """
        shown = f"{_abbreviated(self.value)!r} " if self.value else ""
        return f"{self.column}: {shown}{self.problem}"


def _abbreviated(text: str) -> str:
    return text if len(text) <= ABBREVIATED_TO else text[: ABBREVIATED_TO - 1] + "…"
