"""The do-not-call list as people export it: whom an entry bars, and what is said of one that bars nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import SetupError
from pipelines import morning, night, preflight, recall
from pipelines.do_not_call import parse_until
from pipelines.dryrun import dry_run
from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import DAY, lead, leads, phone
from tests.reading import query

Make = Callable[..., Installation]
SUPPRESSED = "SELECT lead_id FROM reporting.lead_outcome WHERE reason_code = 'do_not_call' ORDER BY lead_id"
FIRST, SECOND = phone(1), phone(2)


@pytest.fixture
def installation(installations: Make, sinch: SandboxServer[SinchObi]) -> Installation:
    """Three good leads; their list is written by the test."""
    return installations(rows=leads(3))


def write(installation: Installation, *lines: str) -> None:
    """The list has these lines."""
    path = Path(installation.settings.folder / "do_not_call.csv")
    path.write_text("\n".join(["phone,reason,until", *lines, ""]), "utf-8")


def barred(installation: Installation) -> list[str]:
    """Whom a load of the day left out for the list's sake."""
    load_day(installation, DAY)
    return [lead_id for (lead_id,) in query(installation, SUPPRESSED)]


@pytest.mark.parametrize(
    ("line", "width"),
    [
        (SECOND, "1 of 3"),
        (f"{SECOND},asked", "2 of 3"),
        (f"{SECOND},asked,,", None),
        (f"{SECOND},asked,2999-01-01,more,and more", "5 of 3"),
        (f"Muster, Ada,100234567,{SECOND}", "4 of 3"),
        (f"100234567,{SECOND}", "2 of 3"),
        (f"Muster,\x00 Ada,100234567,{SECOND}", "4 of 3"),
    ],
    ids=["alone", "a_comma_short", "an_empty_field_more", "two_more", "shifted", "shifted_back", "with_a_nul"],
)
def test_a_row_of_the_wrong_width_bars_every_number_in_it(
    line: str, width: str | None, installation: Installation
) -> None:
    """Nobody knows which cell is meant, so none is let off; and a person is told, whatever was barred."""
    write(installation, line, f"{FIRST},asked,")
    assert barred(installation) == ["L1", "L2"]
    told = (
        "sources.do_not_call: 1 of 2 entries are damaged; every number in them is barred, but one may be missing"
        f" (the first: line 2 has {width} fields)"
    )
    assert morning.report(installation, [DAY]).problems == ([told] if width else [])


def test_damaged_entries_and_those_that_bar_nobody_are_told_apart(installation: Installation) -> None:
    """What bars nobody is the worse of the two, and is told first."""
    write(installation, f"Muster, Ada,100234567,{SECOND}", "nobody,asked,", "Muster, Ada,nobody,x")
    assert barred(installation) == ["L2"]
    assert morning.report(installation, [DAY]).problems == [
        "sources.do_not_call: 2 of 3 entries have no number that can be read, and bar nobody (the first: line 3);"
        " 1 of 3 entries are damaged; every number in them is barred, but one may be missing"
        " (the first: line 2 has 4 of 3 fields)",
    ]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("4.93023E+11,asked,", "line 3"),
        ("nobody,asked,", "line 3"),
        (",asked,", "line 3"),
        (f'"{SECOND},asked,', "line 3 has a quote that is never closed"),
    ],
    ids=["mangled", "words", "blank", "open_quote"],
)
def test_an_entry_that_bars_nobody_needs_a_person(line: str, first: str, installation: Installation) -> None:
    """The others hold, and the load goes on; the check before it and every report after it have the sentence."""
    write(installation, f"{FIRST},asked,", line)
    entries = "sources.do_not_call: 1 of 2 entries have no number that can be read, and bar nobody"
    told = f"{entries} (the first: {first})"
    findings = {one.what: one for one in preflight.look(installation, DAY)}
    assert findings["sources.do_not_call"].problem == told
    assert barred(installation) == ["L1"]
    assert morning.report(installation, [DAY]).problems == [told]
    write(installation, f"{FIRST},asked,")
    assert barred(installation) == ["L1"]
    assert morning.report(installation, [DAY]).problems == []


def emptied(count: str) -> str:
    """What is said of a list that bars nobody any more."""
    return (
        f"sources.do_not_call: {count} listed before, and none is now; nothing was replaced."
        " If nobody is meant to be listed, take sources.do_not_call out of the configuration"
    )


LISTED_NOW = "SELECT phone FROM crm.do_not_call ORDER BY phone"


def test_a_list_that_lost_all_its_numbers_stops_the_load(
    installation: Installation, sinch: SandboxServer[SinchObi]
) -> None:
    """An export that broke looks like a list that nobody is on: the old list stays, and nobody is sent or planned."""
    write(installation, f"{FIRST},asked,", f"{SECOND},asked,")
    night.refresh_do_not_call(installation)
    write(installation)
    told = emptied("2 numbers were")
    for read in (load_day, dry_run):
        with pytest.raises(SetupError, match=re.escape(told)):
            read(installation, DAY)
    assert sinch.vendor.store.creations == {}
    assert query(installation, LISTED_NOW) == [(FIRST,), (SECOND,)]
    assert told in morning.report(installation, [DAY]).problems[0]
    findings = {one.what: one for one in preflight.look(installation, DAY)}
    assert findings["sources.do_not_call"].problem == told
    write(installation, f"{FIRST},asked,")
    assert barred(installation) == ["L1"]
    assert morning.report(installation, [DAY]).problems == []


def test_a_list_that_was_always_empty_is_no_news(installation: Installation) -> None:
    """Nobody was barred before."""
    for _ in range(2):
        write(installation)
        assert barred(installation) == []
    assert morning.report(installation, [DAY]).problems == []


def test_a_list_none_of_whose_entries_can_be_read_any_more_stops_the_load(installation: Installation) -> None:
    """It bars nobody, as an empty one: an entry that cannot be read is named."""
    write(installation, f"{FIRST},asked,")
    night.refresh_do_not_call(installation)
    write(installation, "4.93023E+11,asked,")
    told = "1 number was listed before, and none is now that can be read (the first entry: line 2)"
    with pytest.raises(SetupError, match=re.escape(told)):
        load_day(installation, DAY)
    assert query(installation, LISTED_NOW) == [(FIRST,)]


def test_an_entry_without_a_country_counts_once(installations: Make) -> None:
    """It is stored by its digits, too, and for each region that a campaign has; a person counts lines."""
    installation = installations(rows=leads(1))
    write(installation, "0664/1234567,asked,", "0151 23456789,asked,", f"{FIRST},asked,")
    night.refresh_campaigns(installation)
    night.refresh_do_not_call(installation)
    write(installation)
    with pytest.raises(SetupError, match=re.escape(emptied("3 numbers were"))):
        night.refresh_do_not_call(installation)


def test_whoever_emptied_the_list_takes_it_out_of_the_configuration(
    installation: Installation, installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """The numbers are gone with the setting; a list that comes back empty is no news."""
    write(installation, f"{FIRST},asked,")
    assert barred(installation) == ["L1"]
    sources = {"leads": {"csv": "leads.csv", "cursor": "updated_at"}}
    without = installations(rows=leads(3), sources=sources)
    assert barred(without) == []
    assert len(sinch.vendor.store.creations) == 3
    again = installations(rows=leads(3))
    write(again)
    assert load_day(again, DAY).problems == []


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("2026-11-22", date(2026, 11, 22)),
        ("20261122", date(2026, 11, 22)),
        ("2026-11-22 23:59:59", date(2026, 11, 22)),
        ("2026-11-22T00:00:00+01:00", date(2026, 11, 22)),
        ("2026-11-22 00:00:00+01", date(2026, 11, 22)),
        ("2026-11-21T23:00:00Z", date(2026, 11, 22)),
        ("9999-12-31", date(9999, 12, 31)),
        ("9999-12-31T23:59:59-05:00", None),
        ("0001-01-01", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("2026-11", None),
        ("2026", None),
        ("today", None),
        ("22.11.2026", None),
        ("2026-11-223", None),
        ("2026-13-01", None),
    ],
)
def test_the_last_day_of_an_entry_is_one_of_the_business(until: str, last: date | None) -> None:
    """A moment with a zone is of the day that it is there; what is no whole date, or none at all, has no end."""
    assert parse_until(until, BERLIN) == last


def test_an_entry_until_a_moment_bars_on_its_whole_day(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """As databases write it: with a zone, at the day's begin."""
    installation = installations(rows=leads(2), timezone="Europe/Berlin")
    write(installation, f"{FIRST},asked,{DAY}T00:00:00+01:00", f"{SECOND},asked,{DAY:%Y-%m}")
    assert barred(installation) == ["L1", "L2"]
    assert sinch.vendor.store.creations == {}


OUTCOMES = "SELECT row_no, state, reason_code FROM reporting.lead_outcome WHERE day = :day ORDER BY row_no"
NEXT = DAY + timedelta(days=1)
UNLISTED, LISTED = {}, {"phone2": phone(9)}


def at(day: date, hour: int) -> str:
    return f"{day}T{hour:02}:00:00"


def outcomes(installation: Installation, day: date) -> list[tuple[str, str | None]]:
    """State and reason of each row of the day."""
    return [(state, code) for _, state, code in query(installation, OUTCOMES, day=day)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((UNLISTED, LISTED), [("duplicate", "duplicate_lead"), ("suppressed", "do_not_call")]),
        ((LISTED, UNLISTED), [("duplicate", "duplicate_lead"), ("accepted", None)]),
        (
            (UNLISTED, LISTED, UNLISTED),
            [("duplicate", "duplicate_lead"), ("duplicate", "duplicate_lead"), ("accepted", None)],
        ),
        ((LISTED, LISTED), [("duplicate", "duplicate_lead"), ("suppressed", "do_not_call")]),
        ((LISTED, {"consent": "yes"}), [("duplicate", "duplicate_lead"), ("accepted", None)]),
        ((LISTED, {"consent": "no"}), [("duplicate", "duplicate_lead"), ("suppressed", "consent_withdrawn")]),
        (
            ({"consent": "no"}, LISTED | {"consent": "yes"}),
            [("duplicate", "duplicate_lead"), ("suppressed", "do_not_call")],
        ),
    ],
    ids=["listed_last", "mended", "mended_again", "twice", "granted_last", "withdrawn_last", "granted_and_listed"],
)
def test_the_last_row_of_a_day_decides_about_the_number(
    fields: Sequence[dict[str, str]],
    expected: list[tuple[str, str | None]],
    installations: Make,
    sinch: SandboxServer[SinchObi],
) -> None:
    """Also at the next load: nobody is sent and then taken back, and nobody is kept from a campaign who was mended."""
    rows = [lead(1, updated_at=at(DAY, 8 + hour), **own) for hour, own in enumerate(fields)]
    installation = installations(rows=rows, do_not_call=[{"phone": phone(9)}])
    for _ in range(2):
        load_day(installation, DAY)
        assert outcomes(installation, DAY) == expected
    assert list(sinch.vendor.store.creations.values()) == [1] * expected.count(("accepted", None))


def test_an_older_day_knows_the_number_of_a_newer_row(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """It is loaded late; the lead has got a number since that must not be called, and has lost it again at last."""
    rows = [lead(1, updated_at=at(DAY, 8)), lead(1, phone2=phone(9), updated_at=at(NEXT, 8))]
    installation = installations(rows=rows, do_not_call=[{"phone": phone(9)}])
    load_day(installation, NEXT)
    load_day(installation, DAY)
    assert outcomes(installation, DAY) == [("suppressed", "do_not_call")]
    assert sinch.vendor.store.creations == {}
    later = NEXT + timedelta(days=1)
    installation = installations(rows=[*rows, lead(1, updated_at=at(later, 8))], do_not_call=[{"phone": phone(9)}])
    load_day(installation, later)
    load_day(installation, DAY)
    assert list(sinch.vendor.store.creations.values()) == [1]


def test_a_number_that_came_later_is_held_against_the_list(installations: Make, sinch: SandboxServer[SinchObi]) -> None:
    """Sinch has no update, and knows the lead by its old number: it is taken back for the new one all the same."""
    rows = [lead(1, updated_at=at(DAY, 8)), lead(1, phone2=phone(9), updated_at=at(NEXT, 8))]
    listed = [{"phone": phone(9)}]
    installation = installations(rows=rows)
    load_day(installation, DAY)
    load_day(installation, NEXT)
    night.refresh_do_not_call(installations(rows=rows, do_not_call=listed))
    recall.withdraw(installation, "sinch")
    assert sinch.vendor.held() == []


def test_a_number_that_is_gone_again_is_held_against_no_list(
    installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """The lead is again what the vendor has, and says so; an older day that is loaded once more changes neither."""
    later = NEXT + timedelta(days=1)
    rows = [
        lead(1, updated_at=at(DAY, 8)),
        lead(1, phone2=phone(9), updated_at=at(NEXT, 8)),
        lead(1, updated_at=at(later, 8)),
    ]
    installation = installations(rows=rows)
    code = "SELECT reason_code, row_phones FROM ledger.deliveries"
    load_day(installation, DAY)
    load_day(installation, NEXT)
    load_day(installation, DAY)
    assert query(installation, code) == [("changed_since_accepted", [phone(1), phone(9)])]
    load_day(installation, later)
    assert query(installation, code) == [(None, None)]
    night.refresh_do_not_call(installations(rows=rows, do_not_call=[{"phone": phone(9)}]))
    recall.withdraw(installation, "sinch")
    assert len(sinch.vendor.held()) == 1


def test_a_purged_number_that_is_read_again_is_held_against_the_list(
    installations: Make, sinch: SandboxServer[SinchObi]
) -> None:
    """The vendor has the lead for longer than its data is kept; the CRM still has it, and now it says no."""
    rows = [lead(1, updated_at=at(DAY, 8)), lead(1, updated_at=at(NEXT, 8))]
    installation = installations(rows=rows)
    load_day(installation, DAY)
    morning.forget(installation, NEXT)
    load_day(installation, NEXT)
    night.refresh_do_not_call(installations(rows=rows, do_not_call=[{"phone": phone(1)}]))
    recall.withdraw(installation, "sinch")
    assert sinch.vendor.held() == []
