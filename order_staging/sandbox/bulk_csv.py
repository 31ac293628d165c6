"""The file of a bulk import: rows of cells below a header of column ids."""

import csv
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from io import StringIO

BYTE_ORDER_MARK = "\ufeff"
NAME_COLUMN = "name"
# Quotes around a whole field or nowhere, and lines that end in LF or CRLF: stricter than Python's reader.
RFC_4180 = re.compile(r'(?:(?:"(?:[^"]++|"")*+"|[^",\r\n]*+)(?:,|\r?\n|\Z))*+')


class InvalidUploadError(Exception):
    """A file that is rejected as a whole; its text is the message of the job."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The header of a file, `name` first, and its rows, which have as many cells each."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read_sheet(content: bytes, known: Container[str], row_limit: int, *, tolerates_bom: bool) -> Sheet:
    """The sheet in a file; takes the ids of the board's columns and how many rows there may be.

    Raises InvalidUploadError where the file is not UTF-8 or not CSV, where its header names anything else than
    columns of the board once each, and where a row has too many or too few cells. A byte order mark is part
    of the first header, unless it is tolerated.
    """
    lines = _lines(_text(content, tolerates_bom=tolerates_bom))
    header = tuple(next(lines, ()))
    _check_header(header, known)
    rows = []
    for serial, cells in enumerate(lines, start=1):
        if len(cells) != len(header):
            raise InvalidUploadError(f"Row {serial} has {len(cells)} cells instead of {len(header)}")
        rows.append(tuple(cells))
        if serial > row_limit:
            raise InvalidUploadError(f"The file has more than {row_limit} rows")
    if not rows:
        raise InvalidUploadError("The file has no rows")
    return Sheet(header, tuple(rows))


def _text(content: bytes, *, tolerates_bom: bool) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise InvalidUploadError("The file is not UTF-8") from error
    return text.removeprefix(BYTE_ORDER_MARK) if tolerates_bom else text


def _lines(text: str) -> Iterator[list[str]]:
    if not RFC_4180.fullmatch(text):
        raise InvalidUploadError("The file is not CSV: a quote or a line's end stands where it must not")
    try:
        yield from csv.reader(StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise InvalidUploadError(f"The file is not CSV: {error}") from error


def _check_header(header: tuple[str, ...], known: Container[str]) -> None:
    if not header or header[0] != NAME_COLUMN:
        raise InvalidUploadError(f'The first header must be "{NAME_COLUMN}"')
    if len(set(header)) < len(header):
        raise InvalidUploadError("A header stands twice")
    for column_id in header:
        if "." in column_id:
            raise InvalidUploadError(f'The sandbox imports no subitems, which "{column_id}" asks for')
        if column_id not in known:
            raise InvalidUploadError(f'The board has no column "{column_id}"')
