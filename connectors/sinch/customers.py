"""A contact as a customer of OBI: one by one, and a column at a time.

Belongs here: the write shape. Does not belong here: sending (`gateway.py`). Source: vendors.md, customer (write).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from operator import attrgetter
from string import Formatter

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json

from connectors.columns import (
    TEXT,
    as_lines,
    blank_as_missing,
    joined,
    joined_present,
    json_members,
    json_texts,
    whole,
)
from connectors.gateway import Campaign, Contact, Entry
from connectors.mapping import column_cells, column_reader

_DEFAULT_ATTRIBUTES = {"First Name": "first_name", "Last Name": "last_name"}
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def customer_mapper(campaign: Campaign, external_id_template: str) -> Callable[[Contact], Entry]:
    """A function that turns a contact into a customer."""
    named: Mapping[str, str] = campaign.mapping.get("attributes", {})
    columns = [
        (name, column_reader(named[name]) if name in named else attrgetter(field))
        for name, field in {**_DEFAULT_ATTRIBUTES, **named}.items()
    ]
    write_id = external_id_template.format
    name_of_campaign = campaign.campaign

    def customer(contact: Contact) -> Entry:
        source, lead_id, phones, *_, time_zone, agent, priority, not_before, _ = contact
        entry: Entry = {
            "externalId": write_id(source=source, lead_id=lead_id, campaign=name_of_campaign),
            "numbers": phones[0] if len(phones) == 1 else ";".join(phones),
        }
        if time_zone:
            entry["timeZone"] = time_zone
        if agent:
            entry["agentId"] = agent
        if priority is not None:
            entry["priority"] = priority
        if not_before is not None:
            entry["date"] = not_before.astimezone(UTC).strftime(_TIME)
        attributes = [
            {"name": name, "value": str(value)} for name, read in columns if (value := read(contact)) is not None
        ]
        if attributes:
            entry["attributes"] = {"attribute": attributes}
        return entry

    return customer


def customer_columns(campaign: Campaign, external_id_template: str) -> Callable[[pa.Table], pa.Array | None]:
    """As `customer_mapper`, for the columns of many contacts; None where they must be mapped one by one."""
    named: Mapping[str, str] = campaign.mapping.get("attributes", {})
    parts = list(Formatter().parse(external_id_template))

    def customers(contacts: pa.Table) -> pa.Array | None:
        own = {name: whole(contacts[name]) for name in contacts.column_names}
        read = _attribute_values(own["attributes"], sorted(set(named.values())))
        if read is None:
            return None
        key = {None: "", "campaign": campaign.campaign, "source": own["source"], "lead_id": own["lead_id"]}
        external_ids = joined(*(part for literal, field, *_ in parts for part in (literal, key[field])))
        values = {
            name: column_cells(named[name], read[named[name]], own.get(named[name])) if name in named else own[field]
            for name, field in {**_DEFAULT_ATTRIBUTES, **named}.items()
        }
        return joined(
            joined_present(
                json_texts(external_ids, '{"externalId":'),
                json_members("numbers", pc.replace_substring(own["phones"], ",", ";")),
                json_members("timeZone", blank_as_missing(own["time_zone"])),
                json_members("agentId", blank_as_missing(own["agent"])),
                joined(',"priority":', pc.cast(own["priority"], TEXT)),
                json_members("date", _times(own["not_before"])),
                joined(',"attributes":{"attribute":[', _attribute_lists(values), "]}"),
            ),
            "}",
        )

    return customers


def _attribute_values(attributes: pa.Array, names: Sequence[str]) -> Mapping[str, pa.Array] | None:
    """The named members of each JSON object, null where it has none; None where one is not a text."""
    if not names:
        return {}
    lines = as_lines(pc.fill_null(attributes, "{}"))
    wanted = pa_json.ParseOptions(
        explicit_schema=pa.schema([(name, TEXT) for name in names]), unexpected_field_behavior="ignore"
    )
    try:
        found = pa_json.read_json(lines, pa_json.ReadOptions(use_threads=False, block_size=len(lines) + 1), wanted)
    except pa.ArrowInvalid:
        return None
    return {name: whole(found[name]) for name in names}


def _attribute_lists(values: Mapping[str, pa.Array]) -> pa.Array:
    """The attributes that a row has, with commas between; null where it has none."""
    items = [
        json_texts(cells, f'{{"name":{orjson.dumps(name).decode()},"value":', "}") for name, cells in values.items()
    ]
    return blank_as_missing(joined_present(*items, separator=","))


def _times(moments: pa.Array) -> pa.Array:
    seconds = pc.cast(pc.floor_temporal(moments, unit="second"), pa.timestamp("s", "UTC"))
    return pc.cast(pc.strftime(seconds, _TIME), TEXT)
