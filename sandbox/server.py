"""A double, listening.

Belongs here: the ASGI callable that joins vendor, faults and control, and the server around it.
Does not belong here: what is answered (vendors), how faults show (`misbehaviour.py`).
"""

from __future__ import annotations

import asyncio
import signal
import socket
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.control import PREFIX, Control
from sandbox.faults import FaultPlan
from sandbox.misbehaviour import Process, misbehave
from sandbox.vendor import Vendor
from sandbox.wire import TRANSPORT, Receive, Scope, Send, Wire

VendorT = TypeVar("VendorT", bound=Vendor)

TICK_S = 0.5
BACKLOG = 2048
KEEP_ALIVE_S = 120
STOP_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})


class SandboxServer(Generic[VendorT]):
    """A double on a real socket, served by a thread of its own.

        with SandboxServer(SinchObi()) as server:
            httpx.get(f"{server.url}/RI/obi/campaigns")

    Attributes:
        vendor: The double, with its knobs and its store.
        faults: The plan; change it at any time, from any thread.
        url: The address without a trailing slash; the socket listens from construction on.
    """

    def __init__(self, vendor: VendorT, *, host: str = "127.0.0.1", port: int = 0, seed: int = 0) -> None:
        self.vendor = vendor
        self.faults = FaultPlan(seed=seed)
        self._socket = _listen(host, port)
        self.url = "http://{}:{}".format(*self._socket.getsockname()[:2])
        self._server = _Server(_config(SandboxApp(vendor, self.faults)))
        self._thread = Thread(target=self._serve, name=f"sandbox-{vendor.name}", daemon=True)

    def start(self) -> None:
        """Requests are answered."""
        self._thread.start()
        self._server.ready.wait()

    def stop(self) -> None:
        """The socket is closed and every connection is gone, answered or not."""
        self._server.stop()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.ready.set()
            self._socket.close()


class SandboxApp:
    """The ASGI callable: control first, then faults, then the vendor."""

    def __init__(self, vendor: Vendor, plan: FaultPlan) -> None:
        self._vendor = vendor
        self._plan = plan
        self._control = Control(vendor, plan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered, or spoilt as the plan says."""
        wire = Wire(scope, receive, send)
        path = scope["path"]
        if path.startswith(PREFIX):
            return await self._answer(wire, self._control.answer, wait_ms=0)
        request = await wire.read() if self._plan.is_about_bodies else None
        fault = self._plan.take(scope["method"], path, request.body if request else b"")
        if fault is None:
            wait_ms = self._vendor.knobs.latency_ms
            return await self._answer(wire, self._vendor.answer, wait_ms=wait_ms)
        return await misbehave(fault, wire, self._vendor.answer, self._plan)

    async def _answer(self, wire: Wire, process: Process, *, wait_ms: float) -> None:
        """Whole requests are processed when half the wait is over, even if the client left; answered at its end."""
        request = await wire.read()
        if request is None:
            return None
        if not wait_ms:
            return await wire.send(process(request))
        arrived_at = monotonic()
        await _sleep_until(arrived_at + wait_ms / 2000)
        answer = process(request)
        await _sleep_until(arrived_at + wait_ms / 1000)
        return await wire.send(answer)


async def _sleep_until(end: float) -> None:
    while (left_s := end - monotonic()) > 0:  # the loop's own clock stands still while it is busy: it may wake early
        await asyncio.sleep(left_s)


def wait_for_signal() -> None:
    """SIGINT or SIGTERM came, after the caller blocked them (`block_signals`)."""
    signal.sigwait(STOP_SIGNALS)


def block_signals() -> None:
    """SIGINT and SIGTERM wait for `wait_for_signal`, in this thread and those it starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)  # a shell starts background jobs with SIGINT ignored


class _OnePiece:
    """A transport that sends together what is written together: a head and its body wake the client once."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._written.clear()
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        written, self._written = self._written, []
        if written:
            self._transport.write(b"".join(written))


class _Protocol(HttpToolsProtocol):
    """Hands the transport to the ASGI callable, so that a fault can reset it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, _OnePiece(transport, self.loop)))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class _Server(uvicorn.Server):
    """Starts with an event, and stops at once: a stalled request does not hold it up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """The server was told to stop; safe from any thread, also after it has stopped."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        self.ready.set()
        while not self._stopping.is_set():
            try:
                await asyncio.wait_for(self._stopping.wait(), TICK_S)
            except TimeoutError:
                await self.on_tick(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.gather(*self.server_state.tasks)


def _config(app: SandboxApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        backlog=BACKLOG,
    )


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener
