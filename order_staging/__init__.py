"""Carries order lines from SQL Server through staging tables onto a monday.com board.

Without loss and without duplicates: `BatchService` does the whole job or single steps of it.
"""

from order_staging.batch import (
    BatchResult,
    BatchService,
    Counts,
    DriftResult,
    LoadResult,
    RunResult,
    RunStatus,
    StepResult,
)
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
from order_staging.monday import MondayClient
from order_staging.settings import Settings
from order_staging.unit_of_work import UnitOfWork
from order_staging.version import VERSION

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
    "RateLimitError",
    "RequestTooLargeError",
    "RunResult",
    "RunStatus",
    "Settings",
    "StepResult",
    "TerminalError",
    "TransientError",
    "UnitOfWork",
    "UnknownCustomerError",
    "__version__",
]
