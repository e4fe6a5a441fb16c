"""The jtel double keeps the vendor's rules, over a real socket.

Belongs here: what the portal answers and stores. Does not belong here: faults (`test_sandbox_faults.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.jtel.app import JtelPortal
from sandbox.jtel.seeds import CAMPAIGN_1_ID, CAMPAIGN_10_ID, RENEWALS_ID, TEMPLATE_ID, TOKEN
from sandbox.server import SandboxServer

ROOT = "/rest/v1.0/1/dialler"
IMPORT = f"{ROOT}/contacts/import"
LEAD = {"DiallerCampaignsID": RENEWALS_ID, "UserData": "crm:10:538", "Name": "Smith", "PhoneNumber1": "+4989123456"}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer[JtelPortal]]:
    with SandboxServer(JtelPortal()) as running:
        yield running


@pytest.fixture
def portal(server: SandboxServer[JtelPortal]) -> JtelPortal:
    server.vendor.reset()
    return server.vendor


@pytest.fixture(scope="module")
def opened(server: SandboxServer[JtelPortal]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def client(opened: httpx.Client, portal: JtelPortal) -> httpx.Client:
    """A client of the double, whose state is fresh."""
    return opened


def names(answer: httpx.Response) -> list[str]:
    return [record["Name"] for record in answer.json()["records"]]


def imported(client: httpx.Client, overwrite: bool = True, **fields: Any) -> httpx.Response:
    flag = "true" if overwrite else "false"
    return client.post(IMPORT, params={"overwriteDuplicates": flag}, json=LEAD | fields)


def test_campaigns_answer_the_documented_page(client: httpx.Client) -> None:
    """The page object has exactly the documented fields and constants; campaigns are ordered by name."""
    page = client.get(f"{ROOT}/campaigns").json()
    assert [record["Name"] for record in page.pop("records")] == [
        "Campaign 1", "Campaign 10", "Renewals", "Spring Promo", "Template",
    ]  # fmt: skip
    assert page == {
        "filter": "", "limitStart": 0, "limitPageSize": -1, "count": 5, "orderBy": "Name", "ascending": True,
        "status": 200,
    }  # fmt: skip


def test_campaign_by_id_is_one_record(client: httpx.Client) -> None:
    """The read by id answers the short page."""
    page = client.get(f"{ROOT}/campaigns/{RENEWALS_ID}").json()
    assert page == {
        "records": [
            {
                "ContactPreviewTime": 5, "nMaxParallelLines": None, "bCloseContactsOnIncomingCallsMatchCallerID": True,
                "dtFrom": None, "dtTo": None, "LanguagesID": 2, "bCallerIDActive": False, "ClientsID": 1,
                "AbortOnNoTelNumberResultCodesID": 2492, "IncomingCallResultCodesID": 2494, "UserData": None,
                "Name": "Renewals", "ID": RENEWALS_ID,
            }
        ],
        "count": 1,
        "status": 200,
    }  # fmt: skip


def test_literal_segment_comes_before_the_id(client: httpx.Client) -> None:
    """`/campaigns/campaign?name=` is the read by name, and a partial match; `count` says 1 all the same."""
    found = client.get(f"{ROOT}/campaigns/campaign", params={"name": "campaign 1"})
    assert (names(found), found.json()["count"]) == (["Campaign 1", "Campaign 10"], 1)


@pytest.mark.parametrize("path", ["/campaigns/999", "/campaigns/campaign?name=Nobody", "/contacts/999"])
def test_nothing_found_is_404_or_an_empty_page(client: httpx.Client, portal: JtelPortal, path: str) -> None:
    """A knob says which; both repeat the status in the body."""
    missing = client.get(ROOT + path)
    portal.knobs.not_found = "empty"
    empty = client.get(ROOT + path)
    assert (missing.status_code, missing.json()) == (404, {"status": 404})
    assert (empty.status_code, empty.json()) == (200, {"records": [], "count": 0, "status": 200})


def test_result_codes_are_seven_in_the_asked_language(client: httpx.Client) -> None:
    """German texts come with English keys and the other way round: keys are the same in both."""
    path = f"{ROOT}/campaigns/campaign/{RENEWALS_ID}/resultCodes"
    english, german = (client.get(path, params={"languagesID": number}).json() for number in (1, 2))
    assert (english["count"], english["records"][0]["Content"], german["records"][0]["Content"]) == (
        7, "Finished", "Abgeschlossen",
    )  # fmt: skip
    assert [code["ExportKey"] for code in english["records"]] == [code["ExportKey"] for code in german["records"]]
    assert client.get(path, params={"languagesID": 3}).status_code == 400


def test_clone_copies_all_but_contacts(client: httpx.Client) -> None:
    """A clone answers 200 with its record, has result codes of its own, and no contact."""
    imported(client, DiallerCampaignsID=TEMPLATE_ID)
    body = {"source": "Template", "destination": "New", "userData": "u", "dtTo": "2026-11-30T00:00:00.000"}
    answer = client.post(f"{ROOT}/campaigns/clone", json=body)
    (record,) = answer.json()["records"]
    assert (answer.status_code, record["Name"], record["UserData"], record["dtFrom"], record["dtTo"]) == (
        200, "New", "u", None, "2026-11-30T00:00:00.000",
    )  # fmt: skip
    codes = client.get(f"{ROOT}/campaigns/campaign/{record['ID']}/resultCodes").json()["records"]
    contacts = client.get(f"{ROOT}/contacts", params={"diallerCampaignsID": record["ID"]}).json()
    assert (len(codes), {code["DiallerCampaignsID"] for code in codes}) == (7, {record["ID"]})
    assert contacts["records"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"source": "Nobody", "destination": "New"}, 404),
        ({"source": "Template", "destination": "Renewals"}, 409),
        ({"source": "Template", "destination": "RENEWALS"}, 409),
        ({"source": "Template"}, 400),
        ({"source": "Template", "destination": "New", "dtFrom": "soon"}, 400),
    ],
    ids=["no-source", "destination", "destination-by-case", "incomplete", "date"],
)
def test_clone_refuses(client: httpx.Client, portal: JtelPortal, body: dict[str, Any], status: int) -> None:
    """404 and 409 are documented, 400 and the case are assumed; nothing is made."""
    before = list(portal.store.campaigns)
    assert client.post(f"{ROOT}/campaigns/clone", json=body).status_code == status
    assert list(portal.store.campaigns) == before


@pytest.mark.parametrize(("old_dates", "status"), [("ignore", 200), ("reject", 400)])
def test_clone_takes_no_dates_before_3_39(
    client: httpx.Client, portal: JtelPortal, old_dates: Any, status: int
) -> None:
    """An older portal ignores or refuses them, as a knob says."""
    portal.knobs.release = "3.38"
    portal.knobs.old_dates = old_dates
    body = {"source": "Template", "destination": "New", "dtTo": "2026-11-30T00:00:00.000"}
    answer = client.post(f"{ROOT}/campaigns/clone", json=body)
    assert answer.status_code == status
    assert [record["dtTo"] for record in answer.json().get("records", [])] in ([None], [])


@pytest.mark.parametrize(
    ("form", "text"),
    [("local", "2026-11-30T13:00:00.000"), ("utc", "2026-11-30T12:00:00.000000Z"), ("csv", "2026-11-30 13:00:00")],
)
def test_dates_are_written_in_three_forms(client: httpx.Client, portal: JtelPortal, form: Any, text: str) -> None:
    """All three are read, and a knob says which one is written."""
    portal.knobs.date_format = form
    body = {"source": "Template", "destination": "New", "dtTo": text}
    assert client.post(f"{ROOT}/campaigns/clone", json=body).json()["records"][0]["dtTo"] == text


def test_delete_by_id_takes_everything_along(client: httpx.Client, portal: JtelPortal) -> None:
    """The campaign is gone with its contacts; the second time it is 404."""
    imported(client)
    answers = [client.delete(f"{ROOT}/campaigns/campaign/{RENEWALS_ID}") for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"status": 200}),
        (404, {"status": 404}),
    ]
    assert (portal.held(), RENEWALS_ID in portal.store.campaigns) == ([], False)


@pytest.mark.parametrize(("rule", "left"), [("exact", [CAMPAIGN_10_ID]), ("partial", [])], ids=["exact", "partial"])
def test_delete_by_name_may_match_a_part(client: httpx.Client, portal: JtelPortal, rule: Any, left: list[int]) -> None:
    """With the knob «Campaign 1» deletes «Campaign 10» too."""
    portal.knobs.delete_by_name = rule
    assert client.delete(f"{ROOT}/campaigns/campaign", params={"name": "Campaign 1"}).status_code == 200
    assert [key for key in (CAMPAIGN_1_ID, CAMPAIGN_10_ID) if key in portal.store.campaigns] == left
    assert client.delete(f"{ROOT}/campaigns/campaign", params={"name": "Nobody"}).status_code == 404


def test_import_overwrites_or_adds(client: httpx.Client, portal: JtelPortal) -> None:
    """With `overwriteDuplicates` the same `UserData` is one contact, without it is two, and the oracle shows it."""
    first = imported(client).json()["records"][0]["ID"]
    second = imported(client, Name="Jones").json()["records"][0]
    assert (second["ID"], second["Name"], portal.held()) == (first, "Jones", [("538", "4989123456")])
    imported(client, overwrite=False)
    assert portal.held() == [("538", "4989123456")] * 2
    assert portal.state()["duplicates"] == 1


@pytest.mark.parametrize(("scope", "contacts"), [("account", 1), ("campaign", 2)])
def test_user_data_is_matched_in_a_scope(client: httpx.Client, portal: JtelPortal, scope: Any, contacts: int) -> None:
    """Whether another campaign's contact is overwritten is a knob."""
    portal.knobs.user_data_scope = scope
    imported(client)
    imported(client, DiallerCampaignsID=CAMPAIGN_1_ID)
    assert len(portal.held()) == contacts


@pytest.mark.parametrize(("is_case_sensitive", "contacts"), [(True, 2), (False, 1)])
def test_user_data_is_matched_with_or_without_case(
    client: httpx.Client, portal: JtelPortal, contacts: int, *, is_case_sensitive: bool
) -> None:
    """Whether a key that differs by case alone is another one is a knob."""
    portal.knobs.is_user_data_case_sensitive = is_case_sensitive
    first, second = (imported(client, UserData=key).json()["records"][0] for key in ("crm:aB", "crm:Ab"))
    assert (len(portal.held()), second["UserData"]) == (contacts, "crm:Ab")
    assert (first["ID"] == second["ID"]) == (contacts == 1)
    assert portal.state()["duplicates"] == 0


@pytest.mark.parametrize(("overwrite", "phone"), [("replace", None), ("merge", "+4989123457")])
def test_overwriting_empties_or_keeps_what_is_left_out(
    client: httpx.Client, portal: JtelPortal, overwrite: Any, phone: str | None
) -> None:
    """Whether an absent field is emptied is a knob."""
    portal.knobs.overwrite = overwrite
    imported(client, PhoneNumber2="+4989123457")
    assert imported(client).json()["records"][0]["PhoneNumber2"] == phone


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"Name": ""}, 400),
        ({"PhoneNumber1": None}, 400),
        ({"DiallerCampaignsID": None}, 400),
        ({"DiallerCampaignsID": 999}, 404),
        ({"DiallerCampaignsID": None, "DiallerCampaignsName": "Renewals"}, 200),
        ({"PhoneNumber1": None, "PhoneNumber6": "+4989123456"}, 200),
        ({"Name": "x" * 65}, 400),
        ({"UserData": "x" * 65}, 400),
        ({"Email": "x" * 256}, 200),
    ],
)
def test_import_checks_what_is_mandatory(client: httpx.Client, fields: dict[str, Any], status: int) -> None:
    """A name, a campaign and one of six phones are mandatory, and texts have a greatest length."""
    assert imported(client, **fields).status_code == status


def test_import_cuts_what_is_too_long(client: httpx.Client, portal: JtelPortal) -> None:
    """With the knob a text is cut; before 3.19 a name has 32 characters."""
    portal.knobs.field_lengths = "truncate"
    portal.knobs.release = "3.18"
    assert imported(client, Name="x" * 40).json()["records"][0]["Name"] == "x" * 32


def test_contacts_are_listed_of_one_campaign_or_of_all(client: httpx.Client, portal: JtelPortal) -> None:
    """Without parameter, or with an older release, the contacts of the whole account come."""
    imported(client)
    imported(client, DiallerCampaignsID=CAMPAIGN_1_ID, UserData="other")

    def listed(**params: int) -> list[str]:
        records = client.get(f"{ROOT}/contacts", params=params).json()["records"]
        return [record["UserData"] for record in records]

    assert (listed(), listed(diallerCampaignsID=RENEWALS_ID)) == (["crm:10:538", "other"], ["crm:10:538"])
    portal.knobs.filters_contacts = False
    assert listed(diallerCampaignsID=RENEWALS_ID) == ["crm:10:538", "other"]


def test_contact_has_the_dialler_s_counters(client: httpx.Client) -> None:
    """What the dialler counted is in the contact's record."""
    contact_id = imported(client).json()["records"][0]["ID"]
    assert client.post("/_sandbox/outcomes", json={"ID": contact_id, "nTriesPhoneNumber1": 3}).status_code == 204
    (record,) = client.get(f"{ROOT}/contacts/{contact_id}").json()["records"]
    assert (record["nTriesPhoneNumber1"], record["nTriesPhoneNumber2"]) == (3, 0)


def test_token_is_good_until_another_is_generated(client: httpx.Client) -> None:
    """A regenerated token ends the old one at once."""
    token = client.post("/_sandbox/token").json()["token"]
    old = client.get(f"{ROOT}/campaigns")
    new = client.get(f"{ROOT}/campaigns", headers={"authorization": f"Bearer {token}"})
    assert (old.status_code, old.json(), new.status_code) == (401, {"status": 401}, 200)


@pytest.mark.parametrize(("knob", "status"), [("403", 403), ("404", 404)])
def test_other_client_account_is_refused(client: httpx.Client, portal: JtelPortal, knob: Any, status: int) -> None:
    """The address names the client account, and another one is not this token's."""
    portal.knobs.wrong_client = knob
    assert client.get("/rest/v1.0/2/dialler/campaigns").status_code == status


def test_body_status_may_fail_alone(client: httpx.Client, portal: JtelPortal) -> None:
    """With the knob HTTP says 200 while the body refuses, and nothing is stored."""
    portal.knobs.body_status = 500
    answer = imported(client)
    assert (answer.status_code, answer.json(), portal.held()) == (200, {"status": 500}, [])


def test_null_booleans_and_the_id_s_key_are_knobs(client: httpx.Client, portal: JtelPortal) -> None:
    """Both are as some sample of the document has them."""
    portal.knobs.has_null_booleans = True
    portal.knobs.id_key = "DiallerCampaignsID"
    (record,) = client.get(f"{ROOT}/campaigns/{RENEWALS_ID}").json()["records"]
    assert (record["bCallerIDActive"], record["DiallerCampaignsID"], "ID" in record) == (None, RENEWALS_ID, False)


def test_campaigns_are_placed_by_control(client: httpx.Client, portal: JtelPortal) -> None:
    """A placed campaign is empty; an unknown field is refused by name."""
    placed = client.post("/_sandbox/campaigns", json={"reset": True, "ID": 7, "Name": "Seven"})
    wrong = client.post("/_sandbox/campaigns", json={"Name": "Eight", "Colour": "red"})
    assert placed.json()["campaigns"] == {"7": {"name": "Seven", "contacts": 0}}
    assert (wrong.status_code, list(portal.store.campaigns)) == (400, [7])


def test_requests_are_counted_by_operation(client: httpx.Client, portal: JtelPortal) -> None:
    """Refused ones are counted too, those without a route are not."""
    imported(client)
    imported(client, Name="")
    client.get(f"{ROOT}/nothing")
    assert portal.store.requests == {"import_contact": 2}
