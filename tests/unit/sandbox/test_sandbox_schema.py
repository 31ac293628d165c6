from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

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
    assert set(mutation.fields) == {*MUTATIONS, "complexity"}


def test_has_a_concrete_type_for_every_kind_of_value_it_shows() -> None:
    assert set(VALUE_TYPES.values()) < set(schema().type_map)


def _differences(ours: GraphQLNamedType, schema_of_monday: GraphQLSchema) -> list[str]:
    theirs = schema_of_monday.type_map.get(ours.name)
    if type(theirs) is not type(ours):
        return [f"{ours.name} is {theirs!r} at monday.com"]
    if isinstance(ours, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
        return [f"{ours.name}.{value}" for value in ours.values if value not in theirs.values]
    if isinstance(ours, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
        return [
            f"{ours.name}.{name}: {field.type}"
            for name, field in ours.fields.items()
            if name not in theirs.fields or str(theirs.fields[name].type) != str(field.type)
        ]
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType) and isinstance(
        theirs, GraphQLObjectType | GraphQLInterfaceType
    ):
        return [*_interface_differences(ours, theirs), *_field_differences(ours, theirs)]
    return []


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
