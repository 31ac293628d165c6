from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import model_validator

from order_staging.errors import DataFileError
from order_staging.transform.documents import Document, parse, problem_at, read


class Leaf(Document):
    name: str
    count: int = 0

    @model_validator(mode="after")
    def _big_leaves_are_counted(self) -> Self:
        if self.name == "big" and not self.count:
            raise problem_at("a big leaf needs a count", "count")
        return self


class Tree(Document):
    title: str
    leaves: tuple[Leaf, ...] = ()

    @model_validator(mode="after")
    def _leaves_have_names_of_their_own(self) -> Self:
        for index, leaf in enumerate(self.leaves):
            if leaf.name == self.title:
                raise problem_at("a leaf has the name of its tree", "leaves", index, "name")
        return self


def refused(text: str) -> DataFileError:
    with pytest.raises(DataFileError) as caught:
        parse(text, "tree.yaml", Tree)
    return caught.value


def test_a_good_document_becomes_its_model() -> None:
    tree = parse("title: oak\nleaves:\n  - {name: a, count: 2}\n  - name: b\n", "tree.yaml", Tree)
    assert tree == Tree(title="oak", leaves=(Leaf(name="a", count=2), Leaf(name="b")))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title: oak\nleaves: [\n", 2, "flow"),
        ("title: oak\n\tleaves: []\n", 2, "cannot start any token"),
        ('title: "oak\n', 1, "starts in line 1"),
        ("title: oak\n---\ntitle: elm\n", 2, "another document"),
        ("title: oak\nname: \x07\n", 2, "does not allow"),
        ("# a comment\ntitle: oak\nleaves: []\ntitle: elm\n", 4, "'title' is there already, in line 2"),
        ("title: oak\nleaves:\n  - name: a\n    count: 1\n    name: b\n", 5, "already, in line 3"),
        ("title: oak\nleaves:\n  - name: a\n    count: many\n", 4, "leaves[0].count"),
        ("title: oak\nleaves:\n  - name: a\n\n  - count: 1\n", 5, "'name' is missing"),
        ("# a comment\n\nleaves: []\n", 3, "'title' is missing"),
        ("title: oak\nleaves:\n  - name: a\n    colour: red\n", 4, "unknown key 'colour'"),
        ("title: oak\nleaves:\n  - name: a\n  - name: oak\n", 4, "name of its tree"),
        ("title: oak\nleaves:\n  - name: big\n    count: 0\n", 4, "needs a count"),
        ("title: oak\nleaves:\n  - name: a\n\n  - name: big\n", 5, "needs a count"),
        ("title: oak\ncolours:\n  - red\n", 2, "unknown key 'colours'"),
        ("title:\n  - oak\n", 2, "title"),
        ("title: NO\n", 1, "title"),
        ("# a comment\n- oak\n", 2, "the document"),
        ("title: &a oak\nleaves:\n  - name: *a\n", 3, "aliases"),
        ("title: oak\nleaves: &all\n  - *all\n", 3, "aliases"),
        ("title: oak\nleaves:\n  - !!python/object/apply:os.system [echo]\n", 3, "tag"),
        ("title: !!python/name:os.system\n", 1, "tags are not supported"),
        ("title: !!str oak\n", 1, "tags are not supported"),
        ("title: =\n", 1, "constructor"),
        ("title: oak\n? [a, b]\n: 1\n", 2, "must be text"),
        ("title: oak\n1: one\n", 2, "must be text"),
        ("title: 2025-13-45\n", 1, "cannot be read"),
        ("title: oak\n<<: {leaves: []}\n", 2, "constructor"),
    ],
)
def test_every_problem_is_placed_on_its_line(text: str, line: int, words: str) -> None:
    error = refused(text)
    assert error.line == line
    assert words in error.problem
    assert str(error).startswith(f"tree.yaml:{line}: ")


@given(above=st.lists(st.sampled_from(["", "# a comment", "   "]), max_size=30))
def test_lines_are_counted_from_the_top_whatever_stands_above(above: list[str]) -> None:
    text = "\n".join([*above, "title: oak", "leaves:", "  - name: a", "    count: many", ""])
    assert refused(text).line == len(above) + 4


@given(leaves=st.integers(1, 20), data=st.data())
def test_the_line_is_that_of_the_bad_item_among_good_ones(leaves: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, leaves - 1))
    items = [f"  - name: leaf\n    count: {'x' if index == bad else index}" for index in range(leaves)]
    assert refused("title: oak\nleaves:\n" + "\n".join(items)).line == 4 + 2 * bad


def test_of_several_problems_the_first_in_the_file_is_told_and_the_others_are_counted() -> None:
    error = refused("leaves:\n  - name: 1\n  - nam: b\ntitle: oak\n")
    assert error.line == 2
    assert error.problem.endswith("(and 2 more below)")


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n"])
def test_an_empty_document_is_refused(text: str) -> None:
    error = refused(text)
    assert "tree.yaml" in str(error)


def test_a_bottomless_document_is_refused() -> None:
    assert refused("[" * 20_000).problem == "is nested too deeply"


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(DataFileError, match=r"nowhere\.yaml: cannot be read"):
        read(Path("nowhere.yaml"), "mapping.yaml")


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"title: oak\nname: caf\xe9\n")
    with pytest.raises(DataFileError) as caught:
        read(path, "mapping.yaml")
    assert (caught.value.line, caught.value.path) == (2, str(path))


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: oak\n")
    assert read(path, "mapping.yaml") == ("title: oak\n", str(path))


@given(text=st.text(alphabet="aelstiv: -[]{}&*!?|>'\"#%@`,\n\t\x85\u2028\0", max_size=60))
@example(text="- " * 3000)
@example(text="title: !!bool x")
@example(text="title: 0x_")
@example(text="title: " + "9" * 5000)
def test_any_text_is_a_document_or_is_refused_as_one(text: str) -> None:
    with suppress(DataFileError):
        assert isinstance(parse(text, "tree.yaml", Tree), Tree)
