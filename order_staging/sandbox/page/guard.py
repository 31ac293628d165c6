"""Who may use the page: a browser on this machine that shows the page itself, and nobody else's page in it.

Any page on the web may send requests to the loopback address, under a name of its own whose address it changes
(DNS rebinding) or as a foreign origin. The first is told by the Host header, the second by Origin and by a header
that a foreign page cannot add without asking.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from yarl import URL

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MARK = "X-Sandbox-Page"
"""The header that the page adds to what changes anything."""
READING = frozenset({"GET", "HEAD"})
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""What every answer to the page bears."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Whether a Host header, with or without a port, names this machine's loopback address."""
    try:
        return URL(f"http://{host}").host in LOOPBACK
    except ValueError:
        return False


def refusal(method: str, headers: Mapping[str, str], host: str) -> str | None:
    """Why a request to the page is refused, None where it is not; takes its method, headers and Host."""
    origin = headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return f"Origin {origin} is not this page"
    if headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return "Another site's page has no business here"
    if method not in READING and headers.get(MARK) is None:
        return f"What changes anything bears the header {MARK}"
    return None


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer requests that were sent to a loopback name, and refuse all others with 403."""
    if not is_loopback(request.host):
        raise web.HTTPForbidden(text=f"The sandbox answers to loopback names only, not to {request.host}")
    return await handler(request)
