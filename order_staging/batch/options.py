"""What a caller may ask of a run: filters, and what it leaves for later or brings beside new orders. Pure."""

from __future__ import annotations

from typing import TypedDict

from order_staging.batch.changes.step import Wanted
from order_staging.errors import ConfigurationError
from order_staging.repositories import SourceFilter


class Filters(TypedDict, total=False):
    """What narrows a run: a PO number (`po`), a season of ours (AAG) or the customer's, a limit of order lines."""

    po: str | None
    aag_season: str | None
    customer_season: str | None
    limit: int | None


class Options(Filters, total=False):
    """Filters, what a run leaves for later, and what it brings beside new orders.

    Left for later: the `subitems`, or the cleanup of staging (`keep_staging`). Brought: `changes` of what was
    delivered; with them `archive_removed` archives the items of rows that are gone from the source (most of a
    customer's only with `archive_most`), and `recreate_deleted` creates again what people deleted. `everything`
    is changes, and each delivered row compared with the board, whether its source has changed or not.
    """

    subitems: bool
    keep_staging: bool
    changes: bool
    archive_removed: bool
    archive_most: bool
    recreate_deleted: bool
    everything: bool


def wanted_by(options: Options) -> Wanted:
    """Read what a run is to bring beside new orders. Raises `ConfigurationError` for what needs `changes`."""
    everything = options.get("everything", False)
    changes = options.get("changes", False) or everything
    for name in ("archive_removed", "archive_most", "recreate_deleted"):
        if options.get(name) and not changes:
            raise ConfigurationError(f"{name} goes with changes alone; ask for changes, too")
    if options.get("archive_most") and not options.get("archive_removed"):
        raise ConfigurationError("archive_most goes with archive_removed alone; ask for it, too")
    return Wanted(
        changes=changes,
        archive_removed=options.get("archive_removed", False),
        archive_most=options.get("archive_most", False),
        recreate_deleted=options.get("recreate_deleted", False),
        everything=everything,
    )


def filter_by(names: list[str | None] | None, filters: Filters) -> SourceFilter:
    """Tell which rows of the source filters mean, of these customers' names."""
    return SourceFilter(
        names=names,
        po=filters.get("po"),
        aag_season=filters.get("aag_season"),
        customer_season=filters.get("customer_season"),
    )
