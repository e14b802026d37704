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
    RowIsWrongForm,
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
from policies.return_flows import OPENERS

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


_PATH, _OWN = "/v1/corrections", "/v1/usage/corrections"
_ONE, _OWN_ONE = f"{_PATH}/<correction>", f"{_OWN}/<correction>"


def correction_routes(
    opening: Opening, following: Following, desk: CorrectionDesk, token: tuple[ProblemKind, ...]
) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    return (*_opened(opening, token), *_followed(following, token), *_answered(desk, token))


def _opened(opening: Opening, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Of whoever finds that something is wrong."""
    ours = Text("提出校核：本系统收到的材料有误", "Say that evidence this system received is wrong")
    row = Text("提出校核：数据回流文件中的一行有误", "Say that a row of a return flow's file is wrong")
    by_hand = Text(
        "提出校核：本部门数据回流文件中的一行有误（经办人）", "Say that a row of my department's return flow is wrong"
    )
    theirs = Text("提出校核：本人记录有误", "Say that a record about oneself is wrong")
    opened = (*token, INVALID_BODY, errors.CORRECTION_NOT_RECEIVED, errors.CORRECTION_UNDER_WAY)
    door: dict[str, Any] = {"tag": "corrections", "success": 201}
    return (
        Route(
            "POST",
            _PATH,
            opening.by_department,
            "system",
            ours,
            OpenCorrectionForm,
            OpenedAnswer,
            problems=(*opened, errors.SYSTEM_LOCKED),
            **door,
        ),
        Route(
            "POST",
            "/v1/return-flows/<flow>/corrections",
            opening.by_flow,
            "system",
            row,
            RowIsWrongForm,
            OpenedAnswer,
            problems=(*opened, errors.SYSTEM_LOCKED),
            **door,
        ),
        Route(
            "POST",
            "/v1/department/return-flows/<flow>/corrections",
            opening.by_officer,
            f"officer:{'|'.join(sorted(OPENERS))}",
            by_hand,
            RowIsWrongForm,
            OpenedAnswer,
            problems=(*opened, errors.SYSTEM_LOCKED, errors.SYSTEM_NOT_OURS, errors.SYSTEM_SUSPENDED),
            **door,
        ),
        Route(
            "POST",
            "/v1/usage/<entry>/corrections",
            opening.by_person,
            "citizen",
            theirs,
            SaidForm,
            OpenedAnswer,
            problems=(*opened, errors.ENTRY_UNKNOWN),
            **door,
        ),
    )


def _followed(following: Following, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Of whoever opened one and waits."""
    known = (*token, INVALID_BODY, errors.CORRECTION_UNKNOWN)
    reading: dict[str, Any] = {"tag": "corrections", "problems": known}
    back: dict[str, Any] = {
        "tag": "corrections",
        "problems": (*known, errors.CORRECTION_ANSWERED, errors.CORRECTION_CHANGED),
    }
    stands = Text("提出的校核的现状与期限", "How a correction that was opened stands, and by when it is answered")
    taken = (Text("撤回尚未答复的校核", "Take back what was not answered yet"), WithdrawCorrectionForm, WithdrawnAnswer)
    return (
        Route("GET", f"{_ONE}/status", following.of_department, "system", stands, None, StandingAnswer, **reading),
        Route("GET", _OWN_ONE, following.of_person, "citizen", stands, None, StandingAnswer, **reading),
        Route("POST", f"{_ONE}/withdraw", following.by_department, "system", *taken, **back),
        Route("POST", f"{_OWN_ONE}/withdraw", following.by_person, "citizen", *taken, **back),
    )


def _answered(desk: CorrectionDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Of the department that holds the record."""
    known = (*token, INVALID_BODY, errors.CORRECTION_UNKNOWN)
    reading: dict[str, Any] = {"tag": "corrections", "problems": known}
    changing: dict[str, Any] = {
        "tag": "corrections",
        "problems": (
            *known,
            errors.CORRECTION_NOT_ALLOWED,
            errors.CORRECTION_INCOMPLETE,
            errors.CORRECTION_CHANGED,
        ),
    }
    every, one = Text("校核申请", "Corrections"), Text("一件校核申请", "One correction")
    officer = "officer:provider-officer"
    return (
        Route("GET", _PATH, desk.list, "officer", every, None, CorrectionsAnswer, parameters=_PAGING, **reading),
        Route("GET", _ONE, desk.show, "officer", one, None, CorrectionAnswer, **reading),
        *(
            Route(
                "POST", f"{_ONE}/{name}", desk.command(name), officer, _SAID[name], form, CorrectionAnswer, **changing
            )
            for name, form in FORMS.items()
        ),
    )
