"""A task and an import, as the double stores them.

Belongs here: one record's own bookkeeping. Does not belong here: rules (`imports.py`), the store (`store.py`).
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ALPHABET = string.ascii_lowercase + string.digits


@dataclass
class Task:
    """An outbound task. `records` are the telephones that would be dialled, one per stored lead; `numbers` its set."""

    id: str
    code: str
    name: str
    creator: str
    data_template: str
    created_ms: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)
    details: list[Mapping[str, Any]] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)

    def add(self, telephone: str, detail: Mapping[str, Any]) -> None:
        """The lead is stored, whether or not its number was there."""
        self.records.append(telephone)
        self.numbers.add(telephone)
        self.details.append(detail)


@dataclass
class Import:
    """One worked-off import: its counts, and who is in its error report: name, telephone, reason."""

    calling_list_code: str
    task: Task
    rule: str
    taken_at: float
    sent_count: int
    success_count: int = 0
    repeat_count: int = 0
    errors: list[tuple[str, str, str]] = field(default_factory=list)
    repeats: list[tuple[str, str, str]] = field(default_factory=list)
    report_path: str = ""


def new_task_id() -> str:
    """36 characters that are no UUID, as in the vendor's examples."""
    return f"{uuid.uuid4().hex[:13]}M{secrets.token_hex(11)}"


def new_task_code() -> str:
    """Ten lower-case letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(10))
