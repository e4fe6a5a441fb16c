"""Small batches: one create per lead, each with its own verdict.

Belongs here: what each answer means, and keeping the verdicts already seen when a later request goes wrong. Does not
belong here: jobs (`jobs.py`). Source: vendors.md, 3(b) #9.
"""

from __future__ import annotations

from connectors.errors import (
    ConflictError,
    ConnectorError,
    InvalidRequestError,
    LeadsyncError,
    NotFoundError,
    NotSentError,
    RateLimitedError,
    RejectedError,
    TargetError,
)
from connectors.gateway import Batch, Entry, Receipt, Verdict
from connectors.platform.client import PlatformClient
from connectors.platform.dialling import asleep
from connectors.platform.lookup import LookUp, list_id_of
from connectors.platform.models import CreatedLead
from connectors.redaction import redact

# After one of these, nothing of this request was stored, and the next one would fare no better.
_NOTHING_STORED = (NotSentError, RateLimitedError, RejectedError, TargetError)
# Any other refusal speaks of the request, the account or the way to the vendor, and no lead is to blame.
_ABOUT_A_LEAD = (NotFoundError, ConflictError, InvalidRequestError)
NOT_SENT_YET = "not_reached"


class SingleCreates:
    """Sends the open entries of a batch one after the other."""

    def __init__(self, client: PlatformClient, look_up: LookUp) -> None:
        self._client = client
        self._look_up = look_up

    def submit(self, batch: Batch) -> Receipt:
        """Each entry was sent once, in order, until something ended the batch.

        Raises:
            LeadsyncError: what ended it, when nothing was concluded of any entry before.
        """
        run = _Run(self._client, self._look_up, batch)
        end = run.send_all()
        if end is not None and not run.is_heard:
            raise end
        return Receipt(verdicts=run.verdicts(end))


class _Run:
    """One batch on its way. `_absent` are entries that the vendor answered with 404."""

    def __init__(self, client: PlatformClient, look_up: LookUp, batch: Batch) -> None:
        self._client = client
        self._look_up = look_up
        self._batch = batch
        self._entries = batch.entries()
        self._list_id = list_id_of(batch.campaign)
        self._verdicts: list[Verdict] = []
        self._absent: dict[int, NotFoundError] = {}
        self._is_list_there = False

    @property
    def is_heard(self) -> bool:
        """Whether the vendor judged an entry, so that the path is right and the verdict must be kept."""
        return bool(self._verdicts)

    def send_all(self) -> LeadsyncError | None:
        """What ended the batch early; None when every entry was judged."""
        for position in self._batch.positions:
            try:
                self._send(position, self._entries[position])
            except LeadsyncError as error:
                return error
        # A wrong path answers 404 to all of them; a lead that names something absent, to itself alone.
        return None if self.is_heard else next(iter(self._absent.values()), None)

    def verdicts(self, end: LeadsyncError | None) -> list[Verdict]:
        """The verdicts; of the entry that ended the batch it is not known, and those after it were not sent."""
        verdicts = [*self._verdicts, *(_refused(position, error) for position, error in self._absent.items())]
        judged = {verdict.position for verdict in verdicts}
        rest = [position for position in self._batch.positions if position not in judged]
        if rest and end is not None and not isinstance(end, _NOTHING_STORED):
            verdicts.append(Verdict(rest.pop(0), "unknown", "outcome_unknown", redact(str(end))))
        return verdicts + [Verdict(position, "not_sent", NOT_SENT_YET) for position in rest]

    def _send(self, position: int, entry: Entry) -> None:
        lead = {"listId": self._list_id, **entry}
        try:
            created = self._client.lead_create(lead, not_after=self._batch.not_after)
        except _ABOUT_A_LEAD as error:
            self._note_refusal(position, entry, error)
        else:
            self._verdicts.append(_stored(position, created))

    def _note_refusal(self, position: int, entry: Entry, error: RejectedError) -> None:
        if isinstance(error, ConflictError):
            self._verdicts.append(self._conflict(position, entry, error))
            return
        self._require_list()
        if isinstance(error, NotFoundError):
            self._absent[position] = error
        else:
            self._verdicts.append(_refused(position, error))

    def _conflict(self, position: int, entry: Entry, error: ConflictError) -> Verdict:
        try:
            leads = self._look_up.find(self._batch.campaign, entry)
        except ConnectorError as unsure:
            return Verdict(position, "unknown", "not_verified", redact(str(unsure)))
        if leads:
            return Verdict(position, "duplicate", "already_at_vendor", vendor_id=str(leads[0].lead_id))
        self._require_list()
        return _refused(position, error)

    def _require_list(self) -> None:
        """The list is there, so that a refusal is the lead's own fault; else the campaign is to blame."""
        if self._is_list_there:
            return
        try:
            self._look_up.require_list(self._batch.campaign)
        except ConnectorError:
            text = "refused, and the list cannot be looked at"
            raise NotSentError(text, vendor="platform", operation="lead_create") from None
        self._is_list_there = True


def _stored(position: int, created: CreatedLead) -> Verdict:
    verdict = Verdict(position, "accepted", vendor_id=str(created.lead_id))
    return asleep(verdict) if created.is_in_dialler is False else verdict


def _refused(position: int, error: ConnectorError) -> Verdict:
    return Verdict(position, "rejected", "refused_by_vendor", redact(str(error)))
