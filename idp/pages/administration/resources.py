"""Resource servers: the list, one of them, describing and ending it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from idp.administration.errors import AdministrationError, NoSuchThing
from idp.administration.resource_desk import OWNER, RESOURCE, ResourceDesk
from idp.administration.rights import Actor, Command
from idp.pages.administration import forms
from idp.pages.administration.door import ADMIN, AdminDoor, may, page, said
from kernel.canonical import JSON
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route

RESOURCES = f"{ADMIN}/resources"
_PARTS = 3
_LABELS = {
    RESOURCE: Text("标识（URI）", "Identifier (URI)"),
    OWNER: Text("机构代码", "Department's credit code"),
    "scopes": Text("权限", "Scopes"),
    "clients": Text("允许的客户端", "Clients it lets in"),
}


def address(identifier: str) -> str:
    """Where one is shown: its identifier is an address itself and fits into no path."""
    return f"{RESOURCES}/{hashlib.sha256(identifier.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class ResourceAdministration:
    """The list, one resource server, and what can be done to it."""

    door: AdminDoor
    desk: ResourceDesk

    def listed(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The resource servers within reach."""
        rows = [
            [
                (str(each[RESOURCE]), address(str(each[RESOURCE]))),
                (str(each[OWNER]), ""),
                (t(_state(each)), ""),
            ]
            for each in self.desk.every(actor)
        ]
        adding = may(actor, Command.PUT_RESOURCE)
        return page(
            "table", actor, request,
            title=t("资源服务", "Resource servers"),
            columns=[t("标识（URI）", "Identifier (URI)"), t("机构", "Department"), t("状态", "State")],
            rows=rows,
            actions=[(f"{RESOURCES}/new", t("登记资源服务", "Register a resource server"))] if adding else [],
        )  # fmt: skip

    def show(self, actor: Actor, request: HttpRequest, digest: str) -> HttpResponse:
        """One of them."""
        found = self._found(actor, digest)
        at = address(str(found[RESOURCE]))
        offered = (
            (Command.PUT_RESOURCE, "edit", t("变更", "Change"), True),
            (Command.DISABLE_RESOURCE, "disable", t("停用", "Disable"), "tongban_disabled" not in found),
        )
        values = _typed(found)
        return page(
            "detail", actor, request,
            title=values[RESOURCE],
            back=RESOURCES,
            rows=[
                *((t(label), values[name]) for name, label in _LABELS.items()),
                (t("状态", "State"), t(_state(found))),
            ],
            actions=[
                (f"{at}/{tail}", label) for command, tail, label, open_ in offered if open_ and may(actor, command)
            ],
        )  # fmt: skip

    def new(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The form of a new one."""
        return self._form(actor, request, {OWNER: actor.organisation or ""})

    def add(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """It is registered."""
        return self._put(actor, request, request.form())

    def edit(self, actor: Actor, request: HttpRequest, digest: str) -> HttpResponse:
        """The form of one as it is."""
        return self._form(actor, request, _typed(self._found(actor, digest)))

    def change(self, actor: Actor, request: HttpRequest, digest: str) -> HttpResponse:
        """It is described anew; its identifier stays, since tokens name it."""
        return self._put(actor, request, {**request.form(), RESOURCE: str(self._found(actor, digest)[RESOURCE])})

    def ask_disable(self, actor: Actor, request: HttpRequest, digest: str) -> HttpResponse:
        """Whether to end it."""
        identifier = str(self._found(actor, digest)[RESOURCE])
        title = t("停用这个资源服务？", "Disable this resource server?")
        words = t(
            "一秒内不再为它签发令牌；已签发的令牌到期为止。",
            "No more tokens are issued for it within a second; those that exist last until they expire.",
        )
        return page(
            "confirm", actor, request, title=title, caption=identifier, words=words, back=address(identifier), fields={}
        )

    def disable(self, actor: Actor, request: HttpRequest, digest: str) -> HttpResponse:
        """It gets no more tokens."""
        del request
        identifier = str(self._found(actor, digest)[RESOURCE])
        self.desk.disable(actor, identifier)
        return redirect(address(identifier))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one, words = self.door, "/resources/<digest>", Text("资源服务管理", "Administering resource servers")
        return (
            door.looking("GET", "/resources", self.listed, words),
            *door.changing("/resources/new", self.new, self.add, words),
            door.looking("GET", one, self.show, words),
            *door.changing(f"{one}/edit", self.edit, self.change, words),
            *door.changing(f"{one}/disable", self.ask_disable, self.disable, words),
        )

    def _found(self, actor: Actor, digest: str) -> dict[str, JSON]:
        for each in self.desk.every(actor):
            if address(str(each[RESOURCE])) == f"{RESOURCES}/{digest}":
                return each
        raise NoSuchThing("没有这个资源服务", "there is no such resource server")

    def _put(self, actor: Actor, request: HttpRequest, sent: Mapping[str, str]) -> HttpResponse:
        try:
            made = self.desk.put(actor, _description(sent))
        except AdministrationError as error:
            return self._form(actor, request, sent, said(error))
        return redirect(address(str(made[RESOURCE])))

    def _form(
        self, actor: Actor, request: HttpRequest, sent: Mapping[str, str], error: Text | None = None
    ) -> HttpResponse:
        hints = {
            "scopes": t("每行一项：权限名 | 中文 | 英文", "One a line: name | Chinese | English"),
            "clients": t("每行一个客户端编号；其他客户端得不到令牌", "One identifier a line; no other gets tokens"),
        }
        fields = [
            (forms.area if name in hints else forms.text)(name, t(label), sent.get(name, ""), hints.get(name, ""))
            for name, label in _LABELS.items()
        ]
        status, title = 200 if error is None else 422, t("登记或变更资源服务", "Register or change a resource server")
        return page("form", actor, request, status=status, title=title, back=RESOURCES, fields=fields, error=error)


def _state(found: Mapping[str, JSON]) -> Text:
    return Text("停用", "Disabled") if found.get("tongban_disabled") else Text("启用", "Enabled")


def _typed(found: Mapping[str, JSON]) -> dict[str, str]:
    """A resource server as its form has it."""
    scopes, clients = found["scopes"], found["clients"]
    assert isinstance(scopes, dict)  # our own shape
    assert isinstance(clients, list)
    words = [f"{name} | {text['zh']} | {text['en']}" for name, text in scopes.items() if isinstance(text, dict)]
    return {
        RESOURCE: str(found[RESOURCE]),
        OWNER: str(found[OWNER]),
        "scopes": "\n".join(words),
        "clients": "\n".join(map(str, clients)),
    }


def _description(sent: Mapping[str, str]) -> dict[str, JSON]:
    """What the form says, for the register to judge. Raises AdministrationError."""
    scopes: dict[str, JSON] = {}
    for line in forms.lines(sent.get("scopes", "")):
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != _PARTS or parts[0] in scopes:
            raise AdministrationError(
                "每行写一项权限：权限名 | 中文 | 英文", "write one scope a line: name | Chinese | English"
            )
        scopes[parts[0]] = {"zh": parts[1], "en": parts[2]}
    return {
        RESOURCE: sent.get(RESOURCE, "").strip(),
        OWNER: sent.get(OWNER, "").strip(),
        "scopes": scopes,
        "clients": [*forms.lines(sent.get("clients", ""))],
    }
