"""Promotion and cleanup find rows by indexes: SQLite's own plans of every statement say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import event

from order_staging.models import Operation, ProductionOrder, ProductionSubitem, StagingStatus
from tests.integration.repositories.repository_rows import (
    BATCH,
    clean_orders,
    clean_subitems,
    delivered,
    promote_orders,
    promote_subitems,
    stage,
    stage_subitems,
    subitem,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from order_staging import UnitOfWork

ONE, GONE = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_statement_of_promotion_or_cleanup_scans_a_table(uow: UnitOfWork, engine: Engine) -> None:
    written: list[tuple[str, Any]] = []

    def note(*facts: Any) -> None:
        written.append(facts[2:4])

    with uow:
        landed = [
            ProductionOrder(item_id=1, source_uuid=ONE),
            ProductionSubitem(subitem_id="2", source_uuid=ONE, size_key="M"),
        ]
        uow.source.session.add_all(landed)
        ids = stage(
            uow,
            delivered(3, source_uuid=ONE),
            delivered(4),
            delivered(5, source_uuid=GONE, update_operation=Operation.ARCHIVE),
        )
        lands: dict[str, Any] = {"stg_status": StagingStatus.API_SUCCESS, "stg_monday_subitem_id": 6}
        stage_subitems(
            uow,
            subitem(ids[0], **lands | {"source_uuid": ONE}),
            subitem(ids[1], **lands),
            subitem(ids[1], **lands | {"update_operation": Operation.DELETE}),
        )
        event.listen(engine, "before_cursor_execute", note)
        assert (promote_orders(uow), promote_subitems(uow)) == (3, 3)
        uow.staging.changes.forget_archived(BATCH)
        uow.staging.subitems.link_to_items(BATCH)
        assert (clean_subitems(uow), clean_orders(uow)) == (3, 2)
        event.remove(engine, "before_cursor_execute", note)
        connection = uow.source.session.connection()
        steps = {
            row[3]
            for statement, parameters in written
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        }
    assert len(written) > 20
    assert any("UX_MON_CustMasterSchedule_source_uuid" in step for step in steps)
    assert {step for step in steps if step.startswith("SCAN") and "MON_" in step} == set()
