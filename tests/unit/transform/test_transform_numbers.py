from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.limits import FieldLimit
from order_staging.transform.mapping import NumberFormat, load_mapping
from order_staging.transform.numbers import fit_number, number_text, read_number

FORMAT = load_mapping().numbers
PLAIN = NumberFormat(thousands="", prefixes=())
MONEY = FieldLimit(precision=18, scale=2)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("28.86", "28.86"),
        (" 1,234.50 ", "1234.50"),
        ("1,234,567", "1234567"),
        ("$12", "12"),
        ("$ 12.5", "12.5"),
        ("-$12", "-12"),
        ("$-12", "-12"),
        ("-3", "-3"),
        ("+3", "3"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("0", "0"),
        ("007", "7"),
        ("1.2E-05", "0.000012"),
        ("1e3", "1000"),
        ("\u00a012\t", "12"),
    ],
)
def test_text_that_is_a_number_is_read_as_exactly_that_number(text: str, number: str) -> None:
    assert read_number(text, FORMAT) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        "n/a", "TRUE", "12,34", "1234,567", ",123", "1,23,456", "1,2345", "1.5,000", "NaN", "Infinity", "-inf",
        "sNaN", "١٢", "１２", "1_000", "0x10", "12%", "(12)", "--3", "-$-3", "$$3", "€3", "1 234", ".", "-", "$",
        "e5", "1e", "1.2.3",
        "12\n13", "1e99999999999999999999", "", " ", None, True, False, float("nan"), float("inf"),
        Decimal("NaN"), Decimal("-Infinity"), b"12", object(),
    ],
)  # fmt: skip
def test_what_is_no_number_is_not_taken_for_one(value: object) -> None:
    assert read_number(value, FORMAT) is None


def test_separator_and_prefixes_are_those_of_the_mapping() -> None:
    assert read_number("1,234", PLAIN) is None
    assert read_number("$12", PLAIN) is None
    european = NumberFormat(thousands="'", prefixes=("CHF", "€"))
    assert read_number("CHF 1'234.5", european) == Decimal("1234.5")
    assert read_number("€.5", european) == Decimal("0.5")
    assert read_number("1,234", european) is None


@given(NUMBERS)
def test_a_number_written_plainly_is_read_back_the_same(number: Decimal) -> None:
    assert read_number(number_text(number), FORMAT) == number
    assert read_number(f" {number_text(number)} ", PLAIN) == number
    assert read_number(number, PLAIN) == number


@given(st.integers(-(10**15), 10**15), st.integers(0, 9999))
def test_a_number_written_with_separators_and_prefix_is_read_back_the_same(whole: int, decimals: int) -> None:
    sign = "-" if whole < 0 else ""
    assert read_number(f"{sign}${abs(whole):,}.{decimals:04}", FORMAT) == Decimal(f"{whole}.{decimals:04}")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_the_number_that_it_prints(number: float) -> None:
    assert read_number(number, FORMAT) == Decimal(repr(number))


@given(st.text(alphabet="0123456789.,$-+eE ٣", max_size=12))
def test_whatever_is_read_from_text_has_the_digits_of_the_text(text: str) -> None:
    number = read_number(text, FORMAT)
    if number is not None:
        bare = text.strip().replace(",", "").replace("$", "").replace(" ", "")
        assert number == Decimal(bare)


@pytest.mark.parametrize(
    ("number", "fitted", "note"),
    [
        ("28.86", "28.86", None),
        ("28.8600", "28.86", None),
        ("0E+99", "0.00", None),
        ("28.865", "28.87", "is rounded to 28.87"),
        ("-28.865", "-28.87", "is rounded to -28.87"),
        ("2.5E-1", "0.25", None),
        ("0.004", "0.00", "is rounded to 0"),
        ("-0.004", "0.00", "is rounded to 0"),
        ("9999999999999999.99", "9999999999999999.99", None),
    ],
)
def test_a_number_is_brought_to_its_columns_scale_and_rounding_is_noted(
    number: str, fitted: str, note: str | None
) -> None:
    result, problem = fit_number(Decimal(number), MONEY)
    assert (str(result), problem) == (fitted, note)


@pytest.mark.parametrize(
    "number", ["10000000000000000", "9999999999999999.995", "-1E+16", "1E+999999", "1" * 5000]
)
def test_a_number_with_too_many_digits_does_not_fit(number: str) -> None:
    assert fit_number(Decimal(number), MONEY) == (None, "has more than 16 digits before the decimal point")


@given(NUMBERS, st.integers(1, 38), st.integers(0, 38))
def test_a_number_arrives_or_is_noted_and_is_off_by_half_a_step_at_most(
    number: Decimal, precision: int, scale: int
) -> None:
    limit = FieldLimit(precision=max(precision, scale), scale=scale)
    fitted, problem = fit_number(number, limit)
    with localcontext(prec=200):
        step = Decimal(1).scaleb(-scale)
        if fitted is None:
            assert problem is not None
            assert abs(number) + step / 2 >= Decimal(10) ** (max(precision, scale) - scale)
        else:
            assert (problem is None) == (fitted == number)
            assert fitted == number.quantize(step, rounding=ROUND_HALF_UP)
            assert fitted.as_tuple().exponent == -scale


@given(NUMBERS)
def test_a_number_that_was_fitted_fits(number: Decimal) -> None:
    fitted, _ = fit_number(number, MONEY)
    if fitted is not None:
        assert fit_number(fitted, MONEY) == (fitted, None)


@pytest.mark.parametrize("number", ["1E-1000000", "1E+1000000", "1." + "1" * 40, "1" * 39])
def test_without_a_limit_of_its_own_a_number_has_38_digits_at_most(number: str) -> None:
    assert fit_number(Decimal(number), FieldLimit()) == (None, "has more than 38 digits")


@pytest.mark.parametrize("number", ["1" * 38, "0.123456789", "-5E+3", "0"])
def test_without_a_scale_a_number_is_not_rounded(number: str) -> None:
    assert fit_number(Decimal(number), FieldLimit()) == (Decimal(number), None)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("28.8600", "28.86"),
        ("0.00", "0"),
        ("-0.0", "0"),
        ("1200", "1200"),
        ("1.2E+3", "1200"),
        ("1E-7", "0.0000001"),
        ("-3.50", "-3.5"),
    ],
)
def test_numbers_are_written_plainly(number: str, text: str) -> None:
    assert number_text(Decimal(number)) == text


@given(NUMBERS)
def test_equal_numbers_are_written_alike(number: Decimal) -> None:
    with localcontext(prec=200):
        assert (
            number_text(number) == number_text(number.normalize()) == number_text(number + Decimal("0E-30"))
        )
