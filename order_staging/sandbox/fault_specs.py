"""Faults written as text, as the command line takes them: `execute-then-drop:create_item:p=0.05`."""

import math
from collections.abc import Callable
from dataclasses import replace

from order_staging.sandbox import fault_presets
from order_staging.sandbox.bulk_storage import REPORT_FAULTS, UPLOAD_FAULTS
from order_staging.sandbox.faults import ADDITIVE, Fault, FaultKind
from order_staging.sandbox.schema import schema

PLAIN: dict[str, Callable[..., Fault]] = {
    "data-null": fault_presets.data_null,
    "drop-before": fault_presets.drop_before,
    "execute-alias-then-fail": fault_presets.execute_alias_then_fail,
    "execute-then-500": fault_presets.execute_then_500,
    "execute-then-data-null": fault_presets.execute_then_data_null,
    "execute-then-drop": fault_presets.execute_then_drop,
    "execute-then-empty-502": fault_presets.execute_then_empty_502,
    "execute-then-html-502": fault_presets.execute_then_html_502,
    "execute-then-timeout-503": fault_presets.execute_then_timeout_503,
    "expired-cursor": fault_presets.expired_cursor,
    "fail-alias": fault_presets.fail_alias,
    "group-deleted": fault_presets.group_deleted,
    "html-502": fault_presets.html_502,
    "locked-423": fault_presets.locked_423,
    "timeout-503": fault_presets.timeout_503,
}
TIMED: dict[str, Callable[..., Fault]] = {
    "complexity-limit": fault_presets.complexity_limit,
    "concurrency-limit": fault_presets.concurrency_limit,
    "daily-limit": fault_presets.daily_limit,
    "delay": fault_presets.delay,
    "html-429": fault_presets.html_429,
    "ip-limit": fault_presets.ip_limit,
    "minute-limit": fault_presets.minute_limit,
    "stale-search": fault_presets.stale_search,
}
"""Those that take `seconds`: a wait, or an age."""
NAMES = tuple(sorted({*PLAIN, *TIMED}))
OPTIONS = ("p", "times", "skip", "seconds")
STORAGE = UPLOAD_FAULTS | REPORT_FAULTS
"""Requests for files, which stand where others have a root field."""
OF_DOCUMENTS = ADDITIVE - {FaultKind.DELAY}
"""What goes wrong with mutations, searches and groups, none of which a request for a file has."""
WHOLE_SECONDS = frozenset(TIMED) - {"delay", "stale-search"}


def parse_fault(text: str) -> Fault:
    """The fault that a text orders: a name, then in any order a root field, `p=`, `times=`, `skip=`, `seconds=`.

    In the place of a root field may stand `bulk_upload` or `bulk_report`, the requests for files.
    Without `times` it happens once, or, where it has a probability, for ever by that chance. Raises ValueError
    that says what is allowed.
    """
    name, *parts = text.split(":")
    if name not in NAMES:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(NAMES)}")
    pairs = [part.partition("=") for part in parts]
    operations = [key for key, sign, _ in pairs if not sign]
    options = {key: value for key, sign, value in pairs if sign}
    if len(operations) > 1 or len(options) + len(operations) < len(parts):
        raise ValueError(f"{text!r} says something twice")
    for key in options:
        if key not in OPTIONS:
            allowed = ", ".join(f"{option}=" for option in OPTIONS)
            raise ValueError(f"a fault has no option {key!r}; there are a root field, {allowed}")
    fault = _with_seconds(name, options.get("seconds"))
    operation = _operation(operations[0]) if operations else fault.operation
    if operation in STORAGE and fault.kind in OF_DOCUMENTS:
        raise ValueError(f"{name} does not happen to {operation}, a request for a file")
    return replace(
        fault,
        operation=operation,
        probability=_probability(options.get("p", "1")),
        times=_count("times", options["times"], 1) if "times" in options else (None if "p" in options else 1),
        skip=_count("skip", options.get("skip", "0"), 0),
        name=name,
    )


def _with_seconds(name: str, text: str | None) -> Fault:
    if text is None:
        return (PLAIN.get(name) or TIMED[name])()
    if name not in TIMED:
        raise ValueError(f"{name} takes no seconds; {', '.join(sorted(TIMED))} do")
    seconds = _number("seconds", text)
    if seconds < 0 or (name in WHOLE_SECONDS and seconds != int(seconds)):
        kind = "whole seconds" if name in WHOLE_SECONDS else "seconds"
        raise ValueError(f"seconds={text} is not a number of {kind} from 0 on")
    return TIMED[name](int(seconds) if name in WHOLE_SECONDS else seconds)


def known_operations() -> list[str]:
    """What a fault may name as the request that it waits for: every root field, and requests for files."""
    types = (schema().query_type, schema().mutation_type)
    return sorted({*STORAGE, *(field for type_ in types if type_ is not None for field in type_.fields)})


def _operation(name: str) -> str:
    known = known_operations()
    if name not in known:
        raise ValueError(f"no root field is called {name!r}; there are {', '.join(known)}")
    return name


def _probability(text: str) -> float:
    probability = _number("p", text)
    if not 0 < probability <= 1:
        raise ValueError(f"p={text} is not a probability above 0 and up to 1")
    return probability


def _count(option: str, text: str, least: int) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < least:
        raise ValueError(f"{option}={text} is not a whole number from {least} on")
    return int(text)


def _number(option: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{option}={text} is not a number")
    return number
