"""Looking rows up on the board: which of its items, or subitems, could be each row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from order_staging.batch.mutations import GROUP
from order_staging.batch.payloads import fields_sent, key_to_look_for
from order_staging.models import Operation, StagedOrder, StagedSubitem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.cargo import Cargo
    from order_staging.batch.context import RunContext
    from order_staging.monday import MondayClient
    from order_staging.unit_of_work import UnitOfWork

Found = dict[int, list[int]]
"""What of the board could be each row: monday's ids by `stg_id`; rows without any are left out."""


@dataclass(frozen=True)
class ByName:
    """Finds items by name within their group, counted: weaker, as the same name may rightly occur several times.

    Items that other rows are known to be do not count. Of several rows of one name, the first ones staged are the
    first ones on the board, as a request's mutations are executed in order.
    """

    client: MondayClient
    context: RunContext

    async def _groups_by_title(self) -> dict[str, str]:
        # Of several groups of one title the lowest is used, as by whoever creates items there.
        return {group.title: group.id for group in (await self.client.board()).groups}

    async def find(self, rows: Sequence[StagedOrder]) -> Found:
        """Look items up by their groups and names."""
        # A row that was never sent knows its group by title alone.
        ids = await self._groups_by_title() if any(row.stg_group_id is None for row in rows) else {}
        alike: defaultdict[tuple[str, str, str], list[StagedOrder]] = defaultdict(list)
        for row in rows:
            group_id = row.stg_group_id or ids.get(row.group or "")
            if group_id is not None:
                alike[group_id, row.group or "", row.title or ""].append(row)
        boards = {group_id: await self.client.items_of_group(group_id) for group_id, _, _ in alike}
        found: Found = {}
        for (group_id, group, title), same in alike.items():
            taken = await self.context.database.run(partial(_known_items, group, title))
            items = [item for item, name in boards[group_id] if name.strip() == title.strip()]
            found |= matched(same, sorted(item for item in items if item not in taken))
        return found


@dataclass(frozen=True)
class ByKey:
    """Finds items by the key column, each by the key that was sent with it; those sent without one by their names.

    The key that was sent is the row's UUID of that time: the settings, and the source, may have changed since.
    A row that was never sent is looked for by the one that it would bear.
    """

    client: MondayClient
    by_name: ByName

    async def find(self, rows: Sequence[StagedOrder]) -> Found:
        """Look items up by their keys, where they have one."""
        keys = {row.stg_id: key for row in rows if (key := key_to_look_for(row, self.client.key_column))}
        by_key = await self.client.find_items_by_key(list(keys.values()))
        found = {stg_id: by_key[key] for stg_id, key in keys.items() if key in by_key}
        nameless = [row for row in rows if row.stg_id not in keys]
        return found | (await self.by_name.find(nameless) if nameless else {})


def only_moves(row: StagedOrder | StagedSubitem) -> bool:
    """Tell whether a row moves an item, and changes nothing else of it."""
    return row.update_operation == Operation.MOVE and fields_sent(row) == [GROUP]


@dataclass(frozen=True)
class ByGroup:
    """Finds items that were moved in the group they were moved to; new ones by their keys."""

    client: MondayClient
    by_key: ByKey

    async def find(self, rows: Sequence[StagedOrder]) -> Found:
        """Look items up, each as its row was sent."""
        moved = [row for row in rows if only_moves(row)]
        new = [row for row in rows if not only_moves(row)]
        found = await self.by_key.find(new) if new else {}
        items = await self.client.items_now([row.stg_monday_item_id or 0 for row in moved], columns=())
        for row in moved:
            item = items.get(row.stg_monday_item_id or 0)
            if item is not None and item.active and item.group_id == row.stg_group_id:
                found[row.stg_id] = [item.id]
        return found


@dataclass(frozen=True)
class BySize:
    """Finds subitems by their item and name: a size occurs once an item.

    Those that are known to be of another size do not count, whatever people named them.
    """

    client: MondayClient
    cargo: Cargo[StagedSubitem]
    context: RunContext

    async def find(self, rows: Sequence[StagedSubitem]) -> Found:
        """Look subitems up below their items."""
        parents = sorted({row.stg_monday_parent_item_id or 0 for row in rows})
        subitems = await self.client.subitems_of(parents)
        uuids = list({row.source_uuid for row in rows if row.source_uuid is not None})
        known = await self.context.database.run(partial(_known_subitems, uuids))
        found: Found = {}
        for row in rows:
            name, place = self.cargo.payload(row).name.strip(), (row.source_uuid, row.size)
            below = subitems.get(row.stg_monday_parent_item_id or 0, ())
            alike = (subitem for subitem, other in below if other.strip() == name)
            if ids := [subitem for subitem in alike if known.get(subitem, place) == place]:
                found[row.stg_id] = ids
        return found


def _known_items(group: str, title: str, uow: UnitOfWork) -> set[int]:
    return uow.staging.orders.known_item_ids(group, title) | uow.production.known_item_ids(group, title)


def _known_subitems(uuids: Sequence[UUID], uow: UnitOfWork) -> dict[int, tuple[UUID, str]]:
    """Tell which size of which source row a subitem is known to be, by its id."""
    staged, production = uow.staging.changes.subitems_of(uuids), uow.deliveries.sizes(uuids)
    known = {row.stg_monday_subitem_id: place for place, row in staged.items()}
    for uuid, sizes in production.items():
        known |= {size.subitem_id: (uuid, label) for label, size in sizes.items()}
    return {subitem: place for subitem, place in known.items() if subitem is not None}


def matched(rows: Sequence[StagedOrder], items: Sequence[int]) -> Found:
    """Match rows of one name with items of that name: one each in order, or all with each if there are too many."""
    if len(items) > len(rows):
        return {row.stg_id: list(items) for row in rows}
    return {row.stg_id: [item] for row, item in zip(rows, items, strict=False)}
