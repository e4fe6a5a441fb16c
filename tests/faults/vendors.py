"""Every vendor's double with a campaign that goes to it, and the runs that the sensors would start.

Belongs here: what the fault tests over all vendors do and ask again and again. Does not belong here: faults
themselves, and what every vendor test needs (`tests/doubles.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pipelines import morning, night
from pipelines.installation import Installation
from pipelines.load import DaySummary, load_day
from sandbox.faults import Fault, Match
from sandbox.platform.seeds import LIST_ONE
from sandbox.server import SandboxServer
from tests.doubles import KINDS, SECRETS, Kind, serve, write_vendors
from tests.factories import DAY, lead, leads, phone, write_rows
from tests.faults.running import bounded
from tests.reading import query, states

Row = Mapping[str, str]

OF_NOBODY = 9_999_999  # a list is never emptied: that ends a load


@dataclass(frozen=True)
class Way:
    """One way in which leads get to a vendor: its settings, and which requests create leads, ask, and make targets."""

    vendor: str
    count: int
    settings: Mapping[str, Any]
    creating: Match
    asking: Match
    target: Mapping[str, Any] | None = None

    @property
    def kind(self) -> Kind:
        return KINDS[self.vendor]


WAYS: Mapping[str, Way] = {
    "sinch": Way(
        "sinch",
        45,
        {"batch_size": 20},
        Match(method="POST", path_contains="/customers/list"),
        Match(method="GET", path_contains="/customers"),
    ),
    "sobot": Way(
        "sobot",
        45,
        {
            "max_details_per_import": 20,
            "result_first_poll_s": 5,
            "result_poll_max_s": 60,
            "settle_before_resend_s": 120,
        },
        Match(path_contains="/campaigns/_import"),
        Match(path_contains="/import-result"),
    ),
    "platform": Way(
        "platform",
        45,
        {"bulk_max_leads": 20, "use_bulk_from": 2, "bulk_poll_s": 2, "bulk_poll_max_s": 30, "bulk_settle_s": 600},
        Match(method="POST", path_contains="/leads/bulk/"),
        Match(method="GET", path_contains="/leads/bulk/"),
    ),
    # The same vendor, lead by lead, into a list that is there.
    "platform-singles": Way(
        "platform",
        12,
        {"bulk_max_leads": 5, "use_bulk_from": 1000},
        Match(method="POST", path_contains="/leads"),
        Match(method="GET", path_contains="/leads"),
        {"list_id": LIST_ONE},
    ),
    "jtel": Way(
        "jtel",
        8,
        {},
        Match(method="POST", path_contains="/contacts/import"),
        Match(method="GET", path_contains="/dialler/contacts"),
    ),
}
SETTLE_S = 60

FLAG = {"Tag": "do-not-call"}
WITHDRAWING: Mapping[str, Mapping[str, Any]] = {"jtel": {"withdraw": FLAG}}
"""By way, the settings without which nobody is taken back."""

# The ledger's clock is turned by moving its times: what is due in a minute is due now.
LATER_IN_THE_LEDGER = """
UPDATE ledger.imports
SET due_at = due_at - :by, sent_at = sent_at - :by, submitted_at = submitted_at - :by, lease_until = lease_until - :by,
    deadline_at = deadline_at - :by, late_until = late_until - :by
"""
TARGETS_LATER = "UPDATE ledger.targets SET attempted_at = attempted_at - :by"
PLANS_LATER = "UPDATE ledger.to_plan SET since = since - :by"
STOPS_LATER = "UPDATE ledger.campaign_stops SET stopped_at = stopped_at - :by"

ALL = pytest.mark.parametrize("way", WAYS)
LATER = pytest.mark.parametrize("way", ["sobot", "platform"])


def always(names: Iterable[Any], *kept: Any) -> list[Any]:
    """The names as parameters; all but those that are kept are left to the exhaustive run."""
    return [name if name in kept else pytest.param(name, marks=pytest.mark.exhaustive) for name in names]


@dataclass
class Site:
    """A vendor's double, and the installation that loads a campaign of leads into it."""

    way: Way
    server: SandboxServer[Any]
    config: Path
    installation: Installation
    rows: list[Row]
    others: list[Installation] = field(default_factory=list)

    @property
    def vendor(self) -> Any:
        """The double."""
        return self.server.vendor

    @property
    def campaign(self) -> str:
        """Our name of its campaign."""
        return f"{self.way.vendor}-calls"

    @property
    def requests(self) -> Counter[str]:
        """How many requests the double processed, by operation."""
        found: Counter[str] = self.vendor.store.requests
        return found

    def spoil(self, kind: str, match: Match | None = None, **fields: Any) -> None:
        """Requests that create leads, or those named, meet the fault."""
        self.server.faults.add(Fault(kind=kind, match=match or self.way.creating, **fields))

    def write(self, rows: Sequence[Row], *, listed: Sequence[int] = ()) -> None:
        """The CRM has these rows, and these numbers must not be called, nor one that no lead has."""
        self.rows = list(rows)
        write_rows(self.config.with_name("leads.csv"), rows)
        write_rows(
            self.config.with_name("do_not_call.csv"),
            [{"phone": phone(number)} for number in (*listed, OF_NOBODY)],
            ("phone", "reason", "until"),
        )

    def load(self, *, day: date = DAY, within_s: float = 30) -> DaySummary:
        """The day was loaded as far as one run can."""
        with bounded(within_s) as stop:
            return load_day(self.installation, day, stop=stop)

    def tick(self) -> None:
        """Each sensor ticked once, and the runs that they asked for are over; also those of days that lie ahead."""
        with bounded(30) as stop:
            morning.poll_results(self.installation, limit=50, budget_s=10)
            for row in morning.due_results(self.installation, limit=20, today=date.max):
                morning.collect(self.installation, row.day, stop=stop)
            for row in morning.due_questions(self.installation, limit=20, today=date.max):
                night.plan_and_send(self.installation, row.vendor, [row.day], stop=stop)

    def advance(self, seconds: float = SETTLE_S) -> None:
        """It is so much later, at the vendor and in the ledger."""
        self.vendor.clock.advance(seconds)
        self.change(LATER_IN_THE_LEDGER, by=timedelta(seconds=seconds))
        self.change(TARGETS_LATER, by=timedelta(seconds=seconds))
        self.change(PLANS_LATER, by=timedelta(seconds=seconds))
        self.change(STOPS_LATER, by=timedelta(seconds=seconds))

    def follow(self, *, ticks: int = 40) -> dict[str, int]:
        """The states when no import is open any more, or after so many ticks of the sensors."""
        for _ in range(ticks):
            self.advance()
            self.tick()
            if not self.open_imports():
                break
        return self.states()

    def finish(self) -> dict[str, int]:
        """The states after at most two more loads of the day, each followed to its end, without faults."""
        self.server.faults.clear()
        for _ in range(2):
            if self.follow() == {"accepted": len(self.rows)}:
                break
            self.load()
        return self.follow()

    def open_imports(self) -> list[tuple[Any, ...]]:
        """Imports that are not at their end: id, state, code."""
        return query(
            self.installation,
            "SELECT import_id, state, error_code, error FROM ledger.imports WHERE settled_at IS NULL ORDER BY 1",
        )

    def states(self) -> dict[str, int]:
        """Leads of the day by state."""
        return states(self.installation)

    def reasons(self) -> dict[str, tuple[str, str | None]]:
        """State and reason code by lead."""
        rows = query(self.installation, "SELECT lead_id, state, reason_code FROM reporting.lead_outcome")
        return {lead_id: (state, code) for lead_id, state, code in rows}

    def imports(self, *columns: str) -> list[tuple[Any, ...]]:
        """The columns of `reporting.import_outcome`, in the order of the imports."""
        return query(self.installation, f"SELECT {', '.join(columns)} FROM reporting.import_outcome ORDER BY import_id")

    def change(self, statement: str, **values: Any) -> None:
        """The statement was committed."""
        with self.installation.engine.begin() as connection:
            connection.execute(text(statement), values)

    def numbers(self) -> list[str]:
        """The numbers that the vendor holds, each as often as it would be dialled."""
        return sorted(number for _, number in self.vendor.held())

    def dialled(self) -> list[str]:
        """The first numbers that the vendor calls, or would, if its list were awake."""
        if self.way.vendor == "platform":
            with self.vendor.store.lock:
                leads = self.vendor.store.leads.values()
                return [one.phones[0].lstrip("+") for one in leads if not one.is_completed]
        return [number for _, number in self.vendor.dialled()]

    def in_jobs(self) -> set[str]:
        """Numbers that the vendor does not hold yet: they are in a job that it is working on."""
        if self.way.vendor != "platform":
            return set()
        with self.vendor.store.lock:
            jobs = list(self.vendor.store.open_jobs.values())
            return {row["phone1"].lstrip("+") for job in jobs for row in job.rows}

    def assert_held(self, numbers: Sequence[int]) -> None:
        """The vendor has exactly these leads, each once, all in one target; and the day adds up."""
        assert self.numbers() == sorted(phone(number).lstrip("+") for number in numbers)
        assert len({target for target, _ in self.vendor.held()}) <= 1
        self.assert_balanced()

    def assert_balanced(self) -> None:
        """Every lead that was read has one state, and the states add up to what was read."""
        campaigns = morning.report(self.installation, [DAY]).campaigns
        assert [row.campaign for row in campaigns if not row.balanced] == []
        assert sum(row.read_count for row in campaigns) == len(self.rows) == sum(self.states().values())

    def assert_accepted_once(self) -> None:
        """Every lead is accepted, and the vendor has each once."""
        assert self.open_imports() == []
        assert self.states() == {"accepted": len(self.rows)}
        self.assert_held(range(1, len(self.rows) + 1))

    def another(self) -> Installation:
        """A second installation over the same configuration."""
        self.others.append(Installation.load(self.config, actor="another"))
        return self.others[-1]


MakeSite = Callable[..., Site]


@pytest.fixture
def sites(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeSite]:
    """Makes a site of a way, by name; `settings`, `target`, `count` and `rows` may differ."""
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    with ExitStack() as stack:

        def make(name: str, **changes: Any) -> Site:
            site = make_site(WAYS[name], tmp_path, database, stack, **changes)
            stack.callback(lambda: [one.close() for one in (site.installation, *site.others)])
            return site

        yield make


def make_site(way: Way, folder: Path, database: str, stack: ExitStack, **changes: Any) -> Site:
    """A site over the database; its double is served until the stack is closed."""
    server = stack.enter_context(serve(way.kind))
    rows = changes.pop("rows", None)
    if rows is None:
        rows = leads(changes.pop("count", way.count), campaign=f"{way.vendor}-calls")
    settings = {"settle_s": SETTLE_S, **way.settings, **changes.pop("settings", {})}
    if settings.get("withdraw") == FLAG:  # the portal's campaigns heed it
        server.vendor.knobs.flags = FLAG
    target = changes.pop("target", way.target)
    config = write_vendors(
        folder,
        {way.vendor: server},
        database=database,
        rows=rows,
        settings={way.vendor: settings},
        targets={way.vendor: target} if target else {},
        **changes,
    )
    return Site(way, server, config, Installation.load(config, actor="test"), list(rows))


def row_of(site: Site, number: int, day: date, **fields: str) -> Row:
    """A row of the site's campaign whose cursor is of the day."""
    return lead(number, campaign=site.campaign, updated_at=f"{day}T10:00:00+01:00", **fields)
