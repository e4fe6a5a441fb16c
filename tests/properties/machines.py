"""What state machines over a ledger share: where they begin, how they end, and how they are run.

Belongs here: what holds for all of them. Does not belong here: rules and invariants.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import URL

from tests.databases import fresh_database
from tests.factories import phone
from tests.faults.vendors import WAYS, Site, make_site


class OneVendor(RuleBasedStateMachine):
    """A CRM and a vendor's double over a ledger of their own; in the end `come_to_rest` says what must be true."""

    server: ClassVar[URL]
    way: ClassVar[str]

    def open(self, *, sources: Mapping[str, Any] | None = None, **settings: Any) -> None:
        """There is a site of the way, and nothing in it. `sources` are read, if they are given, and not the usual."""
        self.resources = ExitStack()
        folder = Path(self.resources.enter_context(tempfile.TemporaryDirectory()))
        database = self.resources.enter_context(fresh_database(self.server))
        settings = {"max_attempts": 2, **settings}
        changes = {"document": {"sources": sources}} if sources else {}
        self.site: Site = make_site(
            WAYS[self.way], folder, database, self.resources, settings=settings, rows=[], **changes
        )
        self.resources.callback(self.site.installation.close)
        self.leads: dict[int, Any] = {}
        self.listed: set[int] = set()
        self.forbidden_in_time: set[int] = set()

    def teardown(self) -> None:
        """Whatever happened, it comes to its end as it should."""
        if not hasattr(self, "site"):
            return
        try:
            self.come_to_rest()
        finally:
            self.resources.close()

    def come_to_rest(self) -> None:
        """The faults are gone, and what they left is mended."""
        raise NotImplementedError

    def known(self, number: int) -> int:
        """A number that a lead has."""
        return 1 + number % len(self.leads)

    def forbid_in_time(self, at_vendor: Collection[str]) -> None:
        """A load begins, and reads the list: whose number is not there now, and is listed, must never get there."""
        there = {*at_vendor, *self.site.in_jobs()}
        self.forbidden_in_time |= {number for number in self.listed if phone(number).lstrip("+") not in there}


def check(
    machine: type[RuleBasedStateMachine],
    *,
    examples: int,
    steps: int,
    phases: Sequence[Phase] = (Phase.generate,),
    **attributes: Any,
) -> None:
    """The machine, with these attributes, kept its invariants in so many histories of so many steps.

    Shrinking takes minutes: only on demand.
    """
    run_state_machine_as_test(
        type("Machine", (machine,), attributes),
        settings=settings(
            max_examples=examples, stateful_step_count=steps, database=None, phases=phases,
            suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip
