"""What a mapping's right side means: a column of the source's row, or else a field of a contact.

Belongs here: what all vendors' mappings have in common. Does not belong here: where the source's columns are
(`crm/layout.py`), and the vendors' names for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import TEXT, blank_as_missing
from connectors.gateway import CONTACT_FIELDS, Contact


def source_columns(named: Iterable[str | None]) -> list[str]:
    """Those of the names that are no field of a contact: the source must have them."""
    return [column for column in named if column and column not in CONTACT_FIELDS]


def column_reader(column: str) -> Callable[[Contact], Any]:
    """How the column is read of a contact: an attribute of the source's row, or else one of its own fields.

    An attribute by the name of a field is there for every row of a source that has such a column; empty is None.
    """
    if column not in CONTACT_FIELDS:
        return lambda contact: contact.attributes.get(column)

    def read(contact: Contact) -> Any:
        own = contact.attributes.get(column)
        if own is None:
            return getattr(contact, column)
        return None if own == "" else own

    return read


def column_cells(column: str, attributes: pa.Array, field: pa.Array | None) -> pa.Array:
    """As `column_reader`, for the columns of many contacts: the attribute by that name, and the field, if it is one."""
    if column not in CONTACT_FIELDS:
        return attributes
    return pc.if_else(attributes.is_valid(), blank_as_missing(attributes), pc.cast(field, TEXT))
