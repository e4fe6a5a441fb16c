"""The only place that calls httpx: requests, retries of reads, redaction, error mapping.

Belongs here: what is true of every HTTP vendor. Does not belong here: what an answer means
(`connectors/<vendor>/`), how long is waited (`patience.py`), and retries of writes, which the ledger owns.
"""

from __future__ import annotations

import itertools
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple, cast

import httpcore  # noqa: F401  httpx loads it with the first connection: while a load waits for it
import httpx

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    NoTurnError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TooLargeError,
    UnavailableError,
)
from connectors.patience import Patience, RateLimiter, parse_retry_after
from connectors.tls import is_our_certificate_refused, known_authorities, own_context

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO line prints whole addresses

READS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {"user-agent": "leadsync", "accept": "*/*", "accept-encoding": "gzip, deflate"}
_REMEMBERED_URLS = 64

# Raised before a byte of the request was written. Every other transport error may come after.
_BEFORE_SENDING: Mapping[type[httpx.HTTPError], str] = {
    httpx.ConnectError: "it cannot be reached",
    httpx.ConnectTimeout: "it took too long",
    httpx.PoolTimeout: "none was free in time",
    httpx.UnsupportedProtocol: "the address is not one of HTTP",
    httpx.ProxyError: "the proxy refused",
    httpx.LocalProtocolError: "the request cannot be written as HTTP",
}
_AFTER_SENDING: Mapping[type[httpx.HTTPError], str] = {
    httpx.ReadError: "the connection broke",
    httpx.WriteError: "the connection broke",
    httpx.CloseError: "the connection broke",
    httpx.ReadTimeout: "it took too long",
    httpx.WriteTimeout: "it took too long",
    httpx.RemoteProtocolError: "the connection broke, or it speaks no HTTP",
    httpx.DecodingError: "its compression is broken",
    httpx.TooManyRedirects: "it leads from one address to the next",
}
_REFUSES_US = "it asks for a client certificate, and refuses ours"
# What the system says of a connection that was not had; the first that fits.
_REASONS: Sequence[tuple[type[OSError], str]] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted (ca_bundle says whose is)"),
    (ssl.SSLError, "it speaks no TLS that we do"),
    (socket.gaierror, "there is no such host"),
    (ConnectionRefusedError, "nothing listens there"),
)
_REJECTIONS: Mapping[int, type[RejectedError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    413: TooLargeError,
    422: InvalidRequestError,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx answer: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Place(NamedTuple):
    """Where a vendor is: host and port, and the setting that says so."""

    host: str
    setting: str


class Transport:
    """Sends requests to one vendor and turns everything that can go wrong into the error tree."""

    def __init__(
        self,
        *,
        vendor: str,
        base_url: str,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        certificate: tuple[str, str] | None = None,
        ca_bundle: str | None = None,
        patience: Patience = Patience(),
        limiter: RateLimiter | None = None,
        login_settings: str | None = None,
        address_setting: str | None = None,
    ) -> None:
        """`login_settings` are named where the vendor refuses the login, `address_setting` where it is not reached.

        `certificate` and `ca_bundle`: see `tls.own_context`.
        """
        self.vendor = vendor
        self._login_settings = login_settings
        self._base_url = base_url.rstrip("/")
        self._place = Place(_host(base_url), address_setting or f"vendors.{vendor}.base_url")
        self._auth = auth or httpx.Auth()
        self._headers = {**_HEADERS, **_lower(headers or {})}
        self._url = lru_cache(_REMEMBERED_URLS)(self._parsed)  # a batch goes where the one before it went
        self._own_tls = own_context(vendor, ca_bundle=ca_bundle, certificate=certificate)
        self._patience = patience
        self._time_outs = {"timeout": _time_outs(patience)}
        self._limiter = limiter or RateLimiter(None)
        self._local = threading.local()
        self._wires: list[httpx.HTTPTransport] = []
        self._wires_lock = threading.Lock()
        self._requests = itertools.count()
        self.request_count = 0

    def read(
        self,
        operation: str,
        path: str,
        *,
        method: str = "GET",
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str],
        content: bytes | None = None,
        limit_bytes: int | None = None,
    ) -> Reply:
        """The answer to a request that changes nothing, tried again with back-off.

        Some vendors search by POST; such a request is read here too. An answer longer than `limit_bytes` is
        a ContractError.
        """
        for attempt in range(1, self._patience.max_attempts + 1):
            try:
                return self.send(
                    operation,
                    method,
                    path,
                    params=params,
                    headers=headers,
                    content=content,
                    is_read=True,
                    limit_bytes=limit_bytes,
                )
            except (NotSentError, UnavailableError, RateLimitedError) as error:
                if attempt == self._patience.max_attempts or self._limiter.is_stopped:
                    raise
                self._limiter.pause(_delay_s(error, self._patience.backoff(attempt)))
        raise AssertionError("unreachable")

    def send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str],
        content: bytes | None = None,
        not_after: float = float("inf"),
        is_read: bool = False,
        limit_bytes: int | None = None,
    ) -> Reply:
        """The 2xx answer to one request that was sent once. `is_read`: it changes nothing, whatever its method."""
        is_read = is_read or method in READS
        if not self._limiter.wait(not_after=not_after):
            raise self._no_turn(operation, not_after)
        self.request_count = next(self._requests) + 1
        started = time.perf_counter()
        with self._mapped(operation, is_read=is_read):
            request = httpx.Request(
                method,
                self._url(path, tuple(params)),
                headers={**self._headers, **_lower(headers)},
                content=content,
                extensions=self._time_outs,
            )
            response = self._exchange(request, limit_bytes)
        if response is None:
            raise ContractError(
                f"the answer is longer than {limit_bytes} bytes", vendor=self.vendor, operation=operation
            )
        log.debug(
            "vendor=%s operation=%s status=%d ms=%.0f",
            self.vendor,
            operation,
            response.status_code,
            1000 * (time.perf_counter() - started),
        )
        return self._judged(operation, response, is_read=is_read)

    def stop(self) -> None:
        """No further request starts."""
        self._limiter.stop()

    def close(self) -> None:
        """All connections are closed."""
        with self._wires_lock:
            for wire in self._wires:
                wire.close()
            self._wires.clear()
            self._local = threading.local()

    def _no_turn(self, operation: str, not_after: float) -> NoTurnError:
        """Why a request did not get its turn."""
        wait = None
        if self._limiter.is_stopped:
            why = "the load was stopped"
        elif time.monotonic() >= not_after:
            why = "it waited too long for a free connection"
        else:
            wait = timedelta(seconds=self._limiter.next_turn_s())
            is_asked = self._limiter.is_paused
            why = f"{self.vendor} asks to wait" if is_asked else "its turn under requests_per_second comes too late"
        return NoTurnError(f"not sent: {why}", vendor=self.vendor, operation=operation, retry_after=wait)

    def _exchange(self, request: httpx.Request, limit_bytes: int | None) -> httpx.Response | None:
        """The answer to the request with its login, read to its end; None when it is longer than the limit."""
        flow = self._auth.sync_auth_flow(request)
        try:
            response = self._answer(next(flow), limit_bytes)
            while response is not None:
                response = self._answer(flow.send(response), limit_bytes)
        except StopIteration:
            pass
        finally:
            flow.close()
        return response

    def _answer(self, request: httpx.Request, limit_bytes: int | None) -> httpx.Response | None:
        # httpx without its client: its redirects, cookies and merging cost a third more, and no vendor needs them.
        response = self._wire().handle_request(request)
        response.request = request
        try:
            if limit_bytes is None:
                until = time.monotonic() + self._patience.read_timeout_s
                response.stream = _Timed(cast(httpx.SyncByteStream, response.stream), until, request)
                response.read()
                return response
            body = b""
            for part in response.iter_bytes():
                body += part
                if len(body) > limit_bytes:
                    return None
        finally:
            response.close()
        return httpx.Response(response.status_code, headers=_without_encoding(response.headers), content=body)

    def _parsed(self, path: str, params: tuple[tuple[str, str], ...]) -> httpx.URL:
        url = httpx.URL(self._base_url + path)
        return url.copy_merge_params(list(params)) if params else url

    def _wire(self) -> httpx.HTTPTransport:
        # One for each thread: a shared pool costs twice the CPU per request.
        wire: httpx.HTTPTransport | None = getattr(self._local, "wire", None)
        if wire is None:
            limits = httpx.Limits(max_connections=2, max_keepalive_connections=1, keepalive_expiry=30)
            with self._wires_lock:
                verify = self._own_tls or known_authorities(is_used=not self._base_url.startswith("http:"))
                wire = self._local.wire = httpx.HTTPTransport(verify=verify, trust_env=False, limits=limits)
                self._wires.append(wire)
        return wire

    @contextmanager
    def _mapped(self, operation: str, *, is_read: bool) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise map_exception(
                error, vendor=self.vendor, operation=operation, is_read=is_read, place=self._place
            ) from None
        except httpx.InvalidURL:
            raise NotSentError(
                "the address is not a URL", vendor=self.vendor, operation=operation, setting=self._place.setting
            ) from None
        except UnicodeEncodeError:
            raise NotSentError(
                "a header holds a character that no header can", vendor=self.vendor, operation=operation
            ) from None

    def _judged(self, operation: str, response: httpx.Response, *, is_read: bool) -> Reply:
        status = response.status_code
        if 200 <= status < 300:
            return Reply(status, response.headers, response.content)
        error = map_status(
            status, response.headers.get("retry-after"), vendor=self.vendor, operation=operation, is_read=is_read
        )
        if isinstance(error, RateLimitedError) or error.retry_after is not None:
            self._limiter.pause(_delay_s(error, self._patience.backoff(1)))
        if isinstance(error, AuthenticationError) and self._login_settings:
            text = f"HTTP {status}: the login was refused; see {self._login_settings}"
            raise AuthenticationError(text, vendor=self.vendor, operation=operation, status=status)
        raise error


class _Timed(httpx.SyncByteStream):
    """The body of an answer that is whole by a moment: the time-out of httpx begins anew with every byte."""

    def __init__(
        self, body: httpx.SyncByteStream | httpx.AsyncByteStream, until: float, request: httpx.Request
    ) -> None:
        assert isinstance(body, httpx.SyncByteStream)
        self._body, self._until, self._request = body, until, request

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            if time.monotonic() > self._until:
                raise httpx.ReadTimeout("the body takes too long", request=self._request)
            yield part

    def close(self) -> None:
        self._body.close()


def map_exception(
    error: httpx.HTTPError, *, vendor: str, operation: str, is_read: bool, place: Place
) -> ConnectorError:
    """The error of our tree for an exception of httpx; its text is ours, and quotes nothing."""
    if words := next((words for kind, words in _BEFORE_SENDING.items() if isinstance(error, kind)), None):
        why = _why_not_connected(error) or words
        text = f"no connection to {place.host}: {why}"
        return NotSentError(text, vendor=vendor, operation=operation, setting=place.setting)
    words = next((words for kind, words in _AFTER_SENDING.items() if isinstance(error, kind)), None)
    if words is None:
        raise AssertionError(f"httpx.{type(error).__name__} is not mapped") from error
    if any(map(is_our_certificate_refused, _causes(error))):  # in TLS 1.3 it is told after the request was written
        words = _REFUSES_US
    if is_read:
        return UnavailableError(f"no answer: {words}", vendor=vendor, operation=operation)
    return OutcomeUnknownError(f"sent, but no answer was seen: {words}", vendor=vendor, operation=operation)


def map_status(status: int, retry_after: str | None, *, vendor: str, operation: str, is_read: bool) -> ConnectorError:
    """The error of our tree for an answer that is not 2xx."""
    text = f"HTTP {status}"
    wait = parse_retry_after(retry_after)
    if status == 429:
        text = f"{text}: too many requests for now"
        return RateLimitedError(text, vendor=vendor, operation=operation, status=status, retry_after=wait)
    if status >= 500 or status in (408, 425):
        kind: type[ConnectorError] = UnavailableError if is_read else OutcomeUnknownError
        return kind(text, vendor=vendor, operation=operation, status=status, retry_after=wait)
    if 300 <= status < 400:
        return ContractError(f"{text}: an unexpected redirect", vendor=vendor, operation=operation, status=status)
    return _REJECTIONS.get(status, RejectedError)(text, vendor=vendor, operation=operation, status=status)


def _why_not_connected(error: BaseException) -> str | None:
    """In words what the system said; None if it said nothing that we know."""
    for cause in _causes(error):
        if is_our_certificate_refused(cause):
            return _REFUSES_US
        if words := next((words for kind, words in _REASONS if isinstance(cause, kind)), None):
            return words
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _host(base_url: str) -> str:
    """Host and port of the address, without a login."""
    return base_url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _time_outs(patience: Patience) -> dict[str, float | None]:
    return httpx.Timeout(
        connect=patience.connect_timeout_s,
        read=patience.read_timeout_s,
        write=patience.read_timeout_s,
        pool=patience.connect_timeout_s,
    ).as_dict()


def _delay_s(error: ConnectorError, backoff_s: float) -> float:
    return backoff_s if error.retry_after is None else error.retry_after.total_seconds()


def _without_encoding(headers: httpx.Headers) -> dict[str, str]:
    """The headers of a body that was decoded already."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}
