"""The do-not-call list as people export it: whom an entry bars, and what is said of one that bars nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import morning, night, preflight
from pipelines.installation import Installation
from pipelines.load import load_day
from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from tests.factories import DAY, leads, phone
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
    "line",
    [SECOND, f"{SECOND},asked", f"{SECOND},asked,,", f"{SECOND},asked,2999-01-01,more,and more"],
    ids=["the_number_alone", "a_comma_short", "an_empty_field_more", "two_fields_more"],
)
def test_a_row_of_the_wrong_width_bars_its_number(line: str, installation: Installation) -> None:
    """The number is there: who wrote it meant it."""
    write(installation, line, f"{FIRST},asked,")
    assert barred(installation) == ["L1", "L2"]
    assert morning.report(installation, [DAY]).problems == []


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


def test_a_list_that_lost_all_its_numbers_needs_a_person(installation: Installation) -> None:
    """An export that broke looks like a list that nobody is on; one that was always empty is no news."""
    write(installation)
    night.refresh_do_not_call(installation)
    assert barred(installation) == []
    assert morning.report(installation, [DAY]).problems == []
    write(installation, f"{FIRST},asked,", f"{SECOND},asked,")
    night.refresh_do_not_call(installation)
    write(installation)
    night.refresh_do_not_call(installation)
    told = "sources.do_not_call: 2 numbers were listed before, and none is now"
    assert told in morning.report(installation, [DAY]).problems
