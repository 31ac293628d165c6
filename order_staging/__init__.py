"""Carries order lines from SQL Server through staging tables onto a monday.com board.

Without loss and without duplicates: `BatchService` does the whole job or single steps of it.

The errors are here at once. Everything else is imported when it is asked for first: databases, HTTP and GraphQL
take a second to import, and whoever handles an error, or asks for `--help`, needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from order_staging.errors import (
    AuthenticationError,
    ConfigurationError,
    DailyLimitError,
    DestinationError,
    LeaseHeldError,
    LeaseLostError,
    OrderStagingError,
    OutcomeUnknownError,
    PersistenceError,
    RateLimitError,
    RequestTooLargeError,
    TerminalError,
    TransientError,
    UnknownBatchError,
    UnknownCustomerError,
)
from order_staging.version import VERSION

if TYPE_CHECKING:
    from order_staging.batch import (
        BatchBegan,
        BatchEnded,
        BatchResult,
        BatchService,
        Counts,
        DriftResult,
        Event,
        EventHook,
        LoadResult,
        PreviewResult,
        Progress,
        RowRefused,
        RunBegan,
        RunResult,
        RunStatus,
        Step,
        StepBegan,
        StepEnded,
        StepResult,
        Waiting,
    )
    from order_staging.models import ErrorType
    from order_staging.monday import MondayClient
    from order_staging.settings import Settings
    from order_staging.transform import Transformation
    from order_staging.unit_of_work import UnitOfWork

__version__ = VERSION

__all__ = [
    "AuthenticationError",
    "BatchBegan",
    "BatchEnded",
    "BatchResult",
    "BatchService",
    "ConfigurationError",
    "Counts",
    "DailyLimitError",
    "DestinationError",
    "DriftResult",
    "ErrorType",
    "Event",
    "EventHook",
    "LeaseHeldError",
    "LeaseLostError",
    "LoadResult",
    "MondayClient",
    "OrderStagingError",
    "OutcomeUnknownError",
    "PersistenceError",
    "PreviewResult",
    "Progress",
    "RateLimitError",
    "RequestTooLargeError",
    "RowRefused",
    "RunBegan",
    "RunResult",
    "RunStatus",
    "Settings",
    "Step",
    "StepBegan",
    "StepEnded",
    "StepResult",
    "TerminalError",
    "Transformation",
    "TransientError",
    "UnitOfWork",
    "UnknownBatchError",
    "UnknownCustomerError",
    "Waiting",
    "__version__",
]

_HOMES = {
    "BatchBegan": "order_staging.batch",
    "BatchEnded": "order_staging.batch",
    "BatchResult": "order_staging.batch",
    "BatchService": "order_staging.batch",
    "Counts": "order_staging.batch",
    "DriftResult": "order_staging.batch",
    "ErrorType": "order_staging.models",
    "Event": "order_staging.batch",
    "EventHook": "order_staging.batch",
    "LoadResult": "order_staging.batch",
    "MondayClient": "order_staging.monday",
    "PreviewResult": "order_staging.batch",
    "Progress": "order_staging.batch",
    "RowRefused": "order_staging.batch",
    "RunBegan": "order_staging.batch",
    "RunResult": "order_staging.batch",
    "RunStatus": "order_staging.batch",
    "Settings": "order_staging.settings",
    "Step": "order_staging.batch",
    "StepBegan": "order_staging.batch",
    "StepEnded": "order_staging.batch",
    "StepResult": "order_staging.batch",
    "Transformation": "order_staging.transform",
    "UnitOfWork": "order_staging.unit_of_work",
    "Waiting": "order_staging.batch",
}
"""Where the names are that are imported on demand."""

# A type checker reads the imports above; with this function it would take any name for one of ours.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name when it is asked for first. Raises AttributeError for any other."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    """List also what is not imported yet."""
    return sorted({*globals(), *__all__})
