"""What every page has in common: templates lay it out, and every text in them is cleaned and escaped."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from markupsafe import Markup

from order_staging.reporting import words
from order_staging.reporting.status import elapsed
from order_staging.version import VERSION
from order_staging.wording import counted

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2.runtime import Context

Clean = Callable[[str], str]
"""Hides in a text what must not be shown."""


def page(template: str, clean: Clean, made: datetime, **parts: Any) -> str:  # noqa: ANN401 - a template's own
    """Write a page from its template; `clean` is given every text, `made` (UTC) is when it was made."""
    return _environment().get_template(f"{template}.html.j2").render(clean=clean, made=made, **parts)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("order_staging.reporting.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cleaned,
    )
    environment.filters |= {
        "number": words.number,
        "duration": words.duration,
        "indented": words.indented,
        "moment": words.moment,
        "share": words.share,
    }
    environment.globals |= {"version": VERSION, "counted": counted, "elapsed": elapsed}
    return environment


@pass_context
def _cleaned(context: Context, value: object) -> object:
    """Clean what an expression gives, before it is escaped; what is markup was made of cleaned texts."""
    return context["clean"](value) if isinstance(value, str) and not isinstance(value, Markup) else value
