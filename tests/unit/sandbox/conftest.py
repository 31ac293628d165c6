from random import Random

import pytest

from order_staging.sandbox import Sandbox
from tests.unit.sandbox.sandbox_asking import Asker, Clock
from tests.unit.sandbox.sandbox_bulk_asking import BulkAsker


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(key_column="text_key", clock=clock, random=Random(7))  # noqa: S311 - request ids


@pytest.fixture
def ask(sandbox: Sandbox) -> Asker:
    return Asker(sandbox)


@pytest.fixture
def bulk(ask: Asker) -> BulkAsker:
    return BulkAsker(ask)
