"""OBI and RCI on one address, as the product serves them: one login, one clock, two stores.

Belongs here: which interface a path belongs to. Does not belong here: what either answers (`app.py`, `rci.py`).
"""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Answer, Request
from sandbox.sinch.app import SinchObi
from sandbox.sinch.rci import PREFIX, SinchRci
from sandbox.sinch.rci_knobs import RciKnobs


class Sinch(SinchObi):
    """The double of OBI, with RCI beside it.

    Attributes:
        rci: The double of RCI, which has a store of its own.
    """

    knobs: RciKnobs

    def __init__(self) -> None:
        super().__init__()
        self.knobs = RciKnobs()
        self.rci = SinchRci(self.knobs, self.clock)

    def reset(self) -> None:
        """Knobs and both stores are as after construction; references to them stay good."""
        super().reset()
        self.rci.reset()

    def state(self) -> dict[str, Any]:
        """The summary of OBI's store, and RCI's under `rci`."""
        return {**super().state(), "rci": self.rci.state()}

    def answer(self, request: Request) -> Answer:
        """The answer of the interface that the path begins with."""
        if request.path.startswith(f"{PREFIX}/"):
            return self.rci.answer(request)
        return super().answer(request)
