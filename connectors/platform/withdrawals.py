"""Leads that must not be called any more after the Platform took them.

Belongs here: completing or deleting one, and when it counts as gone. Does not belong here: whether it is allowed at
all (`gateway.py`). Source: vendors.md, 3(b) #8, #15 to #17, and 3(c) 11.
"""

from __future__ import annotations

from typing import Literal

from connectors.errors import AuthenticationError, ContractError, ForbiddenError, NotFoundError, RejectedError
from connectors.gateway import Campaign, Delivered
from connectors.platform.client import PlatformClient
from connectors.platform.lookup import LookUp, vendor_id_of
from connectors.withdrawal import GONE

Withdrawal = Literal["complete", "delete", "off"]


class Withdrawals:
    """Takes single leads back: by completing them, or by deleting them."""

    def __init__(
        self, client: PlatformClient, look_up: LookUp, *, customer_key_template: str, withdraw: Withdrawal
    ) -> None:
        self._client = client
        self._look_up = look_up
        self._template = customer_key_template
        self._deletes = withdraw == "delete"

    def withdraw(self, campaign: Campaign, lead: Delivered) -> str:
        """The lead is taken back, and every other of its customerKey.

        Raises:
            TargetError: neither the lead nor its list shows: it may be there, and be called.
        """
        lead_id = vendor_id_of(lead.vendor_id)
        is_taken = lead_id is not None and self._is_taken(lead_id)
        found = self._look_up.find(campaign, {"customerKey": self._customer_key(campaign, lead)})
        others = [one for one in found if not (is_taken and one.lead_id == lead_id)]
        taken = [self._is_taken(one.lead_id) for one in others if self._deletes or not one.is_completed]
        if taken and not any(taken):
            text = f"not found, although the list shows it; is vendors.platform.paths.{self._operation} right?"
            raise ContractError(text, vendor="platform", operation=self._operation, status=404)
        if is_taken or found:
            return self._word
        self._look_up.require_list(campaign)
        return GONE

    @property
    def _word(self) -> str:
        return "deleted" if self._deletes else "completed"

    @property
    def _operation(self) -> str:
        return "lead_delete" if self._deletes else "lead_update"

    def _customer_key(self, campaign: Campaign, lead: Delivered) -> str:
        """The key that it was sent under; where that is purged, the one that it would be sent under now."""
        if lead.entry is not None:
            return str(lead.entry["customerKey"])
        return self._template.format(source=lead.source, lead_id=lead.lead_id, campaign=campaign.campaign)

    def _is_taken(self, lead_id: int) -> bool:
        """Whether the lead was there; it is not called any more."""
        try:
            self._take(lead_id)
        except NotFoundError:
            return False
        except (AuthenticationError, ForbiddenError):
            raise
        except RejectedError:
            # Whether a completed lead may be completed again is not documented.
            if self._deletes or not self._is_completed(lead_id):
                raise
        return True

    def _is_completed(self, lead_id: int) -> bool:
        try:
            return bool(self._client.lead_get(lead_id).is_completed)
        except NotFoundError:
            return False

    def _take(self, lead_id: int) -> None:
        if self._deletes:
            self._client.lead_delete(lead_id)
        else:
            self._client.lead_update(lead_id, {}, complete=True)
