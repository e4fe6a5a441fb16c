"""The envelope around every answer, and the fields of every request.

Belongs here: success and refusal as the vendor wraps them, and the reading of a body's fields.
Does not belong here: what an operation does with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.exchange import Answer, RefusedError, Request, json_answer
from sandbox.sobot.knobs import SobotKnobs


def success(knobs: SobotKnobs, kind: str, value: Any, *, has_ret_code: bool, message: str = "Success") -> Answer:
    """The envelope of an operation that worked."""
    envelope: dict[str, Any] = {
        "apiVersion": "6.3.0",
        "status": "Success",
        "code": "200" if knobs.code_as_text else 200,
        "message": message,
        "reason": "",
        "kind": kind,
        "metaData": {},
        "data": value,
    }
    if knobs.ret_code == "always" or (knobs.ret_code == "as_documented" and has_ret_code):
        envelope |= {"retMsg": "Success", "retCode": "000000"}
    return json_answer(envelope)


def failure(knobs: SobotKnobs, code: int, text: str, *, ret_code: str | None = None) -> Answer:
    """The envelope of a refusal. Assumed as a whole: the vendor documents none."""
    envelope: dict[str, Any] = {
        "apiVersion": "6.3.0",
        "status": "Failed",
        "code": str(code) if knobs.code_as_text else code,
        "message": text,
        "reason": text,
        "kind": "",
        "metaData": {},
        "data": None,
        "retMsg": text,
        "retCode": ret_code or f"{100_000 + code}",
    }
    is_same = knobs.error_status == "same" and 400 <= code <= 599
    return json_answer(envelope, code if is_same else 200)


def refusal(knobs: SobotKnobs, text: str, code: int = 400) -> RefusedError:
    """The operation ends here: nothing was done."""
    return RefusedError(failure(knobs, code, text))


class Fields:
    """The fields of one JSON object, each read with its rule; a breach is a refusal with code 400."""

    def __init__(self, knobs: SobotKnobs, values: Any) -> None:
        self._knobs = knobs
        if not isinstance(values, dict):
            raise refusal(knobs, "an object was expected")
        self.values: Mapping[str, Any] = values

    @classmethod
    def of(cls, knobs: SobotKnobs, request: Request) -> Fields:
        """The fields of the request's body, which must be sent as JSON."""
        if request.header(b"content-type").split(";")[0].strip().lower() != "application/json":
            raise refusal(knobs, "content-type: application/json was expected", 415)
        return cls(knobs, request.json())

    def refuse(self, text: str) -> RefusedError:
        """A refusal with that text."""
        return refusal(self._knobs, text)

    def text(self, name: str, *, longest: int | None = None) -> str:
        """A required text; blanks around it are refused, as they come from copying the vendor's page."""
        value = self.optional_text(name, longest=longest)
        if not value:
            raise self.refuse(f"{name} is required")
        return value

    def optional_text(self, name: str, *, longest: int | None = None) -> str | None:
        """A text, or none."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or value != value.strip():
            raise self.refuse(f"{name}: a text without blanks around it was expected")
        if longest is not None and len(value) > longest:
            raise self.refuse(f"{name}: at most {longest} characters")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number; required when there is no default."""
        value = self.values.get(name, default)
        if type(value) is not int:
            raise self.refuse(f"{name}: a whole number was expected")
        return value

    def choice(self, name: str, options: Sequence[Any], default: Any = None) -> Any:
        """One of the options; required when there is no default."""
        value = self.values.get(name, default)
        if value not in options:
            raise self.refuse(f"{name}: must be one of {', '.join(map(str, options))}")
        return value

    def rows(self, name: str) -> list[Any]:
        """A list that is not empty."""
        value = self.values.get(name)
        if not isinstance(value, list) or not value:
            raise self.refuse(f"{name}: a list was expected")
        return value

    def agent_type(self, name: str = "agentType") -> int:
        """0 for a work number, which is the default, or 1 for an id; as number or text."""
        value = self.values.get(name)
        if value in (None, ""):
            return 0
        if isinstance(value, bool) or str(value) not in ("0", "1"):
            raise self.refuse(f"{name}: must be 0 or 1")
        return int(value)


def page(fields: Fields, rows: Sequence[Any], *, default_size: int, largest: int = 1000) -> tuple[list[Any], int, int]:
    """The rows of the page that was asked for, its number and its size."""
    number, size = fields.whole("currPage", 1), fields.whole("pageSize", default_size)
    if number < 1 or not 1 <= size <= largest:
        raise fields.refuse(f"currPage and pageSize: at least 1, at most {largest} rows")
    return list(rows[(number - 1) * size : number * size]), number, size
