"""Values and odd names that go into a real database and come back as they were."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Numeric,
    Table,
    cast,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from order_staging.database import create_engine
from order_staging.models import OrdersUnified, ProductionOrder, StagedOrder, StagedSubitem, StagingStatus
from order_staging.models.types import ExactDecimal, round_half_up
from order_staging.repositories.source import TolerantDate
from tests.integration.repositories.repository_rows import BATCH, order, subitem

if TYPE_CHECKING:
    from sqlalchemy import Engine

ODD_NAMES = [
    "75% OF IT",
    "%s and %(x)s",
    "(USD)",
    "PROMO GROUP / CAMPAIGN (HOT 30/GLOBAL EDIT",
    "CUSTOMER'S COLOUR CODE",
    "30/32",
    "0",
    " blanks  around ",
    'double "quotes"',
    ":colon",
    "größe 漢字",
]
WITH_ENGINE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
EIGHTEEN_DIGITS = st.integers(-(10**18) + 1, 10**18 - 1)


def test_columns_with_odd_names_are_written_read_changed_and_filtered(engine: Engine) -> None:
    odd = Table("odd", MetaData(), *(Column(name, Integer, key=f"c{n}") for n, name in enumerate(ODD_NAMES)))
    values = {f"c{n}": n for n in range(len(ODD_NAMES))}
    with engine.begin() as connection:
        odd.create(connection)
        connection.execute(insert(odd), [values, values])
        connection.execute(update(odd).values({column: column + 100 for column in odd.c}))
        found = connection.execute(select(odd).where(*(column >= 100 for column in odd.c))).all()
        names = [row[0] for row in connection.execute(select(odd).limit(0)).cursor.description or ()]
    assert names == ODD_NAMES
    assert [tuple(row) for row in found] == [tuple(range(100, 100 + len(ODD_NAMES)))] * 2


def test_attributes_reach_columns_with_odd_names(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(
            OrdersUnified(
                usa_only_lstp_75_ex_works="28.86",
                promo_group_campaign_hot_30_global_edit="unbalanced (",
                customers_colour_code_custom_field_customer_provides_this="it's blue",
                ex_works_usd="n/a",
                all_="TRUE",
            )
        )
        session.commit()
        row = session.scalars(
            select(OrdersUnified).where(OrdersUnified.usa_only_lstp_75_ex_works == "28.86")
        ).one()
        assert row.record_uuid is not None  # the server made it
        assert row.promo_group_campaign_hot_30_global_edit == "unbalanced ("
        assert row.customers_colour_code_custom_field_customer_provides_this == "it's blue"
        assert (row.ex_works_usd, row.all_) == ("n/a", "TRUE")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "  ",
        "a'b\"c",
        "line\nline\r\n\ttab",
        "😀🏳️‍🌈",
        "漢字",
        "שלום עולם",
        "%s %(x)s :x",
        "null",
        "e\u0301",
    ],
)
def test_text_comes_back_as_it_was(engine: Engine, words: str) -> None:
    with Session(engine) as session:
        session.add(StagedOrder(**order(title=words, customer=words)))
        session.commit()
        row = session.scalars(select(StagedOrder).where(StagedOrder.title == words)).one()
        assert (row.title, row.customer) == (words, words)


@WITH_ENGINE
@given(st.lists(EIGHTEEN_DIGITS.map(lambda n: Decimal(n).scaleb(-4)), min_size=1, max_size=10))
def test_decimals_of_eighteen_digits_come_back_exactly(engine: Engine, values: list[Decimal]) -> None:
    table = Table("d", MetaData(), Column("n", Integer), Column("d", ExactDecimal(18, 4)))
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"n": n, "d": value} for n, value in enumerate(values)])
        read = connection.execute(select(table.c.d).order_by(table.c.n)).scalars().all()
        connection.rollback()
    assert list(read) == values


@WITH_ENGINE
@given(
    st.lists(EIGHTEEN_DIGITS.map(lambda n: Decimal(n).scaleb(-6)), min_size=1, max_size=20), st.integers(0, 4)
)
def test_our_rounding_is_postgresqls(postgres_engine: Engine, values: list[Decimal], scale: int) -> None:
    with postgres_engine.connect() as connection:
        theirs = connection.execute(
            select(*(cast(literal(value, Numeric(38, 10)), Numeric(38, scale)) for value in values))
        ).one()
    assert [str(each) for each in theirs] == [str(round_half_up(value, scale)) for value in values]


@pytest.fixture(scope="module")
def postgres_engine(postgres_template: str) -> Any:
    engine = create_engine(postgres_template)
    yield engine
    engine.dispose()


@WITH_ENGINE
@given(EIGHTEEN_DIGITS.map(lambda n: Decimal(n).scaleb(-4)))
def test_sqlites_rounding_is_ours(value: Decimal) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        found = connection.execute(select(func.decimal_round(f"{value:f}", 2))).scalar_one()
    engine.dispose()
    assert Decimal(found) == round_half_up(value, 2)


def test_states_are_stored_by_value_and_words_of_older_scripts_are_read(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(StagedOrder(**order(stg_status=StagingStatus.API_SUCCESS)))
        session.add(StagedOrder(**order(stg_status="HALF_DONE")))
        session.commit()
        stored = session.scalars(text('SELECT stg_status FROM "STG_MON_CustMasterSchedule" ORDER BY stg_id'))
        assert list(stored) == ["API_SUCCESS", "HALF_DONE"]
        read = list(session.scalars(select(StagedOrder.stg_status).order_by(StagedOrder.stg_id)))
        assert read == ["API_SUCCESS", "HALF_DONE"]
        assert read[0] is StagingStatus.API_SUCCESS
        assert not isinstance(read[1], StagingStatus)


def test_a_subitems_batch_is_found_by_uuid_though_the_column_is_text(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(StagedSubitem(**subitem(None)))
        session.commit()
        stored = session.scalars(text('SELECT stg_batch_id FROM "STG_MON_CustMasterSchedule_Subitems"')).one()
        assert stored == str(BATCH)
        assert session.scalars(select(StagedSubitem).where(StagedSubitem.stg_batch_id == BATCH)).one()


def test_server_defaults_fill_what_production_fills(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text('INSERT INTO "STG_MON_CustMasterSchedule" ("Title") VALUES (\'x\')'))
        connection.execute(
            text("INSERT INTO \"MON_BatchProcessing\" (customer_name, batch_type) VALUES ('c', 't')")
        )
        connection.execute(text("INSERT INTO \"ERR_MON_CustMasterSchedule\" (order_number) VALUES ('n')"))
    with Session(engine) as session:
        staged = session.scalars(select(StagedOrder)).one()
        assert (staged.stg_status, staged.stg_retry_count) == (StagingStatus.PENDING, 0)
        assert (staged.update_operation, staged.validation_status) == ("CREATE", "PENDING")
        assert staged.stg_batch_id is not None
        assert staged.stg_created_date is not None
        started = session.execute(
            text('SELECT batch_id, status, started_by, start_time FROM "MON_BatchProcessing"')
        ).one()
        assert started[1] == "STARTED"
        assert all(started)
        failed = session.execute(
            text('SELECT err_id, retry_count, max_retries_reached FROM "ERR_MON_CustMasterSchedule"')
        ).one()
        assert tuple(failed) == (1, 0, False)


def test_a_date_goes_in_and_comes_out_as_a_day_on_every_engine(engine: Engine) -> None:
    table = Table("t", MetaData(), Column("day", TolerantDate()))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"day": date(2026, 2, 28)}, {"day": None}])
        read = connection.execute(select(table)).scalars().all()
    assert [each and str(each) for each in read] == ["2026-02-28", None]


def test_what_is_no_date_comes_back_as_it_is_from_sqlite() -> None:
    engine = create_engine("sqlite://")
    table = Table("t", MetaData(), Column("day", TolerantDate()))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(text("INSERT INTO t VALUES ('soon'), ('2026-02-30')"))
        assert connection.execute(select(table)).scalars().all() == ["soon", "2026-02-30"]
    engine.dispose()


def test_many_production_rows_without_uuid_may_stand_and_a_uuid_only_once(engine: Engine) -> None:
    with Session(engine) as session:
        session.add_all([ProductionOrder(item_id=n, source_uuid=None) for n in range(3)])
        session.add(ProductionOrder(item_id=3, source_uuid=BATCH))
        session.commit()
        session.add(ProductionOrder(item_id=4, source_uuid=BATCH))
        with pytest.raises(Exception, match=r"(?i)unique"):
            session.commit()
