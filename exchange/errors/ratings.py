"""Ratings of cases that have ended."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

RATING_UNKNOWN = ProblemKind(
    "rating.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一评价", "There is no such rating"),
    Text("请核对办件编号。", "Check the case."),
)
RATING_TOO_EARLY = ProblemKind(
    "rating.too-early",
    409,
    Fault.CONSUMER,
    Text("该办件尚未办结，办结后才能评价", "The case has not ended; it is rated once it has"),
    Text("请待办结后再评价。", "Rate it when it has ended."),
)
RATING_GIVEN = ProblemKind(
    "rating.given",
    409,
    Fault.CITIZEN,
    Text("该办件已经评价过，一件事只评一次", "The case has been rated; it is rated once"),
    Text("如有新的情况，请联系办理部门。", "Tell the department if something has happened since."),
)
RATING_NOT_ALLOWED = ProblemKind(
    "rating.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该评价作此操作", "This officer may not do this to the rating now"),
    Text(
        "commands 列出您现在可作的操作；其余由办理部门或数据主管部门办理。",
        "The member commands lists what you may do now; the rest is for the department or for data governance.",
    ),
)
RATING_INCOMPLETE = ProblemKind(
    "rating.incomplete",
    422,
    Fault.CONSUMER,
    Text("内容不完整", "It is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
RATING_CHANGED = ProblemKind(
    "rating.changed",
    409,
    Fault.CONSUMER,
    Text("该评价刚有变化", "The rating has changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
