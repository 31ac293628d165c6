"""A preview as one self-contained page: the board as it would look. It asks nothing of the network."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from order_staging.reporting.preview import indented, sentences, where
from order_staging.version import VERSION

if TYPE_CHECKING:
    from datetime import datetime

    from order_staging.batch import NewItem, PreviewResult


def preview_html(result: PreviewResult, now: datetime) -> str:
    """Write a preview as HTML, whatever is in its texts escaped; `now` (UTC) is when it was made."""
    environment = Environment(
        loader=PackageLoader("order_staging", "reporting/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = indented
    items: defaultdict[str, list[NewItem]] = defaultdict(list)
    for item in result.items.rows:
        items[item.group].append(item)
    used = {title for item in result.items.rows for title in item.values}
    return environment.get_template("preview.html.j2").render(
        result=result,
        items_of=items,
        columns=[title for title in result.field_titles if title in used],
        sentences=sentences(result),
        where=where,
        now=now,
        version=VERSION,
    )
