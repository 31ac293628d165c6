"""An adoption laid out for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group

from order_staging.adoption import AdoptionStatus
from order_staging.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from order_staging.adoption import Adoption
    from order_staging.adoption.results import Told

UPGRADE = "order-staging db upgrade"
ADOPT = "order-staging db adopt"
LOOK = "Look at each statement before you run it: rows that do not fit stop it, or are changed by it."


def adoption_page(adoption: Adoption) -> Group:
    """Lay an adoption out: what differs, each with the way to put it right, and what was done. Lines are whole."""
    return Group(*_lines(adoption))


def _lines(adoption: Adoption) -> Iterator[str]:
    yield from _differences(adoption)
    for doubled in adoption.doubled:
        columns = ", ".join(f'"{name}"' for name in doubled.columns)
        values = counted(doubled.values, "value stands", "values stand")
        yield f"In {doubled.table}, {values} on several rows in {columns}:"
        yield "  leave one row each before you upgrade: a unique index is to come, and would be refused."
    if adoption.left_alone:
        yield "Not this project's, and left alone:"
        for piece in adoption.left_alone:
            yield f"  {_place(piece.table, piece.name)}"
    if adoption.status is AdoptionStatus.DIFFERS:
        yield f"Nothing was stamped. {LOOK}"
        yield f"Then run {ADOPT} again; with --force it stamps what is there, at revision {adoption.reached}."
    else:
        yield _done(adoption)


def _differences(adoption: Adoption) -> Iterator[str]:
    grave = [each for each in adoption.differences if each.grave]
    slight = [each for each in adoption.differences if not each.grave]
    if grave:
        found = counted(len(grave), "difference", "differences")
        yield f"{found} from revision {adoption.compared_with}:"
        yield from _told(grave)
    if adoption.early:
        yield f"Of revisions after {adoption.reached}, this is there already:"
        for piece in adoption.early:
            yield f"  {_place(piece.table, piece.name)}, of {piece.revision}"
        yield "  Add what they lack (above): an upgrade would stop at it. Take away only what holds no data."
    if slight:
        yield f"{counted(len(slight), 'thing', 'things')} worth putting right; runs work without:"
        yield from _told(slight)


def _told(differences: list[Told]) -> Iterator[str]:
    for told in differences:
        yield f"  {_place(told.table, told.name)}: expected {told.expected}, there is {told.found}"
        yield from (f"    {line}" for line in told.remedy.splitlines())


def _place(table: str, name: str) -> str:
    return f'{table}."{name}"' if name else table


def _done(adoption: Adoption) -> str:
    at = f"at revision {adoption.current}"
    match adoption.status:
        case AdoptionStatus.ALREADY:
            done = f"The database is under Alembic already, {at}; nothing was done."
        case AdoptionStatus.FORCED:
            done = f"The database does not fit, and is {at} now, as --force says."
        case _:
            done = f"The database fits, and is {at} now."
    if adoption.early:
        return f"{done} Put right what is there already, then: {UPGRADE}"
    if adoption.current == adoption.head:
        return f"{done} That is the newest."
    return f"{done} Next, to {adoption.head}: {UPGRADE}"
