"""Tables that can be read in 80 columns, and on narrower terminals, whatever stands in them.

What somebody copies, such as an id, is never broken or cut. Where there is no room, other cells are broken between
words, then columns that can be done without are left out, and at last every row becomes a few lines of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

Cell: TypeAlias = "str | Text"

GAP = 2
"""Blanks between two columns."""
LEAST = 12
"""Columns below which no cell is broken."""
WORD = 36
"""Columns of the longest word that a column of whole words keeps whole: the longest name of a table has them."""
INDENT = 4

_SHADES = {
    "COMPLETED": "green",
    "ok": "green",
    "COMPLETED_WITH_ERRORS": "yellow",
    "PAUSED": "yellow",
    "STOPPED": "yellow",
    "warning": "yellow",
    "FAILED": "red",
    "problem": "red",
    "BUSY": "yellow",
}
# What a terminal would obey instead of showing it: escape sequences, and marks that turn the direction of a line.
_OBEYED: dict[int, str | None] = dict.fromkeys((*range(32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
_TURNS: dict[int, str | None] = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_SHOWN = _OBEYED | _TURNS | {ord("\n"): "\n", ord("\t"): " "}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and what may become of its cells."""

    heading: str
    number: bool = False
    """To the right, and whole."""
    whole: bool = False
    """Neither broken nor cut: somebody will copy it."""
    spare: bool = False
    """Left out where there is no room for all."""
    short: int | None = None
    """How many letters are enough where there is no room for all: an id is known by how it begins."""
    state: bool = False
    """Names such as COMPLETED_WITH_ERRORS, which are broken between their words."""
    words: bool = False
    """Broken between words alone, unless they are very long: names of tables and settings stand in it."""


@dataclass(frozen=True, slots=True)
class _Row:
    cells: tuple[Text, ...]
    below: Text | None


class Listing:
    """A table: rows of cells, perhaps with a sentence each, which stands below the row that has no room for it."""

    def __init__(self, *columns: Column | str, title: str = "", below: str = "", note: str = "") -> None:
        """Take the columns, a line above, the heading of what stands `below` rows, and a line after."""
        self.title = title
        self.columns = [Column(each) if isinstance(each, str) else each for each in columns]
        self._below = below
        self._note = note
        self._rows: list[_Row] = []

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def add_row(self, *cells: Cell, below: Cell = "") -> None:
        """Add a row, with a cell for each column. Raises `ValueError` for any other number of cells."""
        if len(cells) != len(self.columns):
            raise ValueError(f"a row has {len(cells)} cells for {len(self.columns)} columns")
        shown = clean(below)
        # A row is one line where there is room, whatever names have in them; a sentence may be several.
        self._rows.append(_Row(tuple(_line(clean(cell)) for cell in cells), shown if shown.plain else None))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the table out for the columns that there are."""
        if self.title:
            yield from Text(self.title, style="bold").wrap(console, options.max_width)
        columns, rows = self._beside(options.max_width)
        widths = _widths(columns, rows)
        if _sum(widths) > options.max_width:
            rows = [_shortened(columns, row) for row in rows]
            widths = _widths(columns, rows)
        chosen = fitted(columns, widths, options.max_width, _leasts(columns, rows))
        if chosen is None:
            yield from _stacked(console, options.max_width, columns, self._below, rows)
        else:
            yield from _table(console, options.max_width, columns, chosen, rows)
        if self._note:
            yield from Text(self._note, style="dim").wrap(console, options.max_width)

    def _beside(self, width: int) -> tuple[list[Column], list[_Row]]:
        """Give what stands below the rows a column of its own where that has room for it."""
        if not self._below:
            return self.columns, self._rows
        columns = [*self.columns, Column(self._below)]
        rows = [
            _Row((*row.cells, _in_one_line(row.below) if row.below else Text()), None) for row in self._rows
        ]
        return (columns, rows) if _sum(_widths(columns, rows)) <= width else (self.columns, self._rows)


class Sentences:
    """Lines of words that may be broken between words."""

    def __init__(self, *lines: str) -> None:
        """Take the lines."""
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Break the lines within the columns that there are."""
        for line in self._lines:
            yield from _indented(console, clean(line), options.max_width, 0)


def clean(cell: Cell) -> Text:
    """Give a cell as it is shown: a terminal obeys nothing in it."""
    style = cell.style if isinstance(cell, Text) else ""
    return Text(str(cell).replace("\r\n", "\n").translate(_SHOWN), style=style)


def clean_line(words: str) -> str:
    """Give a line as it is shown: a terminal obeys nothing in it, and it stays one line unless it has several."""
    return words.translate(_SHOWN)


def shaded(status: str) -> Text:
    """Give a status the colour that people expect of it."""
    return Text(status, style=_SHADES.get(status, ""))


def fitted(
    columns: Sequence[Column], widths: Sequence[int], width: int, leasts: Sequence[int]
) -> list[int] | None:
    """Choose the width of each column, 0 for one left out; None where a table has no room for what it must have.

    `leasts` are the widths below which they are not broken.
    """
    if _sum(widths) <= width:
        return list(widths)
    left = [min(each, LEAST) if columns[place].state else each for place, each in enumerate(widths)]
    for spared in [None, *(place for place, column in reversed(list(enumerate(columns))) if column.spare)]:
        if spared is not None:
            left[spared] = 0
        if (chosen := _shrunk(columns, left, width, leasts)) is not None:
            return chosen
    return None


def _shrunk(
    columns: Sequence[Column], widths: Sequence[int], width: int, leasts: Sequence[int]
) -> list[int] | None:
    """Take from the widest of the columns that may be broken until all have room; None where that is too little."""
    chosen = list(widths)
    while (over := _sum(chosen) - width) > 0:
        places = [
            place
            for place, column in enumerate(columns)
            if not (column.number or column.whole) and chosen[place] > leasts[place]
        ]
        if not places:
            return None
        widest = max(places, key=lambda place: chosen[place])
        others = [chosen[place] for place in places if chosen[place] < chosen[widest]]
        least = max([leasts[widest], *others])
        chosen[widest] -= min(over, max(1, chosen[widest] - least))
    return chosen


def _width(column: Column, cells: Sequence[Text]) -> int:
    return max(cell_len(column.heading), *(cell.cell_len for cell in cells), 0)


def _widths(columns: Sequence[Column], rows: Sequence[_Row]) -> list[int]:
    return [_width(column, [row.cells[place] for row in rows]) for place, column in enumerate(columns)]


def _leasts(columns: Sequence[Column], rows: Sequence[_Row]) -> list[int]:
    """Tell how narrow each column may become where it is broken."""
    return [
        max(LEAST, cell_len(column.heading), _longest_word(place, rows) if column.words else 0)
        for place, column in enumerate(columns)
    ]


def _longest_word(place: int, rows: Sequence[_Row]) -> int:
    words = (word for row in rows for word in row.cells[place].plain.split())
    return min(WORD, max(map(cell_len, words), default=0))


def _shortened(columns: Sequence[Column], row: _Row) -> _Row:
    cells = [
        cell if each.short is None else cell[: each.short]
        for each, cell in zip(columns, row.cells, strict=True)
    ]
    return _Row(tuple(cells), row.below)


def _sum(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (sum(1 for width in widths if width) - 1)


def _line(cell: Text) -> Text:
    return Text(" ".join(cell.plain.splitlines()), style=cell.style)


def _in_one_line(cell: Text) -> Text:
    return Text("; ".join(cell.plain.split("\n")), style=cell.style)


def _table(
    console: Console, width: int, columns: Sequence[Column], widths: Sequence[int], rows: Sequence[_Row]
) -> Iterator[Text]:
    shown = [place for place, each in enumerate(widths) if each]
    chosen, kinds = [widths[place] for place in shown], [columns[place] for place in shown]
    if any(column.heading for column in columns):
        yield from _lines(console, [Text(each.heading, style="bold") for each in kinds], chosen, kinds)
        stroke = "-" if console.options.ascii_only else "─"
        yield _joined([Text(stroke * each, style="dim") for each in chosen])
    for row in rows:
        yield from _lines(console, [row.cells[place] for place in shown], chosen, kinds)
        if row.below is not None:
            yield from _indented(console, row.below, width)


def _lines(
    console: Console, cells: Sequence[Text], widths: Sequence[int], columns: Sequence[Column]
) -> Iterator[Text]:
    """Break the cells of a row, each within its column, and join them line by line."""
    broken = [
        list(_with_words(cell, column, each).wrap(console, each))
        for cell, column, each in zip(cells, columns, widths, strict=True)
    ]
    for parts in zip_longest(*broken, fillvalue=Text()):
        aligned = []
        for part, each, column in zip(parts, widths, columns, strict=True):
            part.rstrip()
            padding = " " * max(0, each - part.cell_len)
            aligned.append(Text.assemble(padding, part) if column.number else Text.assemble(part, padding))
        yield _joined(aligned)


def _with_words(cell: Text, column: Column, width: int) -> Text:
    too_long = column.state and cell.cell_len > width
    return Text(cell.plain.replace("_", " "), style=cell.style) if too_long else cell


def _joined(parts: Sequence[Text]) -> Text:
    line = Text(" " * GAP).join(parts)
    line.rstrip()
    line.no_wrap, line.overflow = True, "ignore"
    return line


def _indented(console: Console, cell: Text, width: int, indent: int = INDENT) -> Iterator[Text]:
    for line in cell.wrap(console, max(width - indent, 1)):
        line.rstrip()
        yield _joined([Text.assemble(" " * indent, line)])


def _stacked(
    console: Console, width: int, columns: Sequence[Column], below: str, rows: Sequence[_Row]
) -> Iterator[Text]:
    """Give each row lines of its own, one a cell: what is whole is not broken even where it has no room."""
    for row in rows:
        for column, cell in zip(columns, row.cells, strict=True):
            words = Text.assemble((f"{column.heading}: " if column.heading else "", "bold"), cell)
            if column.whole or column.number:
                yield _joined([words])
            elif cell.plain:
                yield from _indented(console, words, width, 0)
        if row.below is not None:
            heading = (f"{below}: ", "bold") if below else ""
            yield from _indented(console, Text.assemble(heading, row.below), width, INDENT // 2)
        yield Text()
