"""Findings about the API's version, the token's user and the day's calls. Pure."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from order_staging.batch.checks.findings import Finding, note, ok, problem, warning
from order_staging.monday import FIRST_BULK_VERSION
from order_staging.monday.account import Standing
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from order_staging.batch.checks.demand import Demand
    from order_staging.monday.account import Access, Account, DailyCalls, User, Versions
    from order_staging.settings import Settings

VERSION, USER, ACCESS, CALLS = "API version", "token", "permissions", "daily calls"
SETTING = "ORDER_STAGING_MONDAY_API_VERSION"
VIEWERS = frozenset({"view_only", "viewer"})
UNTOLD = "monday.com does not tell"


def account_findings(account: Account, settings: Settings, demand: Demand | None) -> list[Finding]:
    """Find what the API told of itself, of the token's user and of the calls that are left today."""
    return [
        *_version(account.versions, settings),
        *_user(account.user),
        *_access(account.access, account.user),
        *_daily_calls(account.daily_calls, settings, demand),
    ]


def _version(versions: Versions | None, settings: Settings) -> Iterator[Finding]:
    wanted = settings.monday_api_version
    if versions is None:
        yield note(VERSION, f"{UNTOLD} where {wanted} stands")
    else:
        yield _standing(wanted, versions)
    if wanted < FIRST_BULK_VERSION:
        said = f"{wanted} has no bulk imports"
        if settings.channel is Channel.BULK:
            advice = f"set {SETTING}={FIRST_BULK_VERSION} or later"
            yield warning(VERSION, f"{said}, for which ORDER_STAGING_CHANNEL asks", advice)
        else:
            yield note(VERSION, said, f"set {SETTING}={FIRST_BULK_VERSION} or later to use them")


def _standing(wanted: str, versions: Versions) -> Finding:
    current = versions.current
    advice = f"set {SETTING}={current}" if current else f"set {SETTING} to the current version"
    now = f"; {current} is current" if current else ""
    standing = versions.standings.get(wanted)
    if versions.used != wanted or standing is None:
        known = "does not know" if standing is None else "does not serve"
        return problem(VERSION, f"monday.com {known} {wanted} and answers as {versions.used}{now}", advice)
    match standing:
        case Standing.CURRENT:
            return ok(VERSION, f"{wanted} is current")
        case Standing.CANDIDATE | Standing.DEVELOPMENT:
            return note(VERSION, f"{wanted} is not released yet and may change{now}", advice)
        case Standing.MAINTENANCE:
            return warning(VERSION, f"{wanted} is in maintenance{now}", advice)
        case Standing.DEPRECATED:
            return problem(VERSION, f"{wanted} is deprecated{now}", advice)
        case Standing.UNKNOWN:
            return warning(VERSION, f"{wanted} stands where we do not know{now}", advice)


def _user(user: User | None) -> Iterator[Finding]:
    if user is None:
        yield note(USER, f"{UNTOLD} whose token it is")
        return
    named = f"the token is of {user.name!r}"
    if user.status not in {"", "active"}:
        yield problem(USER, f"{named}, whose status is {user.status}", "take the token of an active user")
    elif user.kind in VIEWERS:
        yield problem(USER, f"{named}, who may only look", "take the token of a member")
    elif user.kind == "guest":
        advice = "take the token of a member"
        yield warning(USER, f"{named}, who is a guest: the API may refuse guests", advice)
    else:
        yield ok(USER, f"{named} ({user.kind or 'of unknown kind'})")


def _access(access: Access | None, user: User | None) -> Iterator[Finding]:
    if access is None:
        yield note(ACCESS, f"{UNTOLD} who may edit the board")
    elif access.permissions == "everyone":
        yield ok(ACCESS, "everyone may edit the board")
    elif user is not None and user.id in access.owners:
        yield ok(ACCESS, f"{access.permissions} may edit the board, and the token's user owns it")
    else:
        yield warning(
            ACCESS,
            f"the board is edited by {access.permissions}, and the token's user is not one of its owners",
            "make the user an owner, or see that they may create items, groups and labels",
        )


def _daily_calls(calls: DailyCalls | None, settings: Settings, demand: Demand | None) -> Iterator[Finding]:
    if calls is None:
        yield note(CALLS, f"{UNTOLD} how many are left today")
        return
    rows = (demand.orders, demand.subitems) if demand else (0, 0)
    needed = sum(ceil(count / settings.aliases) for count in rows)
    left = f"{calls.left:,} of {calls.limit:,} are left today"
    if needed >= calls.left:
        take = f"take {needed:,} or more" if demand else "were not counted"
        yield warning(
            CALLS,
            f"{left}, and the pending orders {take}",
            "a run pauses when they are used up, and goes on after midnight UTC",
        )
    else:
        yield ok(CALLS, left)
