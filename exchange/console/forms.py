"""Fields of forms as plain data, so that one macro draws them all; every value that was typed is shown again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.problems import Problem
from kernel.text import Text
from kernel.web.pages import t

UNPROCESSABLE = 422
"""RFC 9110 §15.5.21: of a page that shows a form again, with what is wrong."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``kind`` is text, area, radios or boxes; ``choices`` are the values of the latter with their words."""

    name: str
    label: Text
    hint: Text | None = None
    kind: str = "text"
    choices: Sequence[tuple[str, Text]] = ()


YES_NO = (("no", Text("否", "no")), ("yes", Text("是", "yes")))
"""Choices of a question that is answered with yes or no."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A field with what was typed, and what is wrong with it."""

    field: Field
    value: str
    error: str


def box(field: Field, value: str) -> str:
    """The name under which a form sends one box of several: a form holds each name once."""
    return f"{field.name}.{value}"


def ticked(field: Field, typed: Mapping[str, str]) -> list[str]:
    """The values of the boxes that were ticked."""
    return [value for value, _ in field.choices if typed.get(box(field, value))]


def chosen(fields: Sequence[Field], typed: Mapping[str, str]) -> dict[str, list[str]]:
    """What was ticked, field by field; a field of which nothing was is left out, so that it is said to be required."""
    return {each.name: found for each in fields if each.kind == "boxes" and (found := ticked(each, typed))}


def given(fields: Sequence[Field], typed: Mapping[str, str]) -> dict[str, str]:
    """What was written field by field; a field that was left empty is left out, so that it is said to be required."""
    return {each.name: said for each in fields if (said := typed.get(each.name, "").strip())}


def filled(fields: Sequence[Field], typed: Mapping[str, str], errors: Mapping[str, str]) -> list[Filled]:
    """The fields as they are to be drawn."""
    return [Filled(each, _value(each, typed), errors.get(each.name, "")) for each in fields]


def _value(field: Field, typed: Mapping[str, str]) -> str:
    return " ".join(ticked(field, typed)) if field.kind == "boxes" else typed.get(field.name, "")


Said = tuple[dict[str, str], str]
"""What is wrong by the name of the field, and what concerns no field."""


def sayings(problem: Problem, fields: Sequence[Field]) -> Said:
    """What is wrong by the name of the field, and what concerns no field.

    A finding about something inside a field's value stands beside it; one about a whole of several fields beside the
    first of them.
    """
    listed: Any = problem.members.get("errors") or problem.members.get("findings") or []
    found: dict[str, str] = {}
    general = t(problem.detail) if problem.detail else ""
    for one in listed:
        name = _field_of(one["path"], fields)
        if name:
            found[name] = one["message"]
        else:
            general = general or f"{one['path']}{t('：', ': ')}{one['message']}"
    return found, general or ("" if found else t(problem.kind.title))


def _field_of(path: str, fields: Sequence[Field]) -> str:
    names = [each.name for each in fields]
    inside = (name for name in names if path == name or path.startswith((f"{name}[", f"{name}.")))
    around = (name for name in names if name.startswith(f"{path}."))
    return next(inside, "") or next(around, "")


def drawn(fields: Sequence[Field], typed: Mapping[str, str], said: Said | None) -> dict[str, Any]:
    """A form for its page: the fields with what was typed, what is wrong with it where anything is, and the status."""
    wrong, general = said or ({}, "")
    return {
        "status": 200 if said is None else UNPROCESSABLE,
        "fields": filled(fields, typed, wrong),
        "errors": summary(fields, wrong, general),
    }


def summary(fields: Sequence[Field], errors: Mapping[str, str], general: str) -> list[tuple[str, str]]:
    """The lines of the summary above a form: field and message."""
    found = [
        (each.name, f"{t(each.label)}{t('：', ': ')}{errors[each.name]}") for each in fields if each.name in errors
    ]
    return [*([("", general)] if general else []), *found]
