"""The department's certificates on pages: found by identifier and holder, issued, changed with a reason, their past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.certificates.desk import KEEPERS, CertificateDesk
from exchange.certificates.lifecycle import CHANGES, STATUSES, Change, Status
from exchange.console.attempt import HOME
from exchange.console.door import Visitor, page
from exchange.console.forms import Field, Said, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.proceeding_pages import Command, Matter, ProceedingPages
from exchange.console.words import KINDS_OF_NUMBER, moment_text, same, text_of
from exchange.in_force.snapshot import current
from kernel.dates import CHINA
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.roles import Role

CERTIFICATES = f"{HOME}/certificates"
ON_A_PAGE = 50
_TYPED = "%Y-%m-%d %H:%M"
_TONES: Mapping[Status, str] = {
    Status.VALID: "good",
    Status.SUSPENDED: "near",
    Status.TRANSFERRING: "near",
    Status.RESCINDED: "bad",
    Status.CANCELLED: "bad",
    Status.REVOKED: "bad",
}
_IDENTIFIER = Field(
    "certificate",
    Text("电子证照标识", "E-certificate identifier"),
    Text("GB/T 36904，例如 1.2.156.3005.2.…", "GB/T 36904, such as 1.2.156.3005.2.…"),
)
_SCHEME = Field(
    "scheme", Text("持证主体的号码类型", "Kind of the holder's number"), None, "radios", [*KINDS_OF_NUMBER.items()]
)
_NUMBER = Field("value", Text("持证主体的号码", "The holder's number"))
_AGAIN = Field(
    "value",
    Text("持证主体的号码", "The holder's number"),
    Text("再填一次，以免改错证照；不保存。", "Once more, so that no other certificate is changed; it is not kept."),
)
_REASON = Field(
    "reason",
    Text("理由", "Reason"),
    Text("会记入账本，本人可以看到。请勿写个人号码或姓名。", "Recorded, and the holder reads it. Name nobody."),
    "area",
)
_EFFECTIVE = Field(
    "effective_at",
    Text("何时生效（可不填）", "Since when (may be left empty)"),
    Text(
        "不填即现在；不能晚于现在。例如 2026-11-23 09:00", "Empty: now; never in the future. Such as 2026-11-23 09:00"
    ),
)
_UNTIL = Field(
    "valid_until",
    Text("有效期至（可不填）", "Last day (may be left empty)"),
    Text("例如 2030-01-01，或 长期", "Such as 2030-01-01, or 长期 for no end"),
)
_DESCRIBED = Field(
    "description",
    Text("现在是什么状态", "How it stands"),
    Text("对外答复时写明。请勿写个人号码或姓名。", "Told to whoever asks. Name nobody."),
)
_TOLD = Text(
    "依据这份证照办过事的部门会得到消息。",
    "Departments that relied on this certificate are told.",
)
_LABELS: Mapping[Change, Text] = {
    Change.RENEW: Text("延续", "Renew it"),
    Change.SUSPEND: Text("暂扣", "Suspend it"),
    Change.RESUME: Text("恢复", "Put it in force again"),
    Change.RESCIND: Text("撤销", "Rescind it"),
    Change.CANCEL: Text("注销", "Cancel it"),
    Change.EXPIRE: Text("登记为过期", "Record that it has expired"),
    Change.TRANSFER: Text("办理转出", "Move it to another authority"),
    Change.REVOKE: Text("吊销", "Revoke it"),
    Change.REINSTATE: Text("恢复效力", "Reinstate it"),
    Change.OTHER: Text("登记其他状态", "Record another state"),
}
_ENDING = frozenset({Change.RESCIND, Change.CANCEL, Change.REVOKE})
_EXTRA: Mapping[Change, tuple[Field, ...]] = {Change.RENEW: (_UNTIL,), Change.OTHER: (_DESCRIBED,)}
COMMANDS: Mapping[str, Command] = {
    change.value: Command(label, _TOLD, (*_EXTRA.get(change, ()), _EFFECTIVE, _REASON, _AGAIN), final=change in _ENDING)
    for change, label in _LABELS.items()
}


@dataclass(frozen=True)
class CertificatePages(ProceedingPages):
    """The pages about certificates: what was recorded last, looking one up, and issuing one."""

    desk: CertificateDesk

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form to look one up, and what was recorded last. Raises Problem."""
        return self._listed(visitor, request, {})

    def look_up(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Look one up as the API does; numbers stand in the body alone. Raises Problem."""
        typed = request.form()
        try:
            found = told(self.desk.look_up(as_json_post(request, _holder(typed) | _named(typed))))
        except Problem as problem:
            if self.mends(problem):
                return self._listed(visitor, request, typed, problem)
            raise
        return redirect(self.matter.address(found))

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form of one that is issued. Raises Problem."""
        return self._issuing(visitor, request, {})

    def issue(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Issue it as the API does. Raises Problem."""
        typed = request.form()
        kind = {"evidence_type": typed["evidence_type"]} if typed.get("evidence_type") else {}
        body = _number(typed) | _named(typed) | kind | _terms(typed)
        try:
            made = told(self.desk.issue(as_json_post(request, body)))
        except Problem as problem:
            if self.mends(problem):
                return self._issuing(visitor, request, typed, problem)
            raise
        return redirect(self.matter.address(made))

    def own_routes(self) -> tuple[Route, ...]:
        """Looking one up, and issuing one."""
        keepers = frozenset(KEEPERS)
        sought, issued = Text("查找证照", "Looking a certificate up"), Text("登记新证照", "Recording a new certificate")
        return (
            self.door.route("POST", "/certificates", self.look_up, sought, keepers),
            self.door.route("GET", "/certificates/new", self.new, issued, keepers),
            self.door.route("POST", "/certificates/new", self.issue, issued, keepers),
        )

    def fields(self, found: Mapping[str, Any], command: str) -> tuple[Field, ...]:
        """What the form of a command asks for."""
        del found
        return self.matter.commands[command].fields

    def body(self, command: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was given, as the API takes it; whose number it is says the kind of certificate."""
        del command
        return _number(given) | _terms(given)

    def form(self, fields: tuple[Field, ...], typed: Mapping[str, str], problem: Problem | None) -> dict[str, Any]:
        """A form with what was typed, and what is wrong with it; a number is never shown again."""
        return super().form(fields, {**typed, _NUMBER.name: ""}, problem)

    def sayings(self, problem: Problem, fields: tuple[Field, ...]) -> Said:
        """What is wrong by the name of the field, and what concerns no field."""
        if (name := _ABOUT.get(problem.kind.code)) is not None:
            return {name: t(problem.kind.title)}, t(problem.kind.next_step)
        found, general = sayings(problem, fields)
        listed: Any = problem.members.get("errors", [])
        inside = {_INSIDE[one["path"]]: one["message"] for one in listed if one["path"] in _INSIDE}
        return found | inside, "" if inside else general

    def _listed(
        self, visitor: Visitor, request: HttpRequest, typed: Mapping[str, str], problem: Problem | None = None
    ) -> HttpResponse:
        before = request.parameters().get("before", "")
        query = {"limit": str(ON_A_PAGE)} | ({"before": before} if before else {})
        found = told(self.desk.list(asking(request, urlencode(query))))
        following = f"{CERTIFICATES}?{urlencode({'before': found['next']})}" if found["next"] else ""
        return page(
            self.matter.several,
            visitor,
            request,
            **self.form((_IDENTIFIER, _SCHEME, _NUMBER), typed, problem),
            title=self.matter.title,
            unknown=problem is not None and problem.kind is errors.CERTIFICATE_NOT_ON_RECORD,
            new=f"{CERTIFICATES}/new",
            rows=[self.row(one) for one in found["certificates"]],
            following=following,
        )

    def _issuing(
        self, visitor: Visitor, request: HttpRequest, typed: Mapping[str, str], problem: Problem | None = None
    ) -> HttpResponse:
        own = visitor.officer.officer.organisation
        kinds = [
            (one.code, one.name)
            for one in current(self.door.access.policy).registry.evidence_types.values()
            if one.provider == own
        ]
        kind = Field("evidence_type", Text("哪种证照", "Which kind"), None, "radios", sorted(kinds))
        fields = (kind, _IDENTIFIER, _NUMBER, _UNTIL, _EFFECTIVE, _REASON)
        return page(
            "certificate_form",
            visitor,
            request,
            **self.form(fields, typed, problem),
            title=Text("登记新证照", "Record a new certificate"),
            offered=bool(kinds),
            back=CERTIFICATES,
        )


def _named(typed: Mapping[str, str]) -> dict[str, Any]:
    return {"certificate": typed["certificate"].strip()} if typed.get("certificate", "").strip() else {}


def _number(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The holder's number, where the kind of certificate says what kind of number it is."""
    said = str(typed.get("value", "")).strip()
    return {"holder": said} if said else {}


def _holder(typed: Mapping[str, str]) -> dict[str, Any]:
    """The holder by number; what is missing is said by the API."""
    said = {name: typed[name].strip() for name in ("scheme", "value") if typed.get(name, "").strip()}
    return {"subject": said}


def _terms(given: Mapping[str, Any]) -> dict[str, Any]:
    """Reason, times and description, as the API takes them."""
    said = {
        name: str(given[name]).strip()
        for name in ("reason", "valid_until", "effective_at", "description")
        if str(given.get(name, "")).strip()
    }
    return said | ({"effective_at": _instant(said["effective_at"])} if "effective_at" in said else {})


def _instant(text: str) -> str:
    """A time as people type it, in China; anything else goes on as it is, for the API to refuse."""
    try:
        return datetime.strptime(text, _TYPED).replace(tzinfo=CHINA).isoformat()
    except ValueError:
        return text


_INSIDE = {"holder": "value", "subject": "scheme", "subject.scheme": "scheme", "subject.value": "value"}
"""The field of a form by the member that the API finds wrong."""
_ABOUT = {
    errors.CERTIFICATE_OTHER_HOLDER.code: "value",
    errors.CERTIFICATE_DIFFERS.code: "certificate",
    errors.CERTIFICATE_NOT_ON_RECORD.code: "certificate",
    errors.CERTIFICATE_OUT_OF_ORDER.code: "effective_at",
    errors.CERTIFICATE_NOT_YOURS.code: "evidence_type",
}
"""The field that a refusal is about which names none."""


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    stands = found["stands"]
    return {
        "standing": text_of(stands["label"]) if stands else Text("没有记录", "none on record"),
        "tone": _TONES.get(Status(stands["status"]), "calm") if stands else "calm",
        "facts": _facts(found),
        "relied": _relied(found["relied"]),
        "past": [_past(one) for one in reversed(found["changes"])],
    }


def _facts(found: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    stands = found["stands"] or {}
    rows = [(Text("证照", "Certificate"), text_of(found["evidence_type"]["name"]))]
    if stands:
        rows.append((Text("生效时间", "Since"), moment_text(stands["effective_at"])))
    if stands.get("valid_until"):
        rows.append((Text("有效期至", "Last day"), same(stands["valid_until"])))
    if stands.get("description"):
        rows.append((Text("说明", "In words"), same(stands["description"])))
    return rows


def _relied(relied: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    departments, cases = relied["departments"], relied["cases"]
    rows = [
        (Text("部门", "Departments"), Text(f"{departments} 个", f"{departments}")),
        (Text("办件", "Cases"), Text(f"{cases} 件", f"{cases}")),
    ]
    return [*rows, (Text("最近一次", "Last"), moment_text(relied["last"]))] if relied["last"] else rows


def _past(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "change": CHANGES[Change(one["change"])],
        "status": STATUSES[Status(one["status"])],
        "effective": datetime.fromisoformat(one["effective_at"]),
        "recorded": datetime.fromisoformat(one["recorded_at"]),
        "reason": one["reason"],
        "by": one["by"],
        "entry": one["entry"],
        "receipt": f"{HOME}/ledger?index={one['entry']}" if one["entry"] is not None else "",
    }


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "href": f"{CERTIFICATES}/{quote(one['certificate'])}",
        "id": one["certificate"],
        "what": text_of(one["evidence_type"]["name"]),
        "change": text_of(one["change_label"]),
        "standing": text_of(one["label"]),
        "tone": _TONES.get(Status(one["status"]), "calm"),
        "at": datetime.fromisoformat(one["recorded_at"]),
    }


CERTIFICATE_LIFE = Matter(
    place="certificates",
    several="certificates",
    template="certificate",
    identifier="certificate",
    title=Text("证照", "Certificates"),
    one=lambda name: Text(f"证照 {name}", f"Certificate {name}"),
    changed=Text("该证照刚才有了变化", "This certificate has changed meanwhile"),
    commands=COMMANDS,
    events={},
    mended=(
        *(errors.CERTIFICATE_OTHER_HOLDER, errors.CERTIFICATE_DIFFERS, errors.CERTIFICATE_NOT_ON_RECORD),
        *(errors.CERTIFICATE_OUT_OF_ORDER, errors.CERTIFICATE_NOT_YOURS),
    ),
    moved=errors.CERTIFICATE_CHANGED,
    not_allowed=errors.CERTIFICATE_CHANGE_IMPOSSIBLE,
    row=_row,
    about=_about,
    roles=frozenset({Role.PROVIDER_OFFICER}),
    reading=frozenset({Role.PROVIDER_OFFICER}),
    not_now=Text("该证照的现有状态不能作此变更", "The certificate does not stand so that this change is possible"),
)
"""Certificates as pages show them."""
