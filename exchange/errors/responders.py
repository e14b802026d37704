"""Answers that people give by hand: the task, and what became of it."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

TASK_UNKNOWN = ProblemKind(
    "task.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一答复任务，或与您所在的机构无关", "There is no such task, or it does not concern your organisation"),
    Text("请核对编号。", "Check the identifier."),
)
TASK_NOT_ALLOWED = ProblemKind(
    "task.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该任务作此操作", "This officer may not do this to the task now"),
    Text(
        "请由当前轮到的单位、领取任务的人员或需求部门的经办人操作。",
        "It is for the office whose turn it is, for whoever took it, or for the asking department.",
    ),
)
TASK_INCOMPLETE = ProblemKind(
    "task.incomplete",
    422,
    Fault.CONSUMER,
    Text("须写明理由；拒绝还须注明依据", "A reason is missing, or the provision that a refusal rests on"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
TASK_CHANGED = ProblemKind(
    "task.changed",
    409,
    Fault.CONSUMER,
    Text("该任务刚有变化", "The task changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
TASK_SOURCE_GONE = ProblemKind(
    "task.source-gone",
    409,
    Fault.PROVIDER,
    Text("该材料类型已不由人工答复", "People no longer answer for this evidence type"),
    Text("请联系平台运维人员检查接入清单。", "Ask the platform operator to check the connector manifest."),
)
REFUSED_BY_OFFICE = ProblemKind(
    "source.refused-by-office",
    403,
    Fault.PROVIDER,
    Text("提供部门的工作人员拒绝提供，并注明了依据", "The office refuses to supply it, and cites why"),
    Text("请按所注依据与提供部门联系，或改用其他方式。", "Take it up with the office, or use another way."),
)
NOBODY_ANSWERED = ProblemKind(
    "source.not-answered-in-time",
    504,
    Fault.PROVIDER,
    Text("提供部门及替补单位均未在时限内答复", "Neither the office nor its substitutes answered in time"),
    Text("请改用其他方式，或重新请求。", "Use another way, or ask again."),
)
