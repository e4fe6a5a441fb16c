"""What vendors know: read over a socket, kept with its history, found by any of its words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.directory import DirectoryEntry
from connectors.errors import ConnectorError
from pipelines import reference, upkeep
from pipelines.assets.reference import KINDS as REFERENCE_KINDS
from pipelines.installation import Installation
from pipelines.load import load_day
from pipelines.reference import Vocabulary, Words
from sandbox.faults import Fault
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import DAY, lead
from tests.reading import query

EVERYTHING = [(vendor, kind) for vendor, kinds in REFERENCE_KINDS.items() for kind in kinds]
ANNA = DirectoryEntry("A1", "Anna Berg", ("anna.berg",), {"queue": "Sales"})
BERT = DirectoryEntry("A2", "Bert Cole", ("bert.cole",))


@pytest.fixture(params=list(KINDS))
def reached(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Any, Installation]]:
    """Each vendor: its name, its double, and an installation that reaches it."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with serve(KINDS[request.param]) as server:
        installation = Installation.load(write_vendors(tmp_path, {request.param: server}, database=database))
        yield request.param, server, installation
        installation.close()


def history(installation: Installation) -> list[tuple[Any, ...]]:
    """Changes in order."""
    return query(installation, "SELECT key, change FROM reference.changes ORDER BY change_id, key")


def test_every_kind_is_read_whole_and_again_without_a_change(reached: tuple[str, Any, Installation]) -> None:
    """The first refresh finds entries of every kind; a second finds nothing new."""
    vendor, _, installation = reached
    with installation.directory(vendor) as directory:
        assert tuple(directory.kinds) == tuple(REFERENCE_KINDS[vendor])
    for kind in REFERENCE_KINDS[vendor]:
        first = upkeep.refresh_reference(installation, vendor, kind)
        assert first["entries"] == first["appeared"] > 0
        assert upkeep.refresh_reference(installation, vendor, kind) == {
            "entries": first["entries"], "appeared": 0, "changed": 0, "vanished": 0, "returned": 0,
        }  # fmt: skip


def test_refresh_that_fails_leaves_what_was_known(reached: tuple[str, Any, Installation]) -> None:
    """A vendor that does not answer makes nothing vanish."""
    vendor, server, installation = reached
    kind = REFERENCE_KINDS[vendor][0]
    before = upkeep.refresh_reference(installation, vendor, kind)["entries"]
    server.faults.replace([Fault(kind="status", times=None)])
    with pytest.raises(ConnectorError):
        upkeep.refresh_reference(installation, vendor, kind)
    known = query(installation, "SELECT count(*) FROM reporting.reference_entry WHERE vanished_at IS NULL")
    assert known == [(before,)]


def test_history_tells_what_appeared_changed_vanished_and_returned(reached: tuple[str, Any, Installation]) -> None:
    """Every difference between two refreshes is a row of history; what stays the same is none."""
    vendor, _, installation = reached
    with installation.store() as store:
        for entries in ([ANNA, BERT], [ANNA._replace(name="Anna Dorn"), BERT], [BERT], [BERT], [BERT, ANNA]):
            reference.refresh(store, vendor, "people", entries)
    assert history(installation) == [
        ("A1", "appeared"), ("A2", "appeared"), ("A1", "changed"), ("A1", "vanished"), ("A1", "returned"),
    ]  # fmt: skip
    [(before, after)] = query(installation, "SELECT before, after FROM reference.changes WHERE change = 'changed'")
    assert (before["name"], after["name"]) == ("Anna Berg", "Anna Dorn")


def test_words_find_an_entry_by_key_name_and_alias() -> None:
    """People write a login, a name or an id, in any case; each finds the entry."""
    words = Words.of([ANNA, BERT])
    assert [words.find(word) for word in ("a1", "ANNA BERG", " anna.berg ")] == [ANNA, ANNA, ANNA]
    assert words.find("anna") is None


def test_word_of_two_entries_finds_none_of_them() -> None:
    """A name that two agents share names neither; their keys still do."""
    words = Words.of([ANNA, BERT._replace(name="Anna Berg")])
    assert words.find("Anna Berg") is None
    assert words.find("A2") == BERT._replace(name="Anna Berg")


def test_unknown_word_suggests_the_nearest() -> None:
    """A near miss is met with what was probably meant; nonsense with nothing."""
    words = Words.of([ANNA, BERT])
    assert words.suggestion("ana.berg") == ". Did you mean A1 (Anna Berg)?"
    assert words.suggestion("0000000000") == ""
    known = Vocabulary(of_targets={"template": words, "campaign_id": words})
    assert str(known.doubt({"template": "Ana Berg"})).endswith("Did you mean Anna Berg?")  # it takes the name
    assert str(known.doubt({"campaign_id": "Ana Berg"})).endswith("Did you mean A1 (Anna Berg)?")


def test_suggestion_shows_no_login_that_is_an_address() -> None:
    """A vendor's name or key of an agent may be private; an id is shown in full, however many digits it has."""
    bert = DirectoryEntry("bert@example.com", "bert@example.com")
    words = Words.of([DirectoryEntry("10023456", "anna@example.com"), bert])
    assert words.suggestion("ana@example.com") == ". Did you mean 10023456 (<mail>)?"
    assert words.suggestion("brt@example.com") == ". Did you mean <mail>?"


def test_lead_that_names_an_unknown_agent_is_refused_with_the_nearest(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known agent goes along by the vendor's key, whatever word the CRM has for it; an unknown one is a reason."""
    rows = [
        lead(1, campaign="sobot-calls", agent="OTHER"),
        lead(2, campaign="sobot-calls", agent="othr"),
        lead(3, campaign="sobot-calls"),
    ]
    with loaded("sobot", tmp_path, database, monkeypatch, rows=rows) as (server, installation):
        upkeep.refresh_reference(installation, "sobot", "agents")
        assert load_day(installation, DAY).problems == []
        assert agents_sent(server) == ["2222", None]
        found = query(installation, "SELECT lead_id, state, reason FROM reporting.lead_outcome WHERE state = 'invalid'")
    assert found == [("L2", "invalid", "agent othr is not known at sobot. Did you mean 2222 (other)?")]


def test_agent_that_the_mapping_names_is_not_looked_up(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`agents` says who is meant, also where the vendor does not know the word, or knows it for somebody else."""
    words = ["ada", "agent.three", "nobody"]
    rows = [lead(at, campaign="platform-calls", agent=word) for at, word in enumerate(words)]
    mapping = {"mappings": {"platform": {"agents": {"ada": 1002, "agent.three": 1001}}}}
    with loaded("platform", tmp_path, database, monkeypatch, rows=rows, document=mapping) as (server, installation):
        upkeep.refresh_reference(installation, "platform", "users")
        assert load_day(installation, DAY).problems == []
        assert [one.fields["agentId"] for one in server.vendor.store.leads.values()] == [1002, 1001]
        found = query(installation, "SELECT lead_id, reason_code FROM reporting.lead_outcome WHERE state <> 'accepted'")
    assert found == [("L2", "agent_unknown")]


def test_reason_shows_no_address_and_no_number_that_stands_for_an_agent(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a CRM has in the agent's column may be a person's."""
    words = ["anna.schmidt@example.com", "+49 151 1234567"]
    rows = [lead(at, campaign="sobot-calls", agent=word) for at, word in enumerate(words)]
    with loaded("sobot", tmp_path, database, monkeypatch, rows=rows) as (_, installation):
        upkeep.refresh_reference(installation, "sobot", "agents")
        load_day(installation, DAY)
        found = query(installation, "SELECT lead_id, reason FROM reporting.lead_outcome ORDER BY lead_id")
    assert found == [("L0", "agent <mail> is not known at sobot"), ("L1", "agent <number> is not known at sobot")]


def test_unknown_agent_is_dropped_where_that_is_configured(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `unknown_agent: drop` the lead goes to whoever is free."""
    rows = [lead(1, campaign="sobot-calls", agent="othr")]
    dropping = {"eligibility": {"unknown_agent": "drop"}}
    with loaded("sobot", tmp_path, database, monkeypatch, rows=rows, document=dropping) as (server, installation):
        upkeep.refresh_reference(installation, "sobot", "agents")
        assert load_day(installation, DAY).problems == []
        assert agents_sent(server) == [None]


def test_agents_are_not_looked_up_before_they_were_read(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that was never read refuses nobody."""
    rows = [lead(1, campaign="sobot-calls", agent="2222")]
    with loaded("sobot", tmp_path, database, monkeypatch, rows=rows) as (server, installation):
        assert load_day(installation, DAY).problems == []
        assert agents_sent(server) == ["2222"]


def test_target_that_is_not_there_stops_its_campaign_before_the_plan(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown list stops its campaign, with the nearest one; nothing of it is planned."""
    rows = [lead(1, campaign="platform-calls")]
    targets = {"platform": {"list_id": 1001}}
    with loaded("platform", tmp_path, database, monkeypatch, rows=rows, targets=targets) as (server, installation):
        upkeep.refresh_reference(installation, "platform", "lists")
        problems = load_day(installation, DAY).problems
        assert server.vendor.held() == []
        assert query(installation, "SELECT count(*) FROM ledger.imports") == [(0,)]
    [problem] = problems
    assert "list_id 1001 is not known there. Did you mean 101 (List Two)?" in problem


def agents_sent(server: Any) -> list[str | None]:
    """The agent of every lead that Sobot received."""
    return [one.get("allocationAgent") for body in server.vendor.store.received for one in body["dataDetails"]]


@contextmanager
def loaded(
    vendor: str, folder: Path, database: str, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> Iterator[tuple[Any, Installation]]:
    """A vendor's double, and an installation that reaches it."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with serve(KINDS[vendor]) as server:
        installation = Installation.load(write_vendors(folder, {vendor: server}, database=database, **more))
        yield server, installation
        installation.close()
