"""The addresses of access requests and of the rules their clocks are counted by."""

from __future__ import annotations

from exchange.requests.rule_desk import RuleDesk
from exchange.requests.rule_forms import (
    CalendarAnswer,
    CalendarForm,
    CalendarsAnswer,
    SlaProfileAnswer,
    SlaProfileForm,
    SlaProfilesAnswer,
)
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Route

_EDITOR = "officer:governance-officer|system-administrator"


def request_routes(rules: RuleDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    return _rules(rules, (*token, INVALID_BODY))


def _rules(desk: RuleDesk, problems: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    tables, table = Text("工作日历", "The working-day calendar"), Text("一年的例外", "One year's exceptions")
    levels, level = Text("办理时限", "Service levels"), Text("一种办理时限", "One service level")
    new_table = Text("写入一年的放假与调休", "Write a year's holidays and make-up days")
    new_level = Text("写入一种办理时限", "Write a service level")
    return (
        Route("GET", "/v1/calendar", desk.calendar, "anyone", tables, None, CalendarsAnswer, tag="clocks"),
        Route("GET", "/v1/calendar/<year>", desk.year, "anyone", table, None, CalendarAnswer, tag="clocks"),
        Route(
            "PUT",
            "/v1/calendar/<year>",
            desk.change_year,
            _EDITOR,
            new_table,
            CalendarForm,
            CalendarAnswer,
            tag="clocks",
            problems=problems,
        ),
        Route("GET", "/v1/sla-profiles", desk.profiles, "anyone", levels, None, SlaProfilesAnswer, tag="clocks"),
        Route("GET", "/v1/sla-profiles/<profile>", desk.profile, "anyone", level, None, SlaProfileAnswer, tag="clocks"),
        Route(
            "PUT",
            "/v1/sla-profiles/<profile>",
            desk.change_profile,
            _EDITOR,
            new_level,
            SlaProfileForm,
            SlaProfileAnswer,
            tag="clocks",
            problems=problems,
        ),
    )
