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


def sentence(document: Document, error: ValidationError, model: type[BaseModel]) -> str:
    """What is wrong with the document, of which the model says what there is: the first mistake, and how many more."""
    problems = problems_of(error)
    # A misspelt required key is unknown and missing; what was written is what a person can find.
    problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    key = _written(document.values, problem)
    is_unknown = problem["type"] == "extra_forbidden"
    text = f"there is no such setting{_hint(document, key, model)}" if is_unknown else complaint(problem)
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{document.where(key)}: {dotted(key)}: {text}{more}".replace(": : ", ": ")


def problems_of(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic found, without the values: they may be secrets."""
    return error.errors(include_input=False, include_url=False)


def complaint(problem: ErrorDetails) -> str:
    """What is wrong with the value, in words."""
    if problem["type"] == "missing":
        return "is missing"
    return problem["msg"].removeprefix("Value error, ")


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
