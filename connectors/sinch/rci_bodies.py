"""What RCI is sent: one body per writable schema, with the document's limits.

Belongs here: fields, limits and their JSON form. Does not belong here: what is read (`rci_models.py`), and the
sending (`rci_operations.py`).

A field that is None is not sent; in a PUT that clears it. Source: vendors.md, 2(d) schemas, 2(e) #1 and #18.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    model_validator,
)
from pydantic.alias_generators import to_camel, to_snake

from connectors.sinch.models import normalise_id

MOST_SKILL = 5


def utc_text(moment: datetime) -> str:
    """The time as RCI writes it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wrapped(element: str) -> PlainSerializer:
    """Sends a list inside its wrapper, as every example of the document does."""
    return PlainSerializer(lambda values: None if values is None else {element: list(values)})


def text(shortest: int, longest: int) -> Any:
    """The documented limits of a text, told in the operation's help and in its refusals."""
    allowed = f"{shortest} to {longest} characters" if shortest else f"at most {longest} characters"
    return Field(min_length=shortest, max_length=longest, description=allowed)


def _cased(*words: str) -> BeforeValidator:
    """The word of the schema for one written in other case, as the examples do."""
    by_fold = {word.casefold(): word for word in words}
    return BeforeValidator(lambda value: by_fold.get(value.casefold(), value) if isinstance(value, str) else value)


def _secret_text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


class LimitError(ValueError):
    """An argument breaks a documented limit; the text names parameter and limit, never the value."""

    def __init__(self, parameter: str, allowed: str) -> None:
        super().__init__(f"parameter {parameter} must be {allowed}")


Time = Annotated[AwareDatetime, PlainSerializer(utc_text)]
Id = Annotated[str, BeforeValidator(lambda value: normalise_id(value) if isinstance(value, str) else value)]
TIME = "a time with its zone"


class Body(BaseModel):
    """An object to be sent; its fields are the keywords of the operation."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    ONE_OF: ClassVar[str] = ""

    def as_json(self) -> dict[str, Any]:
        """The vendor's names and values, without the fields that are None."""
        return self.model_dump(by_alias=True, exclude_none=True)

    @classmethod
    def allowed(cls, name: str) -> str:
        """What the field may hold, in words."""
        field = cls.model_fields[name]
        is_flag = bool in (field.annotation, *get_args(field.annotation))
        return field.description or ("true or false" if is_flag else "text")

    @classmethod
    def broken(cls, path: Sequence[int | str]) -> LimitError:
        """The limit that was broken at that place of the body."""
        if not path:
            return LimitError(cls.ONE_OF, "given")
        name = to_snake(str(path[0]))
        return LimitError(name, cls.allowed(name))


class UserBody(Body):
    """A user."""

    first_name: Annotated[str, text(1, 400)]
    surname: Annotated[str, text(1, 400)]
    login: Annotated[str | None, text(1, 64)] = None
    external_id: Annotated[str | None, text(1, 128)] = None
    phone: Annotated[str | None, text(1, 256)] = None
    chat: Annotated[str | None, text(3, 256)] = None
    chat_name: Annotated[str | None, text(1, 64)] = None
    email: Annotated[str | None, text(6, 256)] = None
    ui_language: Annotated[str | None, text(2, 4)] = None
    prompt_language: Annotated[str | None, text(2, 4)] = None
    time_zone: Annotated[str | None, text(3, 50)] = None
    synchronised: bool | None = None


class UserGroupBody(Body):
    """A group of users."""

    name: Annotated[str, text(1, 400)]
    synchronised: bool | None = None


class RoleBody(Body):
    """A role."""

    name: str
    description: str | None = None


class CertificateBody(Body):
    """A user's certificate."""

    subject: Annotated[str, text(1, 450)]
    issuer: Annotated[str, text(1, 450)]


class SkillBody(Body):
    """A skill."""

    name: Annotated[str, text(1, 400)]
    description: Annotated[str, text(1, 400)]


class SkillValueBody(Body):
    """How well a user has a skill."""

    value: Annotated[int, Field(ge=1, le=MOST_SKILL, description=f"1 to {MOST_SKILL}")]


class UserSkillBody(SkillValueBody):
    """A skill and how well a user has it."""

    id: Annotated[Id, Field(min_length=32, max_length=32, description="an id of 32 characters")]


class QueueBody(Body):
    """A queue."""

    type: Annotated[
        Literal["phone", "chat", "email"],
        _cased("phone", "chat", "email"),
        Field(description="one of phone, chat, email"),
    ]
    name: Annotated[str, text(1, 400)]
    login_type: Annotated[
        Literal["AutoAllocation", "HuntGroup"],
        _cased("AutoAllocation", "HuntGroup"),
        Field(description="one of AutoAllocation, HuntGroup"),
    ]
    description: Annotated[str | None, text(1, 400)] = None
    synchronised: bool | None = None
    addresses: Annotated[Sequence[str] | None, wrapped("address"), Field(description="a list of texts")] = None


class ExtensionBody(Body):
    """An address of a queue; the schema asks for `name`, the example sends `address`."""

    ONE_OF: ClassVar[str] = "name or address"

    name: str | None = None
    address: str | None = None
    language: str | None = None
    priority: Annotated[int | float | None, Field(description="a number")] = None

    @model_validator(mode="after")
    def _says_which(self) -> ExtensionBody:
        if self.name is None and self.address is None:
            raise ValueError(self.ONE_OF)
        return self


class QueueGroupBody(Body):
    """A group of queues."""

    name: Annotated[str, text(1, 400)]
    description: Annotated[str, text(1, 400)]


class AttributeBody(Body):
    """A named value in one language, sent as `language`; the schema's `langauge` is taken for a slip."""

    name: str
    language: str
    value: str


class MessagingServiceBody(Body):
    """A connection to a messaging provider."""

    name: str
    type: Annotated[
        Literal["facebook", "twilio", "sap365", "yaas"],
        _cased("facebook", "twilio", "sap365", "yaas"),
        Field(description="one of facebook, twilio, sap365, yaas"),
    ]
    connection: str
    authentication_scope: str | None = None
    authentication_url: str | None = None


class AuthenticationBody(Body):
    """A login of a messaging service."""

    authentication_id: Annotated[str | None, text(0, 512)] = None
    password: Annotated[SecretStr | None, PlainSerializer(_secret_text)] = None


class EventItemBody(Body):
    """An item of a disruption event: by `id`, or by `external_id` and `type`. One that was read will do."""

    model_config = ConfigDict(from_attributes=True)

    id: Id | None = None
    external_id: str | None = None
    type: Annotated[
        Literal["WHY", "WHERE", "WHEN"] | None,
        _cased("WHY", "WHERE", "WHEN"),
        Field(description="one of WHY, WHERE, WHEN"),
    ] = None

    @model_validator(mode="after")
    def _says_which(self) -> EventItemBody:
        if self.id is None and (self.external_id is None or self.type is None):
            raise ValueError("id, or external_id and type")
        return self


class DisruptionEventBody(Body):
    """A disruption: what, where and when."""

    items: Annotated[
        Sequence[EventItemBody],
        PlainSerializer(lambda items: {"item": [item.as_json() for item in items]}),
        Field(description="a list of objects with id, or with externalId and type (WHY, WHERE, WHEN)"),
    ]
    remarks: str | None = None
    active_from: Annotated[Time | None, Field(description=TIME)] = None
    active_to: Annotated[Time | None, Field(description=TIME)] = None
