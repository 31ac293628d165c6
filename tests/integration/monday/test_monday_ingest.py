"""The client's bulk import, for programs that use it without batches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from order_staging import MondayClient, TerminalError
from order_staging.monday import Created, NewItem, Rejected, Unknown, import_file
from order_staging.sandbox import BulkRules

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.sandbox import Sandbox

KEY_COLUMN = "text_source_uuid"
BOARD = 9200517329


@pytest.fixture
def client_for(sandbox: Sandbox, sandbox_url: str) -> Callable[..., MondayClient]:
    def make(key_column: str | None = KEY_COLUMN) -> MondayClient:
        return MondayClient(token=sandbox.token, board_id=BOARD, url=sandbox_url, key_column=key_column)

    return make


def item(number: int, **values: object) -> NewItem:
    return NewItem(f"item {number}", "topics", json.dumps(values | {KEY_COLUMN: f"key-{number}"}))


async def test_outcomes_come_in_the_order_of_the_items(
    sandbox: Sandbox, client_for: Callable[..., MondayClient]
) -> None:
    wrong = item(2, dropdown_mkr5677f={"labels": ["nobody has it"]})
    async with client_for() as client:
        first, second, third = await client.ingest("topics", [item(1), wrong, item(3)])
        assert [found.name for found in sandbox.items()] == ["item 1", "item 3"]
        assert (first, third) == tuple(Created(found.id) for found in sandbox.items())
        assert isinstance(second, Rejected)
        assert "nobody has it" in second.message


async def test_what_is_on_the_board_already_is_found_by_its_key(
    sandbox: Sandbox, client_for: Callable[..., MondayClient]
) -> None:
    async with client_for() as client:
        (first,) = await client.ingest("topics", [item(1)])
        again, second = await client.ingest("topics", [item(1), item(2)])
        assert (len(sandbox.items()), type(second)) == (2, Created)
        assert isinstance(again, Unknown)
        assert isinstance(first, Created)
        assert await client.find_items_by_key(["key-1"]) == {"key-1": [int(first.id)]}


async def test_more_items_than_a_job_takes_make_several_jobs(
    sandbox: Sandbox, client_for: Callable[..., MondayClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_file, "ROWS_A_JOB", 2)
    async with client_for() as client:
        outcomes = await client.ingest("topics", [item(number) for number in range(5)])
    assert [type(outcome) for outcome in outcomes] == [Created] * 5
    assert len(sandbox.uploads) == 3


async def test_the_same_idempotency_key_starts_the_same_job(
    sandbox: Sandbox, client_for: Callable[..., MondayClient]
) -> None:
    async with client_for() as client:
        await client.ingest("topics", [item(1)], idempotency_key="mine")
        await client.ingest("topics", [item(1)], idempotency_key="mine")
    assert len({upload.job_id for upload in sandbox.uploads}) == 1
    assert len(sandbox.items()) == 1


async def test_without_a_key_column_nothing_is_imported(
    sandbox: Sandbox, client_for: Callable[..., MondayClient]
) -> None:
    async with client_for(None) as client:
        with pytest.raises(TerminalError, match="board prepare"):
            await client.ingest("topics", [item(1)])
    assert not sandbox.requests


async def test_a_server_without_bulk_import_is_named(
    sandbox: Sandbox, client_for: Callable[..., MondayClient]
) -> None:
    sandbox.bulk_rules = BulkRules(served=False)
    async with client_for() as client:
        with pytest.raises(TerminalError, match="ingest_items"):
            await client.ingest("topics", [item(1)])


async def test_nothing_to_import_sends_nothing(
    sandbox: Sandbox, client_for: Callable[..., MondayClient]
) -> None:
    async with client_for() as client:
        assert await client.ingest("topics", []) == []
    assert not sandbox.requests
