"""A mapping, compiled once from a manifest and applied to every record."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import abc
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Self, TypeAlias

from connectors.base import Raw
from connectors.errors import SourceGarbled
from connectors.faults import ManifestFault, within
from connectors.mapping.code_tables import RECORD_PLACES, by_edition, editions_of
from connectors.mapping.reading import Reader, reader
from connectors.mapping.values import (
    Scalar,
    Step,
    UnknownCode,
    check,
    date_reader,
    dated,
    scalar,
    steps,
    table_of,
    typed,
)
from kernel.canonical import JSON
from kernel.manifests import Finding

SOURCE_TIME = "source_time"

_NOTHING: tuple[Raw, ...] = (None, "", [])
"""What has no code to be translated: which edition of a table holds is not asked then."""

_Instant: TypeAlias = Callable[[abc.Mapping[str, Raw]], datetime | None]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A record in our words.

    Attributes:
        values: our fields; one for which the source has no value is absent.
        source_time: when the source says the record was true, or None where the mapping names no such place.
        times: the same of single fields, where the mapping names a place for one.
    """

    values: dict[str, JSON] = field(repr=False)
    source_time: datetime | None
    times: abc.Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """How one field of one record was read, step by step.

    Attributes:
        field: our name.
        place: where the manifest says it stands (``column xm``, ``path owner.id``, ``constant``).
        found: what stood there, in the source's words; None where nothing did.
        value: what it became; None where there is none.
        problem: why it became nothing (``required``, ``value``, ``columns-missing``); "" where it went well.
    """

    field: str
    place: str
    found: Raw = dataclasses.field(repr=False)
    value: JSON = dataclasses.field(repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of ours: where it is read, and what is done to each value found there."""

    name: str
    place: str
    read: Reader
    convert: Callable[[Raw], Scalar]
    required: bool
    several: bool
    bind: Callable[[abc.Mapping[str, Raw]], Callable[[Raw], Scalar]] | None = None
    """How the conversion depends on the rest of the record (editions of a code table); None where it does not."""
    instant: _Instant | None = None
    coded: bool = False

    def value(self, record: abc.Mapping[str, Raw]) -> JSON:
        """Our value, or None where the source has none. Raises: SourceGarbled, naming this field."""
        try:
            raw = self.read(record)
            convert = self.convert if self.bind is None or raw in _NOTHING else self.bind(record)
            value = self._each(raw, convert) if self.several else convert(raw)
        except SourceGarbled as garbled:
            raise SourceGarbled(garbled.reason, field=self.name) from None
        except UnknownCode:
            raise SourceGarbled("code", field=self.name) from None
        except (ValueError, ArithmeticError):  # a day beyond the calendar overflows; a signalling NaN is no ValueError
            raise SourceGarbled("value", field=self.name) from None
        if self.required and value in (None, []):
            raise SourceGarbled("required", field=self.name)
        return value

    @property
    def column(self) -> str:
        """The column that it is read from; "" where it is read from elsewhere."""
        how, _, where = self.place.partition(" ")
        return where if how == "column" else ""

    def reads(self, record: abc.Mapping[str, Raw]) -> bool:
        """Whether what stands there can be read; where nothing does, there is nothing that could not."""
        try:
            self.value(record)
        except SourceGarbled as garbled:
            return garbled.reason == "required"
        return True

    def explain(self, record: abc.Mapping[str, Raw]) -> Reading:
        """The same, told rather than raised."""
        found: Raw = None
        try:
            found = self.read(record)
            return Reading(self.name, self.place, found, self.value(record))
        except SourceGarbled as garbled:
            return Reading(self.name, self.place, found, None, garbled.reason)

    def _each(self, raw: Raw, convert: Callable[[Raw], Scalar]) -> JSON:
        if raw is None:
            return None
        if isinstance(raw, str) or not isinstance(raw, abc.Sequence):
            raise ValueError("not a list")
        return [value for each in raw if (value := convert(each)) is not None]


class Mapping:
    """From a source's record to our fields."""

    def __init__(self, fields: abc.Sequence[_Field], source_time: _Instant | None, digest: str) -> None:
        self._fields = tuple(fields)
        self.digest = digest
        """SHA-256 of what it was compiled from: the same in every process, another for whatever may read otherwise."""
        self._source_time = source_time
        self.readers = _readers(self._fields)
        """Our fields by the column, or the outermost member, that they are read from."""
        self.coded = any(each.coded for each in fields)
        """Whether any field is a code."""
        self._timed = tuple(each for each in fields if each.instant is not None)
        self.fields = frozenset(each.name for each in fields)

    @classmethod
    def compile(cls, manifest: abc.Mapping[str, Any], recorded_codes: frozenset[str] = frozenset()) -> Self:
        """The `mapping` of a connector manifest that fits the schema. Raises: ManifestFault, with every finding.

        ``recorded_codes``: social credit codes with a wrong check character that records may hold.
        """
        tables = manifest.get("code_tables", {})
        fields, found = [], []
        for name, rule in manifest["fields"].items():
            try:
                fields.append(_field(name, rule, tables, recorded_codes))
            except ManifestFault as fault:
                found += [Finding(("fields", name, *each.where), each.message) for each in fault.findings]
        if found:
            raise ManifestFault(*found)
        return cls(fields, _source_time(manifest.get(SOURCE_TIME)), _digest(manifest, recorded_codes))

    def apply(self, raw: abc.Mapping[str, Raw]) -> Mapped:
        """The record in our words. Raises: SourceGarbled naming our field that cannot be filled."""
        values: dict[str, JSON] = {}
        for each in self._fields:
            value = each.value(raw)
            if value is not None:
                values[each.name] = value
        return Mapped(values, self._source_time(raw) if self._source_time else None, self._times(raw, values))

    def _times(self, raw: abc.Mapping[str, Raw], values: abc.Mapping[str, JSON]) -> dict[str, datetime]:
        found = ((each.name, each.instant(raw)) for each in self._timed if each.instant and each.name in values)
        return {name: instant for name, instant in found if instant is not None}

    def reading(self, columns: abc.Iterable[str]) -> tuple[str, ...]:
        """Our fields that are read from these columns, in the manifest's order."""
        concerned = {field for column in columns for field in self.readers.get(column, ())}
        return tuple(each.name for each in self._fields if each.name in concerned)

    def unreadable(self, raw: abc.Mapping[str, Raw]) -> frozenset[str]:
        """The columns of a record in which something stands that a field of ours cannot be read from."""
        return frozenset(each.column for each in self._fields if each.column and not each.reads(raw))

    def explain(self, raw: abc.Mapping[str, Raw]) -> tuple[Reading, ...]:
        """How each field of a record is read, whether or not it can be."""
        return tuple(each.explain(raw) for each in self._fields)


def _digest(manifest: abc.Mapping[str, Any], recorded_codes: frozenset[str]) -> str:
    whole: object = [manifest, sorted(recorded_codes)] if recorded_codes else manifest
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _readers(fields: abc.Iterable[_Field]) -> abc.Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for each in fields:
        how, _, where = each.place.partition(" ")
        outermost = where if how == "column" else "".join(_OUTERMOST.findall(where)[:1])
        if outermost:
            found.setdefault(outermost, set()).add(each.name)
    return {name: frozenset(ours) for name, ours in found.items()}


_OUTERMOST = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*")


def columns_of(manifest: abc.Mapping[str, Any]) -> frozenset[str]:
    """The columns that a mapping reads by name."""
    tables = manifest.get("code_tables", {}).values()
    rules = [*manifest["fields"].values(), manifest.get(SOURCE_TIME, {})]
    rules += [rule["time"] for rule in manifest["fields"].values() if "time" in rule]
    rules += [table[name] for table in tables if editions_of(table) for name in table.keys() & RECORD_PLACES]
    return frozenset(rule["column"] for rule in rules if "column" in rule)


def _field(
    name: str, rule: abc.Mapping[str, Any], tables: abc.Mapping[str, Any], recorded_codes: frozenset[str]
) -> _Field:
    check(rule)
    read = reader(rule)
    convert = dated(rule)
    bind = None if convert else _bound(rule, tables, recorded_codes)
    return _Field(
        name=name,
        place=next((f"{key} {rule[key]}" for key in ("column", "path") if key in rule), "constant"),
        read=read,
        convert=_optional(convert) if convert else _converter(() if bind else steps(rule, tables, recorded_codes)),
        required=rule.get("required", False),
        several=rule.get("several", False),
        bind=bind,
        coded="codes" in rule,
        instant=_instant(rule["time"], name, "time") if "time" in rule else None,
    )


def _bound(
    rule: abc.Mapping[str, Any], tables: abc.Mapping[str, Any], recorded_codes: frozenset[str]
) -> Callable[[abc.Mapping[str, Raw]], Callable[[Raw], Scalar]] | None:
    """How a rule whose code table has editions is applied: the edition is the record's."""
    if "codes" not in rule:
        return None
    table = table_of(rule["codes"], tables)
    if editions_of(table) is None:
        return None
    choose = by_edition(table, rule)
    before = steps({name: value for name, value in rule.items() if name == "normalise"}, {}, recorded_codes)
    after = typed(rule)
    return lambda record: _converter((*before, choose(record), *after))


def _converter(taken: tuple[Step, ...]) -> Callable[[Raw], Scalar]:
    if not taken:
        return scalar

    def convert(raw: Raw) -> Scalar:
        value = scalar(raw)
        for step in taken:
            if value is None:
                return None
            value = step(value)
        return value

    return convert


def _optional(convert: Callable[[Raw], Scalar]) -> Callable[[Raw], Scalar]:
    return lambda raw: None if scalar(raw) is None else convert(raw)


def _source_time(rule: abc.Mapping[str, Any] | None) -> _Instant | None:
    if rule is None:
        return None
    return _instant(rule, SOURCE_TIME, SOURCE_TIME)


def _instant(rule: abc.Mapping[str, Any], name: str, where: str) -> _Instant:
    """When something was true; what cannot be read is garbled under this name of ours."""
    with within(where):
        read = reader(rule)
        dates = date_reader({"datetime": "iso", **rule}, "date" if "date" in rule else "datetime")

    def instant(record: abc.Mapping[str, Raw]) -> datetime | None:
        try:
            raw = read(record)
            return None if scalar(raw) is None else _everywhere(dates.instant(raw))
        except (ValueError, ArithmeticError, SourceGarbled):
            raise SourceGarbled("value", field=name) from None

    return instant


def _everywhere(at: datetime) -> datetime:
    """An instant that can be written in UTC, too, as evidence has it. Raises: OverflowError."""
    at.astimezone(UTC)
    return at
