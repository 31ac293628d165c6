"""The documents fit the sandbox's schema, and monday.com's own where it is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    NullValueNode,
    OperationDefinitionNode,
    StringValueNode,
    Visitor,
    build_schema,
    parse,
    validate,
    visit,
)

from order_staging.monday import documents
from order_staging.monday.costs import Request
from order_staging.monday.mutations import Kind
from order_staging.monday.row_documents import rows_document
from order_staging.sandbox.schema import schema

if TYPE_CHECKING:
    from collections.abc import Callable

MONDAYS_SCHEMA = Path(__file__).parents[4] / "shared/reference/monday_schema/schema-2026-10.graphql"

READS = {
    "board": documents.BOARD,
    "groups": documents.GROUPS,
    "items by key": documents.ITEMS_BY_KEY,
    "next page of items by key": documents.NEXT_ITEMS_BY_KEY,
    "items of a group": documents.ITEMS_OF_GROUP,
    "next page": documents.NEXT_PAGE,
    "subitems": documents.SUBITEMS,
    "items as they are now": documents.ITEMS_NOW,
    "boards of items": documents.BOARDS_OF_ITEMS,
    "items with their subitems": documents.ITEMS_WITH_SUBITEMS,
    "whole items of a group": documents.ITEMS_IN_GROUP,
    "next page of whole items": documents.NEXT_ITEMS_IN_GROUP,
    "versions": documents.VERSIONS,
    "the token's user": documents.USER,
    "access": documents.ACCESS,
    "daily calls": documents.DAILY_CALLS,
    "activity": documents.ACTIVITY,
    "users": documents.USERS,
    "status of an import": documents.IMPORT_STATUS,
}
COUNTS = [1, 2, 7, 20, 100]


def create_items(count: int) -> str:
    return rows_document(((Kind.CREATE_ITEM,),) * count)


def create_subitems(count: int) -> str:
    return rows_document(((Kind.CREATE_SUBITEM,),) * count)


MAKERS: dict[str, Callable[[int], str]] = {
    "groups": documents.create_groups,
    "items": create_items,
    "subitems": create_subitems,
}
WRITES = {f"{count} {name}": make(count) for name, make in MAKERS.items() for count in COUNTS}
EVERY = (
    READS
    | WRITES
    | {
        "create a text column": documents.CREATE_TEXT_COLUMN,
        "start an import": documents.START_IMPORT,
    }
)


@pytest.fixture(scope="session")
def mondays_schema() -> GraphQLSchema:
    if not MONDAYS_SCHEMA.exists():
        pytest.skip(f"monday.com's schema is not at {MONDAYS_SCHEMA}")
    return build_schema(MONDAYS_SCHEMA.read_text(encoding="utf-8"), assume_valid=True)


class Literals(Visitor):
    """Collects what stands in a document instead of a variable."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        self.found.append(node.value)

    def enter_int_value(self, node: Any, *_: Any) -> None:
        self.found.append(node.value)

    def enter_null_value(self, node: NullValueNode, *_: Any) -> None:
        self.found.append(node)


def operation(text: str) -> OperationDefinitionNode:
    (definition,) = parse(text).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition


def root_fields(text: str) -> list[FieldNode]:
    selections = operation(text).selection_set.selections
    return [node for node in selections if isinstance(node, FieldNode)]


def test_no_document_is_left_out_here() -> None:
    written = {text for text in vars(documents).values() if isinstance(text, str) and " {\n" in text}
    assert written <= set(EVERY.values())
    assert len(written) >= 10


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
def test_documents_fit_the_sandboxs_schema(text: str) -> None:
    assert validate(schema(), parse(text)) == []


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
def test_documents_fit_mondays_schema(text: str, mondays_schema: GraphQLSchema) -> None:
    assert validate(mondays_schema, parse(text)) == []


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
def test_values_travel_as_variables_only(text: str) -> None:
    literals = Literals()
    visit(parse(text), literals)
    assert literals.found == []


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
def test_every_document_is_one_operation_with_a_name(text: str) -> None:
    assert operation(text).name is not None


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_request_has_an_alias_for_each_row_in_order(make: Any, count: int) -> None:
    fields = root_fields(make(count))
    aliases = [field.alias.value for field in fields if field.alias]
    assert aliases == [documents.alias(index) for index in range(count)]


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_create_selects_id_alone_as_any_other_field_may_fail_after_it_was_executed(make: Any) -> None:
    for field in root_fields(make(3)):
        if field.alias:
            assert field.selection_set is not None
            names = [
                node.name.value for node in field.selection_set.selections if isinstance(node, FieldNode)
            ]
            assert names == ["id"]


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_what_a_request_cost_is_asked_for_after_its_mutations(make: Any) -> None:
    assert [field.name.value for field in root_fields(make(2))][-1] == "complexity"


@pytest.mark.parametrize("make", [create_items, create_subitems])
def test_labels_that_are_missing_are_created(make: Any) -> None:
    assert make(3).count("create_labels_if_missing: true") == 3


def test_a_document_is_parsed_once() -> None:
    text = create_items(3)
    assert documents.document(text) is documents.document(create_items(3))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (create_items(1), Request("create_item")),
        (create_items(7), Request("create_item", 7)),
        (create_subitems(2), Request("create_subitem", 2)),
        (documents.create_groups(2), Request("create_group", 2)),
        (documents.BOARD, Request("Board")),
        (documents.ITEMS_BY_KEY, Request("ItemsByKey")),
        (documents.START_IMPORT, Request("ingest_items")),
        ("{ me { id } }", Request("me")),
    ],
)
def test_the_cost_of_a_document_is_known_by_its_mutations_or_its_own_name(text: str, asked: Request) -> None:
    assert documents.asked(text) == asked
