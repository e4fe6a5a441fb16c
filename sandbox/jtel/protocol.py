"""The portal's rules that hold before any campaign is looked at, and the forms of its answers.

Belongs here: token, body, page object, refusals. Does not belong here: rules about campaigns and contacts.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any

from sandbox.exchange import Answer, RefusedError, Request, json_answer
from sandbox.jtel.knobs import JtelKnobs


def refusal(status: int) -> RefusedError:
    """The refusal, with the body that repeats the status (assumed)."""
    return RefusedError(json_answer({"status": status}, status))


def require_token(request: Request, token: str) -> None:
    """The client sent the token that is good now.

    Raises:
        RefusedError: 401, when it is another one or none.
    """
    given = request.header(b"authorization")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise refusal(401)


def json_object(request: Request) -> dict[str, Any]:
    """The body, which is documented to be sent as JSON.

    Raises:
        RefusedError: 415 or 400 (both assumed).
    """
    if request.header(b"content-type").split(";")[0].strip().lower() != "application/json":
        raise refusal(415)
    value = request.json()
    if not isinstance(value, dict):
        raise refusal(400)
    return value


def whole_number(text: str) -> int:
    """The number in a path or parameter.

    Raises:
        RefusedError: 400 (assumed), when it is none.
    """
    if not text.isascii() or not text.isdigit():
        raise refusal(400)
    return int(text)


def done(knobs: JtelKnobs) -> Answer:
    """It was done, and there is nothing to show."""
    return json_answer({} if knobs.omits_status else {"status": 200})


def some_records(records: Sequence[dict[str, Any]], knobs: JtelKnobs) -> Answer:
    """The short page, whose `count` is documented as 1; 404 or an empty page when there are none."""
    if not records and knobs.not_found == "404":
        raise refusal(404)
    page: dict[str, Any] = {"records": list(records), "count": min(1, len(records))}
    return json_answer(page if knobs.omits_status else {**page, "status": 200})


def all_records(records: Sequence[dict[str, Any]], knobs: JtelKnobs, *, order_by: str) -> Answer:
    """The whole page object, with the constants of the document."""
    size = -1 if knobs.page_size is None else knobs.page_size
    shown = list(records) if size < 0 else list(records)[:size]
    page: dict[str, Any] = {
        "filter": "",
        "limitStart": 0,
        "limitPageSize": size,
        "records": shown,
        "count": len(shown),
        "orderBy": order_by,
        "ascending": True,
    }
    return json_answer(page if knobs.omits_status else {**page, "status": 200})
