"""The documents of requests that change rows of the board: each row has one or more mutations.

Variables and aliases end with the number of their row, counted from 0: monday.com names a variable where it refuses
a request for one value, and that tells the row. The first mutation of a row is called `row3` and has variables like
`$item3`; a further one puts a word for its kind in front of both: `move3`, `$moveitem3`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from order_staging.monday.documents import COMPLEXITY, alias
from order_staging.monday.mutations import Kind, described

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from order_staging.monday.mutations import Mutation

Shape = tuple[tuple[Kind, ...], ...]
"""The kinds of the mutations of each row."""

KEPT = 64
"""Documents that are kept for the next request of the same shape; those of updates have many shapes."""


class Argument(NamedTuple):
    """An argument of a mutation: its name, the word its variable begins with, and the variable's type."""

    name: str
    word: str
    type: str


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of mutation is written: the word for its alias, its arguments, and what stands behind them."""

    word: str
    arguments: tuple[Argument, ...]
    on_our_board: bool = False
    creates_labels: bool = False


_ITEM = Argument("item_id", "item", "ID!")
_NAME = Argument("item_name", "name", "String!")
_VALUES = Argument("column_values", "values", "JSON!")

FORMS = {
    Kind.CREATE_ITEM: Form(
        "create",
        (_NAME, Argument("group_id", "group", "String!"), _VALUES),
        on_our_board=True,
        creates_labels=True,
    ),
    Kind.CREATE_SUBITEM: Form(
        "subitem", (Argument("parent_item_id", "parent", "ID!"), _NAME, _VALUES), creates_labels=True
    ),
    Kind.CHANGE_VALUES: Form(
        "change", (Argument("board_id", "board", "ID!"), _ITEM, _VALUES), creates_labels=True
    ),
    Kind.MOVE_ITEM: Form("move", (_ITEM, Argument("group_id", "to", "String!"))),
    Kind.ARCHIVE_ITEM: Form("archive", (_ITEM,)),
    Kind.DELETE_ITEM: Form("delete", (_ITEM,)),
}
NAMES = {
    frozenset({Kind.CREATE_ITEM}): "CreateItems",
    frozenset({Kind.CREATE_SUBITEM}): "CreateSubitems",
}
"""Names of operations that have one kind of mutation."""


@dataclass(frozen=True, slots=True)
class RowsRequest:
    """A request that carries out the mutations of rows: its document, its variables, and how many each row has."""

    text: str
    variables: dict[str, str]
    sizes: tuple[int, ...]


def rows_request(rows: Sequence[Sequence[Mutation]], board_id: int) -> RowsRequest:
    """Write the request for the mutations of rows; `board_id` is where new items go.

    Raises `ValueError` where a row has two mutations of a kind, which one request cannot tell apart.
    """
    shape: list[tuple[Kind, ...]] = []
    variables: dict[str, str] = {}
    for number, row in enumerate(rows):
        mutations = [described(mutation) for mutation in row]
        shape.append(tuple(kind for kind, _ in mutations))
        for place, (kind, values) in enumerate(mutations):
            variables |= {variable(kind, place, word, number): value for word, value in values.items()}
    if any(FORMS[kind].on_our_board for kinds in shape for kind in kinds):
        variables["board"] = str(board_id)
    return RowsRequest(rows_document(tuple(shape)), variables, tuple(map(len, shape)))


@lru_cache(maxsize=KEPT)
def rows_document(shape: Shape) -> str:
    """Write the document for the mutations of rows, in their order.

    It selects `id` alone: a mutation whose result cannot be read was executed all the same. Raises `ValueError`
    where a row has two mutations of a kind.
    """
    for number, kinds in enumerate(shape):
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"row {number} has several mutations of one kind: {', '.join(kinds)}")
    kinds_used = frozenset(kind for kinds in shape for kind in kinds)
    declared = [*_shared(kinds_used), *_declared(shape)]
    fields = "\n".join(_fields(shape))
    name = NAMES.get(kinds_used, "ChangeRows")
    return f"mutation {name}({', '.join(declared)}) {{\n{fields}\n  {COMPLEXITY}\n}}"


def variable(kind: Kind, place: int, word: str, number: int) -> str:
    """Name a variable of the mutation at a place of a row: lower-case letters and the row's number."""
    return f"{FORMS[kind].word if place else ''}{word}{number}"


def _shared(kinds: frozenset[Kind]) -> Iterator[str]:
    if any(FORMS[kind].on_our_board for kind in kinds):
        yield "$board: ID!"


def _declared(shape: Shape) -> Iterator[str]:
    for number, kinds in enumerate(shape):
        for place, kind in enumerate(kinds):
            for argument in FORMS[kind].arguments:
                yield f"${variable(kind, place, argument.word, number)}: {argument.type}"


def _fields(shape: Shape) -> Iterator[str]:
    for number, kinds in enumerate(shape):
        for place, kind in enumerate(kinds):
            form = FORMS[kind]
            name = f"{form.word}{number}" if place else alias(number)
            arguments = [
                *(["board_id: $board"] if form.on_our_board else []),
                *(f"{each.name}: ${variable(kind, place, each.word, number)}" for each in form.arguments),
                *(["create_labels_if_missing: true"] if form.creates_labels else []),
            ]
            yield f"  {name}: {kind}({', '.join(arguments)}) {{ id }}"
