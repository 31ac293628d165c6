"""What the API tells about itself, about the user whose token it is, and about what they may do on a board."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from order_staging.errors import DailyLimitError, DestinationError
from order_staging.monday import documents

if TYPE_CHECKING:
    from datetime import date

    from order_staging.monday.wire import Wire

ITEMS_A_BOARD = 10_000
"""Items that a board holds where monday.com does not say otherwise."""
SUBITEMS_AN_ITEM = 100
LABELS_A_COLUMN = {"dropdown": 500, "status": 40}
"""Labels that a column of these types holds."""

READ_ONLY_TYPES = frozenset(
    {
        "auto_number",
        "button",
        "creation_log",
        "file",
        "formula",
        "item_id",
        "last_updated",
        "lookup",
        "mirror",
        "progress",
        "subtasks",
        "time_tracking",
        "vote",
    }
)
"""Types of columns whose values monday.com does not let anyone write by a mutation on items."""


class Standing(StrEnum):
    """Where a version of the API stands in its life."""

    CURRENT = "current"
    CANDIDATE = "release_candidate"
    DEVELOPMENT = "dev"
    MAINTENANCE = "maintenance"
    DEPRECATED = "deprecated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Versions:
    """The version of the API that answers, and where each one stands that monday.com knows of."""

    used: str
    standings: dict[str, Standing]

    @property
    def current(self) -> str | None:
        """Tell which version is the current one, None where monday.com does not say."""
        kinds = self.standings.items()
        return next((version for version, standing in kinds if standing is Standing.CURRENT), None)


@dataclass(frozen=True, slots=True)
class User:
    """The user whose token it is; `kind` and `status` are monday's words in lower case."""

    id: str
    name: str
    kind: str
    status: str


@dataclass(frozen=True, slots=True)
class Access:
    """Who may edit a board, in monday's word, and the ids of the users who own it."""

    permissions: str
    owners: frozenset[str]


@dataclass(frozen=True, slots=True)
class DailyCalls:
    """The calls that the account may make a day (UTC), and those made today."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        """Tell how many calls are left today."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Account:
    """What the API told; a part that it refused to tell is None."""

    versions: Versions | None = None
    user: User | None = None
    access: Access | None = None
    daily_calls: DailyCalls | None = None


async def read_account(wire: Wire, board_id: int, today: date) -> Account:
    """Ask for everything, part by part, as an older version or a lesser token may be refused some of it.

    `today` is in UTC. Raises `DailyLimitError` where no call is left.
    """
    board = {"board": str(board_id)}
    return Account(
        versions=versions_of(await told(wire, documents.VERSIONS, {})),
        user=user_of(await told(wire, documents.USER, {})),
        access=access_of(await told(wire, documents.ACCESS, board)),
        daily_calls=await read_daily_calls(wire, today),
    )


async def read_daily_calls(wire: Wire, today: date) -> DailyCalls | None:
    """Ask for the calls of the day (UTC) alone. Raises `DailyLimitError` where none is left."""
    return daily_calls_of(await told(wire, documents.DAILY_CALLS, {}), today)


def versions_of(data: dict[str, Any]) -> Versions | None:
    """Read the versions from an answer's data, None where they are not in it."""
    used = data.get("version")
    if not isinstance(used, dict):
        return None
    listed = [used, *_objects(data.get("versions"))]
    return Versions(str(used["value"]), {str(one["value"]): _standing(one.get("kind")) for one in listed})


def user_of(data: dict[str, Any]) -> User | None:
    """Read the user from an answer's data, None where there is none."""
    user = data.get("me")
    if not isinstance(user, dict):
        return None
    kind, status = (str(user.get(key) or "").casefold() for key in ("kind", "status"))
    return User(str(user["id"]), str(user.get("name") or ""), kind.replace(" ", "_"), status)


def access_of(data: dict[str, Any]) -> Access | None:
    """Read a board's permissions and owners from an answer's data, None where they are not in it."""
    boards = _objects(data.get("boards"))
    if not boards or not boards[0].get("permissions"):
        return None
    owners = _objects(boards[0].get("owners"))
    return Access(str(boards[0]["permissions"]).casefold(), frozenset(str(owner["id"]) for owner in owners))


def daily_calls_of(data: dict[str, Any], today: date) -> DailyCalls | None:
    """Read the day's calls from an answer's data, None where the limit or the use is not in it."""
    platform = data.get("platform_api")
    facts = platform if isinstance(platform, dict) else {}
    limit, analytics = facts.get("daily_limit"), facts.get("daily_analytics")
    if not isinstance(limit, dict) or not isinstance(analytics, dict):
        return None
    total = limit.get("total") or limit.get("base")
    days = _objects(analytics.get("by_day"))
    used = sum(int(day["usage"]) for day in days if str(day["day"])[:10] == today.isoformat())
    return DailyCalls(int(total), used) if total else None


async def told(wire: Wire, text: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Ask for something that may be refused: that is nothing then. Raises `DailyLimitError` without a call left."""
    try:
        return await wire.read(text, variables)
    except DailyLimitError:
        raise
    except DestinationError:
        return {}


def _standing(kind: object) -> Standing:
    # There are several kinds of maintenance: old__maintenance, previous_maintenance ...
    word = Standing.MAINTENANCE if str(kind).endswith(Standing.MAINTENANCE) else str(kind)
    return Standing(word) if word in set(Standing) else Standing.UNKNOWN


def _objects(values: object) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
