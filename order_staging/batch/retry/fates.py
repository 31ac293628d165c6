"""What a retry does about a dead letter: decided by the letter, the source now, and the staged row. Pure."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import TYPE_CHECKING

from order_staging.batch.changes.staged import is_left_over
from order_staging.models import Operation, StagingStatus
from order_staging.repositories.failures import UNSTAGED
from order_staging.repositories.staged_rows import CHANGES

if TYPE_CHECKING:
    from order_staging.models import StagedOrder, StagedSubitem


class Fate(StrEnum):
    """What becomes of a letter's row."""

    EXAMINE = auto()
    """The source row is looked at as a run does: as a new one, or as one that may have changed."""
    RESTAGE = auto()
    """It is staged anew, as the source has it now."""
    RECREATE = auto()
    """People took it away, and it was to be created again: staged anew, and decided by the board as it is now."""
    DECIDE = auto()
    """A change: what is to be sent, if anything, is decided anew by source and board."""
    ARCHIVE = auto()
    """The item of a row that is gone is archived, as was decided before."""
    DOUBT = auto()
    """The board is looked at again."""
    ON_ITS_WAY = auto()
    """It was taken up again before: it only goes on."""
    SETTLED = auto()
    """It is in production: the letter is resolved."""
    GONE = auto()
    """The source does not order it any more: nothing is created, and the letter is resolved."""
    STUCK = auto()
    """It cannot be retried as things are: the letter says why."""


def fate_of_order(
    kind: str | None, staged: StagedOrder | None, *, rows: int, landed: bool, valid: bool = True
) -> Fate:
    """Decide about an order line.

    `rows` counts the source rows of its UUID; `valid`: the only one is no invalid row; `landed`: production has it.
    """
    if kind in UNSTAGED:
        return Fate.EXAMINE if rows else Fate.GONE
    if staged is None or staged.stg_status == StagingStatus.VALIDATION_FAILED:
        if landed:
            return Fate.SETTLED
        return Fate.EXAMINE if rows else Fate.GONE
    if staged.update_operation == Operation.ARCHIVE and is_left_over(staged) and not rows:
        return Fate.ARCHIVE
    if staged.stg_status == StagingStatus.API_FAILED and staged.update_operation not in CHANGES:
        return _fate_of_uncreated(rows, landed=landed)
    return _fate_of_staged(staged, ordered=rows == 1 and valid)


def fate_of_size(staged: StagedSubitem | None, *, ordered: int | None, landed: bool) -> Fate:
    """Decide about a size; `ordered` is the source's quantity, None where its order line cannot be read."""
    if staged is None:
        if landed:
            return Fate.SETTLED
        return _if_ordered(ordered, Fate.EXAMINE)
    if staged.stg_status == StagingStatus.API_FAILED and staged.update_operation not in CHANGES:
        return _if_ordered(ordered, _creation(landed=landed))
    return _fate_of_staged(staged, ordered=bool(ordered))


def _fate_of_uncreated(rows: int, *, landed: bool) -> Fate:
    """Decide about an order line whose item was refused, by how many source rows have its UUID."""
    match rows:
        case 0:
            return Fate.GONE
        case 1:
            return _creation(landed=landed)
        case _:
            return Fate.STUCK


def _if_ordered(ordered: int | None, fate: Fate) -> Fate:
    """Give a size this fate if the source orders any of it."""
    if ordered is None:
        return Fate.STUCK
    return fate if ordered else Fate.GONE


def _creation(*, landed: bool) -> Fate:
    return Fate.RECREATE if landed else Fate.RESTAGE


def _fate_of_staged(staged: StagedOrder | StagedSubitem, *, ordered: bool) -> Fate:
    match staged.stg_status:
        case StagingStatus.PROMOTED:
            return Fate.SETTLED
        case StagingStatus.CONFLICT:
            # Something of it may be on the board: without the source's word for it nothing may be created.
            return Fate.DOUBT if ordered else Fate.STUCK
        case StagingStatus.API_FAILED:
            return Fate.DECIDE
        case _:
            return Fate.ON_ITS_WAY
