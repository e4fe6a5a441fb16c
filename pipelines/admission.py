"""Which campaigns a run may load: looked at once, stopped when their target fails, each stop on record.

Belongs here: campaigns of one run. Does not belong here: imports and answers (`delivery.py`), and how a target is
made (`targets.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any, NamedTuple, TypeVar

from connectors.errors import ConnectorError, SetupError, TargetError, TargetOverError, may_pass_unsent
from connectors.gateway import Campaign, Gateway
from connectors.redaction import redact
from pipelines.fixed_targets import takeovers
from pipelines.ledger import Ledger
from pipelines.ledger_rows import Scope
from pipelines.targets import forget, known_or_made

T = TypeVar("T")


class Closure(NamedTuple):
    """Why no campaign of the vendor can be loaded now, and whether the vendor may answer later."""

    why: str
    is_passing: bool


class Admission:
    """The campaigns of a scope that may be loaded, with the targets that were found or made for them.

    `over` are stopped campaigns whose target's time is over: who is in it may still be asked about, and changed.
    `persist` does ledger work again on a new connection where the old one is gone.
    """

    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        scope: Scope,
        campaigns: Mapping[str, Campaign],
        *,
        settle_s: float,
        persist: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._scope = scope
        self._campaigns = campaigns
        self._settle_s = settle_s
        self._persist = persist
        self._looking = ThreadPoolExecutor(1, thread_name_prefix=f"{scope.vendor}-preflight")
        self._looks: dict[str, Future[None]] = {}
        self._admitted: set[str] = set()
        self.over: set[str] = set()
        self._told: set[str] = set()
        self._takeovers: Mapping[str, str] | None = None
        self.targets: dict[tuple[str, date], Mapping[str, Any]] = {}
        self.stopped: dict[str, str] = {}

    @property
    def scope(self) -> Scope:
        """The run's scope, narrowed to what is admitted."""
        return Scope(self._scope.vendor, self._scope.days, tuple(sorted(self._admitted)))

    @property
    def wide_scope(self) -> Scope:
        """The run's scope, narrowed to what may be asked about, and changed."""
        return Scope(self._scope.vendor, self._scope.days, tuple(sorted(self._admitted | self.over)))

    def admit_all(self, names: Iterable[str]) -> None:
        """The campaigns are admitted unseen: a question loads nothing."""
        self._admitted, self._told = set(names), set(names)

    def look_ahead(self, names: Iterable[str]) -> None:
        """The vendor is asked about the campaigns by a thread, while other things are done; `admit` waits for it."""
        for name in sorted(set(names) - self._looks.keys()):
            self._looks[name] = self._looking.submit(self._gateway.preflight, self._campaigns[name])

    def close(self) -> None:
        """The thread is gone."""
        self._looking.shutdown(wait=True, cancel_futures=True)

    def admit(self, names: Iterable[str]) -> Closure | None:
        """Campaigns whose target can be loaded are admitted, the others stopped, each with its reason.

        Returns why no campaign of the vendor can be loaded, if that is so.
        """
        for name in sorted(set(names) - self._admitted - set(self.stopped)):
            try:
                self._look_at(self._campaigns[name])
            except TargetError as error:
                self.stopped[name] = str(error)
                self.over |= {name} if isinstance(error, TargetOverError) else set()
            except SetupError as error:
                return Closure(str(error), is_passing=error.is_passing)
            except ConnectorError as error:
                why = f"{self._scope.vendor} could not be asked about campaign {name} ({error}); nothing more was sent"
                return Closure(why, is_passing=may_pass_unsent(error))
            else:
                self._admitted.add(name)
        return None

    def stop(self, name: str, day: date, reason: str) -> None:
        """The campaign's target failed: nothing more is sent to it in this run.

        A target that was found or made is looked for anew by the next run.
        """
        if self.targets.pop((name, day), None) is not None:
            store, campaign, actor = self._ledger.store, self._campaigns[name], self._ledger.actor
            self._persist(lambda: forget(store, self._scope.vendor, self._gateway, campaign, day, actor=actor))
        self._admitted.discard(name)
        self._told.discard(name)
        self.stopped.setdefault(name, reason)

    def untold(self) -> tuple[dict[str, str], set[str]]:
        """What the ledger does not know yet: (stopped campaigns with their reasons, campaigns that go again)."""
        stopped = {name: redact(text) or "" for name, text in self.stopped.items() if name not in self._told}
        cleared = self._admitted - self._told
        self._told |= cleared | set(stopped)
        return stopped, cleared

    def _look_at(self, campaign: Campaign) -> None:
        """The campaign's target can be loaded; one that is missing is made, where the vendor allows that."""
        if self._takeovers is None:
            store, vendor = self._ledger.store, self._scope.vendor
            self._takeovers = self._persist(lambda: takeovers(store, vendor, self._campaigns))
        if campaign.campaign in self._takeovers:
            raise TargetError(self._takeovers[campaign.campaign])
        if campaign.campaign in self._looks:
            self._looks.pop(campaign.campaign).result()
        else:
            self._gateway.preflight(campaign)
        for day in self._scope.days:
            made = self._persist(partial(self._target, campaign, day))
            if made is not None:
                self.targets[campaign.campaign, day] = made

    def _target(self, campaign: Campaign, day: date) -> Mapping[str, Any] | None:
        store, actor = self._ledger.store, self._ledger.actor
        return known_or_made(store, self._gateway, campaign, day, settle_s=self._settle_s, actor=actor)
