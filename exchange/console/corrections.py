"""Corrections in words: what a command does and asks for, what happened, and what the pages show of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange import errors
from exchange.console.forms import Field
from exchange.console.proceeding_pages import Command, Matter, last_working_day
from exchange.console.words import moment_text, same, text_of
from kernel.text import Text
from policies.corrections.events import Opener, Status
from policies.roles import Role

TONES: Mapping[Status, str] = {Status.OPEN: "near", Status.CORRECTED: "good"}
"""The colour of a state's tag; all others are calm. The words say the same."""
_REASON = Field(
    "reason",
    Text("说明", "In words"),
    Text("本人可以看到；请勿写个人号码。", "The person reads it; name no number."),
    "area",
)
_CITATION = Field("citation", Text("依据", "The rule it rests on"), Text("法规名称与条款", "Its name and article"))
COMMANDS: Mapping[str, Command] = {
    "take": Command(
        Text("受理", "Take it up"),
        Text(
            "受理后，您将看到所涉之人及其所述内容，此事记入账本，本人可以查到。",
            "You will see whom it is about and what was said. The ledger records it, and the person finds it there.",
        ),
    ),
    "accept": Command(
        Text("采纳", "Accept it"),
        Text(
            "记录确有错误。请随后在源头系统更正，再回到这里确认。",
            "The record is wrong. Correct it in its own system, then come back and say so.",
        ),
        (_REASON,),
    ),
    "reject": Command(
        Text("不予采纳", "Reject it"),
        Text("记录无误，异议标记随即去除。", "The record is right; it is no longer marked as disputed."),
        (_REASON, _CITATION),
    ),
    "correct": Command(
        Text("已更正", "It is corrected"),
        Text(
            "异议标记随即去除，收到过该记录的部门都会得到消息。",
            "It is no longer marked as disputed, and every department that received it is told.",
        ),
        (_REASON,),
    ),
}
EVENTS: Mapping[str, Text] = {
    "CorrectionOpened": Text("提出校核", "Opened"),
    "CorrectionTaken": Text("受理", "Taken up"),
    "CorrectionAccepted": Text("采纳", "Accepted"),
    "CorrectionRejected": Text("不予采纳", "Rejected"),
    "RecordCorrected": Text("已更正", "Corrected"),
    "CorrectionWithdrawn": Text("提出者撤回", "Taken back by whoever opened it"),
    "CorrectionEscalated": Text("时限提醒", "Time ran out, somebody above was told"),
}
OPENERS: Mapping[Opener, Text] = {
    Opener.PERSON: Text("本人", "the person"),
    Opener.DEPARTMENT: Text("需求部门", "the department that received it"),
}
_SAID: Mapping[str, Text] = {
    "seen": Text("所见内容", "What was seen"),
    "right": Text("应为", "What would be right"),
    "reason": Text("理由", "Why"),
}


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "standing": text_of(found["label"]),
        "tone": TONES.get(Status(found["status"]), "calm"),
        "facts": _facts(found),
        "particulars": _particulars(found["particulars"]),
    }


def _facts(found: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    rows = [
        (Text("材料", "Evidence"), text_of(found["evidence_type"]["name"])),
        (Text("字段", "Field"), text_of(found["field"]["name"])),
        (Text("提供部门", "Provider"), text_of(found["provider"]["name"])),
        (Text("收到材料的部门", "Received by"), text_of(found["consumer"]["name"])),
        (Text("提出者", "Opened by"), OPENERS[Opener(found["opener"])]),
        (Text("提出时间", "Opened"), moment_text(found["opened_at"])),
    ]
    if found["officer"]:
        rows.append((Text("提出的窗口人员（代号）", "Clerk who opened it (a name in the log)"), same(found["officer"])))
    if found["clock"] is not None:
        rows.append((Text("答复期限", "To be answered by"), last_working_day(found["clock"])))
    if found["note"]:
        rows.append((Text("答复", "Answer"), same(found["note"])))
    if found["citation"]:
        rows.append((Text("依据", "Rule"), same(found["citation"])))
    if found["cases"]:
        rows.append((Text("本部门涉及的办件", "Cases of your department"), same(", ".join(found["cases"]))))
    if found["flows"]:
        where = ", ".join(f"{one['flow']} {one['row']}" for one in found["flows"])
        rows.append((Text("本部门涉及的数据回流与行", "Return flows of your department, and the row"), same(where)))
    return rows


def _particulars(said: Mapping[str, Any] | None) -> list[tuple[Text, Text]]:
    """Whom it is about and what was said, for whoever took it up."""
    if said is None:
        return []
    who = [(Text("所涉之人", "Whom it is about"), same(said["subject"]["value"]))]
    return who + [(label, same(said[name])) for name, label in _SAID.items() if name in said]


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": found["id"],
        "what": text_of(found["evidence_type"]["name"]),
        "field": text_of(found["field"]["name"]),
        "provider": text_of(found["provider"]["name"]),
        "standing": text_of(found["label"]),
        "tone": TONES.get(Status(found["status"]), "calm"),
        "due": None if found["clock"] is None else last_working_day(found["clock"]),
        "late": found["clock"] is not None and found["clock"]["late"],
    }


CORRECTIONS = Matter(
    place="corrections",
    several="corrections",
    template="correction",
    title=Text("校核更正", "Corrections"),
    one=lambda name: Text(f"校核 {name}", f"Correction {name}"),
    changed=Text("此件刚才有了变化", "This correction has changed meanwhile"),
    commands=COMMANDS,
    events=EVENTS,
    mended=(errors.CORRECTION_INCOMPLETE,),
    moved=errors.CORRECTION_CHANGED,
    not_allowed=errors.CORRECTION_NOT_ALLOWED,
    row=_row,
    about=_about,
    roles=frozenset({Role.PROVIDER_OFFICER}),
    not_now=Text(
        "现在不能由您作此操作（由提供部门受理此件的人员办理）",
        "This is not yours to do now: the provider's officer who took it up answers",
    ),
)
"""Corrections as pages show them."""
