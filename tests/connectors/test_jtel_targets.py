"""Which dialler campaign a load goes into: found by id or exact name, or cloned once from a template."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import (
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    SetupError,
    TargetError,
    TargetOverError,
)
from connectors.gateway import Campaign, Gateway, MakesTargets, ResultsLater
from connectors.jtel.gateway import JtelGateway
from connectors.jtel.settings import JtelSettings, JtelTarget
from connectors.jtel.targets import validity
from sandbox.faults import Fault, Match
from sandbox.jtel.app import JtelPortal
from sandbox.jtel.seeds import CAMPAIGN_1_ID, RENEWALS_ID, TEMPLATE_ID, TOKEN
from sandbox.server import SandboxServer

Vendor = SandboxServer[JtelPortal]
DAY = date(2026, 11, 17)
FAR = date(2099, 11, 17)
ENDED = datetime(2025, 11, 17, 22, 59, 59, tzinfo=UTC)
CLONE = Fault(kind="lost_after_commit", match=Match(path_contains="clone"))


@pytest.fixture(scope="module")
def running() -> Iterator[Vendor]:
    with SandboxServer(JtelPortal()) as server:
        yield server


@pytest.fixture
def jtel(running: Vendor) -> Vendor:
    """A double of jtel whose state is fresh."""
    running.vendor.reset()
    running.faults.clear()
    return running


@pytest.fixture
def gateways(jtel: Vendor) -> Iterator[Callable[..., JtelGateway]]:
    """Makes quick gateways to the double; settings that differ are named."""
    made: list[JtelGateway] = []

    def make(**changes: Any) -> JtelGateway:
        quick = {"base_url": jtel.url, "clients_id": 1, "token": TOKEN, "allow_http": True, "release": "3.39"}
        quick |= {"max_attempts": 2, "backoff_s": 0, "read_timeout_s": 5}
        made.append(JtelSettings.model_validate(quick | changes).gateway())
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(gateways: Callable[..., JtelGateway]) -> JtelGateway:
    """A gateway with the defaults."""
    return gateways()


def campaign(**target: Any) -> Campaign:
    return Campaign("promo", "jtel", JtelTarget.model_validate(target).model_dump())


def test_gateway_is_what_the_engine_asks_for(gateway: JtelGateway) -> None:
    """It makes targets, and answers at once."""
    port: Gateway = gateway
    assert (isinstance(port, MakesTargets), isinstance(port, ResultsLater)) == (True, False)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ({"campaign_id": 538}, None),
        ({"campaign_name": "Renewals"}, "Renewals"),
        ({"template": "Template"}, "promo"),
        ({"template": "Template", "per": "day"}, "promo 2026-11-17"),
        ({"template": "Template", "per": "day", "name_template": "P {day:%d.%m.} {campaign}"}, "P 17.11. promo"),
    ],
)
def test_target_name_is_the_same_at_every_call(gateway: JtelGateway, target: dict[str, Any], name: str | None) -> None:
    """A name follows from campaign and day alone; an id needs none."""
    assert [gateway.target_name(campaign(**target), DAY) for _ in range(2)] == [name, name]


def test_target_is_found_by_its_exact_name(gateway: JtelGateway) -> None:
    """The vendor's answer to «Campaign 1» holds «Campaign 10» too, and is filtered here."""
    wanted = campaign(campaign_name="Campaign 1")
    assert gateway.find_target(wanted, "Campaign 1") == {"campaign_id": CAMPAIGN_1_ID, "ends_at": None}
    assert gateway.find_target(wanted, "Campaign") is None
    assert gateway.find_target(wanted, "campaign 1") is None


@pytest.mark.parametrize("not_found", ["404", "empty"])
def test_target_that_is_not_there_is_none(gateway: JtelGateway, jtel: Vendor, not_found: Any) -> None:
    """404 and an empty page both mean none."""
    jtel.vendor.knobs.not_found = not_found
    assert gateway.find_target(campaign(template="Template"), "promo") is None


def test_several_campaigns_of_one_name_are_no_target(gateway: JtelGateway, jtel: Vendor) -> None:
    """Nobody can say which of them is meant."""
    jtel.vendor.store.add_campaign({"Name": "Renewals"})
    with pytest.raises(TargetError) as raised:
        gateway.find_target(campaign(campaign_name="Renewals"), "Renewals")
    assert str(raised.value) == ("campaigns.promo.target: jtel has 2 campaigns of the name «Renewals»; use campaign_id")


def test_clone_is_made_and_found_again(gateway: JtelGateway, jtel: Vendor) -> None:
    """The clone is the template's copy under our name, with our user data, and no other is made."""
    wanted = campaign(template="Template", per="day", valid_days=2)
    made = gateway.create_target(wanted, "promo 2099-11-17", FAR)
    clone = jtel.vendor.store.campaigns[made["campaign_id"]]
    assert (clone["Name"], clone["UserData"], clone["ContactPreviewTime"]) == (
        "promo 2099-11-17",
        "leadsync:promo:promo 2099-11-17",
        5,
    )
    assert (clone["dtFrom"], clone["dtTo"]) == (
        datetime(2099, 11, 16, 23, tzinfo=UTC),
        datetime(2099, 11, 18, 22, 59, 59, tzinfo=UTC),
    )
    assert made["ends_at"] == "2099-11-18T23:59:59+01:00"
    assert gateway.find_target(wanted, "promo 2099-11-17") == made
    assert gateway.create_target(wanted, "promo 2099-11-17", FAR) == made
    assert len(jtel.vendor.store.campaigns) == 6


def test_clone_whose_answer_was_lost_is_adopted(gateway: JtelGateway, jtel: Vendor) -> None:
    """The outcome is unknown; asked by name, it is there, and a second clone is a conflict that finds it."""
    wanted = campaign(template="Template")
    jtel.faults.replace([CLONE])
    with pytest.raises(OutcomeUnknownError):
        gateway.create_target(wanted, "promo", DAY)
    found = gateway.find_target(wanted, "promo")
    assert found == {"campaign_id": jtel.vendor.store.named("promo"), "ends_at": None}
    assert gateway.create_target(wanted, "promo", DAY) == found


def test_campaign_of_somebody_else_is_not_adopted(gateway: JtelGateway, jtel: Vendor) -> None:
    """Same name, other user data: a person made it, or another campaign of ours."""
    jtel.vendor.store.add_campaign({"Name": "promo", "UserData": "theirs"})
    for call in (
        lambda: gateway.find_target(campaign(template="Template"), "promo"),
        lambda: gateway.create_target(campaign(template="Template"), "promo", DAY),
    ):
        with pytest.raises(TargetError) as raised:
            call()
        assert str(raised.value) == (
            "campaigns.promo.target.name_template: jtel has a campaign «promo» that was not made for this campaign; "
            "to load it all the same, name it in campaign_name"
        )
    assert gateway.find_target(campaign(campaign_name="promo"), "promo") is not None


def test_campaign_that_does_not_tell_its_user_data_is_adopted(gateway: JtelGateway, jtel: Vendor) -> None:
    """The document does not show the field: where records lack it, the name must do."""
    jtel.vendor.knobs.shows_user_data = False
    made = gateway.create_target(campaign(template="Template"), "promo", DAY)
    assert gateway.find_target(campaign(template="Template"), "promo") == made


def test_clone_answered_by_the_template_s_record_is_looked_up(gateway: JtelGateway, jtel: Vendor) -> None:
    """The document's sample answers the source's name: its id would load the template itself."""
    jtel.vendor.knobs.clone_answers = "source"
    made = gateway.create_target(campaign(template="Template"), "promo", DAY)
    assert made == {"campaign_id": jtel.vendor.store.named("promo"), "ends_at": None}


def test_clone_that_differs_in_case_alone_is_named(gateway: JtelGateway, jtel: Vendor) -> None:
    """The vendor says that it exists, and shows none of this very name."""
    jtel.vendor.store.add_campaign({"Name": "PROMO"})
    with pytest.raises(TargetError, match="look for one that differs in case"):
        gateway.create_target(campaign(template="Template"), "promo", DAY)


@pytest.mark.parametrize(
    ("target", "name", "text"),
    [
        (
            {"campaign_name": "Nobody"},
            "Nobody",
            "campaigns.promo.target.campaign_name: jtel has no campaign «Nobody»",
        ),
        ({"template": "Nobody"}, "promo", "campaigns.promo.target.template: jtel has no campaign «Nobody»"),
        (
            {"template": "Template", "name_template": "x" * 65},
            "x" * 65,
            f"campaigns.promo.target.name_template: «{'x' * 65}» is longer than jtel's 64 characters",
        ),
        (
            {"template": "Template", "name_template": "x" * 50},
            f"{'x' * 50} from 2026-11-18",
            f"campaigns.promo.target.name_template: «{'x' * 50} from 2026-11-18» is longer than jtel's 64 characters",
        ),
    ],
    ids=["by-name", "template", "too-long", "too-long-for-its-successor"],
)
def test_target_that_cannot_be_made_names_the_setting(
    gateway: JtelGateway, target: dict[str, Any], name: str, text: str
) -> None:
    """A name is never made up, and a clone needs its template."""
    with pytest.raises(TargetError) as raised:
        gateway.create_target(campaign(**target), name, DAY)
    assert str(raised.value) == text


def test_dates_need_the_release(gateways: Callable[..., JtelGateway], jtel: Vendor) -> None:
    """Before 3.39 the vendor may ignore them: the campaign is stopped, not made without an end."""
    wanted = campaign(template="Template", valid_days=1)
    gateway = gateways(release="3.38")
    for call in (lambda: gateway.preflight(wanted), lambda: gateway.create_target(wanted, "promo", DAY)):
        with pytest.raises(TargetError) as raised:
            call()
        assert str(raised.value) == ("campaigns.promo.target.valid_days: needs vendors.jtel.release '3.39' or newer")
    assert jtel.vendor.store.requests["clone_campaign"] == 0


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, TargetError), (413, TargetError), (429, RateLimitedError), (503, OutcomeUnknownError)],
)
def test_refused_clone_says_what_to_conclude(
    gateway: JtelGateway, jtel: Vendor, status: int, error: type[Exception]
) -> None:
    """A refusal is the setting's fault, 429 waits, and 5xx may have made it."""
    jtel.faults.replace([Fault(kind="status", status=status, retry_after="0", match=Match(path_contains="clone"))])
    with pytest.raises(error):
        gateway.create_target(campaign(template="Template"), "promo", DAY)


@pytest.mark.parametrize(
    "target", [{"campaign_id": RENEWALS_ID}, {"campaign_name": "Renewals"}, {"template": "Template"}]
)
def test_preflight_passes_for_what_exists(gateway: JtelGateway, target: dict[str, Any]) -> None:
    """An id, a name or a template that is there."""
    gateway.preflight(campaign(**target))


@pytest.mark.parametrize("not_found", ["404", "empty"])
@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"campaign_id": 999}, "campaign_id: jtel has no campaign 999 in this client account"),
        ({"campaign_name": "Campaign"}, "campaign_name: jtel has no campaign of exactly the name «Campaign» in this"),
        ({"template": "Templ"}, "template: jtel has no campaign of exactly the name «Templ» in this client account"),
    ],
)
def test_preflight_names_what_is_missing(
    gateway: JtelGateway, jtel: Vendor, not_found: Any, target: dict[str, Any], text: str
) -> None:
    """The sentence names the setting, and the client account as the other possible cause."""
    jtel.vendor.knobs.not_found = not_found
    with pytest.raises(TargetError) as raised:
        gateway.preflight(campaign(**target))
    assert str(raised.value).startswith(f"campaigns.promo.target.{text}")
    assert "vendors.jtel.clients_id" in str(raised.value)


def test_preflight_names_the_login(gateways: Callable[..., JtelGateway], jtel: Vendor) -> None:
    """A wrong token, a foreign account and a closed port each stop the vendor with their setting's name."""
    wanted = campaign(campaign_id=RENEWALS_ID)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"token": "old"}, "vendors.jtel.token: the token was refused (401)"),
        ({"clients_id": 2}, "vendors.jtel.clients_id: jtel refused access (403)"),
        ({"base_url": "http://127.0.0.1:1"}, "vendors.jtel.base_url: "),
    ]
    jtel.vendor.knobs.wrong_client = "403"
    for changes, text in cases:
        with pytest.raises(SetupError) as raised:
            gateways(**changes).preflight(wanted)
        assert not isinstance(raised.value, TargetError)
        assert str(raised.value).startswith(text)


def test_preflight_of_a_vendor_that_is_down_is_no_finding_about_the_target(gateway: JtelGateway, jtel: Vendor) -> None:
    """5xx says nothing of the campaign."""
    jtel.faults.replace([Fault(kind="html", status=500, times=None)])
    with pytest.raises(ConnectorError):
        gateway.preflight(campaign(campaign_id=RENEWALS_ID))


@pytest.mark.parametrize(
    ("now", "first", "after"),
    [
        ("2026-11-18T01:30:00+01:00", "2026-11-18", "2026-11-20"),  # the night loads the day that ended
        ("2026-11-17T22:59:00+00:00", "2026-11-17", "2026-11-19"),
        ("2026-11-17T23:00:00+00:00", "2026-11-18", "2026-11-20"),
        ("2026-11-10T12:00:00+01:00", "2026-11-17", "2026-11-19"),
        ("2027-02-01T12:00:00+01:00", "2027-02-01", "2027-02-03"),
    ],
)
def test_clone_is_valid_from_its_day_or_today(now: str, first: str, after: str) -> None:
    """Whole days of the tenant's zone, the later of the two first: it is never over when it is made."""
    zone = ZoneInfo("Europe/Berlin")
    begin, end = validity({"valid_days": 2}, DAY, zone=zone, now=datetime.fromisoformat(now))
    assert begin == datetime.fromisoformat(first).replace(tzinfo=zone)
    assert end is not None
    assert end + timedelta(seconds=1) == datetime.fromisoformat(after).replace(tzinfo=zone)


def test_clone_without_days_has_no_end() -> None:
    """Whatever the template says is the vendor's to copy."""
    assert validity({"valid_days": None}, DAY, zone=ZoneInfo("UTC"), now=ENDED) == (None, None)


@pytest.mark.parametrize("form", ["local", "utc", "csv"])
@pytest.mark.parametrize(
    ("target", "setting"),
    [({"campaign_id": RENEWALS_ID}, "campaign_id"), ({"campaign_name": "Renewals"}, "campaign_name")],
)
def test_preflight_of_a_campaign_that_is_over(
    gateway: JtelGateway, jtel: Vendor, form: Any, target: dict[str, Any], setting: str
) -> None:
    """Nobody would be called from it: it is not loaded, and what tells its end may be in any form."""
    jtel.vendor.knobs.date_format = form
    jtel.vendor.store.campaigns[RENEWALS_ID]["dtTo"] = ENDED
    with pytest.raises(TargetOverError) as raised:
        gateway.preflight(campaign(**target))
    assert str(raised.value) == (
        f"campaigns.promo.target.{setting}: jtel's campaign 538 is over since 2025-11-17 23:59 CET, and nobody is "
        "called from it; give it a later end (dtTo) there, or name another"
    )


def test_template_that_is_over_can_be_cloned(gateway: JtelGateway, jtel: Vendor) -> None:
    """It is not loaded itself."""
    jtel.vendor.store.campaigns[TEMPLATE_ID]["dtTo"] = ENDED
    gateway.preflight(campaign(template="Template"))
