"""A monday.com of our own for trial runs and tests, and sample orders; nothing here is needed to deliver."""

from order_staging.sandbox import bodies, fault_presets, refusals
from order_staging.sandbox.behaviour import NO_LATENCY, Behaviour, Latency
from order_staging.sandbox.bulk_answers import storage_error
from order_staging.sandbox.bulk_jobs import UploadRecord
from order_staging.sandbox.bulk_rules import (
    ASSUMED_SECONDS_PER_JOB,
    ASSUMED_SECONDS_PER_ROW,
    BulkRules,
    BulkState,
    FailureReason,
    RowOutcome,
    SecondUpload,
)
from order_staging.sandbox.clock import MovingClock
from order_staging.sandbox.costs import COST_10K, COST_30K, MutationCosts
from order_staging.sandbox.fault_specs import parse_fault
from order_staging.sandbox.faults import Fault, FaultKind
from order_staging.sandbox.idempotency import (
    IDEMPOTENCY,
    IdempotencyRules,
    LostAnswer,
    OtherBody,
    idempotency_named,
)
from order_staging.sandbox.limits import DailyCalls
from order_staging.sandbox.plans import ENTERPRISE, FREE, PLANS, PRO, STANDARD, UNLIMITED, Plan, plan_named
from order_staging.sandbox.refused_by_limits import RefusalStyle
from order_staging.sandbox.sample_orders import greyson_4755, sample_orders
from order_staging.sandbox.sandbox import Sandbox
from order_staging.sandbox.server import SandboxServer, SandboxThread
from order_staging.sandbox.views import ExecutedMutation, GroupView, ItemView, RequestRecord
from order_staging.sandbox.windows import WindowKind

__all__ = [
    "ASSUMED_SECONDS_PER_JOB",
    "ASSUMED_SECONDS_PER_ROW",
    "COST_10K",
    "COST_30K",
    "ENTERPRISE",
    "FREE",
    "IDEMPOTENCY",
    "NO_LATENCY",
    "PLANS",
    "PRO",
    "STANDARD",
    "UNLIMITED",
    "Behaviour",
    "BulkRules",
    "BulkState",
    "DailyCalls",
    "ExecutedMutation",
    "FailureReason",
    "Fault",
    "FaultKind",
    "GroupView",
    "IdempotencyRules",
    "ItemView",
    "Latency",
    "LostAnswer",
    "MovingClock",
    "MutationCosts",
    "OtherBody",
    "Plan",
    "RefusalStyle",
    "RequestRecord",
    "RowOutcome",
    "Sandbox",
    "SandboxServer",
    "SandboxThread",
    "SecondUpload",
    "UploadRecord",
    "WindowKind",
    "bodies",
    "fault_presets",
    "greyson_4755",
    "idempotency_named",
    "parse_fault",
    "plan_named",
    "refusals",
    "sample_orders",
    "storage_error",
]
