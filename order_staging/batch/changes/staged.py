"""What staged rows of delivered order lines stand for, and whether a decision may take their place. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_staging.batch import rows
from order_staging.batch.mutations import GOING
from order_staging.models import StagedOrder, StagedSubitem, StagingStatus
from order_staging.repositories.staged_rows import AWAITING, CHANGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from order_staging.repositories import Row


def is_left_over(row: StagedOrder | StagedSubitem) -> bool:
    """Tell whether a row is a change that an earlier run left, or that was refused."""
    return row.update_operation in CHANGES and row.stg_status in {*AWAITING, StagingStatus.API_FAILED}


def is_uncreated(row: StagedOrder | StagedSubitem | None) -> bool:
    """Tell whether a row is to be created, or was refused when it was, and is surely not on the board."""
    if row is None or row.update_operation in CHANGES:
        return False
    return row.stg_status in {StagingStatus.PENDING, StagingStatus.API_FAILED}


def wanted_again(row: StagedOrder | StagedSubitem | None) -> bool:
    """Tell whether what people, or we, took away is to be created again: it is on its way, or we took it away.

    We did where we asked for it to be archived, or deleted, and never heard what came of it.
    """
    if row is None or row.stg_status not in AWAITING:
        return False
    if row.update_operation in CHANGES:
        return row.update_operation in GOING and row.stg_sent_date is not None
    return True


def sizes_wanted_again(order: StagedOrder | None, sizes: Mapping[str, StagedSubitem]) -> set[str]:
    """List the sizes of an item on the board that are to be created again where they are gone.

    Those that were staged with an item that is itself to be created belong to that one.
    """
    with_item = is_uncreated(order)
    return {
        label
        for label, row in sizes.items()
        if wanted_again(row) and not (with_item and row.update_operation not in CHANGES)
    }


def is_open(row: StagedSubitem | None, wanted: Row) -> bool:
    """Tell whether a size may be staged: what is being created, or was refused as it is, stays."""
    if row is None or row.stg_status == StagingStatus.PROMOTED:
        return True
    if row.update_operation not in CHANGES:
        # A change is wanted of what is on the board: then it need not be created.
        return row.stg_status == StagingStatus.PENDING or (
            wanted["update_operation"] in CHANGES and is_uncreated(row)
        )
    refused = row.stg_status in {StagingStatus.API_FAILED, StagingStatus.CONFLICT}
    return not (
        refused and row.order_qty == wanted["order_qty"] and row.update_fields == wanted["update_fields"]
    )


def was_refused(row: StagedOrder, wanted: Row) -> bool:
    """Tell whether this very change was refused before: it waits to be mended."""
    if row.stg_status not in {StagingStatus.API_FAILED, StagingStatus.CONFLICT}:
        return False
    if wanted["stg_status"] != StagingStatus.PENDING or row.update_operation != wanted["update_operation"]:
        return False
    return all(getattr(row, name) == value for name, value in wanted.items() if name in _CONTENT)


_CONTENT = frozenset(
    name for name in rows.attributes(StagedOrder).values() if not name.startswith(("stg_", "validation_"))
)
"""What a staged order says of its order line and of what is sent."""
