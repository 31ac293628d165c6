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
    from collections.abc import Iterable

    from order_staging.models import StagedSubitem
    from order_staging.transform import BoardMapping


@dataclass(frozen=True, slots=True)
class Payload:
    """A name and column values (JSON text), and the whole as it is recorded, with its SHA-256 (hex)."""

    name: str
    column_values: str
    recorded: str

    @property
    def hash(self) -> str:
        """Fingerprint what is recorded."""
        return hashlib.sha256(self.recorded.encode()).hexdigest()


def item_payload(mapping: BoardMapping, key_column: str | None, row: StagedOrder) -> Payload:
    """Make the payload of an order line; the key column, where there is one, holds its `source_uuid`."""
    names = attributes(StagedOrder)
    values = {field.title: getattr(row, names[field.title]) for field in mapping.fields}
    columns = item_column_values(mapping, values)
    if key_column is not None and row.source_uuid is not None:
        columns[key_column] = str(row.source_uuid)
    return _payload(row.title or "", columns, group=row.group)


def subitem_payload(mapping: BoardMapping, row: StagedSubitem) -> Payload:
    """Make the payload of a size."""
    size = Size(row.size, row.order_qty)
    return _payload(subitem_name(mapping, size), subitem_column_values(mapping, size))


def sent_key(row: StagedOrder, key_column: str | None) -> str | None:
    """Read from what was sent for a row the key that it bore in the key column, in lower case; None without one."""
    if key_column is None or not row.stg_api_payload:
        return None
    key = json.loads(row.stg_api_payload)["column_values"].get(key_column)
    return str(key).casefold() if key else None


def _payload(name: str, columns: dict[str, object], **more: object) -> Payload:
    recorded = encode({"item_name": name, "column_values": columns, **more})
    return Payload(name, encode(columns), recorded)


def idempotency_key(rows: Iterable[tuple[StagedOrder | StagedSubitem, Payload]]) -> str:
    """Derive a request's key from its intent: which rows, which attempt at each, and what is sent for them.

    The same intent gives the same key; a row that is sent again is another intent.
    """
    digest = hashlib.sha256()
    for row, payload in rows:
        # The source's UUID is among them: SQLite gives the id of a row that was deleted to the next one.
        place = (row.__tablename__, row.stg_batch_id, row.stg_id, row.source_uuid)
        facts = (*place, row.stg_retry_count, payload.hash)
        digest.update(("|".join(map(str, facts)) + "\n").encode())
    return digest.hexdigest()
