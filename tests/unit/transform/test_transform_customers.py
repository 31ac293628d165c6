from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.errors import DataFileError, UnknownCustomerError
from order_staging.transform.customers import Customer, Customers, load_customers

CUSTOMERS = load_customers()
NAMES = st.text(min_size=1, max_size=30)
KNOWN = st.sampled_from([name for entry in CUSTOMERS.customers for name in (entry.name, *entry.aliases)])


def loaded(tmp_path: Path, text: str) -> Customers:
    path = tmp_path / "customers.yaml"
    path.write_text(text, encoding="utf-8")
    return load_customers(path)


@pytest.mark.parametrize(
    ("source", "canonical"),
    [
        ("GREYSON", "GREYSON CLOTHIERS"),
        ("GREYSON CLOTHIERS", "GREYSON CLOTHIERS"),
        (" greyson   clothiers\t", "GREYSON CLOTHIERS"),
        ("RHYTHM (AU)", "RHYTHM"),
        ("Rhythm (us)", "RHYTHM"),
        ("TITLE 9", "TITLE NINE"),
        ("  Unheard  Of ", "Unheard  Of"),
        (686, "686"),
    ],
)
def test_a_customer_goes_by_its_canonical_name_and_an_unknown_one_by_its_own(
    source: object, canonical: str
) -> None:
    assert CUSTOMERS.canonical(source) == canonical


@pytest.mark.parametrize("nothing", [None, "", "  ", "\t\n", "\u00a0"])
def test_no_name_is_no_customer(nothing: object) -> None:
    assert CUSTOMERS.canonical(nothing) is None


@given(NAMES)
def test_the_canonical_name_is_its_own_canonical_name(name: str) -> None:
    canonical = CUSTOMERS.canonical(name)
    assert CUSTOMERS.canonical(canonical) == canonical


@given(
    KNOWN, st.sampled_from([str.lower, str.upper, str.title]), st.sampled_from([" ", "  ", "\t", "\u00a0"])
)
def test_case_and_blanks_never_make_another_customer(name: str, case: object, blank: str) -> None:
    assert callable(case)
    spelling = blank + blank.join(case(name).split()) + blank
    assert CUSTOMERS.canonical(spelling) == CUSTOMERS.canonical(name)


@given(NAMES)
def test_a_key_is_its_own_key(name: str) -> None:
    assert Customers.key(Customers.key(name)) == Customers.key(name)


@given(KNOWN)
def test_any_name_resolves_to_the_customer_it_stands_for(name: str) -> None:
    assert CUSTOMERS.resolve(f" {name.lower()} ", []) == CUSTOMERS.canonical(name)


def test_a_name_of_the_source_resolves_in_any_case() -> None:
    assert CUSTOMERS.resolve("acme  KNITS", ["Acme Knits", "GREYSON"]) == "Acme Knits"


@given(st.permutations(["acme knits", "Acme Knits", " ACME  KNITS"]))
def test_spellings_of_an_unknown_customer_resolve_the_same_in_whatever_order_the_source_has_them(
    spellings: list[str],
) -> None:
    assert CUSTOMERS.resolve("Acme knits", spellings) == "ACME  KNITS"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("GREYSN", "GREYSON CLOTHIERS"),
        ("rythm", "RHYTHM"),
        ("title 8", "TITLE NINE"),
        ("Acme Nits", "Acme Knits"),
    ],
)
def test_an_unknown_customer_is_an_error_that_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UnknownCustomerError) as caught:
        CUSTOMERS.resolve(name, ["Acme Knits"])
    assert caught.value.nearest[0] == nearest
    assert len(set(caught.value.nearest)) == len(caught.value.nearest) <= 3


@pytest.mark.parametrize("name", ["", "   ", "zzzzzzzzzzzz"])
def test_a_name_like_none_is_an_error_without_a_guess(name: str) -> None:
    with pytest.raises(UnknownCustomerError) as caught:
        CUSTOMERS.resolve(name, ["", "  "])
    assert caught.value.nearest == ()


def test_a_known_customer_is_labelled_by_its_canonical_name() -> None:
    assert {CUSTOMERS.label(name) for name in ("RHYTHM (AU)", " rhythm ", "Rhythm (us)")} == {"RHYTHM"}


@given(st.permutations(["acme knits", "Acme  Knits", " ACME KNITS"]))
def test_all_spellings_of_an_unknown_customer_have_one_label(spellings: list[str]) -> None:
    assert [CUSTOMERS.label(name) for name in spellings] == ["ACME KNITS"] * 3


@given(NAMES)
def test_a_label_is_its_own_label(name: str) -> None:
    assert CUSTOMERS.label(CUSTOMERS.label(name)) == CUSTOMERS.label(name)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "customers:\n  - name: A\n    aliases: [B]\n  - name: C\n    aliases:\n      - X\n      - b\n",
            7,
            "two customers",
        ),
        ("customers:\n  - name: A\n  - name: C\n    aliases: [' a']\n", 4, "aliases"),
        ("customers:\n  - name: A\n  - name: C\n    aliases: [a]\n", 4, "'a' belongs to two"),
        ("customers:\n  - name: A B\n  - name: a  b\n", 3, "names two customers"),
        ("customers:\n  - name: A\n    aliases: [686]\n", 3, "string"),
        ("customers:\n  - name: A\n    alias: [B]\n", 3, "unknown key"),
        ("customers:\n  - aliases: [B]\n", 2, "'name' is missing"),
        ("customers:\n  - name: ''\n", 2, "name"),
    ],
)
def test_customers_that_cannot_work_are_refused_with_the_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(DataFileError) as caught:
        loaded(tmp_path, text)
    assert (caught.value.line, words in caught.value.problem) == (line, True), caught.value


def test_an_alias_said_twice_of_one_customer_does_no_harm(tmp_path: Path) -> None:
    customers = loaded(tmp_path, "customers:\n  - name: A\n    aliases: [B, b, a]\n")
    assert customers == Customers(customers=(Customer(name="A", aliases=("B", "b", "a")),))
    assert customers.canonical("b") == "A"


def test_no_customers_is_a_fine_list(tmp_path: Path) -> None:
    assert loaded(tmp_path, "customers: []\n").canonical(" GREYSON ") == "GREYSON"
