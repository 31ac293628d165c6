"""A rule of a job's own: what it changes of a source row before our rules see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from order_staging.errors import TransformationError
from order_staging.transform.mapping import UUID_COLUMN
from order_staging.transform.notes import Note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from order_staging.transform.mapping import BoardMapping

SourceRow = Mapping[str, object]
"""What the mapping reads of a row of ORDERS_UNIFIED, and its sizes, as the database's driver gives them."""

NAME = "transformation"
"""What stands in the place of a column where the transformation itself has a problem."""


@dataclass(frozen=True, slots=True)
class Transformation:
    """What a job of your own changes of each source row, by column, before the rules see it.

    `changes` takes a row and returns the columns that are to have another value, `{}` for none. It is pure: runs,
    comparisons, retries and checks all apply it, to the same row any number of times. A `ValueError` of it makes
    the row invalid, with its words as the reason; so does a change of what rows are found again by: the UUID, the
    business key, the customer. Any other error, or anything but a mapping, is a fault of the function, and ends
    the run with a `TransformationError` that names the row. `version` names what it does: order lines that were
    delivered under another version are looked at again by the next run with changes.
    """

    version: str
    changes: Callable[[SourceRow], SourceRow]

    def __call__(self, row: SourceRow, fixed: Iterable[str]) -> tuple[SourceRow, list[Note]]:
        """Give the row as the rules are to see it, and what is wrong with it; `fixed` columns stay as they are."""
        try:
            changes = self.changes(row)
        except ValueError as error:
            return row, [Note(NAME, "", str(error) or type(error).__name__)]
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            raise TransformationError(self.version, row[UUID_COLUMN], words) from error
        if not isinstance(changes, Mapping):
            words = f"it returned {type(changes).__name__}"
            raise TransformationError(self.version, row[UUID_COLUMN], words)
        problems = [Note(NAME, column, "is no column of the row") for column in changes if column not in row]
        problems += [
            Note(NAME, column, "was changed, and rows are found again by it")
            for column in fixed
            if column in changes and changes[column] != row[column]
        ]
        return (row, problems) if problems else ({**row, **changes}, [])


def fixed_columns(mapping: BoardMapping) -> tuple[str, ...]:
    """List the source columns that a transformation must leave alone, as queries find rows by them."""
    keys = (field.source for field in mapping.key_fields)
    return tuple(dict.fromkeys((UUID_COLUMN, mapping.group.customer, *keys)))
