"""The operations of RCI that change something; each is sent once.

Belongs here: what they send, and when they count as done. Does not belong here: what every operation has
(`rci_operations.py`), what a body holds (`rci_bodies.py`), which operations there are (`rci.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, cast

from pydantic import ValidationError

from connectors.sinch.rci_bodies import Body
from connectors.sinch.rci_operations import CREATE, REPLACE, Operation, RciConnection
from connectors.sinch.rci_queries import given_id

P = ParamSpec("P")


class LinkCall(Protocol):
    """Links by the ids of the path and the id of what is added."""

    def __call__(self, *ids: str, **named_ids: str) -> str: ...


class DeleteCall(Protocol):
    """Deletes by the ids of the path."""

    def __call__(self, *ids: str, **named_ids: str) -> None: ...


class _BodyOperation(Operation, Generic[P]):
    """A write whose keywords are the fields of a body."""

    def __init__(self, path: str, body: Callable[P, Body], source: int, *, note: str = "") -> None:
        super().__init__(path, source, note=note)
        self.body = cast(type[Body], body)

    def noun(self) -> str:
        return self.body.__name__.removesuffix("Body")

    def keywords(self) -> dict[str, dict[str, Any]]:
        fields = self.body.model_fields.items()
        return {
            name: {"annotation": field.annotation, "default": Parameter.empty if field.is_required() else None}
            for name, field in fields
        }

    def limits(self) -> Mapping[str, str]:
        return {name: self.body.allowed(name) for name in self.body.model_fields}

    def _json(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The body that is sent.

        Raises:
            LimitError: a field breaks a documented limit.
        """
        fields = {name: value for name, value in given.items() if name not in self.ids}
        try:
            return self.body(**fields).as_json()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise self.body.broken(first["loc"])


class _Creating(_BodyOperation[P]):
    method = "POST"
    summary = "The {noun} exists; its id32."

    def perform(self, connection: RciConnection, given: Mapping[str, Any]) -> str:
        """It was made."""
        reply = self.send(connection, given, self._json(given), CREATE)
        return self.created_id(reply, connection)

    def result(self) -> Any:
        return str


class Creation(_Creating[P]):
    """POST to a list of its own."""

    def __get__(self, connection: RciConnection | None, owner: type) -> Callable[P, str]:
        return cast(Callable[P, str], self.bound(connection))


class NestedCreation(_Creating[P]):
    """POST to the list of another object."""

    def __get__(self, connection: RciConnection | None, owner: type) -> Callable[Concatenate[str, P], str]:
        return cast(Callable[Concatenate[str, P], str], self.bound(connection))


class Linking(Operation):
    """POST of nothing but the id of an object that exists, to the list of another."""

    method = "POST"
    summary = "The two belong together; the id32 that the vendor answers."

    def __init__(self, path: str, linked: str, source: int, *, note: str = "") -> None:
        super().__init__(path, source, note=note)
        self.linked = linked

    def __get__(self, connection: RciConnection | None, owner: type) -> LinkCall:
        return cast(LinkCall, self.bound(connection))

    def perform(self, connection: RciConnection, given: Mapping[str, Any]) -> str:
        """They were linked."""
        body = {"id": given_id(self.linked, given[self.linked])}
        return self.created_id(self.send(connection, given, body, CREATE), connection)

    def positional(self) -> tuple[str, ...]:
        return (*self.ids, self.linked)

    def result(self) -> Any:
        return str


class _Replacing(_BodyOperation[P]):
    method = "PUT"
    summary = (
        "The {noun} has these fields and no others: what is not given is cleared.\n\n"
        "To change one field, read the {noun} and send all: `**row.replacement(field=…)`. The last writer wins."
    )

    def perform(self, connection: RciConnection, given: Mapping[str, Any]) -> None:
        """It was replaced; its id goes along, for the schema asks for it."""
        body = {"id": given_id(self.ids[-1], given[self.ids[-1]]), **self._json(given)}
        self.require_done(self.send(connection, given, body, REPLACE), connection)


class Replacement(_Replacing[P]):
    """PUT of an object."""

    def __get__(self, connection: RciConnection | None, owner: type) -> Callable[Concatenate[str, P], None]:
        return cast(Callable[Concatenate[str, P], None], self.bound(connection))


class NestedReplacement(_Replacing[P]):
    """PUT of an object that belongs to another."""

    def __get__(self, connection: RciConnection | None, owner: type) -> Callable[Concatenate[str, str, P], None]:
        return cast(Callable[Concatenate[str, str, P], None], self.bound(connection))


class Deletion(Operation):
    """DELETE of an object."""

    method = "DELETE"
    summary = "The object is gone."

    def __get__(self, connection: RciConnection | None, owner: type) -> DeleteCall:
        return cast(DeleteCall, self.bound(connection))

    def perform(self, connection: RciConnection, given: Mapping[str, Any]) -> None:
        """It was deleted."""
        self.require_done(self.send(connection, given), connection)


class Removal(Deletion):
    """DELETE of a link."""

    summary = "The two belong together no longer; both exist."
