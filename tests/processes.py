"""`runner.py` as a process, without a fresh interpreter: forked from a server that has imported everything.

The process is as any other (its own arguments, environment, folder, streams, signals and exit code), and starts in
milliseconds, so that hundreds of them may be killed. Python's hash seed is the server's: the children share it.
"""

from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import runpy
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO, cast

from order_staging.failpoints import Failpoint, armed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.context import ForkServerContext, ForkServerProcess

REPOSITORY = Path(__file__).parents[1]
RUNNER = REPOSITORY / "runner.py"
COLUMNS = "120"
TIMEOUT = 120.0
"""Seconds that a command may take."""
LOOK_EVERY = 0.005
"""Seconds between two looks at what a process has written."""

_numbers = count(1)


@dataclass(frozen=True)
class Finished:
    """A command that has ended: its exit code (-9 where SIGKILL ended it), and what it wrote."""

    code: int
    out: str
    err: str
    reached: Counter[Failpoint] = field(default_factory=Counter)
    """How often each failpoint was reached, where that was asked for."""

    @property
    def said(self) -> list[str]:
        """The lines on standard error but those of progress, which a busy machine has more of."""
        return [
            line
            for line in self.err.splitlines()
            if not line.startswith("progress: ") and '"event": "progress"' not in line
        ]

    @property
    def document(self) -> Any:
        """The one JSON document on standard output; fails where there is anything else."""
        return json.loads(self.out)


@dataclass
class RunningProcess:
    """A command at work."""

    process: ForkServerProcess
    pid: int
    streams: _Streams
    finished: Finished | None = None

    @property
    def out(self) -> str:
        """What it has written to standard output so far."""
        return self.streams.out.read_text()

    @property
    def err(self) -> str:
        """What it has written to standard error so far."""
        return self.streams.err.read_text()

    def poll(self) -> Finished | None:
        """Tell how it ended; None while it runs."""
        if self.finished is None and self.process.exitcode is not None:
            self.finished = Finished(self.process.exitcode, self.out, self.err, self.streams.counted())
            self.process.close()
        return self.finished

    def wait(self, timeout: float = TIMEOUT) -> Finished:
        """Wait until it has ended. Raises TimeoutError after so many seconds, and leaves it running."""
        if self.finished is None:
            self.process.join(timeout)
        if (finished := self.poll()) is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout:g} s: {self.out}{self.err}")
        return finished

    def lines(self, count: int, timeout: float = TIMEOUT) -> list[str]:
        """Wait for the first lines on standard output. Raises TimeoutError, and EOFError where there are fewer."""
        until = time.monotonic() + timeout
        while (written := self.out).count("\n") < count:
            if (ended := self.poll()) is not None and ended.out.count("\n") < count:
                raise EOFError(f"process {self.pid} ended before it had written so much: {ended}")
            if time.monotonic() > until:
                raise TimeoutError(f"process {self.pid} has not written so much in {timeout:g} s: {self.err}")
            time.sleep(LOOK_EVERY)
        return written.splitlines()[:count]

    def line(self, timeout: float = TIMEOUT) -> str:
        """Wait for the first line on standard output; see `lines`."""
        return self.lines(1, timeout)[0]

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; one that has ended gets none."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> Finished:
        """End it with SIGKILL, and wait for that."""
        self.send_signal(signal.SIGKILL)
        return self.wait()


@dataclass
class Runner:
    """Runs `runner.py` in a folder of its own, with nothing of this machine's settings.

    `settings` are names without their prefix, in lower case. As a context manager it ends what is still running.
    """

    folder: Path
    settings: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    """Further variables of the environment, by their whole names."""
    running: list[RunningProcess] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.kill()

    def environment(self, **settings: str) -> dict[str, str]:
        """Give the process's environment; keywords are further settings."""
        return environment(self.settings | settings) | self.variables

    def __call__(
        self,
        *arguments: str,
        failpoint: Failpoint | None = None,
        at: int = 1,
        report_reached: bool = False,
        signal_there: signal.Signals = signal.SIGKILL,
        timeout: float = TIMEOUT,
        **settings: str,
    ) -> Finished:
        """Run a command to its end; see `start`. One that takes longer is killed, and TimeoutError raised."""
        process = self.start(
            *arguments,
            failpoint=failpoint,
            at=at,
            report_reached=report_reached,
            signal_there=signal_there,
            **settings,
        )
        try:
            return process.wait(timeout)
        except BaseException:
            process.kill()
            raise

    def start(
        self,
        *arguments: str,
        failpoint: Failpoint | None = None,
        at: int = 1,
        report_reached: bool = False,
        signal_there: signal.Signals = signal.SIGKILL,
        **settings: str,
    ) -> RunningProcess:
        """Start a command and leave it running.

        With `failpoint` it sends itself a signal when it reaches that place for the `at`-th time. With
        `report_reached` it tells how often each place was reached, unless somebody else killed it.
        """
        streams = _Streams.beside(self.folder)
        order = _Order(
            arguments,
            self.folder,
            self.environment(**settings),
            streams,
            failpoint,
            at,
            report_reached,
            signal_there,
        )
        process = _server().Process(target=_main, args=(order,), daemon=True)
        process.start()
        started = RunningProcess(process, cast("int", process.pid), streams)
        self.running = [before for before in self.running if before.finished is None] + [started]
        return started


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Make a process's environment: this one's without settings of this project, and with the given ones."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDER_STAGING_")}
    named = {f"ORDER_STAGING_{name.upper()}": value for name, value in settings.items()}
    return clean | named | {"COLUMNS": COLUMNS, "PYTHONWARNINGS": "error"}


@dataclass(frozen=True)
class _Streams:
    """The files that a process writes to."""

    out: Path
    err: Path
    reached: Path

    @classmethod
    def beside(cls, folder: Path) -> _Streams:
        # In the folder itself they would be among what the command leaves there.
        logs = folder.with_name(f"{folder.name}.streams")
        logs.mkdir(exist_ok=True)
        out, err, reached = (logs / f"{next(_numbers)}.{name}" for name in ("out", "err", "reached"))
        out.touch()
        err.touch()
        return cls(out, err, reached)

    def counted(self) -> Counter[Failpoint]:
        if not self.reached.exists():
            return Counter()
        return Counter({Failpoint(name): n for name, n in json.loads(self.reached.read_text()).items()})


@dataclass(frozen=True)
class _Order:
    """What a child is to do."""

    arguments: tuple[str, ...]
    folder: Path
    environment: dict[str, str]
    streams: _Streams
    failpoint: Failpoint | None
    at: int
    report_reached: bool
    signal_there: signal.Signals


@cache
def _server() -> ForkServerContext:
    """Start the server from which children are forked, once in this process; it ends with it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.processes_preload"])
    # Children inherit both: what is a warning is an error in them, as in the tests.
    with _environ(PYTHONPATH=str(REPOSITORY), PYTHONWARNINGS="error"):
        forkserver.ensure_running()
    return context


@contextmanager
def _environ(**variables: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _main(order: _Order) -> None:
    """Be a process that runs `runner.py`; this is where a child begins."""
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.folder)
    _redirect(0, Path(os.devnull), os.O_RDONLY)
    for stream, path in ((sys.stdout, order.streams.out), (sys.stderr, order.streams.err)):
        _redirect(stream.fileno(), path, os.O_WRONLY | os.O_APPEND)
    cast("TextIO", sys.stdout).reconfigure(line_buffering=False)  # type: ignore[attr-defined]
    sys.argv = [str(RUNNER), *order.arguments]
    # A shell has what it starts in the background ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _failpoints(order):
            runpy.run_path(str(RUNNER), run_name="__main__")
    except KeyboardInterrupt:
        sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        # As the interpreter does: the shell is to know what ended it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except Exception:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
        raise SystemExit(1) from None
    finally:
        # multiprocessing does the rest of what the interpreter does at its end: threads, streams, exit code.
        atexit._run_exitfuncs()


def _redirect(number: int, path: Path, flags: int) -> None:
    opened = os.open(path, flags)
    os.dup2(opened, number)
    os.close(opened)


@contextmanager
def _failpoints(order: _Order) -> Iterator[None]:
    """Arm what is asked for, while a `with` block runs."""
    reached: dict[Failpoint, list[int]] = {}

    def report() -> None:
        if order.report_reached:
            order.streams.reached.write_text(json.dumps({point: n for point, (n,) in reached.items() if n}))

    def die() -> None:
        report()
        os.kill(os.getpid(), order.signal_there)

    with ExitStack() as stack:
        for point in Failpoint:
            if point == order.failpoint:
                reached[point] = stack.enter_context(armed(point, die, at=order.at))
            elif order.report_reached:
                reached[point] = stack.enter_context(armed(point, lambda: None))
        try:
            yield
        finally:
            report()
