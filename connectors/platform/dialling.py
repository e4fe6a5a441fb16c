"""Leads that the Platform has and does not dial, for their list is not in the dialler: they are accepted, and say so.

Belongs here: what is known of lists, and the verdicts that follow. Does not belong here: whether a list may be loaded
(`targets.py`): one that sleeps may, for somebody may switch it on later. Source: vendors.md, 3(b) #9, #10, #14.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from connectors.errors import ContractError, RejectedError
from connectors.gateway import Batch, Receipt, Verdict
from connectors.platform.client import PlatformClient
from connectors.platform.lookup import list_id_of
from connectors.platform.models import LeadList

NOT_IN_DIALLER = "not_in_dialler"
_WHY = "stored, but not being dialled (inDialler is false)"


class Dialling:
    """Which lists are dialled, for the life of a gateway: as they were when one of its requests read them."""

    def __init__(self, client: PlatformClient) -> None:
        self._client = client
        self._is_dialled: dict[int, bool | None] = {}
        self._reading = Lock()

    def note(self, one: LeadList) -> None:
        """The list was read."""
        self._is_dialled[one.list_id] = one.is_in_dialler

    def told(self, batch: Batch, receipt: Receipt) -> Receipt:
        """The receipt, in which accepted leads of a list that is not dialled say so. The list is read once at most.

        Raises:
            ConnectorError: it cannot be read now.
        """
        if batch.action == "update" or not any(map(_is_plain, receipt.verdicts)) or not self._is_asleep(batch):
            return receipt
        verdicts = [asleep(verdict) if _is_plain(verdict) else verdict for verdict in receipt.verdicts]
        return replace(receipt, verdicts=verdicts)

    def _is_asleep(self, batch: Batch) -> bool:
        list_id = list_id_of(batch.campaign)
        with self._reading:
            if list_id not in self._is_dialled:
                self._is_dialled[list_id] = self._read(list_id)
        return self._is_dialled[list_id] is False

    def _read(self, list_id: int) -> bool | None:
        """None where the account may not see the list, or the vendor does not say: then nothing is told of it."""
        try:
            return self._client.list_get(list_id).is_in_dialler
        except (RejectedError, ContractError):
            return None


def asleep(verdict: Verdict) -> Verdict:
    """The accepted lead is not being dialled."""
    return verdict._replace(reason_code=NOT_IN_DIALLER, reason=_WHY)


def _is_plain(verdict: Verdict) -> bool:
    return verdict.outcome == "accepted" and verdict.reason_code is None
