import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.sandbox.bulk_csv import InvalidUploadError, Sheet, read_sheet
from tests.unit.sandbox.sandbox_bulk_asking import csv_of

KNOWN = {"name", "text_a", "text_b"}
TEXTS = st.text(st.characters(codec="utf-8"))


def _read(content: bytes, row_limit: int = 10, *, tolerates_bom: bool = False) -> Sheet:
    return read_sheet(content, KNOWN, row_limit, tolerates_bom=tolerates_bom)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_every_text_arrives_as_it_is(rows: list[tuple[str, str]]) -> None:
    assert _read(csv_of(["name", "text_a"], *rows)) == Sheet(("name", "text_a"), tuple(rows))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("last", [True, False])
def test_lines_end_in_either_way(end: str, last: bool) -> None:
    content = end.join(["name,text_a", "A,1", 'B,"x\ny"']) + (end if last else "")
    assert _read(content.encode()).rows == (("A", "1"), ("B", "x\ny"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", 'The first header must be "name"'),
        (b"\r\nA\r\n", 'The first header must be "name"'),
        (b"text_a,name\n1,A\n", 'The first header must be "name"'),
        (b"Name\nA\n", 'The first header must be "name"'),
        (b"name,text_c\nA,1\n", 'The board has no column "text_c"'),
        (b"name,text_a \nA,1\n", 'The board has no column "text_a "'),
        (b"name,\nA,1\n", 'The board has no column ""'),
        (b"name,text_a,text_a\nA,1,2\n", "A header stands twice"),
        (b"name,name.subitem\nA,1\n", 'The sandbox imports no subitems, which "name.subitem" asks for'),
        (b"name;text_a\nA;1\n", 'The first header must be "name"'),
        (b"name,text_a\nA\n", "Row 1 has 1 cells instead of 2"),
        (b"name,text_a\nA,1\nB,2,3\n", "Row 2 has 3 cells instead of 2"),
        (b"name,text_a\nA,1\n\nB,2\n", "Row 2 has 0 cells instead of 2"),
        (b"name\n", "The file has no rows"),
        (b"name\n\xff\n", "The file is not UTF-8"),
        ("name\nA\n".encode("utf-16"), "The file is not UTF-8"),
        (b'name\n"A\n', "The file is not CSV"),
        (b'name\n"A"B\n', "The file is not CSV"),
        (b'name\nA"B"\n', "The file is not CSV"),
        (b'name\n "A"\n', "The file is not CSV"),
        (b"name\rA\r", "The file is not CSV"),
        (b'name\n"' + b"x" * 200_000 + b'"\n', "The file is not CSV: field larger"),
    ],
)
def test_a_file_that_is_none_is_rejected_with_a_reason(content: bytes, message: str) -> None:
    with pytest.raises(InvalidUploadError, match=message):
        _read(content)


def test_a_file_has_as_many_rows_as_it_may() -> None:
    assert len(_read(csv_of(["name"], *[["A"]] * 3), row_limit=3).rows) == 3
    with pytest.raises(InvalidUploadError, match="The file has more than 3 rows"):
        _read(csv_of(["name"], *[["A"]] * 4), row_limit=3)


def test_a_byte_order_mark_is_part_of_the_first_header_unless_it_is_tolerated() -> None:
    content = b"\xef\xbb\xbfname\nA\n"
    with pytest.raises(InvalidUploadError, match="first header"):
        _read(content)
    assert _read(content, tolerates_bom=True).rows == (("A",),)
