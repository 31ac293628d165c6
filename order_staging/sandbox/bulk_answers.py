"""What bulk imports answer besides results: refusals of the start, and the errors of the file storage."""

from datetime import timedelta
from xml.sax.saxutils import escape

from order_staging.sandbox import bodies
from order_staging.sandbox.answers import Answer
from order_staging.sandbox.refusals import Refusal

MILLISECOND = timedelta(milliseconds=1)


def unknown_job(job_id: str) -> Refusal:
    """There is no such job."""
    data = {"resource_type": "job", "job_id": job_id}
    return Refusal("Job not found", "ResourceNotFoundException", data, status_code=404)


def not_an_admin() -> Refusal:
    """Only an admin may backfill."""
    return Refusal("User unauthorized to perform action", "USER_UNAUTHORIZED", {}, status_code=403)


def rate_limit_exceeded(wait: timedelta) -> Answer:
    """429: the jobs or rows of the hour are used up; the wait is told in milliseconds, rounded up."""
    message = "Rate limit exceeded"
    retry_after = -(-wait // MILLISECOND)
    return Answer(429, bodies.refused(message, code="RATE_LIMIT_EXCEEDED", retryAfterMs=retry_after))


def storage_error(status: int, code: str, message: str) -> Answer:
    """A refusal of the file storage, as XML."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )
    return Answer(status, body, {"Content-Type": "application/xml"})
