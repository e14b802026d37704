"""Tasks of people who answer, in words: what a command does, what it asks for, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.console.forms import Field
from exchange.console.proceeding_pages import Command
from kernel.text import Text
from policies.responders.task import Status

TONES: Mapping[Status, str] = {
    Status.OPEN: "near",
    Status.TAKEN: "near",
    Status.QUESTIONED: "near",
    Status.ANSWERED: "good",
    Status.NOT_FOUND: "good",
    Status.REFUSED: "bad",
    Status.TIMED_OUT: "bad",
}
"""The colour of a state's tag; all others are calm. The words say the same."""


_RECORDED = Text(
    "会记入账本并交给需求部门。请勿写个人号码或姓名。",
    "Recorded in the ledger and passed on to the asking department. Name nobody.",
)
_SEALED = Text("加密保存，只有双方经办人能看到。", "Kept sealed: only the two officers read it.")
COMMANDS: Mapping[str, Command] = {
    "take": Command(
        Text("领取", "Take it"),
        Text(
            "领取后由您办理，您会看到当事人的号码；您查看过这一点会记入账本，本人可以查到。",
            "It is yours then, and you see whom it is about. That you looked is recorded, and that person can read it.",
        ),
    ),
    "answer": Command(
        Text("填写答复", "Answer it"),
        Text(
            "只填办件需要的内容。提交后按授权过滤、签名、记入账本，再交给需求部门；不能撤回。",
            "Only what the case needs. What you send is filtered, signed, recorded and passed on: for good.",
        ),
        final=True,
    ),
    "not-found": Command(
        Text("查无记录", "No record found"),
        Text(
            "需求部门会收到“查无记录”的答复，附时间。",
            "The asking department is told that there is no such record, and when you looked.",
        ),
        final=True,
    ),
    "refuse": Command(
        Text("拒绝", "Refuse it"),
        Text(
            "理由与依据会交给需求部门，并记入账本。",
            "The reason and the provision go to the asking department and into the ledger.",
        ),
        (
            Field("reason", Text("理由", "Reason"), _RECORDED, "area"),
            Field(
                "citation", Text("依据的条款", "Provision"), Text("例如：某条例第几条", "An article of a law or rule")
            ),
        ),
        final=True,
    ),
    "question": Command(
        Text("退问", "Ask back"),
        Text(
            "需求部门答复之前计时暂停；五个工作日内不答复，请求即结束。",
            "The clock stands still until the asking department answers; after five working days the request ends.",
        ),
        (Field("text", Text("要问的问题", "Question"), _SEALED, "area"),),
    ),
    "give-back": Command(
        Text("退回", "Put it back"),
        Text("任务回到待领取，由本单位同事领取。", "It waits for a colleague of this office."),
    ),
    "hand-over": Command(
        Text("移交替补单位", "Hand it over"),
        Text(
            "由替补单位办理，时限重新计算；本单位不再能办理。",
            "It is the substitute's turn, with a clock of its own, and no longer this office's.",
        ),
        (
            Field(
                "reason",
                Text("理由", "Reason"),
                Text(
                    "会记入账本，供审计查看。请勿写个人号码或姓名。",
                    "Recorded in the ledger for auditors. Name nobody.",
                ),
                "area",
            ),
        ),
        final=True,
    ),
    "reply": Command(
        Text("答复退问", "Answer the question"),
        Text("答复后由提供部门继续办理，计时继续。", "The office goes on, and its clock runs again."),
        (Field("text", Text("答复", "Answer"), _SEALED, "area"),),
    ),
}

EVENTS: Mapping[str, Text] = {
    "TaskOpened": Text("提出请求", "Asked for"),
    "TaskTaken": Text("领取", "Taken"),
    "TaskGivenBack": Text("退回", "Put back"),
    "TaskHandedOver": Text("移交替补单位", "Handed over to a substitute"),
    "TaskAnswered": Text("已答复", "Answered"),
    "TaskNotFound": Text("答复查无记录", "No record found"),
    "TaskRefused": Text("拒绝", "Refused"),
    "TaskQuestioned": Text("退问需求部门", "Asked back"),
    "TaskReplied": Text("需求部门答复退问", "The question was answered"),
    "TaskEscalated": Text("时限提醒", "Told that time runs out"),
    "TaskTimedOut": Text("逾时未答复", "Not answered in time"),
    "TaskWithdrawn": Text("请求已结束，任务撤销", "No longer wanted"),
}

_YES_NO = (("true", Text("是", "yes")), ("false", Text("否", "no")))


def answering(form: list[Mapping[str, Any]]) -> tuple[Field, ...]:
    """The fields of an answering form, made from what the API says of them."""
    return tuple(_field(each) for each in form)


def _field(each: Mapping[str, Any]) -> Field:
    label = Text(each["label"]["zh"], each["label"]["en"])
    if not each["required"]:
        label = Text(f"{label.zh}（没有可不填）", f"{label.en} (leave empty if there is none)")
    if each["type"] == "boolean":
        return Field(each["name"], label, kind="radios", choices=_YES_NO)
    if each["choices"]:
        return Field(each["name"], label, kind="radios", choices=[(one, Text(one, one)) for one in each["choices"]])
    if each["type"] == "array":
        return Field(each["name"], label, Text("每行一项", "One on each line"), "area")
    return Field(each["name"], label, _hint(each))


def _hint(each: Mapping[str, Any]) -> Text | None:
    if each["format"] == "date":
        zh, en = ("，无期限填 长期", ", or 长期 for no end") if each["long_term"] else ("", "")
        return Text(f"例如 2026-11-23{zh}", f"Such as 2026-11-23{en}")
    if each["format"] == "date-time":
        return Text("例如 2026-11-23T09:30:00+08:00", "Such as 2026-11-23T09:30:00+08:00")
    return Text("整数", "A whole number") if each["type"] == "integer" else None
