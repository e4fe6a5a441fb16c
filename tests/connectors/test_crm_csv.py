"""CSV files as people have them: real files, read whole."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pandas as pd
import pytest

from connectors.crm.csv import CsvSource
from connectors.crm.frames import DayWindow
from connectors.crm.layout import CAMPAIGN_COLUMNS, COLUMNS, DO_NOT_CALL_COLUMNS
from connectors.crm.lines import Lines
from connectors.crm.records import Shape, read_records
from connectors.errors import SetupError
from tests.reading import plain

BERLIN = ZoneInfo("Europe/Berlin")
DAY = DayWindow(date(2026, 11, 17), BERLIN)
HEADER = "lead_id,campaign,phone1,updated_at"
NOON = "2026-11-17 12:00:00"


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def source(path: Path | str, **settings: Any) -> CsvSource:
    """A source with a cursor, unless the settings say otherwise."""
    defaults: dict[str, Any] = {"columns": {}, "cursor": "updated_at", "cursor_zone": BERLIN}
    return CsvSource(str(path), setting="sources.leads", **(defaults | settings))


def read(path: Path | str, window: DayWindow | None = DAY, **settings: Any) -> pd.DataFrame:
    """All rows of the day in one frame."""
    frames = list(source(path, **settings).chunks(window))
    return plain(pd.concat(frames, ignore_index=True)) if frames else pd.DataFrame()


def write(path: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def row(lead_id: str, *, at: str = NOON) -> str:
    return f"{lead_id},spring,0170 1234567,{at}"


def ids(frame: pd.DataFrame) -> list[str | None]:
    return frame["lead_id"].tolist() if len(frame) else []


def defects(frame: pd.DataFrame) -> list[tuple[int, str | None]]:
    return list(zip(frame["row_no"].tolist(), frame["defect"].tolist(), strict=True))


def refusal(path: Path | str, window: DayWindow | None = DAY, **settings: Any) -> str:
    with pytest.raises(SetupError) as caught:
        list(source(path, **settings).chunks(window))
    return str(caught.value)


# -- the shape ---------------------------------------------------------------------------------


def test_frame_has_the_canonical_shape(leads: Path) -> None:
    """Every column of ours is there as text, an absent one as None, in the order of COLUMNS."""
    write(leads, HEADER + ",city,note", row("007") + ", Köln ,", row("8") + ",,")
    frame = read(leads)
    fields = [name for name in COLUMNS if name != "updated_at"]
    assert list(frame.columns) == ["row_no", "defect", "cursor_at", *fields, "attributes"]
    assert frame.loc[0].to_dict() == dict.fromkeys(fields) | {
        "row_no": 2,
        "defect": None,
        "cursor_at": pd.Timestamp("2026-11-17T11:00:00Z"),
        "lead_id": "007",
        "campaign": "spring",
        "phone1": "0170 1234567",
        "attributes": '{"city":"Köln"}',
    }
    assert frame.loc[1, "attributes"] is None
    assert str(frame["row_no"].dtype) == "int64"
    assert str(frame["cursor_at"].dtype) == "datetime64[us, UTC]"
    [chunk] = source(leads).chunks(DAY)
    assert {str(chunk[name].dtype) for name in (*fields, "defect", "attributes")} == {"str"}


def test_cells_are_trimmed_and_blanks_are_none(leads: Path) -> None:
    """White space around a cell goes, also a no-break space; a blank cell is None."""
    write(leads, " lead_id , campaign,phone1,updated_at", f"\u00a0NA , ,4.917E+11, {NOON} ")
    frame = read(leads)
    assert frame.loc[0, ["lead_id", "campaign", "phone1"]].tolist() == ["NA", None, "4.917E+11"]
    assert frame.loc[0, "defect"] is None


def test_names_map_by_themselves_in_any_case(leads: Path) -> None:
    """A header that is ours in any case needs no entry, and customer_id is the lead_id."""
    write(leads, "Customer_ID,CAMPAIGN,Phone1,Updated_At", row("9"))
    frame = read(leads)
    assert frame.loc[0, ["lead_id", "campaign", "phone1"]].tolist() == [
        "9",
        "spring",
        "0170 1234567",
    ]
    assert frame.loc[0, "attributes"] is None


def test_mapping_has_precedence_over_equal_names(leads: Path) -> None:
    """A column that the settings give a meaning loses its own; one they replace is an attribute, and so is one whose
    name a mapping would take for another field."""
    write(leads, "id,agent,country,phone1,mobile,updated_at", f"1,Jo,Ann,030 1,0170 2,{NOON}")
    frame = read(leads, columns={"lead_id": "id", "first_name": "country", "phone1": "mobile"})
    assert frame.loc[0, ["first_name", "country", "agent", "phone1"]].tolist() == [
        "Ann",
        None,
        "Jo",
        "0170 2",
    ]
    assert frame.loc[0, "attributes"] == '{"phone1":"030 1","country":"Ann"}'


@pytest.mark.parametrize(
    ("named", "columns", "expected"),
    [
        ("campaign", {}, "spring"),
        ("phone1", {}, "0170 1"),
        ("consent", {}, "yes"),
        ("updated_at", {}, NOON),
        ("customer_id", {}, "1"),
        ("vorname", {"first_name": "vorname"}, "Ann"),
        ("mobile", {"phone1": "mobile"}, "0171 2"),
        ("phone2", {"phone2": "mobile"}, "0171 2"),
        ("lead_id", {}, "1"),
    ],
)
def test_column_that_a_mapping_names_is_an_attribute_too(
    leads: Path, named: str, columns: dict[str, str], expected: str
) -> None:
    """By the source's name for it, or by ours; nothing else of ours is repeated there."""
    header = "customer_id,campaign,consent,updated_at,phone1,mobile,vorname"
    write(leads, header, f"1,spring,yes,{NOON},0170 1,0171 2,Ann")
    frame = read(leads, columns=columns, required={"phone1": None, named: "campaigns.promo.mapping.attributes.X"})
    free = {"phone1": "0170 1"} if "phone1" in columns else {}
    free |= {"mobile": "0171 2"} if "mobile" not in columns.values() else {}
    free |= {"vorname": "Ann"} if "vorname" not in columns.values() else {}
    assert orjson.loads(frame.loc[0, "attributes"]) == free | {named: expected}
    assert frame.loc[0, "campaign"] == "spring"


def test_column_with_the_name_of_a_field_is_itself_also_where_it_is_blank(leads: Path) -> None:
    """Else our word for it would stand in its place: `lead`, for a row that says nothing of its source."""
    write(leads, HEADER + ",source,city", row("1") + ",Facebook,Bonn", row("2") + ",,")
    assert read(leads)["attributes"].tolist() == ['{"source":"Facebook","city":"Bonn"}', '{"source":""}']


def test_repeated_and_blank_names_lose_no_attribute(leads: Path) -> None:
    """Columns that no mapping uses may share a name or have none: each keeps its value."""
    write(leads, HEADER + ",tag,tag,tag_2,,", row("1") + ",a,b,c,d,e")
    attributes = orjson.loads(read(leads).loc[0, "attributes"])
    assert attributes == {
        "tag": "a",
        "tag_2": "b",
        "tag_2_2": "c",
        "column_8": "d",
        "column_9": "e",
    }


@pytest.mark.parametrize(
    ("fields", "header", "line"),
    [
        (CAMPAIGN_COLUMNS, "campaign,vendor,target,region,active", "spring,sinch,8A7C,DE,true"),
        (DO_NOT_CALL_COLUMNS, "phone,reason,until", "0170,asked,2027-01-01"),
    ],
)
def test_reference_tables_have_their_own_fields(leads: Path, fields: tuple[str, ...], header: str, line: str) -> None:
    """Other columns than a lead's, no cursor, and all rows."""
    write(leads, header + ",note", line + ",x")
    frame = read(leads, None, fields=fields, cursor=None)
    assert list(frame.columns) == ["row_no", "defect", "cursor_at", *fields, "attributes"]
    assert frame.loc[0, list(fields)].tolist() == line.split(",")
    assert frame.loc[0, "cursor_at"] is pd.NaT
    assert frame.loc[0, "defect"] is None


# -- the day -----------------------------------------------------------------------------------


def test_day_is_half_open(leads: Path) -> None:
    """A row at midnight belongs to the day that begins, and to no other."""
    write(
        leads,
        HEADER,
        row("before", at="2026-11-16 23:59:59.999"),
        row("first", at="2026-11-17 00:00:00"),
        row("last", at="2026-11-17T23:59:59.999999"),
        row("next", at="2026-11-18 00:00:00"),
    )
    assert ids(read(leads)) == ["first", "last"]
    assert ids(read(leads, DayWindow(date(2026, 11, 18), BERLIN))) == ["next"]


@pytest.mark.parametrize(
    ("day", "first", "last", "count"),
    [
        (date(2026, 3, 29), "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", 23),
        (date(2026, 10, 25), "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", 25),
    ],
)
def test_days_when_the_clocks_change(leads: Path, day: date, first: str, last: str, count: int) -> None:
    """Every moment of a short or long day belongs to it, the moments next to it do not."""
    hours = pd.date_range(first, last, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ")
    outside = [
        (pd.Timestamp(first) - pd.Timedelta(seconds=1)).isoformat(),
        (pd.Timestamp(last) + pd.Timedelta(seconds=1)).isoformat(),
    ]
    write(leads, HEADER, *(row("in", at=at) for at in hours), *(row("out", at=at) for at in outside))
    assert ids(read(leads, DayWindow(day, BERLIN))) == ["in"] * count


def test_cursor_zone_may_differ_from_the_business_zone(leads: Path) -> None:
    """Naive cursors in UTC fall on the business day that they fall on."""
    write(leads, HEADER, row("1", at="2026-11-16 23:00:00"), row("2", at="2026-11-17 23:00:00"))
    assert ids(read(leads, cursor_zone=ZoneInfo("UTC"))) == ["1"]


def test_unreadable_cursor_is_accounted_for(leads: Path) -> None:
    """A row without a day is yielded for every day, with a defect that does not quote it."""
    write(leads, HEADER, row("1", at=""), row("2", at="17.11.2026"), row("3"))
    frame = read(leads)
    assert defects(frame) == [
        (2, "line 2: the cursor 'updated_at' is missing"),
        (3, "line 3: the cursor 'updated_at' is not a date and time"),
        (4, None),
    ]
    assert ids(frame) == ["1", "2", "3"]


def test_cursor_format_is_followed(leads: Path) -> None:
    """A cursor in another format than ISO is read when the settings say which."""
    write(leads, HEADER, row("1", at="17.11.2026 12:00"), row("2", at="18.11.2026 12:00"))
    assert ids(read(leads, cursor_format="%d.%m.%Y %H:%M")) == ["1"]


def test_cursor_may_be_named_by_our_name(leads: Path) -> None:
    """A cursor that the mapping names is found through it."""
    write(leads, "lead_id,changed", f"1,{NOON}")
    assert ids(read(leads, columns={"updated_at": "changed"}, cursor="updated_at")) == ["1"]


def test_no_window_yields_all_rows(leads: Path) -> None:
    """Without a day there is no filter, and a cursor that cannot be read harms nothing."""
    write(leads, HEADER, row("1", at="never"), row("2", at="2020-01-01"))
    assert defects(read(leads, None)) == [(2, None), (3, None)]


def test_window_without_cursor_is_refused(leads: Path) -> None:
    """A day cannot be cut from a file without knowing when its rows changed."""
    write(leads, HEADER, row("1"))
    assert refusal(leads, cursor=None).startswith("sources.leads.cursor: ")


# -- which files -------------------------------------------------------------------------------


def test_day_file_needs_no_cursor(tmp_path: Path) -> None:
    """Every row of a {day} file belongs to its day, whatever its cursor says."""
    write(tmp_path / "leads-2026-11-17.csv", HEADER, row("1", at="2020-01-01"), row("2", at="?"))
    write(tmp_path / "leads-2026-11-18.csv", HEADER, row("3"))
    template = tmp_path / "leads-{day}.csv"
    assert defects(read(template, cursor=None)) == [(2, None), (3, None)]
    assert ids(read(template)) == ["1", "2"]
    assert read(template)["cursor_at"].isna().tolist() == [False, True]
    assert ids(read(template, None)) == ["1", "2", "3"]


def test_glob_reads_files_in_order_with_unique_rows(tmp_path: Path) -> None:
    """Row numbers go on from file to file; a defect names the file and its own line."""
    write(tmp_path / "b.csv", HEADER, row("3"), "short")
    write(tmp_path / "a.csv", "updated_at,lead_id", f"{NOON},1", "2020-01-01,0", f"{NOON},2")
    (tmp_path / "c.csv").mkdir()
    frame = read(tmp_path / "*.csv")
    assert ids(frame) == ["1", "2", "3", "short"]
    assert frame["row_no"].tolist() == [2, 4, 6, 7]
    assert frame["defect"].tolist() == [None, None, None, "b.csv line 3 has 1 of 4 fields"]
    assert source(tmp_path / "*.csv").files(DAY) == [tmp_path / "a.csv", tmp_path / "b.csv"]


def test_name_with_brackets_is_itself(tmp_path: Path) -> None:
    """A file that is there under the very name is not taken for a pattern."""
    write(tmp_path / "leads[1].csv", HEADER, row("1"))
    assert ids(read(tmp_path / "leads[1].csv")) == ["1"]


def test_missing_file_names_template_and_day() -> None:
    """The text names the setting, what was looked for, and for which day."""
    expected = "sources.leads.csv: no file matches 'x-2026-11-17.csv' (day 2026-11-17)"
    assert refusal("x-{day}.csv") == expected
    assert refusal("x.csv", None) == "sources.leads.csv: no file matches 'x.csv'"


def test_directory_is_refused(tmp_path: Path) -> None:
    """A directory is no file."""
    assert "is a directory" in refusal(tmp_path)


def test_unreadable_file_is_refused(locked_file: Path) -> None:
    """A file without permission is a setup mistake that names it."""
    expected = f"sources.leads.csv: cannot read {locked_file}: Permission denied"
    assert refusal(locked_file) == expected


@pytest.mark.parametrize(
    ("name", "named", "mode"),
    [
        ("leads.csv", "/leads.csv", 0),
        ("leads-{day}.csv", "/leads-2026-11-17.csv", 0),
        ("leads-*.csv", "/leads-*.csv", 0),
        ("leads-*.csv", "", 0o711),
    ],
)
def test_folder_without_rights_is_refused(name: str, named: str, mode: int) -> None:
    """What is in it is not said to be missing, whatever the path looks like."""
    with locked("exports/leads-1.csv", mode) as folder:
        assert refusal(folder / name) == f"sources.leads.csv: cannot read {folder}{named}: Permission denied"
        with pytest.raises(SetupError, match="Permission denied"):
            source(folder / name).check(DAY)


@pytest.fixture
def locked_file() -> Iterator[Path]:
    """A file that this process may not read, even when it runs as root."""
    with locked("leads.csv") as path:
        yield path


@contextmanager
def locked(name: str, mode: int = 0) -> Iterator[Path]:
    """The first part of the name, in a folder of its own, with no more rights than those; the file is there."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    write(path, HEADER)
    first = folder / Path(name).parts[0]
    first.chmod(mode)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield first
    os.seteuid(user)
    first.chmod(0o700)
    shutil.rmtree(folder)


# -- the header --------------------------------------------------------------------------------


def test_header_only_has_no_rows(leads: Path) -> None:
    """A list may be empty."""
    write(leads, HEADER)
    assert list(source(leads).chunks(DAY)) == []
    source(leads).check(DAY)


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_no_header_line_is_refused(leads: Path, content: str) -> None:
    """A file without a header line is a broken export, not an empty list."""
    leads.write_text(content)
    assert refusal(leads) == f"sources.leads.csv: {leads} is empty; it needs a header line"


def test_header_that_is_a_row_is_refused_without_quoting_it(leads: Path) -> None:
    """A first line with phones or addresses is no header, and is not shown."""
    write(leads, "1,spring,0170 1234567,jo@example.org")
    text = refusal(leads)
    assert text.startswith(f"sources.leads.csv: {leads} line 1 has values")
    assert "0170" not in text
    assert "example" not in text


def test_header_without_any_known_column_is_refused(leads: Path) -> None:
    """A file in which nothing is ours is not read as rows of nothing."""
    write(leads, "a,b", "1,2")
    assert refusal(leads, cursor=None, window=None).startswith(
        f"sources.leads.columns: {leads} line 1 has none of the columns known here (lead_id, "
    )


def test_blank_lines_before_the_header_count(leads: Path) -> None:
    """Lines are physical: what an editor shows."""
    write(leads, "", "  ", HEADER, row("1"))
    assert read(leads)["row_no"].tolist() == [4]
    assert source(leads).header(DAY) == HEADER.split(",")


def test_header_may_span_lines(leads: Path) -> None:
    """A quoted name with a newline makes the header two lines long."""
    write(leads, 'lead_id,"the\nnote",updated_at', f"1,x,{NOON}")
    frame = read(leads)
    assert frame.loc[0, ["row_no", "attributes"]].tolist() == [3, '{"the\\nnote":"x"}']


def test_broken_header_is_refused(leads: Path) -> None:
    """A header that cannot be parsed is named with its line."""
    write(leads, 'lead_id,"campaign', row("1"))
    assert refusal(leads) == (f"sources.leads.csv: {leads} line 1, the header: unexpected end of data")


def test_missing_mapped_column_is_refused(leads: Path) -> None:
    """The text names the setting, the file, the line, the columns it has, and the likely one."""
    write(leads, "lead_id,mobile_phone,updated_at")
    assert refusal(leads, columns={"phone1": "mobilephone"}) == (
        f"sources.leads.columns.phone1: {leads} line 1 has no column 'mobilephone';"
        " it has lead_id, mobile_phone, updated_at. Did you mean 'mobile_phone'?"
    )


def test_missing_cursor_column_is_refused(leads: Path) -> None:
    """So does the text about a cursor."""
    write(leads, "lead_id,changed")
    assert refusal(leads, cursor="change") == (
        f"sources.leads.cursor: {leads} line 1 has no column 'change'; it has lead_id, changed. Did you mean 'changed'?"
    )


def test_missing_required_column_is_refused(leads: Path) -> None:
    """What a campaign needs must be there, as a column of ours or as an attribute."""
    write(leads, HEADER + ",city", row("1") + ",Bonn")
    assert ids(read(leads, required=("lead_id", "customer_id", "city"))) == ["1"]
    assert refusal(leads, required=("City",)).startswith(
        f"sources.leads.columns.City: {leads} line 1 lacks the column, and it is needed;"
    )
    assert refusal(leads, required={"phone2": "campaigns.promo.mapping.attributes.Second"}).startswith(
        f"campaigns.promo.mapping.attributes.Second: {leads} line 1 has no column 'phone2';"
    )
    assert refusal(leads, required={"Citi": "campaigns.promo.mapping.attributes.City"}) == (
        f"campaigns.promo.mapping.attributes.City: {leads} line 1 has no column 'Citi';"
        f" it has {HEADER.replace(',', ', ')}, city. Did you mean 'city'?"
    )


def test_unknown_column_of_ours_is_refused(leads: Path) -> None:
    """A mapping from a column that we do not have is a slip of the pen."""
    with pytest.raises(SetupError, match=r"columns\.phone_1: .* Did you mean 'phone1'\?"):
        source(leads, columns={"phone_1": "x"})


@pytest.mark.parametrize("settings", [{}, {"columns": {"phone2": "phone1"}}, {"cursor": "phone1"}])
def test_repeated_name_in_use_is_refused(leads: Path, settings: dict[str, Any]) -> None:
    """Which of two columns is meant is not guessed."""
    write(leads, "lead_id,phone1,phone1,updated_at")
    assert f"{leads} line 1 has 2 columns named 'phone1'" in refusal(leads, **settings)


def test_column_mapped_twice_is_refused(leads: Path) -> None:
    """lead_id and customer_id are one column."""
    write(leads, "a,b,updated_at")
    assert "mapped twice" in refusal(leads, columns={"lead_id": "a", "customer_id": "b"})


def test_check_reads_no_rows_but_tries_the_cursor(leads: Path) -> None:
    """A cursor of which nothing can be read is a setting, not a defect of every row."""
    write(leads, HEADER, *(row(str(at), at="17.11.2026 12:00") for at in range(3)), row("3", at=""))
    with pytest.raises(SetupError) as caught:
        source(leads).check(DAY)
    assert str(caught.value) == (
        f"sources.leads.cursor: none of the first 3 values of 'updated_at' in {leads} is a date and"
        " time; say how they are written in sources.leads.cursor_format"
    )
    source(leads, cursor_format="%d.%m.%Y %H:%M").check(DAY)
    source(leads).check(None)


# -- bytes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "utf-32"])
def test_encoding_is_found(leads: Path, encoding: str) -> None:
    """A byte order mark decides, then whether a line is UTF-8; the rest is Windows-1252."""
    write(leads, HEADER + ",city", row("1"), row("2") + ",Köln", encoding=encoding)
    frame = read(leads)
    assert ids(frame) == ["1", "2"]
    assert frame.loc[1, "attributes"] == '{"city":"Köln"}'


def test_utf8_is_checked_to_the_end(leads: Path) -> None:
    """One late byte that is not UTF-8 is read as Windows-1252."""
    write(leads, HEADER, *(row("1") for _ in range(40_000)))
    leads.write_bytes(leads.read_bytes() + row("€").encode("cp1252"))
    assert ids(read(leads))[-1] == "€"


def cities(frame: pd.DataFrame) -> list[str]:
    return [orjson.loads(attributes)["city"] for attributes in frame["attributes"]]


def in_city(lead_id: str, city: str, encoding: str = "utf-8") -> bytes:
    return f"{row(lead_id)},{city}\n".encode(encoding)


@pytest.mark.parametrize(
    "others", [pytest.param(0, id="first"), pytest.param(3, id="early"), pytest.param(60_000, id="beyond-all-chunks")]
)
def test_line_of_another_encoding_spoils_no_other(leads: Path, others: int) -> None:
    """Where a file has lines in UTF-8, only what is not UTF-8 is read as Windows-1252."""
    names = ["Köln", "Łódź", "Αθήνα"]
    good = [in_city(f"g{at}", names[at % 3]) for at in range(others)]
    odd = in_city("odd", "Müllheim – Süd", "cp1252")
    leads.write_bytes(b"".join([f"{HEADER},city\n".encode(), *good, odd, in_city("last", "Jülich")]))
    frame = read(leads)
    assert cities(frame) == [*(names[at % 3] for at in range(others)), "Müllheim – Süd", "Jülich"]
    assert frame["defect"].isna().all()


def test_cells_of_one_row_may_differ_in_their_encoding(leads: Path) -> None:
    """A row that was joined from two systems keeps the names of both, also over a quoted line end."""
    joined = b'1,spring,0170 1234567,2026-11-17 12:00:00,"K\xc3\xb6ln\nM\xfclheim"\n'
    leads.write_bytes(f"{HEADER},city\n".encode() + joined + in_city("2", "Düren"))
    assert cities(read(leads)) == ["Köln\nMülheim", "Düren"]


def test_windows_1252_that_resembles_utf8_stays_what_it_is(leads: Path) -> None:
    """`É’` has the bytes of one letter of UTF-8; no line of the file is UTF-8, so it is none here."""
    names = ["ANDRÉ’S, MÜNCHEN", "Görlitz", "Ætna"]
    write(leads, HEADER + ",city", *(f'{row(str(at))},"{name}"' for at, name in enumerate(names)), encoding="cp1252")
    assert cities(read(leads)) == names


def test_byte_without_meaning_spoils_its_row_only(leads: Path) -> None:
    """A byte that Windows-1252 does not have is a defect of its row."""
    leads.write_bytes(f"{HEADER}\n{row('1')}\nJ\x81\xfc{row('2')}\n{row('3')}".encode("latin-1"))
    frame = read(leads)
    assert defects(frame) == [
        (2, None),
        (3, "line 3 contains a byte that is not in its encoding"),
        (4, None),
    ]
    assert ids(frame) == ["1", None, "3"]
    assert frame.loc[1, "campaign"] == "spring"


def test_given_encoding_must_be_right(leads: Path) -> None:
    """A file that is not in the encoding of the settings is refused with the line."""
    write(leads, HEADER, row("1"), row("ü"), encoding="cp1252")
    assert refusal(leads, encoding="utf-8") == f"sources.leads.encoding: {leads} line 3 is not utf-8"
    assert ids(read(leads, encoding="cp1252")) == ["1", "ü"]


def test_byte_order_mark_never_reaches_a_name(leads: Path) -> None:
    """The mark counts more than a setting that forgets it."""
    write(leads, HEADER, row("1"), encoding="utf-8-sig")
    assert ids(read(leads, encoding="utf-8")) == ["1"]


@pytest.mark.parametrize("name", ["utf-9", "base64", "undefined", "utf\0"])
def test_unknown_encoding_is_refused(leads: Path, name: str) -> None:
    """An encoding must be one of text."""
    write(leads, HEADER)
    assert refusal(leads, encoding=name).startswith(f"sources.leads.encoding: {name!r} is not")


def test_nul_in_the_header_is_refused(leads: Path) -> None:
    """UTF-16 without its mark is recognised for what it is."""
    leads.write_bytes(f"{HEADER}\n".encode("utf-16-le"))
    assert refusal(leads).endswith("contains NUL characters; if the file is UTF-16, say so: utf-16-le or utf-16-be")


@pytest.mark.parametrize("width", [16, 32])
def test_encoding_whose_bytes_have_two_orders_needs_its_mark(leads: Path, width: int) -> None:
    """Which order they have is not guessed: the text says how to tell it."""
    write(leads, HEADER, row("ü"), encoding=f"utf-{width}-le")
    expected = f"sources.leads.encoding: {leads} has no byte order mark: say utf-{width}-le or utf-{width}-be"
    assert [refusal(leads, encoding=name) for name in (f"utf-{width}", f"UTF{width}")] == [expected, expected]
    assert ids(read(leads, encoding=f"utf-{width}-le")) == ["ü"]


def test_nul_is_a_defect_of_its_row(leads: Path) -> None:
    """No database stores a NUL: the cell is dropped, the row accounted for, and what was wrong before is told."""
    write(leads, HEADER, row("1"), row("2").replace("0170", "01\x0070"), row("3"), "4\x00")
    frame = read(leads)
    fields = len(HEADER.split(","))
    told = [None, "line 3 contains a NUL character", None, f"line 5 has 1 of {fields} fields"]
    assert defects(frame) == list(enumerate(told, start=2))
    assert frame.loc[1, ["lead_id", "phone1"]].tolist() == ["2", None]


# -- records -----------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(leads: Path, delimiter: str) -> None:
    """The delimiter is what the header line has most of, outside quotes."""
    header = delimiter.join(['"a,;|,;|\t\t"', "lead_id", "updated_at"])
    write(leads, header, delimiter.join(["x", "1", NOON]))
    assert ids(read(leads)) == ["1"]


def test_given_delimiter_is_used(leads: Path) -> None:
    """Any single character will do, and nothing else."""
    write(leads, "lead_id^a,b,c,d^updated_at", f"1^x^{NOON}")
    assert ids(read(leads, delimiter="^")) == ["1"]
    assert refusal(leads, delimiter="^^") == "sources.leads.delimiter: '^^' is not a single character"


def test_one_column_is_enough(leads: Path) -> None:
    """A list of numbers has no delimiter at all."""
    write(leads, "phone", "0170 1", "0170 2")
    frame = read(leads, None, fields=DO_NOT_CALL_COLUMNS, cursor=None)
    assert frame["phone"].tolist() == ["0170 1", "0170 2"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_physical(leads: Path, end: str) -> None:
    """Quoted newlines and blank lines count, however lines end; a record has its first line."""
    write(
        leads,
        HEADER + ",note",
        f'1,spring,0170,{NOON},"two{end}lines"',
        "",
        ",,,,",
        f'2,spring,0170,{NOON},"say ""hi"""',
        end=end,
    )
    frame = read(leads)
    assert defects(frame) == [(2, None), (6, None)]
    notes = [orjson.loads(each)["note"] for each in frame["attributes"]]
    assert notes == [f"two{end}lines", 'say "hi"']


def test_last_line_needs_no_newline(leads: Path) -> None:
    """A file may end in the middle of nothing."""
    leads.write_text(f"{HEADER}\n{row('1')}")
    assert ids(read(leads)) == ["1"]


def test_short_row_is_a_defect_with_what_it_has(leads: Path) -> None:
    """A row cut short keeps its lead, campaign and cursor if they are there, and nothing else."""
    write(leads, "lead_id,phone1,updated_at,campaign,note", f"1,0170,{NOON}", f"2,0170,{NOON},a", "3")
    frame = read(leads)
    assert defects(frame) == [
        (2, "line 2 has 3 of 5 fields"),
        (3, "line 3 has 4 of 5 fields"),
        (4, "line 4 has 1 of 5 fields"),
    ]
    assert frame["lead_id"].tolist() == ["1", "2", "3"]
    assert frame["campaign"].tolist() == [None, "a", None]
    assert frame["phone1"].tolist() == [None] * 3
    assert frame["cursor_at"].isna().tolist() == [False, False, True]


def test_short_row_of_another_day_is_not_this_days(leads: Path) -> None:
    """A defect belongs to the day of its row."""
    write(leads, "lead_id,updated_at,note", "1,2020-01-01", f"2,{NOON}")
    assert ids(read(leads)) == ["2"]


MISFITS = "lead_id,campaign,phone1,note,birthday,updated_at,city"


@pytest.mark.parametrize(
    ("line", "days"),
    [
        (f"1,spring,0170,call Mon, not Tue,1980-05-01,{NOON},Bonn", {1, 17, 18}),
        (f"1,spring,0170,1980-05-01,{NOON},2026-01-01", {1, 17, 18}),
        (f"1,spring,0170,1980-05-01,{NOON},Bonn", {1, 17, 18}),
        ("1,spring,0170,x,1980-05-01,Bonn", {1, 17, 18}),
        (f"1,spring,0170,x,1980-05-01,{NOON}", {1, 17, 18}),
        (f"1,spring,0170,x,no date,{NOON}", {17}),
        (f"1,spring,0170,x,2026-11-17,{NOON}", {17}),
        (f"1,spring,0170,x,no date,{NOON},Bonn,x", {17}),
        (f"1,spring,0170,x,no date,{NOON},2026-11-17T23:00:00Z,x", {1, 17, 18}),
        (f"1,spring,0170,x,no date,{NOON},\x00,x", {17}),
        ("1", {1, 17, 18}),
    ],
)
def test_cursor_of_a_row_of_the_wrong_width_must_be_certain(leads: Path, line: str, days: set[int]) -> None:
    """Where cells that it may have shifted to name other days, it is unknown: the row is told on every day."""
    write(leads, MISFITS, line, f"2,spring,0170,x,1980-05-01,{NOON},Bonn")
    found = {day: read(leads, DayWindow(date(2026, 11, day), BERLIN)) for day in (1, 17, 18)}
    assert {day for day, frame in found.items() if len(frame) and frame["defect"].notna().any()} == days
    assert ids(found[17])[-1] == "2"


def test_long_row_is_a_defect(leads: Path) -> None:
    """The cells of a row with too many may have shifted, so they are not believed."""
    write(leads, HEADER, row("1") + ",x", row("2") + ",, ")
    frame = read(leads)
    assert defects(frame) == [(2, "line 2 has 5 of 4 fields"), (3, None)]
    assert ids(frame) == [None, "2"]


def test_blank_lines_make_no_frame_of_what_they_leave_over(leads: Path) -> None:
    """Frames are of about one size, though no block of lines has as many rows as lines."""
    blocks = (["", *(row(f"{block}.{number}") for number in range(1, 2_500))] for block in range(8))
    write(leads, HEADER, *chain.from_iterable(blocks))
    assert [len(frame) for frame in source(leads).chunks(DAY, chunk_rows=5_000)] == [4_998] * 4


@pytest.mark.parametrize("chunk_rows", [1, 2, 3, 10_000])
def test_broken_quote_loses_no_other_row(leads: Path, chunk_rows: int) -> None:
    """A quote that is never closed spoils its own line, and reading goes on with the next."""
    write(
        leads,
        HEADER,
        row("1"),
        '2,"spring,0170,x',
        row("3"),
        f'4,"multi\nline",0170,{NOON}',
        '5,"a" b,0170,x',
        row("6"),
        '7,spring,"0170,x',
        row("8"),
    )
    frames = list(source(leads).chunks(DAY, chunk_rows=chunk_rows))
    frame = plain(pd.concat(frames, ignore_index=True))
    assert all(len(each) <= chunk_rows for each in frames)
    assert defects(frame) == [
        (2, None),
        (3, "line 3 has text after a closing quote"),
        (4, None),
        (5, None),
        (7, "line 7 has text after a closing quote"),
        (8, None),
        (9, "line 9 has a quote that is never closed"),
        (10, None),
    ]
    assert ids(frame) == ["1", None, "3", "4", None, "6", None, "8"]
    assert frame.loc[3, "campaign"] == "multi\nline"


def test_swallowed_lines_are_given_back(leads: Path) -> None:
    """A stray quote that a later one happens to close costs one row, not those between."""
    write(leads, HEADER, '"1,spring,0170,x', row("2"), f'3,x",0170,{NOON}')
    frame = read(leads)
    assert ids(frame) == [None, "2", "3"]
    assert defects(frame) == [(2, "line 2 has 3 of 4 fields"), (3, None), (4, None)]


@pytest.mark.parametrize("block_lines", [1, 2, 3, 4, 5, 100])
def test_records_do_not_depend_on_the_blocks(block_lines: int) -> None:
    """Where a block ends changes no record, no line and no defect."""
    text = 'a,b\n"c\n\nd",e\n\nf\n"g,h\ni,"j\nk"\nl,m\n"n'
    blocks = list(read_records(Lines([text.encode()]), Shape(",", 2), first_line=1, block_lines=block_lines))
    columns = [[cell for each in blocks for cell in each.columns[at].to_pylist()] for at in (0, 1)]
    lines = [line for each in blocks for line in each.lines]
    broken = [each.lines[at] for each in blocks for at in each.defects]
    assert columns == [
        ["a", "c\n\nd", None, None, "i", "l", None],
        ["b", "e", None, None, "j\nk", "m", None],
    ]
    assert lines == [1, 2, 6, 7, 8, 10, 11]
    assert broken == [6, 7, 11]


def test_huge_field_is_a_defect(leads: Path) -> None:
    """A field beyond the limit of the csv module spoils its row only."""
    huge = "x" * (csv.field_size_limit() + 1)
    write(leads, HEADER, row("1"), row(huge), row("3"))
    assert defects(read(leads)) == [
        (2, None),
        (3, "line 3 has a field that is longer than a CSV field may be"),
        (4, None),
    ]


@pytest.mark.parametrize("chunk_rows", [1, 7, 1000])
def test_chunks_are_bounded_and_complete(leads: Path, chunk_rows: int) -> None:
    """Every row comes once, in order, in frames of at most the asked size, each numbered from 0."""
    write(leads, HEADER, *(row(str(at), at=f"2026-11-1{at % 3 + 6} 12:00") for at in range(3000)))
    frames = list(source(leads).chunks(DAY, chunk_rows=chunk_rows))
    assert {len(frame) for frame in frames[:-1]} <= set(range(1, chunk_rows + 1))
    assert len(frames) <= 2 * (1000 // chunk_rows) + 1
    frame = pd.concat(frames)
    assert frame["lead_id"].tolist() == [str(at) for at in range(3000) if at % 3 == 1]
    assert frame["row_no"].tolist() == [at + 2 for at in range(3000) if at % 3 == 1]
    assert all(each.index.tolist() == list(range(len(each))) for each in frames)


def test_key_that_fits_in_no_index_is_a_defect_of_its_row(leads: Path) -> None:
    """It is never cut: the rest might be another lead's id. 200 characters are enough."""
    long, whole = "ü" * 201, "ü" * 200
    write(leads, HEADER, row("L1"), row(long), f"L3,{long},0170 1234567,{NOON}", row(whole))
    frame = read(leads)
    assert frame[["lead_id", "campaign", "defect"]].values.tolist() == [
        ["L1", "spring", None],
        [None, "spring", "line 3 has a lead_id of more than 200 characters"],
        ["L3", None, "line 4 has a campaign of more than 200 characters"],
        [whole, "spring", None],
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("told", "delimiter"), [("sep=;", ";"), ('"sep=|"', "|"), ("SEP=\t", "\t"), ("sep=^^^^^", "^")]
)
def test_line_of_excel_before_the_header_tells_the_delimiter(
    leads: Path, told: str, delimiter: str, encoding: str
) -> None:
    """`sep=;` is no header; lines count from the first of the file. The setting has precedence."""
    told = told.replace("^^^^^", "^;;;;")
    write(leads, told, *(line.replace(",", delimiter) for line in (HEADER, row("L1"), "L2")), encoding=encoding)
    frame = read(leads)
    assert frame[["row_no", "lead_id", "defect"]].values.tolist() == [
        [3, "L1", None], [4, "L2", "line 4 has 1 of 4 fields"],
    ]  # fmt: skip
    with pytest.raises(SetupError, match="line 2 has none of the columns"):
        read(leads, delimiter="~")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x1f\x8b\x08\x00", "packed with gzip"),
        (b"BZh91AY", "packed with bzip2"),
        (b"\xfd7zXZ\x00", "packed with xz"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"7z\xbc\xaf\x27\x1c", "packed with 7-Zip"),
        (b"PK\x03\x04", "a ZIP archive, or a workbook of Excel"),
        (b"\xd0\xcf\x11\xe0", "a workbook of Excel"),
    ],
)
def test_file_that_is_no_text_is_called_what_it_is(leads: Path, start: bytes, kind: str) -> None:
    """What is wrong with it is not its encoding."""
    leads.write_bytes(start + b"\x00" * 50)
    with pytest.raises(SetupError) as caught:
        read(leads)
    assert str(caught.value) == f"sources.leads.csv: {leads} is {kind}, not CSV: unpack it, or export it as CSV"


def test_header_may_end_with_a_delimiter(leads: Path) -> None:
    """Rows may end with it, too, or not; who lacks more is cut short."""
    lines = [row("L1"), row("L2") + ",", row("L3") + ",note", "L4,spring,1", f'"L5","spring\n","1",{NOON}']
    write(leads, HEADER + ",", *lines)
    assert read(leads)[["lead_id", "defect", "attributes"]].values.tolist() == [
        ["L1", None, None],
        ["L2", None, None],
        ["L3", None, '{"column_5":"note"}'],
        ["L4", "line 5 has 3 of 5 fields", None],
        ["L5", None, None],
    ]
    write(leads, HEADER + ",,", *(row(f"L{number}") for number in range(3_000)))
    assert ids(read(leads)) == [f"L{number}" for number in range(3_000)]


def test_second_byte_order_mark_is_no_part_of_a_name(leads: Path) -> None:
    """Two programs in a row may put one there."""
    leads.write_bytes(b"\xef\xbb\xbf" * 2 + f"{HEADER}\n{row('L1')}\n".encode())
    assert ids(read(leads)) == ["L1"]
    leads.write_bytes(
        b"\xef\xbb\xbf" * 2 + HEADER.replace("lead_id", '"lead_id"').encode() + f"\n{row('L1')}\n".encode()
    )
    assert ids(read(leads)) == ["L1"]


@pytest.mark.parametrize("before", [[row("1")], [row("1"), '"2\n",spring,1,' + NOON]])
def test_byte_order_mark_between_two_exports_is_no_part_of_an_id(leads: Path, before: list[str]) -> None:
    """A file that was put together of several has one before each: with it, the lead would be another one."""
    write(leads, HEADER, *before, "\ufeff" + row("3"), '\ufeff"4","spring",' + f'"1, 2",{NOON}', row("5"))
    assert ids(read(leads))[-3:] == ["3", "4", "5"]
    assert read(leads)["defect"].isna().all()


def written_anew(path: Path) -> None:
    """What `cp`, and a program that exports again, do to a file that is there."""
    path.write_text(f"{HEADER}\n{row('L1')}\n")


def written_on(path: Path) -> None:
    with path.open("a") as file:
        file.write(row("late") + "\n")


@pytest.mark.parametrize("change", [written_anew, written_on])
def test_file_that_is_written_while_it_is_read_is_refused(leads: Path, change: Callable[[Path], None]) -> None:
    """What was read is not the export, nor a part of it that anybody knows."""
    write(leads, HEADER, *(row(f"L{number}") for number in range(20_000)))
    chunks = source(leads).chunks(DAY, chunk_rows=1_000)
    next(chunks)
    change(leads)
    with pytest.raises(SetupError) as caught:
        list(chunks)
    assert str(caught.value) == f"sources.leads.csv: {leads} changed while it was read"


def test_file_that_another_takes_the_place_of_is_read_to_its_end(leads: Path) -> None:
    """A new export that is moved there at once harms no load that is under way."""
    write(leads, HEADER, *(row(f"L{number}") for number in range(20_000)))
    chunks = source(leads).chunks(DAY, chunk_rows=1_000)
    first = next(chunks)
    write(leads.with_suffix(".new"), HEADER, row("L1")).replace(leads)
    assert len(first) + sum(map(len, chunks)) == 20_000
