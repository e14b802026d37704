"""Return flows on pages: of which division, how much came when, what was fetched, when the next file is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Visitor, page
from exchange.console.forms import Field, Said, chosen, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.proceeding_pages import Command, Matter, ProceedingPages, whose
from exchange.console.words import listed, moment_text, text_of, with_code
from exchange.console.wrong_rows import wrong_row
from exchange.return_flow.flow_desk import FlowDesk
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.return_flows import OPENERS, TABLE, Status
from policies.return_flows import Command as Kinds

FLOWS = f"{HOME}/return-flows"
ON_A_PAGE = 20
_STATUSES: Mapping[Status, tuple[Text, str]] = {
    Status.ACTIVE: (Text("进行中", "Going on"), "good"),
    Status.ENDED: (Text("已终止", "Ended"), "calm"),
}
_STUCK = (Text("没有做成", "No file could be made"), "bad")
_EVERY = {
    "daily": Text("每天", "every day"),
    "weekly": Text("每周", "every week"),
    "monthly": Text("每月", "every month"),
}
_CHARSETS = {"utf-8": Text("UTF-8", "UTF-8"), "gb18030": Text("GB 18030", "GB 18030")}
_KINDS = {"snapshot": Text("全量", "snapshot"), "changes": Text("变更", "changes")}
_TROUBLES: Mapping[str, Text] = {
    "not-granted": Text(
        "现在没有允许批量回流的授权（可能已到期、暂停，或部门、区划、材料有变）。请查看授权。",
        "No grant in force lets these records leave in bulk now: it ended or was suspended, or the department, its "
        "division or the evidence type changed. Look at the grants.",
    ),
    "policy-moved": Text(
        "制作时授权有变，稍后自动再试。", "Grants changed while the file was made; it is tried again shortly."
    ),
    "key-gone": Text(
        "加密密钥已更换，原来做到一半的文件作废。请联系平台运维人员。",
        "The key that protects the half-made file is gone. Ask the platform's operator.",
    ),
}
_SOURCE = Text(
    "提供部门的数据源没有答复。十分钟后自动再试；也可以联系提供部门后立即重试。",
    "The provider's source did not answer. It is tried again in ten minutes; or ask the provider and try at once.",
)
COMMANDS: Mapping[str, Command] = {
    "try-again": Command(
        Text("立即重试", "Try again now"),
        Text(
            "重新制作没有做成的文件，从停下的地方继续。",
            "The file that could not be made is taken up again where it stopped.",
        ),
    ),
    "end": Command(
        Text("终止", "End it for good"),
        Text(
            "不能恢复。还没有取走的文件随即删除，以后不再制作。",
            "This cannot be undone. Files that were not fetched are deleted, and no other is made.",
        ),
        final=True,
    ),
}


@dataclass(frozen=True)
class FlowPages(ProceedingPages):
    """The pages about return flows, and the form of a new one."""

    desk: FlowDesk

    def beside(self, visitor: Visitor, request: HttpRequest) -> dict[str, Any]:
        """Where one is opened, by whoever may."""
        del request
        return {"new": f"{FLOWS}/new" if OPENERS & visitor.roles else ""}

    def beside_one(self, visitor: Visitor, request: HttpRequest, found: Mapping[str, Any]) -> dict[str, Any]:
        """Its files, newest first. Raises Problem."""
        before = request.parameters().get("before", "")
        query = {"limit": str(ON_A_PAGE)} | ({"before": before} if before else {})
        kept = told(self.desk.files(asking(request, urlencode(query)), found["flow"]))
        at = f"{self.matter.address(found)}?{urlencode({'before': kept['next']})}" if kept["next"] else ""
        wrong = wrong_row(found, visitor) if kept["files"] else ""
        return {"files": [_file(one) for one in kept["files"]], "following": at, "wrong": wrong}

    def may(self, found: Mapping[str, Any], command: str) -> frozenset[Any]:
        """Whose command it is."""
        return whose(TABLE, Status(found["status"]), Kinds(command))

    def own_routes(self) -> tuple[Route, ...]:
        """What may be opened, and the form of a new one."""
        opened = Text("开通数据回流", "Opening a return flow")
        return (
            self.door.route("GET", "/return-flows/new", self.new, opened, OPENERS),
            self.door.route("POST", "/return-flows/new", self.open, opened, OPENERS),
        )

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The grants to choose from; for a chosen one, the form. Raises Problem."""
        offered, wanted = self._offered(request), request.parameters().get("grant", "")
        if wanted:
            one = _chosen(offered, wanted)
            fields = _fields(offered, one)
            return self._form(visitor, request, one, fields, _at_first(fields))
        return page(
            "return_flow_grants",
            visitor,
            request,
            title=Text("开通数据回流", "Open a return flow"),
            offers=[_offer(one) for one in offered["offers"]],
            systems=len(offered["systems"]),
            back=FLOWS,
        )

    def open(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Open one as the API does. Raises Problem."""
        typed, offered = request.form(), self._offered(request)
        one = _chosen(offered, typed.get("grant", ""))
        fields = _fields(offered, one)
        body: dict[str, Any] = {
            each.name: typed[each.name] for each in fields if each.kind == "radios" and typed.get(each.name)
        }
        body |= chosen(fields, typed)
        body |= {"evidence_type": one["evidence_type"]["code"], "legal_basis": one["legal_basis"]["code"]}
        try:
            made = told(self.desk.open(as_json_post(request, body)))
        except Problem as problem:
            if self.mends(problem):
                return self._form(visitor, request, one, fields, typed, problem)
            raise
        return redirect(self.matter.address(made))

    def sayings(self, problem: Problem, fields: tuple[Field, ...]) -> Said:
        """What is wrong by the name of the field, and what concerns no field."""
        if problem.kind is errors.SYSTEM_NOT_OURS or problem.kind is errors.SYSTEM_SUSPENDED:
            return {"system": t(problem.kind.title)}, t(problem.kind.next_step)
        found, general = sayings(problem, fields)
        return found, general if found else f"{general}{t('。', '. ')}{t(problem.kind.next_step)}"

    def _offered(self, request: HttpRequest) -> Any:
        return told(self.desk.offered(asking(request)))

    def _form(
        self,
        visitor: Visitor,
        request: HttpRequest,
        one: Mapping[str, Any],
        fields: tuple[Field, ...],
        typed: Mapping[str, str],
        problem: Problem | None = None,
    ) -> HttpResponse:
        return page(
            "return_flow_form",
            visitor,
            request,
            **self.form(fields, typed, problem),
            title=Text("开通数据回流", "Open a return flow"),
            offer=_offer(one),
            grant=one["grant"],
            back=f"{FLOWS}/new",
        )


def _chosen(offered: Mapping[str, Any], ref: str) -> Any:
    """The grant that was chosen. Raises Problem: it is not (or not any more) among those offered."""
    found = next((one for one in offered["offers"] if one["grant"] == ref), None)
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _fields(offered: Mapping[str, Any], one: Mapping[str, Any]) -> tuple[Field, ...]:
    return (
        Field(
            "system",
            Text("由哪个业务系统来取", "Which system fetches them"),
            None,
            "radios",
            _coded(offered["systems"]),
        ),
        Field(
            "service_item", Text("用于哪个事项", "For which service item"), None, "radios", _coded(one["service_items"])
        ),
        Field(
            "fields",
            Text("哪些字段", "Which fields"),
            Text("只勾选确实需要的。", "Only those that are needed."),
            "boxes",
            _coded(one["fields"]),
        ),
        Field("every", Text("多久一次", "How often"), None, "radios", [*_EVERY.items()]),
        Field("charset", Text("文件编码", "How the file is written"), None, "radios", [*_CHARSETS.items()]),
    )


def _at_first(fields: tuple[Field, ...]) -> dict[str, str]:
    """The form as it is first shown: whatever leaves no choice. No field is ticked for anybody."""
    alone = {each.name: each.choices[0][0] for each in fields if each.kind == "radios" and len(each.choices) == 1}
    return alone | {"every": "daily", "charset": "utf-8"}


def _coded(named: list[Mapping[str, Any]]) -> list[tuple[str, Text]]:
    return [(one["code"], text_of(one["name"])) for one in named]


def _offer(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "href": f"{FLOWS}/new?{urlencode({'grant': one['grant']})}",
        "grant": one["grant"],
        "grant_href": f"{HOME}/grants/{quote(one['grant'])}",
        "what": text_of(one["evidence_type"]["name"]),
        "provider": text_of(one["provider"]["name"]),
        "basis": text_of(one["legal_basis"]["name"]),
        "fields": listed(text_of(each["name"]) for each in one["fields"]),
        "source_can": one["source_can"],
    }


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _standing(found)
    return {
        "standing": standing,
        "tone": tone,
        "trouble": _trouble(found["trouble"]) if found["status"] == Status.ACTIVE else None,
        "holder": text_of(found["provider"]["name"]),
        "asker": text_of(found["consumer"]["name"]),
        "facts": _facts(found),
        "ended": found["status"] == Status.ENDED,
    }


def _standing(found: Mapping[str, Any]) -> tuple[Text, str]:
    active = found["status"] == Status.ACTIVE
    return _STUCK if active and found["trouble"] else _STATUSES[Status(found["status"])]


def _facts(found: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    making = found["making"]
    rows = [
        (Text("材料", "Evidence"), text_of(found["evidence_type"]["name"])),
        (Text("区划（含下级）", "Division, and those below"), _division(found)),
        (Text("取用的业务系统", "Fetched by"), with_code(found["system"])),
        (Text("用于事项", "For"), text_of(found["service_item"]["name"])),
        (Text("依据", "Ground"), text_of(found["legal_basis"]["name"])),
        (Text("字段", "Fields"), listed(text_of(each["name"]) for each in found["fields"])),
        (Text("多久一次", "How often"), _EVERY[found["every"]]),
        (Text("文件编码", "Written as"), _CHARSETS[found["charset"]]),
        (Text("开通时间", "Since"), moment_text(found["created_at"])),
    ]
    if making:
        number, lines = making["number"], making["rows"]
        said = Text(f"第 {number} 个文件，已有 {lines} 行", f"file {number}, {lines} rows so far")
        rows.append((Text("正在制作", "Being made"), said))
    elif found["status"] == Status.ACTIVE:
        rows.append((Text("下一个文件", "Next file"), moment_text(found["next_file"])))
    return rows


def _division(found: Mapping[str, Any]) -> Text:
    one = found["division"]
    return with_code(one) if one else Text("该部门没有登记区划", "the department has no division on record")


def _trouble(reason: str | None) -> Text | None:
    """Why no file was made, and who mends it."""
    return None if reason is None else _TROUBLES.get(reason, _SOURCE)


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    standing, tone = _standing(found)
    return {
        "id": found["flow"],
        "what": text_of(found["evidence_type"]["name"]),
        "division": _division(found),
        "consumer": text_of(found["consumer"]["name"]),
        "standing": standing,
        "tone": tone,
        "every": _EVERY[found["every"]],
        "next": datetime.fromisoformat(found["next_file"]) if found["status"] == Status.ACTIVE else None,
        "making": found["making"] is not None,
    }


def _file(one: Mapping[str, Any]) -> dict[str, Any]:
    missing = one["missing"]
    return {
        "number": one["number"],
        "kind": _KINDS[one["kind"]],
        "since": datetime.fromisoformat(one["since"]) if one["since"] else None,
        "made_at": datetime.fromisoformat(one["made_at"]),
        "rows": one["rows"],
        "unreadable": one["unreadable"],
        "digest": one["digest"],
        "parts": one["parts"],
        "kept": one["kept"],
        "fetched": one["fetched"],
        "whole": len(one["parts"]),
        "from": missing[0] if missing else None,
        "fetched_at": datetime.fromisoformat(one["fetched_at"]) if one["fetched_at"] else None,
        "entry": one["entry"],
        "receipt": f"{HOME}/ledger?index={one['entry']}",
    }


RETURN_FLOWS = Matter(
    place="return-flows",
    several="flows",
    template="return_flow",
    identifier="flow",
    title=Text("数据回流", "Return flows"),
    one=lambda name: Text(f"数据回流 {name}", f"Return flow {name}"),
    changed=Text("该数据回流刚才有了变化", "This return flow has changed meanwhile"),
    commands=COMMANDS,
    events={},
    mended=(
        *(errors.SYSTEM_NOT_OURS, errors.SYSTEM_SUSPENDED, errors.RETURN_FLOWS_TOO_MANY),
        *(errors.RETURN_FLOW_NOT_GRANTED, errors.RETURN_FLOW_SOURCE_CANNOT, errors.POLICY_STALE),
    ),
    moved=errors.RETURN_FLOW_CHANGED,
    not_allowed=errors.RETURN_FLOW_NOT_ALLOWED,
    row=_row,
    about=_about,
    not_now=Text(
        "现在不能由您作此操作（由取用部门的人员办理；“立即重试”只用于没有做成的文件）",
        "This is not yours to do now: it takes an officer of the department that gets the records, and only what "
        "failed is tried again",
    ),
)
"""Return flows as pages show them."""
