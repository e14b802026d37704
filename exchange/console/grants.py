"""Grants: the queue, one grant with everything about it, and the page that asks before each command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.catalogue.registry import Registry
from exchange.console import offers, words
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.effects import Effects
from exchange.console.forms import UNPROCESSABLE
from exchange.console.grant_drafting import DRAFTERS, writing_of
from exchange.console.grant_words import facts_of, field_rows
from exchange.console.inside import as_json_post
from exchange.console.trying import trying_of
from exchange.governance.endpoints import Grants
from exchange.governance.views import names
from exchange.in_force.snapshot import current
from exchange.store import grants as store
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies import cedar
from policies.grants.document import digest
from policies.grants.events import GrantState, Status
from policies.grants.grant import Grant
from policies.grants.sentence import sentence
from policies.roles import WORDS

GRANTS = f"{HOME}/grants"
ON_A_PAGE = 50
WAITING, ALL = "waiting", "all"
_DAY = 86400


@dataclass(frozen=True)
class GrantPages:
    """The pages about grants. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: Grants
    effects: Effects

    def queue(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Grants of one state, those that wait for this officer first."""
        asked = request.parameters()
        shown, typed = _STATES.get(asked.get("state", ""), WAITING), asked.get("q", "")
        first = _whole(asked.get("from"))
        states, total = self._found(visitor, shown, typed.strip().casefold(), first)
        following = {"state": shown, "q": typed, "from": str(first + ON_A_PAGE)}
        return page(
            "grants",
            visitor,
            request,
            title=Text("授权", "Grants"),
            rows=[*self._rows(visitor, states)],
            total=total,
            following=f"{GRANTS}?{urlencode(following)}" if total > first + ON_A_PAGE else "",
            tabs=[(f"{GRANTS}?state={name}", label, name == shown) for name, label in _TABS.items()],
            shown=shown,
            words=typed,
            drafting=not DRAFTERS.isdisjoint(visitor.roles),
        )

    def show(self, visitor: Visitor, request: HttpRequest, grant: str) -> HttpResponse:
        """One grant: what it says, who signed, and what this officer may do now."""
        state = self.desk.find(grant)
        done = request.parameters().get("done", "")
        said = done in DONE and DONE[done](state, visitor.officer.officer.id)
        return page(
            "grant",
            visitor,
            request,
            **self._about(visitor, state),
            writing=writing_of(state, self.desk.find(state.grant.id), visitor.officer.officer),
            offers=offers.offers(state, visitor.officer.officer, self.desk.clock.now()),
            done=words.COMMANDS[offers.KINDS[done]] if said else None,
            versions=self._versions(state),
            trying=trying_of(state.grant, current(self.door.access.policy).registry, self.desk.clock.now()),
            back=GRANTS,
        )

    def ask(self, visitor: Visitor, request: HttpRequest, grant: str, command: str) -> HttpResponse:
        """The page before a command: what it does, and exactly what would be signed. Raises Problem."""
        state = self.desk.find(grant)
        if command not in offers.KINDS:
            raise Problem(NOT_FOUND)
        hindrance = offers.hindrance(command, state, visitor.officer.officer, self.desk.clock.now())
        if hindrance is not None:
            return self._refused(visitor, request, state, command, hindrance)
        return self._ask(visitor, request, state, command)

    def act(self, visitor: Visitor, request: HttpRequest, grant: str, command: str) -> HttpResponse:
        """Carry it out as the API does; what was refused is said where it can be mended. Raises Problem."""
        sent = request.form()
        state = self.desk.find(grant)
        rooms = {
            "submit": self.desk.submit,
            "approve": self.desk.approve,
            "endorse": self.desk.endorse,
            "reactivate": self.desk.reactivate,
            "return": self.desk.send_back,
            "suspend": self.desk.suspend,
            "revoke": self.desk.revoke,
        }
        if command not in rooms:
            raise Problem(NOT_FOUND)
        body = {name: sent.get(name, "") for name in _MEMBERS.get(command, ())}
        try:
            rooms[command](as_json_post(request, body), state.grant.ref)
        except Problem as problem:
            return self._not_done(visitor, request, state, command, problem, sent.get("reason", ""))
        return redirect(f"{_address(state)}?done={command}")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one = self.door, "/grants/<grant>"
        listed, shown = Text("授权列表", "The grants"), Text("一项授权", "One grant")
        asked, done = Text("操作前的确认", "The question before a command"), Text("执行操作", "Carrying out a command")
        return (
            door.route("GET", "/grants", self.queue, listed),
            door.route("GET", one, self.show, shown),
            door.route("GET", f"{one}/<command>", self.ask, asked),
            door.route("POST", f"{one}/<command>", self.act, done),
        )

    def _ask(
        self, visitor: Visitor, request: HttpRequest, state: GrantState, command: str, error: Text | None = None,
        typed: str = "",
    ) -> HttpResponse:  # fmt: skip
        about = self._about(visitor, state)
        return page(
            "grant_command",
            visitor,
            request,
            status=200 if error is None else UNPROCESSABLE,
            **about,
            effects=self.effects.signed(request, state.grant) if command in offers.SIGNING else None,
            command=command,
            label=words.COMMANDS[offers.KINDS[command]],
            consequence=_CONSEQUENCES[command],
            signing=command in offers.SIGNING,
            reasoned=command in offers.REASONED,
            error=error,
            typed=typed,
            back=_address(state),
        )

    def _not_done(
        self, visitor: Visitor, request: HttpRequest, state: GrantState, command: str, problem: Problem, typed: str
    ) -> HttpResponse:
        if problem.kind is INVALID_BODY and command in offers.REASONED:
            return self._ask(visitor, request, state, command, problem.detail or _NO_REASON, typed)
        if problem.kind is errors.GRANT_CHANGED or problem.members.get("reason") == "grant.digest-changed":
            return self._changed(visitor, request, state)
        if problem.kind is INVALID_BODY and command in offers.SIGNING:
            return self._changed(visitor, request, state)  # a digest that is none: nothing of ours was seen
        if problem.kind is errors.GRANT_NOT_ALLOWED:
            return self._refused(visitor, request, state, command, problem.detail or problem.kind.title)
        raise problem

    def _changed(self, visitor: Visitor, request: HttpRequest, state: GrantState) -> HttpResponse:
        title = Text("这项授权刚才有了变化", "This grant has changed meanwhile")
        return moved_on(visitor, request, title, state.grant.ref, _address(state))

    def _refused(
        self, visitor: Visitor, request: HttpRequest, state: GrantState, command: str, reason: Text
    ) -> HttpResponse:
        return refused(visitor, request, Refusal(reason, offers.who_may(command, state.status)), _address(state))

    def _found(self, visitor: Visitor, shown: str, wanted: str, first: int) -> tuple[Sequence[GrantState], int]:
        """The grants of one page, and how many there are. Of those in force only what is shown is read whole."""
        registry = current(self.door.access.policy).registry
        with self.door.access.database.read() as connection:
            if shown == WAITING:
                waiting = [state for status in offers.WAITING for state in store.listed(connection, status=status)]
                fitting = [state for state in waiting if wanted in _words(state.grant, registry)]
                fitting.sort(key=lambda state: (not self._waits_for(visitor, state), state.grant.valid_to))
                return fitting[first : first + ON_A_PAGE], len(fitting)
            status = next((each for each in Status if each.value == shown), None)
            named = [one for one in store.outlines(connection, status) if wanted in _words(one, registry)]
            return store.those(connection, named[first : first + ON_A_PAGE]), len(named)

    def _waits_for(self, visitor: Visitor, state: GrantState) -> bool:
        return offers.waits_for(state, visitor.officer.officer, self.desk.clock.now())

    def _rows(self, visitor: Visitor, states: Iterable[GrantState]) -> Iterable[dict[str, Any]]:
        registry, now = current(self.door.access.policy).registry, self.desk.clock.now()
        for state in states:
            grant = state.grant
            name = names(registry, grant.evidence_type)
            said = [t(name(code)) for code in (grant.consumer, grant.provider, grant.evidence_type)]
            yield {
                "ref": grant.ref,
                "href": _address(state),
                "status": words.STATUSES[state.status],
                "tone": words.TONES.get(state.status, "calm"),
                "consumer": said[0],
                "provider": said[1],
                "what": said[2],
                "ends": grant.valid_to,
                "days": _days(grant.valid_to, now),
                "mine": self._waits_for(visitor, state),
            }

    def _about(self, visitor: Visitor, state: GrantState) -> dict[str, Any]:
        registry, now, grant = current(self.door.access.policy).registry, self.desk.clock.now(), state.grant
        name = names(registry, grant.evidence_type)
        return {
            "title": Text(f"授权 {grant.ref}", f"Grant {grant.ref}"),
            "state": state,
            "standing": words.STATUSES[state.status],
            "tone": words.TONES.get(state.status, "calm"),
            "holder": name(grant.provider),
            "asker": name(grant.consumer),
            "what": name(grant.evidence_type),
            "sentence": sentence(grant, name),
            "days": _days(grant.valid_to, now),
            "facts": facts_of(grant, registry),
            "fields": field_rows(grant, registry),
            "signatures": [
                (WORDS[each.role], each.officer == visitor.officer.officer.id, each.officer, each.at)
                for each in (*(state.reactivation or state.signatures), *state.endorsements)
            ],
            "digest": state.digest or digest(grant),
            "cedar": cedar.render(grant),
        }

    def _versions(self, state: GrantState) -> list[tuple[str, str, Text]]:
        with self.door.access.database.read() as connection:
            found = store.versions(connection, state.grant.id)
        others = [each for each in found if each.grant.ref != state.grant.ref]
        return [(each.grant.ref, _address(each), words.STATUSES[each.status]) for each in others]


def _address(state: GrantState) -> str:
    return f"{GRANTS}/{quote(state.grant.ref)}"


def _days(until: datetime, now: datetime) -> int:
    return int((until - now).total_seconds() // _DAY)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else 0


def _words(one: Grant | store.Outline, registry: Registry) -> str:
    """What a grant is found by: its identifier, and the departments and the evidence in both languages."""
    known = (
        *(registry.organisations.get(code) for code in (one.consumer, one.provider)),
        registry.evidence_types.get(one.evidence_type),
    )
    said = [word for each in known if each is not None for word in (each.name.zh, each.name.en)]
    return " ".join([f"{one.id}@{one.version}", one.consumer, one.provider, one.evidence_type, *said]).casefold()


DONE: Mapping[str, Callable[[GrantState, str], bool]] = {
    "submit": lambda state, _me: state.status is Status.SUBMITTED,
    "return": lambda state, _me: state.status is Status.DRAFTED,
    "approve": lambda state, me: me in {each.officer for each in state.signatures},
    "endorse": lambda state, me: me in {each.officer for each in state.endorsements},
    "reactivate": lambda state, me: (
        state.status is Status.ACTIVE or me in {each.officer for each in state.reactivation}
    ),
    "suspend": lambda state, _me: state.status is Status.SUSPENDED,
    "revoke": lambda state, _me: state.status is Status.REVOKED,
}
"""What must hold for a page to say that a command was carried out: an address alone proves nothing."""
_MEMBERS = {
    **dict.fromkeys(offers.SIGNING, ("digest",)),
    **dict.fromkeys(offers.REASONED, ("reason",)),
}
_TABS = {
    WAITING: Text("待办", "Waiting"),
    Status.SCHEDULED.value: words.STATUSES[Status.SCHEDULED],
    Status.ACTIVE.value: words.STATUSES[Status.ACTIVE],
    ALL: Text("全部", "All"),
}
_STATES = {name: name for name in (WAITING, ALL, *(status.value for status in Status))}
_NO_REASON = Text("请写明理由（不超过 1000 字）", "State a reason, at most 1000 characters")
_CONSEQUENCES = {
    "submit": Text(
        "提交时审查它会改变什么，并据此确定须由哪些席位签署；起草人不能签署自己的授权。",
        "It is examined what it would change, and from that follows who must sign. Nobody signs a grant of their own.",
    ),
    "approve": Text(
        "您的签署只对下面显示的内容有效，内容改动一个字节即作废。全部席位签署后立即生效；起效日未到的，到时生效。",
        "You sign exactly what is shown below; one changed byte voids your signature. With every seat signed it takes"
        " effect at once, or when its time begins.",
    ),
    "reactivate": Text(
        "您的签署只对下面显示的内容有效。全部席位重新签署后立即恢复生效。",
        "You sign exactly what is shown below. When every seat has signed again it takes effect at once.",
    ),
    "endorse": Text(
        "表明需求部门确需这些数据；背书不算审批签署，背书人也不能再签署。",
        "The consuming department says that it needs this. It is no signature of the panel, and whoever endorses does"
        " not sign.",
    ),
    "return": Text(
        "退回后已有的签署作废，由起草人修改后重新提交。",
        "Signatures already given are void; the author changes it and puts it forward again.",
    ),
    "suspend": Text(
        "一秒内所有节点停止按此授权提供数据；恢复需要全部席位重新签署。",
        "Within a second no node releases anything under it; every seat has to sign before it is in force again.",
    ),
    "revoke": Text(
        "一秒内所有节点停止按此授权提供数据，而且不能恢复。",
        "Within a second no node releases anything under it, and this cannot be undone.",
    ),
}
