"""The first look at delivered rows: which of them say something else than was delivered. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from order_staging.batch.changes.lines import content_of, size_lines
from order_staging.repositories import chunks
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.transform import Order, RemovedSize

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from order_staging.batch.changes.lines import SizeHashes
    from order_staging.batch.context import RunContext
    from order_staging.batch.loading import Source
    from order_staging.batch.payloads import Payload
    from order_staging.repositories import Delivered
    from order_staging.transform import Size
    from order_staging.unit_of_work import UnitOfWork

CHUNKS_A_SCAN = 20


@dataclass
class Scan:
    """What one reading of many rows told: those that may have changed, and the counts of those that have not.

    `last` is the UUID that was read last, None where there are no more.
    """

    last: UUID | None = None
    suspects: list[UUID] = field(default_factory=list)
    unchanged: int = 0
    unchanged_sizes: int = 0


class Scanner:
    """Looks through the delivered rows of one customer by the hashes of what was delivered."""

    def __init__(self, context: RunContext, source: Source, hashes: SizeHashes) -> None:
        """Take the rules, which rows are meant, and the hashes of sizes that are known already."""
        self._context = context
        self._source = source
        self._hashes = hashes
        self._deletes = context.mapping.subitems.removed is RemovedSize.DELETE

    def scan(
        self,
        after: UUID | None,
        uow: UnitOfWork,
        *,
        waiting: Collection[UUID] = (),
        seen: Collection[UUID] = (),
    ) -> Scan:
        """Read on after a UUID (None: from the first), and find the rows that may have changed.

        `waiting` rows are looked at in any case, `seen` ones not again. The source may have no index on its UUIDs:
        so many rows are read at once, and little is kept of each.
        """
        source, mapping = self._source, self._context.mapping
        size = self._context.settings.chunk_rows
        asked = Page(after, size * CHUNKS_A_SCAN, without_doubled=source.doubled, rows_a_fetch=size)
        scan, last, count = Scan(), after, 0
        quiet: dict[UUID, tuple[Size, ...]] = {}
        for delivered in uow.deliveries.stream(source.shape, mapping.source_columns, source.wanted, asked):
            last, count = delivered.row[UUID_COLUMN], count + 1
            if last in seen:
                continue
            order = self._context.rules.apply(delivered.row, source.shape.sizes)
            if (
                isinstance(order, Order)
                and last not in waiting
                and says_the_same(delivered, content_of(mapping, order), self._context.rules_hash)
            ):
                quiet[order.source_uuid] = order.sizes
            else:
                scan.suspects.append(delivered.row[UUID_COLUMN])
        scan.last = last if count == asked.size else None
        for uuids in chunks(list(quiet), size):
            known = uow.deliveries.sizes(uuids)
            for uuid in uuids:
                lines = size_lines(
                    self._hashes,
                    quiet[uuid],
                    known.get(uuid, {}),
                    self._source.shape.sizes,
                    deletes=self._deletes,
                )
                if any(line.differs for line in lines):
                    scan.suspects.append(uuid)
                else:
                    scan.unchanged += 1
                    scan.unchanged_sizes += len(lines)
        return scan


def says_the_same(delivered: Delivered, content: Payload, rules_hash: str) -> bool:
    """Tell whether an order says what was acknowledged, under the rules under which it was."""
    return content.hash == delivered.delivered_hash and delivered.delivered_rules == rules_hash
