"""Gathers the evidence after runs, from a database and a sandbox, and has the checker judge it."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text

from tests.guarantees.checker import ByHand, Evidence, violations
from tests.guarantees.terms import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import TypeAlias
    from uuid import UUID

    from order_staging.sandbox import Sandbox
    from tests.guarantees.terms import Row
    from tests.integration.batch.batch_world import World

    Judged: TypeAlias = World | tuple[Engine, Sandbox]

SOURCE = "ORDERS_UNIFIED"
HANDS = ("rename_item", "change_values", "move_item", "archive_item", "delete_item")
"""What people do to an item."""

_watched: WeakKeyDictionary[Sandbox, list[ByHand]] = WeakKeyDictionary()


def watch_hands(sandbox: Sandbox) -> None:
    """Record from now on what people do to items, with its place among the executed mutations; once a sandbox.

    Without it the checker goes by the times on the board, which a clock that stands still makes equal.
    """
    if sandbox in _watched:
        return
    found = _watched[sandbox] = []
    for operation in HANDS:
        setattr(sandbox.person, operation, _recording(sandbox, found, operation))


def _recording(sandbox: Sandbox, found: list[ByHand], operation: str) -> Callable[..., None]:
    act = getattr(sandbox.person, operation)

    @wraps(act)
    def acting(item_id: str, *arguments: Any) -> None:
        act(item_id, *arguments)
        columns = frozenset(arguments[0]) if operation == "change_values" else frozenset[str]()
        found.append(ByHand(operation, item_id, len(sandbox.executed), columns))

    return acting


def evidence_of(
    judged: Judged,
    rows: Sequence[Row] | None = None,
    *,
    at_rest: bool = True,
    may_wait: bool = False,
    settled_at: int | None = None,
    outdated: Collection[UUID] = (),
) -> Evidence:
    """Read all tables and the board; `rows` are the source rows to judge by, None for all that the table has.

    To be called while no run is at work: the tables and the board are read one after the other.
    """
    engine, sandbox = judged if isinstance(judged, tuple) else (judged.database.engine, judged.sandbox)
    with engine.connect() as connection:
        result = connection.execute(
            text(f'SELECT * FROM "{SOURCE}"' + (" WHERE 1 = 0" if rows is not None else ""))
        )
        columns = list(result.keys())
        source = [dict(row) for row in result.mappings()] if rows is None else list(rows)
        tables = {
            table: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings()]
            for table in TABLES
        }
    return Evidence(
        source=source,
        tables=tables,
        executed=sandbox.executed,
        items=sandbox.items(inactive=True),
        subitems=sandbox.subitems(inactive=True),
        sizes=_sizes(columns, source),
        key_column=sandbox.key_column,
        by_hand=tuple(_watched.get(sandbox, ())),
        at_rest=at_rest,
        may_wait=may_wait,
        outdated=outdated,
        settled_at=settled_at,
    )


def _sizes(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """List the columns between UNIT OF MEASURE and TOTAL QTY in which any row has a whole number."""
    between = columns[columns.index("UNIT OF MEASURE") + 1 : columns.index("TOTAL QTY")]
    return [name for name in between if any(isinstance(row.get(name), int) for row in rows)]


def check(
    judged: Judged,
    rows: Sequence[Row] | None = None,
    *,
    at_rest: bool = True,
    may_wait: bool = False,
    settled_at: int | None = None,
    outdated: Collection[UUID] = (),
) -> None:
    """Require that guarantees 1 to 3 hold: for a World, or an engine and a sandbox. Raises `AssertionError`.

    `at_rest`, `may_wait`, `settled_at` and `outdated` are those of Evidence.
    """
    evidence = evidence_of(
        judged, rows, at_rest=at_rest, may_wait=may_wait, settled_at=settled_at, outdated=outdated
    )
    found = violations(evidence)
    assert not found, "\n".join([f"{len(found)} violations:", *map(str, found)])
