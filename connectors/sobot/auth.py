"""How a client logs in to Sobot: one token per credential, renewed at half its life and when it is refused.

Belongs here: signatures, the token calls, the token's life. Does not belong here: what a token opens
(`wire.py`). Source: vendors.md, 1(a).
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import httpx
import orjson

from connectors.errors import AuthenticationError, ConnectorError, NotSentError, RejectedError
from connectors.redaction import shown_code
from connectors.transport import Transport

log = logging.getLogger(__name__)

AuthMode = Literal["company_jwt", "get_token"]
TokenScope = Literal["company", "agent"]

VENDOR = "sobot"
ADDRESS_SETTING = "vendors.sobot.token_host"
LOGIN_SETTINGS = "vendors.sobot.app_id, app_secret"
RESPONSE_TYPE = "token"
SUCCESS_CODES = frozenset({"0", "200", "000000"})
# 5.0 family: wrong signature, no configuration of the company, edition without an API.
CREDENTIAL_CODES = frozenset({"401", "403", "900003", "900004", "700046"})
LATEST_BEFORE_END_S = 300.0
SHORTEST_LIFE_S = 1.0
LONGEST_RETRY_S = 600.0
LONGEST_TOKEN_BYTES = 100_000
# Of a text: more digits than any clock shows are no number of seconds, and Python counts no further than 4300.
_MOMENT = re.compile(r"\d{1,18}", re.ASCII)
# A request that a renewal held up for longer may no longer be ours to send again.
REPLAY_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """Who asks for a token, where, and how. The secret is in no repr."""

    app_id: str
    app_secret: str
    mode: AuthMode = "company_jwt"
    scope: TokenScope = "company"
    agent: str = ""
    agent_type: int = 1

    @property
    def operation(self) -> str:
        """The name of the token call, for errors and logs."""
        return "get_token" if self.mode == "get_token" else f"{self.scope}_token"


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A token and its life, in seconds of the provider's clock."""

    value: str
    renew_at: float
    ends_at: float


def sign(app_id: str, moment: str, app_secret: str, *, response_type: str = RESPONSE_TYPE) -> str:
    """The signature of a call to `/tokens/…`; `moment` is the identical text that is sent, in milliseconds."""
    return _md5(app_id + moment + response_type + app_secret)


def sign_get_token(app_id: str, moment: str, app_key: str) -> str:
    """The signature of a call to `/api/get_token`; `moment` in seconds."""
    return _md5(app_id + moment + app_key)


class TokenProvider:
    """The one token of a credential, for every thread and gateway that shares this object.

    A failed call is not repeated before `retry_s` (doubling) is over, or what the vendor asks for; until then a token
    that still lives is used, and without one every caller is told at once, with what is left of the wait. Each call
    opens a transport of its own: there are two a day.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        open_transport: Callable[[], Transport],
        ttl_fallback_s: float = 86_400,
        renew_fraction: float = 0.5,
        retry_s: float = 30,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._credential = credential
        self._open_transport = open_transport
        self._ttl_fallback_s = ttl_fallback_s
        self._renew_fraction = renew_fraction
        self._retry_s = retry_s
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._held: Token | None = None
        self._failure: ConnectorError | None = None
        self._failure_count = 0
        self._is_reached = True
        self._retry_at = 0.0
        self._renewed_at = float("-inf")

    def token(self) -> str:
        """A token that is not past its renewal; one caller fetches it, all others wait for that one.

        Raises:
            AuthenticationError: the vendor refuses the credentials.
            NotSentError: no token could be had; what was to be sent was not.
        """
        with self._lock:
            held = self._held
            if held is None or self._clock() >= held.renew_at:
                held = self._held = self._next(held)
            return held.value

    def renewed(self, refused: str) -> str:
        """Another token than the refused one; fetched only if no other caller did so meanwhile.

        Raises:
            AuthenticationError: a token that was renewed a moment ago is refused too, or the credentials are.
            NotSentError: no token could be had.
        """
        with self._lock:
            if self._held is not None and self._held.value != refused:
                return self._held.value
            if self._clock() < self._renewed_at + self._retry_s:
                raise self._error(AuthenticationError, "a token that was renewed a moment ago is refused")
            self._held = None
            self._held = renewed = self._next(None)
            self._renewed_at = self._clock()
            return renewed.value

    def header(self, token: str, prefix: str) -> tuple[str, str]:
        """The header that carries the token."""
        if self._credential.mode == "get_token":
            return ("token", token)
        return ("Authorization", prefix + token)

    def _next(self, held: Token | None) -> Token:
        """A new token; the held one where none can be had and it still lives."""
        living = held if held is not None and self._clock() < held.ends_at else None
        if self._failure is not None and self._clock() < self._retry_at:
            if living is not None:
                return living
            text = "no token; the last call for one failed a moment ago"
            raise self._error(type(self._failure), text, status=self._failure.status, retry_after=self._wait())
        try:
            token = self._fetch()
        except (AuthenticationError, NotSentError) as error:
            self._note_failure(error)
            if living is None:
                error.retry_after = self._wait()
                raise
            log.warning("vendor=%s operation=%s no new token, the old one lives on", VENDOR, error.operation)
            return living
        self._failure, self._failure_count = None, 0
        return token

    def _note_failure(self, error: ConnectorError) -> None:
        self._failure = error
        wait_s = min(self._retry_s * 2 ** min(self._failure_count, 20), max(LONGEST_RETRY_S, self._retry_s))
        asked_s = error.retry_after.total_seconds() if error.retry_after else 0.0
        self._failure_count += 1
        self._retry_at = self._clock() + max(wait_s, asked_s)

    def _wait(self) -> timedelta | None:
        """What is left until the next call; None where the host was not reached: its address may be wrong."""
        return timedelta(seconds=self._retry_at - self._clock()) if self._is_reached else None

    def _fetch(self) -> Token:
        transport, self._is_reached = self._open_transport(), True
        try:
            answer = self._call(transport)
        except RejectedError as error:
            raise self._refused(status=error.status) from None
        except ConnectorError as error:
            why = "" if error.status is not None else f": {error.text}"
            text, wait = f"no token{why}", error.retry_after
            self._is_reached = not isinstance(error, NotSentError)
            raise self._error(NotSentError, text, status=error.status, retry_after=wait) from None
        finally:
            transport.close()
        return self._read(answer)

    def _call(self, transport: Transport) -> bytes:
        operation, moment = self._credential.operation, self._wall_clock()
        headers = {"Accept": "application/json", "Content-Type": "application/json;charset=utf-8"}
        if self._credential.mode == "get_token":
            return transport.send(
                operation, "GET", "/api/get_token", params=self._query(moment), headers=headers,
                limit_bytes=LONGEST_TOKEN_BYTES,
            ).body  # fmt: skip
        path = f"/tokens/{self._credential.scope}"
        return transport.send(
            operation, "POST", path, headers=headers, content=orjson.dumps(self._body(moment)),
            limit_bytes=LONGEST_TOKEN_BYTES,
        ).body  # fmt: skip

    def _body(self, moment: float) -> dict[str, str]:
        credential = self._credential
        text = str(round(1000 * moment))
        body = {
            "responseType": RESPONSE_TYPE,
            "appId": credential.app_id,
            "currentTime": text,
            "sign": sign(credential.app_id, text, credential.app_secret),
        }
        if credential.scope == "agent":
            body["agentId" if credential.agent_type == 1 else "agentNo"] = credential.agent
        return body

    def _query(self, moment: float) -> list[tuple[str, str]]:
        text = str(round(moment))
        signature = sign_get_token(self._credential.app_id, text, self._credential.app_secret)
        return [("appid", self._credential.app_id), ("create_time", text), ("sign", signature)]

    def _read(self, body: bytes) -> Token:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise self._error(NotSentError, "the answer to the token call is not JSON") from None
        codes = {str(answer[key]) for key in ("code", "retCode", "ret_code") if _has(answer, key)}
        if codes & CREDENTIAL_CODES:
            raise self._refused(f": {shown_code(min(codes & CREDENTIAL_CODES))}")
        value = find_token(answer)
        if value is None or codes - SUCCESS_CODES:
            raise self._error(NotSentError, "the answer to the token call holds no token")
        return self._dated(value, lifetime_s(answer, value, now_s=self._wall_clock()) or self._ttl_fallback_s)

    def _dated(self, value: str, life_s: float) -> Token:
        now = self._clock()
        renew_in_s = min(self._renew_fraction * life_s, life_s - min(LATEST_BEFORE_END_S, life_s / 2))
        return Token(value, renew_at=now + renew_in_s, ends_at=now + life_s)

    def _refused(self, why: str = "", *, status: int | None = None) -> ConnectorError:
        text = f"the token call was refused{why}; see {LOGIN_SETTINGS}"
        return self._error(AuthenticationError, text, status=status)

    def _error(
        self,
        kind: type[ConnectorError],
        text: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> ConnectorError:
        return kind(
            f"{text} (HTTP {status})" if status is not None else text,
            vendor=VENDOR,
            operation=self._credential.operation,
            status=status,
            setting=ADDRESS_SETTING,
            retry_after=retry_after,
        )


class TokenAuth(httpx.Auth):
    """Sends the shared token, and once more with a renewed one after a 401: such a request was not processed."""

    def __init__(
        self, provider: TokenProvider, *, prefix: str = "Bearer ", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.provider = provider
        self._prefix = prefix
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its token, and its only repetition."""
        started = self._clock()
        token = self.provider.token()
        response = yield self._signed(request, token)
        if response.status_code != 401:
            return
        token = self.provider.renewed(token)
        if self._clock() > started + REPLAY_WITHIN_S:
            raise NotSentError("refused for its token, and renewed too late", vendor=VENDOR, operation="renew_token")
        yield self._signed(request, token)

    def _signed(self, request: httpx.Request, token: str) -> httpx.Request:
        name, value = self.provider.header(token, self._prefix)
        request.headers[name] = value
        return request


def find_token(answer: Any) -> str | None:
    """The token, wherever one of the documented answers has it."""
    for path in (
        ("accessToken",),
        ("access_token",),
        ("data", "accessToken"),
        ("content", "accessToken"),
        ("token",),
        ("item", "token"),
    ):
        value = _at(answer, path)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def lifetime_s(answer: Any, token: str, *, now_s: float) -> float | None:
    """How long the token lives: by the answer, else by the JWT itself, where `exp` may be in milliseconds.

    A JWT that says when it was issued needs no clock of ours; a life that is over already counts as unknown.
    """
    for path in (("expiresIn",), ("expires_in",), ("data", "expiresIn"), ("item", "expires_in"), ("item", "expire_in")):
        seconds = _seconds(_at(answer, path))
        if seconds is not None and seconds >= SHORTEST_LIFE_S:
            return seconds
    claims = _claims(token)
    ends_at, issued_at = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    if ends_at is None:
        return None
    life_s = ends_at - (now_s if issued_at is None else issued_at)
    return life_s if life_s >= SHORTEST_LIFE_S else None


def _claims(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:  # no base64, or no JSON
        return {}
    return claims if isinstance(claims, dict) else {}


def _seconds(value: Any) -> float | None:
    if isinstance(value, str) and _MOMENT.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value / 1000 if value > 1e11 else float(value)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _has(answer: Any, key: str) -> bool:
    return isinstance(answer, dict) and answer.get(key) is not None


def _md5(text: str) -> str:
    # The vendor asks for MD5; it protects nothing here but the vendor's own check.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
