"""The lists that leads go to: found by name, made when missing, and fit to be loaded.

Belongs here: a campaign's target. Does not belong here: leads. Source: vendors.md, 3(b) #10, #11, #14.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    SetupError,
    TargetError,
    UnreachableError,
)
from connectors.gateway import Campaign
from connectors.platform.client import PlatformClient
from connectors.platform.dialling import Dialling
from connectors.redaction import redact

DEFAULT_NAMES: Mapping[str, str] = {"campaign": "{campaign}", "day": "{campaign} {day}"}


class Targets:
    """The lists at the vendor."""

    def __init__(self, client: PlatformClient, dialling: Dialling) -> None:
        self._client = client
        self._dialling = dialling

    def require(self, campaign: Campaign) -> None:
        """The token is accepted, and the list, or the campaign that it is to be made in, is there.

        Raises:
            TargetError: this campaign cannot be loaded.
            SetupError, ConnectorError: none can.
        """
        self._log_in()
        list_id = campaign.target.get("list_id")
        if list_id is not None:
            self._require_list(campaign, list_id)
        else:
            self._require_campaign(campaign, campaign.target["campaign_id"])

    def find(self, campaign: Campaign, name: str) -> Mapping[str, Any] | None:
        """The one list of the vendor's campaign that has exactly this name; None when there is none."""
        campaign_id = int(campaign.target["campaign_id"])
        lists = self._client.list_list(campaign_id=campaign_id)
        found = [one for one in lists if one.name == name and one.campaign_id in (None, campaign_id)]
        if len(found) > 1:
            raise TargetError(
                f"{_setting(campaign)}.list_name: platform has {len(found)} lists named «{redact(name)}» in campaign "
                f"{campaign_id}; name one by list_id"
            )
        for one in found:
            self._dialling.note(one)
        return {"list_id": found[0].list_id} if found else None

    def create(self, campaign: Campaign, name: str) -> Mapping[str, Any]:
        """The list was made. Source: vendors.md, 3(b) #11."""
        campaign_id = int(campaign.target["campaign_id"])
        try:
            return {"list_id": self._client.list_create(list_name=name, campaign_id=campaign_id).list_id}
        except ConflictError as error:
            # Somebody else was first, or the name is taken elsewhere: the search by name tells.
            raise OutcomeUnknownError(str(error), vendor="platform", operation="list_create", status=409) from None
        except (NotFoundError, InvalidRequestError) as error:
            raise TargetError(f"{_setting(campaign)}: platform did not make the list: {error}") from None

    def _log_in(self) -> None:
        """Source: vendors.md, 3(a): the probe reads the first page of the users."""
        try:
            next(self._client.user_list(), None)
        except (AuthenticationError, ForbiddenError) as error:
            raise SetupError(refused_login(error)) from None
        except NotFoundError as error:
            raise SetupError(f"vendors.platform.base_url, base_path: {error}") from None
        except NotSentError as error:
            raise UnreachableError(error.advice()) from None

    def _require_list(self, campaign: Campaign, list_id: int) -> None:
        try:
            self._dialling.note(self._client.list_get(list_id))
        except (NotFoundError, InvalidRequestError) as error:
            raise TargetError(
                f"{_setting(campaign)}.list_id: platform has no list {list_id} that this account may see: {error}"
            ) from None

    def _require_campaign(self, campaign: Campaign, campaign_id: int) -> None:
        """A campaign that has a list is there; of one that has none, its statistics tell."""
        try:
            if next(self._client.list_list(campaign_id=campaign_id), None) is None:
                self._client.campaign_stats_outbound(campaign_id)
        except (NotFoundError, InvalidRequestError) as error:
            raise TargetError(
                f"{_setting(campaign)}.campaign_id: platform has no outbound campaign {campaign_id} that this "
                f"account may see: {error}"
            ) from None


def list_name(campaign: Campaign, day: date) -> str | None:
    """What the campaign's list is called on that day; None where the target names a list by its id."""
    target = campaign.target
    if target.get("list_id") is not None:
        return None
    template = target.get("list_name") or DEFAULT_NAMES[target.get("per") or "campaign"]
    return str(template).format(campaign=campaign.campaign, day=day.isoformat())


def _setting(campaign: Campaign) -> str:
    return f"campaigns.{campaign.campaign}.target"


def refused_login(error: AuthenticationError | ForbiddenError) -> str:
    """Which setting is to blame."""
    if isinstance(error, AuthenticationError):
        return "vendors.platform.token, auth_scheme: platform refused the token in this form (HTTP 401)"
    return "vendors.platform.token: platform refused access (HTTP 403): the account may not do this"
