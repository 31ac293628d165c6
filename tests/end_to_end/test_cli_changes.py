"""`run --changes` as a process: GREYSON PO 4755, with people at work on the board between the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from order_staging.sandbox import greyson_4755

if TYPE_CHECKING:
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

PRICE, TYPE, QUANTITY = "numeric_mkr5cact", "dropdown_mkr518fc", "numeric_mkra7j8e"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_changes_of_a_day_reach_the_board_and_peoples_edits_stay(
    cli: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    rows = greyson_4755()
    database.add(rows)
    assert cli("run", "--customer", "greyson").code == 0
    items = {item.text("text_source_uuid"): item.id for item in sandbox.items()}
    priced, cancelled, moved, gone = rows[:4]
    edit(database, priced, "\"CUSTOMER PRICE\" = '99.5'")
    edit(database, cancelled, "\"ORDER TYPE\" = 'CANCELLED'")
    edit(database, moved, "\"CUSTOMER SEASON\" = '2026 SPRING'")
    remove(database, gone)
    people = items[str(rows[5]["record_uuid"])]
    sandbox.person.change_values(people, {PRICE: "1"})
    sent = len(sandbox.executed)

    done = cli("run", "--customer", "greyson", "--changes", "--archive-removed", "--output", "json")

    assert done.code == 0, done.err
    (batch,) = done.document["batches"]
    orders = batch["orders"]
    counted = {
        key: orders[key] for key in ("updated", "moved", "unchanged", "conflicts", "removed", "archived")
    }
    assert counted == {
        "updated": 3,
        "moved": 1,
        "unchanged": 65,
        "conflicts": 0,
        "removed": 1,
        "archived": 1,
    }
    operations = [one.operation for one in sandbox.executed[sent:]]
    assert sorted(operations) == sorted(
        ["create_group", "archive_item", "move_item_to_group", *["change_multiple_column_values"] * 3]
    )
    board = {item.id: item for item in sandbox.items()}
    assert board[items[str(priced["record_uuid"])]].text(PRICE) == "99.5"
    assert board[items[str(cancelled["record_uuid"])]].text(TYPE) == "CANCELLED"
    assert board[items[str(moved["record_uuid"])]].group_title == "GREYSON CLOTHIERS 2026 SPRING"
    assert items[str(gone["record_uuid"])] not in board
    assert board[people].text(PRICE) == "1"

    again = cli("run", "--all", "--changes", "--archive-removed", "--output", "json")

    assert (again.code, again.document["status"]) == (0, "nothing_to_do")
    assert len(sandbox.executed) == sent + len(operations)


@on_sqlite
def test_people_are_told_in_words_what_changed(
    cli: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    rows = greyson_4755()[:3]
    database.add(rows)
    cli("run", "--all")
    items = {item.text("text_source_uuid"): item.id for item in sandbox.items()}
    edit(database, rows[0], "\"CUSTOMER PRICE\" = '99.5'")
    edit(database, rows[1], "\"CUSTOMER PRICE\" = '88'")
    sandbox.person.change_values(items[str(rows[0]["record_uuid"])], {PRICE: "1"})
    sandbox.person.delete_item(items[str(rows[1]["record_uuid"])])
    remove(database, rows[2])

    done = cli("run", "--all", "--changes")

    assert done.code == 0
    for words in (
        "Changed",
        "1 changed by people, too",
        "1 deleted or archived on the board by people",
        "1 gone from ORDERS_UNIFIED and still on the board",
    ):
        assert words in done.out
    listed = cli("errors", "--output", "json").document["errors"]
    assert [letter["error_type"] for letter in listed] == ["DELETED"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--archive-removed",), "--archive-removed goes with --changes"),
        (("--recreate-deleted",), "--recreate-deleted goes with --changes"),
        (("--changes", "--archive-most"), "--archive-most goes with --archive-removed"),
    ],
)
def test_options_that_need_another_are_refused(
    quick_alone: CommandLine, options: tuple[str, ...], words: str
) -> None:
    done = quick_alone("run", "--all", *options)
    assert (done.code, words in done.err) == (2, True)


def edit(database: Database, row: dict[str, Any], assignment: str) -> None:
    """Change a source row by hand."""
    uuid = row["record_uuid"].hex
    database.execute(f'UPDATE "ORDERS_UNIFIED" SET {assignment} WHERE record_uuid = :uuid', uuid=uuid)


def remove(database: Database, row: dict[str, Any]) -> None:
    """Take a row out of the source."""
    uuid = row["record_uuid"].hex
    database.execute('DELETE FROM "ORDERS_UNIFIED" WHERE record_uuid = :uuid', uuid=uuid)
