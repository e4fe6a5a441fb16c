"""One request on its socket.

Belongs here: reading a request, sending an answer, and the ways to break off: reset, close, hang.
Does not belong here: when to break off (`misbehaviour.py`), what to answer (the vendors).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.exchange import Answer, Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TRANSPORT = "sandbox.transport"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Wire:
    """The socket side of one request whose head has arrived."""

    __slots__ = ("_receive", "_request", "_scope", "_send")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request: Request | None = None

    async def read(self) -> Request | None:
        """The whole request, however often it is asked for; None when the client left before its end."""
        if self._request is None:
            self._request = await self._read()
        return self._request

    async def _read(self) -> Request | None:
        message = await self._receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body", False):
            message = await self._receive()
            body += message.get("body", b"")
        if message["type"] == "http.disconnect":
            return None
        scope = self._scope
        return Request(scope["method"], scope["path"], scope["query_string"], dict(scope["headers"]), body)

    async def send(self, answer: Answer) -> None:
        """The whole answer is written."""
        await self._send_head(answer)
        await self._send({"type": "http.response.body", "body": answer.body})

    async def send_truncated(self, answer: Answer, body_bytes: int) -> None:
        """The head promises the whole body; that many bytes of it are written, then FIN."""
        await self._send_head(answer)
        part = answer.body[:body_bytes]
        await self._send({"type": "http.response.body", "body": part, "more_body": True})
        self._transport().close()
        await self._client_left()

    async def reset(self) -> None:
        """The connection is gone by RST; what was not yet sent never is."""
        transport = self._transport()
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        transport.abort()
        await self._client_left()

    async def hang(self, seconds: float) -> bool:
        """Nothing happens for that long, or until the client leaves: then the result is False."""
        try:
            await asyncio.wait_for(self._client_left(), seconds)
        except TimeoutError:
            return True
        return False

    async def _send_head(self, answer: Answer) -> None:
        headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers]
        if answer.content_type:
            headers.append((b"content-type", answer.content_type.encode()))
        if answer.status != 204:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def _client_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue

    def _transport(self) -> asyncio.Transport:
        transport: asyncio.Transport = self._scope["extensions"][TRANSPORT]["transport"]
        return transport
