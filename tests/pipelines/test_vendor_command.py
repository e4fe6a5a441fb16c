"""`leadsync vendor`: what it asks, what it refuses to send, and what it never shows. No database is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from pydantic import BaseModel

from connectors.operations import operations, operations_of, vendors
from pipelines import cli
from pipelines.settings import load_settings
from sandbox.faults import Fault
from sandbox.jtel.seeds import CAMPAIGN_1_ID, RENEWALS_ID
from sandbox.server import SandboxServer
from sandbox.sinch import rci_seeds
from tests.doubles import KINDS, SECRETS, serve, write_vendors
from tests.factories import ABSENT_TARGET, TARGET, phone
from tests.rci_factories import told
from tests.samples import CONTACT, LEAD, World, sample

# Nothing listens there: whoever opens the database fails.
NO_DATABASE = "postgresql://nobody@127.0.0.1:1/none"
SETTINGS = {"jtel": {"allow_delete": True, "release": "3.39"}}
# The doubles' persons and what the samples send, and every secret that there is.
PERSONS = (
    "John", "Fox", "john.fox", "David", "Duck", "Peter", "Frog", "Muster", "Kathy", "Smith", "admin.one", "agent.two",
    "1511000", "61400000001", "1380013800", "13800138000", "01051429401", "18189672221", '"service"', '"caller"',
)  # fmt: skip
HIDDEN = (*SECRETS.values(), "123456", "654321")


class Said(NamedTuple):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is one JSON document."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The last line on standard error."""
        return self.err.strip().splitlines()[-1]


Ask = Callable[..., Said]


@pytest.fixture
def vendor(request: pytest.FixtureRequest) -> str:
    """The vendor that the test is about."""
    return str(request.param)


@pytest.fixture
def server(vendor: str) -> Iterator[SandboxServer[Any]]:
    """Its double."""
    with serve(KINDS[vendor]) as running:
        yield running


@pytest.fixture
def config(vendor: str, server: SandboxServer[Any], tmp_path: Path) -> Path:
    """A configuration that has this one vendor."""
    return write_vendors(tmp_path, {vendor: server}, database=NO_DATABASE, settings=SETTINGS)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs `leadsync vendor …` to its end; no output holds a traceback or a secret."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    def ran(*arguments: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            cli.main(["vendor", *arguments])
        out, err = capsys.readouterr()
        assert [text for text in ("Traceback", *HIDDEN) if text in out + err] == []
        return Said(int(str(ended.value.code)), out, err)

    return ran


@pytest.fixture
def ask(run: Ask, vendor: str, config: Path) -> Ask:
    """Asks the vendor for an operation with parameters by name."""

    def asked(operation: str, *options: str, **parameters: str) -> Said:
        given = [part for name, value in parameters.items() for part in ("--param", f"{name}={value}")]
        return run(vendor, operation, "--config", str(config), *given, *options)

    return asked


def of(vendor: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vendor", [vendor], indirect=True)


@contextmanager
def closing_all(clients: Sequence[Any]) -> Iterator[Sequence[Any]]:
    with ExitStack() as stack:
        for client in clients:
            stack.callback(client.close)
        yield clients


def as_text(value: Any, file: Path) -> str:
    """The value as a person types it; bytes and JSON by a file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | int):
        return str(value)
    written = value if isinstance(value, bytes) else orjson.dumps(value, default=_as_fields)
    file.write_bytes(written)
    return f"@{file}"


def _as_fields(value: object) -> Any:
    return value.model_dump(by_alias=True) if isinstance(value, BaseModel) else list(value)  # type: ignore[call-overload]


# --- every operation ------------------------------------------------------------------------------


@pytest.mark.parametrize(("vendor", "name"), [(one.vendor, one.operation) for one in operations()], indirect=["vendor"])
def test_every_operation_is_asked_by_name(
    ask: Ask, server: SandboxServer[Any], config: Path, tmp_path: Path, vendor: str, name: str
) -> None:
    """Each row of the table works from the command line, answers one JSON document, and shows no person."""

    def call(operation: str, **parameters: Any) -> Any:
        with closing_all(load_settings(config, SECRETS).vendors.configured()[vendor].clients()) as clients:
            client = next(one for one in clients if hasattr(type(one), operation))
            return told(getattr(client, operation)(**parameters))

    given = sample(vendor, name, World(server.vendor, call))
    texts = {one: as_text(value, tmp_path / one) for one, value in given.items()}
    to_file = ("--output", str(tmp_path / "file")) if name == "media_get" else ()
    said = ask(name, "--yes", "--json", *to_file, **texts)
    assert (said.code, said.err) == (0, "")
    assert said.json is not None or operations_of(vendor)[name].is_write
    assert [person for person in PERSONS if person in said.out] == []


@pytest.mark.parametrize("name", vendors())
def test_help_of_every_operation_tells_parameters_and_source(run: Ask, name: str) -> None:
    """No configuration is needed for help; it names method, path, source, and what is required."""
    listed = run(name, "--help").out
    for operation in operations_of(name).values():
        assert f"{operation.address}  ({operation.document})" in listed
        text = run(name, operation.operation, "--help").out
        assert f"{operation.address} ({operation.kind})" in text
        assert f"Source: {operation.document}" in " ".join(text.split())
        assert "vendors.md" not in listed + text
        assert "Parameters:" in text
        assert "not_after" not in text


def test_help_lists_the_vendors(run: Ask) -> None:
    """`leadsync vendor --help` names each vendor, and how many operations it has."""
    text = run("--help").out
    assert [line.strip() for line in text.splitlines() if "operations." in line] == [
        "sinch     Ask sinch: 117 operations.",
        "sobot     Ask sobot: 19 operations.",
        "platform  Ask platform: 23 operations.",
        "jtel      Ask jtel: 10 operations.",
    ]


def test_help_tells_what_a_parameter_takes(run: Ask) -> None:
    """Types are words, with what is required and what is taken otherwise."""
    text = " ".join(run("sobot", "create_outbound_task", "--help").out.split())
    assert "The task exists; only the agent who made it may load it." in text
    assert "name text; required" in text
    assert "schedule_start a time with its zone, such as 2026-11-17T09:00:00+01:00; required" in text
    assert "agent_type a whole number" in text
    assert "body @file, whose bytes are sent; required" in " ".join(
        run("sinch", "create_customers", "--help").out.split()
    )
    assert "status one of Active, Passive; required" in " ".join(run("sinch", "set_campaign_status", "-h").out.split())


# --- reads ----------------------------------------------------------------------------------------


@of("sobot")
def test_extension_passwords_are_never_shown(ask: Ask, server: SandboxServer[Any]) -> None:
    """A vendor that answers passwords in plain text is not repeated, whoever asks; persons only who asks for them."""
    masked, shown = (
        ask("query_extension_list", *more, bind_status="1").json for more in ((), ("--show-personal-data",))
    )
    row = {"ext": "5001", "bind_status": 1, "bind_time_ms": 1657274393279}
    row["agent_uuid"] = "e906cc52bfac44b4ae30497fd39c4c4d"
    assert masked[0] == {**row, "password": "***", "agent_name": "s***"}
    assert shown[0] == {**row, "password": "***", "agent_name": "service"}
    assert server.vendor.store.requests["query_extension_list"] == 2


@of("sobot")
def test_tokens_are_in_no_output(ask: Ask, server: SandboxServer[Any]) -> None:
    """The token that the command fetched is in nothing that it says, not even when it is refused."""
    answers = [ask("query_relay_number_list")]
    server.vendor.store.tokens = dict.fromkeys(server.vendor.store.tokens, (0.0, False))
    server.faults.replace([Fault(kind="status", status=401, times=None)])
    answers.append(ask("query_relay_number_list"))
    assert [said.code for said in answers] == [0, 1]
    assert server.vendor.store.tokens
    assert [token for token in server.vendor.store.tokens for said in answers if token in said.out + said.err] == []


@of("sinch")
def test_persons_are_masked_unless_asked_for(ask: Ask) -> None:
    """Names, numbers and addresses of a user are masked; ids and the rest are not."""
    user = ask("user", user_id=rci_seeds.FOX_ID).json
    assert {name: user[name] for name in ("id", "first_name", "surname", "login", "phone", "chat", "email")} == {
        "id": rci_seeds.FOX_ID, "first_name": "J***", "surname": "F***", "login": "J***", "phone": "5***",
        "chat": "j***", "email": "j***",
    }  # fmt: skip
    assert (user["external_id"], user["time_zone"]) == ("agent-1", "Europe/Helsinki")
    assert ask("user", "--show-personal-data", user_id=rci_seeds.FOX_ID).json["email"] == "john.fox@example.com"


@of("sinch")
def test_customers_show_what_is_not_about_a_person(ask: Ask) -> None:
    """Whatever columns a CRM has come back as attributes: their values are masked, their names are not."""
    entry = {
        "externalId": "crm-1",
        "numbers": phone(1),
        "attributes": {"attribute": [{"name": "Tax id", "value": "7"}]},
    }
    made = ask("create_customer", "--yes", campaign_id=TARGET, customer=json.dumps(entry)).json
    (customer,) = ask("customers", campaign_id=TARGET, externalId="crm-1").json
    assert (customer["id"], customer["external_id"]) == (made, "crm-1")
    assert customer["numbers"] == ["+49 *** *** 0001"]
    assert customer["attributes"]["Tax id"] == "7***"


@of("platform")
def test_vendors_words_are_shown_without_numbers(ask: Ask, server: SandboxServer[Any]) -> None:
    """The reason of a refusal is what is asked for: only numbers and addresses are taken out of it."""
    uuid = ask("bulk_create", "--yes", leads=json.dumps([LEAD, {**LEAD, "phone1": "0911-123456 x"}])).json["uuid"]
    server.vendor.clock.advance(3600)
    (error,) = ask("bulk_errors", uuid=uuid).json
    assert error["item"]["message"] == "phone1 is not a valid number: <number> x"
    assert error["item"].get("customerKey") in (None, "crm-1")


@of("sobot")
def test_lists_are_cut_and_say_so(ask: Ask) -> None:
    """At most `--limit` rows, a hundred by default, with a note that is not part of the JSON."""
    assert (len(ask("query_published_ivr_flows").json), ask("query_published_ivr_flows").err) == (33, "")
    cut = ask("query_published_ivr_flows", "--limit", "32")
    assert (cut.code, len(cut.json)) == (0, 32)
    assert cut.err == "these are the first 32 rows, and there are more; --limit says how many are told\n"
    assert ask("query_published_ivr_flows", "--limit", "33").err == ""


@of("sinch")
def test_lists_have_a_hundred_rows_by_default(ask: Ask, tmp_path: Path) -> None:
    """A campaign of more is not poured onto the terminal; all verdicts of a write are told, however many."""
    entries = tmp_path / "entries.json"
    entries.write_bytes(orjson.dumps([{"externalId": f"L{n}", "numbers": phone(n)} for n in range(101)]))
    assert len(ask("create_customers", "--yes", campaign_id=TARGET, body=f"@{entries}").json) == 101
    said = ask("customers", campaign_id=TARGET)
    assert (len(said.json), said.err.startswith("these are the first 100 rows")) == (100, True)


@of("platform")
def test_bytes_go_to_a_file_alone(ask: Ask, tmp_path: Path) -> None:
    """A media file is written where --output says, and never to the terminal."""
    file = tmp_path / "recording.wav"
    assert (
        ask("media_get", "--output", str(file), media_id="5364").out == f"26 bytes are in {file}\n"[:0] or file.exists()
    )
    assert file.read_bytes().startswith(b"RIFF")
    refused = ask("media_get", media_id="5364")
    assert (refused.code, refused.out) == (2, "")
    assert refused.sentence == "Error: media_get answers the bytes of a file; name one by --output"
    wrong = ask("recording_get", "--output", str(file), media_id="5364")
    assert (wrong.code, wrong.sentence.endswith("leave out --output")) == (2, True)
    nowhere = ask("media_get", "--output", str(tmp_path / "no" / "file"), media_id="5364")
    assert (nowhere.code, "cannot be written there (No such file or directory)" in nowhere.sentence) == (1, True)


# --- writes ---------------------------------------------------------------------------------------


@of("sobot")
def test_writes_need_yes(ask: Ask, server: SandboxServer[Any]) -> None:
    """Without --yes a sentence says what would be sent, masked, nothing is sent, and the code is 1."""
    said = ask("create_extension_account", ext="0777", password="654321")
    assert (said.code, said.out) == (1, "")
    assert said.sentence == (
        "not sent: sobot create_extension_account changes something at the vendor: POST /cc-config/api/exts/_add with "
        '{"ext":"0777","password":"***"}; add --yes to send it'
    )
    assert dict(server.vendor.store.requests) == {}
    made = ask("create_extension_account", "--yes", ext="0777", password="654321")
    assert (made.code, made.json) == (0, {"ext": "0777", "password": "***", "codec": "Opus"})
    assert server.vendor.store.extensions[-1]["password"] == "654321"


@of("jtel")
def test_writes_without_yes_are_told_to_programs_too(ask: Ask, server: SandboxServer[Any]) -> None:
    """--json tells the same as a document; a person in the parameters is masked in both."""
    said = ask("import_contact", "--json", contact=json.dumps(CONTACT))
    assert (said.code, dict(server.vendor.store.requests)) == (1, {})
    assert said.json == {
        "sent": False,
        "method": "POST",
        "path": "/dialler/contacts/import?overwriteDuplicates={bool}",
        "parameters": {
            "contact": {
                "DiallerCampaignsID": RENEWALS_ID, "UserData": "crm:1", "Name": "S***", "FirstName": "K***",
                "PhoneNumber1": "+49 *** *** 0001",
            }
        },
    }  # fmt: skip
    assert [person for person in PERSONS if person in said.err] == []


@of("jtel")
def test_writes_that_answer_nothing_say_done(ask: Ask, server: SandboxServer[Any]) -> None:
    """A sentence for people, null for programs."""
    assert ask("delete_campaign", "--yes", campaign_id=str(RENEWALS_ID)).out == "jtel delete_campaign: done\n"
    assert RENEWALS_ID not in server.vendor.store.campaigns
    assert ask("delete_campaign", "--yes", "--json", campaign_id=str(CAMPAIGN_1_ID)).json is None


# --- what a person types wrong --------------------------------------------------------------------


def test_unknown_vendors_and_operations_name_what_was_meant(run: Ask) -> None:
    """A near miss is named; nothing that is no row of the table is reachable."""
    said = run("snich", "campaigns")
    assert (said.code, said.out) == (2, "")
    assert said.sentence == "Error: there is no vendor snich. Did you mean sinch?"
    assert run("sobot", "createOutboundTask").sentence == (
        "Error: there is no operation createOutboundTask. Did you mean create_outbound_task?"
    )
    for name in ("close", "stop", "_get", "__init__", "request_count", "transport"):
        said = run("sobot", name)
        assert (said.code, said.sentence.startswith(f"Error: there is no operation {name}")) == (2, True)


@of("sobot")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["agnet=1"], "there is no parameter agnet. Did you mean agent?"),
        (["agentType=1"], "there is no parameter agentType. Did you mean agent_type?"),
        (["xyz=1"], "there is no parameter xyz. There are: agent, agent_type"),
        (["not_after=1"], "there is no parameter not_after. There are: agent, agent_type"),
        (["agent"], "a parameter is given as name=value"),
        (["agent=1", "agent=2"], "parameter agent is given twice; several values are one JSON array"),
        (["agent=1"], "missing: agent_type; give each by --param name=value"),
        ([], "missing: agent, agent_type; give each by --param name=value"),
        (["agent=1", "agent_type=one"], "parameter agent_type must be a whole number"),
        (["agent=@nowhere.txt"], "parameter agent: the file cannot be read (No such file or directory)"),
    ],
)
def test_wrong_parameters_are_a_sentence(
    ask: Ask, server: SandboxServer[Any], arguments: list[str], sentence: str
) -> None:
    """Unknown, missing, doubled and unreadable parameters end with 2, and nothing is sent."""
    said = ask("query_agent_setting", *(part for one in arguments for part in ("--param", one)))
    assert (said.code, said.out) == (2, "")
    assert said.sentence == f"Error: query_agent_setting: {sentence}"
    assert dict(server.vendor.store.requests) == {}


@of("sobot")
@pytest.mark.parametrize(
    ("operation", "name", "value", "takes"),
    [
        ("create_outbound_task", "schedule_start", "2026-11-17T09:00", "a time with its zone, such as"),
        ("create_outbound_task", "schedule_start", "Geheim", "a time with its zone, such as"),
        ("query_relay_number_list", "enabled", "1", "a JSON array of whole numbers"),
        ("query_relay_number_list", "enabled", '["Geheim"]', "a JSON array of whole numbers"),
        ("update_skill_groups_in_bulk", "changes", '{"Geheim": 1}', "a JSON array of objects"),
        ("update_skill_groups_in_bulk", "changes", "[Geheim", "a JSON array of objects; this is not JSON"),
        ("create_contact_plans_in_bulk", "customer_phone_numbers", '"18189672221"', "a JSON array of texts"),
    ],
)
def test_wrong_values_are_not_repeated(ask: Ask, operation: str, name: str, value: str, takes: str) -> None:
    """The sentence says what the parameter takes; what was typed may be about a person."""
    said = ask(operation, **{name: value})
    assert said.code == 2
    assert said.sentence.startswith(f"Error: {operation}: parameter {name} must be {takes}")
    assert [text for text in ("Geheim", "18189672221") if text in said.err] == []


@of("sinch")
def test_words_are_read_in_any_case(ask: Ask, server: SandboxServer[Any]) -> None:
    """One of the words, or a sentence with all of them and the near miss."""
    assert ask("set_campaign_status", "--yes", campaign_id=TARGET, status="active").code == 0
    assert server.vendor.store.campaigns[TARGET].fields["status"] == "Active"
    assert ask("set_campaign_status", campaign_id=TARGET, status="Pasive").sentence == (
        "Error: set_campaign_status: parameter status must be one of Active, Passive. Did you mean Passive?"
    )


@of("sinch")
def test_filters_are_known_by_name(ask: Ask) -> None:
    """A filter that the vendor would ignore would answer everything: it is refused here."""
    assert ask("campaigns", nmae="Rene*").sentence.endswith("there is no parameter nmae. Did you mean name?")
    assert [row["name"] for row in ask("campaigns", registeredEnd="2020-01-01T01:00:00+01:00").json] == [
        "Test Preview Campaign"
    ]


@of("sinch")
def test_values_come_from_files(ask: Ask, tmp_path: Path, server: SandboxServer[Any]) -> None:
    """@file reads text without its last line end, and bytes as they are; @@ is an @."""
    name = tmp_path / "name.txt"
    name.write_text("Müller\n", "utf-8")
    made = ask("create_user", "--yes", first_name=f"@{name}", surname="@@home").json
    user = ask("user", "--show-personal-data", user_id=made).json
    assert (user["first_name"], user["surname"]) == ("Müller", "@home")
    assert ask("create_customers", campaign_id=TARGET, body="[]").sentence == (
        "Error: create_customers: parameter body must be @file, whose bytes are sent"
    )
    name.write_bytes(b"\xff")
    assert ask("users", surname=f"@{name}").sentence.endswith("parameter surname: the file is not UTF-8 text")


# --- what goes wrong ------------------------------------------------------------------------------


@of("jtel")
def test_vendor_that_is_not_configured_is_a_sentence(ask: Ask, run: Ask, config: Path) -> None:
    """The setting is named, before anything is described or sent."""
    for arguments in (["campaigns"], ["delete_user", "--param", "user_id=1"]):
        said = run("sinch", *arguments, "--config", str(config))
        assert (said.code, said.sentence) == (1, "vendors.sinch is not in leadsync.yaml; say there how it is reached")
    nowhere = run("jtel", "campaigns", "--config", "/nowhere.yaml")
    assert (nowhere.code, nowhere.sentence.startswith("there is no configuration file /nowhere.yaml")) == (1, True)


@of("sinch")
@pytest.mark.parametrize(
    ("operation", "parameters", "sentence"),
    [
        ("campaign", {"campaign_id": ABSENT_TARGET}, "sinch campaign: HTTP 404"),
        (
            "create_skill",
            {"name": "x" * 401, "description": "d"},
            "sinch create_skill: parameter name must be 1 to 400",
        ),
    ],
)
def test_refusals_are_a_sentence(ask: Ask, operation: str, parameters: Mapping[str, str], sentence: str) -> None:
    """What the vendor refuses, and what its document forbids, ends with 1."""
    said = ask(operation, "--yes", **parameters)
    assert (said.code, said.out, said.sentence.startswith(sentence)) == (1, "", True)


@of("sinch")
def test_outcome_that_was_not_seen_is_a_sentence(ask: Ask, server: SandboxServer[Any]) -> None:
    """A write whose answer is lost was sent once, and says that nobody knows."""
    server.faults.replace([Fault(kind="lost_after_commit", times=None)])
    said = ask("create_skill", "--yes", name="Suomi", description="Finnish")
    assert (said.code, said.out) == (1, "")
    assert said.sentence.startswith("sinch create_skill: sent, but no answer was seen: ")
    assert sum(server.vendor.rci.store.requests.values()) == 1


@of("jtel")
def test_json_of_an_odd_shape_is_a_sentence(ask: Ask) -> None:
    """JSON that the client cannot use is no traceback; after a write it says to look first."""
    said = ask("import_contact", "--yes", contact=json.dumps(CONTACT | {"Name": 2**70}))
    assert (said.code, said.sentence) == (
        1,
        "jtel import_contact: a parameter's value, or the answer, is not of the expected form (TypeError); it may have "
        "been sent: look at the vendor before you try again",
    )


@of("jtel")
def test_process_ends_with_the_code(config: Path, vendor: str) -> None:
    """As a process: JSON alone on standard output, in UTF-8, without a database, and the code is the process's."""
    environment = {**os.environ, **SECRETS, "LEADSYNC_CONFIG": str(config)}
    command = [sys.executable, "-m", "pipelines.cli", "vendor", vendor]
    for name, code in (("campaigns", 0), ("campaings", 2), ("delete_campaign", 2)):
        ended = subprocess.run(
            [*command, name], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode == code, ended.stderr
        assert bool(ended.stdout) is (code == 0)
        if code == 0:
            assert [row["name"] for row in json.loads(ended.stdout)][:2] == ["Campaign 1", "Campaign 10"]
