"""The states that rows and batches go through, kept by value in the database."""

from __future__ import annotations

from enum import StrEnum


class StagingStatus(StrEnum):
    """Where a staged row stands on its way to the board (`stg_status`)."""

    PENDING = "PENDING"
    """Not sent, or surely not executed: to be sent."""
    SENDING = "SENDING"
    """The intent is recorded; the request may have left."""
    API_SUCCESS = "API_SUCCESS"
    """monday.com has it; its id is on the row."""
    API_FAILED = "API_FAILED"
    """Rejected: monday.com refused it; the ERR table says why."""
    UNKNOWN = "UNKNOWN"
    """An answer that tells nothing: the board must be asked."""
    CONFLICT = "CONFLICT"
    """More than one item on the board could be this row: a person must decide."""
    PROMOTED = "PROMOTED"
    """The production row is written."""
    VALIDATION_FAILED = "VALIDATION_FAILED"
    """Invalid, in the words of earlier scripts; this library keeps invalid rows in the ERR table alone."""


class BatchStatus(StrEnum):
    """How far a batch has come (`MON_BatchProcessing.status`)."""

    STARTED = "STARTED"
    STAGING_LOADED = "STAGING_LOADED"
    ITEMS_CREATED = "ITEMS_CREATED"
    SUBITEMS_CREATED = "SUBITEMS_CREATED"
    PROMOTED = "PROMOTED"
    COMPLETED = "COMPLETED"
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS"
    PAUSED = "PAUSED"
    """A daily limit: the next run goes on."""
    FAILED = "FAILED"


class ErrorType(StrEnum):
    """Why a row is in an ERR table (`error_type`)."""

    INVALID = "INVALID"
    """We refused it: a rule of the mapping or of the tables."""
    REJECTED = "REJECTED"
    """monday.com refused it."""
    CONFLICT = "CONFLICT"
    """More than one item on the board could be this row."""
    EDITED = "EDITED"
    """People and the source changed the same field, and the mapping says that a person must decide."""
    DELETED = "DELETED"
    """People deleted the item or subitem from the board, and its source row has changed since."""


class ValidationStatus(StrEnum):
    """What the rules said of a staged row (`validation_status`)."""

    PENDING = "PENDING"
    VALID = "VALID"
    WARNING = "WARNING"
    """A value did not fit and was left out or rounded; `validation_errors` says which."""


class Operation(StrEnum):
    """What a staged row asks of the board (`update_operation`)."""

    CREATE = "CREATE"
    """A new item or subitem."""
    UPDATE = "UPDATE"
    """Other column values, or another name, for what is on the board."""
    MOVE = "MOVE"
    """As UPDATE, and the item goes to another group too."""
    ARCHIVE = "ARCHIVE"
    """The item leaves the board: its source row is gone."""
    DELETE = "DELETE"
    """The subitem leaves the board: its size is gone."""


class ImportStatus(StrEnum):
    """How far a bulk import has come (`MON_BulkImport.status`)."""

    PREPARED = "PREPARED"
    """The intent is recorded; no job is known, so nothing can have been uploaded."""
    STARTED = "STARTED"
    """The job is known; its file may have been uploaded."""
    SETTLED = "SETTLED"
    """The outcomes of all rows are recorded."""
    ABANDONED = "ABANDONED"
    """Nothing was imported; the rows travel some other way."""
