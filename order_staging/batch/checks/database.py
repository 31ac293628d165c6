"""Findings about the database: its revision, its tables, and what is in ORDERS_UNIFIED. It is read, and no more."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from order_staging import schema
from order_staging.batch.checks.findings import Finding, listed, note, ok, problem, warning
from order_staging.batch.preflight import incomparable
from order_staging.database import database_errors
from order_staging.models import Base, OrdersUnified
from order_staging.repositories.permissions import NUMBER
from order_staging.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

    from order_staging.batch.checks.demand import Demand
    from order_staging.repositories import Right, SourceShape
    from order_staging.transform import BoardMapping
    from order_staging.unit_of_work import UnitOfWork

SOURCE, PERMISSIONS = OrdersUnified.__tablename__, "permissions of the database"
UPGRADE = "run: order-staging db upgrade"


@dataclass(frozen=True)
class DatabaseView:
    """What was found, and whether more can be looked at: `exists` for the source, `at_head` for our tables."""

    findings: list[Finding]
    exists: bool
    at_head: bool


@dataclass(frozen=True)
class SourceView:
    """What was found in ORDERS_UNIFIED; `complete` says whether the rules can read its rows."""

    findings: list[Finding]
    shape: SourceShape
    doubled: bool
    complete: bool


def look_at_database(engine: Engine) -> DatabaseView:
    """Look at the revision and the tables. Raises `PersistenceError` where the database cannot be read."""
    found, head = schema.current(engine), schema.head()
    if found != head:
        message = f"{engine.dialect.name}, at revision {found or 'none'}; this version needs {head}"
        return DatabaseView([problem("database", message, UPGRADE)], exists=found is not None, at_head=False)
    reached = ok("database", f"{engine.dialect.name}, at revision {found}, the newest")
    lacking = list(_lacking(engine))
    return DatabaseView([reached, *lacking], exists=True, at_head=not lacking)


def look_at_permissions(uow: UnitOfWork) -> Finding:
    """Find out whether this login may do what runs do, without trying. The tables must be there."""
    if file := uow.permissions.unwritable_file():
        return problem(
            PERMISSIONS,
            f"{file} cannot be written by this user, and a run would be refused",
            "let this user write the file and its folder, without mode=ro in ORDER_STAGING_DATABASE_URL",
        )
    return permission_finding(uow.permissions.missing())


def permission_finding(missing: Sequence[Right]) -> Finding:
    """Say which rights a runner's login lacks, the tables of the same rights together."""
    if not missing:
        return ok(PERMISSIONS, "the login may do what runs do")
    lacking: defaultdict[str, list[str]] = defaultdict(list)
    for right in missing:
        lacking[right.table].append("USAGE of the sequence" if right.name == NUMBER else right.name)
    tables: defaultdict[str, list[str]] = defaultdict(list)
    for name, rights in lacking.items():
        tables[", ".join(rights)].append(name)
    said = "; ".join(f"{rights} on {', '.join(names)}" for rights, names in tables.items())
    return problem(
        PERMISSIONS,
        f"a run would be refused, as the login lacks {said}",
        "grant what docs/database.md#permissions lists for a runner, or use the runner's login",
    )


def look_at_source(mapping: BoardMapping, uow: UnitOfWork) -> SourceView:
    """Compare ORDERS_UNIFIED with the mapping. Raises `ConfigurationError` where it cannot be the source at all."""
    shape = uow.source.shape()
    missing = [name for name in mapping.source_columns if name not in shape.table.c]
    doubled = uow.source.has_doubled_uuids() if not missing else False
    findings = [
        problem(
            SOURCE, f"the mapping reads {name!r}, which it does not have", "correct the mapping or the table"
        )
        for name in missing
    ]
    findings += (unfit := incomparable(mapping, shape))
    findings += [
        warning(
            SOURCE,
            f"the integer column {name!r} stands outside the sizes' place, and is none",
            "if it is a size, let the job that fills the table put it between UNIT OF MEASURE and TOTAL QTY",
        )
        for name in shape.strays
    ]
    if doubled:
        findings.append(
            warning(SOURCE, "several rows share one record_uuid, and are invalid", "give each row its own")
        )
    if not missing and not unfit:
        findings.insert(0, ok(SOURCE, f"it has every column of the mapping, and {len(shape.sizes)} sizes"))
    return SourceView(findings, shape, doubled, complete=not missing)


def demand_findings(demand: Demand) -> list[Finding]:
    """Say how much waits to be brought to the board."""
    rows = counted(demand.orders, "order line", "order lines")
    sizes = counted(demand.subitems, "size", "sizes")
    waiting = ok("orders", f"{rows} and {sizes} are new or staged")
    if not demand.invalid:
        return [waiting]
    return [
        waiting,
        note(
            "orders",
            f"{counted(demand.invalid, 'new row is', 'new rows are')} invalid and would go to the ERR table",
            "after a run, `order-staging errors` says why",
        ),
    ]


def _lacking(engine: Engine) -> Iterator[Finding]:
    with database_errors():
        inspector = inspect(engine)
        present = set(inspector.get_table_names())
        for table in Base.metadata.sorted_tables:
            if table.name == SOURCE:
                continue
            found = (
                {each["name"] for each in inspector.get_columns(table.name)}
                if table.name in present
                else set()
            )
            missing = [column.name for column in table.c if column.name not in found]
            if missing:
                what = "is not there" if not found else f"lacks {listed(missing)}"
                yield problem("tables", f"{table.name} {what}", "put it right as the migrations have it")
