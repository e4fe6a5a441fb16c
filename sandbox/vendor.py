"""What a double must offer to be served.

Belongs here: the one interface between the serving side and a vendor.
Does not belong here: any vendor.
"""

from __future__ import annotations

from typing import Any, Protocol

from sandbox.clock import Clock
from sandbox.exchange import Answer, Request
from sandbox.settings import Knobs


class Vendor(Protocol):
    """A vendor's double: it turns whole requests into whole answers, and never touches a socket."""

    @property
    def name(self) -> str:
        """The name under which the double's address is announced."""
        ...

    @property
    def knobs(self) -> Knobs:
        """The settings of this double; changing a field takes effect with the next request."""
        ...

    @property
    def clock(self) -> Clock:
        """The time that the double goes by."""
        ...

    def answer(self, request: Request) -> Answer:
        """The vendor's answer; what it says was stored is stored."""
        ...

    def control(self, request: Request) -> Answer | None:
        """The answer to a `/_sandbox/…` request of this vendor's own; None when it is none."""
        ...

    def held(self) -> list[tuple[str, str]]:
        """The oracle of the tests: (target, first number as digits), one per stored lead."""
        ...

    def dialled(self) -> list[tuple[str, str]]:
        """What of `held` would be dialled: without what was taken back in some other way than by deleting it."""
        ...

    def state(self) -> dict[str, Any]:
        """A summary of what is stored and of what was asked, as JSON values."""
        ...
