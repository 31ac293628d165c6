"""The log of activity names the person who wrote a column; requests leave nothing there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from order_staging.sandbox import Sandbox
    from tests.unit.sandbox.sandbox_asking import Asker

PO, PRICE = "text_mkr5ej2x", "numeric_mkr5cact"
ENTRY = "id event entity data user_id created_at"


async def log_of(ask: Asker, arguments: str = "limit: 10") -> list[Any]:
    reply = await ask(f"{{ boards(ids: 9200517329) {{ activity_logs({arguments}) {{ {ENTRY} }} }} }}")
    assert reply.errors == []
    (board,) = reply.data["boards"]
    return list(board["activity_logs"])


async def test_what_a_person_writes_is_logged_newest_first_and_what_a_request_writes_is_not(
    ask: Asker, sandbox: Sandbox
) -> None:
    item = (await ask.item(values={PO: "1"})).data["it"]["id"]
    assert await log_of(ask) == []
    sandbox.person.change_values(item, {PO: "2"})
    sandbox.person.change_values(item, {PRICE: "3"})
    newest, oldest = await log_of(ask)
    assert json.loads(newest["data"])["column_id"] == PRICE
    assert json.loads(oldest["data"]) == {"board_id": 9200517329, "pulse_id": int(item), "column_id": PO}
    assert oldest["event"] == "update_column_value"
    assert len(await log_of(ask, f'item_ids: [{item}], column_ids: ["{PO}"]')) == 1
    assert await log_of(ask, "item_ids: [1]") == []
    assert len(await log_of(ask, "limit: 1, page: 2")) == 1


async def test_users_are_told_by_their_ids(ask: Asker, sandbox: Sandbox) -> None:
    item = (await ask.item()).data["it"]["id"]
    sandbox.person.change_values(item, {PO: "2"})
    (entry,) = await log_of(ask)
    reply = await ask(f"{{ users(ids: [{entry['user_id']}]) {{ name }} }}")
    assert reply.data["users"] == [{"name": "Pat Planner"}]
    assert len((await ask("{ users { id } }")).data["users"]) == 2
