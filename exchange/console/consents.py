"""What the own department's systems asked people to consent to, and how it stands. Whom it is about is not shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from exchange.consents.department_desk import READERS, DepartmentConsents
from exchange.consents.views import how_often
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import Field, filled
from exchange.console.inside import asking, told
from exchange.console.words import listed, moment_text, same, text_of
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.routes import Route

CONSENTS = f"{HOME}/consents"
ON_A_PAGE = 50
_TITLE = Text("本人同意", "Consents")
_ONE = Text("一件同意", "One consent")
_TABS = {
    "all": Text("全部", "All"),
    "waiting": Text("等待本人答复", "Waiting for an answer"),
    "standing": Text("有效", "Standing"),
    "over": Text("已结束", "Over"),
}
_STATUSES: Mapping[str, tuple[Text, str]] = {
    "asked": (Text("等待本人答复", "Waits for the person"), "near"),
    "unanswered": (Text("没有答复，已过期", "Not answered in time"), "calm"),
    "declined": (Text("本人未同意", "Declined"), "bad"),
    "not-begun": (Text("已同意，尚未开始", "Given, has not begun"), "calm"),
    "in-force": (Text("有效", "In force"), "good"),
    "used-up": (Text("次数已用完", "Used up"), "calm"),
    "withdrawn": (Text("本人已撤回", "Taken back"), "bad"),
    "ended": (Text("已到期", "Ended"), "calm"),
}
_NEXT: Mapping[str, Text] = {
    "asked": Text(
        "请本人登录“我的同意”答复。逾期没有答复的，可以再征求一次；窗口始终可以办理。",
        "The person answers under “My consents”. If they do not in time, you may ask again; the window is always open.",
    ),
    "unanswered": Text(
        "可以再征求一次，或请本人到窗口提交。", "You may ask once more, or take the paper at the window."
    ),
    "declined": Text(
        "不得就同一事再征求。请以其他方式办理，例如由本人提交材料。",
        "Do not ask for the same again. Take another way: the person may hand the paper in.",
    ),
    "in-force": Text("系统照常请求材料即可。", "The system asks for evidence as ever."),
    "not-begun": Text("到起始时间后才可以取得。", "Evidence can be obtained once it has begun."),
    "used-up": Text(
        "本期次数已用完。需要更多的，请再征求。", "The uses of this period are gone. For more, ask for another consent."
    ),
    "withdrawn": Text("撤回后立即不再提供；先前取得的按法律规定处理。", "Nothing more is provided from then on."),
    "ended": Text("已到期。仍需要的，请再征求。", "It has ended. If you still need it, ask anew."),
}
_CASE = (Field("case", Text("按办件编号查找", "Find by case"), Text("例如 case_01…", "Such as case_01…")),)
_EVENTS = {
    "asked_at": Text("征求", "Asked"),
    "given_at": Text("本人同意", "Given by the person"),
    "declined_at": Text("本人未同意", "Declined by the person"),
    "withdrawn_at": Text("本人撤回", "Taken back by the person"),
}


@dataclass(frozen=True)
class ConsentPages:
    """Pages to read. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: DepartmentConsents

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Newest first, by how they stand or by case. Raises Problem."""
        asked = request.parameters()
        shown = asked.get("show", "all") if asked.get("show") in _TABS else "all"
        case = asked.get("case", "").strip()
        kept = {"show": shown} | ({"case": case} if case else {})
        query = kept | ({"before": asked["before"]} if asked.get("before") else {})
        found = told(self.desk.list(asking(request, urlencode(query | {"limit": str(ON_A_PAGE)}))))
        following = urlencode(kept | {"before": found["next"]}) if found["next"] else ""
        return page(
            "consents",
            visitor,
            request,
            title=_TITLE,
            tabs=[
                (f"{CONSENTS}?{urlencode(kept | {'show': name})}", label, name == shown)
                for name, label in _TABS.items()
            ],
            fields=filled(_CASE, asked, {}),
            shown=shown,
            everybody=not visitor.roles.isdisjoint(READERS),
            narrowed=bool(case) or shown != "all",
            rows=[_row(one) for one in found["consents"]],
            following=f"{CONSENTS}?{following}" if following else "",
        )

    def show(self, visitor: Visitor, request: HttpRequest, consent: str) -> HttpResponse:
        """Exactly what it covers, and how often it was used. Raises Problem."""
        found = told(self.desk.show(asking(request), consent))
        standing, tone = _STATUSES[found["status"]]
        happened = [(label, moment_text(found[name])) for name, label in _EVENTS.items() if found[name]]
        return page(
            "consent",
            visitor,
            request,
            title=Text(f"同意 {found['consent']}", f"Consent {found['consent']}"),
            standing=standing,
            tone=tone,
            advice=_NEXT[found["status"]],
            holder=text_of(found["provider"]["name"]),
            asker=text_of(found["consumer"]["name"]),
            facts=_facts(found),
            happened=happened,
            back=CONSENTS,
        )

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        return (
            self.door.route("GET", "/consents", self.list, _TITLE),
            self.door.route("GET", "/consents/<consent>", self.show, _ONE),
        )


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _STATUSES[one["status"]]
    return {
        "href": f"{CONSENTS}/{quote(one['consent'])}",
        "what": text_of(one["evidence_type"]["name"]),
        "item": text_of(one["service_item"]["name"]),
        "consumer": text_of(one["consumer"]["name"]),
        "case": one["asked_in"],
        "standing": standing,
        "tone": tone,
        "used": one["used"],
        "until": moment_text(one["answer_by"] if one["status"] == "asked" else one["until"]),
    }


def _facts(found: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    used, left = found["used"], found["left"]
    counted = Text(f"{used} 次", f"{used}")
    if left is not None:
        counted = Text(f"{used} 次，本期还剩 {left} 次", f"{used}, and {left} left in this period")
    alone = (
        Text("是", "yes")
        if found["case"]
        else Text("否，也可用于同一事项的其他办件", "no, in others of this item, too")
    )
    rows = [
        (Text("材料", "Evidence"), text_of(found["evidence_type"]["name"])),
        (Text("提供的内容", "What is provided"), listed(text_of(each["label"]) for each in found["fields"])),
        (Text("用于事项", "For"), text_of(found["service_item"]["name"])),
        (Text("依据", "Ground"), text_of(found["ground"])),
        (Text("办件", "Case"), same(found["asked_in"])),
        (Text("只用于这一办件", "In this case alone"), alone),
        (Text("业务系统", "System"), text_of(found["system"]["name"])),
        (Text("自", "From"), moment_text(found["from"])),
        (Text("至", "Until"), moment_text(found["until"])),
        (Text("次数", "How often"), how_often(found["frequency"], found["times"])),
        (Text("已提供", "Times provided so far"), counted),
    ]
    if found["status"] == "asked":
        rows.append((Text("答复期限", "To be answered by"), moment_text(found["answer_by"])))
    return rows
