"""The checker: it finds nothing where all is well, and every kind of violation where it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarantees.checker import ByHand, violations
from tests.guarantees.terms import (
    BATCHES,
    ERR,
    IMPORTS,
    LEASES,
    MON,
    MON_SUB,
    NAME,
    STG,
    STG_SUB,
)
from tests.unit.guarantees.made_up import KEY, NOON, QUANTITY, Scene, clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.sandbox import ItemView


LANDED, REFUSED, INVALID = 1, 3, 4
"""Numbers of order lines in the scene that is spoilt; 2 is landed, too."""


def whole() -> Scene:
    """Make a scene with order lines in every state in which runs may leave them."""
    scene = Scene()
    scene.land(1)
    scene.land(2)
    scene.refuse(REFUSED)
    scene.invalidate(INVALID)
    return scene


def found(scene: Scene, **options: Any) -> set[tuple[int, str]]:
    return {(one.guarantee, one.what) for one in violations(scene.evidence(**options))}


def renamed(name: str) -> Callable[[ItemView], ItemView]:
    return lambda view: replace(view, name=name)


def valued(column: str, value: str) -> Callable[[ItemView], ItemView]:
    return lambda view: replace(view, column_values={column: value}, _texts={column: value})


def item_again(scene: Scene) -> None:
    scene.create_item(LANDED)


def subitem_again(scene: Scene) -> None:
    scene.create_subitem("1000", "S", 3)


def item_again_while_people_only_later_took_the_first_away(scene: Scene) -> None:
    scene.take_away("1000", at=clock(59))
    scene.create_item(LANDED)
    scene.tables[MON][0]["Item ID"] = 1002
    scene.tables[MON_SUB][:] = scene.tables[MON_SUB][2:]
    scene.source[0] |= {"S": None, "M": None}


def import_again(scene: Scene) -> None:
    values = {KEY: str(UUID(int=LANDED))}
    scene.executes("ingest_items.create", "77", item_name="Item 1", group_id="g", column_values=values)


def item_copied_by_hand(scene: Scene) -> None:
    scene.items.append(replace(scene.items[0], id="99"))


def row_again(table: str) -> Callable[[Scene], None]:
    def again(scene: Scene) -> None:
        scene.tables[table].append(dict(scene.tables[table][0]))

    return again


def other_item_in_staging(scene: Scene) -> None:
    row = scene.staged_row(UUID(int=LANDED), "Item 1", "PROMOTED")
    scene.tables[STG].append(row | {"stg_monday_item_id": 424242})


def anothers_item_in_staging(scene: Scene) -> None:
    scene.tables[STG][0]["stg_monday_item_id"] = 1000


def other_subitem_in_staging(scene: Scene) -> None:
    order = scene.staged_row(UUID(int=LANDED), "Item 1", "PROMOTED") | {"stg_monday_item_id": 1000}
    size = scene.staged_size(order, "S", 3, "PROMOTED") | {"stg_monday_subitem_id": 424242}
    scene.tables[STG].append(order)
    scene.tables[STG_SUB].append(size)


def subitem_elsewhere(scene: Scene) -> None:
    scene.view("5000", lambda view: replace(view, parent_id="1001"))


def parent_elsewhere(scene: Scene) -> None:
    scene.tables[MON_SUB][0]["parent_item_id"] = "1001"


def more_items_than_rows(scene: Scene) -> None:
    scene.keyed = False
    scene.create_item(LANDED)


def without(table: str) -> Callable[[Scene], None]:
    def remove(scene: Scene) -> None:
        del scene.tables[table][0]

    return remove


def source_row_never_seen(scene: Scene) -> None:
    scene.order_line(9, {"S": 1})


def row_without_uuid(scene: Scene) -> None:
    scene.source.append({"record_uuid": None, "AAG ORDER NUMBER": "JOO-7"})


def doubled_uuid(scene: Scene) -> None:
    scene.source.append(dict(scene.source[0]))


def size_never_seen(scene: Scene) -> None:
    scene.tables[MON_SUB].pop(0)
    scene.subitems.pop(0)


def resolved_and_nowhere(scene: Scene) -> None:
    scene.tables[ERR][1] |= {"resolved_date": NOON, "resolved_by": "somebody"}


def set_in(table: str, place: int = 0, **values: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.tables[table][place].update(values)


def board_without_item(scene: Scene) -> None:
    scene.items[:] = scene.items[1:]


def board_without_subitem(scene: Scene) -> None:
    scene.subitems[:] = scene.subitems[1:]


def item_under_another_name(scene: Scene) -> None:
    scene.tables[MON][0]["Title"] = "Other"


def item_with_anothers_key(scene: Scene) -> None:
    scene.view("1000", valued(KEY, str(UUID(int=2))))
    scene.view("1001", valued(KEY, str(UUID(int=1))))


def taken_away_by_us(scene: Scene) -> None:
    scene.take_away("1000", by_us=True)


def quantity_on_the_board(scene: Scene) -> None:
    scene.source[0]["S"] = 8
    scene.tables[MON_SUB][0]["ORDER_QTY"] = "8"


def item_of_nobody(scene: Scene) -> None:
    scene.create_item(88)


def staged(status: str, **values: Any) -> Callable[[Scene], None]:
    def stage(scene: Scene) -> None:
        scene.stage(9, status, {"S": 1}, **values)

    return stage


def promoted_but_not_marked(scene: Scene) -> None:
    row = scene.staged_row(UUID(int=LANDED), "Item 1", "API_SUCCESS")
    scene.tables[STG].append(row | {"stg_monday_item_id": 1000})


def size_promoted_but_not_marked(scene: Scene) -> None:
    order = scene.staged_row(UUID(int=LANDED), "Item 1", "PROMOTED") | {"stg_monday_item_id": 1000}
    size = scene.staged_size(order, "S", 3, "API_SUCCESS") | {"stg_monday_subitem_id": 5000}
    scene.tables[STG].append(order)
    scene.tables[STG_SUB].append(size)


def size_marked_but_not_promoted(scene: Scene) -> None:
    order = scene.staged_row(UUID(int=LANDED), "Item 1", "PROMOTED") | {"stg_monday_item_id": 1000}
    size = scene.staged_size(order, "S", 3, "PROMOTED") | {"stg_monday_subitem_id": 5000}
    scene.tables[STG].append(order)
    scene.tables[STG_SUB].append(size)
    scene.tables[MON_SUB].pop(0)


def staged_beside_production(scene: Scene) -> None:
    scene.tables[STG].append(scene.staged_row(UUID(int=LANDED), "Item 1", "PENDING"))


def size_without_its_staged_order(scene: Scene) -> None:
    scene.tables[STG_SUB][0]["stg_parent_stg_id"] = 77


def size_refused_in_silence(scene: Scene) -> None:
    scene.tables[STG_SUB][0]["stg_status"] = "API_FAILED"


def rejection_left_open(scene: Scene) -> None:
    scene.letter(LANDED, "REJECTED")


def size_rejection_left_open(scene: Scene) -> None:
    scene.size_letter(LANDED, "S")


def letter_again(scene: Scene) -> None:
    scene.letter(INVALID, "INVALID")


def staged_without_its_size(scene: Scene) -> None:
    scene.stage(9, "PENDING", {"S": 1})
    scene.tables[STG_SUB].pop()


def completed_with_a_waiting_row(scene: Scene) -> None:
    scene.tables[BATCHES][0]["status"] = "COMPLETED"
    scene.stage(9, "UNKNOWN", {})


SPOILT: list[tuple[Callable[[Scene], None], int, str]] = [
    (item_again, 1, "item-created-twice"),
    (item_again, 1, "item-doubled"),
    (item_again, 2, "orphan"),
    (item_again_while_people_only_later_took_the_first_away, 1, "item-created-twice"),
    (import_again, 1, "item-created-twice"),
    (subitem_again, 1, "subitem-created-twice"),
    (subitem_again, 1, "subitem-doubled"),
    (subitem_again, 2, "orphan-subitem"),
    (item_copied_by_hand, 1, "item-doubled"),
    (row_again(MON), 1, "row-doubled"),
    (row_again(MON_SUB), 1, "row-doubled"),
    (row_again(STG), 1, "row-doubled"),
    (row_again(STG_SUB), 1, "row-doubled"),
    (set_in(MON, 1, **{"Item ID": 1000}), 1, "row-doubled"),
    (set_in(MON_SUB, 1, subitem_id="5000"), 1, "row-doubled"),
    (other_item_in_staging, 1, "item-differs"),
    (anothers_item_in_staging, 1, "item-shared"),
    (other_subitem_in_staging, 1, "subitem-differs"),
    (subitem_elsewhere, 1, "wrong-parent"),
    (parent_elsewhere, 1, "wrong-parent"),
    (more_items_than_rows, 1, "more-items-than-rows"),
    (without(MON), 2, "lost"),
    (without(MON), 2, "orphan"),
    (without(MON), 2, "size-without-order"),
    (without(MON_SUB), 2, "orphan-subitem"),
    (staged_without_its_size, 2, "size-lost"),
    (source_row_never_seen, 2, "lost"),
    (row_without_uuid, 2, "lost"),
    (doubled_uuid, 2, "lost"),
    (size_never_seen, 2, "size-lost"),
    (resolved_and_nowhere, 2, "lost"),
    (set_in(MON_SUB, ORDER_QTY="4"), 2, "quantity"),
    (quantity_on_the_board, 2, "quantity"),
    (board_without_item, 2, "no-such-item"),
    (board_without_subitem, 2, "no-such-subitem"),
    (item_under_another_name, 2, "wrong-name"),
    (item_with_anothers_key, 2, "wrong-key"),
    (taken_away_by_us, 2, "taken-away"),
    (item_of_nobody, 2, "orphan"),
    (staged("PENDING"), 2, "open-at-rest"),
    (staged("UNKNOWN"), 2, "open-at-rest"),
    (staged("SENDING"), 2, "open-at-rest"),
    (staged("API_SUCCESS"), 2, "open-at-rest"),
    (staged("PROMOTED"), 2, "half-promoted"),
    (staged("API_FAILED"), 2, "no-letter"),
    (staged("CONFLICT"), 2, "no-letter"),
    (promoted_but_not_marked, 2, "half-promoted"),
    (size_promoted_but_not_marked, 2, "half-promoted"),
    (size_marked_but_not_promoted, 2, "half-promoted"),
    (staged_beside_production, 2, "in-both"),
    (size_without_its_staged_order, 2, "size-stranded"),
    (size_refused_in_silence, 2, "no-letter"),
    (set_in(ERR, error_message=" "), 2, "no-reason"),
    (set_in(ERR, error_message=None), 2, "no-reason"),
    (set_in(ERR, resolved_date=NOON), 2, "half-resolved"),
    (set_in(ERR, resolved_by="x"), 2, "half-resolved"),
    (rejection_left_open, 2, "letter-left"),
    (size_rejection_left_open, 2, "letter-left"),
    (letter_again, 2, "letter-doubled"),
    (completed_with_a_waiting_row, 2, "batch-not-complete"),
    (set_in(BATCHES, status="ITEMS_CREATED"), 2, "batch-under-way"),
    (set_in(LEASES, holder="me"), 2, "lease-held"),
    (set_in(IMPORTS, status="STARTED"), 2, "import-open"),
]


def name_of(value: object) -> str:
    return getattr(value, "__name__", str(value))


@pytest.mark.parametrize(("spoil", "guarantee", "what"), SPOILT, ids=name_of)
def test_what_is_spoilt_is_found(spoil: Callable[[Scene], None], guarantee: int, what: str) -> None:
    scene = whole()
    assert violations(scene.evidence()) == []
    spoil(scene)
    assert (guarantee, what) in found(scene)


# fmt: off
KINDS = {
    "item-created-twice", "item-doubled", "subitem-created-twice", "subitem-doubled", "row-doubled",
    "item-differs", "item-shared", "subitem-differs", "wrong-parent", "more-items-than-rows", "lost",
    "size-lost", "size-without-order", "orphan", "orphan-subitem", "quantity", "no-such-item",
    "no-such-subitem", "wrong-name", "wrong-key", "taken-away", "open-at-rest", "half-promoted",
    "no-letter", "in-both", "size-stranded", "no-reason", "half-resolved", "letter-left",
    "letter-doubled", "batch-not-complete", "batch-under-way", "lease-held", "import-open", "sent-again",
}
# fmt: on
"""All that the checker can find."""


def test_every_kind_of_violation_is_among_what_is_spoilt() -> None:
    kinds = {what for _, _, what in SPOILT} | {"sent-again"}
    assert kinds == KINDS


def test_a_mutation_after_the_end_is_found_and_none_before_it() -> None:
    scene = whole()
    settled = len(scene.executed)
    assert found(scene, settled_at=settled) == set()
    scene.executes("create_group", "g2", group_name="New")
    assert found(scene) == set()
    (one,) = violations(scene.evidence(settled_at=settled))
    assert (one.guarantee, one.what) == (3, "sent-again")
    assert "create_group" in str(one)


def test_a_sentence_names_the_row_and_the_items() -> None:
    scene = whole()
    scene.create_item(LANDED)
    (one,) = (each for each in violations(scene.evidence()) if each.what == "item-created-twice")
    assert str(one).startswith("guarantee 1, item-created-twice: ")
    assert all(word in one.sentence for word in (str(UUID(int=LANDED)), "1000", "1002"))


@pytest.mark.parametrize("by_us", [True, False])
def test_an_item_that_was_taken_away_before_may_be_created_again(*, by_us: bool) -> None:
    scene = whole()
    scene.take_away("1000", by_us=by_us)
    new = scene.create_item(LANDED)
    scene.tables[MON][0]["Item ID"] = int(new)
    scene.tables[MON_SUB][:] = scene.tables[MON_SUB][2:]
    scene.source[0] |= {"S": None, "M": None}
    assert found(scene) == set()


def test_hands_that_are_recorded_count_more_than_the_clock() -> None:
    scene = whole()
    before = len(scene.executed)
    scene.take_away("1000", at=clock(0))
    new = scene.create_item(LANDED)
    scene.tables[MON][0]["Item ID"] = int(new)
    scene.tables[MON_SUB][:] = scene.tables[MON_SUB][2:]
    scene.source[0] |= {"S": None, "M": None}
    assert found(scene, by_hand=[ByHand("delete_item", "1000", before)]) == set()
    after = [ByHand("delete_item", "1000", before + 1)]
    assert found(scene, by_hand=after) == {(1, "item-created-twice")}


def test_an_item_whose_key_people_wrote_over_may_be_created_again() -> None:
    scene = whole()
    before = len(scene.executed)
    new = scene.create_item(LANDED)
    scene.take_away("1000")
    scene.tables[MON][0]["Item ID"] = int(new)
    scene.tables[MON_SUB][:] = scene.tables[MON_SUB][2:]
    scene.source[0] |= {"S": None, "M": None}

    def written(after: int, column: str) -> list[ByHand]:
        deleted = ByHand("delete_item", "1000", before + 1)
        return [ByHand("change_values", "1000", after, frozenset({column})), deleted]

    assert found(scene, by_hand=written(before, KEY)) == set()
    for hands in (written(before, QUANTITY), written(before + 1, KEY)):
        assert found(scene, by_hand=hands) == {(1, "item-created-twice")}


def test_what_people_edit_move_and_delete_is_theirs() -> None:
    scene = whole()
    scene.view("1000", renamed("Mine"))
    scene.view("5000", valued(QUANTITY, "77"))
    scene.take_away("1001")
    assert found(scene) == set()


def test_what_people_wrote_back_to_what_we_had_written_is_theirs_where_hands_are_recorded() -> None:
    scene = whole()
    scene.tables[MON][0]["Title"] = "Agreed with people"
    assert found(scene) == {(2, "wrong-name")}
    assert found(scene, by_hand=[ByHand("rename_item", "1000", 2)]) == set()


def test_a_value_that_we_changed_ourselves_is_ours() -> None:
    scene = whole()
    scene.executes("change_multiple_column_values", "1000", column_values={NAME: "New"})
    scene.view("1000", renamed("New"))
    assert found(scene) == {(2, "wrong-name")}
    scene.tables[MON][0]["Title"] = "New"
    assert found(scene) == set()


@pytest.mark.parametrize("status", ["PENDING", "SENDING", "UNKNOWN", "API_SUCCESS"])
def test_before_the_end_rows_may_be_anywhere_on_their_way(status: str) -> None:
    scene = whole()
    scene.stage(9, status, {"S": 1})
    scene.order_line(10, {"S": 1})
    scene.tables[LEASES][0]["holder"] = "me"
    scene.tables[IMPORTS][0]["status"] = scene.tables[BATCHES][0]["status"] = "STARTED"
    assert found(scene, at_rest=False) == set()


def test_rows_that_may_wait_may_not_be_under_way() -> None:
    scene = whole()
    for number, status in enumerate(("PENDING", "UNKNOWN", "API_SUCCESS"), start=9):
        scene.stage(number, status, {"S": 1})
    assert found(scene, may_wait=True) == set()
    scene.stage(20, "SENDING", {})
    assert found(scene, may_wait=True) == {(2, "open-at-rest")}


@pytest.mark.parametrize("status", ["SENDING", "UNKNOWN", "CONFLICT", "PENDING"])
@pytest.mark.parametrize("keyed", [True, False])
def test_an_item_that_may_be_a_staged_rows_is_no_orphan(status: str, *, keyed: bool) -> None:
    scene = whole()
    scene.keyed = keyed
    row = scene.stage(9, status, {}, stg_sent_date=NOON)
    scene.letter(9, "CONFLICT")
    scene.create_item(9)
    assert found(scene, at_rest=False) == set()
    row["stg_sent_date"] = None
    if status == "PENDING":
        assert len(found(scene, at_rest=False)) == 1


def test_a_row_under_a_new_uuid_finds_its_item_by_the_key_that_was_sent() -> None:
    scene = whole()
    payload = json.dumps({"column_values": {KEY: str(UUID(int=99))}})
    scene.stage(9, "UNKNOWN", {}, stg_api_payload=payload)
    scene.create_item(99)
    scene.view("1000", valued(KEY, str(UUID(int=98))))
    assert found(scene, at_rest=False) == set()


def test_without_keys_there_may_be_as_many_items_as_rows_of_a_name() -> None:
    scene = Scene(keyed=False)
    for number in (1, 2):
        scene.stage(number, "UNKNOWN", {}, Title="Same")
        scene.create_item(number, name="Same")
    assert found(scene, at_rest=False, key_column=None) == set()
    scene.create_item(3, name="Same")
    assert found(scene, at_rest=False, key_column=None) == {(1, "more-items-than-rows")}


def test_what_has_changed_since_is_not_judged_by_its_sizes() -> None:
    scene = whole()
    scene.source[0] |= {"S": 9}
    assert found(scene) == {(2, "quantity")}
    assert found(scene, outdated={UUID(int=LANDED)}) == set()


def test_a_change_on_its_way_and_a_refused_one_are_no_second_delivery() -> None:
    scene = whole()
    for number, status in ((1, "UNKNOWN"), (2, "API_FAILED")):
        row = scene.staged_row(UUID(int=number), f"Other {number}", status)
        change = {"update_operation": "UPDATE", "stg_monday_item_id": 999 + number}
        scene.tables[STG].append(row | change)
    scene.letter(2, "REJECTED")
    assert found(scene, may_wait=True) == set()


def test_subitems_that_a_completed_batch_left_for_later_may_wait() -> None:
    scene = Scene()
    scene.land(1, {"S": 2})
    scene.tables[BATCHES][0]["status"] = "COMPLETED"
    order = scene.staged_row(UUID(int=1), "Item 1", "PROMOTED") | {"stg_monday_item_id": 1000}
    scene.tables[STG].append(order)
    scene.tables[STG_SUB].append(scene.staged_size(order, "M", 2))
    scene.source[0]["M"] = 2
    assert found(scene, may_wait=True) == set()
    assert found(scene) == {(2, "open-at-rest")}


STATES: list[Callable[[Scene, int, dict[str, int | None]], object]] = [
    lambda scene, number, sizes: scene.land(number, sizes),
    lambda scene, number, _: scene.refuse(number),
    lambda scene, number, _: scene.refuse(number, "CONFLICT"),
    lambda scene, number, _: scene.invalidate(number),
    lambda scene, number, sizes: scene.stage(number, "PENDING", sizes),
    lambda scene, number, sizes: scene.stage(number, "UNKNOWN", sizes),
]
SIZES = st.fixed_dictionaries(
    {size: st.one_of(st.none(), st.integers(0, 2_147_483_647)) for size in ("S", "M")}
)
ORDERS = st.lists(st.tuples(st.sampled_from(STATES), SIZES), min_size=1, max_size=6)


def made(orders: list[Any]) -> Scene:
    scene = Scene()
    for number, (make, sizes) in enumerate(orders, start=1):
        make(scene, number, sizes)
    return scene


@given(ORDERS, st.randoms(use_true_random=False))
def test_whatever_state_rows_are_in_and_in_whatever_order_nothing_is_found_where_nothing_is(
    orders: list[Any], random: Any
) -> None:
    scene = made(orders)
    for rows in (scene.source, scene.items, scene.subitems, *scene.tables.values()):
        random.shuffle(rows)
    assert violations(scene.evidence(may_wait=True)) == []


@given(ORDERS, st.data())
def test_no_row_of_the_tables_can_go_unnoticed(orders: list[Any], data: st.DataObject) -> None:
    scene = made(orders)
    held = [(table, row) for table in (STG, STG_SUB, MON, MON_SUB, ERR) for row in scene.tables[table]]
    if not held:
        return
    table, row = data.draw(st.sampled_from(held))
    if table == STG_SUB and any(letter["source_uuid"] == row["source_uuid"] for letter in scene.tables[ERR]):
        # An order that is refused is staged anew with its sizes when it is retried.
        return
    scene.tables[table].remove(row)
    assert violations(scene.evidence(may_wait=True))


@given(ORDERS, st.data())
def test_nothing_can_be_on_the_board_twice_unnoticed(orders: list[Any], data: st.DataObject) -> None:
    scene = made([(STATES[0], {"S": 1}), *orders])
    ours = [one for one in scene.executed if one.operation.startswith("create_")]
    again = data.draw(st.sampled_from(ours))
    views = scene.items if again.operation == "create_item" else scene.subitems
    (view,) = (view for view in views if view.id == again.result_id)
    views.append(replace(view, id="9999"))
    scene.executes(again.operation, "9999", **again.arguments)
    kinds = {one.what for one in violations(scene.evidence(may_wait=True)) if one.guarantee == 1}
    assert {kind.split("-")[-1] for kind in kinds} == {"twice", "doubled"}
