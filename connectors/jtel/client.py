"""jtel: one method per operation of the vendor's document, and the public functions for contacts.

Belongs here: paths, parameters, documented limits and the reading of answers. Does not belong here: what an
answer means for a delivery (`gateway.py`), and errors of the wire (`connectors/transport.py`).

Source: vendors.md, 4(b). Success is HTTP 200 and a body whose `status` is 200.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter

from connectors.contract import read_json, read_shape
from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ContractError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
)
from connectors.jtel.fields import DATES_SINCE, NAME_LIMIT, PHONES, USER_DATA_LIMIT, Release, first_too_long, limits
from connectors.jtel.models import (
    BodyStatus,
    JtelCampaign,
    JtelContact,
    JtelResultCode,
    Page,
    imported_id,
    write_time,
)
from connectors.transport import Reply, Transport, map_status

T = TypeVar("T")

LANGUAGES = {1: "English", 2: "German"}
LOGIN_REFUSED = (
    "vendors.jtel.token: the token was refused (401): it is wrong, or another one was generated in the portal since, "
    "which ends the old one at once"
)
DATETIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"

_MANDATORY: Mapping[str, Sequence[str]] = {
    "Name": ("Name",),
    "DiallerCampaignsID or DiallerCampaignsName": ("DiallerCampaignsID", "DiallerCampaignsName"),
    "PhoneNumber1 to PhoneNumber6": PHONES,
}

_STATUS = TypeAdapter(BodyStatus)
_CAMPAIGNS = TypeAdapter(Page[JtelCampaign])
_RESULT_CODES = TypeAdapter(Page[JtelResultCode])
_CONTACTS = TypeAdapter(Page[JtelContact])

_READ = {"Accept": "application/json"}
_WRITE = {"Accept": "application/json", "Content-Type": "application/json"}


class JtelClient:
    """The portal's interface over a transport whose base address ends with the client account's id.

    `datetime_format` and `timezone` are how a time is written; `release` is that of the portal, () if unknown.
    Nothing is deleted unless `allow_delete`.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        contact_import_path: str = "/dialler/contacts/import",
        datetime_format: str = DATETIME_FORMAT,
        timezone: ZoneInfo = ZoneInfo("Europe/Berlin"),
        release: Release = (),
        allow_delete: bool = False,
    ) -> None:
        self._transport = transport
        self._contact_import_path = contact_import_path
        self._datetime_format = datetime_format
        self._timezone = timezone
        self._release = release
        self._limits = limits(release)
        self._allow_delete = allow_delete

    def campaigns(self) -> tuple[JtelCampaign, ...]:
        """All dialler campaigns of the client account. Source: vendors.md, 4(b) #1."""
        return self._whole("campaigns", "/dialler/campaigns", _CAMPAIGNS)

    def campaign(self, campaign_id: int) -> JtelCampaign:
        """One dialler campaign. Source: vendors.md, 4(b) #2.

        Raises:
            NotFoundError: there is none, whether jtel says so by 404 or by an empty answer.
        """
        return self._one("campaign", f"/dialler/campaigns/{campaign_id:d}", _CAMPAIGNS)

    def campaigns_by_name(self, name: str) -> tuple[JtelCampaign, ...]:
        """The campaigns whose name contains `name`, none included: compare again for the exact one.

        Source: vendors.md, 4(b) #3.
        """
        try:
            page = self._page(
                "campaigns_by_name", "/dialler/campaigns/campaign", _CAMPAIGNS, params=[("name", self._named(name))]
            )
        except NotFoundError:
            return ()
        return page.records

    def result_codes(self, campaign_id: int, languages_id: int = 1) -> tuple[JtelResultCode, ...]:
        """The result codes of a campaign; `languages_id` 1 is English, 2 is German. Source: vendors.md, 4(b) #4."""
        if languages_id not in LANGUAGES:
            raise self._invalid("result_codes", "languages_id: must be 1 (English) or 2 (German)")
        path = f"/dialler/campaigns/campaign/{campaign_id:d}/resultCodes"
        return self._whole("result_codes", path, _RESULT_CODES, params=[("languagesID", str(languages_id))])

    def clone_campaign(
        self,
        source: str,
        destination: str,
        *,
        user_data: str | None = None,
        dt_from: datetime | None = None,
        dt_to: datetime | None = None,
    ) -> JtelCampaign:
        """A campaign like `source` exists under the name `destination`, without contacts.

        Source: vendors.md, 4(b) #5. `dt_from` and `dt_to` need release 3.39.

        Raises:
            NotFoundError: there is no `source`.
            ConflictError: there is a `destination`.
        """
        body = {"source": source, "destination": destination, "userData": user_data}
        self._check_clone(destination, user_data, has_dates=bool(dt_from or dt_to))
        body |= {"dtFrom": self._written(dt_from), "dtTo": self._written(dt_to)}
        content = orjson.dumps({name: value for name, value in body.items() if value is not None})
        with self._login_named("clone_campaign"):
            reply = self._transport.send(
                "clone_campaign", "POST", "/dialler/campaigns/clone", headers=_WRITE, content=content
            )
            page = self._shaped("clone_campaign", reply, _CAMPAIGNS, is_read=False)
        if not page.records:
            raise self._unclear("clone_campaign", "$.records: empty", reply, is_read=False)
        return page.records[0]

    def delete_campaign(self, campaign_id: int) -> None:
        """The campaign is gone, with its contacts and all related data. Source: vendors.md, 4(b) #6."""
        self._delete("delete_campaign", f"/dialler/campaigns/campaign/{campaign_id:d}")

    def delete_campaigns_by_name(self, name: str, *, accept_partial_matches: bool = False) -> None:
        """Every campaign that jtel takes the name to mean is gone, with all contacts; prefer `delete_campaign`.

        Whether «Campaign 1» deletes «Campaign 10» too is not documented: without `accept_partial_matches` nothing
        is sent. Source: vendors.md, 4(b) #7 and 4(c) 3.
        """
        if not accept_partial_matches:
            raise self._invalid(
                "delete_campaigns_by_name",
                "accept_partial_matches: must be true, because jtel may delete every campaign whose name contains "
                "this one; use delete_campaign with an id",
            )
        self._delete("delete_campaigns_by_name", "/dialler/campaigns/campaign", params=[("name", self._named(name))])

    def contacts(self, campaign_id: int | None = None) -> tuple[JtelContact, ...]:
        """All contacts of the campaign, or of the whole client account; an older release answers all in any case.

        The answer has no pages: it may be large, and is held in memory while it is read.
        Source: vendors.md, 4(b) «List contacts».
        """
        params = [] if campaign_id is None else [("diallerCampaignsID", f"{campaign_id:d}")]
        return self._whole("contacts", "/dialler/contacts", _CONTACTS, params=params)

    def contact(self, contact_id: int) -> JtelContact:
        """One contact. Source: vendors.md, 4(b) «Contact by ID».

        Raises:
            NotFoundError: there is none, whether jtel says so by 404 or by an empty answer.
        """
        return self._one("contact", f"/dialler/contacts/{contact_id:d}", _CONTACTS)

    def import_contact(
        self,
        contact: Mapping[str, Any],
        *,
        overwrite_duplicates: bool = True,
        not_after: float = float("inf"),
    ) -> str | None:
        """The contact is stored; its id, where the answer has one.

        With `overwrite_duplicates` a contact of the same `UserData` is overwritten; without, there are two then.
        Source: vendors.md, 4(b) «Import one contact».
        """
        self._check_contact(contact)
        with self._login_named("import_contact"):
            reply = self._transport.send(
                "import_contact",
                "POST",
                self._contact_import_path,
                params=[("overwriteDuplicates", "true" if overwrite_duplicates else "false")],
                headers=_WRITE,
                content=orjson.dumps(dict(contact)),
                not_after=not_after,
            )
            return imported_id(self._succeeded("import_contact", reply, is_read=False))

    def stop(self) -> None:
        """No further request starts."""
        self._transport.stop()

    def close(self) -> None:
        """All connections are closed."""
        self._transport.close()

    def _whole(
        self,
        operation: str,
        path: str,
        shape: TypeAdapter[Page[T]],
        *,
        params: Sequence[tuple[str, str]] = (),
    ) -> tuple[T, ...]:
        """All records; an answer that says it is a part would let a reader conclude that the rest is not there."""
        page = self._page(operation, path, shape, params=params)
        if page.is_cut:
            text = "$.records: fewer than there are; this portal answers in pages, which jtel does not document"
            raise ContractError(text, vendor=self._transport.vendor, operation=operation, status=200)
        return page.records

    def _one(self, operation: str, path: str, shape: TypeAdapter[Page[T]]) -> T:
        records = self._page(operation, path, shape).records
        if not records:
            raise NotFoundError("there is none", vendor=self._transport.vendor, operation=operation, status=200)
        return records[0]

    def _page(
        self, operation: str, path: str, shape: TypeAdapter[Page[T]], *, params: Sequence[tuple[str, str]] = ()
    ) -> Page[T]:
        with self._login_named(operation):
            reply = self._transport.read(operation, path, params=params, headers=_READ)
            return self._shaped(operation, reply, shape, is_read=True)

    def _delete(self, operation: str, path: str, *, params: Sequence[tuple[str, str]] = ()) -> None:
        if not self._allow_delete:
            raise self._invalid(operation, "vendors.jtel.allow_delete: must be true for anything to be deleted")
        with self._login_named(operation):
            reply = self._transport.send(operation, "DELETE", path, params=params, headers=_READ)
            self._succeeded(operation, reply, is_read=False)

    def _shaped(self, operation: str, reply: Reply, shape: TypeAdapter[Page[T]], *, is_read: bool) -> Page[T]:
        answer = self._succeeded(operation, reply, is_read=is_read)
        return read_shape(answer, shape, reply, vendor=self._transport.vendor, operation=operation, is_read=is_read)

    def _succeeded(self, operation: str, reply: Reply, *, is_read: bool) -> Any:
        """The body's JSON, after its own status said 200 as well."""
        vendor = self._transport.vendor
        answer = read_json(reply, vendor=vendor, operation=operation, is_read=is_read)
        status = read_shape(answer, _STATUS, reply, vendor=vendor, operation=operation, is_read=is_read).status
        if status >= 300:
            raise map_status(status, None, vendor=vendor, operation=operation, is_read=is_read)
        if status != 200 or reply.status != 200:
            raise self._unclear(operation, "neither success (200) nor a refusal", reply, is_read=is_read)
        return answer

    def _unclear(self, operation: str, text: str, reply: Reply, *, is_read: bool) -> ConnectorError:
        kind = ContractError if is_read else OutcomeUnknownError
        return kind(text, vendor=self._transport.vendor, operation=operation, status=reply.status)

    @contextmanager
    def _login_named(self, operation: str) -> Iterator[None]:
        try:
            yield
        except AuthenticationError:
            raise AuthenticationError(
                LOGIN_REFUSED, vendor=self._transport.vendor, operation=operation, status=401
            ) from None

    def _check_clone(self, destination: str, user_data: str | None, *, has_dates: bool) -> None:
        if not 0 < len(destination) <= NAME_LIMIT:
            raise self._invalid("clone_campaign", f"destination: must have 1 to {NAME_LIMIT} characters")
        if user_data is not None and len(user_data) > USER_DATA_LIMIT:
            raise self._invalid("clone_campaign", f"user_data: must have at most {USER_DATA_LIMIT} characters")
        if has_dates and self._release < DATES_SINCE:
            raise self._invalid("clone_campaign", "dt_from, dt_to: need vendors.jtel.release 3.39 or newer")

    def _check_contact(self, contact: Mapping[str, Any]) -> None:
        missing = next((text for text, names in _MANDATORY.items() if not any(map(contact.get, names))), None)
        if missing:
            raise self._invalid("import_contact", f"contact: needs {missing}")
        if name := first_too_long(contact, self._limits):
            raise self._invalid("import_contact", f"contact.{name}: is longer than {self._limits[name]} characters")

    def _named(self, name: str) -> str:
        if not name.strip():
            raise self._invalid("campaigns_by_name", "name: must not be empty")
        return name

    def _written(self, at: datetime | None) -> str | None:
        return None if at is None else write_time(at, pattern=self._datetime_format, zone=self._timezone)

    def _invalid(self, operation: str, text: str) -> InvalidRequestError:
        return InvalidRequestError(text, vendor=self._transport.vendor, operation=operation)
