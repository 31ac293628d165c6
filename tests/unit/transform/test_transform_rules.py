import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.customers import load_customers
from order_staging.transform.mapping import Rule
from order_staging.transform.rules import applied_rule, clean_text, order_type, true_is_zero

ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(), st.dates(), st.text())


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("ACTIVE", "RECEIVED"),
        (" Active ", "RECEIVED"),
        ("CANCELLED", "CANCELLED"),
        ("cancelled", "CANCELLED"),
        ("SHIPPED", "SHIPPED"),
        (" On hold ", " On hold "),
        ("INACTIVE", "INACTIVE"),
        (None, None),
    ],
)
def test_active_orders_are_received_and_other_types_stay(source: object, wanted: object) -> None:
    assert order_type(source) == wanted


@pytest.mark.parametrize("true", ["TRUE", "true", " True ", True])
def test_a_tariff_of_true_is_zero(true: object) -> None:
    wanted = true_is_zero(true)
    assert wanted == 0
    assert not isinstance(wanted, bool)


@pytest.mark.parametrize("other", [None, "FALSE", False, "0.25", "", 1, "TRUELY"])
def test_a_tariff_of_anything_else_stays(other: object) -> None:
    assert true_is_zero(other) is other


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        (" JWHD100120\r\n", "JWHD100120"),
        ("A\tB", "AB"),
        ("\x00 \x07A  B \x85", "A  B"),
        ("裙子 👗\u200d", "裙子 👗\u200d"),
        ("\x01\n", ""),
        (None, None),
        (7, 7),
    ],
)
def test_clean_text_has_no_control_characters_and_no_blanks_at_its_ends(
    source: object, clean: object
) -> None:
    assert clean_text(source) == clean


@given(st.text(alphabet=st.one_of(st.characters(), st.characters(categories=["Cc", "Zs"]))))
def test_clean_text_keeps_everything_but_control_characters_and_outer_blanks(text: str) -> None:
    clean = clean_text(text)
    assert isinstance(clean, str)
    assert clean == clean.strip()
    assert not any(unicodedata.category(character) == "Cc" for character in clean)
    kept = [character for character in text if unicodedata.category(character) != "Cc"]
    assert clean in "".join(kept)
    assert len(clean.split()) == len("".join(kept).split())


@given(ANYTHING, st.sampled_from(Rule))
def test_a_rule_applied_twice_is_a_rule_applied_once(value: object, rule: Rule) -> None:
    customers = load_customers()
    apply = applied_rule(rule, customers)
    once = apply(value)
    assert repr(apply(once)) == repr(once)


def test_each_rule_is_the_one_it_is_named_after() -> None:
    customers = load_customers()
    assert applied_rule(Rule.CANONICAL_CUSTOMER, customers)("greyson") == "GREYSON CLOTHIERS"
    assert applied_rule(Rule.CLEAN_TEXT, customers)("a\n") == "a"
    assert applied_rule(Rule.ORDER_TYPE, customers)("ACTIVE") == "RECEIVED"
    assert applied_rule(Rule.TRUE_IS_ZERO, customers)("TRUE") == 0
