"""The 109 operations of RCI over a socket: each does what it says, and survives the vendor's oddities."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.errors import (
    AuthenticationError,
    ContractError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    UnavailableError,
)
from connectors.sinch.auth import basic_auth, key_headers
from connectors.sinch.models import normalise_id
from connectors.sinch.rci import RciClient
from connectors.sinch.rci_models import (
    Attribute,
    Authentication,
    DisruptionEvent,
    EventItem,
    Queue,
    TimeZone,
    User,
    UserSkill,
)
from sandbox.faults import Fault
from sandbox.server import SandboxServer
from sandbox.sinch import rci_seeds as seeds
from sandbox.sinch.rci import SinchRci
from sandbox.sinch.rci_table import ROUTES
from tests.rci_factories import (
    ATTRIBUTES,
    LINKS,
    OPERATIONS,
    READ_ONLY,
    RESOURCES,
    SKILL_OPERATIONS,
    SOURCE_OPERATIONS,
    Resource,
    arguments,
    connect,
    perform,
    told,
)

ABSENT_ID = "F" * 32
ID36 = "2CADB6A1-3712-4F13-BC68-938E2B5FEFC1"


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


# --- the table ----------------------------------------------------------------------------------


def test_table_is_that_of_the_document() -> None:
    """Every row of 2(d) is one operation, with the method and the path that the double has from the document."""
    assert [one.source for one in OPERATIONS.values()] == list(range(1, 110))
    asked = {f"{one.method} {one.path}" for one in OPERATIONS.values()}
    assert asked == {route.operation for route in ROUTES}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_sends_its_own_request_once(client: RciClient, rci: SinchRci, name: str) -> None:
    """Each of the 109 asks its method and path, once, and reads the answer."""
    perform(client, name)
    assert rci.store.requests == {f"{OPERATIONS[name].method} {OPERATIONS[name].path}": 1}


def test_every_operation_is_proven_by_a_behaviour() -> None:
    """The tests below, by the names in their tables, leave no operation out."""
    proven = SKILL_OPERATIONS | SOURCE_OPERATIONS | {*LINKS, *READ_ONLY, *ATTRIBUTES}
    for resource in RESOURCES.values():
        writes = ("create", "delete", "replace") if resource.few else ("create", "delete")
        proven |= {resource.one, resource.many, *(f"{verb}_{resource.one}" for verb in writes)}
    proven |= {name for one, *_ in LINKS.values() for name in (one, f"add_{one}", f"remove_{one}")}
    proven |= {one for one, *_ in (*READ_ONLY.values(), *ATTRIBUTES.values())}
    assert proven == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_help_tells_path_and_source(client: RciClient, name: str) -> None:
    """The help of an operation names what it asks and where the document says so."""
    operation, function = OPERATIONS[name], getattr(client, name)
    lines = str(inspect.getdoc(function)).splitlines()
    assert function.__name__ == name
    assert any(line.startswith(f"{operation.method} {operation.path}.") for line in lines)
    assert lines[-1] == f"Source: vendors.md, 2(d) #{operation.source}."


def test_help_tells_parameters_and_limits(client: RciClient) -> None:
    """The signature is that of the operation, and the text tells what its parameters may hold."""
    assert str(inspect.signature(client.replace_user_skill)) == "(user_id: str, skill_id: str, *, value: int) -> None"
    assert "    surname: 1 to 400 characters\n    login: 1 to 64 characters" in str(inspect.getdoc(client.create_user))
    assert list(inspect.signature(client.user_groups).parameters) == ["id", "name", "sort", "offset", "limit"]
    assert "sort" not in inspect.signature(client.reply_templates).parameters


@pytest.mark.parametrize("wrong", [{}, {"first_name": "Ada"}, {"first_name": "A", "surname": "M", "frist_name": "A"}])
def test_call_with_a_wrong_parameter_is_a_mistake_in_the_code(
    client: RciClient, rci: SinchRci, wrong: dict[str, Any]
) -> None:
    """A missing or unknown parameter is a TypeError, as of any function; nothing is sent."""
    with pytest.raises(TypeError):
        client.create_user(**wrong)
    with pytest.raises(TypeError):
        client.users(frist_name="Ada")
    assert rci.store.requests == {}


# --- what each operation does -------------------------------------------------------------------


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_resource_is_created_read_and_deleted(client: RciClient, resource: Resource) -> None:
    """What was made is read with every field, stands in its list, and is gone after its deletion."""
    made = getattr(client, f"create_{resource.one}")(*resource.owner, **resource.full)
    read = getattr(client, resource.one)(*resource.owner, made)
    assert read.id == made
    assert {name: getattr(read, name) for name in resource.full} == resource.full
    assert made in [row.id for row in getattr(client, resource.many)(*resource.owner)]
    getattr(client, f"delete_{resource.one}")(*resource.owner, made)
    assert made not in [row.id for row in getattr(client, resource.many)(*resource.owner)]
    with pytest.raises(NotFoundError, match=rf"^sinch {resource.one}: HTTP 404$"):
        getattr(client, resource.one)(*resource.owner, made)


REPLACED = {name: resource for name, resource in RESOURCES.items() if resource.few}


@pytest.mark.parametrize("resource", REPLACED.values(), ids=REPLACED)
def test_replacement_clears_what_is_not_given(client: RciClient, resource: Resource) -> None:
    """A PUT leaves the fields that it carries and no others."""
    made = getattr(client, f"create_{resource.one}")(*resource.owner, **resource.full)
    getattr(client, f"replace_{resource.one}")(*resource.owner, made, **resource.few)
    read = getattr(client, resource.one)(*resource.owner, made)
    after = resource.few | resource.cleared
    assert {name: getattr(read, name) for name in after} == after


@pytest.mark.parametrize("resource", REPLACED.values(), ids=REPLACED)
def test_replacement_of_one_field_keeps_the_others(client: RciClient, resource: Resource) -> None:
    """Read, change, write: `replacement` carries every field that may be written."""
    made = getattr(client, f"create_{resource.one}")(*resource.owner, **resource.full)
    field, value = next(iter(resource.few.items()))
    read = getattr(client, resource.one)(*resource.owner, made)
    getattr(client, f"replace_{resource.one}")(*resource.owner, made, **read.replacement(**{field: value}))
    after = getattr(client, resource.one)(*resource.owner, made)
    assert {name: getattr(after, name) for name in resource.full} == {**resource.full, field: value}


@pytest.mark.parametrize("many", LINKS)
def test_link_is_added_read_and_removed(client: RciClient, many: str) -> None:
    """What was added belongs to it, and after its removal does not; both still exist."""
    one, owner, linked = LINKS[many]
    assert getattr(client, f"add_{one}")(owner, linked) == linked
    assert getattr(client, one)(owner, linked).id == linked
    assert linked in [row.id for row in getattr(client, many)(owner)]
    getattr(client, f"remove_{one}")(owner, linked)
    assert linked not in [row.id for row in getattr(client, many)(owner)]
    with pytest.raises(NotFoundError):
        getattr(client, one)(owner, linked)


def test_link_is_seen_from_both_sides(client: RciClient) -> None:
    """A role of a user is a user of the role; removed on one side, it is gone on the other."""
    client.add_role_user(seeds.SUPERVISOR_ROLE_ID, seeds.FOX_ID)
    assert client.user_role(seeds.FOX_ID, seeds.SUPERVISOR_ROLE_ID).name == "CC Supervisor"
    client.remove_user_role(user_id=seeds.FOX_ID, role_id=seeds.SUPERVISOR_ROLE_ID)
    assert [user.surname for user in client.role_users(seeds.SUPERVISOR_ROLE_ID)] == ["Frog"]


@pytest.mark.parametrize("many", READ_ONLY)
def test_read_only_object_is_listed_and_read(client: RciClient, many: str) -> None:
    """Each row of the list is what is read by its id."""
    one, *owner = READ_ONLY[many]
    rows = list(getattr(client, many)(*owner))
    assert rows
    assert [getattr(client, one)(*owner, row.id) for row in rows] == rows


@pytest.mark.parametrize("many", ATTRIBUTES)
def test_attribute_is_added_in_its_language(client: RciClient, many: str) -> None:
    """An attribute that was made is listed, and found by its name and language."""
    create, owner = ATTRIBUTES[many]
    for language, value in (("EN", "Sales"), ("FI", "Myynti")):
        getattr(client, create)(owner, name="Name", language=language, value=value)
    found = getattr(client, many)
    assert list(found(owner, language="FI")) == [Attribute(name="Name", language="FI", value="Myynti")]
    assert [row.value for row in found(owner, name="N*")] == ["Sales", "Myynti"]
    assert list(found(owner, name="Other")) == []


def test_skill_of_a_user_has_a_value(client: RciClient) -> None:
    """A skill is added with a value, the value is changed, the skill taken away."""
    assert client.add_user_skill(seeds.FOX_ID, id=seeds.GERMAN_ID, value=2) == seeds.GERMAN_ID
    client.replace_user_skill(seeds.FOX_ID, seeds.GERMAN_ID, value=4)
    german = client.user_skill(seeds.FOX_ID, seeds.GERMAN_ID)
    assert (german, german.replacement()) == (UserSkill(id=seeds.GERMAN_ID, value=4), {"value": 4})
    assert list(client.user_skills(seeds.FOX_ID)) == [UserSkill(id=seeds.ENGLISH_ID, value=5), german]
    client.remove_user_skill(seeds.FOX_ID, seeds.GERMAN_ID)
    assert [skill.id for skill in client.user_skills(seeds.FOX_ID)] == [seeds.ENGLISH_ID]


def test_skill_of_a_user_may_show_its_name_alone(client: RciClient, rci: SinchRci) -> None:
    """The schema and the newer document disagree on a user's skill; either is read."""
    rci.knobs.skill_view = "schema"
    english = UserSkill(id=seeds.ENGLISH_ID, name="English", description="English language skill")
    assert client.user_skill(seeds.FOX_ID, seeds.ENGLISH_ID) == english
    assert list(client.user_skills(seeds.FOX_ID)) == [english]


def test_program_of_a_menu_is_read_by_version(client: RciClient) -> None:
    """The list tells versions without their text; the current version has the id that the menu names."""
    [version] = client.custom_ivr_source_codes(seeds.IVR_ID)
    assert (version.version_number, version.creation_date) == (1, datetime(2020, 1, 21, 13, 10, 33, 293000, UTC))
    code = client.custom_ivr_source_code(seeds.IVR_ID, version.id)
    assert str(code.source_code).startswith("<?xml")
    assert client.custom_ivr_current_source_code_version(seeds.IVR_ID) == code
    assert client.custom_ivr(seeds.IVR_ID).current_source_code_version_id == code.id
    with pytest.raises(NotFoundError):
        client.custom_ivr_current_source_code_version("CA7F01B89F9D4640945DFBDF4142729D")


@pytest.mark.parametrize("items", [[{"id": seeds.CAUSE_ID}], [{"externalId": "55", "type": "why"}]])
def test_event_takes_items_by_id_or_by_external_id(client: RciClient, items: Any) -> None:
    """An item is named by its id, or by externalId and type; it is sent inside the wrapper."""
    made = client.create_disruption_set_event(seeds.SET_ID, items=items)
    event = client.disruption_set_event(seeds.SET_ID, made)
    assert event.items == (EventItem(id=seeds.CAUSE_ID, external_id="55", type="WHY"),)
    assert event.created == event.modified


# --- ids ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if one.ids])
def test_operation_on_nothing_is_not_found(client: RciClient, name: str) -> None:
    """An id that names nothing is a 404, one that is no id a 400; both errors name the operation only."""
    operation = OPERATIONS[name]
    for value, kind, status in ((ABSENT_ID, NotFoundError, 404), ("no-such id?", InvalidRequestError, 400)):
        if operation.ids == ("time_zone_id",) and status == 400:
            continue  # an IANA id has no form that could be wrong
        given = arguments(operation) | {operation.ids[0]: value}
        with pytest.raises(kind) as raised:
            told(getattr(client, name)(**given))
        assert str(raised.value) == f"sinch {name}: HTTP {status}"


@pytest.mark.parametrize("value", ["", " ", ".", "..", None])
@pytest.mark.parametrize("name", ["delete_user", "remove_user_role", "add_user_role", "replace_role", "user_skill"])
def test_id_that_would_name_another_object_is_not_sent(client: RciClient, rci: SinchRci, name: str, value: Any) -> None:
    """An empty last id would be the list, `..` the owner: DELETE /users/{id}/roles/.. must never leave."""
    last = OPERATIONS[name].positional()[-1]
    with pytest.raises(InvalidRequestError) as raised:
        getattr(client, name)(**arguments(OPERATIONS[name]) | {last: value})
    assert str(raised.value) == f"sinch {name}: parameter {last} must be an id"
    assert rci.store.requests == {}


def test_ids_are_taken_in_either_spelling(client: RciClient, rci: SinchRci) -> None:
    """Hyphens and case make no difference, in the path, in a body and in a filter."""
    lower = ID36.lower()
    assert client.role(lower).name == "CC Agent"
    assert client.add_user_role(seeds.FROG_ID, lower) == normalise_id(ID36)
    assert [role.name for role in client.roles(id=lower)] == ["CC Agent"]
    rci.store.links.clear()
    hyphened = "9B87EDA4-7F39-4762-A510-811F368A0ABA"
    assert client.add_user_skill(seeds.FOX_ID, id=hyphened, value=1) == seeds.GERMAN_ID


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if one.method in ("GET", "POST")])
def test_ids_are_told_as_id32(client: RciClient, rci: SinchRci, name: str) -> None:
    """An id that the vendor answers with hyphens is the same as without, wherever it stands."""
    plain = perform(client, name)
    rci.reset()
    rci.knobs.id36 = True
    hyphened = perform(client, name)
    if isinstance(plain, str):  # the id of what was created is new each time
        assert (len(hyphened), hyphened.isalnum()) == (32, True)
    else:
        assert hyphened == plain


@pytest.mark.parametrize("where", ["body", "both", "location"])
def test_created_id_is_that_of_the_body_or_of_location(client: RciClient, rci: SinchRci, where: Any) -> None:
    """The body is preferred; without one, the last part of Location is the id."""
    rci.knobs.change({"create_answer": where, "id36": True})
    made = client.create_role(name="Office")
    assert client.role(made).name == "Office"


def test_creation_without_an_id_is_unknown(client: RciClient, server: SandboxServer[SinchRci]) -> None:
    """A page in place of the id leaves open what was made."""
    server.faults.replace([Fault(kind="html_200")])
    with pytest.raises(OutcomeUnknownError, match=r"^sinch create_role: no id in the answer$"):
        client.create_role(name="Office")


def test_time_zone_is_read_by_its_iana_id(client: RciClient) -> None:
    """The slash of an IANA id stays part of the id, and an IANA id is no GUID."""
    berlin = TimeZone(id="Europe/Berlin", name="(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna")
    assert client.time_zone("Europe/Berlin") == berlin
    assert list(client.time_zones(id="Europe/B*")) == [berlin]
    assert client.time_zone(time_zone_id="UTC").id == "UTC"


# --- writes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200", "201", "204"])
def test_replacement_is_done_by_either_status(client: RciClient, rci: SinchRci, status: Any) -> None:
    """The operations say 204, the text above them 201; both mean that it was done."""
    rci.knobs.put_answer = status
    client.replace_role(seeds.AGENT_ROLE_ID, name="Agent")
    assert client.role(seeds.AGENT_ROLE_ID).name == "Agent"


@pytest.mark.parametrize("status", ["documented", "200", "201", "202", "204"])
@pytest.mark.parametrize("name", ["remove_user_user_group", "delete_user"])
def test_deletion_is_done_by_any_documented_status(client: RciClient, rci: SinchRci, name: str, status: Any) -> None:
    """With JSON or without: 200, 201, 202 and 204 mean that it is gone."""
    rci.knobs.delete_answer = status
    perform(client, name)
    with pytest.raises(NotFoundError):
        perform(client, name)


@pytest.mark.parametrize("name", ["replace_role", "delete_role"])
def test_write_that_is_answered_by_a_page_is_unknown(
    client: RciClient, server: SandboxServer[SinchRci], name: str
) -> None:
    """HTML with status 200 is a login page or a proxy's, never the answer to a write."""
    server.faults.replace([Fault(kind="html_200")])
    with pytest.raises(OutcomeUnknownError, match=rf"^sinch {name}: no documented answer$"):
        perform(client, name)


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if one.method != "GET"])
def test_write_is_sent_once_whatever_happens(
    client: RciClient, rci: SinchRci, server: SandboxServer[SinchRci], name: str
) -> None:
    """An answer that was not seen is not asked for again: the write would be done twice."""
    server.faults.replace([Fault(kind="lost_after_commit", times=None)])
    with pytest.raises(OutcomeUnknownError):
        perform(client, name)
    assert rci.store.requests.total() == 1


def test_read_is_tried_again(client: RciClient, server: SandboxServer[SinchRci]) -> None:
    """A read changes nothing, so a lost answer is asked for once more, and no more than configured."""
    server.faults.replace([Fault(kind="lost_after_commit")])
    assert client.user(seeds.FOX_ID).surname == "Fox"
    server.faults.replace([Fault(kind="status", times=None)])
    with pytest.raises(UnavailableError, match=r"^sinch user: HTTP 503$"):
        client.user(seeds.FOX_ID)


LIMITS = [
    ("create_user", {"first_name": "", "surname": "M"}, "first_name must be 1 to 400 characters"),
    ("create_user", {"first_name": "A", "surname": "x" * 401}, "surname must be 1 to 400 characters"),
    ("create_user", {"first_name": "A", "surname": "M", "login": "x" * 65}, "login must be 1 to 64 characters"),
    ("create_user", {"first_name": "A", "surname": "M", "email": "a@b.c"}, "email must be 6 to 256 characters"),
    (
        "create_user",
        {"first_name": "A", "surname": "M", "ui_language": "eng-x"},
        "ui_language must be 2 to 4 characters",
    ),
    ("create_user", {"first_name": "A", "surname": "M", "synchronised": "x"}, "synchronised must be true or false"),
    ("create_user", {"first_name": 7, "surname": "M"}, "first_name must be 1 to 400 characters"),
    ("create_queue", {"type": "fax", "name": "Q", "login_type": "HuntGroup"}, "type must be one of phone, chat, email"),
    (
        "create_queue",
        {"type": "chat", "name": "Q", "login_type": "x"},
        "login_type must be one of AutoAllocation, HuntGroup",
    ),
    ("create_queue_extension", {"queue_id": seeds.SALES_QUEUE_ID}, "name or address must be given"),
    ("add_user_skill", {"user_id": seeds.FOX_ID, "id": seeds.GERMAN_ID, "value": 6}, "value must be 1 to 5"),
    ("add_user_skill", {"user_id": seeds.FOX_ID, "id": "short", "value": 1}, "id must be an id of 32 characters"),
    ("replace_user_skill", {"user_id": seeds.FOX_ID, "skill_id": seeds.ENGLISH_ID, "value": 0}, "value must be 1 to 5"),
    (
        "create_messaging_service_authentication",
        {"messaging_service_id": seeds.SERVICE_ID, "authentication_id": "x" * 513},
        "authentication_id must be at most 512 characters",
    ),
    (
        "create_disruption_set_event",
        {"disruption_set_id": seeds.SET_ID, "items": [{"externalId": "55"}]},
        "items must be a list of objects with id, or with externalId and type (WHY, WHERE, WHEN)",
    ),
    (
        "create_disruption_set_event",
        {"disruption_set_id": seeds.SET_ID, "items": [], "active_from": datetime(2026, 1, 1)},
        "active_from must be a time with its zone",
    ),
    ("users", {"email": " "}, "email must be text, with the wildcards * and ?"),
    ("users", {"first_name": True}, "first_name must be text, with the wildcards * and ?"),
    ("users", {"first_name": ["A", "B"]}, "first_name must be text, with the wildcards * and ?"),
    ("users", {"offset": -1}, "offset must be a whole number of at least 0"),
    ("users", {"limit": True}, "limit must be a whole number of at least 0"),
    ("custom_ivrs", {"active": "yes"}, "active must be true or false"),
    (
        "disruption_set_events",
        {"disruption_set_id": seeds.SET_ID, "created": "soon"},
        "created must be a time with its zone",
    ),
    (
        "users",
        {"sort": "surname,,phone"},
        "sort must be field names, each with - before it for descending, and at last LOCALE-xx",
    ),
]


@pytest.mark.parametrize(("name", "given", "sentence"), LIMITS)
def test_limit_is_checked_before_sending(
    client: RciClient, rci: SinchRci, name: str, given: dict[str, Any], sentence: str
) -> None:
    """What breaks a documented limit is refused with parameter and limit, never the value; nothing is sent."""
    with pytest.raises(InvalidRequestError) as raised:
        getattr(client, name)(**given)
    assert (str(raised.value), raised.value.status) == (f"sinch {name}: parameter {sentence}", None)
    assert rci.store.requests == {}


def test_words_are_taken_in_any_case(client: RciClient) -> None:
    """The examples write Phone where the schema says phone."""
    written: Any = {"type": "PHONE", "login_type": "huntgroup"}
    made = client.create_queue(name="Loud", **written)
    read = client.queue(made)
    assert (read.type, read.login_type) == ("phone", "HuntGroup")
    assert client.queue(seeds.SALES_QUEUE_ID).type == "phone"


# --- wrappers, spellings, secrets ---------------------------------------------------------------


@pytest.mark.parametrize("value", [{"address": ["100"]}, {"address": "100"}, ["100"], "100"])
def test_wrapped_list_is_read_in_every_form(value: Any) -> None:
    """Wrapped, wrapped and collapsed, a bare array, a single value: all mean the same list."""
    queue = {"id": ID36, "name": "Sales", "addresses": value}
    assert Queue.model_validate(queue) == Queue(id=ID36, name="Sales", addresses=("100",))


@pytest.mark.parametrize("value", [None, {}, {"address": None}, {"address": []}, []])
def test_wrapped_list_of_nothing_is_empty(value: Any) -> None:
    """However a wrapper says that it holds nothing, the list is empty."""
    assert Queue.model_validate({"id": ID36, "name": "Sales", "addresses": value}).addresses == ()


def test_single_element_may_come_without_its_array(client: RciClient, rci: SinchRci) -> None:
    """What a mapper from XML collapses is read as the list that it was, of values and of objects."""
    made = client.create_disruption_set_event(seeds.SET_ID, items=({"id": seeds.CAUSE_ID},))  # type: ignore[arg-type]
    plain = client.disruption_set_event(seeds.SET_ID, made), list(client.custom_ivrs()), list(client.reply_templates())
    rci.knobs.collapse_single = True
    again = client.disruption_set_event(seeds.SET_ID, made), list(client.custom_ivrs()), list(client.reply_templates())
    assert again == plain
    assert [template.keywords for template in plain[2]] == [("issue", "problem", "machine"), ("installation",)]


def test_misspelt_fields_are_read(client: RciClient, rci: SinchRci) -> None:
    """The schemas' `langauge` and `externalid` are read as what they mean; sent is the right spelling."""
    right = list(client.queue_attributes(seeds.SALES_QUEUE_ID)), list(client.disruption_set_events(seeds.SET_ID))
    rci.knobs.misspelt_names = True
    assert (
        list(client.queue_attributes(seeds.SALES_QUEUE_ID)),
        list(client.disruption_set_events(seeds.SET_ID)),
    ) == right
    assert right[1][0].items[1] == EventItem(id=seeds.PLACE_ID, external_id="1.00.100", type="WHERE")


def test_attributes_of_an_item_keep_their_language(client: RciClient) -> None:
    """The attributes of a disruption item are wrapped, and each has a language."""
    assert client.disruption_set_item(seeds.SET_ID, seeds.PLACE_ID).attributes == (
        Attribute(name="SayAsDatatype", language="EN", value="digits"),
        Attribute(name="SayAsValue", language="EN", value="00100"),
    )


def test_password_is_sent_and_never_shown(client: RciClient, rci: SinchRci) -> None:
    """A password arrives at the vendor; no repr, help or error of ours has it."""
    secret = "zzzxxxx"
    made = client.create_messaging_service_authentication(seeds.SERVICE_ID, password=SecretStr(secret))
    path = f"/messagingServices/{seeds.SERVICE_ID}/authentications"
    assert rci.store.objects[path][made]["password"] == secret
    assert client.messaging_service_authentication(seeds.SERVICE_ID, made).password is None
    rci.knobs.echo_passwords = True
    read = client.messaging_service_authentication(seeds.SERVICE_ID, made)
    assert read == Authentication(id=made, password=SecretStr(secret))
    assert secret not in repr(read)
    client.replace_messaging_service_authentication(
        seeds.SERVICE_ID, made, **read.replacement(authentication_id="login")
    )
    assert rci.store.objects[path][made] == {"id": made, "authenticationId": "login", "password": secret}
    with pytest.raises(InvalidRequestError) as raised:
        getattr(client, "create_messaging_service_authentication")(seeds.SERVICE_ID, password=[secret])  # noqa: B009
    assert secret not in str(raised.value)


def test_password_as_text_is_taken_too(client: RciClient, rci: SinchRci) -> None:
    """A command line has no secret type: a plain text is sent as it is."""
    create: Callable[..., str] = client.create_messaging_service_authentication
    made = create(messaging_service_id=seeds.SERVICE_ID, password="zzzxxxx")
    assert rci.store.objects[f"/messagingServices/{seeds.SERVICE_ID}/authentications"][made]["password"] == "zzzxxxx"


def test_undocumented_fields_are_passed_over(client: RciClient, server: SandboxServer[SinchRci]) -> None:
    """What a later version of RCI adds harms nothing."""
    server.faults.replace([Fault(kind="extra_fields", times=None)])
    assert [user.surname for user in client.users()] == ["Duck", "Fox", "Frog"]
    assert client.queue(seeds.SALES_QUEUE_ID).addresses == ("100", "101")


def test_event_tells_its_times_in_utc(client: RciClient) -> None:
    """A time is sent as UTC with milliseconds whatever its zone, and the sentinel of year 9999 is none."""
    noon = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    made = client.create_disruption_set_event(seeds.SET_ID, items=(), active_from=noon)
    assert client.disruption_set_event(seeds.SET_ID, made).active_from == datetime(2026, 6, 1, 10, tzinfo=UTC)
    endless = {"id": ID36, "items": [], "activeTo": "9999-12-31T23:59:59Z"}
    assert DisruptionEvent.model_validate(endless).active_to is None


# --- answers that break the document -------------------------------------------------------------

READS = [name for name, one in OPERATIONS.items() if one.method == "GET"]


@pytest.mark.parametrize("name", READS)
def test_read_of_a_page_that_is_no_json_breaks_the_contract(
    client: RciClient, server: SandboxServer[SinchRci], name: str
) -> None:
    """An HTML page with status 200 is no answer to a question, and never an empty list."""
    server.faults.replace([Fault(kind="html_200")])
    with pytest.raises(ContractError) as raised:
        perform(client, name)
    assert str(raised.value) == f"sinch {name}: the body is not JSON"


def test_missing_field_is_named_by_its_path(client: RciClient, rci: SinchRci) -> None:
    """A required field that is missing is told by where it should be, and no value is told."""
    rci.store.objects["/users"][seeds.FROG_ID].pop("surname")
    with pytest.raises(ContractError) as listed:
        list(client.users(sort="firstName"))
    with pytest.raises(ContractError) as read:
        client.user(seeds.FROG_ID)
    assert [str(one.value) for one in (listed, read)] == [
        "sinch users: $[2].surname: missing",
        "sinch user: $.surname: missing",
    ]


def test_rows_that_the_examples_shorten_are_read() -> None:
    """The examples leave out fields that their schemas require: such rows are read all the same."""
    assert Queue.model_validate({"id": ID36, "name": "Sales"}).type is None
    assert User.model_validate({"id": ID36, "firstName": "John", "surname": "Fox"}).login is None


@pytest.mark.parametrize("moment", [7, "soon", "0001-01-01T00:00:00+14:00"])
def test_time_that_is_none_is_told_by_its_path(client: RciClient, rci: SinchRci, moment: Any) -> None:
    """A time in another form breaks the document, and the error says where."""
    rci.store.objects[f"/customIvrs/{seeds.IVR_ID}/sourceCodes"][seeds.SOURCE_CODE_ID]["modificationDate"] = moment
    with pytest.raises(ContractError) as raised:
        client.custom_ivr_source_code(seeds.IVR_ID, seeds.SOURCE_CODE_ID)
    assert str(raised.value) == ("sinch custom_ivr_source_code: $.modificationDate: not as documented (value_error)")


# --- logging in ----------------------------------------------------------------------------------


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("wrong", "api-key", AuthenticationError, 401), id="wrong-password"),
        pytest.param(("api-password", None, ForbiddenError, 403), id="no-key"),
    ],
)
def refused(request: pytest.FixtureRequest, server: SandboxServer[SinchRci]) -> Iterator[tuple[Any, ...]]:
    """A client that the double does not let in, and the error and status that say so."""
    password, key, kind, status = request.param
    client = connect(server, auth=basic_auth("basic", "api-user", password), headers=key_headers(key, "x-api-key"))
    yield client, kind, status
    client.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_without_the_right_login_is_refused(refused: tuple[Any, ...], rci: SinchRci, name: str) -> None:
    """401 for the login, 403 for the key, once each; nothing is changed, and no secret is told."""
    client, kind, status = refused
    rci.knobs.require_auth = "basic+key"
    before = repr(rci.store.objects), repr(rci.store.links)
    with pytest.raises(kind) as raised:
        perform(client, name)
    assert str(raised.value) == f"sinch {name}: HTTP {status}"
    assert (repr(rci.store.objects), repr(rci.store.links)) == before
    assert rci.store.requests.total() == 1


def test_right_login_is_let_in(server: SandboxServer[SinchRci], rci: SinchRci) -> None:
    """The login of OBI is that of RCI."""
    rci.knobs.require_auth = "basic+key"
    login = basic_auth("basic", "api-user", "api-password")
    with closing(connect(server, auth=login, headers=key_headers("api-key", "x-api-key"))) as client:
        assert client.role(seeds.AGENT_ROLE_ID).name == "CC Agent"


def test_stopped_client_sends_nothing(server: SandboxServer[SinchRci], rci: SinchRci) -> None:
    """After `stop` every request ends as not sent."""
    with closing(connect(server)) as client:
        client.stop()
        with pytest.raises(NotSentError):
            client.delete_user(seeds.FOX_ID)
    assert rci.store.requests == {}
