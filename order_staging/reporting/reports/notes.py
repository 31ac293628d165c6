"""A batch's notes read back: which fields were left out or changed, and of how many order lines. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

EXAMPLES = 3
"""Warnings that are shown of a field."""
OTHERS = 100
"""Notes that are shown of those which are about no field."""


@dataclass
class FieldWarnings:
    """What became of the values of one field: how often, and the first ones, each with its order line."""

    name: str
    rows: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Warnings:
    """Warnings by field, the most frequent first, and the other notes; `more` of these are not shown."""

    fields: list[FieldWarnings]
    others: list[str]
    more: int

    @property
    def rows(self) -> int:
        """Count the values that were left out or changed."""
        return sum(each.rows for each in self.fields)


def warnings(lines: Iterable[str], names: Sequence[str]) -> Warnings:
    """Sort the lines of a batch's notes by the fields that they are about; `names` are the mapping's.

    A line is `order line: FIELD: 'value' problem; FIELD: problem`, and values and order lines may say anything.
    """
    found: dict[str, FieldWarnings] = {}
    others: list[str] = []
    more = 0
    read = _reader(names)
    for line in lines:
        told = list(read(line))
        for row, name, sentence in told:
            entry = found.setdefault(name, FieldWarnings(name))
            entry.rows += 1
            if len(entry.examples) < EXAMPLES:
                entry.examples.append((row, sentence))
        if not told and len(others) < OTHERS:
            others.append(line)
        elif not told:
            more += 1
    ordered = sorted(found.values(), key=lambda entry: (-entry.rows, entry.name))
    return Warnings(ordered, others, more)


class _Reader:
    """Takes lines apart at the names of fields."""

    def __init__(self, names: Sequence[str]) -> None:
        # The longest first: a name may begin like another.
        known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self._first = re.compile(rf": (?=(?:{known}): )")
        # A value is written as Python writes text, so that what looks like a field within its quotes is none.
        self._sentence = re.compile(
            rf"(?P<name>{known}): "
            r"(?P<words>(?:'(?:[^'\\]|\\.)*' |\"(?:[^\"\\]|\\.)*\" )?.*?)"
            rf"(?:; (?=(?:{known}): )|$)"
        )

    def __call__(self, line: str) -> Iterator[tuple[str, str, str]]:
        """Give order line, field and sentence of each warning; nothing where the line is of another kind."""
        first = self._first.search(line)
        if first is None:
            return
        row, place = line[: first.start()], first.end()
        while place < len(line) and (found := self._sentence.match(line, place)):
            yield row, found["name"], found["words"]
            place = found.end()


def _reader(names: Sequence[str]) -> _Reader:
    return _Reader([name for name in names if name] or ["\0"])
