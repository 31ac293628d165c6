"""Imports: the intent of their rows, the job, and what becomes of each row.

The protocol is the one of single requests. The intent of every row is committed before the job is started, and
the job's name before a byte is uploaded; what the report says of each row is committed after. A row that the report
does not speak of is unknown, and settled by its key on the board. Whatever goes wrong before the file has arrived
leaves the rows PENDING: they travel as items then, in this very run.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from order_staging.batch.events import Step
from order_staging.batch.import_rules import confirmed, differs_from, import_key, leaves_items_open
from order_staging.batch.payloads import sent_key
from order_staging.errors import (
    DailyLimitError,
    DestinationError,
    ImportUnfinishedError,
    StoppedError,
    TerminalError,
)
from order_staging.failpoints import Failpoint, reach
from order_staging.models import BulkImport, ImportStatus
from order_staging.monday import (
    PATIENCE,
    UPLOAD_DOUBT,
    Created,
    Imported,
    ImportFile,
    NotExecuted,
    Outcome,
    Rejected,
    Unknown,
    means_unknown_job,
)
from order_staging.repositories import chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from order_staging.batch.announcing import StepProgress
    from order_staging.batch.cargo import Orders
    from order_staging.batch.ledger import Ledger
    from order_staging.batch.payloads import Payload
    from order_staging.models import StagedOrder
    from order_staging.monday import MondayClient
    from order_staging.unit_of_work import UnitOfWork

    Ready = Callable[[Mapping[str, object]], bool]

log = structlog.get_logger(__name__)

FORGOTTEN = 3600.0
"""Seconds after which a job that monday.com does not know any more has surely come to its end."""
SURELY_ENDED = 24 * 3600.0
"""Seconds after which any job has, whatever can be seen of it: the board is asked then."""
LEAST_PATIENCE = 30.0
"""Seconds for which a later run waits for progress of a job that an earlier one has waited for long enough."""


class Imports:
    """Imports orders of a batch, and follows imports of runs that died."""

    def __init__(self, ledger: Ledger[StagedOrder], orders: Orders, client: MondayClient) -> None:
        """Take the ledger of the orders, their cargo, and the client."""
        self.context = ledger.context
        self.record = ledger.record
        self._ledger = ledger
        self._orders = orders
        self._client = client
        self.unfinished: ImportUnfinishedError | None = None
        """Why an import is left to a later run; its rows stay UNKNOWN, and nothing is sent for them."""
        self.waiting = 0
        """How many rows wait for such imports."""

    async def resume(self) -> None:
        """Follow the imports of runs that died to their end, and record what became of their rows.

        One that is still at work, or cannot be looked at, is left to a later run (`unfinished`).
        """
        batch_id = self.record.batch_id
        for found in await self.context.database.run(lambda uow: uow.imports.unsettled(batch_id)):
            if self.context.stop.is_set():
                return
            log.warning("bulk.resumed", job=found.job_id, rows=found.row_count)
            try:
                with self._step(Step.IMPORT, found.row_count) as progress:
                    imported = await self._followed(found, progress)
                await self._settle(found.import_key, imported)
            except (StoppedError, DailyLimitError):
                raise
            except DestinationError as error:
                await self._leave(found.import_key, found.job_id, error)

    async def send(self, group: str, ids: Sequence[int], ready: Ready) -> int:
        """Import the first of these rows, as many as one job takes, but for those that are not `ready`.

        `ready` judges column values. Tells how many rows it has gone through, 0 to import no more at all. Raises
        `DestinationError` where the import could not be followed to its end, or nothing else would work.
        """
        await self._orders.prepare(self._client)
        key: str | None = None
        done = 0
        with ImportFile(self._columns()) as file:
            with self._step(Step.FILE, len(ids)) as progress:
                for some in chunks(ids, self.context.settings.chunk_rows):
                    key, taken = await self._intend(key, some, file, ready)
                    done += taken
                    progress.advance(taken)
                    if file.is_full:
                        break
                progress.complete()
            if key is None:
                return done
            try:
                with self._step(Step.IMPORT, file.rows) as progress:
                    imported = await self._ingest(key, group, file, progress)
                if imported is None:
                    return 0
                await self._settle(key, imported)
            except (ImportUnfinishedError, TerminalError) as error:
                # The job is at work, or cannot be looked at: its rows wait, and the others go on.
                await self._leave(key, None, error)
                return done
            return 0 if isinstance(imported.otherwise, NotExecuted) else done

    def _step(self, step: Step, total: int | None) -> AbstractContextManager[StepProgress]:
        return self.context.announcer.step(self.record.result.customer, step, total)

    def _columns(self) -> list[str]:
        columns = [field.column for field in self.context.mapping.fields]
        return [*columns, self._client.key_column] if self._client.key_column else columns

    async def _intend(
        self, key: str | None, ids: Sequence[int], file: ImportFile, ready: Ready
    ) -> tuple[str | None, int]:
        """Write rows into the file and record the intent.

        Gives the import's key, which its first rows decide, None where it has none yet; and how many rows it has
        gone through until the file was full.
        """
        rows = await self.context.database.run(lambda uow: uow.staging.orders.by_ids(ids))
        sent, places, taken = [], {}, len(ids)
        for row, payload in self._ledger.payloads(rows):
            if file.is_full:
                taken = ids.index(row.stg_id)
                break
            if ready(payload.columns):
                places[row.stg_id] = file.add(self._orders.new_item(row, payload))
                sent.append((row, payload))
        if not sent:
            return key, taken
        own = key or import_key(sent)
        new = None if key else self._prepared(own, sent[0][0])
        work = partial(self._record_intent, own, new, sent, places)
        await self.context.database.run(work, self.record.hold)
        reach(Failpoint.IMPORT_INTENDED)
        return own, taken

    def _record_intent(
        self,
        key: str,
        new: Mapping[str, object] | None,
        sent: Sequence[tuple[StagedOrder, Payload]],
        places: Mapping[int, int],
        uow: UnitOfWork,
    ) -> None:
        if new is not None:
            uow.imports.insert([dict(new)])
        uow.imports.change(BulkImport.import_key == key, row_count=max(places.values()))
        self._ledger.intend(sent, key, uow, places)

    def _prepared(self, key: str, row: StagedOrder) -> dict[str, object]:
        return {
            "import_key": key,
            "batch_id": self.record.batch_id,
            "board_id": self.context.board_id,
            "group_id": self._orders.group_id(row),
            "status": ImportStatus.PREPARED,
            "row_count": 0,
            "created_date": self.context.outside.now(),
        }

    async def _ingest(
        self, key: str, group: str, file: ImportFile, progress: StepProgress
    ) -> Imported | None:
        """Import a file; give None where no import could be started: rows travel as items then."""
        started = False

        async def note(job_id: str) -> None:
            nonlocal started
            await self.context.require_going_on()
            await self.context.database.run(partial(self._note_job, key, job_id), self.record.hold)
            reach(Failpoint.IMPORT_STARTED)
            started = True

        try:
            await self.context.require_going_on()
            return await self._client.bulk.ingest(
                self._orders.group_id_of(group),
                file,
                match_column=self._client.key_column or "",
                idempotency_key=key,
                started=note,
                uploaded=partial(self._note_upload, key),
                seen=lambda status: progress.reach(status.read_of(file.rows)),
            )
        except DestinationError as error:
            if started:
                raise
            await self._settle(key, Imported(NotExecuted(str(error))))
            if not leaves_items_open(error):
                raise
            log.warning("bulk.not_started", reason=str(error))
            return None

    def _note_job(self, key: str, job_id: str, uow: UnitOfWork) -> None:
        now = self.context.outside.now()
        uow.imports.change(
            BulkImport.import_key == key, job_id=job_id, status=ImportStatus.STARTED, started_date=now
        )
        self.record.increase(uow)
        uow.after_commit(self._count_job)

    def _count_job(self) -> None:
        self.record.result.api.bulk_jobs += 1

    async def _note_upload(self, key: str) -> None:
        facts = {"uploaded_date": self.context.outside.now()}
        await self.context.database.run(partial(_change, key, facts), self.record.hold)
        reach(Failpoint.IMPORT_UPLOADED)

    async def _leave(self, key: str, job_id: str | None, error: DestinationError) -> None:
        """Leave an import to a later run: its rows are unknown, and it stays open."""
        words = f"an import is not at its end: {error}"
        log.warning("bulk.left", job=job_id, reason=str(error))
        work = partial(self._doubt, key, self.context.redact(words))
        self.waiting += await self.context.database.run(work, self.record.hold)
        self.unfinished = ImportUnfinishedError(words, code="BULK_IMPORT_UNFINISHED")

    def _doubt(self, key: str, words: str, uow: UnitOfWork) -> int:
        self.record.increase(uow)
        return uow.imports.doubt_rows(key, words)

    async def _followed(self, found: BulkImport, progress: StepProgress) -> Imported:
        if found.job_id is None or found.started_date is None:
            return Imported(NotExecuted("the run ended before its import was started"))
        passed = (self.context.outside.now() - found.started_date).total_seconds()
        if found.board_id != self.context.board_id:
            words = f"the import was for the board {found.board_id}; check ORDER_STAGING_BOARD_ID"
            if passed < SURELY_ENDED:
                raise TerminalError(words)
            return Imported(Unknown(words))
        # A file that has arrived is read some time, however late the job learns of it.
        doubt = max(0.0, UPLOAD_DOUBT - passed) if found.uploaded_date is None else None
        try:
            return await self._client.bulk.follow(
                found.job_id,
                doubt,
                max(LEAST_PATIENCE, PATIENCE - passed),
                lambda status: progress.reach(status.read_of(found.row_count or 0)),
            )
        except (TerminalError, ImportUnfinishedError) as error:
            if passed < (FORGOTTEN if means_unknown_job(error) else SURELY_ENDED):
                # It may be at work all the same: nothing is sent again before it must have ended.
                raise
            return Imported(Unknown(f"nothing is to be learnt of the import any more: {error}"))

    async def _settle(self, key: str, imported: Imported) -> None:
        """Record the outcome of every row of an import, in bounded transactions; the last one closes it."""
        reach(Failpoint.IMPORT_REPORTED)
        place: int | None = 0
        while place is not None:
            rows = await self.context.database.run(partial(self._rows, key, place))
            answered = await self._verified([(row, imported.outcome(_place(row))) for row in rows])
            work = partial(self._acknowledge, key, answered, imported)
            place = await self.context.database.run(work, self.record.hold)
            reach(Failpoint.IMPORT_SETTLED)

    def _rows(self, key: str, after: int, uow: UnitOfWork) -> list[StagedOrder]:
        return uow.imports.rows(key, after, self.context.settings.chunk_rows)

    async def _verified(
        self, answered: Sequence[tuple[StagedOrder, Outcome]]
    ) -> list[tuple[StagedOrder, Outcome]]:
        """Look up by key the rows that the report says were created or invalid: the board has the last word."""
        column = self._client.key_column
        told = [row for row, outcome in answered if isinstance(outcome, Created | Rejected)]
        keys = {row.stg_id: key for row in told if (key := sent_key(row, column))}
        found = await self._client.find_items_by_key(list(keys.values())) if keys else {}
        compared = [(row, outcome, found.get(keys.get(row.stg_id, ""), [])) for row, outcome in answered]
        differs = any(differs_from(outcome, on_board) for _, outcome, on_board in compared)
        if differs:
            log.warning("bulk.report_differs", rows=len(answered))
        return [(row, confirmed(outcome, on_board, differs=differs)) for row, outcome, on_board in compared]

    def _acknowledge(
        self,
        key: str,
        answered: Sequence[tuple[StagedOrder, Outcome]],
        imported: Imported,
        uow: UnitOfWork,
    ) -> int | None:
        """Record the outcomes of some rows; give the last one's place in the file, None after the last of all."""
        self._ledger.acknowledge(answered, uow)
        if len(answered) < self.context.settings.chunk_rows:
            self._close(key, imported, uow)
            return None
        return _place(answered[-1][0])

    def _close(self, key: str, imported: Imported, uow: UnitOfWork) -> None:
        nothing = isinstance(imported.otherwise, NotExecuted) and not imported.outcomes
        uow.imports.change(
            BulkImport.import_key == key,
            status=ImportStatus.ABANDONED if nothing else ImportStatus.SETTLED,
            finished_date=self.context.outside.now(),
            result=self.context.redact(imported.sentence or getattr(imported.otherwise, "message", "")),
        )


def _change(key: str, facts: Mapping[str, Any], uow: UnitOfWork) -> None:
    uow.imports.change(BulkImport.import_key == key, **facts)


def _place(row: StagedOrder) -> int:
    return row.stg_import_row or 0
