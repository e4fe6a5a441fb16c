"""Writes a CRM export for a measurement: one campaign, one day, nearly every lead may be called.

Belongs here: the shares of countries and of leads that may not be called. Does not belong here: how the
people are invented (`examples/crm/generate.py`, which is loaded from its file).
"""

from __future__ import annotations

import csv
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

CAMPAIGN = "spring-promo"
CAMPAIGN_ID = "8A7C98EAF1164F2FAA93B98EECB95D76"
REGION = "DE"
# Of 20 leads; numbers of the region itself are written nationally in three of eight cases.
COUNTRIES = ("DE",) * 10 + ("GB",) * 3 + ("US",) * 2 + ("FR",) * 2 + ("AT", "CH", "ES")
# The last rows of every cycle are not sent: 97.5 % of all rows are.
CYCLE = 200
REFUSALS = ("do_not_call", "do_not_call", "consent", "phone", "number_twice")

Row = dict[str, str]


@dataclass(frozen=True)
class DataSet:
    """The files of one size, and how many of the leads must arrive at the vendor."""

    lead_count: int
    sent_count: int
    leads_csv: Path
    do_not_call_csv: Path
    day: date


def write_data_set(folder: Path, lead_count: int) -> DataSet:
    """The files are in the folder; the same count writes the same bytes."""
    folder.mkdir(parents=True)
    generator = _generator()
    crm = generator.Crm(campaign_count=1, day_count=1, seed=lead_count)
    leads_csv, do_not_call_csv = folder / "leads.csv", folder / "do_not_call.csv"
    with leads_csv.open("w", newline="", encoding="utf-8") as leads, do_not_call_csv.open("w", newline="") as listed:
        rows, numbers = csv.writer(leads), csv.writer(listed)
        rows.writerow(generator.LEAD_HEADER.split(","))
        numbers.writerow(("phone", "reason", "until"))
        for row, listed_number in islice(_rows(crm), lead_count):
            rows.writerow(row.values())
            if listed_number:
                numbers.writerow((listed_number, "regulator list", ""))
    return DataSet(lead_count, _sent_count(lead_count), leads_csv, do_not_call_csv, generator.FIRST_DAY)


def _rows(crm: Any) -> Iterator[tuple[Row, str | None]]:
    """Rows for ever, each with the number that the do-not-call list has of it."""
    first_refusal = CYCLE - len(REFUSALS)
    number = 0
    earlier = ""
    while True:
        for position in range(CYCLE):
            country = crm.pick(COUNTRIES)
            lead = crm.contact(f"L{number}", slot=(country, CAMPAIGN, REGION), names=crm.names(country))
            number += 1
            if country == "US":  # who reads 001 with American eyes sees no number: 011 leads abroad there
                lead.row["phone1"] = re.sub("^001", "+1", lead.row["phone1"])
            if position < first_refusal:
                earlier = lead.phone.e164()
                yield lead.row, None
            else:
                yield _refused(REFUSALS[position - first_refusal], lead, earlier)


def _refused(reason: str, lead: Any, earlier: str) -> tuple[Row, str | None]:
    """The lead's row as one that must not be sent."""
    row: Row = {**lead.row, "phone2": "", "phone3": ""}
    if reason == "do_not_call":
        return row, lead.phone.spaced()
    changed = {"consent": {"consent": "no"}, "phone": {"phone1": "unknown"}, "number_twice": {"phone1": earlier}}
    return {**row, **changed[reason]}, None


def _sent_count(lead_count: int) -> int:
    first_refusal = CYCLE - len(REFUSALS)
    return lead_count // CYCLE * first_refusal + min(lead_count % CYCLE, first_refusal)


def _generator() -> ModuleType:
    path = Path(__file__).parents[1] / "examples/crm/generate.py"
    spec = importlib.util.spec_from_file_location("crm_generator", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
