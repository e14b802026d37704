"""Event subscriptions on pages: which systems are told of changes, what does not arrive, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Visitor, page
from exchange.console.forms import Field, Said, chosen, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.proceeding_pages import Command, Matter, ProceedingPages, whose
from exchange.console.words import listed, moment_text, same, text_of, with_code
from exchange.events.signal import KINDS, Kind
from exchange.events.subscription_desk import SubscriptionDesk
from exchange.paging import is_place
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.subscriptions import SUBSCRIBERS, TABLE, Status
from policies.subscriptions import Command as Kinds

SUBSCRIPTIONS = f"{HOME}/subscriptions"
ALL, STUCK = "all", "stuck"
ON_A_PAGE = 50
_TABS = {ALL: Text("全部", "All"), STUCK: Text("送不到的", "Not arriving")}
_STATUSES: Mapping[Status, tuple[Text, str]] = {
    Status.ACTIVE: (Text("正常", "In use"), "good"),
    Status.PAUSED: (Text("已暂停", "Paused"), "calm"),
    Status.PARKED: (Text("送不到，已停放", "Parked: unreachable"), "bad"),
    Status.ENDED: (Text("已终止", "Ended"), "calm"),
}
_FAILING = (Text("送不到，正在重试", "Not arriving, being tried again"), "near")
_WAYS = {
    "pull": Text("由系统自己来取", "the system fetches them"),
    "push": Text("推送到系统登记的地址", "pushed to the system's registered address"),
}
_TROUBLES: Mapping[str, Text] = {
    "no-answer": Text(
        "对方地址没有答复。请系统维护人员检查服务和网络。",
        "The address does not answer. Have whoever runs the system look at the service and its network.",
    ),
    "no-address": Text(
        "目录中没有登记推送地址，或系统已停用。请在目录条目中登记后恢复。",
        "The catalogue holds no address, or the system is suspended. Have it entered, then resume.",
    ),
    "address-not-admitted": Text(
        "登记的地址不在允许访问的网络内。请联系平台运维人员，或更换地址。",
        "The registered address lies outside the networks that may be reached. Ask the operator, or register another.",
    ),
    "status-410": Text(
        "对方答复此地址已不再使用（410）。请在目录条目中更换地址后恢复。",
        "The address says that it is used no more (410). Register another, then resume.",
    ),
}
_EVENT_STATES = {
    "arrived": (Text("已送达", "arrived"), "good"),
    "failing": (Text("送不到", "does not arrive"), "bad"),
    "waiting": (Text("等待中", "waits"), "calm"),
}
_START = Field(
    "from",
    Text("从第几号事件起（可不填）", "From which event on (may be left empty)"),
    Text(
        "不填：立即再试还没有送达的。填写序号：从该号起全部再推送一次，包括已送达的；对方以事件编号去重。",
        "Empty: what has not arrived is tried now. A number: everything from it on is pushed once more, "
        "what arrived, too; the system tells repetitions by their id.",
    ),
)
COMMANDS: Mapping[str, Command] = {
    "resume": Command(
        Text("恢复", "Take it up again"),
        Text("排队的事件按顺序继续送。", "What waits goes out again, in order."),
    ),
    "send-again": Command(
        Text("重新推送", "Push again"), Text("立即推送，不等下一次重试。", "At once, not at the next try."), (_START,)
    ),
    "pause": Command(
        Text("暂停", "Pause it"),
        Text(
            "事件继续排队，暂不送出；九十天没有送达的不再保留。",
            "Events go on to queue and are not sent; what has not arrived within ninety days is kept no longer.",
        ),
    ),
    "end": Command(
        Text("终止", "End it for good"),
        Text(
            "不能恢复。排队的事件随即删除，以后的变更不再告知该系统。",
            "This cannot be undone. What waits is deleted, and the system hears of no further change.",
        ),
        final=True,
    ),
}


@dataclass(frozen=True)
class SubscriptionPages(ProceedingPages):
    """The pages about subscriptions, and the form of a new one."""

    desk: SubscriptionDesk

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Newest first: all, or those that do not arrive. Raises Problem."""
        asked = request.parameters()
        shown = STUCK if asked.get("show") == STUCK else ALL
        query = {"show": shown} | ({"before": asked["before"]} if asked.get("before") else {})
        found = told(self.desk.list(asking(request, urlencode(query))))
        following = urlencode({"show": shown, "before": found["next"]}) if found["next"] else ""
        return page(
            "subscriptions",
            visitor,
            request,
            title=self.matter.title,
            tabs=[(f"{SUBSCRIPTIONS}?show={name}", label, name == shown) for name, label in _TABS.items()],
            rows=[self.row(one) for one in found["subscriptions"]],
            stuck=shown == STUCK,
            following=f"{SUBSCRIPTIONS}?{following}" if following else "",
            new=f"{SUBSCRIPTIONS}/new" if SUBSCRIBERS & visitor.roles else "",
        )

    def beside_one(self, visitor: Visitor, request: HttpRequest, found: Mapping[str, Any]) -> dict[str, Any]:
        """What was told and waits, to the department whose it is. Raises Problem."""
        if found["organisation"]["code"] != visitor.officer.officer.organisation:
            return {"events": [], "own": False, "following": ""}
        before = request.parameters().get("before", "")
        query = {"limit": str(ON_A_PAGE)} | ({"before": before} if before else {})
        kept = told(self.desk.events(asking(request, urlencode(query)), found["subscription"]))
        at = f"{self.matter.address(found)}?{urlencode({'before': kept['next']})}" if kept["next"] else ""
        return {"events": [_event(one) for one in kept["events"]], "own": True, "following": at}

    def body(self, command: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was given, as the API takes it: a number is one."""
        del command
        text = str(given.get("from", "")).strip()
        return {"from": int(text) if is_place(text) else text} if text else {}

    def may(self, found: Mapping[str, Any], command: str) -> frozenset[Any]:
        """Whose command it is."""
        return whose(TABLE, Status(found["status"]), Kinds(command))

    def own_routes(self) -> tuple[Route, ...]:
        """The form of a new one."""
        made = Text("订阅事件", "Subscribing to events")
        return (
            self.door.route("GET", "/subscriptions/new", self.new, made, SUBSCRIBERS),
            self.door.route("POST", "/subscriptions/new", self.make, made, SUBSCRIBERS),
        )

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form of a new one. Raises Problem."""
        return self._form(visitor, request, {})

    def make(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Subscribe as the API does. Raises Problem."""
        typed = request.form()
        fields = _fields(self._offered(request))
        body: dict[str, Any] = {name: typed[name] for name in ("system", "delivery") if typed.get(name)}
        body |= chosen(fields, typed)
        try:
            made = told(self.desk.subscribe(as_json_post(request, body)))
        except Problem as problem:
            if self.mends(problem):
                return self._form(visitor, request, typed, problem)
            raise
        return redirect(self.matter.address(made))

    def sayings(self, problem: Problem, fields: tuple[Field, ...]) -> Said:
        """What is wrong by the name of the field, and what concerns no field."""
        if (name := _ABOUT.get(problem.kind.code)) is not None:
            return {name: t(problem.kind.title)}, t(problem.kind.next_step)
        return sayings(problem, fields)

    def _offered(self, request: HttpRequest) -> Any:
        return told(self.desk.offered(asking(request)))

    def _form(
        self, visitor: Visitor, request: HttpRequest, typed: Mapping[str, str], problem: Problem | None = None
    ) -> HttpResponse:
        offered = self._offered(request)
        fields = _fields(offered)
        return page(
            "subscription_form",
            visitor,
            request,
            **self.form(fields, typed, problem),
            title=Text("订阅事件", "Subscribe to events"),
            systems=len(offered["systems"]),
            granted=any(each["evidence_types"] for each in offered["systems"]),
            back=SUBSCRIPTIONS,
        )


def _fields(offered: Mapping[str, Any]) -> tuple[Field, ...]:
    """The form, with the systems, events and evidence types there are."""
    systems = [
        (one["system"], Text(f"{one['title']['zh']}（{one['system']}）", f"{one['title']['en']} ({one['system']})"))
        for one in offered["systems"]
    ]
    types = {one["code"]: text_of(one["name"]) for each in offered["systems"] for one in each["evidence_types"]}
    kinds = [(one["type"], text_of(one["label"])) for one in offered["events"] if types or not one["about_evidence"]]
    about = Field(
        "evidence_types",
        Text("哪些材料", "About which evidence"),
        Text(
            "证照变更和材料更正须选材料；只列出有现行授权的。",
            "Needed for changed certificates and corrected evidence; those under a grant in force are listed.",
        ),
        "boxes",
        sorted(types.items()),
    )
    return (
        Field("system", Text("哪个业务系统", "Which system"), kind="radios", choices=systems),
        Field("events", Text("告知什么", "Tell it of what"), kind="boxes", choices=kinds),
        *((about,) if types else ()),
        Field("delivery", Text("怎样送达", "How"), kind="radios", choices=[*_WAYS.items()]),
    )


_ABOUT = {
    errors.SYSTEM_NOT_OURS.code: "system",
    errors.SYSTEM_SUSPENDED.code: "system",
    errors.SUBSCRIPTIONS_TOO_MANY.code: "system",
    errors.EVENT_NOT_GRANTED.code: "evidence_types",
    errors.WEBHOOK_MISSING.code: "delivery",
}
"""The field that a refusal is about which names none."""


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _standing(found)
    return {
        "standing": standing,
        "tone": tone,
        "trouble": _trouble(found["trouble"]),
        "facts": _facts(found),
        "pushed": found["delivery"] == "push",
    }


def _standing(found: Mapping[str, Any]) -> tuple[Text, str]:
    failing = found["stuck"] and found["status"] == Status.ACTIVE
    return _FAILING if failing else _STATUSES[Status(found["status"])]


def _facts(found: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    waiting, oldest = found["waiting"], found.get("oldest")
    rows = [
        (Text("业务系统", "System"), with_code(found["system"])),
        (Text("所属部门", "Department"), text_of(found["organisation"]["name"])),
        (Text("告知什么", "Told of"), listed(KINDS[Kind(each)] for each in found["events"])),
    ]
    if found["evidence_types"]:
        kinds = listed(text_of(each["name"]) for each in found["evidence_types"])
        rows.append((Text("哪些材料", "About which evidence"), kinds))
    rows += [
        (Text("怎样送达", "How"), _WAYS[found["delivery"]]),
        (Text("订阅时间", "Since"), moment_text(found["created_at"])),
        (Text("已送达至", "Arrived up to"), Text(f"第 {found['acknowledged']} 号", f"number {found['acknowledged']}")),
        (Text("等待送达", "Waiting"), Text(f"{waiting} 件", f"{waiting}")),
    ]
    if oldest:
        rows.append((Text("还保留的最早一件", "Oldest one still kept"), Text(f"第 {oldest} 号", f"number {oldest}")))
    if found["failures"]:
        times = found["failures"]
        rows.append((Text("连续失败", "Failures in a row"), Text(f"{times} 次", f"{times}")))
    if found["next_try"]:
        rows.append((Text("下次重试", "Next try"), moment_text(found["next_try"])))
    return rows


def _trouble(reason: str | None) -> Text | None:
    """Why a push failed, and who mends it."""
    if reason is None:
        return None
    status = reason.removeprefix("status-")
    return _TROUBLES.get(
        reason,
        Text(
            f"对方答复了错误（{status}）。请系统维护人员查看其日志。",
            f"The address answers with an error ({status}). Have whoever runs the system look at its log.",
        ),
    )


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _standing(found)
    return {
        "id": found["subscription"],
        "system": text_of(found["system"]["name"]),
        "organisation": text_of(found["organisation"]["name"]),
        "standing": standing,
        "tone": tone,
        "events": listed(KINDS[Kind(each)] for each in found["events"]),
        "types": listed(text_of(each["name"]) for each in found["evidence_types"]),
        "waiting": found["waiting"],
    }


def _event(one: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _EVENT_STATES[one["state"]]
    return {
        "number": one["number"],
        "id": one["id"],
        "what": text_of(one["label"]),
        "about": text_of(one["evidence_type"]["name"]) if one["evidence_type"] else same(""),
        "at": datetime.fromisoformat(one["at"]),
        "standing": standing,
        "tone": tone,
    }


EVENT_SUBSCRIPTIONS = Matter(
    place="subscriptions",
    several="subscriptions",
    template="subscription",
    identifier="subscription",
    title=Text("事件订阅", "Event subscriptions"),
    one=lambda name: Text(f"事件订阅 {name}", f"Event subscription {name}"),
    changed=Text("该订阅刚才有了变化", "This subscription has changed meanwhile"),
    commands=COMMANDS,
    events={},
    mended=(
        *(errors.SYSTEM_NOT_OURS, errors.SYSTEM_SUSPENDED, errors.SUBSCRIPTIONS_TOO_MANY),
        *(errors.EVENT_NOT_GRANTED, errors.WEBHOOK_MISSING),
    ),
    moved=errors.SUBSCRIPTION_CHANGED,
    not_allowed=errors.SUBSCRIPTION_NOT_ALLOWED,
    row=_row,
    about=_about,
    not_now=Text(
        "现在不能由您作此操作（由该系统所属部门的人员，在相应状态下办理）",
        "This is not yours to do now: it takes an officer of the system's own department, or another state",
    ),
)
"""Subscriptions as pages show them."""
