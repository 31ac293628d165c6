"""The step of a batch that brings changes: found, merged with the board, and staged, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from order_staging.batch.changes.decisions import Decision, decide
from order_staging.batch.changes.detection import Detection
from order_staging.batch.changes.lines import sizes_by_row, with_ours
from order_staging.batch.changes.removal import Removal
from order_staging.batch.changes.reports import WAITING, Reports
from order_staging.batch.changes.staging import ChangeStaging
from order_staging.batch.events import Step
from order_staging.batch.mutations import GROUP, TITLE
from order_staging.batch.promotion import promote
from order_staging.failpoints import Failpoint, reach
from order_staging.models import ErrorType
from order_staging.repositories import chunks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.announcing import StepProgress
    from order_staging.batch.assembly import BoardConnection
    from order_staging.batch.changes.detection import Found
    from order_staging.batch.changes.lines import Line
    from order_staging.batch.context import RunContext
    from order_staging.batch.loading import Source
    from order_staging.batch.record import BatchRecord
    from order_staging.monday import BoardItem, MondayClient
    from order_staging.transform import BoardMapping
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

LINES_A_READING = 100
"""Lines that are merged together: as many items as one query may name."""
UUIDS_A_ROUND = 1000
WARNINGS_KEPT = 5_000
"""Order lines whose warnings a batch keeps, of each look for changes; those beyond are in the log."""


@dataclass(frozen=True)
class Wanted:
    """What a run is to bring beside new orders.

    `changes`: what changed in the source; `these` rows are looked at in any case, and of `going` ones it is settled
    already that their items are archived. `archive_removed`: the items of rows that are gone are archived, even
    most of a customer's where `archive_most`. `recreate_deleted`: what people deleted is created again; and, like
    `everything`, each delivered row is compared with the board.
    """

    changes: bool = False
    archive_removed: bool = False
    archive_most: bool = False
    recreate_deleted: bool = False
    everything: bool = False
    these: tuple[UUID, ...] = ()
    going: frozenset[UUID] = frozenset()


class ChangesStep:
    """Stages what changed of one customer's delivered orders."""

    def __init__(
        self,
        context: RunContext,
        record: BatchRecord,
        source: Source,
        connection: BoardConnection,
        wanted: Wanted,
    ) -> None:
        """Take the batch's record, which rows are meant, the board, and what is wanted."""
        self._context = context
        self._record = record
        self._result = record.result
        self._client: MondayClient = connection.client
        self._wanted = wanted
        self._detection = Detection(
            context,
            record,
            source,
            key_column=self._client.key_column,
            everything=wanted.everything or wanted.recreate_deleted,
        )
        self._staging = ChangeStaging(context, record, connection.subitem_board_id, self._client.key_column)
        self._reports = Reports(context, record)
        self._removal = Removal(context, record, source, wanted)
        self._source = source
        self._progress: StepProgress
        self._other_rules = 0
        self._warnings: list[str] = []
        self._unsettled: set[UUID] = set()
        """Rows of which something was sent that was not acknowledged, or refused."""
        self._decided: set[UUID] = set()

    async def stage(self) -> None:
        """Find what changed, and stage what is to be sent. Raises `DestinationError`.

        Without `changes` only that is decided anew which an earlier run left on its way, and what is named.
        """
        run, batch_id = self._context.database.run, self._record.batch_id
        left = await run(lambda uow: uow.staging.changes.left_over(batch_id))
        left = [uuid for uuid in left if uuid not in self._wanted.going]
        self._unsettled = set(left)
        these = [uuid for uuid in self._wanted.these if uuid not in self._unsettled]
        if not (self._wanted.changes or left or these):
            return
        total = await self._total() if self._wanted.changes else len(left) + len(these)
        with self._context.announcer.step(self._result.customer, Step.CHANGES, total) as self._progress:
            await self._stage(left, these)
            if not self._context.stop.is_set():
                self._progress.complete()

    async def _total(self) -> int | None:
        """Count what was delivered, if anybody wants to know."""
        if not self._context.announcer.listens:
            return None
        names, wanted = [self._result.customer], self._source.wanted
        return await self._context.database.run(lambda uow: uow.deliveries.count_delivered(names, wanted))

    async def _stage(self, left: Sequence[UUID], these: Sequence[UUID]) -> None:
        run = self._context.database.run
        # What an earlier run brought to the board counts as acknowledged from here on.
        await promote(self._context, self._record)
        await run(self._detection.invalid.look)
        if left:
            await self._wait_for_the_lost()
        for uuids in chunks(left, UUIDS_A_ROUND):
            await self._look_through(uuids, every=True)
            await self._take_back([uuid for uuid in uuids if uuid not in self._decided])
        for uuids in chunks(these, UUIDS_A_ROUND):
            await self._look_through(uuids, every=True)
        if self._wanted.changes:
            await self._look_through_all()
            await self._removal.stage()
            self._progress.advance(self._result.orders.removed)
        if self._warnings:
            await run(self._keep_warnings, self._record.hold)
        await self._announce()

    async def _wait_for_the_lost(self) -> None:
        """Wait until what an earlier run sent last would have timed out: it must not follow what is sent now."""
        batch_id, now = self._record.batch_id, self._context.outside.now()
        latest = await self._context.database.run(lambda uow: uow.staging.changes.last_sent(batch_id))
        if latest is not None:
            passed = (now - latest).total_seconds()
            doubt = max(0.0, self._context.settings.request_timeout - passed)
            await self._context.wait(doubt, "changes that an earlier run sent may still arrive")

    async def _look_through_all(self) -> None:
        """Compare what may have changed; a first reading leaves out what surely has not."""
        run, customer = self._context.database.run, self._result.customer
        refused = await run(lambda uow: uow.staging.changes.refused(customer))
        self._unsettled |= refused
        if self._detection.everything:
            await self._look_through(None)
            return
        # A row with an open letter may have been mended, or settled, without saying anything new.
        kinds = (ErrorType.INVALID, *WAITING)
        waiting = await run(lambda uow: uow.failures.waiting(kinds))
        self._detection.waiting = waiting | refused
        after: UUID | None = None
        while not self._context.stop.is_set():
            scan = await run(partial(self._detection.scan, after))
            self._result.orders.unchanged += scan.unchanged
            self._result.subitems.unchanged += scan.unchanged_sizes
            self._progress.advance(scan.unchanged)
            for uuids in chunks(scan.suspects, UUIDS_A_ROUND):
                await self._look_through(uuids)
            after = scan.last
            if after is None:
                return

    async def _look_through(self, uuids: Sequence[UUID] | None, *, every: bool = False) -> None:
        waiting: list[Line] = []
        after: UUID | None = None
        while not self._context.stop.is_set():
            work = partial(self._page, after, uuids, every)
            found = await self._context.database.run(work, self._record.hold)
            waiting += found.lines
            self._progress.advance(found.rows - len(found.lines))
            while len(waiting) >= LINES_A_READING or (waiting and found.last is None):
                await self._merge(waiting[:LINES_A_READING])
                waiting = waiting[LINES_A_READING:]
                if self._context.stop.is_set():
                    return
            after = found.last
            if after is None:
                return

    def _page(self, after: UUID | None, uuids: Sequence[UUID] | None, every: bool, uow: UnitOfWork) -> Found:
        found = self._detection.page(after, uow, uuids, every=every)
        uow.after_commit(partial(self._count, found))
        return found

    def _count(self, found: Found) -> None:
        orders, subitems = self._result.orders, self._result.subitems
        orders.unchanged += found.unchanged
        orders.warnings += len(found.warnings)
        self._warnings += found.warnings[: WARNINGS_KEPT - len(self._warnings)]
        subitems.unchanged += found.unchanged_sizes

    async def _merge(self, lines: Sequence[Line]) -> None:
        mapping, everything = self._context.mapping, self._detection.everything
        if any(line.order.source_uuid in self._unsettled for line in lines):
            lines = await self._context.database.run(partial(self._with_ours, lines))
        board = await read_board(self._client, mapping, lines, everything=everything)
        # Keys are put right where everything is, and else only go along with something that changed.
        key_column = self._client.key_column if self._wanted.everything else None
        decisions = [decide(mapping, line, board.get(line.item_id), key_column) for line in lines]
        await self._context.database.run(partial(self._write, decisions), self._record.hold)
        reach(Failpoint.CHANGES_STAGED)
        self._progress.advance(len(decisions))

    def _with_ours(self, lines: Sequence[Line], uow: UnitOfWork) -> list[Line]:
        uuids = [line.order.source_uuid for line in lines]
        orders = uow.staging.changes.orders_of(uuids)
        sizes, mapping = sizes_by_row(uow.staging.changes.subitems_of(uuids)), self._context.mapping
        return [
            with_ours(mapping, line, orders.get(uuid), sizes[uuid])
            for line, uuid in zip(lines, uuids, strict=True)
        ]

    async def _take_back(self, uuids: Sequence[UUID]) -> None:
        """Drop what was left of rows that are gone or invalid by now: it must not be sent unseen."""
        if uuids and not self._context.stop.is_set():
            await self._context.database.run(partial(self._staging.take_back, uuids), self._record.hold)

    def _write(self, decisions: Sequence[Decision], uow: UnitOfWork) -> None:
        self._decided |= {decision.line.order.source_uuid for decision in decisions}
        recreated = self._staging.stage(decisions, uow, recreate=self._wanted.recreate_deleted)
        self._reports.write(decisions, uow, recreated)
        self._detection.invalid.resolve(uow, {letter for each in decisions for letter in each.line.mended})
        uow.after_commit(partial(self._count_other_rules, decisions))

    def _count_other_rules(self, decisions: Sequence[Decision]) -> None:
        self._other_rules += sum(decision.line.other_rules and decision.sends for decision in decisions)

    def _keep_warnings(self, uow: UnitOfWork) -> None:
        """Keep with the batch what could not be brought.

        Where there is nothing else to do, a batch is begun for it once: not by each run, as long as nobody corrects
        the source.
        """
        if not self._record.has_begun(uow):
            if uow.batches.is_noted(self._result.customer, self._warnings):
                return
            self._record.begin(uow)
        known = uow.batches.notes(self._record.batch_id)
        uow.batches.add_notes(self._record.batch_id, [line for line in self._warnings if line not in known])

    async def _announce(self) -> None:
        """Say before anything is sent that it may be the mapping, and not the source, that has changed."""
        if not self._other_rules:
            return
        words = (
            f"{self._other_rules} order lines differ that were delivered under another mapping, customers file or "
            "version of the rules"
        )
        self._result.announcements.append(words)
        log.warning("changes.other_rules", rows=self._other_rules)
        batch_id = self._record.batch_id
        await self._context.database.run(
            lambda uow: uow.batches.add_notes(batch_id, [words]), self._record.hold
        )


async def read_board(
    client: MondayClient, mapping: BoardMapping, lines: Sequence[Line], *, everything: bool
) -> dict[int, BoardItem]:
    """Read the items of lines as they are now: the columns that differ, and the subitems where sizes do.

    With `everything` all mapped columns are read, the key column, and all subitems.
    """
    columns = {field.title: field.column for field in mapping.fields}
    if everything:
        titles = list(columns)
    else:
        differing = {title for line in lines for title in (*line.differing(mapping), *line.ours)}
        titles = [title for title in columns if title in differing - {TITLE, GROUP}]
    shown = [columns[title] for title in titles]
    if everything and client.key_column:
        shown.append(client.key_column)
    below = [mapping.subitems.size.column, mapping.subitems.quantity.column]
    with_sizes = [line.item_id for line in lines if everything or line.sizes]
    others = [line.item_id for line in lines if not (everything or line.sizes)]
    found = await client.items_now(with_sizes, columns=shown, subitem_columns=below) if with_sizes else {}
    return found | (await client.items_now(others, columns=shown) if others else {})
