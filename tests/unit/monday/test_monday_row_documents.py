"""One document for rows with mutations of several kinds: who is who in it, and that values are variables."""

from __future__ import annotations

import json
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    VariableNode,
    build_schema,
    parse,
    validate,
    value_from_ast_untyped,
)
from hypothesis import given
from hypothesis import strategies as st

from order_staging.monday import (
    ArchiveItem,
    ChangeValues,
    DeleteItem,
    MoveItem,
    Mutation,
    NewItem,
    NewSubitem,
    NewSubitemOf,
)
from order_staging.monday import documents as all_documents
from order_staging.monday.costs import Request
from order_staging.monday.mutations import Kind
from order_staging.monday.row_documents import RowsRequest, rows_document, rows_request
from order_staging.sandbox.schema import schema

MONDAYS_SCHEMA = Path(__file__).parents[4] / "shared/reference/monday_schema/schema-2026-10.graphql"
EVERY_ORDER = tuple((kind,) for kind in Kind) + tuple(permutations(Kind, 2)) + (tuple(Kind),)
"""Rows in which each kind comes alone, before each other and behind it."""

OUR_BOARD = 77
ids = st.integers(1, 10**11)
texts = st.text(max_size=20)
mutations: dict[Kind, st.SearchStrategy[Mutation]] = {
    Kind.CREATE_ITEM: st.builds(NewItem, texts, texts, texts),
    Kind.CREATE_SUBITEM: st.builds(NewSubitemOf, ids, st.builds(NewSubitem, texts, texts)),
    Kind.CHANGE_VALUES: st.builds(ChangeValues, ids, ids, texts),
    Kind.MOVE_ITEM: st.builds(MoveItem, ids, texts),
    Kind.ARCHIVE_ITEM: st.builds(ArchiveItem, ids),
    Kind.DELETE_ITEM: st.builds(DeleteItem, ids),
}
rows = st.lists(
    st.lists(st.sampled_from(list(Kind)), unique=True, max_size=3).flatmap(
        lambda kinds: st.tuples(*(mutations[kind] for kind in kinds))
    ),
    min_size=1,
    max_size=5,
).filter(any)


def arguments_of(mutation: Mutation) -> tuple[str, dict[str, Any]]:
    """Tell what monday.com has to be asked for, mutation by mutation."""
    match mutation:
        case NewItem():
            return "create_item", {
                "board_id": str(OUR_BOARD),
                "item_name": mutation.name,
                "group_id": mutation.group_id,
                "column_values": mutation.column_values,
                "create_labels_if_missing": True,
            }
        case NewSubitemOf():
            return "create_subitem", {
                "parent_item_id": str(mutation.parent_id),
                "item_name": mutation.subitem.name,
                "column_values": mutation.subitem.column_values,
                "create_labels_if_missing": True,
            }
        case ChangeValues():
            return "change_multiple_column_values", {
                "board_id": str(mutation.board_id),
                "item_id": str(mutation.item_id),
                "column_values": mutation.column_values,
                "create_labels_if_missing": True,
            }
        case MoveItem():
            return "move_item_to_group", {"item_id": str(mutation.item_id), "group_id": mutation.group_id}
        case ArchiveItem():
            return "archive_item", {"item_id": str(mutation.item_id)}
        case DeleteItem():
            return "delete_item", {"item_id": str(mutation.item_id)}


def operation(text: str) -> OperationDefinitionNode:
    (definition,) = parse(text).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition


def root_fields(text: str) -> list[FieldNode]:
    return [node for node in operation(text).selection_set.selections if isinstance(node, FieldNode)]


def asked_for(request: RowsRequest) -> list[tuple[str, dict[str, Any]]]:
    *fields, _ = root_fields(request.text)
    return [
        (
            field.name.value,
            {
                argument.name.value: value_from_ast_untyped(argument.value, dict(request.variables))
                for argument in field.arguments or ()
            },
        )
        for field in fields
    ]


def test_any_kinds_in_any_order_fit_the_sandboxs_schema() -> None:
    assert validate(schema(), parse(rows_document(EVERY_ORDER))) == []


def test_any_kinds_in_any_order_fit_mondays_schema() -> None:
    if not MONDAYS_SCHEMA.exists():
        pytest.skip(f"monday.com's schema is not at {MONDAYS_SCHEMA}")
    mondays = build_schema(MONDAYS_SCHEMA.read_text(encoding="utf-8"), assume_valid=True)
    assert validate(mondays, parse(rows_document(EVERY_ORDER))) == []


def test_a_document_asks_for_ids_alone_and_for_its_cost_last() -> None:
    *fields, last = root_fields(rows_document(EVERY_ORDER))
    assert last.name.value == "complexity"
    for field in fields:
        assert field.selection_set is not None
        selected = [node for node in field.selection_set.selections if isinstance(node, FieldNode)]
        assert [node.name.value for node in selected] == ["id"]


def test_no_value_stands_in_a_document() -> None:
    *fields, _ = root_fields(rows_document(EVERY_ORDER))
    written = [argument for field in fields for argument in field.arguments or ()]
    literal = {argument.name.value for argument in written if not isinstance(argument.value, VariableNode)}
    assert literal == {"create_labels_if_missing"}


@given(rows)
def test_each_mutation_is_asked_for_with_its_own_values_and_in_its_order(rows: list[Any]) -> None:
    request = rows_request(rows, OUR_BOARD)
    assert asked_for(request) == [arguments_of(mutation) for row in rows for mutation in row]
    assert request.sizes == tuple(len(row) for row in rows)


@given(rows)
def test_aliases_differ_and_end_with_the_number_of_their_row(rows: list[Any]) -> None:
    aliases = all_documents.aliases(rows_request(rows, OUR_BOARD).text)
    assert len(set(aliases)) == len(aliases)
    numbers = [number for number, row in enumerate(rows) for _ in row]
    assert [int(re.sub(r"\D", "", alias)) for alias in aliases] == numbers


@given(rows)
def test_a_variable_that_monday_refuses_names_its_row(rows: list[Any]) -> None:
    request = rows_request(rows, OUR_BOARD)
    declared = [node.variable.name.value for node in operation(request.text).variable_definitions or ()]
    assert sorted(declared) == sorted(request.variables)
    for name in request.variables.keys() - {"board"}:
        # As the batch reads a refusal, to part the one row from the others.
        (number,) = re.findall(
            r"\$[a-z]+(\d+)\b", f"Variable ${name} of type JSON! was provided invalid value"
        )
        values = json.dumps([arguments_of(mutation)[1] for mutation in rows[int(number)]])
        assert json.dumps(request.variables[name]) in values


def test_the_first_mutation_of_a_row_is_called_like_the_row() -> None:
    text = rows_document(((Kind.CHANGE_VALUES, Kind.MOVE_ITEM), (Kind.MOVE_ITEM,), (Kind.CREATE_ITEM,)))
    assert all_documents.aliases(text) == ("row0", "move0", "row1", "row2")


def test_its_cost_is_known_by_the_kinds_of_its_mutations() -> None:
    text = rows_document(((Kind.CHANGE_VALUES, Kind.MOVE_ITEM), (Kind.CHANGE_VALUES,), (Kind.CREATE_ITEM,)))
    others = (("move_item_to_group", 1), ("create_item", 1))
    assert all_documents.asked(text) == Request("change_multiple_column_values", 2, others)


def test_two_mutations_of_a_kind_in_one_row_are_refused_before_anything_is_sent() -> None:
    twice = [MoveItem(1, "a"), MoveItem(1, "b")]
    with pytest.raises(ValueError, match="row 1 has several mutations of one kind: move_item_to_group"):
        rows_request([[ArchiveItem(7)], twice], OUR_BOARD)


def test_documents_of_many_shapes_do_not_pile_up() -> None:
    for count in range(1, 200):
        text = rows_document(
            ((Kind.ARCHIVE_ITEM,),) * (count % 20 + 1) + ((Kind.MOVE_ITEM,),) * (count // 20)
        )
        all_documents.document(text)
    for cache in (rows_document, all_documents.document):
        info = cache.cache_info()
        assert info.maxsize is not None
        assert info.currsize <= info.maxsize < 200
