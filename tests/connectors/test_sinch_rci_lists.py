"""RCI's lists: what they show, pages, order, filters, and rows looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import ContractError
from connectors.sinch.rci import RciClient
from connectors.sinch.rci_models import UserShort
from sandbox.server import SandboxServer
from sandbox.sinch import rci_seeds as seeds
from sandbox.sinch.rci import SinchRci
from tests.rci_factories import connect


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer[SinchRci]]:
    with SandboxServer(SinchRci()) as running:
        yield running


@pytest.fixture(scope="module")
def opened(server: SandboxServer[SinchRci]) -> Iterator[RciClient]:
    client = connect(server)
    yield client
    client.close()


@pytest.fixture
def rci(server: SandboxServer[SinchRci]) -> SinchRci:
    """The double in its first state."""
    server.vendor.reset()
    server.faults.clear()
    return server.vendor


@pytest.fixture
def client(opened: RciClient, rci: SinchRci) -> RciClient:
    """A client of the double, whose state is fresh."""
    return opened


def add_users(rci: SinchRci, count: int) -> None:
    """So many users more, in the order of their surnames."""
    for number in range(count):
        rci.store.put("/users", {"firstName": "A", "surname": f"U{number:04}", "email": f"u{number}@example.com"})


def test_users_show_what_the_query_asks_for(client: RciClient) -> None:
    """The list is short; a field is told when the query filters by it."""
    assert list(client.users(surname="Fox")) == [UserShort(id=seeds.FOX_ID, first_name="John", surname="Fox")]
    [fox] = client.users(email="*", phone="5?1")
    assert fox == UserShort(
        id=seeds.FOX_ID, first_name="John", surname="Fox", email="john.fox@example.com", phone="501"
    )
    assert client.user(fox.id).login == "John.Fox"


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (96, 1), (97, 2), (98, 2), (247, 3)])
def test_users_are_read_to_the_last_page(client: RciClient, rci: SinchRci, count: int, requests: int) -> None:
    """More than the hundred of a page; a short page is the last. Three users are there from the start."""
    add_users(rci, count)
    assert len({user.id for user in client.users()}) == count + 3
    assert rci.store.requests["GET /users"] == requests


def test_larger_pages_are_not_taken_for_the_last(server: SandboxServer[SinchRci], rci: SinchRci) -> None:
    """A vendor that gives at most a hundred rows, whatever is asked, is still read to its end."""
    add_users(rci, 247)
    rci.knobs.max_limit = 100
    with closing(connect(server, page_limit=1000)) as client:
        assert len(list(client.users())) == 250


def test_row_that_moves_between_pages_is_told_once(server: SandboxServer[SinchRci], rci: SinchRci) -> None:
    """A user who is made while the list is read moves the others down; none is told twice."""
    add_users(rci, 5)
    with closing(connect(server, page_limit=2)) as client:
        rows = client.users(first_name="A", sort="surname")
        first = [next(rows), next(rows)]
        rci.store.put("/users", {"firstName": "A", "surname": "B"})
        assert [user.surname for user in (*first, *rows)] == [f"U{number:04}" for number in range(5)]


def test_offset_that_is_not_heeded_breaks_the_contract(client: RciClient, rci: SinchRci) -> None:
    """The same full page again and again is an error, not an endless list and not a short one."""
    add_users(rci, 150)
    rci.knobs.ignore_offset = True
    with pytest.raises(ContractError, match=r"^sinch users: a page repeats the one before: offset is not heeded$"):
        list(client.users())


@pytest.mark.parametrize(
    ("offset", "limit", "surnames"),
    [(1, None, ["Fox", "Frog"]), (0, 2, ["Duck", "Fox"]), (1, 1, ["Fox"]), (3, 5, []), (0, 0, [])],
)
def test_offset_and_limit_cut_the_list(client: RciClient, offset: int, limit: int | None, surnames: list[str]) -> None:
    """`offset` rows are passed over, and no more than `limit` are told."""
    assert [user.surname for user in client.users(sort="surname", offset=offset, limit=limit)] == surnames


@pytest.mark.parametrize("sort", ["-surname", "first_name, -surname", ["-surname", "LOCALE-de"], "-surname ,LOCALE-en"])
def test_sort_is_sent_without_blanks(client: RciClient, sort: Any) -> None:
    """The document's examples print blanks that the vendor would not know; none is sent."""
    expected = ["Duck", "Fox", "Frog"] if "first_name" in sort else ["Frog", "Fox", "Duck"]
    assert [user.surname for user in client.users(sort=sort)] == expected


@pytest.mark.parametrize(
    ("name", "filters", "found"),
    [
        ("users", {"first_name": " John "}, [seeds.FOX_ID]),
        ("users", {"surname": "F*"}, [seeds.FOX_ID, seeds.FROG_ID]),
        ("users", {"external_id": "agent-?", "surname": "*ck"}, [seeds.DUCK_ID]),
        ("user_groups", {"name": "IT"}, [seeds.IT_ID]),
        ("user_groups", {"id": seeds.IT_ID}, [seeds.IT_ID]),
        ("queues", {"address": "101"}, [seeds.SALES_QUEUE_ID]),
        ("queues", {"description": "Sales*", "name": "*chat"}, [seeds.CHAT_QUEUE_ID]),
        ("queue_groups", {"description": "*Support*"}, [seeds.SUPPORT_GROUP_ID]),
        ("roles", {"name": "CC A*"}, [seeds.AGENT_ROLE_ID]),
        ("skills", {"name": "Deutsch"}, [seeds.GERMAN_ID]),
        ("time_zones", {"name": "*Berlin*"}, ["Europe/Berlin"]),
        ("prs_profiles", {"reason": "VACATION"}, ["12684EA701114105A1D73F532AB80C28"]),
        ("messaging_services", {"type": "twilio"}, [seeds.SERVICE_ID]),
        ("reply_templates", {"keyword": "proble*"}, [seeds.TEMPLATE_ID]),
        ("reply_templates", {"keyword": ["none", "proble*,apple"]}, [seeds.TEMPLATE_ID]),
        ("reply_templates", {"queue_id": seeds.CHAT_QUEUE_ID}, [seeds.TEMPLATE_ID]),
        ("reply_templates", {"language": "FI"}, ["611D51A367C54C2F8D30C032B48D847E"]),
        ("custom_ivrs", {"active": True}, [seeds.IVR_ID]),
        ("custom_ivrs", {"active": "false"}, ["CA7F01B89F9D4640945DFBDF4142729D"]),
        ("custom_ivrs", {"attribute_name": "Name", "attribute_value": "Me*"}, [seeds.IVR_ID]),
        ("audio_prompts", {"loop_type": "RANDOM"}, ["EFF0CF25BC374F2982225C83BB21B3F3"]),
        ("cp_extensions", {"hidden": True}, ["CDEFCDBFDFE547EBA03DE7097BAF0672"]),
        ("disruption_sets", {"external_id": "set1"}, [seeds.SET_ID]),
    ],
)
def test_filter_narrows_the_list(client: RciClient, name: str, filters: dict[str, Any], found: list[str]) -> None:
    """Each field that the document names for a list narrows it, with wildcards, without blanks."""
    assert [row.id for row in getattr(client, name)(**filters)] == found


@pytest.mark.parametrize(
    ("name", "owner", "filters", "count"),
    [
        ("queue_group_queues", seeds.SALES_GROUP_ID, {"name": "Sales c*"}, 1),
        ("disruption_set_items", seeds.SET_ID, {"prompt_id": "C732A0C6-5336-490B-8D19-0F43E1B878F4"}, 1),
        ("disruption_set_items", seeds.SET_ID, {"type": "WHERE", "external_id": "1.*"}, 1),
        ("disruption_set_events", seeds.SET_ID, {"active": False}, 1),
        ("disruption_set_events", seeds.SET_ID, {"active": True}, 0),
        ("disruption_set_events", seeds.SET_ID, {"created": "2020-12-01T00:00:00Z"}, 1),
        ("disruption_set_events", seeds.SET_ID, {"modified_end": datetime(2020, 12, 1, tzinfo=UTC)}, 0),
        ("disruption_set_events", seeds.SET_ID, {"active_from": "2021-01-06", "active_to_end": "2021-01-09"}, 1),
    ],
)
def test_filter_narrows_the_list_of_an_object(
    client: RciClient, name: str, owner: str, filters: dict[str, Any], count: int
) -> None:
    """Lists that belong to an object are narrowed by fields, by a state, and by times."""
    assert len(list(getattr(client, name)(owner, **filters))) == count


@pytest.mark.parametrize(
    ("name", "ids", "filters", "count"),
    [
        ("roles", (), {"name": "CC A*"}, 1),
        ("roles", (), {"name": "cc agent"}, 1),
        ("queues", (), {"address": "101"}, 1),
        ("cp_extensions", (), {"hidden": True}, 1),
        ("cp_extensions", (), {"name": "MyExtension3"}, 2),
        ("users", (), {"email": "john*"}, 2),
        ("reply_templates", (), {"keyword": "issue", "queue_id": seeds.CHAT_QUEUE_ID}, 2),
        ("disruption_set_events", (seeds.SET_ID,), {"created_end": "2020-12-01T00:00:00Z"}, 0),
        ("disruption_set_events", (seeds.SET_ID,), {"created_end": "2020-12-28T12:01:00Z"}, 1),
        ("disruption_set_events", (seeds.SET_ID,), {"created": "2020-12-28T12:01:00.000Z"}, 1),
    ],
)
def test_filter_that_the_vendor_ignores_is_applied_here(
    client: RciClient, rci: SinchRci, name: str, ids: tuple[str, ...], filters: dict[str, Any], count: int
) -> None:
    """A row that shows the field and does not fit is left out; one that does not show it, or may fit, is told."""
    rci.store.objects["/users"].pop(seeds.FROG_ID)
    rci.store.objects["/users"][seeds.FOX_ID]["email"] = "john@example.com"
    rci.knobs.ignore_filters = True
    assert len(list(getattr(client, name)(*ids, **filters))) == count


def test_list_is_asked_when_the_first_row_is_wanted(client: RciClient, rci: SinchRci) -> None:
    """A list is checked at once and asked for late; each page only when it is needed."""
    rows = client.users()
    assert rci.store.requests == {}
    next(rows)
    assert rci.store.requests["GET /users"] == 1
