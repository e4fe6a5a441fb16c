"""Whatever goes wrong and whenever: no lead is stored twice at the Platform, and each one comes to its end.

Belongs here: histories of the port, drawn by a seed, with a small stand-in for the delivery engine that keeps to the
port's rules. Does not belong here: the engine itself (`tests/faults`, `tests/properties`).
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from connectors.errors import (
    ConnectorError,
    InvalidRequestError,
    NotSentError,
    RateLimitedError,
    RejectedError,
    TargetError,
    TooLargeError,
)
from connectors.gateway import Batch, Campaign, Receipt
from connectors.platform.gateway import PlatformGateway
from connectors.platform.settings import PlatformSettings
from sandbox.faults import Fault
from sandbox.platform.app import PlatformApi
from sandbox.platform.seeds import LIST_ONE
from sandbox.server import SandboxServer
from tests.factories import phone

STEP_S, SETTLE_S, DEADLINE_S = 45, 60, 1800
LEADS, BATCH = 48, 24
KINDS = ("lost_after_commit", "reset_before_processing", "html", "html_200", "truncated")
SETTLED = {"accepted", "duplicate", "rejected", "unattributed"}


@dataclass
class Import:
    """An import as the ledger would hold it; times are the double's."""

    leads: list[int]
    state: str = "planned"
    batch: Batch | None = None
    sent_at_s: float = 0.0
    due_at_s: float = 0.0
    positions: list[int] = field(default_factory=list)


class Engine:
    """Sends, follows and asks as the port's documentation says; sometimes it dies before it wrote down an answer."""

    def __init__(self, gateway: PlatformGateway, api: PlatformApi, chance: random.Random) -> None:
        self.gateway, self.api, self.chance = gateway, api, chance
        self.now_s, self.may_die = 0.0, True
        self.outcomes: dict[int, str] = {}
        self.imports = [Import(list(range(start, start + BATCH))) for start in range(0, LEADS, BATCH)]

    def step(self) -> None:
        """Every import had its turn, and time went on."""
        for one in list(self.imports):
            if one.state == "planned":
                self.submit(one)
            elif one.state == "submitted":
                self.follow(one)
            elif one.state == "unknown" and one.due_at_s <= self.now_s:
                self.ask(one)
        self.now_s += STEP_S
        self.api.clock.advance(STEP_S)

    def finish(self) -> None:
        """Everything that can come to an end did."""
        for _ in range(2000):
            if all(one.state == "over" for one in self.imports):
                return
            self.step()

    def submit(self, one: Import) -> None:
        one.positions = list(range(len(one.leads)))
        one.sent_at_s = self.now_s
        try:
            receipt = self.gateway.submit(self.batch(one))
        except (InvalidRequestError, TooLargeError):
            self.split(one)
        except (NotSentError, RateLimitedError, RejectedError, TargetError):
            return
        except ConnectorError:
            self.doubt(one)
        else:
            self.doubt(one) if self.dies() else self.settle(one, receipt)

    def follow(self, one: Import) -> None:
        is_overdue = self.now_s - one.sent_at_s >= DEADLINE_S
        try:
            progress = self.gateway.poll(self.batch(one))
            one.batch = replace(self.batch(one), progress=progress)
            if progress.is_finished or is_overdue:
                receipt = self.gateway.collect(replace(self.batch(one), is_overdue=is_overdue))
                if not self.dies():
                    self.settle(one, receipt)
        except ConnectorError:
            return

    def ask(self, one: Import) -> None:
        try:
            receipt = self.gateway.reconcile(self.batch(one))
        except ConnectorError:
            self.doubt(one)
        else:
            self.settle(one, receipt)

    def settle(self, one: Import, receipt: Receipt) -> None:
        one.batch = replace(self.batch(one), vendor_reference=receipt.reference or self.batch(one).vendor_reference)
        for verdict in receipt.verdicts:
            if verdict.outcome in SETTLED:
                self.outcomes[one.leads[verdict.position]] = verdict.outcome
        done = {verdict.position for verdict in receipt.verdicts if verdict.outcome in SETTLED}
        unsent = [verdict.position for verdict in receipt.verdicts if verdict.outcome == "not_sent"]
        if len(unsent) == len(one.leads):
            one.state = "planned"
            return
        if unsent:
            self.imports.append(Import([one.leads[position] for position in unsent]))
        one.positions = [position for position in one.positions if position not in done | set(unsent)]
        if not one.positions:
            one.state = "over"
        elif receipt.is_pending:
            one.state = "submitted"
        else:
            self.doubt(one)

    def split(self, one: Import) -> None:
        if len(one.leads) == 1:
            self.outcomes[one.leads[0]] = "rejected"
        else:
            middle = len(one.leads) // 2
            self.imports += [Import(one.leads[:middle]), Import(one.leads[middle:])]
        one.state = "over"

    def doubt(self, one: Import) -> None:
        one.state, one.due_at_s = "unknown", self.now_s + SETTLE_S

    def dies(self) -> bool:
        return self.may_die and self.chance.random() < 0.1

    def batch(self, one: Import) -> Batch:
        """The import as of now: what was sent a while ago in the double's time, was in ours too."""
        if one.batch is None:
            payload = orjson.dumps([{"customerKey": f"lead-{n}", "phone1": phone(n)} for n in one.leads])
            target = Campaign("promo", "platform", {"list_id": LIST_ONE})
            one.batch = Batch(UUID(int=1), target, date(2026, 11, 17), payload, len(one.leads), [])
        sent_at = datetime.now(UTC) - timedelta(seconds=self.now_s - one.sent_at_s)
        return replace(one.batch, positions=tuple(one.positions), sent_at=sent_at)


def draw_knobs(api: PlatformApi, chance: random.Random) -> None:
    """A vendor of some kind."""
    api.knobs.change(
        {
            "bulk_step_s": chance.choice([0, 20, 100, 500]),
            "bulk_script": chance.choice([["pending", "processing", "completed"], ["x", "y"], ["new", "Done"]]),
            "bulk_word_mixed": chance.choice(["completed_with_errors", "completed", "failed", "zu"]),
            "bulk_is_atomic": chance.random() < 0.5,
            "bulk_result": chance.choice(["counts", "empty", "null"]),
            "bulk_counts": chance.choice(["true", "all", "beside", "text", "twice"]),
            "bulk_retention_s": chance.choice([None, 300]),
            "error_list": chance.choice(["array", "object"]),
            "error_fields": chance.choice([["row"], ["message"], ["customerKey", "message"], ["phone1"]]),
            "error_row_base": chance.choice([0, 1]),
            "error_page_size": 2,
            "index_lag_s": chance.choice([0, 50]),
            "page_size": chance.choice([1, 50]),
            "max_leads": chance.choice([20, 1000]),
            "reject_phones": [phone(n) for n in chance.sample(range(LEADS), chance.choice([0, 1, 5]))],
        }
    )


def draw_faults(chance: random.Random) -> list[Fault]:
    """A network of some kind."""
    faults = [Fault(kind=kind, times=None, probability=0.06) for kind in chance.sample(KINDS, 3)]
    statuses = [Fault(kind="status", status=status, times=None, probability=0.02) for status in (429, 503)]
    return [*faults, *statuses, Fault(kind="status", status=502, times=None, probability=0.02, commit=True)]


@pytest.mark.parametrize("seed", range(12))
def test_no_history_stores_a_lead_twice(seed: int) -> None:
    """Lost answers, deaths, late indexes, odd words, hidden lists: a lead is there at most once, its verdict true."""
    chance = random.Random(seed)
    with SandboxServer(PlatformApi(), seed=seed) as server:
        draw_knobs(server.vendor, chance)
        quick = {
            "base_url": server.url, "token": "platform-token", "max_attempts": 3, "backoff_s": 0,
            "backoff_max_s": 0, "settle_s": SETTLE_S, "use_bulk_from": chance.choice([2, 10, 100]),
            "verify_by_lookup": chance.choice(["always", "doubtful", "never"]),
        }  # fmt: skip
        gateway = PlatformSettings.model_validate(quick).gateway()
        engine = Engine(gateway, server.vendor, chance)
        server.faults.replace(draw_faults(chance))
        for _ in range(40):
            server.vendor.knobs.hidden_lists = chance.choice([[], [], [LIST_ONE]])
            engine.step()
        server.vendor.knobs.hidden_lists = []
        server.faults.clear()
        engine.may_die = False
        engine.finish()
        gateway.close()
        there = Counter(number for _, number in server.vendor.held())
    assert max(server.vendor.store.creations.values(), default=0) <= 1
    assert {one.state for one in engine.imports} == {"over"}
    assert engine.outcomes.keys() == set(range(LEADS))
    for lead, outcome in engine.outcomes.items():
        if outcome in ("accepted", "duplicate"):
            assert there[phone(lead).lstrip("+")] == 1
        elif outcome == "rejected":
            assert phone(lead) in server.vendor.knobs.reject_phones
