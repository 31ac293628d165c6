"""Requests as they come in: the API version they ask for, and the operation in their body."""

import re
from dataclasses import dataclass

from order_staging.sandbox import bodies
from order_staging.sandbox.answers import Answer
from order_staging.sandbox.engine import (
    MalformedBodyError,
    Operation,
    RefusedDocumentError,
    read_operation,
)
from order_staging.sandbox.versions import CURRENT_VERSION, DEPRECATED_VERSIONS, OLDEST_VERSION, VERSIONS


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A request that cannot be executed: its answer, whether that tells a version, and root fields if known."""

    answer: Answer
    tells_version: bool = True
    fields: tuple[str, ...] = ()


def read(body: bytes, version: str | None, *, bulk: bool = True) -> Operation | Unreadable:
    """The operation of a request, or what is answered instead.

    Takes the header that asks for a version, and whether there are bulk imports.
    """
    try:
        operation = read_operation(body, bulk=bulk)
    except MalformedBodyError as error:
        return Unreadable(Answer(400, bodies.malformed_body(str(error))))
    except RefusedDocumentError as refused:
        return Unreadable(Answer(200, {"errors": refused.errors}), tells_version=False)
    if version is not None and not _is_version(version):
        return Unreadable(Answer(200, bodies.invalid_version(version)), fields=operation.fields)
    return operation


def version_used(requested: str | None) -> str:
    """The version that answers: an unknown one is the current one, a deprecated one the oldest that is left."""
    if requested in DEPRECATED_VERSIONS:
        return OLDEST_VERSION
    return requested if requested in VERSIONS else CURRENT_VERSION


def _is_version(requested: str) -> bool:
    return requested in VERSIONS or re.fullmatch(r"\d{4}-\d{2}", requested) is not None
