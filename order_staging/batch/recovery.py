"""Recovery: what is unknown is settled by asking the board, never by guessing.

A row whose outcome is unknown is looked for on the board, and once more when its request would have timed out,
as a search may lag behind writes. Where nothing of its request is there, and monday.com still knows the request's
key, the same request is sent again under it, and the board is looked at as before where that tells nothing. Found
once: it is adopted. Surely absent: it is pending again. Found several times: conflict, for a person to decide; and
should that person have taken everything away, it is staged anew, as its source may have changed meanwhile.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Generic

import structlog

from order_staging.batch.events import Step
from order_staging.batch.ledger import arrival, change
from order_staging.batch.letters import Refusal
from order_staging.batch.lookups import only_moves
from order_staging.failpoints import Failpoint, reach
from order_staging.models import ErrorType, StagedOrder, StagedSubitem, StagingStatus
from order_staging.repositories.staged_rows import CHANGES, DOUBTED, Staged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from order_staging.batch.announcing import StepProgress
    from order_staging.batch.cargo import Cargo
    from order_staging.batch.ledger import Ledger
    from order_staging.batch.lookups import Found
    from order_staging.batch.resending import Resending
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


def _is_checked(row: StagedOrder | StagedSubitem) -> bool:
    """Tell whether the board is looked at before a row is sent again: it is new there, or only moves."""
    return row.update_operation not in CHANGES or only_moves(row)


class Recovery(Generic[Staged]):
    """Settles the unknown rows of one kind in a batch."""

    def __init__(
        self,
        ledger: Ledger[Staged],
        search: Callable[[Sequence[Staged]], Awaitable[Found]],
        resending: Resending[Staged],
    ) -> None:
        """Take the ledger of the rows, what looks rows up on the board, and what sends requests again."""
        self._resending: Resending[Staged] = resending
        self._resent = 0
        self._context = ledger.context
        self._record = ledger.record
        self._cargo: Cargo[Staged] = ledger.cargo
        self._search: Callable[[Sequence[Staged]], Awaitable[Found]] = search
        self._ledger: Ledger[Staged] = ledger
        self._counts = ledger.counts

    @property
    def landed(self) -> int:
        """How many rows turned out to be on the board: found there, or executed under their first key."""
        return self._counts.adopted + self._resent

    def count_unknown(self, rows: int) -> None:
        """Count rows of which nobody can tell why they do not get through."""
        self._counts.unknown += rows

    async def settle(self) -> list[Staged]:
        """Settle what is unknown; give the rows that are pending again, with what was said when they were sent.

        Changes are simply done again, but for a move, which may have to be done no more.
        """
        if self._context.stop.is_set():
            return []
        rows = await self._context.database.run(self._unknown)
        if not rows:
            return []
        customer = self._record.result.customer
        with self._context.announcer.step(customer, Step.RECOVER, len(rows)) as progress:
            return await self._settle(rows, progress)

    async def _settle(self, rows: list[Staged], progress: StepProgress) -> list[Staged]:
        new = [row for row in rows if _is_checked(row)]
        found = await self._search(new) if new else {}
        reach(Failpoint.BOARD_SEARCHED)
        executed = await self._send_again(rows, new, found)
        self._resent += len(executed)
        self._counts.unknown = max(0, self._counts.unknown - len(executed))
        progress.advance(len(executed))
        changes = [row for row in rows if not _is_checked(row) and row.stg_id not in executed]
        if changes:
            await self._context.database.run(partial(self._repeat, changes), self._record.hold)
            progress.advance(len(changes))
        # Read anew: what was sent again just now is in doubt for longer, and what a name was matched with before
        # may have turned out to be another row's.
        left = {row.stg_id: row for row in await self._context.database.run(self._unknown)}
        rest = [left[row.stg_id] for row in new if row.stg_id in left]
        return changes + await self._settle_new(rest, {} if executed else found, progress)

    async def _send_again(self, rows: Sequence[Staged], new: Sequence[Staged], found: Found) -> set[int]:
        """Send requests again under their keys where the board shows nothing of them; add to what was found."""
        possible = await self._resending.possible([row for row in rows if row.stg_id not in found])
        unseen = [request for request in possible if request.ids.isdisjoint(found)]
        creations = {row.stg_id for row in new}
        if any(request.ids & creations for request in unseen):
            # A first sending that is still being executed need not be known to the key, either.
            await self._wait_for_the_end_of_doubt([row for request in unseen for row, _ in request.rows])
            if self._context.stop.is_set():
                return set()
            found |= await self._search(new)
        return await self._resending.send([request for request in unseen if request.ids.isdisjoint(found)])

    def _repeat(self, rows: Sequence[Staged], uow: UnitOfWork) -> None:
        """Make changes pending again: unlike a creation, each may be done twice without harm."""
        words = "its outcome is not known; to be done again"
        self._cargo.rows(uow).update([change(row, StagingStatus.PENDING, words) for row in rows])
        self._record.increase(uow)
        uow.after_commit(partial(self._count_repeated, len(rows)))

    def _count_repeated(self, rows: int) -> None:
        self._counts.unknown = max(0, self._counts.unknown - rows)

    async def _settle_new(self, rows: list[Staged], seen: Found, progress: StepProgress) -> list[Staged]:
        """Settle creations by what the board has shown so far, and by a second look where that is not enough."""
        if not rows:
            return []
        found = {row.stg_id: seen[row.stg_id] for row in rows if row.stg_id in seen}
        missing = [row for row in rows if row.stg_id not in found]
        if missing:
            await self._wait_for_the_end_of_doubt(missing)
            if self._context.stop.is_set():
                return []
            # All of them, as names are counted among the rows that are looked for together.
            found |= await self._search(rows)
            reach(Failpoint.BOARD_SEARCHED_AGAIN)
        work = partial(self._record_findings, rows, found)
        absent = await self._context.database.run(work, self._record.hold)
        reach(Failpoint.FINDINGS_RECORDED)
        progress.advance(len(rows))
        return absent

    async def _wait_for_the_end_of_doubt(self, rows: Sequence[Staged]) -> None:
        count = len(rows)
        words = f"{count} rows without an answer may still arrive; then the board is looked at"
        if not any(row.stg_sent_date for row in rows):
            words = (
                f"{count} rows are not on the board, which is looked at once more as a search may lag behind"
            )
        await self._context.wait(self._doubt_ends_in(rows), words)

    def _doubt_ends_in(self, missing: Sequence[Staged]) -> float:
        """Tell the seconds until "not on the board" can be believed.

        A request may be executed after its connection is lost: until it would have timed out, nothing is sure.
        """
        settings = self._context.settings
        sent = [row.stg_sent_date for row in missing if row.stg_sent_date]
        if not sent:
            return settings.recovery_delay
        passed = (self._context.outside.now() - max(sent)).total_seconds()
        return max(settings.recovery_delay, settings.request_timeout - passed)

    def _unknown(self, uow: UnitOfWork) -> list[Staged]:
        return self._cargo.rows(uow).unsettled(self._record.batch_id)

    def _record_findings(
        self, rows: Sequence[Staged], found: Mapping[int, list[int]], uow: UnitOfWork
    ) -> list[Staged]:
        now = self._context.outside.now()
        arrived: list[Staged] = []
        adopted, absent, decided, refused = [], [], [], []
        for row in rows:
            match found.get(row.stg_id, []):
                case [] if self._was_decided_by_people(row):
                    decided.append(row)
                case []:
                    absent.append(row)
                case [only]:
                    arrived.append(row)
                    adopted.append(self._cargo.arrived(only) | arrival(row, now) | self._as_delivered(row))
                case several:
                    ids = ", ".join(map(str, several))
                    why = f"{len(several)} items on the board could be this row ({ids}); a person must decide"
                    refused.append((row, Refusal(ErrorType.CONFLICT, why)))
        stored = self._cargo.rows(uow)
        stored.update(adopted)
        words = "not on the board; to be sent again"
        stored.update([change(row, StagingStatus.PENDING, words) for row in absent])
        words = "not on the board any more; a retry stages it anew"
        stored.update([change(row, StagingStatus.API_FAILED, words) for row in decided])
        stored.update([change(row, StagingStatus.CONFLICT, why.message) for row, why in refused])
        self._ledger.end(arrived, refused, uow)
        uow.after_commit(partial(self._count, len(adopted), len(absent), len(decided), len(refused)))
        return absent

    def _as_delivered(self, row: Staged) -> dict[str, Any]:
        """Tell what counts as delivered of a row: what was sent, or would be if a database has forgotten that."""
        recorded, digest = row.stg_api_payload, row.stg_payload_hash
        if recorded is None:
            payload = self._cargo.payload(row)
            recorded, digest = payload.recorded, payload.hash
        return {"stg_api_payload": recorded, "stg_payload_hash": digest}

    def _was_decided_by_people(self, row: Staged) -> bool:
        """Tell whether a row was a conflict before a retry: it has a letter, and its key does not count."""
        if row.stg_error_message == DOUBTED["stg_error_message"]:
            return False
        is_new = row.stg_key_date is None and row.update_operation not in CHANGES
        return is_new and self._ledger.refusals.has_letter(self._cargo.letterbox, row)

    def _count(self, adopted: int, absent: int, decided: int, conflict: int) -> None:
        self._ledger.progress.advance(adopted + decided + conflict)
        absent += decided
        self._counts.adopted += adopted
        self._counts.conflict += conflict
        self._counts.unknown = max(0, self._counts.unknown - adopted - absent - conflict)
        log.info("recovery.settled", kind=self._cargo.name, adopted=adopted, absent=absent, conflict=conflict)
