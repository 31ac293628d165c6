"""The tables at each revision, read from the migrations themselves: they run, and nothing is executed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.ddl.impl import DefaultImpl
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Index, MetaData

from order_staging import schema
from order_staging.adoption.facts import ColumnFacts, IndexFacts, TableFacts
from order_staging.models import OrdersUnified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, Dialect, Table

SOURCE = OrdersUnified.__tablename__


@dataclass(frozen=True)
class Revision:
    """A revision, and this project's tables as it leaves them; ORDERS_UNIFIED is not among them."""

    name: str
    tables: Mapping[str, Table]

    def facts(self, dialect: Dialect) -> list[TableFacts]:
        """Describe the tables as they are on an engine."""
        return [described(table, dialect) for table in self.tables.values()]


class Recorder(DefaultImpl):
    """Takes down what migrations do to tables, columns and indexes; what they do to rows is none of its business.

    A kind of operation that it does not know would make its last revision differ from the models, which a test
    compares.
    """

    def __init__(self, dialect: Dialect) -> None:
        """Begin without any table."""
        super().__init__(
            dialect, None, as_sql=True, transactional_ddl=True, output_buffer=None, context_opts={}
        )
        self.tables: dict[str, Table] = {}
        self._changed: set[str] = set()
        self._revisions: list[Revision] = []

    def create_table(self, table: Table, **_: Any) -> None:  # noqa: ANN401 - Alembic's
        """Take a table down."""
        if table.name != SOURCE:
            self.tables[table.name] = table
            self._changed.add(table.name)

    def drop_table(self, table: Table, **_: Any) -> None:  # noqa: ANN401 - Alembic's
        """Forget a table."""
        del self.tables[table.name]

    def add_column(self, table_name: str, column: Column[Any], **_: Any) -> None:  # noqa: ANN401 - Alembic's
        """Take a column down."""
        self._altered(table_name).append_column(column._copy())  # noqa: SLF001 - as SQLAlchemy's own to_metadata

    def drop_column(self, table_name: str, column: Column[Any], **_: Any) -> None:  # noqa: ANN401 - Alembic's
        """Forget a column."""
        old = self._altered(table_name)
        kept = [each._copy() for each in old.columns if each.name != column.name]  # noqa: SLF001 - as above
        self.tables[table_name] = _rebuilt(old, kept, old.indexes)

    def create_index(self, index: Index, **_: Any) -> None:  # noqa: ANN401 - Alembic's
        """Take an index down."""
        if index.table is not None and index.table.name in self.tables:
            _index_on(self._altered(index.table.name), index)

    def drop_index(self, index: Index, **_: Any) -> None:  # noqa: ANN401 - Alembic's
        """Forget an index."""
        for name, table in self.tables.items():
            for each in [each for each in table.indexes if each.name == index.name]:
                table.indexes.remove(each)
                self._changed.add(name)

    def execute(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - Alembic's
        """Leave rows alone."""

    def _exec(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - Alembic's
        """Leave Alembic's own table, and every other construct, alone."""

    def static_output(self, text: str) -> None:
        """Print nothing."""

    def end_revision(self, name: str) -> None:
        """Keep the tables as a revision leaves them."""
        before = self._revisions[-1].tables if self._revisions else {}
        now = {
            name: table.to_metadata(MetaData()) if name in self._changed else before[name]
            for name, table in self.tables.items()
        }
        self._revisions.append(Revision(name, now))
        self._changed.clear()

    def revisions(self) -> tuple[Revision, ...]:
        """Give the revisions taken down, the oldest first."""
        return tuple(self._revisions)

    def _altered(self, name: str) -> Table:
        self._changed.add(name)
        return self.tables[name]


def revisions(dialect: Dialect) -> tuple[Revision, ...]:
    """Run all migrations for an engine without a database, and tell the tables after each, the oldest first.

    Alembic's environment is global to the process: the caller has `schema.one_at_a_time`.
    """
    recorder = Recorder(dialect)
    scripts = schema.scripts()
    context = MigrationContext.configure(dialect_name=dialect.name, opts={"as_sql": True})
    context.impl = recorder
    with EnvironmentContext(schema.configuration(), scripts, as_sql=True), Operations.context(context):
        for script in reversed(list(scripts.walk_revisions())):
            script.module.upgrade()
            recorder.end_revision(script.revision)
    return recorder.revisions()


def described(table: Table, dialect: Dialect) -> TableFacts:
    """Describe a table as it is on an engine."""
    return TableFacts(
        table.name,
        tuple(
            ColumnFacts(
                column.name,
                column.type.compile(dialect=dialect),
                bool(column.nullable),
                filled=column.server_default is not None or column is table.autoincrement_column,
            )
            for column in table.columns
        ),
        tuple(
            IndexFacts(
                str(index.name),
                tuple(column.name for column in index.columns),
                bool(index.unique),
                filtered=filter_of(index, dialect) is not None,
            )
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ),
    )


def filter_of(index: Index, dialect: Dialect) -> Any:  # noqa: ANN401 - a condition
    """Give an index's WHERE on an engine; None where it has none."""
    return index.dialect_kwargs.get(f"{dialect.name}_where")


def _index_on(table: Table, index: Index) -> None:
    columns = (table.c[column.name] for column in index.columns)
    Index(index.name, *columns, unique=bool(index.unique), **index.dialect_kwargs)


def _rebuilt(old: Table, columns: list[Column[Any]], indexes: set[Index]) -> Table:
    new = type(old)(old.name, MetaData(), *columns)
    for index in indexes:
        if all(column.name in new.c for column in index.columns):
            _index_on(new, index)
    return new
