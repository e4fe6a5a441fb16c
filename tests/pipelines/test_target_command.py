"""`leadsync target`: what campaigns are loaded into, made once, switched and removed, each on record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pipelines.cli import main
from pipelines.installation import Installation
from sandbox.server import SandboxServer
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import DAY, TARGET
from tests.reading import query

Servers = dict[str, SandboxServer[Any]]
Run = Callable[..., int]


@pytest.fixture
def servers() -> Iterator[Servers]:
    """All doubles."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(kind)) for name, kind in KINDS.items()}


@pytest.fixture
def config(tmp_path: Path, database: str, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a campaign for each vendor; jtel may be deleted from."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return write_vendors(tmp_path, servers, database=database, settings={"jtel": {"allow_delete": True}})


@pytest.fixture
def run(config: Path) -> Run:
    """Types the command; returns its exit code."""

    def typed(*words: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["target", *words, "--config", str(config)])
        return int(ended.value.code or 0)

    return typed


def events(config: Path) -> list[tuple[Any, ...]]:
    """What is on record."""
    installation = Installation.load(config)
    rows = query(installation, "SELECT vendor, event FROM reporting.target_event ORDER BY at, vendor")
    installation.close()
    return rows


def test_targets_are_made_once(run: Run, config: Path, servers: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    """The first command makes what is missing at three vendors; a second finds all of it known."""
    assert run("make", "--day", str(DAY), "--json") == 0
    assert {(row["vendor"], row["result"]) for row in json.loads(capsys.readouterr().out)} == {
        (name, "there") for name in KINDS
    }
    assert run("make", "--day", str(DAY), "--json") == 0
    assert [vendor for vendor, event in events(config) if event == "made"] == ["sobot", "platform", "jtel"]
    assert servers["sobot"].vendor.store.requests["create_outbound_task"] == 1
    capsys.readouterr()
    assert run("list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(row["vendor"], row["last_event"]) for row in listed] == [
        ("jtel", "made"), ("platform", "made"), ("sobot", "made"),
    ]  # fmt: skip


def test_the_list_has_the_times_of_the_business(run: Run, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the zone beside them, as `leadsync status` has them; a program is told of UTC."""
    assert run("make", "--day", str(DAY), "--campaign", "jtel-calls") == 0
    with closing(Installation.load(config)) as installation, installation.engine.begin() as connection:
        connection.execute(text("UPDATE ledger.targets SET known_at = '2026-11-22 11:40:07+00'"))
    capsys.readouterr()
    assert run("list") == 0
    assert " 2026-11-22 12:40 CET " in capsys.readouterr().out
    assert run("list", "--json") == 0
    assert [row["known_at"] for row in json.loads(capsys.readouterr().out)] == ["2026-11-22 11:40:07+00:00"]


def test_control_as_json_tells_what_was_done(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks for JSON gets it: of what was done, and of what was not, for want of --yes."""
    words = ("control", "activate", "--day", str(DAY), "--campaign", "sinch-calls", "--json")
    assert run(*words) == 1
    told = f"would activate the target of sinch-calls for {DAY}; say --yes to do it"
    assert json.loads(capsys.readouterr().out) == {"error": told}
    assert run(*words, "--yes") == 0
    assert json.loads(capsys.readouterr().out) == {
        "vendor": "sinch", "campaign": "sinch-calls", "day": str(DAY), "action": "activate", "result": "done",
    }  # fmt: skip


def test_campaign_is_switched_and_on_record(run: Run, config: Path, servers: Servers) -> None:
    """Sinch's campaign is switched on and off as often as one says so."""
    campaign = servers["sinch"].vendor.store.campaigns[TARGET]
    for action, status in (("activate", "Active"), ("activate", "Active"), ("pause", "Passive")):
        assert run("control", action, "--day", str(DAY), "--campaign", "sinch-calls", "--yes") == 0
        assert campaign.status == status
    assert events(config) == [("sinch", "activated"), ("sinch", "activated"), ("sinch", "paused")]


def test_clone_is_deleted_by_its_id_and_made_again(run: Run, config: Path, servers: Servers) -> None:
    """jtel's campaign goes with its id alone; the next load makes another."""
    assert run("make", "--day", str(DAY), "--campaign", "jtel-calls") == 0
    before = set(servers["jtel"].vendor.store.campaigns)
    assert run("control", "delete", "--day", str(DAY), "--campaign", "jtel-calls", "--yes") == 0
    assert len(before - set(servers["jtel"].vendor.store.campaigns)) == 1
    assert run("make", "--day", str(DAY), "--campaign", "jtel-calls") == 0
    assert [event for vendor, event in events(config) if vendor == "jtel"] == [
        "asked_for", "made", "deleted", "asked_for", "made",
    ]  # fmt: skip


def test_nothing_is_done_without_yes(run: Run, servers: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    """What would be done is said, and the exit code is not 0."""
    assert run("control", "activate", "--day", str(DAY), "--campaign", "sinch-calls") == 1
    assert "say --yes" in capsys.readouterr().err
    assert servers["sinch"].vendor.store.campaigns[TARGET].status == "Passive"


def test_vendor_that_cannot_do_it_says_what_it_can(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """An action that a vendor lacks is a sentence with those that it has."""
    assert run("control", "delete", "--day", str(DAY), "--campaign", "sinch-calls", "--yes") == 1
    assert "sinch cannot delete a target; it can: activate, pause" in capsys.readouterr().err


def test_target_that_cannot_be_made_is_named(run: Run, servers: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    """One campaign without its template stops itself alone."""
    servers["jtel"].vendor.store.campaigns.clear()
    assert run("make", "--day", str(DAY), "--json") == 1
    rows = {row["vendor"]: row["result"] for row in json.loads(capsys.readouterr().out)}
    assert rows["platform"] == rows["sobot"] == rows["sinch"] == "there"
    assert "campaigns.jtel-calls.target.template" in rows["jtel"]
