"""One GraphQL request: read, checked and executed, answered as monday.com does."""

import json
import re
from collections.abc import Mapping, Sequence
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
    SelectionSetNode,
    VariableDefinitionNode,
    execute_sync,
    parse,
    print_ast,
    validate,
    value_from_ast_untyped,
)
from graphql.execution.values import get_variable_values

from order_staging.sandbox.context import Context
from order_staging.sandbox.costs import Costs, SelectionCost
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
    """A checked operation: its document, its variables, and whether it may find bulk imports."""

    document: DocumentNode
    definition: OperationDefinitionNode
    variables: Mapping[str, Any]
    bulk: bool = True

    @property
    def is_mutation(self) -> bool:
        """Whether it changes anything."""
        return self.definition.operation is OperationType.MUTATION

    @property
    def fields(self) -> tuple[str, ...]:
        """The root fields, by name and in order."""
        selections = self.definition.selection_set.selections
        return tuple(node.name.value for node in selections if isinstance(node, FieldNode))

    def groups_written(self) -> tuple[str, ...]:
        """The ids of the groups that its root fields name."""
        nodes = [node for node in self.definition.selection_set.selections if isinstance(node, FieldNode)]
        arguments = [argument for node in nodes for argument in node.arguments or ()]
        values = [
            value_from_ast_untyped(argument.value, dict(self.variables))
            for argument in arguments
            if argument.name.value == "group_id"
        ]
        return tuple(dict.fromkeys(value for value in values if isinstance(value, str)))

    @property
    def asks_complexity_alone(self) -> bool:
        """Whether it is a query of nothing but the complexity."""
        return not self.is_mutation and set(self.fields) == {"complexity"}

    def cost(self, costs: Costs, failed: Sequence[str] = ()) -> int:
        """What it costs in complexity points; takes what mutations cost, and the names of those that failed."""
        if self.is_mutation:
            return costs.after(self.fields, failed)
        fragments = {
            node.name.value: node
            for node in self.document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        return SelectionCost(fragments, self.variables).of(self.definition.selection_set)


def read_operation(body: bytes, *, bulk: bool = True) -> Operation:
    """The operation in the body of a request; `bulk` says whether there are bulk imports.

    Raises MalformedBodyError where the body is not the JSON object it has to be, and RefusedDocumentError
    where the document is not valid or a variable does not fit.
    """
    query, variables, name = _envelope(body)
    document = _checked_document(query, bulk=bulk)
    definition = _chosen(document, name)
    _check_variables(definition, variables, bulk=bulk)
    return Operation(document, definition, variables, bulk)


def execute(operation: Operation, context: Context) -> Body:
    """Run an operation; a mutation that fails is null, has its error, and the others run all the same."""
    name = operation.definition.name
    result = execute_sync(
        schema(bulk=operation.bulk),
        _complexity_last(operation),
        context_value=context,
        variable_values=dict(operation.variables),
        operation_name=None if name is None else name.value,
    )
    errors = [_error(error) for error in result.errors or ()]
    data = None if result.data is None else _in_order(operation.definition, result.data)
    for alias, fault in context.failed_after.items():
        data = {**(data or {}), alias: None}
        errors.append(_late_error(operation, alias, fault))
    return {"data": data, **({"errors": errors} if errors else {})}


def _complexity_last(operation: Operation) -> DocumentNode:
    """The document with `complexity` as the last mutation: what the others cost is known only after them."""
    if not operation.is_mutation or "complexity" not in operation.fields:
        return operation.document
    selections = operation.definition.selection_set.selections
    ordered = sorted(selections, key=_is_complexity)
    whole = operation.definition
    definition = OperationDefinitionNode(
        operation=whole.operation,
        name=whole.name,
        variable_definitions=whole.variable_definitions,
        directives=whole.directives,
        selection_set=SelectionSetNode(selections=tuple(ordered)),
    )
    others = (node for node in operation.document.definitions if node is not whole)
    return DocumentNode(definitions=(definition, *others))


def _is_complexity(node: object) -> bool:
    return isinstance(node, FieldNode) and node.name.value == "complexity"


def _in_order(definition: OperationDefinitionNode, data: dict[str, Any]) -> dict[str, Any]:
    """The results in the order in which they were asked for."""
    nodes = [node for node in definition.selection_set.selections if isinstance(node, FieldNode)]
    asked = [(node.alias or node.name).value for node in nodes]
    return {key: data[key] for key in dict.fromkeys([*asked, *data]) if key in data}


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
def _checked_document(query: str, *, bulk: bool) -> DocumentNode:
    try:
        document = parse(query)
    except GraphQLError as error:
        raise RefusedDocumentError([_static_error(error)]) from error
    errors = validate(schema(bulk=bulk), document)
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


def _check_variables(definition: OperationDefinitionNode, variables: dict[str, Any], *, bulk: bool) -> None:
    coerced = get_variable_values(schema(bulk=bulk), definition.variable_definitions or (), variables)
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
