"""The one table of what monday.com's codes, words and statuses mean for the request they answer.

monday.com spells the same code in several ways (`MAX_CONCURRENCY_EXCEEDED`, `maxConcurrencyExceeded`), and
sometimes says it in words alone: docs/monday.md, "Errors and what they mean", tells which of them are documented.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from order_staging.monday.limits import Limit


class Meaning(Enum):
    """What an error says about the mutation it speaks of."""

    LATER = auto()
    """Not executed; the same again later may work."""
    LIMITED = auto()
    """Not executed, for a limit that passes by itself."""
    TOMORROW = auto()
    """Not executed; the day's calls are used up."""
    TOKEN = auto()
    """Not executed; the token is not accepted, or may not do this: no row is at fault."""
    TARGET = auto()
    """Not executed; the board or the API version is not there: no row is at fault."""
    TOO_LARGE = auto()
    """Not executed; one request may not cost so much."""
    UNKNOWN = auto()
    """It may have been executed."""
    REFUSED = auto()
    """Not executed, and never will be."""


LIMITS = {
    "complexitybudgetexhausted": Limit.COMPLEXITY,
    "complexityexception": Limit.COMPLEXITY,
    "minuteratelimitexceeded": Limit.MINUTE,
    "minutelimitrateexceeded": Limit.MINUTE,
    "maxconcurrencyexceeded": Limit.CONCURRENCY,
    "concurrencylimitexceeded": Limit.CONCURRENCY,
    "toomanyconcurrentrequests": Limit.CONCURRENCY,
    "ipratelimitexceeded": Limit.ADDRESS,
    "fieldlimitexceeded": Limit.FIELD,
    "fieldminuteratelimitexceeded": Limit.FIELD,
    "toomanyrequests": Limit.FIELD,
    "ratelimitexceeded": Limit.OTHER,
    "ratelimitedexception": Limit.OTHER,
    "mutationcallsexceeded": Limit.OTHER,
}
"""Limits that pass by themselves, by code or words."""

MEANINGS = {
    **dict.fromkeys(LIMITS, Meaning.LIMITED),
    "apitemporarilyblocked": Meaning.LATER,
    "idempotencyconflict": Meaning.LATER,
    "resourcelocked": Meaning.LATER,
    "resourceiscurrentlylockedpleasetryagainlater": Meaning.LATER,
    "dailylimitexceeded": Meaning.TOMORROW,
    "invalidboardidexception": Meaning.TARGET,
    "invalidversionexception": Meaning.TARGET,
    "requestmaxcomplexityexceeded": Meaning.TOO_LARGE,
    "notauthenticated": Meaning.TOKEN,
    "unauthorized": Meaning.TOKEN,
    "unauthorizedfieldortype": Meaning.TOKEN,
    "useraccessdenied": Meaning.TOKEN,
    "userunauthorized": Meaning.TOKEN,
    "userunauthorizedexception": Meaning.TOKEN,
    "missingrequiredpermissions": Meaning.TOKEN,
    "youripisrestricted": Meaning.TOKEN,
    "internalservererror": Meaning.UNKNOWN,
    "requestprocessingtimeoutexceeded": Meaning.UNKNOWN,
    "timeoutexceeded": Meaning.UNKNOWN,
    "badrequest": Meaning.REFUSED,
    "columnvalueexception": Meaning.REFUSED,
    "correctedvalueexception": Meaning.REFUSED,
    "createboardexception": Meaning.REFUSED,
    "cursorexpirederror": Meaning.REFUSED,
    "datavalidationserror": Meaning.REFUSED,
    "deletelastgroupexception": Meaning.REFUSED,
    "idempotencykeyreused": Meaning.REFUSED,
    "invalidargumentexception": Meaning.REFUSED,
    "invalidcolumnidexception": Meaning.REFUSED,
    "invalidcolumntypeexception": Meaning.REFUSED,
    "invalidgroupidexception": Meaning.REFUSED,
    "invalidinput": Meaning.REFUSED,
    "invaliditemidexception": Meaning.REFUSED,
    "invalidpersonassignment": Meaning.REFUSED,
    "invaliduseridexception": Meaning.REFUSED,
    "itemnametoolongexception": Meaning.REFUSED,
    "itemslimitationexception": Meaning.REFUSED,
    "jsonparseexception": Meaning.REFUSED,
    "recordinvalidexception": Meaning.REFUSED,
    "resourcenotfoundexception": Meaning.REFUSED,
    "revisionmismatch": Meaning.REFUSED,
}
"""Meanings by code or words, in `plain` spelling; the status decides what is not here."""

STATUSES = {
    401: Meaning.TOKEN,
    423: Meaning.LATER,
    429: Meaning.LIMITED,
}
"""HTTP statuses (or an error's `status_code`) that decide where the code does not; from 500 on: unknown."""

DOUBTFUL = {408, 409}
"""Statuses of an unreadable answer that leave open whether the request, or the same one before it, is executed."""


def plain(words: str) -> str:
    """Bring the spellings of a code, or of a message, together: letters and digits in lower case."""
    return re.sub(r"[^0-9a-z]", "", words.casefold())


def meaning_of(code: str | None, message: str, status: int | None) -> Meaning:
    """Tell what an error means: by its code, else by its words, else by its status."""
    for words in (code or "", message):
        if plain(words) in MEANINGS:
            return MEANINGS[plain(words)]
    if status is not None and status >= 500:  # noqa: PLR2004 - HTTP's server errors
        return Meaning.UNKNOWN
    return STATUSES.get(status or 0, Meaning.REFUSED)


def limit_of(code: str | None, message: str) -> Limit:
    """Tell which limit an error with `Meaning.LIMITED` names."""
    return LIMITS.get(plain(code or ""), LIMITS.get(plain(message), Limit.OTHER))
