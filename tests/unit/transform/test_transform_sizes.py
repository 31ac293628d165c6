from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.limits import FieldLimit
from order_staging.transform.mapping import load_mapping
from order_staging.transform.notes import Note
from order_staging.transform.sizes import LARGEST_QUANTITY, Size, sizes_of, subitem_name

QUANTITIES = st.one_of(
    st.none(),
    st.integers(-5, 5),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=4),
    st.booleans(),
)


def test_sizes_come_in_the_order_of_the_columns_not_of_the_row() -> None:
    row = {"L": 3, "XS": 1, "30/32": 7, "S(6-8)": 2}
    sizes, problems = sizes_of(row, ["XS", "L", "S(6-8)", "30/32"])
    assert sizes == (Size("XS", 1), Size("L", 3), Size("S(6-8)", 2), Size("30/32", 7))
    assert problems == ()


@pytest.mark.parametrize("none", [None, 0, "", " ", "0", Decimal("0.00"), -0.0])
def test_no_quantity_makes_no_size(none: object) -> None:
    assert sizes_of({"S": none}, ["S"]) == ((), ())


@pytest.mark.parametrize("quantity", [12, Decimal("12.00"), 12.0, "12"])
def test_a_whole_quantity_is_one_whatever_its_type(quantity: object) -> None:
    assert sizes_of({"S": quantity}, ["S"]) == ((Size("S", 12),), ())


@pytest.mark.parametrize(
    ("quantity", "value", "problem"),
    [
        (-1, "-1", "is negative"),
        (Decimal("-0.5"), "-0.5", "is negative"),
        (1.5, "1.5", "is not a whole number"),
        ("1e-99999999", "1e-99999999", "is not a whole number"),
        ("a few", "a few", "is not a number"),
        (True, "True", "is not a number"),
        (float("nan"), "nan", "is not a number"),
        (2_147_483_648, "2147483648", "is more than 2,147,483,647"),
    ],
)
def test_a_quantity_that_cannot_be_is_a_problem(quantity: object, value: str, problem: str) -> None:
    sizes, problems = sizes_of({"S": 1, "M": quantity}, ["S", "M"])
    assert sizes == (Size("S", 1),)
    assert problems == (Note("M", value, problem),)


def test_the_largest_int_is_a_quantity() -> None:
    assert sizes_of({"S": LARGEST_QUANTITY}, ["S"]) == ((Size("S", LARGEST_QUANTITY),), ())


@given(st.dictionaries(st.sampled_from(["XS", "S", "M", "L", "2XL", "30/32"]), QUANTITIES))
def test_every_column_is_a_size_or_a_problem_or_holds_nothing(row: dict[str, object]) -> None:
    sizes, problems = sizes_of(row, list(row))
    made = {size.label: size.quantity for size in sizes}
    refused = {note.column for note in problems}
    assert not refused & made.keys()
    for column, value in row.items():
        if column in made:
            assert Decimal(str(value)) == made[column] > 0
        elif column not in refused:
            assert value is None or not str(value).strip() or Decimal(str(value)) == 0


@given(st.lists(st.integers(0, 100), max_size=20))
def test_no_piece_is_lost(quantities: list[int]) -> None:
    row = {f"size {index}": quantity for index, quantity in enumerate(quantities)}
    sizes, _ = sizes_of(row, list(row))
    assert sum(size.quantity for size in sizes) == sum(quantities)


def test_a_label_too_long_for_its_column_is_a_problem_only_where_it_is_ordered() -> None:
    label, limit = "A SIZE OF 21 LETTERS.", FieldLimit(max_length=20)
    assert sizes_of({label: 0}, [label], limit) == ((), ())
    assert sizes_of({label: 2}, [label], limit) == ((), (Note(label, "2", "is longer than 20 characters"),))


def test_a_column_that_the_row_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="XL"):
        sizes_of({"S": 1}, ["S", "XL"])


@pytest.mark.parametrize(
    ("label", "name"),
    [("XL", "Size XL"), ("30/32", "Size 30/32"), ("{size}", "Size {size}"), ("{0}", "Size {0}")],
)
def test_a_subitem_is_named_after_its_size(label: str, name: str) -> None:
    assert subitem_name(load_mapping(), Size(label, 1)) == name
