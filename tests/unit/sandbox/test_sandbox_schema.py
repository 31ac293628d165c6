from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from order_staging.sandbox.bulk import BULK_MUTATIONS
from order_staging.sandbox.object_resolvers import VALUE_TYPES
from order_staging.sandbox.resolvers import MUTATIONS
from order_staging.sandbox.schema import schema

ROOT = Path(__file__).parents[3]
MONDAY = ROOT.parent / "shared" / "reference" / "monday_schema" / "schema-2026-10.graphql"


def test_every_type_field_argument_and_enum_value_is_in_mondays_schema() -> None:
    if not MONDAY.exists():
        pytest.skip(f"monday's own schema is not at {MONDAY}, so ours cannot be compared with it")
    theirs = build_schema(MONDAY.read_text(encoding="utf-8"))
    ours = schema()
    named = [kind for name, kind in ours.type_map.items() if not name.startswith("__")]
    differences = [difference for kind in named for difference in _differences(kind, theirs)]
    assert differences == []


def test_serves_every_mutation_of_the_schema() -> None:
    mutation = schema().mutation_type
    assert mutation is not None
    assert set(mutation.fields) == {*MUTATIONS, *BULK_MUTATIONS, "complexity"}


def test_bulk_imports_are_the_difference_between_the_two_schemas() -> None:
    more, less = schema(bulk=True), schema(bulk=False)
    assert set(more.type_map) - set(less.type_map) == {
        "BulkImportFailureReason",
        "BulkImportState",
        "ItemsJobItemCounts",
        "ItemsJobStatus",
        "JobStatus",
        "OnMatchBehaviour",
        "OnMatchInput",
        "UploadJobInit",
    }
    for root, fields in (("Mutation", set(BULK_MUTATIONS)), ("Query", {"fetch_job_status"})):
        with_bulk, without = more.type_map[root], less.type_map[root]
        assert isinstance(with_bulk, GraphQLObjectType)
        assert isinstance(without, GraphQLObjectType)
        assert set(with_bulk.fields) - set(without.fields) == fields


@pytest.mark.parametrize(
    ("ours", "theirs", "differences"),
    [
        ("union U = A type A { a: Int }", "union U = A type A { a: Int }", []),
        ("union U = A type A { a: Int }", "union U = B type A { a: Int } type B { a: Int }", ["U has A"]),
        (
            "union U = A type A { a: Int }",
            "type U { a: Int } type A { a: Int }",
            ["U is <GraphQLObjectType 'U'> at monday.com"],
        ),
        ("type A { a: Int! }", "type A { a: Int }", ["A.a: Int!"]),
        ("type A { a: Int }", "type A { a: Int! }", ["A.a: Int"]),
        ("type A { a(b: ID): Int }", "type A { a(b: ID!): Int }", ["A.a(b: ID)"]),
        ("type A { a: Int }", "type A { a(b: ID!): Int }", ["A.a lacks b"]),
        ("input I { a: Int }", "input I { a: Int, b: Int! }", ["I lacks b"]),
        ("input I { a: Int! }", "input I { a: Int }", ["I.a: Int!"]),
        ("enum E { a b }", "enum E { a }", ["E.b"]),
    ],
)
def test_the_comparison_finds_what_differs(ours: str, theirs: str, differences: list[str]) -> None:
    named = [kind for name, kind in build_schema(ours).type_map.items() if name in {"A", "E", "I", "U"}]
    original = build_schema(theirs)
    assert [found for kind in named for found in _differences(kind, original)] == differences


def test_has_a_concrete_type_for_every_kind_of_value_it_shows() -> None:
    assert set(VALUE_TYPES.values()) < set(schema().type_map)


def _differences(ours: GraphQLNamedType, schema_of_monday: GraphQLSchema) -> list[str]:
    theirs = schema_of_monday.type_map.get(ours.name)
    if type(theirs) is not type(ours):
        return [f"{ours.name} is {theirs!r} at monday.com"]
    if isinstance(ours, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
        return [f"{ours.name}.{value}" for value in ours.values if value not in theirs.values]
    if isinstance(ours, GraphQLUnionType) and isinstance(theirs, GraphQLUnionType):
        known = {member.name for member in theirs.types}
        return [f"{ours.name} has {member.name}" for member in ours.types if member.name not in known]
    if isinstance(ours, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
        return _input_differences(ours, theirs)
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType) and isinstance(
        theirs, GraphQLObjectType | GraphQLInterfaceType
    ):
        return [*_interface_differences(ours, theirs), *_field_differences(ours, theirs)]
    return []


def _input_differences(ours: GraphQLInputObjectType, theirs: GraphQLInputObjectType) -> list[str]:
    found = [
        f"{ours.name}.{name}: {field.type}"
        for name, field in ours.fields.items()
        if name not in theirs.fields or str(theirs.fields[name].type) != str(field.type)
    ]
    required = [name for name, field in theirs.fields.items() if str(field.type).endswith("!")]
    return found + [f"{ours.name} lacks {name}" for name in required if name not in ours.fields]


def _interface_differences(
    ours: GraphQLObjectType | GraphQLInterfaceType, theirs: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    known = {interface.name for interface in theirs.interfaces}
    return [f"{ours.name} implements {each.name}" for each in ours.interfaces if each.name not in known]


def _field_differences(
    ours: GraphQLObjectType | GraphQLInterfaceType, theirs: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    found = []
    for name, field in ours.fields.items():
        original = theirs.fields.get(name)
        if original is None or str(original.type) != str(field.type):
            found.append(f"{ours.name}.{name}: {field.type}")
            continue
        for argument_name, argument in field.args.items():
            known = original.args.get(argument_name)
            if known is None or str(known.type) != str(argument.type):
                found.append(f"{ours.name}.{name}({argument_name}: {argument.type})")
        required = {key for key, argument in original.args.items() if str(argument.type).endswith("!")}
        found += [f"{ours.name}.{name} lacks {key}" for key in required - set(field.args)]
    return found
