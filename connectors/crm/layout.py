"""Our columns, and which of theirs is which.

Belongs here: their names, matching a header against the settings, and saying what is wrong with either. Does not
belong here: reading rows, or what their values mean.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import SetupError
from connectors.gateway import CONTACT_FIELDS

COLUMNS = (
    "lead_id",
    "campaign",
    "first_name",
    "last_name",
    "phone1",
    "phone2",
    "phone3",
    "country",
    "timezone",
    "email",
    "agent",
    "priority",
    "not_before",
    "consent",
    "updated_at",
)
CAMPAIGN_COLUMNS = ("campaign", "vendor", "target", "region", "active")
DO_NOT_CALL_COLUMNS = ("phone", "reason", "until")
CURSOR_COLUMN = "updated_at"
KEY_COLUMNS = ("lead_id", "campaign", "vendor")
"""Columns of ours by which rows are told apart; what is longer than `LONGEST_KEY` fits in no index."""

LONGEST_KEY = 200

# Leads and customers are one shape; each calls its id by its own name.
ALIASES = {"customer_id": "lead_id"}
_AS_CONTACT = {"timezone": "time_zone"}  # a column whose field of a contact has another name


@dataclass(frozen=True, slots=True)
class Layout:
    """Where every column of ours is in a row of theirs; positions count from 0.

    Attributes:
        fields: our column to its position, None for a column that the source lacks.
        attributes: their name to its position, for every column that is none of ours; and for one of ours that a
            mapping names, or that has the name of another field of a contact.
        cursor: the position of the column that says when the row changed, None if there is none.
        cursor_name: its name at the source, for messages.
        width: how many columns a row has.
        unnamed: how many of the last have no name: a delimiter at the end of the header, which rows may lack.
    """

    fields: Mapping[str, int | None]
    attributes: Mapping[str, int]
    cursor: int | None
    cursor_name: str
    width: int
    unnamed: int = 0

    @property
    def keys(self) -> dict[int, str]:
        """The positions of the source's key columns, with our names."""
        return {at: name for name in KEY_COLUMNS if (at := self.fields.get(name)) is not None}


@dataclass(frozen=True, slots=True)
class Columns:
    """What the settings say about the columns of one source.

    `required` has the columns that must be there; where it is a mapping, each with the setting that names it.
    """

    setting: str
    fields: Sequence[str]
    mapping: Mapping[str, str]
    cursor: str | None
    required: Collection[str]

    def __post_init__(self) -> None:
        for ours in self.mapping:
            if _canonical(ours) not in self.fields:
                raise SetupError(
                    f"{self.setting}.columns.{ours}: there is no such column of ours;"
                    f" {_choices(ours, self.fields, verb='known are')}"
                )

    def find(self, header: Sequence[str], *, place: str) -> Layout:
        """The layout of a source with this header.

        Args:
            header: their column names.
            place: where the header is, for messages: `leads.csv line 1`, `table crm.leads`.

        Raises:
            SetupError: a column that the settings name is missing or there twice, or none is known.
        """
        found = self._find_fields(header, place=place)
        cursor = self._find_cursor(header, found, place=place)
        self._refuse_missing(header, found, place=place)
        used = {*found.values(), cursor}
        names = _distinct(header)
        return Layout(
            fields={name: found.get(name) for name in self.fields if name != CURSOR_COLUMN},
            attributes={name: at for at, name in enumerate(names) if at not in used} | self._offered(header, found),
            cursor=cursor,
            cursor_name=self.cursor or CURSOR_COLUMN if cursor is None else header[cursor],
            width=len(header),
            unnamed=len(header) - max((at for at, name in enumerate(header, start=1) if name), default=0),
        )

    def _find_fields(self, header: Sequence[str], *, place: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for ours, theirs in self.mapping.items():
            if _canonical(ours) in found:
                raise SetupError(f"{self.setting}.columns.{ours}: the column is mapped twice")
            setting = f"{self.setting}.columns.{ours}"
            found[_canonical(ours)] = _position(theirs, header, setting=setting, place=place)
        found |= self._find_namesakes(header, found, place=place)
        if not found:
            raise SetupError(
                f"{self.setting}.columns: {place} has none of the columns known here"
                f" ({', '.join(self.fields)}); name them, or add the missing header line"
            )
        return found

    def _find_namesakes(self, header: Sequence[str], found: Mapping[str, int], *, place: str) -> dict[str, int]:
        # A column that the settings gave another meaning does not also keep its own. The cursor is
        # read from where the settings say: another `updated_at` is then an attribute.
        free = [name for at, name in enumerate(header) if at not in found.values()]
        taken = {*found, CURSOR_COLUMN} if self.cursor is not None else {*found}
        namesakes: dict[str, int] = {}
        for ours in (*self.fields, *ALIASES):
            field = _canonical(ours)
            if field in self.fields and field not in {*taken, *namesakes} and _matches(ours, free):
                setting = f"{self.setting}.columns.{ours}"
                namesakes[field] = _position(ours, header, setting=setting, place=place)
        return namesakes

    def _find_cursor(self, header: Sequence[str], found: Mapping[str, int], *, place: str) -> int | None:
        if self.cursor is None:
            return found.get(CURSOR_COLUMN)
        if not _matches(self.cursor, header) and self.cursor in found:
            return found[self.cursor]
        return _position(self.cursor, header, setting=f"{self.setting}.cursor", place=place)

    def _offered(self, header: Sequence[str], found: Mapping[str, int]) -> dict[str, int]:
        """Columns of ours that are attributes, too: those that a mapping names, by their name or by ours, and those
        that it would take for another field of a contact by their name."""
        settings = self.required if isinstance(self.required, Mapping) else {}
        named = [name for name, setting in settings.items() if setting]
        offered = {name: header.index(name) if name in header else found[_canonical(name)] for name in named}
        for ours, at in found.items():
            if header[at] in CONTACT_FIELDS - {ours, _AS_CONTACT.get(ours)}:
                offered[header[at]] = at
        return offered

    def _refuse_missing(self, header: Sequence[str], found: Mapping[str, int], *, place: str) -> None:
        for needed in self.required:
            if _canonical(needed) not in found and needed not in header:
                named_by = self.required.get(needed) if isinstance(self.required, Mapping) else None
                where = named_by or f"{self.setting}.columns.{needed}"
                what = f"has no column {needed!r}" if named_by else "lacks the column, and it is needed"
                raise SetupError(f"{where}: {place} {what}; {_choices(needed, header)}")


def long_key(name: str) -> str:
    """Why a row's key is unusable, as the end of a sentence about the row: cut, it might be another's."""
    return f"has a {name} of more than {LONGEST_KEY} characters"


def no_cursor(setting: str, path: str | None = None) -> SetupError:
    """The rows, of a CSV file where there is a path, cannot be told apart by their days."""
    rows, other = (f"the rows of {path!r}", ", or use {day} in the path") if path else ("the rows", "")
    return SetupError(
        f"{setting}.cursor: without the column that says when a row changed, {rows} have no day; name it{other}"
    )


def _canonical(name: str) -> str:
    return ALIASES.get(name, name)


def _matches(name: str, header: Iterable[str]) -> list[str]:
    """The names that are equal, or else those that differ in case alone."""
    names = list(header)
    exact = [each for each in names if each == name]
    return exact or [each for each in names if each.casefold() == name.casefold()]


def _position(name: str, header: Sequence[str], *, setting: str, place: str) -> int:
    matches = _matches(name.strip(), header)
    if len(matches) > 1:
        raise SetupError(f"{setting}: {place} has {len(matches)} columns named {name!r}")
    if not matches:
        raise SetupError(f"{setting}: {place} has no column {name!r}; {_choices(name, header)}")
    return header.index(matches[0])


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of a sentence that offers the most similar of the names; empty if none is similar."""
    by_lower = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(name.casefold(), by_lower, n=1)
    return f". Did you mean {by_lower[close[0]]!r}?" if close else ""


def _choices(name: str, names: Sequence[str], *, verb: str = "it has") -> str:
    present = [each for each in names if each]
    return f"{verb} {', '.join(present)}{did_you_mean(name, present)}"


def _distinct(header: Sequence[str]) -> list[str]:
    """Every name once: a blank one is `column_7`, the second `note` is `note_2`."""
    names: list[str] = []
    for at, name in enumerate(header, start=1):
        wanted, repeat = name or f"column_{at}", 1
        while wanted in names:
            repeat += 1
            wanted = f"{name}_{repeat}"
        names.append(wanted)
    return names
