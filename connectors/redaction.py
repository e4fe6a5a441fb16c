"""Takes private data out of texts that vendors and libraries wrote.

Belongs here: what must not be seen in a log, an error, an event or a report. Does not belong here:
phone columns, which the database masks itself.
"""

from __future__ import annotations

import re

LONGEST_REASON = 300

_NUMBER = re.compile(r"\+?\d(?:[\s().\-/]{0,2}\d){5,}")
_MAIL = re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+\.[^\s@'\"<>]+")


def redact(text: str | None) -> str | None:
    """The text without numbers of six or more digits and without e-mail addresses, bounded in length."""
    if text is None:
        return None
    # Cut before and after: the search takes long on a long text, and nothing private must be cut in two.
    if len(text) > 2 * LONGEST_REASON:
        text = text[: 2 * LONGEST_REASON].rpartition(" ")[0] or text[:LONGEST_REASON]
    return redact_mail(_NUMBER.sub("<number>", text))[:LONGEST_REASON]


def redact_mail(text: str) -> str:
    """The text without e-mail addresses, for ids and names of things, in which numbers are nobody's."""
    return _MAIL.sub("<mail>", text)
