"""The soak, in small: faults by chance and killed runners, until everything is there once."""

from __future__ import annotations

from random import Random

from tests.soak.figures import Figures, Minima
from tests.soak.ground import ground
from tests.soak.running import Soak, Wishes

SEED = 4755


def test_a_few_dozen_orders_survive_faults_by_chance_and_killed_runners() -> None:
    wishes = Wishes(
        fault_share=0.15,
        longest_life=2.0,
        least=Minima(requests=60, faults=5, kills=3),
        minutes=3,
        aliases=(3, 5),
        edits=2,
    )
    figures = Figures(SEED, orders=24)
    with ground(SEED, 24, 6, "sqlite") as place:
        random = Random(SEED)  # noqa: S311 - no secrets
        Soak(place, figures, wishes, random).run(lambda *_: None)
    assert list(figures.complaints(wishes.least)) == []
    assert figures.items > 10
    assert figures.mutations > figures.items
