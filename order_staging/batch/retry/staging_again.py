"""Staging again what failed: from dead letters to rows that are on their way, and counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from order_staging.batch.changes.step import Wanted
from order_staging.batch.retry.retrying import Retrying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.batch.assembly import BoardConnection
    from order_staging.batch.retry.errands import ErrorId
    from order_staging.batch.retry.rounds import Scope
    from order_staging.batch.run import BatchRun


async def stage_again(
    scope: Scope, run: BatchRun, connection: BoardConnection, wanted: Wanted, letters: Sequence[ErrorId]
) -> None:
    """Stage what these dead letters are about as the source has it now, and what is `wanted` beside it.

    Raises `PersistenceError` and `DestinationError`.
    """
    source, stop = scope.source, scope.context.stop
    retrying = Retrying(scope)
    again = await retrying.stage(letters)
    if again.doubted:
        # First what an earlier run has left of changes: the board may have changed since, or the source.
        await run.stage_changes(source, connection, Wanted())
        await run.settle(connection)
        again.add(await retrying.stage_absent(again.doubted))
    these = tuple(sorted(again.look))
    await run.load(replace(source, only=these) if again.examined or these else None)
    if not stop.is_set():
        await run.stage_changes(
            source, connection, replace(wanted, these=these, going=frozenset(again.archive))
        )
    if not stop.is_set():
        await retrying.conclude(again)
