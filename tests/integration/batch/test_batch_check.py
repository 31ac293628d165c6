"""`check` finds what is wrong with files, database, source, board and account, and writes nothing anywhere."""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from order_staging import BatchService, Settings
from order_staging.batch import CheckResult, CheckStatus, Finding, Outside, Severity, check
from order_staging.errors import (
    ConfigurationError,
    DailyLimitError,
    DatabaseUnavailableError,
    OutcomeUnknownError,
    RunningLoopError,
    TransientError,
)
from order_staging.models import Base
from order_staging.monday import documents
from order_staging.sandbox import Fault, FaultKind, Sandbox
from tests.integration.batch.batch_world import KEY_COLUMN, no_sleep, order_line, order_lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.batch.batch_world import World

STYLE, UNIT, FREIGHT = "dropdown_mkr5tgaa", "color_mkr5yf27", "numeric_mksfr0r2"
SIZE = "dropdown_mkrak7qp"
STG, SOURCE = "STG_MON_CustMasterSchedule", "ORDERS_UNIFIED"
NOWHERE = "http://127.0.0.1:9/v2"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Give a monday.com; a parameter is how many items its boards hold."""
    return Sandbox(key_column=KEY_COLUMN, items_limit=getattr(request, "param", 10_000))


def checked(world: World, **settings: Any) -> CheckResult:
    """Check by the library, and see that nothing was written."""
    before, sent = everything(world), len(world.sandbox.executed)
    result = world.service(**settings).check()
    assert everything(world) == before
    assert world.mutations() == 0 or len(world.sandbox.executed) == sent
    return result


def everything(world: World) -> dict[str, list[dict[str, Any]]]:
    return {table.name: world.database.rows(table.name) for table in Base.metadata.sorted_tables}


def grave(result: CheckResult) -> list[Finding]:
    return [each for each in result.findings if each.severity in {Severity.WARNING, Severity.PROBLEM}]


def only(result: CheckResult) -> Finding:
    """Give the one finding for which there is something to do."""
    (finding,) = grave(result)
    assert finding.advice
    return finding


def of(result: CheckResult, subject: str) -> list[Finding]:
    return [each for each in result.findings if each.subject == subject]


def instead(operation: str, **data: Any) -> Fault:
    return Fault(FaultKind.ANSWER_INSTEAD, operation=operation, status=200, body={"data": data})


def test_a_clean_board_gives_no_problem_and_nothing_is_written(world: World) -> None:
    world.add(*order_lines(3), order_line(4, **{"CUSTOMER STYLE": None}))
    world.add(order_line(5, record_uuid=None))
    result = checked(world)
    assert grave(result) == []
    assert (result.status, result.error) == (CheckStatus.OK, None)
    assert world.sandbox.executed == ()
    assert [each.message for each in of(result, "orders")] == [
        "3 order lines and 6 sizes are new or staged",
        "2 new rows are invalid and would go to the ERR table",
    ]
    assert of(result, "labels of STYLE")[0].message == f"{STYLE} has 0 of 500 labels, and 1 would come"
    subjects = {each.subject for each in result.findings}
    assert subjects >= {"settings", "mapping", "customers", "database", SOURCE, "columns", "key column"}
    assert subjects >= {"items", "subitems", "API version", "token", "permissions", "daily calls"}


def test_staged_orders_count_like_new_ones_and_delivered_ones_not_at_all(world: World) -> None:
    world.add(*order_lines(3), order_line(4, **{"CUSTOMER STYLE": "OTHER", "XL": 2}))
    new = checked(world)
    world.service().load_new_orders_to_staging("greyson")
    staged = checked(world)
    assert of(staged, "orders") == of(new, "orders")
    assert of(staged, "labels of STYLE") == of(new, "labels of STYLE")
    world.run()
    done = checked(world)
    assert of(done, "orders")[0].message == "0 order lines and 0 sizes are new or staged"
    assert of(done, "labels of STYLE") == []
    assert "4 of 10,000 items" in of(done, "items")[0].message
    assert "9 of 100,000 subitems" in of(done, "subitems")[0].message


@on_sqlite
def test_what_was_delivered_is_looked_for_on_the_board_as_another_one_has_none_of_it(world: World) -> None:
    world.add(*order_lines(2))
    world.run()
    (seen,) = of(world.service().check(), "delivered")
    assert (seen.severity, seen.message) == (
        Severity.OK,
        "of 2 items that MON has, the newest, 2 belong to the board",
    )
    # As if the items were on another board that the token may see: that of the subitems is one.
    for item, subitem in zip(world.sandbox.items(), world.sandbox.subitems(), strict=False):
        world.database.execute(
            'UPDATE "MON_CustMasterSchedule" SET "Item ID" = :new WHERE "Item ID" = :old',
            new=subitem.id,
            old=item.id,
        )
    warned = only(world.service().check())
    board, other = world.sandbox.board_id, world.sandbox.subitem_board_id
    assert warned.message == (
        f"of 2 items that MON has, the newest, none belong to the board {board}, and 2 belong to the board {other}"
    )
    assert "ORDER_STAGING_BOARD_ID" in str(warned.advice)


@on_sqlite
def test_pages_of_the_source_are_counted_once_each(world: World) -> None:
    world.add(*order_lines(7))
    for size in (1, 2, 7, 100):
        assert "7 order lines and 14 sizes" in of(checked(world, chunk_rows=size), "orders")[0].message


@on_sqlite
def test_the_field_that_moved_is_told_with_its_new_home_by_check_and_by_run(
    world: World, tmp_path: Path
) -> None:
    packaged = (files("order_staging.config") / "mapping.yaml").read_text(encoding="utf-8")
    old = tmp_path / "mapping.yaml"
    old.write_text(packaged.replace(FREIGHT, "text_mkr5kyf4"), encoding="utf-8")
    found = only(checked(world, mapping=old))
    assert (found.severity, found.subject) == (Severity.PROBLEM, "FREIGHT")
    assert found.message == (
        "text_mkr5kyf4, the column of 'FREIGHT', is not there, but the board has 'FREIGHT' as "
        "numeric_mksfr0r2, of type numbers"
    )
    assert "column: numeric_mksfr0r2 and type: numbers" in found.advice
    with pytest.raises(ConfigurationError, match=r"text_mkr5kyf4.*numeric_mksfr0r2, of type"):
        world.run(settings={"mapping": old})


@on_sqlite
def test_a_type_that_drifted_from_the_tables_is_told_beside_the_board(world: World, tmp_path: Path) -> None:
    packaged = (files("order_staging.config") / "mapping.yaml").read_text(encoding="utf-8")
    old = tmp_path / "mapping.yaml"
    drifted = packaged.replace(f"{FREIGHT}\n    type: numbers", "text_mkr5kyf4\n    type: text")
    old.write_text(drifted, encoding="utf-8")
    result = asyncio.run(check(world.settings_for(mapping=old), outside=world.outside))
    assert {each.subject for each in grave(result)} == {"FREIGHT"}
    assert any("numeric_mksfr0r2, of type numbers" in each.message for each in grave(result))
    assert any(STG in each.message for each in grave(result))


@on_sqlite
def test_a_column_that_is_gone_and_one_that_nobody_can_write_are_problems(world: World) -> None:
    world.sandbox.person.remove_column("text_mkr5ej2x")
    world.sandbox.person.change_column_type(FREIGHT, "mirror")
    found = {each.subject: each for each in grave(checked(world))}
    assert set(found) == {"PO NUMBER", "FREIGHT"}
    assert "is not there" in found["PO NUMBER"].message
    assert "monday.com lets nobody write such a column" in found["FREIGHT"].message


@on_sqlite
def test_labels_for_which_a_column_has_no_room_are_a_problem(world: World) -> None:
    world.add(order_line())
    world.sandbox.person.add_labels(STYLE, *(f"S{number}" for number in range(500)))
    world.sandbox.person.add_labels(UNIT, *(f"U{number}" for number in range(37)))
    found = {each.subject: each for each in grave(checked(world))}
    assert found["labels of STYLE"].severity is Severity.PROBLEM
    assert f"{STYLE} has 500 of 500 labels, and 1 would come" in found["labels of STYLE"].message
    assert found["labels of UNIT OF MEASURE"].severity is Severity.WARNING


@on_sqlite
def test_a_label_that_is_too_long_for_a_status_is_a_warning(world: World) -> None:
    world.add(order_line(**{"UNIT OF MEASURE": "U" * 31}))
    found = only(checked(world))
    assert (found.severity, found.subject) == (Severity.WARNING, "labels of UNIT OF MEASURE")
    assert "is longer than 30 characters" in found.message


@on_sqlite
def test_deactivated_labels_that_orders_use_are_a_warning(world: World) -> None:
    world.add(order_line())
    world.sandbox.person.add_labels(STYLE, "JWHD100120")
    board = board_as_it_is(world)
    column = next(each for each in board["columns"] if each["id"] == STYLE)
    column["settings"]["labels"][0]["is_deactivated"] = True
    world.sandbox.faults.add(instead("boards", boards=[board]))
    found = only(checked(world))
    assert "1 label deactivated on the board: 'JWHD100120'" in found.message


def board_as_it_is(world: World) -> Any:
    settings = world.settings_for()
    body = {"query": documents.BOARD, "variables": {"board": world.sandbox.board_id}}
    request = Request(  # noqa: S310 - the sandbox of this test
        settings.monday_url,
        data=json.dumps(body).encode(),
        headers={"Authorization": settings.token(), "Content-Type": "application/json"},
    )
    with urlopen(request) as answer:  # noqa: S310 - the sandbox of this test
        return json.load(answer)["data"]["boards"][0]


@on_sqlite
@pytest.mark.parametrize("sandbox", [3], indirect=True)
def test_orders_for_which_the_board_has_no_room_are_a_problem(world: World) -> None:
    world.add(*order_lines(4))
    found = only(checked(world))
    assert (found.severity, found.subject) == (Severity.PROBLEM, "items")
    assert "0 of 3 items, and up to 4 would come" in found.message


@on_sqlite
@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("2026-07", Severity.WARNING),
        ("2025-01", Severity.PROBLEM),
        ("2031-01", Severity.PROBLEM),
    ],
)
def test_a_version_that_is_not_current_is_told_with_the_one_that_is(
    world: World, version: str, severity: Severity
) -> None:
    found = grave(checked(world, monday_api_version=version))
    assert [(each.subject, each.severity) for each in found] == [("API version", severity)]
    assert "2026-10 is current" in found[0].message


@on_sqlite
def test_a_user_who_may_only_look_is_a_problem(world: World) -> None:
    viewer = {"id": "1", "name": "Vi", "kind": "view_only", "status": "ACTIVE"}
    world.sandbox.faults.add(instead("me", me=viewer))
    found = only(checked(world))
    assert (found.severity, found.subject) == (Severity.PROBLEM, "token")


@on_sqlite
def test_a_board_that_only_its_owners_may_edit_is_a_warning(world: World) -> None:
    boards = [{"permissions": "owners", "owners": [{"id": "99"}]}]
    world.sandbox.faults.add(
        Fault(FaultKind.ANSWER_INSTEAD, "boards", skip=1, status=200, body={"data": {"boards": boards}})
    )
    found = only(checked(world))
    assert (found.severity, found.subject) == (Severity.WARNING, "permissions")


@on_sqlite
def test_calls_that_run_out_today_are_a_warning(world: World) -> None:
    today = f"{world.outside.now():%Y-%m-%d}"
    api = {
        "daily_limit": {"base": 1000, "total": 1000},
        "daily_analytics": {"by_day": [{"day": today, "usage": 1000}]},
    }
    world.sandbox.faults.add(instead("platform_api", platform_api=api))
    assert only(checked(world)).subject == "daily calls"


@on_sqlite
@pytest.mark.parametrize("operation", ["version", "me", "platform_api"])
def test_a_question_that_monday_refuses_is_a_note_and_no_problem(world: World, operation: str) -> None:
    body = {"errors": [{"message": f'Cannot query field "{operation}" on type "Query".'}]}
    world.sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, operation, status=200, body=body))
    result = checked(world)
    assert grave(result) == []
    assert any("monday.com does not tell" in each.message for each in result.findings)


@on_sqlite
def test_the_key_column_is_looked_at_on_the_board(world: World) -> None:
    unset = only(checked(world, key_column=None))
    assert unset.advice == f"set ORDER_STAGING_KEY_COLUMN={KEY_COLUMN}, which the board has"
    gone = only(checked(world, key_column="text_gone"))
    assert (gone.severity, gone.advice) == (Severity.PROBLEM, "run: order-staging board prepare")
    world.sandbox.person.change_column_type(KEY_COLUMN, "numbers")
    assert "is of type numbers and not text" in only(checked(world)).message


@on_sqlite
def test_a_board_of_subitems_that_cannot_be_read_does_not_hide_the_rest(world: World) -> None:
    result = checked(world, subitem_board_id=77)
    assert only(result).subject == "subitems"
    assert of(result, "columns")
    assert of(result, "API version")


@on_sqlite
def test_columns_of_the_subitems_are_compared_too(world: World) -> None:
    world.add(order_line())
    world.run()
    world.sandbox.person.remove_column(SIZE, board_id=world.sandbox.subitem_board_id)
    found = only(checked(world))
    assert (found.severity, found.subject) == (Severity.PROBLEM, "Size")


@on_sqlite
def test_a_board_that_is_not_there_hides_neither_the_database_nor_the_account(world: World) -> None:
    result = checked(world, board_id=77)
    found = only(result)
    assert (found.subject, result.error) == ("board", None)
    assert of(result, "database")[0].severity is Severity.OK
    assert of(result, "API version")[0].severity is Severity.OK


@on_sqlite
@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_token_that_is_missing_or_wrong_does_not_hide_the_database(world: World, token: str | None) -> None:
    result = checked(world, monday_token=token)
    found = only(result)
    assert "ORDER_STAGING_MONDAY_TOKEN" in found.message + found.advice
    assert result.error is None
    assert of(result, "orders")


@on_sqlite
def test_a_monday_that_cannot_be_reached_does_not_hide_the_database(world: World) -> None:
    result = checked(world, monday_url=NOWHERE)
    assert only(result).severity is Severity.PROBLEM
    assert isinstance(result.error, TransientError | OutcomeUnknownError)
    assert of(result, "orders")


@on_sqlite
def test_a_day_without_calls_left_ends_the_questions_to_monday(world: World) -> None:
    body = {"errors": [{"message": "Daily limit exceeded", "extensions": {"code": "DAILY_LIMIT_EXCEEDED"}}]}
    world.sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, status=429, body=body))
    result = checked(world)
    assert isinstance(result.error, DailyLimitError)
    assert len(world.sandbox.requests) == 1


@on_sqlite
def test_a_database_that_cannot_be_reached_does_not_hide_the_board(world: World) -> None:
    url = "postgresql+psycopg://someone:s3cret@127.0.0.1:9/orders?connect_timeout=2"
    settings = world.settings_for(database_url=url)
    result = asyncio.run(check(settings, outside=world.outside))
    found = only(result)
    assert found.subject == "database"
    assert isinstance(result.error, DatabaseUnavailableError)
    assert "s3cret" not in str(result.to_dict())
    assert of(result, "columns")[0].severity is Severity.OK
    assert of(result, "items")[0].message.endswith("what would come was not counted")


def test_a_database_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    settings = Settings(database_url=f"sqlite:///{path}")
    result = asyncio.run(check(settings, outside=Outside(sleep=no_sleep)))
    (found,) = of(result, "database")
    assert (found.severity, found.advice) == (Severity.PROBLEM, "run: order-staging db upgrade")
    assert not path.exists()


@on_sqlite
def test_an_older_revision_is_told_and_the_source_compared_all_the_same(world: World) -> None:
    world.database.execute("UPDATE alembic_version SET version_num = '0001'")
    result = checked(world)
    assert only(result).advice == "run: order-staging db upgrade"
    assert of(result, SOURCE)[0].severity is Severity.OK
    assert of(result, "orders") == []


@on_sqlite
def test_the_source_is_compared_with_the_mapping(world: World) -> None:
    for name in ("DROP", "NOTES"):
        world.database.execute(f'ALTER TABLE "{SOURCE}" DROP COLUMN "{name}"')
    world.database.execute(f'ALTER TABLE "{SOURCE}" ADD COLUMN "5XL" INTEGER')
    found = grave(checked(world))
    assert [each.subject for each in found] == [SOURCE] * 3
    assert [word in each.message for word, each in zip(("'DROP'", "'NOTES'", "'5XL'"), found, strict=True)]
    assert [each.severity for each in found] == [Severity.PROBLEM, Severity.PROBLEM, Severity.WARNING]


@on_sqlite
def test_uuids_that_stand_on_several_rows_are_a_warning(world: World) -> None:
    row = order_line()
    world.add(row, row | {"AAG ORDER NUMBER": "JOO-2"})
    found = only(checked(world))
    assert (found.severity, found.subject) == (Severity.WARNING, SOURCE)


@on_sqlite
def test_a_table_that_lost_a_column_is_a_problem(world: World) -> None:
    world.database.execute(f'ALTER TABLE "{STG}" DROP COLUMN "RANGE / COLLECTION"')
    found = only(checked(world))
    assert found.message == f"{STG} lacks 'RANGE / COLLECTION'"


@on_sqlite
@pytest.mark.parametrize("name", ["mapping", "customers"])
def test_a_file_that_cannot_be_used_hides_as_little_as_possible(
    world: World, tmp_path: Path, name: str
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("customers: [\n", encoding="utf-8")
    result = asyncio.run(check(world.settings_for(**{name: broken}), outside=world.outside))
    assert [each.subject for each in grave(result)] == [name]
    assert of(result, "database")[0].severity is Severity.OK
    assert bool(of(result, "columns")) is (name == "customers")


@on_sqlite
async def test_check_has_a_twin_for_callers_with_a_running_loop(world: World) -> None:
    service: BatchService = world.service()
    assert (await service.check_async()).status is CheckStatus.OK
    with pytest.raises(RunningLoopError):
        service.check()
