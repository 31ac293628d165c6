from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from order_staging.sandbox import MovingClock, WindowKind
from order_staging.sandbox.windows import QuotaWindow

SPAN = timedelta(seconds=60)


def _window(clock: MovingClock, kind: WindowKind, quota: int = 100) -> QuotaWindow:
    return QuotaWindow(clock, quota, SPAN, kind)


def test_a_fixed_window_comes_back_whole_a_span_after_its_first_use() -> None:
    clock = MovingClock()
    window = _window(clock, WindowKind.FIXED)
    assert window.resets_in() is None
    window.take(30)
    clock.advance(59)
    window.take(40)
    assert (window.left, window.resets_in()) == (30, 1)
    clock.advance(1)
    assert (window.left, window.resets_in()) == (100, None)


def test_a_sliding_window_gives_each_use_back_a_span_after_it() -> None:
    clock = MovingClock()
    window = _window(clock, WindowKind.SLIDING)
    window.take(30)
    clock.advance(50)
    window.take(40)
    assert (window.left, window.resets_in()) == (30, 10)
    assert (window.wait_for(30), window.wait_for(31), window.wait_for(61)) == (0, 10, 60)
    clock.advance(10)
    assert (window.left, window.resets_in()) == (60, 50)


def test_the_debt_of_a_fixed_window_goes_into_the_next_one() -> None:
    clock = MovingClock()
    window = _window(clock, WindowKind.FIXED)
    window.correct(window.take(50), 130)
    assert window.left == 0
    clock.advance(60)
    assert window.left == 70
    clock.advance(60)
    assert window.left == 100


def test_a_correction_after_the_window_gives_nothing_back_and_takes_what_was_used_beyond() -> None:
    clock = MovingClock()
    window = _window(clock, WindowKind.FIXED)
    less, more = window.take(50), window.take(20)
    clock.advance(61)
    window.take(10)
    window.correct(less, 5)
    assert window.left == 90
    window.correct(more, 45)
    assert window.left == 65


@given(
    kind=st.sampled_from(WindowKind),
    steps=st.lists(st.tuples(st.floats(0, 90), st.integers(0, 60)), max_size=30),
)
def test_who_waits_as_long_as_told_finds_what_was_missing(
    kind: WindowKind, steps: list[tuple[float, int]]
) -> None:
    clock = MovingClock()
    window = _window(clock, kind)
    for seconds, amount in steps:
        clock.advance(seconds)
        clock.advance(window.wait_for(amount))
        assert window.left >= amount
        window.take(amount)
        assert 0 <= window.left <= window.quota


@given(steps=st.lists(st.tuples(st.floats(0, 90), st.integers(1, 60)), min_size=1, max_size=30))
def test_a_sliding_window_never_lets_more_through_than_its_quota_in_any_span(
    steps: list[tuple[float, int]],
) -> None:
    clock = MovingClock()
    window = _window(clock, WindowKind.SLIDING)
    taken = []
    for seconds, amount in steps:
        clock.advance(seconds)
        if window.left >= amount:
            window.take(amount)
            taken.append((clock(), amount))
    for start, _ in taken:
        assert sum(amount for time, amount in taken if start <= time < start + SPAN) <= window.quota


@given(kind=st.sampled_from(WindowKind))
def test_what_is_more_than_the_quota_waits_for_all_of_it(kind: WindowKind) -> None:
    clock = MovingClock()
    window = _window(clock, kind)
    window.take(10)
    clock.advance(20)
    window.take(10)
    assert window.wait_for(101) == (40 if kind is WindowKind.FIXED else 60)


def test_the_total_goes_over_all_spans_and_counts_what_uses_came_to() -> None:
    clock = MovingClock()
    window = _window(clock, WindowKind.FIXED)
    late = window.take(30)
    window.correct(window.take(50), 20)
    clock.advance(60)
    window.take(40)
    assert window.total == 90
    window.correct(late, 35)
    assert (window.total, window.left) == (95, 55)
