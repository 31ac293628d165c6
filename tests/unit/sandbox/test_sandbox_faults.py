from random import Random

from hypothesis import given
from hypothesis import strategies as st

from order_staging.sandbox import Fault, FaultKind
from order_staging.sandbox.faults import Faults

WHOLE = Fault(FaultKind.ANSWER_INSTEAD, status=502)


def _met(faults: Faults, requests: int, *operations: str) -> list[bool]:
    return [faults.take(operations).whole is not None for _ in range(requests)]


@given(times=st.integers(1, 5), skip=st.integers(0, 5))
def test_a_fault_happens_so_many_times_after_so_many_requests(times: int, skip: int) -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.DROP_BEFORE, times=times, skip=skip))
    assert _met(faults, 12) == [skip <= place < skip + times for place in range(12)]
    assert faults.pending == 0


def test_a_fault_waits_for_a_request_with_its_root_field() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.DROP_BEFORE, operation="create_item"))
    assert _met(faults, 2, "boards") == [False, False]
    assert _met(faults, 1, "complexity", "create_item") == [True]


def test_one_request_meets_one_fault_of_the_whole() -> None:
    faults = Faults()
    faults.add(WHOLE)
    faults.add(Fault(FaultKind.DROP_BEFORE))
    assert [faults.take(()).whole for _ in range(3)] == [WHOLE, Fault(FaultKind.DROP_BEFORE), None]


def test_faults_of_aliases_wait_for_a_request_that_is_executed() -> None:
    faults = Faults()
    faults.add(WHOLE)
    faults.add(Fault(FaultKind.FAIL_ALIAS, alias=0))
    faults.add(Fault(FaultKind.EXECUTE_ALIAS_THEN_FAIL, alias=2))
    assert faults.take(()).aliases == {}
    assert set(faults.take(()).aliases) == {0, 2}


def test_delays_add_up_and_leave_other_faults_alone() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.DELAY, seconds=1.5))
    faults.add(Fault(FaultKind.DELAY, seconds=2.0))
    faults.add(WHOLE)
    due = faults.take(())
    assert (due.seconds, due.whole, due.prevents) == (3.5, WHOLE, True)


def test_faults_can_be_taken_back() -> None:
    faults = Faults()
    faults.add(WHOLE)
    faults.clear()
    assert _met(faults, 1) == [False]


@given(seed=st.integers(), probability=st.floats(0.1, 0.9))
def test_faults_by_chance_are_the_same_again_with_the_same_seed(seed: int, probability: float) -> None:
    met = []
    for _ in range(2):
        faults = Faults(Random(seed))  # noqa: S311 - faults are no secrets
        faults.add(Fault(FaultKind.DROP_BEFORE, probability=probability, times=None))
        met.append(_met(faults, 40))
        assert faults.pending == 1
    assert met[0] == met[1]


def test_a_chance_is_taken_so_many_times_at_most_and_after_those_that_are_spared() -> None:
    faults = Faults(Random(3))  # noqa: S311 - faults are no secrets
    faults.add(Fault(FaultKind.DROP_BEFORE, probability=0.5, times=2, skip=5))
    met = _met(faults, 60)
    assert (sum(met), any(met[:5]), faults.pending) == (2, False, 0)


def test_a_fault_may_happen_for_ever() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.DROP_BEFORE, times=None))
    assert all(_met(faults, 100))


def test_faults_of_the_board_wait_for_a_request_they_concern() -> None:
    faults = Faults()
    for kind in (FaultKind.STALE_SEARCH, FaultKind.EXPIRED_CURSOR, FaultKind.GROUP_DELETED):
        faults.add(Fault(kind, seconds=5))
    other = faults.take(("create_group",))
    writing, reading = faults.take(("create_item",)), faults.take(("boards",))
    assert (other.groups_deleted, writing.groups_deleted, writing.stale_seconds) == (False, True, 0)
    assert (reading.stale_seconds, reading.cursors_expired) == (5, True)
    assert faults.pending == 0
