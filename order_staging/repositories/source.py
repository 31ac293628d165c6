"""ORDERS_UNIFIED: what is there, and what of it is new."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Date,
    Integer,
    MetaData,
    SelectBase,
    String,
    Table,
    and_,
    column,
    func,
    insert,
    inspect,
    or_,
    select,
)
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from order_staging.errors import ConfigurationError
from order_staging.models import OrdersUnified, ProductionOrder, StagedOrder, StagingStatus
from order_staging.repositories.base import avoid_nested_loops
from order_staging.repositories.source_uuids import TolerantUuid, doubled_uuids, identified, unidentified
from order_staging.repositories.streaming import dicts, streamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Dialect, Select
    from sqlalchemy.engine.interfaces import ReflectedColumn
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from order_staging.repositories.streaming import Pages

Selection = SelectBase
"""A query that selects UUIDs of source rows, for others to leave them out."""

TABLE = OrdersUnified.__tablename__
FIRST_SIZE_AFTER, LAST_SIZE_BEFORE = "UNIT OF MEASURE", "TOTAL QTY"
CUSTOMER, UUID_COLUMN = "CUSTOMER NAME", "record_uuid"


class TolerantDate(TypeDecorator[date]):
    """A date that comes back as it is where SQLite holds something else: the rules will say that it is none."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, which has no dates; DATE elsewhere."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:  # noqa: ANN401 - driver's
        """Write ISO text where dates are text."""
        return value.isoformat() if dialect.name == "sqlite" and isinstance(value, date) else value


@dataclass(frozen=True)
class SourceShape:
    """The columns that ORDERS_UNIFIED has at run time: all of them, and those that are sizes, in their order.

    `strays` are integer columns that nobody knows and that stand outside the sizes' place.
    """

    table: Table
    sizes: tuple[str, ...]
    strays: tuple[str, ...] = ()

    def require(self, columns: Iterable[str]) -> None:
        """Raise `ConfigurationError` that names the first of `columns` which is not there."""
        for name in columns:
            if name not in self.table.c:
                raise ConfigurationError(
                    f"the mapping reads {name!r}, which {TABLE} does not have; correct the mapping or the table"
                )

    def without_text(self, columns: Iterable[str]) -> list[str]:
        """Find those of `columns` that hold something else than text, such as numbers: texts of them differ."""
        types = {name: self.table.c[name].type for name in columns if name in self.table.c}
        return [name for name, held in types.items() if not isinstance(held, String | NullType)]


@dataclass(frozen=True)
class SourceFilter:
    """Which rows are meant: of these customers' names, and of a PO or a season where given.

    `names` are values of CUSTOMER NAME as they stand in the table, None for NULL; None instead of a list means all.
    """

    names: Sequence[str | None] | None = None
    po: str | None = None
    aag_season: str | None = None
    customer_season: str | None = None


@dataclass(frozen=True)
class Page:
    """A page of rows: after which UUID (None: the first page), how many, and whether to pass doubled UUIDs over."""

    after: UUID | None
    size: int
    without_doubled: bool = False
    rows_a_fetch: int | None = None
    """Rows that are fetched at a time; None: all at once."""
    left_out: Selection | None = None
    """Selects the UUIDs of new rows that are passed over, if any are."""


class SourceRepository:
    """Queries of ORDERS_UNIFIED, which another job fills; rows are dicts by column name."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def shape(self) -> SourceShape:
        """Look at the live table: new sizes appear without a release.

        Sizes are the integer columns between UNIT OF MEASURE and TOTAL QTY. Raises `ConfigurationError` without the
        table or without these two columns.
        """
        inspector = inspect(self.session.connection())
        if not inspector.has_table(TABLE):
            raise ConfigurationError(f"the database has no table {TABLE}; check ORDER_STAGING_DATABASE_URL")
        return _shape_of(tuple(_Found.of(each) for each in inspector.get_columns(TABLE)))

    def customer_names(self) -> list[str | None]:
        """List the customers' names as they stand in the table."""
        return list(self.session.scalars(select(OrdersUnified.customer_name).distinct()))

    def new_by_customer_name(self, wanted: SourceFilter) -> list[tuple[str | None, int]]:
        """Count the new rows of each customer's name."""
        name = OrdersUnified.customer_name
        query = select(name, func.count()).where(*matching(wanted), *undelivered()).group_by(name)
        return [(found, count) for found, count in self.session.execute(query)]

    def has_doubled_uuids(self) -> bool:
        """Tell whether any UUID stands on several rows; there should be none."""
        # Counted, and not read: what is doubled need not be a UUID.
        first = doubled_uuids().limit(1).subquery("doubled")
        return bool(self.session.scalar(select(func.count()).select_from(first)))

    def new_rows(
        self,
        shape: SourceShape,
        columns: Sequence[str],
        wanted: SourceFilter,
        page: Page,
        uuids: Sequence[UUID] | None = None,
    ) -> Pages:
        """Stream the new rows that have a UUID, in the order of the UUIDs, `page.size` of them at a time.

        New means: neither staged nor in production. `uuids` narrows to these rows, at most 1,000. The table is
        gone through once, by one statement. Nothing else may be done in this session until the last row is read,
        but other connections may write what they like.
        """
        uuid = OrdersUnified.record_uuid
        query = selecting(shape, [UUID_COLUMN, *columns])
        query = query.where(*matching(wanted), *undelivered(), identified())
        if page.after is not None:
            query = query.where(uuid > page.after)
        if page.without_doubled:
            query = query.where(uuid.not_in(doubled_uuids()))
        if uuids is not None:
            query = query.where(uuid.in_(uuids))
        if page.left_out is not None:
            query = query.where(uuid.not_in(page.left_out))
            avoid_nested_loops(self.session)
        return streamed(self.session, query, "new_rows", page.size, order_by=UUID_COLUMN)

    def rows_of(
        self, shape: SourceShape, columns: Sequence[str], uuids: Sequence[UUID]
    ) -> dict[UUID, list[dict[str, Any]]]:
        """Read rows by their UUIDs, at most 1,000 and whoever's they are; a UUID may stand on several."""
        found: dict[UUID, list[dict[str, Any]]] = {}
        query = selecting(shape, columns).where(OrdersUnified.record_uuid.in_(uuids))
        result = self.session.execute(query)
        for row in dicts(result.keys(), result):
            found.setdefault(row[UUID_COLUMN], []).append(row)
        return found

    def unidentified_rows(
        self, shape: SourceShape, columns: Sequence[str], wanted: SourceFilter, page: Page
    ) -> Pages:
        """Stream the rows that no UUID identifies, `page.size` of them at a time, as `new_rows` does.

        They have none, something else instead (of which SQLite takes any), or, where `page` leaves those out, one
        that stands on several rows.
        """
        query = selecting(shape, columns).where(*matching(wanted), unidentified(doubled=page.without_doubled))
        return streamed(self.session, query, "unidentified_rows", page.size)

    def count_unidentified(self, wanted: SourceFilter, *, doubled: bool) -> int:
        """Count the rows that `unidentified_rows` reads: with those that share a UUID if `doubled`."""
        query = select(func.count()).select_from(OrdersUnified)
        query = query.where(*matching(wanted), unidentified(doubled=doubled))
        return self.session.scalar(query) or 0

    def add(self, shape: SourceShape, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows: for demonstrations and tests, as in production another job fills the table."""
        names = {name for row in rows for name in row}
        if rows:
            complete = [{name: row.get(name) for name in names} for row in rows]
            self.session.execute(insert(shape.table), complete)


@dataclass(frozen=True)
class _Found:
    """A column of the live table; two are the same if their types have the same name and sizes."""

    name: str
    kind: tuple[object, ...]
    type: TypeEngine[Any] = field(compare=False)

    @classmethod
    def of(cls, column: ReflectedColumn) -> _Found:
        found = column["type"]
        sizes = (getattr(found, name, None) for name in ("length", "precision", "scale"))
        return cls(column["name"], (type(found), *sizes), found)


@lru_cache(maxsize=8)
def _shape_of(found: tuple[_Found, ...]) -> SourceShape:
    """Tell the shape of a table with these columns: the same one over and over, as it hardly changes."""
    names = [each.name for each in found]
    for border in (FIRST_SIZE_AFTER, LAST_SIZE_BEFORE):
        if border not in names:
            raise ConfigurationError(
                f"{TABLE} has no column {border!r}, which tells where its sizes are; add it"
            )
    between = found[names.index(FIRST_SIZE_AFTER) + 1 : names.index(LAST_SIZE_BEFORE)]
    sizes = tuple(each.name for each in between if isinstance(each.type, Integer))
    columns = [Column(each.name, _type_of(each.name, each.type)) for each in found]
    known = {*sizes, *(column.name for column in OrdersUnified.__table__.c)}
    strays = (each.name for each in found if isinstance(each.type, Integer))
    return SourceShape(
        Table(TABLE, MetaData(), *columns), sizes, tuple(name for name in strays if name not in known)
    )


def _type_of(name: str, reflected: TypeEngine[Any]) -> TypeEngine[Any]:
    if name == UUID_COLUMN:
        return TolerantUuid()
    return TolerantDate() if isinstance(reflected, Date) else reflected


def selecting(shape: SourceShape, columns: Sequence[str]) -> Select[Any]:
    """Select columns of ORDERS_UNIFIED and its sizes."""
    names = dict.fromkeys([*columns, *shape.sizes])
    return select(*(column(name, shape.table.c[name].type) for name in names)).select_from(OrdersUnified)


def matching(wanted: SourceFilter) -> list[ColumnElement[bool]]:
    """Tell which rows of ORDERS_UNIFIED are meant."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.names is not None:
        named = [name for name in wanted.names if name is not None]
        one_of = OrdersUnified.customer_name.in_(named)
        unnamed = None in wanted.names
        conditions.append(or_(one_of, OrdersUnified.customer_name.is_(None)) if unnamed else one_of)
    filtered = (
        (OrdersUnified.po_number, wanted.po),
        (OrdersUnified.aag_season, wanted.aag_season),
        (OrdersUnified.customer_season, wanted.customer_season),
    )
    return conditions + equal_text(filtered)


def equal_text(
    columns: Iterable[tuple[InstrumentedAttribute[str | None], str | None]],
) -> list[ColumnElement[bool]]:
    """Compare columns with the values that are given, without regard to case and outer blanks."""
    return [
        func.upper(func.ltrim(func.rtrim(column))) == func.upper(value.strip())
        for column, value in columns
        if value is not None
    ]


def undelivered() -> list[ColumnElement[bool]]:
    """Tell which rows of ORDERS_UNIFIED are new: neither staged nor in production."""
    uuid = OrdersUnified.record_uuid
    # That they are not NULL goes without saying, but for SQL Server, whose filtered indexes want to hear it.
    landed = and_(ProductionOrder.source_uuid == uuid, ProductionOrder.source_uuid.is_not(None))
    staged = and_(
        StagedOrder.source_uuid == uuid,
        StagedOrder.source_uuid.is_not(None),
        StagedOrder.stg_status != StagingStatus.VALIDATION_FAILED,
    )
    return [
        ~select(ProductionOrder.item_id).where(landed).exists(),
        ~select(StagedOrder.stg_id).where(staged).exists(),
    ]
