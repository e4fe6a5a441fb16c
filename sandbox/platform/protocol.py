"""The Platform's rules that hold for every operation: who asks, refusals, times and links.

Belongs here: credentials, error bodies, timestamps, the dialects of links. Does not belong here: rules about
leads (`leads.py`, `bulk.py`). The error bodies are assumed: the vendor's document shows none.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sandbox.exchange import Answer, RefusedError, Request, json_answer, no_content
from sandbox.platform.knobs import PlatformKnobs

TENANT_ZONE = timezone(timedelta(hours=10))
ELSEWHERE = "https://elsewhere.invalid"


def refusal(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> RefusedError:
    """The operation ends with that status; the form of the body is assumed."""
    answer = json_answer({"code": status, "message": text}, status)
    return RefusedError(Answer(status, answer.content_type, answer.body, headers))


def changed_answer(lead_id: int, knobs: PlatformKnobs) -> Answer:
    """The lead was changed or deleted; the document shows no answer, so every form of it is assumed."""
    match knobs.change_answer:
        case "204":
            return no_content()
        case "empty":
            return Answer(200)
        case "object":
            return json_answer({"leadId": lead_id})


def require_token(request: Request, knobs: PlatformKnobs) -> None:
    """The client shows the token in the form that the knobs ask for.

    Raises:
        RefusedError: 401, when it does not.
    """
    expected = f"Bearer {knobs.token}" if knobs.auth_scheme == "bearer" else knobs.token
    given = request.header(knobs.auth_header.lower().encode())
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise refusal(401, "Unauthorized")


def number(text: str, name: str) -> int:
    """The whole number that a path or a query holds.

    Raises:
        RefusedError: 400, when it is none; an empty value and `null` are none (assumed).
    """
    if not (text.isascii() and text.isdigit()):
        raise refusal(400, f"{name} must be an integer")
    return int(text)


def moment(text: str, name: str) -> float:
    """Seconds since 1970 of a timestamp with an offset, in any of the three documented dialects.

    Raises:
        RefusedError: 400, when it is no such timestamp.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise refusal(400, f"{name} must be a timestamp") from None
    if at.tzinfo is None:
        raise refusal(400, f"{name} must have an offset")
    return at.timestamp()


def timestamp(at: float | None, knobs: PlatformKnobs) -> str | None:
    """The moment in the tenant's zone, in the dialect of the knobs."""
    if at is None:
        return None
    text = datetime.fromtimestamp(at, UTC).astimezone(TENANT_ZONE).isoformat(timespec="seconds")
    return text if knobs.timestamps == "colon" else text[:-3] + text[-2:]


def link(request: Request, base_path: str, path: str, knobs: PlatformKnobs) -> str:
    """The path as the vendor writes links: without the prefix in one place, with it in another."""
    match knobs.links:
        case "short":
            return f"/{base_path.rstrip('/').rpartition('/')[2]}{path}"
        case "long":
            return base_path + path
        case "absolute":
            return f"http://{request.header(b'host')}{base_path}{path}"
        case "elsewhere":
            return ELSEWHERE + base_path + path


def last_link(name: str, knobs: PlatformKnobs) -> dict[str, Any]:
    """What the link of the last page is."""
    match knobs.last_page:
        case "absent":
            return {}
        case "null":
            return {name: None}
        case "empty":
            return {name: ""}
