"""The `/_sandbox/…` requests that every double understands.

Belongs here: faults, knobs, state and health over HTTP; faults never spoil these requests.
Does not belong here: what one vendor adds (its `control` method).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from sandbox.exchange import Answer, RefusedError, Request, json_answer, no_content, plain_text
from sandbox.faults import FaultPlan, parse_faults
from sandbox.settings import SettingError
from sandbox.vendor import Vendor

PREFIX = "/_sandbox/"


class Control:
    """Answers the control requests of one double."""

    def __init__(self, vendor: Vendor, plan: FaultPlan) -> None:
        self._vendor = vendor
        self._plan = plan
        self._handlers: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "health"): lambda _: json_answer({"status": "ok"}),
            ("GET", "state"): lambda _: json_answer(vendor.state()),
            ("GET", "faults"): lambda _: json_answer(plan.snapshot()),
            ("POST", "faults"): self._replace_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "knobs"): lambda _: json_answer(asdict(vendor.knobs)),
            ("POST", "knobs"): self._change_knobs,
            ("POST", "clock"): self._advance_clock,
        }

    def answer(self, request: Request) -> Answer:
        """The answer; 400 names the field that is wrong, 404 says that there is no such request."""
        name = request.path.removeprefix(PREFIX)
        handler = self._handlers.get((request.method, name))
        try:
            answer = handler(request) if handler else self._vendor.control(request)
        except RefusedError as refusal:
            return refusal.answer
        except SettingError as error:
            return plain_text(400, str(error))
        return answer or plain_text(404, f"No such control: {request.method} {name}")

    def _replace_faults(self, request: Request) -> Answer:
        self._plan.replace(parse_faults(request.json()))
        return json_answer(self._plan.snapshot())

    def _clear_faults(self, _request: Request) -> Answer:
        self._plan.clear()
        return no_content()

    def _advance_clock(self, request: Request) -> Answer:
        seconds = request.json().get("advance_s")
        if not isinstance(seconds, int | float) or seconds < 0:
            raise SettingError("field 'advance_s' takes a number of seconds")
        self._vendor.clock.advance(seconds)
        return json_answer({"now": self._vendor.clock.now()})

    def _change_knobs(self, request: Request) -> Answer:
        values = request.json()
        if not isinstance(values, dict):
            raise SettingError("knobs are an object")
        self._vendor.knobs.change(values)
        return json_answer(asdict(self._vendor.knobs))
