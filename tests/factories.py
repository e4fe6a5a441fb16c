"""Rows and configurations for tests; a test names only the fields that it is about.

Belongs here: defaults. Does not belong here: fixtures (`conftest.py`).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from pipelines.installation import Installation

DAY = date(2026, 11, 17)
CAMPAIGN = "spring-promo"
TARGET = "8A7C98EAF1164F2FAA93B98EECB95D76"
OTHER_CAMPAIGN = "renewals"
OTHER_TARGET = "11112222333344445555666677778888"
ABSENT_TARGET = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

# Vendor settings under which a test waits for nothing.
QUICK: Mapping[str, Any] = {
    "backoff_s": 0.01,
    "backoff_max_s": 0.05,
    "max_attempts": 3,
    "settle_s": 0,
    "read_timeout_s": 5,
    "connect_timeout_s": 5,
}

COLUMNS = (
    "lead_id",
    "campaign",
    "first_name",
    "last_name",
    "phone1",
    "phone2",
    "phone3",
    "country",
    "timezone",
    "email",
    "agent",
    "priority",
    "not_before",
    "consent",
    "updated_at",
    "city",
)


def lead(number: int = 1, **fields: str) -> dict[str, str]:
    """A lead that may be called; `number` makes its id and its phone number distinct."""
    return {
        "lead_id": f"L{number}",
        "campaign": CAMPAIGN,
        "first_name": "Ada",
        "last_name": "Muster",
        "phone1": phone(number),
        "country": "DE",
        "timezone": "Europe/Berlin",
        "updated_at": f"{DAY}T10:00:00+01:00",
        "city": "Köln",
    } | fields


def leads(count: int, **fields: str) -> list[dict[str, str]]:
    """`count` distinct leads that may be called."""
    return [lead(number, **fields) for number in range(1, count + 1)]


def phone(number: int) -> str:
    """A valid German mobile number, different for every `number` below ten million."""
    return f"+491511{number:07d}"


def write_rows(path: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> Path:
    """A CSV file of the rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_configuration(
    folder: Path,
    *,
    database: str,
    sinch_url: str,
    rows: Sequence[Mapping[str, str]] = (),
    campaigns: Mapping[str, str] | None = None,
    do_not_call: Sequence[Mapping[str, str]] = (),
    sinch: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Path:
    """A `leadsync.yaml` with its CSV files in `folder`.

    Args:
        campaigns: our name to the vendor's campaign id; one campaign by default.
        sinch: settings of the vendor that differ from quick and quiet ones.
        settings: top-level settings that differ.
    """
    targets = {CAMPAIGN: TARGET} if campaigns is None else campaigns
    document: dict[str, Any] = {
        "vendors": {"sinch": {**QUICK, "base_url": sinch_url, "auth_mode": "none", "connections": 2, **(sinch or {})}},
        "campaigns": [
            {
                "campaign": name,
                "vendor": "sinch",
                "target": {"campaign_id": target},
                "region": "DE",
                "mapping": {"attributes": {"City": "city"}},
            }
            for name, target in targets.items()
        ],
    }
    return write_document(folder, {**document, **settings}, database=database, rows=rows, do_not_call=do_not_call)


def with_lease(installation: Installation, lease_s: float) -> Installation:
    """The installation, whose claims end sooner than a configuration may say."""
    delivery = installation.settings.delivery.model_copy(update={"lease_s": lease_s})
    installation.settings = installation.settings.model_copy(update={"delivery": delivery})
    return installation


def write_document(
    folder: Path,
    document: Mapping[str, Any],
    *,
    database: str,
    rows: Sequence[Mapping[str, str]] = (),
    do_not_call: Sequence[Mapping[str, str]] = (),
) -> Path:
    """A `leadsync.yaml` of the document over CSV files of the rows, in `folder`."""
    write_rows(folder / "leads.csv", rows)
    write_rows(folder / "do_not_call.csv", do_not_call, ("phone", "reason", "until"))
    common = {
        "database": database,
        "timezone": "Europe/Berlin",
        "first_day": "2026-11-01",
        "sources": {
            "leads": {"csv": "leads.csv", "cursor": "updated_at"},
            "do_not_call": {"csv": "do_not_call.csv"},
        },
    }
    path = folder / "leadsync.yaml"
    path.write_text(yaml.safe_dump({**common, **document}, allow_unicode=True), "utf-8")
    return path
