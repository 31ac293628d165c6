"""What is sent for a staged row, and the key under which it is sent. Pure: the same row gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from order_staging.batch.rows import attributes
from order_staging.models import StagedOrder
from order_staging.transform import (
    Size,
    encode,
    item_column_values,
    subitem_column_values,
    subitem_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from order_staging.models import StagedSubitem
    from order_staging.transform import BoardMapping


@dataclass(frozen=True, slots=True)
class Payload:
    """A name and column values by column id, the whole as it is recorded (JSON text), and its SHA-256 (hex).

    The hash leaves the key column out: it identifies, and is no content.
    """

    name: str
    columns: dict[str, object]
    recorded: str
    hash: str

    @property
    def column_values(self) -> str:
        """Give the column values as JSON text."""
        return encode(self.columns)


def item_payload(mapping: BoardMapping, key_column: str | None, row: StagedOrder) -> Payload:
    """Make the payload of an order line; the key column, where there is one, holds its `source_uuid`."""
    return order_payload(mapping, row.title or "", row.group, _values(mapping, row), _key(key_column, row))


def item_columns(mapping: BoardMapping, key_column: str | None, row: StagedOrder) -> dict[str, object]:
    """Make the column values that the payload of an order line has, and nothing else of it."""
    return item_column_values(mapping, _values(mapping, row)) | _key(key_column, row)


def order_payload(
    mapping: BoardMapping,
    title: str,
    group: str | None,
    values: Mapping[str, object],
    key: Mapping[str, object] | None = None,
) -> Payload:
    """Make the payload of an item from values by field title; `key` is what its key column holds, by its id."""
    columns = item_column_values(mapping, values)
    return _payload(title, columns, key or {}, group=group)


def subitem_payload(mapping: BoardMapping, row: StagedSubitem) -> Payload:
    """Make the payload of a size."""
    return size_payload(mapping, Size(row.size, row.order_qty))


def size_payload(mapping: BoardMapping, size: Size) -> Payload:
    """Make the payload of a subitem."""
    return _payload(subitem_name(mapping, size), subitem_column_values(mapping, size), {})


def sent_key(row: StagedOrder, key_column: str | None) -> str | None:
    """Read from what was sent for a row the key that it bore in the key column, in lower case; None without one."""
    if key_column is None or not row.stg_api_payload:
        return None
    key = json.loads(row.stg_api_payload)["column_values"].get(key_column)
    return str(key).casefold() if key else None


def key_to_look_for(row: StagedOrder, key_column: str | None) -> str | None:
    """Tell the key of a row's item, in lower case: the one that was sent, or would be if none ever was."""
    if row.stg_api_payload:
        return sent_key(row, key_column)
    return None if key_column is None or row.source_uuid is None else str(row.source_uuid).casefold()


def fields_sent(row: StagedOrder | StagedSubitem) -> list[str]:
    """List what an update sends, as `update_fields` says: titles of fields, `Title`, `Group`, `source_uuid`."""
    return [str(title) for title in json.loads(row.update_fields or "[]")]


def _values(mapping: BoardMapping, row: StagedOrder) -> dict[str, object]:
    names = attributes(StagedOrder)
    return {field.title: getattr(row, names[field.title]) for field in mapping.fields}


def _key(key_column: str | None, row: StagedOrder) -> dict[str, object]:
    return {key_column: str(row.source_uuid)} if key_column and row.source_uuid is not None else {}


def _payload(name: str, columns: dict[str, object], key: Mapping[str, object], **more: object) -> Payload:
    content = encode({"item_name": name, "column_values": columns, **more})
    whole = {**columns, **key}
    recorded = encode({"item_name": name, "column_values": whole, **more}) if key else content
    return Payload(name, whole, recorded, hashlib.sha256(content.encode()).hexdigest())


def next_attempt(row: StagedOrder | StagedSubitem) -> int:
    """Number the next attempt at a row, from 0; `stg_retry_count` is the number of the last one."""
    return (row.stg_retry_count or 0) + (row.stg_sent_date is not None)


def idempotency_key(
    rows: Iterable[tuple[StagedOrder | StagedSubitem, Payload]], attempts: Sequence[int], request: str = ""
) -> str:
    """Derive a request's key from its intent: which rows, which attempt at each, and what is sent, byte for byte.

    The same intent gives the same key; a row that is sent once more is another intent. `request` is all that is
    sent beside the payloads.
    """
    digest = hashlib.sha256()
    for (row, payload), attempt in zip(rows, attempts, strict=True):
        # The source's UUID is among them: SQLite gives the id of a row that was deleted to the next one.
        place = (row.__tablename__, row.stg_batch_id, row.stg_id, row.source_uuid)
        intent = (attempt, row.update_operation, row.update_fields, row.stg_created_date)
        facts = (*place, *intent, payload.recorded)
        digest.update(("|".join(map(str, facts)) + "\n").encode())
    digest.update(request.encode())
    return digest.hexdigest()
