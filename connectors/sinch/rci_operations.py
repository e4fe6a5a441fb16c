"""What every operation of RCI has: a method, a path, a signature, a help text, and how it can be refused.

Belongs here: the descriptor that all kinds stand on, and the connection it is called over. Does not belong here:
the kinds (`rci_reads.py`, `rci_writes.py`), and which operations there are (`rci.py`).

An operation is a descriptor: `user = Reading("/users/{userId}", User, 3)` in a class over `RciConnection` makes
`client.user` a function with the signature and the help of that one operation.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from inspect import Parameter, Signature
from typing import Any, ClassVar
from urllib.parse import quote

import orjson
from pydantic.alias_generators import to_snake

from connectors.errors import InvalidRequestError, OutcomeUnknownError
from connectors.sinch.answers import created_id, is_done
from connectors.sinch.rci_bodies import LimitError
from connectors.sinch.rci_queries import given_id
from connectors.transport import Reply, Transport

READ_JSON = {"Accept": "application/json"}
CREATE = {"Accept": "text/html", "Content-Type": "application/json"}
REPLACE = {"Accept": "application/json", "Content-Type": "application/json"}


class RciConnection:
    """A transport whose base address ends before `/users`. `page_limit` is how many rows one page asks for."""

    def __init__(self, transport: Transport, *, page_limit: int = 100) -> None:
        self.transport = transport
        self.page_limit = page_limit

    def stop(self) -> None:
        """No further request starts."""
        self.transport.stop()

    def close(self) -> None:
        """All connections are closed."""
        self.transport.close()


class Operation(ABC):
    """One operation of the document: its method, its path, and the number of its row in vendors.md, 2(d)."""

    method: ClassVar[str]
    summary: ClassVar[str]

    def __init__(self, path: str, source: int, *, note: str = "") -> None:
        self.path = path
        self.source = source
        self.note = note
        self.ids = tuple(to_snake(name) for name in re.findall(r"{(\w+)}", path))
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @cached_property
    def signature(self) -> Signature:
        """The ids of the path by position or by name, everything else by name."""
        ids = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=str) for name in self.positional()]
        named = [Parameter(name, Parameter.KEYWORD_ONLY, **facts) for name, facts in self.keywords().items()]
        return Signature(ids + named, return_annotation=self.result())

    @cached_property
    def help(self) -> str:
        """The text that `help(client.…)` shows."""
        lines = [self.summary.format(noun=self.noun()), "", f"{self.method} {self.path}. {self.note}".rstrip()]
        limits = [f"    {name}: {limit}" for name, limit in self.limits().items()]
        if limits:
            lines += ["", "Args:", *limits]
        return "\n".join([*lines, "", f"Source: vendors.md, 2(d) #{self.source}."])

    @abstractmethod
    def perform(self, connection: RciConnection, given: Mapping[str, Any]) -> Any:
        """The operation was done with these arguments."""

    def bound(self, connection: RciConnection | None) -> Any:
        """The function that performs it; of a class in place of a client, the operation itself."""
        if connection is None:
            return self

        def call(*args: Any, **named: Any) -> Any:
            given = self.signature.bind(*args, **named).arguments
            try:
                return self.perform(connection, given)
            except LimitError as error:
                raise self.refused(str(error), connection) from None

        call.__name__, call.__qualname__, call.__doc__ = self.name, f"RciClient.{self.name}", self.help
        call.__signature__ = self.signature  # type: ignore[attr-defined]
        return call

    def positional(self) -> tuple[str, ...]:
        """The parameters that may be given by position."""
        return self.ids

    def keywords(self) -> dict[str, dict[str, Any]]:
        """The parameters that are given by name, each with annotation and default."""
        return {}

    def limits(self) -> Mapping[str, str]:
        """What the help tells about parameters."""
        return {}

    def noun(self) -> str:
        """What the operation is about, in its help."""
        return "object"

    def result(self) -> Any:
        """The annotation of what is returned."""
        return None

    def address(self, given: Mapping[str, Any]) -> str:
        """The path with its ids.

        Raises:
            LimitError: an id is none. An empty one, or `..`, would name another object: the list, or the owner.
        """
        ids = (quote(given_id(name, given[name]), safe="") for name in self.ids)
        return re.sub(r"{\w+}", lambda _: next(ids), self.path)

    def send(
        self,
        connection: RciConnection,
        given: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] = READ_JSON,
    ) -> Reply:
        """The answer to the write, which is sent once."""
        content = None if body is None else orjson.dumps(body)
        return connection.transport.send(self.name, self.method, self.address(given), headers=headers, content=content)

    def refused(self, text: str, connection: RciConnection) -> InvalidRequestError:
        """Nothing was sent: a parameter breaks a limit."""
        return InvalidRequestError(text, vendor=connection.transport.vendor, operation=self.name)

    def unclear(self, text: str, reply: Reply, connection: RciConnection) -> OutcomeUnknownError:
        """The write may have been done or not."""
        vendor = connection.transport.vendor
        return OutcomeUnknownError(text, vendor=vendor, operation=self.name, status=reply.status)

    def require_done(self, reply: Reply, connection: RciConnection) -> None:
        """The reply says that the write was done; else it may have been done or not."""
        if not is_done(reply):
            raise self.unclear("no documented answer", reply, connection)

    def created_id(self, reply: Reply, connection: RciConnection) -> str:
        """The id that the reply tells."""
        found = created_id(reply)
        if found is None:
            raise self.unclear("no id in the answer", reply, connection)
        return found
