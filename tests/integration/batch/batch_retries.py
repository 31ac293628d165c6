"""Refusals that are ordered, dead letters that are read, and retries of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from order_staging.batch.retry.errands import ErrorId
from order_staging.sandbox import fault_presets, refusals
from tests.guarantees.evidence import check
from tests.integration.batch.batch_world import ERR, ERR_SUB

if TYPE_CHECKING:
    from order_staging import BatchResult
    from tests.integration.batch.batch_world import Row, World


def refuse(world: World, operation: str = "create_item", alias: int = 0, times: int = 1) -> None:
    """Have monday.com refuse one mutation of a request."""
    refusal = refusals.data_validation("numeric_mkr5cact")
    world.sandbox.faults.add(fault_presets.fail_alias(refusal, alias, operation=operation, times=times))


def retry(world: World, *, settings: Row | None = None, **choice: Any) -> BatchResult:
    """Retry what failed, all of it unless something is chosen; give the only batch's result."""
    if "error_ids" in choice:
        choice["error_ids"] = [ErrorId.of(each) for each in choice["error_ids"]]
    service = world.service(**(settings or {}))
    (result,) = service.retry_failed(**(choice or {"everything": True})).batches
    return result


def letter(world: World, table: str = ERR) -> Row:
    """Read the only dead letter of a table."""
    return world.only(table)


def counted(world: World, table: str = ERR) -> tuple[int, bool, bool]:
    """Tell of the only letter how often it was retried, whether that is enough, and whether it is resolved."""
    found = letter(world, table)
    return found["retry_count"], bool(found["max_retries_reached"]), found["resolved_date"] is not None


def ends_well(world: World, rows: list[Row], *, letters: int = 1, **settings: Any) -> None:
    """Check that everything landed once, that each letter is resolved, and that the guarantees hold."""
    world.lands(rows, **settings)
    written = [*world.database.rows(ERR), *world.database.rows(ERR_SUB)]
    assert len(written) == letters
    assert all(one["resolved_date"] and one["resolved_by"] for one in written)
    check(world)
