"""What is left out of the proofs in CI: no case of either side, only pairs of them."""

from __future__ import annotations

from tests.guarantees.lengths import in_turn


def test_whole_proofs_have_every_pair() -> None:
    assert in_turn("ab", [1, 2], whole=True) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_others_have_every_case_of_both_sides() -> None:
    assert in_turn("abc", [1, 2], whole=False) == [("a", 1), ("b", 2), ("c", 1)]
