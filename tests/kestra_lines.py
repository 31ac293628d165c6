"""Reads what a process writes as Kestra does: which lines are messages, what they say, and what is a log.

Kestra takes a line for a message if the whole of it matches its expression, in which a dot stands for anything but
Java's ends of lines; the rest must be JSON without NaN, and metrics must be of a type that its oldest servers know.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

MESSAGE = re.compile("::(\\{[^\n\r\u0085\u2028\u2029]*\\})::")
ENDS_OF_LINES = re.compile("\r\n|\r|\n")
TYPES = {"counter", "timer"}


@dataclass
class Heard:
    """What Kestra keeps of a task: outputs (a later line's keys win), metrics, and the lines of its log."""

    outputs: dict[str, Any] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    lines_of_outputs: int = 0

    def metric(self, name: str, **tags: str) -> float:
        """Give the value of the one metric of that name and these tags; fails where there is none, or several."""
        (found,) = [
            metric["value"]
            for metric in self.metrics
            if metric["name"] == name and tags.items() <= metric["tags"].items()
        ]
        return float(found)


def heard(out: str) -> Heard:
    """Read standard output. Raises AssertionError, or what JSON raises, for a message that Kestra would drop."""
    found = Heard()
    for line in ENDS_OF_LINES.split(out):
        if (message := MESSAGE.fullmatch(line)) is None:
            assert "::{" not in line, f"Kestra takes it for a log: {line}"
            found.logs.extend([line] if line else [])
            continue
        told = json.loads(message[1], parse_constant=_refuse)
        assert set(told) in ({"outputs"}, {"metrics"}), line
        found.outputs.update(told.get("outputs", {}))
        found.lines_of_outputs += "outputs" in told
        for metric in told.get("metrics", []):
            assert set(metric) == {"name", "type", "value", "tags"}
            assert metric["type"] in TYPES
            assert isinstance(metric["value"], float if metric["type"] == "timer" else int | float)
            assert all(isinstance(text, str) for pair in metric["tags"].items() for text in pair)
            found.metrics.append(metric)
    return found


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
