"""What a mapping names is what the vendor gets, from the source's file to the vendor's store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.errors import SetupError
from pipelines.installation import Installation
from tests.factories import DAY, phone
from tests.faults import vendors
from tests.faults.vendors import MakeSite, Site

sites = vendors.sites

HEADER = "lead_id,campaign,vorname,phone1,consent,timezone,not_before,source,updated_at"


def remap(site: Site, named: dict[str, str], *, columns: dict[str, str], rows: list[str]) -> None:
    """The source has these rows and columns, and the campaign's mapping names these of them."""
    document: dict[str, Any] = yaml.safe_load(site.config.read_text())
    document["campaigns"][0]["mapping"] = {"lead_data": named}
    document["sources"]["leads"]["columns"] = columns
    site.config.write_text(yaml.safe_dump(document))
    Path(site.config.with_name("leads.csv")).write_text("\n".join([HEADER, *rows, ""]), "utf-8")
    site.installation.close()
    site.installation = Installation.load(site.config, actor="test")


def test_every_column_that_a_mapping_names_reaches_the_vendor(sites: MakeSite) -> None:
    """Also one that is ours, that `columns` renames, or that is called as a word of ours is."""
    site = sites("platform-singles", rows=[])
    at = f"{DAY}T10:00:00+01:00"
    written = ["platform-calls", "Ada", phone(1), "yes", "Europe/Berlin", at, "Facebook", at]
    names = HEADER.split(",")[1:]
    remap(
        site,
        {f"Their {name}": name for name in (*names, "first_name")},
        columns={"first_name": "vorname"},
        rows=[",".join(["L1", *written])],
    )
    site.load()
    [held] = [one.fields["leadData"] for one in site.vendor.store.leads.values()]
    told = dict(zip(names, written, strict=True)) | {"first_name": "Ada"}
    assert held == {f"Their {name}": value for name, value in told.items()}


def test_a_column_of_ours_that_the_source_lacks_stops_the_load(sites: MakeSite) -> None:
    """With the key that names it, before anything is sent."""
    site = sites("platform-singles", rows=[])
    remap(site, {"Second": "phone2"}, columns={}, rows=[])
    told = r"^campaigns\.platform-calls\.mapping\.lead_data\.Second: .* has no column 'phone2'; it has lead_id"
    with pytest.raises(SetupError, match=told):
        site.load()
    assert site.vendor.store.leads == {}
