"""The GraphQL schema with its scalars and resolvers."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    StringValueNode,
    ValueNode,
    build_schema,
    value_from_ast_untyped,
)

from order_staging.sandbox.bulk import BULK_MUTATIONS
from order_staging.sandbox.object_resolvers import value_type
from order_staging.sandbox.resolvers import (
    MUTATIONS,
    RESOLVERS,
    resolve_job_status,
    resolve_mutation,
)

JSON_TROUBLE = "Syntax error in JSON input"


@cache
def schema(*, bulk: bool = True) -> GraphQLSchema:
    """The schema of our own writing, ready to be executed; without the bulk imports where they are not served."""
    names = ("schema.graphql", "bulk.graphql") if bulk else ("schema.graphql",)
    made = build_schema("\n".join((files(__package__) / name).read_text(encoding="utf-8") for name in names))
    json_type, compare_type = made.type_map["JSON"], made.type_map["CompareValue"]
    if isinstance(json_type, GraphQLScalarType):
        json_type.coerce_input_value = _read_json
        json_type.coerce_input_literal = _read_json_literal
    if isinstance(compare_type, GraphQLScalarType):
        compare_type.coerce_input_value = _as_it_is
        compare_type.coerce_input_literal = value_from_ast_untyped
    value_interface = made.type_map["ColumnValue"]
    if isinstance(value_interface, GraphQLInterfaceType):
        value_interface.resolve_type = value_type
    for type_name, resolvers in RESOLVERS.items():
        for field_name, resolver in resolvers.items():
            _object(made, type_name).fields[field_name].resolve = resolver
    for field_name in MUTATIONS:
        _object(made, "Mutation").fields[field_name].resolve = resolve_mutation
    if bulk:
        _serve_bulk(made)
    return made


def as_javascript_says(message: str) -> str:
    """A message of the Python library in the quotes that the JavaScript one uses."""
    return re.sub(r"(?<!\w)'([^']*)'(?!\w)", r'"\1"', message)


def _serve_bulk(made: GraphQLSchema) -> None:
    for field_name in BULK_MUTATIONS:
        _object(made, "Mutation").fields[field_name].resolve = resolve_mutation
    _object(made, "Query").fields["fetch_job_status"].resolve = resolve_job_status
    job_status, states = made.type_map["JobStatus"], made.type_map["BulkImportState"]
    if isinstance(job_status, GraphQLUnionType):
        job_status.resolve_type = lambda _status, _info, _union: "ItemsJobStatus"
    if isinstance(states, GraphQLEnumType):
        # A test may call states by words that are no values of the enum.
        states.coerce_output_value = _word  # type: ignore[method-assign] # of this type alone


def _object(made: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = made.type_map[name]
    if not isinstance(found, GraphQLObjectType):
        raise TypeError(f"{name} is not an object type")
    return found


def _read_json(text: object) -> object:
    if not isinstance(text, str):
        raise GraphQLError(JSON_TROUBLE)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise GraphQLError(JSON_TROUBLE) from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _read_json_literal(node: ValueNode) -> object:
    if not isinstance(node, StringValueNode):
        raise GraphQLError(JSON_TROUBLE, node)
    return _read_json(node.value)


def _word(output_value: object) -> str:
    return str(output_value)


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - a scalar of any shape
    return value
