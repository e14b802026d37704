"""The form that an office fills in, made from the evidence type's schema, and what was typed as a record.

Asked is what the request needs and nothing more: its fields, those its yes/no questions are answered from, and what the
schema demands of any record. What is typed goes through the source's mapping (dates, codes, names, numbers) and is then
held against the schema, exactly as what a register answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Self

from marshmallow import ValidationError

from connectors.base import Raw, Record
from connectors.errors import SourceProblem
from connectors.mapping import columns_of
from connectors.source import Retrieved, Source
from exchange.catalogue.model import EvidenceType
from exchange.catalogue.reading import Document
from exchange.catalogue.record_schema import Check
from kernel.text import Text
from policies.responders.task import Wanted

LONGEST = 4000
"""Characters of one value."""
WHOLE = "."
"""Stands for the record where no single field is to blame."""
MOST_LINES = 200
"""Values of one list."""


@dataclass(frozen=True, slots=True)
class Question:
    """One field of the form: by our name, filled into the source's ``column``, of the schema's ``type``.

    ``choices`` are the values of an enumeration, ``form`` is date or date-time where it is one; ``long_term`` allows
    长期.
    """

    name: str
    column: str
    label: Text
    type: str
    form: str
    required: bool
    long_term: bool
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """What an office fills in for one task: ``needed`` are our fields that the request needs of a record."""

    questions: tuple[Question, ...]
    needed: frozenset[str]
    columns: frozenset[str]

    @classmethod
    def of(cls, kind: EvidenceType, connector: Document, wanted: Wanted) -> Self:
        """The form of an evidence type for what is wanted: first the fields asked for, then what else is needed."""
        rules: Mapping[str, Any] = connector["spec"]["mapping"]["fields"]
        needed, schema = _needed(kind, rules, wanted), kind.schema
        members: Mapping[str, Any] = schema["properties"]  # type: ignore[assignment]  # checked by the catalogue
        ordered = (name for name in dict.fromkeys((*wanted.fields, *sorted(needed))) if "column" in rules.get(name, {}))
        return cls(
            tuple(_question(kind, name, members[name], rules[name]) for name in ordered),
            needed,
            columns_of(connector["spec"]["mapping"]),
        )

    def read(self, typed: Mapping[str, Any], source: Source, conforms: Check) -> Retrieved:
        """What was typed, understood and found in order. Raises ValidationError, by our names alone."""
        known = {each.name for each in self.questions}
        empty = {each.name for each in self.questions if each.required and _is_empty(typed.get(each.name))}
        if wrong := dict.fromkeys(typed.keys() - known, "unknown") | dict.fromkeys(empty, "missing"):
            raise _wrong(wrong)
        raw: dict[str, Raw] = dict.fromkeys(self.columns)
        for each in self.questions:
            raw[each.column] = _raw(each, typed.get(each.name))
        try:
            found = source.read(Record(raw))
        except SourceProblem as trouble:
            raise _wrong({getattr(trouble, "field", "") or WHOLE: "form"}) from None
        values = {name: value for name, value in found.values.items() if name in self.needed}
        if (place := conforms(values)) is not None:
            raise _wrong({place.partition(".")[0] or WHOLE: "form"})
        return replace(found, values=values)


def _needed(kind: EvidenceType, rules: Mapping[str, Any], wanted: Wanted) -> frozenset[str]:
    schema: Any = kind.schema
    must = (name for name, rule in rules.items() if rule.get("required"))
    asked = {*wanted.fields, *schema.get("required", ()), *must}
    for name in wanted.predicates:
        asked |= set(kind.predicates[name].fields.values()) if name in kind.predicates else set()
    return frozenset(asked | {name for name in (kind.division_field, kind.certificate_identifier) if name is not None})


def _question(kind: EvidenceType, name: str, member: Mapping[str, Any], rule: Mapping[str, Any]) -> Question:
    field, schema = kind.fields.get(name), kind.schema
    must: Any = schema.get("required", ())
    return Question(
        name=name,
        column=rule["column"],
        label=field.label if field else Text(name, name),
        type=member["type"],
        form=member.get("format", ""),
        required=name in must or rule.get("required", False),
        long_term=bool(member.get("longTerm")),
        choices=_choices(member, rule),
    )


def _choices(member: Mapping[str, Any], rule: Mapping[str, Any]) -> tuple[str, ...]:
    """What may be typed, where that is a short list: the source's own codes, else the values of the schema."""
    if "codes" not in rule:
        return tuple(str(each) for each in member.get("enum", ()))
    codes = rule["codes"]
    return tuple(codes) if isinstance(codes, dict) and "otherwise" not in rule else ()


def _is_empty(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _raw(question: Question, value: object) -> Raw:
    """One value for the mapping; text, as forms send it, becomes of the schema's type. Raises ValidationError."""
    if _is_empty(value):
        return None
    if isinstance(value, str):
        return _READ.get(question.type, str)(value.strip()) if len(value) <= LONGEST else _ill(question)
    if isinstance(value, list) and question.type == "array" and len(value) <= MOST_LINES:
        return [one if isinstance(one, bool | int | str) else _ill(question) for one in value]
    return value if isinstance(value, bool | int) else _ill(question)


def _ill(question: Question) -> NoReturn:
    raise _wrong({question.name: "form"})


def _integer(text: str) -> Raw:
    return int(text) if _WHOLE.fullmatch(text) else text


def _boolean(text: str) -> Raw:
    return {"true": True, "false": False}.get(text, text)


def _lines(text: str) -> Raw:
    return [line.strip() for line in text.splitlines() if line.strip()]


_WHOLE = re.compile(r"-?[0-9]{1,15}")
_READ: Mapping[str, Callable[[str], Raw]] = {"integer": _integer, "boolean": _boolean, "array": _lines}


def _wrong(found: Mapping[str, str]) -> ValidationError:
    """By our names of fields; what was typed is not repeated."""
    named = {name: [code] for name, code in found.items() if name != WHOLE}
    return ValidationError({"values": named or [found[WHOLE]]})
