"""The words in which a mistake in `leadsync.yaml` is told, and that it is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.test_settings import GOOD, load, mistake

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
        ("    cursor: updated_at", "    cursor: updated_at\n    cursor_format: '%d.%m.%Q'",
         "9: sources.leads.cursor_format: is no format of strptime, such as '%d.%m.%Y %H:%M'"),
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


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("mappings: &a {sinch: *a}", ", line 19: mappings.sinch is an alias of what it stands in"),
        ("eligibility: &a [*a]", ", line 19: eligibility, entry 1 is an alias of what it stands in"),
        (f"retention_days: {'9' * 5000}", ", line 19: retention_days: YAML cannot read this value"),
        ("retention_days: !odd 5", ", line 19: retention_days: YAML cannot read this value"),
        ("retention_days: !!bool perhaps", ", line 19: retention_days: YAML cannot read this value"),
        (f"mappings: {'[' * 3000}{']' * 3000}", ": not valid YAML: values lie inside each other without end"),
    ],
    ids=["alias", "alias-in-a-list", "digits", "tag", "no-flag", "depth"],
)
def test_what_yaml_cannot_end_or_read_is_a_sentence(tmp_path: Path, line: str, sentence: str) -> None:
    """What no person writes on purpose gets no traceback either."""
    assert mistake(tmp_path, f"{GOOD}{line}\n") == f"FILE{sentence}"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param("    vendor: sinch", "    vendor: snich",
                     "17: campaigns.spring.vendor: there is no vendor 'snich'; there are sinch, sobot, platform, jtel",
                     id="vendor"),
        pytest.param("    vendor: sinch", "    vendor: sinch\n    region: Germany",
                     "18: campaigns.spring.region: region 'Germany' is not an ISO 3166 code such as DE", id="region"),
        pytest.param("    cursor: updated_at", "    encoding: utf-9",
                     "8: sources.leads.encoding: 'utf-9' is not the name of an encoding", id="encoding"),
        pytest.param("    cursor: updated_at", "    delimiter: ;;",
                     "8: sources.leads.delimiter: ';;' is not a single character", id="delimiter"),
        pytest.param("{lead_id: id}", "{phone9: tel}",
                     "7: sources.leads.columns.phone9: there is no such column of ours; known are lead_id, campaign,"
                     " first_name, last_name, phone1, phone2, phone3, country, timezone, email, agent, priority,"
                     " not_before, consent, updated_at. Did you mean 'phone3'?", id="column"),
        pytest.param("leads.csv", "leads-{date}.csv",
                     "6: sources.leads.csv: {date} stands for nothing; only {day} is known, the business day",
                     id="placeholder"),
        pytest.param("leads.csv", "a{}/leads-{day}.csv",
                     "6: sources.leads.csv: {} stands for nothing; only {day} is known, the business day",
                     id="placeholder-beside-the-day"),
        pytest.param("    cursor: updated_at\n", "",
                     "5: sources.leads.cursor: without the column that says when a row changed, the rows of"
                     " 'FOLDER/leads.csv' have no day; name it, or use {day} in the path", id="cursor"),
        pytest.param("    csv: leads.csv\n    columns: {lead_id: id}\n    cursor: updated_at\n",
                     "    database: sqlite:///crm.db\n    table: leads\n",
                     "5: sources.leads.cursor: without the column that says when a row changed, the rows have no day;"
                     " name it", id="cursor-of-a-table"),
    ],
)  # fmt: skip
def test_what_used_to_be_told_by_a_load_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    """What can be known before anything is read is refused with the file, at once, by every command."""
    assert old in GOOD
    said = mistake(tmp_path, GOOD.replace(old, new)).replace(str(tmp_path), "FOLDER")
    assert said == f"FILE, line {sentence}"


def test_vendor_that_is_none_is_the_only_mistake(tmp_path: Path) -> None:
    """What its target must be is not known, and not complained about."""
    text = (
        GOOD.replace("    vendor: sinch", "    vendor: snich")
        .replace("{campaign_id: 8A7C", "8A7C")
        .replace("D76}", "D76")
    )
    assert mistake(tmp_path, text).endswith("there are sinch, sobot, platform, jtel")


def test_name_of_a_setting_is_a_word(tmp_path: Path) -> None:
    """YAML allows lists there."""
    assert mistake(tmp_path, f"{GOOD}? [a, b]\n: c\n") == "FILE, line 19: the name of a setting must be a word"


def test_file_of_each_day_needs_no_cursor(tmp_path: Path) -> None:
    """Its path has the day."""
    text = GOOD.replace("leads.csv", "leads-{day}.csv").replace("    cursor: updated_at\n", "")
    assert load(tmp_path, text).sources.leads.csv == "leads-{day}.csv"
