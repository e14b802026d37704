"""Addresses for messages on pages: those of an officer's offices, whether messages arrive, and the links in posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Visitor, page
from exchange.console.forms import Field, Said, sayings, ticked
from exchange.console.inside import as_json_post, asking, told
from exchange.console.proceeding_pages import Command, Matter, ProceedingPages
from exchange.console.words import listed, moment_text, same
from exchange.forwarding.desk import ForwardingDesk
from exchange.forwarding.forms import CHOSEN
from exchange.forwarding.links import PLACE, PROVE, UNSUBSCRIBE
from exchange.forwarding.transitions import ForwardingTransitions
from exchange.messages.words import TITLES, Kind
from exchange.store.forwardings import Forwarding
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response, t
from kernel.web.routes import Route
from policies.forwarding import Language, Pace, Status, Way
from policies.roles import WORDS, Role

FORWARDINGS = f"{HOME}/forwardings"
_GONE = 410
_STATUSES: Mapping[Status, tuple[Text, str]] = {
    Status.UNPROVEN: (Text("等待确认", "Not confirmed yet"), "near"),
    Status.ACTIVE: (Text("使用中", "In use"), "good"),
    Status.PARKED: (Text("送不到，已停放", "Parked: unreachable"), "bad"),
    Status.ENDED: (Text("已停用", "Ended"), "calm"),
}
_WAYS: Mapping[str, Text] = {
    Way.MAIL: Text("电子邮件", "E-mail"),
    Way.WEBHOOK: Text("推送到网址（签名）", "Webhook, signed"),
}
_PACES: Mapping[str, Text] = {
    Pace.DIGEST: Text("每个工作日汇总一次", "Once a working day, together"),
    Pace.AT_ONCE: Text("随到随发", "Each at once"),
}
_LANGUAGES: Mapping[str, Text] = {
    Language.BOTH: Text("中文和英文", "Chinese and English"),
    Language.ZH: Text("中文", "Chinese"),
    Language.EN: Text("英文", "English"),
}
_TROUBLES: Mapping[str, Text] = {
    "mail-delayed": Text(
        "邮件服务器暂时不收。请联系平台运维人员。", "The mail server does not take it. Ask the operator to look."
    ),
    "mail-refused": Text(
        "邮件服务器拒收此地址。请核对邮箱，或改用另一个。",
        "The mail server refuses this address. Check it, or enter another.",
    ),
    "no-answer": Text(
        "该网址没有答复。请检查服务和网络。", "The address does not answer. Look at the service and its network."
    ),
    "address-not-admitted": Text(
        "该网址不在允许访问的网络内。请联系平台运维人员。",
        "The address lies outside the networks that may be reached. Ask the operator.",
    ),
    "address-unreadable": Text(
        "地址无法解封。请联系平台运维人员；不能恢复时，请停用后重新登记。",
        "The address cannot be unsealed. Ask the operator; if it stays so, end it and enter it again.",
    ),
}
_OUTCOMES = {
    "delivered": (Text("已送达", "arrived"), "good"),
    "waiting": (Text("等待送出", "waits"), "calm"),
    "given-up": (Text("未送出", "not sent"), "bad"),
}
_POSTS = {
    "proof": Text("确认链接", "The link that confirms"),
    "at-once": Text("即时消息", "Sent at once"),
    "digest": Text("工作日汇总", "Digest of the day"),
}
_CHOICES = (
    Field(
        "kinds",
        Text("还要接收哪些消息", "Which messages besides"),
        Text(
            "时限、应急取用、暂停和锁定的消息总是立即送达，不能取消。",
            "Time limits, emergencies, suspensions and locks are always sent, at once.",
        ),
        "boxes",
        [(kind.value, TITLES[kind]) for kind in CHOSEN],
    ),
    Field("pace", Text("其他消息何时送", "When those are sent"), kind="radios", choices=[*_PACES.items()]),
    Field("language", Text("邮件语言", "Language of mail"), kind="radios", choices=[*_LANGUAGES.items()]),
)
COMMANDS: Mapping[str, Command] = {
    "prove": Command(
        Text("再次发送确认链接", "Send the link again"),
        Text(
            "确认之前不送任何消息；以前的链接作废。排队的消息在确认后送出。",
            "Nothing is sent until it is confirmed, and earlier links are void. What waits goes out afterwards.",
        ),
    ),
    "change": Command(
        Text("更改接收内容", "Change what goes there"),
        Text("地址本身不能更改；换地址请另行登记。", "The address itself stays; enter another one to replace it."),
        _CHOICES,
    ),
    "end": Command(
        Text("停用", "Use it no more"),
        Text(
            "不能恢复；排队的消息不再送往该处，收件箱里仍可查看。",
            "This cannot be undone. What waits is not sent there; the inbox keeps it.",
        ),
        final=True,
    ),
}


@dataclass(frozen=True)
class ForwardingPages(ProceedingPages):
    """The pages about addresses, and the form of a new one."""

    desk: ForwardingDesk

    def beside(self, visitor: Visitor, request: HttpRequest) -> dict[str, Any]:
        """Where a new one is entered."""
        del visitor, request
        return {"new": f"{FORWARDINGS}/new"}

    def beside_one(self, visitor: Visitor, request: HttpRequest, found: Mapping[str, Any]) -> dict[str, Any]:
        """What was sent, and what became of it."""
        del visitor, request
        return {"posts": [_post(one) for one in found["posts"]]}

    def body(self, command: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was given, as the API takes it."""
        return {"kinds": [], **given} if command == "change" else given

    def act(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """As every command; boxes are sent one by one. Raises Problem."""
        if command != "change":
            return super().act(visitor, request, identifier, command)
        typed, found = request.form(), self._found(request, identifier)
        body = {name: typed[name] for name in ("pace", "language") if typed.get(name)}
        try:
            self.desk.command(command)(as_json_post(request, body | {"kinds": ticked(_CHOICES[0], typed)}), identifier)
        except Problem as problem:
            if self.mends(problem):
                return self._question(visitor, request, found, command, typed, problem)
            return self.why_not(visitor, request, problem, self.matter.roles, self.matter.address(found))
        return redirect(self.matter.address(found))

    def question(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """The page before a command; what is chosen now is ticked. Raises Problem."""
        found = self._found(request, identifier)
        if command != "change" or command not in found["commands"]:
            return super().question(visitor, request, identifier, command)
        return self._question(visitor, request, found, command, _chosen(found))

    def own_routes(self) -> tuple[Route, ...]:
        """The form of a new one."""
        made = Text("登记接收地址", "Entering an address")
        return (
            self.door.route("GET", "/forwardings/new", self.new, made),
            self.door.route("POST", "/forwardings/new", self.make, made),
        )

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form of a new one: everything ticked, one digest a day. Raises Problem."""
        ticked_ = {f"kinds.{kind.value}": "yes" for kind in CHOSEN}
        return self._form(visitor, request, ticked_ | {"pace": Pace.DIGEST, "language": Language.BOTH})

    def make(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Enter it as the API does. Raises Problem."""
        typed = request.form()
        body: dict[str, Any] = {
            name: typed[name].strip()
            for name in ("role", "way", "address", "pace", "language")
            if typed.get(name, "").strip()
        }
        try:
            made = told(self.desk.enter(as_json_post(request, body | {"kinds": ticked(_CHOICES[0], typed)})))
        except Problem as problem:
            if self.mends(problem):
                return self._form(visitor, request, typed, problem)
            raise
        return redirect(self.matter.address(made))

    def sayings(self, problem: Problem, fields: tuple[Field, ...]) -> Said:
        """What is wrong by the name of the field, and what concerns no field."""
        if problem.kind in _NO_NEW_ONE and any(field.name == "way" for field in fields):
            return {"way": t(problem.kind.title)}, t(problem.kind.next_step)
        return sayings(problem, fields)

    def _form(
        self, visitor: Visitor, request: HttpRequest, typed: Mapping[str, str], problem: Problem | None = None
    ) -> HttpResponse:
        offered = told(self.desk.list(asking(request)))
        return page(
            "forwarding_form",
            visitor,
            request,
            **self.form(_fields(offered), typed, problem),
            title=Text("登记接收地址", "Have messages sent"),
            back=FORWARDINGS,
        )


@dataclass(frozen=True)
class ForwardingLinks:
    """Behind the links in posts: whoever reads what arrives at an address, without signing in.

    Opening a link does nothing: scanners open every link in a mail. The button does.
    """

    transitions: ForwardingTransitions

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        proven = Text("确认消息接收地址", "Confirming an address")
        stopped = Text("不再接收非紧急消息", "Ordering off what is not urgent")
        return (
            Route("GET", f"{PLACE}/{PROVE}", self.ask_to_prove, "anyone", proven, page=True, tag="pages"),
            Route("POST", f"{PLACE}/{PROVE}", self.prove, "anyone", proven, page=True, tag="pages"),
            Route("GET", f"{PLACE}/{UNSUBSCRIBE}", self.ask_to_stop, "anyone", stopped, page=True, tag="pages"),
            Route("POST", f"{PLACE}/{UNSUBSCRIBE}", self.stop, "anyone", stopped, page=True, tag="pages"),
        )

    def ask_to_prove(self, request: HttpRequest) -> HttpResponse:
        """The button. Raises Problem."""
        found = self.transitions.to_prove(_token(request))
        return _link_page(PROVE, found, done=False)

    def prove(self, request: HttpRequest) -> HttpResponse:
        """The address is right. Raises Problem."""
        return _link_page(PROVE, self.transitions.prove(_token(request)), done=True)

    def ask_to_stop(self, request: HttpRequest) -> HttpResponse:
        """The button. Raises Problem."""
        found = self.transitions.to_unsubscribe(_token(request))
        return _link_page(UNSUBSCRIBE, found, done=found is not None and not found.kinds)

    def stop(self, request: HttpRequest) -> HttpResponse:
        """Only what is urgent from now on. Raises Problem."""
        return _link_page(UNSUBSCRIBE, self.transitions.unsubscribe(_token(request)), done=True)


def _token(request: HttpRequest) -> str:
    return request.parameters().get("token", "")


def _link_page(what: str, found: Forwarding | None, *, done: bool) -> HttpResponse:
    """The same for every reason why a link is no good: it tells nobody which addresses there are."""
    return page_response(
        "console/forwarding_link.html",
        status=_GONE if found is None else 200,
        what=what,
        done=done,
        office=None if found is None else WORDS[found.role],
    )


def _fields(offered: Mapping[str, Any]) -> tuple[Field, ...]:
    return (
        Field(
            "role",
            Text("哪个职务的消息", "Messages of which office"),
            kind="radios",
            choices=[(role, WORDS[Role(role)]) for role in offered["roles"]],
        ),
        Field(
            "way",
            Text("怎样送达", "How"),
            kind="radios",
            choices=[(way, _WAYS[way]) for way in offered["ways"]],
        ),
        Field(
            "address",
            Text("地址", "Address"),
            Text(
                "单位邮箱，或 https 网址。会先收到一个确认链接。",
                "An office mailbox, or an https address. A link to confirm it goes there first.",
            ),
        ),
        *_CHOICES,
    )


def _chosen(found: Mapping[str, Any]) -> dict[str, str]:
    ticked_ = {f"kinds.{kind}": "yes" for kind in found["kinds"]}
    return ticked_ | {"pace": found["pace"], "language": found["language"]}


def _address(found: Mapping[str, Any]) -> Text:
    return _UNREADABLE if found["address"] is None else same(found["address"])


def _reason(found: Mapping[str, Any]) -> str | None:
    """Why nothing arrives there; one that cannot be read is found out before the next post, too."""
    unreadable = found["address"] is None and found["commands"]
    return "address-unreadable" if unreadable else found["trouble"]


def _trouble(reason: str | None) -> Text | None:
    """Why it is parked, and who mends it."""
    if reason is None:
        return None
    status = reason.removeprefix("status-")
    return _TROUBLES.get(
        reason, Text(f"对方答复了错误（{status}）。", f"The address answers with an error ({status}).")
    )


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _STATUSES[Status(found["status"])]
    kinds = listed(TITLES[Kind(each)] for each in found["kinds"]) if found["kinds"] else _NOTHING
    if len(found["kinds"]) == len(CHOSEN):
        kinds = Text("全部消息", "every message")
    facts = [
        (Text("职务", "Office"), WORDS[Role(found["role"])]),
        (Text("怎样送达", "How"), _WAYS[found["way"]]),
        (Text("地址", "Address"), _address(found)),
        (Text("紧急消息之外", "Besides what is urgent"), kinds),
        (Text("何时", "When"), _PACES[found["pace"]]),
        (Text("语言", "Language"), _LANGUAGES[found["language"]]),
        (Text("登记时间", "Entered"), moment_text(found["created_at"])),
    ]
    if found["proven_at"]:
        facts.append((Text("最近确认", "Confirmed"), moment_text(found["proven_at"])))
    return {"standing": standing, "tone": tone, "trouble": _trouble(_reason(found)), "facts": facts}


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _STATUSES[Status(found["status"])]
    return {
        "address": _address(found),
        "office": WORDS[Role(found["role"])],
        "way": _WAYS[found["way"]],
        "pace": _PACES[found["pace"]] if found["kinds"] else _ONLY_URGENT,
        "standing": standing,
        "tone": tone,
    }


def _post(one: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _OUTCOMES[one["outcome"]]
    return {
        "what": _POSTS[one["kind"]],
        "messages": one["messages"],
        "at": datetime.fromisoformat(one["made_at"]),
        "tries": one["tries"],
        "standing": standing,
        "tone": tone,
        "trouble": _trouble(one["trouble"]) if one["outcome"] != "delivered" else None,
        "again": datetime.fromisoformat(one["next_try"]) if one["next_try"] and one["tries"] else None,
    }


_NO_NEW_ONE = (errors.FORWARDING_NO_MAIL, errors.FORWARDINGS_TOO_MANY, errors.FORWARDING_ASKED_TOO_OFTEN)
"""What speaks against a new one whatever its address."""
_UNREADABLE = Text("（无法解封）", "(cannot be unsealed)")
_NOTHING = Text("没有", "nothing")
_ONLY_URGENT = Text("只有紧急消息", "only what is urgent")

ADDRESSES = Matter(
    place="forwardings",
    several="forwardings",
    template="forwarding",
    identifier="forwarding",
    title=Text("消息接收地址", "Where messages are sent"),
    one=lambda _name: Text("消息接收地址", "An address for messages"),
    changed=Text("该接收地址刚才有了变化", "This address has changed meanwhile"),
    commands=COMMANDS,
    events={},
    mended=(*_NO_NEW_ONE, errors.FORWARDING_ASKED_JUST_NOW),
    moved=errors.FORWARDING_CHANGED,
    not_allowed=errors.FORWARDING_NOT_ALLOWED,
    row=_row,
    about=_about,
    not_now=Text("现在不能对该接收地址作此操作", "This cannot be done to the address now"),
)
"""Addresses as pages show them."""
