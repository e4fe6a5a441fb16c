"""Secrets and names of the configuration that go to a vendor as they are.

Belongs here: what such a text may hold, so that a slip is told with its setting, and not as a vendor that cannot be
reached. Does not belong here: where it is sent (`connectors/<vendor>/`).
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, TypeVar

from pydantic import AfterValidator, SecretStr

T = TypeVar("T", str, SecretStr)


def _one_line(value: T) -> T:
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in _text(value)):
        raise ValueError("must not hold a line end or another control character")
    return value


def _header(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or text.strip() != text:
        raise ValueError("must be the secret alone, without line ends, blanks around it, or letters beyond ASCII")
    return value


def _one_word(value: SecretStr) -> SecretStr:
    if " " in value.get_secret_value():
        raise ValueError("must be the secret alone, without blanks")
    return value


def _text(value: str | SecretStr) -> str:
    return value if isinstance(value, str) else value.get_secret_value()


Login = Annotated[str, AfterValidator(_one_line)]
"""A name that is logged in with: one line. What a file or a variable has behind it is no part of it."""

Password = Annotated[SecretStr, AfterValidator(_one_line)]
"""A secret that is logged in with: one line."""

HeaderSecret = Annotated[SecretStr, AfterValidator(_header)]
"""A secret that is a header's value: nothing but what a header can hold."""

Token = Annotated[HeaderSecret, AfterValidator(_one_word)]
"""A secret that follows its scheme in a header: one word."""
