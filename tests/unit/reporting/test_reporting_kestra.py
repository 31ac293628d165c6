"""Messages to Kestra are read by it as they were meant, whatever customers are called and rows say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from order_staging.batch import BatchResult, RunResult
from order_staging.reporting import Metric, messages
from tests.kestra_lines import Heard, heard


def told(document: dict[str, Any], **more: Any) -> Heard:
    return heard("".join(f"{line}\n" for line in messages(document, **more)))


def batch(customer: str, status: str = "COMPLETED", *, created: int = 1, **facts: Any) -> BatchResult:
    result = BatchResult(customer, status=status, seconds=1.25, **facts)
    result.orders.created = created
    return result


@given(some.text(), some.text())
def test_any_name_and_any_message_arrive_as_they_are(customer: str, error: str) -> None:
    document = RunResult((batch(customer, "FAILED", error=error or None),)).to_dict()
    found = told(document)
    (got,) = found.outputs["batches"]
    assert (got["customer"], got.get("error")) == (customer, error or None)
    assert {metric["tags"]["customer"] for metric in found.metrics} == {customer}


@pytest.mark.parametrize("end", ["\n", "\r", "\u0085", "\u2028", "\u2029", "::", "}::\n::{"])
def test_nothing_within_a_name_ends_a_message(end: str) -> None:
    name = f"A{end}B"
    assert told({"names": [name]}).outputs["names"] == [name]


def test_a_number_that_json_has_no_form_for_is_left_out() -> None:
    found = told({"seconds": float("nan"), "most": [float("inf"), 1]})
    assert (found.outputs["seconds"], found.outputs["most"]) == (None, [None, 1])


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("completed", "SUCCESS"),
        ("nothing_to_do", "SUCCESS"),
        ("ok", "SUCCESS"),
        ("clean", "SUCCESS"),
        ("partial", "WARNING"),
        ("paused", "WARNING"),
        ("busy", "WARNING"),
        ("warnings", "WARNING"),
        ("drift", "WARNING"),
        ("COMPLETED_WITH_ERRORS", "WARNING"),
        ("failed", "FAILED"),
        ("problems", "FAILED"),
    ],
)
def test_a_status_says_what_the_execution_is_to_become(status: str, state: str) -> None:
    assert told({"status": status}).outputs["state"] == state


def test_a_repair_that_failed_is_no_mere_difference() -> None:
    repaired = {"status": "failed", "batches": []}
    assert told({"status": "drift", "repaired": repaired}).outputs["state"] == "FAILED"
    assert (
        told({"status": "clean", "repaired": repaired | {"status": "completed"}}).outputs["state"]
        == "SUCCESS"
    )


def test_a_state_that_is_given_counts_more_than_the_status() -> None:
    assert told({"status": "failed"}, state="WARNING").outputs["state"] == "WARNING"


def test_customers_are_summed_up_and_each_has_counters_and_a_timer() -> None:
    found = told(RunResult((batch("A", created=3), batch("B", created=4))).to_dict())
    assert (found.outputs["totals"]["orders"]["created"], found.outputs["totals"]["seconds"]) == (7, 2.5)
    assert [found.metric("orders.created", customer=name) for name in "AB"] == [3, 4]
    assert found.metric("duration", customer="A", status="COMPLETED") == 1.25
    assert found.metric("groups.used", customer="B") == 0
    assert found.lines_of_outputs == 1


def test_a_retry_counts_what_it_retried_and_what_it_passed_over() -> None:
    result = batch("A", is_retry=True, passed_over=2)
    result.orders.retried = 5
    found = told(RunResult((result,)).to_dict())
    assert (found.metric("orders.retried"), found.metric("passed_over")) == (5, 2)


def test_a_repair_has_the_metrics_of_a_run() -> None:
    repaired = RunResult((batch("A", created=3),)).to_dict()
    found = told({"status": "clean", "repaired": repaired})
    assert (found.metric("orders.created"), found.outputs["totals"]["orders"]["created"]) == (3, 3)


def test_outputs_do_not_grow_with_the_orders() -> None:
    found = told({"findings": list(range(250)), "few": [1]})
    assert (len(found.outputs["findings"]), found.outputs["left_out"]) == (100, {"findings": 150})


def test_lists_within_the_document_are_cut_too_and_named_by_their_place() -> None:
    rows = [{"number": number} for number in range(130)]
    labels = [{"labels": list(range(110))}, {"labels": list(range(3))}, {"labels": list(range(105))}]
    found = told({"items": {"total": 999, "rows": rows}, "labels": labels, "groups": [1]}).outputs
    assert (found["items"]["total"], len(found["items"]["rows"])) == (999, 100)
    assert [len(each["labels"]) for each in found["labels"]] == [100, 3, 100]
    assert found["left_out"] == {"items.rows": 30, "labels.labels": 15}
    assert "left_out" not in told({"items": {"rows": rows[:100]}}).outputs


def test_a_command_adds_outputs_and_metrics_of_its_own() -> None:
    names = [str(number) for number in range(250)]
    found = told({}, outputs={"names": names}, metrics=[Metric("seen", 2, {"kind": "x"})])
    assert (found.outputs["names"], found.metric("seen", kind="x")) == (names, 2)
