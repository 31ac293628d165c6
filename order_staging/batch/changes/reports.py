"""What people are told of changes: conflicts, and what they deleted; what waits for them has a dead letter."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from order_staging.batch import letters
from order_staging.batch.letters import Refusal
from order_staging.batch.refused_rows import waiting_row
from order_staging.models import ErrorType

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from order_staging.batch.changes.decisions import Decision
    from order_staging.batch.context import RunContext
    from order_staging.batch.letterboxes import Place
    from order_staging.batch.record import BatchRecord
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

WAITING = (ErrorType.EDITED, ErrorType.DELETED)
"""Kinds of dead letters that wait for a person's decision."""


class Reports:
    """Counts and records what decisions have to tell."""

    def __init__(self, context: RunContext, record: BatchRecord) -> None:
        """Take the batch's record."""
        self._context = context
        self._record = record
        self._orders = record.result.orders
        self._subitems = record.result.subitems

    def write(self, decisions: Sequence[Decision], uow: UnitOfWork, recreated: Collection[Place]) -> None:
        """Count, log and record; each line has one unresolved dead letter of a kind, until it is settled.

        Nobody need be told of what is created again (`recreated`).
        """
        waiting = {}
        lines = []
        rows = []
        uow.after_commit(partial(self._count_all, decisions))
        for decision in decisions:
            told = decision.told
            if told:
                lines.append(f"{decision.line.order.title}: {'; '.join(told)}")
                log.warning("change.conflict", name=decision.line.order.title, conflicts=told)
            for kind, words in _waiting(decision, recreated).items():
                waiting[decision.line.order.source_uuid, kind] = (decision, words)
        settled = [decision.line.order.source_uuid for decision in decisions]
        known = uow.failures.open_of(settled, WAITING)
        new = [
            self._letter(*found, kind) for (uuid, kind), found in waiting.items() if (uuid, kind) not in known
        ]
        over = [letter for place, letter in known.items() if place not in waiting]
        if over:
            err_ids, now = [letter.err_id for letter in over], self._context.outside.now()
            uow.failures.resolve(err_ids, by=self._record.runner, now=now)
            if ours := sum(letter.batch_id == self._record.batch_id for letter in over):
                self._record.increase(uow, failed_records=-ours)
        for place, (decision, words) in waiting.items():
            why = Refusal(ErrorType(place[1]), words)
            rows.append(waiting_row(self._record, decision.line.order, why, known=place in known))
            if place in known and known[place].error_message != words:
                uow.failures.orders.update([{"err_id": known[place].err_id, "error_message": words}])
        self._context.announcer.tell_after(uow, rows)
        if new:
            self._record.begin(uow)
            uow.failures.orders.insert(new)
            self._record.increase(uow, failed_records=len(new))
        if self._record.has_begun(uow):
            uow.batches.add_notes(self._record.batch_id, lines)

    def _count_all(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            self._count(decision)

    def _count(self, decision: Decision) -> None:
        orders, subitems = self._orders, self._subitems
        orders.conflicts += bool(decision.conflicts)
        orders.deleted += decision.gone
        orders.unchanged += not (decision.gone or decision.changes)
        subitems.conflicts += sum(
            any(change.is_conflict for change in size.changes) for size in decision.sizes
        )
        subitems.deleted += sum(size.gone for size in decision.sizes)
        subitems.removed += sum(size.removed for size in decision.sizes)
        subitems.unchanged += 0 if decision.gone else decision.line.same_sizes

    def _letter(self, decision: Decision, words: str, kind: str) -> dict[str, Any]:
        return letters.waiting_order(
            decision.line.order,
            Refusal(ErrorType(kind), words),
            self._record.batch_id,
            self._record.result.customer,
            self._context.outside.now(),
        )


def _waiting(decision: Decision, recreated: Collection[Place]) -> dict[str, str]:
    """Tell by kind what waits for a person."""
    found: dict[str, str] = {}
    if undecided := decision.undecided:
        found[ErrorType.EDITED] = "\n".join(undecided)
    uuid = decision.line.order.source_uuid
    item_gone = decision.gone and uuid not in recreated
    gone = [size.label for size in decision.sizes if size.gone and (uuid, size.label) not in recreated]
    if not decision.line.changed or not (item_gone or gone):
        return found
    what = f"item {decision.line.item_id}" if item_gone else f"the subitems of {', '.join(gone)}"
    found[ErrorType.DELETED] = (
        f"the order line has changed, but people deleted or archived {what} on the board; "
        "restore it there, or run with --recreate-deleted"
    )
    return found
