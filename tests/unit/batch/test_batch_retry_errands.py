"""What is retried: error ids as people write them, letters sorted by customer, and the fate of each row."""

from __future__ import annotations

from datetime import datetime

import pytest

from order_staging import ConfigurationError
from order_staging.batch.letters import tried_again, with_word
from order_staging.batch.retry.errands import Errand, ErrorId, at_home, errands, named
from order_staging.batch.retry.fates import Fate, fate_of_order, fate_of_size
from order_staging.models import ErrorType, FailedOrder, Operation, StagedOrder, StagedSubitem, StagingStatus
from order_staging.repositories import Kind, Letter

NOW = datetime(2026, 11, 23, 4, 0)  # noqa: DTZ001 - UTC without a zone, as the database keeps it


def letter(number: int = 1, kind: Kind = Kind.ORDER, **facts: object) -> Letter:
    told: dict[str, object] = {
        "customer": "GREYSON",
        "error_type": "REJECTED",
        "resolved": False,
        "exhausted": False,
    }
    return Letter(kind, number, **(told | facts))  # type: ignore[arg-type] # facts by name


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12", ErrorId(12)),
        (" order:12 ", ErrorId(12, Kind.ORDER)),
        ("SubItem:3", ErrorId(3, Kind.SUBITEM)),
    ],
)
def test_an_error_id_is_read_as_people_write_it(written: str, read: ErrorId) -> None:
    assert ErrorId.of(written) == read
    assert ErrorId.of(str(read)) == ErrorId.of(read) == read


@pytest.mark.parametrize("written", ["", "x", "-1", "1.5", "order:", "item:1", "order:1:2", "1" * 19, "²"])
def test_anything_else_is_no_error_id(written: str) -> None:
    with pytest.raises(ConfigurationError, match="is no error id"):
        ErrorId.of(written)


def test_a_number_alone_names_the_one_that_waits() -> None:
    order, subitem = letter(resolved=True), letter(kind=Kind.SUBITEM)
    assert named(ErrorId(1), [order, subitem]) is subitem
    assert named(ErrorId(1, Kind.SUBITEM), [letter(), subitem]) is subitem


@pytest.mark.parametrize(
    ("error_id", "found", "words"),
    [
        (ErrorId(1), [], "there is no error 1;"),
        (ErrorId(1), [letter(), letter(kind=Kind.SUBITEM)], "give order:1 or subitem:1"),
        (ErrorId(1, Kind.SUBITEM), [letter()], "there is no error subitem:1;"),
        (ErrorId(1), [letter(resolved=True)], "error 1 is resolved already"),
        (ErrorId(1), [letter(error_type="HTTP_500")], "does not retry"),
        (ErrorId(1), [letter(error_type=None)], "does not retry"),
    ],
)
def test_what_cannot_be_retried_is_said(error_id: ErrorId, found: list[Letter], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        named(error_id, found)


def test_letters_are_sorted_by_customer_and_those_that_had_their_retries_are_passed_over() -> None:
    letters = [
        letter(1, customer="b"),
        letter(2, customer="A", exhausted=True),
        letter(3, Kind.SUBITEM, customer="b"),
        letter(4, customer="B", exhausted=True),
        letter(5, customer="b", error_type="HTTP_500"),
    ]
    chosen = (ErrorId(1, Kind.ORDER), ErrorId(3, Kind.SUBITEM))
    found = errands(letters, lambda name: str(name).upper(), even_exhausted=False)
    assert found == {"A": Errand((), 1), "B": Errand(chosen, 1)}
    assert list(found) == ["A", "B"]
    every = errands(letters, lambda name: str(name).upper(), even_exhausted=True)
    assert every["A"] == Errand((ErrorId(2, Kind.ORDER),))
    assert len(every["B"].letters or ()) == 3


def test_a_letter_goes_to_the_customer_who_has_its_row_today() -> None:
    letters = [
        letter(1, customer="a"),
        letter(2, customer="b"),
        letter(2, Kind.SUBITEM, customer="a"),
        letter(3, customer="a"),
    ]
    now = {2: "a", 3: None}

    def at(customer: str | None = None) -> list[tuple[Kind, int, str | None]]:
        found = at_home(letters, now, lambda name: (name or "nobody").upper(), customer)
        return [(each.kind, each.err_id, each.customer) for each in found]

    first, second, size, third = (
        (Kind.ORDER, 1, "A"),
        (Kind.ORDER, 2, "A"),
        (Kind.SUBITEM, 2, "A"),
        (Kind.ORDER, 3, "NOBODY"),
    )
    assert at() == at("A") == [first, second, size, third]
    assert at("B") == [second]
    assert at("NOBODY") == [third]
    assert at("C") == []


def test_a_retry_and_a_resumption_load_nothing_new() -> None:
    assert Errand().loads
    assert not Errand(()).loads
    assert not Errand(resumes=True).loads


FAILED, CONFLICT = StagingStatus.API_FAILED, StagingStatus.CONFLICT


@pytest.mark.parametrize(
    ("kind", "status", "operation", "rows", "fate"),
    [
        (ErrorType.INVALID, None, None, 1, Fate.EXAMINE),
        (ErrorType.INVALID, None, None, 0, Fate.GONE),
        (ErrorType.EDITED, StagingStatus.PROMOTED, Operation.UPDATE, 1, Fate.EXAMINE),
        (ErrorType.DELETED, None, None, 0, Fate.GONE),
        (ErrorType.REJECTED, None, None, 1, Fate.EXAMINE),
        (ErrorType.REJECTED, None, None, 0, Fate.GONE),
        (ErrorType.REJECTED, FAILED, Operation.CREATE, 1, Fate.RESTAGE),
        (ErrorType.REJECTED, FAILED, None, 1, Fate.RESTAGE),
        (ErrorType.REJECTED, FAILED, Operation.CREATE, 0, Fate.GONE),
        (ErrorType.REJECTED, FAILED, Operation.CREATE, 3, Fate.STUCK),
        (ErrorType.REJECTED, FAILED, Operation.UPDATE, 1, Fate.DECIDE),
        (ErrorType.REJECTED, FAILED, Operation.MOVE, 0, Fate.DECIDE),
        (ErrorType.REJECTED, FAILED, Operation.ARCHIVE, 0, Fate.ARCHIVE),
        (ErrorType.REJECTED, FAILED, Operation.ARCHIVE, 1, Fate.DECIDE),
        (ErrorType.REJECTED, StagingStatus.PENDING, Operation.CREATE, 1, Fate.ON_ITS_WAY),
        (ErrorType.REJECTED, StagingStatus.UNKNOWN, Operation.UPDATE, 0, Fate.ON_ITS_WAY),
        (ErrorType.REJECTED, StagingStatus.API_SUCCESS, Operation.CREATE, 1, Fate.ON_ITS_WAY),
        (ErrorType.REJECTED, StagingStatus.PROMOTED, Operation.CREATE, 1, Fate.SETTLED),
        (ErrorType.REJECTED, StagingStatus.VALIDATION_FAILED, Operation.CREATE, 1, Fate.EXAMINE),
        (ErrorType.CONFLICT, CONFLICT, Operation.CREATE, 1, Fate.DOUBT),
        (ErrorType.CONFLICT, CONFLICT, Operation.CREATE, 0, Fate.STUCK),
    ],
)
def test_the_fate_of_an_order(
    kind: ErrorType, status: StagingStatus | None, operation: Operation | None, rows: int, fate: Fate
) -> None:
    staged = None if status is None else StagedOrder(stg_status=status, update_operation=operation)
    assert fate_of_order(kind, staged, rows=rows, landed=False) is fate


def test_a_refusal_of_what_is_in_production_and_not_staged_is_settled() -> None:
    assert fate_of_order(ErrorType.REJECTED, None, rows=1, landed=True) is Fate.SETTLED
    assert fate_of_size(None, ordered=1, landed=True) is Fate.SETTLED


@pytest.mark.parametrize(
    ("status", "operation", "ordered", "fate"),
    [
        (None, None, 3, Fate.EXAMINE),
        (None, None, 0, Fate.GONE),
        (None, None, None, Fate.STUCK),
        (FAILED, Operation.CREATE, 3, Fate.RESTAGE),
        (FAILED, Operation.CREATE, 0, Fate.GONE),
        (FAILED, Operation.CREATE, None, Fate.STUCK),
        (FAILED, Operation.UPDATE, None, Fate.DECIDE),
        (FAILED, Operation.DELETE, 0, Fate.DECIDE),
        (CONFLICT, Operation.CREATE, 3, Fate.DOUBT),
        (CONFLICT, Operation.CREATE, 0, Fate.STUCK),
        (CONFLICT, Operation.CREATE, None, Fate.STUCK),
        (StagingStatus.PENDING, Operation.CREATE, 3, Fate.ON_ITS_WAY),
        (StagingStatus.PROMOTED, Operation.CREATE, 0, Fate.SETTLED),
    ],
)
def test_the_fate_of_a_size(
    status: StagingStatus | None, operation: Operation | None, ordered: int | None, fate: Fate
) -> None:
    staged = None if status is None else StagedSubitem(stg_status=status, update_operation=operation)
    assert fate_of_size(staged, ordered=ordered, landed=False) is fate


@pytest.mark.parametrize(
    ("before", "count", "enough"), [(None, 1, False), (1, 2, False), (2, 3, True), (7, 8, True)]
)
def test_a_letter_counts_its_retries_up_to_its_share(before: int | None, count: int, enough: bool) -> None:
    told = tried_again(FailedOrder(err_id=4, retry_count=before), NOW, 3)
    assert told == {
        "err_id": 4,
        "retry_count": count,
        "last_retry_date": NOW,
        "max_retries_reached": enough,
    }


def test_the_word_of_the_last_retry_takes_the_place_of_the_one_before() -> None:
    once = with_word("refused", "gone")
    assert once == "refused\nRetried: gone"
    assert with_word(once, "back") == "refused\nRetried: back"
    assert with_word(None, "x") == "\nRetried: x"
