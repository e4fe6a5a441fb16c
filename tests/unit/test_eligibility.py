"""Who may be called: every rule, the order of the rules, and that nothing else changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from connectors.crm.frames import as_texts
from connectors.crm.layout import COLUMNS
from pipelines import eligibility
from pipelines.eligibility import GRANTED, REASONS, WITHDRAWN, CampaignRule, Policy, judge, normalise
from tests.reading import plain

CAMPAIGNS = {
    "promo": CampaignRule("DE"),
    "world": CampaignRule(None),
    "paused": CampaignRule("DE", is_active=False),
}
GOOD = "+491712345678"
OTHER = "+491712345679"
THIRD = "+491712345680"


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    """A chunk of a source; a row names only what differs from a lead that may be called."""
    usual = {"lead_id": "L1", "campaign": "promo", "phone1": GOOD}
    names = [name for name in COLUMNS if name != "updated_at"]
    filled = [dict.fromkeys(["defect", *names, "attributes"]) | usual | row for row in rows]
    chunk = pd.DataFrame(filled, columns=["defect", *names, "attributes"], dtype=object)
    chunk.insert(0, "row_no", pd.Series(range(1, len(rows) + 1), dtype="int64"))
    cursor = pd.Series([pd.Timestamp("2026-11-17T09:00:00Z")] * len(rows), dtype="datetime64[us, UTC]")
    chunk.insert(2, "cursor_at", cursor)
    return chunk


def verdicts(
    *rows: dict[str, Any], listed: frozenset[str] = frozenset(), policy: Policy = Policy()
) -> list[tuple[str, str | None]]:
    chunk = frame(*rows)
    judged = judge(chunk, normalise(chunk, CAMPAIGNS), CAMPAIGNS, listed, policy)
    return list(zip(judged["verdict"], as_texts(judged["reason_code"]), strict=True))


def phones(row: dict[str, Any], listed: frozenset[str] = frozenset(), policy: Policy = Policy()) -> list[str]:
    chunk = frame(row)
    judged = judge(chunk, normalise(chunk, CAMPAIGNS), CAMPAIGNS, listed, policy)
    joined = judged["phones"].iloc[0]
    return joined.split(",") if joined else []


def records(chunk: pd.DataFrame) -> list[dict[str, Any]]:
    """The verdicts as plain values; pandas writes a missing text as NaN."""
    judged = judge(chunk, normalise(chunk, CAMPAIGNS), CAMPAIGNS).astype(object)
    return judged.where(judged.notna(), None).to_dict("records")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, None),
        ({"defect": "has 3 of 7 fields"}, "row_unreadable"),
        ({"defect": "has no time", "consent": "no"}, "consent_withdrawn"),
        ({"defect": "has no time", "consent": "no", "lead_id": None}, "row_unreadable"),
        ({"defect": "has no time", "consent": "no", "campaign": None}, "row_unreadable"),
        ({"defect": "has no time", "consent": "perhaps"}, "row_unreadable"),
        ({"lead_id": None}, "lead_id_missing"),
        ({"campaign": None}, "campaign_missing"),
        ({"campaign": "prmo"}, "campaign_unknown"),
        ({"campaign": "Promo"}, "campaign_unknown"),
        ({"campaign": "paused"}, "campaign_inactive"),
        ({"consent": "no"}, "consent_withdrawn"),
        ({"consent": "perhaps"}, "consent_unclear"),
        ({"phone1": None}, "phone_missing"),
        ({"phone1": "4.917E+11"}, "phone_invalid"),
        ({"phone1": "0171 2345678", "campaign": "world"}, "phone_invalid"),
        ({"phone1": "0171 2345678", "campaign": "world", "country": "Germany"}, "country_unknown"),
        ({"timezone": "Mars/Olympus"}, "time_zone_invalid"),
        ({"timezone": "Europe\\Berlin"}, "time_zone_invalid"),
        ({"priority": "high"}, "priority_invalid"),
        ({"priority": "1.5"}, "priority_invalid"),
        ({"priority": "1234567890"}, "priority_invalid"),
        ({"not_before": "tomorrow"}, "not_before_invalid"),
        ({"phone1": "0171 2345678"}, None),
        ({"phone1": "0171 2345678", "country": "de", "campaign": "world"}, None),
        ({"phone1": None, "phone3": GOOD}, None),
        ({"phone1": "4.917E+11", "phone2": GOOD}, None),
        ({"country": "Germany"}, None),
        ({"timezone": "europe/berlin"}, None),
        ({"priority": "0"}, None),
        ({"priority": "-3"}, None),
        ({"not_before": "2026-11-18T09:00:00+01:00"}, None),
        ({"consent": "yes"}, None),
    ],
)
def test_judge_finds_the_reason(row: dict[str, Any], code: str | None) -> None:
    """Each rule alone gives its verdict and reason; what no rule is about may be called."""
    assert verdicts(row) == [(REASONS[code][0] if code else "eligible", code)]


def test_judge_takes_the_first_reason_in_a_fixed_order() -> None:
    """A row that breaks every rule has the first reason; repaired one by one, the next, to the last."""
    row: dict[str, Any] = {
        "defect": "has 3 of 7 fields", "lead_id": None, "campaign": None, "consent": "no", "phone1": GOOD,
        "country": "Germany", "timezone": "Mars/Olympus", "priority": "high", "not_before": "tomorrow",
    }  # fmt: skip
    repairs: list[tuple[str, dict[str, Any]]] = [
        ("row_unreadable", {"defect": None}),
        ("lead_id_missing", {"lead_id": "L1"}),
        ("campaign_missing", {"campaign": "ghost"}),
        ("consent_withdrawn", {"consent": "perhaps"}),
        ("campaign_unknown", {"campaign": "paused"}),
        ("campaign_inactive", {"campaign": "world"}),
        ("consent_unclear", {"consent": None}),
        ("consent_missing", {"consent": "yes"}),
        ("do_not_call", {"phone1": None}),
        ("phone_missing", {"phone1": "0171 2345678"}),
        ("country_unknown", {"country": None}),
        ("phone_invalid", {"phone1": OTHER}),
        ("time_zone_invalid", {"timezone": "Europe/Berlin"}),
        ("priority_invalid", {"priority": "1"}),
        ("not_before_invalid", {"not_before": "2026-11-18T09:00:00Z"}),
        ("", {}),
    ]
    assert {code for code, _ in repairs} == {*REASONS, ""}
    for code, repair in repairs:
        found = verdicts(row, listed=frozenset({GOOD}), policy=Policy(is_consent_required=True))
        assert found == [(REASONS[code][0] if code else "eligible", code or None)]
        row |= repair


@pytest.mark.parametrize(
    ("suppress_by", "row", "expected"),
    [
        ("lead", {"phone1": GOOD, "phone2": OTHER}, ("suppressed", "do_not_call")),
        ("lead", {"phone1": OTHER, "phone2": GOOD}, ("suppressed", "do_not_call")),
        ("lead", {"phone1": OTHER}, ("eligible", None)),
        ("number", {"phone1": GOOD, "phone2": OTHER}, ("eligible", None)),
        ("number", {"phone1": GOOD}, ("suppressed", "do_not_call")),
        ("number", {"phone1": "0171 2345678", "phone2": GOOD}, ("suppressed", "do_not_call")),
    ],
)
def test_judge_suppresses_by_lead_or_by_number(
    suppress_by: str, row: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    """A listed number stops the whole lead, or, where that is the policy, only itself."""
    assert verdicts(row, listed=frozenset({GOOD}), policy=Policy(suppress_by=suppress_by)) == [expected]


def test_judge_sends_only_the_free_numbers_of_a_lead() -> None:
    """Where a listed number stops only itself, the others go on in their order."""
    row = {"phone1": OTHER, "phone2": GOOD, "phone3": THIRD}
    assert phones(row, frozenset({GOOD}), Policy(suppress_by="number")) == [OTHER, THIRD]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"phone1": GOOD, "phone2": GOOD, "phone3": OTHER}, [GOOD, OTHER]),
        ({"phone1": "0171 2345678", "phone2": GOOD}, [GOOD]),
        ({"phone1": GOOD, "phone2": OTHER, "phone3": OTHER}, [GOOD, OTHER]),
        ({"phone1": None, "phone2": OTHER, "phone3": GOOD}, [OTHER, GOOD]),
        ({"phone1": "junk", "phone2": "4.917E+11", "phone3": THIRD}, [THIRD]),
        ({"phone1": "junk"}, []),
    ],
)
def test_judge_keeps_each_number_of_a_row_once_and_in_order(row: dict[str, Any], expected: list[str]) -> None:
    """However a number is spelt, a row has it once, at its first place; what is no number is left out."""
    assert phones(row) == expected


@pytest.mark.parametrize("word", sorted(GRANTED | {"YES", " Ja ", "Opt-In"}))
def test_judge_takes_words_of_consent(word: str) -> None:
    """Words that mean yes allow the call, in any case, also where consent is required."""
    assert verdicts({"consent": word}, policy=Policy(is_consent_required=True)) == [("eligible", None)]


@pytest.mark.parametrize("word", sorted(WITHDRAWN | {"NEIN", " No ", "Opt-Out"}))
def test_judge_takes_words_of_refusal(word: str) -> None:
    """Words that mean no forbid the call, in any case, also where no consent is required."""
    assert verdicts({"consent": word}) == [("suppressed", "consent_withdrawn")]


@pytest.mark.parametrize("word", ["2", "?", "yes and no", "unknown", "2026-11-17"])
def test_judge_does_not_guess_a_consent(word: str) -> None:
    """A word that is neither a yes nor a no suppresses: nobody is called on a guess."""
    assert verdicts({"consent": word}) == [("suppressed", "consent_unclear")]


def test_a_row_that_cannot_be_read_grants_nothing() -> None:
    """It may be of any day; what it says against a call is kept."""
    words = ("yes", "no", "perhaps", None)
    chunk = frame(*({"consent": word, "defect": defect} for defect in (None, "has 3 of 7 fields") for word in words))
    assert [row["consent"] for row in records(chunk)] == [
        "granted", "withdrawn", "unclear", None,
        None, "withdrawn", "unclear", None,
    ]  # fmt: skip


def test_no_word_of_consent_means_both() -> None:
    """No word is a yes and a no, and all are written as they are compared."""
    assert set() == GRANTED & WITHDRAWN
    assert {word.casefold().strip() for word in GRANTED | WITHDRAWN} == GRANTED | WITHDRAWN


def test_normalise_reads_a_national_number_by_its_own_country_first() -> None:
    """A row's country outranks its campaign's region, which serves a row that names no country."""
    chunk = frame(
        {"phone1": "0171 2345678"},
        {"phone1": "06 12 34 56 78", "country": "fr"},
        {"phone1": "+33612345678", "country": "uk", "timezone": "EUROPE/LONDON"},
        {"phone1": "0171 2345678", "campaign": "world"},
    )
    contacts = plain(normalise(chunk, CAMPAIGNS))
    assert contacts["phone1"].tolist() == [GOOD, "+33612345678", "+33612345678", None]
    assert contacts["country"].tolist() == [None, "FR", "GB", None]
    assert contacts["time_zone"].tolist() == [None, None, "Europe/London", None]


@pytest.mark.parametrize("country", ["FRA", "France"])
def test_judge_does_not_read_a_foreign_number_by_the_campaign(country: str) -> None:
    """A row that names a country we cannot read is not dialled as if it named none: that would be a stranger."""
    assert verdicts({"phone1": "06 12 34 56 78", "country": country}) == [("invalid", "country_unknown")]


def test_judge_knows_the_country_of_a_number_where_the_row_names_none() -> None:
    """The row's country stands; without one, the first number's country does, if it has one."""
    chunk = frame({}, {"country": "AT"}, {"phone1": "+80012345678"}, {"phone1": "+61412345678"})
    assert [row["country"] for row in records(chunk)] == ["DE", "AT", None, "AU"]


@pytest.mark.parametrize(("number", "country"), [("+14165552368", "CA"), ("+77012345678", "KZ")])
def test_judge_knows_the_country_inside_a_shared_calling_code(number: str, country: str) -> None:
    """A Canadian number is Canadian, though the United States answer to +1 as well."""
    chunk = frame({"phone1": number})
    assert judge(chunk, normalise(chunk, CAMPAIGNS), CAMPAIGNS)["country"].tolist() == [country]


def test_judge_answers_every_row_whole() -> None:
    """The verdict names row, campaign and lead, '' where they are missing, and a text without numbers."""
    defect = "phone 0171 2345678 has a quote that is never closed"
    chunk = frame({"consent": "Ja"}, {"lead_id": None, "campaign": None, "defect": defect})
    at = pd.Timestamp("2026-11-17T09:00:00Z")
    assert records(chunk) == [
        {
            "row_no": 1, "campaign": "promo", "lead_id": "L1", "verdict": "eligible", "reason_code": None,
            "reason": None, "phone": GOOD, "phones": GOOD, "time_zone": None, "country": "DE",
            "consent": "granted", "cursor_at": at,
        },
        {
            "row_no": 2, "campaign": "", "lead_id": "", "verdict": "invalid", "reason_code": "row_unreadable",
            "reason": "phone <number> has a quote that is never closed", "phone": GOOD, "phones": GOOD,
            "time_zone": None, "country": "DE", "consent": None, "cursor_at": at,
        },
    ]  # fmt: skip


def test_eligibility_changes_neither_frame() -> None:
    """What goes in is the same afterwards, whatever the index of the frame."""
    chunk = frame({"phone1": "0171 2345678"}, {"phone1": None, "timezone": "x", "consent": "no"}, {"defect": "d"})
    chunk.index = pd.Index([7, 3, 5])
    before = chunk.copy(deep=True)
    contacts = normalise(chunk, CAMPAIGNS)
    made = contacts.copy(deep=True)
    judged = judge(chunk, contacts, CAMPAIGNS, {GOOD}, Policy(suppress_by="number"))
    eligibility.numbers(contacts)
    pd.testing.assert_frame_equal(chunk, before)
    pd.testing.assert_frame_equal(contacts, made)
    assert judged.index.tolist() == contacts.index.tolist() == [7, 3, 5]


def test_eligibility_of_no_rows_is_no_rows() -> None:
    """An empty chunk has an empty answer with the same columns."""
    chunk = frame({}).iloc[:0]
    contacts = normalise(chunk, CAMPAIGNS)
    judged = judge(chunk, contacts, CAMPAIGNS)
    assert (len(judged), eligibility.numbers(contacts)) == (0, [])
    whole = frame({})
    assert judged.columns.tolist() == judge(whole, normalise(whole, CAMPAIGNS), CAMPAIGNS).columns.tolist()


def test_numbers_are_distinct_over_all_columns() -> None:
    """A number that several rows or columns have is asked for once."""
    chunk = frame({"phone2": OTHER}, {"phone1": OTHER, "phone3": GOOD}, {"phone1": "junk"})
    assert sorted(eligibility.numbers(normalise(chunk, CAMPAIGNS))) == [GOOD, OTHER]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5), ("+5", 5), ("-5", -5), ("007", 7), ("5.0", None), ("", None), ("٥", None), ("1e3", None)],
)
def test_parse_priority_takes_whole_numbers_only(text: str, expected: int | None) -> None:
    """A whole number of up to nine ASCII digits, or nothing."""
    assert eligibility.parse_priority(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-18T09:00:00Z", datetime(2026, 11, 18, 9, tzinfo=UTC)),
        ("2026-11-18T09:00:00-05:00", datetime(2026, 11, 18, 14, tzinfo=UTC)),
        ("2026-11-18 09:00", datetime(2026, 11, 18, 8, tzinfo=UTC)),
        ("2026-07-18 09:00", datetime(2026, 7, 18, 7, tzinfo=UTC)),
        ("18.11.2026 09:00", None),
        ("soon", None),
    ],
)
def test_parse_not_before_reads_a_naive_time_in_the_business_zone(text: str, expected: datetime | None) -> None:
    """An offset is honoured; a time without one is on the business's wall clock."""
    assert eligibility.parse_not_before(text, ZoneInfo("Europe/Berlin")) == expected


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00"])
def test_parse_not_before_survives_the_edges_of_the_calendar(text: str) -> None:
    """A CRM's way to say «no date» is no reason to stop a night."""
    assert eligibility.parse_not_before(text, ZoneInfo("Europe/Berlin")) is None
