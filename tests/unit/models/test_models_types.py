"""Column types: what is stored is what comes back, and the same on every engine."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from order_staging.models import ErrorType, StagingStatus
from order_staging.models.types import (
    EnumText,
    ExactDecimal,
    UuidText,
    login_name,
    new_uuid,
    now,
    round_half_up,
)
from tests.unit.models.sqlserver_parsing import SQLSERVER, for_sqlserver

SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's
ANY_DECIMAL = st.decimals(-(10**12), 10**12, allow_nan=False, places=6)


@given(ANY_DECIMAL, st.integers(0, 4))
def test_rounding_moves_a_value_by_half_a_step_at_most(value: Decimal, scale: int) -> None:
    rounded = round_half_up(value, scale)
    assert abs(rounded - value) <= Decimal(5).scaleb(-scale - 1)
    exponent = rounded.as_tuple().exponent
    assert isinstance(exponent, int)
    assert -exponent == scale


@given(st.integers(-(10**15), 10**15), st.integers(0, 4))
def test_halves_are_rounded_away_from_zero(steps: int, scale: int) -> None:
    half = Decimal(steps).scaleb(-scale) + Decimal(5).scaleb(-scale - 1).copy_sign(Decimal(steps))
    away = abs(steps) + 1
    assert abs(round_half_up(half, scale)) == Decimal(away).scaleb(-scale)


@given(ANY_DECIMAL, st.integers(0, 4))
def test_rounding_twice_changes_nothing_more(value: Decimal, scale: int) -> None:
    assert round_half_up(round_half_up(value, scale), scale) == round_half_up(value, scale)


@pytest.mark.parametrize("value", ["1E+3", "0.005", "-0.005", "99999999999999.9950"])
def test_a_decimal_is_plain_digits_on_sqlite(value: str) -> None:
    stored = ExactDecimal(18, 2).process_bind_param(Decimal(value), SQLITE)
    assert set(stored) <= set("-0123456789.")
    assert Decimal(stored) == round_half_up(Decimal(value), 2)


def test_a_decimal_goes_to_other_engines_as_it_is() -> None:
    value = Decimal("1.23456")
    for dialect in (POSTGRESQL, SQLSERVER):
        assert ExactDecimal(18, 4).process_bind_param(value, dialect) is value


def test_no_decimal_no_uuid_and_no_state_stay_none() -> None:
    for type_ in (ExactDecimal(18, 4), UuidText(), EnumText(StagingStatus, 50)):
        for dialect in (SQLITE, POSTGRESQL, SQLSERVER):
            assert type_.process_bind_param(None, dialect) is None
            assert type_.process_result_value(None, dialect) is None


class Unlike(StrEnum):
    """An enum whose values are not its members' names."""

    FIRST = "the first"
    SECOND = "the second"


def test_an_enum_is_stored_by_value_and_not_by_name() -> None:
    stored = EnumText(Unlike, 20)
    assert stored.process_bind_param(Unlike.FIRST, SQLITE) == "the first"
    assert stored.process_result_value("the second", SQLITE) is Unlike.SECOND


@given(st.text())
def test_a_word_that_no_enum_knows_comes_back_as_it_is(word: str) -> None:
    read = EnumText(Unlike, 20).process_result_value(word, SQLITE)
    assert read == word
    assert isinstance(read, Unlike) == (word in set(Unlike))


@pytest.mark.parametrize(("unicode", "compiled"), [(True, "NVARCHAR(50)"), (False, "VARCHAR(50)")])
def test_an_enums_column_is_nvarchar_or_varchar_as_production_has_it(*, unicode: bool, compiled: str) -> None:
    assert EnumText(ErrorType, 50, unicode=unicode).compile(dialect=SQLSERVER) == compiled


@given(st.uuids())
def test_a_uuid_in_a_text_column_is_36_lower_case_characters(uuid: UUID) -> None:
    stored = UuidText().process_bind_param(uuid, SQLSERVER)
    assert stored is not None
    assert (len(stored), stored) == (36, stored.lower())
    assert UuidText().process_result_value(stored, SQLSERVER) == uuid


@given(st.uuids())
def test_any_spelling_of_a_uuid_is_read(uuid: UUID) -> None:
    for spelling in (str(uuid).upper(), uuid.hex, f"{{{uuid}}}"):
        assert UuidText().process_result_value(spelling, SQLSERVER) == uuid


@pytest.mark.parametrize(
    ("default", "sqlserver"), [(new_uuid, "newid()"), (now, "getdate()"), (login_name, "suser_sname()")]
)
def test_server_functions_have_productions_names_on_sqlserver(
    default: type[new_uuid | now | login_name], sqlserver: str
) -> None:
    assert for_sqlserver(default()) == sqlserver


def test_the_server_makes_uuids_that_are_read_as_uuids() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        made = {UUID(connection.execute(select(new_uuid())).scalar_one()) for _ in range(20)}
    engine.dispose()
    assert len(made) == 20


@given(
    st.lists(
        st.integers(-(10**18) + 1, 10**18 - 1).map(lambda n: Decimal(n).scaleb(-4)), min_size=1, max_size=20
    )
)
def test_eighteen_digits_come_back_exactly_from_sqlite(values: list[Decimal]) -> None:
    table = Table("t", MetaData(), Column("n", Integer), Column("d", ExactDecimal(18, 4)))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"n": n, "d": value} for n, value in enumerate(values)])
        read = connection.execute(select(table.c.d).order_by(table.c.n)).scalars().all()
    engine.dispose()
    assert list(read) == values
    assert all(str(each) == f"{value:.4f}" for each, value in zip(read, values, strict=True))


def test_a_uuid_in_text_is_no_other_uuid() -> None:
    one, other = uuid4(), uuid4()
    assert UuidText().process_bind_param(one, SQLITE) != UuidText().process_bind_param(other, SQLITE)
