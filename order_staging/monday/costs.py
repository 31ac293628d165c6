"""What requests cost in points, learnt from answers. Everything here is pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from order_staging.monday.quotas import longest

if TYPE_CHECKING:
    from collections.abc import Sequence

GROWTH, MOST_GROWTH = 1.25, 4.0
"""By how much one refusal raises what a request needs at most, and how far beyond its cost they may in all."""
FADING = 0.9
"""The share of a cost that is kept at least when an answer tells of a smaller one."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent: the kind (`create_item`; a query's name), and how many mutations of it.

    `others` are further kinds of mutation in the same request, each with its number.
    """

    kind: str
    count: int = 1
    others: tuple[tuple[str, int], ...] = ()

    @property
    def kinds(self) -> tuple[tuple[str, int], ...]:
        """All kinds, each with its number of mutations."""
        return ((self.kind, self.count), *self.others)

    @property
    def mutations(self) -> int:
        """How many mutations there are in all."""
        return sum(count for _, count in self.kinds)

    def __str__(self) -> str:
        return " and ".join(f"{count} times {kind}" for kind, count in self.kinds)


class Share(NamedTuple):
    """The part of a request's points that its mutations of a kind have."""

    kind: str
    mutations: int
    points: float


@dataclass
class Costs:
    """Points of one mutation by kind: what it was charged, and what it needs to be let in (more, by estimates)."""

    charged: dict[str, float] = field(default_factory=dict)
    needed: dict[str, float] = field(default_factory=dict)

    def each(self, kind: str) -> float | None:
        """Tell what one mutation of a kind needs; None before the first answer that says it.

        Until one of its own kind does, the dearest of its kin (`create_group` for `create_item`) stands in.
        """
        known = longest(self.charged.get(kind), self.needed.get(kind))
        if known is not None:
            return known
        verb = kind.partition("_")[0]
        return longest(*(cost for other, cost in self.charged.items() if other.startswith(f"{verb}_")))

    def known(self, request: Request) -> float | None:
        """Tell what those mutations of a request need whose kinds are known; None where no kind is."""
        each = [(self.each(kind), count) for kind, count in request.kinds]
        needs = [points * count for points, count in each if points is not None]
        return sum(needs) if needs else None

    def need(self, request: Request) -> float:
        """Tell what a request needs: a point at least, so that nothing leaves where nothing is left."""
        return max(1.0, self.known(request) or 0.0)

    def charge(self, request: Request) -> float | None:
        """Tell what a request was charged when it was sent before; None where a kind of it never was."""
        charged = [(self.charged.get(kind), count) for kind, count in request.kinds]
        points = [each * count for each, count in charged if each is not None]
        return sum(points) if len(points) == len(charged) else None

    def learn(self, request: Request, charged: float, before: float | None) -> None:
        """Take in what a request was charged, and what was there before it: more it cannot have needed."""
        if charged > 0:
            for kind, count, points in self._charges(request, charged):
                if kind not in self.charged:
                    # What a refusal made us guess before anything was known is known better now.
                    self.needed.pop(kind, None)
                # Mutations that fail are charged less: the cost of those that do not must not be forgotten at once.
                self.charged[kind] = max(points / count, self.charged.get(kind, 0.0) * FADING)
        if before is not None:
            for kind, count, points in self._shares(request.kinds, before):
                if kind in self.needed:
                    self.needed[kind] = min(self.needed[kind], points / count)

    def raise_need(self, request: Request, left: float | None) -> None:
        """Take in a refusal: more was needed than was left, but not all at once much more than we knew."""
        missing = self._shares(request.kinds, math.inf if left is None else left + 1)
        for kind, count, points in missing:
            known = self.each(kind)
            if known is None:
                if left is not None:
                    self.needed[kind] = points / count
                continue
            more = min(known * GROWTH, points / count)
            most = MOST_GROWTH * self.charged.get(kind, math.inf)
            self.needed[kind] = max(known, min(more, most))

    def set_need(self, request: Request, points: float) -> None:
        """Take in what a request needs, as monday.com says it."""
        for kind, count, share in self._shares(request.kinds, points):
            self.needed[kind] = share / count

    def exceeded(self, request: Request, points: float) -> None:
        """Take in that a request needs so many points at least."""
        for kind, count, share in self._shares(request.kinds, points):
            self.needed[kind] = max(self.needed.get(kind, 0.0), share / count)

    def _charges(self, request: Request, charged: float) -> list[Share]:
        """Share what a request was charged: kinds that are new have what those known leave, if they leave any."""
        new = [(kind, count) for kind, count in request.kinds if kind not in self.charged]
        old = [
            Share(kind, count, self.charged[kind] * count)
            for kind, count in request.kinds
            if kind in self.charged
        ]
        rest = charged - sum(share.points for share in old)
        if new and old and rest > 0:
            return [*old, *self._shares(new, rest)]
        return self._shares(request.kinds, charged)

    def _shares(self, kinds: Sequence[tuple[str, int]], points: float) -> list[Share]:
        """Share points out by what is known of each kind; one that is unknown counts like the others on average."""
        if len(kinds) == 1:
            return [Share(*kinds[0], points)]
        each = [self.each(kind) for kind, _ in kinds]
        known = [max(1.0, cost) for cost in each if cost is not None]
        average = sum(known) / len(known) if known else 1.0
        weights = [
            (average if cost is None else max(1.0, cost)) * count
            for cost, (_, count) in zip(each, kinds, strict=True)
        ]
        total = sum(weights)
        return [
            Share(kind, count, points * (weight / total))
            for weight, (kind, count) in zip(weights, kinds, strict=True)
        ]
