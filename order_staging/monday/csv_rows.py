"""Items as rows of a CSV file for bulk import: what a file can carry, and how. Pure.

A cell is what people would read: a label, a date, a number. An empty cell leaves the column alone, `<NULL>` clears
it, and the labels of a dropdown stand side by side with commas between them (docs/monday.md, "Bulk import").
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from order_staging.monday.outcomes import NewItem

NAME = "name"
"""The header of the first column: the item's name."""
CLEARED = "<NULL>"
"""The cell that clears a column."""


def cells(item: NewItem) -> dict[str, str]:
    """Give the cells of an item by header; columns without a value have none."""
    return _cells(item.name, json.loads(item.column_values))


def obstacle(item: NewItem) -> str | None:
    """Tell why a file cannot carry an item as it is; None where it can."""
    return obstacle_to(item.name, json.loads(item.column_values))


def obstacle_to(name: str, values: Mapping[str, Any]) -> str | None:
    """Tell why a file cannot carry an item with this name and these values by column id; None where it can.

    Beside what is documented (`<NULL>`, commas in labels) it is what readers of CSV are known to change: blanks at
    the ends, carriage returns, NUL, and text that is not valid Unicode. A status label of digits means a label's
    number to the API, so it is left to the request that has always carried it.
    """
    for column, cell in _cells(name, values).items():
        if problem := _problem_of_text(cell):
            return f"{column} {problem}"
        value = values.get(column)
        if not isinstance(value, dict):
            continue
        if any("," in label for label in value.get("labels", ())):
            return f"{column} has a label with a comma"
        if str(value.get("label", "")).isdecimal():
            return f"{column} has a label of digits"
    return None


def header(columns: Sequence[str]) -> bytes:
    """Write the first line of a file with these columns beside the name."""
    return _line([NAME, *columns])


def line(item: NewItem, columns: Sequence[str]) -> bytes:
    """Write an item as a line of a file with these columns."""
    found = cells(item)
    return _line([found.get(column, "") for column in (NAME, *columns)])


def labels_of(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give the labels that values by column id bring: column id and label."""
    for column, value in values.items():
        if isinstance(value, dict):
            yield from ((column, str(label)) for label in value.get("labels", ()))
            if "label" in value:
                yield column, str(value["label"])


def _cells(name: str, values: Mapping[str, Any]) -> dict[str, str]:
    return {NAME: name} | {column: _cell(value) for column, value in values.items()}


def _cell(value: Any) -> str:  # noqa: ANN401 - a column value has any of the shapes that JSON has
    match value:
        case {"text": text}:
            return str(text)
        case {"date": day}:
            return str(day)
        case {"labels": labels}:
            return ",".join(map(str, labels))
        case {"label": label}:
            return str(label)
    return str(value)


def _problem_of_text(text: str) -> str | None:
    if text == CLEARED:
        return f"is the text {CLEARED}, which clears a column"
    if text != text.strip():
        return "begins or ends with a blank"
    if "\r" in text or "\0" in text:
        return "has a carriage return or NUL"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "is not valid Unicode"
    return None


def _line(values: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().encode()
