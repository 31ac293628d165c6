from collections.abc import Callable
from contextlib import suppress

import pytest

from order_staging.sandbox import Fault, FaultKind, Sandbox, fault_presets, parse_fault, refusals
from order_staging.sandbox.fault_specs import NAMES
from order_staging.sandbox.faults import ADDITIVE
from tests.unit.sandbox.sandbox_asking import Asker

TWO = (
    'mutation { a: create_item(board_id: 9200517329, item_name: "A") { id }'
    ' b: create_item(board_id: 9200517329, item_name: "B") { id } }'
)


@pytest.mark.parametrize(
    ("preset", "status", "executed"),
    [
        (fault_presets.drop_before, None, 0),
        (fault_presets.execute_then_drop, None, 2),
        (fault_presets.execute_then_500, 500, 2),
        (fault_presets.execute_then_html_502, 502, 2),
        (fault_presets.execute_then_empty_502, 502, 2),
        (fault_presets.execute_then_data_null, 200, 2),
        (fault_presets.execute_then_timeout_503, 503, 2),
        (fault_presets.timeout_503, 503, 0),
        (fault_presets.html_502, 502, 0),
        (fault_presets.data_null, 200, 0),
        (fault_presets.locked_423, 423, 0),
        (fault_presets.minute_limit, 429, 0),
        (fault_presets.concurrency_limit, 429, 0),
        (fault_presets.daily_limit, 429, 0),
        (fault_presets.complexity_limit, 429, 0),
        (fault_presets.ip_limit, 429, 0),
        (fault_presets.html_429, 429, 0),
        (fault_presets.fail_alias, 200, 1),
        (fault_presets.execute_alias_then_fail, 200, 2),
    ],
)
async def test_a_preset_does_as_it_is_called(
    preset: Callable[..., Fault], status: int | None, executed: int
) -> None:
    ask = Asker(Sandbox())
    ask.sandbox.faults.add(preset(operation="create_item", skip=1))
    assert (await ask(TWO)).status == 200
    reply = await ask.maybe(TWO)
    assert (None if reply is None else reply.status) == status
    assert len(ask.sandbox.items()) == 2 + executed
    if status == 429:
        assert reply is not None
        assert int(reply.headers["Retry-After"]) > 0
    assert (await ask(TWO)).errors == []


async def test_an_alias_may_fail_with_any_refusal() -> None:
    ask = Asker(Sandbox())
    ask.sandbox.faults.add(fault_presets.fail_alias(refusals.data_validation("numeric_x"), alias=1))
    reply = await ask(TWO)
    assert (reply.data["b"], reply.codes) == (None, ["DATA_VALIDATIONS_ERROR"])


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_a_fault_that_happens_once(name: str) -> None:
    fault = parse_fault(name)
    assert (fault.times, fault.skip, fault.probability) == (1, 0, 1.0)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "execute-then-drop:create_item:p=0.05",
            fault_presets.execute_then_drop(operation="create_item", probability=0.05, times=None),
        ),
        ("drop-before:p=0.5:times=3", fault_presets.drop_before(probability=0.5, times=3)),
        ("delay:seconds=1.5:skip=2", fault_presets.delay(1.5, skip=2)),
        ("minute-limit:seconds=9:boards", fault_presets.minute_limit(9, operation="boards")),
        ("stale-search:seconds=30:times=2", fault_presets.stale_search(30, times=2)),
        ("expired-cursor", Fault(FaultKind.EXPIRED_CURSOR, operation="next_items_page")),
        ("execute-then-drop:bulk_upload", fault_presets.execute_then_drop(operation="bulk_upload")),
        ("delay:bulk_report:seconds=2", fault_presets.delay(2, operation="bulk_report")),
        ("expired-cursor:boards", Fault(FaultKind.EXPIRED_CURSOR, operation="boards")),
    ],
)
def test_a_text_says_what_happens_where_and_when(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize("operation", ["bulk_upload", "bulk_report"])
def test_what_a_request_for_a_file_can_meet_is_what_happens_to_requests_as_a_whole(operation: str) -> None:
    met = set()
    for name in NAMES:
        with suppress(ValueError):
            met.add(parse_fault(f"{name}:{operation}").kind)
    assert met == set(FaultKind) - ADDITIVE | {FaultKind.DELAY}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no fault is called ''; there are complexity-limit, "),
        ("explode", "no fault is called 'explode'; there are complexity-limit, "),
        ("delay:make_item", "no root field is called 'make_item'; there are archive_group, "),
        ("delay:make_item", ", bulk_report, bulk_upload, "),
        ("delay:boards:items", "says something twice"),
        ("delay:times=1:times=2", "says something twice"),
        ("delay:often=3", "no option 'often'; there are a root field, p=, times=, skip=, seconds="),
        ("delay:p=0", "p=0 is not a probability above 0 and up to 1"),
        ("delay:p=x", "p=x is not a number"),
        ("delay:times=0", "times=0 is not a whole number from 1 on"),
        ("delay:times=1.5", "times=1.5 is not a whole number from 1 on"),
        ("delay:skip=-1", "skip=-1 is not a whole number from 0 on"),
        ("delay:seconds=inf", "seconds=inf is not a number"),
        ("delay:seconds=-1", "seconds=-1 is not a number of seconds from 0 on"),
        ("minute-limit:seconds=1.5", "seconds=1.5 is not a number of whole seconds from 0 on"),
        ("fail-alias:bulk_upload", "fail-alias does not happen to bulk_upload, a request for a file"),
        ("bulk_report", "no fault is called 'bulk_report'"),
        ("drop-before:seconds=1", "drop-before takes no seconds; complexity-limit, "),
    ],
)
def test_a_text_that_makes_no_sense_is_told_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_fault(text)
    assert says in str(caught.value)
