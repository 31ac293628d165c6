from typing import Any

import pytest

from order_staging.sandbox import Sandbox
from order_staging.sandbox.page.board import PAGE, group_page, outline, subitems_of
from tests.unit.sandbox.sandbox_asking import Asker

STYLE, UNIT, PO, PRICE = "dropdown_mkr5tgaa", "color_mkr5yf27", "text_mkr5ej2x", "numeric_mkr5cact"
VALUES = {
    STYLE: {"labels": ["HDY100236", "MTP100438"]},
    UNIT: {"label": "EACH"},
    PO: "4755",
    PRICE: "12.50",
}


def outlined(sandbox: Sandbox) -> dict[str, Any]:
    with sandbox.looking() as account:
        return outline(account, sandbox.revisions)


def paged(sandbox: Sandbox, offset: int = 0, columns: tuple[str, ...] = (), group: int = 0) -> Any:
    group_id = sandbox.groups()[group].id
    with sandbox.looking() as account:
        return group_page(account, sandbox.revisions, group_id, offset, columns)


def unfolded(sandbox: Sandbox, item_id: str) -> Any:
    with sandbox.looking() as account:
        return subitems_of(account, sandbox.revisions, item_id)


async def test_an_item_is_told_with_the_columns_asked_for_and_its_labels_with_their_ids(
    ask: Asker, sandbox: Sandbox
) -> None:
    item = (await ask.item("An order", VALUES)).data["it"]["id"]
    await ask.subitem(item, "Size M")

    (row,) = paged(sandbox, columns=(STYLE, UNIT, PO, "pulse_id_mkr5pb5q", "text_mkr5cz8m"))["rows"]

    assert (row["id"], row["name"], row["subitems"]) == (item, "An order", 1)
    assert row["values"] == {
        STYLE: [(1, "HDY100236"), (2, "MTP100438")],
        UNIT: [(0, "EACH")],
        PO: "4755",
        "pulse_id_mkr5pb5q": item,
    }


async def test_a_group_is_told_page_by_page(ask: Asker, sandbox: Sandbox) -> None:
    for number in range(2 * PAGE + 3):
        await ask.item(f"Order {number}")
    first, second, last = (paged(sandbox, offset) for offset in (0, PAGE + 7, 10**9))
    assert [len(page["rows"]) for page in (first, second, last)] == [PAGE, PAGE, 3]
    assert [page["offset"] for page in (first, second, last)] == [0, PAGE, 2 * PAGE]
    assert {page["total"] for page in (first, second, last)} == {2 * PAGE + 3}
    assert last["rows"][-1]["name"] == f"Order {2 * PAGE + 2}"


async def test_the_outline_counts_what_is_in_each_group_and_leaves_out_what_is_gone(
    ask: Asker, sandbox: Sandbox
) -> None:
    kept, gone = [(await ask.item(name)).data["it"]["id"] for name in ("Kept", "Gone")]
    await ask.subitem(kept)
    sandbox.person.delete_item(gone)
    told = outlined(sandbox)
    assert [(group["items"], group["subitems"]) for group in told["groups"]] == [(1, 1)]
    assert (told["items"], told["subitems"], told["items_limit"]) == (1, 1, 10_000)
    assert [row["name"] for row in paged(sandbox)["rows"]] == ["Kept"]
    assert unfolded(sandbox, gone) is None


async def test_revisions_tell_which_groups_and_items_have_changed(ask: Asker, sandbox: Sandbox) -> None:
    first, second = [(await ask.item(name)).data["it"]["id"] for name in ("First", "Second")]
    before = outlined(sandbox)
    rows = {row["id"]: row["revision"] for row in paged(sandbox)["rows"]}

    await ask.subitem(first)

    after = outlined(sandbox)
    now = {row["id"]: row["revision"] for row in paged(sandbox)["rows"]}
    assert after["revision"] > before["revision"]
    assert after["groups"][0]["revision"] == after["revision"] == now[first]
    assert now[second] == rows[second] < before["revision"] + 1
    assert unfolded(sandbox, first)["rows"][0]["revision"] == after["revision"]


async def test_looking_is_no_change(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item()
    before = sandbox.revisions.current
    await ask("{ boards { items_page { items { name } } } }")
    outlined(sandbox)
    assert sandbox.revisions.current == before


async def test_what_is_written_by_hand_is_a_change(ask: Asker, sandbox: Sandbox) -> None:
    item = (await ask.item()).data["it"]["id"]
    before = sandbox.revisions.current
    sandbox.person.rename_item(item, "Renamed")
    assert sandbox.revisions.of_item(item) == sandbox.revisions.current > before


def test_some_columns_are_chosen_and_all_but_the_name_are_told(sandbox: Sandbox) -> None:
    columns = outlined(sandbox)["columns"]
    chosen = [column["title"] for column in columns if column["chosen"]]
    assert {"STYLE", "COLOR", "PO NUMBER", "ORDER STATUS"} <= set(chosen)
    assert len(columns) > 80
    assert {column["type"] for column in columns}.isdisjoint({"name", "subtasks"})


@pytest.mark.parametrize("group", ["", "no_such_group"])
def test_a_group_that_is_gone_has_no_page(sandbox: Sandbox, group: str) -> None:
    with sandbox.looking() as account:
        assert group_page(account, sandbox.revisions, group, 0, ()) is None
