"""A transformation of a job's own holds for every step: runs, changes, comparisons and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.batch import BatchService
from order_staging.sandbox import greyson_4755
from order_staging.transform import Transformation, load_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.batch.batch_world import World

NOTES = load_mapping().field_by_title("NOTES").source
COLUMN = load_mapping().field_by_title("NOTES").column


def marked(word: str) -> Transformation:
    def changes(row: Mapping[str, object]) -> dict[str, object]:
        if row["CUSTOMER STYLE"] is None:
            raise ValueError("no style")
        return {NOTES: word}

    return Transformation(word, changes)


def service(world: World, transformation: Transformation | None) -> BatchService:
    return BatchService(
        world.settings_for(),
        engine=world.database.engine,
        outside=world.outside,
        transformation=transformation,
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_it_makes_of_a_row_is_what_arrives_and_what_changes_are_measured_by(world: World) -> None:
    world.add(*greyson_4755()[:2])
    rush, calm = service(world, marked("RUSH")), service(world, marked("CALM"))

    rush.process_customer_batch("GREYSON")
    assert {item.text(COLUMN) for item in world.sandbox.items()} == {"RUSH"}
    assert rush.drift(["GREYSON"]).is_clean
    sent = len(world.sandbox.executed)
    again = rush.process_customer_batch("GREYSON", changes=True)
    assert (again.orders.updated, len(world.sandbox.executed)) == (0, sent)

    assert not calm.drift(["GREYSON"]).is_clean
    assert calm.process_customer_batch("GREYSON", changes=True).orders.updated == 2
    assert {item.text(COLUMN) for item in world.sandbox.items()} == {"CALM"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_row_that_it_refuses_is_invalid_and_mended_by_another_version(world: World) -> None:
    def refuse(_: Mapping[str, object]) -> dict[str, object]:
        raise ValueError("not before Monday")

    world.add(*greyson_4755()[:1])
    refusing = service(world, Transformation("1", refuse))
    assert any("1 new row is invalid" in finding.message for finding in refusing.check().findings)
    assert not any("invalid" in finding.message for finding in service(world, None).check().findings)

    assert refusing.process_customer_batch("GREYSON").orders.invalid == 1
    assert "not before Monday" in world.only("ERR_MON_CustMasterSchedule")["error_message"]

    assert service(world, marked("RUSH")).process_customer_batch("GREYSON").orders.created == 1
    assert world.item().text(COLUMN) == "RUSH"
