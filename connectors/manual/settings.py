"""What a manifest says of a source that is a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.faults import fault
from kernel.identifiers import social_credit_code
from kernel.identifiers.errors import InvalidIdentifier
from kernel.manifests import JsonPath
from kernel.text import Text

MOST_SUBSTITUTES, MOST_TEMPLATES = 5, 10
LONGEST_DAYS = 20
"""Working days of an office and its substitutes together: no request waits longer for a person."""
_LONGEST = 1000
_WORDS = {
    "type": "object",
    "required": ["zh", "en"],
    "additionalProperties": False,
    "properties": {
        "zh": {"type": "string", "minLength": 1, "maxLength": _LONGEST},
        "en": {"type": "string", "minLength": 1, "maxLength": _LONGEST},
    },
}
_OFFICE = {
    "type": "object",
    "required": ["organisation"],
    "additionalProperties": False,
    "properties": {
        "organisation": {"type": "string"},
        "division": {"type": "string", "pattern": "^[0-9]{6}$", "description": "六位行政区划代码 / six digits"},
    },
}
SETTINGS_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["office"],
    "additionalProperties": False,
    "properties": {
        "office": _OFFICE,
        "substitutes": {"type": "array", "items": _OFFICE, "maxItems": MOST_SUBSTITUTES},
        "clock": {
            "description": "几个工作日，或工作日内几小时 / so many working days, or hours of working days",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "days": {"type": "integer", "minimum": 1, "maximum": LONGEST_DAYS},
                "hours": {"type": "integer", "minimum": 1, "maximum": 24 * LONGEST_DAYS},
            },
        },
        "guidance": _WORDS,
        "refusals": {
            "description": "常用的拒绝理由与依据 / reasons and citations that are often used",
            "type": "array",
            "maxItems": MOST_TEMPLATES,
            "items": {
                "type": "object",
                "required": ["reason", "citation"],
                "additionalProperties": False,
                "properties": {"reason": _WORDS, "citation": _WORDS},
            },
        },
    },
}
"""The JSON Schema of the section ``manual``."""


@dataclass(frozen=True, slots=True)
class Responsible:
    """An office: a department (unified social credit code) and, where it is one of several places, its division."""

    organisation: str
    division: str = ""


@dataclass(frozen=True, slots=True)
class RefusalTemplate:
    """A reason with the provision it rests on, offered to whoever answers."""

    reason: Text
    citation: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualSettings:
    """Who answers, how long each has, and what they read.

    Attributes:
        offices: the one that answers first, then its substitutes in the order of their turns.
        days: working days of each; 0 where ``hours`` are given, or the service levels of the provider decide.
        hours: of working days.
        guidance: shown to whoever answers; None for nothing.
        refusals: templates of refusals.
    """

    offices: tuple[Responsible, ...]
    days: int
    hours: int
    guidance: Text | None
    refusals: tuple[RefusalTemplate, ...]


def parse(settings: Mapping[str, Any], columns: frozenset[str]) -> ManualSettings:
    """The section of a manifest that fits the schema. Raises ManifestFault."""
    if not columns:
        raise fault((), "映射中没有可供填写的列", "the mapping reads no column that somebody could fill in")
    listed: list[tuple[JsonPath, Mapping[str, str]]] = [(("office",), settings["office"])]
    listed += [(("substitutes", number), each) for number, each in enumerate(settings.get("substitutes", ()))]
    offices = tuple(_office(where, each) for where, each in listed)
    if len(set(offices)) != len(offices):
        raise fault(("substitutes",), "同一单位列了两次", "one office stands twice")
    clock, guidance = settings.get("clock", {}), settings.get("guidance")
    if len(offices) * (24 * clock.get("days", 0) + clock.get("hours", 0)) > 24 * LONGEST_DAYS:
        raise fault(
            ("clock",),
            f"答复单位与替补单位的时限合计不得超过 {LONGEST_DAYS} 个工作日",
            f"the office and its substitutes have {LONGEST_DAYS} working days at most, all together",
        )
    return ManualSettings(
        offices=offices,
        days=clock.get("days", 0),
        hours=clock.get("hours", 0),
        guidance=None if guidance is None else Text(**guidance),
        refusals=tuple(
            RefusalTemplate(Text(**each["reason"]), Text(**each["citation"])) for each in settings.get("refusals", ())
        ),
    )


def _office(where: JsonPath, found: Mapping[str, str]) -> Responsible:
    if not _is_code(found["organisation"]):
        raise fault((*where, "organisation"), "应为统一社会信用代码", "this is no unified social credit code")
    return Responsible(found["organisation"], found.get("division", ""))


def _is_code(text: str) -> bool:
    try:
        social_credit_code.parse(text)
    except InvalidIdentifier:
        return False
    return True
