"""Every reason that a lead or an import can have is explained to the people who read it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from connectors.sobot import results as sobot_results
from pipelines import eligibility, reference, rulings

ROOT = Path(__file__).parents[2]
# Whose argument, at which place, is a code. An entry that is not sent is planned again: nobody reads its code.
PLACES = {"Verdict": 2, "Refusal": 2, "_Refusal": 1, "Setback": 2, "_setback": 2}
# Arguments that are no text in the source, and where their codes stand.
LOOKED_UP = {
    "UNKNOWN[name]": reference.UNKNOWN.values(),
    "_code(error)": [code for _, code in rulings._CODES],
    "*_WORDS[outcome]": [code for code, _ in sobot_results._WORDS.values() if code],
    "'_or_'.join(left)": ["accepted_or_rejected"],
    "row.reason_code": eligibility.REASONS,
    "error_code": [],
}
CODE = r"'([a-z]+(?:_[a-z]+)+)'"
IN_SQL = (
    re.compile(r"(?:reason|error)_code\b[^\n;]*"),
    re.compile(r"[^\n;]*\bAS (?:reason|error)_code"),
    re.compile(r"CASE(?:(?!\bCASE\b).)*?END AS (?:reason|error)_code", re.DOTALL),
    re.compile(r"'(?:invalid|suppressed|duplicate)', '[a-z_]+'"),
)


def in_python() -> Iterator[str]:
    """The codes that the program gives."""
    for file in [*ROOT.glob("pipelines/**/*.py"), *ROOT.glob("connectors/**/*.py")]:
        tree = ast.parse(file.read_text("utf-8"))
        named = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            for given in codes_given(call):
                yield from texts(named.get(given.id, given) if isinstance(given, ast.Name) else given)


def codes_given(call: ast.Call) -> Iterator[ast.expr]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    yield from (word.value for word in call.keywords if word.arg in ("reason_code", "error_code"))
    is_unsent = any(isinstance(one, ast.Constant) and one.value == "not_sent" for one in call.args[1:2])
    if name in PLACES and len(call.args) > PLACES[name] and not is_unsent:
        yield call.args[PLACES[name]]


def texts(node: ast.expr) -> Iterator[str]:
    """The texts that the expression can be; one that cannot be told fails the test: add where its codes stand."""
    if isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
    elif isinstance(node, ast.BoolOp):
        yield from (value.value for value in node.values if isinstance(value, ast.Constant))
    else:
        yield from LOOKED_UP[ast.unparse(node)]


def in_sql() -> Iterator[str]:
    """The codes that statements and views give."""
    for file in [*ROOT.glob("sql/statements/*.sql"), *ROOT.glob("sql/reports/*.sql")]:
        text = file.read_text("utf-8")
        yield from (code for shape in IN_SQL for place in shape.findall(text) for code in re.findall(CODE, place))


def explained() -> set[str]:
    """The codes in the first column of a table of the operators' guide."""
    lines = (ROOT / "docs" / "operations.md").read_text("utf-8").splitlines()
    cells = [line.split("|")[1] for line in lines if line.startswith("|")]
    return {code for cell in cells for code in re.findall(r"`([a-z_]+)`", cell)}


def test_every_reason_code_is_explained() -> None:
    """Whoever finds a code in a report finds in the guide what it means and what to do."""
    given = {*eligibility.REASONS, *in_python(), *in_sql()}
    assert {"phone_invalid", "duplicate_number", "not_in_dialler", "sender_lost", "row_gone"} <= given
    assert sorted(given - explained()) == []
