"""The table of operations, the clients and the doubles agree: every documented operation is reached over a socket."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from connectors.operations import operations, operations_of, vendors
from pipelines.settings import load_settings
from sandbox.exchange import Answer, Request
from sandbox.server import SandboxServer
from tests.doubles import KINDS, SECRETS, write_vendors
from tests.rci_factories import told
from tests.samples import SAMPLES, World, sample

# What a client offers beside its operations.
BESIDE = {"close", "stop", "request_count", "transport", "page_limit"}
# Where each vendor's paths begin, with the settings of the doubles.
BEFORE = {"sinch": "", "sobot": "/callservice/v6", "platform": "/platform-api/v3.0", "jtel": "/rest/v1.0/1"}
LOGINS = {"/tokens/company"}
# A double whose state is made anew does not know the token that it gave before: another is fetched at once.
SETTINGS = {"jtel": {"allow_delete": True, "release": "3.39"}, "sobot": {"token_retry_s": 0.000_001}}


class Listening:
    """A vendor's double that remembers the method and path of what it was asked."""

    def __init__(self, double: Any) -> None:
        self.double = double
        self.heard: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.double, name)

    def answer(self, request: Request) -> Answer:
        if request.path not in LOGINS:
            self.heard.append((request.method, request.path))
        answer: Answer = self.double.answer(request)
        return answer


class Running:
    """A listening double, and clients of it as the settings make them."""

    def __init__(self, listening: Listening, clients: Sequence[Any]) -> None:
        self.listening = listening
        self.clients = clients

    def reset(self) -> None:
        """The double is as after its start, and has heard nothing."""
        getattr(self.listening.double, "reset", self.listening.double.store.reset)()
        self.listening.heard.clear()

    def call(self, operation: str, **parameters: Any) -> Any:
        """The operation's answer, a list to its end."""
        return told(getattr(self.client_of(operation), operation)(**parameters))

    def client_of(self, operation: str) -> Any:
        """The one client that has the operation."""
        (client,) = (one for one in self.clients if hasattr(type(one), operation))
        return client


@pytest.fixture(scope="module")
def all_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """All four doubles on sockets of their own, with clients."""
    with ExitStack() as stack:
        doubles = {name: SandboxServer[Any](Listening(kind.double())) for name, kind in KINDS.items()}
        servers = {name: stack.enter_context(server) for name, server in doubles.items()}
        config = write_vendors(tmp_path_factory.mktemp("all"), servers, database="embedded", settings=SETTINGS)
        configured = load_settings(config, SECRETS).vendors.configured()
        made = {name: Running(server.vendor, configured[name].clients()) for name, server in servers.items()}
        for client in (client for one in made.values() for client in one.clients):
            stack.callback(client.close)
        yield made


@pytest.fixture
def running(vendor: str, all_running: dict[str, Running]) -> Running:
    """The vendor's double, fresh, and its clients."""
    all_running[vendor].reset()
    return all_running[vendor]


every_operation = pytest.mark.parametrize(("vendor", "name"), [(one.vendor, one.operation) for one in operations()])


def test_table_has_every_documented_operation_once() -> None:
    """8 + 109 of Sinch, 19 of Sobot, 23 of the Platform, 7 + 3 of jtel; none twice."""
    assert Counter(one.vendor for one in operations()) == {"sinch": 8 + 109, "sobot": 19, "platform": 23, "jtel": 7 + 3}
    sections = Counter((one.vendor, one.source.split(" #")[0]) for one in operations())
    assert sections == {
        ("sinch", "vendors.md 2(c)"): 8,
        ("sinch", "vendors.md 2(d)"): 109,
        ("sobot", "vendors.md 1(b)"): 19,
        ("platform", "vendors.md 3(b)"): 23,
        ("jtel", "vendors.md 4(b)"): 7,
        ("jtel", "vendors.md 4(b) Leads"): 3,
    }
    assert max(Counter((one.vendor, one.operation) for one in operations()).values()) == 1
    assert max(Counter((one.vendor, one.address) for one in operations()).values()) == 1
    numbered = [(one.vendor, one.source) for one in operations() if "#" in one.source]
    assert len(set(numbered)) == len(numbered) == 8 + 109 + 19 + 23 + 7


def test_table_has_no_other_words() -> None:
    """Vendors are those of the settings, kinds are read and write, and a GET never writes."""
    assert set(vendors()) == KINDS.keys()
    assert {(one.kind, one.method) for one in operations()} == {
        ("read", "GET"), ("read", "POST"), ("write", "POST"), ("write", "PUT"), ("write", "DELETE"),
    }  # fmt: skip
    assert all(one.path.startswith("/") for one in operations())


@pytest.mark.parametrize("vendor", vendors())
def test_table_and_clients_have_the_same_operations(running: Running, vendor: str) -> None:
    """Each row is a public method of exactly one client, and each public method is a row."""
    offered = [
        name
        for client in running.clients
        for name in dir(client)
        if not name.startswith("_") and name not in BESIDE and callable(getattr(client, name))
    ]
    assert sorted(offered) == sorted(operations_of(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_operations_name_their_source(running: Running, vendor: str) -> None:
    """The docstring of each operation says where its document tells of it, the same place as the table."""
    for name, operation in operations_of(vendor).items():
        text = " ".join(str(inspect.getdoc(getattr(running.client_of(name), name))).split())
        source = operation.source.removesuffix(" Leads").replace("vendors.md ", "vendors.md, ")
        assert re.search(rf"Source: {re.escape(source)}(?!\d)", text), name


@every_operation
def test_operation_reaches_the_vendor(running: Running, vendor: str, name: str) -> None:
    """Asked with a sample, the double hears the method and path of the table and no others, and answers."""
    operation = operations_of(vendor)[name]
    parameters = sample(vendor, name, World(running.listening.double, running.call))
    running.listening.heard.clear()
    running.call(name, **parameters)
    heard = set(running.listening.heard)
    assert {method for method, _ in heard} == {operation.method}
    path = re.escape(BEFORE[vendor] + operation.path.partition("?")[0])
    # A time zone is an id that holds a slash.
    pattern = re.sub(r"\\{(\w+)\\}", lambda place: ".+" if place[1] == "timeZoneId" else "[^/]+", path)
    assert [asked for _, asked in heard if not re.fullmatch(pattern, asked)] == []


@pytest.mark.parametrize("vendor", vendors())
def test_samples_are_of_operations_in_the_table(vendor: str) -> None:
    """Every operation has a sample, and no sample is of an operation that the table lost."""
    assert SAMPLES[vendor].keys() == operations_of(vendor).keys()
