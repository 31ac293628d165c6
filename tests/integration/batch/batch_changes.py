"""Changes of the source by hand, runs that bring them, and what these sent."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from tests.integration.batch.batch_world import BATCHES, MON, STG, STG_SUB, WRITES, as_uuid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from order_staging import BatchResult
    from tests.integration.batch.batch_world import Row, World


def change(world: World, row: Row, /, **values: Any) -> None:
    """Change a source row by hand."""
    names = list(values)
    sets = ", ".join(f'"{name}" = :v{place}' for place, name in enumerate(names))
    given = {f"v{place}": values[name] for place, name in enumerate(names)}
    world.database.execute(
        f'UPDATE "ORDERS_UNIFIED" SET {sets} WHERE "AAG ORDER NUMBER" = :number',
        number=row["AAG ORDER NUMBER"],
        **given,
    )


def sent(world: World, since: int = 0) -> list[tuple[str, Any]]:
    """List what changed the board since a mutation: operations, and the values or the group that they bring."""
    return [
        (one.operation, one.arguments.get("column_values", one.arguments.get("group_id")))
        for one in world.sandbox.executed[since:]
        if one.operation.startswith(WRITES)
    ]


def changes(world: World, **options: Any) -> tuple[BatchResult, list[tuple[str, Any]]]:
    """Run with changes; give the result, and what was sent."""
    before = len(world.sandbox.executed)
    result = world.run(changes=True, **options)
    return result, sent(world, before)


def rests(world: World, **options: Any) -> None:
    """Check that one more run sends nothing, and records nothing."""
    batches = world.database.count(BATCHES)
    result, mutations = changes(world, **options)
    assert mutations == []
    assert world.database.count(BATCHES) == batches
    assert result.status == "NOTHING_TO_DO"
    assert world.database.count(STG) == world.database.count(STG_SUB) == 0


def item_of(world: World, row: Row) -> str:
    return next(
        str(landed["Item ID"])
        for landed in world.database.rows(MON)
        if as_uuid(landed["source_uuid"]) == row["record_uuid"]
    )


def changed_mapping(
    folder: Path, edit: Callable[[Row], Row | None] = lambda field: field, **parts: Row
) -> Path:
    """Write the packaged mapping with its fields edited (None leaves one out), and more in parts of it."""
    document = yaml.safe_load(files("order_staging.config").joinpath("mapping.yaml").read_text("utf-8"))
    document["fields"] = [edited for field in document["fields"] if (edited := edit(field)) is not None]
    for name, values in parts.items():
        document[name] |= values
    path = folder / "mapping.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def mapping_with(folder: Path, on_conflict: str) -> Path:
    return changed_mapping(folder, lambda field: field | {"on_conflict": on_conflict})
