"""Refusals: the dead letters of what monday.com refused, and of what a person must decide, while rows travel.

A row has one unresolved letter, however often it is refused; and whatever acknowledges the row resolves it, in the
same transaction. Which rows have one is read once for a run's lease, as most have none.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from order_staging.batch.letters import once_more
from order_staging.batch.refused_rows import refused_row
from order_staging.models import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from order_staging.batch.context import RunContext
    from order_staging.batch.letterboxes import Letterbox, Place
    from order_staging.batch.letters import Refusal
    from order_staging.batch.record import BatchRecord
    from order_staging.models import FailedOrder, FailedSubitem, StagedOrder, StagedSubitem
    from order_staging.unit_of_work import UnitOfWork


class Refusals:
    """Writes and resolves the letters of one customer's rows; each method is a piece of a transaction."""

    def __init__(self, context: RunContext, record: BatchRecord) -> None:
        """Take the batch's record."""
        self._context = context
        self._record = record
        self._places: set[Place] = set()
        """The rows, and sizes, that have an unresolved letter."""

    def recall(self, uow: UnitOfWork) -> None:
        """Read which rows have an unresolved letter. Under the lease nobody else writes any."""
        places = uow.failures.refused_places(self._record.result.customer, self._record.batch_id)
        uow.after_commit(partial(self._remember, places))

    def _remember(self, places: set[Place]) -> None:
        self._places = places

    def has_letter(self, letterbox: Letterbox[Any], row: StagedOrder | StagedSubitem) -> bool:
        """Tell whether a row, or its size, has an unresolved letter."""
        return letterbox.place(row) in self._places

    def write_letters(
        self, letterbox: Letterbox[Any], refused: Sequence[tuple[Any, Refusal]], uow: UnitOfWork
    ) -> int:
        """Write dead letters, or the news into those there are; tell how many more have failed in the batch."""
        if not refused:
            return 0
        now, most = self._context.outside.now(), self._context.settings.max_attempts
        known = self._letters(letterbox, [row for row, _ in refused], uow)
        new, again, told, counted = [], [], [], 0
        for row, why in refused:
            letter = letterbox.letter(row, why, now, uow)
            place = letterbox.place(row)
            open_ones = known.get(place, []) if place is not None else []
            if self._context.announcer.listens:
                told.append(refused_row(self._record, row, why, letter, known=bool(open_ones)))
            if open_ones:
                again.append(once_more(open_ones[-1], letter, now, most))
                counted += open_ones[-1].batch_id == self._record.batch_id
            else:
                new.append(letter)
        letterbox.stored(uow).insert(new)
        letterbox.stored(uow).update(again)
        places = {place for row, _ in refused if (place := letterbox.place(row)) is not None}
        uow.after_commit(partial(self._add, places))
        self._context.announcer.tell_after(uow, told)
        return len(refused) - counted

    def _add(self, places: Collection[Place]) -> None:
        self._places.update(places)

    def resolve(self, letterbox: Letterbox[Any], rows: Sequence[Any], uow: UnitOfWork) -> int:
        """Resolve the letters of rows that are acknowledged; tell how many fewer have failed in the batch."""
        known = self._letters(letterbox, rows, uow)
        found = [letter for letters in known.values() for letter in letters]
        by, now = self._record.runner, self._context.outside.now()
        if found:
            letterbox.resolve(uow, [letter.err_id for letter in found], by=by, now=now)
            uow.after_commit(partial(self._places.difference_update, list(known)))
        if archived := {row.source_uuid for row in rows if row.update_operation == Operation.ARCHIVE}:
            # Its sizes went with the item.
            for place in self._places:
                if isinstance(place, tuple) and place[0] in archived:
                    uow.failures.supersede(*place, by=by, now=now)
        return sum(letter.batch_id == self._record.batch_id for letter in found)

    def _letters(
        self, letterbox: Letterbox[Any], rows: Sequence[Any], uow: UnitOfWork
    ) -> dict[Place, list[FailedOrder | FailedSubitem]]:
        """Read the unresolved letters of rows, the newest last; nothing is asked where none is known."""
        places = {
            place for row in rows if (place := letterbox.place(row)) in self._places and place is not None
        }
        if not places:
            return {}
        uuids: set[UUID] = {place[0] if isinstance(place, tuple) else place for place in places}
        found: dict[Place, list[FailedOrder | FailedSubitem]] = {}
        for place, letter in letterbox.unresolved(uow, sorted(uuids)):
            if place in places:
                found.setdefault(place, []).append(letter)
        return found
