"""`db adopt` from the command line: production's database becomes one of ours, and a run works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging import schema
from order_staging.database import create_engine
from order_staging.reporting.adoption import LOOK
from order_staging.sandbox import greyson_4755
from tests.conftest import Database
from tests.end_to_end.conftest import KEY_COLUMN, InThisProcess
from tests.integration.adoption.production_database import build, change, contents, fill
from tests.processes import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from order_staging.sandbox import Sandbox
    from tests.end_to_end.conftest import CommandLine

STAGED, ORDERS = "STG_MON_CustMasterSchedule", "MON_CustMasterSchedule"
RANGE, PRICE = "RANGE / COLLECTION", "USA ONLY LSTP 75% EX WORKS"
JSON = ("--output", "json")

on_sqlite = pytest.mark.parametrize("bare_url", ["sqlite"], indirect=True)


@pytest.fixture
def production(bare_url: str) -> Iterator[Engine]:
    engine = create_engine(bare_url)
    yield engine
    engine.dispose()


@pytest.fixture
def adopting(tmp_path: Path, bare_url: str, sandbox: Sandbox, sandbox_url: str) -> CommandLine:
    settings = {
        "database_url": bare_url,
        "monday_url": sandbox_url,
        "monday_token": sandbox.token,
        "key_column": KEY_COLUMN,
        "recovery_delay": "0",
    }
    return InThisProcess(tmp_path, settings)


def test_production_is_adopted_upgraded_and_worked_on_and_no_row_is_lost(
    production: Engine, adopting: CommandLine, sandbox: Sandbox
) -> None:
    build(production)
    rows = fill(production)
    columns = {table: list(found[0]) for table, found in rows.items()}
    Database(production).add(greyson_4755()[:3])

    refused = adopting("db", "upgrade")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.endswith("run: order-staging db adopt\n")

    adopted = adopting("db", "adopt")
    assert (adopted.code, adopted.err) == (0, "")
    assert adopted.out == (
        "The database fits, and is at revision 0002 now. "
        f"Next, to {schema.head()}: order-staging db upgrade\n"
    )
    assert adopting("db", "upgrade").code == 0
    run = adopting("run", "--customer", "greyson", *JSON)
    assert run.document["status"] == "completed", run.err
    assert len(sandbox.items()) == 3

    now = contents(production, columns)
    assert {table: [row for row in now[table] if row in old] for table, old in rows.items()} == rows
    assert len(now[ORDERS]) == len(rows[ORDERS]) + 3
    again = adopting("db", "adopt", *JSON)
    assert (again.code, again.document["status"], again.document["current"]) == (0, "already", schema.head())


@on_sqlite
def test_differences_are_printed_with_what_to_do_and_force_stamps_all_the_same(
    production: Engine, adopting: CommandLine
) -> None:
    build(production, {(ORDERS, PRICE): None, (STAGED, RANGE): None})
    change(production, f'ALTER TABLE "{ORDERS}" ADD COLUMN "[red]theirs[/red] 5%" TEXT')
    done = adopting("db", "adopt")
    assert (done.code, done.err) == (2, "")
    assert done.out.splitlines() == [
        "2 differences from revision 0002:",
        f'  {STAGED}."{RANGE}": expected VARCHAR(200) NULL, there is nothing',
        f'    ALTER TABLE "{STAGED}" ADD COLUMN "{RANGE}" VARCHAR(200);',
        f'  {ORDERS}."{PRICE}": expected VARCHAR(20) NULL, there is nothing',
        f'    ALTER TABLE "{ORDERS}" ADD COLUMN "{PRICE}" VARCHAR(20);',
        "Of revisions after 0001, this is there already:",
        f'  {ORDERS}."{RANGE}", of 0002',
        "  Add what they lack (above): an upgrade would stop at it. Take away only what holds no data.",
        "Not this project's, and left alone:",
        f'  {ORDERS}."[red]theirs[/red] 5%"',
        f"Nothing was stamped. {LOOK}",
        "Then run order-staging db adopt again; with --force it stamps what is there, at revision 0001.",
    ]
    document = adopting("db", "adopt", *JSON).document
    assert (document["status"], document["current"], document["compared_with"]) == ("differs", None, "0002")
    assert document["differences"][1] == {
        "revision": "0001",
        "kind": "missing_column",
        "table": ORDERS,
        "name": PRICE,
        "expected": "VARCHAR(20) NULL",
        "found": "nothing",
        "grave": True,
        "remedy": f'ALTER TABLE "{ORDERS}" ADD COLUMN "{PRICE}" VARCHAR(20);',
    }
    assert document["early"] == [{"revision": "0002", "table": ORDERS, "name": RANGE}]
    assert document["left_alone"] == [{"table": ORDERS, "column": "[red]theirs[/red] 5%"}]
    assert schema.current(production) is None

    forced = adopting("db", "adopt", "--force")
    assert forced.code == 0
    assert forced.out.splitlines()[:-1] == done.out.splitlines()[:-2]
    assert forced.out.splitlines()[-1] == (
        "The database does not fit, and is at revision 0001 now, as --force says. "
        "Put right what is there already, then: order-staging db upgrade"
    )


@on_sqlite
def test_an_empty_database_is_sent_to_the_upgrade(adopting: CommandLine) -> None:
    done = adopting("db", "adopt")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: the database has none of the tables to adopt; run: order-staging db upgrade\n"
    )


@pytest.mark.parametrize(
    ("bare_url", "other"),
    [("sqlite", "adopt"), ("postgresql", "adopt"), ("postgresql", "upgrade")],
    indirect=["bare_url"],
)
def test_two_deployers_at_once_do_no_harm(
    production: Engine, bare_url: str, tmp_path: Path, other: str
) -> None:
    build(production)
    with Runner(tmp_path, {"database_url": bare_url}) as deployers:
        running = [deployers.start("db", command, *JSON) for command in ("adopt", other)]
        first, second = (process.wait() for process in running)
    assert first.code == 0, first.err
    if other == "adopt":
        assert second.code == 0, second.err
        statuses = sorted(each.document["status"] for each in (first, second))
        assert statuses == ["adopted", "already"]
    else:
        # It came before the adoption and refused, or after it.
        late = second.code == 0
        assert late or "order-staging db adopt" in second.err
        assert schema.current(production) == (schema.head() if late else "0002")
    schema.upgrade(production)
    schema.require_head(production)
