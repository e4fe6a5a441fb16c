"""What taking a lead back has in common at all vendors.

Belongs here: how `vendors.<vendor>.withdraw` is read, the words for the report that all share, and whose fault it is
when nothing can be taken back. Does not belong here: how a vendor does it (`connectors/<vendor>/`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from connectors.errors import AuthenticationError, ForbiddenError, SetupError

OFF = "off"
GONE = "was gone already"


def spell_off(value: Any) -> Any:
    """`off` as it was written: YAML reads it as false."""
    return OFF if value is False else value


def refusal_of(vendor: str, withdraw: str) -> str | None:
    """Why nothing is taken back, where the setting says so."""
    return f"vendors.{vendor}.withdraw is off: no lead is taken back from {vendor}" if withdraw == OFF else None


@contextmanager
def taking_back(
    refusal: str | None, name_login: Callable[[AuthenticationError | ForbiddenError], str]
) -> Iterator[None]:
    """A lead is taken back within, if that is allowed at all.

    Raises:
        SetupError: it is not, or the vendor refused the login, which is no single lead's fault.
    """
    if refusal:
        raise SetupError(refusal)
    try:
        yield
    except (AuthenticationError, ForbiddenError) as error:
        raise SetupError(name_login(error)) from None
