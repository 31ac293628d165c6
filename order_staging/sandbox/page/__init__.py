"""The sandbox as a page in a browser: the board, the log of requests, and switches for faults and limits."""

from order_staging.sandbox.page.guard import LOOPBACK, loopback_only
from order_staging.sandbox.page.routes import PageRoutes

__all__ = ["LOOPBACK", "PageRoutes", "loopback_only"]
