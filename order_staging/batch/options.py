"""What a caller may ask of a run: filters, and what it leaves for later or brings beside new orders. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, get_type_hints
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from order_staging.batch.changes.step import Wanted
from order_staging.errors import ConfigurationError
from order_staging.repositories import SourceFilter

if TYPE_CHECKING:
    from collections.abc import Mapping


class Filters(TypedDict, total=False):
    """Which rows are meant: those of a PO number (`po`), of a season of ours (AAG), of the customer's season."""

    po: str | None
    aag_season: str | None
    customer_season: str | None


class LoadOptions(Filters, total=False):
    """Filters, and how many new order lines of each customer are taken at most (`limit`; None: all)."""

    limit: Annotated[int, Field(ge=1)] | None


class Options(LoadOptions, total=False):
    """Which rows, what a run leaves for later, and what it brings beside new orders.

    Left for later: the `subitems`, or the cleanup of staging (`keep_staging`). With `look_first` order lines and
    sizes are looked for on the board before they are created, and adopted if they are there: a database that was
    restored from a backup does not know of them. Brought: `changes` of what was delivered; with them
    `archive_removed` archives the items of rows that are gone from the source (most of a customer's only with
    `archive_most`), and `recreate_deleted` creates again what people deleted. `everything` is changes, and each
    delivered row compared with the board, whether its source has changed or not.
    """

    subitems: bool
    keep_staging: bool
    look_first: bool
    changes: bool
    archive_removed: bool
    archive_most: bool
    recreate_deleted: bool
    everything: bool


def require_options(given: Mapping[str, object], known: type) -> None:
    """Look at the keywords of a call before anything is done: a misspelt filter would let everything through.

    `known` is the class of the options that the method takes. Raises `TypeError` for a keyword that is none of
    them, and `ConfigurationError` for a value of another type.
    """
    model = _model(known)
    try:
        model.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            raise TypeError(
                f"{name!r} is no option here; there are {', '.join(sorted(model.model_fields))}"
            ) from None
        problem = first["msg"].removeprefix("Input ")
        raise ConfigurationError(f"the option {name}={first['input']!r} {problem}; correct it") from None


@cache
def _model(options: type) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (hint, None) for name, hint in get_type_hints(options, include_extras=True).items()
    }
    return create_model(options.__name__, __config__=ConfigDict(extra="forbid", strict=True), **fields)


def batch_id_of(given: UUID | str) -> UUID:
    """Read a batch's id, as results have it or as its text. Raises `ConfigurationError` for what is none."""
    try:
        return given if isinstance(given, UUID) else UUID(given)
    except (ValueError, AttributeError, TypeError):
        raise ConfigurationError(
            f"batch_id={given!r} is no id of a batch; `order-staging status` lists the newest"
        ) from None


def wanted_by(options: Options) -> Wanted:
    """Read what a run is to bring beside new orders. Raises `ConfigurationError` for what needs `changes`."""
    everything = options.get("everything", False)
    changes = options.get("changes", False) or everything
    for name in ("archive_removed", "archive_most", "recreate_deleted"):
        if options.get(name) and not changes:
            raise ConfigurationError(f"{name} goes with changes alone; ask for changes, too")
    if options.get("look_first") and options.get("recreate_deleted"):
        raise ConfigurationError(
            "look_first and recreate_deleted exclude each other; ask for the latter in a later run"
        )
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
