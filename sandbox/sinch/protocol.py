"""OBI's rules that hold before any campaign is looked at: who asks, and in which media type.

Belongs here: credentials, content negotiation, ids, and the texts of the refusals.
Does not belong here: rules about campaigns and customers.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode

from sandbox.exchange import Answer, RefusedError, Request, plain_text
from sandbox.sinch.knobs import SinchKnobs

ID32 = re.compile(r"[0-9A-Fa-f]{32}")
ID36 = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def not_found() -> RefusedError:
    """404, in the vendor's words."""
    return RefusedError(plain_text(404, "HTTP 404 Not Found"))


def bad_request(text: str) -> RefusedError:
    """400 for the whole request."""
    return RefusedError(plain_text(400, text))


def normal_id(raw: str) -> str:
    """The id as OBI writes it: 32 upper-case hexadecimal digits.

    Raises:
        RefusedError: 400, when it is neither id32 nor id36.
    """
    if ID32.fullmatch(raw) or ID36.fullmatch(raw):
        return raw.replace("-", "").upper()
    raise bad_request(f"Invalid GUID: '{raw}'")


def require_accept(request: Request, media_type: str) -> None:
    """The client takes that type; a client that names no type takes all.

    Raises:
        RefusedError: 406, when it does not.
    """
    accepted = {part.split(";")[0].strip() for part in request.header(b"accept").lower().split(",")}
    family = media_type.split("/")[0] + "/*"
    if not accepted & {media_type, family, "*/*", ""}:
        raise RefusedError(plain_text(406, "HTTP 406 Not Acceptable"))


def require_content_type(request: Request, media_type: str) -> None:
    """The body is of that type.

    Raises:
        RefusedError: 415, when it is not.
    """
    if request.header(b"content-type").split(";")[0].strip().lower() != media_type:
        raise RefusedError(plain_text(415, "HTTP 415 Unsupported Media Type"))


def require_credentials(request: Request, knobs: SinchKnobs) -> None:
    """The client is the configured API user. The gateway's key is looked at before the login.

    Raises:
        RefusedError: 403 for a bad or missing key, 401 for a bad or missing login.
    """
    if knobs.require_auth == "none":
        return
    if knobs.require_auth == "basic+key" and not _same(
        request.header(knobs.api_key_header.lower().encode()), knobs.api_key
    ):
        raise RefusedError(plain_text(403, "HTTP 403 Forbidden"))
    login = b64encode(f"{knobs.username}:{knobs.password}".encode()).decode()
    if not _same(request.header(b"authorization"), f"Basic {login}"):
        raise RefusedError(_unauthorized())


def _unauthorized() -> Answer:
    challenge = (("www-authenticate", 'Basic realm="OBI"'),)
    return plain_text(401, "HTTP 401 Unauthorized", challenge)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
