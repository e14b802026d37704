"""Challenges in words: what a command does and asks for, what happened, and what the pages show of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange import errors
from exchange.catalogue.naming import named
from exchange.challenges.desk import WHO
from exchange.console.forms import Field
from exchange.console.proceeding_pages import Command, Matter, ProceedingPages, last_working_day
from exchange.console.words import listed, moment_text, same, text_of, with_code
from exchange.gateway.entries import REFUSAL, RELEASE
from exchange.governance.views import names
from exchange.in_force.snapshot import current
from exchange.responders.shown import SHOWN
from exchange.return_flow.making import MADE
from exchange.transparency.facts_in_words import ground
from kernel.text import Text
from policies.challenges.events import Status
from policies.roles import Role

TONES: Mapping[Status, str] = {Status.OPEN: "near", Status.UPHELD: "bad"}
"""The colour of a state's tag; all others are calm. The words say the same."""
_REASON = Field(
    "reason",
    Text("说明", "In words"),
    Text("提出者可以看到；请勿写个人号码。", "Whoever gave it reads it; name no number."),
    "area",
)
COMMANDS: Mapping[str, Command] = {
    "explain": Command(
        Text("说明使用正当", "The use was in order"),
        Text(
            "请先按办件编号（成批回流的，按回流编号）在本部门查明是谁、为何使用。答复记入账本，提出者可以看到，不能再改。",
            "Look up by the case, or by the return flow, who used it and why. The ledger records the answer, whoever"
            " gave it reads it, and it is final.",
        ),
        (_REASON,),
        final=True,
    ),
    "uphold": Command(
        Text("异议成立", "It was not in order"),
        Text(
            "说明查明的情况和已采取的措施。答复记入账本，提出者可以看到，不能再改。",
            "Say what came to light and what was done. The ledger records the answer, whoever gave it reads it, and it"
            " is final.",
        ),
        (_REASON,),
        final=True,
    ),
}
EVENTS: Mapping[str, Text] = {
    "UseChallenged": Text("提出异议", "Challenged"),
    "ChallengeExplained": Text("说明使用正当", "Explained"),
    "ChallengeUpheld": Text("异议成立", "Upheld"),
    "ChallengeEscalated": Text("时限提醒", "Time ran out, somebody above was told"),
}
USES: Mapping[str, Text] = {
    RELEASE: Text("已提供", "It was provided"),
    REFUSAL: Text("被拒绝", "It was refused"),
    MADE: Text("成批回流的文件中有其记录", "A file of a return flow has their record"),
    SHOWN: Text("工作人员查看了号码", "An officer was shown the number"),
}
_OTHER = Text("查询", "It was asked for")
_NONE = Text("无", "none")


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        (Text("使用部门", "Used by"), text_of(found["organisation"]["name"])),
        (Text("使用时间", "Used"), moment_text(found["used_at"])),
        (Text("结果", "What came of it"), USES.get(found["event"], _OTHER)),
        (Text("账本条目", "Entry of the ledger"), same(str(found["entry"]))),
        (Text("办件", "Case"), _or_none(found["case"])),
        (Text("请求、任务或回流编号", "Request, task or return flow"), same(found["request"])),
        (Text("业务系统", "System"), with_code(found["named_system"]) if found["system"] else _NONE),
        (Text("查询的工作人员（代号）", "Officer who looked (a name in the log)"), _or_none(found["officer"])),
        (Text("材料", "Evidence"), text_of(found["evidence_type"]["name"])),
        (Text("内容", "What was asked for"), listed(found["asked"]) if found["asked"] else _NONE),
        (Text("事项", "Matter"), text_of(found["service_item"]["name"])),
        (Text("依据", "Ground"), found["ground"] if found["legal_basis"] else _NONE),
        (Text("提出时间", "Challenged"), moment_text(found["opened_at"])),
    ]
    if found["words"]:
        said = Text("所述情况（只向使用部门的数据保护负责人显示）", "What was said (that department's officer alone)")
        rows.append((said, same(found["words"])))
    if found["clock"] is not None:
        rows.append((Text("答复期限", "To be answered by"), last_working_day(found["clock"])))
    if found["note"]:
        rows.append((Text("答复", "Answer"), same(found["note"])))
    tone = TONES.get(Status(found["status"]), "calm")
    return {"standing": text_of(found["label"]), "tone": tone, "facts": rows}


def _or_none(text: str) -> Text:
    return same(text) if text else _NONE


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": found["id"],
        "organisation": text_of(found["organisation"]["name"]),
        "what": text_of(found["evidence_type"]["name"]),
        "used": moment_text(found["used_at"]),
        "standing": text_of(found["label"]),
        "tone": TONES.get(Status(found["status"]), "calm"),
        "due": None if found["clock"] is None else last_working_day(found["clock"]),
        "late": found["clock"] is not None and found["clock"]["late"],
    }


CHALLENGES = Matter(
    place="challenges",
    several="challenges",
    template="proceeding",
    title=Text("使用异议", "Challenged uses"),
    one=lambda name: Text(f"使用异议 {name}", f"Challenge {name}"),
    changed=Text("此件刚才有了变化", "This challenge has changed meanwhile"),
    commands=COMMANDS,
    events=EVENTS,
    mended=(errors.CHALLENGE_INCOMPLETE,),
    moved=errors.CHALLENGE_CHANGED,
    not_allowed=errors.CHALLENGE_NOT_ALLOWED,
    row=_row,
    about=_about,
    roles=frozenset({Role.DATA_PROTECTION_OFFICER}),
    reading=frozenset(WHO),
    not_now=Text(
        "现在不能由您作此操作（由使用部门的数据保护负责人答复，且不能答复对本人查看的异议）",
        "This is not yours to do now: the data-protection officer of the department that used it answers, and nobody"
        " for a look of their own",
    ),
)
"""Challenges as pages show them."""


@dataclass(frozen=True)
class ChallengePages(ProceedingPages):
    """The pages about challenges; what was asked for, by which system, on which ground: in the catalogue's words."""

    def about(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Which use it was, and how it stands."""
        registry = current(self.door.access.policy).registry
        name, system = names(registry, found["evidence_type"]["code"]), registry.systems.get(found["system"])
        item = {"service_item": found["service_item"]["code"], "legal_basis": found["legal_basis"]}
        in_words = {
            "asked": [name(each) for each in found["asked"]],
            "ground": ground(item, registry),
            "named_system": named(found["system"], None if system is None else system.title),
        }
        return self.matter.about({**found, **in_words})
