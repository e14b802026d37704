"""The addresses of grants: what they are and would change, what officers do with them, and what nobody used."""

from __future__ import annotations

from collections.abc import Iterable

from exchange import errors
from exchange.forms import Form
from exchange.governance.drafting import Drafting
from exchange.governance.endpoints import Grants
from exchange.governance.forms import (
    ApproveForm,
    ExaminationAnswer,
    ExplainForm,
    ExplanationAnswer,
    GrantAnswer,
    GrantsAnswer,
    GrantTextForm,
    NewGrantForm,
    ReasonForm,
    SubmitForm,
)
from exchange.governance.sealing import READERS, SEALERS, Sealings
from exchange.governance.sealing_forms import LiftForm, NewSealingForm, SealingAnswer, SealingsAnswer
from exchange.governance.simulation.endpoints import ImpactAnswer, Impacts
from exchange.governance.simulation.unused import TightenedAnswer, UnusedAnswer, UnusedRights
from exchange.paging import AFTER, BEFORE, LIMIT
from kernel.problems import INVALID_BODY, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint
from kernel.web.routes import Parameter, Route
from policies.roles import Role

Problems = tuple[ProblemKind, ...]

GRANTS, SEALINGS = "/v1/grants", "/v1/sealings"
_ONE = f"{GRANTS}/<grant>"
_STATE = Parameter("state", Text("状态", "a state"))
_DAYS = Parameter("days", Text("近 30 天或 90 天", "the last 30 or 90 days"))


def grant_routes(
    desk: Grants, drafting: Drafting, impacts: Impacts, unused: UnusedRights, token: Problems
) -> tuple[Route, ...]:
    """Every route of grants; ``token`` is what refuses a caller. Fixed words come before names of grants."""
    reading = _reading(desk, impacts, token)
    return (*_unused(unused, token), *reading, *_drafting(drafting, token), *_commands(desk, token))


def _drafting(drafting: Drafting, token: Problems) -> tuple[Route, ...]:
    problems = (*token, INVALID_BODY, errors.GRANT_NOT_ALLOWED)
    others = (*problems, errors.GRANT_UNKNOWN, errors.GRANT_CHANGED)
    drafted, revised = Text("起草授权", "Draft a grant"), Text("修改草稿", "Replace the text of a draft")
    renewed = Text("起草新版本", "Draft a new version")
    rows: tuple[tuple[str, Endpoint, Text, type[Form], Problems, int], ...] = (
        (GRANTS, drafting.draft, drafted, NewGrantForm, problems, 201),
        (f"{_ONE}/revise", drafting.revise, revised, GrantTextForm, others, 200),
        (f"{_ONE}/renew", drafting.renew, renewed, GrantTextForm, others, 201),
    )
    return tuple(
        Route("POST", path, endpoint, "officer", said, form, GrantAnswer, tag="grants", problems=refused, success=code)
        for path, endpoint, said, form, refused, code in rows
    )


def sealing_routes(desk: Sealings, token: Problems) -> tuple[Route, ...]:
    """Every route of the register of sealed people and companies."""
    sealed, lifted = Text("封存某人或某单位", "Seal a person or company"), Text("解除封存", "Lift a sealing")
    listed, tag, sealers = Text("封存登记", "The register of sealings"), "sealings", _roles(SEALERS)
    paging = (
        LIMIT,
        BEFORE,
    )
    known = (*token, errors.NOT_ALLOWED)
    return (
        Route("GET", SEALINGS, desk.list, _roles(READERS), listed, None, SealingsAnswer, tag=tag, parameters=paging),
        Route(
            "POST",
            SEALINGS,
            desk.seal,
            sealers,
            sealed,
            NewSealingForm,
            SealingAnswer,
            tag=tag,
            success=201,
            problems=known,
        ),
        Route(
            "GET",
            f"{SEALINGS}/<sealing>",
            desk.show,
            _roles(READERS),
            Text("一条封存记录", "One sealing"),
            None,
            SealingAnswer,
            tag=tag,
            problems=(*known, errors.SEALING_UNKNOWN),
        ),
        Route(
            "POST",
            f"{SEALINGS}/<sealing>/lift",
            desk.lift,
            sealers,
            lifted,
            LiftForm,
            SealingAnswer,
            tag=tag,
            problems=(*known, errors.SEALING_UNKNOWN),
        ),
    )


def _roles(roles: Iterable[Role]) -> str:
    return f"officer:{'|'.join(sorted(role.value for role in roles))}"


def _reading(desk: Grants, impacts: Impacts, token: Problems) -> tuple[Route, ...]:
    listed, shown = Text("全部授权", "All grants"), Text("一项授权", "One grant")
    explained = Text("某一请求会如何裁决、为什么", "How a request would be decided, and why")
    examined = Text("这一版本改变什么、须由谁签署", "What a version changes, proved, and who must sign it")
    compared = Text("以往的请求会有何不同", "What it would change for requests like those of the past")
    problems = (*token, errors.GRANT_UNKNOWN)
    return (
        Route(
            "GET",
            GRANTS,
            desk.list,
            "officer",
            listed,
            None,
            GrantsAnswer,
            tag="grants",
            parameters=(_STATE, LIMIT, AFTER),
            problems=(*token, INVALID_BODY),
        ),
        Route(
            "POST",
            f"{GRANTS}/explain",
            desk.explain,
            "officer",
            explained,
            ExplainForm,
            ExplanationAnswer,
            tag="grants",
            problems=(*token, INVALID_BODY),
        ),
        Route("GET", _ONE, desk.show, "officer", shown, None, GrantAnswer, tag="grants", problems=problems),
        Route(
            "GET",
            f"{_ONE}/impact",
            impacts.of_grant,
            "officer",
            compared,
            None,
            ImpactAnswer,
            tag="grants",
            parameters=(_DAYS,),
            problems=(*problems, errors.PERIOD_INVALID),
        ),
        Route(
            "GET",
            f"{_ONE}/examination",
            desk.examination,
            "officer",
            examined,
            None,
            ExaminationAnswer,
            tag="grants",
            problems=problems,
        ),
    )


def _commands(desk: Grants, token: Problems) -> tuple[Route, ...]:
    commands = (
        ("submit", desk.submit, Text("提交审批", "Put a draft before the panel"), SubmitForm, "officer"),
        ("approve", desk.approve, Text("批准所见内容", "Sign exactly what was seen"), ApproveForm, "officer:panel"),
        ("return", desk.send_back, Text("退回起草人", "Send it back to its author"), ReasonForm, "officer"),
        ("endorse", desk.endorse, Text("用数部门背书", "Endorse for the consumer"), ApproveForm, "officer:sponsor"),
        ("suspend", desk.suspend, Text("暂停", "Suspend at once"), ReasonForm, "officer"),
        ("reactivate", desk.reactivate, Text("恢复", "Sign that it may be active again"), ApproveForm, "officer:panel"),
        ("revoke", desk.revoke, Text("撤销", "End for good"), ReasonForm, "officer"),
    )
    problems = (*token, INVALID_BODY, errors.GRANT_UNKNOWN, errors.GRANT_NOT_ALLOWED, errors.GRANT_CHANGED)
    return tuple(
        Route(
            "POST",
            f"{_ONE}/{name}",
            endpoint,
            access,
            said,
            form,
            GrantAnswer,
            tag="grants",
            problems=problems,
        )
        for name, endpoint, said, form, access in commands
    )


def _unused(unused: UnusedRights, token: Problems) -> tuple[Route, ...]:
    reported = Text("九十天未使用的授权与字段", "Grants and fields that nobody used for ninety days")
    tightened = Text("起草去掉未使用部分的新版本", "Draft the version without what nobody used")
    return (
        Route("GET", f"{GRANTS}/unused", unused.report, "officer", reported, None, UnusedAnswer, tag="grants"),
        Route(
            "POST",
            f"{_ONE}/tighten",
            unused.tighten,
            "officer",
            tightened,
            SubmitForm,
            TightenedAnswer,
            tag="grants",
            problems=(
                *token,
                INVALID_BODY,
                errors.GRANT_UNKNOWN,
                errors.GRANT_NOT_ALLOWED,
                errors.GRANT_CHANGED,
                errors.NOTHING_TO_TIGHTEN,
            ),
        ),
    )
