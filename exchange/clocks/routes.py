"""The addresses of the rules that clocks are counted by."""

from __future__ import annotations

from exchange.clocks.desk import EDITORS, RuleDesk
from exchange.clocks.forms import (
    CalendarAnswer,
    CalendarForm,
    CalendarsAnswer,
    SlaProfileAnswer,
    SlaProfileForm,
    SlaProfilesAnswer,
)
from exchange.clocks.preview import CalendarPreviewAnswer, ProfilePreviewAnswer
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Route

_EDITOR = f"officer:{'|'.join(EDITORS)}"


def clock_routes(desk: RuleDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    problems = (*token, INVALID_BODY)
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
        Route(
            "POST",
            "/v1/calendar/<year>/preview",
            desk.preview_year,
            _EDITOR,
            Text("写入前预览：哪些时限会变动", "Before it is written: which deadlines would move"),
            CalendarForm,
            CalendarPreviewAnswer,
            tag="clocks",
            problems=problems,
        ),
        Route(
            "POST",
            "/v1/sla-profiles/<profile>/preview",
            desk.preview_profile,
            _EDITOR,
            Text("写入前预览：哪些步骤的天数会变动", "Before it is written: which steps would have other days"),
            SlaProfileForm,
            ProfilePreviewAnswer,
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
