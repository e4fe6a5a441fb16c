"""Times as the portal reads and writes them: three forms are known, none is documented.

Belongs here: text to time and back. Does not belong here: which fields are times.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")


def read_time(text: str) -> datetime:
    """The UTC time of a text; without zone it is in the tenant's.

    Raises:
        ValueError: it is in none of the three forms.
    """
    at = datetime.fromisoformat(text)
    return (at.replace(tzinfo=ZONE) if at.tzinfo is None else at).astimezone(UTC)


def write_time(at: datetime, form: str) -> str:
    """The time as `local`, `utc` or `csv` writes it."""
    if form == "utc":
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    local = at.astimezone(ZONE)
    if form == "csv":
        return local.strftime("%Y-%m-%d %H:%M:%S")
    return local.strftime("%Y-%m-%dT%H:%M:%S.") + f"{local.microsecond // 1000:03d}"
