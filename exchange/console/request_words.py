"""Access requests in words: what a command does, what it asks for, what happened, and the form of what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.console.forms import YES_NO, Field
from exchange.console.grant_form import BY_THE_CATALOGUE, grant_fields, grant_of_form, typed_of_grant
from kernel.text import Text
from policies.requests.content import REFUSALS
from policies.requests.events import Status

TONES: Mapping[Status, str] = {
    Status.SUBMITTED: "near",
    Status.RETURNED: "near",
    Status.WITH_PROVIDER: "near",
    Status.DISPUTED: "near",
    Status.NEGOTIATING: "near",
    Status.MEDIATED: "near",
    Status.APPROVED: "good",
    Status.FULFILLED: "good",
    Status.LAPSED: "bad",
    Status.REFUSED: "bad",
    Status.UPHELD: "bad",
}
"""The colour of a state's tag; all others are calm. The words say the same."""

COMMANDS: Mapping[str, Text] = {
    "revise": Text("修改申请", "Change the request"),
    "submit": Text("提交", "Hand it in"),
    "return": Text("退回补正", "Ask for a supplement"),
    "accept": Text("形式审查通过", "The form is in order"),
    "approve": Text("同意共享", "Agree to share"),
    "refuse": Text("不予共享", "Refuse"),
    "dispute": Text("提出异议", "Object to the refusal"),
    "negotiate": Text("组织协商", "Bring both sides together"),
    "mediate": Text("记录调解意见", "Write down the mediation"),
    "uphold": Text("裁定维持", "Rule that the refusal stands"),
    "overturn": Text("裁定应当共享", "Rule that the data are shared"),
    "withdraw": Text("撤回申请", "Withdraw the request"),
}
CONSEQUENCES: Mapping[str, Text] = {
    "submit": Text("提交后开始计时，由数据主管部门作形式审查。", "The clock starts; data governance checks the form."),
    "return": Text("退回期间计时暂停，补正后继续。", "The clock stands still until the supplement comes."),
    "accept": Text(
        "转给提供部门办理；无条件共享的直接同意并提交授权，由数据主管部门签署，提供部门只收到通知。",
        "It goes on to the provider. Where sharing is unconditional it is approved and its grant handed in: the data"
        " office signs it, and the provider is told.",
    ),
    "approve": Text("同意后生成授权草案，交由审批席位签署。", "A grant is drafted, and its panel signs it."),
    "refuse": Text("须引用依据；需求部门可以提出异议。", "The rule is cited; the consumer may object."),
    "dispute": Text("由数据主管部门组织协商和调解。", "Data governance negotiates and mediates."),
    "negotiate": Text("双方协商，提供部门仍可同意。", "Both sides talk; the provider may still agree."),
    "mediate": Text("调解意见交审批人裁定。", "An approver rules on what was found."),
    "uphold": Text("不予共享的答复生效，申请结束。", "The refusal stands, and the request is over."),
    "overturn": Text("应当共享：生成授权草案，交由审批席位签署。", "A grant is drafted, and its panel signs it."),
    "withdraw": Text("申请就此结束，不能恢复。", "The request is over and cannot be taken up again."),
}

_REASON = Field(
    "reason",
    Text("理由", "Reason"),
    Text("会记入账本，供审计查看。请勿写个人号码或姓名。", "Recorded in the ledger for auditors. Name nobody."),
    "area",
)
_CITATION = Field("citation", Text("依据", "Rule"), Text("法规名称和条款", "Name of the rule, and its article"), "text")
FORMS: Mapping[str, tuple[Field, ...]] = {
    "return": (_REASON,),
    "dispute": (_REASON,),
    "refuse": (
        Field(
            "code",
            Text("不予共享的情形", "Kind of reason"),
            kind="radios",
            choices=[(code.value, text) for code, text in REFUSALS.items()],
        ),
        _CITATION,
        _REASON,
    ),
    "mediate": (Field("finding", Text("调解意见", "What was found"), kind="area"),),
    "uphold": (_CITATION,),
    "overturn": (_CITATION,),
}
"""What a command has to say, by its name; the others say nothing."""

EVENTS: Mapping[str, Text] = {
    "RequestDrafted": Text("起草", "Drafted"),
    "RequestRevised": Text("修改", "Changed"),
    "RequestSubmitted": Text("提交", "Handed in"),
    "RequestReturned": Text("退回补正", "Returned for a supplement"),
    "RequestAccepted": Text("形式审查通过", "Form in order"),
    "RequestApproved": Text("同意共享", "Approved"),
    "ProviderNotified": Text("已通知提供部门", "The provider was told"),
    "RequestRefused": Text("不予共享", "Refused"),
    "RequestDisputed": Text("提出异议", "Disputed"),
    "NegotiationOpened": Text("开始协商", "Negotiation opened"),
    "RequestMediated": Text("已调解", "Mediated"),
    "RefusalUpheld": Text("裁定维持", "Refusal upheld"),
    "RefusalOverturned": Text("裁定应当共享", "Refusal overturned"),
    "RequestWithdrawn": Text("撤回", "Withdrawn"),
    "RequestFulfilled": Text("数据已可用", "Data available"),
    "RequestLapsed": Text("授权未能生效", "Its grant did not take effect"),
    "RequestEscalated": Text("时限预警", "Time running out"),
}

_LEFT_OUT = ("consumer", *BY_THE_CATALOGUE)
"""Members of a grant that a request does not say: whose it is, and what the catalogue has."""
CONTENT: tuple[Field, ...] = (
    *grant_fields(*_LEFT_OUT),
    Field("purpose", Text("用途", "Purpose"), kind="area"),
    Field("onward", Text("是否再提供给他人", "Are the data passed on?"), kind="radios", choices=YES_NO),
    Field(
        "assessment.reference",
        Text("影响评估编号", "Number of the impact assessment"),
        Text("含敏感信息或再提供时必填", "needed for sensitive fields, or where data are passed on"),
    ),
    Field("assessment.assessed_on", Text("评估日期", "Assessed on"), Text("如 2026-11-20", "such as 2026-11-20")),
    Field("assessment.necessity", Text("必要性", "Necessity"), kind="area"),
    Field("assessment.risks", Text("风险", "Risks"), kind="area"),
    Field("assessment.measures", Text("保护措施", "Measures"), kind="area"),
)
"""The form of a request; a field's name is the place in the API's body."""


def body_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """The API's body; what was left empty is left out, so that the API says what is missing."""
    body: dict[str, Any] = {"grant": grant_of_form(typed, *_LEFT_OUT), "onward": typed.get("onward") == "yes"}
    for name in ("purpose", *_ASSESSED):
        value = typed.get(name, "").strip()
        section, _, member = name.rpartition(".")
        if value:
            (body.setdefault(section, {}) if section else body)[member] = value
    return body


def revised(body: dict[str, Any], grant: Mapping[str, Any]) -> dict[str, Any]:
    """The body with what the form does not show, as the request has it, while the ground it stands on is the same."""
    asked = body["grant"]
    same = all(asked.get(name) == grant[name] for name in ("evidence_type", "legal_basis"))
    same = same and set(asked.get("service_items", ())) == set(grant["service_items"])
    kept = {name: grant[name] for name in BY_THE_CATALOGUE} if same else {}
    return body | {"grant": {**kept, **asked}}


def typed_of(content: Mapping[str, Any]) -> dict[str, str]:
    """What the form would have held for a request as the API tells it."""
    assessment = content.get("assessment") or {}
    typed = {name: assessment.get(name.partition(".")[2]) for name in _ASSESSED}
    said = {"purpose": content.get("purpose"), "onward": "yes" if content.get("onward") else "no", **typed}
    # A template says only part of it.
    return {**typed_of_grant(content["grant"]), **{name: value for name, value in said.items() if value}}


_ASSESSED = tuple(field.name for field in CONTENT if field.name.startswith("assessment."))
