"""Answers of Sinch that hold no rows: what an id is, and what says that a write was done.

Belongs here: what OBI and RCI have in common. Does not belong here: objects and lists (`models.py`, `rci_models.py`).
"""

from __future__ import annotations

import re

from connectors.sinch.models import normalise_id
from connectors.transport import Reply

_ID32 = re.compile(r"[0-9A-F]{32}")
_DONE = frozenset({200, 201, 202, 204})


def is_done(reply: Reply) -> bool:
    """Whether a PUT or DELETE was answered: the documents disagree on status and body; a page of HTML is no answer."""
    return reply.status in _DONE and not reply.body.lstrip().startswith(b"<")


def created_id(reply: Reply) -> str | None:
    """The id of the body, or else the last part of `Location`, as id32; None if neither is one."""
    told = reply.body.decode("utf-8", "replace").strip()
    found = normalise_id(told or reply.headers.get("location", "").rstrip("/").rpartition("/")[2])
    return found if _ID32.fullmatch(found) else None
