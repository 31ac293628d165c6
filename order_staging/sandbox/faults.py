"""Faults on order: what a test makes the sandbox do wrong, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
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


ADDITIVE = frozenset({FaultKind.DELAY, FaultKind.FAIL_ALIAS, FaultKind.EXECUTE_ALIAS_THEN_FAIL})
PREVENTING = frozenset({FaultKind.ANSWER_INSTEAD, FaultKind.DROP_BEFORE})


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that happens to the next `times` matching requests, after the first `skip` of them.

    `operation` is a root field the request must contain, any request matches without it. `status`, `body`
    (text for HTML, an object for JSON) and `headers` are the answer of the two answering kinds; `seconds` is
    the wait of a delay; `alias` is the place of a mutation in its request, from 0, and `message` and
    `extensions` its error, for the two kinds that concern one.
    """

    kind: FaultKind
    operation: str | None = None
    times: int = 1
    skip: int = 0
    status: int = 500
    body: str | Mapping[str, object] = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    alias: int = 0
    message: str = "Internal server error"
    extensions: Mapping[str, object] = field(
        default_factory=lambda: {"code": "INTERNAL_SERVER_ERROR", "status_code": 500, "service": "monolith"}
    )


@dataclass(slots=True)
class _Order:
    fault: Fault
    skip: int
    times: int


@dataclass(frozen=True, slots=True)
class Due:
    """The faults of one request: the wait in seconds, at most one fault of the whole, and those of aliases."""

    seconds: float = 0.0
    whole: Fault | None = None
    aliases: Mapping[int, Fault] = field(default_factory=dict)

    @property
    def prevents(self) -> bool:
        """Whether the request is not to be executed."""
        return self.whole is not None and self.whole.kind in PREVENTING


class Faults:
    """The faults on order, in the order they were added; safe to use from several threads."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._orders.append(_Order(fault, fault.skip, fault.times))

    def clear(self) -> None:
        """Take back every fault that has not happened yet."""
        with self._lock:
            self._orders.clear()

    @property
    def pending(self) -> int:
        """How many faults still wait to happen for the last time."""
        with self._lock:
            return len(self._orders)

    def take(self, operations: Iterable[str]) -> Due:
        """The faults for a request with these root fields; each has happened once more.

        A request meets one fault of the whole at most, the others wait for the next request; one that keeps
        the request from being executed lets the faults of its aliases wait too.
        """
        with self._lock:
            due = self._ready(frozenset(operations))
            whole = next((order for order in due if order.fault.kind not in ADDITIVE), None)
            prevented = whole is not None and whole.fault.kind in PREVENTING
            delays = [order for order in due if order.fault.kind is FaultKind.DELAY]
            aliases = (
                []
                if prevented
                else [order for order in due if order.fault.kind in ADDITIVE - {FaultKind.DELAY}]
            )
            self._spend([*delays, *aliases, *([] if whole is None else [whole])])
        return Due(
            seconds=sum(order.fault.seconds for order in delays),
            whole=None if whole is None else whole.fault,
            aliases={order.fault.alias: order.fault for order in aliases},
        )

    def _ready(self, operations: frozenset[str]) -> list[_Order]:
        ready = []
        for order in self._orders:
            if order.fault.operation is not None and order.fault.operation not in operations:
                continue
            if order.skip:
                order.skip -= 1
            else:
                ready.append(order)
        return ready

    def _spend(self, orders: Iterable[_Order]) -> None:
        for order in orders:
            order.times -= 1
        self._orders = [order for order in self._orders if order.times > 0]
