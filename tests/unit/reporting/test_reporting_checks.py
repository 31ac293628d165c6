"""A check is laid out for people within 80 columns, a row a finding."""

from __future__ import annotations

from collections import Counter
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from order_staging.batch import CheckResult, Finding, Severity
from order_staging.reporting import check_page

WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=300)
FINDINGS = st.builds(Finding, st.sampled_from(Severity), WORDS, WORDS, WORDS)


def shown(*findings: Finding, width: int = 80) -> str:
    stream = StringIO()
    console = Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
    console.print(check_page(CheckResult(findings)))
    return stream.getvalue()


@given(st.lists(FINDINGS, max_size=4))
def test_it_fits_80_columns_and_loses_no_letter(findings: list[Finding]) -> None:
    text = shown(*findings)
    assert max(len(line) for line in text.splitlines()) <= 80
    words = (word for each in findings for word in (each.subject, each.message, each.advice))
    assert Counter("".join(words)) <= Counter(text)


def test_a_finding_is_a_row_with_its_next_step_below() -> None:
    gone = "it is gone, and nobody knows whereto, nor since when, or why"
    lines = shown(Finding(Severity.PROBLEM, "FREIGHT", gone, "look for it")).splitlines()
    (row,) = (number for number, line in enumerate(lines) if "PROBLEM" in line)
    assert "FREIGHT" in lines[row]
    assert gone in lines[row]
    assert "→ look for it" in lines[row + 1]
    assert lines[-1] == "1 problem and 0 warnings: put the problems right before the next run."


def test_on_a_narrow_terminal_names_are_whole() -> None:
    finding = Finding(Severity.OK, "ORDERS_UNIFIED", "every column of MON_CustMasterSchedule is there")
    for width in range(30, 60):
        text = shown(finding, width=width)
        assert ("ORDERS_UNIFIED" in text, "MON_CustMasterSchedule" in text) == (True, True)


def test_the_sum_is_said_in_words() -> None:
    good = Finding(Severity.OK, "a", "b")
    weak = Finding(Severity.WARNING, "a", "b", "c")
    assert shown(good).splitlines()[-1] == "Everything is as it should be."
    assert shown(good, weak, weak).splitlines()[-1] == "No problem, and 2 warnings: runs work."
