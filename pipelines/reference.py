"""What vendors know, kept with its history: agents, queues, time zones, lists, tasks, result codes.

Belongs here: refreshing it, and looking words up in it. Does not belong here: how a vendor is asked
(`connectors/<vendor>/directory.py`), and what an unknown word means for a lead (`planner.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import orjson

from connectors.directory import Directory, DirectoryEntry
from connectors.errors import ContractError
from connectors.redaction import redact_mail
from pipelines.store import Store, utc_now

UNKNOWN = {"agent": "agent_unknown", "time_zone": "time_zone_unknown"}
"""Contact fields that name something at a vendor, and the reason of a lead whose word is not known there."""
_NAMES = ("campaign_name", "template")  # keys of a target that take a name
CHANGES = ("appeared", "changed", "vanished", "returned")


@dataclass(frozen=True)
class Words:
    """The entries of one kind, to look words up in. A kind that was never read knows nothing and says so by None."""

    entries: Mapping[str, DirectoryEntry]
    _by_word: Mapping[str, str] = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[DirectoryEntry]) -> Words:
        """The words of the entries: keys, names and aliases; a word that means two entries means none."""
        by_key = {entry.key: entry for entry in entries}
        meant: dict[str, set[str]] = {}
        for entry in by_key.values():
            for word in {entry.name, *entry.aliases}:
                meant.setdefault(word.casefold(), set()).add(entry.key)
        words = {word: next(iter(keys)) for word, keys in meant.items() if len(keys) == 1}
        return cls(by_key, words | {key.casefold(): key for key in by_key})

    def find(self, word: str) -> DirectoryEntry | None:
        """The entry that the word means, by its key, name or alias; None if there is none."""
        key = self._by_word.get(word.strip().casefold())
        return self.entries[key] if key is not None else None

    def suggestion(self, word: str, *, by_name: bool = False) -> str:
        """`. Did you mean …?` with the nearest word, or nothing. A login that is an e-mail address is not shown.

        `by_name`: what is wanted there is the name, and not the key.
        """
        [*near] = get_close_matches(word.strip().casefold(), list(self._by_word), 1)
        if not near:
            return ""
        entry = self.entries[self._by_word[near[0]]]
        key, name = redact_mail(entry.key), redact_mail(entry.name)
        if by_name:
            return f". Did you mean {name}?"
        return f". Did you mean {key}?" if entry.key == entry.name else f". Did you mean {key} ({name})?"


@dataclass(frozen=True)
class Vocabulary:
    """What leads and targets may name at one vendor, by field; fields whose kind was never read are not looked up.

    `drops_agents`: a lead goes without an agent that is not known, and is not refused.
    """

    of_leads: Mapping[str, Words] = field(default_factory=dict)
    of_targets: Mapping[str, Words] = field(default_factory=dict)
    drops_agents: bool = False

    def doubt(self, target: Mapping[str, Any]) -> str | None:
        """Why the target may not be there: what it names is not known; with the nearest word, if there is one."""
        for name, words in self.of_targets.items():
            word = target.get(name)
            if word is not None and words.find(str(word)) is None:
                hint = words.suggestion(str(word), by_name=name in _NAMES)
                return f"{name} {word} is not known there{hint}"
        return None


def vocabulary(store: Store, directory: Directory, *, drops_agents: bool = False) -> Vocabulary:
    """The vendor's vocabulary as of its last refresh; nobody is asked."""
    words = known_words(store, directory.vendor)
    return Vocabulary(
        {name: words[kind] for name, kind in directory.named_by_leads.items() if kind in words},
        {name: words[kind] for name, kind in directory.named_by_targets.items() if kind in words},
        drops_agents,
    )


def refresh(store: Store, vendor: str, kind: str, entries: Iterable[DirectoryEntry]) -> Counter[str]:
    """The kind is what the vendor says now; how many entries there are, and how many of each change.

    Raises:
        ConnectorError: the vendor did not tell all of it; nothing was changed.
    """
    told = {entry.key: entry for entry in entries}
    operation = f"directory of {kind}"
    if "" in told:
        raise ContractError(f"an entry of {kind} has no key", vendor=vendor, operation=operation)
    known = known_words(store, vendor).get(kind)
    if not told and known is not None and known.entries:
        # Rights that were taken away look like that; believed, it would refuse every lead that names one.
        raise ContractError(f"no {kind} at all, where there were some", vendor=vendor, operation=operation)
    as_json = orjson.dumps([entry._asdict() for entry in told.values()]).decode()
    with store.transaction():
        store.run("reference", "lock", vendor=vendor, kind=kind)
        rows = store.rows("reference", "refresh", vendor=vendor, kind=kind, entries=as_json, now=utc_now())
    return Counter({"entries": len(told)} | {row.change: row.entry_count for row in rows})


def known_words(store: Store, vendor: str) -> dict[str, Words]:
    """The vendor's words by kind, of the kinds that were ever read."""
    entries: dict[str, list[DirectoryEntry]] = {}
    for row in store.rows("reference", "known", vendor=vendor):
        found = entries.setdefault(row.kind, [])
        if row.key is not None:
            found.append(DirectoryEntry(row.key, row.name, tuple(row.aliases), row.detail))
    return {kind: Words.of(found) for kind, found in entries.items()}
