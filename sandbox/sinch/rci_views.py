"""Objects as RCI answers them.

Belongs here: stored records to JSON values, in the forms that the knobs choose. Does not belong here: which records
(`rci_search.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.sinch.protocol import ID32
from sandbox.sinch.rci_knobs import RciKnobs
from sandbox.sinch.rci_rules import MISSPELT
from sandbox.sinch.rci_store import Record
from sandbox.sinch.rci_table import Collection

ID_FIELDS = frozenset({"id", "queues", "promptId", "currentSourceCodeVersionId"})


def view(record: Record, collection: Collection, knobs: RciKnobs, *, only: Iterable[str] | None = None) -> Record:
    """The record's fields, all or those named besides the id; hidden ones (`_…`) never."""
    names = [name for name in record if not name.startswith("_")]
    if only is not None:
        names = [name for name in names if name == "id" or name in set(only)]
    if not knobs.echo_passwords:
        names = [name for name in names if name != "password"]
    formed = {name: _form(name, record[name], collection, knobs) for name in names}
    return _misspelt(formed, "language") if knobs.misspelt_names and collection.name == "attributes" else formed


def skill_view(record: Record, value: int, collection: Collection, knobs: RciKnobs) -> Record:
    """A user's skill: its value, or what the schema says."""
    if knobs.skill_view == "schema":
        return view(record, collection, knobs)
    return {"id": id_text(record["id"], knobs), "value": value}


def id_text(value: str, knobs: RciKnobs) -> str:
    """The id as it is answered: id32, or with hyphens."""
    if not knobs.id36 or not ID32.fullmatch(value):
        return value
    return "-".join((value[:8], value[8:12], value[12:16], value[16:20], value[20:]))


def _form(name: str, value: Any, collection: Collection, knobs: RciKnobs) -> Any:
    rule = collection.fields.get(name)
    if rule is not None and rule.wrapper:
        held = [_element(one, knobs) for one in value]
        is_collapsed = knobs.collapse_single and len(held) == 1
        return {rule.wrapper: held[0] if is_collapsed else held}
    if name in ID_FIELDS:
        return [id_text(one, knobs) for one in value] if isinstance(value, list) else id_text(value, knobs)
    return value


def _element(value: Any, knobs: RciKnobs) -> Any:
    if not isinstance(value, dict) or "id" not in value:
        return value
    item = {**value, "id": id_text(value["id"], knobs)}
    return _misspelt(item, "externalId") if knobs.misspelt_names else item


def _misspelt(fields: Record, name: str) -> Record:
    """The fields under the name that the schema of attributes, or of event items, has by mistake."""
    return {MISSPELT[name] if one == name else one: value for one, value in fields.items()}
