"""Who asks: the token endpoints, and the check of the `Authorization` header.

Belongs here: signatures, tokens and their end. Does not belong here: what a token opens (`app.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from typing import Any

import orjson

from sandbox.exchange import Answer, RefusedError, Request, json_answer
from sandbox.sobot.envelope import failure
from sandbox.sobot.store import Tenant

WINDOW_S = 60


def answer_token(tenant: Tenant, request: Request, *, is_agent: bool) -> Answer:
    """POST /tokens/company or /tokens/agent: a new JWT for a right signature."""
    _count_call(tenant)
    body = request.json()
    texts = ("appId", "currentTime", "sign", "responseType")
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in texts):
        raise _refused(400, "appId, currentTime, responseType and sign are required texts")
    if body["responseType"] != "token":
        raise _refused(400, "responseType must be token")
    if is_agent and not (body.get("agentId") or body.get("agentNo")):
        raise _refused(400, "agentId or agentNo is required")
    knobs = tenant.knobs
    signed = body["appId"] + body["currentTime"] + body["responseType"] + knobs.app_secret
    if body["appId"] != knobs.app_id or not hmac.compare_digest(_md5(signed), body["sign"]):
        raise _refused(401, "sign error")
    _require_recent(tenant, body["currentTime"], unit_ms=1)
    token = _new_token(tenant, is_agent=is_agent)
    life = {} if knobs.expires_in is None else {"expiresIn": knobs.expires_in}
    if knobs.token_style == "access_token":
        return json_answer({"response_type": "token", "access_token": token, **life})
    return json_answer({"accessToken": token, **life})


def answer_get_token(tenant: Tenant, request: Request) -> Answer:
    """GET /api/get_token, the 5.0 family: failures come with HTTP 200 and a `ret_code`."""
    _count_call(tenant)
    given = request.parameters()
    knobs = tenant.knobs
    signed = given.get("appid", "") + given.get("create_time", "") + knobs.app_secret
    if given.get("appid") != knobs.app_id or not hmac.compare_digest(_md5(signed), given.get("sign", "")):
        return json_answer({"ret_code": "900003", "ret_msg": "sign error"})
    _require_recent(tenant, given["create_time"], unit_ms=1000)
    token = _new_token(tenant, is_agent=False)
    item = {"token": token, "expires_in": round(knobs.token_ttl_s)}
    return json_answer({"ret_code": "000000", "ret_msg": "success", "item": item})


def require_token(tenant: Tenant, request: Request, *, is_agent_only: bool) -> None:
    """The request carries a token that is valid now.

    Raises:
        RefusedError: HTTP 401, as documented; its body is assumed.
    """
    token = _given_token(tenant, request)
    ends_at, is_agent = tenant.store.tokens.get(token, (0.0, False))
    is_wrong_scope = is_agent_only and tenant.knobs.agent_token_only and not is_agent
    if ends_at <= tenant.clock.now() or is_wrong_scope:
        raise _unauthorized(tenant)


def _given_token(tenant: Tenant, request: Request) -> str:
    header = request.header(b"authorization")
    if header.startswith("Bearer "):
        return header.removeprefix("Bearer ")
    if header and tenant.knobs.bare_token:
        return header
    return request.header(b"token") if tenant.knobs.accept_get_token else ""


def _count_call(tenant: Tenant) -> None:
    now = tenant.clock.now()
    store = tenant.store
    store.token_calls = [at for at in store.token_calls if at > now - WINDOW_S]
    if len(store.token_calls) >= tenant.knobs.token_calls_per_minute:
        raise _refused(429, "too many token calls")
    store.token_calls.append(now)


def _require_recent(tenant: Tenant, moment: str, *, unit_ms: int) -> None:
    # By the wall clock: a test that lets the double's time pass does not move the client's.
    now_ms = 1000 * (time.time() + tenant.knobs.clock_skew_s)
    if not moment.isdigit() or abs(int(moment) * unit_ms - now_ms) > 1000 * tenant.knobs.token_window_s:
        raise _refused(400, "currentTime is not now")


def _new_token(tenant: Tenant, *, is_agent: bool) -> str:
    now_ms = tenant.now_ms()
    ttl_s = tenant.knobs.token_ttl_s
    claims = {"iss": "sobot", "realm": "console", "iat": now_ms, "exp": now_ms + round(1000 * ttl_s)}
    token = _jwt({**claims, "jti": secrets.token_hex(8)}, tenant.knobs.app_secret)
    if tenant.knobs.single_token:
        tenant.store.tokens.clear()
    tenant.store.tokens[token] = (tenant.clock.now() + ttl_s, is_agent)
    return token


def _jwt(claims: dict[str, Any], secret: str) -> str:
    head = f"{_base64(orjson.dumps({'alg': 'HS256', 'typ': 'JWT'}))}.{_base64(orjson.dumps(claims))}"
    return f"{head}.{_base64(hmac.digest(secret.encode(), head.encode(), 'sha256'))}"


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _refused(status: int, text: str) -> RefusedError:
    # Assumed: the vendor documents no refusal of a token call.
    return RefusedError(json_answer({"code": status, "message": text}, status))


def _unauthorized(tenant: Tenant) -> RefusedError:
    body = failure(tenant.knobs, 401, "token is missing, wrong or expired")
    return RefusedError(Answer(401, body.content_type, body.body))
