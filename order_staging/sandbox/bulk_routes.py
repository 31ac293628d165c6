"""The file storage of bulk imports on HTTP."""

import json

from aiohttp import web

from order_staging.sandbox.answers import Answer
from order_staging.sandbox.bulk import REPORT_PATH, UPLOAD_PATH
from order_staging.sandbox.bulk_storage import BulkStorage, StorageRequest


class BulkRoutes:
    """The routes of a storage, for a server to add; takes the storage."""

    def __init__(self, storage: BulkStorage) -> None:
        self._storage = storage

    def add_to(self, app: web.Application) -> None:
        """Add the routes to an application."""
        app.router.add_put(UPLOAD_PATH + "{job}", self._put)
        app.router.add_get(REPORT_PATH + "{job}", self._get)

    async def _put(self, request: web.Request) -> web.StreamResponse:
        # Read piece by piece: neither the limit of the API's bodies nor the memory holds for a file.
        kept, size = bytearray(), 0
        async for piece in request.content.iter_any():
            size += len(piece)
            if size <= self._storage.file_bytes:
                kept += piece
        body = bytes(kept) if size <= self._storage.file_bytes else None
        return _response(request, await self._storage.put(_storage_request(request, body, size)))

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return _response(request, await self._storage.get(_storage_request(request, b"", 0)))


def _storage_request(request: web.Request, body: bytes | None, size: int) -> StorageRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return StorageRequest(request.path, dict(request.query), headers, body, size)


def _response(request: web.Request, answer: Answer | None) -> web.StreamResponse:
    if answer is None:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    headers = {"Content-Type": "application/xml", **answer.headers}
    return web.Response(body=text.encode(), status=answer.status, headers=headers)
