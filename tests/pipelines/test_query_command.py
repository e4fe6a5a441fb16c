"""`leadsync query`: what the documents ask for in SQL, also where the database is the embedded one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.commands import leadsync
from tests.factories import CAMPAIGN, DAY, lead, phone, write_configuration
from tests.reading import query

OUTCOMES = "SELECT day, campaign, lead_id, state, import_id, phone FROM reporting.lead_outcome ORDER BY lead_id"


@pytest.fixture
def config(tmp_path: Path, database: str, sinch: SandboxServer[SinchObi]) -> Path:
    """A day of two leads was loaded, one of them to its vendor."""
    file = write_configuration(tmp_path, database=database, sinch_url=sinch.url, rows=[lead(1), lead(2, phone1="")])
    installation = Installation.load(file)
    load_day(installation, DAY)
    installation.close()
    return file


def test_the_rows_are_a_table_and_for_programs_a_list(config: Path) -> None:
    """Numbers of persons are masked, as the schema has them; a semicolon at the end does no harm."""
    told = leadsync("query", f"{OUTCOMES};", "--config", config).stdout
    assert told.startswith("2 rows\n")
    assert re.search(r"\bL1 +accepted +1 +\+49 \*", told)
    common = {"day": str(DAY), "campaign": CAMPAIGN}
    assert json.loads(leadsync("query", OUTCOMES, "--config", config, "--json").stdout) == [
        {**common, "lead_id": "L1", "state": "accepted", "import_id": 1, "phone": "+49 *** *** 0001"},
        {**common, "lead_id": "L2", "state": "invalid", "import_id": None, "phone": None},
    ]


def test_times_are_those_of_the_business(config: Path) -> None:
    """Also where the query takes the hour or the date of one; a program gets the offset."""
    select = "SELECT '2026-11-22 23:40+00'::timestamptz AS at, '2026-11-22 23:40+00'::timestamptz::date::text AS on"
    assert "2026-11-23 00:40:00 CET" in leadsync("query", select, "--config", config).stdout
    [row] = json.loads(leadsync("query", select, "--config", config, "--json").stdout)
    assert row == {"at": "2026-11-23T00:40:00+01:00", "on": "2026-11-23"}


def test_sums_are_numbers_and_no_column_is_lost(config: Path) -> None:
    """Sums come as decimals, and two columns may have one name."""
    select = "SELECT sum(read_count), sum(read_count) / 4, NULL AS nothing FROM reporting.campaign_day"
    [row] = json.loads(leadsync("query", select, "--config", config, "--json").stdout)
    assert row == {"sum": 2, "?column?": 0.5, "nothing": None}
    [row] = json.loads(leadsync("query", "SELECT 1, 'a'", "--config", config, "--json").stdout)
    assert row == {"?column?": 1, "?column? (2)": "a"}


def test_more_rows_than_the_limit_are_told_of(config: Path) -> None:
    """What is shown is not all."""
    ended = leadsync("query", OUTCOMES, "--config", config, "--limit", "1", "--json")
    assert len(json.loads(ended.stdout)) == 1
    assert ended.stderr == "There are more than 1: narrow it down, or raise --limit.\n"
    assert leadsync("query", "SELECT 1 WHERE FALSE", "--config", config).stdout == "no row\n"


@pytest.mark.parametrize(
    ("select", "sentence"),
    [
        ("SELEKT 1", 'syntax error at or near "SELEKT"'),
        ("", "syntax error at end of input"),
        ("SELECT stat FROM reporting.lead_outcome", 'column "stat" does not exist'),
        (
            "SELECT phone1 FROM crm.leads",
            "permission denied for schema crm. leadsync query reads the schema reporting alone",
        ),
        ("SELECT 1 / (row_no - row_no) FROM reporting.lead_outcome", "division by zero"),
        ("SELECT CAST('0171' || 2345678 AS date)", 'date/time field value out of range: "<number>"'),
        ("DELETE FROM ledger.imports", 'syntax error at or near "DELETE"'),
        ("SELECT 1; DELETE FROM ledger.imports", "cannot insert multiple commands into a prepared statement"),
        (
            "SELECT set_config('transaction_read_only', 'off', TRUE)",
            "transaction read-write mode must be set before",
        ),
    ],
)
def test_what_cannot_be_run_is_a_sentence_and_changes_nothing(select: str, sentence: str, config: Path) -> None:
    """On standard error, or as JSON; the exit code says that there is no answer."""
    ended = leadsync("query", select, "--config", config, code=1)
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"the query cannot be run: {sentence}")
    assert ended.stderr.count("\n") == 1
    failed = leadsync("query", select, "--config", config, "--json", code=1)
    assert json.loads(failed.stdout) == {"error": ended.stderr.rstrip("\n")}
    installation = Installation.load(config)
    assert query(installation, "SELECT count(*) FROM ledger.imports") == [(1,)]
    assert query(installation, "SELECT phone1 FROM crm.leads WHERE lead_id = 'L1'") == [(phone(1),)]
    installation.close()
