"""Tables and profiles as documents: the JSON that the store, the interface and the shipped samples hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kernel.canonical import JSON
from kernel.text import Text
from policies.clocks.calendar import CalendarTable, InvalidClockRule
from policies.clocks.profile import ShareType, SlaProfile, SlaRule, Stage

_UNREADABLE = Text("内容或写法不正确", "A member is missing, unknown or not well formed")


def table_to_json(table: CalendarTable) -> dict[str, JSON]:
    """The canonical form of a calendar table."""
    return {
        "year": table.year,
        "effective_from": table.effective_from.isoformat(),
        "citation": _words(table.citation),
        "holidays": _days(table.holidays),
        "workdays": _days(table.workdays),
    }


def table_from_json(document: Mapping[str, Any]) -> CalendarTable:
    """Read the canonical form. Raises InvalidClockRule."""
    try:
        return CalendarTable(
            year=document["year"],
            effective_from=date.fromisoformat(document["effective_from"]),
            citation=Text(**document["citation"]),
            holidays=_day_set(document.get("holidays", [])),
            workdays=_day_set(document.get("workdays", [])),
        )
    except InvalidClockRule:
        raise
    except (TypeError, ValueError, LookupError):
        raise InvalidClockRule(_UNREADABLE) from None


def profile_to_json(profile: SlaProfile) -> dict[str, JSON]:
    """The canonical form of a profile."""
    return {
        "id": profile.id,
        "effective_from": profile.effective_from.isoformat(),
        "title": _words(profile.title),
        "citation": _words(profile.citation),
        "general": profile.general,
        "organisations": [*sorted(profile.organisations)],
        "rules": [_rule_to_json(rule) for rule in profile.rules],
    }


def profile_from_json(document: Mapping[str, Any]) -> SlaProfile:
    """Read the canonical form. Raises InvalidClockRule."""
    try:
        return SlaProfile(
            id=document["id"],
            effective_from=date.fromisoformat(document["effective_from"]),
            title=Text(**document["title"]),
            citation=Text(**document["citation"]),
            rules=tuple(_rule_from_json(rule) for rule in document["rules"]),
            organisations=frozenset(document.get("organisations", [])),
            general=document["general"],
        )
    except InvalidClockRule:
        raise
    except (TypeError, ValueError, LookupError):
        raise InvalidClockRule(_UNREADABLE) from None


def _rule_to_json(rule: SlaRule) -> JSON:
    whole: dict[str, JSON] = {
        "stage": rule.stage.value,
        "days": rule.days,
        "share_type": rule.share_type.value if rule.share_type else None,
        "published": rule.published,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _rule_from_json(document: Mapping[str, Any]) -> SlaRule:
    share_type = document.get("share_type")
    return SlaRule(
        Stage(document["stage"]),
        document["days"],
        None if share_type is None else ShareType(share_type),
        document.get("published"),
    )


def _words(text: Text) -> JSON:
    return {"zh": text.zh, "en": text.en}


def _days(days: frozenset[date]) -> list[JSON]:
    return [day.isoformat() for day in sorted(days)]


def _day_set(values: list[str]) -> frozenset[date]:
    days = [date.fromisoformat(value) for value in values]
    if len(set(days)) != len(days):
        raise InvalidClockRule(Text("同一天列了两次", "One day stands twice"))
    return frozenset(days)
