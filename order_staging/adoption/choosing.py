"""Which revision a database is at, by what is really there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from order_staging.adoption.comparing import Difference, DifferenceKind, compare
from order_staging.adoption.facts import folded, meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from order_staging.adoption.facts import TableFacts

    Place = tuple[str, str, str]
    """Table, column and index, each "" where a place has none; names as the engine tells them apart."""
    Things = Mapping[Place, "Thing"]

OF_INDEXES = {DifferenceKind.MISSING_INDEX, DifferenceKind.INDEX}


@dataclass(frozen=True, slots=True)
class Stage:
    """A revision, and the tables as it leaves them."""

    revision: str
    tables: Sequence[TableFacts]


@dataclass(frozen=True, slots=True)
class Piece:
    """A table, or a column or an index of it (then `name` is its name), and the revision that brings it."""

    revision: str
    table: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a database is.

    `reached` is the newest revision all of whose pieces are there, as are those of each earlier one but the first.
    `early` are pieces of later revisions, there although others are not (of a new table, the table alone): an
    upgrade would stop at them. `differences` are those from `compared_with`: `reached`, or the newest revision of
    which a piece is there. Each is told with the revision that brings its place. `left_alone` are columns that are
    not ours.
    """

    reached: str
    compared_with: str
    differences: tuple[tuple[str, Difference], ...]
    early: tuple[Piece, ...]
    left_alone: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """What stands at a place: its names, and of a column what its type means and whether it takes NULL."""

    table: str
    name: str
    shape: tuple[str, bool] | None = None
    spared: bool = False
    """An index that is not unique: runs work without."""


def judge(engine: str, stages: Sequence[Stage], found: Sequence[TableFacts]) -> Verdict:
    """Compare a database with the revisions, the oldest first."""
    there = _things(engine, found)
    wanted = [_things(engine, stage.tables) for stage in stages]
    reached = 0
    while reached + 1 < len(stages) and _is_done(wanted[reached], wanted[reached + 1], there):
        reached += 1
    origins: dict[Place, int] = {}
    for number, things in enumerate(wanted):
        for place in things:
            origins.setdefault(place, number)
    early = {
        place: number
        for place, number in origins.items()
        if number > reached and place in there and not _is_within_a_new_table(place, number, origins)
    }
    newest = max(early.values(), default=reached)
    differences = [*compare(engine, stages[newest].tables, found), *_left_over(wanted[: newest + 1], there)]
    return Verdict(
        stages[reached].revision,
        stages[newest].revision,
        tuple((stages[_origin(engine, each, origins)].revision, each) for each in differences),
        tuple(Piece(stages[n].revision, wanted[n][at].table, wanted[n][at].name) for at, n in early.items()),
        tuple(_not_ours(wanted[-1], there)),
    )


def _things(engine: str, tables: Iterable[TableFacts]) -> Things:
    things: dict[Place, Thing] = {}
    for table in tables:
        name = folded(engine, table.name)
        things[name, "", ""] = Thing(table.name, "")
        for column in table.columns:
            shape = (meaning(engine, column.type), column.nullable)
            things[name, folded(engine, column.name), ""] = Thing(table.name, column.name, shape)
        for index in table.indexes:
            things[name, "", folded(engine, index.name)] = Thing(
                table.name, index.name, spared=not index.unique
            )
    return things


def _is_done(before: Things, after: Things, there: Things) -> bool:
    """Tell whether a revision's work is done; one that leaves no trace in the tables is better done again."""
    brought = after.keys() - before.keys()
    taken = before.keys() - after.keys()
    altered = {place for place in after.keys() & before.keys() if after[place] != before[place]}
    # A revision that brings nothing else is known by what is spared.
    needed = {place for place in brought if not after[place].spared} or brought
    return (
        bool(brought or taken or altered)
        and needed <= there.keys()
        and not taken & there.keys()
        and all(place in there and there[place].shape == after[place].shape for place in altered)
    )


def _is_within_a_new_table(place: Place, number: int, origins: Mapping[Place, int]) -> bool:
    table = (place[0], "", "")
    return place != table and origins[table] == number


def _left_over(wanted: Sequence[Things], there: Things) -> Iterator[Difference]:
    for place in dict.fromkeys(place for things in wanted for place in things):
        if place in there and place not in wanted[-1]:
            thing = there[place]
            yield Difference(
                DifferenceKind.LEFT_OVER, thing.table, thing.name, "nothing", "what an older revision had"
            )


def _origin(engine: str, difference: Difference, origins: Mapping[Place, int]) -> int:
    table, name = folded(engine, difference.table), folded(engine, difference.name)
    place = (table, "", name) if difference.kind in OF_INDEXES else (table, name, "")
    # What is not ours stands in the way of the first revision that has its table.
    return origins.get(place, origins.get((table, "", ""), 0))


def _not_ours(ours: Things, there: Things) -> Iterator[Piece]:
    for place, thing in there.items():
        if place[1] and place not in ours and (place[0], "", "") in ours:
            yield Piece("", thing.table, thing.name)
