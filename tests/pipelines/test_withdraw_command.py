"""`leadsync withdraw`: whom the vendors have although nobody may call them, taken back at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.commands import leadsync
from tests.factories import CAMPAIGN, DAY, TARGET, leads, phone, write_configuration, write_rows

Vendor = SandboxServer[SinchObi]
DELETING = Match(method="DELETE")


@pytest.fixture
def config(tmp_path: Path, database: str, sinch: Vendor) -> Path:
    """Four leads are at the vendor, and two of their numbers were listed since."""
    file = write_configuration(tmp_path, database=database, sinch_url=sinch.url, rows=leads(4))
    leadsync("sync", "--config", file, "--day", str(DAY))
    listed = [{"phone": phone(2)}, {"phone": phone(3)}]
    write_rows(file.with_name("do_not_call.csv"), listed, ("phone", "reason", "until"))
    return file


def at_the_vendor(sinch: Vendor) -> list[str]:
    """The numbers that the vendor has."""
    return sorted(number for _, number in sinch.vendor.held())


def listed(database: str) -> list[tuple[object, ...]]:
    """What the database has of the list, and of who is due."""
    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with engine.connect() as connection:
        return [
            tuple(row)
            for table in ("crm.do_not_call", "crm.snapshots", "ledger.withdrawals")
            for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1"))
        ]


def held(*leads_there: int) -> list[str]:
    """The numbers of these leads, as the vendor has them."""
    return [phone(number).lstrip("+") for number in leads_there]


def test_the_list_as_it_is_now_is_taken_back(config: Path, sinch: Vendor) -> None:
    """No load is needed: the list is read anew."""
    said = leadsync("withdraw", "--config", config).stdout
    assert "L2" in said
    assert "deleted" in said
    assert at_the_vendor(sinch) == held(1, 4)
    assert "Nothing to take back" in leadsync("withdraw", "--config", config).stdout
    status = json.loads(leadsync("status", "--config", config, "--day", str(DAY), "--json").stdout)
    assert status["campaigns"][0]["withdrawn_count"] == 2


def test_a_dry_run_names_them_and_changes_nothing(config: Path, sinch: Vendor, database: str) -> None:
    """Neither the vendor nor the list in the database."""
    before = listed(database)
    for _ in range(2):
        told = json.loads(leadsync("withdraw", "--config", config, "--dry-run", "--json").stdout)
        assert {one["lead_id"]: one["reason_code"] for one in told["leads"]} == {
            "L2": "do_not_call",
            "L3": "do_not_call",
        }
    assert at_the_vendor(sinch) == held(1, 2, 3, 4)
    assert listed(database) == before


def test_what_cannot_be_taken_back_needs_a_person_who_says_when_it_is_done(config: Path, sinch: Vendor) -> None:
    """Until then every report says so."""
    sinch.faults.add(Fault(kind="status", match=DELETING, times=None))
    ended = leadsync("withdraw", "--config", config, code=1)
    assert f"{CAMPAIGN}: 2 leads must not be called any more, and sinch may still dial them" in ended.stderr
    assert "may still dial" in leadsync("status", "--config", config, "--day", str(DAY), code=1).stdout
    named = leadsync("leads", "--config", config, "--day", str(DAY), "--reason", "not_withdrawn")
    assert "L2" in named.stdout
    by_hand = ["withdraw", "--config", config, "--campaign", CAMPAIGN, "--by-hand"]
    leadsync(*by_hand, "L2", "--by-hand", "L3")
    leadsync("status", "--config", config, "--day", str(DAY))
    assert "has no lead L1 that is to be taken back" in leadsync(*by_hand, "L1", code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        (["--campaign", "sprnig"], "nothing was ever sent for a campaign 'sprnig'", 1),
        (["--by-hand", "L2"], "--by-hand needs exactly one --campaign", 2),
        (["--campaign", CAMPAIGN, "--by-hand", "L2", "--dry-run"], "no --dry-run", 2),
    ],
)
def test_a_mistake_is_a_sentence(config: Path, arguments: list[str], sentence: str, code: int) -> None:
    """And nothing happens."""
    assert sentence in leadsync("withdraw", "--config", config, *arguments, code=code).stderr


UNREAD = "sources.do_not_call: 1 of 1 entries have no number that can be read, and bar nobody (the first: line 2)"


@pytest.mark.parametrize(
    "command",
    [["withdraw"], ["withdraw", "--dry-run"], ["plan", "--day", str(DAY)]],
    ids=["withdraw", "dry_run", "plan"],
)
def test_an_entry_that_bars_nobody_needs_a_person(
    command: list[str], tmp_path: Path, database: str, sinch: Vendor
) -> None:
    """Whoever it means is not taken back, and would be sent: that there is nothing to do would be a lie."""
    listed = [{"phone": "12"}]
    file = write_configuration(tmp_path, database=database, sinch_url=sinch.url, rows=leads(1), do_not_call=listed)
    ended = leadsync(*command, "--config", file, code=1)
    assert "Nothing to take back" not in ended.stdout
    assert ended.stderr == f"{UNREAD}\n"
    assert json.loads(leadsync(*command, "--config", file, "--json", code=1).stdout)["problems"] == [UNREAD]


def test_an_emptied_list_takes_nobody_back(config: Path, sinch: Vendor, database: str) -> None:
    """The list stays as it was; who really emptied it takes the setting out."""
    leadsync("withdraw", "--config", config)
    write_rows(config.with_name("do_not_call.csv"), [], ("phone", "reason", "until"))
    for options in ([], ["--dry-run"]):
        ended = leadsync("withdraw", "--config", config, *options, code=1)
        assert (
            "sources.do_not_call: 2 numbers were listed before, and none is now; nothing was replaced" in ended.stderr
        )
    assert {row[0] for row in listed(database)} >= {phone(2), phone(3)}


def test_before_anything_was_sent_nothing_is_asked(tmp_path: Path, database: str, sinch: Vendor) -> None:
    """An empty ledger has nobody to take back."""
    file = write_configuration(tmp_path, database=database, sinch_url=sinch.url, do_not_call=[{"phone": phone(2)}])
    assert "Nothing to take back" in leadsync("withdraw", "--config", file).stdout
    assert dict(sinch.vendor.store.requests) == {}
    assert TARGET not in {target for target, _ in sinch.vendor.store.creations}
