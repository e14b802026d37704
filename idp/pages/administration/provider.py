"""The provider itself: its front page for administrators, keys, rules, events, and what waits for a second person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from idp.administration import policies
from idp.administration.errors import AdministrationError
from idp.administration.event_desk import Entry, EventDesk, EventPage
from idp.administration.key_desk import ROTATED_HERE, KeyDesk
from idp.administration.people_desk import PeopleDesk
from idp.administration.proposals import Proposals
from idp.administration.rights import Actor, Command, permit
from idp.administration.second_reading import NAME, NUMBER, Reading
from idp.endpoints.administration.api import number, once
from idp.model.proposal import Outcome, Proposal
from idp.pages.administration import csv_export, event_words, forms, proposal_words
from idp.pages.administration.door import ADMIN, AdminDoor, may, page, said
from idp.pages.administration.people import PROPOSALS, shown_once
from idp.pages.administration.window import RECOVERY_REMOVES
from kernel.canonical import JSON
from kernel.keys import KeyDescription
from kernel.settings import IdpSettings
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import moment, t
from kernel.web.routes import Route

KEYS, EVENTS = f"{ADMIN}/keys", f"{ADMIN}/events"
COMMANDS = {
    Command.CHANGE_ROLES: Text("变更职责", "Change offices"),
    Command.DISABLE_PERSON: Text("停用账户", "Disable an account"),
    Command.INVITE_PERSON: Text("邀请工作人员", "Invite staff"),
    Command.INVITE_CLIENT: Text("邀请登记客户端", "Invite a client to register"),
    Command.PROVE_PERSON: Text("窗口核验身份", "Prove an identity at a window"),
    Command.RECOVER_PERSON: Text("窗口找回账户", "Recover an account at a window"),
    Command.REVOKE_KEY: Text("作废密钥", "End a key"),
}
"""What takes two persons, in words."""
CONSEQUENCES = {Command.RECOVER_PERSON: RECOVERY_REMOVES}
"""What follows from a confirmation and does not stand among the facts."""


@dataclass(frozen=True, slots=True)
class ProviderAdministration:
    """Everything that is neither a client nor a person."""

    door: AdminDoor
    people: PeopleDesk
    keys: KeyDesk
    events: EventDesk
    proposals: Proposals
    settings: IdpSettings

    def home(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The sections, and how many sessions there are."""
        count = self.people.count_sessions(actor) if may(actor, Command.SEE_SESSIONS) else None
        return page("home", actor, request, title=t("管理", "Administration"), live=count)

    # Keys -------------------------------------------------------------------------------------------------------------

    def list_keys(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Every key with state and dates."""
        columns = [
            t("密钥", "Key"), t("用途", "Purpose"), t("算法", "Algorithm"), t("状态", "State"), t("启用", "From"),
            t("作废", "Ended"),
        ]  # fmt: skip
        ends = may(actor, Command.REVOKE_KEY)
        turns = ROTATED_HERE if may(actor, Command.ROTATE_KEY) else ()
        actions = [(f"{KEYS}/rotate/{purpose.value}", f"{t('轮换', 'Rotate')} {purpose.value}") for purpose in turns]
        rows = [_key_row(key, ends=ends) for key in self.keys.every(actor)]
        return page("table", actor, request, title=t("密钥", "Keys"), columns=columns, rows=rows, actions=actions)

    def ask_rotate(self, actor: Actor, request: HttpRequest, purpose: str) -> HttpResponse:
        """Whether to publish the next key."""
        self.keys.every(actor)
        words = t("下一把密钥先公布，过提前期后启用。", "The next key is published now and takes over after its lead.")
        title = f"{t('轮换密钥？', 'Rotate the key?')}"
        return page("confirm", actor, request, title=title, caption=purpose, words=words, back=KEYS, fields={})

    def rotate(self, actor: Actor, request: HttpRequest, purpose: str) -> HttpResponse:
        """The next key is published."""
        del request
        self.keys.rotate(actor, purpose)
        return redirect(KEYS)

    def ask_revoke(self, actor: Actor, request: HttpRequest, kid: str) -> HttpResponse:
        """Whether to propose the end of a key."""
        self.keys.every(actor)
        words = t(
            "用它签发的一切将失效。须由另一人确认。",
            "Everything signed with it becomes invalid. A second person has to confirm.",
        )
        title = t("提议作废这把密钥？", "Propose to end this key?")
        return page("confirm", actor, request, title=title, caption=kid, words=words, back=KEYS, fields={})

    def revoke(self, actor: Actor, request: HttpRequest, kid: str) -> HttpResponse:
        """A second person is asked."""
        del request
        return redirect(f"{PROPOSALS}/{self.keys.propose_revocation(actor, kid).id}")

    # Rules and events -------------------------------------------------------------------------------------------------

    def list_policies(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """What is in force, and where it comes from."""
        permit(actor, Command.SEE_POLICIES, None)
        rows = [
            [(t(each.label), ""), (each.value, ""), (t(each.source), "")] for each in policies.in_force(self.settings)
        ]
        columns = [t("规则", "Rule"), t("现行值", "Value"), t("来源", "Source")]
        return page("table", actor, request, title=t("现行规则", "Rules in force"), columns=columns, rows=rows)

    def list_events(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Entries of the ledger in words, newest first."""
        asked = request.parameters()
        found = self._events(actor, asked)
        event, person = asked.get("event", ""), asked.get("person", "")
        kept = {name: value for name, value in (("event", event), ("person", person)) if value}
        older = None if found.before is None else f"{EVENTS}?{urlencode({**kept, 'before': found.before})}"
        return page(
            "table", actor, request,
            title=t("事件", "Events"),
            filters=[
                forms.text("event", t("事件名", "Name of the event"), event),
                forms.text("person", t("操作者或当事人编号", "Identifier of who acts or is acted on"), person),
            ],
            columns=_event_columns(),
            rows=[[(cell, "") for cell in _event_row(each)] for each in found.entries],
            older=older,
            actions=[(f"{EVENTS}/export?{urlencode(asked)}", t("导出本页 CSV", "Export this page as CSV"))],
        )  # fmt: skip

    def export_events(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The same entries as a file."""
        found = self._events(actor, request.parameters())
        return csv_export.export("events", _event_columns(), [_event_row(each) for each in found.entries])

    def _events(self, actor: Actor, asked: Mapping[str, str]) -> EventPage:
        return self.events.page(
            actor,
            before=number(asked.get("before")),
            event=asked.get("event", "").strip(),
            person=asked.get("person", "").strip(),
        )

    # Four eyes --------------------------------------------------------------------------------------------------------

    def list_proposals(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """What waits for the actor, then the newest proposals."""
        found = self.proposals.page(actor, request.parameters().get("before", ""))
        older = None if found.before is None else f"{PROPOSALS}?{urlencode({'before': found.before})}"
        columns = [t("提议", "Proposal"), t("提出时间", "Proposed"), t("失效时间", "Lapses"), t("结果", "Outcome")]
        rows = [
            [
                (_command(each), f"{PROPOSALS}/{each.id}"),
                (moment(each.proposed_at), ""),
                (moment(each.expires_at), ""),
                (_outcome(each), ""),
            ]
            for each in found.entries
        ]
        return page("table", actor, request, title=t("双人复核", "Four eyes"), columns=columns, rows=rows, older=older)

    def show_proposal(self, actor: Actor, request: HttpRequest, proposal: str) -> HttpResponse:
        """One proposal: all of what a confirmation binds itself to."""
        return self._proposal(actor, request, proposal)

    def _proposal(
        self, actor: Actor, request: HttpRequest, proposal: str, name: str = "", error: Text | None = None
    ) -> HttpResponse:
        found, readings = self.proposals.show(actor, proposal), self.proposals.readings
        decides, account = self.proposals.may_decide(actor, found), readings.account(actor, found)
        rows = [
            (t("提议", "Proposal"), _command(found)),
            *([] if account is None else [(t("账户的用户名", "User name of the account"), account)]),
            *((proposal_words.name(name), proposal_words.value(value)) for name, value in found.facts.items()),
            (t("提出者", "Proposed by"), found.proposed_by),
            (t("提出时间", "Proposed"), moment(found.proposed_at)),
            (t("失效时间", "Lapses"), moment(found.expires_at)),
            (t("结果", "Outcome"), _outcome(found)),
        ]
        words = CONSEQUENCES.get(Command(found.command))
        return page(
            "proposal", actor, request,
            status=200 if error is None else 422,
            words=None if words is None else t(words),
            title=t("一项提议", "A proposal"), back=PROPOSALS, rows=rows, digest=found.digest, decides=decides,
            fields=_to_read(readings.asked(found), name) if decides else [],
            error=error,
        )  # fmt: skip

    def decide(self, actor: Actor, request: HttpRequest, proposal: str) -> HttpResponse:
        """Confirmed or declined: exactly what was seen."""
        sent = request.form()
        if sent.get("decision") == "confirm":
            read = Reading(sent.get("name", ""), sent.get("number", ""))
            try:
                told = self.proposals.confirm(actor, proposal, sent.get("digest", ""), read)
            except AdministrationError as error:
                return self._proposal(actor, request, proposal, read.name, said(error))
            if told is not None:
                return shown_once(actor, request, once(self.settings, told), PROPOSALS)
        elif sent.get("decision") == "decline":
            self.proposals.decline(actor, proposal, sent.get("digest", ""))
        return redirect(f"{PROPOSALS}/{quote(proposal)}")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door = self.door
        provider, keys, events = Text("管理首页", "Front page"), Text("密钥", "Keys"), Text("事件", "Events")
        eyes = Text("双人复核", "Four eyes")
        return (
            door.looking("GET", "", self.home, provider),
            door.looking("GET", "/keys", self.list_keys, keys),
            *door.changing("/keys/rotate/<purpose>", self.ask_rotate, self.rotate, keys),
            *door.changing("/keys/<kid>/revoke", self.ask_revoke, self.revoke, keys),
            door.looking("GET", "/policies", self.list_policies, Text("规则", "Rules")),
            door.looking("GET", "/events", self.list_events, events),
            door.looking("GET", "/events/export", self.export_events, events),
            door.looking("GET", "/proposals", self.list_proposals, eyes),
            *door.changing("/proposals/<proposal>", self.show_proposal, self.decide, eyes),
        )


def _to_read(asked: Sequence[str], name: str) -> list[forms.Field]:
    """What the second clerk types from the document they see; the number is never written back."""
    hint = t(
        "请照您眼前的证件填写，将与已封存的核对", "From the document before you; it is compared with what is sealed"
    )
    fields = {
        NAME: forms.text(NAME, t("证件上的姓名", "Name on the document"), name),
        NUMBER: forms.text(NUMBER, t("公民身份号码", "Citizen number"), "", hint),
    }
    return [fields[each] for each in asked]


def _key_row(key: KeyDescription, *, ends: bool) -> list[tuple[str, str]]:
    revocable = ends and key.revoked_at is None and key.purpose in ROTATED_HERE
    return [
        (key.kid, f"{KEYS}/{quote(key.kid)}/revoke" if revocable else ""),
        (key.purpose.value, ""),
        (key.alg, ""),
        (key.state.value, ""),
        (moment(key.not_before), ""),
        (moment(key.revoked_at) if key.revoked_at else "", ""),
    ]


def _event_columns() -> list[str]:
    return [
        t("序号", "Index"),
        t("时间（UTC）", "Time (UTC)"),
        t("事件", "Event"),
        t("操作者", "By"),
        t("内容", "Facts"),
    ]


def _event_row(entry: Entry) -> list[str]:
    facts = {name: told for name, told in entry.facts.items() if name != "actor"}
    words = t(event_words.of(entry.event))
    told = "; ".join(f"{name}={_fact(value)}" for name, value in facts.items())
    return [str(entry.index), entry.at, f"{words} ({entry.event})", str(entry.facts.get("actor", "")), told]


def _command(proposal: Proposal) -> str:
    words = COMMANDS.get(Command(proposal.command))
    return proposal.command if words is None else t(words)


def _outcome(proposal: Proposal) -> str:
    if proposal.outcome is None:
        return t("待定，过期即失效", "open until it lapses")
    return t("已确认", "confirmed") if proposal.outcome is Outcome.CONFIRMED else t("已否决", "declined")


def _fact(value: JSON) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "[]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
