"""Openings of emergency access in words: what a command does, what it asks for, what happened."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.console.forms import Field
from exchange.console.proceeding_pages import Command
from kernel.text import Text
from policies.emergency.opening import FINDINGS, Status

TONES: Mapping[Status, str] = {
    Status.ASKED: "near",
    Status.OPEN: "bad",
    Status.ENDED: "near",
    Status.REVIEWED: "good",
}
"""The colour of a state's tag; all others are calm. The words say the same."""


_REASON = Field(
    "reason",
    Text("理由", "Reason"),
    Text("会记入账本，供审计查看。请勿写个人号码或姓名。", "Recorded in the ledger for auditors. Name nobody."),
    "area",
)
COMMANDS: Mapping[str, Command] = {
    "open": Command(
        Text("开启", "Open it"),
        Text(
            "您是第二人，与申请人共同负责。开启后立即可以取用，提供部门和数据主管部门同时得到消息，本人会得到告知，事后必须审查。",
            "You are the second person and answer for it with the first. Data can leave at once; the provider and data "
            "governance are told, the person is given notice, and a review follows in any case.",
        ),
        final=True,
    ),
    "decline": Command(
        Text("不予开启", "Do not open it"),
        Text("申请就此结束。", "The matter is over."),
        (_REASON,),
    ),
    "close": Command(
        Text("立即结束", "End it now"),
        Text("立即停止取用，随后审查。", "Nothing more leaves, and the review follows."),
        (_REASON,),
    ),
    "review": Command(
        Text("审查", "Review it"),
        Text(
            "结论记入账本。没有审查就逾期的，该部门不能再开启应急取用。",
            "The finding is recorded in the ledger. While a review is overdue, the department opens no other.",
        ),
        (
            Field(
                "finding",
                Text("结论", "Finding"),
                kind="radios",
                choices=[(finding.value, text) for finding, text in FINDINGS.items()],
            ),
            Field("words", Text("审查意见", "In words"), Text("请勿写个人号码或姓名。", "Name nobody."), "area"),
        ),
    ),
}


def asking(templates: list[tuple[str, Text]]) -> tuple[Field, ...]:
    """The form of a new opening, with the templates there are."""
    return (
        Field("template", Text("应急模板", "Template"), kind="radios", choices=templates),
        Field("case", Text("办件编号", "Case"), Text("本部门正在办理的件", "One of your department's open cases")),
        _REASON,
    )


EVENTS: Mapping[str, Text] = {
    "EmergencyAsked": Text("申请开启", "Asked for"),
    "EmergencyOpened": Text("由第二人开启", "Opened by a second person"),
    "EmergencyDeclined": Text("未予开启", "Not opened"),
    "EmergencyLapsed": Text("逾时未开启，自动失效", "Lapsed unopened"),
    "EmergencyClosed": Text("提前结束", "Ended before its time"),
    "EmergencyEnded": Text("到期结束", "Ran out"),
    "EmergencyReviewOverdue": Text("审查逾期", "The review was overdue"),
    "EmergencyReviewed": Text("已审查", "Reviewed"),
}
OUTCOMES: Mapping[str, Text] = {
    "released": Text("已提供", "provided"),
    "refused": Text("被拒绝", "refused"),
    "failed": Text("未能取得", "could not be obtained"),
}
