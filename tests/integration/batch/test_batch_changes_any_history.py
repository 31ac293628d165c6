"""Whatever the source and people do, in whatever order, and wherever runs die: the board is the merge of both."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from order_staging.transform import FieldType, OnConflict, merge
from tests.integration.batch.batch_changes import change, changes, item_of
from tests.integration.batch.batch_world import (
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    Killed,
    Wiretap,
    World,
    as_uuid,
    order_lines,
)
from tests.integration.batch.test_batch_any_faults import small_world

FIELDS: dict[str, tuple[FieldType, str]] = {
    "CUSTOMER PRICE": (FieldType.NUMBERS, "numeric_mkr5cact"),
    "NOTES": (FieldType.LONG_TEXT, "long_text_mkr5hass"),
    "S": (FieldType.NUMBERS, "numeric_mkra7j8e"),
}
ROWS = st.integers(0, 1)
NAMES = st.sampled_from(list(FIELDS))
VALUES = st.sampled_from(["1", "2", "3"])

Sides = dict[tuple[int, str], str | None]


class Histories(RuleBasedStateMachine):
    """Two order lines: what the source says, and what the board must say."""

    template: ClassVar[Path]

    @initialize()
    def deliver(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.context = small_world(self.template, Path(self.folder.name), [])
        self.world: World = self.context.__enter__()
        self.rows = order_lines(2, **{"CUSTOMER PRICE": "1", "NOTES": "1", "S": 1, "M": None})
        self.world.add(*self.rows)
        assert self.world.run().status == "COMPLETED"
        start: Sides = {(row, name): "1" for row in range(2) for name in FIELDS}
        self.source, self.board = dict(start), dict(start)

    @rule(row=ROWS, name=NAMES, value=VALUES)
    def the_source_says(self, row: int, name: str, value: str) -> None:
        change(self.world, self.rows[row], **{name: int(value) if name == "S" else value})
        self.source[row, name] = value

    @rule(row=ROWS, name=st.sampled_from(["CUSTOMER PRICE", "NOTES"]))
    def the_source_says_nothing(self, row: int, name: str) -> None:
        change(self.world, self.rows[row], **{name: None})
        self.source[row, name] = None

    @rule(row=ROWS, name=NAMES, value=VALUES)
    def people_say(self, row: int, name: str, value: str) -> None:
        _, column = FIELDS[name]
        item_id = item_of(self.world, self.rows[row])
        if name == "S":
            (item_id,) = (subitem.id for subitem in self.world.sandbox.subitems(item_id))
        written: Any = {"text": value} if name == "NOTES" else value
        self.world.sandbox.person.change_values(item_id, {column: written})
        self.board[row, name] = value

    @rule(with_changes=st.booleans(), moment=st.sampled_from(["before", "after"]))
    def a_run_dies(self, with_changes: bool, moment: str) -> None:
        patch = pytest.MonkeyPatch()
        Wiretap.killing(moment, 1).on(patch)
        try:
            self.world.run(changes=with_changes)
        except Killed:
            self.world.forget_leases()
        finally:
            patch.undo()
        # What became of it is read off the board: the next run must make do with it, too.
        self.board = self.seen()

    @rule()
    def a_run_with_changes(self) -> None:
        base = self.acknowledged()
        changes(self.world)
        for place, source in self.source.items():
            type_, _ = FIELDS[place[1]]
            if merge(type_, base[place], source, self.board[place], OnConflict.SOURCE).sends:
                self.board[place] = source
        assert self.seen() == self.board
        assert self.acknowledged() == self.source
        assert self.world.database.count(STG) == self.world.database.count(STG_SUB) == 0
        result, mutations = changes(self.world)
        assert (mutations, result.status) == ([], "NOTHING_TO_DO")

    def acknowledged(self) -> Sides:
        """Read what monday.com has acknowledged: of rows that are not promoted yet from staging."""
        found: Sides = {}
        known = {
            as_uuid(row["source_uuid"]): row["delivered_values"] for row in self.world.database.rows(MON)
        }
        sizes = {as_uuid(row["source_uuid"]): row["ORDER_QTY"] for row in self.world.database.rows(MON_SUB)}
        for row in self.world.database.rows(STG):
            if row["stg_status"] == "API_SUCCESS":
                known[as_uuid(row["source_uuid"])] = row["stg_api_payload"]
        for row in self.world.database.rows(STG_SUB):
            if row["stg_status"] == "API_SUCCESS":
                sizes[as_uuid(row["source_uuid"])] = str(row["ORDER_QTY"])
        for number, line in enumerate(self.rows):
            values = json.loads(known[line["record_uuid"]])["column_values"]
            found[number, "CUSTOMER PRICE"] = values.get("numeric_mkr5cact")
            found[number, "NOTES"] = values.get("long_text_mkr5hass", {}).get("text")
            found[number, "S"] = sizes[line["record_uuid"]]
        return found

    def seen(self) -> Sides:
        """Read the board."""
        found: Sides = {}
        for row, line in enumerate(self.rows):
            item_id = item_of(self.world, line)
            (item,) = (item for item in self.world.sandbox.items() if item.id == item_id)
            (size,) = self.world.sandbox.subitems(item_id)
            for name, (_, column) in FIELDS.items():
                found[row, name] = (size if name == "S" else item).text(column) or None
        return found

    @precondition(lambda self: hasattr(self, "world"))
    @invariant()
    def nothing_is_there_twice(self) -> None:
        assert (len(self.world.sandbox.items()), len(self.world.sandbox.subitems())) == (2, 2)

    def teardown(self) -> None:
        if hasattr(self, "context"):
            self.context.__exit__(None, None, None)
            self.folder.cleanup()


def test_any_history_ends_as_the_merge_of_both_sides(sqlite_template: Path) -> None:
    Histories.template = sqlite_template
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=6,
            stateful_step_count=12,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
