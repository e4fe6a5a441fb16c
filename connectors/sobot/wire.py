"""What all of Sobot's operations share: hosts, headers, the token, the envelope and what its codes mean.

Belongs here: from an operation's path and body to the `data` of its answer, or an error of our tree. Does not
belong here: single operations (`client.py`), errors of the socket (`connectors/transport.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar
from uuid import uuid4

import orjson
from pydantic import TypeAdapter

from connectors.contract import read_json, read_shape
from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TooLargeError,
    UnavailableError,
)
from connectors.patience import LONGEST_WAIT, Patience, RateLimiter, parse_retry_after
from connectors.redaction import shown_code
from connectors.sobot.auth import VENDOR, TokenProvider
from connectors.sobot.models import Page
from connectors.transport import Reply, Transport

T = TypeVar("T")
Method = Literal["GET", "POST", "PUT", "DELETE"]

SUCCESS, RATE_LIMITED = "200", "429"
RET_SUCCESS = frozenset({"", "000000"})
MOST_PAGES = 10_000
_VENDOR_IN_TROUBLE = re.compile(r"5\d\d|999999")  # 999999: «unknown error»
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,20}")
_REFUSALS: Mapping[str, type[RejectedError]] = {
    "400": InvalidRequestError,
    "403": ForbiddenError,
    "404": NotFoundError,
    "409": ConflictError,
    "413": TooLargeError,
    "422": InvalidRequestError,
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `module` is the document's name of the vendor's module, `path` what follows it.

    `keyed`: it carries an Idempotency-Key; without one of its own it gets a new one each time. Questions have none of
    their own: a server that stores answers by key would tell the first answer for ever. A question without `retry` is
    asked once: whoever asks knows when to ask again.
    """

    operation: str
    method: Method
    module: str
    path: str
    body: Any = None
    query: Sequence[tuple[str, str]] = ()
    has_time_zone: bool = True
    has_language: bool = False
    keyed: bool = False
    idempotency_key: str | None = None
    not_after: float = float("inf")
    retry: bool = True


class SobotWire:
    """Sends calls to the host of their module and judges the envelopes that come back."""

    def __init__(
        self,
        transports: Mapping[str, Transport],
        tokens: TokenProvider,
        *,
        product_prefix: str = "/callservice/v6",
        module_prefix: str = "cc-",
        timezone_id: str = "Asia/Singapore",
        language: str = "en",
        auth_error_codes: Sequence[str] = ("401", "900001", "900002"),
        patience: Patience = Patience(),
        limiter: RateLimiter | None = None,
    ) -> None:
        """`transports` by module, as the document names them; `default` serves all others."""
        self._transports = transports
        self._tokens = tokens
        self._prefix = f"{product_prefix.rstrip('/')}/{module_prefix}"
        self._timezone_id = timezone_id
        self._language = language
        self._auth_codes = frozenset(auth_error_codes)
        self._patience = patience
        self._limiter = limiter or RateLimiter(None)

    def read(self, call: Call, shape: TypeAdapter[T]) -> T:
        """The `data` of an answer to a request that changes nothing; a body that says «later» is asked again."""
        for attempt in range(1, self._patience.max_attempts + 1):
            reply = self._with_token(call, is_read=True)
            try:
                return self._data(call, reply, shape, is_read=True)
            except (UnavailableError, RateLimitedError):  # a body says so; HTTP's own were tried again before
                if attempt == self._patience.max_attempts or self._limiter.is_stopped or not call.retry:
                    raise
            self._limiter.pause(self._patience.backoff(attempt))
        raise AssertionError("unreachable")

    def write(self, call: Call, shape: TypeAdapter[T]) -> T:
        """The `data` of the answer to a request that was sent once.

        Raises:
            OutcomeUnknownError: no answer was seen, or one that does not say whether anything was done.
        """
        reply = self._with_token(call, is_read=False)
        return self._data(call, reply, shape, is_read=False)

    def pages(self, call: Call, shape: TypeAdapter[Page[T]], *, page_size: int) -> Iterator[T]:
        """The rows of all pages. The end is the announced number of rows or pages, or an empty page.

        Raises:
            ContractError: the same rows came for two pages, or there is no end.
        """
        seen, before = 0, None
        for number in range(1, MOST_PAGES + 1):
            body = {**(call.body or {}), "currPage": number, "pageSize": page_size}
            page = self.read(replace(call, body=body), shape)
            if page.rows and page.rows == before:
                raise self._error(ContractError, call, f"page {number} repeats the page before it")
            yield from page.rows
            seen, before = seen + len(page.rows), page.rows
            if not page.rows or _is_last(page, number=number, seen=seen, page_size=page_size):
                return
        raise self._error(ContractError, call, f"more than {MOST_PAGES} pages")

    @property
    def request_count(self) -> int:
        """How many requests were sent so far, without those for tokens."""
        return sum(transport.request_count for transport in set(self._transports.values()))

    def stop(self) -> None:
        """No further request starts."""
        self._limiter.stop()

    def close(self) -> None:
        """All connections are closed."""
        for transport in set(self._transports.values()):
            transport.close()

    def _with_token(self, call: Call, *, is_read: bool) -> Reply:
        """The answer; a body that complains of the token is asked for once more, with a renewed one."""
        # Before the request waits for its turn: the time that a token call takes must not count against `not_after`.
        token = self._token(is_patient=is_read and call.retry)
        reply = self._exchange(call, is_read=is_read)
        if not self._is_about_token(reply):
            return reply
        self._tokens.renewed(token)
        reply = self._exchange(call, is_read=is_read)
        if self._is_about_token(reply):
            raise self._error(AuthenticationError, call, "the token is refused, a renewed one too", reply)
        return reply

    def _token(self, *, is_patient: bool) -> str:
        """A token; where one may be asked for again within two minutes, a patient caller waits for that."""
        for attempt in range(1, self._patience.max_attempts + 1):
            try:
                return self._tokens.token()
            except NotSentError as error:
                wait = error.retry_after
                is_last = not is_patient or attempt == self._patience.max_attempts
                if is_last or wait is None or wait > LONGEST_WAIT:
                    raise
                self._limiter.pause(wait.total_seconds())
                if not self._limiter.wait():
                    raise
        raise AssertionError("unreachable")

    def _exchange(self, call: Call, *, is_read: bool) -> Reply:
        transport = self._transports.get(call.module) or self._transports["default"]
        path = f"{self._prefix}{call.module.removeprefix('cc-')}{call.path}"
        content = None if call.body is None else orjson.dumps(call.body)
        headers = self._headers(call)
        if is_read and call.retry:
            return transport.read(
                call.operation, path, method=call.method, params=call.query, headers=headers, content=content
            )
        return transport.send(
            call.operation, call.method, path, params=call.query, headers=headers, content=content,
            not_after=call.not_after, is_read=is_read,
        )  # fmt: skip

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if call.body is not None:
            headers["Content-Type"] = "application/json;charset=utf-8"
        if call.has_time_zone:
            headers["timezoneid"] = self._timezone_id
        if call.has_language:
            headers["language"] = self._language
        if call.keyed:
            headers["Idempotency-Key"] = call.idempotency_key or str(uuid4())
        return headers

    def _is_about_token(self, reply: Reply) -> bool:
        try:
            envelope = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            return False
        return isinstance(envelope, dict) and not self._auth_codes.isdisjoint(_codes(envelope))

    def _data(self, call: Call, reply: Reply, shape: TypeAdapter[T], *, is_read: bool) -> T:
        envelope = read_json(reply, vendor=VENDOR, operation=call.operation, is_read=is_read)
        if not isinstance(envelope, dict):
            kind = ContractError if is_read else OutcomeUnknownError
            raise self._error(kind, call, "$: an object was expected", reply)
        if not _is_success(envelope):
            raise self._refusal(call, reply, _codes(envelope), is_read=is_read)
        return read_shape(
            envelope.get("data"), shape, reply, vendor=VENDOR, operation=call.operation, is_read=is_read, path="$.data"
        )

    def _refusal(self, call: Call, reply: Reply, codes: Sequence[str], *, is_read: bool) -> ConnectorError:
        """What a body that says that it failed lets us conclude; one that we cannot read concludes nothing."""
        told = " / ".join(shown_code(code) for code in codes if _CODE.fullmatch(code))
        text = f"the answer's code is {told or 'missing'}"
        if RATE_LIMITED in codes:
            return self._rate_limited(call, text, reply)
        known = next((code for code in codes if code in _REFUSALS), None)
        if known is not None:
            return self._error(_REFUSALS[known], call, text, reply)
        if not is_read:
            return self._error(OutcomeUnknownError, call, text, reply)
        if not codes:
            return self._error(ContractError, call, "$.code: missing", reply)
        is_broken = any(_VENDOR_IN_TROUBLE.fullmatch(code) for code in codes)
        return self._error(UnavailableError if is_broken else RejectedError, call, text, reply)

    def _rate_limited(self, call: Call, text: str, reply: Reply) -> RateLimitedError:
        wait = parse_retry_after(reply.headers.get("retry-after"))
        self._limiter.pause(wait.total_seconds() if wait is not None else self._patience.backoff(1))
        return RateLimitedError(text, vendor=VENDOR, operation=call.operation, status=reply.status, retry_after=wait)

    def _error(self, kind: type[ConnectorError], call: Call, text: str, reply: Reply | None = None) -> ConnectorError:
        return kind(text, vendor=VENDOR, operation=call.operation, status=reply.status if reply else None)


def _codes(envelope: Mapping[str, Any]) -> list[str]:
    """The codes of an envelope, as texts; `ret_code` is how the vendor's older interface says it."""
    values = (envelope.get(key) for key in ("code", "retCode", "ret_code"))
    return [str(value).strip() for value in values if value is not None]


def _is_success(envelope: Mapping[str, Any]) -> bool:
    ret_code = envelope.get("retCode", envelope.get("ret_code"))
    is_fine = ret_code is None or str(ret_code).strip() in RET_SUCCESS
    return str(envelope.get("code")).strip() == SUCCESS and is_fine


def _is_last(page: Page[Any], *, number: int, seen: int, page_size: int) -> bool:
    if page.total is not None:
        return seen >= page.total
    if page.page_count is not None:
        return number >= page.page_count
    return len(page.rows) < page_size
