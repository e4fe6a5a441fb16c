"""The database as files: migrations, named statements, report views.

Belongs here: reading those files and applying them. Does not belong here: when a statement runs
(`pipelines/ledger.py`) or what it means for a delivery (`pipelines/delivery.py`).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
STATEMENTS = HERE / "statements"
REPORTS = HERE / "reports"

_NAME = re.compile(r"^-- name: (\w+) :(one|many|none)$", re.MULTILINE)


class UnknownStatementError(LookupError):
    """No file under `sql/statements/` holds a statement of that name."""


@cache
def statements(table: str) -> dict[str, str]:
    """Every named statement of `sql/statements/<table>.sql`, by name, in file order."""
    pieces = _NAME.split((STATEMENTS / f"{table}.sql").read_text("utf-8"))[1:]
    return {name: body.strip().rstrip(";") for name, _, body in _in_threes(pieces)}


def statement(table: str, name: str) -> str:
    """The SQL text named `name` in the file of `table`."""
    try:
        return statements(table)[name]
    except KeyError:
        raise UnknownStatementError(f"sql/statements/{table}.sql has no statement {name!r}") from None


def tables() -> list[str]:
    """The stems of all statement files."""
    return sorted(path.stem for path in STATEMENTS.glob("*.sql"))


def reports() -> list[str]:
    """The report views' SQL texts in the order in which they must be applied."""
    return [path.read_text("utf-8") for path in sorted(REPORTS.glob("*.sql"))]


def _in_threes(pieces: list[str]) -> list[tuple[str, str, str]]:
    return list(zip(pieces[0::3], pieces[1::3], pieces[2::3], strict=True))
