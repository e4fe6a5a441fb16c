"""The dialler campaign that contacts go into: found by its id or name, or cloned from a template.

Belongs here: names, look-ups and the clone. Does not belong here: contacts (`gateway.py`), paths (`client.py`).

Source: vendors.md, 4(b) #2, #3, #5 and 4(c) 2, 6, 7, 8.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TargetError,
    TargetOverError,
)
from connectors.gateway import Campaign
from connectors.jtel.client import JtelClient
from connectors.jtel.fields import DATES_SINCE, NAME_LIMIT, USER_DATA_LIMIT, Release, shortened
from connectors.jtel.models import JtelCampaign

log = logging.getLogger(__name__)


class JtelTargets:
    """Finds and makes dialler campaigns. `zone` is the tenant's, in which a day begins and ends."""

    def __init__(
        self,
        client: JtelClient,
        *,
        release: Release = (),
        zone: ZoneInfo = ZoneInfo("Europe/Berlin"),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._release = release
        self._zone = zone
        self._now = now

    def check(self, campaign: Campaign) -> None:
        """The target exists and will be dialled, or can be made: its template exists, and its name and dates will do.

        Raises:
            TargetError: names the setting.
            TargetOverError: a campaign that is named, and not made, is not valid any more.
        """
        target = campaign.target
        if target.get("campaign_id") is not None:
            self._require_id(campaign, int(target["campaign_id"]))
        elif target.get("campaign_name") is not None:
            self._require_not_over(campaign, "campaign_name", self._require_name(campaign, "campaign_name"))
        else:
            self._require_name(campaign, "template")
            self._check_clone(campaign)

    def name(self, campaign: Campaign, day: date) -> str | None:
        """The name of the target for that day; None: it is configured by its id."""
        target = campaign.target
        if target.get("campaign_id") is not None:
            return None
        if target.get("campaign_name") is not None:
            return str(target["campaign_name"])
        return clone_name(campaign, day)

    def find(self, campaign: Campaign, name: str) -> Mapping[str, Any] | None:
        """The campaign of exactly this name; a clone only if it was made for this campaign."""
        found = self._exact(campaign, name)
        if found is None:
            return None
        if campaign.target.get("template") is not None:
            self._require_ours(campaign, found, name)
        return self._made(found)

    def create(self, campaign: Campaign, name: str, day: date) -> Mapping[str, Any]:
        """The template was cloned under the name; what exists already under it is taken if it is ours."""
        if campaign.target.get("template") is None:
            raise TargetError(f"{_key(campaign, 'campaign_name')}: jtel has no campaign «{name}»")
        self._check_clone(campaign, name)
        try:
            clone = self._clone(campaign, name, day)
        except ConflictError:
            return self._found_after_conflict(campaign, name)
        except NotFoundError:
            raise TargetError(
                f"{_key(campaign, 'template')}: jtel has no campaign «{campaign.target['template']}»"
            ) from None
        except (AuthenticationError, ForbiddenError, RateLimitedError):
            raise
        except RejectedError as error:
            raise TargetError(f"{_key(campaign, 'template')}: jtel refused the clone ({error})") from None
        return self._made(self._record_of(campaign, clone, name))

    def _clone(self, campaign: Campaign, name: str, day: date) -> JtelCampaign:
        start, end = validity(campaign.target, day, zone=self._zone, now=self._now())
        clone = self._client.clone_campaign(
            campaign.target["template"], name, user_data=clone_user_data(campaign, name), dt_from=start, dt_to=end
        )
        if end is not None and clone.dt_to is None:
            log.warning("campaign=%s jtel did not take the end date of the clone", campaign.campaign)
        return clone

    def _made(self, record: JtelCampaign) -> Mapping[str, Any]:
        end = self._end(record)
        return {"campaign_id": record.id, "ends_at": end.isoformat() if end else None}

    def _end(self, record: JtelCampaign) -> datetime | None:
        """When the campaign is over, in the tenant's zone; None where it has no end."""
        if record.dt_to is None:
            return None
        if record.dt_to.tzinfo is None:
            return record.dt_to.replace(tzinfo=self._zone)
        return record.dt_to.astimezone(self._zone)

    def _record_of(self, campaign: Campaign, clone: JtelCampaign, name: str) -> JtelCampaign:
        # The sample in the vendor's document answers the template's record: its id would load the template.
        if clone.name == name:
            return clone
        found = self._exact(campaign, name)
        if found is None:
            raise OutcomeUnknownError(
                "cloned, but the clone is not found by its name", vendor="jtel", operation="clone_campaign", status=200
            )
        return found

    def _found_after_conflict(self, campaign: Campaign, name: str) -> Mapping[str, Any]:
        found = self.find(campaign, name)
        if found is None:
            raise TargetError(
                f"{_key(campaign, 'name_template')}: jtel says that «{name}» exists already, but shows no campaign "
                "of exactly this name; look for one that differs in case"
            )
        return found

    def _exact(self, campaign: Campaign, name: str) -> JtelCampaign | None:
        """jtel also answers names that merely contain this one."""
        found = [record for record in self._client.campaigns_by_name(name) if record.name == name]
        if len({record.id for record in found}) > 1:
            raise TargetError(
                f"{_key(campaign)}: jtel has {len(found)} campaigns of the name «{name}»; use campaign_id"
            )
        return found[0] if found else None

    def _require_id(self, campaign: Campaign, campaign_id: int) -> None:
        try:
            found = self._client.campaign(campaign_id)
        except NotFoundError:
            raise TargetError(
                f"{_key(campaign, 'campaign_id')}: jtel has no campaign {campaign_id} in this client account "
                "(vendors.jtel.clients_id)"
            ) from None
        self._require_not_over(campaign, "campaign_id", found)

    def _require_name(self, campaign: Campaign, setting: str) -> JtelCampaign:
        name = str(campaign.target[setting])
        found = self._exact(campaign, name)
        if found is None:
            raise TargetError(
                f"{_key(campaign, setting)}: jtel has no campaign of exactly the name «{name}» in this client account "
                "(vendors.jtel.clients_id)"
            )
        return found

    def _require_not_over(self, campaign: Campaign, setting: str, found: JtelCampaign) -> None:
        end = self._end(found)
        if end is not None and end <= self._now():
            raise TargetOverError(
                f"{_key(campaign, setting)}: jtel's campaign {found.id} is over since {end:%Y-%m-%d %H:%M %Z}, and "
                "nobody is called from it; give it a later end (dtTo) there, or name another"
            )

    def _require_ours(self, campaign: Campaign, found: JtelCampaign, name: str) -> None:
        if found.tells_user_data and found.user_data != clone_user_data(campaign, name):
            raise TargetError(
                f"{_key(campaign, 'name_template')}: jtel has a campaign «{name}» that was not made for this campaign; "
                "to load it all the same, name it in campaign_name"
            )

    def _check_clone(self, campaign: Campaign, name: str = "") -> None:
        longest = max(clone_name(campaign, date(2026, 12, 30)), name, key=len)
        if len(longest) > NAME_LIMIT:
            raise TargetError(
                f"{_key(campaign, 'name_template')}: «{longest}» is longer than jtel's {NAME_LIMIT} characters"
            )
        if campaign.target.get("valid_days") is not None and self._release < DATES_SINCE:
            raise TargetError(f"{_key(campaign, 'valid_days')}: needs vendors.jtel.release '3.39' or newer")


def campaign_id_of(campaign: Campaign) -> int:
    """The dialler campaign that the target was found to be."""
    campaign_id = campaign.target.get("campaign_id")
    if campaign_id is None:
        raise TargetError(f"{_key(campaign)}: has no campaign_id yet")
    return int(campaign_id)


def validity(
    target: Mapping[str, Any], day: date, *, zone: ZoneInfo, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """When a clone is valid: from the day, or today where that is later, to the last second of the last of its days.

    The night loads the day that ended: one that is valid for a day would be over before it is loaded.
    """
    days = target.get("valid_days")
    if days is None:
        return None, None
    first = max(day, now.astimezone(zone).date())
    start, after = (datetime.combine(one, time(), zone) for one in (first, first + timedelta(days=days)))
    return start, after - timedelta(seconds=1)


def clone_name(campaign: Campaign, day: date) -> str:
    """The clone's name: `name_template` with the campaign and the day."""
    pattern = campaign.target.get("name_template") or default_name_template(campaign.target.get("per"))
    return str(pattern).format(campaign=campaign.campaign, day=day)


def default_name_template(per: str | None) -> str:
    """The name of a clone where none is configured."""
    return "{campaign} {day}" if per == "day" else "{campaign}"


def clone_user_data(campaign: Campaign, name: str) -> str:
    """What tells our clones from others: the same for the same campaign and name."""
    text = f"leadsync:{campaign.campaign}:{name}"
    return text if len(text) <= USER_DATA_LIMIT else shortened(text, [campaign.campaign, name])


def _key(campaign: Campaign, setting: str | None = None) -> str:
    return f"campaigns.{campaign.campaign}.target" + (f".{setting}" if setting else "")
