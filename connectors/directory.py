"""What a vendor knows that leads and configuration name: agents, queues, time zones, lists, tasks, result codes.

Belongs here: the shape that all vendors' directories share. Does not belong here: which kinds a vendor has
(`connectors/<vendor>/directory.py`) and how they are kept (`pipelines/reference.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol


class DirectoryEntry(NamedTuple):
    """One agent, queue, time zone, list … of a vendor.

    `key` is what a lead or a setting must say to mean it; `aliases` are other words that people use for it, such as
    a login. `detail` is what else is worth keeping, as JSON; no secret and no telephone number of a person.
    """

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    detail: Mapping[str, Any] = {}


class Directory(Protocol):
    """A vendor's directory: entries by kind, read anew at every call."""

    @property
    def vendor(self) -> str:
        """The vendor's short name."""

    @property
    def kinds(self) -> Mapping[str, Callable[[], Iterator[DirectoryEntry]]]:
        """What can be read, by the vendor's own word for the kind.

        Raises, when read:
            ConnectorError: not everything could be read; what came before is not the whole.
        """

    @property
    def named_by_leads(self) -> Mapping[str, str]:
        """Which fields of a contact name an entry, and of which kind: `agent`, `time_zone`."""

    @property
    def named_by_targets(self) -> Mapping[str, str]:
        """Which fields of a campaign's target name an entry, and of which kind."""

    def close(self) -> None:
        """All connections are closed."""
