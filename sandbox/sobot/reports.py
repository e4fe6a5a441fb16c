"""The error report of an import as an Excel file, and how it is served.

Belongs here: the file, written by hand, and the host that serves it. Does not belong here: what is in error
(`imports.py`). Columns, language and access are assumed: the vendor documents the address alone.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

from sandbox.exchange import Answer, RefusedError, Request, plain_text
from sandbox.sobot.records import Import
from sandbox.sobot.store import Tenant

PREFIX = "/cc/"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_FILES = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{XLSX}.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def answer_report(tenant: Tenant, request: Request) -> Answer:
    """The report at that path; the host refuses an `Authorization` header (assumed: it is plain storage)."""
    tenant.store.requests["error_report"] += 1
    if request.header(b"authorization") or request.header(b"token"):
        raise RefusedError(plain_text(400, "Unsupported Authorization Type"))
    done = next((one for one in tenant.store.imports if one.report_path == request.path), None)
    knob = tenant.knobs.report
    if done is None or knob == "missing":
        raise RefusedError(plain_text(404, "NoSuchKey"))
    if knob == "corrupt":
        return Answer(200, XLSX, write_xlsx(_table(tenant, done))[:100])
    if knob == "html":
        return Answer(200, "text/html", b"<html>gone</html>")
    return Answer(200, XLSX, write_xlsx(_table(tenant, done)))


def write_xlsx(rows: Sequence[Sequence[str | int]]) -> bytes:
    """A workbook of one sheet."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _FILES.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
        archive.writestr("xl/worksheets/sheet1.xml", _sheet(rows))
    return buffer.getvalue()


def _table(tenant: Tenant, done: Import) -> list[list[str | int]]:
    knobs = tenant.knobs
    rows: list[list[str | int]] = [list(knobs.report_header)]
    for name, telephone, reason in done.errors + (done.repeats if knobs.report_repeats else []):
        cell = int(telephone) if knobs.report_numbers == "number" and telephone.isdigit() else telephone
        rows.append(["?", "?"] if knobs.report == "odd_columns" else [name, cell, reason])
    return rows


def _sheet(rows: Sequence[Sequence[str | int]]) -> str:
    lines = (f'<row r="{number}">{"".join(map(_cell, row))}</row>' for number, row in enumerate(rows, 1))
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(value: str | int) -> str:
    if isinstance(value, int):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
