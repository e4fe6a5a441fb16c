"""The fields of a jtel contact: which may be imported, and how long each may be.

Belongs here: names, lengths by release, and fitting values into them. Does not belong here: where values
come from (`gateway.py`) and the shapes of answers (`models.py`).

Source: vendors.md, 4(b) «Leads».
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

Release = tuple[int, ...]
"""A release of the portal, such as (3, 39); () where it is not known, which is older than any."""

DATES_SINCE: Release = (3, 39)
WIDER_SINCE: Release = (3, 19)

PHONES = tuple(f"PhoneNumber{number}" for number in range(1, 7))
USER_DATA_LIMIT = 64
NAME_LIMIT = 64

# The public list of importable fields, then those of the CSV scheme and of reads: that the import takes these
# too is assumed.
DOCUMENTED = frozenset(
    {
        *("Name", "FirstName", "Salutation", "Title", "Company", "Address", "PostalCode", "City", "Country"),
        *("Client", "Service", "ReferenceNumber", "RandomSortOrder", "Amount"),
        *("AccountOwner", "AccountBank", "AccountNationalBankCode", "AccountBIC", "AccountNumber", "AccountIBAN"),
    }
)
ASSUMED = frozenset(
    {"Comment", "Email", "ExternalSystemLink", "FaxNumber", "Model", "ReservedUsersUID", "Tag", "Website"}
)
MAPPABLE = DOCUMENTED | ASSUMED
FILLED_BY_US = frozenset({"UserData", "DiallerCampaignsID", "DiallerCampaignsName", *PHONES})
NUMBERS = frozenset({"Amount", "RandomSortOrder"})

# Cut, these say something else: they are left out instead.
_WHOLE_OR_NOT = frozenset({"Email", "Website", "AccountBIC", "AccountIBAN", "FaxNumber"})

_GREW = ("Name", "FirstName", "Client", "Service", "ReferenceNumber", "Company", "Address", "City", "Country")
_FIXED = {
    "UserData": USER_DATA_LIMIT,
    "DiallerCampaignsName": NAME_LIMIT,
    "Salutation": 16,
    "Title": 16,
    "PostalCode": 10,
    "FaxNumber": 32,
    "Website": 64,
    "AccountBIC": 11,
    "AccountIBAN": 34,
    **dict.fromkeys(PHONES, 32),
}


def parse_release(text: str | None) -> Release:
    """The release as numbers, so that 3.9 is older than 3.39.

    Raises:
        ValueError: it is no release.
    """
    if text is None:
        return ()
    if not re.fullmatch(r"\d+(\.\d+)*", text):
        raise ValueError("must be a release of the portal, such as '3.39'")
    return tuple(int(part) for part in text.split("."))


def limits(release: Release) -> Mapping[str, int]:
    """The greatest length in characters of each field that has one; an unknown release has the oldest limits."""
    is_wider = release >= WIDER_SINCE
    return {**_FIXED, **dict.fromkeys(_GREW, 64 if is_wider else 32), "Email": 256 if is_wider else 32}


def first_too_long(contact: Mapping[str, Any], limits: Mapping[str, int]) -> str | None:
    """The first field whose text is too long; None when all fit."""
    too_long = (
        name for name, value in contact.items() if isinstance(value, str) and len(value) > limits.get(name, 1e9)
    )
    return next(too_long, None)


def fit(name: str, value: Any, limits: Mapping[str, int]) -> Any:
    """The value, cut to what the field takes; None where a cut value would be a wrong one."""
    limit = limits.get(name)
    if limit is None or not isinstance(value, str) or len(value) <= limit:
        return value
    return None if name in _WHOLE_OR_NOT else value[:limit].rstrip()


def shortened(text: str, parts: Sequence[str], *, limit: int = USER_DATA_LIMIT) -> str:
    """A text of at most `limit` characters that ends in `~` and 20 hex digits, the same for the same parts."""
    digest = blake2b("\0".join(parts).encode(), digest_size=10).hexdigest()
    return f"{text[: limit - 21]}~{digest}"
