"""The bulk channel: which rows of a batch travel by import, and what has to go before them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from order_staging.batch.channels import Candidate, Survey, least_to_import, obstacle_to_imports, plan
from order_staging.batch.events import Step
from order_staging.monday import csv_rows
from order_staging.repositories import chunks
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from order_staging.batch.cargo import Orders
    from order_staging.batch.delivery import Delivery
    from order_staging.batch.imports import Imports
    from order_staging.batch.recovery import Recovery
    from order_staging.models import StagedOrder
    from order_staging.monday import Board, MondayClient
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


class BulkDelivery:
    """Sends orders of a batch by bulk imports, where these are open to us and worth it."""

    def __init__(
        self,
        imports: Imports,
        orders: Orders,
        client: MondayClient,
        delivery: Delivery[StagedOrder],
        recovery: Recovery[StagedOrder],
    ) -> None:
        """Take what imports rows, the cargo, the client, and what sends rows as items and settles them."""
        self._imports = imports
        self._orders = orders
        self._context = imports.context
        self._record = imports.record
        self._client = client
        self._delivery = delivery
        self._recovery = recovery

    async def deliver(self) -> None:
        """Import what is worth importing of the rows that were never sent; the others stay PENDING.

        Raises `DestinationError` where monday.com cannot be reached, and where an import could not be followed to
        its end: its rows stay SENDING then, and the next run goes on with it.
        """
        settings = self._context.settings
        obstacle = obstacle_to_imports(settings)
        if obstacle is not None and settings.channel is Channel.BULK:
            log.warning("bulk.not_open", reason=obstacle)
        least = least_to_import(settings)
        if least is None or not await self._context.database.run(partial(self._any_group_of, least)):
            return
        board = await self._client.board()
        survey = await self._survey(board)
        if self._context.stop.is_set():
            return
        chosen = plan(survey, least)
        if chosen.first:
            await self._send_first(chosen.first)
            if self._context.stop.is_set():
                return
            board = await self._client.board()
        known = _labels(board)
        for group, lot in chosen.imports.items():
            left: Sequence[int] = lot
            while left and not self._context.stop.is_set():
                # Rows whose labels the board lacks even now go as items.
                done = await self._imports.send(group, left, lambda values: not _missing(values, known))
                if not done:
                    return
                left = left[done:]

    def _any_group_of(self, least: int, uow: UnitOfWork) -> bool:
        return uow.staging.orders.largest_group(self._record.batch_id) >= least

    async def _survey(self, board: Board) -> Survey:
        """Look through all rows that were never sent, in rounds: the lease is renewed in between."""
        run, batch_id, known = self._context.database.run, self._record.batch_id, _labels(board)
        survey = Survey()
        ids = await run(lambda uow: uow.staging.orders.never_sent(batch_id))
        customer = self._record.result.customer
        with self._context.announcer.step(customer, Step.SURVEY, len(ids)) as progress:
            for some in chunks(ids, self._context.settings.chunk_rows):
                if self._context.stop.is_set():
                    break
                survey.add(await run(partial(self._candidates, some, known)))
                progress.advance(len(some))
        return survey

    def _candidates(
        self, ids: Sequence[int], known: Mapping[str, frozenset[str]], uow: UnitOfWork
    ) -> list[Candidate]:
        return [self._candidate(row, known) for row in uow.staging.orders.by_ids(ids)]

    def _candidate(self, row: StagedOrder, known: Mapping[str, frozenset[str]]) -> Candidate:
        values = self._orders.columns(row)
        # Without a key nothing would keep a file that is read twice from making it twice.
        fits = row.source_uuid is not None and csv_rows.obstacle_to(row.title or "", values) is None
        return Candidate(row.stg_id, row.group or "", _missing(values, known), fits)

    async def _send_first(self, ids: Sequence[int]) -> None:
        """Send the rows that bring labels as items."""
        log.info("bulk.labels_first", rows=len(ids))
        for some in chunks(ids, self._context.settings.chunk_rows):
            await self._delivery.deliver_these(some)
        # Without their labels all the others would have to travel as items, too.
        if absent := await self._recovery.settle():
            await self._delivery.deliver_these([row.stg_id for row in absent])


def _missing(values: Mapping[str, object], known: Mapping[str, frozenset[str]]) -> frozenset[tuple[str, str]]:
    """Tell which of the labels that column values bring, each with its column, are not among those known."""
    return frozenset(
        (column, label) for column, label in csv_rows.labels_of(values) if label not in known.get(column, ())
    )


def _labels(board: Board) -> dict[str, frozenset[str]]:
    return {column.id: frozenset(column.labels) for column in board.columns}
