"""The one table of operations: what each vendor's document lets us ask, and which client method asks it.

Belongs here: reading `operations.csv`. Does not belong here: how an operation is called (`connectors/<vendor>/`),
and paths that a setting replaced: the table has those of the documents, or their defaults.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

FILE = "operations.csv"


DOCUMENTS = {
    "1(b)": "Sobot call centre V6",
    "2(c)": "Sinch Contact Center, Outbound Campaign Interface (OBI)",
    "2(d)": "Sinch Contact Center, Configuration Interface (RCI)",
    "3(b)": "ipSCAPE Platform API",
    "4(b)": "jtel dialler campaigns",
    "4(b) Leads": "jtel, public; not in the vendor's document",
}
"""The vendors' documents, by the section of vendors.md that tells of each."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented operation; `operation` is the name of the client's method, `source` its place in vendors.md."""

    vendor: str
    operation: str
    method: str
    path: str
    kind: Literal["read", "write"]
    source: str

    @property
    def is_write(self) -> bool:
        """Whether it changes something at the vendor; some vendors read by POST."""
        return self.kind == "write"

    @property
    def document(self) -> str:
        """The document of the vendor's that has it."""
        return DOCUMENTS[self.source.partition(" #")[0].removeprefix("vendors.md ")]

    @property
    def address(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of every vendor, in the order of the table."""
    rows = csv.DictReader((files("connectors") / FILE).read_text("utf-8").splitlines())
    return tuple(Operation(**cast(Any, row)) for row in rows)


@cache
def vendors() -> tuple[str, ...]:
    """The vendors of the table."""
    return tuple(dict.fromkeys(one.vendor for one in operations()))


@cache
def operations_of(vendor: str) -> Mapping[str, Operation]:
    """The vendor's operations by name."""
    return {one.operation: one for one in operations() if one.vendor == vendor}
