"""Announcing: in order, in one thread, after commits, and whatever a hook does."""

from __future__ import annotations

import asyncio
from dataclasses import FrozenInstanceError, fields, is_dataclass
from threading import get_ident
from typing import TYPE_CHECKING, get_args

import pytest
from structlog.testing import capture_logs

from order_staging.batch.announcing import WORTH_TELLING, Announcer, require_plain
from order_staging.batch.events import Event, Progress, RunBegan, Step, StepBegan, StepEnded, Waiting
from order_staging.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.batch.events import EventHook


def told(work: Callable[[Announcer], None], hook: EventHook | None = None) -> list[Event]:
    """Do work in a thread, as the database's does, and give what was told."""
    found: list[Event] = []

    async def run() -> None:
        announcer = Announcer(hook or found.append, lambda text: text.replace("s3cret", "***"))
        await asyncio.to_thread(work, announcer)
        announcer.close()

    asyncio.run(run())
    return found


def customers(*names: str) -> list[Event]:
    return [RunBegan((name,)) for name in names]


def test_a_hook_is_called_in_the_loops_thread_in_the_order_in_which_it_was_told() -> None:
    threads = set()
    names: list[str] = []

    def hook(event: Event) -> None:
        assert isinstance(event, RunBegan)
        threads.add(get_ident())
        names.extend(event.customers)

    def work(announcer: Announcer) -> None:
        assert get_ident() not in threads
        for number in range(100):
            announcer.tell(RunBegan((str(number),)))

    told(work, hook)
    assert threads == {get_ident()}
    assert names == [str(number) for number in range(100)]


def test_what_is_told_while_the_run_is_broken_off_is_told_at_the_end() -> None:
    found: list[Event] = []

    async def run() -> None:
        announcer = Announcer(found.append, str)
        announcer._queue.append(RunBegan(("A",)))  # as a commit's thread does before the loop gets its turn
        announcer.close()

    asyncio.run(run())
    assert found == customers("A")


def test_what_a_hook_causes_itself_comes_after_what_it_is_told() -> None:
    found: list[str] = []

    async def run() -> None:
        def hook(event: Event) -> None:
            assert isinstance(event, RunBegan)
            if event.customers == ("A",):
                announcer.tell(RunBegan(("B",)))
            found.extend(event.customers)

        announcer = Announcer(hook, str)
        announcer.tell(RunBegan(("A",)))

    asyncio.run(run())
    assert found == ["A", "B"]


def test_a_failing_hook_is_told_the_rest_and_logged_once_whole() -> None:
    seen: list[Event] = []

    def hook(event: Event) -> None:
        seen.append(event)
        raise ValueError("no network")

    def work(announcer: Announcer) -> None:
        for event in customers("A", "B", "C"):
            announcer.tell(event)

    with capture_logs() as lines:
        told(work, hook)
    assert seen == customers("A", "B", "C")
    assert [(line["event"], line.get("of"), line.get("count")) for line in lines] == [
        ("hook.failed", "RunBegan", None),
        ("hook.failures", None, 3),
    ]
    assert lines[0]["exc_info"]


def test_a_hook_that_returns_what_nothing_awaits_is_logged_as_one_that_fails() -> None:
    async def later() -> None: ...

    waits = [later() for _ in customers("A")]
    with capture_logs() as lines:
        told(lambda announcer: announcer.tell(customers("A")[0]), lambda _: waits[0])  # type: ignore[arg-type]
    waits[0].close()
    assert [line["event"] for line in lines] == ["hook.failed"]


def test_ctrl_c_within_a_hook_ends_the_program_as_anywhere() -> None:
    def hook(_: Event) -> None:
        raise KeyboardInterrupt

    async def run() -> None:
        Announcer(hook, str).tell(RunBegan(()))

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(run())


def test_a_step_tells_its_beginning_its_progress_and_its_end_whatever_happens() -> None:
    def broken_off(announcer: Announcer) -> None:
        with announcer.step("A", Step.LOAD) as progress:
            progress.advance(0)
            progress.advance(5)
            progress.reach(3)
            progress.expect(4)
            progress.advance(2)
            raise RuntimeError

    def work(announcer: Announcer) -> None:
        with pytest.raises(RuntimeError):
            broken_off(announcer)

    assert told(work) == [
        StepBegan("A", Step.LOAD, None),
        Progress("A", Step.LOAD, 5, None),
        Progress("A", Step.LOAD, 7, 7),
        StepEnded("A", Step.LOAD, 7, 7),
    ]


def test_only_waits_of_some_seconds_are_told_and_without_secrets() -> None:
    def work(announcer: Announcer) -> None:
        announcer.wait(WORTH_TELLING - 0.1, "a moment")
        announcer.wait(WORTH_TELLING, "the token s3cret is busy")

    assert told(work) == [Waiting(WORTH_TELLING, "the token *** is busy")]


def test_without_a_hook_nothing_is_kept() -> None:
    async def run() -> None:
        announcer = Announcer(None, str)
        with announcer.step("A", Step.ITEMS, 3) as progress:
            progress.advance(3)
        assert not announcer.listens
        assert not announcer._queue

    asyncio.run(run())


def test_a_coroutine_function_is_refused_as_nobody_would_await_it() -> None:
    async def hook(_: Event) -> None: ...

    with pytest.raises(ConfigurationError, match=r"a plain one, such as an asyncio\.Queue's put_nowait"):
        require_plain(hook)  # type: ignore[arg-type]

    class Hook:
        async def __call__(self, _: Event) -> None: ...

    with pytest.raises(ConfigurationError, match="coroutine function"):
        require_plain(Hook())  # type: ignore[arg-type]
    require_plain(None)
    require_plain(asyncio.Queue[Event]().put_nowait)


@pytest.mark.parametrize("kind", get_args(Event))
def test_events_are_frozen_and_slotted(kind: type[Event]) -> None:
    assert is_dataclass(kind)
    event = object.__new__(kind)
    assert not hasattr(event, "__dict__")
    with pytest.raises((FrozenInstanceError, TypeError)):
        setattr(event, fields(kind)[0].name, None)
