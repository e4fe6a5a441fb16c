"""What counts and an error report say of each lead, and how the report's file is read."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gateway import Entry, Verdict
from connectors.sobot.models import ImportResult
from connectors.sobot.reports import NamedLead, ReportError, number_key, origin_of, read_report
from connectors.sobot.results import Conclusion, conclude, is_complete, newest_word
from sandbox.sobot.reports import write_xlsx

HEADER = ["Name", "Telephone", "Failure reason"]


def entries(count: int) -> list[Entry]:
    return [{"telephone": f"49151100000{number}"} for number in range(count)]


def row(success: int, duplicate: int = 0, error: int = 0) -> ImportResult:
    return ImportResult(
        calling_list_code="A", success_count=success, duplicate_count=duplicate, error_count=error
    )  # fmt: skip


def named(*numbers: int, reason: str | None = "wrong number") -> list[NamedLead]:
    return [NamedLead(f"49151100000{number}", reason) for number in numbers]


def outcomes(conclusion: Conclusion) -> list[str]:
    return [f"{verdict.outcome}:{verdict.reason_code}" for verdict in conclusion.verdicts]


ACCEPTED, REPEATED, REFUSED = "accepted:None", "duplicate:already_at_vendor", "rejected:refused_by_vendor"


@pytest.mark.parametrize(
    ("counts", "report", "expected"),
    [
        pytest.param((4, 0, 0), [], [ACCEPTED] * 4, id="all-stored"),
        pytest.param((0, 4, 0), [], [REPEATED] * 4, id="all-repeated"),
        pytest.param((0, 0, 4), [], [REFUSED] * 4, id="all-in-error"),
        pytest.param((3, 0, 1), named(1), [ACCEPTED, REFUSED, ACCEPTED, ACCEPTED], id="the-one-in-error-is-named"),
        pytest.param((0, 3, 1), named(1), [REPEATED, REFUSED, REPEATED, REPEATED], id="the-rest-is-repeated"),
        pytest.param((3, 0, 1), [], ["unattributed:accepted_or_rejected"] * 4, id="nobody-is-named"),
        pytest.param(
            (1, 0, 3), named(0, 1),
            [REFUSED, REFUSED, "unattributed:accepted_or_rejected", "unattributed:accepted_or_rejected"],
            id="not-all-are-named",
        ),
        pytest.param(
            (2, 1, 1), named(1),
            ["unattributed:accepted_or_duplicate", REFUSED, *["unattributed:accepted_or_duplicate"] * 2],
            id="a-repetition-is-not-named",
        ),
        pytest.param((1, 1, 2), [], ["unattributed:accepted_or_duplicate_or_rejected"] * 4, id="nothing-is-known"),
        pytest.param((0, 2, 2), [], ["unattributed:duplicate_or_rejected"] * 4, id="certainly-not-stored"),
        pytest.param(
            (2, 1, 1), [*named(1), *named(3, reason="Duplicate number")], [ACCEPTED, REFUSED, ACCEPTED, REPEATED],
            id="repetitions-are-named-too",
        ),
        pytest.param(
            (3, 1, 0), named(2, reason="重复号码"), [ACCEPTED, ACCEPTED, REPEATED, ACCEPTED], id="repeated-in-chinese"
        ),
        pytest.param(
            (3, 0, 1), named(2, reason="duplicate"), [ACCEPTED, ACCEPTED, REFUSED, ACCEPTED],
            id="repeated-but-counted-as-error",
        ),
        pytest.param((4, 4, 0), [], [ACCEPTED] * 4, id="worked-off-twice-into-one-row"),
        pytest.param((3, 0, 0), [], ["unattributed:unaccounted"] * 4, id="short"),
        pytest.param(
            (2, 0, 1), named(0), [REFUSED, *["unattributed:unaccounted"] * 3], id="short-but-one-is-named"
        ),
        pytest.param((0, 0, 0), [], ["unattributed:unaccounted"] * 4, id="nothing-is-counted"),
        pytest.param((3, 2, 0), [], ["unattributed:accepted_or_duplicate"] * 4, id="too-much-is-counted"),
    ],
)  # fmt: skip
def test_conclusion_follows_the_counts_and_the_names(
    counts: tuple[int, int, int], report: list[NamedLead], expected: list[str]
) -> None:
    """A lead has a verdict of its own only where the counts leave no other; the rest is unattributed."""
    assert outcomes(conclude(entries(4), row(*counts), report)) == expected


def test_conclusion_tells_the_vendors_words_and_counts() -> None:
    """Refusals carry the file's reason, redacted; doubts carry the counts."""
    report = named(1, reason="The number +49 151 1000001 is not allowed, ask a@b.de")
    conclusion = conclude(entries(4), row(2, 1, 1), report)
    doubt = "sobot counts 2 accepted, 1 duplicate for 3 leads, and does not say which"
    assert conclusion.verdicts[1] == Verdict(
        1, "rejected", "refused_by_vendor", "The number <number> is not allowed, ask <mail>"
    )
    assert conclusion.verdicts[3] == Verdict(3, "unattributed", "accepted_or_duplicate", doubt)
    assert conclusion.oddities == []


def test_conclusion_names_a_shortfall() -> None:
    """What is in none of the counts is said in numbers."""
    conclusion = conclude(entries(4), row(1, 1, 0), [])
    assert conclusion.oddities == [
        "2 of 4 leads are in none of sobot's counts (numbers filtered by its block list may be)"
    ]
    reason = "of 4 leads sobot counts 1 accepted, 1 duplicate, and does not say which"
    assert conclusion.verdicts[0] == Verdict(0, "unattributed", "unaccounted", reason)


def test_report_that_names_more_than_are_counted_is_not_believed() -> None:
    """A file that lists every lead of the import does not make them errors."""
    conclusion = conclude(entries(4), row(3, 0, 1), named(0, 1, 2, 3))
    assert outcomes(conclusion) == ["unattributed:accepted_or_rejected"] * 4
    assert conclusion.oddities == ["the error report names 4 leads, but 1 are counted as errors"]


def test_number_of_two_leads_counts_only_if_both_are_named() -> None:
    """Where two leads share a number, one name in the report does not say whose it is."""
    twins = [*entries(2), entries(2)[1]]
    assert outcomes(conclude(twins, row(2, 0, 1), named(1))) == ["unattributed:accepted_or_rejected"] * 3
    assert outcomes(conclude(twins, row(1, 0, 2), named(1, 1))) == [ACCEPTED, REFUSED, REFUSED]


def test_refusal_without_a_reason_says_so() -> None:
    """A row of the report that has only the number is a refusal all the same."""
    verdicts = conclude(entries(1), row(0, 0, 1), named(0, reason=None)).verdicts
    assert verdicts == [Verdict(0, "rejected", "refused_by_vendor", "in sobot's error report, without a reason")]


def test_row_that_counts_is_the_one_with_most_stored() -> None:
    """Of two rows for one code the first was the import, and the second its repetition."""
    first, second = row(3, 0, 1), row(0, 3, 1)
    assert newest_word([second, first]) == first
    assert newest_word([]) is None


@pytest.mark.parametrize(("counts", "expected"), [((3, 0, 0), False), ((3, 0, 1), True), ((4, 4, 0), True)])
def test_row_is_complete_when_it_counts_every_lead(counts: tuple[int, int, int], *, expected: bool) -> None:
    """Fewer than were sent is still running."""
    assert is_complete(row(*counts), 4) == expected


@given(
    count=st.integers(1, 8), counts=st.tuples(*[st.integers(0, 9)] * 3), who=st.lists(st.integers(0, 9), max_size=12)
)
def test_conclusion_has_one_verdict_per_lead_and_never_more_stored_than_counted(
    count: int, counts: tuple[int, int, int], who: list[int]
) -> None:
    """Whatever the vendor counts and names: every position once, and no more accepted than the vendor stored."""
    verdicts = conclude(entries(count), row(*counts), named(*who)).verdicts
    assert [verdict.position for verdict in verdicts] == list(range(count))
    assert sum(verdict.outcome == "accepted" for verdict in verdicts) <= counts[0]
    assert sum(verdict.outcome == "duplicate" for verdict in verdicts) <= counts[1]
    assert sum(verdict.outcome == "rejected" for verdict in verdicts) <= counts[2]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([HEADER, ["Ada", "491511000001", "wrong"]], [("491511000001", "wrong")], id="text"),
        pytest.param([HEADER, ["Ada", 491511000001, "wrong"]], [("491511000001", "wrong")], id="number"),
        pytest.param([["491511000001", "wrong"]], [("491511000001", "wrong")], id="no-header"),
        pytest.param([["电话"], ["+49 1511 000001", "空号"]], [("491511000001", "空号")], id="another-language"),
        pytest.param([HEADER, ["Ada", "491511000001", ""]], [("491511000001", None)], id="no-reason"),
        pytest.param([HEADER, ["Ada", "491511000001", "Ada", "x"]], [("491511000001", "x")], id="further-column"),
        pytest.param([HEADER, ["", "491511000001", "Ada is wrong"]], [("491511000001", "… is wrong")], id="name"),
        pytest.param(
            [HEADER, ["", "491511000001", "a"], ["", "491511000009", "b"], ["", "491511000002", "c"]],
            [("491511000001", "a"), ("491511000002", "c")], id="a-number-that-was-not-sent",
        ),
        pytest.param([[], ["x"], ["Ada", "491511000001", "a"]], [("491511000001", "a")], id="ragged"),
    ],
)  # fmt: skip
def test_report_is_read_by_what_its_cells_look_like(rows: Any, expected: list[tuple[str, str | None]]) -> None:
    """The column with the most numbers that were sent; the last text that is none of the lead's own."""
    sent = [{"telephone": "491511000001", "name": "Ada"}, {"telephone": "491511000002"}]
    assert read_report(write_xlsx(rows), sent) == [NamedLead(*one) for one in expected]


def test_report_finds_national_numbers_that_lost_their_nought() -> None:
    """A spreadsheet that takes a number for a quantity drops the nought before it."""
    sent = [{"telephone": "01511000001"}]
    assert read_report(write_xlsx([[1511000001, "wrong"]]), sent) == [NamedLead("1511000001", "wrong")]


def swollen() -> bytes:
    """A small file that unpacks to a hundred megabytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    return buffer.getvalue()


def with_sheet(*changes: tuple[bytes, bytes], name: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A report of one lead, whose sheet, or other part, has one text in the place of another."""
    buffer, packed = io.BytesIO(), zipfile.ZipFile(io.BytesIO(write_xlsx([HEADER, ["Ada", "491511000001", "bad"]])))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in packed.namelist():
            text = packed.read(part)
            for old, new in changes if part == name else ():
                assert old in text
                text = text.replace(old, new)
            archive.writestr(part, text)
    return buffer.getvalue()


END = b"</sheetData>"
FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
WIDE = b'<x:row xmlns:x="x">' + b"<x:c/>" * 9000 + b"</x:row></sheetData>"


def dishonest() -> bytes:
    """A file that says that its sheet is a tenth as long as it is."""
    content = bytearray(with_sheet((END, b" " * 5000 + END)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    honest, lie = size.to_bytes(4, "little"), (size // 10).to_bytes(4, "little")
    assert bytes(content).count(honest) == 2
    return bytes(content).replace(honest, lie)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"", "cannot be read", id="empty"),
        pytest.param(b"<html>gone</html>", "cannot be read", id="html"),
        pytest.param(write_xlsx([HEADER])[:100], "cannot be read", id="cut"),
        pytest.param(write_xlsx([HEADER])[:-40], "cannot be read", id="end-is-missing"),
        pytest.param(write_xlsx([HEADER]), "names none of the numbers", id="no-rows"),
        pytest.param(write_xlsx([["a", "b"], ["1", "2"]]), "names none of the numbers", id="odd-columns"),
        pytest.param(swollen(), "larger than it looks", id="bomb"),
        pytest.param(dishonest(), "cannot be read", id="bomb-that-lies"),
        pytest.param(with_sheet((END, FAR)), "speaks of more cells than a report has", id="far-cell"),
        pytest.param(with_sheet((END, b'<row r="9999999"/>' + END)), "speaks of more cells", id="far-row"),
        pytest.param(with_sheet((END, b'<row><c r="ZZZZZ3"/></row>' + END)), "speaks of more cells", id="far-column"),
        pytest.param(with_sheet((END, b"<row/>" * 900 + WIDE)), "speaks of more cells", id="places-that-are-not-told"),
        pytest.param(with_sheet((END, b'<row r="-1"/>' + END)), "a cell that there cannot be", id="no-place"),
        pytest.param(with_sheet((b"<worksheet", b"<!DOCTYPE a []><worksheet")), "has a document type", id="doctype"),
        pytest.param(with_sheet((END, b"<row>")), "cannot be read", id="broken-xml"),
    ],
)
def test_report_that_cannot_be_read_is_one_error(content: bytes, text: str) -> None:
    """Whatever the file is, the reader says in one clause that it is of no use."""
    with pytest.raises(ReportError, match=text):
        read_report(content, entries(2))


def test_report_with_gaps_and_prefixes_is_read() -> None:
    """Cells may tell their places, leave some out, and have the prefix that other programs write."""
    cells = b'<c r="AB40" t="inlineStr"><is><t>491511000002</t></is></c><c r="AC40"><v>7</v></c>'
    sent = [{"telephone": "491511000002"}]
    assert read_report(with_sheet((END, b'<row r="40">' + cells + b"</row>" + END)), sent) == [
        NamedLead("491511000002", None)
    ]
    content = with_sheet((b"<worksheet", b'<worksheet xmlns:x="y"'), (b"<row", b"<x:row"), (b"</row", b"</x:row"))
    assert read_report(content, [{"telephone": "491511000001"}]) == [NamedLead("491511000001", "bad")]


def test_report_whose_cells_share_a_long_text_cannot_be_read() -> None:
    """Each cell would be given a copy of it."""
    cells = b"<row>" + b'<c t="s"><v>0</v></c>' * 9000 + b"</row>" + END
    buffer = io.BytesIO(with_sheet((END, cells)))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>{'x' * 30_000}</t></si></sst>")
    with pytest.raises(ReportError, match="speaks of more text than a report has"):
        read_report(buffer.getvalue(), entries(1))


def test_report_that_is_another_archive_cannot_be_read() -> None:
    """A zip that is no workbook is no report."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", b"text")
    with pytest.raises(ReportError, match="cannot be read"):
        read_report(buffer.getvalue(), entries(1))


@pytest.mark.parametrize(
    ("cell", "key"),
    [("+49 (151) 1-0", "4915110"), (4915110.0, "4915110"), (4915110, "4915110"), ("0049151", "49151"), (True, ""),
     (None, ""), (1.5, "15"), ("٣", "")],
)  # fmt: skip
def test_number_key_is_the_digits(cell: Any, key: str) -> None:
    """However a number is written, its digits compare."""
    assert number_key(cell) == key


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("img-sg.sobot.io", "https://img-sg.sobot.io"),
        ("https://IMG-sg.sobot.io/a.xlsx?x=1", "https://img-sg.sobot.io"),
        ("http://127.0.0.1:8700/cc/x", "http://127.0.0.1:8700"),
        ("https://img-sg.sobot.io@evil.example/a", "https://evil.example"),
    ],
)
def test_origin_is_scheme_host_and_port(address: str, origin: str) -> None:
    """What comes before an @ is no host."""
    assert origin_of(address) == origin
