"""INSERTs of many rows: SQLAlchemy writes the statement and says how values travel, the driver gets tuples.

SQLAlchemy's own way makes a dict of every row's parameters and a tuple of that dict: it took longer than the
database did (docs/performance.md).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby, repeat
from operator import is_, itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Uuid, insert, inspect

from order_staging.models import Base
from order_staging.models.types import UuidText
from order_staging.postgres import COPY, copy_statement
from order_staging.sqlserver import PARAMETER_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Dialect
    from sqlalchemy.orm import Session
    from sqlalchemy.types import TypeEngine

REMEMBERED = 1024
"""Values of a column whose conversion is kept: dates and prices repeat."""


def insert_rows(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, given as two attributes or more by name, in the session's transaction.

    Raises `KeyError` for a name that the model does not have.
    """
    session.flush()
    connection = session.connection()
    for names, some in groupby(rows, key=tuple):
        insertion = _insertion(model, names, connection.dialect)
        connection.exec_driver_sql(
            insertion.sql, insertion.parameters(list(some)), execution_options=insertion.options
        )


class Insertion:
    """An INSERT of some attributes of a model: its SQL, and the types of its parameters in their order.

    Raises `KeyError` for a name that the model does not have.
    """

    def __init__(self, model: type[Base], names: Sequence[str], dialect: Dialect) -> None:
        attributes = {column.columns[0].key: column.key for column in inspect(model).column_attrs}
        if unknown := sorted(set(names) - set(attributes.values())):
            raise KeyError(f"{model.__name__} has no {', '.join(unknown)}")
        keys = [key for key, name in attributes.items() if name in names]
        # Inline: without it a single row would be asked for its id.
        statement = insert(Base.metadata.tables[model.__tablename__]).inline()
        compiled = statement.compile(dialect=_positional(dialect), column_keys=keys)
        places = compiled.positiontup or []
        self.sql = str(compiled)
        copy = copy_statement(model.__tablename__, places)
        self.types = [compiled.binds[place].type for place in places]
        self.options = {PARAMETER_TYPES: self.types, COPY: copy}
        """How the drivers of SQL Server and PostgreSQL send it in bulk."""
        self._values: Callable[[dict[str, Any]], Any] = itemgetter(*(attributes[place] for place in places))
        converters = (_converter(type_, dialect) for type_ in self.types)
        self._converters = [(place, found) for place, found in enumerate(converters) if found is not None]

    def parameters(self, rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
        """Make the driver's parameters, converted a column at a time."""
        found = list(zip(*map(self._values, rows), strict=True))
        columns: list[Iterable[Any]] = [*found]
        for place, convert in self._converters:
            columns[place] = _converted(found[place], convert)
        return list(zip(*columns, strict=True))


@lru_cache(maxsize=64)
def _insertion(model: type[Base], names: tuple[str, ...], dialect: Dialect) -> Insertion:
    return Insertion(model, names, dialect)


def _positional(dialect: Dialect) -> Dialect:
    """Give a dialect whose parameters are numbered by their place: psycopg's go by name unless told otherwise."""
    if dialect.positional:
        return dialect
    positional: type[Any] = type(dialect)
    return positional(paramstyle="format")  # type: ignore[no-any-return] # a dialect's own constructor


def _converter(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Find what converts values for the driver, if anything has to; it remembers the last of them.

    But not UUIDs, which hardly repeat, and whose hash takes as long as their conversion.
    """
    convert = type_.dialect_impl(dialect).bind_processor(dialect)
    if convert is None or isinstance(type_, Uuid | UuidText):
        return convert
    return lru_cache(REMEMBERED, typed=True)(convert)


def _converted(values: Sequence[Any], convert: Callable[[Any], Any]) -> Iterable[Any]:
    """Convert a column; what is the very same in all rows, such as a batch's id, only once."""
    if all(map(is_, values, repeat(values[0]))):
        return repeat(convert(values[0]), len(values))
    return map(convert, values)
