"""The kinds of messages, each a sentence in both languages made from what the message is about and its facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from kernel.dates import date_text
from kernel.text import Text
from policies.clocks.profile import STAGES, Stage
from policies.ratings.events import STATUSES as RATED
from policies.ratings.events import Status as Rated
from policies.requests.events import STATUSES, Status


class Kind(StrEnum):
    """What a message says."""

    GRANT_ENDS = "grant-ends"
    GRANT_TO_SIGN = "grant-to-sign"
    GRANT_UNASKED = "grant-unasked"
    GRANT_IN_FORCE = "grant-in-force"
    GRANT_RETURNED = "grant-returned"
    GRANT_SUSPENDED = "grant-suspended"
    REQUEST_WAITS = "request-waits"
    REQUEST_LATE = "request-late"
    REQUEST_LAPSED = "request-lapsed"
    ENTRY_WAITS = "entry-waits"
    ENTRY_RETURNED = "entry-returned"
    EMERGENCY_ASKED = "emergency-asked"
    EMERGENCY_OPEN = "emergency-open"
    EMERGENCY_TO_REVIEW = "emergency-to-review"
    EMERGENCY_OVERDUE = "emergency-overdue"
    SANDBOX_WAITS = "sandbox-waits"
    SANDBOX_OPEN = "sandbox-open"
    CAMPAIGN_OPENED = "campaign-opened"
    CAMPAIGN_REMINDS = "campaign-reminds"
    CAMPAIGN_CLOSED = "campaign-closed"
    GRANT_TO_TIGHTEN = "grant-to-tighten"
    GRANT_ENDED = "grant-ended"
    GRANT_LAPSED = "grant-lapsed"
    SUBSCRIPTION_PARKED = "subscription-parked"
    RATING_WAITS = "rating-waits"
    RATING_LATE = "rating-late"
    CORRECTION_WAITS = "correction-waits"
    CORRECTION_LATE = "correction-late"
    CORRECTION_DONE = "correction-done"
    CORRECTION_REJECTED = "correction-rejected"
    CORRECTION_WITHDRAWN = "correction-withdrawn"
    CHALLENGE_WAITS = "challenge-waits"
    CHALLENGE_LATE = "challenge-late"
    LOOK_UP_WITHOUT_CASE = "look-up-without-case"
    SYSTEM_LOCKED = "system-locked"
    SYSTEM_UNLOCKED = "system-unlocked"
    SOURCE_CHANGED = "source-changed"
    TASK_WAITS = "task-waits"
    TASK_LATE = "task-late"
    TASK_QUESTION = "task-question"
    TASK_REPLIED = "task-replied"
    TASK_REFUSED = "task-refused"
    FORWARDING_PARKED = "forwarding-parked"
    PAPER_NEAR = "paper-near"
    PAPER_OVERDUE = "paper-overdue"


URGENT = frozenset(
    {
        *(Kind.REQUEST_LATE, Kind.TASK_LATE, Kind.CORRECTION_LATE, Kind.RATING_LATE, Kind.PAPER_OVERDUE),
        Kind.CHALLENGE_LATE,
        *(Kind.EMERGENCY_ASKED, Kind.EMERGENCY_OPEN, Kind.EMERGENCY_TO_REVIEW, Kind.EMERGENCY_OVERDUE),
        *(Kind.GRANT_SUSPENDED, Kind.SYSTEM_LOCKED),
    }
)
"""What leaves the house at once and cannot be ordered off: time that runs out, emergencies, suspensions."""

TITLES: Mapping[Kind, Text] = {
    Kind.GRANT_ENDS: Text("授权即将到期", "A grant comes to its end"),
    Kind.GRANT_TO_SIGN: Text("授权等待签署", "A grant waits for a signature"),
    Kind.GRANT_UNASKED: Text("无条件共享的授权已提交", "A grant of what is shared unconditionally was handed in"),
    Kind.GRANT_IN_FORCE: Text("无条件共享的授权已生效", "A grant of what is shared unconditionally is in force"),
    Kind.GRANT_RETURNED: Text("授权已退回起草人", "A grant was sent back to its author"),
    Kind.GRANT_SUSPENDED: Text("授权已被暂停", "A grant was suspended"),
    Kind.REQUEST_WAITS: Text("共享申请等待办理", "An access request waits"),
    Kind.REQUEST_LATE: Text("共享申请的时限将尽", "Time for an access request runs out"),
    Kind.REQUEST_LAPSED: Text("共享申请的授权未能生效", "The grant of an access request did not take effect"),
    Kind.ENTRY_WAITS: Text("目录条目等待审核", "A catalogue entry waits for review"),
    Kind.ENTRY_RETURNED: Text("目录条目已退回", "A catalogue entry was returned"),
    Kind.EMERGENCY_ASKED: Text("应急取用等待开启", "Emergency access waits for a second person"),
    Kind.EMERGENCY_OPEN: Text("应急取用已开启", "Emergency access was opened"),
    Kind.EMERGENCY_TO_REVIEW: Text("应急取用等待审查", "Emergency access is to be reviewed"),
    Kind.EMERGENCY_OVERDUE: Text("应急取用的审查已逾期", "The review of emergency access is overdue"),
    Kind.SANDBOX_WAITS: Text("沙箱等待开放", "A sandbox waits to be opened"),
    Kind.SANDBOX_OPEN: Text("沙箱已开放", "A sandbox is open"),
    Kind.CAMPAIGN_OPENED: Text("授权等待复核", "Grants wait to be recertified"),
    Kind.CAMPAIGN_REMINDS: Text("复核尚未答复", "A recertification is not answered yet"),
    Kind.CAMPAIGN_CLOSED: Text("复核活动已结束", "A recertification campaign is closed"),
    Kind.GRANT_TO_TIGHTEN: Text("授权须收紧", "A grant is to be tightened"),
    Kind.GRANT_ENDED: Text("授权在复核中终止", "A grant was ended in a recertification"),
    Kind.GRANT_LAPSED: Text("授权已失效", "A grant has lapsed"),
    Kind.SUBSCRIPTION_PARKED: Text("事件订阅送不到", "An event subscription does not arrive"),
    Kind.RATING_WAITS: Text("评价等待办理", "A rating waits"),
    Kind.RATING_LATE: Text("差评整改的时限将尽", "Time to put a bad rating right runs out"),
    Kind.CORRECTION_WAITS: Text("校核申请等待受理", "A correction waits to be taken up"),
    Kind.CORRECTION_LATE: Text("校核申请的时限将尽", "Time for a correction runs out"),
    Kind.CORRECTION_DONE: Text("收到过的记录已更正", "A record that was received was corrected"),
    Kind.CORRECTION_REJECTED: Text("校核申请未被采纳", "A correction was rejected"),
    Kind.CORRECTION_WITHDRAWN: Text("校核申请已撤回", "A correction was taken back"),
    Kind.CHALLENGE_WAITS: Text("使用异议等待答复", "A challenged use waits for an answer"),
    Kind.CHALLENGE_LATE: Text("使用异议的时限将尽", "Time to answer a challenged use runs out"),
    Kind.LOOK_UP_WITHOUT_CASE: Text("无在办办件的查询被拒绝", "A look-up without an open case was refused"),
    Kind.SYSTEM_LOCKED: Text("业务系统已被锁定", "A system is locked"),
    Kind.SYSTEM_UNLOCKED: Text("业务系统已解除锁定", "A system is unlocked"),
    Kind.SOURCE_CHANGED: Text("数据来源与接入清单不一致", "A source is no longer as it was described"),
    Kind.TASK_WAITS: Text("人工答复任务等待领取", "A record is wanted by hand"),
    Kind.TASK_LATE: Text("人工答复的时限将尽", "Time to answer by hand runs out"),
    Kind.TASK_QUESTION: Text("人工答复有退问", "An office has a question"),
    Kind.TASK_REPLIED: Text("退问已得到答复", "A question was answered"),
    Kind.TASK_REFUSED: Text("人工答复被拒绝", "An answer by hand was refused"),
    Kind.FORWARDING_PARKED: Text("消息送不到登记的地址", "Messages do not arrive at an address"),
    Kind.PAPER_NEAR: Text("容缺材料临近期限", "A paper that may follow later is due soon"),
    Kind.PAPER_OVERDUE: Text("容缺材料已逾期", "A paper that was to follow is overdue"),
}
"""What a message is about in a few words that name no matter: all that leaves the house."""

Facts = Mapping[str, Any]


def in_words(kind: str, about: str, facts: Facts) -> Text:
    """A message as a sentence."""
    return _SENTENCES[Kind(kind)](about, facts)


def last_day(instant: str) -> Text:
    """The day whose end an instant is: a deadline is the midnight after it."""
    day = datetime.fromisoformat(instant) - timedelta(microseconds=1)
    return Text(date_text(day, "zh"), date_text(day, "en"))


SHAPE_CHANGES: Mapping[str, Text] = {
    "vanished": Text("字段 {} 的来处没有了", "what the field {} is read from is gone"),
    "type": Text("字段 {} 的来处换了类型", "what the field {} is read from has another type"),
    "renamed": Text("字段 {} 的来处换了名称", "what the field {} is read from has another name"),
    "format": Text("字段 {} 的来处换了写法，读不出来", "what the field {} is read from is written in another way"),
    "encoding": Text("文件换了编码", "its files are in another encoding"),
    "width": Text("文件的行换了长度", "the lines of its files have another length"),
    "new": Text("多了从前没有的内容", "it sends something that it did not send before"),
}
"""What has changed about a source, with a place for our field."""


def _source_changed(about: str, facts: Facts) -> Text:
    said = SHAPE_CHANGES[facts["change"]]
    return Text(
        f"材料 {about} 的数据来源与接入清单不再一致：{said.zh.format(facts['field'])}",
        f"The source of {about} is no longer as it was described: {said.en.format(facts['field'])}",
    )


def _grant_ends(about: str, facts: Facts) -> Text:
    day, left = last_day(facts["valid_to"]), facts["days"]
    return Text(
        f"授权 {about} 将于 {day.zh} 到期（不足 {left} 天）；不续期即失效",
        f"Grant {about} ends on {day.en}, in less than {left} days; unless it is renewed it lapses",
    )


def _request_waits(about: str, facts: Facts) -> Text:
    standing = STATUSES[Status(facts["status"])]
    return Text(f"共享申请 {about} 等待办理：{standing.zh}", f"Access request {about} waits for you: {standing.en}")


def _request_lapsed(about: str, _facts: Facts) -> Text:
    return Text(
        f"共享申请 {about} 已获同意，但其授权未生效即已终止；仍需要的，请重新申请",
        f"Access request {about} was approved, but its grant ended before it took effect: ask again if need be",
    )


def _request_late(about: str, facts: Facts) -> Text:
    stage, percent = STAGES[Stage(facts["stage"])], facts["percent"]
    return Text(
        f"共享申请 {about} 的{stage.zh}已用去时限的 {percent}%",
        f"Access request {about}: {percent} % of the time for {stage.en} is used up",
    )


def _campaign_opened(_about: str, facts: Facts) -> Text:
    day, count = last_day(facts["deadline"]), facts["items"]
    return Text(
        f"有 {count} 项授权等待贵部门复核，截止 {day.zh}；逾期未答复的授权即失效",
        f"{count} grants wait for your department to recertify them by {day.en}; without an answer they lapse",
    )


def _campaign_reminds(_about: str, facts: Facts) -> Text:
    day, count = last_day(facts["deadline"]), facts["items"]
    return Text(
        f"仍有 {count} 项授权未答复，截止 {day.zh}；逾期即失效",
        f"{count} grants are not answered yet, by {day.en} at the latest; after that they lapse",
    )


def _task_late(about: str, facts: Facts) -> Text:
    percent = facts["percent"]
    return Text(
        f"答复任务 {about} 已用去时限的 {percent}%", f"Task {about}: {percent} % of the time to answer is used up"
    )


def _paper_near(about: str, facts: Facts) -> Text:
    name = Text(**facts["requirement"])
    return Text(
        f"办件 {about} 容缺的“{name.zh}”应在 {date_text(facts['due'], 'zh')} 前补齐，请提醒申请人",
        f"Case {about}: “{name.en}” may follow until {date_text(facts['due'], 'en')}; remind the applicant",
    )


def _paper_overdue(about: str, facts: Facts) -> Text:
    name = Text(**facts["requirement"])
    return Text(
        f"办件 {about} 容缺的“{name.zh}”已过期限（{date_text(facts['due'], 'zh')}）仍未补齐，请催办或登记改用的方式",
        f"Case {about}: “{name.en}” was to follow by {date_text(facts['due'], 'en')} and has not; ask for it, or record"
        " how it is met instead",
    )


_SENTENCES: Mapping[Kind, Callable[[str, Facts], Text]] = {
    Kind.GRANT_ENDS: _grant_ends,
    Kind.GRANT_TO_SIGN: lambda about, _facts: Text(f"授权 {about} 等待签署", f"Grant {about} waits for a signature"),
    Kind.GRANT_UNASKED: lambda about, _facts: Text(
        f"授权 {about} 已提交；全部内容无条件共享，由数据主管部门签署，贵部门无须签署",
        f"Grant {about} was handed in. All of it is shared unconditionally: the data office signs it, you need not",
    ),
    Kind.GRANT_IN_FORCE: lambda about, _facts: Text(
        f"授权 {about} 已生效；全部内容无条件共享，未经贵部门签署，贵部门可以随时暂停",
        f"Grant {about} is in force. All of it is shared unconditionally and you did not sign it; you can suspend it at"
        " any time",
    ),
    Kind.GRANT_RETURNED: lambda about, _facts: Text(
        f"授权 {about} 已退回，须修改后重新提交；理由见账本与该授权的页面",
        f"Grant {about} was sent back and has to be handed in again; the ledger says why",
    ),
    Kind.GRANT_SUSPENDED: lambda about, _facts: Text(
        f"授权 {about} 已被暂停，签署人全体同意后方可恢复",
        f"Grant {about} was suspended; it takes its whole panel to put it back",
    ),
    Kind.FORWARDING_PARKED: lambda _about, _facts: Text(
        "本职务登记的一个消息接收地址送不到，已停放；请检查后重新验证",
        "Messages do not arrive at an address of your office; it is parked: look at it, then prove it again",
    ),
    Kind.PAPER_NEAR: _paper_near,
    Kind.PAPER_OVERDUE: _paper_overdue,
    Kind.REQUEST_WAITS: _request_waits,
    Kind.REQUEST_LATE: _request_late,
    Kind.REQUEST_LAPSED: _request_lapsed,
    Kind.ENTRY_WAITS: lambda about, _facts: Text(
        f"目录条目 {about} 已提交，等待审核", f"Catalogue entry {about} was handed in and waits for review"
    ),
    Kind.ENTRY_RETURNED: lambda about, _facts: Text(
        f"目录条目 {about} 已退回，请修改后再提交",
        f"Catalogue entry {about} was returned; change it and hand it in again",
    ),
    Kind.EMERGENCY_ASKED: lambda about, facts: Text(
        f"应急取用 {about} 等待第二人开启（模板 {facts['template']}）",
        f"Emergency access {about} waits for a second person to open it (template {facts['template']})",
    ),
    Kind.EMERGENCY_OPEN: lambda about, facts: Text(
        f"应急取用 {about} 已开启（模板 {facts['template']}），可随时提前结束",
        f"Emergency access {about} is open (template {facts['template']}); you may end it at any time",
    ),
    Kind.EMERGENCY_TO_REVIEW: lambda about, _facts: Text(
        f"应急取用 {about} 已结束，须在三个工作日内审查",
        f"Emergency access {about} is over and must be reviewed within three working days",
    ),
    Kind.EMERGENCY_OVERDUE: lambda about, _facts: Text(
        f"应急取用 {about} 的审查已逾期；审查之前，该部门不能再开启应急取用",
        f"The review of emergency access {about} is overdue; until then the department opens no other",
    ),
    Kind.SANDBOX_WAITS: lambda about, _facts: Text(
        f"{about} 的业务系统已报到，等待开放沙箱",
        f"A system of {about} has checked in and waits for the sandbox to open",
    ),
    Kind.SOURCE_CHANGED: _source_changed,
    Kind.CAMPAIGN_OPENED: _campaign_opened,
    Kind.CAMPAIGN_REMINDS: _campaign_reminds,
    Kind.CAMPAIGN_CLOSED: lambda about, _facts: Text(
        f"复核活动 {about} 已结束", f"The recertification campaign {about} is closed"
    ),
    Kind.GRANT_TO_TIGHTEN: lambda about, _facts: Text(
        f"提供部门要求收紧授权 {about}，请起草收紧的版本",
        f"The provider asks for grant {about} to be tightened: draft it",
    ),
    Kind.GRANT_ENDED: lambda about, _facts: Text(
        f"提供部门在复核中终止了授权 {about}", f"The provider ended grant {about} in a recertification"
    ),
    Kind.GRANT_LAPSED: lambda about, _facts: Text(
        f"授权 {about} 复核逾期未答复，已失效", f"Grant {about} has lapsed: nobody answered for it in a recertification"
    ),
    Kind.SUBSCRIPTION_PARKED: lambda about, facts: Text(
        f"业务系统 {facts['system']} 的推送地址长期无法送达，事件订阅 {about} 已停放；修复后请恢复",
        f"The webhook of {facts['system']} could not be reached for long; event subscription {about} is parked:"
        " mend it, then take it up again",
    ),
    Kind.RATING_WAITS: lambda about, facts: Text(
        f"办件 {about} 的评价等待办理：{RATED[Rated(facts['status'])].zh}",
        f"The rating of case {about} waits for you: {RATED[Rated(facts['status'])].en}",
    ),
    Kind.RATING_LATE: lambda about, facts: Text(
        f"办件 {about} 的差评整改已用去时限的 {facts['percent']}%",
        f"The bad rating of case {about}: {facts['percent']} % of the time to put it right is used up",
    ),
    Kind.CORRECTION_WAITS: lambda about, _facts: Text(
        f"校核申请 {about} 等待受理", f"Correction {about} waits to be taken up"
    ),
    Kind.CORRECTION_LATE: lambda about, facts: Text(
        f"校核申请 {about} 已用去时限的 {facts['percent']}%",
        f"Correction {about}: {facts['percent']} % of its time is used up",
    ),
    Kind.CORRECTION_DONE: lambda about, _facts: Text(
        f"贵部门收到过的一条记录已在源头更正（{about}），请重新取得并检查所办事项",
        f"A record your department received was corrected at its source ({about}): ask for it again, review the case",
    ),
    Kind.CORRECTION_REJECTED: lambda about, _facts: Text(
        f"校核申请 {about} 未被采纳", f"Correction {about} was rejected"
    ),
    Kind.CORRECTION_WITHDRAWN: lambda about, _facts: Text(
        f"校核申请 {about} 已由提出者撤回，所涉记录不再有争议",
        f"Correction {about} was taken back by whoever opened it: the record is disputed no longer",
    ),
    Kind.CHALLENGE_WAITS: lambda about, _facts: Text(
        f"有人对贵部门的一次使用提出异议（{about}），请查明并答复",
        f"Somebody says that a use by your department was not theirs ({about}): look into it and answer",
    ),
    Kind.CHALLENGE_LATE: lambda about, facts: Text(
        f"使用异议 {about} 已用去时限的 {facts['percent']}%",
        f"Challenge {about}: {facts['percent']} % of the time to answer is used up",
    ),
    Kind.LOOK_UP_WITHOUT_CASE: lambda about, _facts: Text(
        f"业务系统 {about} 在没有在办办件的情况下查询数据，已拒绝",
        f"System {about} asked for data without an open case; it was refused",
    ),
    Kind.SYSTEM_LOCKED: lambda about, facts: Text(
        f"业务系统 {about} 一小时内查询 {facts['people']} 人而办件没有进展，已被锁定",
        f"System {about} is locked: it looked up {facts['people']} people within an hour while cases did not progress",
    ),
    Kind.SYSTEM_UNLOCKED: lambda about, _facts: Text(
        f"安全管理员已解除对业务系统 {about} 的锁定", f"A security administrator lifted the lock of system {about}"
    ),
    Kind.SANDBOX_OPEN: lambda _about, _facts: Text(
        "沙箱已开放，现在可以申请沙箱数据", "The sandbox is open: ask for sandbox data now"
    ),
    Kind.TASK_WAITS: lambda about, _facts: Text(
        f"有一项人工答复任务等待本单位领取：{about}", f"A record is wanted of your office; take the task {about}"
    ),
    Kind.TASK_LATE: _task_late,
    Kind.TASK_QUESTION: lambda about, _facts: Text(
        f"提供部门就任务 {about} 提出退问，请在五个工作日内答复，否则请求结束",
        f"The office has a question about task {about}; answer it within five working days, or the request ends",
    ),
    Kind.TASK_REPLIED: lambda about, _facts: Text(
        f"需求部门已答复任务 {about} 的退问，计时继续",
        f"The asking department has answered about task {about}; the clock runs again",
    ),
    Kind.TASK_REFUSED: lambda about, _facts: Text(
        f"提供部门拒绝了任务 {about}，理由与依据见任务", f"The office refused task {about}; it says why and by what"
    ),
}
