"""The addresses of corrections."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.corrections.desk import FORMS, CorrectionDesk
from exchange.corrections.following import Following
from exchange.corrections.forms import (
    CorrectionAnswer,
    CorrectionsAnswer,
    OpenCorrectionForm,
    OpenedAnswer,
    SaidForm,
    StandingAnswer,
    WithdrawCorrectionForm,
    WithdrawnAnswer,
)
from exchange.corrections.opening import Opening
from exchange.paging import BEFORE
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route

_PAGING = (
    Parameter("state", Text("状态", "a state")),
    Parameter("limit", Text("每页条数，1 至 200", "corrections on a page, 1 to 200")),
    BEFORE,
)
_SAID = {
    "take": Text("受理", "Take it up"),
    "accept": Text("采纳，待更正", "Accept it"),
    "reject": Text("不予采纳，须写明依据", "Reject it, by a cited rule"),
    "correct": Text("已在源头更正", "Say that the record has been corrected"),
}


def correction_routes(
    opening: Opening, following: Following, desk: CorrectionDesk, token: tuple[ProblemKind, ...]
) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    path = "/v1/corrections"
    one = f"{path}/<correction>"
    opened = (*token, INVALID_BODY, errors.CORRECTION_NOT_RECEIVED, errors.CORRECTION_UNDER_WAY)
    ours_door: dict[str, Any] = {"tag": "corrections", "problems": (*opened, errors.SYSTEM_LOCKED), "success": 201}
    own_door: dict[str, Any] = {"tag": "corrections", "problems": (*opened, errors.ENTRY_UNKNOWN), "success": 201}
    more: dict[str, Any] = {"tag": "corrections", "problems": (*token, INVALID_BODY, errors.CORRECTION_UNKNOWN)}
    changing: dict[str, Any] = {
        "tag": "corrections",
        "problems": (
            *more["problems"],
            errors.CORRECTION_NOT_ALLOWED,
            errors.CORRECTION_INCOMPLETE,
            errors.CORRECTION_CHANGED,
        ),
    }
    taking_back: dict[str, Any] = {
        "tag": "corrections",
        "problems": (*more["problems"], errors.CORRECTION_ANSWERED, errors.CORRECTION_CHANGED),
    }
    back = (Text("撤回尚未答复的校核", "Take back what was not answered yet"), WithdrawCorrectionForm, WithdrawnAnswer)
    stands = Text("提出的校核的现状与期限", "How a correction that was opened stands, and by when it is answered")
    ours = Text("提出校核：本系统收到的材料有误", "Say that evidence this system received is wrong")
    theirs = Text("提出校核：本人记录有误", "Say that a record about oneself is wrong")
    return (
        Route("POST", path, opening.by_department, "system", ours, OpenCorrectionForm, OpenedAnswer, **ours_door),
        Route(
            "POST",
            "/v1/usage/<entry>/corrections",
            opening.by_person,
            "citizen",
            theirs,
            SaidForm,
            OpenedAnswer,
            **own_door,
        ),
        Route(
            "GET",
            path,
            desk.list,
            "officer",
            Text("校核申请", "Corrections"),
            None,
            CorrectionsAnswer,
            parameters=_PAGING,
            **more,
        ),
        Route("GET", f"{one}/status", following.of_department, "system", stands, None, StandingAnswer, **more),
        Route(
            "GET",
            "/v1/usage/corrections/<correction>",
            following.of_person,
            "citizen",
            stands,
            None,
            StandingAnswer,
            **more,
        ),
        Route("POST", f"{one}/withdraw", following.by_department, "system", *back, **taking_back),
        Route(
            "POST",
            "/v1/usage/corrections/<correction>/withdraw",
            following.by_person,
            "citizen",
            *back,
            **taking_back,
        ),
        Route("GET", one, desk.show, "officer", Text("一件校核申请", "One correction"), None, CorrectionAnswer, **more),
        *(
            Route(
                "POST",
                f"{one}/{name}",
                desk.command(name),
                "officer:provider-officer",
                _SAID[name],
                form,
                CorrectionAnswer,
                **changing,
            )
            for name, form in FORMS.items()
        ),
    )
