"""Which items a query selects: the rules of `query_params`, and values of columns."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from order_staging.sandbox.column_types import shown_text
from order_staging.sandbox.refusals import bad_argument, unknown_column
from order_staging.sandbox.state import Board, Column, Item

IDS_LIMIT = 100
SEARCHED_TYPES = frozenset({"name", "text", "long_text", "numbers", "date", "dropdown", "status"})
PARTIAL_TYPES = frozenset({"dropdown"})
ONE_VALUE_TYPES = frozenset({"date", "dropdown"})
RULE_TYPES = frozenset({"name", "text"})

Test = Callable[[Item], bool]


def by_rules(board: Board, params: Mapping[str, Any]) -> Test:
    """A test for items by `query_params`: ids, and `any_of` rules on names, text columns and the group.

    Raises a Refusal for a rule on anything else, and for more than 100 ids.
    """
    ids = params.get("ids")
    if ids is not None and len(ids) > IDS_LIMIT:
        raise bad_argument(f"ids holds at most {IDS_LIMIT} ids", count=len(ids))
    tests = [_rule(board, rule) for rule in params.get("rules") or ()]
    joined = any if tests and params.get("operator") == "or" else all
    wanted = None if ids is None else frozenset(ids)
    return lambda item: (wanted is None or item.id in wanted) and joined(test(item) for test in tests)


def by_column_values(board: Board, columns: Sequence[Mapping[str, Any]]) -> Test:
    """A test for items by columns: every column must have any of its values, whatever their case.

    Raises a Refusal for an unknown column, and for a type that cannot be searched.
    """
    tests = [_column_test(board, entry["column_id"], entry["column_values"]) for entry in columns]
    return lambda item: all(test(item) for test in tests)


def _rule(board: Board, rule: Mapping[str, Any]) -> Test:
    column_id, compared = rule["column_id"], rule["compare_value"]
    values = compared if isinstance(compared, list) else [compared]
    if column_id == "group":
        return lambda item: item.group_id in values
    column = _column(board, column_id)
    if column.type not in RULE_TYPES:
        raise bad_argument("The sandbox has no rules on columns of this type", column_id=column_id)
    return _any_of(column, [str(value) for value in values])


def _column_test(board: Board, column_id: str, values: Sequence[str | None]) -> Test:
    column = _column(board, column_id)
    if column.type not in SEARCHED_TYPES:
        raise bad_argument(
            "Columns of this type cannot be searched", column_id=column_id, column_type=column.type
        )
    if column.type in ONE_VALUE_TYPES and len(values) != 1:
        raise bad_argument("Columns of this type are searched for one value", column_id=column_id)
    texts = [value or "" for value in values]
    if column.type in PARTIAL_TYPES:
        part = texts[0].casefold()
        return lambda item: part in _text(column, item).casefold()
    return _any_of(column, texts)


def _any_of(column: Column, texts: Sequence[str]) -> Test:
    if column.type == "long_text":
        exact = frozenset(texts)
        return lambda item: _text(column, item) in exact
    wanted = frozenset(text.casefold() for text in texts)
    return lambda item: _text(column, item).casefold() in wanted


def _column(board: Board, column_id: str) -> Column:
    column = board.columns.get(column_id)
    if column is None:
        raise unknown_column(column_id)
    return column


def _text(column: Column, item: Item) -> str:
    if column.type == "name":
        return item.name
    return shown_text(column, item.values.get(column.id)) or ""
