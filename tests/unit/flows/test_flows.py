"""The flows for Kestra are right as far as can be told without it.

They parse, use what their version of Kestra has, call commands and options that exist, treat every exit code as the
page about Kestra says, and have every secret from Kestra's store. Their commands are run by a real shell, with an
`order-staging` in its path that writes down how it was called.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pydantic import SecretStr

from order_staging.cli.commands import COMMANDS, command
from order_staging.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "flows"
PAGE = (REPOSITORY / "docs" / "kestra.md").read_text()
CORE, SCRIPTS = "io.kestra.plugin.core", "io.kestra.plugin.scripts"
COMMANDS_TASK = f"{SCRIPTS}.python.Commands"

TASKS: dict[str, tuple[set[str], set[str]]] = {
    COMMANDS_TASK: ({"taskRunner", "commands", "env"}, {"timeout", "retry"}),
    f"{CORE}.flow.If": ({"condition", "then"}, {"else"}),
    f"{CORE}.flow.ForEach": ({"values", "concurrencyLimit", "tasks"}, set()),
    f"{CORE}.flow.Loop": ({"values", "concurrencyLimit", "tasks"}, {"outputs"}),
    f"{CORE}.flow.Subflow": (
        {"namespace", "flowId", "inputs", "wait", "transmitFailed"},
        {"allowFailure"},
    ),
    f"{CORE}.execution.Exit": ({"state"}, set()),
    f"{CORE}.log.Log": ({"message"}, {"level"}),
}
"""The tasks that flows may have: keys that each must have beside `id` and `type`, and those that it may have."""
FLOW_KEYS = {"id", "namespace", "description", "inputs", "concurrency", "tasks", "triggers"}
"""Not `pluginDefaults`, which Kestra 2 has no more."""
INPUTS = {"STRING", "INT", "BOOL", "SELECT", "ARRAY"}
STATES = {"SUCCESS", "WARNING", "FAILED"}
NAMES = [path.name for path in sorted(FOLDER.glob("*.yaml"))]
EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class _Strict(yaml.SafeLoader):
    """A safe loader that refuses a key that stands twice, as Kestra does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {keys}"
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Flow:
    """A flow as it is written."""

    name: str

    @property
    def text(self) -> str:
        return (FOLDER / self.name).read_text()

    @property
    def document(self) -> dict[str, Any]:
        return dict(yaml.load(self.text, _Strict))  # noqa: S506 - a safe loader

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        return {each["id"]: each for each in self.document.get("inputs", [])}

    def tasks(self) -> Iterator[dict[str, Any]]:
        """Walk all tasks, those within others too, in the order in which they are written."""
        yield from _walk(self.document["tasks"])

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [task for task in self.tasks() if task["type"] == kind]


def _walk(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        yield task
        for key in ("tasks", "then", "else"):
            yield from _walk(task.get(key, []))


@pytest.fixture(params=NAMES)
def flow(request: pytest.FixtureRequest) -> Flow:
    return Flow(request.param)


SCRIPTED = [
    pytest.param(Flow(name), task, id=f"{name}:{task['id']}")
    for name in NAMES
    for task in Flow(name).of_type(COMMANDS_TASK)
]


def test_there_is_a_flow_for_one_customer_for_all_and_for_what_failed() -> None:
    assert NAMES == ["all-1.x.yaml", "all-2.x.yaml", "customer.yaml", "retry.yaml"]
    assert all(f"flows/{name}" in PAGE for name in NAMES)


def test_every_key_is_one_that_kestra_knows(flow: Flow) -> None:
    assert set(flow.document) <= FLOW_KEYS
    for task in flow.tasks():
        required, allowed = TASKS[task["type"]]
        assert required <= set(task) - {"id", "type"} <= required | allowed, task["id"]
        assert not set(task.get("retry", {})) - {"type", "interval", "maxInterval", "maxAttempts"}
        assert task.get("state", "WARNING") in STATES
    for each in flow.inputs.values():
        assert each["type"] in INPUTS
    for trigger in flow.document.get("triggers", []):
        assert trigger["type"] == f"{CORE}.trigger.Schedule"
        assert len(trigger["cron"].split()) == 5
    ids = [task["id"] for task in flow.tasks()]
    assert len(ids) == len(set(ids))


def test_what_is_said_of_other_parts_of_the_flow_is_there(flow: Flow) -> None:
    document = flow.document
    tasks = {task["id"]: task for task in flow.tasks()}
    for expression in EXPRESSION.findall(flow.text):
        for name in re.findall(r"\binputs\.(\w+)", expression):
            assert name in flow.inputs, expression
        for name, key in re.findall(r"\boutputs\.(\w+)(?:\.(\w+))?", expression):
            assert name in tasks, expression
            if tasks[name]["type"] == COMMANDS_TASK:
                assert key == "vars", expression
    for name in re.findall(r"\boutputs\.\w+\.vars\.(\w+)", flow.text):
        assert f"`{name}`" in PAGE, f"docs/kestra.md does not know the output {name}"
    assert document["namespace"] == Flow("customer.yaml").document["namespace"]


@pytest.mark.parametrize(
    ("name", "loop", "value"),
    [("all-1.x.yaml", "ForEach", "taskrun.value"), ("all-2.x.yaml", "Loop", "item.value")],
)
def test_each_version_of_kestra_has_its_own_loop_with_a_limit(name: str, loop: str, value: str) -> None:
    flow = Flow(name)
    (each,) = flow.of_type(f"{CORE}.flow.{loop}")
    assert each["concurrencyLimit"] >= 1  # 0 is no limit
    (customer,) = each["tasks"]
    assert customer["inputs"]["customer"] == f"{{{{ {value} }}}}"
    assert len(re.findall(r"(?:taskrun|item)\.value", flow.text)) == 1
    assert "schedule" in str(flow.document["triggers"]).lower()


def test_a_flow_of_all_customers_gives_the_flow_of_one_inputs_that_it_has(flow: Flow) -> None:
    one = Flow("customer.yaml")
    for task in flow.of_type(f"{CORE}.flow.Subflow"):
        assert task["flowId"] == one.document["id"]
        assert set(task["inputs"]) <= set(one.inputs)
        assert {name for name, each in one.inputs.items() if each.get("required", True)} - {
            name for name, each in one.inputs.items() if "defaults" in each
        } <= set(task["inputs"])
        assert (task["wait"], task["transmitFailed"], task["allowFailure"]) == (True, True, True)


def test_secrets_come_from_kestras_store_alone(flow: Flow) -> None:
    secrets = {
        f"{PREFIX}{name.upper()}"
        for name, field in Settings.model_fields.items()
        if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ()))
    }
    assert secrets == {"ORDER_STAGING_DATABASE_URL", "ORDER_STAGING_MONDAY_TOKEN"}
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for task in flow.of_type(COMMANDS_TASK):
        ours = {name: value for name, value in task["env"].items() if name.startswith(PREFIX)}
        assert set(ours) <= known
        for name in secrets & set(ours):
            assert ours[name] == f"{{{{ secret('{name}') }}}}"
        assert "ORDER_STAGING_DATABASE_URL" in ours
    assert not re.search(r"\beyJ|://\w+:\w+@", flow.text)


def test_nothing_that_people_enter_is_read_by_the_shell(flow: Flow) -> None:
    for task in flow.of_type(COMMANDS_TASK):
        assert EXPRESSION.findall("\n".join(task["commands"])) == []


STAND_IN = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word" >> "$CALLED"; done
exit "${WANTED:-0}"
"""

FILLED = {
    "customer": 'O\'NEILL "$(id)" & Co',
    "po": "47 55",
    "aag_season": "2025 FALL",
    "customer_season": "FALL; ls",
    "limit": "5",
    "channel": "items",
    "changes": "yes",
    "subitems": "yes",
    "batch": "3f2a",
}
"""What somebody may have entered, as an expression writes it."""


def rendered(value: str, entered: dict[str, str]) -> str:
    """Write what an expression of a task's environment comes to. Raises KeyError for a form that flows have not."""
    (expression,) = EXPRESSION.findall(value)
    text = expression.strip()
    if stored := re.fullmatch(r"(?:secret|kv)\('(\w+)'\)", text):
        return stored[1]
    if plain := re.fullmatch(r"inputs\.(\w+)(?: \?\? '')?", text):
        return entered.get(plain[1], "")
    if chosen := re.fullmatch(r"inputs\.(\w+) \? '(\w*)' : '(\w*)'", text):
        return chosen[2] if entered.get(chosen[1]) else chosen[3]
    raise KeyError(text)


def called(
    task: dict[str, Any], entered: dict[str, str], folder: Path, wanted: int = 0
) -> tuple[int, list[str]]:
    """Run a task's commands as Kestra does; give the exit code, and the words with which ours was called."""
    ours, calls = folder / "order-staging", folder / "called"
    ours.write_text(STAND_IN)
    ours.chmod(0o755)
    calls.write_text("")
    given = {name: rendered(value, entered) for name, value in task["env"].items()}
    done = subprocess.run(
        ["/bin/sh", "-c", "set -e\n" + "\n".join(task["commands"])],
        env={"PATH": f"{folder}{os.pathsep}/usr/bin:/bin", "CALLED": str(calls), "WANTED": str(wanted)}
        | given,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("", "")
    return done.returncode, calls.read_text().splitlines()


def parsed(words: list[str]) -> dict[str, Any]:
    """Read words as our command line does. Raises what it raises for a command or an option that does not exist."""
    assert words[0] in COMMANDS
    found: Any = command(words[0])
    return dict(found.make_context(words[0], words[1:]).params)


@pytest.mark.parametrize(("flow_", "task"), SCRIPTED)
def test_commands_and_options_exist_with_nothing_but_defaults(
    flow_: Flow, task: dict[str, Any], tmp_path: Path
) -> None:
    entered = {}
    for name, each in flow_.inputs.items():
        if "defaults" in each:
            entered[name] = str(each["defaults"] or "")
        elif each.get("required", True):
            entered[name] = FILLED[name]
    code, words = called(task, entered, tmp_path)
    assert (code, str(parsed(words)["output"])) == (0, "kestra")


@pytest.mark.parametrize("task", [pytest.param(each.values[1], id=each.id) for each in SCRIPTED])
def test_whatever_is_entered_arrives_as_the_option_it_is_for(task: dict[str, Any], tmp_path: Path) -> None:
    _, words = called(task, FILLED, tmp_path)
    found = parsed(words)
    for name in re.findall(r"inputs\.(\w+)", str(task["env"])):
        wanted = not FILLED[name] if name == "subitems" else FILLED[name]
        got = found["no_subitems" if name == "subitems" else name]
        if isinstance(got, bool):
            assert got is bool(wanted), name
        else:
            assert wanted in (map(str, got) if isinstance(got, list | tuple) else [str(got)]), name


@pytest.mark.parametrize(
    "entered", [{}, {"customer": "A"}, {"batch": "3f"}, {"customer": "A", "batch": "3f"}], ids=str
)
def test_a_retry_is_of_everything_unless_something_is_chosen(entered: dict[str, str], tmp_path: Path) -> None:
    (_, retry) = Flow("retry.yaml").of_type(COMMANDS_TASK)
    _, words = called(retry, entered, tmp_path)
    assert parsed(words)["all_"] is (not entered)


def documented() -> dict[int, str]:
    """Read the page's table of exit codes: what the task becomes by each."""
    rows = re.findall(r"^\| ([\d, ]+) \| [^|]+ \| `(\w+)` \|", PAGE, re.MULTILINE)
    return {int(code): state for codes, state in rows for code in codes.split(",")}


CODES = documented()


def test_the_page_knows_every_exit_code() -> None:
    assert set(CODES) == {0, 1, 2, 4, 75, 130, 143}


@pytest.mark.parametrize(("flow_", "task"), SCRIPTED)
def test_each_exit_code_makes_of_a_task_what_the_page_says(
    flow_: Flow, task: dict[str, Any], tmp_path: Path
) -> None:
    entered = FILLED if flow_.name != "retry.yaml" else {}
    for wanted, state in CODES.items():
        if task["id"] == "customers" and wanted in {4, 75}:
            continue  # it asks nobody who could say so
        code, _ = called(task, entered, tmp_path, wanted)
        assert code == (wanted if state == "FAILED" else 0), wanted


def test_partial_success_is_a_warning(flow: Flow) -> None:
    """Either here, or by the flow of one customer, whose state the loop's tasks take over."""
    warns = [task for task in flow.of_type(f"{CORE}.execution.Exit") if task["state"] == "WARNING"]
    assert warns or flow.name == "all-1.x.yaml"


PATIENT = f"""#!{sys.executable} -IS
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("begun", flush=True)
signal.sigwait([signal.SIGTERM])
print("recorded", flush=True)
sys.exit(143)
"""


@pytest.mark.parametrize("task", [pytest.param(each.values[1], id=each.id) for each in SCRIPTED])
def test_a_task_that_is_ended_waits_for_what_is_in_flight(task: dict[str, Any], tmp_path: Path) -> None:
    ours = tmp_path / "order-staging"
    ours.write_text(PATIENT)
    ours.chmod(0o755)
    given = {name: rendered(value, FILLED) for name, value in task["env"].items()}
    with subprocess.Popen(
        ["/bin/sh", "-c", "set -e\n" + "\n".join(task["commands"])],
        env={"PATH": f"{tmp_path}{os.pathsep}/usr/bin:/bin"} | given,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        os.killpg(process.pid, signal.SIGTERM)  # the shell and what it has started, as Kestra's runner does
        assert (process.stdout.read(), process.wait()) == ("recorded\n", 143)
