"""What production has of source rows: pages of them, their sizes, and what is left of rows that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.models import ErrorType, FailedOrder, ProductionOrder, ProductionSubitem
from order_staging.repositories import Delivered, DeliveredSize, SourceFilter
from order_staging.repositories.deliveries import whole_number
from order_staging.repositories.source import Page
from tests.integration.repositories.repository_rows import CUSTOMER, NOW, delivered, source_row, stage

if TYPE_CHECKING:
    from order_staging import UnitOfWork
    from tests.conftest import Database

IDS = [UUID(int=number) for number in range(10)]
GREYSON = SourceFilter(["GREYSON"])
ALL = SourceFilter()


def landed(number: int, **values: Any) -> ProductionOrder:
    facts = {"customer": CUSTOMER, "title": f"item {number}", "group": "a group"} | values
    return ProductionOrder(**{"source_uuid": IDS[number], "item_id": number} | facts)


def size(number: int, key: str | None, subitem_id: str, **values: Any) -> ProductionSubitem:
    return ProductionSubitem(source_uuid=IDS[number], size_key=key, subitem_id=subitem_id, **values)


def fill(uow: UnitOfWork, sources: list[dict[str, Any]], rows: list[Any]) -> None:
    with uow:
        uow.source.add(uow.source.shape(), sources)
        uow.source.session.add_all(rows)
        uow.commit()


def source(number: int, **values: Any) -> dict[str, Any]:
    return source_row(record_uuid=IDS[number], **values)


def page(
    uow: UnitOfWork, wanted: SourceFilter, page: Page, uuids: list[UUID] | None = None
) -> list[Delivered]:
    with uow:
        columns = ["record_uuid", "PO NUMBER"]
        return uow.deliveries.page(uow.source.shape(), columns, wanted, page, uuids)


def items(found: list[Delivered]) -> list[int]:
    return [each.item_id for each in found]


def test_a_page_has_the_source_as_it_is_now_and_what_was_acknowledged(uow: UnitOfWork) -> None:
    row = landed(1, delivered_hash="h", delivered_rules="r", po_number="old")
    fill(uow, [source(1, XL=4), source(2)], [row, landed(3)])
    (found,) = page(uow, GREYSON, Page(None, 9))
    assert (found.item_id, found.delivered_hash, found.delivered_rules) == (1, "h", "r")
    assert (found.row["record_uuid"], found.row["PO NUMBER"], found.row["XL"]) == (IDS[1], "4755", 4)
    assert not [name for name in found.row if name.startswith("landed")]


def test_pages_follow_each_other_in_the_order_of_the_uuids(uow: UnitOfWork) -> None:
    fill(uow, [source(n) for n in (3, 1, 2)], [landed(n) for n in (2, 3, 1)])
    assert items(page(uow, GREYSON, Page(None, 2))) == [1, 2]
    assert items(page(uow, GREYSON, Page(IDS[2], 2))) == [3]
    assert items(page(uow, GREYSON, Page(None, 9), [IDS[3], IDS[7]])) == [3]


def test_a_customer_is_the_source_rows_and_not_productions(uow: UnitOfWork) -> None:
    rows = [source(1), source(2, **{"CUSTOMER NAME": "PELOTON"}), source(3, **{"CUSTOMER NAME": None})]
    fill(uow, rows, [landed(1), landed(2), landed(3)])
    assert items(page(uow, GREYSON, Page(None, 9))) == [1]
    assert items(page(uow, SourceFilter(["GREYSON", None]), Page(None, 9))) == [1, 3]
    assert items(page(uow, ALL, Page(None, 9))) == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "column", "attribute"),
    [
        ("po", "PO NUMBER", "po_number"),
        ("aag_season", "AAG SEASON", "aag_season"),
        ("customer_season", "CUSTOMER SEASON", "customer_season"),
    ],
)
def test_a_corrected_po_or_season_is_found_under_the_old_one_and_the_new_one(
    uow: UnitOfWork, name: str, column: str, attribute: str
) -> None:
    fill(
        uow,
        [source(1, **{column: "new"}), source(2, **{column: "else"})],
        [landed(1, **{attribute: "old"}), landed(2)],
    )
    for value in ("new", " OLD "):
        assert items(page(uow, SourceFilter(["GREYSON"], **{name: value}), Page(None, 9))) == [1]


def test_doubled_uuids_are_passed_over_where_they_are_to_be(uow: UnitOfWork) -> None:
    fill(uow, [source(1), source(1), source(2)], [landed(1), landed(2)])
    assert items(page(uow, GREYSON, Page(None, 9, without_doubled=True))) == [2]


def test_sizes_are_those_of_these_customers_between_two_uuids(uow: UnitOfWork) -> None:
    fill(
        uow,
        [source(1), source(2), source(3, **{"CUSTOMER NAME": "PELOTON"}), source(4)],
        [
            size(1, "M", "11", order_qty="5", board_order_qty="9", delivered_hash="h"),
            size(1, "L", "x", board_order_qty="7.00"),
            size(1, "S", "13", order_qty="many"),
            size(2, None, "14"),
            size(3, "M", "15"),
            size(4, "M", "16"),
        ],
    )
    with uow:
        found = uow.deliveries.sizes([IDS[1], IDS[2]])
    assert found == {
        IDS[1]: {
            "M": DeliveredSize(11, 5, "h"),
            "L": DeliveredSize(None, 7, None),
            "S": DeliveredSize(13, None, None),
        }
    }


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from(["", ".", ".0", ".000"]))
def test_a_whole_number_is_read_as_it_was_written(number: int, tail: str) -> None:
    assert whole_number(f" {number}{tail} ") == number


@pytest.mark.parametrize("text", [None, "", "12.5", "1e9", "9" * 19, "٣", "1,000"])
def test_what_is_no_whole_number_is_none(text: str | None) -> None:
    assert whole_number(text) is None


def test_what_was_acknowledged_is_read_by_column_name(uow: UnitOfWork) -> None:
    row = landed(1, po_number="4755", delivered_hash="h", delivered_values="v")
    fill(uow, [], [row, landed(2), size(1, "M", "11", delivered_values="s"), size(1, None, "12")])
    with uow:
        assert uow.deliveries.acknowledged([IDS[1], IDS[9]], ["PO NUMBER", "Title"]) == {
            IDS[1]: {
                "Title": "item 1",
                "Group": "a group",
                "delivered_values": "v",
                "delivered_hash": "h",
                "PO NUMBER": "4755",
            }
        }
        assert uow.deliveries.acknowledged_sizes([IDS[1]]) == {(IDS[1], "M"): "s"}


def test_more_uuids_than_a_statement_takes_are_read_in_pieces(uow: UnitOfWork) -> None:
    fill(uow, [], [landed(1), landed(2)])
    many = [IDS[1], *(UUID(int=number) for number in range(100, 2500)), IDS[2]]
    with uow:
        assert set(uow.deliveries.acknowledged(many, [])) == {IDS[1], IDS[2]}


def test_what_counts_as_acknowledged_is_replaced_for_the_named_rows_alone(
    uow: UnitOfWork, database: Database
) -> None:
    fill(uow, [], [landed(1), landed(2), landed(3)])
    new = {"delivered_hash": "h", "delivered_values": "v", "delivered_rules": "r"}
    with uow:
        uow.deliveries.refresh([])
        uow.deliveries.refresh([{"source_uuid": IDS[1], **new}, {"source_uuid": IDS[2], **new}])
        uow.commit()
    rows = database.rows("MON_CustMasterSchedule")
    names = ("delivered_hash", "delivered_values", "delivered_rules")
    assert {row["Item ID"]: tuple(row[name] for name in names) for row in rows} == {
        1: ("h", "v", "r"),
        2: ("h", "v", "r"),
        3: (None, None, None),
    }


def test_removed_rows_are_those_of_the_customers_that_the_source_has_no_more(uow: UnitOfWork) -> None:
    fill(
        uow,
        [source(1), source_row(record_uuid=None)],
        [
            landed(1),
            landed(2, customer=" Greyson clothiers ", po_number="4755"),
            landed(3, po_number="1"),
            landed(4, customer="PELOTON"),
            landed(5, source_uuid=None),
        ],
    )
    with uow:
        found = uow.deliveries.removed([CUSTOMER], ALL, None, 9)
        assert [row["Item ID"] for row in found] == [2, 3]
        assert (found[0]["source_uuid"], found[0]["Title"]) == (IDS[2], "item 2")
        assert [row["Item ID"] for row in uow.deliveries.removed([CUSTOMER], ALL, IDS[2], 9)] == [3]
        assert len(uow.deliveries.removed([CUSTOMER], ALL, None, 1)) == 1
        narrowed = SourceFilter(po="4755")
        assert [row["Item ID"] for row in uow.deliveries.removed([CUSTOMER], narrowed, None, 9)] == [2]
        assert uow.deliveries.removed([], ALL, None, 9) == []
        assert uow.deliveries.count_delivered([CUSTOMER], ALL) == 3
        assert uow.deliveries.count_delivered([CUSTOMER], narrowed) == 1


def test_customers_and_groups_are_those_of_production(uow: UnitOfWork) -> None:
    fill(
        uow,
        [],
        [
            landed(1),
            landed(2, customer="PELOTON", group="b group"),
            landed(3, customer="NOBODY", source_uuid=None),
            landed(4, customer=None, group=None),
        ],
    )
    with uow:
        assert uow.deliveries.customers() == [CUSTOMER, "PELOTON"]
        assert uow.deliveries.groups(["peloton "]) == ["b group"]


def test_items_are_known_from_production_and_from_staging(uow: UnitOfWork) -> None:
    fill(uow, [], [landed(1)])
    with uow:
        stage(uow, delivered(2))
        assert uow.deliveries.items_known([1, 2, 3]) == {1, 2}


def test_open_letters_are_found_by_uuid_and_kind_the_newest_first(uow: UnitOfWork) -> None:
    def letter(number: int, kind: ErrorType, message: str, **values: Any) -> FailedOrder:
        return FailedOrder(source_uuid=IDS[number], error_type=kind, error_message=message, **values)

    with uow:
        for row in (
            letter(1, ErrorType.EDITED, "first"),
            letter(1, ErrorType.EDITED, "second"),
            letter(1, ErrorType.DELETED, "gone"),
            letter(1, ErrorType.INVALID, "another kind"),
            letter(2, ErrorType.EDITED, "settled", resolved_date=NOW),
            letter(3, ErrorType.EDITED, "not asked for"),
        ):
            uow.source.session.add(row)
            uow.source.session.flush()
        found = uow.failures.open_of([IDS[1], IDS[2]], [ErrorType.EDITED, ErrorType.DELETED])
        messages = {key: row.error_message for key, row in found.items()}
    assert messages == {(IDS[1], "EDITED"): "second", (IDS[1], "DELETED"): "gone"}
