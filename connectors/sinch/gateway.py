"""Sinch as the delivery engine sees it: batches of customers, a verdict per entry in the answer.

Belongs here: what OBI's answers mean for a delivery. Does not belong here:
paths and parsing (`client.py`), states and retries (`pipelines/delivery.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

import pyarrow as pa

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    SetupError,
    TargetError,
    UnreachableError,
)
from connectors.gateway import (
    Batch,
    CallResult,
    Campaign,
    Contact,
    Delivered,
    Entry,
    Receipt,
    TargetAction,
    Verdict,
)
from connectors.mapping import source_columns
from connectors.redaction import redact
from connectors.sinch.client import SinchClient
from connectors.sinch.customers import customer_columns, customer_mapper
from connectors.sinch.models import LOADABLE_STATUSES, EntryResult, SinchCustomer, split_numbers
from connectors.withdrawal import GONE, refusal_of, taking_back

Withdrawal = Literal["delete", "off"]

_NATIONAL_DIGITS = 6
"""What is shorter is no number of a subscriber without its country."""

STORED, VALIDATED_ONLY = 201, 200
NOT_JUDGED = frozenset({408, 425, 429})
"""Statuses of an entry that was not looked at, as those of 500 and above."""

NOT_UNIQUE = "value is not unique"


class SinchGateway:
    """Delivers to outbound campaigns. Source: vendors.md, 2(c) #8 and 2(e)."""

    vendor = "sinch"
    target_actions: frozenset[TargetAction] = frozenset({"activate", "pause"})
    carries_not_before = True
    can_update = keeps_phones = False  # OBI has no update; see vendors.md, 2(e) 12

    def __init__(
        self,
        client: SinchClient,
        *,
        batch_size: int = 100,
        connections: int = 8,
        external_id_template: str = "{source}-{lead_id}",
        stop_on_invalid: bool = False,
        withdraw: Withdrawal = "delete",
        request_count: Callable[[], int] = lambda: 0,
    ) -> None:
        self.batch_size = batch_size
        self.connections = connections
        self._client = client
        self._template = external_id_template
        self._stop_on_invalid = stop_on_invalid
        self._withdraw = withdraw
        self._request_count = request_count

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""
        return self._request_count()

    def mapper(self, campaign: Campaign) -> Callable[[Contact], Entry]:
        """A function that turns a contact into a customer. Source: vendors.md, customer (write)."""
        return customer_mapper(campaign, self._template)

    def column_mapper(self, campaign: Campaign) -> Callable[[pa.Table], pa.Array | None]:
        """As `mapper`, for the columns of many contacts."""
        return customer_columns(campaign, self._template)

    def required_columns(self, campaign: Campaign) -> Sequence[str]:
        """The source columns that the campaign's mapping names and that are not ours anyway."""
        return source_columns(campaign.mapping.get("attributes", {}).values())

    def preflight(self, campaign: Campaign) -> None:
        """The Sinch campaign exists, is visible to this account, and is Passive or Active."""
        setting = f"campaigns.{campaign.campaign}.target.campaign_id"
        campaign_id = _campaign_id(campaign)
        try:
            found = self._client.campaign(campaign_id)
        except (NotFoundError, InvalidRequestError) as error:
            raise TargetError(
                f"{setting}: sinch has no campaign {campaign_id} that this account may see (HTTP {error.status})"
            ) from None
        except (AuthenticationError, ForbiddenError) as error:
            raise SetupError(_refused_login(error)) from None
        except NotSentError as error:
            raise UnreachableError(error.advice()) from None
        if found.status is not None and found.status not in LOADABLE_STATUSES:
            raise TargetError(
                f"{setting}: the sinch campaign «{found.name}» is {found.status}; only Passive and Active can be loaded"
            )

    def submit(self, batch: Batch) -> Receipt:
        """The batch was sent once; each entry's answer is read by its position."""
        results = self._client.create_customers(
            _campaign_id(batch.campaign),
            batch.payload,
            stop_on_invalid=self._stop_on_invalid,
            not_after=batch.not_after,
        )
        if odd := _odd(results, batch.entry_count):
            raise OutcomeUnknownError(odd, vendor=self.vendor, operation="create_customers", status=200)
        if len(batch.positions) == batch.entry_count and all(result.status == STORED for result in results):
            return Receipt(accepted_ids=[result.id for result in results])
        return Receipt(verdicts=self._judge(batch, results))

    def reconcile(self, batch: Batch) -> Receipt:
        """Asks for every open entry whether the campaign has its externalId."""
        entries = batch.entries()
        return Receipt(verdicts=list(self._asked(batch.campaign, entries, batch.positions)))

    @property
    def withdrawal_refusal(self) -> str | None:
        """The setting, where it is off."""
        return refusal_of(self.vendor, self._withdraw)

    def withdraw(self, campaign: Campaign, lead: Delivered) -> str:
        """The customer was deleted, and every other that bears its externalId.

        Source: vendors.md, 2(c) #4 and #7.
        """
        with taking_back(self.withdrawal_refusal, _refused_login):
            deleted = lead.vendor_id if lead.vendor_id and self._delete(campaign, lead.vendor_id) else None
            others = self._delete_bearers(campaign, self._external_id(campaign, lead), deleted=deleted)
            return "deleted" if deleted else others

    def action_when_loaded(self, campaign: Campaign) -> TargetAction | None:
        """`activate`, where the target says `activate: true`."""
        return "activate" if campaign.target.get("activate") else None

    def control_target(self, campaign: Campaign, action: TargetAction) -> None:
        """The campaign is Active, or Passive. Source: vendors.md, 2(c) #3."""
        self._client.set_campaign_status(_campaign_id(campaign), "Active" if action == "activate" else "Passive")

    def call_results(self, campaign: Campaign, start: datetime, end: datetime) -> Iterator[CallResult]:
        """Results of customers that changed in [start, end). Source: vendors.md, 2(c) #4."""
        # The vendor's «after» may leave out the moment itself: ask a little earlier, and cut here.
        changed = self._client.customers(
            _campaign_id(campaign), modificationDate=start - timedelta(milliseconds=1), modificationDateEnd=end
        )
        return (
            _call_result(customer)
            for customer in changed
            if (customer.result or customer.call_count) and _is_within(customer, start, end)
        )

    def stop_waiting(self) -> None:
        """Waits for the rate limit end with NotSentError."""
        self._client.stop()

    def close(self) -> None:
        """All connections are closed."""
        self._client.close()

    def _judge(self, batch: Batch, results: Sequence[EntryResult]) -> list[Verdict]:
        open_positions = range(batch.entry_count) if len(batch.positions) == batch.entry_count else batch.positions
        verdicts = [_verdict(position, results[position]) for position in open_positions]
        doubtful = [v.position for v in verdicts if v.reason_code == "external_id_taken"]
        if not doubtful:
            return verdicts
        entries = batch.entries()
        verified = {position: self._verify(batch.campaign, entries[position], position) for position in doubtful}
        return [verified.get(verdict.position, verdict) for verdict in verdicts]

    def _asked(self, campaign: Campaign, entries: Sequence[Entry], positions: Sequence[int]) -> Iterator[Verdict]:
        for position in positions:
            entry = entries[position]
            customer = self._look_up(campaign, entry)
            if customer is None:
                yield Verdict(position, "not_sent", "absent_at_vendor")
            elif _has_numbers(customer, entry):
                yield Verdict(position, "accepted", vendor_id=customer.id)
            else:
                yield _taken(position)

    def _verify(self, campaign: Campaign, entry: Entry, position: int) -> Verdict:
        """A duplicate is one only if the campaign has this very lead; asking may fail: then it is unknown."""
        try:
            customer = self._look_up(campaign, entry)
        except ConnectorError as error:
            return Verdict(position, "unknown", "not_verified", redact(str(error)))
        if customer is None or not _has_numbers(customer, entry):
            return _taken(position)
        return Verdict(position, "duplicate", "already_at_vendor", vendor_id=customer.id)

    def _look_up(self, campaign: Campaign, entry: Entry) -> SinchCustomer | None:
        """The customer of the entry's externalId: the one with its numbers, if there is one."""
        bearers = list(self._bearers(campaign, entry["externalId"]))
        return next((one for one in bearers if _has_numbers(one, entry)), next(iter(bearers), None))

    def _bearers(self, campaign: Campaign, external_id: str) -> Iterator[SinchCustomer]:
        # `*` and `?` in an id are wildcards to the vendor: compare again here.
        found = self._client.customers(_campaign_id(campaign), externalId=external_id)
        return (customer for customer in found if customer.external_id == external_id)

    def _external_id(self, campaign: Campaign, lead: Delivered) -> str:
        """The id that it was sent under; where that is purged, the one that it would be sent under now."""
        if lead.entry is not None:
            return str(lead.entry["externalId"])
        return self._template.format(source=lead.source, lead_id=lead.lead_id, campaign=campaign.campaign)

    def _delete_bearers(self, campaign: Campaign, external_id: str, *, deleted: str | None) -> str:
        """Nobody bears the id any more. A customer that shows although he was deleted is still dialled."""
        try:
            shown = [customer.id for customer in self._bearers(campaign, external_id)]
        except NotFoundError as error:
            # A campaign that is hidden from the account is dialled all the same.
            text = f"no campaign {_campaign_id(campaign)} that this account may see, so whether it has the lead is open"
            raise NotFoundError(text, vendor=self.vendor, operation=error.operation, status=error.status) from None
        if not shown:
            return GONE
        gone = [self._delete(campaign, customer_id) for customer_id in shown if customer_id != deleted]
        if deleted in shown or not any(gone):
            status, text = (204, "answered as done") if deleted in shown else (404, "not found")
            text += ", although the campaign shows it"
            raise ContractError(text, vendor=self.vendor, operation="delete_customer", status=status)
        return "deleted"

    def _delete(self, campaign: Campaign, customer_id: str) -> bool:
        """Whether the customer was there; it is not any more."""
        try:
            self._client.delete_customer(_campaign_id(campaign), customer_id)
        except NotFoundError:
            return False
        return True


def _odd(results: Sequence[EntryResult], entry_count: int) -> str | None:
    """Why the answers cannot be those of the entries; None if they can."""
    if len(results) != entry_count:
        return f"{len(results)} answers to {entry_count} entries"
    ids = [result.id for result in results if result.id is not None]
    return None if len(set(ids)) == len(ids) else "several entries were answered with one id"


def _verdict(position: int, result: EntryResult) -> Verdict:
    if result.status == STORED:
        return Verdict(position, "accepted", vendor_id=result.id)
    if result.status == VALIDATED_ONLY:
        return Verdict(position, "not_sent", "validated_only", "valid, but not stored: another entry was invalid")
    if result.status >= 500 or result.status in NOT_JUDGED:
        return Verdict(position, "unknown", "entry_error", f"statusCode {result.status}")
    if NOT_UNIQUE in (result.error or "").lower():
        return _taken(position)
    return Verdict(position, "rejected", "refused_by_vendor", redact(result.error) or f"statusCode {result.status}")


def _taken(position: int) -> Verdict:
    return Verdict(position, "rejected", "external_id_taken", "the vendor holds this externalId for somebody else")


def _has_numbers(customer: SinchCustomer, entry: Entry) -> bool:
    """Whether they are the same numbers, in whatever form they are written, also without their country (assumed: the
    vendor may have its own)."""
    sent, held = ([_digits(number) for number in numbers] for numbers in (_sent(entry), customer.numbers))
    return len(sent) == len(held) and all(map(_is_same_number, sent, held))


def _sent(entry: Entry) -> Sequence[str]:
    return split_numbers(str(entry["numbers"]))


def _is_same_number(sent: str, held: str) -> bool:
    return sent == held or (len(held) >= _NATIONAL_DIGITS and sent.endswith(held))


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number).lstrip("0")


def _campaign_id(campaign: Campaign) -> str:
    return str(campaign.target["campaign_id"])


def _refused_login(error: ConnectorError) -> str:
    if isinstance(error, AuthenticationError):
        return "vendors.sinch.username, password: sinch refused the login (HTTP 401)"
    return "vendors.sinch.api_key: sinch refused access (HTTP 403): the key is missing or the account may not do this"


def _is_within(customer: SinchCustomer, start: datetime, end: datetime) -> bool:
    return customer.modified_at is None or start <= customer.modified_at < end


def _call_result(customer: SinchCustomer) -> CallResult:
    return CallResult(
        vendor_id=customer.id,
        result=customer.result,
        call_result=customer.call_result,
        classifier=customer.classifier,
        call_count=customer.call_count,
        agent_id=customer.agent_id,
        changed_at=customer.modified_at,
    )
