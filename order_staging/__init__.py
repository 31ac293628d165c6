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
    UnknownCustomerError,
)
from order_staging.version import VERSION

if TYPE_CHECKING:
    from order_staging.batch import (
        BatchResult,
        BatchService,
        Counts,
        DriftResult,
        LoadResult,
        PreviewResult,
        RunResult,
        RunStatus,
        StepResult,
    )
    from order_staging.monday import MondayClient
    from order_staging.settings import Settings
    from order_staging.transform import Transformation
    from order_staging.unit_of_work import UnitOfWork

__version__ = VERSION

__all__ = [
    "AuthenticationError",
    "BatchResult",
    "BatchService",
    "ConfigurationError",
    "Counts",
    "DailyLimitError",
    "DestinationError",
    "DriftResult",
    "LeaseHeldError",
    "LeaseLostError",
    "LoadResult",
    "MondayClient",
    "OrderStagingError",
    "OutcomeUnknownError",
    "PersistenceError",
    "PreviewResult",
    "RateLimitError",
    "RequestTooLargeError",
    "RunResult",
    "RunStatus",
    "Settings",
    "StepResult",
    "TerminalError",
    "Transformation",
    "TransientError",
    "UnitOfWork",
    "UnknownCustomerError",
    "__version__",
]

_HOMES = {
    "BatchResult": "order_staging.batch",
    "BatchService": "order_staging.batch",
    "Counts": "order_staging.batch",
    "DriftResult": "order_staging.batch",
    "LoadResult": "order_staging.batch",
    "MondayClient": "order_staging.monday",
    "PreviewResult": "order_staging.batch",
    "RunResult": "order_staging.batch",
    "RunStatus": "order_staging.batch",
    "Settings": "order_staging.settings",
    "StepResult": "order_staging.batch",
    "Transformation": "order_staging.transform",
    "UnitOfWork": "order_staging.unit_of_work",
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
