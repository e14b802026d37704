"""At the window: a clerk finds the account of the person in front of them, and records the document check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.administration.errors import AdministrationError
from idp.administration.rights import Actor
from idp.administration.window_desk import Seen, WindowDesk
from idp.model.person import Person
from idp.model.proofing import AT_A_WINDOW, Document
from idp.pages.administration import forms
from idp.pages.administration.door import ADMIN, AdminDoor, page, said
from idp.pages.administration.people import PROPOSALS
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route

WINDOW = f"{ADMIN}/window"
DOCUMENTS = {
    Document.RESIDENT_CARD: Text("居民身份证", "Resident identity card"),
    Document.TEMPORARY_CARD: Text("临时居民身份证", "Temporary resident identity card"),
}
RECOVERY_REMOVES = Text(
    "本人设置新密码后，账户原有的通行密钥、身份验证器、备用码和短信验证码将全部移除，所有设备退出登录，实名等级最高为二级；"
    "要恢复等级，须在找回之后重新核验证件。",
    "Once the person has set a new password, the account's passkeys, app, recovery codes and codes to a phone are all "
    "removed, every device is signed out, and the level is 2 at most; to restore the level, check the document again "
    "after the recovery.",
)
_DISABLED = Text(
    "这个账户已停用，不能核验身份；可以为到场的人找回，账户仍停用，直到管理员恢复。",
    "This account is disabled: no identity is proven. Whoever is here can be let back in; it stays disabled until an "
    "administrator enables it.",
)
_LEVELS = {
    3: Text("三级：人证一致", "3: the person, the name and the document agree"),
    4: Text("四级：人证一致，并经机读核验", "4: as 3, and the document's chip was read"),
}


@dataclass(frozen=True, slots=True)
class WindowAdministration:
    """The search, and the form of a check. Names and numbers are posted, and stand in no address."""

    door: AdminDoor
    desk: WindowDesk

    def search(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The search form."""
        return self._search(actor, request, "")

    def find(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """By exact user name."""
        username = request.form().get("username", "")
        try:
            return redirect(f"{WINDOW}/{self.desk.by_username(actor, username).id}")
        except AdministrationError as error:
            return self._search(actor, request, username, said(error))

    def check(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """The form of a document check."""
        return self._form(actor, request, person, {})

    def record(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Recorded, and put before another clerk."""
        sent = request.form()
        level = sent.get("level", "")
        seen = Seen(
            sent.get("document", ""),
            sent.get("name", ""),
            sent.get("number", ""),
            sent.get("reference", ""),
            int(level) if level in [str(each) for each in AT_A_WINDOW] else 0,
        )
        try:
            return redirect(f"{PROPOSALS}/{self.desk.record(actor, person, seen).id}")
        except AdministrationError as error:
            return self._form(actor, request, person, sent, said(error))

    def ask_recovery(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """The form."""
        return self._recovery(actor, request, person)

    def recover(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Put before another clerk, who is shown the link."""
        try:
            found = self.desk.recover(actor, person, request.form().get("reference", ""))
        except AdministrationError as error:
            return self._recovery(actor, request, person, said(error))
        return redirect(f"{PROPOSALS}/{found.id}")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, window = self.door, Text("窗口核验身份", "Proving identities at a window")
        return (
            door.looking("GET", "/window", self.search, window),
            door.looking("POST", "/window", self.find, window),
            *door.changing("/window/<person>/recovery", self.ask_recovery, self.recover, window),
            *door.changing("/window/<person>", self.check, self.record, window),
        )

    def _search(self, actor: Actor, request: HttpRequest, username: str, error: Text | None = None) -> HttpResponse:
        self.desk.may_look(actor)
        return page(
            "form", actor, request,
            status=200 if error is None else 404,
            title=t("窗口核验身份", "Prove an identity at the window"),
            fields=[forms.text("username", t("此人的用户名", "The person's user name"), username)],
            send=t("查找", "Find"),
            actions=[(PROPOSALS, t("待复核的核验", "Checks that wait for a second clerk"))],
            error=error,
        )  # fmt: skip

    def _recovery(self, actor: Actor, request: HttpRequest, person: str, error: Text | None = None) -> HttpResponse:
        found = self.desk.show(actor, person)
        hint = t("须由另一名窗口人员确认", "Another clerk has to confirm it")
        # Said, not listed: which factors somebody has is no business of a clerk's.
        words = f"{_of(found)}{t(RECOVERY_REMOVES)}{t('请先告知本人。', ' Tell the person first.')}"
        return page(
            "form", actor, request,
            status=200 if error is None else 422,
            title=t("为到场的人找回账户", "Let the person back into their account"),
            caption=found.username,
            back=f"{WINDOW}/{found.id}",
            words=words,
            fields=[forms.text("reference", t("受理编号", "Your office's reference"), "", hint)],
            error=error,
        )  # fmt: skip

    def _form(
        self, actor: Actor, request: HttpRequest, person: str, sent: Mapping[str, str], error: Text | None = None
    ) -> HttpResponse:
        found = self.desk.show(actor, person)
        documents = {kind.value: t(words) for kind, words in DOCUMENTS.items()}
        levels = {str(level): t(words) for level, words in _LEVELS.items()}
        return page(
            "form", actor, request,
            status=200 if error is None else 422,
            title=t("记录证件核验", "Record a document check"),
            actions=[(f"{WINDOW}/{found.id}/recovery", t("找回账户", "Recover the account"))],
            caption=found.username,
            back=WINDOW,
            words=_of(found),
            fields=[
                forms.text("name", t("证件上的姓名", "Name on the document"), sent.get("name", "")),
                forms.text("number", t("公民身份号码", "Citizen number"), ""),
                forms.radios("document", t("证件", "Document"), documents, sent.get("document", "")),
                forms.text("reference", t("受理编号", "Your office's reference"), sent.get("reference", "")),
                forms.radios(
                    "level", t("实名等级", "Level of assurance"), levels, sent.get("level", ""),
                    t("须由另一名窗口人员确认后生效", "Takes effect once another clerk has confirmed it"),
                ),
            ],
            error=error,
        )  # fmt: skip


def _of(found: Person) -> str:
    """What a clerk has to know of an account that is disabled."""
    return f"{t(_DISABLED)} " if found.disabled else ""
