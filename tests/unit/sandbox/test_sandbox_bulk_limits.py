from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.sandbox.bulk_limits import HOUR, HourlyUse
from tests.unit.sandbox.sandbox_asking import NOW

USES = st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 20)), max_size=8)


@given(uses=USES, amount=st.integers(1, 30), limit=st.integers(1, 60))
def test_the_wait_is_as_long_as_it_must_be_and_no_longer(
    uses: list[tuple[int, int]], amount: int, limit: int
) -> None:
    use = HourlyUse()
    moment = NOW
    for seconds, used in uses:
        moment += timedelta(seconds=seconds)
        use.add(used, moment)
    if amount > limit:
        assert use.wait(amount, limit, moment) == HOUR
        return
    wait = use.wait(amount, limit, moment)
    if wait:
        assert use.used(moment + wait - timedelta(microseconds=1)) + amount > limit
    assert use.used(moment + wait) + amount <= limit


@pytest.mark.parametrize(("minutes", "used"), [(0, 5), (59, 5), (60, 0)])
def test_a_use_counts_for_an_hour(minutes: int, used: int) -> None:
    use = HourlyUse()
    use.add(5, NOW)
    assert use.used(NOW + timedelta(minutes=minutes)) == used
