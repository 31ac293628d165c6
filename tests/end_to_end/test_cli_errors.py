"""Whatever goes wrong is told in a line: what it is, with the setting, option or value, and what to do next."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from order_staging.batch import BatchService
from order_staging.cli import program
from order_staging.cli.usage import line
from order_staging.sandbox import greyson_4755
from tests.processes import REPOSITORY, environment

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

NOWHERE = "postgresql+psycopg://somebody:s3cret@127.0.0.1:1/orders"
USAGE = [
    ("stauts", "no such command 'stauts'; did you mean 'status'? see: order-staging --help"),
    ("db upgrad", "no such command 'upgrad'; did you mean 'upgrade'? see: order-staging db --help"),
    ("run --custmer X", "no such option: --custmer; did you mean --customer or --customer-season? "),
    (
        "run --channel buulk",
        "invalid value for '--channel': 'buulk' is not one of 'auto', 'items', 'bulk'; see: ",
    ),
    ("run --limit 0", "invalid value for '--limit': Input should be greater than or equal to 1; see: "),
    ("run --limit", "option '--limit' requires an argument; see: order-staging run --help"),
    ("report 1f0c2a9e", "missing option '--out'; see: order-staging report --help"),
    ("check now", "got unexpected extra argument(s) (now); see: order-staging check --help"),
]
"""Words, and how their line begins."""
WITHOUT_DATABASE = [
    ("run", {}, "nothing was chosen", "give --customer NAME"),
    ("run --all --customer X", {}, "--all and --customer exclude each other", "give one of them"),
    ("run --all --archive-most", {}, "--archive-most goes with --archive-removed", "give both"),
    ("retry", {}, "nothing was chosen", "give --batch BATCH"),
    ("report --since 3x --out a.html", {}, "--since '3x' is no time", "12h, 30d, 8w"),
    ("report --out a.html", {}, "give a batch, or --since", "30d"),
    ("status", {}, "there is no database order_staging.db here", "order-staging db upgrade"),
    ("status", {"database_url": "nonsense"}, "ORDER_STAGING_DATABASE_URL", "such as sqlite:///orders.db"),
    ("status", {"database_url": "oracle://x"}, "oracle is not supported", "use sqlite, postgresql+psycopg"),
    ("status", {"database_url": "sqlite:///text.txt"}, "is not a database", "check ORDER_STAGING_DATABASE_URL"),
    ("status", {"database_url": NOWHERE}, "Connection refused", "check ORDER_STAGING_DATABASE_URL"),
    ("status", {"aliases": "many"}, "ORDER_STAGING_ALIASES", "change it in the environment or in .env"),
    ("db upgrade 0099", {}, "'0099'", "order-staging db current"),
    ("db adopt", {"database_url": "sqlite:///empty.db"}, "none of the tables to adopt", "order-staging db upgrade"),
    ("run --all", {"monday_url": "http://a.b/v2"}, "ORDER_STAGING_MONDAY_URL", "must be https://"),
    ("sandbox --plan gold", {}, "--plan: no plan is called 'gold'", "there are free, standard"),
    ("sandbox --latency -1", {}, "--latency -1.0 is not a number from 0 on", "give one"),
]  # fmt: skip
"""Words, settings, what is wrong, and what to do next."""
WITH_DATABASE = [
    ("run --customer GRAYSON", {}, "unknown customer 'GRAYSON'", "did you mean GREYSON CLOTHIERS?"),
    ("preview --customer nobody", {}, "unknown customer 'nobody'", "`order-staging customers` lists"),
    ("status --customer GRAYSON", {}, "unknown customer 'GRAYSON'", "did you mean GREYSON CLOTHIERS?"),
    ("errors --customer GRAYSON", {}, "unknown customer 'GRAYSON'", "did you mean GREYSON CLOTHIERS?"),
    ("status ffff", {}, "no batch begins with 'ffff'", "`order-staging status` lists"),
    ("errors --batch ffff", {}, "no batch begins with 'ffff'", "`order-staging status` lists"),
    ("retry --error-id order:99", {}, "there is no error order:99", "`order-staging errors` lists"),
    ("run --all", {"monday_token": ""}, "ORDER_STAGING_MONDAY_TOKEN: is required", "set it to an API token"),
    ("run --all", {"monday_token": "s3cret"}, "does not accept the token", "check ORDER_STAGING_MONDAY_TOKEN"),
    ("run --all", {"board_id": "12"}, "there is no board 12", "check ORDER_STAGING_BOARD_ID"),
    ("run --all", {"key_column": "nix"}, "nix, the key column", "`order-staging check` says what to do"),
    ("run --all", {"mapping": "no.yaml"}, "no.yaml: cannot be read", "check ORDER_STAGING_MAPPING"),
    ("status --customer x", {"customers": "text.txt"}, "text.txt:1", "correct it there"),
    ("preview --all --out no/a.html", {}, "no/a.html cannot be written", "give --out another place"),
]  # fmt: skip


def told(command: CommandLine, words: str, settings: dict[str, str], code: int | None = None) -> str:
    """Run it, and give the one line on standard error; logs are lines of JSON, and passed over."""
    (command.folder / "text.txt").write_text("neither a database nor customers " * 40)
    (command.folder / "empty.db").touch()
    done = command(*words.split(), **settings)
    assert (done.code in {1, 2} if code is None else done.code == code, done.out) == (True, "")
    (only,) = (each for each in done.said if not each.startswith("{"))
    assert "s3cret" not in done.err
    return only


@pytest.mark.parametrize(("words", "begins"), USAGE, ids=[words for words, _ in USAGE])
def test_mistyped_words_are_told_with_the_nearest_and_where_help_is(
    quick_alone: CommandLine, words: str, begins: str
) -> None:
    only = told(quick_alone, words, {}, 2)
    assert only.startswith(f"error: {begins}")
    assert re.search(r" see: order-staging( \w+)* --help$", only)


@pytest.mark.parametrize(("words", "settings", "wrong", "next_step"), WITHOUT_DATABASE)
def test_what_is_wrong_before_there_is_a_database_ends_with_the_next_step(
    quick_alone: CommandLine, words: str, settings: dict[str, str], wrong: str, next_step: str
) -> None:
    only = told(quick_alone, words, settings)
    assert only.startswith("error: ")
    assert next_step in only.partition(wrong)[2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_wrong_with_a_database_and_a_board_ends_with_the_next_step(
    quick: CommandLine, database: Database
) -> None:
    database.add(greyson_4755()[:1])
    for words, settings, wrong, next_step in WITH_DATABASE:
        only = told(quick, words, settings)
        assert only.startswith("error: "), words
        assert wrong in only, words
        assert next_step in only.partition(wrong)[2], words


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("level", ["warning", "debug"])
def test_a_fault_of_ours_is_a_line_too_and_its_place_is_in_the_log_at_debug(
    quick: CommandLine, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"the token {quick.settings['monday_token']} was divided")

    monkeypatch.setattr(BatchService, "customers_with_new_orders", fail)
    done = quick("customers", "--log-level", level)
    *logged, last = done.said
    at_debug = level == "debug"
    assert (done.code, "Traceback" in "".join(logged)) == (1, at_debug)
    next_step = program.REPORT if at_debug else program.LOOK
    assert last == f"error: ZeroDivisionError: the token [hidden] was divided ({next_step})"
    assert quick.settings["monday_token"] not in done.err
    document = quick("customers", "--output", "json").document
    assert (document["status"], document["error"]["type"]) == ("failed", "InternalError")


def test_a_group_without_a_command_shows_its_help(quick_alone: CommandLine) -> None:
    done = quick_alone("db")
    assert (done.code, "Example: order-staging db upgrade" in done.err) == (2, True)


def test_a_line_of_several_is_put_into_one() -> None:
    message = "Missing option '--window'. Choose from:\n\tfixed,\n\tsliding"
    assert line(message, "x") == "missing option '--window'. Choose from: fixed, sliding; see: x --help"


@pytest.mark.parametrize("words", ["--version", "sandbox --port 0 --output json"])
def test_an_output_that_takes_nothing_is_told_in_a_line_and_blamed_on_nobody(
    words: str, tmp_path: Path
) -> None:
    command = [sys.executable, str(REPOSITORY / "runner.py"), *words.split()]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=environment({}), check=False
        )
    told = done.stderr.decode()
    assert (done.returncode, told.count("\n")) == (1, 1)
    assert told.startswith(
        "error: standard output cannot be written (No space left on device); send it elsewhere"
    )


def test_a_closed_output_is_no_fault(tmp_path: Path) -> None:
    command = f"{sys.executable} {REPOSITORY / 'runner.py'} --version >&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command], stderr=subprocess.PIPE, cwd=tmp_path, env=environment({}), check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
