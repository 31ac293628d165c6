"""The adoption itself: under the deployers' lock, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select

from order_staging import schema
from order_staging.adoption.choosing import Stage, judge
from order_staging.adoption.comparing import NOTHING, DifferenceKind
from order_staging.adoption.history import SOURCE, filter_of, revisions
from order_staging.adoption.reflecting import default_schema, has_table, reflect
from order_staging.adoption.remedies import remedy
from order_staging.adoption.results import Adoption, AdoptionStatus, Doubled, Told
from order_staging.errors import NothingToAdoptError, RevisionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Engine, Index

    from order_staging.adoption.choosing import Verdict
    from order_staging.adoption.history import Revision


def adopt(engine: Engine, *, force: bool = False) -> Adoption:
    """Compare a database with the revisions, and stamp it with the newest one that is really there.

    It is stamped only if it fits, or by `force`. Two at once do no harm. Raises `NothingToAdoptError` where none of
    the tables is there, `RevisionError` where another program's Alembic has the database, `PersistenceError` where
    it cannot be read.
    """
    if schema.is_absent(engine):
        raise NothingToAdoptError("")
    with schema.one_at_a_time(engine) as connection:
        context = MigrationContext.configure(connection)
        if present := context.get_current_heads():
            return _already(present)
        known = {each.name: each for each in revisions(engine.dialect)}
        head = known[schema.head()]
        found = reflect(connection, head.tables)
        if not found:
            raise NothingToAdoptError(default_schema(connection))
        stages = [Stage(name, each.facts(engine.dialect)) for name, each in known.items()]
        verdict = judge(engine.dialect.name, stages, found)
        differences = (
            *_without_source(connection, stages[0].revision),
            *_told(connection, verdict, known[verdict.compared_with]),
        )
        fits = not verdict.early and not any(each.grave for each in differences)
        if fits or force:
            context.stamp(schema.scripts(), verdict.reached)
        return Adoption(
            AdoptionStatus.ADOPTED if fits else AdoptionStatus.FORCED if force else AdoptionStatus.DIFFERS,
            current=verdict.reached if fits or force else None,
            head=head.name,
            reached=verdict.reached,
            compared_with=verdict.compared_with,
            differences=differences,
            early=verdict.early,
            doubled=tuple(_doubled(connection, known[verdict.reached], head)) if fits else (),
            left_alone=verdict.left_alone,
        )


def _already(present: Sequence[str]) -> Adoption:
    known = {script.revision for script in schema.scripts().walk_revisions()}
    unknown = sorted(set(present) - known)
    if unknown:
        raise RevisionError(
            f"the table alembic_version says {', '.join(unknown)}, which this version does not know; "
            "install the version that does, or give this library a database (or schema) of its own"
        )
    return Adoption(AdoptionStatus.ALREADY, present[0], schema.head())


def _without_source(connection: Connection, revision: str) -> Iterator[Told]:
    if not has_table(connection, SOURCE):
        yield Told(
            revision,
            DifferenceKind.MISSING_TABLE,
            SOURCE,
            name="",
            expected="a table",
            found=NOTHING,
            grave=True,
            remedy="let the job that fills it make it: nothing can be loaded without",
        )


def _told(connection: Connection, verdict: Verdict, compared: Revision) -> Iterator[Told]:
    for revision, each in verdict.differences:
        yield Told(
            revision,
            each.kind,
            each.table,
            each.name,
            each.expected,
            each.found,
            each.grave,
            remedy(each, compared.tables, connection.dialect),
        )


def _doubled(connection: Connection, here: Revision, head: Revision) -> Iterator[Doubled]:
    """Look for rows that the unique indexes to come will refuse, where their columns are there already."""
    for table in head.tables.values():
        old = here.tables.get(table.name)
        if old is None:
            continue
        present = {index.name for index in old.indexes}
        for index in table.indexes:
            columns = tuple(column.name for column in index.columns)
            to_come = index.unique and index.name not in present and all(name in old.c for name in columns)
            if to_come and (values := _count_doubled(connection, index)):
                yield Doubled(table.name, columns, values)


def _count_doubled(connection: Connection, index: Index) -> int:
    condition = filter_of(index, connection.dialect)
    several = select(*index.columns).group_by(*index.columns).having(func.count() > 1)
    if condition is not None:
        several = several.where(condition)
    return connection.scalar(select(func.count()).select_from(several.subquery())) or 0
