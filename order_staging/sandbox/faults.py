"""Faults on order: what a test makes the sandbox do wrong, and when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from threading import Lock


class FaultKind(StrEnum):
    """What goes wrong."""

    ANSWER_INSTEAD = "answer_instead"
    "The given answer; nothing is executed."
    DROP_BEFORE = "drop_before"
    "The connection is closed; nothing is executed."
    EXECUTE_THEN_DROP = "execute_then_drop"
    "The request is executed and the connection closed without an answer."
    EXECUTE_THEN_ANSWER = "execute_then_answer"
    "The request is executed and the given answer takes the place of its own."
    DELAY = "delay"
    "The request waits before anything else happens to it."
    FAIL_ALIAS = "fail_alias"
    "One mutation of the request is not executed and gets the given error."
    EXECUTE_ALIAS_THEN_FAIL = "execute_alias_then_fail"
    "One mutation is executed, and answered with null and an error below it."
    STALE_SEARCH = "stale_search"
    "Searches and pages of items answer from the board as it was some seconds ago."
    EXPIRED_CURSOR = "expired_cursor"
    "The cursors that the request comes with have expired."
    GROUP_DELETED = "group_deleted"
    "The groups that the request writes to are deleted, with their items, just before it is executed."


ALIAS_KINDS = frozenset({FaultKind.FAIL_ALIAS, FaultKind.EXECUTE_ALIAS_THEN_FAIL})
ADDITIVE = ALIAS_KINDS | {
    FaultKind.DELAY,
    FaultKind.STALE_SEARCH,
    FaultKind.EXPIRED_CURSOR,
    FaultKind.GROUP_DELETED,
}
PREVENTING = frozenset({FaultKind.ANSWER_INSTEAD, FaultKind.DROP_BEFORE})
SEARCHES = frozenset({"boards", "items_page_by_column_values", "next_items_page"})
CONCERNED = {
    FaultKind.STALE_SEARCH: SEARCHES,
    FaultKind.EXPIRED_CURSOR: SEARCHES,
    FaultKind.GROUP_DELETED: frozenset({"create_item", "move_item_to_group"}),
}
"""The root fields that a fault of the board waits for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that happens to the next `times` matching requests (to all without end if that is None).

    `operation` is a root field the request must contain, any request matches without it. The first `skip`
    matching requests are spared; of the others each is hit with `probability`. `status`, `body` (text for HTML,
    an object for JSON) and `headers` are the answer of the two answering kinds; `seconds` is the wait of a
    delay, or how old what a stale search finds is; `alias` is the place of a mutation in its request, from 0,
    and `message` and `extensions` its error, for the two kinds that concern one. `name` is what people call it.
    """

    kind: FaultKind
    operation: str | None = None
    times: int | None = 1
    skip: int = 0
    probability: float = 1.0
    status: int = 500
    body: str | Mapping[str, object] = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    alias: int = 0
    message: str = "Internal server error"
    extensions: Mapping[str, object] = field(
        default_factory=lambda: {"code": "INTERNAL_SERVER_ERROR", "status_code": 500, "service": "monolith"}
    )
    name: str = field(default="", compare=False)

    @property
    def shown_name(self) -> str:
        """What people call it."""
        return self.name or self.kind.replace("_", "-")


@dataclass(slots=True)
class _Order:
    number: int
    fault: Fault
    skip: int
    times: int | None
    happened: int = 0


@dataclass(frozen=True, slots=True)
class FaultOrder:
    """A fault on order: its number, the fault, how many matching requests are still spared, how often it happens.

    `times` is None where it happens for ever, `happened` is how many requests have met it.
    """

    number: int
    fault: Fault
    skip: int
    times: int | None
    happened: int


@dataclass(frozen=True, slots=True)
class Due:
    """The faults of one request: the wait, at most one fault of the whole, and those of aliases and the board.

    `seconds` is the wait; `stale_seconds` is how old what searches find is; `met` are all of them.
    """

    seconds: float = 0.0
    whole: Fault | None = None
    aliases: Mapping[int, Fault] = field(default_factory=dict)
    stale_seconds: float = 0.0
    cursors_expired: bool = False
    groups_deleted: bool = False
    met: tuple[Fault, ...] = ()

    @property
    def prevents(self) -> bool:
        """Whether the request is not to be executed."""
        return self.whole is not None and self.whole.kind in PREVENTING


class Faults:
    """The faults on order, in the order they were added; safe to use from several threads.

    Takes the randomness of faults that happen by chance.
    """

    def __init__(self, random: Random | None = None) -> None:
        self._orders: list[_Order] = []
        self._ever: list[_Order] = []
        self._lock = Lock()
        self._random = random or Random()  # noqa: S311 - faults are no secrets

    def add(self, fault: Fault) -> int:
        """Order a fault; gives the number of the order."""
        with self._lock:
            order = _Order(len(self._ever) + 1, fault, fault.skip, fault.times)
            self._orders.append(order)
            self._ever.append(order)
            return order.number

    def remove(self, number: int) -> bool:
        """Take back the order with that number; says whether it was still there."""
        with self._lock:
            before = len(self._orders)
            self._orders = [order for order in self._orders if order.number != number]
            return len(self._orders) < before

    def clear(self) -> None:
        """Take back every fault that has not happened yet."""
        with self._lock:
            self._orders.clear()

    @property
    def pending(self) -> int:
        """How many faults still wait to happen for the last time."""
        with self._lock:
            return len(self._orders)

    @property
    def orders(self) -> list[FaultOrder]:
        """The faults that still wait to happen for the last time, in the order they were added."""
        with self._lock:
            return [
                FaultOrder(order.number, order.fault, order.skip, order.times, order.happened)
                for order in self._orders
            ]

    @property
    def happened(self) -> list[tuple[Fault, int]]:
        """Every fault that was ever on order, and how many requests have met it."""
        with self._lock:
            return [(order.fault, order.happened) for order in self._ever]

    def take(self, operations: Iterable[str]) -> Due:
        """The faults for a request with these root fields; each has happened once more.

        A request meets one fault of the whole at most, the others wait for the next request; one that keeps
        the request from being executed lets the faults of its aliases and of the board wait too.
        """
        with self._lock:
            due = self._ready(frozenset(operations))
            whole = next((order for order in due if order.fault.kind not in ADDITIVE), None)
            prevented = whole is not None and whole.fault.kind in PREVENTING
            met = [
                order
                for order in due
                if order is whole
                or order.fault.kind is FaultKind.DELAY
                or (order.fault.kind in ADDITIVE and not prevented)
            ]
            self._spend(met)
        return _due([order.fault for order in met])

    def _ready(self, operations: frozenset[str]) -> list[_Order]:
        ready = []
        for order in self._orders:
            if not _concerns(order.fault, operations):
                continue
            if order.skip:
                order.skip -= 1
            elif order.fault.probability >= 1 or self._random.random() < order.fault.probability:
                ready.append(order)
        return ready

    def _spend(self, orders: Iterable[_Order]) -> None:
        for order in orders:
            order.happened += 1
            if order.times is not None:
                order.times -= 1
        self._orders = [order for order in self._orders if order.times is None or order.times > 0]


def _concerns(fault: Fault, operations: frozenset[str]) -> bool:
    if fault.operation is not None and fault.operation not in operations:
        return False
    concerned = CONCERNED.get(fault.kind)
    return concerned is None or not concerned.isdisjoint(operations)


def _due(faults: Sequence[Fault]) -> Due:
    by_kind: dict[FaultKind, list[Fault]] = {kind: [] for kind in FaultKind}
    for fault in faults:
        by_kind[fault.kind].append(fault)
    whole = [fault for kind in FaultKind if kind not in ADDITIVE for fault in by_kind[kind]]
    return Due(
        seconds=sum(fault.seconds for fault in by_kind[FaultKind.DELAY]),
        whole=whole[0] if whole else None,
        aliases={fault.alias: fault for kind in FaultKind if kind in ALIAS_KINDS for fault in by_kind[kind]},
        stale_seconds=max((fault.seconds for fault in by_kind[FaultKind.STALE_SEARCH]), default=0.0),
        cursors_expired=bool(by_kind[FaultKind.EXPIRED_CURSOR]),
        groups_deleted=bool(by_kind[FaultKind.GROUP_DELETED]),
        met=tuple(faults),
    )
