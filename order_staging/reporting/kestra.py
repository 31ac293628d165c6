"""Messages to Kestra: lines of the form `::{json}::` on standard output."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from order_staging.batch import CheckResult, DriftResult

MOST_LISTED = 100
"""Entries of a list among the outputs: Kestra keeps these with the execution, which must not grow with orders."""

SUCCESS, WARNING, FAILED = "SUCCESS", "WARNING", "FAILED"
"""States of Kestra's executions, from the best to the gravest."""

_STATES = dict.fromkeys(("failed", "problems", "differs"), FAILED) | dict.fromkeys(
    ("partial", "paused", "busy", "warnings", "drift", "completed_with_errors"), WARNING
)
"""What a command's status is to an execution; any other is a success."""

COUNTED = ("orders", "subitems", "groups", "api")
"""The parts of a batch that are counters by name."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that Kestra keeps and draws: a `counter`, or a `timer` in seconds."""

    name: str
    value: float
    tags: Mapping[str, str] = field(default_factory=dict)
    type: str = "counter"


def messages(
    document: Mapping[str, Any],
    *,
    state: str | None = None,
    outputs: Mapping[str, Any] | None = None,
    metrics: Iterable[Metric] = (),
) -> Iterator[str]:
    """Write a command's document for Kestra: one line for the outputs, then lines of metrics, one a batch.

    Metrics are on lines of their own, as an old server drops a whole line for one metric it does not know. `state`
    is what the execution is to become, where the document's status does not tell; `outputs` are those that a
    command has beside its document, and `metrics` those beside its batches'.
    """
    yield _line({"outputs": _outputs(document, state or _state(document)) | dict(outputs or {})})
    for some in (*map(_of_batch, _batches(document)), list(metrics)):
        if some:
            yield _line({"metrics": [asdict(metric) for metric in some]})


def drift_metrics(result: DriftResult) -> Iterator[Metric]:
    """Count what was compared, what differs, and what a repair has left, by kind."""
    yield Metric("drift.orders", result.orders)
    yield Metric("drift.subitems", result.subitems)
    yield from _by("drift.findings", "kind", (finding.kind for finding in result.findings))
    yield from _by("drift.left", "kind", (finding.kind for finding in result.left or ()))


def check_metrics(result: CheckResult) -> Iterator[Metric]:
    """Count the findings of a check by how grave they are."""
    yield from _by("check.findings", "severity", (finding.severity for finding in result.findings))


def _by(name: str, tag: str, values: Iterable[str]) -> Iterator[Metric]:
    yield from (
        Metric(name, count, {tag: value}) for value, count in sorted(Counter(map(str, values)).items())
    )


def _outputs(document: Mapping[str, Any], state: str) -> dict[str, Any]:
    """Give the document, its lists cut, with what a flow decides by: its state, and sums over customers."""
    left_out: Counter[str] = Counter()
    cut = {name: _cut(value, name, left_out) for name, value in document.items()}
    cut["state"] = state
    if batches := _batches(document):
        cut["totals"] = _totals(batches)
    if left_out:
        cut["left_out"] = dict(left_out)
    return cut


def _cut(value: Any, name: str, left_out: Counter[str]) -> Any:  # noqa: ANN401 - anything that JSON can be
    """Cut lists, however deep: those in objects, too (`items.rows`), and in entries of lists (`labels.labels`).

    `left_out` takes how many entries are cut off, by names; what is in these is not counted.
    """
    if isinstance(value, dict):
        return {key: _cut(item, f"{name}.{key}", left_out) for key, item in value.items()}
    if not isinstance(value, list | tuple):
        return value
    if (over := len(value) - MOST_LISTED) > 0:
        left_out[name] += over
    return [_cut(item, name, left_out) for item in value[:MOST_LISTED]]


def _state(document: Mapping[str, Any]) -> str:
    statuses = (document.get("status"), (document.get("repaired") or {}).get("status"))
    found = {_STATES.get(str(status).lower(), SUCCESS) for status in statuses}
    return next((state for state in (FAILED, WARNING) if state in found), SUCCESS)


def _batches(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Find the batches of a run, or of the run that a repair was."""
    found: Sequence[Mapping[str, Any]] = (document.get("repaired") or document).get("batches", ())
    return found


def _totals(batches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    totals: dict[str, Any] = {}
    for part in COUNTED:
        sums: Counter[str] = Counter()
        for batch in batches:
            sums.update(batch[part])
        totals[part] = dict(sums)
    return totals | {"seconds": round(sum(batch["seconds"] for batch in batches), 3)}


def _of_batch(batch: Mapping[str, Any]) -> list[Metric]:
    tags = {"customer": batch["customer"], "status": batch["status"]}
    metrics = [
        Metric(f"{part}.{name}", value, tags) for part in COUNTED for name, value in batch[part].items()
    ]
    if "passed_over" in batch:
        metrics.append(Metric("passed_over", batch["passed_over"], tags))
    return [*metrics, Metric("duration", float(batch["seconds"]), tags, "timer")]


def _line(message: Mapping[str, Any]) -> str:
    # ASCII alone: to Kestra's expression a line ends at U+0085, U+2028 and U+2029, too; and whatever the encoding
    # of the worker's streams is, this passes.
    return f"::{json.dumps(_finite(message), allow_nan=False, default=str)}::"


def _finite(value: Any) -> Any:  # noqa: ANN401 - anything that JSON can be
    """Replace what JSON has no form for, as Kestra drops a line that it cannot read."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(name): _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
