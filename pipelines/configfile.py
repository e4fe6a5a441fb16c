"""Reads a YAML file into plain values, and remembers the line of every key.

Belongs here: YAML, `${NAME}` and lines. Does not belong here: which settings there are (`settings.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from connectors.errors import SetupError

Path_ = tuple[str | int, ...]

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
# YAML takes more for numbers than people do: 0123 is 83 there, and 12:30 is 750.
_PLAIN_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True, slots=True)
class Document:
    """The values of one YAML file, the line of each key, and where each raw text came from."""

    path: Path
    values: dict[str, Any]
    lines: Mapping[Path_, int]
    raw: Mapping[Path_, str]

    def where(self, key: Path_) -> str:
        """`file, line n` of the key, or of the closest parent that is written in the file."""
        return f"{self.path}, line {self.line(key)}"

    def line(self, key: Path_) -> int:
        """The line of the key, or of the closest parent that is written in the file."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def written(self, key: Path_, value: str) -> str:
        """What the file itself says of the value: nothing where a variable stands."""
        return _VARIABLE.sub("", self.raw.get(key, value))


def read_document(path: Path, environment: Mapping[str, str]) -> Document:
    """The file's values, with every `${NAME}` replaced from the environment."""
    text = _text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        hint = _hint(text.splitlines(), error)
        raise SetupError(f"{path}, line {line}: not valid YAML: {error.problem}{hint}") from None
    except yaml.YAMLError:
        raise SetupError(f"{path}: not valid YAML: it holds characters that YAML does not allow") from None
    except RecursionError:
        raise _too_deep(path) from None
    reader = _Reader(path, environment)
    try:
        values = reader.value(root, ()) if root is not None else {}
    except RecursionError:
        raise _too_deep(path) from None
    reader.refuse_unset()
    if not isinstance(values, dict):
        raise SetupError(f"{path}, line 1: the file must hold settings, `key: value`")
    return Document(path, values, reader.lines, reader.raw)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise SetupError(
            f"there is no configuration file {path}; --config or LEADSYNC_CONFIG says which to read"
        ) from None
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SetupError(f"{path}, line {line}: the file must be UTF-8, and this line is not") from None


def _hint(lines: list[str], error: yaml.MarkedYAMLError) -> str:
    """What to write instead, where a variable without quotes stands in braces or brackets; else nothing."""
    if error.problem_mark is None or error.context_mark is None or "flow" not in (error.context or ""):
        return ""
    part = "\n".join(lines[error.context_mark.line : error.problem_mark.line + 1])
    unquoted = _VARIABLE.search(_QUOTED.sub("", part))
    return f'; inside {{ }} and [ ] write "{unquoted[0]}", in quotes' if unquoted else ""


def _too_deep(path: Path) -> SetupError:
    return SetupError(f"{path}: not valid YAML: values lie inside each other without end")


class _Reader:
    """Walks the nodes of a YAML document."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path = path
        self._environment = environment
        self._constructor = yaml.constructor.SafeConstructor()
        self._open: list[yaml.Node] = []
        self.lines: dict[Path_, int] = {}
        self.raw: dict[Path_, str] = {}
        self._unset: dict[str, Path_] = {}

    def refuse_unset(self) -> None:
        """Every variable that the file needs is set; else SetupError names them all."""
        if not self._unset:
            return
        (name, key), *others = self._unset.items()
        text = f"{self._path}, line {self.lines[key]}: {dotted(key)} needs the environment variable {name}"
        listed = ", ".join(f"{other} (line {self.lines[at]})" for other, at in others)
        raise SetupError(f"{text}; not set either: {listed}" if listed else text)

    def value(self, node: yaml.Node, key: Path_) -> Any:
        self.lines.setdefault(key, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, key)
        if any(node is one for one in self._open):
            raise SetupError(f"{self._path}, line {self.lines[key]}: {dotted(key)} is an alias of what it stands in")
        self._open.append(node)
        try:
            return self._inside(node, key)
        finally:
            self._open.pop()

    def _inside(self, node: yaml.Node, key: Path_) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        return [self.value(item, (*key, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, key: Path_) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            if not isinstance(name_node, yaml.ScalarNode):
                raise SetupError(f"{self._path}, line {line}: the name of a setting must be a word")
            name = str(name_node.value)
            if name in values:
                raise SetupError(f"{self._path}, line {line}: {dotted((*key, name))} is written twice")
            self.lines[(*key, name)] = line
            values[name] = self.value(value_node, (*key, name))
        return values

    def _scalar(self, node: yaml.Node, key: Path_) -> Any:
        text = str(node.value)
        if not _VARIABLE.search(text):
            # Dates stay text, so that pydantic judges them.
            is_date = node.tag == "tag:yaml.org,2002:timestamp"
            return text if is_date else self._constructed(node, key)
        self.raw[key] = text
        filled = _VARIABLE.sub(lambda match: self._variable(match, key), text)
        # Text, also when it is all digits: a setting that wants a number reads it as one.
        return filled or None

    def _constructed(self, node: yaml.Node, key: Path_) -> Any:
        if node.tag == "tag:yaml.org,2002:int" and not _PLAIN_NUMBER.fullmatch(node.value):
            where = f"{self._path}, line {node.start_mark.line + 1}"
            raise SetupError(f"{where}: {dotted(key)}: YAML reads this as another number: put it in quotes")
        try:
            return self._constructor.construct_object(node)  # untyped
        except (ValueError, LookupError, yaml.YAMLError):  # as of an unknown tag, or a number of a thousand digits
            where = f"{self._path}, line {node.start_mark.line + 1}"
            raise SetupError(f"{where}: {dotted(key)}: YAML cannot read this value") from None

    def _variable(self, match: re.Match[str], key: Path_) -> str:
        name: str = match["name"]
        default: str | None = match["default"]
        if name not in self._environment and default is None:
            self._unset.setdefault(name, key)
        return self._environment.get(name, default or "")


def dotted(key: Path_) -> str:
    """The key as people write it: `vendors.sinch.password`; entries count from 1: `campaigns, entry 1, vendor`."""
    text, before = "", "."
    for part in key:
        text += f", entry {part + 1}" if isinstance(part, int) else f"{before}{part}"
        before = ", " if isinstance(part, int) else "."
    return text.removeprefix(".")
