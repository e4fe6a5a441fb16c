"""The OBI double keeps the vendor's rules, over a real socket.

Belongs here: what OBI answers and stores. Does not belong here: faults (`test_sandbox_faults.py`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.sinch.app import SinchObi
from sandbox.sinch.seeds import OLD_CAMPAIGN_ID, RENEWALS_ID, SPRING_PROMO_ID, TEST_CAMPAIGN_ID

OBI = "/RI/obi"
CUSTOMERS = f"{OBI}/campaigns/{RENEWALS_ID}/customers"
LIST = f"{CUSTOMERS}/list"
UNKNOWN_ID = "0" * 32
ID36 = "11112222-3333-4444-5555-666677778888"

BatchSender = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer[SinchObi]]:
    with SandboxServer(SinchObi()) as running:
        yield running


@pytest.fixture
def obi(server: SandboxServer[SinchObi]) -> SinchObi:
    server.vendor.reset()
    server.vendor.store.clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
    server.faults.clear()
    return server.vendor


@pytest.fixture(scope="module")
def opened(server: SandboxServer[SinchObi]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"accept": "application/json"}) as client:
        yield client


@pytest.fixture
def client(opened: httpx.Client, obi: SinchObi) -> httpx.Client:
    """A client of the double, whose state is fresh."""
    return opened


@pytest.fixture
def send(client: httpx.Client) -> BatchSender:
    """Posts customers as a batch; keywords are query parameters."""

    def post(*customers: dict[str, Any], **parameters: str) -> list[dict[str, Any]]:
        answer = client.post(LIST, json=list(customers), params=parameters)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()
        return results

    return post


def customer(external_id: str | None = None, numbers: str = "0215428754", **fields: Any) -> dict[str, Any]:
    """A valid customer, as a client writes it."""
    own = {} if external_id is None else {"externalId": external_id}
    return {**own, "numbers": numbers, **fields}


def wrapped(**attributes: str) -> dict[str, Any]:
    """The attributes in the wrapper that OBI asks for."""
    return {"attribute": [{"name": name, "value": value} for name, value in attributes.items()]}


def statuses(results: list[dict[str, Any]]) -> list[int]:
    """The results' status codes in order."""
    return [result["statusCode"] for result in results]


def ids_of(answer: httpx.Response) -> list[str]:
    """The externalIds of the customers answered."""
    return [row["externalId"] for row in answer.json()]


# --- who asks, and in which media type ----------------------------------------------------------


@pytest.mark.parametrize("path", ["/campaigns", f"/campaigns/{RENEWALS_ID}", f"/campaigns/{RENEWALS_ID}/customers"])
@pytest.mark.parametrize("accept", ["application/xml", "text/html"])
def test_read_without_json_accepted_is_406(client: httpx.Client, path: str, accept: str) -> None:
    """OBI's double speaks JSON alone, and says so to a client that takes something else."""
    assert client.get(f"{OBI}{path}", headers={"accept": accept}).status_code == 406


@pytest.mark.parametrize("accept", ["*/*", "application/*", "text/html, application/json;q=0.5"])
def test_read_accepts_json_by_wildcard_and_in_a_list(client: httpx.Client, accept: str) -> None:
    """JSON counts as accepted when a wildcard or any member of the list covers it."""
    assert client.get(f"{OBI}/campaigns", headers={"accept": accept}).status_code == 200


def test_list_post_needs_json_in_and_out(client: httpx.Client) -> None:
    """A batch is 406 for a client that takes no JSON, and 415 when it is not sent as JSON."""
    html = client.post(LIST, json=[], headers={"accept": "text/html"})
    text = client.post(LIST, content=b"[]", headers={"content-type": "text/plain"})
    charset = client.post(LIST, content=b"[]", headers={"content-type": "application/json; charset=utf-8"})
    assert [html.status_code, text.status_code, charset.status_code] == [406, 415, 200]


def test_single_post_answers_id_as_html_with_location(client: httpx.Client, obi: SinchObi) -> None:
    """A created customer is 201, its id as text/html, and a Location that ends with the id."""
    answer = client.post(CUSTOMERS, json=customer("10"), headers={"accept": "text/html"})
    stored = obi.store.find(RENEWALS_ID, "10")[0].id
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (201, "text/html", stored)
    assert answer.headers["location"].endswith(f"{CUSTOMERS}/{stored}")


def test_single_post_without_html_accepted_is_406(client: httpx.Client, obi: SinchObi) -> None:
    """A client that takes JSON alone is refused before anything is stored."""
    assert client.post(CUSTOMERS, json=customer("10")).status_code == 406
    assert obi.store.find(RENEWALS_ID, "10") == []


def test_single_post_of_invalid_customer_is_400_as_text(client: httpx.Client) -> None:
    """A single customer that breaks a rule is 400 text/plain with the entry's error."""
    answer = client.post(CUSTOMERS, json=customer("10", "+number;"), headers={"accept": "text/html"})
    assert (answer.status_code, answer.text) == (400, "Invalid numbers: '+number;'")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("Active", "text/plain", 204),
        ("Passive", "text/plain;charset=UTF-8", 204),
        ("Handled", "text/plain", 400),
        ('"Active"', "application/json", 415),
    ],
)
def test_status_takes_plain_active_or_passive_only(
    client: httpx.Client, body: str, content_type: str, expected: int
) -> None:
    """A status is written as text/plain, and only Active and Passive can be written."""
    answer = client.put(f"{OBI}/campaigns/{RENEWALS_ID}/status", content=body, headers={"content-type": content_type})
    assert answer.status_code == expected


def test_status_is_read_back(client: httpx.Client) -> None:
    """A written status is the campaign's status and decides the dialer's."""
    client.put(f"{OBI}/campaigns/{RENEWALS_ID}/status", content="Passive", headers={"content-type": "text/plain"})
    campaign = client.get(f"{OBI}/campaigns/{RENEWALS_ID}").json()
    assert (campaign["status"], campaign["dialerStatus"]) == ("Passive", "PASSIVE")


def test_basic_login_is_demanded(client: httpx.Client, obi: SinchObi) -> None:
    """With basic authentication, a missing or wrong login is 401 with a challenge."""
    obi.knobs.change({"require_auth": "basic", "username": "u", "password": "p"})
    missing = client.get(f"{OBI}/campaigns")
    wrong = client.get(f"{OBI}/campaigns", auth=("u", "x"))
    right = client.get(f"{OBI}/campaigns", auth=("u", "p"))
    assert [missing.status_code, wrong.status_code, right.status_code] == [401, 401, 200]
    assert missing.headers["www-authenticate"].startswith("Basic")


def test_api_key_is_demanded_beside_the_login(client: httpx.Client, obi: SinchObi) -> None:
    """With basic+key, a missing or wrong key is 403 whatever the login says."""
    obi.knobs.change({"require_auth": "basic+key", "username": "u", "password": "p", "api_key": "k"})
    login = ("u", "p")
    missing = client.get(f"{OBI}/campaigns", auth=login)
    wrong = client.get(f"{OBI}/campaigns", auth=login, headers={"x-api-key": "z"})
    right = client.get(f"{OBI}/campaigns", auth=login, headers={"x-api-key": "k"})
    bad_login = client.get(f"{OBI}/campaigns", headers={"x-api-key": "k"})
    assert [a.status_code for a in (missing, wrong, right, bad_login)] == [403, 403, 200, 401]


def test_hidden_campaign_is_absent_not_forbidden(client: httpx.Client, obi: SinchObi) -> None:
    """A user without the right sees fewer rows, and 404 for the campaign itself."""
    obi.knobs.hide_campaigns = [RENEWALS_ID]
    listed = {row["id"] for row in client.get(f"{OBI}/campaigns").json()}
    assert RENEWALS_ID not in listed
    assert len(listed) == 4
    assert client.get(f"{OBI}/campaigns/{RENEWALS_ID}").status_code == 404


# --- ids and paths ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/campaigns/123", f"/campaigns/{'G' * 32}", f"/campaigns/{RENEWALS_ID}/customers/x"])
def test_malformed_id_is_400_as_text(client: httpx.Client, path: str) -> None:
    """An id that is neither id32 nor id36 is 400 text/plain and is quoted."""
    answer = client.get(f"{OBI}{path}")
    assert (answer.status_code, answer.text) == (400, f"Invalid GUID: '{path.rsplit('/', 1)[1]}'")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("written", [ID36, RENEWALS_ID.lower()])
def test_id36_and_lower_case_find_the_campaign(client: httpx.Client, written: str) -> None:
    """Hyphens and case of an id make no difference; answers carry the upper-case id32."""
    assert client.get(f"{OBI}/campaigns/{written}").json()["id"] == RENEWALS_ID


@pytest.mark.parametrize(
    "path",
    [
        "/campaigns/" + UNKNOWN_ID,
        f"/campaigns/{UNKNOWN_ID}/customers",
        f"/campaigns/{RENEWALS_ID}/customers/{UNKNOWN_ID}",
        "/nothing",
    ],
)
def test_unknown_record_is_404_as_text(client: httpx.Client, path: str) -> None:
    """What does not exist is 404 text/plain in the vendor's words."""
    answer = client.get(f"{OBI}{path}")
    assert (answer.status_code, answer.text) == (404, "HTTP 404 Not Found")


def test_customer_cannot_be_updated(client: httpx.Client, send: BatchSender) -> None:
    """OBI has no update: PUT on a customer is 405."""
    [created] = send(customer("1"))
    assert client.put(f"{CUSTOMERS}/{created['id']}", json=customer("1")).status_code == 405


# --- batches: the per-entry semantics -----------------------------------------------------------


def test_valid_entries_are_201_with_ids_in_order(send: BatchSender, obi: SinchObi) -> None:
    """Each stored entry answers 201 and the id32 of its own customer, in the order of the request."""
    results = send(customer("a"), customer("b"), customer("c"))
    assert results == [
        {"statusCode": 201, "id": obi.store.find(RENEWALS_ID, external_id)[0].id} for external_id in "abc"
    ]
    assert all(len(result["id"]) == 32 and result["id"] == result["id"].upper() for result in results)


def test_bad_entry_is_400_and_the_others_are_stored(send: BatchSender, obi: SinchObi) -> None:
    """Without stop, a bad entry fails alone and HTTP says 200."""
    results = send(customer("a"), customer("b", "+number;"), customer("c"))
    assert statuses(results) == [201, 400, 201]
    assert results[1]["error"] == "Invalid numbers: '+number;'"
    assert sorted(external_id for _, external_id in obi.store.creations) == ["a", "c"]


def test_stop_stores_nothing_when_one_entry_is_bad(send: BatchSender, obi: SinchObi) -> None:
    """With stop, one bad entry leaves nothing stored, and valid entries answer 200 without an id."""
    results = send(customer("a"), customer("b", "x"), stopProcessIfInvalidEntriesFound="true")
    assert results == [{"statusCode": 200}, {"error": "Invalid numbers: 'x'", "statusCode": 400}]
    assert obi.store.creations == {}


def test_stop_stores_all_when_all_are_valid(send: BatchSender) -> None:
    """With stop and no bad entry, every entry is 201."""
    assert statuses(send(customer("a"), customer("b"), stopProcessIfInvalidEntriesFound="true")) == [201, 201]


def test_stored_external_id_is_not_unique(send: BatchSender, obi: SinchObi) -> None:
    """An externalId that the campaign has answers the documented error, and nothing is stored again."""
    send(customer("007"))
    assert send(customer("007")) == [{"error": "Invalid externalId: 007 : Value is not unique", "statusCode": 400}]
    assert obi.store.creations == {(RENEWALS_ID, "007"): 1}


def test_external_id_twice_in_one_request_first_wins(send: BatchSender) -> None:
    """Without stop, the first of two entries with one externalId is stored."""
    assert statuses(send(customer("007"), customer("1"), customer("007"))) == [201, 201, 400]


def test_external_id_twice_in_one_request_all_fail_by_knob(send: BatchSender, obi: SinchObi) -> None:
    """With the knob, every entry of a repeated externalId fails."""
    obi.knobs.duplicate_in_request = "all_fail"
    assert statuses(send(customer("007"), customer("1"), customer("007"))) == [400, 201, 400]


def test_external_id_twice_in_one_request_all_fail_with_stop(send: BatchSender) -> None:
    """With stop, both entries are marked as in the vendor's example."""
    results = send(customer("007"), customer("1"), customer("007"), stopProcessIfInvalidEntriesFound="true")
    assert statuses(results) == [400, 200, 400]
    assert {result.get("error") for result in results} == {None, "Invalid externalId: 007 : Value is not unique"}


@pytest.mark.parametrize(("scope", "expected"), [("campaign", 201), ("system", 400)])
def test_external_id_scope_is_a_knob(
    client: httpx.Client, send: BatchSender, obi: SinchObi, scope: Any, expected: int
) -> None:
    """An externalId of another campaign is free, or taken when the scope is the system."""
    obi.knobs.external_id_scope = scope
    client.post(f"{OBI}/campaigns/{SPRING_PROMO_ID}/customers/list", json=[customer("1")])
    assert statuses(send(customer("1"))) == [expected]


def test_oracle_counts_resends_where_the_vendor_does_not_refuse_them(send: BatchSender, obi: SinchObi) -> None:
    """Without uniqueness at the vendor, a lead sent twice is stored twice and counted as a duplicate."""
    obi.knobs.unique_external_id = False
    send(customer("1"))
    send(customer("1"))
    assert obi.store.creations == {(RENEWALS_ID, "1"): 2}
    assert obi.store.summary()["duplicates"] == 1


def test_absent_external_id_is_generated(send: BatchSender, client: httpx.Client) -> None:
    """Without an externalId the system makes one, so that a retry stores the lead again."""
    first, second = send(customer(), customer())
    rows = client.get(CUSTOMERS).json()
    assert [row["id"] for row in rows] == [first["id"], second["id"]]
    assert len({row["externalId"] for row in rows}) == 2


def test_sent_id_is_ignored(send: BatchSender) -> None:
    """The id is the system's own, whatever the client sends."""
    [result] = send(customer("1", id=UNKNOWN_ID))
    assert result["statusCode"] == 201
    assert result["id"] != UNKNOWN_ID


def test_invalid_requests_are_400_as_a_whole(client: httpx.Client) -> None:
    """A body that is no JSON array of objects is 400 and has no per-entry results."""
    headers = {"content-type": "application/json"}
    bodies = [b"{", b"{}", b"[1]"]
    assert [client.post(LIST, content=body, headers=headers).status_code for body in bodies] == [400] * 3


@pytest.mark.parametrize(("over_max", "expected"), [("accept", 200), ("413", 413), ("400", 400)])
def test_too_large_batch_is_a_knob(client: httpx.Client, obi: SinchObi, over_max: Any, expected: int) -> None:
    """More entries than `max_batch` are accepted, or refused whole as the knob says."""
    obi.knobs.change({"max_batch": 2, "over_max": over_max})
    answer = client.post(LIST, json=[customer(name) for name in "abc"])
    assert answer.status_code == expected
    assert len(obi.store.creations) == (3 if expected == 200 else 0)


def test_poisoned_entry_refuses_the_whole_request(client: httpx.Client, obi: SinchObi) -> None:
    """One poisoned externalId makes the request 400 text/plain; without it the rest is stored."""
    obi.knobs.poison = ["bad"]
    refused = client.post(LIST, json=[customer("a"), customer("bad")])
    assert refused.status_code == 400
    assert refused.headers["content-type"].startswith("text/plain")
    assert obi.store.creations == {}
    assert statuses(client.post(LIST, json=[customer("a")]).json()) == [201]


@pytest.mark.parametrize(("knob", "expected"), [("400", 400), ("accept", 200)])
def test_closed_campaign_takes_customers_by_knob_only(
    client: httpx.Client, obi: SinchObi, knob: Any, expected: int
) -> None:
    """An Expired campaign refuses customers, unless the knob accepts them."""
    obi.knobs.closed_campaign = knob
    answer = client.post(f"{OBI}/campaigns/{OLD_CAMPAIGN_ID}/customers/list", json=[customer("1")])
    assert answer.status_code == expected


def test_passive_campaign_takes_customers(client: httpx.Client) -> None:
    """Adding to a Passive campaign is not forbidden."""
    answer = client.post(f"{OBI}/campaigns/{TEST_CAMPAIGN_ID}/customers/list", json=[customer("1")])
    assert statuses(answer.json()) == [201]


# --- numbers, attributes and fields -------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "stored"),
    [
        ("0215428754", "0215428754"),
        ("+52145200;", "+52145200"),
        ("1;2;+3", "1;2;+3"),
        ("1;2;3;", "1;2;3"),
    ],
)
def test_numbers_are_up_to_three_with_optional_plus(
    send: BatchSender, client: httpx.Client, numbers: str, stored: str
) -> None:
    """Up to three numbers of digits pass, a plus may lead each, and one trailing semicolon is dropped."""
    assert statuses(send(customer("1", numbers))) == [201]
    assert client.get(CUSTOMERS).json()[0]["numbers"] == stored


@pytest.mark.parametrize("numbers", ["+number;", "1;2;3;4", "+", "1;;2", "12 34", "1;;", "٣"])
def test_other_numbers_are_invalid_and_quoted_raw(send: BatchSender, numbers: str) -> None:
    """Anything else is refused with the raw text."""
    assert send(customer("1", numbers)) == [{"error": f"Invalid numbers: '{numbers}'", "statusCode": 400}]


def test_number_can_be_rejected_by_knob(send: BatchSender, obi: SinchObi) -> None:
    """A number of the knob's list fails its entry, wherever it stands in `numbers`."""
    obi.knobs.reject_numbers = ["222"]
    results = send(customer("1", "111;222"), customer("2", "2222"))
    assert results[0] == {"error": "Invalid numbers: '111;222'", "statusCode": 400}
    assert results[1]["statusCode"] == 201


def test_phone_attributes_stand_in_for_numbers(send: BatchSender, client: httpx.Client) -> None:
    """Without `numbers`, Phone1 to Phone3 are the numbers in that order."""
    send({"externalId": "1", "attributes": wrapped(Phone2="22", City="Rome", Phone1="11")})
    [row] = client.get(CUSTOMERS).json()
    assert row["numbers"] == "11;22"
    assert row["attributes"] == wrapped(City="Rome", Phone1="11", Phone2="22")


def test_numbers_or_phone1_is_mandatory(send: BatchSender) -> None:
    """An entry without `numbers` and without Phone1 is refused."""
    results = send({"externalId": "1"}, {"externalId": "2", "attributes": wrapped(Phone2="22")})
    assert statuses(results) == [400, 400]


def test_numbers_overrule_phone_attributes(send: BatchSender, client: httpx.Client) -> None:
    """With `numbers`, the client's phone attributes are dropped and rebuilt."""
    send(customer("1", "5;6", attributes=wrapped(Phone1="9", Phone3="8", City="Rome")))
    assert client.get(CUSTOMERS).json()[0]["attributes"] == wrapped(City="Rome", Phone1="5", Phone2="6")


@pytest.mark.parametrize(("knob", "expected"), [("reject", 400), ("accept", 200)])
def test_bare_attributes_are_a_knob(client: httpx.Client, obi: SinchObi, knob: Any, expected: int) -> None:
    """Attributes that are not wrapped make the request 400, unless the knob accepts them."""
    obi.knobs.bare_attributes = knob
    bare = [{"name": "City", "value": "Rome"}]
    assert client.post(LIST, json=[customer("1", attributes=bare)]).status_code == expected


@pytest.mark.parametrize("attributes", ["text", {"attribute": [1]}, {"attribute": [{"name": "City"}]}])
def test_attribute_without_name_and_value_is_invalid(send: BatchSender, attributes: Any) -> None:
    """An attribute that is no pair of name and value fails its entry."""
    assert statuses(send(customer("1", attributes=attributes))) == [400]


@pytest.mark.parametrize(
    "fields",
    [
        {"timeZone": "Mars/Base"},
        {"dialingMode": "MANUAL"},
        {"priority": "high"},
        {"previewTime": True},
        {"date": "tomorrow"},
        {"agentId": 7},
        {"externalId": 7},
    ],
)
def test_field_of_wrong_value_is_invalid(send: BatchSender, fields: dict[str, Any]) -> None:
    """A field that does not fit its documented type fails its entry, by name."""
    [result] = send({"numbers": "1", **fields})
    assert result["statusCode"] == 400
    assert result["error"].startswith(f"Invalid {next(iter(fields))}: ")


def test_customer_is_read_back_whole(client: httpx.Client, send: BatchSender) -> None:
    """A customer reads as it was written, with the system's own fields beside."""
    written = customer("10", "1;2", timeZone="Europe/Helsinki", priority=3, date="2026-03-02T08:00:00Z")
    [created] = send({**written, "attributes": wrapped(City="Rome"), "unknown": 1})
    assert client.get(f"{CUSTOMERS}/{created['id']}").json() == {
        **written,
        "id": created["id"],
        "dialingMode": "PREDICTIVE",
        "callCount": 0,
        "lastBNumber": 0,
        "modificationDate": "2026-03-01T12:00:00.000Z",
        "attributes": wrapped(City="Rome", Phone1="1", Phone2="2"),
    }


@pytest.mark.parametrize("has_sentinel", [True, False])
def test_absent_date_is_the_sentinel_or_nothing(
    client: httpx.Client, send: BatchSender, obi: SinchObi, has_sentinel: bool
) -> None:
    """A customer without a date reads 9999-12-31, or has no date when the knob is off."""
    obi.knobs.sentinel_dates = has_sentinel
    send(customer("1"))
    assert client.get(CUSTOMERS).json()[0].get("date") == ("9999-12-31T23:59:59Z" if has_sentinel else None)


def test_single_attribute_collapses_by_knob(client: httpx.Client, send: BatchSender, obi: SinchObi) -> None:
    """With the knob, a wrapper of one attribute holds an object; a wrapper of two keeps its array."""
    obi.knobs.collapse_single = True
    send(customer("1", "5"), customer("2", "5;6"))
    one, two = client.get(CUSTOMERS).json()
    assert one["attributes"] == {"attribute": {"name": "Phone1", "value": "5"}}
    assert two["attributes"] == wrapped(Phone1="5", Phone2="6")


# --- deletion -----------------------------------------------------------------------------------


def test_deleted_customer_is_gone_and_frees_its_external_id(
    client: httpx.Client, send: BatchSender, obi: SinchObi
) -> None:
    """DELETE is 204, then the customer is 404, its externalId may be used again, and that is counted."""
    [created] = send(customer("1"))
    path = f"{CUSTOMERS}/{created['id']}"
    assert [client.delete(path).status_code, client.get(path).status_code] == [204, 404]
    assert statuses(send(customer("1"))) == [201]
    assert obi.store.creations == {(RENEWALS_ID, "1"): 2}


# --- reading: filters, windows, paging ----------------------------------------------------------


def test_customers_page_by_offset_and_limit(client: httpx.Client, send: BatchSender) -> None:
    """A read without paging stops at 100 customers; offset and limit cut in the order of creation."""
    send(*[customer(str(n)) for n in range(105)])
    assert ids_of(client.get(CUSTOMERS)) == [str(n) for n in range(100)]
    assert ids_of(client.get(CUSTOMERS, params={"offset": 98, "limit": 4})) == ["98", "99", "100", "101"]
    assert ids_of(client.get(CUSTOMERS, params={"offset": 200})) == []


@pytest.mark.parametrize("parameters", [{"limit": "x"}, {"offset": "-1"}, {"modificationDate": "x"}, {"dateEnd": ""}])
def test_bad_page_or_date_is_400(client: httpx.Client, parameters: dict[str, str]) -> None:
    """A page or a window that cannot be read is 400."""
    assert client.get(CUSTOMERS, params=parameters).status_code == 400


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"externalId": "crm-1"}, ["crm-1"]),
        ({"externalId": "crm-?"}, ["crm-1", "crm-2"]),
        ({"externalId": "crm*"}, ["crm-1", "crm-2", "crm-10"]),
        ({"externalId": "none"}, []),
        ({"numbers": "+49*"}, ["crm-2"]),
        ({"priority": "3"}, ["crm-10"]),
        ({"externalId": "crm-?", "numbers": "1*"}, ["crm-1"]),
        ({"result": "*"}, []),
        ({"misspelt": "x"}, ["crm-1", "crm-2", "crm-10"]),
        ({"attributeName": "Grade", "attributeValue": "go*"}, ["crm-1"]),
        ({"attributeName": "Grade"}, ["crm-1", "crm-2"]),
    ],
)
def test_customers_filter_by_field_and_attribute(
    client: httpx.Client, send: BatchSender, parameters: dict[str, str], expected: list[str]
) -> None:
    """Filters join, `*` and `?` are wildcards, and a parameter that is no filter says nothing."""
    send(
        customer("crm-1", "111", attributes=wrapped(Grade="gold")),
        customer("crm-2", "+49222", attributes=wrapped(Grade="silver")),
        customer("crm-10", "333", priority=3),
    )
    assert ids_of(client.get(CUSTOMERS, params=parameters)) == expected


def test_attribute_value_needs_its_name(client: httpx.Client) -> None:
    """`attributeValue` without `attributeName` is 400."""
    assert client.get(CUSTOMERS, params={"attributeValue": "gold"}).status_code == 400


def test_modification_window_excludes_its_ends(client: httpx.Client, send: BatchSender, obi: SinchObi) -> None:
    """`modificationDate` means after and `modificationDateEnd` before; the moment itself is neither."""
    for hour in (1, 2, 3):
        obi.store.clock = partial(datetime, 2026, 3, 1, hour, tzinfo=UTC)
        send(customer(str(hour)))
    window = {"modificationDate": "2026-03-01T01:00:00Z", "modificationDateEnd": "2026-03-01T03:00:00.000Z"}
    assert ids_of(client.get(CUSTOMERS, params=window)) == ["2"]


def test_date_window_excludes_its_ends(client: httpx.Client, send: BatchSender) -> None:
    """`date` and `dateEnd` bound the customer's date, both exclusive."""
    send(*[customer(str(day), date=f"2026-03-0{day}T00:00:00Z") for day in (1, 2, 3)])
    window = {"date": "2026-03-01T00:00:00Z", "dateEnd": "2026-03-03T00:00:00Z"}
    assert ids_of(client.get(CUSTOMERS, params=window)) == ["2"]


def test_script_is_included_on_demand(client: httpx.Client, send: BatchSender, obi: SinchObi) -> None:
    """A list carries the script only with includeScript=true; a single read always does."""
    script = {"name": "Sales", "answers": [{"question": "Buy?", "answer": "yes"}]}
    [created] = send(customer("1"))
    obi.store.record_outcome(RENEWALS_ID, "1", {"result": "SUCCESS", "script": script})
    assert "script" not in client.get(CUSTOMERS).json()[0]
    assert client.get(CUSTOMERS, params={"includeScript": "true"}).json()[0]["script"] == script
    assert client.get(f"{CUSTOMERS}/{created['id']}").json()["script"] == script


def test_campaigns_filter_by_field_and_window(client: httpx.Client) -> None:
    """Campaigns filter by wildcard and by exclusive windows; a campaign without the date is outside."""
    by_name = client.get(f"{OBI}/campaigns", params={"name": "Test*"}).json()
    by_status = client.get(f"{OBI}/campaigns", params={"status": "Active", "name": "Re*"}).json()
    by_start = client.get(f"{OBI}/campaigns", params={"startDate": "2020-12-20T21:59:59Z"}).json()
    assert [row["name"] for row in by_name] == ["Test Campaign", "Test Preview Campaign"]
    assert [row["name"] for row in by_status] == ["Renewals"]
    assert [row["name"] for row in by_start] == ["Test Campaign"]


def test_campaign_counts_its_customers(client: httpx.Client, send: BatchSender, obi: SinchObi) -> None:
    """Total, handled and notHandled follow the customers and their results."""
    send(customer("1"), customer("2"))
    obi.store.record_outcome(RENEWALS_ID, "2", {"result": "SUCCESS"})
    campaign = client.get(f"{OBI}/campaigns/{RENEWALS_ID}").json()
    assert (campaign["total"], campaign["handled"], campaign["notHandled"]) == (2, 1, 1)
    assert campaign["dialer"] == campaign["dialerId"]


# --- control and oracle -------------------------------------------------------------------------


def test_state_reports_counts(client: httpx.Client, send: BatchSender, obi: SinchObi) -> None:
    """The state tells customers by campaign, requests by operation, and what was received."""
    send(customer("1"), customer("2", "x"))
    client.get(CUSTOMERS)
    state = client.get("/_sandbox/state").json()
    assert state["campaigns"][RENEWALS_ID] == {
        "name": "Renewals",
        "status": "Active",
        "customers": 1,
        "duplicates": 0,
    }
    assert state["requests"] == {"create_customers": 1, "list_customers": 1}
    assert state["received"] == 2
    assert obi.store.received_external_ids == {"1": 1, "2": 1}


def test_campaign_is_placed_and_store_emptied(client: httpx.Client) -> None:
    """A campaign is created with its given id; `reset` leaves it alone in the store."""
    placed = {"id": UNKNOWN_ID, "name": "Mine", "status": "Handled", "reset": True}
    assert client.post("/_sandbox/campaigns", json=placed).status_code == 201
    [campaign] = client.get(f"{OBI}/campaigns").json()
    assert (campaign["id"], campaign["name"], campaign["status"]) == (UNKNOWN_ID, "Mine", "Handled")


def test_outcome_is_placed(client: httpx.Client, send: BatchSender, obi: SinchObi) -> None:
    """An outcome put in by control is read as the dialer's, and moves the modification date."""
    send(customer("1"))
    obi.store.clock = lambda: datetime(2026, 3, 2, tzinfo=UTC)
    outcome = {"campaignId": RENEWALS_ID, "externalId": "1", "result": "SUCCESS", "callCount": 2}
    assert client.post("/_sandbox/outcomes", json=outcome).status_code == 204
    [row] = client.get(CUSTOMERS, params={"result": "SUCC*"}).json()
    assert (row["callCount"], row["modificationDate"]) == (2, "2026-03-02T00:00:00.000Z")


def test_bad_control_requests_are_400_and_change_nothing(client: httpx.Client, obi: SinchObi) -> None:
    """Control names what is wrong, and leaves knobs and campaigns as they were."""
    answers = [
        client.post("/_sandbox/knobs", json={"max_batch": "many"}),
        client.post("/_sandbox/knobs", json={"max_batch": 7, "no_such_knob": 1}),
        client.post("/_sandbox/campaigns", json={"name": "no id", "reset": True}),
        client.post("/_sandbox/outcomes", json={"campaignId": RENEWALS_ID, "externalId": "none"}),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4
    assert obi.knobs.max_batch == 100
    assert len(obi.store.campaigns) == 5
    assert client.get("/_sandbox/nothing").status_code == 404


def test_knobs_change_over_http(client: httpx.Client, obi: SinchObi) -> None:
    """A knob posted is a knob set, with effect on the next request."""
    answer = client.post("/_sandbox/knobs", json={"require_auth": "basic", "latency_ms": 1})
    assert answer.json()["require_auth"] == "basic"
    assert client.get(f"{OBI}/campaigns").status_code == 401
    assert client.get("/_sandbox/health").json() == {"status": "ok"}


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_command_announces_its_address_and_stops_on_a_signal(tmp_path: Any, stop_signal: signal.Signals) -> None:
    """`python -m sandbox` prints one JSON line, answers, and exits with 0 on SIGTERM and SIGINT."""
    config = tmp_path / "seed.json"
    seeds = {"campaigns": [{"id": UNKNOWN_ID, "name": "Mine"}], "knobs": {"max_batch": 5}}
    config.write_text(json.dumps({"sinch": seeds}))
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--latency-ms", "1", "--seed-config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["sinch"]
        assert httpx.get(f"{url}{OBI}/campaigns/{UNKNOWN_ID}").json()["name"] == "Mine"
        assert httpx.get(f"{url}/_sandbox/knobs").json()["max_batch"] == 5
        process.send_signal(stop_signal)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file or directory"),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ('{"nobody": {}}', "there is no double 'nobody'; there are: sinch, sobot, sobot-second-host, platform, jtel"),
        ('{"sinch": {"knobs": {"max_batch": "5"}}}', "field 'max_batch' does not take '5'"),
        ('{"sinch": {"faults": [{"kind": "rain"}]}}', "a fault is an object with a kind of: lost_after_commit, "),
        ('{"sinch": {"campaigns": [{"id": "x"}]}}', "Invalid GUID: 'x'"),
        ('{"sinch": {"clouds": [{}]}}', "sinch: there is nothing that is called clouds"),
    ],
)
def test_seeds_that_cannot_be_are_a_sentence(tmp_path: Path, content: str | None, sentence: str) -> None:
    """Nothing is served then."""
    seeds = tmp_path / "seeds.json"
    if content is not None:
        seeds.write_text(content)
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--seed-config", str(seeds)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith(f"sandbox: {seeds}: {sentence}")
