"""The collections of RCI and the fields of what is in them.

Belongs here: the vendor's document as tables. Does not belong here: what is done with them (`rci.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "flag", "number", "time", "ids"]
Verb = Literal["list", "create", "read", "replace", "delete"]


@dataclass(frozen=True)
class Field:
    """What a field may hold. `wrapper` is the element around each value of a list."""

    kind: Kind = "text"
    is_required: bool = False
    shortest: int = 0
    longest: int | None = None
    words: tuple[str, ...] = ()
    wrapper: str | None = None


Fields = Mapping[str, Field]


def text(shortest: int = 0, longest: int | None = None, *, required: bool = False) -> Field:
    """A text of that many characters."""
    return Field(shortest=shortest, longest=longest, is_required=required)


def words(*allowed: str) -> Field:
    """One of these words, whatever their case; required."""
    return Field(words=allowed, is_required=True)


NAME = text(1, 400, required=True)
NEEDED = text(required=True)
FLAG = Field("flag")

USER: Fields = {
    "firstName": NAME,
    "surname": NAME,
    "login": text(1, 64),
    "externalId": text(1, 128),
    "phone": text(1, 256),
    "chat": text(3, 256),
    "chatName": text(1, 64),
    "email": text(6, 256),
    "uiLanguage": text(2, 4),
    "promptLanguage": text(2, 4),
    "timeZone": text(3, 50),
    "synchronised": FLAG,
}
USER_GROUP: Fields = {"name": NAME, "synchronised": FLAG}
ROLE: Fields = {"name": NEEDED, "description": text()}
CERTIFICATE: Fields = {"subject": text(1, 450, required=True), "issuer": text(1, 450, required=True)}
SKILL: Fields = {"name": NAME, "description": NAME}
QUEUE: Fields = {
    "type": words("phone", "chat", "email"),
    "name": NAME,
    "description": text(1, 400),
    "synchronised": FLAG,
    "loginType": words("AutoAllocation", "HuntGroup"),
    "addresses": Field(wrapper="address"),
}
EXTENSION: Fields = {"name": text(), "address": text(), "language": text(), "priority": Field("number")}
QUEUE_GROUP: Fields = {"name": NAME, "description": NAME}
ATTRIBUTE: Fields = {"name": NEEDED, "language": NEEDED, "value": NEEDED}
TIME_ZONE: Fields = {"name": NEEDED}
PRS_PROFILE: Fields = {"name": NEEDED, "reason": NEEDED}
MESSAGING_SERVICE: Fields = {
    "name": NEEDED,
    "type": words("facebook", "twilio", "sap365", "yaas"),
    "connection": NEEDED,
    "authenticationScope": text(),
    "authenticationUrl": text(),
}
AUTHENTICATION: Fields = {"authenticationId": text(0, 512), "password": text()}
REPLY_TEMPLATE: Fields = {
    "name": NEEDED,
    "description": text(1, 400),
    "language": text(2, 4, required=True),
    "subject": text(0, 1024),
    "contentType": words("Static", "Interactive"),
    "attachmentCount": Field("number", is_required=True),
    "body": NEEDED,
    "keywords": Field(wrapper="keyword"),
}
ATTACHMENT: Fields = {"size": Field("number", is_required=True), "fileName": NEEDED, "mimeType": NEEDED}
CUSTOM_IVR: Fields = {
    "addresses": Field(wrapper="address"),
    "name": NEEDED,
    "description": text(),
    "currentSourceCodeVersionId": text(32, 32),
    "active": Field("flag", is_required=True),
}
SOURCE_CODE: Fields = {
    "versionNumber": Field("number", is_required=True),
    "creationDate": Field("time", is_required=True),
    "modificationDate": Field("time"),
    "description": text(),
    "sourceCode": text(),
}
AUDIO_PROMPT: Fields = {
    "name": NEEDED,
    "description": text(),
    "promptType": NEEDED,
    "loopType": words("ALL", "LAST", "RANDOM"),
    "sourceType": words("Custom", "QueueBuiltIn", "UserBuiltIn", "OptionalBuiltIn"),
}
CP_EXTENSION: Fields = {
    "name": text(),
    "description": text(),
    "title": NEEDED,
    "url": NEEDED,
    "icon": NEEDED,
    "queues": Field("ids", is_required=True),
    "hidden": Field("flag", is_required=True),
}
DISRUPTION_SET: Fields = {"name": NEEDED, "externalId": NEEDED}
DISRUPTION_EVENT: Fields = {
    "remarks": text(),
    "activeFrom": Field("time"),
    "activeTo": Field("time"),
    "items": Field(wrapper="item", is_required=True),
}
DISRUPTION_ITEM: Fields = {
    "externalId": NEEDED,
    "name": NEEDED,
    "type": words("WHY", "WHERE", "WHEN"),
    "description": text(),
    "promptId": text(32, 32),
    "promptName": text(),
    "promptExternalId": text(),
    "attributes": Field(wrapper="attribute"),
}


@dataclass(frozen=True)
class Collection:
    """Objects of one kind: the path of one, what may be done, how the list is asked.

    Attributes:
        linked: The collection whose objects are linked here; None for objects of its own.
        is_valued: The link carries a value, 1 to 5.
        shown: Fields that the list shows besides the id; None is all.
        search: Fields that the list may be searched by.
        windows: Times that the list may be bounded by.
        sort: Default order; None where the list has no `sort`.
        is_paged: Whether `offset` and `limit` are heeded.
    """

    member: str
    fields: Fields
    verbs: tuple[Verb, ...]
    linked: str | None = None
    is_valued: bool = False
    shown: tuple[str, ...] | None = None
    search: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    sort: tuple[str, ...] | None = None
    is_paged: bool = False

    @property
    def path(self) -> str:
        """The path of the list."""
        return self.member.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last word of the list's path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Route:
    """One operation. `template` is its path in the document."""

    method: str
    template: str
    verb: Verb
    collection: Collection
    pattern: re.Pattern[str] = field(compare=False)

    @property
    def operation(self) -> str:
        """How the operation is counted."""
        return f"{self.method} {self.template}"


ALL: tuple[Verb, ...] = ("list", "create", "read", "replace", "delete")
NO_REPLACE: tuple[Verb, ...] = ("list", "create", "read", "delete")
READ_ONLY: tuple[Verb, ...] = ("list", "read")
ADD_ONLY: tuple[Verb, ...] = ("list", "create")
SHORT_USER = ("firstName", "surname")
USER_SEARCH = ("firstName", "surname", "externalId", "chatName", "chat", "email", "phone")
ATTRIBUTE_SEARCH = ("name", "language")


def _top(member: str, fields: Fields, verbs: tuple[Verb, ...], search: str, sort: str = "name") -> Collection:
    return Collection(member, fields, verbs, search=tuple(search.split()), sort=tuple(sort.split()), is_paged=True)


def _links(member: str, fields: Fields, linked: str, shown: tuple[str, ...] | None = None) -> Collection:
    return Collection(member, fields, NO_REPLACE, linked=linked, shown=shown)


def _attributes(owner: str) -> Collection:
    return Collection(f"{owner}/attributes/{{}}", ATTRIBUTE, ADD_ONLY, search=ATTRIBUTE_SEARCH)


COLLECTIONS: tuple[Collection, ...] = (
    Collection("/users/{userId}", USER, ALL, shown=SHORT_USER, search=USER_SEARCH, sort=USER_SEARCH, is_paged=True),
    _links("/users/{userId}/userGroups/{userGroupId}", USER_GROUP, "userGroups"),
    _links("/users/{userId}/roles/{roleId}", ROLE, "roles"),
    Collection("/users/{userId}/certificates/{certificateId}", CERTIFICATE, NO_REPLACE),
    Collection("/users/{userId}/skills/{skillId}", SKILL, ALL, linked="skills", is_valued=True),
    _top("/userGroups/{userGroupId}", USER_GROUP, ALL, "id name", "id name"),
    _links("/userGroups/{userGroupId}/users/{userId}", USER, "users", SHORT_USER),
    _top("/queues/{queueId}", QUEUE, ALL, "name description address", "name description"),
    Collection("/queues/{queueId}/extensions/{extensionId}", EXTENSION, NO_REPLACE),
    _links("/queues/{queueId}/queueGroups/{queueGroupId}", QUEUE_GROUP, "queueGroups"),
    _attributes("/queues/{queueId}"),
    _top("/queueGroups/{queueGroupId}", QUEUE_GROUP, ALL, "name description"),
    Collection(
        "/queueGroups/{queueGroupId}/queues/{queueId}",
        QUEUE,
        NO_REPLACE,
        linked="queues",
        search=("name",),
        sort=("name",),
        is_paged=True,
    ),
    _attributes("/queueGroups/{queueGroupId}"),
    _top("/roles/{roleId}", ROLE, ALL, "id name", "id name"),
    _links("/roles/{roleId}/users/{userId}", USER, "users", SHORT_USER),
    _top("/skills/{skillId}", SKILL, ALL, "id name", "id name"),
    _top("/timeZones/{timeZoneId}", TIME_ZONE, READ_ONLY, "id name", "id name"),
    _top("/prsProfiles/{prsProfileId}", PRS_PROFILE, READ_ONLY, "id name reason", "id name"),
    _top("/messagingServices/{messagingServiceId}", MESSAGING_SERVICE, ALL, "id type"),
    Collection("/messagingServices/{messagingServiceId}/authentications/{id}", AUTHENTICATION, ALL),
    Collection(
        "/replyTemplates/{replyTemplateId}",
        REPLY_TEMPLATE,
        READ_ONLY,
        search=("keyword", "queueId", "language", "name"),
        is_paged=True,
    ),
    Collection("/replyTemplates/{replyTemplateId}/attachments/{attachmentId}", ATTACHMENT, READ_ONLY),
    _top(
        "/customIvrs/{customIvrId}",
        CUSTOM_IVR,
        READ_ONLY,
        "name description address active attributeName attributeValue",
    ),
    Collection(
        "/customIvrs/{customIvrId}/sourceCodes/{sourceCodeId}",
        SOURCE_CODE,
        READ_ONLY,
        shown=("versionNumber", "creationDate", "modificationDate", "description"),
    ),
    Collection("/customIvrs/{customIvrId}/currentSourceCodeVersion", SOURCE_CODE, ("read",)),
    _attributes("/customIvrs/{customIvrId}"),
    _top("/audioPrompts/{audioPromptId}", AUDIO_PROMPT, READ_ONLY, "name description promptType sourceType loopType"),
    _top("/cpExtensions/{cpExtensionId}", CP_EXTENSION, READ_ONLY, "name description title url icon hidden"),
    _top("/disruptionSets/{disruptionSetId}", DISRUPTION_SET, READ_ONLY, "name externalId"),
    Collection(
        "/disruptionSets/{disruptionSetId}/events/{eventId}",
        DISRUPTION_EVENT,
        ALL,
        windows=("activeFrom", "activeTo", "created", "modified"),
    ),
    Collection(
        "/disruptionSets/{disruptionSetId}/items/{itemId}",
        DISRUPTION_ITEM,
        READ_ONLY,
        search=("externalId", "name", "type", "description", "promptId", "promptName", "promptExternalId"),
    ),
)
METHODS: Mapping[Verb, str] = {
    "list": "GET",
    "create": "POST",
    "read": "GET",
    "replace": "PUT",
    "delete": "DELETE",
}


def _routes() -> Iterator[Route]:
    for collection in COLLECTIONS:
        for verb in collection.verbs:
            template = collection.path if verb in ("list", "create") else collection.member
            yield Route(METHODS[verb], template, verb, collection, _pattern(template))


def _pattern(template: str) -> re.Pattern[str]:
    """An IANA id has a slash of its own; every other id has none."""
    spelt = template.replace("{timeZoneId}", "(.+)")
    return re.compile(re.sub(r"{\w+}", "([^/]+)", spelt))


ROUTES: tuple[Route, ...] = tuple(_routes())
