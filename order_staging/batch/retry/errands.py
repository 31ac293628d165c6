"""Errands: what a run goes for. New orders, dead letters to be retried, or only what is under way. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from order_staging.errors import ConfigurationError
from order_staging.models import ErrorType
from order_staging.repositories import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from uuid import UUID

    from order_staging.repositories import Letter

_WRITTEN = re.compile(r"(?:(order|subitem):)?([0-9]{1,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ErrorId:
    """What names a dead letter: `order:12`, `subitem:12`, or 12 for whichever of the two there is.

    `number` is its id in its table, and `kind` says which table: None where that is not said.
    """

    number: int
    kind: Kind | None = None

    @classmethod
    def of(cls, value: ErrorId | str) -> ErrorId:
        """Read one as somebody wrote it. Raises `ConfigurationError`."""
        if isinstance(value, ErrorId):
            return value
        found = _WRITTEN.fullmatch(str(value).strip())
        if found is None:
            raise ConfigurationError(
                f"{value!r} is no error id; give one as `order-staging errors` lists it, such as order:12"
            )
        return cls(int(found[2]), Kind(found[1].lower()) if found[1] else None)

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"{self.kind}:{self.number}" if self.kind else str(self.number)


@dataclass(frozen=True)
class Errand:
    """What one customer's run goes for, beside what is under way already.

    New orders, unless there are `letters` (None: it is no retry) or it only `resumes`: `batch_id`, or whichever
    batch is open. `passed_over` counts the letters that were left out, as they have had their retries.
    """

    letters: tuple[ErrorId, ...] | None = None
    passed_over: int = 0
    resumes: bool = False
    batch_id: UUID | None = None

    @property
    def loads(self) -> bool:
        """Whether it brings new orders."""
        return self.letters is None and not self.resumes

    @property
    def is_retry(self) -> bool:
        """Whether it is about dead letters."""
        return self.letters is not None


NEW_ORDERS = Errand()


def named(error_id: ErrorId, found: Iterable[Letter]) -> Letter:
    """Find the letter that an id names, among those of its number. Raises `ConfigurationError`."""
    letters = [letter for letter in found if error_id.kind in {None, letter.kind}]
    unresolved = [letter for letter in letters if not letter.resolved]
    if len(unresolved) > 1:
        number = error_id.number
        raise ConfigurationError(f"{number} is two errors; give order:{number} or subitem:{number}")
    if not unresolved:
        problem = f"error {error_id} is resolved already" if letters else f"there is no error {error_id}"
        raise ConfigurationError(f"{problem}; `order-staging errors` lists those that wait")
    (letter,) = unresolved
    if not _is_ours(letter):
        raise ConfigurationError(
            f"error {error_id} is a {letter.error_type}, which this program does not retry; mend it by hand"
        )
    return letter


def at_home(
    letters: Iterable[Letter],
    now: Mapping[int, str | None],
    label: Callable[[str | None], str],
    customer: str | None = None,
) -> list[Letter]:
    """Give each letter to the customer who has its source row today; only `customer`'s, then or today, where given.

    `now` says by `err_id` which CUSTOMER NAME the source rows of order lines have. Names are compared as `label`
    gives them: the customers file may have given a customer another name since the letter was written.
    """
    found = []
    for letter in letters:
        then = today = label(letter.customer)
        if letter.kind is Kind.ORDER and letter.err_id in now:
            today = label(now[letter.err_id])
        if customer in {None, then, today}:
            found.append(replace(letter, customer=today))
    return found


def errands(
    letters: Sequence[Letter], label: Callable[[str | None], str], *, even_exhausted: bool
) -> Mapping[str, Errand]:
    """Sort letters into a retry a customer, as `label` names it; others than ours are left alone.

    Those that were retried as often as they may be are passed over unless `even_exhausted`.
    """
    chosen: defaultdict[str, list[ErrorId]] = defaultdict(list)
    passed_over: defaultdict[str, int] = defaultdict(int)
    for letter in letters:
        if not _is_ours(letter):
            continue
        customer = label(letter.customer)
        if letter.exhausted and not even_exhausted:
            passed_over[customer] += 1
        else:
            chosen[customer].append(ErrorId(letter.err_id, letter.kind))
    customers = sorted({*chosen, *passed_over})
    return {name: Errand(tuple(dict.fromkeys(chosen[name])), passed_over[name]) for name in customers}


def _is_ours(letter: Letter) -> bool:
    return letter.error_type in set(ErrorType)
