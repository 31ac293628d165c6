"""URLs that carry their own permission: for a file to be uploaded, and for a report to be read."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

STAMP = "%Y%m%dT%H%M%SZ"
SIGNATURE = "X-Amz-Signature"


class UrlRefusedError(Exception):
    """A URL whose signature is wrong or which is too old; its text says which."""


class SignedUrls:
    """Makes and checks URLs; takes a secret and the clock.

    The parameters hold characters that must stay quoted in a URL (`+`, `/`, `=`), as those of the service do.
    """

    def __init__(self, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._secret = secret
        self._clock = clock
        self._made = 0

    def make(self, base: str, path: str, seconds: int) -> str:
        """A new URL for a path below a base, good for so many seconds from now."""
        self._made += 1
        now = self._clock().astimezone(UTC)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"SANDBOX/{now:%Y%m%d}/local/s3/aws4_request",
            "X-Amz-Date": now.strftime(STAMP),
            "X-Amz-Expires": str(seconds),
            "X-Amz-Security-Token": f"IQoJ+b3/{self._made:06d}==",
        }
        return f"{base}{path}?{urlencode({**query, SIGNATURE: self._signature(path, query)})}"

    def check(self, path: str, query: Mapping[str, str]) -> None:
        """Raise UrlRefusedError unless the path and its parameters are those of a URL that is still good."""
        signed = {key: value for key, value in query.items() if key != SIGNATURE}
        given = query.get(SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), self._signature(path, signed).encode()):
            raise UrlRefusedError("The request signature does not match")
        made = datetime.strptime(query["X-Amz-Date"], STAMP).replace(tzinfo=UTC)
        if self._clock() >= made + timedelta(seconds=int(query["X-Amz-Expires"])):
            raise UrlRefusedError("Request has expired")

    def _signature(self, path: str, query: Mapping[str, str]) -> str:
        signed = f"{path}?{urlencode(sorted(query.items()))}"
        return hmac.new(self._secret, signed.encode(), hashlib.sha256).hexdigest()
