"""The Platform: one method per operation of the vendor's document.

Belongs here: parameters, bodies and the reading of answers. Does not belong here: paths (`paths.py`), how a request
is made (`requests.py`), what an answer means for a delivery (`gateway.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.platform import models
from connectors.platform.models import BulkError
from connectors.platform.paging import LinkError, PageLinks
from connectors.platform.paths import Paths
from connectors.platform.requests import NEVER, Requests, parameters
from connectors.transport import Transport

LEAD_FIELDS = frozenset(
    {
        "listId", "customerKey", "timezone", "phone1", "phone2", "phone3", "nextAttemptTimestamp", "leadData",
        "statusCode", "agentId",
    }
)  # fmt: skip
_PHONES = ("phone1", "phone2", "phone3")
_ANYTHING = {"Accept": "*/*"}


class PlatformClient:
    """The Platform over a transport whose base address ends with the base path. `base_url` names our own host."""

    def __init__(self, transport: Transport, *, base_url: str, paths: Paths | None = None) -> None:
        self._requests = Requests(transport, paths or Paths())
        self._host = urlsplit(base_url).netloc

    def activity_get(self, activity_id: int) -> models.Activity:
        """One activity. Source: vendors.md, 3(b) #1."""
        return self._requests.read("activity_get", models.ACTIVITY, identifier=activity_id)

    def activity_list(
        self,
        *,
        campaign_id: int | None = None,
        created_from: datetime | str | None = None,
        created_to: datetime | str | None = None,
        activity_type: str | None = None,
        lead_id: int | None = None,
    ) -> Iterator[models.Activity]:
        """Activities, page by page; both times are inside. Source: vendors.md, 3(b) #2; `leadId` is from 3(b) [P18]."""
        return self._requests.pages(
            "activity_list",
            models.ACTIVITIES,
            campaignId=campaign_id,
            createdTimestampFrom=created_from,
            createdTimestampTo=created_to,
            activityType=activity_type,
            leadId=lead_id,
        )

    def campaign_stats_outbound(self, campaign_id: int) -> models.OutboundStatistics:
        """The figures of an outbound campaign. Source: vendors.md, 3(b) #3."""
        return self._requests.read("campaign_stats_outbound", models.OUTBOUND_STATISTICS, identifier=campaign_id)

    def campaign_stats_inbound(self, campaign_id: int, *, period: str | None = None) -> models.InboundStatistics:
        """The figures of an inbound campaign over the hour, or the `day`. Source: vendors.md, 3(b) #4."""
        return self._requests.read(
            "campaign_stats_inbound", models.INBOUND_STATISTICS, identifier=campaign_id, period=period
        )

    def media_get(self, media_id: int, *, limit_bytes: int | None = None) -> bytes:
        """The bytes of a media file. Source: vendors.md, 3(b) #5.

        Raises:
            ContractError: it is longer than `limit_bytes`, or a page of HTML came instead.
        """
        reply = self._requests.fetch("media_get", identifier=media_id, headers=_ANYTHING, limit_bytes=limit_bytes)
        if reply.headers.get("content-type", "").lower().startswith("text/html"):
            raise self._requests.broken("media_get", "a page of HTML instead of a media file")
        return reply.body

    def voicemail_get(self, media_id: int) -> models.Voicemail:
        """A voicemail's metadata. Source: vendors.md, 3(b) #6."""
        return self._requests.read("voicemail_get", models.VOICEMAIL, identifier=media_id)

    def recording_get(self, media_id: int) -> models.Recording:
        """A recording's metadata. Source: vendors.md, 3(b) #7."""
        return self._requests.read("recording_get", models.RECORDING, identifier=media_id)

    def lead_list(
        self,
        *,
        campaign_id: int | None = None,
        list_id: int | None = None,
        status_code: int | None = None,
        uploaded_from: datetime | str | None = None,
        uploaded_to: datetime | str | None = None,
        customer_key: str | None = None,
    ) -> Iterator[models.Lead]:
        """Leads, page by page; both times are inside. Source: vendors.md, 3(b) #8."""
        return self._requests.pages(
            "lead_list",
            models.LEADS,
            campaignId=campaign_id,
            listId=list_id,
            statusCode=status_code,
            uploadedTimestampFrom=uploaded_from,
            uploadedTimestampTo=uploaded_to,
            customerKey=customer_key,
        )

    def lead_create(self, lead: Mapping[str, Any], *, not_after: float = NEVER) -> models.CreatedLead:
        """The lead, a RequestCreateLead, is in its list. Source: vendors.md, 3(b) #9.

        Raises:
            InvalidRequestError: it has no list, no phone or an unknown field, or the vendor refused it.
        """
        body = self._checked_lead("lead_create", lead)
        reply = self._requests.write("lead_create", body, not_after=not_after)
        return self._requests.parse("lead_create", reply, models.CREATED_LEAD)

    def list_list(self, *, campaign_id: int | None = None) -> Iterator[models.LeadList]:
        """Lead lists, page by page. Source: vendors.md, 3(b) #10."""
        return self._requests.pages("list_list", models.LEAD_LISTS, campaignId=campaign_id)

    def list_create(self, *, list_name: str, campaign_id: int) -> models.LeadList:
        """The list exists. Source: vendors.md, 3(b) #11."""
        if not list_name:
            raise self._requests.invalid("list_create", "listName is empty")
        reply = self._requests.write("list_create", {"listName": list_name, "campaignId": campaign_id})
        return self._requests.parse("list_create", reply, models.LEAD_LIST)

    def bulk_status(self, uuid: str, *, retry: bool = True) -> models.BulkStatus:
        """How far a bulk import is. Source: vendors.md, 3(b) #12.

        Args:
            retry: a question that is not answered is asked again, with back-off.
        """
        ask = self._requests.read if retry else self._requests.read_once
        return ask("bulk_status", models.BULK_STATUS, identifier=self._uuid("bulk_status", uuid))

    def bulk_errors(self, uuid: str) -> Iterator[BulkError]:
        """The errors of a bulk import, page by page. Source: vendors.md, 3(b) #13 and 3(c) 3.

        Raises:
            ContractError: a page leads to another host, is missing, or comes again.
        """
        self._uuid("bulk_errors", uuid)
        query: Sequence[tuple[str, str]] | None = ()
        links = PageLinks(self._host)
        while query is not None:
            reply = self._requests.fetch("bulk_errors", identifier=uuid, query=query)
            page = self._requests.parse("bulk_errors", reply, models.BULK_ERROR_PAGE)
            yield from _errors(page)
            try:
                query = links.after(page)
            except LinkError as error:
                raise self._requests.broken("bulk_errors", str(error)) from None

    def list_get(self, list_id: int) -> models.LeadList:
        """One list. Source: vendors.md, 3(b) #14."""
        return self._requests.read("list_get", models.LEAD_LIST, identifier=list_id)

    def lead_get(self, lead_id: int) -> models.Lead:
        """One lead. Source: vendors.md, 3(b) #15."""
        return self._requests.read("lead_get", models.LEAD, identifier=lead_id)

    def lead_update(
        self, lead_id: int, changes: Mapping[str, Any], *, complete: bool = False, not_after: float = NEVER
    ) -> None:
        """The lead has the changes; a field that they do not name is as it was. Source: vendors.md, 3(b) #16.

        Args:
            complete: the lead is never dialled again, which cannot be undone.
        """
        unknown = sorted(set(changes) - LEAD_FIELDS)
        if unknown:
            raise self._requests.invalid("lead_update", f"unknown field {unknown[0]}; to complete, say complete")
        if any(value is None for value in changes.values()):
            raise self._requests.invalid("lead_update", "a field is null, and what that does is not documented")
        body = {**changes, "isCompleted": True} if complete else dict(changes)
        if not body:
            raise self._requests.invalid("lead_update", "no field is changed")
        self._requests.order("lead_update", body, identifier=lead_id, not_after=not_after)

    def lead_delete(self, lead_id: int) -> None:
        """The lead is gone. Source: vendors.md, 3(b) #17."""
        self._requests.order("lead_delete", None, identifier=lead_id)

    def bulk_create(self, leads: Sequence[Mapping[str, Any]], *, not_after: float = NEVER) -> models.BulkJob:
        """The leads are with a job that will store them, or not. Source: vendors.md, 3(b) #18."""
        bodies = [self._checked_lead("bulk_create", lead) for lead in leads]
        if not bodies:
            raise self._requests.invalid("bulk_create", "leads is empty")
        reply = self._requests.write("bulk_create", {"leads": bodies}, not_after=not_after)
        return self._requests.parse("bulk_create", reply, models.BULK_JOB)

    def customer_delete(
        self, *, phone_number: str | None = None, email_address: str | None = None, confirm: bool = False
    ) -> models.Erasure:
        """Calls, mails and leads of the number or address are erased for good. Source: vendors.md, 3(b) #19.

        For erasure requests alone; `confirm` must say so.
        """
        if not confirm:
            raise self._requests.invalid("customer_delete", "this erases a customer for good; say confirm")
        if not phone_number and not email_address:
            raise self._requests.invalid("customer_delete", "phoneNumber or emailAddress is needed")
        query = parameters({"phoneNumber": phone_number or None, "emailAddress": email_address or None})
        reply = self._requests.write("customer_delete", None, query=query)
        return self._requests.parse("customer_delete", reply, models.ERASURE)

    def dialler_call_get(self, attempt_id: int) -> models.DiallerCall:
        """One attempt of the dialler. Source: vendors.md, 3(b) #20."""
        return self._requests.read("dialler_call_get", models.DIALLER_CALL, identifier=attempt_id)

    def dialler_call_list(
        self,
        *,
        campaign_id: int | None = None,
        lead_id: int | None = None,
        dialled_from: datetime | str | None = None,
        dialled_to: datetime | str | None = None,
    ) -> Iterator[models.DiallerCall]:
        """Attempts of the dialler, page by page; both times are inside. Source: vendors.md, 3(b) #21."""
        return self._requests.pages(
            "dialler_call_list",
            models.DIALLER_CALLS,
            campaignId=campaign_id,
            leadId=lead_id,
            dialledTimestampFrom=dialled_from,
            dialledTimestampTo=dialled_to,
        )

    def user_list(self, *, user_type: str | None = None, account_active: bool | None = None) -> Iterator[models.User]:
        """Users, page by page; `user_type` is agent or user. Source: vendors.md, 3(b) #22."""
        return self._requests.pages("user_list", models.USERS, userType=user_type, accountActive=account_active)

    def presence_update(self, *, agent_id: int, available: bool) -> models.Presence:
        """The agent is available, or is not. Source: vendors.md, 3(b) #23."""
        reply = self._requests.write("presence_update", {"agentId": agent_id, "available": available})
        return self._requests.parse("presence_update", reply, models.PRESENCE)

    def stop(self) -> None:
        """No further request starts."""
        self._requests.transport.stop()

    def close(self) -> None:
        """All connections are closed."""
        self._requests.transport.close()

    def _checked_lead(self, key: str, lead: Mapping[str, Any]) -> dict[str, Any]:
        """The lead without its nulls; the schema asks for a list only, and nobody can dial a lead without a phone."""
        body = {name: value for name, value in lead.items() if value is not None}
        unknown = sorted(set(body) - LEAD_FIELDS)
        if unknown:
            raise self._requests.invalid(key, f"a lead has no field {unknown[0]}")
        if type(body.get("listId")) is not int:
            raise self._requests.invalid(key, "listId is required, a whole number")
        if not any(body.get(name) for name in _PHONES):
            raise self._requests.invalid(key, "a lead needs one of phone1, phone2, phone3")
        return body

    def _uuid(self, key: str, uuid: str) -> str:
        if not uuid:
            raise self._requests.invalid(key, "uuid is empty")
        return uuid


def _errors(page: models.BulkErrorPage) -> Iterator[BulkError]:
    if isinstance(page.errors, dict):
        return (BulkError(key=key, item=item) for key, item in page.errors.items())
    return (BulkError(key=None, item=item) for item in page.errors or [])
