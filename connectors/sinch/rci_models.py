"""The rows that RCI answers, read leniently.

Belongs here: one frozen shape per schema of the vendor's document, wrappers undone, ids as id32. Does not
belong here: what is written (`rci_bodies.py`), which operation answers what (`rci.py`).

A field is required only where every schema and every example of the document has it: the examples leave out
several that their schemas call required. Source: vendors.md, 2(d) and 2(e) #1, #5, #18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AliasChoices, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from connectors.contract import Shape
from connectors.sinch.models import normalise_id, read_time


def unwrapped(value: Any, *, element: str) -> Any:
    """What a wrapper holds, as a list: of the wrapped form, a bare array, or a single collapsed element."""
    if isinstance(value, Mapping) and element in value:
        value = value[element]
    if value is None or value == {}:
        return []
    return value if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("a time was expected")
    try:
        return read_time(value)
    except OverflowError:
        raise ValueError("a time was expected") from None


Id = Annotated[str, AfterValidator(normalise_id)]
Lower = Annotated[str, AfterValidator(str.lower)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(partial(unwrapped, element="address"))]
Keywords = Annotated[tuple[str, ...], BeforeValidator(partial(unwrapped, element="keyword"))]


class Row(Shape):
    """An object of RCI; its fields are the vendor's, in snake case."""

    model_config = ConfigDict(alias_generator=to_camel)

    SET_BY_VENDOR: ClassVar[frozenset[str]] = frozenset({"id"})

    def replacement(self, **changes: Any) -> dict[str, Any]:
        """The keywords of a PUT that changes only these fields; undocumented fields are not among them."""
        own = {name: getattr(self, name) for name in type(self).model_fields if name not in self.SET_BY_VENDOR}
        return own | changes


class Keyed(Row):
    """An object that is told from others by its id."""

    id: Id


class UserShort(Keyed):
    """A user as lists show it; every field after the name only where the query asked for it."""

    first_name: str
    surname: str
    external_id: str | None = None
    phone: str | None = None
    chat: str | None = None
    chat_name: str | None = None
    email: str | None = None


class User(UserShort):
    """A user in full; `time_zone` is an IANA id."""

    login: str | None = None
    ui_language: str | None = None
    prompt_language: str | None = None
    time_zone: str | None = None
    synchronised: bool | None = None


class UserGroup(Keyed):
    """A group of users."""

    name: str
    synchronised: bool | None = None


class Role(Keyed):
    """What a user may do."""

    name: str
    description: str | None = None


class Certificate(Row):
    """A certificate by which a user logs in; the id is in the examples only."""

    id: Id | None = None
    subject: str
    issuer: str


class Skill(Keyed):
    """A skill that users have."""

    name: str
    description: str | None = None


class UserSkill(Keyed):
    """How well a user has a skill, 1 to 5; some versions tell the skill's name in place of the value."""

    SET_BY_VENDOR: ClassVar[frozenset[str]] = frozenset({"id", "name", "description"})

    value: int | None = None
    name: str | None = None
    description: str | None = None


class Queue(Keyed):
    """A queue; `type` is phone, chat or email. A queue group's list may hold nothing but id and name."""

    name: str
    type: Lower | None = None
    description: str | None = None
    synchronised: bool | None = None
    login_type: str | None = None
    addresses: Addresses = ()


class Extension(Keyed):
    """An address of a queue: the schema calls it `name`, the examples `address`."""

    name: str | None = None
    address: str | None = None
    language: str | None = None
    priority: int | float | None = None


class QueueGroup(Keyed):
    """A group of queues."""

    name: str
    description: str | None = None


class Attribute(Row):
    """A named value in one language; the schema's `langauge` is read too."""

    name: str
    language: str = Field(validation_alias=AliasChoices("language", "langauge"))
    value: str


class TimeZone(Keyed):
    """A time zone that users and campaigns may have; `id` is an IANA id."""

    id: str
    name: str


class PrsProfile(Keyed):
    """A presence profile and the reason of absence that it stands for."""

    name: str
    reason: str


class MessagingService(Keyed):
    """A connection to a messaging provider: facebook, twilio, sap365 or yaas."""

    name: str
    type: Lower
    connection: str
    authentication_scope: str | None = None
    authentication_url: str | None = None


class Authentication(Keyed):
    """A login of a messaging service; the password is seldom told, and never shown."""

    authentication_id: str | None = None
    password: SecretStr | None = None


class ReplyTemplate(Keyed):
    """A prepared answer; `content_type` is Static or Interactive."""

    name: str
    language: str
    content_type: str
    attachment_count: int
    body: str
    description: str | None = None
    subject: str | None = None
    keywords: Keywords = ()


class Attachment(Keyed):
    """A file of a reply template; `size` is in bytes."""

    size: int
    file_name: str
    mime_type: str


class CustomIvr(Keyed):
    """A menu that callers hear; the description is in the examples only."""

    name: str
    active: bool
    description: str | None = None
    current_source_code_version_id: Id | None = None
    addresses: Addresses = ()


class SourceCodeVersion(Keyed):
    """A version of a menu's program, without the program."""

    version_number: int | float
    creation_date: Moment
    modification_date: Moment = None
    description: str | None = None


class SourceCode(SourceCodeVersion):
    """A version of a menu's program; `source_code` is VXML."""

    source_code: str | None = None


class AudioPrompt(Keyed):
    """A recording, and when it is played."""

    name: str
    prompt_type: str
    loop_type: str
    source_type: str
    description: str | None = None


class CpExtension(Keyed):
    """A page of a third party in the agents' desktop; `queues` are ids."""

    title: str
    url: str
    icon: str
    queues: tuple[Id, ...]
    hidden: bool
    name: str | None = None
    description: str | None = None


class DisruptionSet(Keyed):
    """A set of causes, places and times of which disruptions are put together."""

    name: str
    external_id: str


class EventItem(Keyed):
    """The cause, place or time of a disruption; the schema's `externalid` is read too."""

    external_id: str | None = Field(None, validation_alias=AliasChoices("externalId", "externalid"))
    type: str | None = None


class DisruptionEvent(Keyed):
    """A disruption: what, where and when."""

    SET_BY_VENDOR: ClassVar[frozenset[str]] = frozenset({"id", "modified", "created"})

    items: Annotated[tuple[EventItem, ...], BeforeValidator(partial(unwrapped, element="item"))]
    remarks: str | None = None
    active_from: Moment = None
    active_to: Moment = None
    modified: Moment = None
    created: Moment = None


class DisruptionItem(Keyed):
    """A cause (WHY), place (WHERE) or time (WHEN), and how it is said."""

    external_id: str
    name: str
    type: str
    description: str | None = None
    prompt_id: Id | None = None
    prompt_name: str | None = None
    prompt_external_id: str | None = None
    attributes: Annotated[tuple[Attribute, ...], BeforeValidator(partial(unwrapped, element="attribute"))] = ()
