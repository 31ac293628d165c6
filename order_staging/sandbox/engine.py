"""One GraphQL request: read, checked and executed, answered as monday.com does."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    execute_sync,
    parse,
    print_ast,
    validate,
)
from graphql.execution.values import get_variable_values

from order_staging.sandbox.budget import Estimate
from order_staging.sandbox.context import Context
from order_staging.sandbox.faults import Fault
from order_staging.sandbox.schema import as_javascript_says, schema

Body = dict[str, object]


class MalformedBodyError(ValueError):
    """The body of a request is not the JSON object it has to be."""


class RefusedDocumentError(Exception):
    """The document or its variables are wrong, so nothing of it runs; `errors` are those of the answer."""

    def __init__(self, errors: list[Body]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Operation:
    """A checked operation: its document, variables, root fields, and whether it is a mutation."""

    document: DocumentNode
    definition: OperationDefinitionNode
    variables: Mapping[str, Any]

    @property
    def is_mutation(self) -> bool:
        """Whether it changes anything."""
        return self.definition.operation is OperationType.MUTATION

    @property
    def fields(self) -> tuple[str, ...]:
        """The root fields, by name and in order."""
        selections = self.definition.selection_set.selections
        return tuple(node.name.value for node in selections if isinstance(node, FieldNode))

    def cost(self, mutation_cost: int) -> int:
        """What it costs in complexity points; takes what one mutation costs."""
        if self.is_mutation:
            return mutation_cost * sum(field != "complexity" for field in self.fields)
        fragments = {
            node.name.value: node
            for node in self.document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        return Estimate(fragments, self.variables).of(self.definition.selection_set)


def read_operation(body: bytes) -> Operation:
    """The operation in the body of a request.

    Raises MalformedBodyError where the body is not the JSON object it has to be, and RefusedDocumentError
    where the document is not valid or a variable does not fit.
    """
    query, variables, name = _envelope(body)
    document = _checked_document(query)
    definition = _chosen(document, name)
    _check_variables(definition, variables)
    return Operation(document, definition, variables)


def execute(operation: Operation, context: Context) -> Body:
    """Run an operation; a mutation that fails is null, has its error, and the others run all the same."""
    name = operation.definition.name
    result = execute_sync(
        schema(),
        operation.document,
        context_value=context,
        variable_values=dict(operation.variables),
        operation_name=None if name is None else name.value,
    )
    errors = [_error(error) for error in result.errors or ()]
    data = result.data
    for alias, fault in context.failed_after.items():
        data = {**(data or {}), alias: None}
        errors.append(_late_error(operation, alias, fault))
    return {"data": data, **({"errors": errors} if errors else {})}


def _envelope(body: bytes) -> tuple[str, dict[str, Any], str | None]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedBodyError("The body is not JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get("query"), str):
        raise MalformedBodyError('The body is a JSON object with a text "query"')
    variables, name = content.get("variables"), content.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise MalformedBodyError('"variables" is an object and "operationName" a text')
    return content["query"], variables or {}, name


@lru_cache(maxsize=128)
def _checked_document(query: str) -> DocumentNode:
    try:
        document = parse(query)
    except GraphQLError as error:
        raise RefusedDocumentError([_static_error(error)]) from error
    errors = validate(schema(), document)
    if errors:
        raise RefusedDocumentError([_static_error(error) for error in errors])
    return document


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name is not None and node.name.value == name]
        if not operations:
            raise RefusedDocumentError([{"message": f'Unknown operation named "{name}".'}])
    if len(operations) != 1:
        message = "Must provide operation name if query contains multiple operations."
        raise RefusedDocumentError([{"message": message}])
    return operations[0]


def _check_variables(definition: OperationDefinitionNode, variables: dict[str, Any]) -> None:
    coerced = get_variable_values(schema(), definition.variable_definitions or (), variables)
    if isinstance(coerced, list):
        errors = {
            str(error["message"]): error
            for error in (_variable_error(trouble, variables) for trouble in coerced)
        }
        raise RefusedDocumentError(list(errors.values()))


def _variable_error(error: GraphQLError, variables: Mapping[str, Any]) -> Body:
    node = error.nodes[0] if error.nodes else None
    if not isinstance(node, VariableDefinitionNode):
        return _static_error(error)
    name = node.variable.name.value
    explanation = as_javascript_says(str(error.original_error or error.message))
    place = re.search(r"invalid value at (\S+):", error.message)
    path = re.findall(r"\w+", place.group(1)) if place else []
    return {
        "message": f"Variable ${name} of type {print_ast(node.type)} was provided invalid value",
        "locations": _locations(error),
        "extensions": {
            "value": variables.get(name),
            "problems": [{"path": path, "explanation": explanation}],
            "service": "monolith",
        },
    }


def _static_error(error: GraphQLError) -> Body:
    return {"message": as_javascript_says(error.message), "locations": _locations(error)}


def _error(error: GraphQLError) -> Body:
    if not error.extensions and error.original_error is not None:
        raise error.original_error  # a fault of the sandbox, not an answer
    return {
        "message": error.message,
        "locations": _locations(error),
        "path": error.path,
        "extensions": error.extensions,
    }


def _late_error(operation: Operation, alias: str, fault: Fault) -> Body:
    return {
        "message": fault.message,
        "path": [alias, _first_selection(operation.definition, alias)],
        "extensions": dict(fault.extensions),
    }


def _first_selection(definition: OperationDefinitionNode, alias: str) -> str:
    for node in definition.selection_set.selections:
        if isinstance(node, FieldNode) and alias == (node.alias or node.name).value and node.selection_set:
            first = node.selection_set.selections[0]
            return (first.alias or first.name).value if isinstance(first, FieldNode) else "id"
    return "id"


def _locations(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]
