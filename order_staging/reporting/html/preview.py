"""A preview as a page: the board as it would look."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from order_staging.reporting.html.pages import page
from order_staging.reporting.preview import key_titles, sentences, sides, where

if TYPE_CHECKING:
    from datetime import datetime

    from order_staging.batch import NewItem, PreviewResult
    from order_staging.reporting.html.pages import Clean


def preview_html(result: PreviewResult, made: datetime, clean: Clean) -> str:
    """Write a preview as HTML; `made` (UTC) is when it was made, `clean` hides what must not be shown."""
    items: defaultdict[str, list[NewItem]] = defaultdict(list)
    for item in result.items.rows:
        items[item.group].append(item)
    used = {title for item in result.items.rows for title in item.values}
    return page(
        "preview",
        clean,
        made,
        result=result,
        items_of=items,
        columns=[title for title in result.field_titles if title in used],
        sentences=sentences(result),
        key_titles=key_titles(result),
        where=where,
        sides=sides,
    )
