"""Answers of vendors as typed values: unknown fields are ignored, a missing required one is named by its path.

Belongs here: JSON to pydantic models, and the error when it does not fit. Does not belong here: any vendor's
shapes (`connectors/<vendor>/models.py`) and errors of the wire (`transport.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors.errors import ContractError, OutcomeUnknownError
from connectors.transport import Reply

T = TypeVar("T")

_NUL_WRITTEN = rb"\u0000"
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # not after a backslash that is itself escaped


class Shape(BaseModel):
    """An object in a vendor's answer; fields have aliases where the vendor's name is none of ours."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True)


def read_json(reply: Reply, *, vendor: str, operation: str, is_read: bool) -> Any:
    """The JSON values of the answer's body.

    Raises:
        ContractError: it is not JSON, and nothing was changed.
        OutcomeUnknownError: it is not JSON, and what the request did is therefore not known.
    """
    try:
        return orjson.loads(without_nul(reply.body))
    except orjson.JSONDecodeError:
        raise _broken("the body is not JSON", reply, vendor, operation, is_read=is_read) from None


def without_nul(body: bytes) -> bytes:
    """The JSON without the character NUL in its texts: Postgres holds none, and nobody would see it."""
    return _NUL.sub(rb"\1", body) if _NUL_WRITTEN in body else body


def read_shape(
    value: Any, shape: TypeAdapter[T], reply: Reply, *, vendor: str, operation: str, is_read: bool, path: str = "$"
) -> T:
    """The value in its shape; `path` is where in the answer it stood.

    Raises:
        ContractError, OutcomeUnknownError: as `read_json`; the text is the JSON path, never the value.
    """
    try:
        return shape.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        text = f"{path}{_json_path(first['loc'])}: {_complaint(first['type'])}"
        raise _broken(text, reply, vendor, operation, is_read=is_read) from None


def _json_path(parts: Sequence[int | str]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _complaint(kind: str) -> str:
    """What is wrong, without pydantic's own text: that may quote the value."""
    if kind == "missing":
        return "missing"
    return f"not as documented ({kind})"


def _broken(
    text: str, reply: Reply, vendor: str, operation: str, *, is_read: bool
) -> ContractError | OutcomeUnknownError:
    kind = ContractError if is_read else OutcomeUnknownError
    return kind(text, vendor=vendor, operation=operation, status=reply.status)
