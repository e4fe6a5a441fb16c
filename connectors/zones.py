"""The time zones that settings name.

Belongs here: which names are known. Does not belong here: time zones of leads (`pipelines/eligibility.py`).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator


def _is_known(value: str) -> str:
    if value not in available_timezones():
        close = get_close_matches(value, available_timezones(), 1)
        raise ValueError(f"{value} is not an IANA time zone" + (f". Did you mean {close[0]}?" if close else ""))
    return value


ZoneName = Annotated[str, AfterValidator(_is_known)]
