"""The small generic base of the repositories."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Unicode, case, delete, func, inspect, literal, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from order_staging.models import Base
from order_staging.repositories.bulk import insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session
    from sqlalchemy.sql.compiler import SQLCompiler

NESTED_LOOPS, OF_THE_TRANSACTION = "enable_nestloop", True
"""PostgreSQL's setting of its planner, and how long it is changed: `set_config` takes it as its last argument."""
CASES_A_STATEMENT = 250
"""Rows of one UPDATE that changes two values of each: SQL Server takes at most 2,100 parameters."""

Model = TypeVar("Model", bound=Base)
T = TypeVar("T")


@dataclass(frozen=True)
class Span:
    """Rows of a table by their ids, both ends included."""

    first: int
    last: int


class Repository(Generic[Model]):
    """What the repositories of single tables have in common; it never commits."""

    def __init__(self, session: Session, model: type[Model]) -> None:
        """Work on a table within a session that a unit of work owns."""
        self.session = session
        self.model = model

    def count(self) -> int:
        """Count the table's rows."""
        return self.session.scalar(select(func.count()).select_from(self.model)) or 0

    def insert(self, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows, given as attribute names and values."""
        if rows:
            insert_rows(self.session, self.model, rows)

    def update(self, rows: Sequence[dict[str, Any]]) -> None:
        """Update rows by their key, which each of `rows` must have beside what changes."""
        if rows:
            self.session.execute(update(self.model), rows)

    def change(self, *where: ColumnElement[bool], **values: Any) -> int:  # noqa: ANN401 - column values
        """Set values on all rows that match, and tell how many there were."""
        statement = update(self.model).where(*where).values(**values)
        result = self.session.execute(statement, execution_options={"synchronize_session": False})
        return result.rowcount  # type: ignore[attr-defined, no-any-return] # an UPDATE's result is a cursor's

    def delete(self, *where: ColumnElement[bool]) -> int:
        """Delete all rows that match, and tell how many there were."""
        statement = delete(self.model).where(*where)
        result = self.session.execute(statement, execution_options={"synchronize_session": False})
        return result.rowcount  # type: ignore[attr-defined, no-any-return] # a DELETE's result is a cursor's


def avoid_nested_loops(session: Session) -> str | None:
    """Have PostgreSQL compare no row with each row for the rest of a transaction; give its setting before.

    Its statistics know of no row whose UUID the source lacks: it expects one orphan, and a rebuilt source has all
    of them. Other engines plan well: None.
    """
    if session.get_bind().dialect.name != "postgresql":
        return None
    before = session.scalar(select(func.current_setting(NESTED_LOOPS)))
    session.execute(select(func.set_config(NESTED_LOOPS, "off", OF_THE_TRANSACTION)))
    return str(before)


@contextmanager
def without_nested_loops(session: Session) -> Iterator[None]:
    """Avoid nested loops for a `with` block; a transaction that fails there has its setting back by itself."""
    before = avoid_nested_loops(session)
    yield
    if before is not None:
        session.execute(select(func.set_config(NESTED_LOOPS, before, OF_THE_TRANSACTION)))


def update_many(session: Session, key: InstrumentedAttribute[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Update rows by a column without an index, many in one go over the table.

    Each of `rows` has the value of `key`, and what changes: the same attributes in all of them.
    """
    table = Base.metadata.tables[key.class_.__tablename__]
    for some in chunks(rows, CASES_A_STATEMENT):
        ours = [(key == literal(row[key.key], key.type), row) for row in some]
        changed = {}
        for name in some[0].keys() - {key.key}:
            column = inspect(key.class_).column_attrs[name].columns[0]
            changed[column.name] = case(*((is_it, literal(row[name], column.type)) for is_it, row in ours))
        of_some = key.in_([row[key.key] for row in some])
        session.execute(update(table).where(of_some).values(changed))


class exactly(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """A text that is compared letter by letter, whatever the database's collation says.

    SQL Server's collations take "Fall" for "FALL", as a rule; a board's groups and names are two.
    """

    inherit_cache = True
    type = Unicode()


_LETTER_BY_LETTER = {"mssql": "Latin1_General_100_BIN2", "postgresql": '"C"', "sqlite": "BINARY"}


@compiles(exactly)
def _collated(element: exactly, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    inner = compiler.process(element.clauses, **options)
    collation = _LETTER_BY_LETTER.get(compiler.dialect.name)
    return f"({inner} COLLATE {collation})" if collation else inner


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces: SQL Server takes at most 2,100 parameters a statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
