"""The campaigns that leads may go to: those of the configuration, and those that the CRM lists.

Belongs here: reading them, and what is wrong with one. Does not belong here: what their vendor says of them
(`admission.py`), and their leads (`intake.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import orjson

from connectors.errors import SetupError
from connectors.gateway import Campaign
from connectors.redaction import redact
from pipelines.eligibility import CampaignRule
from pipelines.fixed_targets import sharing
from pipelines.settings import Settings, region_code, target_of, vendor_name
from pipelines.sources import open_source
from pipelines.store import Store, utc_now

_ON = frozenset({"yes", "y", "true", "t", "1", "on", "active", "enabled", "ja", "j", "ein", "aktiv", "oui", "si", "sí"})
_OFF = frozenset({"no", "n", "false", "f", "0", "off", "inactive", "disabled", "nein", "aus", "inaktiv", "non"})
_LISTED = "sources.campaigns"  # how the origin of a campaign that the CRM lists begins


def read_campaigns(store: Store, settings: Settings) -> list[Campaign]:
    """`crm.campaigns` holds the campaigns of the configuration and of the CRM; returns those that can be loaded.

    Raises:
        SetupError: the CRM listed campaigns before, and lists none now: nothing was replaced. A campaign of the CRM
            that cannot be is stored with its defect.
    """
    listed = _told_once(_crm_campaigns(settings))
    rows = listed | {row["campaign"]: row for row in _own_campaigns(settings)}
    _note_shared_targets(rows)
    with store.transaction():
        store.run("crm", "take_turns", name="campaigns")
        if settings.sources.campaigns is not None and not listed:
            _refuse_emptied(store)
        store.run("crm", "delete_campaigns")
        for row in rows.values():
            target, mapping = orjson.dumps(row["target"]).decode(), orjson.dumps(row["mapping"]).decode()
            store.run("crm", "insert_campaign", **{**row, "target": target, "mapping": mapping}, now=utc_now())
        store.run("crm", "upsert_snapshot", name="campaigns", now=utc_now(), problem=None)
    return stored_campaigns(store)


def stored_campaigns(store: Store, vendor: str | None = None) -> list[Campaign]:
    """The active campaigns of the newest snapshot that have no defect, of one vendor or of all."""
    return [
        Campaign(row.campaign, row.vendor, row.target, row.region, row.mapping)
        for row in store.rows("crm", "campaigns")
        if row.is_active and row.defect is None and vendor in (None, row.vendor)
    ]


def campaign_defects(store: Store) -> dict[str, str]:
    """The active campaigns of the newest snapshot that cannot be loaded as the CRM has them, and why."""
    return {row.campaign: row.defect for row in store.rows("crm", "campaigns") if row.is_active and row.defect}


def campaign_rules(store: Store) -> dict[str, CampaignRule]:
    """What eligibility needs to know of every campaign of the newest snapshot."""
    return {row.campaign: CampaignRule(row.region, row.is_active) for row in store.rows("crm", "campaigns")}


def record_defects(store: Store, day: date) -> None:
    """Campaigns that cannot be loaded as the CRM has them are stopped: nobody else would say why their leads wait."""
    for row in store.rows("crm", "campaigns"):
        if row.is_active and row.defect:
            stopped: dict[str, Any] = {"campaigns": [row.campaign], "reasons": [row.defect], "days": [day]}
            store.run("reporting", "stop_campaigns", vendor=row.vendor, now=utc_now(), **stopped)


def _note_shared_targets(rows: Mapping[str, dict[str, Any]]) -> None:
    """A campaign of the CRM that is loaded into the target of another has that defect; which is meant nobody knows."""
    good = {name: row for name, row in rows.items() if row["is_active"] and row["defect"] is None}
    shared = sharing((name, row["vendor"], row["target"]) for name, row in good.items())
    for fixed, names in shared.items():
        places = " and ".join(f"{name} ({_place(good[name]['origin'])})" for name in names)
        for row in (good[name] for name in names):
            if row["origin"].startswith(_LISTED):
                row["defect"] = redact(
                    f"{_LISTED}: {places} are loaded into {fixed}: who is in both would be called twice."
                    " Give each its own target, or set one inactive"
                )


def _place(origin: str) -> str:
    return origin.removeprefix(f"{_LISTED}, ") if origin.startswith(_LISTED) else "in the configuration"


def _refuse_emptied(store: Store) -> None:
    """The CRM listed no campaign before, either: else none of their leads would be called, and nobody told."""
    count = sum(row.origin.startswith(_LISTED) for row in store.rows("crm", "campaigns"))
    if count:
        were = "campaign was" if count == 1 else "campaigns were"
        raise SetupError(
            f"{_LISTED}: {count} {were} listed before, and none is now; nothing was replaced."
            f" If none is meant to be listed, take {_LISTED} out of the configuration"
        )


def _crm_campaigns(settings: Settings) -> Iterator[dict[str, Any]]:
    """The campaigns that the CRM lists; one that cannot be loaded has its defect, and must not stop the others."""
    if settings.sources.campaigns is None:
        return
    for frame in open_source(settings, "campaigns", required=("campaign", "vendor", "target")).chunks(None):
        for row in frame.astype(object).where(frame.notna(), None).to_dict("records"):
            campaign = {
                "campaign": row["campaign"],
                "vendor": row["vendor"] or "",
                "target": {},
                "region": row["region"],
                "mapping": settings.mappings.of(str(row["vendor"])),
                "is_active": _is_active(row["active"]),
                "origin": f"{_LISTED}, row {row['row_no']}",
                "defect": None,
            }
            try:
                _check_active(row)
                campaign["target"] = _crm_target(row)
                _check_campaign(campaign)
            except SetupError as error:
                campaign |= {"target": {}, "region": None, "defect": redact(str(error))}
            yield {**campaign, "campaign": row["campaign"] or f"(row {row['row_no']})"}


def _told_once(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rows by their campaigns; where two of one differ, and one is active, neither holds: that is its defect."""
    told: dict[str, dict[str, Any]] = {}
    for row in rows:
        name, first = row["campaign"], told.setdefault(row["campaign"], row)
        is_same = all(first[key] == row[key] for key in row.keys() - {"origin"})
        if not is_same and (first["is_active"] or row["is_active"]):
            places = f"{first['origin']} and {_place(row['origin'])}"
            defect = redact(f"{places}: campaign {name} is listed twice, and not alike: which is meant nobody knows")
            told[name] = {**row, "is_active": True, "origin": first["origin"], "defect": defect}
    return told


def _is_active(word: object) -> bool:
    """False only where the word is known to say so; one that says nothing known is a defect (`_check_active`)."""
    return str(word or "yes").casefold() not in _OFF


def _check_active(row: Mapping[Any, Any]) -> None:
    word = row["active"]
    if word and word.casefold() not in _ON | _OFF:
        where = f"{_LISTED}, row {row['row_no']}: campaign {row['campaign']}"
        raise SetupError(f"{where}: active is {word!r}, which is neither a yes nor a no; write true or false")


def _crm_target(row: Mapping[Any, Any]) -> Any:
    if row["defect"]:
        raise SetupError(f"sources.campaigns: {row['defect']}")
    if row["target"] is None:
        return None
    try:
        return target_of(row["vendor"], row["target"])
    except ValueError as error:
        raise SetupError(f"sources.campaigns, row {row['row_no']}: campaign {row['campaign']}: {error}") from None


def _own_campaigns(settings: Settings) -> Iterator[dict[str, Any]]:
    for index, campaign in enumerate(settings.campaigns):
        row = {
            "campaign": campaign.campaign,
            "vendor": campaign.vendor,
            "target": campaign.target,
            "region": campaign.region,
            "mapping": campaign.mapping or settings.mappings.of(campaign.vendor),
            "is_active": campaign.active,
            "origin": f"campaigns.{index}",
            "defect": None,
        }
        yield row


def _check_campaign(row: Mapping[str, Any]) -> None:
    name, where = row["campaign"], row["origin"]
    if not name:
        raise SetupError(f"{where}: the campaign has no name")
    try:
        vendor_name(row["vendor"])
        if row["region"] is not None:
            region_code(row["region"])
    except ValueError as error:
        raise SetupError(f"{where}: campaign {name}: {error}") from None
    if not isinstance(row["target"], Mapping):
        raise SetupError(f"{where}: campaign {name}: the target is missing")
