"""Guarantee 2, what the tables say of themselves (states, letters, batches, leases, imports); and guarantee 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.guarantees.facts import Facts, as_uuid, grouped, is_change, is_open, size_of, uuid_of
from tests.guarantees.terms import (
    BATCHES,
    ERR,
    ERR_SUB,
    IMPORTS,
    LEASES,
    OPEN,
    REFUSED,
    STG,
    STG_SUB,
    WAITING,
    Violation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.guarantees.terms import Row

UNDER_WAY = {"STARTED", "STAGING_LOADED", "ITEMS_CREATED", "SUBITEMS_CREATED", "PROMOTED"}


def nothing_is_under_way_at_rest(facts: Facts) -> Iterator[Violation]:
    """At rest nothing is being sent; a row waits only where that is allowed, or its order was refused."""
    if not facts.evidence.at_rest:
        return
    forbidden = {"SENDING"} if facts.evidence.may_wait else OPEN
    for row in facts.table(STG):
        if row["stg_status"] in forbidden:
            yield Violation(2, "open-at-rest", f"{_order(row)} is {row['stg_status']}")
    for row in facts.table(STG_SUB):
        if row["stg_status"] in forbidden and not _waits_for_its_order(facts, row):
            yield Violation(2, "open-at-rest", f"{_size(row)} is {row['stg_status']}")


def _waits_for_its_order(facts: Facts, row: Row) -> bool:
    parent = facts.staged_by_id.get(row["stg_parent_stg_id"])
    refused = parent is not None and parent["stg_status"] in REFUSED and not is_change(parent)
    return refused and row["stg_status"] == "PENDING"


def waiting_sizes_have_their_orders(facts: Facts) -> Iterator[Violation]:
    """A size that waits has its order in STG: nobody else tells which item it belongs to."""
    for row in facts.table(STG_SUB):
        if row["stg_status"] in WAITING and row["stg_parent_stg_id"] not in facts.staged_by_id:
            yield Violation(
                2, "size-stranded", f"{_size(row)} is {row['stg_status']}, and its order is not in STG"
            )


def refused_rows_have_letters(facts: Facts) -> Iterator[Violation]:
    """What monday.com refused, or nobody can decide, is in ERR, and waits there."""
    without_uuid = grouped(
        facts.table(ERR),
        lambda row: row["original_stg_id"],
        where=lambda row: is_open(row) and not uuid_of(row),
    )
    for row in facts.table(STG):
        uuid = uuid_of(row)
        known = row["stg_id"] in without_uuid if uuid is None else uuid in facts.letters
        if row["stg_status"] in REFUSED and not known:
            yield Violation(
                2, "no-letter", f"{_order(row)} is {row['stg_status']}, and ERR has nothing open of it"
            )
    for row in facts.table(STG_SUB):
        if row["stg_status"] in REFUSED and size_of(row) not in facts.size_letters:
            yield Violation(
                2, "no-letter", f"{_size(row)} is {row['stg_status']}, and ERR has nothing open of it"
            )


def letters_are_complete(facts: Facts) -> Iterator[Violation]:
    """A dead letter has a reason, and says of its end both when it was and by whom."""
    for table in (ERR, ERR_SUB):
        for row in facts.table(table):
            of = f"{table} {row['err_id']} ({row['error_type']}, source row {uuid_of(row)})"
            if not (row["error_message"] or "").strip():
                yield Violation(2, "no-reason", f"{of} has no reason")
            if (row["resolved_date"] is None) != (not row["resolved_by"]):
                words = f"{of} was resolved at {row['resolved_date']} by {row['resolved_by']}"
                yield Violation(2, "half-resolved", words)


def letters_are_written_once(facts: Facts) -> Iterator[Violation]:
    """An invalid row has one open dead letter, however many runs look at it."""
    for uuid, rows in facts.letters.items():
        invalid = [row for row in rows if row["error_type"] == "INVALID"]
        if len(invalid) > max(1, len(facts.source.get(uuid, ()))):
            yield Violation(
                2, "letter-doubled", f"source row {uuid} has {len(invalid)} open INVALID rows in ERR"
            )


def delivered_rows_have_no_letters(facts: Facts) -> Iterator[Violation]:
    """At rest a rejection is resolved once what was rejected is in production after all."""
    if not facts.evidence.at_rest:
        return
    for uuid in facts.letters.keys() & facts.landed.keys():
        if _settled(facts.letters[uuid], facts.staged.get(uuid, ())):
            yield Violation(2, "letter-left", f"source row {uuid} is in MON, and still REJECTED in ERR")
    for uuid, size in facts.size_letters.keys() & facts.landed_sizes.keys():
        if _settled(facts.size_letters[uuid, size], facts.staged_sizes.get((uuid, size), ())):
            yield Violation(
                2, "letter-left", f"size {size} of source row {uuid} is in MON, and still REJECTED in ERR"
            )


def _settled(letters: list[Row], staged: list[Row] | tuple[()]) -> bool:
    rejected = any(row["error_type"] == "REJECTED" for row in letters)
    return rejected and not any(row["stg_status"] in OPEN | REFUSED for row in staged)


def batches_tell_the_truth(facts: Facts) -> Iterator[Violation]:
    """A batch is COMPLETED when all its rows are; at rest none is under way.

    A size may wait in a completed batch: a run may leave all subitems for later.
    """
    open_rows: dict[UUID, Row] = {}
    for table, states in ((STG, OPEN), (STG_SUB, OPEN - {"PENDING"})):
        for row in facts.table(table):
            of_batch = as_uuid(row["stg_batch_id"])
            if row["stg_status"] in states and of_batch is not None:
                open_rows[of_batch] = row
    for batch in facts.table(BATCHES):
        batch_id, status = as_uuid(batch["batch_id"]), batch["status"]
        of = f"batch {batch_id} of {batch['customer_name']} is {status}"
        if status == "COMPLETED" and batch_id is not None and batch_id in open_rows:
            left = open_rows[batch_id]
            words = f"{of}, and its row of source row {uuid_of(left)} is {left['stg_status']}"
            yield Violation(2, "batch-not-complete", words)
        if facts.evidence.at_rest and not facts.evidence.may_wait and status in UNDER_WAY:
            yield Violation(2, "batch-under-way", of)


def nobody_holds_anything_at_rest(facts: Facts) -> Iterator[Violation]:
    """At rest no lease is held, and every import has come to its end."""
    if not facts.evidence.at_rest:
        return
    for row in facts.table(LEASES):
        if row["holder"] is not None:
            yield Violation(2, "lease-held", f"{row['customer_name']} is held by {row['holder']}")
    for row in facts.table(IMPORTS):
        if row["status"] in {"PREPARED", "STARTED"} and not facts.evidence.may_wait:
            yield Violation(
                2, "import-open", f"import {row['import_key']} (job {row['job_id']}) is {row['status']}"
            )


def nothing_more_is_sent(facts: Facts) -> Iterator[Violation]:
    """Guarantee 3: a run with nothing new sends no mutation."""
    if facts.evidence.settled_at is not None:
        for one in facts.evidence.executed[facts.evidence.settled_at :]:
            words = f"mutation {one.number} (request {one.request}) was {one.operation} of {one.result_id}"
            yield Violation(3, "sent-again", f"{words}, and there was nothing new")


def _order(row: Row) -> str:
    return f"staged order {row['stg_id']} of source row {uuid_of(row)} (batch {as_uuid(row['stg_batch_id'])})"


def _size(row: Row) -> str:
    return f"staged size {row['Size']} of source row {uuid_of(row)} (batch {as_uuid(row['stg_batch_id'])})"


RULES = (
    nothing_is_under_way_at_rest,
    waiting_sizes_have_their_orders,
    refused_rows_have_letters,
    letters_are_complete,
    letters_are_written_once,
    delivered_rows_have_no_letters,
    batches_tell_the_truth,
    nobody_holds_anything_at_rest,
    nothing_more_is_sent,
)
