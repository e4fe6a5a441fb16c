"""Fields of answers that nothing depends on: one that cannot be read is not there.

Belongs here: how such a field is read. Does not belong here: which fields those are (`connectors/<vendor>/models.py`).

A list holds records of others too. One odd value in one of them must not keep us from finding our own: what we go by
is required, and everything else is read if it can be.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator

T = TypeVar("T")


def _read(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


IfReadable = Annotated[T | None, WrapValidator(_read)]
"""A value of the type, or None: where the answer has null, or something that is none of the type."""
