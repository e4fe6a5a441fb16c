"""What a vendor's operation may be given on a command line: its parameters, and how a text becomes a value.

Belongs here: from a method's signature to parameters, from `name=text` to typed values, and the sentences when that
fails; they name the parameter, never its value. Does not belong here: commands (`vendor_command.py`), documented
limits, which the clients check.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, Unpack, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime, SecretStr, TypeAdapter, ValidationError

# A moment of this process's clock, by which a delivery gives up: no person can name one.
_OURS = frozenset({"not_after"})
_LISTS = (Sequence, list, tuple)
_NUMBERS: Mapping[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}
A_TIME = "a time with its zone, such as 2026-11-17T09:00:00+01:00"


class ParameterError(ValueError):
    """A parameter is unknown, missing, given twice, or cannot be read; the text never quotes a value."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation; `default` is `inspect.Parameter.empty` when it must be given."""

    name: str
    annotation: Any
    default: Any = None

    @property
    def is_required(self) -> bool:
        """Whether the operation cannot do without."""
        return self.default is inspect.Parameter.empty

    @property
    def takes(self) -> str:
        """What its text must be, in words."""
        kinds = _kinds(self.annotation)
        if words := _words(kinds):
            return f"one of {', '.join(words)}"
        if bytes in kinds:
            return "@file, whose bytes are sent"
        if _has_time(kinds):
            return A_TIME
        if Mapping in kinds:
            return "a JSON object"
        if any(kind in _LISTS for kind in kinds):
            return ("text, or " if str in kinds else "") + f"a JSON array of {_elements(self.annotation)}"
        numbers = [text for kind, text in _NUMBERS.items() if kind in kinds]
        return numbers[-1] if numbers else "text"

    def read(self, text: str) -> Any:
        """The value that the text says; `@file` is what the file holds, `@@…` begins with one @.

        Raises:
            ParameterError: it is none, or the file cannot be read.
        """
        kinds = _kinds(self.annotation)
        if bytes in kinds:
            return self._file_bytes(text)
        return self._value(self._unfiled(text), kinds)

    def _value(self, text: str, kinds: Sequence[Any]) -> Any:
        if words := _words(kinds):
            return self._word(text, words)
        if SecretStr in kinds:
            return SecretStr(text)
        if _has_time(kinds):
            return self._time(text, is_text_too=str in kinds)
        is_list = any(kind in _LISTS for kind in kinds) and (str not in kinds or text.lstrip().startswith("["))
        if is_list or Mapping in kinds:
            return self._checked(lambda adapter: adapter.validate_json(text))
        return text if str in kinds else self._checked(lambda adapter: adapter.validate_strings(text.strip()))

    def _checked(self, read: Callable[[TypeAdapter[Any]], Any]) -> Any:
        try:
            return read(TypeAdapter(self.annotation))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        is_json = first["type"] != "json_invalid"
        raise ParameterError(f"parameter {self.name} must be {self.takes}" + ("" if is_json else "; this is not JSON"))

    def _word(self, text: str, words: Sequence[str]) -> str:
        for word in words:
            if word.casefold() == text.strip().casefold():
                return word
        raise ParameterError(f"parameter {self.name} must be {self.takes}{_meant(text, words)}")

    def _time(self, text: str, *, is_text_too: bool) -> Any:
        """The moment. Where the vendor takes texts too, one that is no moment with a zone goes as it is."""
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment
        if is_text_too:
            return text
        raise ParameterError(f"parameter {self.name} must be {A_TIME}")

    def _unfiled(self, text: str) -> str:
        if text.startswith("@@"):
            return text[1:]
        if not text.startswith("@"):
            return text
        try:
            return self._file_bytes(text).decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise ParameterError(f"parameter {self.name}: the file is not UTF-8 text") from None

    def _file_bytes(self, text: str) -> bytes:
        if not text.startswith("@") or text == "@":
            raise ParameterError(f"parameter {self.name} must be {self.takes}")
        try:
            return Path(text[1:]).read_bytes()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise ParameterError(f"parameter {self.name}: the file cannot be read ({why})") from None


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a client's method, in the order of its signature, filters one by one."""
    signature = inspect.signature(function, eval_str=True)
    return tuple(one for parameter in signature.parameters.values() for one in _expanded(parameter))


def answers_bytes(function: Callable[..., Any]) -> bool:
    """Whether the method returns a file and not values."""
    return inspect.signature(function, eval_str=True).return_annotation is bytes


def read_parameters(parameters: Sequence[Parameter], given: Sequence[str]) -> dict[str, Any]:
    """The values of `name=text` arguments, by name.

    Raises:
        ParameterError: one is unknown, given twice or cannot be read, or required ones are missing.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Any] = {}
    for argument in given:
        name, separator, text = argument.partition("=")
        if not separator:
            raise ParameterError("a parameter is given as name=value")
        if name not in by_name:
            raise ParameterError(f"there is no parameter {name}{suggestion(name, list(by_name))}")
        if name in values:
            raise ParameterError(f"parameter {name} is given twice; several values are one JSON array")
        values[name] = by_name[name].read(text)
    missing = [one.name for one in parameters if one.is_required and one.name not in values]
    if missing:
        raise ParameterError(f"missing: {', '.join(missing)}; give each by --param name=value")
    return values


def suggestion(name: str, known: Sequence[str]) -> str:
    """`. Did you mean …?`, or what there is, when that is little."""
    if close := _meant(name, known):
        return close
    return f". There are: {', '.join(known)}" if 0 < len(known) <= 30 else "" if known else ". There are none"


def _meant(name: str, known: Sequence[str]) -> str:
    by_fold = {_folded(one): one for one in known}
    close = get_close_matches(_folded(name), by_fold, 1)
    return f". Did you mean {by_fold[close[0]]}?" if close else ""


def _folded(name: str) -> str:
    """The name without what differs between ours and the vendors': case, `_` and `-`."""
    return name.casefold().replace("_", "").replace("-", "")


def _expanded(parameter: inspect.Parameter) -> Iterator[Parameter]:
    if parameter.name in _OURS:
        return
    if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
        yield Parameter(parameter.name, parameter.annotation, parameter.default)
        return
    if get_origin(parameter.annotation) is not Unpack:
        raise TypeError(f"{parameter.name}: filters must be named one by one, by Unpack of a TypedDict")
    filters = get_type_hints(get_args(parameter.annotation)[0])
    yield from (Parameter(name, annotation) for name, annotation in filters.items())


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """What the annotation is made of: classes, origins of generics, literals; never None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(kind for one in get_args(annotation) for kind in _kinds(one))
    if origin is Literal:
        return (annotation,)
    return () if annotation is type(None) else (origin or annotation,)


def _words(kinds: Sequence[Any]) -> tuple[str, ...]:
    return tuple(word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind))


def _has_time(kinds: Sequence[Any]) -> bool:
    return datetime in kinds or AwareDatetime in kinds


def _elements(annotation: Any) -> str:
    """What a list holds, in words."""
    origin = get_origin(annotation)
    if origin in _LISTS:
        element = get_args(annotation)[0]
        return {str: "texts", int: "whole numbers"}.get(element, "objects")
    return next((found for one in get_args(annotation) if (found := _elements(one))), "")
