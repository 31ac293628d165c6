"""The business key is what the mapping marks with `key: true`: rows are found again by it, and by nothing else."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from order_staging.batch import Severity
from order_staging.errors import ConfigurationError
from tests.integration.batch.batch_retries import refuse
from tests.integration.batch.batch_world import ERR, ERR_SUB, MON, STG, order_line, order_lines
from tests.integration.relinking.relinking_world import lands_once, rebuild, uuids

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.batch.batch_world import World

    Mappings = Callable[..., Path]

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINE = "LINE REF"
"""A column of ORDERS_UNIFIED that no model knows."""


@pytest.fixture
def mapping_of(tmp_path: Path) -> Mappings:
    """Write the packaged mapping, changed: without fields, and with keys in the place of those of others."""
    packaged = yaml.safe_load((files("order_staging.config") / "mapping.yaml").read_text(encoding="utf-8"))

    def write(without: str, **fields: dict[str, Any]) -> Path:
        kept = [field for field in packaged["fields"] if field["title"] != without]
        named = {title.replace("_", " "): keys for title, keys in fields.items()}
        document = packaged | {"fields": [field | named.get(field["title"], {}) for field in kept]}
        document["title"] = [name for name in packaged["title"] if name != without]
        path = tmp_path / "own.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def by_line(world: World, mapping_of: Mappings) -> dict[str, Any]:
    """Let lines have a number of their own in ORDERS_UNIFIED, which is all their key; give the settings."""
    world.database.execute(f'ALTER TABLE "ORDERS_UNIFIED" ADD COLUMN "{LINE}" TEXT')
    own = {"source": LINE, "key": True, "required": True}
    others: dict[str, Any] = {
        title: {"key": False} for title in ("PO_NUMBER", "CUSTOMER_ALT_PO", "STYLE", "COLOR")
    }
    return {"mapping": mapping_of("AAG ORDER NUMBER", PATTERN_ID=own, **others)}


def test_a_key_of_fewer_fields_finds_every_row_again(world: World, mapping_of: Mappings) -> None:
    settings = {"mapping": mapping_of("CUSTOMER ALT PO")}
    rows = [order_line(number, **{"CUSTOMER ALT PO": f"ALT-{number}"}) for number in (1, 2, 3)]
    world.add(*rows[:2])
    world.run(settings=settings)
    world.add(rows[2])
    world.service(**settings).load_new_orders_to_staging("greyson")
    fresh = rebuild(world, rows)
    result = world.run(settings=settings)
    assert (result.orders.relinked, result.orders.loaded, result.orders.created) == (3, 0, 1)
    lands_once(world, fresh, **settings)


@on_sqlite
def test_rows_are_told_apart_by_the_key_alone(world: World, by_line: dict[str, Any]) -> None:
    rows = [order_line(1, **{LINE: line}) for line in ("A", "B", "C")]
    world.add(*rows)
    world.run(settings=by_line)
    items = {row["PATTERN ID"]: row["Item ID"] for row in world.database.rows(MON)}
    # Their order is another one now, and all else that was a key of the packaged mapping has changed.
    fresh = rebuild(world, [row | {"PO NUMBER": "9", "CUSTOMER STYLE": "NEW"} for row in rows[::-1]])
    duplicate = order_line(1, **{LINE: "C"})
    world.add(duplicate)
    (foreseen,) = world.service(**by_line).preview(("greyson",)).customers
    result = world.run(settings=by_line)
    assert (foreseen.relinked, foreseen.items) == (result.orders.relinked, result.orders.created) == (3, 1)
    found = {row["Item ID"]: row["PATTERN ID"] for row in world.database.rows(MON)}
    assert {line: items[line] for line in "ABC"} == {found[item]: item for item in items.values()}
    assert uuids(world.database.rows(MON)) == uuids([*fresh, duplicate])


@on_sqlite
def test_a_field_that_is_mapped_later_serves_once_a_run_with_changes_has_brought_it(
    world: World, mapping_of: Mappings
) -> None:
    row = order_line(1, **{"PATTERN ID": "P-1"})
    world.add(row)
    world.run(settings={"mapping": mapping_of("PATTERN ID")})
    settings = {"mapping": mapping_of("", PATTERN_ID={"key": True})}
    assert world.run(settings=settings, changes=True).orders.updated == 1
    rebuild(world, [row])
    result = world.run(settings=settings)
    assert (result.orders.relinked, result.orders.created) == (1, 0)


@on_sqlite
def test_duplicates_are_told_by_the_fields_of_the_key(world: World, by_line: dict[str, Any]) -> None:
    world.add(order_line(1, **{LINE: "A"}), order_line(2, **{LINE: "A"}), order_line(2, **{LINE: "B"}))
    (found,) = world.service(**by_line).preview(("greyson",)).duplicates.rows
    assert (found.order_number, found.key, found.rows) == ("A", {"PATTERN ID": "A"}, 2)


@on_sqlite
def test_dead_letters_have_the_number_that_the_mapping_says(world: World, by_line: dict[str, Any]) -> None:
    shared = order_line(1, **{LINE: "A"})
    world.add(
        shared, shared, order_line(2, **{LINE: "B"}), order_line(3, **{LINE: "C", "CUSTOMER PRICE": "n/a"})
    )
    refuse(world, "create_item")
    refuse(world, "create_subitem")
    warned = world.service(**by_line).preview(("greyson",)).warnings
    assert [each.order_number for each in warned.rows] == ["C"]
    world.run(settings=by_line)
    letters = [(row["error_type"], row["order_number"]) for row in world.database.rows(ERR)]
    assert sorted(letters) == [("INVALID", "A"), ("INVALID", "A"), ("REJECTED", "B")]
    assert [row["order_number"] for row in world.database.rows(ERR_SUB)] == ["C"]


@on_sqlite
def test_a_key_that_is_no_text_in_the_source_is_refused_before_anything_is_done(
    world: World, mapping_of: Mappings
) -> None:
    settings = {"mapping": mapping_of("", PATTERN_ID={"source": "TOTAL QTY", "key": True})}
    world.add(*order_lines(1))
    with pytest.raises(ConfigurationError, match="the mapping's key reads 'TOTAL QTY', which holds no text"):
        world.run(settings=settings)
    assert world.database.count(STG) == world.mutations() == 0
    problems = [
        each for each in world.service(**settings).check().findings if each.severity is Severity.PROBLEM
    ]
    assert ["'TOTAL QTY'" in each.message for each in problems] == [True]


def test_blanks_of_any_kind_and_control_characters_do_not_hide_a_row(world: World) -> None:
    odd = ["\N{NO-BREAK SPACE}A1 ", "A2\t", "A\v3", "\x1f A4\N{NO-BREAK SPACE}\n", "A5\r\n\f"]
    rows = [
        order_line(number, **{"CUSTOMER STYLE": style, "CUSTOMER ALT PO": f"{style[-1]}"})
        for number, style in enumerate(odd, 1)
    ]
    world.add(*rows)
    world.run(subitems=False)
    rebuild(world, rows)
    result = world.run(subitems=False)
    assert (result.orders.relinked, result.orders.created) == (5, 0)
