"""The addresses of consents."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.consents.asking import ConsentRequests
from exchange.consents.department_desk import DepartmentConsents
from exchange.consents.desk import ConsentDesk
from exchange.consents.forms import (
    ConsentReceiptAnswer,
    ConsentReplyForm,
    ConsentRequestForm,
    ConsentsAnswer,
    ConsentStateAnswer,
    DepartmentConsentAnswer,
    DepartmentConsentsAnswer,
    PersonsConsentAnswer,
)
from exchange.paging import BEFORE, LIMIT
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, ProblemKind
from kernel.text import Text
from kernel.web.routes import Parameter, Route


def consent_routes(asking: ConsentRequests, desk: ConsentDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """Every route of this room; ``token`` are the problems of access tokens."""
    requests, one = "/v1/consent-requests", "/v1/consents/<consent>"
    known = (*token, errors.NOT_ALLOWED, errors.CONSENT_UNKNOWN)
    refused = (
        *(INVALID_BODY, LEDGER_UNAVAILABLE, errors.CASE_UNKNOWN, errors.CASE_CLOSED, errors.SYSTEM_LOCKED),
        *(errors.CONSENT_NOT_THE_GROUND, errors.CONSENT_NOT_GRANTED, errors.CONSENT_NOT_THEIRS),
        *(errors.CONSENT_NO_GUARDIAN, errors.CONSENT_ASKED_ALREADY),
    )
    answered = (
        *(INVALID_BODY, LEDGER_UNAVAILABLE, errors.CONSENT_OVER, errors.CONSENT_NEEDS_GUARDIAN),
        errors.PREVIEW_NEEDS_STRONGER,
    )
    reading: dict[str, Any] = {"tag": "consents", "problems": known}
    asked: dict[str, Any] = {"tag": "consents", "problems": (*known, *refused), "success": 201}
    answering: dict[str, Any] = {"tag": "consents", "problems": (*known, *answered)}
    words = {
        "ask": Text("征求本人同意", "Ask somebody for consent"),
        "state": Text("同意的现状", "How a consent stands"),
        "list": Text("征求过我的同意", "What I was asked to consent to"),
        "show": Text("一件同意", "One consent"),
        "reply": Text("同意、谢绝或撤回", "Give it, decline it, or take it back"),
        "receipt": Text("同意的回执", "The receipt of a consent"),
    }
    return (
        Route("POST", requests, asking.ask, "system", words["ask"], ConsentRequestForm, ConsentStateAnswer, **asked),
        Route(
            "GET", f"{requests}/<consent>", asking.show, "system", words["state"], None, ConsentStateAnswer, **reading
        ),
        Route(
            "GET",
            "/v1/consents",
            desk.list,
            "citizen",
            words["list"],
            None,
            ConsentsAnswer,
            parameters=(BEFORE,),
            **reading,
        ),
        Route("GET", one, desk.show, "citizen", words["show"], None, PersonsConsentAnswer, **reading),
        Route("POST", one, desk.reply, "citizen", words["reply"], ConsentReplyForm, PersonsConsentAnswer, **answering),
        Route(
            "GET", f"{one}/receipt", desk.receipt, "citizen", words["receipt"], None, ConsentReceiptAnswer, **reading
        ),
    )


_CASE = Parameter("case", Text("办件编号", "a case"))
_SHOW = Parameter(
    "show", Text("all 全部，waiting 等待答复，standing 有效，over 已结束", "all, waiting, standing (given), or over")
)


def department_consent_routes(desk: DepartmentConsents, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses of officers; ``token`` are the problems of access tokens."""
    path = "/v1/department/consents"
    listed = Text("本部门征求过的同意", "What my department asked people to consent to")
    shown = Text("一件同意，不含是谁", "One consent, without whose")
    more: dict[str, Any] = {"tag": "consents", "problems": (*token, errors.CONSENT_UNKNOWN, INVALID_BODY)}
    paging = (_SHOW, _CASE, LIMIT, BEFORE)
    return (
        Route("GET", path, desk.list, "officer", listed, None, DepartmentConsentsAnswer, parameters=paging, **more),
        Route("GET", f"{path}/<consent>", desk.show, "officer", shown, None, DepartmentConsentAnswer, **more),
    )
