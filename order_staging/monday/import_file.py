"""The file of a bulk import, on disk."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Self

from order_staging.monday import csv_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import IO

    from order_staging.monday.outcomes import NewItem

ROWS_A_JOB = 10_000
BYTES_A_JOB = 140_000_000
"""A little below monday's 150 MB."""


class ImportFile:
    """A CSV file of items, on disk so that memory does not grow with it. A context manager."""

    def __init__(self, columns: Sequence[str]) -> None:
        """Take the ids of the columns that items may have values in."""
        self.columns = tuple(columns)
        self.rows = 0
        self.size = 0
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `__exit__`
        self._write(csv_rows.header(self.columns))

    def __enter__(self) -> Self:
        """Keep the file for a `with` block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Delete the file."""
        self._file.close()

    @property
    def is_full(self) -> bool:
        """Whether the next row belongs into another job."""
        return self.rows >= ROWS_A_JOB or self.size >= BYTES_A_JOB

    def add(self, item: NewItem) -> int:
        """Write an item, and give its place in the file, from 1."""
        self._write(csv_rows.line(item, self.columns))
        self.rows += 1
        return self.rows

    def reader(self) -> IO[bytes]:
        """Give the file to be read from its start."""
        self._file.seek(0)
        return self._file

    def _write(self, line: bytes) -> None:
        self.size += self._file.write(line)
