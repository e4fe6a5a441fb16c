"""A campaign that goes to another vendor: who was taken stays where he is, who was refused gets another chance."""

from __future__ import annotations

import yaml

from tests.doubles import KINDS, serve
from tests.factories import phone
from tests.faults import vendors
from tests.faults.vendors import MakeSite, Site

sites = vendors.sites


def move(site: Site, vendor: str, url: str) -> None:
    """The site's campaign is one of the other vendor from now on."""
    document = yaml.safe_load(site.config.read_text())
    document["vendors"][vendor] = KINDS[vendor].settings(url)
    document["campaigns"][0] |= {"vendor": vendor, "target": dict(KINDS[vendor].target)}
    site.config.write_text(yaml.safe_dump(document))
    site.installation.close()
    site.installation = site.another()


def test_who_was_refused_goes_to_the_new_vendor_and_who_was_taken_does_not(sites: MakeSite) -> None:
    """Nothing is sent twice; and nobody is said to have changed, whose mapping did."""
    site = sites("platform-singles", count=3)
    site.vendor.knobs.reject_phones = [phone(2)]
    site.load()
    site.follow()
    assert {lead_id: state for lead_id, (state, _) in site.reasons().items()} == {
        "L1": "accepted", "L2": "rejected", "L3": "accepted",
    }  # fmt: skip
    with serve(KINDS["jtel"]) as server:
        move(site, "jtel", server.url)
        assert site.load().problems == []
        assert [number for _, number in server.vendor.held()] == [phone(2).lstrip("+")]
        assert site.reasons() == dict.fromkeys(("L1", "L2", "L3"), ("accepted", None))
        updated = [{**row, "first_name": "Grace"} for row in site.rows]
        site.write(updated)
        site.load()
        assert len(server.vendor.held()) == 1
