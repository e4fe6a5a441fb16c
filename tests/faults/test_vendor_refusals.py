"""Targets that are made once, batches that are refused, leads that are poison, logins that end in mid-run."""

from __future__ import annotations

from datetime import date
from threading import Barrier, Thread
from typing import Any

import pytest
import yaml

from pipelines import morning, night
from pipelines.load import load_day
from sandbox.faults import Match
from tests.doubles import KINDS
from tests.factories import DAY, leads, phone
from tests.faults import vendors
from tests.faults.running import bounded
from tests.faults.vendors import ALL, LATER, MakeSite, Site, always
from tests.reading import query

sites = vendors.sites

MAKING = pytest.mark.parametrize("way", ["sobot", "platform", "jtel"])
# The name is looked for first: the second request to Sobot's path is the one that makes the task.
MAKE: dict[str, dict[str, Any]] = {
    "sobot": {"match": Match(path_contains="/cc-outbound/api/campaigns"), "skip": 1},
    "platform": {"match": Match(method="POST", path_contains="/leads/lists")},
    "jtel": {"match": Match(method="POST", path_contains="/campaigns/clone")},
}
MAKE_NAME = {"sobot": "create_outbound_task", "platform": "list_create", "jtel": "clone_campaign"}
NOBODY = "http://127.0.0.1:1"
DEAD = {
    "sinch": {"base_url": NOBODY},
    "sobot": {"token_host": NOBODY},
    "platform": {"base_url": NOBODY},
    "jtel": {"base_url": NOBODY},
}
FAULTS: dict[str, dict[str, Any]] = {
    "lost_after_commit": {"kind": "lost_after_commit"},
    "reset_before_processing": {"kind": "reset_before_processing"},
    "truncated": {"kind": "truncated", "bytes": 12},
    "html_200": {"kind": "html_200"},
    "html_502_committed": {"kind": "html", "commit": True},
    "status_503": {"kind": "status"},
    "status_429": {"kind": "status", "status": 429},
    "status_401": {"kind": "status", "status": 401},
    "status_409": {"kind": "status", "status": 409},
}


def targets(site: Site) -> list[str]:
    """The names of the vendor's targets that are called like the campaign."""
    store = site.vendor.store
    match site.way.vendor:
        case "sobot":
            names = [task.name for task in store.tasks.values()]
        case "platform":
            names = [one.name for one in store.lists.values()]
        case _:
            names = [fields["Name"] for fields in store.campaigns.values()]
    return [name for name in names if name == site.campaign]


@MAKING
@pytest.mark.parametrize("fault", always(FAULTS, "lost_after_commit", "status_409"))
def test_target_is_made_once_whatever_becomes_of_the_answer(way: str, fault: str, sites: MakeSite) -> None:
    """A target whose making was not seen is looked for by its name, and made again only when it is not there."""
    site = sites(way, count=6)
    site.spoil(**FAULTS[fault], **MAKE[way])
    site.load()
    assert site.server.faults.fired_count == 1
    assert len(targets(site)) <= 1
    site.assert_balanced()
    site.finish()
    assert len(targets(site)) == 1
    site.assert_accepted_once()


def lose_what_is_made(site: Site) -> None:
    """The vendor makes the target, and tells neither that nor, from then on, which targets it has."""
    looking = {
        "sobot": Match(path_contains="/getList"),
        "platform": Match(method="GET", path_contains="/leads/lists"),
        "jtel": Match(method="GET", path_contains="/campaigns/campaign"),
    }[site.way.vendor]
    skip = {"sobot": 1, "platform": 2, "jtel": 2}[site.way.vendor]
    site.spoil("status", looking, skip=skip, times=None)
    site.spoil("lost_after_commit", **MAKE[site.way.vendor])


@MAKING
def test_target_whose_making_cannot_be_looked_for_is_adopted_by_the_next_run(way: str, sites: MakeSite) -> None:
    """While it is not known whether the vendor made the target nothing is made or sent; then it is adopted."""
    site = sites(way, count=6)
    lose_what_is_made(site)
    site.load()
    assert len(targets(site)) == 1
    assert site.states() == {"planned": 6}
    site.server.faults.clear()
    site.load()
    site.follow()
    assert len(targets(site)) == 1
    assert site.requests[MAKE_NAME[way]] == 1
    site.assert_accepted_once()


@MAKING
def test_target_that_cannot_be_looked_for_is_asked_for_less_and_less_often(way: str, sites: MakeSite) -> None:
    """As soon as it is settled, then after five minutes, then after twice as long; each load plans anew meanwhile."""
    site = sites(way, count=2)
    lose_what_is_made(site)
    site.load()
    asked = []
    for minute in range(1, 40):
        site.advance(60)
        site.change("UPDATE ledger.load_requests SET requested_at = requested_at - interval '1 minute'")
        due = morning.due_questions(site.installation, limit=20, today=date.max)
        morning.note_requests(site.installation, due)
        if due:
            asked.append(minute)
            night.plan_and_send(site.installation, site.way.vendor, [DAY])
    assert asked == [1, 6, 16, 36]
    site.finish()
    assert len(targets(site)) == 1
    site.assert_accepted_once()


@MAKING
def test_target_is_made_once_by_runs_at_once(way: str, sites: MakeSite) -> None:
    """Two runs that both miss a target make one between them, and each lead is created once."""
    site = sites(way)
    second = site.another()
    assert second.engine
    barrier, errors = Barrier(2), []

    def load(installation: Any) -> None:
        try:
            barrier.wait(30)
            with bounded(60) as stop:
                load_day(installation, DAY, stop=stop)
        except BaseException as error:  # noqa: BLE001 - the boundary of the thread: the test looks at it
            errors.append(error)

    threads = [Thread(target=load, args=(one,), daemon=True) for one in (site.installation, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(targets(site)) == 1
    site.finish()
    assert len(targets(site)) == 1
    site.assert_accepted_once()


@pytest.mark.parametrize("way", ["sobot", "platform"])
def test_several_targets_of_one_name_stop_their_campaign_alone(way: str, sites: MakeSite) -> None:
    """The campaign whose target is ambiguous is stopped with the setting's name; the vendor's other one is loaded."""
    site = sites(way, count=6)
    for _ in range(2):
        if way == "sobot":
            site.vendor.store.add_task(site.campaign)
        else:
            site.vendor.store.add_list(site.campaign, KINDS[way].target["campaign_id"])
    rows = leads(6, campaign=site.campaign) + [
        row | {"lead_id": f"O{number}", "phone1": phone(100 + number)}
        for number, row in enumerate(leads(4, campaign="other"), 1)
    ]
    document = yaml.safe_load(site.config.read_text("utf-8"))
    document["campaigns"].append({**document["campaigns"][0], "campaign": "other"})
    site.config.write_text(yaml.safe_dump(document), "utf-8")
    site.write(rows)
    site.installation = site.another()
    [problem] = site.load().problems
    assert site.campaign in problem
    assert "target" in problem
    site.follow(ticks=5)
    assert site.states() == {"planned": 6, "accepted": 4}
    assert site.numbers() == sorted(phone(100 + number).lstrip("+") for number in range(1, 5))
    site.assert_balanced()


def digits(number: int) -> str:
    return phone(number).lstrip("+")


POISON: dict[str, tuple[str, Any]] = {
    "sinch": ("poison", "lead-L7"),
    "sobot": ("poison", digits(7)),
    "platform": ("poison", "lead-L7"),
    "platform-singles": ("reject_phones", phone(7)),
    "jtel": ("reject_phones", phone(7)),
}


@ALL
def test_poison_lead_is_isolated(way: str, sites: MakeSite) -> None:
    """A lead for which the vendor refuses the whole request is judged alone; its neighbours are accepted once.

    The Platform takes this one when it comes alone.
    """
    site = sites(way)
    name, value = POISON[way]
    setattr(site.vendor.knobs, name, [value])
    site.load()
    site.finish()
    count = len(site.rows)
    refused = [] if way == "platform" else [7]
    assert site.open_imports() == []
    assert {key: outcome for key, outcome in site.reasons().items() if outcome != ("accepted", None)} == {
        f"L{number}": ("rejected", "refused_by_vendor") for number in refused
    }
    site.assert_held([number for number in range(1, count + 1) if number not in refused])


def test_refusal_that_is_no_leads_fault_ends_the_load(sites: MakeSite) -> None:
    """Lead by lead too: the sentence names the setting, nobody is rejected, and with the setting right all is sent."""
    site = sites("platform-singles")
    site.spoil("status", status=405, skip=7, times=None)
    [problem] = site.load().problems
    assert "vendors.platform.paths.lead_create right, and its method?" in problem
    assert site.states() == {"accepted": 7, "planned": 5}
    site.server.faults.clear()
    site.load()
    site.assert_accepted_once()


@pytest.mark.parametrize(
    ("way", "knobs"),
    [
        ("sinch", {"max_batch": 7, "over_max": "413"}),
        ("sinch", {"max_batch": 7, "over_max": "400"}),
        ("sobot", {"max_details": 7, "over_max": 413}),
        ("sobot", {"max_details": 7, "over_max": 400}),
        ("platform", {"max_leads": 7, "over_max": "413"}),
        ("platform", {"max_leads": 7, "over_max": "422"}),
    ],
)
def test_batch_that_is_too_large_is_halved(way: str, knobs: dict[str, Any], sites: MakeSite) -> None:
    """Whatever a vendor calls too large is sent in smaller batches, and every lead is accepted once."""
    site = sites(way)
    site.vendor.knobs.change(knobs)
    site.load()
    site.finish()
    site.assert_accepted_once()


@ALL
@pytest.mark.parametrize("kind", always(["status", "reset_before_processing", "html"], "reset_before_processing"))
def test_vendor_that_answers_no_creation_is_not_tried_for_ever(way: str, kind: str, sites: MakeSite) -> None:
    """A vendor that is down costs a bounded number of requests, and loses nothing."""
    site = sites(way, count=6)
    site.spoil(kind, times=None)
    site.load()
    site.follow(ticks=4)
    assert site.server.faults.fired_count <= 60
    assert site.numbers() == []
    site.assert_balanced()
    site.finish()
    site.assert_accepted_once()


def test_sobot_renews_a_token_that_ends_in_mid_run(sites: MakeSite) -> None:
    """A token that is refused is renewed once, in the same run, and every import is sent once."""
    site = sites("sobot")
    site.spoil("status", status=401, skip=1)
    summary = site.load()
    assert summary.problems == []
    assert site.states() == {"submitted": 45}
    assert site.requests["company_token"] == 2
    site.follow()
    site.assert_accepted_once()


def test_sobot_token_that_ends_between_polls_is_renewed(sites: MakeSite) -> None:
    """Nobody notices that the vendor forgot its tokens."""
    site = sites("sobot")
    site.load()
    site.vendor.store.tokens.clear()
    site.follow()
    site.assert_accepted_once()
    assert site.requests["company_token"] == 2


@pytest.mark.parametrize("changes", [{"status": 503}, {"status": 429, "retry_after": "1"}], ids=["broken", "limited"])
def test_token_call_that_fails_once_ends_no_load(changes: dict[str, Any], sites: MakeSite) -> None:
    """The load waits until a token may be asked for again, though all its tries would be over sooner."""
    site = sites("sobot", settings={"token_retry_s": 1})
    site.spoil("status", Match(path_contains="/tokens/"), **changes)
    assert site.load().problems == []
    assert site.server.faults.fired_count == 1
    site.follow()
    site.assert_accepted_once()


def test_sobot_without_any_token_loses_nothing(sites: MakeSite) -> None:
    """A token endpoint that is rate-limited ends the run with a reason, and everything is planned."""
    site = sites("sobot")
    site.vendor.knobs.token_calls_per_minute = 0
    [problem] = site.load().problems
    assert "token" in problem
    assert site.states() == {"planned": 45}
    assert site.requests["company_token"] <= 3
    site.vendor.knobs.token_calls_per_minute = 5
    site.finish()
    site.assert_accepted_once()


def test_sobot_whose_token_is_lost_for_good_in_mid_run_loses_nothing(sites: MakeSite) -> None:
    """When the renewal is refused too, the rest waits, and the run says why it ended."""
    site = sites("sobot")
    site.spoil("status", Match(path_contains="/tokens/"), status=429, skip=1, times=None)
    site.spoil("status", status=401, skip=1, times=None)
    assert site.load().problems != []
    assert site.states() == {"submitted": 20, "planned": 25}
    site.finish()
    site.assert_accepted_once()


@pytest.mark.parametrize(
    ("way", "setting"),
    [
        ("platform", "vendors.platform.token"),
        ("platform-singles", "vendors.platform.token"),
        ("jtel", "vendors.jtel.token"),
    ],
)
def test_login_that_is_refused_in_mid_run_names_the_setting(way: str, setting: str, sites: MakeSite) -> None:
    """A refused token ends the vendor's run with the name of the setting; what was accepted stays, the rest waits."""
    site = sites(way)
    site.spoil("status", status=401, skip=1, times=None)
    [problem] = site.load().problems
    assert setting in problem
    site.assert_balanced()
    assert set(site.states()) == {"planned", "submitted" if way == "platform" else "accepted"}
    site.finish()
    site.assert_accepted_once()


@LATER
def test_login_that_is_refused_to_polls_loses_nothing(way: str, sites: MakeSite) -> None:
    """A refused poll says why in the tick, and the import stays submitted."""
    site = sites(way)
    site.load()
    site.spoil("status", Match(), status=401, times=None)
    site.advance()
    polled = morning.poll_results(site.installation, limit=50, budget_s=10)
    assert polled[way].problem is not None
    assert polled[way].asked == 1
    assert site.states() == {"submitted": 45}
    site.finish()
    site.assert_accepted_once()


@pytest.mark.parametrize("way", DEAD)
@pytest.mark.parametrize("failing", ["nobody_listens", "too_busy", "page_of_maintenance"])
def test_vendor_that_is_not_reached_at_all_is_tried_again(way: str, failing: str, sites: MakeSite) -> None:
    """The sentence may doubt its address, which may be right: five minutes later the load is asked for once more."""
    site = sites(way, count=2, settings=DEAD[way] if failing == "nobody_listens" else {})
    site.spoil(**FAULTS["html_200" if failing == "page_of_maintenance" else "status_429"], match=Match(), times=None)
    site.load()
    assert site.states() == {"planned": 2}
    assert {code for _, code in site.reasons().values()} == {"load_ended_early"}
    assert morning.due_questions(site.installation, limit=20) == []
    site.advance(300)
    assert [(row.vendor, row.day) for row in morning.due_questions(site.installation, limit=20)] == [(way, DAY)]


def test_redirected_creation_is_not_followed(sites: MakeSite) -> None:
    """A vendor that wants another slash stops the run with a reason: the leads are not sent to the other address."""
    site = sites("platform", settings={"paths": {"bulk_create": "/leads/bulk"}})
    [problem] = site.load().problems
    assert "redirect" in problem
    assert site.requests["bulk_create"] == 0
    assert site.numbers() == []
    site.assert_balanced()
    site.load()
    site.follow(ticks=3)
    assert site.numbers() == []
    assert set(site.states()) <= {"planned", "unknown"}
    site.assert_balanced()


def test_cursor_that_loops_ends_the_run(sites: MakeSite) -> None:
    """Pages that point to the first one again are noticed: nothing is concluded, and the run ends."""
    site = sites("platform")
    site.vendor.knobs.page_size, site.vendor.knobs.looping_cursor = 1, True
    with bounded(20):
        assert site.load(within_s=20).problems != []
    assert site.states() == {"planned": 45}
    site.vendor.knobs.looping_cursor = False
    site.finish()
    site.assert_accepted_once()


@ALL
def test_runs_at_once_create_each_lead_once(way: str, sites: MakeSite) -> None:
    """Three runs of one day, each with its sensors, share the work and never send a lead twice."""
    site = sites(way)
    installations = [site.installation, site.another(), site.another()]
    assert all(one.engine for one in installations)
    barrier, errors = Barrier(3), []

    def run(installation: Any) -> None:
        try:
            barrier.wait(30)
            with bounded(60) as stop:
                load_day(installation, DAY, stop=stop)
                for _ in range(3):
                    site.vendor.clock.advance(2)
                    morning.poll_results(installation, limit=50, budget_s=5)
                    morning.collect(installation, DAY, stop=stop)
                    night.send(installation, site.way.vendor, [DAY], stop=stop)
        except BaseException as error:  # noqa: BLE001 - the boundary of the thread: the test looks at it
            errors.append(error)

    threads = [Thread(target=run, args=(one,), daemon=True) for one in installations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(site.numbers()) == len(set(site.numbers()))
    site.finish()
    site.assert_accepted_once()


@pytest.mark.parametrize(
    ("way", "settings"),
    [
        ("sinch", {"batch_size": 4}),
        ("platform", {"bulk_max_leads": 4, "use_bulk_from": 2, "bulk_settle_s": 60}),
        ("sobot", {"max_details_per_import": 4, "remove_duplicates_rule": "NonRemoveDuplicates"}),
    ],
    ids=["sinch", "platform", "sobot"],
)
def test_lead_that_the_vendor_breaks_on_holds_back_no_other(
    way: str, settings: dict[str, Any], sites: MakeSite
) -> None:
    """The whole request ends in HTTP 500, and nothing of it is stored: where others go through, it is halved."""
    site = sites(way, count=11, settings=settings)
    site.spoil("status", Match(body_contains=phone(3)[4:]), status=500, times=None)
    site.load()
    others = [phone(n)[1:] for n in range(1, 12) if n != 3]
    site.follow(ticks=12)
    assert sorted(site.numbers()) == sorted(others)
    assert site.states()["accepted"] == 10
    site.server.faults.clear()
    assert site.finish() == {"accepted": 11}


def test_batch_is_not_halved_while_the_vendor_takes_nothing(sites: MakeSite) -> None:
    """Its writing is down, its look-ups are not: what waits goes as it is when it is back."""
    site = sites("sinch", count=8, settings={"batch_size": 4})
    site.spoil("status", status=500, times=None)
    site.load()
    site.follow(ticks=6)
    assert query(site.installation, "SELECT count(*) FROM ledger.imports") == [(2,)]
    assert site.finish() == {"accepted": 8}
