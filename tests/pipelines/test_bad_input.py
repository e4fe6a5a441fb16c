"""What goes wrong outside: one sentence that names the setting, nothing sent, and nothing lost."""

from __future__ import annotations

import json
import random
import string
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import URL

from pipelines.cli import cli, main
from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.commands import Configure, Vendor, ran
from tests.databases import fresh_database
from tests.factories import ABSENT_TARGET, CAMPAIGN, COLUMNS, DAY, TARGET, lead, leads, write_configuration, write_rows
from tests.reading import query, states

ROWS = leads(3, email="ada@example.com", last_name="Geheim")
PRIVATE = ("+4915", "1511000", "Ada", "Geheim", "ada@example.com", "s3cret", "wr0ng")
leadsync = partial(ran, private=PRIVATE)


@pytest.fixture
def configure(tmp_path: Path, database: str, sinch: Vendor) -> Configure:
    """Writes a configuration over this test's database and double with three good leads."""

    return partial(configuration, tmp_path, database, sinch.url)


def assert_loads_in_full(configure: Configure, sinch: Vendor) -> None:
    """Once all is repaired, the next load delivers every lead once."""
    sinch.vendor.knobs.require_auth = "none"
    with closing(Installation.load(configure(), actor="test")) as installation:
        assert load_day(installation, DAY).problems == []
        assert states(installation) == {"accepted": len(ROWS)}
    assert sinch.vendor.store.creations == {(TARGET, f"lead-{row['lead_id']}"): 1 for row in ROWS}


def without(*columns: str) -> list[str]:
    return [column for column in COLUMNS if column not in columns]


def no_file(configure: Configure) -> Path:
    config = configure()
    (config.parent / "leads.csv").unlink()
    return config


def no_column(column: str) -> Callable[[Configure], Path]:
    def spoil(configure: Configure) -> Path:
        config = configure()
        kept = without(column)
        write_rows(config.parent / "leads.csv", [{name: row.get(name, "") for name in kept} for row in ROWS], kept)
        return config

    return spoil


def source(**settings: str) -> Callable[[Configure], Path]:
    return lambda configure: configure(sources={"leads": settings})


def changed(**settings: Any) -> Callable[[Configure], Path]:
    return lambda configure: configure(**settings)


def refused_login(configure: Configure) -> Path:
    return configure(sinch={"auth_mode": "basic", "username": "api-user", "password": "${SINCH_PASSWORD}"})


STOPPED_BEFORE = [
    pytest.param(no_file, "sources.leads.csv: no file matches 'FOLDER/leads.csv' (day 2026-11-17)", id="missing-csv"),
    pytest.param(
        no_column("updated_at"),
        "sources.leads.cursor: FOLDER/leads.csv line 1 has no column 'updated_at'; it has "
        + ", ".join(without("updated_at")),
        id="missing-cursor",
    ),
    pytest.param(
        no_column("city"),
        "campaigns.spring-promo.mapping.attributes.City: FOLDER/leads.csv line 1 has no column 'city'; it has "
        + ", ".join(without("city")),
        id="missing-mapped-column",
    ),
    pytest.param(
        changed(database="${LEDGER_URL}"),
        "database: no connection to postgresql://leadsync:***@127.0.0.1:1/leadsync: nothing listens at that address",
        id="no-ledger",
    ),
    pytest.param(
        changed(database="sqlite:///ledger.db"),
        "FOLDER/leadsync.yaml, line 10: database: must be PostgreSQL, postgresql://…, not sqlite",
        id="odd-ledger",
    ),
    pytest.param(
        source(database="${CRM_URL}", table="leads", cursor="updated_at"),
        "sources.leads.database: cannot connect to postgresql://reader:***@127.0.0.1:1/crm:"
        " nothing listens at that address",
        id="no-source",
    ),
    pytest.param(
        source(database="sqlite:///no.db", table="leads", cursor="updated_at"),
        "sources.leads.database: there is no file FOLDER/no.db",
        id="no-source-file",
    ),
    pytest.param(
        changed(timezoen="UTC"),
        "FOLDER/leadsync.yaml, line 18: timezoen: there is no such setting. Did you mean timezone?",
        id="invalid-configuration",
    ),
    pytest.param(
        lambda configure: configure().parent / "no.yaml",
        "there is no configuration file FOLDER/no.yaml; --config or LEADSYNC_CONFIG says which to read",
        id="no-configuration",
    ),
]
ELSEWHERE = {
    "LEDGER_URL": "postgresql://leadsync:s3cret@127.0.0.1:1/leadsync",
    "CRM_URL": "postgresql://reader:s3cret@127.0.0.1:1/crm",
}


@dataclass(frozen=True)
class Spoilt:
    """Every mistake of `STOPPED_BEFORE`, each tried once by the same installation."""

    sinch: Vendor
    configure: Configure
    ended: Mapping[str, subprocess.CompletedProcess[str]]
    requests: Mapping[str, int]


@pytest.fixture(scope="module")
def spoilt(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spoilt]:
    """All mistakes on one database and one double, two at a time, before anything good is loaded."""

    def attempt(parameters: Any) -> tuple[str, subprocess.CompletedProcess[str]]:
        folder = tmp_path_factory.mktemp("spoilt")
        config = parameters.values[0](partial(configuration, folder, ledger, server.url))
        ended = leadsync("sync", "--config", config, "--day", DAY, environment=ELSEWHERE)
        ended.stderr = ended.stderr.replace(str(folder), "FOLDER")
        return parameters.id, ended

    with fresh_database(postgres) as ledger, SandboxServer(SinchObi()) as server, ThreadPoolExecutor(2) as pool:
        ended = dict(pool.map(attempt, STOPPED_BEFORE))
        good = partial(configuration, tmp_path_factory.mktemp("good"), ledger, server.url)
        yield Spoilt(server, good, ended, dict(server.vendor.store.requests))


def configuration(folder: Path, database: str, sinch_url: str, /, **changes: Any) -> Path:
    """A configuration with three good leads, and what is changed in it."""
    whole: dict[str, Any] = {"database": database, "sinch_url": sinch_url, "rows": ROWS} | changes
    return write_configuration(folder, **whole)


@pytest.mark.parametrize(
    ("name", "sentence"), [pytest.param(each.id, each.values[1], id=each.id) for each in STOPPED_BEFORE]
)
def test_sync_stops_before_anything_is_sent(spoilt: Spoilt, name: str, sentence: str) -> None:
    """One sentence on standard error names the setting, and the code says that a person is needed."""
    ended = spoilt.ended[name]
    assert (ended.returncode, ended.stderr) == (1, f"{sentence}\n")
    assert ended.stdout in ("", f"Loading {DAY} …\n")


def test_sync_after_all_mistakes_loads_in_full(spoilt: Spoilt) -> None:
    """The vendor heard nothing of any mistake; once they are repaired, every lead is loaded once."""
    assert spoilt.requests == {}
    assert_loads_in_full(spoilt.configure, spoilt.sinch)


@pytest.mark.parametrize(
    ("spoil", "required", "sentence"),
    [
        pytest.param(
            refused_login, "basic", "vendors.sinch.username, password: sinch refused the login (HTTP 401)", id="login"
        ),
        pytest.param(
            changed(campaigns={CAMPAIGN: ABSENT_TARGET}),
            "none",
            f"campaigns.{CAMPAIGN}.target.campaign_id: sinch has no campaign {ABSENT_TARGET}"
            " that this account may see (HTTP 404)",
            id="target",
        ),
        pytest.param(
            changed(vendors={}),
            "none",
            "vendors.sinch is not in the configuration, but a campaign needs it",
            id="no-vendor",
        ),
        pytest.param(
            changed(sinch={"auth_mode": "basic"}),
            "none",
            "vendors.sinch: auth_mode basic needs username and password",
            id="no-login",
        ),
    ],
)
def test_sync_that_gets_nowhere_at_the_vendor_loses_nothing(
    configure: Configure, sinch: Vendor, spoil: Callable[[Configure], Path], required: Any, sentence: str
) -> None:
    """The report says which setting is wrong; the leads stay planned, and are sent once it is repaired."""
    sinch.vendor.knobs.require_auth = required
    ended = leadsync("sync", "--config", spoil(configure), "--day", DAY, environment={"SINCH_PASSWORD": "wr0ng"})
    assert ended.returncode == 1
    assert sentence in ended.stdout + ended.stderr
    assert "3 leads are planned" in ended.stdout + ended.stderr
    assert sinch.vendor.store.creations == {}
    assert_loads_in_full(configure, sinch)


def test_sync_that_the_vendor_refuses_complains_once(configure: Configure) -> None:
    """What needs a person is on standard error, once, as for every other mistake."""
    config = configure(campaigns={CAMPAIGN: ABSENT_TARGET})
    ended = leadsync("sync", "--config", config, "--day", DAY)
    assert ended.stderr.count("sinch has no campaign") == 1
    assert (ended.stdout + ended.stderr).count("sinch has no campaign") == 1


def test_sync_to_no_vendor_names_the_address(configure: Configure) -> None:
    """Where nobody listens, the sentence says at which address, and which setting holds it."""
    ended = leadsync("sync", "--config", configure(sinch={"base_url": "http://127.0.0.1:1"}), "--day", DAY)
    assert ended.returncode == 1
    assert "vendors.sinch.base_url" in ended.stdout + ended.stderr


@pytest.mark.parametrize("column", ["lead_id", "phone1"])
def test_sync_stops_where_a_column_that_every_lead_needs_is_missing(
    configure: Configure, sinch: Vendor, column: str
) -> None:
    """A header that lost its id, its campaign or all its phones is a broken export, not a list of bad leads."""
    config = configure()
    kept = without(column, *(["phone2", "phone3"] if column == "phone1" else []))
    write_rows(config.parent / "leads.csv", [{name: row.get(name, "") for name in kept} for row in ROWS], kept)
    ended = leadsync("sync", "--config", config, "--day", DAY)
    assert (ended.returncode, ended.stderr.startswith(f"sources.leads.columns.{column}: ")) == (1, True)
    assert sinch.vendor.store.creations == {}


def test_sync_with_a_date_at_the_edge_of_the_calendar_harms_nobody_else(configure: Configure, sinch: Vendor) -> None:
    """A CRM's way to say «no date» in one lead stops neither the others nor the run."""
    rows = [*ROWS[:2], ROWS[2] | {"not_before": "0001-01-01T00:00:00"}]
    leadsync("sync", "--config", configure(rows=rows), "--day", DAY)
    assert {external_id for _, external_id in sinch.vendor.store.creations} >= {"lead-L1", "lead-L2"}


def test_lead_that_must_not_be_called_before_the_end_of_time_is_not_called_now(
    configure: Configure, sinch: Vendor
) -> None:
    """A `not_before` that cannot be sent as written stops the lead; it is never left out of the entry."""
    config = configure(rows=[ROWS[0] | {"not_before": "9999-12-31T23:59:59"}], timezone="America/New_York")
    with closing(Installation.load(config, actor="test")) as installation:
        load_day(installation, DAY)
    sent = [customer.written for customer in sinch.vendor.store.find(TARGET, "lead-L1")]
    assert [entry.get("date") for entry in sent if "date" not in entry] == []


def test_sync_of_a_campaign_that_nobody_knows(configure: Configure, sinch: Vendor) -> None:
    """A name that is no active campaign is refused with those that are; nothing was read or sent."""
    ended = leadsync("sync", "--config", configure(), "--day", DAY, "--campaign", "sprnig-promo")
    assert ended.returncode == 1
    assert ended.stderr == f"there is no active campaign 'sprnig-promo'; there are: {CAMPAIGN}\n"
    assert dict(sinch.vendor.store.requests) == {}
    assert_loads_in_full(configure, sinch)


@pytest.mark.parametrize("day", ["2026-13-01", "17.11.2026", "yesterday", ""])
def test_sync_of_a_day_that_is_none(day: str) -> None:
    """A day that is none is a mistake of use: code 2, and what a day looks like."""
    ended = leadsync("sync", "--day", day)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith(f"Error: Invalid value for '--day': {day} is not a day such as 2026-11-17\n")


def test_sync_of_a_day_without_rows_needs_a_person(configure: Configure, sinch: Vendor) -> None:
    """An empty night is often a broken export: it is told and fails; nothing is made up, and nothing lost."""
    ended = leadsync("sync", "--config", configure(), "--day", "2026-11-15")
    assert ended.returncode == 1
    assert "2026-11-15: no row of this day in sources.leads; nothing was sent" in ended.stdout + ended.stderr
    assert dict(sinch.vendor.store.requests) == {}
    assert_loads_in_full(configure, sinch)


def commands_with_json(group: click.Group = cli, *words: str) -> Iterator[tuple[str, ...]]:
    """The words of every command that has --json; of a vendor's operations, the first."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group) and command.commands:
            yield from commands_with_json(command, *words, name)
        elif any(option.name == "as_json" for option in command.params):
            yield (*words, name)
    if not words:
        yield ("vendor", "platform", "user_list")


MORE_WORDS = {
    "control": ("pause", "--campaign", "c", "--yes"),
    "adopt": ("--campaign", "c", "--yes"),
    "query": ("SELECT 1",),
}
DAILY = {"plan", "sync", "leads", "make", "control"}


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words in commands_with_json()])
def test_failure_with_json_is_one_object(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads on standard output what a person reads on standard error, and the code is the same."""
    day = ("--day", str(DAY)) if words[-1] in DAILY else ()
    for more, code in (((*day, *MORE_WORDS.get(words[-1], ())), 1), (("--no-such-option",), 2)):
        with pytest.raises(SystemExit) as ended:
            main([*words, *more, "--config", "no/such.yaml", "--json"])
        said = capsys.readouterr()
        told = json.loads(said.out)
        assert (ended.value.code, told.keys()) == (code, {"error"})
        assert f"{told['error']}\n" in said.err
        assert ("no configuration file no/such.yaml" in told["error"]) == (code == 1)


def test_failure_of_a_day_with_json_is_one_object(configure: Configure) -> None:
    """A day that has not begun is a wrong word, code 2; a campaign that nobody knows, or no load yet, code 1."""
    config = configure()
    for words, told, code in [
        (("sync", "--day", "2999-01-01"), "--day 2999-01-01 has not begun in Europe/Berlin", 2),
        (("leads", "--day", "2999-01-01"), "--day 2999-01-01 has not begun in Europe/Berlin", 2),
        (("plan", "--day", DAY, "--campaign", "x"), f"there is no active campaign 'x'; there are: {CAMPAIGN}", 1),
        (("leads", "--day", DAY), f"{DAY}: nothing was pulled and decided", 1),
        (("status",), "nothing was loaded yet; begin with `leadsync sync --day …`", 1),
    ]:
        ended = leadsync(*words, "--config", config, "--json")
        assert (ended.returncode, json.loads(ended.stdout), ended.stderr) == (code, {"error": told}, f"{told}\n")


RANDOM = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=8_000))  # no index compresses it


@pytest.mark.parametrize("field", ["lead_id", "campaign", "city", "email", "agent", "timezone"])
def test_long_cell_harms_nobody_else(field: str, configure: Configure, sinch: Vendor) -> None:
    """The other leads are sent; a key that fits in no index makes its own row invalid, which names its line."""
    config = configure(rows=[*ROWS, lead(4, **{field: RANDOM})])
    with closing(Installation.load(config, actor="test")) as installation:
        assert load_day(installation, DAY).problems == []
        of_last = query(installation, "SELECT state, reason FROM reporting.lead_outcome WHERE row_no = 5")
    assert {f"lead-{row['lead_id']}" for row in ROWS} <= {key for _, key in sinch.vendor.store.creations}
    if field in ("lead_id", "campaign"):
        assert of_last == [("invalid", f"line 5 has a {field} of more than 200 characters")]


@pytest.mark.parametrize("word", ["0001-01-01 00:00:00", "9999-12-31T23:59:59-05:00"])
@pytest.mark.parametrize("is_daily", [True, False], ids=["a-file-a-day", "by-cursor"])
def test_moment_that_no_calendar_has_harms_nobody_else(
    is_daily: bool, word: str, configure: Configure, sinch: Vendor
) -> None:
    """It is no time: in a file of its day the row is loaded, elsewhere nobody knows its day."""
    rows = [*ROWS, lead(4, updated_at=word)]
    config = configure(rows=rows, **({"sources": {"leads": {"csv": "leads-{day}.csv"}}} if is_daily else {}))
    write_rows(config.with_name(f"leads-{DAY}.csv"), rows)
    with closing(Installation.load(config, actor="test")) as installation:
        assert load_day(installation, DAY).problems == []
        assert states(installation) == ({"accepted": 4} if is_daily else {"accepted": 3, "invalid": 1})
