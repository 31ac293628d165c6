import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.sandbox import Sandbox
from order_staging.sandbox import store as state_file
from order_staging.sandbox.journal import splice
from tests.unit.sandbox.sandbox_asking import Asker

CUSTOMER = "dropdown_mkr542p2"
BOARD = 9200517329


def _said(sandbox: Sandbox) -> tuple[Any, ...]:
    return (
        sandbox.items(inactive=True),
        sandbox.subitems(inactive=True),
        sandbox.groups(inactive=True),
        sandbox.labels(CUSTOMER),
    )


def _journal(path: Path) -> Path:
    return path.with_name(path.name + ".journal")


async def _everything(ask: Asker) -> None:
    for name in "ABCD":
        await ask.item(name, {CUSTOMER: {"labels": [name]}, "text_key": name})
    first, second, third, _ = ask.sandbox.items()
    person = ask.sandbox.person
    await ask.subitem(first.id)
    await ask.subitem(first.id, "Size L")
    subitem = ask.sandbox.subitems(first.id)[0]
    group = person.add_group("New")
    person.move_item(second.id, group)
    person.rename_item(third.id, "\N{T-SHIRT}\n")
    person.delete_item(subitem.id)
    person.archive_item(third.id)
    person.add_labels(CUSTOMER, "E")
    person.rename_group(group, "Newer")
    person.remove_column("text_key")
    person.delete_group(group)


async def test_an_account_in_a_file_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    ask = Asker(Sandbox(path=path, key_column="text_key"))
    await ask.item("\N{T-SHIRT}", {CUSTOMER: {"labels": ["A"]}, "text_key": "k"})
    await ask.subitem(ask.sandbox.items()[0].id)
    again = Sandbox(path=path)
    assert _said(again) == _said(ask.sandbox)
    assert again.labels(CUSTOMER) == {1: "A"}
    await Asker(again).item("Another")
    assert len({item.id for item in again.items()}) == 2


async def test_whatever_was_answered_is_in_the_file_and_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "account.json"
    ask = Asker(Sandbox(path=path, key_column="text_key"))
    compared = []
    save = state_file.StateFile.save

    def save_and_compare(file: state_file.StateFile, *arguments: Any) -> None:
        save(file, *arguments)
        compared.append(_said(Sandbox(path=path)) == _said(ask.sandbox))

    monkeypatch.setattr(state_file.StateFile, "save", save_and_compare)
    await _everything(ask)
    assert compared == [True] * 15
    assert len(_journal(path).read_text().splitlines()) == 15


async def test_a_change_adds_a_line_as_long_as_the_change_and_not_as_the_board(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    ask = Asker(Sandbox(path=path))
    fields = [f'i{n}: create_item(board_id: {BOARD}, item_name: "{n}") {{ id }}' for n in range(500)]
    await ask(f"mutation {{ {' '.join(fields)} }}")
    whole = path.read_bytes()
    for _ in range(3):
        await ask.item("Another")
    assert path.read_bytes() == whole
    assert _journal(path).stat().st_size < len(whole) / 50
    await ask("{ me { id } }")
    assert len(_journal(path).read_text().splitlines()) == 4
    assert len(Sandbox(path=path).items()) == 503


async def test_a_line_that_was_cut_off_was_never_answered_and_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    ask = Asker(Sandbox(path=path))
    for name in "ABC":
        await ask.item(name)
    journal = _journal(path)
    journal.write_bytes(journal.read_bytes()[:-20])
    again = Sandbox(path=path)
    assert [item.name for item in again.items()] == ["A", "B"]
    await Asker(again).item("D")
    assert [item.name for item in Sandbox(path=path).items()] == ["A", "B", "D"]


async def test_a_journal_of_an_older_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    ask = Asker(Sandbox(path=path))
    await ask.item("A")
    await ask.item("B")
    older = _journal(path).read_bytes()
    ask.sandbox.fold()
    assert not _journal(path).exists()
    _journal(path).write_bytes(older)
    assert [item.name for item in Sandbox(path=path).items()] == ["A", "B"]


async def test_a_long_journal_is_folded_into_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_file, "JOURNAL_BYTES", 1_000)
    path = tmp_path / "account.json"
    ask = Asker(Sandbox(path=path))
    for number in range(100):
        await ask.item(str(number))
    assert len(json.loads(path.read_text())["items"]) > 10
    assert _journal(path).stat().st_size < 3 * path.stat().st_size
    assert [item.name for item in Sandbox(path=path).items()] == [str(number) for number in range(100)]


async def test_nothing_is_written_before_the_first_change(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    sandbox = Sandbox(path=path)
    await Asker(sandbox)("{ me { id } }")
    sandbox.fold()
    assert not path.exists()
    assert not _journal(path).exists()


LISTS = st.lists(st.sampled_from("abcde"), max_size=8)


@given(before=LISTS, after=LISTS)
def test_a_splice_makes_the_one_list_of_the_other(before: list[str], after: list[str]) -> None:
    start, removed, inserted = splice(before, after)
    before[start : start + removed] = inserted
    assert before == after
