"""People: found by exact name, shown without numbers, changed with care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.administration.errors import AdministrationError, Outdated
from idp.administration.people_desk import PeopleDesk, shown
from idp.administration.rights import Actor, Command, Reach, reach
from idp.endpoints.administration.api import once
from idp.model.person import Person, PersonKind
from idp.model.proposal import Proposal
from idp.model.representation import Capacity, Representation
from idp.model.roles import LABELS, Role
from idp.pages.administration import forms
from idp.pages.administration.door import ADMIN, AdminDoor, may, page, said
from kernel.settings import IdpSettings
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import moment, t
from kernel.web.routes import Route

PEOPLE = f"{ADMIN}/people"
PROPOSALS = f"{ADMIN}/proposals"
ONCE = {
    "link": Text("一次性链接", "One-time link"),
    "initial_access_token": Text("登记令牌", "Initial access token"),
    "recovery_link": Text("设置新密码的链接", "Link for a new password"),
}
_ACTS_FOR = Text("代表单位", "Acts for")
_LABELS = {
    "id": Text("编号", "Identifier"),
    "username": Text("用户名", "User name"),
    "name": Text("姓名", "Name"),
    "kind": Text("类别", "Kind"),
    "assurance": Text("实名等级", "Assurance"),
    "disabled": Text("已停用", "Disabled"),
    "organisation": Text("机构", "Department"),
    "roles": Text("职责", "Offices"),
}


@dataclass(frozen=True, slots=True)
class PeopleAdministration:
    """The search, one account, and what can be done to it."""

    door: AdminDoor
    desk: PeopleDesk
    settings: IdpSettings

    def search(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The search form."""
        return self._search(actor, request, "")

    def find(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """By exact user name; the name stays out of the address."""
        username = request.form().get("username", "")
        try:
            return redirect(f"{PEOPLE}/{self.desk.by_username(actor, username).id}")
        except AdministrationError as error:
            return self._search(actor, request, username, said(error))

    def show(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """One account, and where it is signed in."""
        found = self.desk.show(actor, person)
        at = f"{PEOPLE}/{found.id}"
        farther = reach(actor.roles, Command.DISABLE_PERSON) is Reach.EVERYWHERE
        offered = (
            (Command.CHANGE_ROLES, "roles", t("变更职责", "Change offices"), found.kind is PersonKind.STAFF),
            (Command.END_SESSIONS, "end-sessions", t("结束全部会话", "Sign out everywhere"), True),
            (
                Command.DISABLE_PERSON,
                "disable",
                t("停用", "Disable"),
                not found.disabled or (farther and not found.disabled_everywhere),
            ),
            (
                Command.ENABLE_PERSON,
                "enable",
                t("恢复", "Enable"),
                found.disabled and (farther or not found.disabled_everywhere),
            ),
        )
        sessions = [
            [moment(each.authentication.at), moment(each.seen_at), ", ".join(each.authentication.methods)]
            for each in self.desk.sessions(actor, person)
        ]
        return page(
            "detail", actor, request,
            title=found.username,
            back=PEOPLE,
            rows=[*_rows(found), *((t(_ACTS_FOR), _acting(each)) for each in self.desk.acts_for(actor, person))],
            actions=[(f"{at}/{tail}", label) for command, tail, label, fits in offered if fits and may(actor, command)],
            table_title=t("登录会话", "Sessions"),
            table_columns=[t("登录", "Signed in"), t("最近使用", "Last used"), t("方式", "How")],
            table_rows=sessions,
        )  # fmt: skip

    def ask_disable(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Whether to disable."""
        words = Text(
            "其会话与令牌将在一秒内全部失效。停用安全管理员须由另一人确认。",
            "All sessions and tokens end within a second. For a security administrator a second person has to confirm.",
        )
        return self._ask(actor, request, person, Text("停用这个账户？", "Disable this account?"), words)

    def disable(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """The account is refused from now on, or a second person is asked."""
        del request
        return _onwards(self.desk.disable(actor, person), person)

    def ask_enable(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Whether to enable."""
        words = Text(
            "此人可以用原有的密码和登录方式重新登录。账户可能落入他人之手的：群众先到窗口找回，再恢复；工作人员重新邀请。",
            "This person will be able to sign in again, with the password and the factors there are. Where the account "
            "may be in the wrong hands, a citizen recovers it at a window first; staff are invited anew instead.",
        )
        return self._ask(actor, request, person, Text("恢复这个账户？", "Enable this account?"), words)

    def enable(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """The account is admitted again."""
        del request
        self.desk.enable(actor, person)
        return _onwards(None, person)

    def ask_end(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Whether to sign out everywhere."""
        words = Text("此人须在各处重新登录。", "This person will have to sign in again everywhere.")
        return self._ask(actor, request, person, Text("结束全部会话？", "Sign this person out everywhere?"), words)

    def end(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Every session is ended."""
        del request
        self.desk.end_sessions(actor, person)
        return _onwards(None, person)

    def roles(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """The form of somebody's offices."""
        found = self.desk.show(actor, person)
        return self._roles(actor, request, found, found.roles, found.roles)

    def change_roles(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """The offices are changed, or a second person is asked."""
        sent = request.form()
        after, before = forms.ticked(sent, "role", [role.value for role in Role]), tuple(sent.get("before", "").split())
        try:
            return _onwards(self.desk.change_roles(actor, person, after, before), person)
        except Outdated as error:  # what was ticked by what is so no longer would undo somebody else's change
            found = self.desk.show(actor, person)
            return self._roles(actor, request, found, found.roles, found.roles, said(error), 409)
        except AdministrationError as error:
            return self._roles(actor, request, self.desk.show(actor, person), after, before, said(error), 422)

    def invitation(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The form of a one-time link."""
        return self._invitation(actor, request, (), actor.organisation or "")

    def invite(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The link, shown this once, or a second person is asked."""
        sent = request.form()
        roles, organisation = (
            forms.ticked(sent, "role", [role.value for role in Role]),
            sent.get("organisation", "").strip(),
        )
        try:
            invited = self.desk.invite(actor, roles, organisation)
        except AdministrationError as error:
            return self._invitation(actor, request, roles, organisation, said(error))
        if invited.proposal is not None:
            return redirect(f"{PROPOSALS}/{invited.proposal.id}")
        return shown_once(actor, request, once(self.settings, invited.shown), PEOPLE)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one, people = self.door, "/people/<person>", Text("人员管理", "Administering people")
        return (
            door.looking("GET", "/people", self.search, people),
            door.looking("POST", "/people", self.find, people),
            *door.changing("/people/invite", self.invitation, self.invite, people),
            door.looking("GET", one, self.show, people),
            *door.changing(f"{one}/disable", self.ask_disable, self.disable, people),
            *door.changing(f"{one}/enable", self.ask_enable, self.enable, people),
            *door.changing(f"{one}/end-sessions", self.ask_end, self.end, people),
            *door.changing(f"{one}/roles", self.roles, self.change_roles, people),
        )

    def _search(self, actor: Actor, request: HttpRequest, username: str, error: Text | None = None) -> HttpResponse:
        self.desk.may_look(actor)
        actions = [(f"{PEOPLE}/invite", t("邀请工作人员", "Invite staff"))] if may(actor, Command.INVITE_PERSON) else []
        return page(
            "form", actor, request,
            status=200 if error is None else 404,
            title=t("查找人员", "Find a person"),
            fields=[forms.text("username", t("完整的用户名", "The whole user name"), username)],
            send=t("查找", "Find"),
            actions=actions,
            error=error,
        )  # fmt: skip

    def _ask(self, actor: Actor, request: HttpRequest, person: str, question: Text, words: Text) -> HttpResponse:
        found = self.desk.show(actor, person)
        back = f"{PEOPLE}/{found.id}"
        return page(
            "confirm", actor, request, title=t(question), caption=found.username, words=t(words), back=back, fields={}
        )

    def _roles(
        self,
        actor: Actor,
        request: HttpRequest,
        found: Person,
        chosen: tuple[str, ...],
        before: tuple[str, ...],
        error: Text | None = None,
        status: int = 200,
    ) -> HttpResponse:
        hint = t(
            "给予或收回管理员职责、给予窗口职责须由另一人确认",
            "An administrator's office, and giving a clerk's, takes a second person",
        )
        return page(
            "form", actor, request,
            status=status,
            title=t("变更职责", "Change offices"),
            caption=found.username,
            back=f"{PEOPLE}/{found.id}",
            fields=[
                forms.hidden("before", " ".join(before)),
                forms.boxes("role", t("职责", "Offices"), _offices(), chosen, hint),
            ],
            error=error,
        )  # fmt: skip

    def _invitation(
        self, actor: Actor, request: HttpRequest, roles: tuple[str, ...], organisation: str, error: Text | None = None
    ) -> HttpResponse:
        hint = t("邀请管理员或窗口人员须由另一人确认", "To invite an administrator or a clerk takes a second person")
        return page(
            "form", actor, request,
            status=200 if error is None else 422,
            title=t("邀请工作人员", "Invite staff"),
            back=PEOPLE,
            fields=[
                forms.text("organisation", t("机构代码", "Department's credit code"), organisation),
                forms.boxes("role", t("职责", "Offices"), _offices(), roles, hint),
            ],
            error=error,
        )  # fmt: skip


def shown_once(actor: Actor, request: HttpRequest, told: Mapping[str, str], back: str) -> HttpResponse:
    """A one-time link or a token, shown this once."""
    title = t("请当面或经安全渠道交给本人", "Give this to the person it is for, and to nobody else")
    rows = [(t(ONCE[name]), value) for name, value in told.items()]
    return page("once", actor, request, title=title, rows=rows, back=back)


def _onwards(proposal: Proposal | None, person: str) -> HttpResponse:
    return redirect(f"{PEOPLE}/{person}" if proposal is None else f"{PROPOSALS}/{proposal.id}")


def _offices() -> dict[str, str]:
    return {role.value: t(LABELS[role]) for role in Role}


def _rows(found: Person) -> list[tuple[str, str]]:
    members: Mapping[str, object] = shown(found)
    return [(t(_LABELS[name]), _cell(name, value)) for name, value in members.items() if value not in (None, [])]


def _acting(entity: Representation) -> str:
    """One entity: its name and code, in what capacity and matters, and until when."""
    agent = entity.capacity is Capacity.AGENT
    capacity = t("经办人", "agent") if agent else t("法定代表人", "legal representative")
    matters = t("全部事项", "every matter") if entity.service_items is None else ", ".join(entity.service_items)
    until = t(f"有效至 {moment(entity.valid_until)}", f"until {moment(entity.valid_until)}")
    return t("；", "; ").join((f"{entity.name} {entity.code}", capacity, matters, until))


def _cell(name: str, value: object) -> str:
    if isinstance(value, bool):
        return t("是", "yes") if value else t("否", "no")
    if name == "kind":
        return t("工作人员", "staff") if value == PersonKind.STAFF else t("自然人", "natural person")
    if isinstance(value, list):
        return t("、", ", ").join(t(LABELS[Role(role)]) for role in value)
    return str(value)
