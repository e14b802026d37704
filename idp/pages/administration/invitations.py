"""Invitations to register clients: those that still work, making one (with a second person), and withdrawing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from idp.administration.client_desk import ClientDesk
from idp.administration.errors import AdministrationError
from idp.administration.rights import Actor, Command
from idp.model.invitation import ORGANISATION
from idp.pages.administration import client_form
from idp.pages.administration.door import ADMIN, AdminDoor, may, page, said
from kernel.canonical import JSON
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import moment, t
from kernel.web.routes import Route

INVITATIONS = f"{ADMIN}/invitations"


@dataclass(frozen=True, slots=True)
class InvitationAdministration:
    """Initial access tokens (RFC 7591 §1.2), of which only the hash is kept: none is ever shown here."""

    door: AdminDoor
    desk: ClientDesk

    def listed(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Those that still work."""
        columns = [
            t("邀请", "Invitation"), t("机构", "Department"), t("还可登记", "Uses left"), t("失效时间", "Expires"),
        ]  # fmt: skip
        rows = [
            [
                (str(each["invitation"]), f"{INVITATIONS}/{quote(str(each['invitation']))}"),
                (str(each["organisation"]), ""),
                (str(each["uses_left"]), ""),
                (_until(each), ""),
            ]
            for each in self.desk.invitations(actor)
        ]
        making = may(actor, Command.INVITE_CLIENT)
        return page(
            "table", actor, request,
            title=t("登记邀请", "Invitations to register"),
            columns=columns,
            rows=rows,
            actions=[(f"{INVITATIONS}/new", t("邀请登记", "Invite a client to register"))] if making else [],
        )  # fmt: skip

    def show(self, actor: Actor, request: HttpRequest, invitation: str) -> HttpResponse:
        """One of them."""
        found = self.desk.invitation(actor, invitation)
        ending = may(actor, Command.WITHDRAW_INVITATION)
        return page(
            "detail", actor, request,
            title=str(found["invitation"]),
            back=INVITATIONS,
            rows=[
                (t("机构", "Department"), str(found["organisation"])),
                (t("可登记的范围", "Scopes it allows"), _names(found["scopes"])),
                (t("可登记的授权方式", "Grants it allows"), _names(found["grant_types"])),
                (t("还可登记", "Uses left"), str(found["uses_left"])),
                (t("失效时间", "Expires"), _until(found)),
            ],
            actions=[(f"{INVITATIONS}/{quote(invitation)}/withdraw", t("撤回", "Withdraw"))] if ending else [],
        )  # fmt: skip

    def new(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The form of an initial access token."""
        return self._form(actor, request, {ORGANISATION: actor.organisation or "", "uses": "1", "hours": "72"})

    def invite(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """A second person is asked; the token is shown to them, once."""
        sent = request.form()
        try:
            terms, uses, hours = client_form.terms(sent)
            proposal = self.desk.invite(actor, terms, uses=uses, hours=hours)
        except AdministrationError as error:
            return self._form(actor, request, sent, said(error))
        return redirect(f"{ADMIN}/proposals/{proposal.id}")

    def ask_withdraw(self, actor: Actor, request: HttpRequest, invitation: str) -> HttpResponse:
        """Whether to withdraw it."""
        found = str(self.desk.invitation(actor, invitation)["invitation"])
        words = t(
            "此后无人能凭它登记；已登记的客户端不受影响。",
            "Nobody registers by it any more. Clients that came of it stay.",
        )
        title, back = t("撤回这项邀请？", "Withdraw this invitation?"), f"{INVITATIONS}/{quote(found)}"
        return page("confirm", actor, request, title=title, caption=found, words=words, back=back, fields={})

    def withdraw(self, actor: Actor, request: HttpRequest, invitation: str) -> HttpResponse:
        """Nobody registers by it any more."""
        del request
        self.desk.withdraw_invitation(actor, invitation)
        return redirect(INVITATIONS)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one, words = self.door, "/invitations/<invitation>", Text("登记邀请", "Invitations to register")
        return (
            door.looking("GET", "/invitations", self.listed, words),
            *door.changing("/invitations/new", self.new, self.invite, words),
            door.looking("GET", one, self.show, words),
            *door.changing(f"{one}/withdraw", self.ask_withdraw, self.withdraw, words),
        )

    def _form(
        self, actor: Actor, request: HttpRequest, sent: Mapping[str, str], error: Text | None = None
    ) -> HttpResponse:
        title, status = t("邀请登记客户端", "Invite a client to register"), 200 if error is None else 422
        fields = client_form.invitation(sent)
        return page("form", actor, request, status=status, title=title, back=INVITATIONS, fields=fields, error=error)


def _until(found: Mapping[str, JSON]) -> str:
    return moment(datetime.fromisoformat(str(found["expires_at"])))


def _names(value: JSON) -> str:
    return "\n".join(str(each) for each in value) if isinstance(value, list) else ""
