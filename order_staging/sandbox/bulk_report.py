"""The report of a bulk import: a line of CSV for every row that was reached."""

import csv
from io import StringIO

from order_staging.sandbox.bulk_jobs import FileRun, ReachedRow
from order_staging.sandbox.bulk_rules import BulkState

FIXED = ("serialNo", "status", "itemId", "error")


def has_report(run: FileRun) -> bool:
    """Whether there is a report of a file."""
    failed_with_report = run.state is BulkState.FAILED and run.rules.report_after_failure
    return run.rules.report and (run.state is BulkState.COMPLETED or failed_with_report)


def report(run: FileRun) -> str:
    """The report of a file, with a column of errors for every column of the file that has any."""
    failed = {column_id for reached in run.reached for column_id in reached.row.errors}
    columns = [column_id for column_id in run.header if column_id in failed]
    if run.rules.report_all_columns:
        columns = list(run.header)
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FIXED, *columns])
    writer.writerows(_line(run, reached, columns) for reached in run.reached)
    return text.getvalue()


def _line(run: FileRun, reached: ReachedRow, columns: list[str]) -> list[str]:
    item_id = "" if reached.outcome in run.rules.blank_item_ids else reached.item_id or ""
    errors = [reached.row.errors.get(column_id, "") for column_id in columns]
    return [str(reached.row.serial), run.rules.word(reached.outcome), item_id, reached.error, *errors]
