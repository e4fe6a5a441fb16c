"""What the RCI double holds.

Belongs here: objects by the path of their list, the links between them, the counts of what was asked.
Does not belong here: rules (`rci_rules.py`), the form of an answer (`rci_views.py`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from threading import RLock
from typing import Any

from sandbox.sinch.rci_seeds import LINKS, OBJECTS

Record = dict[str, Any]
End = tuple[str, str]
"""One end of a link: the path of the list and the id."""


class RciStore:
    """Everything that one double holds. Hold `lock` for a reading that must not change meanwhile.

    Attributes:
        objects: By the path of the list (`/users`, `/users/{id}/certificates`), then by id.
        links: By the two objects that belong together; the value of a user's skill with it.
        requests: How many requests were processed, by operation (`GET /users/{userId}`), refused ones included.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.objects: dict[str, dict[str, Record]] = {}
        self.links: dict[frozenset[End], Record] = {}
        self.requests: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """The seeds exist and nothing else, and all counts are nought."""
        with self.lock:
            self.requests.clear()
            self.links = {frozenset((left, right)): dict(value) for left, right, value in LINKS}
            self.objects = {}
            for path, records in OBJECTS.items():
                for record in records:
                    self.put(path, record)

    def put(self, path: str, record: Mapping[str, Any]) -> str:
        """The object exists; its id, made up where the record has none. One of the same id is gone."""
        with self.lock:
            new_id: str = record.get("id") or os.urandom(16).hex().upper()
            self.objects.setdefault(path, {})[new_id] = {"id": new_id, **deepcopy(dict(record))}
            return new_id

    def get(self, path: str, object_id: str) -> Record | None:
        """The object; None when there is none."""
        return self.objects.get(path, {}).get(object_id)

    def delete(self, path: str, object_id: str) -> None:
        """The object is gone, with all that it owned and every link to it."""
        del self.objects[path][object_id]
        for owned in [one for one in self.objects if one.startswith(f"{path}/{object_id}/")]:
            del self.objects[owned]
        for link in [one for one in self.links if (path, object_id) in one]:
            del self.links[link]

    def linked(self, end: End, path: str) -> list[tuple[Record, Record]]:
        """The objects of that list that belong to it, each with the link's value."""
        held = self.objects.get(path, {}).values()
        pairs = ((record, self.links.get(frozenset((end, (path, record["id"]))))) for record in held)
        return [(record, value) for record, value in pairs if value is not None]

    def summary(self) -> dict[str, Any]:
        """Counts by list and by operation, as JSON values."""
        with self.lock:
            counts = {path: len(held) for path, held in self.objects.items() if path.count("/") == 1}
            return {"objects": counts, "links": len(self.links), "requests": dict(self.requests)}
