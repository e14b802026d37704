"""Departments: the list, and adding or renaming one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.administration.client_desk import ClientDesk
from idp.administration.errors import AdministrationError
from idp.administration.rights import Actor, Command
from idp.pages.administration import forms
from idp.pages.administration.door import ADMIN, AdminDoor, may, page, said
from kernel.canonical import JSON
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route

DEPARTMENTS = f"{ADMIN}/organisations"


@dataclass(frozen=True, slots=True)
class DepartmentAdministration:
    """Departments."""

    door: AdminDoor
    desk: ClientDesk

    def listed(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Every department."""
        rows = [[(str(each["code"]), ""), (t(_bilingual(each["name"])), "")] for each in self.desk.organisations(actor)]
        adding = (
            [(f"{DEPARTMENTS}/new", t("登记或更名", "Add or rename"))] if may(actor, Command.PUT_ORGANISATION) else []
        )
        return page(
            "table", actor, request,
            title=t("机构", "Departments"),
            columns=[t("统一社会信用代码", "Credit code"), t("名称", "Name")],
            rows=rows,
            actions=adding,
        )  # fmt: skip

    def new(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The form of a department."""
        return self._form(actor, request, {})

    def put(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The department is added, or renamed."""
        sent = request.form()
        try:
            name = _name(sent)
            self.desk.put_organisation(actor, sent.get("code", "").strip(), name)
        except AdministrationError as error:
            return self._form(actor, request, sent, said(error))
        return redirect(DEPARTMENTS)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        words = Text("机构管理", "Administering departments")
        return (
            self.door.looking("GET", "/organisations", self.listed, words),
            *self.door.changing("/organisations/new", self.new, self.put, words),
        )

    def _form(
        self, actor: Actor, request: HttpRequest, sent: Mapping[str, str], error: Text | None = None
    ) -> HttpResponse:
        fields = [
            forms.text("code", t("统一社会信用代码", "Unified social credit code"), sent.get("code", "")),
            forms.text("zh", t("中文名称", "Name in Chinese"), sent.get("zh", "")),
            forms.text("en", t("英文名称", "Name in English"), sent.get("en", "")),
        ]
        status = 200 if error is None else 422
        title = t("登记机构或更名", "Add or rename a department")
        return page("form", actor, request, status=status, title=title, back=DEPARTMENTS, fields=fields, error=error)


def _name(sent: Mapping[str, str]) -> Text:
    zh, en = sent.get("zh", "").strip(), sent.get("en", "").strip()
    if not (0 < len(zh) <= 100 and 0 < len(en) <= 100):
        raise AdministrationError("请填写中英文名称", "give the names in Chinese and English")
    return Text(zh, en)


def _bilingual(value: JSON) -> Text:
    names = value if isinstance(value, dict) else {}
    return Text(str(names.get("zh", "")), str(names.get("en", "")))
