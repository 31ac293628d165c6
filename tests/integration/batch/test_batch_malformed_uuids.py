"""SQLite's columns take any text: a row whose record_uuid is no UUID is invalid, and stops nobody else's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from order_staging.batch.loading import UUID_SPELLING
from tests.integration.batch.batch_world import CUSTOMER, ERR, MON, as_uuid, order_line, order_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.batch.batch_world import Row, World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MALFORMED = ["not-a-uuid", f"{{{UUID(int=7)}}}", "g" * 32, "0" * 31, "0" * 33, "7"]
OTHERWISE_SPELLED = [str(UUID(int=8)), UUID(int=0xF9).hex.upper(), f" {UUID(int=10).hex}"]
ABERCROMBIE = "ABERCROMBIE & FITCH"


def spelled(*spellings: object) -> list[Row]:
    """Make order lines that tell each other apart by number and UUID."""
    return [
        order_line(number, record_uuid=spelling)
        for number, spelling in enumerate(spellings, start=len(spellings))
    ]


def letters(world: World) -> list[tuple[Any, Any]]:
    return [(row["error_message"], row["source_uuid"]) for row in world.database.rows(ERR)]


def test_a_malformed_uuid_is_an_invalid_row_once_and_its_neighbours_land(world: World) -> None:
    good, others = order_lines(2), [order_line(3, **{"CUSTOMER NAME": ABERCROMBIE})]
    world.add(*good, *spelled(*MALFORMED), *others)
    result = world.service().process_customers()
    assert [(batch.orders.created, batch.orders.invalid) for batch in result.batches] == [(1, 0), (2, 6)]
    world.lands([*good, *others])
    assert letters(world) == [(f"record_uuid: {each!r} is not a UUID", None) for each in MALFORMED]


def test_a_mended_uuid_resolves_its_letter_and_goes_on(world: World) -> None:
    (row,) = spelled("not-a-uuid")
    world.add(row)
    assert world.run().orders.invalid == 1
    mended = UUID(int=4711)
    world.database.execute('UPDATE "ORDERS_UNIFIED" SET record_uuid = :uuid', uuid=mended.hex)
    world.run()
    assert world.only(ERR)["resolved_date"] is not None
    world.lands([row | {"record_uuid": mended}])


def test_a_uuid_of_another_spelling_is_refused_with_what_mends_it(world: World) -> None:
    """To SQLite it is another text than the one it was staged under: it would be new, and gone, for ever."""
    rows = spelled(*OTHERWISE_SPELLED)
    world.add(*rows)
    assert world.run().orders.invalid == len(rows)
    assert letters(world) == [(f"record_uuid: {each!r} {UUID_SPELLING}", None) for each in OTHERWISE_SPELLED]
    mend = UUID_SPELLING.rpartition(" to ")[2]
    world.database.execute(f'UPDATE "ORDERS_UNIFIED" SET record_uuid = {mend}')
    world.run()
    world.lands([row | {"record_uuid": UUID(str(row["record_uuid"]).strip())} for row in rows])
    assert world.run(changes=True).status == "NOTHING_TO_DO"


def test_a_preview_and_a_check_count_what_a_run_refuses(world: World) -> None:
    world.add(*order_lines(2), *spelled("not-a-uuid", "not-a-uuid", *OTHERWISE_SPELLED[:1]))
    found = world.service().preview([CUSTOMER])
    assert (found.total("items"), found.invalid.total) == (2, 3)
    assert {remark for row in found.invalid.rows for remark in row.remarks} == {
        "record_uuid: 'not-a-uuid' is not a UUID",
        f"record_uuid: {OTHERWISE_SPELLED[0]!r} {UUID_SPELLING}",
    }
    said = [each.message for each in world.service().check().findings]
    assert "2 order lines and 4 sizes are new or staged" in said
    assert "3 new rows are invalid and would go to the ERR table" in said


def test_nothing_takes_a_malformed_uuid_over(world: World, delivered: Callable[..., list[Row]]) -> None:
    (row,) = delivered(1)
    world.database.execute("UPDATE \"ORDERS_UNIFIED\" SET record_uuid = 'not-a-uuid'")
    (told,) = world.service().preview([CUSTOMER]).customers
    result = world.run(changes=True)
    assert (told.invalid, told.relinked, told.duplicates) == (1, 0, 0)
    assert (result.orders.relinked, result.orders.invalid, result.orders.created) == (0, 1, 0)
    assert as_uuid(world.only(MON)["source_uuid"]) == row["record_uuid"]
    (drifted,) = world.service().drift([CUSTOMER]).findings
    assert drifted.kind == "removed_source"
