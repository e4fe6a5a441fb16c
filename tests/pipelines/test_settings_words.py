"""The words in which a mistake in `leadsync.yaml` is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.test_settings import GOOD, mistake

JTEL = "{base_url: https://j, clients_id: 1, token: '${BATCH}', withdraw: {Tag: [1]}}"
CAMPAIGNS = GOOD[GOOD.index("campaigns:") :]
QUOTED = "must be text, and YAML reads this as true or false: put it in quotes, such as 'NO'"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    vendor: sinch", "    vendor: sinch\n    region: NO", f"18: campaigns.spring.region: {QUOTED}"),
        ("Europe/Berlin", "off", f"2: timezone: {QUOTED}"),
        ("campaign: spring", "campaign: 2026", "16: campaigns, entry 1, campaign: must be text: put it in quotes"),
        ("campaign: spring", "campaign: ''", "16: campaigns, entry 1, campaign: must not be empty"),
        ("campaign: spring", f"campaign: {'c' * 201}", "at most 200 characters"),
        (CAMPAIGNS, "campaigns:\n", "15: campaigns: is empty: give it a value, or leave it out"),
        (CAMPAIGNS, "campaigns: {spring: X}\n", "15: campaigns: must be a list, such as [a, b]"),
        (CAMPAIGNS, "campaigns: [spring]\n",
         "15: campaigns, entry 1: must hold settings of its own, `key: value`"),
        ("    vendor: sinch", "    vendor: a\n    vendor: b", "18: campaigns, entry 1, vendor is written twice"),
        ("    vendor: sinch", "    vendor: sinch\n    active: maybe",
         "18: campaigns.spring.active: must be true or false"),
        ("{campaign_id: 8A7C98EAF1164F2FAA93B98EECB95D76}", "[X]",
         "18: campaigns.spring.target: must hold settings of its own, `key: value`"),
        ("{campaign_id: 8A7C98EAF1164F2FAA93B98EECB95D76}", "12",
         "18: campaigns.spring.target: must be text: put it in quotes"),
        ("database: embedded", "database:", "1: database: is empty: give it a value, or leave it out"),
        ("database: embedded", "empty_day: skip", "1: empty_day: must be 'fail' or 'pass'"),
        ("database: embedded", "first_day: 2026-13-01", "1: first_day: must be a day such as 2026-11-17"),
        ("${BATCH}", "1.5", "14: vendors.sinch.batch_size: must be a whole number"),
        ("${BATCH}", "1001", "14: vendors.sinch.batch_size: must be at most 1000"),
        ("    batch_size: ${BATCH}", "    settle_s: .nan",
         "14: vendors.sinch.settle_s: must be a number that ends"),
        ("    batch_size: ${BATCH}", "    read_timeout_s: 0", "14: vendors.sinch.read_timeout_s: must be more than 0"),
        ("vendors:\n", f"vendors:\n  jtel: {JTEL}\n", "10: vendors.jtel.withdraw.Tag: must be text"),
    ],
)  # fmt: skip
def test_mistake_is_told_in_words_that_people_use(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """Neither a library's words nor places counted from 0; a campaign has its name."""
    assert old in GOOD
    assert mistake(tmp_path, GOOD.replace(old, new)).endswith(sentence)
