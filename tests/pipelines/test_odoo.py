"""A CRM that nobody wrote for us: the Odoo example, from SQLite and from Postgres, by configuration alone."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from os import getpid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from pipelines import morning
from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.reading import query

EXAMPLE = Path(__file__).parents[2] / "examples" / "odoo"
DAYS = [date(2026, 11, day) for day in (17, 18, 19, 20)]
TARGETS = {"sinch_01": "8A7C98EAF1164F2FAA93B98EECB95D76", "sinch_02": "62718C7889CC44F7B944C1A6F6BE9B7F"}
_databases = count(1)

Outcome = tuple[str, str | None, str | None]


@dataclass
class Night:
    """Four days loaded from one back end: what the ledger says, and what the vendor has."""

    installation: Installation
    vendor: SinchObi
    problems: list[str]

    @property
    def outcomes(self) -> dict[tuple[date, str, str], Outcome]:
        """State, reason code and reason by day, campaign and lead."""
        rows = query(
            self.installation,
            "SELECT day, campaign, lead_id, state, reason_code, reason FROM reporting.lead_outcome",
        )
        outcomes = {(day, campaign, lead_id): tuple(outcome) for day, campaign, lead_id, *outcome in rows}
        assert len(outcomes) == len(rows)
        return outcomes


@pytest.fixture(scope="module")
def nights(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Night]]:
    """The four days, loaded from SQLite and from Postgres, each into a ledger and a vendor of its own."""
    with _night(postgres, tmp_path_factory, _sqlite) as sqlite, _night(postgres, tmp_path_factory, _odoo) as odoo:
        yield {"sqlite": sqlite, "postgres": odoo}


def test_odoo_loads_the_same_from_sqlite_and_postgres(nights: Mapping[str, Night]) -> None:
    """One configuration, two back ends: every lead has the same outcome, and no campaign has a problem."""
    assert [night.problems for night in nights.values()] == [[], []]
    assert nights["sqlite"].outcomes == nights["postgres"].outcomes


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_odoo_accounts_for_every_row(nights: Mapping[str, Night], backend: str) -> None:
    """As many leads have a state as a count over the CRM's own tables finds, by business day and campaign."""
    counts = Counter((day, campaign) for day, campaign, _ in nights[backend].outcomes)
    assert counts == _counted()
    assert [row.balanced for row in morning.report(nights[backend].installation, DAYS).campaigns] == [True] * len(
        counts
    )


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_odoo_accepted_leads_are_at_the_vendor_once(nights: Mapping[str, Night], backend: str) -> None:
    """The vendor has each accepted lead once, and nobody else."""
    accepted = {
        (TARGETS[campaign], f"lead-{lead_id}"): 1
        for (_, campaign, lead_id), (state, _, _) in nights[backend].outcomes.items()
        if state == "accepted"
    }
    assert len(accepted) > 300
    assert nights[backend].vendor.store.creations == accepted


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_odoo_blacklisted_numbers_reach_nobody(nights: Mapping[str, Night], backend: str) -> None:
    """No number of the blacklist is at the vendor, in whichever column the lead has it."""
    listed = {number for (number,) in _odoo_rows("SELECT number FROM phone_blacklist WHERE active")}
    suppressed = [state for state, code, _ in nights[backend].outcomes.values() if code == "do_not_call"]
    assert len(suppressed) >= 10
    assert listed.isdisjoint(_numbers(nights[backend].vendor))


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_odoo_entries_carry_the_columns_of_the_crm(nights: Mapping[str, Night], backend: str) -> None:
    """The mobile number comes before the phone, and name, time zone, city and class arrive as they are written."""
    customer = nights[backend].vendor.store.find(TARGETS["sinch_02"], "lead-44")[0]
    assert customer.written == {
        "externalId": "lead-44",
        "numbers": "+34915826487;+34651372675",
        "timeZone": "Europe/Madrid",
        "attributes": {
            "attribute": [{"name": "Last Name", "value": "Mary-Jane Fox"}, {"name": "City", "value": "Málaga"}]
        },
    }


def test_odoo_second_run_sends_nothing_from_either_back_end(
    nights: Mapping[str, Night], postgres: URL, tmp_path: Path
) -> None:
    """Loading again costs no request, not even when the other back end is read: the entries are the same bytes."""
    first = nights["sqlite"]
    first.vendor.store.requests.clear()
    for source in (_sqlite(tmp_path), _odoo(postgres)):
        with source as url:
            again = Installation(_with_source(first.installation, url), actor="again")
            with closing(again):
                results = [load_day(again, day) for day in DAYS]
        assert [result.problems for result in results] == [[]] * len(DAYS)
        assert sum((Counter(result.vendors["sinch"].delivery.counts) for result in results), Counter()) == Counter()
    assert dict(first.vendor.store.requests) == {}


@contextmanager
def _night(postgres: URL, folders: pytest.TempPathFactory, source: Callable[..., Any]) -> Iterator[Night]:
    folder = folders.mktemp("odoo")
    shutil.copy(EXAMPLE / "leadsync.yaml", folder)
    opened = source(folder) if source is _sqlite else source(postgres)
    with (
        opened as odoo_url,
        _database(postgres, "ledger", template=postgres.database) as ledger,
        SandboxServer(SinchObi()) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("LEADSYNC_DATABASE", ledger.render_as_string(hide_password=False))
        patch.setenv("SINCH_URL", server.url)
        patch.setenv("ODOO_URL", odoo_url) if source is _odoo else patch.delenv("ODOO_URL", raising=False)
        with closing(Installation.load(folder / "leadsync.yaml", actor="test")) as installation:
            results = [load_day(installation, day) for day in DAYS]
            yield Night(installation, server.vendor, [text for result in results for text in result.problems])


@contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    """The SQLite copy beside the configuration."""
    shutil.copy(EXAMPLE / "odoo.db", folder)
    yield f"sqlite:///{folder / 'odoo.db'}"


@contextmanager
def _odoo(postgres: URL) -> Iterator[str]:
    """A database of its own on the test's server, with the example's schema and rows."""
    with _database(postgres, "odoo") as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            for name in ("schema.postgres.sql", "data.postgres.sql"):
                # As bytes: a name in it holds CR LF, which reading as text would change.
                connection.connection.cursor().execute((EXAMPLE / name).read_bytes())
        yield url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _database(postgres: URL, kind: str, *, template: str | None = "template0") -> Iterator[URL]:
    name = f"{kind}_{getpid()}_{next(_databases)}"
    admin = create_engine(postgres.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\''))
    yield postgres.set(database=name)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def _with_source(installation: Installation, url: str) -> Any:
    settings = installation.settings
    sources = {
        name: getattr(settings.sources, name).model_copy(update={"database": url}) for name in ("leads", "do_not_call")
    }
    return settings.model_copy(update={"sources": settings.sources.model_copy(update=sources)})


def _counted() -> Counter[tuple[date, str]]:
    """Active leads of our campaigns by day in Berlin, which is an hour ahead of UTC in November."""
    rows = _odoo_rows(
        "SELECT date(lead.write_date, '+1 hour'), campaign.name, count(*) FROM crm_lead AS lead"
        " JOIN utm_campaign AS campaign ON campaign.id = lead.campaign_id"
        " WHERE campaign.name LIKE 'sinch%' AND lead.active GROUP BY 1, 2"
    )
    return Counter({(date.fromisoformat(day), campaign): leads for day, campaign, leads in rows})


def _odoo_rows(statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{EXAMPLE / 'odoo.db'}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()


def _numbers(vendor: SinchObi) -> set[str]:
    customers = [each for campaign in vendor.store.campaigns.values() for each in campaign.customers.values()]
    return {number for customer in customers for number in customer.numbers.split(";")}
