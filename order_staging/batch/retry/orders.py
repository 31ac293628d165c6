"""Dead letters of order lines that are retried: staged as the source has them now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from order_staging.batch import letters, rows
from order_staging.batch.limits import subitem_limits
from order_staging.batch.loading import note_warnings
from order_staging.batch.mutations import GOING
from order_staging.batch.payloads import next_attempt
from order_staging.batch.refused_rows import invalid_row
from order_staging.batch.retry.errands import ErrorId
from order_staging.batch.retry.fates import Fate, fate_of_order
from order_staging.batch.retry.rounds import (
    AGAIN,
    GONE,
    GONE_IN_DOUBT,
    NAMELESS,
    SETTLED,
    SEVERAL,
    Round,
)
from order_staging.models import ErrorType, StagingStatus
from order_staging.repositories import Kind
from order_staging.repositories.failures import UNSTAGED
from order_staging.repositories.source import UUID_COLUMN
from order_staging.transform import Order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.retry.rounds import Scope
    from order_staging.models import FailedOrder, StagedOrder, StagedSubitem
    from order_staging.repositories import Row
    from order_staging.transform import InvalidOrder
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

UNSENT: Row = {"original_stg_id": None, "api_payload": None, "http_status_code": None}
"""What a letter says of a row that is not staged, and was not sent."""


class OrderRound(Round):
    """Dead letters of order lines."""

    def __init__(self, scope: Scope, uow: UnitOfWork, uuids: Sequence[UUID]) -> None:
        """Read what the tables know of these source rows."""
        super().__init__(scope, uow, uuids)
        self._staged = uow.staging.changes.orders_of(uuids)
        self._sizes = uow.staging.changes.subitems_of(uuids)
        self._landed = uow.deliveries.acknowledged(uuids, ())
        self._invalid = uow.failures.open_of(uuids, [ErrorType.INVALID])
        self._limits = subitem_limits()
        self._restaged: set[UUID] = set()

    def is_refused(self, letter: FailedOrder) -> bool:
        """Tell whether a letter's row is staged, and refused."""
        staged = None if letter.source_uuid is None else self._staged.get(letter.source_uuid)
        return staged is not None and staged.stg_status == StagingStatus.API_FAILED

    def retry(self, letter: FailedOrder) -> None:
        """Do what a letter's row needs."""
        uuid = letter.source_uuid
        if uuid is None:
            self._update(self.keep(letter, NAMELESS))
            return
        staged, found = self._staged.get(uuid), self.rows.get(uuid, [])
        order = self.read(found[0]) if len(found) == 1 else None
        fate = fate_of_order(
            letter.error_type,
            staged,
            rows=len(found),
            valid=isinstance(order, Order),
            landed=uuid in self._landed,
        )
        match fate:
            case Fate.EXAMINE:
                self.again.look.add(uuid)
                if letter.error_type in UNSTAGED:
                    self.again.examined.append(letter.err_id)
                self.with_changes |= letter.error_type in {ErrorType.EDITED, ErrorType.DELETED}
            case Fate.SETTLED:
                self._end(letter, SETTLED)
            case Fate.GONE:
                self._end(letter, GONE)
                if staged is not None and letter.error_type not in UNSTAGED:
                    self._drop(staged)
            case Fate.STUCK:
                self._update(self.keep(letter, obstacle(found, order)))
            case _ if staged is not None:
                self._go_on(fate, letter, staged, found)

    def _go_on(self, fate: Fate, letter: FailedOrder, staged: StagedOrder, found: Sequence[Row]) -> None:
        match fate:
            case Fate.RESTAGE | Fate.RECREATE:
                self._restage(letter, staged, found[0])
                self.with_changes |= fate is Fate.RECREATE
            case Fate.DECIDE | Fate.ARCHIVE:
                if staged.stg_status == StagingStatus.API_FAILED:
                    self._bring(staged, StagingStatus.PENDING, **surely_not_done(staged))
                self.with_changes = True
                if fate is Fate.ARCHIVE and staged.source_uuid is not None:
                    self.again.archive.add(staged.source_uuid)
            case Fate.DOUBT:
                # Without its key's date nothing is sent again under that key: first the board is looked at.
                self._bring(staged, StagingStatus.UNKNOWN, stg_key_date=None)
                self.again.doubted.append(ErrorId(letter.err_id, Kind.ORDER))
            case _:
                pass

    def _restage(self, letter: FailedOrder, staged: StagedOrder, row: Row) -> None:
        order_uuid: UUID = row[UUID_COLUMN]
        if order_uuid in self._restaged:
            # By another letter of the same row: what acknowledges it ends both.
            return
        self._restaged.add(order_uuid)
        order = self.read(row)
        self.tally.selected += 1
        if not isinstance(order, Order):
            self._refuse(letter, staged, order, row)
            return
        fresh = rows.staged_order(order, self.record.batch_id, self.context.board_id, self.now) | {
            "stg_customer_batch": self.record.result.customer,
            "stg_rules": self.context.rules_hash,
            "stg_monday_item_id": None,
            "stg_group_id": None,
            "stg_import_row": None,
            "update_fields": None,
            "stg_retry_count": (staged.stg_retry_count or 0) + 1,
        }
        self._begin(staged)
        self.uow.staging.orders.update([rows.NEVER_SENT | fresh | {"stg_id": staged.stg_id}])
        # Its item was refused, so none of its sizes has ever been sent.
        self._drop_sizes(staged)
        self.uow.staging.subitems.insert(rows.staged_subitems(order, fresh, staged.stg_id, self._limits))
        self.tally.warnings += bool(order.notes)
        note_warnings(self.uow, self.record.batch_id, [order])

    def _refuse(self, letter: FailedOrder, staged: StagedOrder, order: InvalidOrder, row: Row) -> None:
        """Make it an invalid row as every other: out of staging, and looked at by each run."""
        self._begin(staged)
        self.failed += letter.batch_id != self.record.batch_id
        self.tally.invalid += 1
        self.told.append(invalid_row(self.record, order, known=True))
        self._drop(staged)
        if (order.source_uuid, ErrorType.INVALID) in self._invalid:
            self._update(self.resolve(letter, "it is invalid now, as another error says"))
            return
        customer, most = self.record.result.customer, self.context.settings.max_attempts
        news = letters.invalid_order(order, row, self.record.batch_id, customer, self.now)
        log.warning("order.invalid", order=order.order_number, problems=news["error_message"])
        self._update(letters.once_more(letter, news | UNSENT, self.now, most))

    def _bring(self, staged: StagedOrder, status: StagingStatus, **facts: object) -> None:
        self._begin(staged)
        change: Row = {"stg_id": staged.stg_id, "stg_status": status, "stg_error_message": AGAIN, **facts}
        # Under the customer's name of now: a file may have renamed it since.
        here = {"stg_batch_id": self.record.batch_id, "stg_customer_batch": self.record.result.customer}
        self.uow.staging.orders.update([change | here])

    def _begin(self, staged: StagedOrder) -> None:
        self.record.begin(self.uow)
        self.taken_in += staged.stg_batch_id != self.record.batch_id

    def _end(self, letter: FailedOrder, word: str) -> None:
        self._update(self.resolve(letter, word))
        self.failed -= letter.batch_id == self.record.batch_id

    def _drop(self, staged: StagedOrder) -> None:
        self._drop_sizes(staged)
        self.uow.staging.orders.drop([staged.stg_id])

    def _drop_sizes(self, staged: StagedOrder) -> None:
        below = [row.stg_id for (uuid, _), row in self._sizes.items() if uuid == staged.source_uuid]
        self.uow.staging.subitems.drop(below)

    def _update(self, change: Row) -> None:
        self.uow.failures.orders.update([change])


def surely_not_done(staged: StagedOrder | StagedSubitem) -> Row:
    """Forget that an archiving or a deletion was sent which was refused: what goes now, people took away.

    The attempt is counted, so that the next one has a key of its own. Of other changes a part may have been done:
    what was sent of these is compared with the board.
    """
    if staged.update_operation not in GOING:
        return {}
    return {"stg_sent_date": None, "stg_retry_count": next_attempt(staged)}


def obstacle(found: Sequence[Row], order: Order | InvalidOrder | None) -> str:
    """Tell why what may be on the board cannot be retried; `order` is what the rules make of the only row."""
    if len(found) > 1:
        return SEVERAL
    if order is None or isinstance(order, Order):
        return GONE_IN_DOUBT
    return "its order line is invalid now: " + "; ".join(problem.sentence() for problem in order.problems)
