"""The sentence about a mistake in the configuration: which key, in which file and line, and what would be right.

Belongs here: from a finding of pydantic to words. Does not belong here: what is allowed (`settings.py`) and the lines
of keys (`configfile.py`).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipelines.configfile import Document, Path_, dotted
from pipelines.vendors import VENDORS

MOST_OTHERS = 5

# By the beginning of pydantic's kind of problem, in the order in which they are looked for.
_WORDS = {
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "int_": "must be a whole number",
    "float_": "must be a number",
    "finite_number": "must be a number that ends",
    "bool_": "must be true or false",
    "date": "must be a day such as 2026-11-17",
    "tuple_": "must be a list, such as [a, b]",
    "list_": "must be a list, such as [a, b]",
    "dict_": "must hold settings of its own, `key: value`",
    "model_": "must hold settings of its own, `key: value`",
    "literal_error": "must be {expected}",
    "less_than_equal": "must be at most {le}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
}


def sentence(document: Document, error: ValidationError, model: type[BaseModel]) -> str:
    """What is wrong with the document, of which the model says what there is: the first mistake, and others below."""
    problems = problems_of(error)
    # A misspelt required key is unknown and missing; what was written is what a person can find.
    problems.sort(key=lambda problem: problem["type"] != "extra_forbidden")
    odd = {problem["loc"][:-1] for problem in problems if problem["type"] == "extra_forbidden"}
    problems = [problem for problem in problems if problem["type"] != "missing" or problem["loc"][:-1] not in odd]
    by_key: dict[Path_, ErrorDetails] = {}
    for problem in problems:
        by_key.setdefault(_written(document.values, problem), problem)  # one of each kind that a value may be of
    first, *others = (_told(document, key, problem, model) for key, problem in by_key.items())
    lines = [f"{document.path}, {first}", *others[:MOST_OTHERS]]
    if len(others) > MOST_OTHERS:
        lines.append(f"({len(others) - MOST_OTHERS} more)")
    return "\n".join(lines)


def _told(document: Document, key: Path_, problem: ErrorDetails, model: type[BaseModel]) -> str:
    is_unknown = problem["type"] == "extra_forbidden"
    text = f"there is no such setting{_hint(document, key, model)}" if is_unknown else complaint(problem)
    return f"line {document.line(key)}: {dotted(_named(document, key))}: {text}".replace(": : ", ": ")


def problems_of(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic found."""
    return error.errors(include_url=False)


def complaint(problem: ErrorDetails) -> str:
    """What is wrong with the value, in words, without the value: it may be a secret."""
    kind, value = problem["type"], problem["input"]
    if kind == "missing":
        return "is missing"
    if value is None:
        return "is empty: give it a value, or leave it out"
    if kind == "string_type":
        return f"must be text{_in_quotes(value)}"
    words = next((words for start, words in _WORDS.items() if kind.startswith(start)), None)
    # Bounds of settings in seconds are floats, 0.0 and 1209600.0.
    bounds = {
        name: f"{bound:.12g}" if isinstance(bound, float) else bound for name, bound in problem.get("ctx", {}).items()
    }
    return words.format(**bounds) if words else problem["msg"].removeprefix("Value error, ")


def _in_quotes(value: Any) -> str:
    if isinstance(value, bool):
        return ", and YAML reads this as true or false: put it in quotes, such as 'NO'"
    return ": put it in quotes" if isinstance(value, int | float) else ""


def _named(document: Document, key: Path_) -> Path_:
    """The key with a campaign's name for its place in the list, where it has one."""
    match key:
        case ("campaigns", int(index), *rest):
            campaign = document.values["campaigns"][index]
            name = campaign.get("campaign") if isinstance(campaign, dict) else None
            return ("campaigns", name, *rest) if isinstance(name, str) and name else key
    return key


def _written(values: Any, problem: ErrorDetails) -> Path_:
    """The key as it stands in the file: pydantic's own has the kinds of value that it tried, too."""
    key: Path_ = ()
    for part in problem["loc"]:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return (*key, part) if problem["type"] == "missing" else key
        key = (*key, part)
    return key


def _hint(document: Document, key: Path_, model: type[BaseModel]) -> str:
    known = sorted(_model_at(document, key[:-1], model).model_fields)
    close = get_close_matches(str(key[-1]), known, 1)
    return f". Did you mean {close[0]}?" if close else f". There are: {', '.join(known)}"


def _model_at(document: Document, key: Path_, model: type[BaseModel]) -> type[BaseModel]:
    """The model of what the key holds."""
    for at, part in enumerate(key):
        if isinstance(part, str):
            model = _of_its_vendor(document, key[: at + 1]) or _model_in(model.model_fields[part].annotation) or model
    return model


def _of_its_vendor(document: Document, key: Path_) -> type[BaseModel] | None:
    """The model of a campaign's target or mapping: its vendor decides."""
    match key:
        case ("campaigns", int(index), "target" | "mapping" as name):
            vendor = document.values["campaigns"][index].get("vendor")
            model: type[BaseModel] = getattr(VENDORS[vendor], name)
            return model
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(inner) for inner in getattr(annotation, "__args__", ()))
    return next(filter(None, found), None)
