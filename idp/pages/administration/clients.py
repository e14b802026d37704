"""Clients: the list, one of them, and what can be done to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from idp.administration.client_desk import ClientDesk
from idp.administration.errors import AdministrationError
from idp.administration.rights import Actor, Command
from idp.model.invitation import ORGANISATION
from idp.pages.administration import client_form, csv_export, forms
from idp.pages.administration.door import ADMIN, AdminDoor, may, page, said
from kernel.canonical import JSON
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route

CLIENTS = f"{ADMIN}/clients"


@dataclass(frozen=True, slots=True)
class ClientAdministration:
    """The list, one client, and what can be done to it."""

    door: AdminDoor
    desk: ClientDesk

    def listed(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The clients within reach, narrowed by words and by state."""
        asked = request.parameters()
        words, state = asked.get("q", ""), asked.get("state", "")
        found = _narrowed(self.desk.every(actor), words, state)
        registering = may(actor, Command.REGISTER_CLIENT)
        adding = [(f"{CLIENTS}/new", t("登记客户端", "Register a client"))] if registering else []
        filters = [
            forms.text("q", t("名称、编号或机构中包含", "Name, identifier or department contains"), words),
            forms.radios("state", t("状态", "State"), _states(), state),
        ]
        return page(
            "table",
            actor,
            request,
            title=t("客户端", "Clients"),
            filters=filters,
            columns=_columns(),
            rows=[_row(each) for each in found],
            actions=[
                *adding,
                (f"{CLIENTS}/export?{urlencode({'q': words, 'state': state})}", t("导出 CSV", "Export as CSV")),
            ],
        )

    def export(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The same list as a file."""
        asked = request.parameters()
        found = _narrowed(self.desk.every(actor), asked.get("q", ""), asked.get("state", ""))
        return csv_export.export("clients", _columns(), [[text for text, _ in _row(each)] for each in found])

    def show(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """One client."""
        found = self.desk.show(actor, client_id)
        at = f"{CLIENTS}/{quote(client_id)}"
        offered = (
            (Command.UPDATE_CLIENT, "edit", t("变更", "Change")),
            (Command.ROTATE_SECRET, "secret", t("更换密钥口令", "Replace the secret")),
            (Command.DISABLE_CLIENT, "disable", t("停用", "Disable")),
        )
        return page(
            "detail", actor, request,
            title=_name(found),
            back=CLIENTS,
            rows=[(name, _shown(value)) for name, value in found.items()],
            actions=[(f"{at}/{tail}", label) for command, tail, label in offered if may(actor, command)],
        )  # fmt: skip

    def new(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The form of a new client."""
        return self._form(
            actor, request, t("登记客户端", "Register a client"), {ORGANISATION: actor.organisation or ""}
        )

    def add(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The new client, with its secret this once."""
        sent = request.form()
        try:
            made = self.desk.add(actor, client_form.metadata(sent, {}))
        except AdministrationError as error:
            return self._form(
                actor, request, t("登记客户端", "Register a client"), client_form.typed(sent), said(error)
            )
        return self._once(actor, request, made)

    def edit(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """The form of a client as it is."""
        return self._form(actor, request, t("变更客户端", "Change a client"), self.desk.show(actor, client_id))

    def change(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """Other metadata in place of the client's; what the form does not show stays."""
        sent, before = request.form(), self.desk.show(actor, client_id)
        try:
            made = self.desk.update(actor, client_id, client_form.metadata(sent, before))
        except AdministrationError as error:
            return self._form(actor, request, t("变更客户端", "Change a client"), client_form.typed(sent), said(error))
        return self._once(actor, request, made)

    def ask_secret(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """Whether to replace the secret."""
        words = Text(
            "旧口令将在一秒内失效，新口令只显示一次。",
            "The old secret stops working within a second; the new one is shown once.",
        )
        return self._ask(actor, request, client_id, Text("更换密钥口令？", "Replace the secret?"), words)

    def rotate(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """The new secret."""
        return self._once(actor, request, self.desk.rotate_secret(actor, client_id))

    def ask_disable(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """Whether to disable."""
        words = Text("它的令牌将在一秒内全部失效。", "All its tokens stop working within a second.")
        return self._ask(actor, request, client_id, Text("停用这个客户端？", "Disable this client?"), words)

    def disable(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """The client is refused from now on."""
        del request
        self.desk.disable(actor, client_id)
        return redirect(f"{CLIENTS}/{quote(client_id)}")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one = self.door, "/clients/<client_id>"
        clients = Text("客户端管理", "Administering clients")
        return (
            door.looking("GET", "/clients", self.listed, clients),
            door.looking("GET", "/clients/export", self.export, clients),
            *door.changing("/clients/new", self.new, self.add, clients),
            door.looking("GET", one, self.show, clients),
            *door.changing(f"{one}/edit", self.edit, self.change, clients),
            *door.changing(f"{one}/secret", self.ask_secret, self.rotate, clients),
            *door.changing(f"{one}/disable", self.ask_disable, self.disable, clients),
        )

    def _ask(self, actor: Actor, request: HttpRequest, client_id: str, question: Text, words: Text) -> HttpResponse:
        found = self.desk.show(actor, client_id)
        return page(
            "confirm", actor, request,
            title=t(question), caption=_name(found), words=t(words), back=f"{CLIENTS}/{quote(client_id)}", fields={},
        )  # fmt: skip

    def _once(self, actor: Actor, request: HttpRequest, made: Mapping[str, JSON]) -> HttpResponse:
        at = f"{CLIENTS}/{quote(str(made['client_id']))}"
        secret = made.get("client_secret")
        if not isinstance(secret, str):
            return redirect(at)
        rows = [("client_id", str(made["client_id"])), ("client_secret", secret)]
        return page("once", actor, request, title=t("请立即保存密钥口令", "Keep this secret now"), rows=rows, back=at)

    def _form(
        self, actor: Actor, request: HttpRequest, title: str, values: Mapping[str, JSON], error: Text | None = None
    ) -> HttpResponse:
        status = 200 if error is None else 422
        return page(
            "form",
            actor,
            request,
            status=status,
            title=title,
            back=CLIENTS,
            fields=client_form.fields(values),
            error=error,
        )


def _columns() -> list[str]:
    return [
        t("名称", "Name"),
        t("编号", "Identifier"),
        t("机构", "Department"),
        t("认证方式", "Authentication"),
        t("状态", "State"),
    ]


def _states() -> dict[str, str]:
    return {"": t("全部", "All"), "enabled": t("启用", "Enabled"), "disabled": t("停用", "Disabled")}


def _row(client: Mapping[str, JSON]) -> list[tuple[str, str]]:
    state = "disabled" if client.get("tongban_disabled") else "enabled"
    identifier = str(client["client_id"])
    return [
        (_name(client), f"{CLIENTS}/{quote(identifier)}"),
        (identifier, ""),
        (str(client[ORGANISATION]), ""),
        (str(client["token_endpoint_auth_method"]), ""),
        (_states()[state], ""),
    ]


def _narrowed(every: list[dict[str, JSON]], words: str, state: str) -> list[dict[str, JSON]]:
    wanted = words.strip().casefold()
    kept = [each for each in every if state not in ("enabled", "disabled") or _state(each) == state]
    return [each for each in kept if wanted in f"{_name(each)} {each['client_id']} {each[ORGANISATION]}".casefold()]


def _state(client: Mapping[str, JSON]) -> str:
    return "disabled" if client.get("tongban_disabled") else "enabled"


def _name(client: Mapping[str, JSON]) -> str:
    plain = str(client["client_name"])
    return t(str(client.get("client_name#zh-CN") or plain), str(client.get("client_name#en") or plain))


def _shown(value: JSON) -> str:
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
