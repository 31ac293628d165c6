"""The work of bulk imports: files are read and rows written, each at its moment."""

from collections.abc import Iterable, MutableSequence
from datetime import UTC, datetime

from order_staging.sandbox.bulk_csv import InvalidUploadError, read_sheet
from order_staging.sandbox.bulk_jobs import FileRun, Job, ReachedRow
from order_staging.sandbox.bulk_limits import HourlyUse
from order_staging.sandbox.bulk_matching import MatchIndex, superseded
from order_staging.sandbox.bulk_rules import BulkState, FailureReason, RowOutcome
from order_staging.sandbox.bulk_values import CheckedRow, checked_rows
from order_staging.sandbox.mutations import ItemMutations
from order_staging.sandbox.refusals import Refusal
from order_staging.sandbox.state import Account, Item
from order_staging.sandbox.views import ExecutedMutation

NO_MORE_ITEMS = "ItemsLimitationException"
NO_ROOM = "There is no room for the items"


class BulkWorker:
    """Works on the files of jobs.

    Takes the account, the mutations on its items, the log of mutations and the rows used this hour.
    """

    def __init__(
        self,
        account: Account,
        items: ItemMutations,
        executed: MutableSequence[ExecutedMutation],
        rows_used: HourlyUse,
    ) -> None:
        self._account = account
        self._executed = executed
        self._rows_used = rows_used
        self._moment = datetime.min.replace(tzinfo=UTC)
        self._items = items.dated(self._stamp)
        self._indexes: dict[tuple[str, str], MatchIndex] = {}

    def advance(self, jobs: Iterable[Job], now: datetime) -> bool:
        """Do every step that is due by now, in the order of their moments; says whether there was any."""
        self._indexes.clear()  # anything may have changed on the board since the last time
        begun = [job for job in jobs if job.open_run is not None]
        worked = False
        while begun:
            job, run = min(
                ((job, run) for job in begun if (run := job.open_run)), key=lambda pair: pair[1].due
            )
            if run.due > now:
                break
            self._moment = run.due
            self._step(job, run)
            worked = True
            begun = [job for job in begun if job.open_run is not None]
        return worked

    def _stamp(self) -> str:
        return self._moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _step(self, job: Job, run: FileRun) -> None:
        if not run.rows:
            self._read(job, run)
        else:
            reached = self._work_on(job, run, run.rows[len(run.reached)])
            if reached is None:
                return
            run.reached.append(reached)
        if run.state is BulkState.PROCESSING:
            self._end_if_due(run)

    def _end_if_due(self, run: FileRun) -> None:
        if len(run.reached) == run.rules.fail_after_rows:
            run.end(BulkState.FAILED, FailureReason.INTERNAL_ERROR, "An internal error occurred")
        elif len(run.reached) == len(run.rows) and not run.stuck:
            run.state = BulkState.COMPLETED

    def _read(self, job: Job, run: FileRun) -> None:
        if run.rules.reject_with is not None:
            return run.end(BulkState.REJECTED, run.rules.reject_with, "The import was rejected")
        if run.content is None:
            return run.end(BulkState.REJECTED, FailureReason.FILE_TOO_LARGE, "The file is too large")
        try:
            rows = self._understood(job, run, run.content)
        except InvalidUploadError as error:
            return run.end(BulkState.REJECTED, FailureReason.INVALID_UPLOAD, str(error))
        budget = run.rules.rows_per_hour - self._rows_used.used(self._moment)
        if job.ingests and run.rules.rejects_over_budget and len(rows) > budget:
            message = f"The account may import {max(0, budget)} more rows within this hour"
            return run.end(BulkState.REJECTED, FailureReason.ACCOUNT_CAPACITY_EXCEEDED, message)
        if run.rules.checks_capacity_first and self._new_items(job, run, rows) > self._room(job):
            return run.end(BulkState.REJECTED, FailureReason.BOARD_CAPACITY_EXCEEDED, NO_ROOM)
        if job.ingests:
            self._rows_used.add(len(rows), self._moment)
        run.rows, run.content = rows, b""
        return None

    def _understood(self, job: Job, run: FileRun, content: bytes) -> list[CheckedRow]:
        board = self._account.boards[job.board_id]
        bom = run.rules.tolerates_bom
        sheet = read_sheet(content, board.columns, job.row_limit, tolerates_bom=bom)
        if job.on_match is not None and job.on_match.column_id not in sheet.header:
            raise InvalidUploadError(f'The file lacks the column "{job.on_match.column_id}" to match by')
        rows = checked_rows(board, sheet)
        run.header = sheet.header
        if job.on_match is not None:
            valid = [row for row in rows if not row.errors]
            run.superseded = superseded(board.columns[job.on_match.column_id], valid)
        return rows

    def _new_items(self, job: Job, run: FileRun, rows: Iterable[CheckedRow]) -> int:
        valid = [row for row in rows if not row.errors and row.serial not in run.superseded]
        return sum(self._match(job, row) is None for row in valid)

    def _room(self, job: Job) -> int:
        board = self._account.boards[job.board_id]
        return board.items_limit - len(board.order)

    def _work_on(self, job: Job, run: FileRun, row: CheckedRow) -> ReachedRow | None:
        """What becomes of a row, None where there is no room for it and the job has ended."""
        if row.errors:
            return ReachedRow(row, RowOutcome.INVALID, error=row.error)
        if row.serial in run.superseded:
            return self._skipped(job, row, None)
        match = self._match(job, row)
        if match is not None and job.on_match is not None and job.on_match.skips:
            return self._skipped(job, row, match.id)
        return self._carried_out(job, run, row, match)

    def _skipped(self, job: Job, row: CheckedRow, item_id: str | None) -> ReachedRow:
        self._log(job, row, "skip", item_id=item_id)
        return ReachedRow(row, RowOutcome.SKIPPED, item_id)

    def _carried_out(self, job: Job, run: FileRun, row: CheckedRow, match: Item | None) -> ReachedRow | None:
        verb = "create" if match is None else "update"
        if row.serial in run.rules.failing_rows:
            self._log(job, row, verb, error=FailureReason.INTERNAL_ERROR)
            return ReachedRow(row, RowOutcome.FAILED, error="Internal error")
        try:
            item = self._written(job, row, match)
        except Refusal as refusal:
            self._log(job, row, verb, error=refusal.code)
            if refusal.code == NO_MORE_ITEMS:
                run.end(BulkState.FAILED, _full(refusal), NO_ROOM)
                return None
            return ReachedRow(row, RowOutcome.FAILED, error=refusal.message)
        self._log(job, row, verb, item_id=item.id)
        return ReachedRow(row, RowOutcome.CREATED if match is None else RowOutcome.UPDATED, item.id)

    def _written(self, job: Job, row: CheckedRow, match: Item | None) -> Item:
        if match is None:
            item = self._items.create_item(
                board_id=job.board_id,
                group_id=job.group_id,
                item_name=row.name,
                column_values=dict(row.values),
            )
        else:
            item = self._items.change_multiple_column_values(
                board_id=job.board_id, item_id=match.id, column_values={"name": row.name, **row.values}
            )
        for (board_id, _), index in self._indexes.items():
            if board_id == job.board_id:
                index.add(item)
        return item

    def _match(self, job: Job, row: CheckedRow) -> Item | None:
        if job.on_match is None:
            return None
        board = self._account.boards[job.board_id]
        column = board.columns.get(job.on_match.column_id)
        if column is None:
            return None
        place = (board.id, column.id)
        if place not in self._indexes:
            self._indexes[place] = MatchIndex(self._account, board, column)
        return self._indexes[place].find(row)

    def _log(
        self, job: Job, row: CheckedRow, verb: str, *, item_id: str | None = None, error: str | None = None
    ) -> None:
        self._executed.append(
            ExecutedMutation(
                number=len(self._executed) + 1,
                request=job.request,
                alias=job.id,
                operation=f"{job.operation}.{verb}",
                arguments={
                    "board_id": job.board_id,
                    "group_id": job.group_id,
                    "serial": row.serial,
                    "item_name": row.name,
                    "column_values": dict(row.values),
                },
                result_id=item_id,
                error=error,
                time=self._moment,
            )
        )


def _full(refusal: Refusal) -> FailureReason:
    """Whose limit of items it was: the board's names it in its data, the account's does not."""
    data = refusal.extensions["error_data"]
    of_board = isinstance(data, dict) and "board_id" in data
    return FailureReason.BOARD_CAPACITY_EXCEEDED if of_board else FailureReason.ACCOUNT_CAPACITY_EXCEEDED
