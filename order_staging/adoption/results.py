"""What an adoption comes to, for people and programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from order_staging.adoption.choosing import Piece
    from order_staging.adoption.comparing import DifferenceKind


class AdoptionStatus(StrEnum):
    """What became of a database."""

    ADOPTED = "adopted"
    """It fits, and is under Alembic now."""
    FORCED = "forced"
    """It does not fit, and is under Alembic now as it was asked for."""
    DIFFERS = "differs"
    """It does not fit, and nothing was done."""
    ALREADY = "already"
    """It was under Alembic before, and nothing was done."""


@dataclass(frozen=True, slots=True)
class Told:
    """A difference as it is told: where, of which revision, what is expected, what is there, and what to do."""

    revision: str
    kind: DifferenceKind
    table: str
    name: str
    expected: str
    found: str
    grave: bool
    remedy: str


@dataclass(frozen=True, slots=True)
class Doubled:
    """Rows that a unique index to come will refuse: how many values stand on several of them."""

    table: str
    columns: tuple[str, ...]
    values: int


@dataclass(frozen=True, slots=True)
class Adoption:
    """What was found, and what was done. `current` is the revision that the database is at now, None for none.

    `reached` is the newest revision whose pieces are all there, and `early` is what is there of later ones;
    `compared_with` is the revision from which `differences` are; `left_alone` are columns that are not ours.
    """

    status: AdoptionStatus
    current: str | None
    head: str
    reached: str | None = None
    compared_with: str | None = None
    differences: tuple[Told, ...] = ()
    early: tuple[Piece, ...] = ()
    doubled: tuple[Doubled, ...] = ()
    left_alone: tuple[Piece, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values, under the keys that other programs rely on."""
        return {
            "status": str(self.status),
            "current": self.current,
            "head": self.head,
            "compared_with": self.compared_with,
            "differences": [asdict(each) for each in self.differences],
            "early": [asdict(each) for each in self.early],
            "doubled": [asdict(each) for each in self.doubled],
            "left_alone": [{"table": each.table, "column": each.name} for each in self.left_alone],
        }
