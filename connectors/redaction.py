"""Takes private data out of texts that vendors and libraries wrote.

Belongs here: what must not be seen in a log, an error, an event or a report. Does not belong here:
phone columns, which the database masks itself.
"""

from __future__ import annotations

import re

LONGEST_REASON = 300

_NUMBER = re.compile(r"\+?\d(?:[\s().\-/]{0,2}\d){5,}")
# Digits that are nobody's number, where nothing else stands in one run with them: an address of a machine, a date with
# or without the hour of its time. Of this century: an older date in a vendor's words is somebody's birthday.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_ADDRESS = rf"(?<!\.){_OCTET}(?:\.{_OCTET}){{3}}"
_DATE = r"20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?: (?:[01]\d|2[0-3])(?=:))?"
_HARMLESS = re.compile(f"{_ADDRESS}|{_DATE}", re.ASCII)
# Ids of things, such as Sinch's campaigns and the Platform's jobs: with a letter in it, nobody writes a number so.
_ID = re.compile(r"(?<![\w+])(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})(?!\w)")
_SHORT_CODE = re.compile(r"[0-9]{6}")
# As `shown_code` writes it; nothing that would be a part of a longer number.
_SHOWN_CODE = re.compile(r"\[code [0-9]{6}\]")
_KEPT = re.compile(f"{_ID.pattern}|{_SHOWN_CODE.pattern}")
_MAIL = re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+\.[^\s@'\"<>]+")


def redact(text: str | None) -> str | None:
    """The text without numbers of six or more digits and without e-mail addresses, bounded in length.

    An id of 32 hexadecimal digits, also as a GUID, stays whole; so do a code that `shown_code` wrote, and an IPv4
    address and an ISO date that stand alone.
    """
    if text is None:
        return None
    # Cut before and after: the search takes long on a long text, and nothing private must be cut in two.
    if len(text) > 2 * LONGEST_REASON:
        text = text[: 2 * LONGEST_REASON].rpartition(" ")[0] or text[:LONGEST_REASON]
    return redact_mail(_without_numbers(text))[:LONGEST_REASON]


def shown_code(code: str) -> str:
    """A vendor's own code of an error, in a form that `redact` leaves if it has six digits, and may be looked up."""
    return f"[code {code}]" if _SHORT_CODE.fullmatch(code) else code


def _without_numbers(text: str) -> str:
    """The text without numbers; ids and codes stay, and no number reaches from before one into it."""
    parts, begins_at = [], 0
    for found in _KEPT.finditer(text):
        if any(letter.isalpha() for letter in found[0]):
            parts += [_NUMBER.sub(_masked, text[begins_at : found.start()]), found[0]]
            begins_at = found.end()
    return "".join([*parts, _NUMBER.sub(_masked, text[begins_at:])])


def _masked(found: re.Match[str]) -> str:
    """What is shown of a run of digits: all of it where it is harmless as a whole."""
    harmless = _HARMLESS.match(found.string, found.start())
    return found[0] if harmless and harmless.end() == found.end() else "<number>"


def redact_mail(text: str) -> str:
    """The text without e-mail addresses, for ids and names of things, in which numbers are nobody's."""
    return _MAIL.sub("<mail>", text)
