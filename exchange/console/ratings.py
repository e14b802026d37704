"""Ratings in words and on pages: department by department as a chart, one by one, and the page before each command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange import errors
from exchange.console.door import Visitor
from exchange.console.forms import YES_NO, Field
from exchange.console.inside import asking, told
from exchange.console.proceeding_pages import Command, Matter, ProceedingPages, last_working_day
from exchange.console.words import moment_text, same, text_of
from exchange.ratings.desk import RatingDesk
from kernel.text import Text
from kernel.web.http import HttpRequest
from policies.ratings.events import GRADES, Grade, Status
from policies.roles import Role

TONES: Mapping[Status, str] = {
    Status.TO_VERIFY: "near",
    Status.APPEALED: "near",
    Status.TO_RECTIFY: "bad",
    Status.RECTIFIED: "near",
    Status.CLOSED: "good",
}
"""The colour of a state's tag; all others are calm. The words say the same."""
_REASON = Field(
    "reason",
    Text("说明", "In words"),
    Text("评价人可以看到；请勿写个人号码。", "Whoever rated reads it; name no number."),
    "area",
)
_SATISFIED = Field("satisfied", Text("评价人现在是否满意", "Are they satisfied now"), None, "radios", YES_NO)
COMMANDS: Mapping[str, Command] = {
    "confirm": Command(
        Text("核实属实", "It is justified"),
        Text("接着请整改，再回访评价人。", "Put it right next, then call back whoever rated."),
        (_REASON,),
    ),
    "appeal": Command(
        Text("提出异议", "Object to it"),
        Text(
            "仅限恶意或误评，由数据主管部门裁定，期限照常计算。",
            "For what is malicious or mistaken. Data governance decides, and the clock goes on.",
        ),
        (_REASON,),
    ),
    "exclude": Command(
        Text("不计入", "It does not count"),
        Text("此评价不再计入统计。", "It is left out of every count."),
        (_REASON,),
    ),
    "uphold": Command(
        Text("计入并整改", "It counts"),
        Text("办理部门须整改并回访。", "The department puts it right and calls back."),
        (_REASON,),
    ),
    "rectify": Command(
        Text("已整改", "It is put right"),
        Text("接着请回访评价人。", "Call back whoever rated next."),
        (_REASON,),
    ),
    "call-back": Command(
        Text("回访", "Called back"),
        Text("满意即办结；不满意则继续整改。", "If they are satisfied it is closed, otherwise it goes on."),
        (_SATISFIED, _REASON),
    ),
}
EVENTS: Mapping[str, Text] = {
    "CaseRated": Text("评价", "Rated"),
    "RatingConfirmed": Text("核实属实", "Found justified"),
    "RatingAppealed": Text("提出异议", "Objected to"),
    "RatingExcluded": Text("裁定不计入", "Does not count"),
    "RatingUpheld": Text("裁定计入", "Counts"),
    "RatingRectified": Text("已整改", "Put right"),
    "RaterCalledBack": Text("已回访", "Called back"),
    "RatingEscalated": Text("时限提醒", "Time ran out, somebody above was told"),
}


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        (Text("评价", "Grade"), _grade(found)),
        (Text("事项", "Matter"), text_of(found["service_item"]["name"])),
        (Text("办理部门", "Department"), text_of(found["organisation"]["name"])),
        (Text("评价时间", "Rated"), moment_text(found["rated_at"])),
    ]
    if found["words"]:
        rows.append(
            (
                Text("评价内容（只向办理部门显示）", "What was said (the department alone reads it)"),
                same(found["words"]),
            )
        )
    if found["clock"] is not None:
        rows.append((Text("整改期限", "To be put right by"), last_working_day(found["clock"])))
    if found["note"]:
        rows.append((Text("最近的说明", "What was said last"), same(found["note"])))
    tone = TONES.get(Status(found["status"]), "calm")
    return {"standing": text_of(found["label"]), "tone": tone, "facts": rows}


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "case": found["case"],
        "grade": _grade(found),
        "item": text_of(found["service_item"]["name"]),
        "organisation": text_of(found["organisation"]["name"]),
        "standing": text_of(found["label"]),
        "tone": TONES.get(Status(found["status"]), "calm"),
        "due": None if found["clock"] is None else last_working_day(found["clock"]),
        "late": found["clock"] is not None and found["clock"]["late"],
    }


def _grade(found: Mapping[str, Any]) -> Text:
    said = GRADES[Grade(found["grade"])]
    return Text(f"{found['grade']} 分，{said.zh}", f"{found['grade']}, {said.en}")


RATINGS = Matter(
    place="ratings",
    several="ratings",
    template="proceeding",
    identifier="case",
    title=Text("好差评", "Ratings"),
    one=lambda name: Text(f"办件 {name} 的评价", f"Rating of case {name}"),
    changed=Text("此件刚才有了变化", "This rating has changed meanwhile"),
    commands=COMMANDS,
    events=EVENTS,
    mended=(errors.RATING_INCOMPLETE,),
    moved=errors.RATING_CHANGED,
    not_allowed=errors.RATING_NOT_ALLOWED,
    row=_row,
    about=_about,
    roles=frozenset({Role.CONSUMER_OFFICER, Role.GOVERNANCE_OFFICER}),
    not_now=Text(
        "现在不能由您作此操作（由办理部门整改，由另一部门的数据主管人员裁定）",
        "This is not yours to do now: the department puts it right, data governance of another decides",
    ),
)
"""Ratings as pages show them."""


@dataclass(frozen=True)
class RatingPages(ProceedingPages):
    """The pages about ratings; above the list stands what each department was given in the last thirty days."""

    desk: RatingDesk

    def beside(self, visitor: Visitor, request: HttpRequest) -> dict[str, Any]:
        """The departments with their grades, the best first. Raises Problem."""
        del visitor
        found = told(self.desk.summary(asking(request)))["departments"]
        shown = sorted((one for one in found if one["rated"]), key=lambda one: (-one["satisfied_per_cent"], one["bad"]))
        return {
            "departments": [
                {
                    "name": text_of(one["organisation"]["name"]),
                    "per_cent": one["satisfied_per_cent"],
                    "rated": one["rated"],
                    "bad": one["bad"],
                    "under_way": one["under_way"],
                }
                for one in shown
            ]
        }
