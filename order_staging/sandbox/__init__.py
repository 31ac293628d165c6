"""A monday.com of our own for trial runs and tests, and sample orders; nothing here is needed to deliver."""

from order_staging.sandbox import bodies
from order_staging.sandbox.faults import Fault, FaultKind
from order_staging.sandbox.sample_orders import greyson_4755, sample_orders
from order_staging.sandbox.sandbox import Sandbox
from order_staging.sandbox.server import SandboxServer, SandboxThread, serve
from order_staging.sandbox.views import ExecutedMutation, GroupView, ItemView, RequestRecord

__all__ = [
    "ExecutedMutation",
    "Fault",
    "FaultKind",
    "GroupView",
    "ItemView",
    "RequestRecord",
    "Sandbox",
    "SandboxServer",
    "SandboxThread",
    "bodies",
    "greyson_4755",
    "sample_orders",
    "serve",
]
