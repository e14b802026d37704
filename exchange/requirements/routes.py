"""The addresses of requirements and of how they are met."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exchange import errors
from exchange.requirements.counting import Counts, UploadCountsAnswer
from exchange.requirements.desk import RequirementDesk
from exchange.requirements.following import DeferredPapersAnswer, Following
from exchange.requirements.forms import (
    CaseRequirementsAnswer,
    CircumstancesAnswer,
    CircumstancesForm,
    RequirementsAnswer,
    ResolutionAnswer,
    ResolutionForm,
)
from kernel.problems import INVALID_BODY, NOT_FOUND, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpResponse
from kernel.web.routes import Parameter, Route

_CIRCUMSTANCES = Parameter(
    "circumstances", Text("情形，写作 code:value，以逗号分隔", "circumstances, as code:value with commas between")
)
_DAY = Parameter("day", Text("日期，默认今天", "a day, today when left out"))


def requirement_route(endpoint: Callable[..., HttpResponse]) -> Route:
    """What a service item needs: for anybody."""
    return Route(
        "GET",
        "/v1/service-items/<code>/requirements",
        endpoint,
        "anyone",
        Text("事项需要什么、各项如何满足", "What a service item needs and how each requirement can be met"),
        None,
        RequirementsAnswer,
        tag="catalogue",
        parameters=(_CIRCUMSTANCES, _DAY),
        problems=(INVALID_BODY, NOT_FOUND, errors.CIRCUMSTANCE_UNKNOWN),
    )


def case_requirement_routes(desk: RequirementDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """What a case needs and how that is met; ``token`` are the problems of access tokens."""
    one = "/v1/cases/<case>"
    shown = Text("办件的各项要求及其满足情况", "The requirements of a case and how each is met")
    declared, resolved = (
        Text("声明办件的情形", "Declare circumstances"),
        Text("说明要求如何满足", "Say how a requirement is met"),
    )
    known = (*token, errors.CASE_UNKNOWN, errors.SERVICE_ITEM_UNKNOWN)
    more: dict[str, Any] = {"tag": "cases"}
    telling = (*known, INVALID_BODY, errors.CASE_CLOSED, errors.CIRCUMSTANCE_UNKNOWN)
    resolving = (
        *(*known, INVALID_BODY, errors.CASE_CLOSED, errors.SUBJECT_MISSING, errors.SUBJECT_NOT_IN_CASE),
        *(errors.REQUIREMENT_UNKNOWN, errors.REQUIREMENT_NOT_NEEDED, errors.CIRCUMSTANCES_MISSING),
        *(errors.RUNG_ABOVE_OPEN, errors.RUNG_NOT_OFFERED, errors.CAUSE_UNPROVEN),
        errors.CERTIFICATE_NOT_IN_FORCE,
    )
    return (
        Route(
            "GET",
            f"{one}/requirements",
            desk.of_case,
            "system",
            shown,
            None,
            CaseRequirementsAnswer,
            problems=known,
            **more,
        ),
        Route(
            "POST",
            f"{one}/circumstances",
            desk.declare,
            "system",
            declared,
            CircumstancesForm,
            CircumstancesAnswer,
            problems=telling,
            **more,
        ),
        Route(
            "POST",
            f"{one}/resolutions",
            desk.resolve,
            "system",
            resolved,
            ResolutionForm,
            ResolutionAnswer,
            success=201,
            problems=resolving,
            **more,
        ),
    )


def following_route(following: Following, token: tuple[ProblemKind, ...]) -> Route:
    """What somebody still has to hand in."""
    said = Text("我还要补交的材料", "What I still have to hand in")
    return Route(
        "GET",
        "/v1/deferred-papers",
        following.own,
        "citizen",
        said,
        None,
        DeferredPapersAnswer,
        tag="usage",
        problems=(*token, errors.NOT_ALLOWED, errors.POLICY_STALE),
    )


def count_routes(counts: Counts, period: tuple[Parameter, ...], token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """How departments compare."""
    said = Text("各部门免于提交与违规收取的材料", "Papers avoided and papers asked for without need, by department")
    return (
        Route(
            "GET",
            "/v1/uploads-avoided",
            counts.by_department,
            "officer",
            said,
            None,
            UploadCountsAnswer,
            tag="usage",
            parameters=period,
            problems=(*token, errors.PERIOD_INVALID),
        ),
    )
