"""The numbers that settings hold, and how large they may be.

Belongs here: kinds of number that more than one setting has. Does not belong here: the bounds of a single setting.
"""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

LONGEST_S = 14 * 86_400
"""Two weeks. The system counts a socket's time-out in milliseconds, and has numbers for twenty-four days."""

LONGEST_DAYS = 36_500
"""A hundred years, so that the day before so many days is one of the calendar."""

LARGEST = 2**53
"""The largest number that JSON carries exactly."""


def _is_a_number(value: Any) -> Any:
    if isinstance(value, bool):  # Python counts with true as with 1
        raise ValueError("must be a number, not true or false")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("must be a number that ends")
    return value


A_NUMBER = BeforeValidator(_is_a_number)

Whole = Annotated[int, A_NUMBER, Field(le=LARGEST)]
Seconds = Annotated[float, A_NUMBER, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]
Days = Annotated[int, A_NUMBER, Field(ge=1, le=LONGEST_DAYS)]
Share = Annotated[float, A_NUMBER, Field(gt=0, le=1, allow_inf_nan=False)]
PerSecond = Annotated[float, A_NUMBER, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)]
