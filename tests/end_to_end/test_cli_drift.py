"""`drift` from the command line: what it prints, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import greyson_4755

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PRICE = "numeric_mkr5cact"
CUSTOMER = "GREYSON CLOTHIERS"


@pytest.fixture
def landed(quick: CommandLine, database: Database) -> CommandLine:
    """Give a command line after whose run three order lines are on the board."""
    database.add(greyson_4755()[:3])
    assert quick("run", "--all", "--output", "json").code == 0
    return quick


def test_what_was_just_delivered_is_clean_in_text_and_json(landed: CommandLine) -> None:
    assert "Nothing differs.\n3 order lines and" in landed("drift", "--customer", "greyson").out
    document = landed("drift", "--all", "--output", "json").document
    assert (document["status"], document["customers"], document["findings"]) == ("clean", [CUSTOMER], [])
    assert set(document) == {"status", "customers", "orders", "subitems", "findings"}


def test_differences_are_no_failure_and_nothing_is_written(
    landed: CommandLine, sandbox: Sandbox, everything: Callable[[], dict[str, int]]
) -> None:
    sandbox.person.change_values(sandbox.items()[0].id, {PRICE: "99"})
    sandbox.person.delete_item(sandbox.items()[1].id)
    before, executed = everything(), len(sandbox.executed)
    text = landed("drift", "--po", "4755")
    assert text.code == 0
    assert "2 found: 1 differing field, 1 missing item." in text.out
    done = landed("drift", "--po", "4755", "--output", "json")
    assert (done.code, done.document["status"], len(done.document["findings"])) == (0, "drift", 2)
    assert set(done.document["findings"][0]) == {
        "kind",
        "customer",
        "name",
        "repair",
        "uuid",
        "item_id",
        "subitem_id",
        "size",
        "field",
        "source",
        "delivered",
        "board",
    }
    assert (everything(), len(sandbox.executed)) == (before, executed)


def test_a_repair_tells_what_was_found_what_it_did_and_what_is_left(
    landed: CommandLine, sandbox: Sandbox
) -> None:
    sandbox.person.delete_item(sandbox.items()[0].id)
    done = landed("drift", "--all", "--repair", "--output", "json")
    assert done.code == 0
    assert done.document["left"] == done.document["findings"] != []
    again = landed("drift", "--all", "--repair", "--recreate-deleted", "--output", "json")
    assert (again.code, again.document["status"], again.document["left"]) == (0, "clean", [])
    assert again.document["repaired"]["batches"][0]["orders"]["promoted"] == 1
    assert len(sandbox.items()) == 3


def test_a_repair_of_a_customer_that_another_runner_has_ends_as_a_run_does(
    landed: CommandLine, database: Database
) -> None:
    database.execute(
        "UPDATE \"MON_BatchLease\" SET holder = 'somebody', expires_date = '2099-01-01 00:00:00.000000'"
    )
    assert landed("drift", "--customer", "greyson", "--repair").code == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing was chosen"),
        (("--all", "--customer", "greyson"), "exclude each other"),
        (("--all", "--recreate-deleted"), "--recreate-deleted goes with --repair"),
    ],
)
def test_wrong_usage_is_refused(quick: CommandLine, arguments: tuple[str, ...], words: str) -> None:
    done = quick("drift", *arguments)
    assert done.code == 2
    assert words in done.err
