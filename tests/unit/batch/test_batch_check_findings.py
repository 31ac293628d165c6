"""Findings about the board and the account, from what was read of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from order_staging import Settings
from order_staging.batch import CheckResult, CheckStatus, Finding, Severity
from order_staging.batch.checks.account import account_findings
from order_staging.batch.checks.board import LiveBoard, board_findings, delivered_finding
from order_staging.batch.checks.demand import Demand
from order_staging.batch.checks.findings import listed, note, ok, problem, warning
from order_staging.monday import Account, Board, BoardColumn
from order_staging.monday.account import Access, DailyCalls, Standing, User, Versions
from order_staging.transform import load_mapping
from order_staging.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

MAPPING = load_mapping(None)
KEY = "text_source_uuid"
STYLE = MAPPING.field_by_title("STYLE").column
UNIT = MAPPING.field_by_title("UNIT OF MEASURE").column
SIZE, QUANTITY = MAPPING.subitems.size, MAPPING.subitems.quantity
COLUMNS = (
    *(BoardColumn(field.column, field.title, field.type) for field in MAPPING.fields),
    BoardColumn("subtasks", "Subitems", "subtasks", subitem_board_id=2),
    BoardColumn(KEY, "Source UUID", "text"),
)
SUBITEM_COLUMNS = (
    BoardColumn(SIZE.column, "Size", SIZE.type),
    BoardColumn(QUANTITY.column, "Order Qty", QUANTITY.type),
)
BOARD = Board(MAPPING.board_id, "Customer Master Schedule", 0, 10_000, (), COLUMNS)
SUBITEMS = Board(2, "Subitems", 0, 10_000, (), SUBITEM_COLUMNS)


def live(board: Board = BOARD, subitems: Board | None = SUBITEMS, **settings: Any) -> LiveBoard:
    return LiveBoard(MAPPING, Settings(**{"key_column": KEY} | settings), board, subitems)


@pytest.mark.parametrize(
    ("boards", "severity", "words"),
    [
        ({7: BOARD.id, 8: BOARD.id}, Severity.OK, "2 belong to the board"),
        (
            {7: BOARD.id, 8: 5},
            Severity.WARNING,
            f"1 belong to the board {BOARD.id}, and 1 belong to the board 5",
        ),
        (
            {7: 5, 8: 5, 9: 6},
            Severity.WARNING,
            f"none belong to the board {BOARD.id}, and 2 belong to the board 5",
        ),
        ({}, Severity.WARNING, f"none belong to the board {BOARD.id}"),
    ],
)
def test_items_that_belong_to_another_board_are_a_warning(
    boards: dict[int, int], severity: Severity, words: str
) -> None:
    found = delivered_finding(BOARD, 3, boards)
    assert (found.severity, found.message) == (severity, f"of 3 items that MON has, the newest, {words}")


def with_column(board: Board, column_id: str, **changes: Any) -> Board:
    columns = tuple(replace(each, **changes) if each.id == column_id else each for each in board.columns)
    return replace(board, columns=columns)


def without(board: Board, *column_ids: str) -> Board:
    return replace(board, columns=tuple(each for each in board.columns if each.id not in column_ids))


def wanting(column_id: str, labels: Iterable[str], orders: int = 0, subitems: int = 0) -> Demand:
    demand = Demand(orders, subitems)
    demand.labels[column_id].update(labels)
    return demand


def words(count: int, prefix: str = "L") -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(count))


def grave(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity in {Severity.WARNING, Severity.PROBLEM}]


def only(findings: list[Finding]) -> Finding:
    (finding,) = grave(findings)
    assert finding.advice
    return finding


def test_a_board_that_fits_and_has_room_gives_nothing_to_do() -> None:
    findings = board_findings(live(), wanting(STYLE, words(3), orders=3, subitems=6))
    assert grave(findings) == []
    assert {each.subject for each in findings} >= {"columns", "key column", "items", "subitems"}
    assert ok("labels of STYLE", f"{STYLE} has 0 of 500 labels, and 3 would come") in findings


@pytest.mark.parametrize(
    ("column", "present", "coming", "severity"),
    [
        (STYLE, 400, 50, None),
        (STYLE, 400, 51, Severity.WARNING),
        (STYLE, 400, 100, Severity.WARNING),
        (STYLE, 400, 101, Severity.PROBLEM),
        (STYLE, 500, 0, Severity.WARNING),
        (UNIT, 30, 6, None),
        (UNIT, 30, 10, Severity.WARNING),
        (UNIT, 30, 11, Severity.PROBLEM),
    ],
)
def test_labels_that_would_pass_the_columns_limit_are_counted(
    column: str, present: int, coming: int, severity: Severity | None
) -> None:
    board = with_column(BOARD, column, labels=words(present))
    wanted = words(coming, "new ") + words(present)[:5]
    found = grave(board_findings(live(board), wanting(column, wanted)))
    assert [each.severity for each in found] == ([severity] if severity else [])
    for each in found:
        assert f"has {present} of" in each.message
        assert f"{coming} would come" in each.message


def test_sizes_are_labels_of_the_subitems_board() -> None:
    subitems = with_column(SUBITEMS, SIZE.column, labels=words(500))
    found = only(board_findings(live(subitems=subitems), wanting(SIZE.column, ["XXXL"])))
    assert (found.severity, found.subject) == (Severity.PROBLEM, "labels of Size")


def test_deactivated_labels_that_orders_use_are_named_and_take_up_room() -> None:
    board = with_column(BOARD, STYLE, labels=words(449), deactivated_labels=("old",))
    found = only(board_findings(live(board), wanting(STYLE, ["old", "L1"])))
    assert (found.severity, found.subject) == (Severity.WARNING, "labels of STYLE")
    assert "'old'" in found.message
    both = grave(board_findings(live(board), wanting(STYLE, ["old", "another"])))
    assert [each.message.split(",")[0] for each in both][1] == f"{STYLE} has 450 of 500 labels"


def test_values_that_are_no_labels_are_told_with_the_reason() -> None:
    demand = Demand()
    demand.left_out["UNIT OF MEASURE"]["x" * 31] = "is longer than 30 characters; left out"
    found = only(board_findings(live(), demand))
    assert found.severity is Severity.WARNING
    assert found.message == f"1 value does not fit: '{'x' * 31}' is longer than 30 characters; left out"


@pytest.mark.parametrize(
    ("present", "limit", "coming", "severity"),
    [
        (0, 10_000, 9_000, None),
        (0, None, 9_000, None),
        (500, 10_000, 9_000, Severity.WARNING),
        (1_000, 10_000, 9_000, Severity.WARNING),
        (1_001, 10_000, 9_000, Severity.PROBLEM),
        (1_001, None, 9_000, Severity.PROBLEM),
        (1_001, 20_000, 9_000, None),
    ],
)
def test_orders_for_which_a_board_has_no_room_are_a_problem(
    present: int, limit: int | None, coming: int, severity: Severity | None
) -> None:
    full: dict[str, Any] = {"items_count": present, "items_limit": limit}
    items = grave(board_findings(live(replace(BOARD, **full)), Demand(orders=coming)))
    subitems = grave(board_findings(live(subitems=replace(SUBITEMS, **full)), Demand(subitems=coming)))
    expected = [severity] if severity else []
    assert [each.severity for each in items] == [each.severity for each in subitems] == expected
    assert {each.subject for each in items} <= {"items"}
    assert {each.subject for each in subitems} <= {"subitems"}


def test_what_was_not_counted_is_said_not_to_be_and_is_no_good_news() -> None:
    findings = board_findings(live(), None)
    assert [each for each in findings if each.subject in {"items", "subitems"}] == [
        note("items", "0 of 10,000 items, and what would come was not counted"),
        note("subitems", "0 of 10,000 subitems, and what would come was not counted"),
    ]
    counted_none = board_findings(live(), Demand())
    assert ok("items", "0 of 10,000 items, and up to 0 would come") in counted_none


@pytest.mark.parametrize(("present", "severity"), [(9_001, Severity.WARNING), (10_001, Severity.PROBLEM)])
def test_a_board_that_is_full_already_needs_no_counting(present: int, severity: Severity) -> None:
    found = only(board_findings(live(replace(BOARD, items_count=present)), None))
    assert (found.subject, found.severity) == ("items", severity)
    assert "what would come was not counted" in found.message


def test_labels_that_were_not_counted_are_said_not_to_be() -> None:
    board = with_column(BOARD, STYLE, labels=words(500))
    found = only(board_findings(live(board), None))
    assert (found.subject, found.severity) == ("labels of STYLE", Severity.WARNING)
    assert "has 500 of 500 labels, and what would come was not counted" in found.message


def test_an_order_line_with_more_sizes_than_an_item_takes_is_a_problem() -> None:
    assert grave(board_findings(live(), Demand(most_sizes=100))) == []
    assert "101 sizes" in only(board_findings(live(), Demand(most_sizes=101))).message


def test_the_board_of_the_subitems_may_not_exist_yet() -> None:
    findings = board_findings(live(subitems=None), None)
    assert grave(findings) == []
    assert any(each.severity is Severity.NOTE and "does not exist yet" in each.message for each in findings)


def test_a_setting_that_names_another_board_of_subitems_is_worth_a_warning() -> None:
    other = replace(SUBITEMS, id=3)
    found = only(board_findings(live(subitems=other, subitem_board_id=3), None))
    assert (found.severity, found.advice) == (Severity.WARNING, "unset ORDER_STAGING_SUBITEM_BOARD_ID")


def test_without_a_key_column_the_advice_is_to_prepare_the_board_or_to_set_the_one_it_has() -> None:
    there = only(board_findings(live(key_column=None), None))
    assert (there.severity, there.subject) == (Severity.WARNING, "key column")
    assert there.advice == f"set ORDER_STAGING_KEY_COLUMN={KEY}, which the board has"
    absent = only(board_findings(live(without(BOARD, KEY), key_column=None), None))
    assert absent.advice == "run: order-staging board prepare"
    taken = with_column(BOARD, KEY, type="numbers", title="x")
    assert only(board_findings(live(taken, key_column=None), None)).advice == absent.advice


def test_a_key_column_that_is_gone_holds_no_text_or_is_a_fields_own_is_a_problem() -> None:
    gone = only(board_findings(live(without(BOARD, KEY)), None))
    assert (gone.subject, gone.advice) == ("key column", "run: order-staging board prepare")
    numbers = only(board_findings(live(with_column(BOARD, KEY, type="numbers")), None))
    assert "is of type numbers and not text" in numbers.message
    own = MAPPING.field_by_title("PO NUMBER").column
    shared = only(board_findings(live(key_column=own), None))
    assert "'PO NUMBER'" in shared.message
    assert {each.severity for each in (gone, numbers, shared)} == {Severity.PROBLEM}


VERSIONS = Versions(
    "2026-10",
    {
        "2026-04": Standing.MAINTENANCE,
        "2026-07": Standing.MAINTENANCE,
        "2026-10": Standing.CURRENT,
        "2027-01": Standing.CANDIDATE,
        "2025-01": Standing.DEPRECATED,
        "2030-01": Standing.UNKNOWN,
    },
)
MEMBER = User("7", "Ann", "member", "active")


def told(settings: dict[str, Any] | None = None, demand: Demand | None = None, **parts: Any) -> list[Finding]:
    whole = Account(VERSIONS, MEMBER, Access("everyone", frozenset()), DailyCalls(1_000, 10))
    return account_findings(replace(whole, **parts), Settings(**settings or {}), demand)


def test_a_member_with_the_current_version_and_calls_left_has_nothing_to_do() -> None:
    assert {each.severity for each in told()} == {Severity.OK}


@pytest.mark.parametrize(
    ("wanted", "severity", "word"),
    [
        ("2026-07", Severity.WARNING, "maintenance; 2026-10 is current"),
        ("2027-01", Severity.NOTE, "not released yet"),
        ("2025-01", Severity.PROBLEM, "deprecated"),
        ("2030-01", Severity.WARNING, "we do not know"),
        ("2024-02", Severity.PROBLEM, "does not know 2024-02 and answers as 2026-10"),
    ],
)
def test_a_version_is_judged_by_where_it_stands(wanted: str, severity: Severity, word: str) -> None:
    used = wanted if wanted in VERSIONS.standings else "2026-10"
    found = told({"monday_api_version": wanted}, versions=replace(VERSIONS, used=used))[0]
    assert (found.subject, found.severity) == ("API version", severity)
    assert word in found.message
    assert found.advice == "set ORDER_STAGING_MONDAY_API_VERSION=2026-10"


def test_a_version_that_is_answered_as_another_one_is_a_problem() -> None:
    found = told({"monday_api_version": "2026-07"})[0]
    assert found.severity is Severity.PROBLEM
    assert "does not serve 2026-07 and answers as 2026-10" in found.message


def test_a_version_before_bulk_imports_says_so() -> None:
    versions = replace(VERSIONS, used="2026-04")
    for channel, severity in (("auto", Severity.NOTE), ("items", Severity.NOTE), ("bulk", Severity.WARNING)):
        findings = told({"monday_api_version": "2026-04", "channel": channel}, versions=versions)
        (found,) = (each for each in findings if "no bulk imports" in each.message)
        assert (found.severity, found.subject) == (severity, "API version")
    assert not any("bulk" in each.message for each in told())


@pytest.mark.parametrize(
    ("user", "severity"),
    [
        (replace(MEMBER, kind="admin"), Severity.OK),
        (replace(MEMBER, kind="", status=""), Severity.OK),
        (replace(MEMBER, kind="guest"), Severity.WARNING),
        (replace(MEMBER, kind="view_only"), Severity.PROBLEM),
        (replace(MEMBER, kind="viewer"), Severity.PROBLEM),
        (replace(MEMBER, status="inactive"), Severity.PROBLEM),
        (replace(MEMBER, status="pending"), Severity.PROBLEM),
    ],
)
def test_a_user_who_may_not_write_is_told(user: User, severity: Severity) -> None:
    (found,) = (each for each in told(user=user) if each.subject == "token")
    assert found.severity is severity


@pytest.mark.parametrize(
    ("permissions", "owners", "severity"),
    [
        ("everyone", set(), Severity.OK),
        ("owners", {"7"}, Severity.OK),
        ("owners", {"8"}, Severity.WARNING),
        ("collaborators", set(), Severity.WARNING),
        ("assignee", {"7", "8"}, Severity.OK),
    ],
)
def test_a_board_that_others_alone_may_edit_is_worth_a_warning(
    permissions: str, owners: set[str], severity: Severity
) -> None:
    findings = told(access=Access(permissions, frozenset(owners)))
    (found,) = (each for each in findings if each.subject == "permissions")
    assert found.severity is severity


@pytest.mark.parametrize(
    ("used", "orders", "subitems", "severity"),
    [
        (10, 0, 0, Severity.OK),
        (1_000, 0, 0, Severity.WARNING),
        (995, 40, 40, Severity.OK),
        (995, 41, 40, Severity.WARNING),
        (990, 100, 100, Severity.WARNING),
    ],
)
def test_calls_that_will_not_do_for_the_pending_orders_are_worth_a_warning(
    used: int, orders: int, subitems: int, severity: Severity
) -> None:
    findings = told(
        {"aliases": 20},
        Demand(orders=orders, subitems=subitems),
        daily_calls=DailyCalls(1_000, used),
    )
    (found,) = (each for each in findings if each.subject == "daily calls")
    assert found.severity is severity


def test_a_day_without_calls_is_told_without_a_word_of_orders_that_were_not_counted() -> None:
    found = only(told(daily_calls=DailyCalls(1_000, 1_000)))
    assert found.message == "0 of 1,000 are left today, and the pending orders were not counted"


def test_what_monday_does_not_tell_is_a_note_and_no_problem() -> None:
    findings = account_findings(Account(), Settings(), None)
    assert [each.severity for each in findings] == [Severity.NOTE] * 4


def test_a_check_is_as_grave_as_its_gravest_finding() -> None:
    good, remark = ok("a", "b"), note("a", "b")
    weak, bad = warning("a", "b", "c"), problem("a", "b", "c")
    assert CheckResult((good, remark)).status is CheckStatus.OK
    assert CheckResult((good, weak, remark)).status is CheckStatus.WARNINGS
    assert CheckResult((bad, weak)).status is CheckStatus.PROBLEMS
    assert CheckResult((bad,)).to_dict() == {
        "status": "problems",
        "findings": [{"severity": "problem", "subject": "a", "message": "b", "advice": "c"}],
    }


def test_a_number_goes_with_its_word() -> None:
    assert counted(1, "row") == "1 row"
    assert counted(2, "row") == "2 rows"
    assert counted(1_000, "row", "rows") == "1,000 rows"


def test_examples_say_how_many_more_there_are() -> None:
    assert listed(["a"]) == "'a'"
    assert listed(["a", "b", "c"]) == "'a', 'b', 'c'"
    assert listed(["a", "b", "c", "d", "e"]) == "'a', 'b', 'c' and 2 more"
