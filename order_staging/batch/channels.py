"""Which way rows travel: by requests with several items, or by bulk imports. Pure.

A bulk import costs some seven calls however many rows it has: the start, five looks at a job that is done in ten
seconds, and a search for the ids of each 500 rows. (The upload and the report are no calls of the API.) A request
costs one call for as many rows as it has aliases, so that an import saves calls from seven full requests on. It
saves time from some 25 rows on: about twenty seconds an import, against 829 ms that monday.com takes to create an
item (the recorded median). `benchmarks/delivery.py` measures both.
"""

from __future__ import annotations

import heapq
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from order_staging.monday import FIRST_BULK_VERSION
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from order_staging.settings import Settings

Label = tuple[str, str]
"""A column's id, and the text of a label."""

CALLS_A_JOB = 7
ROWS_IN_THE_TIME_OF_A_JOB = 25


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row to be sent: its group, the labels it brings that the board lacks, and whether a file can carry it."""

    stg_id: int
    group: str
    new_labels: frozenset[Label]
    fits_file: bool


class Survey:
    """What is known of the rows that are to be sent, without the rows, as a batch may have very many.

    Of the rows of a group that bring a label one is remembered, the first of those that bring the most.
    """

    def __init__(self, candidates: Iterable[Candidate] = ()) -> None:
        """Take the rows, in their order."""
        self.lots: dict[str, array[int]] = {}
        """The rows (`stg_id`) that a file can carry, by group, at eight bytes a row."""
        self._bringing: dict[tuple[str, bool, Label], Candidate] = {}
        self.add(candidates)

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Take in the rows that come next."""
        for row in candidates:
            if row.fits_file:
                self.lots.setdefault(row.group, array("q")).append(row.stg_id)
            for label in row.new_labels:
                known = self._bringing.setdefault((row.group, row.fits_file, label), row)
                if len(row.new_labels) > len(known.new_labels):
                    self._bringing[row.group, row.fits_file, label] = row

    def bringing(self) -> list[Candidate]:
        """List the rows that are remembered for their labels, each once."""
        return list(dict.fromkeys(self._bringing.values()))


@dataclass(frozen=True)
class Plan:
    """Rows (`stg_id`) that go first as items, as they bring labels, and rows to import, by group."""

    first: list[int] = field(default_factory=list)
    imports: dict[str, array[int]] = field(default_factory=dict)


def obstacle_to_imports(settings: Settings) -> str | None:
    """Tell what keeps imports from being open to us, whatever channel is asked for; None: nothing."""
    if settings.key_column is None:
        return "there is no key column: set ORDER_STAGING_KEY_COLUMN"
    if settings.monday_api_version < FIRST_BULK_VERSION:
        return f"API version {settings.monday_api_version} has none"
    return None


def least_to_import(settings: Settings) -> int | None:
    """Tell from how many rows of a group on a run imports them; None where it does not."""
    if settings.channel is Channel.ITEMS or obstacle_to_imports(settings) is not None:
        return None
    return 1 if settings.channel is Channel.BULK else worth_importing(settings.aliases)


def worth_importing(aliases: int) -> int:
    """Tell from how many rows of a group on an import costs less than requests with so many aliases."""
    return max(CALLS_A_JOB * aliases, ROWS_IN_THE_TIME_OF_A_JOB)


def plan(survey: Survey, least: int) -> Plan:
    """Plan the ways of rows, where a group is imported from `least` rows on.

    An import demands that every label exists. So few rows that bring the missing ones go first as items: rows that
    a file cannot carry, or of small groups, before others, as they go that way anyhow.
    """
    large = {group: lot for group, lot in survey.lots.items() if len(lot) >= least}
    bringing = survey.bringing()
    to_import = [row for row in bringing if row.fits_file and row.group in large]
    others = [row for row in bringing if not (row.fits_file and row.group in large)]
    missing = {label for row in to_import for label in row.new_labels}
    by_request = cover(others, missing)
    missing -= {label for row in by_request for label in row.new_labels}
    first = [row.stg_id for row in (*by_request, *cover(to_import, missing))]
    going = set(first)
    rest = {group: array("q", (each for each in lot if each not in going)) for group, lot in large.items()}
    imports = {group: lot for group, lot in rest.items() if len(lot) >= least}
    return Plan(first, imports) if imports else Plan()


def cover(candidates: Iterable[Candidate], labels: set[Label]) -> list[Candidate]:
    """Choose few rows that bring as many of `labels` as these rows can.

    The row that brings most of what is still missing is taken, again and again, and in the end those are given back
    whose labels others bring, too. (The fewest of all are as hard to find as any set cover; this comes close.)
    """
    missing = set(labels)
    rows = [row for row in candidates if row.new_labels & missing]
    heap = [(-len(row.new_labels & missing), place) for place, row in enumerate(rows)]
    heapq.heapify(heap)
    chosen: list[Candidate] = []
    while heap and missing:
        gain, place = heapq.heappop(heap)
        now = len(rows[place].new_labels & missing)
        if now == 0:
            continue
        if -gain > now:
            # What it brings has been brought by others meanwhile: it has to queue up again.
            heapq.heappush(heap, (-now, place))
            continue
        chosen.append(rows[place])
        missing -= rows[place].new_labels
    return _needed(chosen, labels)


def _needed(chosen: Sequence[Candidate], labels: set[Label]) -> list[Candidate]:
    bringing: defaultdict[Label, int] = defaultdict(int)
    for row in chosen:
        for label in row.new_labels & labels:
            bringing[label] += 1
    needed = []
    for row in chosen:
        brought = row.new_labels & labels
        if all(bringing[label] > 1 for label in brought):
            for label in brought:
                bringing[label] -= 1
        else:
            needed.append(row)
    return needed
