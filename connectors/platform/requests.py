"""How a call of the Platform is made: method and path by key, JSON in and out, pages.

Belongs here: what is the same for every operation. Does not belong here: any operation (`client.py`), errors of the
wire (`connectors/transport.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter

from connectors.contract import read_json, read_shape
from connectors.errors import ContractError, InvalidRequestError, NotFoundError, RejectedError
from connectors.platform.models import Page
from connectors.platform.paging import Cursors, LinkError
from connectors.platform.paths import Paths
from connectors.transport import Reply, Transport

T = TypeVar("T")
Value = str | int | bool | datetime | None

_ACCEPT = {"Accept": "application/json"}
_WRITE = {"Accept": "application/json", "Content-Type": "application/json"}
NEVER = float("inf")


class Requests:
    """Calls over a transport whose base address ends with the base path."""

    def __init__(self, transport: Transport, paths: Paths) -> None:
        self.transport = transport
        self._paths = paths

    def read(self, key: str, shape: TypeAdapter[T], *, identifier: int | str | None = None, **filters: Value) -> T:
        """What the operation answers."""
        return self.parse(key, self.fetch(key, identifier=identifier, query=parameters(filters)), shape)

    def read_once(self, key: str, shape: TypeAdapter[T], *, identifier: int | str) -> T:
        """What the operation answers to a single try: whoever asks knows when to ask again."""
        with self._naming_its_path(key):
            reply = self.transport.send(
                key, self._paths.method(key), self._paths.path(key, identifier), headers=_ACCEPT, is_read=True
            )
        return self.parse(key, reply, shape)

    def fetch(
        self,
        key: str,
        *,
        identifier: int | str | None = None,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] = _ACCEPT,
        limit_bytes: int | None = None,
    ) -> Reply:
        """The answer to a question, unread."""
        with self._naming_its_path(key):
            return self.transport.read(
                key, self._paths.path(key, identifier), params=query, headers=headers, limit_bytes=limit_bytes
            )

    def pages(self, key: str, shape: TypeAdapter[Page[T]], **filters: Value) -> Iterator[T]:
        """The rows of all pages, each page with the same filters and the cursor of the one before."""
        query, cursors = parameters(filters), Cursors()
        cursor: str | None = None
        while True:
            reply = self.fetch(key, query=[*query, ("cursor", cursor)] if cursor else query)
            page = self.parse(key, reply, shape)
            yield from page.items
            try:
                cursor = cursors.after(page.metadata.next_uri)
            except LinkError as error:
                raise self.broken(key, str(error)) from None
            if cursor is None:
                return

    def write(
        self,
        key: str,
        body: Mapping[str, Any] | None,
        *,
        identifier: int | str | None = None,
        query: Sequence[tuple[str, str]] = (),
        not_after: float = NEVER,
    ) -> Reply:
        """The 2xx answer to a request that was sent once, unread. A redirect is never followed."""
        with self._naming_its_path(key):
            return self.transport.send(
                key,
                self._paths.method(key),
                self._paths.path(key, identifier),
                params=query,
                headers=_ACCEPT if body is None else _WRITE,
                content=None if body is None else orjson.dumps(body),
                not_after=not_after,
            )

    def order(
        self,
        key: str,
        body: Mapping[str, Any] | None,
        *,
        identifier: int | str | None = None,
        not_after: float = NEVER,
    ) -> None:
        """It was done as it was told, once. The document shows no answer to it: nothing, or JSON of any shape, will do.

        Raises:
            OutcomeUnknownError: there is another body, such as the page of a gateway, which says nothing of the order.
        """
        reply = self.write(key, body, identifier=identifier, not_after=not_after)
        if reply.body.strip():
            read_json(reply, vendor=self.transport.vendor, operation=key, is_read=False)

    def parse(self, key: str, reply: Reply, shape: TypeAdapter[T]) -> T:
        """The answer in its shape; of a write, an answer that does not fit leaves the outcome open."""
        is_read = self._paths.method(key) == "GET"
        value = read_json(reply, vendor=self.transport.vendor, operation=key, is_read=is_read)
        return read_shape(value, shape, reply, vendor=self.transport.vendor, operation=key, is_read=is_read)

    def broken(self, key: str, text: str) -> ContractError:
        """An answer to a question that breaks the document."""
        return ContractError(text, vendor=self.transport.vendor, operation=key, status=200)

    def invalid(self, key: str, text: str) -> InvalidRequestError:
        """A request that breaks the document, and is not sent."""
        return InvalidRequestError(f"not sent: {text}", vendor=self.transport.vendor, operation=key)

    @contextmanager
    def _naming_its_path(self, key: str) -> Iterator[None]:
        """Most paths are guesses: what may come of a wrong one says so."""
        try:
            yield
        except (ContractError, RejectedError) as error:
            text = _about_path(error, key)
            if text is None:
                raise
            raise type(error)(text, vendor=error.vendor, operation=key, status=error.status) from None


def parameters(filters: Mapping[str, Value]) -> list[tuple[str, str]]:
    """The query of the filters that are given: to the vendor, null is not the same as absent."""
    return [(name, _as_text(value)) for name, value in filters.items() if value is not None]


def timestamp(at: datetime) -> str:
    """The moment as RFC 3339 with a numeric offset; one without a zone is UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat(timespec="seconds")


def _as_text(value: str | int | bool | datetime) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return timestamp(value) if isinstance(value, datetime) else str(value)


def _about_path(error: ContractError | RejectedError, key: str) -> str | None:
    status, setting = error.status or 0, f"vendors.platform.paths.{key}"
    if 300 <= status < 400:
        return f"HTTP {status}: a redirect, which is not followed; is {setting} right, and its last slash?"
    if isinstance(error, NotFoundError):
        return f"HTTP {status}: there is no such thing, or {setting} is wrong"
    return f"HTTP {status}: is {setting} right, and its method?" if status == 405 else None
