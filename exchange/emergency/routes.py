"""The addresses of emergency access."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.emergency.desk import FORMS, EmergencyDesk
from exchange.emergency.forms import (
    AskEmergencyForm,
    EmergenciesAnswer,
    EmergencyAnswer,
    EmergencyTemplatesAnswer,
)
from exchange.paging import BEFORE
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route

_ASKS = "officer:consumer-officer|sponsor"
_PAGING = (
    Parameter("state", Text("状态", "a state")),
    Parameter("limit", Text("每页条数，1 至 200", "openings on a page, 1 to 200")),
    BEFORE,
)
_SAID = {
    "open": Text("由第二人开启", "Open it, as the second person"),
    "decline": Text("不予开启，或撤回申请", "Do not open it, or ask no longer"),
    "close": Text("提前结束", "End it before its time"),
    "review": Text("事后审查", "Review it"),
}


def emergency_routes(desk: EmergencyDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    path = "/v1/emergencies"
    one = f"{path}/<emergency>"
    known = (errors.EMERGENCY_UNKNOWN, errors.EMERGENCY_NOT_ALLOWED, errors.EMERGENCY_CHANGED)
    problems = (*token, INVALID_BODY, *known, errors.EMERGENCY_INCOMPLETE)
    more: dict[str, Any] = {"tag": "emergencies", "problems": problems}
    asking = {**more, "problems": (*problems, errors.EMERGENCY_TEMPLATE_UNKNOWN, errors.CASE_UNKNOWN)}
    listed, shown = Text("应急取用", "Emergency access"), Text("一次应急取用", "One opening of emergency access")
    offered, asked = Text("可申请的应急模板", "Templates"), Text("申请开启应急模板", "Ask that a template be opened")
    return (
        Route("GET", path, desk.list, "officer", listed, None, EmergenciesAnswer, parameters=_PAGING, **more),
        Route("POST", path, desk.ask, _ASKS, asked, AskEmergencyForm, EmergencyAnswer, success=201, **asking),
        Route("GET", f"{path}/templates", desk.templates, "officer", offered, None, EmergencyTemplatesAnswer, **more),
        Route("GET", one, desk.show, "officer", shown, None, EmergencyAnswer, **more),
        *(
            Route("POST", f"{one}/{name}", desk.command(name), "officer", _SAID[name], form, EmergencyAnswer, **more)
            for name, form in FORMS.items()
        ),
    )
