"""Leads that changed after the Platform took them.

Belongs here: sending an update, and finding out whether one arrived. Does not belong here: creating a lead, which an
update never does. Source: vendors.md, 3(b) #16 and 3(c) 10.
"""

from __future__ import annotations

from typing import Any

from connectors.errors import ConflictError, InvalidRequestError, NotFoundError
from connectors.gateway import Batch, Entry, Receipt, Verdict
from connectors.platform.bulk import phones_of
from connectors.platform.client import PlatformClient
from connectors.platform.lookup import LookUp, vendor_id_of
from connectors.platform.models import Lead
from connectors.redaction import redact

# The read names differ from those of the write (3(c) 12); these fields change at the vendor, or are not shown.
_NOT_COMPARABLE = frozenset({"nextAttemptTimestamp", "statusCode"})

_SHOWN = "not found, although the list shows it; is vendors.platform.paths.lead_update right?"


class Updates:
    """Updates of single leads."""

    def __init__(self, client: PlatformClient, look_up: LookUp) -> None:
        self._client = client
        self._look_up = look_up

    def submit(self, batch: Batch) -> Receipt:
        """The lead has every field of the entry; fields that the entry lacks are as they were.

        Raises:
            OutcomeUnknownError: it may have; a second update does no harm.
            RejectedError: the request was refused, and not for what the lead is.
            TargetError: neither the lead nor its list shows: it may be there, and nothing was changed.
        """
        (position,), entry = batch.positions, batch.entries()[batch.positions[0]]
        known = vendor_id_of(batch.vendor_reference)
        verdict = None if known is None else self._put(position, known, entry, batch)
        return Receipt([verdict or self._by_key(position, entry, batch)])

    def reconcile(self, batch: Batch) -> Receipt:
        """`accepted` if the lead shows every field; else it may be sent again, for that changes nothing twice."""
        (position,), entry = batch.positions, batch.entries()[batch.positions[0]]
        lead = self._read(batch, entry)
        if lead is None:
            self._look_up.require_list(batch.campaign)
            return Receipt([_absent(position)])
        if _shows(lead, entry):
            return Receipt([Verdict(position, "accepted", vendor_id=str(lead.lead_id))])
        return Receipt([Verdict(position, "not_sent", "not_updated")])

    def _put(self, position: int, lead_id: int, entry: Entry, batch: Batch) -> Verdict | None:
        """What the vendor says of the update; None when it has no lead of that id."""
        try:
            self._client.lead_update(lead_id, entry, not_after=batch.not_after)
        except NotFoundError:
            return None
        except (ConflictError, InvalidRequestError) as error:
            return Verdict(position, "rejected", "refused_by_vendor", redact(str(error)))
        return Verdict(position, "accepted", vendor_id=str(lead_id))

    def _by_key(self, position: int, entry: Entry, batch: Batch) -> Verdict:
        leads = self._look_up.find(batch.campaign, entry)
        if not leads:
            self._look_up.require_list(batch.campaign)
            return _absent(position)
        verdict = self._put(position, leads[0].lead_id, entry, batch)
        if verdict is None:
            return Verdict(position, "rejected", "refused_by_vendor", _SHOWN)
        is_doubtful = len(leads) > 1 and verdict.outcome == "accepted"
        return verdict._replace(reason_code="several_at_vendor") if is_doubtful else verdict

    def _read(self, batch: Batch, entry: Entry) -> Lead | None:
        known = vendor_id_of(batch.vendor_reference)
        if known is not None:
            try:
                return self._client.lead_get(known)
            except NotFoundError:
                pass
        return next(iter(self._look_up.find(batch.campaign, entry)), None)


def _absent(position: int) -> Verdict:
    return Verdict(position, "rejected", "absent_at_vendor", "the vendor does not have this lead any more")


def _shows(lead: Lead, entry: Entry) -> bool:
    """Whether the lead shows everything that the entry says; what cannot be compared does not count as shown."""
    shown: dict[str, Any] = {
        "customerKey": lead.customer_key,
        "timezone": lead.timezone,
        "agentId": lead.agent_id,
        "leadData": {name: str(value) for name, value in lead.data_fields.items() if value is not None},
    }
    if _NOT_COMPARABLE & entry.keys() or list(lead.phones[: len(phones_of(entry))]) != phones_of(entry):
        return False
    wanted = {name: value for name, value in entry.items() if name in shown and name != "leadData"}
    same = all(shown[name] == value for name, value in wanted.items())
    return same and entry.get("leadData", {}).items() <= shown["leadData"].items()
