"""Calendar tables and service levels as forms: fields, the bodies made of them, and what a form would have held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.console.forms import YES_NO, Field
from kernel.text import Text
from policies.clocks.profile import RULED, STAGES

CALENDAR, PROFILE = "calendar", "profiles"
_FROM = Field(
    "effective_from",
    Text("自何日起算", "Counts from"),
    Text("如 2026-12-01；不能早于今天", "such as 2026-12-01; not a day that has passed"),
)
_CITED = (
    Field("citation.zh", Text("依据（中文）", "Citation (Chinese)")),
    Field("citation.en", Text("依据（英文）", "Citation (English)")),
)
_DAYS = Text("每行一天，如 2027-01-01", "a day a line, such as 2027-01-01")
_STEPS = "、".join(f"{stage.value}（{STAGES[stage].zh}）" for stage in RULED)
FIELDS: Mapping[str, tuple[Field, ...]] = {
    CALENDAR: (
        _FROM,
        *_CITED,
        Field("holidays", Text("放假", "Holidays"), _DAYS, "area"),
        Field("workdays", Text("调休上班", "Weekend days that are worked"), _DAYS, "area"),
    ),
    PROFILE: (
        _FROM,
        Field("title.zh", Text("名称（中文）", "Title (Chinese)")),
        Field("title.en", Text("名称（英文）", "Title (English)")),
        *_CITED,
        Field("general", Text("是否通用", "Is it for everybody?"), None, "radios", YES_NO),
        Field(
            "organisations",
            Text("适用的提供部门", "Providers it is made for"),
            Text("通用的不填；每行一个代码", "none where it is for everybody; a code a line"),
            "area",
        ),
        Field(
            "rules",
            Text("各步骤的工作日数", "Working days of each step"),
            Text(
                "每行一条：步骤 天数 [unconditional 或 conditional] [published 或 unpublished]。步骤：" + _STEPS,
                "one a line: step days [unconditional or conditional] [published or unpublished]. Steps: "
                + ", ".join(f"{stage.value} ({STAGES[stage].en})" for stage in RULED),
            ),
            "area",
        ),
    ),
}
"""The form of each kind; a field's name is the place in the interface's body."""
_LISTS = frozenset({"holidays", "workdays", "organisations"})
_PUBLISHED = {"published": True, "unpublished": False}


def body_of(kind: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """The interface's body; what was left empty is left out, so that the interface says what is missing."""
    body: dict[str, Any] = {}
    for field in FIELDS[kind]:
        value, (section, _, name) = typed.get(field.name, "").strip(), field.name.rpartition(".")
        if field.name in _LISTS:
            body[field.name] = _lines(value)
        elif field.name == "rules":
            body["rules"] = [_rule(line) for line in _lines(value)]
        elif value:
            (body.setdefault(section, {}) if section else body)[name] = value == "yes" if name == "general" else value
    return body


def typed_of(kind: str, document: Mapping[str, Any]) -> dict[str, str]:
    """What the form would have held for a version as the interface tells it."""
    typed: dict[str, str] = {}
    for field in FIELDS[kind]:
        section, _, name = field.name.rpartition(".")
        value = document[section][name] if section else document[name]
        if field.name in _LISTS:
            value = "\n".join(value)
        elif field.name == "rules":
            value = "\n".join(map(_written, value))
        typed[field.name] = ("yes" if value else "no") if isinstance(value, bool) else value
    return typed


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _rule(line: str) -> dict[str, Any]:
    """One line; a word that means nothing stays where the interface refuses it."""
    stage, *words = line.split()
    days = next((word for word in words if word.isascii() and word.isdigit() and len(word) < 6), None)
    found: dict[str, Any] = {"stage": stage} if days is None else {"stage": stage, "days": int(days)}
    for word in words:
        if word in _PUBLISHED:
            found["published"] = _PUBLISHED[word]
        elif word != days:
            found["share_type"] = word
    return found


def _written(rule: Mapping[str, Any]) -> str:
    published = {True: "published", False: "unpublished", None: ""}[rule.get("published")]
    return " ".join(word for word in (rule["stage"], str(rule["days"]), rule.get("share_type", ""), published) if word)
