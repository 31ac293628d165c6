"""What is asked of monday.com for a staged row, and what became of the row by the answers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_staging.batch.payloads import fields_sent
from order_staging.models import Operation, StagedSubitem
from order_staging.monday import (
    ArchiveItem,
    ChangeValues,
    Created,
    DeleteItem,
    MoveItem,
    Mutation,
    NewItem,
    NewSubitem,
    NewSubitemOf,
    NotExecuted,
    Outcome,
    Rejected,
    Unknown,
    means_missing_item,
)
from order_staging.repositories.staged_rows import CHANGES
from order_staging.transform import cleared, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from order_staging.batch.payloads import Payload
    from order_staging.models import StagedOrder
    from order_staging.transform import BoardMapping

TITLE, GROUP, KEY = "Title", "Group", "source_uuid"
"""What an update may send of an order beside its fields, as `update_fields` names it."""
NAME, SIZE, QUANTITY = "name", "Size", "Order Qty"
"""What an update may send of a subitem."""

GOING = (Operation.ARCHIVE, Operation.DELETE)


def order_mutations(
    mapping: BoardMapping,
    key_column: str | None,
    row: StagedOrder,
    payload: Payload,
    group_id: Callable[[], str],
) -> list[Mutation]:
    """Tell the mutations of an order; `group_id` finds the group where one is needed."""
    item_id = row.stg_monday_item_id or 0
    if row.update_operation not in CHANGES:
        return [NewItem(payload.name, group_id(), payload.column_values)]
    if row.update_operation == Operation.ARCHIVE:
        return [ArchiveItem(item_id)]
    values = _changed_values(mapping, key_column, row, payload)
    asked: list[Mutation] = [ChangeValues(row.board_id or 0, item_id, encode(values))] if values else []
    if GROUP in fields_sent(row):
        asked.append(MoveItem(item_id, group_id()))
    return asked


def _changed_values(
    mapping: BoardMapping, key_column: str | None, row: StagedOrder, payload: Payload
) -> dict[str, object]:
    titles = set(fields_sent(row))
    values = {
        field.column: payload.columns.get(field.column, cleared(field.type))
        for field in mapping.fields
        if field.title in titles
    }
    if TITLE in titles:
        values["name"] = payload.name
    if KEY in titles and key_column in payload.columns:
        values[str(key_column)] = payload.columns[str(key_column)]
    return values


def subitem_mutations(
    mapping: BoardMapping, board_id: int | None, row: StagedSubitem, payload: Payload
) -> list[Mutation]:
    """Tell the mutations of a size; `board_id` is that of the subitems' board."""
    if row.update_operation not in CHANGES:
        new = NewSubitem(payload.name, payload.column_values)
        return [NewSubitemOf(row.stg_monday_parent_item_id or 0, new)]
    subitem_id = row.stg_monday_subitem_id or 0
    if row.update_operation == Operation.DELETE:
        return [DeleteItem(subitem_id)]
    columns = {SIZE: mapping.subitems.size.column, QUANTITY: mapping.subitems.quantity.column}
    sent = fields_sent(row)
    values = {columns[title]: payload.columns[columns[title]] for title in sent if title in columns}
    if NAME in sent:
        values["name"] = payload.name
    return [ChangeValues(row.stg_monday_subitem_board_id or board_id or 0, subitem_id, encode(values))]


def outcome_of(row: StagedOrder | StagedSubitem, outcomes: Sequence[Outcome]) -> Outcome:
    """Sum up what became of a row's mutations: what is least certain counts.

    A row of which a part was not executed is sent again as a whole: changes may be done twice. What is to be
    archived or deleted and is not there has gone already.
    """
    if row.update_operation in GOING and any(map(means_missing_item, outcomes)):
        return Created(str(own_id(row)))
    for kind in (Unknown, NotExecuted, Rejected):
        for outcome in outcomes:
            if isinstance(outcome, kind):
                return outcome
    return outcomes[0] if outcomes else Created(str(own_id(row)))


def own_id(row: StagedOrder | StagedSubitem) -> int:
    """Tell monday's id of what a row changes; 0 where it has none yet."""
    found = row.stg_monday_subitem_id if isinstance(row, StagedSubitem) else row.stg_monday_item_id
    return found or 0
