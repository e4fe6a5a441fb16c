"""Targets that are named by the vendor's own id: no two campaigns share one, and none takes over another's unasked.

Belongs here: which targets are the same, and under which names one was loaded. Does not belong here: targets that are
found or made by name (`targets.py`), and what the vendor says of one (`admission.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from connectors.errors import SetupError
from connectors.gateway import Campaign
from pipelines.store import Store, utc_now
from pipelines.vendors import VENDORS

MOST_NAMES = 3


class FixedTarget(NamedTuple):
    """One thing at a vendor, by the key and the value that name it in a campaign's target."""

    vendor: str
    key: str
    value: str

    @property
    def plain(self) -> FixedTarget:
        """The same for whoever writes it in capitals, or not."""
        return self._replace(value=self.value.lower())

    def __str__(self) -> str:
        return f"{self.vendor}'s {self.key} {self.value}"


def fixed_target(vendor: str, target: Mapping[str, Any]) -> FixedTarget | None:
    """What the target names exactly; None where it is found or made."""
    for key in VENDORS[vendor].exact:
        if target.get(key) is not None:
            return FixedTarget(vendor, key, str(target[key]).strip())
    return None


def sharing(targets: Iterable[tuple[str, str, Mapping[str, Any]]]) -> dict[FixedTarget, list[str]]:
    """The targets that several of the campaigns (name, vendor, target) are loaded into, with the campaigns' names.

    Each keeps accounts of its own: who is in two of them would be called twice.
    """
    users: dict[FixedTarget, dict[str, FixedTarget]] = {}
    for name, vendor, target in targets:
        fixed = fixed_target(vendor, target)
        if fixed is not None:
            users.setdefault(fixed.plain, {})[name] = fixed
    return {next(iter(by_name.values())): list(by_name) for by_name in users.values() if len(by_name) > 1}


def takeovers(store: Store, vendor: str, campaigns: Mapping[str, Campaign]) -> dict[str, str]:
    """The sentence, by campaign, of those that would be loaded first into a target that another name was loaded into.

    A campaign that was loaded there itself, or adopted, is none of them.
    """
    key = VENDORS[vendor].exact[0]  # what names a thing by its name may be made anew every night
    found = {name: fixed_target(vendor, campaign.target) for name, campaign in campaigns.items()}
    wanted = {name: fixed for name, fixed in found.items() if fixed is not None and fixed.key == key}
    if not wanted:
        return {}
    values = sorted({fixed.plain.value for fixed in wanted.values()})
    users: dict[str, dict[str, bool]] = {}
    for row in store.rows("targets", "users", vendor=vendor, key=key, targets=values):
        users.setdefault(row.target, {})[row.campaign] = row.has_leads
    refused: dict[str, str] = {}
    for name, fixed in wanted.items():
        known = users.get(fixed.plain.value, {})
        others = sorted(other for other, has_leads in known.items() if has_leads)
        if name not in known and others:
            refused[name] = _takeover(name, fixed, others)
    return refused


def adopt(store: Store, campaign: Campaign, *, actor: str) -> FixedTarget:
    """It is on record that a person wants the campaign to be loaded into its target, whoever was loaded into it.

    Raises:
        SetupError: the campaign's target is not named by its id.
    """
    fixed = fixed_target(campaign.vendor, campaign.target)
    if fixed is None:
        raise SetupError(f"campaigns.{campaign.campaign}.target is found or made by its name: nothing is to be adopted")
    place = {"vendor": campaign.vendor, "campaign": campaign.campaign, "name": fixed.value}
    store.run("targets", "tell", now=utc_now(), event="found", actor=actor, **place)
    return fixed


def _takeover(name: str, fixed: FixedTarget, others: list[str]) -> str:
    more = f" and {len(others) - MOST_NAMES} more" if len(others) > MOST_NAMES else ""
    return (
        f"campaigns.{name}.target: {fixed} was loaded under the name {', '.join(others[:MOST_NAMES])}{more} before,"
        " and who is there would be called twice: keep the name, or name another target, or see `leadsync target adopt`"
    )
