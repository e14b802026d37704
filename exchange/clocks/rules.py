"""The rules in force: what is shipped with the product, and above it what officers wrote down since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection

from exchange.store import request_rules
from policies.clocks.calendar import CalendarTable, WorkingCalendar
from policies.clocks.document import profile_from_json, table_from_json
from policies.clocks.profile import SlaProfile

CALENDAR, PROFILE, TEMPLATE = "calendar", "sla-profile", "request-template"


@dataclass(frozen=True, slots=True)
class Rules:
    """Every calendar table and profile there is, those written later after those shipped."""

    tables: tuple[CalendarTable, ...]
    profiles: tuple[SlaProfile, ...]

    def calendar(self, on: date) -> WorkingCalendar:
        """The calendar that counts on a day."""
        return WorkingCalendar.of(self.tables, on)


def read(connection: Connection) -> Rules:
    """All rules, shipped and written."""
    tables = [*shipped("calendar"), *request_rules.documents(connection, CALENDAR)]
    profiles = [*shipped("sla_profiles"), *request_rules.documents(connection, PROFILE)]
    return Rules(tuple(map(table_from_json, tables)), tuple(map(profile_from_json, profiles)))


@cache
def shipped(name: str) -> tuple[Mapping[str, Any], ...]:
    """The sample rules that come with the product: notices, and service levels to be verified."""
    text = files("exchange.clocks").joinpath("shipped", f"{name}.json").read_text(encoding="utf-8")
    found: Iterable[Mapping[str, Any]] = json.loads(text)
    return tuple(found)
