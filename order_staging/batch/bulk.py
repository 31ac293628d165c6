"""The bulk channel: many rows of a group in one import, and imports of runs that died followed to their end.

The protocol is the one of single requests. The intent of every row is committed before the job is started, and
the job's name before a byte is uploaded; what the report says of each row is committed after. A row that the report
does not speak of is unknown, and settled by its key on the board. Whatever goes wrong before the file has arrived
leaves the rows PENDING: they travel as items then, in this very run.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

import structlog

from order_staging.batch.channels import Candidate, plan, worth_importing
from order_staging.batch.payloads import idempotency_key
from order_staging.errors import (
    AuthenticationError,
    DailyLimitError,
    DestinationError,
    StoppedError,
    TerminalError,
    TransientError,
)
from order_staging.models import BulkImport, ImportStatus
from order_staging.monday import (
    FIRST_BULK_VERSION,
    Imported,
    ImportFile,
    NotExecuted,
    Outcome,
    Rejected,
    csv_rows,
)
from order_staging.repositories import chunks
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.batch.cargo import Orders
    from order_staging.batch.delivery import Delivery
    from order_staging.batch.ledger import Ledger
    from order_staging.batch.payloads import Payload
    from order_staging.batch.recovery import Recovery
    from order_staging.models import StagedOrder
    from order_staging.monday import Board, MondayClient
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


class BulkDelivery:
    """Sends orders of a batch by bulk imports, where these are open to us and worth it."""

    def __init__(
        self,
        ledger: Ledger[StagedOrder],
        orders: Orders,
        client: MondayClient,
        delivery: Delivery[StagedOrder],
        recovery: Recovery[StagedOrder],
    ) -> None:
        """Take the ledger of the orders, their cargo, the client, and what sends rows as items and settles them."""
        self._ledger = ledger
        self._orders = orders
        self._workshop = ledger.workshop
        self._record = ledger.record
        self._client = client
        self._delivery = delivery
        self._recovery = recovery

    async def resume(self) -> None:
        """Follow the imports of runs that died to their end, and record what became of their rows.

        Raises `TransientError` where one is still being worked on.
        """
        batch_id = self._record.batch_id
        for found in await self._workshop.database.run(lambda uow: uow.imports.unsettled(batch_id)):
            log.warning("bulk.resumed", job=found.job_id, rows=found.row_count)
            await self._settle(found.import_key, await self._followed(found))

    async def deliver(self) -> None:
        """Import what is worth importing of the rows that were never sent; the others stay PENDING.

        Raises `DestinationError` where monday.com cannot be reached, and where an import could not be followed to
        its end: its rows stay SENDING then, and the next run goes on with it.
        """
        least = self._least()
        if least is None or not await self._workshop.database.run(partial(self._any_group_of, least)):
            return
        board = await self._client.board()
        candidates = await self._workshop.database.run(partial(self._survey, board))
        chosen = plan(candidates, least)
        if chosen.first:
            await self._send_first(chosen.first)
            chosen_ids = await self._with_known_labels(chosen.imports)
        else:
            chosen_ids = chosen.imports
        for group, ids in chosen_ids.items():
            left: Sequence[int] = ids
            while left and not self._workshop.stop.is_set():
                taken = await self._import(group, left)
                if not taken:
                    return
                left = left[taken:]

    def _least(self) -> int | None:
        """Tell from how many rows of a group on to import; None where imports are not open to us."""
        settings = self._workshop.settings
        if settings.channel is Channel.ITEMS:
            return None
        obstacle = (
            "there is no key column: set ORDER_STAGING_KEY_COLUMN"
            if self._client.key_column is None
            else f"API version {settings.monday_api_version} has none"
            if settings.monday_api_version < FIRST_BULK_VERSION
            else None
        )
        if obstacle is not None:
            if settings.channel is Channel.BULK:
                log.warning("bulk.not_open", reason=obstacle)
            return None
        return 1 if settings.channel is Channel.BULK else worth_importing(settings.aliases)

    def _any_group_of(self, least: int, uow: UnitOfWork) -> bool:
        return uow.staging.orders.largest_group(self._record.batch_id) >= least

    def _survey(self, board: Board, uow: UnitOfWork) -> list[Candidate]:
        known = {column.id: frozenset(column.labels) for column in board.columns}
        rows = uow.staging.orders.never_sent(self._record.batch_id, self._workshop.settings.chunk_rows)
        return [self._candidate(row, known) for row in rows]

    def _candidate(self, row: StagedOrder, known: dict[str, frozenset[str]]) -> Candidate:
        item = self._orders.new_item(row, self._orders.payload(row))
        labels = csv_rows.labels_of(item)
        missing = frozenset((column, label) for column, label in labels if label not in known.get(column, ()))
        return Candidate(row.stg_id, row.group or "", missing, csv_rows.obstacle(item) is None)

    async def _send_first(self, ids: Sequence[int]) -> None:
        """Send the rows that bring labels as items."""
        log.info("bulk.labels_first", rows=len(ids))
        for some in chunks(ids, self._workshop.settings.chunk_rows):
            await self._delivery.deliver_these(some)
        # Without their labels all the others would have to travel as items, too.
        if absent := await self._recovery.settle():
            await self._delivery.deliver_these([row.stg_id for row in absent])

    async def _with_known_labels(self, imports: dict[str, list[int]]) -> dict[str, list[int]]:
        """Leave out rows whose labels the board lacks even now: they go as items."""
        board = await self._client.board()
        candidates = await self._workshop.database.run(partial(self._survey, board))
        ready = {row.stg_id for row in candidates if not row.new_labels}
        return {group: [stg_id for stg_id in ids if stg_id in ready] for group, ids in imports.items()}

    async def _import(self, group: str, ids: Sequence[int]) -> int:
        """Import the first of these rows, as many as one job takes; tell how many, 0 to import no more at all."""
        await self._orders.prepare(self._client)
        key: str | None = None
        with ImportFile(self._columns()) as file:
            for some in chunks(ids, self._workshop.settings.chunk_rows):
                work = partial(self._intend, key, some, file)
                key = await self._workshop.database.run(work, self._record.hold)
                if file.is_full or key is None:
                    break
            imported = await self._ingest(key, group, file) if key else None
            if imported is None or key is None:
                return 0
            await self._settle(key, imported)
            return 0 if isinstance(imported.otherwise, NotExecuted) else file.rows

    def _columns(self) -> list[str]:
        columns = [field.column for field in self._workshop.mapping.fields]
        return [*columns, self._client.key_column] if self._client.key_column else columns

    def _intend(self, key: str | None, ids: Sequence[int], file: ImportFile, uow: UnitOfWork) -> str | None:
        """Write rows into the file and record the intent; give the import's key, which its first rows decide."""
        sent, places = [], {}
        for row, payload in self._ledger.payloads(uow.staging.orders.by_ids(ids)):
            if not file.is_full:
                places[row.stg_id] = file.add(self._orders.new_item(row, payload))
                sent.append((row, payload))
        if sent and key is None:
            key = import_key(sent)
            uow.imports.insert([self._prepared(key, sent[0][0])])
        if key is not None:
            uow.imports.change(BulkImport.import_key == key, row_count=file.rows)
            self._ledger.intend(sent, key, uow, places)
        return key

    def _prepared(self, key: str, row: StagedOrder) -> dict[str, object]:
        return {
            "import_key": key,
            "batch_id": self._record.batch_id,
            "board_id": self._workshop.board_id,
            "group_id": self._orders.group_id(row),
            "status": ImportStatus.PREPARED,
            "row_count": 0,
            "created_date": self._workshop.outside.now(),
        }

    async def _ingest(self, key: str, group: str, file: ImportFile) -> Imported | None:
        """Import a file; give None where no import could be started: rows travel as items then."""
        started = False

        async def note(job_id: str) -> None:
            nonlocal started
            await self._workshop.require_going_on()
            await self._workshop.database.run(partial(self._note_job, key, job_id), self._record.hold)
            started = True

        try:
            return await self._client.bulk.ingest(
                self._orders.group_id_of(group),
                file,
                match_column=self._client.key_column or "",
                idempotency_key=key,
                started=note,
            )
        except DestinationError as error:
            if started:
                raise
            await self._settle(key, Imported(NotExecuted(str(error))))
            if not _leaves_items_open(error):
                raise
            log.warning("bulk.not_started", reason=str(error))
            return None

    def _note_job(self, key: str, job_id: str, uow: UnitOfWork) -> None:
        now = self._workshop.outside.now()
        uow.imports.change(
            BulkImport.import_key == key, job_id=job_id, status=ImportStatus.STARTED, started_date=now
        )
        self._record.increase(uow)
        self._record.result.api.bulk_jobs += 1

    async def _followed(self, found: BulkImport) -> Imported:
        if found.job_id is None or found.started_date is None:
            return Imported(NotExecuted("the run ended before its import was started"))
        waited = (self._workshop.outside.now() - found.started_date).total_seconds()
        doubt = max(0.0, self._workshop.settings.request_timeout - waited)
        return await self._client.bulk.follow(found.job_id, doubt)

    async def _settle(self, key: str, imported: Imported) -> None:
        """Record the outcome of every row of an import, in bounded transactions; the last one closes it."""
        place: int | None = 0
        while place is not None:
            work = partial(self._acknowledge, key, place, imported)
            place = await self._workshop.database.run(work, self._record.hold)

    def _acknowledge(self, key: str, after: int, imported: Imported, uow: UnitOfWork) -> int | None:
        """Record the outcomes of some rows behind a place in the file; give the last place, None after the last."""
        limit = self._workshop.settings.chunk_rows
        rows = uow.staging.orders.of_import(key, after, limit)
        self._ledger.acknowledge(
            [(row, _final(imported.outcome(row.stg_import_row or 0))) for row in rows], uow
        )
        if len(rows) < limit:
            self._close(key, imported, uow)
            return None
        return rows[-1].stg_import_row

    def _close(self, key: str, imported: Imported, uow: UnitOfWork) -> None:
        nothing = isinstance(imported.otherwise, NotExecuted) and not imported.outcomes
        uow.imports.change(
            BulkImport.import_key == key,
            status=ImportStatus.ABANDONED if nothing else ImportStatus.SETTLED,
            finished_date=self._workshop.outside.now(),
            result=self._workshop.redact(imported.sentence or getattr(imported.otherwise, "message", "")),
        )


def _final(outcome: Outcome) -> Outcome:
    """Let an item's request have the last word on a row that an import found invalid, and surely did not write.

    An import takes fewer values than the API does, as labels must exist and cells are text.
    """
    return NotExecuted(f"the import: {outcome.message}") if isinstance(outcome, Rejected) else outcome


def import_key(rows: Sequence[tuple[StagedOrder, Payload]]) -> str:
    """Derive an import's idempotency key from the intent of its first rows: no other request carries them so."""
    return hashlib.sha256(f"import|{idempotency_key(rows)}".encode()).hexdigest()


def _leaves_items_open(error: DestinationError) -> bool:
    """Whether rows may well travel as items where an import could not be started."""
    if isinstance(error, AuthenticationError | TerminalError):
        # A token without this permission, a server without this mutation: items show what is wrong, if anything.
        return True
    return isinstance(error, TransientError) and not isinstance(error, DailyLimitError | StoppedError)
