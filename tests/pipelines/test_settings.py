"""`leadsync.yaml`: what it means, and that every mistake is one sentence with key, file and line."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import yaml

from connectors.errors import SetupError
from pipelines.settings import load_settings
from pipelines.sources import open_source

ENVIRONMENT = {"SINCH_PASSWORD": "s3cret", "EMPTY": "", "BATCH": "50"}
GOOD = """\
database: embedded
timezone: Europe/Berlin
nightly: "0 2 * * *"
sources:
  leads:
    csv: leads.csv
    columns: {lead_id: id}
    cursor: updated_at
vendors:
  sinch:
    base_url: http://127.0.0.1:1
    username: api
    password: ${SINCH_PASSWORD}
    batch_size: ${BATCH}
campaigns:
  - campaign: spring
    vendor: sinch
    target: {campaign_id: 8A7C98EAF1164F2FAA93B98EECB95D76}
"""


def load(folder: Path, text: str, environment: Mapping[str, str] = ENVIRONMENT):  # type: ignore[no-untyped-def]
    path = folder / "leadsync.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path, environment)


def mistake(folder: Path, text: str, environment: Mapping[str, str] = ENVIRONMENT) -> str:
    """The sentence about the mistake, the file's path written as `FILE`."""
    with pytest.raises(SetupError) as raised:
        load(folder, text, environment)
    sentence = str(raised.value)
    assert all(re.match(r"line \d+: |\(\d+ more\)", line) for line in sentence.splitlines()[1:])
    assert "s3cret" not in sentence
    return sentence.replace(str(folder / "leadsync.yaml"), "FILE")


def test_load_settings_reads_what_is_written(tmp_path: Path) -> None:
    """Values, defaults, the folder, and variables typed by what they are for."""
    settings = load(tmp_path, GOOD)
    assert (settings.timezone, settings.nightly, settings.folder) == ("Europe/Berlin", "0 2 * * *", tmp_path)
    assert settings.first_day == date(2026, 1, 1)
    assert settings.sources.leads.columns == {"lead_id": "id"}
    assert settings.sources.customers is None
    sinch = settings.vendors.sinch
    assert (sinch.username, sinch.password.get_secret_value(), sinch.batch_size) == ("api", "s3cret", 50)
    assert [campaign.campaign for campaign in settings.campaigns] == ["spring"]


def test_load_settings_shows_no_secret_when_printed(tmp_path: Path) -> None:
    """The settings as text hold no password."""
    assert "s3cret" not in repr(load(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(
            "timezone:", "timezoen:", "2: timezoen: there is no such setting. Did you mean timezone?", id="typo"
        ),
        pytest.param(
            "    cursor:", "    crusor:", "8: sources.leads.crusor: there is no such setting. Did you mean cursor?",
            id="typo-in-a-source",
        ),
        pytest.param(
            "    batch_size:", "    bacth_size:",
            "14: vendors.sinch.bacth_size: there is no such setting. Did you mean batch_size?", id="typo-in-a-vendor",
        ),
        pytest.param(
            "  sinch:\n", "  snich:\n", "10: vendors.snich: there is no such setting. Did you mean sinch?",
            id="unknown-vendor",
        ),
        pytest.param("    base_url: http://127.0.0.1:1\n", "", "10: vendors.sinch.base_url: is missing", id="missing"),
        pytest.param("    vendor: sinch\n", "", "16: campaigns.spring.vendor: is missing", id="missing-in-a-campaign"),
        pytest.param(
            "${BATCH}", "many",
            "14: vendors.sinch.batch_size: must be a whole number",
            id="wrong-type",
        ),
        pytest.param(
            "${BATCH}", "0", "14: vendors.sinch.batch_size: must be at least 1", id="too-small"
        ),
        pytest.param(
            "    columns: {lead_id: id}", "    columns: id",
            "7: sources.leads.columns: must hold settings of its own, `key: value`", id="text-for-a-mapping",
        ),
        pytest.param(
            "database: embedded", "first_day: soon\ndatabase: embedded",
            "1: first_day: must be a day such as 2026-11-17", id="bad-date",
        ),
        pytest.param(
            "nightly:", "timezone: UTC\nnightly:", "3: timezone is written twice", id="duplicate"
        ),
        pytest.param(
            "    cursor: updated_at", "    csv: other.csv", "8: sources.leads.csv is written twice",
            id="duplicate-inside",
        ),
        pytest.param(
            "Europe/Berlin", "Europe/Berln",
            "2: timezone: Europe/Berln is not an IANA time zone. Did you mean Europe/Berlin?", id="bad-zone",
        ),
        pytest.param("Europe/Berlin", "Nowhere", "2: timezone: Nowhere is not an IANA time zone", id="no-zone"),
        pytest.param(
            "    cursor: updated_at", "    cursor_timezone: Utc+1",
            "8: sources.leads.cursor_timezone: Utc+1 is not an IANA time zone",
            id="bad-cursor-zone",
        ),
        pytest.param(
            '"0 2 * * *"', '"2am"',
            "3: nightly: must be a cron expression of five fields, such as 0 2 * * *", id="bad-cron",
        ),
        pytest.param(
            "    csv: leads.csv", "    csv: leads.csv\n    database: sqlite:///crm.db\n    table: leads",
            "5: sources.leads: needs either csv or database", id="csv-and-database",
        ),
        pytest.param(
            "    csv: leads.csv\n", "", "5: sources.leads: needs either csv or database", id="neither"
        ),
        pytest.param(
            "    csv: leads.csv", "    database: sqlite:///crm.db",
            "5: sources.leads: a database needs either table or query", id="database-alone",
        ),
        pytest.param(
            "    csv: leads.csv", "    csv: leads.csv\n    table: leads",
            "5: sources.leads: table and query belong to a database, not to csv", id="table-of-csv",
        ),
        pytest.param("  leads:", "  do_not_call:", "4: sources: needs leads or customers", id="no-rows"),
        pytest.param(
            "http://127.0.0.1:1", "sinch.example.com",
            "11: vendors.sinch.base_url: must begin with http:// or https://", id="bad-address",
        ),
        pytest.param(
            "    username: api", "    external_id_template: '{lead}'\n    username: api",
            "12: vendors.sinch.external_id_template: may only contain {source}, {lead_id} and {campaign}",
            id="bad-template",
        ),
        pytest.param(
            "${SINCH_PASSWORD}", "s3cret", "13: vendors.sinch.password is a secret; write it as ${NAME}",
            id="literal-secret",
        ),
        pytest.param(
            "${SINCH_PASSWORD}", "${NOT_SET}", "13: vendors.sinch.password needs the environment variable NOT_SET",
            id="variable-not-set",
        ),
        pytest.param(
            "sources:\n", "sources: [\n", "6: not valid YAML: expected ',' or ']', but got ':'", id="bad-yaml"
        ),
        pytest.param(
            "sources:\n", "empty_day: {a: ${SOME_NAME}}\nsources:\n",
            "4: not valid YAML: expected ',' or '}', but got '{'; inside { } and [ ] write \"${SOME_NAME}\", in quotes",
            id="variable-in-braces",
        ),
        pytest.param(
            "sources:\n", 'empty_day: {a: "${SOME_NAME}"]\nsources:\n',
            "4: not valid YAML: expected ',' or '}', but got ']'", id="quoted-variable-in-braces",
        ),
        pytest.param(
            "    csv: leads.csv", "\tcsv: leads.csv",
            "6: not valid YAML: found character '\\t' that cannot start any token", id="tab",
        ),
    ],
)  # fmt: skip
def test_load_settings_says_what_is_wrong_and_where(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """Each mistake is one sentence: the file, the line, the key, and what would be right."""
    assert old in GOOD
    assert mistake(tmp_path, GOOD.replace(old, new)) == f"FILE, line {sentence}"


@pytest.mark.parametrize(
    ("address", "is_refused"),
    [
        ("postgresql://api:s3cret@db/crm", True),
        ("postgresql://api:s3/cret@db/crm", True),
        ("postgresql://api:s3cret@${HOST}/crm", True),
        ("postgresql://db/crm?user=api&password=s3cret", True),
        ("mssql+pyodbc:///?odbc_connect=SERVER%3Ddb%3BUID%3Dapi%3BPWD%3Ds3cret", True),
        ("postgresql://api:${PASSWORD}@${HOST}/crm", False),
        ("postgresql://db/crm?user=api&password=${PASSWORD}", False),
        ("postgresql://api@db:5432/crm?sslmode=require", False),
        ("${ADDRESS}", False),
    ],
)
def test_password_of_a_database_stands_in_no_file(tmp_path: Path, address: str, is_refused: bool) -> None:
    """However an address holds it, and whatever else of it is a variable."""
    environment = {"HOST": "db", "PASSWORD": "s3cret", "ADDRESS": "postgresql://api:s3cret@db/crm"}
    path = tmp_path / "leadsync.yaml"
    source = {"database": address, "table": "leads", "cursor": "at"}
    path.write_text(yaml.safe_dump({"sources": {"leads": source}}), "utf-8")
    if not is_refused:
        assert load_settings(path, environment).sources.leads is not None
        return
    with pytest.raises(SetupError, match=r": sources\.leads\.database holds a password; write it as \$\{NAME\}$"):
        load_settings(path, environment)


@pytest.mark.parametrize("number", ["0123", "12:30", "0x7B", "0b11"])
def test_number_that_yaml_reads_as_another_is_refused(tmp_path: Path, number: str) -> None:
    """An id with a nought before it would be another campaign's; in quotes it is what it looks like."""
    path = tmp_path / "leadsync.yaml"
    rows = "sources: {leads: {csv: leads.csv, cursor: at}}\ncampaigns:\n"
    campaign = "  - {campaign: a, vendor: platform, target: %s, region: DE}\n"
    path.write_text(rows + campaign % number, "utf-8")
    with pytest.raises(SetupError, match=r"line 3: campaigns, entry 1, target: YAML reads this as another number"):
        load_settings(path, {})
    path.write_text(rows + campaign % "'0123'", "utf-8")
    assert load_settings(path, {}).campaigns[0].target["list_id"] == 123


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+pysqlite"])
def test_database_file_lies_beside_the_configuration(tmp_path: Path, driver: str) -> None:
    """A relative path is relative to the file, wherever the command was run, also where the address names a driver."""
    with closing(sqlite3.connect(tmp_path / "crm.db")) as crm:
        crm.execute("CREATE TABLE leads (lead_id, campaign, phone1, at)")
        crm.execute("INSERT INTO leads VALUES ('L1', 'a', '+4915110000001', '2026-11-17')")
        crm.commit()
    source = {"database": f"{driver}:///crm.db", "table": "leads", "cursor": "at"}
    path = tmp_path / "leadsync.yaml"
    path.write_text(yaml.safe_dump({"sources": {"leads": source}}), "utf-8")
    [frame] = open_source(load_settings(path, {}), "leads").chunks(None)
    assert frame["lead_id"].tolist() == ["L1"]


def test_field_that_has_the_name_of_a_secret_is_none(tmp_path: Path) -> None:
    """A mapping may fill a field of the vendor that is called `token` or `password`."""
    path = tmp_path / "leadsync.yaml"
    mappings = {"platform": {"lead_data": {"token": "contract", "password": "city"}}}
    sources = {"leads": {"csv": "leads.csv", "cursor": "at"}}
    path.write_text(yaml.safe_dump({"sources": sources, "mappings": mappings}), "utf-8")
    assert load_settings(path, {}).mappings.platform.lead_data == mappings["platform"]["lead_data"]


def test_load_settings_refuses_characters_that_yaml_does_not_allow(tmp_path: Path) -> None:
    """A file with a control character has no line to name."""
    text = GOOD.replace("embedded", '"\x00"')
    assert mistake(tmp_path, text) == "FILE: not valid YAML: it holds characters that YAML does not allow"


def test_all_variables_that_are_not_set_are_named_at_once(tmp_path: Path) -> None:
    """Whoever sets a machine up sets them once; one that is needed twice is named with its first line."""
    text = GOOD.replace("Europe/Berlin", "${ZONE}").replace("${SINCH_PASSWORD}", "${NOT_SET}")
    text = text.replace("    username: api", "    username: ${NAME}${ZONE}${HAS_DEFAULT:-x}")
    assert mistake(tmp_path, text) == (
        "FILE, line 2: timezone needs the environment variable ZONE; not set either: NAME (line 12), NOT_SET (line 13)"
    )


def test_further_mistakes_follow_the_first(tmp_path: Path) -> None:
    """One for each key, with its line, so that a file is mended in one round; what is misspelt comes first."""
    text = GOOD.replace("Europe/Berlin", "Nowhere").replace("${BATCH}", "many").replace("    cursor:", "    crusor:")
    assert mistake(tmp_path, text).splitlines() == [
        "FILE, line 8: sources.leads.crusor: there is no such setting. Did you mean cursor?",
        "line 2: timezone: Nowhere is not an IANA time zone",
        "line 14: vendors.sinch.batch_size: must be a whole number",
    ]
    many = "".join(f"odd_{number}: 1\n" for number in range(8))
    told = mistake(tmp_path, many + GOOD).splitlines()
    assert [line.partition(": there")[0] for line in told] == [
        "FILE, line 1: odd_0",
        *(f"line {number}: odd_{number - 1}" for number in range(2, 7)),
        "(2 more)",
    ]


def test_typo_in_a_required_key_is_named(tmp_path: Path) -> None:
    """A required key that is misspelt is both unknown and missing; the typo is what a person can act on."""
    sentence = mistake(tmp_path, GOOD.replace("    vendor: sinch", "    vendro: sinch"))
    assert sentence.startswith("FILE, line 17: campaigns.spring.vendro: there is no such setting. Did you mean vendor?")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "FILE, line 1: sources: is missing"),
        ("# nothing\n", "FILE, line 1: sources: is missing"),
        ("- a\n- b\n", "FILE, line 1: the file must hold settings, `key: value`"),
        ("leads.csv", "FILE, line 1: the file must hold settings, `key: value`"),
    ],
)
def test_load_settings_of_a_file_without_settings(tmp_path: Path, text: str, sentence: str) -> None:
    """An empty file lacks its first setting; a list or a word is no settings."""
    assert mistake(tmp_path, text) == sentence


def test_load_settings_of_no_file(tmp_path: Path) -> None:
    """Where there is no file, the sentence says how to name one."""
    with pytest.raises(SetupError) as raised:
        load_settings(tmp_path / "no.yaml", {})
    expected = f"there is no configuration file {tmp_path / 'no.yaml'}; --config or LEADSYNC_CONFIG says which to read"
    assert str(raised.value) == expected


def test_load_settings_of_a_folder_and_of_bytes(tmp_path: Path) -> None:
    """What cannot be read as text is named with the reason."""
    (tmp_path / "latin.yaml").write_bytes("database: embedded\ntimezone: Köln".encode("latin-1"))
    latin = ", line 2: the file must be UTF-8, and this line is not"
    for name, reason in ((".", " cannot be read: Is a directory"), ("latin.yaml", latin)):
        with pytest.raises(SetupError) as raised:
            load_settings(tmp_path / name, {})
        assert str(raised.value) == f"{tmp_path / name}{reason}"


def test_load_settings_finds_the_file_by_the_environment(tmp_path: Path) -> None:
    """LEADSYNC_CONFIG names the file where nobody does."""
    load(tmp_path, GOOD)
    settings = load_settings(None, ENVIRONMENT | {"LEADSYNC_CONFIG": str(tmp_path / "leadsync.yaml")})
    assert settings.folder == tmp_path


@pytest.mark.parametrize(
    ("written", "environment", "expected"),
    [
        ("${ZONE}", {"ZONE": "Europe/Paris"}, "Europe/Paris"),
        ("${ZONE:-Europe/Rome}", {}, "Europe/Rome"),
        ("${ZONE:-Europe/Rome}", {"ZONE": "Europe/Paris"}, "Europe/Paris"),
        ("Europe/${CITY}", {"CITY": "Madrid"}, "Europe/Madrid"),
        ('"${ZONE}"', {"ZONE": "UTC"}, "UTC"),
    ],
)
def test_load_settings_reads_the_environment(
    tmp_path: Path, written: str, environment: dict[str, str], expected: str
) -> None:
    """`${NAME}` is the variable, `${NAME:-default}` the default where it is not set, also inside a text."""
    settings = load(tmp_path, GOOD.replace("Europe/Berlin", written), ENVIRONMENT | environment)
    assert settings.timezone == expected


def test_campaign_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    """Two campaigns of one name would be two targets for one lead."""
    again = "  - {campaign: spring, vendor: sinch, target: X}\n"
    assert mistake(tmp_path, GOOD + again).endswith(": campaigns: spring is listed twice")


@pytest.mark.parametrize(
    "second",
    ["{campaign_id: 8a7c98eaf1164f2faa93b98eecb95d76, activate: true}", "8A7C98EAF1164F2FAA93B98EECB95D76"],
)
def test_campaigns_that_share_a_target_are_refused(tmp_path: Path, second: str) -> None:
    """Each would keep its own account of who is there; one that is inactive loads nobody."""
    again = f"  - {{campaign: summer, vendor: sinch, target: {second}"
    told = mistake(tmp_path, GOOD + again + "}\n")
    assert told == (
        "FILE, line 19: campaigns: spring and summer are loaded into sinch's"
        " campaign_id 8A7C98EAF1164F2FAA93B98EECB95D76: who is in both would be called twice."
        " Give each its own target, or set one inactive"
    )
    assert len(load(tmp_path, GOOD + again + ", active: false}\n").campaigns) == 2


@pytest.mark.parametrize(
    ("vendor", "target", "is_shared"),
    [
        ("sobot", "{code: T1}", True),
        ("sobot", "{data_template_code: D, wrap_up_template_code: W}", False),
        ("platform", "{list_id: 7}", True),
        ("platform", "{campaign_id: 2}", False),
        ("jtel", "{campaign_id: 7}", True),
        ("jtel", "{campaign_name: Calls}", True),
        ("jtel", "{template: Calls}", False),
    ],
)
def test_target_that_is_made_for_each_campaign_is_shared_by_none(
    tmp_path: Path, vendor: str, target: str, is_shared: bool
) -> None:
    """What names one thing at the vendor names it for one campaign alone."""
    text = GOOD + "".join(f"  - {{campaign: {n}, vendor: {vendor}, target: {target}}}\n" for n in ("one", "two"))
    if is_shared:
        assert "one and two are loaded into" in mistake(tmp_path, text)
    else:
        assert len(load(tmp_path, text).campaigns) == 3


def test_campaign_that_is_listed_twice_is_found(tmp_path: Path) -> None:
    """The line is that of the second listing."""
    again = "  - {campaign: spring, vendor: sinch, target: X}\n"
    assert mistake(tmp_path, GOOD + again).startswith("FILE, line 19:")


def test_files_of_a_vendor_are_beside_the_configuration(tmp_path: Path) -> None:
    """Whatever the working directory is; a whole path stays what it is."""
    text = GOOD.replace("    batch_size", "    ca_bundle: tls/ca.pem\n    client_cert: /etc/own.pem\n    batch_size")
    sinch = load(tmp_path, text).vendors.sinch
    assert (sinch.ca_bundle, sinch.client_cert) == (str(tmp_path / "tls" / "ca.pem"), "/etc/own.pem")


def test_secret_with_a_line_end_is_told_and_not_shown(tmp_path: Path) -> None:
    """As a file holds it that is mounted as a secret."""
    assert mistake(tmp_path, GOOD, ENVIRONMENT | {"SINCH_PASSWORD": "s3cret\n"}) == (
        "FILE, line 13: vendors.sinch.password: must not hold a line end or another control character"
    )


@pytest.mark.parametrize("name", ["password", "username"])
def test_password_of_digits_is_a_password(tmp_path: Path, name: str) -> None:
    """What a variable holds is text where the setting is text."""
    text = GOOD.replace("username: api", "username: ${WHO}")
    environment = ENVIRONMENT | {"WHO": "api"} | {{"password": "SINCH_PASSWORD", "username": "WHO"}[name]: "12345678"}
    load(tmp_path, text, environment)


@pytest.mark.parametrize("cron", ["61 2 * * *", "a b c d e", "0 2 * * 9"])
def test_cron_that_no_clock_meets_is_refused(tmp_path: Path, cron: str) -> None:
    """Five words are not yet a cron expression; a schedule that never starts loads nothing, silently."""
    assert mistake(tmp_path, GOOD.replace("0 2 * * *", cron)).startswith("FILE, line 3: nightly: ")


@pytest.mark.parametrize(
    "line",
    ["mappings: {sinch: {atributes: {City: city}}}", "mappings: {snich: {attributes: {City: city}}}",
     "mappings: {sinch: {attributes: [city]}}"],
)  # fmt: skip
def test_mapping_with_a_mistake_is_refused(tmp_path: Path, line: str) -> None:
    """A mapping that is misspelt would silently send less than it says."""
    assert mistake(tmp_path, f"{GOOD}{line}\n").startswith("FILE, line 19: mappings")


@pytest.mark.parametrize("target", ["{campaign: X}", "{campaign_id: X, queue: Y}", "{campaign_id: ''}", "[X]", "''"])
def test_target_with_a_mistake_is_refused(tmp_path: Path, target: str) -> None:
    """A target's keys are known before anybody is asked."""
    text = GOOD.replace("{campaign_id: 8A7C98EAF1164F2FAA93B98EECB95D76}", target)
    assert mistake(tmp_path, text).startswith("FILE, line 18: campaigns.spring.target")


OF_VENDOR = {
    "sinch": ("{campaign_id: X}", "{attributes: {City: city}}"),
    "sobot": ("{code: D1}", "{custom_fields: {a: city}}"),
    "platform": ("{campaign_id: 2, list_name: spring}", "{lead_data: {City: city}}"),
    "jtel": ("{campaign_name: Spring}", "{fields: {City: city}}"),
}


@pytest.mark.parametrize(
    ("vendor", "old", "new", "close"),
    [
        ("sinch", "attributes", "attribute", "mapping.attribute: ... attributes?"),
        ("sobot", "custom_fields", "custom_field", "mapping.custom_field: ... custom_fields?"),
        ("platform", "lead_data", "leaddata", "mapping.leaddata: ... lead_data?"),
        ("jtel", "fields", "feilds", "mapping.feilds: ... fields?"),
        ("sinch", "campaign_id", "campain_id", "target.campain_id: ... campaign_id?"),
        ("sobot", "code", "cod", "target.cod: ... code?"),
        ("platform", "list_name", "listname", "target.listname: ... list_name?"),
        ("jtel", "campaign_name", "campain_name", "target.campain_name: ... campaign_name?"),
    ],
)  # fmt: skip
def test_typo_in_what_a_vendor_decides_is_named(tmp_path: Path, vendor: str, old: str, new: str, close: str) -> None:
    """A campaign's vendor says which keys its target and its mapping have; the line is that of the key."""
    target, mapping = (written.replace(old, new) for written in OF_VENDOR[vendor])
    name, _, meant = close.partition(": ... ")
    text = f"{GOOD}  - campaign: other\n    vendor: {vendor}\n    target: {target}\n    mapping: {mapping}\n"
    line = 21 if name.startswith("target") else 22
    expected = f"FILE, line {line}: campaigns.other.{name}: there is no such setting. Did you mean {meant}"
    assert mistake(tmp_path, text).partition(" (")[0] == expected


@pytest.mark.parametrize("vendor", OF_VENDOR)
def test_what_a_vendor_decides_is_listed_where_nothing_is_close(tmp_path: Path, vendor: str) -> None:
    """A key that resembles none gets all that there are."""
    target, _ = OF_VENDOR[vendor]
    text = f"{GOOD}  - {{campaign: other, vendor: {vendor}, target: {target}, mapping: {{zzz: 1}}}}\n"
    known = {"sinch": "attributes", "sobot": "custom_fields, description, name",
             "platform": "agents, lead_data, status_code", "jtel": "fields"}[vendor]  # fmt: skip
    assert (
        mistake(tmp_path, text)
        == f"FILE, line 19: campaigns.other.mapping.zzz: there is no such setting. There are: {known}"
    )


def test_lease_that_a_request_may_outlive_is_refused(tmp_path: Path) -> None:
    """A batch whose request is still under way must not be taken for abandoned; what the file says is named."""
    assert mistake(tmp_path, f"{GOOD}delivery:\n  lease_s: 119\n") == (
        "FILE, line 20: delivery.lease_s: 119 is less than twice vendors.sinch.read_timeout_s, which is 60"
    )
    assert load(tmp_path, f"{GOOD}delivery:\n  lease_s: 120\n").delivery.lease_s == 120
    assert mistake(tmp_path, GOOD.replace("    username: api", "    read_timeout_s: 91\n    username: api")) == (
        "FILE, line 12: delivery.lease_s: 180 is less than twice vendors.sinch.read_timeout_s, which is 91"
    )


def test_alias_that_ends_is_what_it_stands_for(tmp_path: Path) -> None:
    """The same values may be used twice."""
    text = GOOD.replace("{lead_id: id}", "&columns {lead_id: id}")
    assert load(
        tmp_path, text.replace("vendors:\n", "  customers: {csv: c.csv, cursor: at, columns: *columns}\nvendors:\n", 1)
    )


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:s3cret@127.0.0.1:abc/lead",
        "postgresql://u:s3cret@[::1/lead",
        "embeded",
        "5",
        "//u:s3cret@h/lead",
        "postgresql://u:pa@s3cret@h/lead",
        "postgresql://u:p@w/s3cret@h/lead",
    ],
)
def test_address_of_the_ledger_that_is_none_is_refused_without_quoting_it(tmp_path: Path, address: str) -> None:
    """The text may hold a password, also where a variable holds the text."""
    expected = (
        "FILE, line 1: database: must be `embedded` or postgresql://user:password@host:port/name;"
        " special characters in the password must be percent-encoded"
    )
    assert mistake(tmp_path, GOOD.replace("embedded", "${LEDGER}"), ENVIRONMENT | {"LEDGER": address}) == expected
    if "s3cret" not in address:
        assert mistake(tmp_path, GOOD.replace("embedded", f'"{address}"')) == expected


@pytest.mark.parametrize("kind", ["mysql", "sqlite", "postgres"])
def test_ledger_in_another_database_is_refused(tmp_path: Path, kind: str) -> None:
    """The setting, its file and its line are named, as for every mistake."""
    assert mistake(tmp_path, GOOD.replace("embedded", f"{kind}://host/lead")) == (
        f"FILE, line 1: database: must be PostgreSQL, postgresql://…, not {kind}"
    )


def test_folder_is_no_setting(tmp_path: Path) -> None:
    """The folder is that of the file, and cannot be written."""
    assert mistake(tmp_path, f"{GOOD}folder: /tmp\n").startswith("FILE, line 19: folder: there is no such setting")


@pytest.mark.parametrize("line", ["postgresql://leadsync:s3cret@db/leadsync"])
def test_password_inside_an_address_is_a_secret(tmp_path: Path, line: str) -> None:
    """A literal password in a URL is refused like any other."""
    assert mistake(tmp_path, GOOD.replace("embedded", line)).startswith("FILE, line 1: database")


SINCH = "    username: api\n    external_id_template: '%s'"
PLATFORM = "  platform: {base_url: 'http://127.0.0.1:1', token: '${SINCH_PASSWORD}', customer_key_template: '%s'}\n"
JTEL = (
    "  jtel: {base_url: 'http://127.0.0.1:1', allow_http: true, clients_id: 1, token: '${SINCH_PASSWORD}', "
    "user_data_template: '%s'}\n"
)
SOBOT_TARGET = "{data_template_code: D, wrap_up_template_code: W, name_template: '%s'}"


@pytest.mark.parametrize("misuse", ["{lead_id.x}", "{lead_id[0]}", "{lead_id:.3}", "{"])
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    username: api", SINCH, "13: vendors.sinch.external_id_template"),
        ("campaigns:", f"{PLATFORM}campaigns:", "15: vendors.platform.customer_key_template"),
        ("campaigns:", f"{JTEL}campaigns:", "15: vendors.jtel.user_data_template"),
    ],
)  # fmt: skip
def test_template_of_a_key_takes_bare_names_alone(
    tmp_path: Path, old: str, new: str, sentence: str, misuse: str
) -> None:
    """What takes a part of a lead's id, or writes it otherwise, could be the same key for two leads."""
    template = "{source}:{lead_id}:{campaign}:" + misuse
    assert mistake(tmp_path, GOOD.replace(old, new % template)) == (
        f"FILE, line {sentence}: may only contain {{source}}, {{lead_id}} and {{campaign}}"
    )


@pytest.mark.parametrize("setting", ["external_id_template", "customer_key_template", "user_data_template"])
def test_template_of_a_key_needs_the_lead_and_not_its_name_in_braces(tmp_path: Path, setting: str) -> None:
    """`{{lead_id}}` is a text: all leads would have one key."""
    text = {
        "external_id_template": GOOD.replace("    username: api", SINCH),
        "customer_key_template": GOOD.replace("campaigns:", f"{PLATFORM}campaigns:"),
        "user_data_template": GOOD.replace("campaigns:", f"{JTEL}campaigns:"),
    }[setting]
    assert f".{setting}: must contain {{source}}" in mistake(tmp_path, text % "{source}:{{lead_id}}:{campaign}")


@pytest.mark.parametrize("misuse", ["{campaign.x}", "{campaign[0]}", "{campaign:.3}", "{"])
@pytest.mark.parametrize(
    ("vendor", "target", "setting"),
    [
        ("sobot", SOBOT_TARGET, "name_template"),
        ("platform", "{campaign_id: 2, list_name: '%s'}", "list_name"),
        ("jtel", "{template: T, name_template: '%s'}", "name_template"),
    ],
)
def test_name_of_a_target_takes_bare_names_alone(
    tmp_path: Path, vendor: str, target: str, setting: str, misuse: str
) -> None:
    """A target's name is known to be right before it is made."""
    text = GOOD.replace("vendor: sinch", f"vendor: {vendor}").replace(
        "{campaign_id: 8A7C98EAF1164F2FAA93B98EECB95D76}", target % misuse
    )
    expected = f"FILE, line 18: campaigns.spring.target: {setting} may only contain {{campaign}} and {{day}}"
    assert mistake(tmp_path, text) == expected


def test_name_of_a_clone_may_write_the_day_as_it_likes(tmp_path: Path) -> None:
    """A date's own format may follow `day`; nothing may follow the campaign."""
    text = GOOD.replace("vendor: sinch", "vendor: jtel").replace(
        "{campaign_id: 8A7C98EAF1164F2FAA93B98EECB95D76}", "{template: T, per: day, name_template: 'L {day:%d.%m.}'}"
    )
    assert load(tmp_path, text).campaigns[0].target["name_template"] == "L {day:%d.%m.}"
    assert "name_template may only contain" in mistake(tmp_path, text.replace("{day:%d.%m.}", "{day:%d{day}}"))


@pytest.mark.parametrize(
    ("operation", "path"),
    [("lead_get", "/leads/{leadId.x}"), ("lead_get", "/leads/{leadId}/{x.y}"), ("lead_list", "/leads/{x.y}"),
     ("lead_list", "/leads/{")],
)  # fmt: skip
def test_path_takes_its_own_name_alone(tmp_path: Path, operation: str, path: str) -> None:
    """Braces that stand for nothing would be sent as they are."""
    settings = PLATFORM.replace("customer_key_template: '%s'", f"paths: {{{operation}: '{path}'}}")
    sentence = mistake(tmp_path, GOOD.replace("campaigns:", f"{settings}campaigns:"))
    assert sentence.startswith(f"FILE, line 15: vendors.platform.paths: {operation}: this path ")
