from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.customers import load_customers
from order_staging.transform.limits import FieldLimit
from order_staging.transform.mapping import BoardMapping, Misfit, load_mapping
from order_staging.transform.notes import Note
from order_staging.transform.orders import InvalidOrder, Order, OrderRules
from order_staging.transform.rules import applied_rule
from order_staging.transform.sizes import Size
from order_staging.transform.values import is_empty

MAPPING = load_mapping()
CUSTOMERS = load_customers()
MONEY = FieldLimit(precision=18, scale=2)
LIMITS = {field.title: MONEY for field in MAPPING.fields if field.type == "numbers"} | {
    "CUSTOMER": FieldLimit(max_length=100),
    "AAG ORDER NUMBER": FieldLimit(max_length=200),
    "STYLE": FieldLimit(max_length=100),
    "COLOR": FieldLimit(max_length=100),
    "PO NUMBER": FieldLimit(max_length=200),
    "HANDLING": FieldLimit(max_length=255),
    "Size": FieldLimit(max_length=20),
}
RULES = OrderRules(MAPPING, CUSTOMERS, LIMITS)
SIZES = ["XS", "M", "XL"]
IDENTITY = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
ROW: dict[str, object] = dict.fromkeys((*MAPPING.source_columns, *SIZES)) | {
    "record_uuid": IDENTITY,
    "AAG ORDER NUMBER": "JOO-00505",
    "CUSTOMER NAME": "GREYSON",
    "CUSTOMER STYLE": "JWHD100120",
    "CUSTOMER COLOUR DESCRIPTION": "WHITE",
    "AAG SEASON": "2025 FALL",
    "PO NUMBER": "4755",
    "CUSTOMER PRICE": "28.86",
    "US TARIFF RATE": "TRUE",
    "ORDER TYPE": "ACTIVE",
    "EX FACTORY DATE": date(2025, 3, 1),
    "XL": 3,
}
CELLS = st.one_of(
    st.none(), st.integers(), st.floats(), st.dates(), st.binary(max_size=3),
    st.text(alphabet=st.characters(exclude_categories=[]), max_size=40),
    st.sampled_from(["n/a", "$1,234.567", "ACTIVE", "TRUE", "RHYTHM (AU)", "2025-03-01", "x" * 300, "5", "👗"]),
)  # fmt: skip


def order(**changes: object) -> Order:
    result = RULES.apply(ROW | changes, SIZES)
    assert isinstance(result, Order), result
    return result


def invalid(changes: dict[str, object]) -> InvalidOrder:
    result = RULES.apply(ROW | changes, SIZES)
    assert isinstance(result, InvalidOrder), result
    return result


def test_an_order_line_becomes_an_item_with_its_sizes() -> None:
    result = order()
    assert result.source_uuid == IDENTITY
    assert result.customer == "GREYSON CLOTHIERS"
    assert result.title == "JWHD100120WHITEJOO-00505"
    assert result.group == "GREYSON CLOTHIERS 2025 FALL"
    assert result.sizes == (Size("XL", 3),)
    assert result.notes == ()
    assert {title: value for title, value in result.values.items() if value is not None} == {
        "ORDER TYPE": "RECEIVED",
        "CUSTOMER": "GREYSON CLOTHIERS",
        "AAG ORDER NUMBER": "JOO-00505",
        "AAG SEASON": "2025 FALL",
        "PO NUMBER": "4755",
        "STYLE": "JWHD100120",
        "COLOR": "WHITE",
        "CUSTOMER EX FACTORY DATE": date(2025, 3, 1),
        "CUSTOMER PRICE": Decimal("28.86"),
        "US TARIFF RATE": Decimal(0),
    }


def test_all_fields_are_there_even_where_they_are_empty() -> None:
    assert list(order().values) == [field.title for field in MAPPING.fields]


def test_an_item_is_named_with_the_cleaned_style_and_colour() -> None:
    assert order(**{"CUSTOMER STYLE": " JWHD\t100120\n"}).title == "JWHD100120WHITEJOO-00505"


def test_the_customers_season_goes_before_ours() -> None:
    assert order(**{"CUSTOMER SEASON": "SPRING 26"}).group == "GREYSON CLOTHIERS SPRING 26"
    assert order(**{"CUSTOMER SEASON": " "}).group == "GREYSON CLOTHIERS 2025 FALL"


def test_an_order_line_without_a_season_stands_in_its_customers_group() -> None:
    assert order(**{"AAG SEASON": None}).group == "GREYSON CLOTHIERS"


def test_an_unknown_customer_keeps_its_own_name() -> None:
    result = order(**{"CUSTOMER NAME": " Acme Knits "})
    assert (result.customer, result.group) == ("Acme Knits", "Acme Knits 2025 FALL")


def test_an_order_line_without_sizes_is_valid() -> None:
    assert order(XL=None).sizes == ()


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("CUSTOMER PRICE", "n/a", "CUSTOMER PRICE: 'n/a' is not a number; left out"),
        ("ETA CUSTOMER WAREHOUSE DATE", "TBC", "CUSTOMER REQ IN DC DATE: 'TBC' is not a date; left out"),
        ("NOTES", "x" * 2001, f"NOTES: '{'x' * 99}…' is longer than 2000 characters; left out"),
        (
            "UNIT OF MEASURE",
            "12",
            "UNIT OF MEASURE: '12' is a number, which cannot be a status label; left out",
        ),
        ("DESTINATION", "a\0b", "DESTINATION: 'a\\x00b' holds a NUL character; left out"),
    ],
)
def test_a_value_that_does_not_fit_is_left_out_with_a_note(column: str, value: str, sentence: str) -> None:
    result = order(**{column: value})
    assert [note.sentence() for note in result.notes] == [sentence]
    assert result.values[result.notes[0].column] is None


def test_a_rounded_value_is_kept_and_noted() -> None:
    result = order(FREIGHT="$1,234.565")
    assert result.values["FREIGHT"] == Decimal("1234.57")
    assert [note.sentence() for note in result.notes] == ["FREIGHT: '$1,234.565' is rounded to 1234.57"]


@pytest.mark.parametrize("empty", [None, "", "  "])
@pytest.mark.parametrize(
    ("column", "title"),
    [
        ("record_uuid", "record_uuid"),
        ("AAG ORDER NUMBER", "AAG ORDER NUMBER"),
        ("CUSTOMER STYLE", "STYLE"),
        ("CUSTOMER COLOUR DESCRIPTION", "COLOR"),
        ("CUSTOMER NAME", "CUSTOMER"),
    ],
)
def test_a_row_without_what_identifies_it_is_invalid(column: str, title: str, empty: object) -> None:
    problems = invalid({column: empty}).problems
    assert [note.sentence() for note in problems] == [f"{title}: is empty, and is required"]


@pytest.mark.parametrize(
    ("column", "title", "length"),
    [
        ("CUSTOMER NAME", "CUSTOMER", 101),
        ("AAG ORDER NUMBER", "AAG ORDER NUMBER", 201),
        ("CUSTOMER STYLE", "STYLE", 101),
        ("CUSTOMER COLOUR DESCRIPTION", "COLOR", 101),
        ("PO NUMBER", "PO NUMBER", 201),
    ],
)
def test_a_row_is_invalid_whose_key_or_customer_does_not_fit(column: str, title: str, length: int) -> None:
    result = invalid({column: "x" * length})
    assert result.problems == (Note(title, "x" * length, f"is longer than {length - 1} characters"),)


def test_a_field_that_rejects_misfits_makes_the_row_invalid_and_lets_empty_pass() -> None:
    fields = [
        field.model_copy(update={"on_misfit": Misfit.REJECT}) if field.title == "FREIGHT" else field
        for field in MAPPING.fields
    ]
    mapping = BoardMapping.model_validate(
        MAPPING.model_dump() | {"fields": [field.model_dump() for field in fields]}
    )
    rules = OrderRules(mapping, CUSTOMERS, LIMITS)
    refused = rules.apply(ROW | {"FREIGHT": "n/a"}, SIZES)
    assert isinstance(refused, InvalidOrder)
    assert refused.problems == (Note("FREIGHT", "n/a", "is not a number"),)
    assert isinstance(rules.apply(ROW | {"FREIGHT": " "}, SIZES), Order)


def test_a_name_of_255_characters_is_the_longest() -> None:
    fits = "J" * (255 - len("JWHD100120WHITE"))
    rules = OrderRules(MAPPING, CUSTOMERS, {})
    assert isinstance(rules.apply(ROW | {"AAG ORDER NUMBER": fits}, SIZES), Order)
    result = rules.apply(ROW | {"AAG ORDER NUMBER": fits + "J"}, SIZES)
    assert isinstance(result, InvalidOrder)
    assert result.title is None
    assert [(note.column, note.problem) for note in result.problems] == [
        ("Title", "is longer than 255 characters")
    ]


def test_a_group_of_255_characters_is_the_longest() -> None:
    fits = "S" * (255 - len("GREYSON CLOTHIERS "))
    assert order(**{"AAG SEASON": fits}).group.endswith(fits)
    result = invalid({"AAG SEASON": fits + "S"})
    assert (result.group, [note.column for note in result.problems]) == (None, ["Group"])


def test_a_tighter_limit_of_the_tables_holds_for_name_and_group() -> None:
    limits = {"Title": FieldLimit(max_length=10), "Group": FieldLimit(max_length=9)}
    result = OrderRules(MAPPING, CUSTOMERS, limits).apply(ROW, SIZES)
    assert isinstance(result, InvalidOrder)
    assert [note.sentence() for note in result.problems] == [
        "Title: 'JWHD100120WHITEJOO-00505' is longer than 10 characters",
        "Group: 'GREYSON CLOTHIERS 2025 FALL' is longer than 9 characters",
    ]


def test_a_negative_quantity_makes_the_whole_order_line_invalid() -> None:
    assert invalid({"M": -1}).problems == (Note("M", "-1", "is negative"),)


def test_a_size_too_long_for_its_column_makes_the_order_line_invalid() -> None:
    label = "A SIZE OF 21 LETTERS."
    result = RULES.apply(ROW | {label: 1}, [*SIZES, label])
    assert isinstance(result, InvalidOrder)
    assert result.problems == (Note(label, "1", "is longer than 20 characters"),)


def test_a_subitems_name_longer_than_mondays_limit_makes_the_order_line_invalid() -> None:
    label = "W" * 251
    result = OrderRules(MAPPING, CUSTOMERS, {}).apply(ROW | {label: 1}, [*SIZES, label])
    assert isinstance(result, InvalidOrder)
    assert [note.problem for note in result.problems] == ["is longer than 255 characters"]


def test_all_problems_of_a_row_are_told_at_once() -> None:
    result = invalid(
        {
            "record_uuid": "?",
            "CUSTOMER STYLE": None,
            "CUSTOMER NAME": "",
            "PO NUMBER": "9" * 201,
            "M": -2,
            "XL": 1.5,
        }
    )
    assert [note.column for note in result.problems] == [
        "record_uuid",
        "CUSTOMER",
        "PO NUMBER",
        "STYLE",
        "M",
        "XL",
    ]


def test_an_invalid_row_is_named_as_far_as_it_can_be() -> None:
    result = invalid({"M": -1})
    assert result.source_uuid == IDENTITY
    assert result.customer == "GREYSON CLOTHIERS"
    assert result.order_number == "JOO-00505"
    assert result.title == "JWHD100120WHITEJOO-00505"
    assert result.group == "GREYSON CLOTHIERS 2025 FALL"
    bare = invalid(dict.fromkeys(ROW))
    assert (bare.source_uuid, bare.customer, bare.order_number, bare.title, bare.group) == (None,) * 5


@pytest.mark.parametrize(
    "written", [IDENTITY, str(IDENTITY), str(IDENTITY).upper(), IDENTITY.hex, f" {IDENTITY} "]
)
def test_a_uuid_is_read_from_any_driver(written: object) -> None:
    assert order(record_uuid=written).source_uuid == IDENTITY


@pytest.mark.parametrize(
    "written",
    [
        "0f8fad5b",
        f"{{{IDENTITY}}}",
        f"urn:uuid:{IDENTITY}",
        str(IDENTITY).replace("-", "_"),
        "g" * 32,
        "a" * 33,
        7,
        IDENTITY.bytes,
    ],
)
def test_a_uuid_that_cannot_be_read_makes_the_row_invalid(written: object) -> None:
    result = invalid({"record_uuid": written})
    assert result.source_uuid is None
    assert [(note.column, note.problem) for note in result.problems] == [("record_uuid", "is not a UUID")]


@pytest.mark.parametrize("column", ["NOTES", "record_uuid", "AAG SEASON", "XL"])
def test_a_column_that_the_row_lacks_is_an_error_and_not_an_empty_value(column: str) -> None:
    row = {name: value for name, value in ROW.items() if name != column}
    with pytest.raises(KeyError, match=column):
        RULES.apply(row, SIZES)


def test_columns_that_no_rule_reads_do_not_matter() -> None:
    assert RULES.apply(ROW | {"PLANNER": "n/a", "XXL": -4}, SIZES) == order()


@given(st.dictionaries(st.sampled_from([*MAPPING.source_columns, *SIZES]), CELLS, max_size=12))
def test_nothing_that_does_not_fit_is_passed_on_silently(changes: dict[str, object]) -> None:
    row = ROW | changes
    result = RULES.apply(row, SIZES)
    if isinstance(result, InvalidOrder):
        assert result.problems
        return
    noted = {note.column for note in result.notes}
    for field in MAPPING.fields:
        source = row[field.source]
        empty = is_empty(source if field.rule is None else applied_rule(field.rule, CUSTOMERS)(source))
        left_out = result.values[field.title] is None
        assert left_out or not empty
        assert not left_out or empty != (field.title in noted)


@given(st.dictionaries(st.sampled_from([*MAPPING.source_columns, *SIZES]), CELLS, max_size=12))
def test_the_same_row_is_always_the_same_order_line(changes: dict[str, object]) -> None:
    assert RULES.apply(ROW | changes, SIZES) == RULES.apply(dict(reversed((ROW | changes).items())), SIZES)


@given(
    st.sampled_from(
        [f for f in MAPPING.fields if f.title not in {"CUSTOMER", "STYLE", "COLOR", "AAG ORDER NUMBER"}]
    ),
    CELLS,
)
def test_one_bad_cell_changes_its_own_field_only(field: object, cell: object) -> None:
    mapped = next(f for f in MAPPING.fields if f is field)
    result = RULES.apply(ROW | {mapped.source: cell}, SIZES)
    if isinstance(result, Order):
        untouched = order().values
        assert {t: v for t, v in result.values.items() if t != mapped.title} == {
            t: v for t, v in untouched.items() if t != mapped.title
        }
        assert {note.column for note in result.notes} <= {mapped.title}


@pytest.mark.parametrize("value", ["x" * 100, "x" * 101, "👗" * 500])
def test_a_note_shows_100_characters_of_a_value_at_most(value: str) -> None:
    sentence = Note("NOTES", value, "is long").sentence()
    assert len(sentence) <= len("NOTES: '' is long") + 100
    assert ("…" in sentence) == (len(value) > 100)


def test_a_note_is_one_line_that_can_be_stored_whatever_the_value_holds() -> None:
    sentence = Note("NOTES", "a\nb\0\ud83d", "is odd").sentence()
    assert sentence == "NOTES: 'a\\nb\\x00\\ud83d' is odd"
    assert sentence.encode()
