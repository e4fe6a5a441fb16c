"""The seam to httpx: no exception and no status escapes the error tree, and waits are bounded."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from connectors.patience import LONGEST_WAIT, Patience, RateLimiter, parse_retry_after
from connectors.transport import READS, Place, Transport, map_exception, map_status
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.connectors.serving import serving

NOW = datetime(2026, 11, 18, 2, tzinfo=UTC)
QUICK = Patience(connect_timeout_s=2, read_timeout_s=2, max_attempts=3, backoff_s=0)
ACCEPT = {"Accept": "application/json"}
CAMPAIGNS = "/RI/obi/campaigns"

# What each exception of httpx lets the caller conclude about a write. Every leaf of its tree must be here.
AFTER_A_WRITE: dict[type[httpx.HTTPError], type[ConnectorError]] = {
    httpx.ConnectError: NotSentError,
    httpx.ConnectTimeout: NotSentError,
    httpx.PoolTimeout: NotSentError,
    httpx.UnsupportedProtocol: NotSentError,
    httpx.ProxyError: NotSentError,
    httpx.LocalProtocolError: NotSentError,
    httpx.ReadError: OutcomeUnknownError,
    httpx.WriteError: OutcomeUnknownError,
    httpx.CloseError: OutcomeUnknownError,
    httpx.ReadTimeout: OutcomeUnknownError,
    httpx.WriteTimeout: OutcomeUnknownError,
    httpx.RemoteProtocolError: OutcomeUnknownError,
    httpx.DecodingError: OutcomeUnknownError,
    httpx.TooManyRedirects: OutcomeUnknownError,
}
TEXTS: dict[type[ConnectorError], str] = {
    NotSentError: "no connection to sinch.example:443",
    OutcomeUnknownError: "sent, but no answer was seen",
    UnavailableError: "no answer",
}
PLACE = Place("sinch.example:443", "vendors.sinch.base_url")
# Raised by `raise_for_status` alone, which nobody calls.
NEVER_RAISED = {httpx.HTTPStatusError}


def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
    """The exceptions of httpx below `kind` that have none of their own below them."""
    below = [inner for inner in kind.__subclasses__() if inner.__module__.startswith("httpx")]
    if not below:
        yield kind
    for inner in below:
        yield from leaves(inner)


def test_every_exception_of_httpx_is_decided_on() -> None:
    """A new version of httpx with an exception that nobody thought about fails here."""
    assert set(leaves(httpx.HTTPError)) == AFTER_A_WRITE.keys() | NEVER_RAISED


def test_every_public_exception_of_httpx_is_one_that_the_seam_catches() -> None:
    """What httpx raises is an HTTPError or an InvalidURL; the rest are misuses that our calls cannot be."""
    public = {getattr(httpx, name) for name in httpx.__all__}
    raised = {each for each in public if isinstance(each, type) and issubclass(each, Exception)}
    misuse = {httpx.StreamError, httpx.StreamConsumed, httpx.StreamClosed, httpx.ResponseNotRead, httpx.RequestNotRead}
    caught = {each for each in raised if issubclass(each, (httpx.HTTPError, httpx.InvalidURL))}
    assert raised - caught == misuse | {httpx.CookieConflict}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("kind", sorted(AFTER_A_WRITE, key=lambda kind: kind.__name__))
def test_map_exception_says_what_may_be_concluded(kind: type[httpx.HTTPError], method: str) -> None:
    """Before the first byte: not sent. After it: unknown for a write, unavailable for a read. No text is quoted."""
    error = map_exception(kind("+491712345678"), vendor="sinch", operation="op", is_read=method in READS, place=PLACE)
    expected = AFTER_A_WRITE[kind]
    if method in ("GET", "HEAD", "OPTIONS") and expected is OutcomeUnknownError:
        expected = UnavailableError
    assert type(error) is expected
    assert re.fullmatch(f"sinch op: {TEXTS[expected]}: [^:]+", str(error))
    assert kind.__name__ not in str(error)
    assert error.setting == (PLACE.setting if expected is NotSentError else None)


@pytest.mark.parametrize(
    ("status", "write", "read"),
    [
        (301, ContractError, ContractError),
        (304, ContractError, ContractError),
        (400, InvalidRequestError, InvalidRequestError),
        (401, AuthenticationError, AuthenticationError),
        (402, RejectedError, RejectedError),
        (403, ForbiddenError, ForbiddenError),
        (404, NotFoundError, NotFoundError),
        (405, RejectedError, RejectedError),
        (406, RejectedError, RejectedError),
        (408, OutcomeUnknownError, UnavailableError),
        (409, ConflictError, ConflictError),
        (410, NotFoundError, NotFoundError),
        (413, TooLargeError, TooLargeError),
        (415, RejectedError, RejectedError),
        (422, InvalidRequestError, InvalidRequestError),
        (425, OutcomeUnknownError, UnavailableError),
        (429, RateLimitedError, RateLimitedError),
        (451, RejectedError, RejectedError),
        (500, OutcomeUnknownError, UnavailableError),
        (502, OutcomeUnknownError, UnavailableError),
        (503, OutcomeUnknownError, UnavailableError),
        (504, OutcomeUnknownError, UnavailableError),
        (599, OutcomeUnknownError, UnavailableError),
    ],
)
def test_map_status_says_what_may_be_concluded(
    status: int, write: type[ConnectorError], read: type[ConnectorError]
) -> None:
    """A status means the same whoever sends it; only after a write may a 5xx have done something."""
    for method, kind in (("POST", write), ("DELETE", write), ("GET", read)):
        error = map_status(status, None, vendor="sinch", operation="op", is_read=method in READS)
        assert (type(error), error.vendor, error.operation, error.status) == (kind, "sinch", "op", status)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("0", timedelta(0)),
        ("7", timedelta(seconds=7)),
        (" 7 ", timedelta(seconds=7)),
        ("120", LONGEST_WAIT),
        ("86400", LONGEST_WAIT),
        ("Wed, 18 Nov 2026 02:00:30 GMT", timedelta(seconds=30)),
        ("Wed, 18 Nov 2026 03:00:30 +0100", timedelta(seconds=30)),
        ("Wednesday, 18-Nov-26 02:00:30 GMT", timedelta(seconds=30)),
        ("Wed, 18 Nov 2026 01:00:00 GMT", timedelta(0)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", timedelta(0)),
        ("Wed, 18 Nov 2099 02:00:30 GMT", LONGEST_WAIT),
        ("Wed, 99 Nov 2026 02:00:30 GMT", None),
    ],
)
def test_parse_retry_after_reads_both_forms(value: str | None, expected: timedelta | None) -> None:
    """Seconds or a date; the past is no wait, the far future a bounded one, and garbage says nothing."""
    assert parse_retry_after(value, now=NOW) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("9" * 30, LONGEST_WAIT, id="thirty-digits"),
        pytest.param("9" * 5000, LONGEST_WAIT, id="five-thousand-digits"),
        pytest.param("\u00b2", None, id="superscript"),
        pytest.param("Fri, 20 Nov 99999999999 10:00:00 GMT", None, id="year-beyond-the-calendar"),
    ],
)
def test_parse_retry_after_survives_any_digits(value: str, expected: timedelta | None) -> None:
    """A header that no clock can hold is a bounded wait or says nothing; it never becomes an exception."""
    assert parse_retry_after(value, now=NOW) == expected


@given(st.text(alphabet=st.characters(max_codepoint=255, exclude_categories=["Nd", "No"]), max_size=40))
@settings(max_examples=300)
def test_parse_retry_after_takes_any_text(value: str) -> None:
    """Whatever a gateway writes into the header, the answer is a bounded wait or none."""
    wait = parse_retry_after(value, now=NOW)
    assert wait is None or timedelta(0) <= wait <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (50, 60.0), (1000, 60.0)]
)
def test_patience_doubles_up_to_its_bound(attempt: int, longest: float) -> None:
    """The wait doubles with each attempt up to its bound, and chance takes away at most half."""
    waits = [Patience(backoff_s=1, backoff_max_s=60).backoff(attempt) for _ in range(50)]
    assert longest / 2 <= min(waits) <= max(waits) <= longest
    assert len(set(waits)) > 1


def test_patience_has_no_last_attempt() -> None:
    """An import that is asked about for days waits the bound each time."""
    assert Patience(backoff_s=1.0, backoff_max_s=60.0).backoff(2000) <= 60.0


def test_rate_limiter_without_a_rate_never_waits() -> None:
    """No rate: every request has its turn at once, even with a deadline that is now."""
    limiter = RateLimiter(None)
    assert [limiter.wait(not_after=time.monotonic() + 60) for _ in range(1000)] == [True] * 1000


def test_rate_limiter_spaces_requests_over_all_threads() -> None:
    """Eleven requests at a hundred a second take at least a tenth of a second, however many threads ask."""
    limiter = RateLimiter(100)
    started = time.monotonic()
    threads = [threading.Thread(target=limiter.wait) for _ in range(11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - started >= 0.1


def test_rate_limiter_refuses_a_turn_that_comes_too_late() -> None:
    """A turn at or after the deadline is refused, and is nobody's: it does not delay the next."""
    limiter = RateLimiter(None)
    limiter.pause(60)
    assert limiter.wait(not_after=time.monotonic() + 30) is False
    assert limiter.wait(not_after=time.monotonic()) is False


def test_a_pause_holds_requests_that_have_their_turn_already() -> None:
    """They wait for the rate when the vendor says that it is too much; none of them starts before it may."""
    limiter = RateLimiter(2)
    assert limiter.wait()
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(limiter.wait, not_after=time.monotonic() + 5) for _ in range(3)]
        limiter.pause(60)
        assert [one.result() for one in waiting] == [False, False, False]


def test_rate_limiter_keeps_the_longer_pause() -> None:
    """A shorter pause does not cut a longer one."""
    limiter = RateLimiter(None)
    limiter.pause(60)
    limiter.pause(0)
    assert limiter.wait(not_after=time.monotonic() + 30) is False


def test_rate_limiter_stop_ends_waits_now_and_later() -> None:
    """Whoever waits is told at once, and nobody has a turn afterwards."""
    limiter = RateLimiter(None)
    limiter.pause(600)
    answers: list[bool] = []
    waiter = threading.Thread(target=lambda: answers.append(limiter.wait()))
    waiter.start()
    limiter.stop()
    waiter.join(10)
    assert (answers, limiter.is_stopped, RateLimiter.wait(limiter)) == ([False], True, False)


@pytest.fixture
def transport(sinch: SandboxServer[SinchObi]) -> Iterator[Transport]:
    """A quick transport to the double."""
    made = Transport(vendor="sinch", base_url=sinch.url, patience=QUICK)
    yield made
    made.close()


def test_read_tries_again_until_it_is_answered(transport: Transport, sinch: SandboxServer[SinchObi]) -> None:
    """A 503, a reset and an answer: three requests, one reply."""
    sinch.faults.replace([Fault(kind="status"), Fault(kind="reset_before_body", skip=1)])
    assert transport.read("campaigns", CAMPAIGNS, headers=ACCEPT).status == 200
    assert transport.request_count == 3


def test_read_gives_up_after_its_attempts(transport: Transport, sinch: SandboxServer[SinchObi]) -> None:
    """The last failure is the one that is told, and no request goes beyond the attempts."""
    sinch.faults.replace([Fault(kind="status", status=502, times=None)])
    with pytest.raises(UnavailableError, match=r"^sinch campaigns: HTTP 502$"):
        transport.read("campaigns", CAMPAIGNS, headers=ACCEPT)
    assert transport.request_count == 3


def test_read_does_not_repeat_what_was_refused(transport: Transport) -> None:
    """A 404 is an answer: one request."""
    with pytest.raises(NotFoundError, match=r"^sinch campaign: HTTP 404$"):
        transport.read("campaign", f"{CAMPAIGNS}/{'F' * 32}", headers=ACCEPT)
    assert transport.request_count == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("value", ["0", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_read_waits_as_the_vendor_asks(sinch: SandboxServer[SinchObi], value: str, status: int) -> None:
    """A wait that is over is tried again at once, in both forms of the header, however long we would have waited."""
    sinch.faults.replace([Fault(kind="status", status=status, retry_after=value)])
    patience = Patience(max_attempts=3, backoff_s=600, backoff_max_s=600)
    with closing(Transport(vendor="sinch", base_url=sinch.url, patience=patience)) as transport:
        assert transport.read("campaigns", CAMPAIGNS, headers=ACCEPT).status == 200
        assert transport.request_count == 2


@pytest.mark.parametrize(("asked", "kept"), [("60", timedelta(seconds=60)), ("86400", LONGEST_WAIT), ("soon", None)])
@pytest.mark.parametrize("status", [408, 429, 500, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whatever_may_pass_says_how_long_to_wait(method: str, status: int, asked: str, kept: timedelta | None) -> None:
    """A service that is down for a while says so by a 503, to a write too; the wait is bounded."""
    error = map_status(status, asked, vendor="sinch", operation="op", is_read=method in READS)
    assert error.retry_after == kept


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="status", status=503), OutcomeUnknownError),
        (Fault(kind="html", status=504), OutcomeUnknownError),
        (Fault(kind="lost_after_commit"), OutcomeUnknownError),
        (Fault(kind="reset_before_processing"), OutcomeUnknownError),
        (Fault(kind="truncated"), OutcomeUnknownError),
        (Fault(kind="status", status=429, retry_after="60"), RateLimitedError),
        (Fault(kind="status", status=302), ContractError),
    ],
    ids=lambda value: getattr(value, "kind", getattr(value, "__name__", None)),
)
def test_send_never_repeats_a_write(
    transport: Transport, sinch: SandboxServer[SinchObi], fault: Fault, kind: type[ConnectorError]
) -> None:
    """A write is sent once, whatever comes back; what may be concluded is the error's kind."""
    sinch.faults.replace([fault])
    with pytest.raises(kind) as raised:
        transport.send("op", "PUT", f"{CAMPAIGNS}/x/status", headers={"Content-Type": "text/plain"}, content=b"Active")
    assert type(raised.value) is kind
    assert transport.request_count == 1


@pytest.mark.parametrize("method", sorted(READS))
def test_send_of_a_read_that_fails_leaves_nothing_open(
    method: str, transport: Transport, sinch: SandboxServer[SinchObi]
) -> None:
    """Whoever sends it once need not say that it changes nothing: its method does."""
    sinch.faults.replace([Fault(kind="status", status=503)])
    with pytest.raises(UnavailableError):
        transport.send("op", method, CAMPAIGNS, headers=ACCEPT)


def test_answer_of_a_limited_length_is_read_whole() -> None:
    """Up to the last byte that is allowed, of the text that people read: it comes packed."""
    with packed(b"a" * 1000) as url, closing(Transport(vendor="sinch", base_url=url, patience=QUICK)) as transport:
        reply = transport.read("op", "/", headers={}, limit_bytes=1000)
        assert (reply.status, reply.body) == (200, b"a" * 1000)
        with pytest.raises(ContractError, match="longer than 999 bytes"):
            transport.read("op", "/", headers={}, limit_bytes=999)


@contextmanager
def packed(text: bytes) -> Iterator[str]:
    """The address of a vendor that answers every GET with the text, packed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = gzip.compress(text)
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitedError), (503, OutcomeUnknownError)])
def test_a_wait_that_is_asked_for_pauses_every_later_request(
    transport: Transport, sinch: SandboxServer[SinchObi], status: int, kind: type[ConnectorError]
) -> None:
    """Nobody presses on while the vendor asks to wait: a request whose deadline is sooner is not sent."""
    sinch.faults.replace([Fault(kind="status", status=status, retry_after="60", match=Match(method="PUT"))])
    with pytest.raises(kind) as raised:
        transport.send("op", "PUT", CAMPAIGNS, headers={}, content=b"")
    assert raised.value.retry_after == timedelta(seconds=60)
    with pytest.raises(NoTurnError, match="not sent: sinch asks to wait") as kept_back:
        transport.send("op", "POST", CAMPAIGNS, headers={}, content=b"", not_after=time.monotonic() + 30)
    wait = kept_back.value.retry_after
    assert wait is not None
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)
    assert transport.request_count == 1


def test_what_kept_a_request_back_is_told(transport: Transport) -> None:
    """A vendor that turned slow, and a load that was stopped, are not the rate limit."""
    with pytest.raises(NoTurnError, match="not sent: it waited too long for a free connection"):
        transport.send("op", "POST", CAMPAIGNS, headers={}, content=b"", not_after=time.monotonic())
    transport.stop()
    with pytest.raises(NoTurnError, match="not sent: the load was stopped"):
        transport.send("op", "POST", CAMPAIGNS, headers={}, content=b"")
    assert transport.request_count == 0


def test_turn_that_comes_too_late_is_told_by_its_setting(sinch: SandboxServer[SinchObi]) -> None:
    """The vendor asked for nothing: it is our own rate that a person may raise."""
    transport = Transport(vendor="sinch", base_url=sinch.url, patience=QUICK, limiter=RateLimiter(0.01))
    transport.send("op", "GET", CAMPAIGNS, headers=ACCEPT)
    with pytest.raises(NoTurnError, match="not sent: its turn under requests_per_second comes too late") as kept_back:
        transport.send("op", "GET", CAMPAIGNS, headers=ACCEPT, not_after=time.monotonic() + 30)
    assert kept_back.value.retry_after is not None
    assert kept_back.value.retry_after > timedelta(seconds=90)
    transport.close()


def test_send_to_nobody_is_not_sent() -> None:
    """Where nothing listens, nothing was sent."""
    transport = Transport(vendor="sinch", base_url="http://127.0.0.1:1", patience=QUICK)
    with pytest.raises(NotSentError, match=r"^sinch op: no connection to 127\.0\.0\.1:1: nothing listens there$"):
        transport.send("op", "POST", "/x", headers={}, content=b"{}")
    transport.close()


@pytest.mark.parametrize("address", ["http://[::1", "http://", "http://127.0.0.1:99999"])
def test_send_to_no_address_is_not_sent(address: str) -> None:
    """An address that is none sends nothing, and its text is not quoted."""
    transport = Transport(vendor="sinch", base_url=address, patience=QUICK)
    with pytest.raises(NotSentError) as raised:
        transport.send("op", "POST", "/x", headers={}, content=b"{}")
    assert address not in str(raised.value)
    transport.close()


def test_stop_ends_reads_at_once(transport: Transport) -> None:
    """After `stop` no request starts, and a read is not tried again."""
    transport.stop()
    with pytest.raises(NotSentError):
        transport.read("campaigns", CAMPAIGNS, headers=ACCEPT)
    assert transport.request_count == 0


def test_a_header_that_cannot_be_sent_is_not_sent(sinch: SandboxServer[SinchObi]) -> None:
    """An API key with a letter that no header can hold is a mistake in a setting, not a defect of ours."""
    transport = Transport(vendor="sinch", base_url=sinch.url, headers={"x-api-key": "schlüssel"}, patience=QUICK)
    with pytest.raises(NotSentError):
        transport.send("op", "POST", "/x", headers={}, content=b"{}")
    transport.close()


@pytest.mark.parametrize(
    ("address", "is_trusting"),
    [("https://vendor.example", True), ("HTTPS://vendor.example", True), ("http://127.0.0.1:1", False)],
)
def test_certificates_are_verified(address: str, is_trusting: bool) -> None:
    """By the known authorities; where no address is one of TLS there is nobody to trust, and nobody is trusted."""
    transport = Transport(vendor="sinch", base_url=address, patience=QUICK)
    context = transport._wire()._pool._ssl_context
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert bool(context.cert_store_stats()["x509_ca"]) is is_trusting
    transport.close()


@pytest.mark.parametrize(
    ("base_url", "why"),
    [
        ("http://127.0.0.1:1", "127.0.0.1:1: nothing listens there"),
        ("http://leadsync.invalid/path", "leadsync.invalid: there is no such host"),
    ],
)
def test_no_connection_names_the_address_and_the_setting(base_url: str, why: str) -> None:
    """Whoever set the vendor up reads where nobody answered, and which setting says so."""
    transport = Transport(vendor="sinch", base_url=base_url, patience=QUICK)
    with pytest.raises(NotSentError) as caught:
        transport.send("op", "GET", "/", headers=ACCEPT)
    transport.close()
    told = f"vendors.sinch.base_url: sinch op: no connection to {why}; is the vendor up, and the address right?"
    assert caught.value.advice() == told


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (
            ssl.SSLCertVerificationError(1, "for sinch.example"),
            "its certificate is not trusted (ca_bundle says whose is)",
        ),
        (ssl.SSLError(1, "wrong version number"), "it speaks no TLS that we do"),
        (OSError(113, "No route to host"), "it cannot be reached"),
    ],
)
def test_no_connection_says_what_the_system_said(cause: OSError, why: str) -> None:
    """A certificate that nobody vouches for is another matter than a vendor that is down."""
    error = httpx.ConnectError("")
    error.__cause__ = cause
    mapped = map_exception(error, vendor="sinch", operation="op", is_read=True, place=PLACE)
    assert str(mapped) == f"sinch op: no connection to sinch.example:443: {why}"


@pytest.fixture
def trickle() -> Iterator[str]:
    """The address of a vendor whose answer begins at once, and goes on by one byte in a tenth of a second."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def answer() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not ended.wait(0.1):
                connection.sendall(b"x")

    thread = threading.Thread(target=answer)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    ended.set()
    thread.join(10)
    listener.close()


def test_an_answer_that_trickles_is_not_waited_for(trickle: str) -> None:
    """Else a request would outlive its lease, and its leads be sent by somebody else meanwhile."""
    transport = Transport(vendor="sinch", base_url=trickle, patience=Patience(read_timeout_s=0.5))
    with pytest.raises(OutcomeUnknownError, match="it took too long"):
        transport.send("create", "POST", "/x", headers={}, content=b"{}")
    transport.close()
