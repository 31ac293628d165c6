"""What the sandbox answers to a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, body (text for HTML, an object for JSON) and headers of its own."""

    status: int
    body: str | Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedRequestError(Exception):
    """A request that is refused as a whole when its turn has come; takes what is answered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
