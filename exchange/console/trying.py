"""Trying a request: how would it be decided now, and by which clauses? The decision is the engine's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from exchange.catalogue.model import Status, kept_apart
from exchange.catalogue.registry import Registry
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import UNPROCESSABLE, YES_NO, Field, filled
from exchange.console.inside import as_json_post, told
from exchange.console.words import listed
from exchange.governance.endpoints import Grants
from exchange.governance.views import names
from exchange.in_force.snapshot import current
from kernel.identifiers.masking import Mask
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.delivery import Delivery
from policies.grants.grant import Grant
from policies.grants.terms import SELF, BasisKind, Obligation
from policies.obligations import in_words

TRYING = f"{HOME}/try"
_LISTS = ("fields", "predicates")

FIELDS = (
    Field("system", Text("发出请求的系统", "System that asks"), Text("系统编号", "its identifier")),
    Field("evidence_type", Text("材料类型", "Evidence type"), Text("代码", "its code")),
    Field("fields", Text("字段", "Fields"), Text("名称，以逗号分隔", "names, separated by commas")),
    Field("predicates", Text("是非问题", "Yes/no questions"), Text("名称，以逗号分隔", "names, separated by commas")),
    Field("service_item", Text("政务服务事项", "Service item"), Text("代码", "its code")),
    Field("legal_basis", Text("法律依据", "Legal basis"), Text("代码", "its code")),
    Field(
        "relation",
        Text("与当事人的关系", "Relation to the person of the case"),
        Text("self 为本人", "self: themselves"),
    ),
    Field(
        "loa",
        Text("认证等级", "Assurance level"),
        Text("0 表示本人不在场", "0: the person is absent"),
        "radios",
        [(str(level), Text(str(level), str(level))) for level in range(5)],
    ),
    Field(
        "mandated",
        Text("是否持包括该事项的委托", "By a mandate that covers the service item?"),
        kind="radios",
        choices=YES_NO,
    ),
    Field(
        "own_division",
        Text("是否本行政区划内的记录", "A record of the department's own division?"),
        kind="radios",
        choices=YES_NO,
    ),
    Field(
        "minor",
        Text("对象是否不满十四周岁", "Is it about somebody under 14?"),
        kind="radios",
        choices=YES_NO,
    ),
    Field(
        "delivery",
        Text("提供方式", "Delivery"),
        kind="radios",
        choices=[(mode.value, mode.text) for mode in Delivery],
    ),
    Field(
        "consent",
        Text("本人是否恰好同意所申请的内容", "Did the person agree to exactly this?"),
        Text("依据为本人同意时才需要", "needed only where consent is the basis"),
        "radios",
        YES_NO,
    ),
    Field(
        "at",
        Text("时刻", "At what instant"),
        Text(
            "如 2026-12-01 或 2026-12-01T09:00+08:00；不填为此刻",
            "such as 2026-12-01 or 2026-12-01T09:00+08:00; left out: now",
        ),
    ),
    Field(
        "emergency",
        Text("已开启的应急模板", "Template of emergency access that is open"),
        Text("编号@版本；一般不填", "id@version; usually left out"),
    ),
)
_FLAGS = ("mandated", "own_division", "minor", "consent")
_LEFT_OUT = ("at", "emergency")
_UNSAID = dict.fromkeys(_FLAGS, "no") | {"relation": SELF, "loa": "3", "delivery": Delivery.DIRECT.value}


def trying_of(grant: Grant, registry: Registry, now: datetime) -> str:
    """The address of a try that the grant should allow: everything it grants, by an active system of its consumer.

    Now, or from when the grant begins, with whatever it asks for besides.
    """
    kind = registry.evidence_types.get(grant.evidence_type)
    systems = sorted(
        name
        for name, one in registry.systems.items()
        if one.organisation == grant.consumer and one.status is Status.ACTIVE
        if kind is not None and not kept_apart(one, kind)
    )
    asked = {
        "system": systems[0] if systems else "",
        "evidence_type": grant.evidence_type,
        "fields": ",".join(sorted(grant.fields)),
        "predicates": ",".join(sorted(grant.predicates)),
        "service_item": min(grant.service_items),
        "legal_basis": grant.legal_basis,
        "relation": SELF if SELF in grant.relations else min(grant.relations),
        "loa": str(grant.min_loa),
        "mandated": "yes" if grant.mandate_required else "no",
        "own_division": "yes" if grant.own_division_only else "no",
        "delivery": min(grant.delivery_modes or {Delivery.DIRECT}, key=[*Delivery].index).value,
        "consent": "yes" if grant.basis_kind is BasisKind.CONSENT else "no",
        "at": grant.valid_from.isoformat() if now < grant.valid_from else "",
        "emergency": grant.ref if grant.emergency is not None else "",
    }
    return f"{TRYING}?{urlencode(asked)}"


@dataclass(frozen=True)
class TryingPages:
    """The page of tries. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: Grants

    def show(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form, and the answer where something was asked: nothing is recorded, nobody is asked about."""
        typed = request.parameters()
        decision, errors = self._asked(request, typed) if "system" in typed else (None, {})
        return page(
            "try",
            visitor,
            request,
            status=UNPROCESSABLE if errors else 200,
            title=Text("试算一个请求", "Try a request"),
            fields=filled(FIELDS, {**_UNSAID, **typed}, errors),
            has_errors=bool(errors),
            decision=decision,
        )

    def routes(self) -> tuple[Route, ...]:
        """The address."""
        return (self.door.route("GET", "/try", self.show, Text("试算一个请求", "Trying a request")),)

    def _asked(self, request: HttpRequest, typed: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
        body: dict[str, Any] = {name: typed.get(name, "") for name in ("system", "evidence_type", "service_item")}
        body |= {name: typed.get(name, "") for name in ("legal_basis", "relation")}
        body |= {name: _names(typed.get(name, "")) for name in _LISTS}
        body |= {name: typed.get(name) == "yes" for name in _FLAGS}
        body |= {name: typed[name].strip() for name in _LEFT_OUT if typed.get(name, "").strip()}
        body["delivery"] = typed.get("delivery", Delivery.DIRECT.value)
        loa = typed.get("loa", "")
        body["loa"] = int(loa) if loa in {str(level) for level in range(5)} else -1
        try:
            found = told(self.desk.explain(as_json_post(request, body)))
        except Problem as problem:
            if problem.kind is not INVALID_BODY:
                raise
            errors: Any = problem.members.get("errors", [])
            return None, {each["path"].partition("[")[0]: each["message"] for each in errors}
        return self._said(found, body["evidence_type"]), {}

    def _said(self, found: Mapping[str, Any], evidence_type: str) -> dict[str, Any]:
        name = names(current(self.door.access.policy).registry, evidence_type)
        released = [(t(name(field)), t(Mask(mask).text)) for field, mask in found.get("release", {}).items()]
        duties = [in_words(Obligation.parse(text)) for text in found.get("obligations", [])]
        return {
            "permit": found["decision"] == "permit",
            "grants": found["grants"],
            "released": released,
            "duties": t(listed(duties)),
            "unmet": found.get("unmet", []),
            "met": found.get("met", []),
        }


def _names(text: str) -> list[str]:
    """Names separated by commas of either kind or by blanks."""
    return [name for name in text.replace("，", ",").replace("、", ",").replace(" ", ",").split(",") if name]
