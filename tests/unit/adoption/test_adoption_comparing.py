"""What differs between tables, and which revision that makes: decided over plain descriptions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from order_staging.adoption.choosing import Piece, Stage, judge
from order_staging.adoption.comparing import Difference, DifferenceKind, compare
from order_staging.adoption.facts import ColumnFacts, IndexFacts, TableFacts, meaning

ID = ColumnFacts("id", "BIGINT", nullable=False, filled=True)
RATE = ColumnFacts("75% (USD) it's", "DECIMAL(18,4)", nullable=True, filled=False)
STATUS = ColumnFacts("status", "NVARCHAR(20)", nullable=False, filled=True)
PLAIN = IndexFacts("IX_status", ("status",), unique=False, filtered=False)
UNIQUE = IndexFacts("UX_id", ("id",), unique=True, filtered=True)
TABLE = TableFacts("Rows", (ID, RATE, STATUS), (PLAIN, UNIQUE))


def with_column(column: ColumnFacts, instead_of: ColumnFacts) -> TableFacts:
    columns = tuple(column if each == instead_of else each for each in TABLE.columns)
    return replace(TABLE, columns=columns)


def only(found: TableFacts, engine: str = "mssql") -> Difference:
    (difference,) = compare(engine, [TABLE], [found])
    return difference


@pytest.mark.parametrize(
    ("engine", "one", "other"),
    [
        ("mssql", "NUMERIC(18, 4)", "DECIMAL(18,4)"),
        ("mssql", "NVARCHAR(max)", "NVARCHAR(MAX)"),
        ("mssql", "INTEGER", "INT"),
        ("mssql", "DATETIME2", "DATETIME2(7)"),
        ("mssql", "NVARCHAR(200)", "NVARCHAR(200) COLLATE SQL_Latin1_General_CP1_CI_AS"),
        ("postgresql", "TEXT", "VARCHAR"),
        ("postgresql", "NUMERIC(18, 4)", "DECIMAL(18,4)"),
        ("postgresql", "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP(6) WITHOUT TIME ZONE"),
        ("sqlite", "TEXT", "NVARCHAR(MAX)"),
        ("sqlite", "VARCHAR(20)", "nvarchar(255)"),
        ("sqlite", "BIGINT", "INT"),
        ("sqlite", "DATETIME", "DATETIME2"),
        ("sqlite", "BOOLEAN", "BIT"),
    ],
)
def test_types_that_hold_the_same_values_mean_the_same(engine: str, one: str, other: str) -> None:
    assert meaning(engine, one) == meaning(engine, other)


@pytest.mark.parametrize(
    ("engine", "one", "other"),
    [
        ("mssql", "NUMERIC(18, 4)", "NUMERIC(18, 2)"),
        ("mssql", "NUMERIC(18, 4)", "NUMERIC(19, 4)"),
        ("mssql", "NVARCHAR(200)", "NVARCHAR(100)"),
        ("mssql", "NVARCHAR(MAX)", "NTEXT"),
        ("mssql", "NVARCHAR(50)", "VARCHAR(50)"),
        ("mssql", "INT", "BIGINT"),
        ("mssql", "DATETIME2", "DATETIME2(3)"),
        ("mssql", "DATETIME2", "DATETIME"),
        ("mssql", "UNIQUEIDENTIFIER", "NVARCHAR(36)"),
        ("postgresql", "TEXT", "VARCHAR(200)"),
        ("postgresql", "NUMERIC(18, 4)", "NUMERIC"),
        ("postgresql", "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE"),
        ("postgresql", "UUID", "VARCHAR(36)"),
        ("sqlite", "CHAR(32)", "UNIQUEIDENTIFIER"),  # SQLite would make numbers of some UUIDs
        ("sqlite", "VARCHAR(20)", "DECIMAL(18,4)"),  # ... and doubles of decimals
        ("sqlite", "TEXT", ""),
        ("sqlite", "INTEGER", "REAL"),
    ],
)
def test_types_that_hold_other_values_differ(engine: str, one: str, other: str) -> None:
    assert meaning(engine, one) != meaning(engine, other)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mssql"])
def test_the_same_tables_do_not_differ(engine: str) -> None:
    assert compare(engine, [TABLE], [TABLE, replace(TABLE, name="others")]) == []


@pytest.mark.parametrize(
    ("found", "kind", "expected", "there"),
    [
        (replace(RATE, type="DECIMAL(18,2)"), "type", "DECIMAL(18,4) NULL", "DECIMAL(18,2) NULL"),
        (replace(RATE, nullable=False, filled=True), "nullability", RATE.words, "DECIMAL(18,4) NOT NULL"),
        (replace(STATUS, nullable=True), "nullability", "NVARCHAR(20) NOT NULL", "NVARCHAR(20) NULL"),
        (replace(STATUS, filled=False), "default", "a default", "nothing"),
    ],
)
def test_a_column_that_differs_is_told_with_both_sides(
    found: ColumnFacts, kind: str, expected: str, there: str
) -> None:
    original = RATE if found.name == RATE.name else STATUS
    told = only(with_column(found, original))
    assert told == Difference(DifferenceKind(kind), "Rows", found.name, expected, there)


def test_what_is_missing_is_told_in_its_place() -> None:
    found = replace(TABLE, columns=(ID, STATUS), indexes=(PLAIN,))
    assert compare("mssql", [TABLE, replace(TABLE, name="Gone")], [found]) == [
        Difference(DifferenceKind.MISSING_COLUMN, "Rows", RATE.name, "DECIMAL(18,4) NULL", "nothing"),
        Difference(DifferenceKind.MISSING_INDEX, "Rows", "UX_id", "unique index on id, filtered", "nothing"),
        Difference(DifferenceKind.MISSING_TABLE, "Gone", "", "a table", "nothing"),
    ]


def test_an_index_is_grave_only_where_it_keeps_rows_apart() -> None:
    assert not only(replace(TABLE, indexes=(UNIQUE,))).grave
    assert not only(replace(TABLE, indexes=(replace(PLAIN, columns=("id",)), UNIQUE))).grave
    assert only(replace(TABLE, indexes=(PLAIN, replace(UNIQUE, unique=False)))).grave
    assert only(replace(TABLE, indexes=(PLAIN, replace(UNIQUE, filtered=False)))).grave


def test_a_default_that_lacks_is_grave_only_where_no_null_is_taken() -> None:
    lenient = replace(STATUS, nullable=True)
    expected = with_column(lenient, STATUS)
    (told,) = compare("mssql", [expected], [with_column(replace(lenient, filled=False), STATUS)])
    assert (told.kind, told.grave) == (DifferenceKind.DEFAULT, False)


def test_a_column_of_others_is_an_obstacle_only_where_every_insert_would_fail() -> None:
    harmless = ColumnFacts("theirs", "INT", nullable=False, filled=True)
    assert compare("mssql", [TABLE], [replace(TABLE, columns=(*TABLE.columns, harmless))]) == []
    demanding = replace(harmless, filled=False)
    told = only(replace(TABLE, columns=(*TABLE.columns, demanding)))
    assert (told.kind, told.name, told.found) == (DifferenceKind.OBSTACLE, "theirs", "INT NOT NULL")


@pytest.mark.parametrize("engine", ["sqlite", "mssql"])
def test_the_case_of_letters_tells_no_names_apart(engine: str) -> None:
    assert compare(engine, [TABLE], [small(TABLE)]) == []


def test_on_postgresql_names_in_small_letters_are_other_names_and_told() -> None:
    told = only(small(TABLE), "postgresql")
    assert told.found == "nothing of this name, but rows: letters count"


def small(table: TableFacts) -> TableFacts:
    return TableFacts(
        table.name.lower(),
        tuple(replace(column, name=column.name.lower()) for column in table.columns),
        tuple(replace(index, name=index.name.lower()) for index in table.indexes),
    )


# A history of four revisions: the table, a column and an index, another table and a column, and a clearing up.
LATER = ColumnFacts("later", "INT", nullable=True, filled=False)
LAST = ColumnFacts("last", "INT", nullable=True, filled=False)
LATER_INDEX = IndexFacts("UX_later", ("later",), unique=True, filtered=True)
SECOND = replace(TABLE, columns=(*TABLE.columns, LATER), indexes=(*TABLE.indexes, LATER_INDEX))
THIRD = replace(SECOND, columns=(*SECOND.columns, LAST))
FOURTH = replace(THIRD, indexes=(UNIQUE, LATER_INDEX))
LEASES = TableFacts("Leases", (replace(ID, name="customer"),))
STAGES = [
    Stage("1", [TABLE]),
    Stage("2", [SECOND]),
    Stage("3", [THIRD, LEASES]),
    Stage("4", [FOURTH, LEASES]),
]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.revision)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mssql"])
def test_a_database_at_a_revision_is_known_to_be_there(engine: str, stage: Stage) -> None:
    verdict = judge(engine, STAGES, stage.tables)
    assert (verdict.reached, verdict.compared_with) == (stage.revision, stage.revision)
    assert (verdict.differences, verdict.early, verdict.left_alone) == ((), (), ())


def test_a_revision_that_is_partly_there_is_compared_with_and_not_reached() -> None:
    verdict = judge("mssql", STAGES, [replace(TABLE, columns=(*TABLE.columns, LATER))])
    assert (verdict.reached, verdict.compared_with) == ("1", "2")
    assert verdict.early == (Piece("2", "Rows", "later"),)
    ((revision, told),) = verdict.differences
    assert (revision, told.kind, told.name) == ("2", DifferenceKind.MISSING_INDEX, "UX_later")


def test_a_later_revision_does_not_make_up_for_an_earlier_one() -> None:
    without_second = replace(TABLE, columns=(*TABLE.columns, LAST))
    verdict = judge("mssql", STAGES, [without_second, LEASES])
    assert (verdict.reached, verdict.compared_with) == ("1", "3")
    assert verdict.early == (Piece("3", "Rows", "last"), Piece("3", "Leases"))
    assert [(revision, told.name) for revision, told in verdict.differences] == [
        ("2", "later"),
        ("2", "UX_later"),
    ]


def test_what_differs_in_the_first_revision_does_not_hide_which_one_is_there() -> None:
    narrow = with_column(replace(RATE, type="DECIMAL(9,2)"), RATE)
    found = replace(narrow, columns=(*narrow.columns, LATER), indexes=SECOND.indexes)
    verdict = judge("mssql", STAGES, [found])
    assert (verdict.reached, verdict.compared_with, verdict.early) == ("2", "2", ())
    ((revision, told),) = verdict.differences
    assert (revision, told.kind, told.name) == ("1", DifferenceKind.TYPE, RATE.name)


def test_a_revision_that_takes_something_away_is_reached_only_without_it() -> None:
    assert judge("mssql", STAGES, [THIRD, LEASES]).reached == "3"
    halfway = Stage("5", [replace(FOURTH, columns=(*FOURTH.columns, replace(LAST, name="end"))), LEASES])
    found = replace(THIRD, columns=(*THIRD.columns, replace(LAST, name="end")))
    verdict = judge("mssql", [*STAGES, halfway], [found, LEASES])
    assert (verdict.reached, verdict.early) == ("3", (Piece("5", "Rows", "end"),))
    ((_, told),) = verdict.differences
    assert (told.kind, told.name) == (DifferenceKind.LEFT_OVER, "IX_status")


def test_a_revision_that_leaves_no_trace_is_done_again() -> None:
    assert judge("mssql", [*STAGES, Stage("5", STAGES[-1].tables)], STAGES[-1].tables).reached == "4"


def test_a_revision_that_alters_a_column_is_reached_with_the_new_type() -> None:
    wide = with_column(replace(RATE, type="DECIMAL(38,4)"), RATE)
    stages = [Stage("1", [TABLE]), Stage("2", [wide])]
    assert judge("mssql", stages, [TABLE]).reached == "1"
    assert judge("mssql", stages, [wide]).reached == "2"


def test_columns_of_others_are_named_and_left_alone_and_tables_of_others_are_not_looked_at() -> None:
    theirs = ColumnFacts('their "own" 5%', "GEOMETRY", nullable=True, filled=False)
    found = [replace(TABLE, columns=(*TABLE.columns, theirs)), replace(TABLE, name="others")]
    verdict = judge("mssql", STAGES, found)
    assert (verdict.reached, verdict.differences) == ("1", ())
    assert verdict.left_alone == (Piece("", "Rows", theirs.name),)
