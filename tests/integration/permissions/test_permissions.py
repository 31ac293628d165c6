"""The least that a runner's login needs is what docs/database.md grants: the job runs with it, and no less."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import sessionmaker

from order_staging import BatchService, Settings, UnitOfWork, schema
from order_staging.adoption import adopt
from order_staging.batch import Severity
from order_staging.batch.context import Outside
from order_staging.database import create_engine
from order_staging.models import Base
from order_staging.repositories.permissions import NEEDED, Right
from order_staging.sandbox import MovingClock, Sandbox
from tests.conftest import Database
from tests.end_to_end.conftest import InThisProcess
from tests.integration.adoption.production_database import build
from tests.integration.batch.batch_changes import change
from tests.integration.batch.batch_retries import refuse
from tests.integration.batch.batch_world import ERR, ERR_SUB, KEY_COLUMN, World, order_line, order_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[3] / "docs" / "database.md").read_text(encoding="utf-8")
RUNNER, DEPLOYER, READER = "order_staging_runner", "order_staging_deployer", "order_staging_reader"
GRANT = re.compile(
    r"GRANT (?P<what>[A-Z, ]+?) ON (?P<kind>SEQUENCE |SCHEMA |OBJECT::dbo\.)?(?P<on>.+) TO (?P<to>\w+)"
)

on_postgresql = pytest.mark.parametrize("bare_url", ["postgresql"], indirect=True)


@dataclass(frozen=True)
class Grant:
    """One privilege on one thing."""

    privilege: str
    kind: str
    name: str

    def sql(self, verb: str, role: str) -> str:
        direction = "TO" if verb == "GRANT" else "FROM"
        return f"{verb} {self.privilege} ON {self.kind}{self.name} {direction} {role}"


def statements(role: str) -> list[str]:
    """Read the page's statements for a role."""
    blocks = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    found = (" ".join(each.split()) for block in blocks for each in block.split(";"))
    return [each for each in found if each.endswith(f" TO {role}")]


def grants(role: str, *, sqlserver: bool) -> list[Grant]:
    """Read the page's grants for a role on one of the engines, taken apart."""
    taken = []
    for statement in statements(role):
        parts = GRANT.fullmatch(statement)
        assert parts is not None, statement
        if sqlserver is (parts["kind"] == "OBJECT::dbo."):
            names = [name.strip() for name in parts["on"].split(",")]
            kind = "" if sqlserver else parts["kind"] or ""
            taken += [Grant(what.strip(), kind, name) for what in parts["what"].split(",") for name in names]
    return taken


class Roles:
    """A server's database, seen by its owner and by a role that has what the page grants."""

    def __init__(self, url: str, role: str) -> None:
        self.owner = create_engine(url)
        self.role = role
        self.url = make_url(url).set(username=role).render_as_string(hide_password=False)
        self.engine = create_engine(self.url)
        self.do(f"CREATE ROLE {role} LOGIN", "REVOKE ALL ON SCHEMA public FROM PUBLIC")

    def do(self, *said: str) -> None:
        with self.owner.begin() as connection:
            for each in said:
                connection.execute(text(each))

    def close(self) -> None:
        self.engine.dispose()
        self.do(
            f"REASSIGN OWNED BY {self.role} TO CURRENT_USER",
            f"DROP OWNED BY {self.role}",
            f"DROP ROLE {self.role}",
        )
        self.owner.dispose()


@pytest.fixture
def runner(bare_url: str) -> Iterator[Roles]:
    roles = Roles(bare_url, RUNNER)
    schema.upgrade(roles.owner)
    roles.do(*(grant.sql("GRANT", RUNNER) for grant in grants(RUNNER, sqlserver=False)))
    yield roles
    roles.close()


@pytest.fixture
def reader(runner: Roles) -> Iterator[Roles]:
    roles = Roles(runner.owner.url.render_as_string(hide_password=False), READER)
    roles.do(*statements(READER))
    yield roles
    roles.close()


@pytest.fixture
def deployer(bare_url: str) -> Iterator[Roles]:
    roles = Roles(bare_url, DEPLOYER)
    yield roles
    roles.close()


@dataclass
class RunnersWorld(World):
    """A world whose batches work as the runner, while the owner fills the source."""

    runner: Engine | None = None

    def service(self, **settings: Any) -> BatchService:
        return BatchService(self.settings_for(**settings), engine=self.runner, outside=self.outside)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def sandbox(clock: MovingClock) -> Sandbox:
    return Sandbox(key_column=KEY_COLUMN, clock=clock, sleep=clock.sleep)


@pytest.fixture
def world(runner: Roles, sandbox: Sandbox, sandbox_url: str, clock: MovingClock) -> RunnersWorld:
    def settings(**others: Any) -> Settings:
        values: dict[str, Any] = {
            "database_url": runner.url,
            "monday_url": sandbox_url,
            "monday_token": sandbox.token,
            "key_column": KEY_COLUMN,
            "recovery_delay": 0,
        }
        return Settings(**values | others)

    outside = Outside(now=clock.naive, sleep=clock.sleep)
    return RunnersWorld(Database(runner.owner), sandbox, settings, outside, runner.engine)


@pytest.fixture
def said() -> Iterator[dict[str, Any]]:
    """Take down what the runner says to the database: each statement once, with parameters."""
    taken: dict[str, Any] = {}

    def listen(connection: Any, _: Any, statement: str, parameters: Any, *_others: Any) -> None:
        if connection.engine.url.username == RUNNER:
            taken.setdefault(statement, parameters[0] if isinstance(parameters, list) else parameters)

    event.listen(Engine, "before_cursor_execute", listen)
    yield taken
    event.remove(Engine, "before_cursor_execute", listen)


@on_postgresql
def test_the_whole_job_runs_with_just_what_the_page_grants_and_needs_each_of_it(
    world: RunnersWorld, runner: Roles, said: dict[str, Any], tmp_path: Path
) -> None:
    do_everything(world)
    look_at_everything(world, tmp_path)
    unneeded = [
        grant for grant in grants(RUNNER, sqlserver=False) if not is_refused_without(runner, grant, said)
    ]
    assert unneeded == []


def do_everything(world: RunnersWorld) -> None:
    """Run new orders, changes, retries, a rebuilt source and a bulk import, with rows that are refused."""
    rows = order_lines(4)
    world.add(*rows, order_line(5, **{"CUSTOMER STYLE": None}))
    refuse(world, alias=0)
    refuse(world, "create_subitem")
    first = world.run()
    assert (first.orders.rejected, first.orders.invalid, first.subitems.rejected) == (1, 1, 1)
    change(world, order_line(5), **{"CUSTOMER STYLE": "JWHD100120"})
    (retried,) = world.service().retry_failed(everything=True).batches
    assert retried.status == "COMPLETED"
    assert all(letter["resolved_date"] for table in (ERR, ERR_SUB) for letter in world.database.rows(table))

    change(world, rows[1], **{"CUSTOMER PRICE": "31.50", "S": 9, "M": None})
    world.remove(rows[2])
    changed = world.run(changes=True, archive_removed=True)
    assert (changed.orders.updated, changed.orders.archived) == (1, 1)
    world.database.execute('UPDATE "ORDERS_UNIFIED" SET record_uuid = gen_random_uuid()')
    assert world.run().orders.relinked == 4

    world.add(*(order_line(number, **{"AAG SEASON": "2026 FALL"}) for number in range(10, 14)))
    assert world.run(settings={"channel": "bulk"}).api.bulk_jobs == 1


def look_at_everything(world: RunnersWorld, folder: Path) -> None:
    settings = world.settings_for()
    commands = InThisProcess(
        folder,
        {
            "database_url": settings.database_url.get_secret_value(),
            "monday_url": str(settings.monday_url),
            "monday_token": world.sandbox.token,
            "key_column": KEY_COLUMN,
        },
    )
    for words in ("status", "errors", "customers", "resume", "drift --all", "check", "db current"):
        done = commands(*words.split())
        assert done.code == 0, (words, done)


def is_refused_without(roles: Roles, grant: Grant, said: dict[str, Any]) -> bool:
    """Take a grant away, and see whether anything that the runner said is refused then; give it back."""
    table = re.sub(r"_(stg|err)_id_seq", "", grant.name)
    # A SELECT is within other statements, too.
    begins = {"INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE"}.get(grant.privilege, "")
    names = rf"(?<!\w){re.escape(table)}(?!\w)" if grant.kind != "SCHEMA " else ""
    concerned = {
        statement: parameters
        for statement, parameters in said.items()
        if statement.startswith(begins) and re.search(names, statement)
    }
    roles.do(grant.sql("REVOKE", roles.role))
    try:
        return any(is_refused(roles.engine, grant, each, concerned[each]) for each in concerned)
    finally:
        roles.do(grant.sql("GRANT", roles.role))


def is_refused(engine: Engine, grant: Grant, statement: str, parameters: Any) -> bool:
    # A plan is refused as its execution would be; but only an INSERT itself asks a sequence.
    asked = statement if grant.kind == "SEQUENCE " else f"EXPLAIN {statement}"
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql(asked, parameters)
        except ProgrammingError as error:
            # In a schema that may not be used, there is no such table.
            unseen = {"42P01"} if grant.kind == "SCHEMA " else set()
            return getattr(error.orig, "sqlstate", "") in {"42501"} | unseen
        finally:
            connection.rollback()
    return False


@on_postgresql
def test_a_preview_runs_with_a_login_that_may_only_read(world: RunnersWorld, reader: Roles) -> None:
    rows = order_lines(3)
    world.add(*rows)
    world.run()
    change(world, rows[0], S=9)
    world.add(order_line(4), order_line(5, S=-1))
    executed = len(world.sandbox.executed)
    service = BatchService(world.settings_for(), engine=reader.engine, outside=world.outside)
    assert "denied" in str(service.process_customers().batches[0].error)
    found = service.preview(changes=True)
    assert (found.total("items"), found.total("sizes_changed"), found.invalid.total) == (1, 1, 1)
    assert len(world.sandbox.executed) == executed


def found_by_check(world: RunnersWorld, engine: Engine) -> tuple[Severity, str]:
    """Give what `check` finds of the login's permissions; the owner sees that nothing was written."""
    before = {name: world.database.count(name) for name in Base.metadata.tables}
    checked = BatchService(world.settings_for(), engine=engine, outside=world.outside).check()
    assert {name: world.database.count(name) for name in Base.metadata.tables} == before
    (found,) = (each for each in checked.findings if each.subject == "permissions of the database")
    return found.severity, found.message


@on_postgresql
def test_a_check_names_each_right_that_the_login_lacks_and_that_the_page_grants_a_runner(
    world: RunnersWorld, reader: Roles, runner: Roles
) -> None:
    fine = (Severity.OK, "the login may do what runs do")
    world.add(*order_lines(1))
    assert found_by_check(world, runner.engine) == found_by_check(world, runner.owner) == fine
    severity, words = found_by_check(world, reader.engine)
    assert severity is Severity.PROBLEM
    staging, production, imports = "STG_MON_CustMasterSchedule", "MON_CustMasterSchedule", "MON_BulkImport"
    assert f"INSERT, UPDATE, DELETE, USAGE of the sequence on {staging}, {staging}_Subitems" in words
    assert f"INSERT, UPDATE, DELETE on {production}, {production}_Subitems" in words
    assert f"SELECT, INSERT, UPDATE on MON_BatchProcessing, MON_BatchLease, {imports}" in words
    assert "ORDERS_UNIFIED" not in words
    for grant in grants(RUNNER, sqlserver=False):
        if grant.kind == "SCHEMA ":  # without it there is no revision, and nothing to look at
            continue
        right = Right(grant.privilege, re.sub(r"_(stg|err)_id_seq", "", grant.name).strip('"'))
        runner.do(grant.sql("REVOKE", RUNNER))
        assert missing(runner) == [right]
        runner.do(grant.sql("GRANT", RUNNER))
    assert missing(runner) == []


def missing(roles: Roles) -> list[Right]:
    with UnitOfWork(sessionmaker(roles.engine)) as uow:
        return uow.permissions.missing()


@on_postgresql
def test_the_sequence_of_an_identity_column_needs_no_right(world: RunnersWorld, runner: Roles) -> None:
    error, counted = '"ERR_MON_CustMasterSchedule"', '"ERR_MON_CustMasterSchedule_err_id_seq"'
    runner.do(
        f"ALTER TABLE {error} ALTER COLUMN err_id DROP DEFAULT",
        f"DROP SEQUENCE {counted}",
        f"ALTER TABLE {error} ALTER COLUMN err_id ADD GENERATED ALWAYS AS IDENTITY",
    )
    assert found_by_check(world, runner.engine)[0] is Severity.OK
    world.add(order_line(1, **{"CUSTOMER STYLE": None}))
    assert world.run().orders.invalid == 1


def test_a_check_asks_for_what_the_page_grants_and_for_no_more() -> None:
    for sqlserver in (False, True):
        granted = grants(RUNNER, sqlserver=sqlserver)
        on_tables = {(each.privilege, each.name.strip('[]"')) for each in granted if not each.kind}
        assert {(right, table) for table, rights in NEEDED.items() for right in rights} == on_tables


def test_sql_servers_grants_are_those_of_postgresql() -> None:
    on_tables = {
        (grant.privilege, grant.name.strip('"'))
        for grant in grants(RUNNER, sqlserver=False)
        if not grant.kind
    }
    assert {
        (grant.privilege, grant.name.strip("[]")) for grant in grants(RUNNER, sqlserver=True)
    } == on_tables
    assert {name for _, name in on_tables} == {"alembic_version", *Base.metadata.tables}


@on_postgresql
def test_a_deployer_adopts_and_upgrades_with_just_what_the_page_grants(deployer: Roles) -> None:
    deployer.do(*(each for each in statements(DEPLOYER) if "public" in each))
    build(deployer.engine)
    assert adopt(deployer.engine).current == "0002"
    schema.upgrade(deployer.engine)
    schema.require_head(deployer.engine)
