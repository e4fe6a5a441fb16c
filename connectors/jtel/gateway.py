"""jtel as the delivery engine sees it: one contact per request, keyed by our `UserData`.

Belongs here: contact to jtel contact, and what jtel's answers mean for a delivery. Does not belong here: paths
and parsing (`client.py`), dialler campaigns (`targets.py`), states and retries (`pipelines/delivery.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    SetupError,
    TargetError,
    TooLargeError,
    UnavailableError,
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
from connectors.jtel.client import LOGIN_REFUSED, JtelClient
from connectors.jtel.fields import (
    NUMBERS,
    PHONES,
    Release,
    first_too_long,
    fit,
    limits,
)
from connectors.jtel.keys import key_among, sent_key, user_data
from connectors.jtel.listings import LONG_AGO, ContactIds, ContactListings, ids_by_user_data, utc_now
from connectors.jtel.models import JtelContact
from connectors.jtel.targets import JtelTargets, campaign_id_of
from connectors.jtel.withdrawals import Withdrawals
from connectors.mapping import column_reader, source_columns
from connectors.redaction import redact
from connectors.templates import successor_name
from connectors.withdrawal import taking_back

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class JtelTerms:
    """How contacts are written and asked about. Times in seconds; the settings explain each."""

    parallel_requests: int = 4
    release: Release = ()
    zone: ZoneInfo = _BERLIN
    user_data_template: str = "{source}:{lead_id}:{campaign}"
    name_placeholder: str = "-"
    too_long: Literal["cut", "reject"] = "cut"
    overwrite_duplicates: bool = True
    reconcile_by: Literal["listing", "upsert"] = "listing"
    update_changed: bool = True
    clear_phones_on_update: bool = True
    settle_s: float = 60
    listing_max_age_s: float = 60
    withdraw: Mapping[str, Any] = field(default_factory=dict)


class JtelGateway:
    """Delivers to dialler campaigns. Source: vendors.md, 4(b) «Leads» and 4(c)."""

    vendor = "jtel"
    target_actions: frozenset[TargetAction] = frozenset({"delete"})
    batch_size = 1  # jtel documents no import of several contacts; vendors.md, 4(c) 13

    def __init__(
        self,
        client: JtelClient,
        terms: JtelTerms = JtelTerms(),
        *,
        request_count: Callable[[], int] = lambda: 0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.connections = terms.parallel_requests
        self._client = client
        self._terms = terms
        self._limits = limits(terms.release)
        self._targets = JtelTargets(client, release=terms.release, zone=terms.zone, now=now)
        self._listings = ContactListings(self._list, max_age_s=terms.listing_max_age_s, now=now)
        self._withdrawals = Withdrawals(client, terms.withdraw, max_age_s=terms.listing_max_age_s, now=now)
        self._request_count = request_count
        self._now = now

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""
        return self._request_count()

    carries_not_before = False  # dtNextTry is read alone; see vendors.md, 5

    @property
    def can_update(self) -> bool:
        """Only an import that overwrites the contact of the same `UserData` is an update."""
        return self._terms.update_changed and self._terms.overwrite_duplicates

    @property
    def keeps_phones(self) -> bool:
        """An update empties the phones that the lead has no more, unless it is told not to."""
        return not self._terms.clear_phones_on_update

    def mapper(self, campaign: Campaign) -> Callable[[Contact], Entry]:
        """A function that turns a contact into jtel's, without its campaign, which may be made later.

        Its `UserData` is sent as `keys.sent_key` has it.
        """
        columns = [(name, column_reader(column)) for name, column in campaign.mapping.get("fields", {}).items()]
        template, placeholder = self._terms.user_data_template, self._terms.name_placeholder
        name_of_campaign = campaign.campaign

        def jtel_contact(contact: Contact) -> Entry:
            entry: Entry = {"UserData": user_data(template, contact, name_of_campaign)}
            mapped = {name: _value(name, read(contact)) for name, read in columns}
            for name, value in ({"Name": placeholder} | _names(contact) | _without_none(mapped)).items():
                entry[name] = self._fitted(name, value)
            entry = _without_none(entry)
            entry.update(zip(PHONES, contact.phones, strict=False))
            return entry

        return jtel_contact

    def required_columns(self, campaign: Campaign) -> Sequence[str]:
        """The source columns that the campaign's mapping names and that are not ours anyway."""
        return source_columns(campaign.mapping.get("fields", {}).values())

    def preflight(self, campaign: Campaign) -> None:
        """The login works, and the campaign exists or can be cloned."""
        try:
            self._targets.check(campaign)
        except (AuthenticationError, ForbiddenError) as error:
            raise SetupError(_refused_login(error)) from None
        except NotSentError as error:
            raise UnreachableError(error.advice()) from None

    def target_name(self, campaign: Campaign, day: date) -> str | None:
        """The name of the campaign or of the clone; None: the target is configured by its id."""
        return self._targets.name(campaign, day)

    def find_target(self, campaign: Campaign, name: str) -> Mapping[str, Any] | None:
        """The id of the campaign that has exactly this name."""
        return self._targets.find(campaign, name)

    def create_target(self, campaign: Campaign, name: str, day: date) -> Mapping[str, Any]:
        """The template was cloned; the clone's id."""
        return self._targets.create(campaign, name, day)

    def successor_name(self, name: str, begins_on: date) -> str:
        """The name of the clone that takes the place of one whose validity is over."""
        return successor_name(name, begins_on)

    def submit(self, batch: Batch) -> Receipt:
        """The contact was sent once. A lead that the vendor refuses by an error is judged by the engine."""
        position = _only_position(batch)
        entry = batch.entries()[position]
        if name := first_too_long(entry, self._limits):
            reason = f"{name} is longer than {self._limits[name]} characters"
            return Receipt([Verdict(position, "rejected", "field_too_long", reason)])
        try:
            addressed = self._addressed(batch, entry)
        except NotFoundError:
            return Receipt(
                [Verdict(position, "rejected", "absent_at_vendor", "jtel does not have this contact any more")]
            )
        try:
            contact_id = self._client.import_contact(
                addressed, overwrite_duplicates=self._terms.overwrite_duplicates, not_after=batch.not_after
            )
        except ConflictError as error:
            return Receipt([Verdict(position, "rejected", "refused_by_vendor", redact(str(error)))])
        return Receipt([Verdict(position, "accepted", vendor_id=contact_id or batch.vendor_reference)])

    def reconcile(self, batch: Batch) -> Receipt:
        """Looks for the `UserData` in a listing of the campaign that was begun after the settle time.

        Where sending again changes nothing (an update, or `reconcile_by: upsert`) nobody is asked. Before the
        settle time is over the request may still be at work: no verdict.
        """
        now = self._now()
        settled_at = now if batch.sent_at is None else batch.sent_at + timedelta(seconds=self._terms.settle_s)
        if settled_at > now:
            return Receipt()
        if batch.action == "update" or self._terms.reconcile_by == "upsert":
            return Receipt([Verdict(position, "not_sent", "upsert_again") for position in batch.positions])
        ids = self._listings.contact_ids(campaign_id_of(batch.campaign), since=settled_at)
        entries = batch.entries()
        return Receipt([_found(position, _ids_of(ids, entries[position])) for position in batch.positions])

    @property
    def withdrawal_refusal(self) -> str | None:
        """The setting, where it names no field."""
        if self._terms.withdraw:
            return None
        return "vendors.jtel.withdraw names no field by which jtel is told not to call a contact: none is taken back"

    def withdraw(self, campaign: Campaign, lead: Delivered) -> str:
        """The contact was sent again over itself, with the fields of the setting. Source: vendors.md, 4(b) «Leads»."""
        with taking_back(self.withdrawal_refusal, _refused_login):
            return self._withdrawals.withdraw(campaign, lead)

    def action_when_loaded(self, campaign: Campaign) -> TargetAction | None:
        """None: jtel documents no way to start a campaign."""
        return None

    def control_target(self, campaign: Campaign, action: TargetAction) -> None:
        """The campaign is gone, by its id, with its contacts. Source: vendors.md, 4(b) #6."""
        campaign_id = campaign.target.get("campaign_id")
        if campaign_id is None:
            raise TargetError(f"campaigns.{campaign.campaign}.target: which campaign of jtel that is, is not known")
        try:
            self._client.delete_campaign(int(campaign_id))
        except NotFoundError:
            return  # gone already
        except InvalidRequestError as error:
            raise TargetError(str(error)) from None

    def call_results(self, campaign: Campaign, start: datetime, end: datetime) -> Iterator[CallResult]:
        """How often each contact was tried, as far as jtel says so; what came of the calls is not documented.

        A contact without counters, or without an id, yields nothing. One that tells when it changed counts in
        [start, end) alone, one that does not is told every time. A target without id, which is not made yet, has no
        contacts.
        """
        campaign_id = campaign.target.get("campaign_id")
        if campaign_id is None:
            return
        for contact in self._client.contacts(int(campaign_id)):
            changed_at = self._with_zone(contact.modified_at)
            is_due = changed_at is None or start <= changed_at < end
            if contact.id is not None and contact.try_count and is_due:
                yield _call_result(contact, changed_at)

    def stop_waiting(self) -> None:
        """Waits for the rate limit end with NotSentError."""
        self._client.stop()

    def close(self) -> None:
        """All connections are closed."""
        self._client.close()

    def _fitted(self, name: str, value: Any) -> Any:
        return fit(name, value, self._limits) if self._terms.too_long == "cut" else value

    def _addressed(self, batch: Batch, entry: Entry) -> Entry:
        """The contact with its campaign and key. An update empties the phones that the lead has no more."""
        made = str(entry["UserData"])
        if batch.action != "update":
            return {"DiallerCampaignsID": campaign_id_of(batch.campaign), **entry, "UserData": sent_key(made)}
        cleared = dict.fromkeys(PHONES, "") if self._terms.clear_phones_on_update else {}
        try:
            campaign_id, key = self._place_of_update(batch, made)
        except (UnavailableError, ContractError) as error:
            raise NotSentError("the contact could not be looked at", vendor="jtel", operation="contact") from error
        return {"DiallerCampaignsID": campaign_id, **cleared, **entry, "UserData": key}

    def _place_of_update(self, batch: Batch, made: str) -> tuple[int, str]:
        """The campaign and the key under which jtel has the contact; it is looked at where these may be others.

        With a target per day it may be in the clone of an earlier day: whether `UserData` is matched beyond its
        campaign is not documented, so elsewhere it could make a second contact, as another key would.
        """
        campaign_id = campaign_id_of(batch.campaign)
        is_elsewhere = batch.campaign.target.get("per") == "day"
        if batch.vendor_reference is not None and (is_elsewhere or sent_key(made) != made):
            try:
                contact = self._client.contact(int(batch.vendor_reference))
            except NotFoundError:
                if is_elsewhere:
                    raise
            else:
                there = campaign_id if contact.campaign_id is None or not is_elsewhere else contact.campaign_id
                return there, key_among(made, [contact.user_data])
        if sent_key(made) == made:
            return campaign_id, made
        return campaign_id, key_among(made, self._listings.contact_ids(campaign_id, since=LONG_AGO))

    def _list(self, campaign_id: int) -> ContactIds:
        try:
            contacts = self._client.contacts(campaign_id)
        except NotFoundError:
            # «No contacts», or «no such function»: only where sending again makes no second contact may it not matter.
            if not self._terms.overwrite_duplicates:
                raise
            return {}
        return ids_by_user_data(contacts, campaign_id)

    def _with_zone(self, at: datetime | None) -> datetime | None:
        return at.replace(tzinfo=self._terms.zone) if at is not None and at.tzinfo is None else at


def _refused_login(error: AuthenticationError | ForbiddenError) -> str:
    if isinstance(error, AuthenticationError):
        return LOGIN_REFUSED
    return "vendors.jtel.clients_id: jtel refused access (403): the token is not of this client account"


def _only_position(batch: Batch) -> int:
    if len(batch.positions) != 1:
        raise TooLargeError("one contact per request", vendor="jtel", operation="import_contact", status=None)
    return batch.positions[0]


def _ids_of(ids: ContactIds, entry: Entry) -> Sequence[int | None]:
    """The contacts under the entry's key, as it is sent or as it was sent before."""
    made = str(entry["UserData"])
    return [found for key in dict.fromkeys((sent_key(made), made)) for found in ids.get(key, ())]


def _found(position: int, contact_ids: Sequence[int | None]) -> Verdict:
    if not contact_ids:
        return Verdict(position, "not_sent", "absent_at_vendor")
    first = next((str(contact_id) for contact_id in contact_ids if contact_id is not None), None)
    if len(contact_ids) == 1:
        return Verdict(position, "accepted", vendor_id=first)
    reason = f"jtel has {len(contact_ids)} contacts of this UserData"
    return Verdict(position, "accepted", "several_at_vendor", reason, first)


def _names(contact: Contact) -> dict[str, Any]:
    """`Name` is mandatory: a contact without last name goes by its first name."""
    first, last = (contact.first_name or "").strip(), (contact.last_name or "").strip()
    if not last:
        return {"Name": first} if first else {}
    return {"Name": last, "FirstName": first} if first else {"Name": last}


def _value(name: str, value: Any) -> Any:
    """A number where jtel wants one and the column holds one, else a text; None for nothing."""
    text = "" if value is None else str(value).strip()
    if name in NUMBERS and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text or None


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _call_result(contact: JtelContact, changed_at: datetime | None) -> CallResult:
    return CallResult(
        vendor_id=str(contact.id),
        result=None,
        call_result=None,
        classifier=None,
        call_count=contact.try_count,
        agent_id=None,
        changed_at=changed_at,
    )
