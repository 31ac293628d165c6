"""Answers kept by idempotency key, so that a mutation sent twice runs once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from order_staging.sandbox import bodies
from order_staging.sandbox.answers import Answer

SERVER_ERROR = 500


class LostAnswer(StrEnum):
    """What is kept for a key when a request was executed and answered with something else than its result."""

    RESULT = "result"
    "The result: the failure happened on the way back."
    FAILURE = "failure"
    "The failure, which is replayed as it was."
    NOTHING = "nothing"
    "Nothing: the same key runs the request again."


class OtherBody(StrEnum):
    """What the same key with another body gets."""

    REPLAY = "replay"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class IdempotencyRules:
    """What idempotency keys do.

    They may be ignored altogether (`honoured`). Answers with errors in them are kept or not (`keeps_errors`),
    and `lost_answers` says what becomes of an executed request that was answered with a failure. An answer
    lives for `seconds`; one above `answer_bytes` is not kept, nor one that would bring all kept answers
    above `memory_bytes`.
    """

    honoured: bool = True
    keeps_errors: bool = True
    lost_answers: LostAnswer = LostAnswer.RESULT
    other_body: OtherBody = OtherBody.REPLAY
    seconds: float = 1_800
    memory_bytes: int = 64 * 1024**2
    answer_bytes: int = 1024**2
    retry_after_seconds: int = 1


IDEMPOTENCY: Mapping[str, IdempotencyRules] = {
    "honoured": IdempotencyRules(),
    "ignored": IdempotencyRules(honoured=False),
    "replays-failures": IdempotencyRules(lost_answers=LostAnswer.FAILURE),
    "forgets-failures": IdempotencyRules(lost_answers=LostAnswer.NOTHING),
}
"""Rules by name; the last two are about requests that were executed and answered with a failure."""


@dataclass(frozen=True, slots=True)
class _Kept:
    since: datetime
    request: bytes
    size: int
    answer: Answer


class IdempotencyKeys:
    """The keys in use; takes the clock and the rules, which may be replaced at any time."""

    def __init__(self, clock: Callable[[], datetime], rules: IdempotencyRules) -> None:
        self.rules = rules
        self._clock = clock
        self._running: dict[str, bytes] = {}
        self._kept: dict[str, _Kept] = {}
        self._size = 0

    def claim(self, key: str, request: bytes) -> bool:
        """Take a key for the first run of a request, given as its body; false where it was taken before."""
        self._expire()
        if key in self._running or key in self._kept:
            return False
        self._running[key] = _digest(request)
        return True

    def again(self, key: str, request: bytes) -> Answer:
        """The answer to a key that was taken before: a replay, or a refusal; takes the body it comes with."""
        self._expire()
        kept = self._kept.get(key)
        first = self._running.get(key) if kept is None else kept.request
        if self.rules.other_body is OtherBody.REFUSE and first not in {None, _digest(request)}:
            return Answer(422, bodies.reused_idempotency_key())
        if kept is None:
            wait = {"Retry-After": str(self.rules.retry_after_seconds)}
            return Answer(409, bodies.idempotency_conflict(), wait)
        headers = {**kept.answer.headers, "Idempotency-Replayed": "true"}
        return Answer(kept.answer.status, kept.answer.body, headers)

    def settle(self, key: str, answer: Answer | None) -> None:
        """End the first run of a key: keep its answer, or set the key free where there is none to keep."""
        request = self._running.pop(key)
        if answer is None:
            return
        size = _size(answer)
        if size <= min(self.rules.memory_bytes - self._size, self.rules.answer_bytes):
            self._kept[key] = _Kept(self._clock(), request, size, answer)
            self._size += size

    def kept_answer(self, result: Answer, given: Answer | None) -> Answer | None:
        """What is kept of a request; takes its result and the failure it was answered with instead, if any."""
        kept: Answer | None = result
        if given is not None and self.rules.lost_answers is not LostAnswer.RESULT:
            kept = given if self.rules.lost_answers is LostAnswer.FAILURE else None
        return kept if kept is None or self.rules.keeps_errors or not _has_errors(kept) else None

    def forget(self) -> None:
        """Drop every answer that is kept; requests that are running go on."""
        self._kept.clear()
        self._size = 0

    def _expire(self) -> None:
        oldest = self._clock() - timedelta(seconds=self.rules.seconds)
        for key in list(takewhile(lambda key: self._kept[key].since <= oldest, self._kept)):
            self._size -= self._kept.pop(key).size


def idempotency_named(name: str) -> IdempotencyRules:
    """The rules of that name; raises ValueError that names all of them."""
    if name not in IDEMPOTENCY:
        raise ValueError(f"no rules are called {name!r}; there are {', '.join(IDEMPOTENCY)}")
    return IDEMPOTENCY[name]


def _has_errors(answer: Answer) -> bool:
    return isinstance(answer.body, str) or answer.status >= SERVER_ERROR or "errors" in answer.body


def _size(answer: Answer) -> int:
    body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    return len(body.encode())


def _digest(request: bytes) -> bytes:
    return hashlib.sha256(request).digest()
