"""Challenges to a use of data."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

CHALLENGE_UNKNOWN = ProblemKind(
    "challenge.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一使用异议", "There is no such challenge"),
    Text("请核对编号。", "Check the identifier."),
)
CHALLENGE_GIVEN = ProblemKind(
    "challenge.given",
    409,
    Fault.CITIZEN,
    Text("这一条已经提出过异议", "This entry has been challenged already"),
    Text("请在使用记录中查看答复。", "Read the answer in your log."),
)
CHALLENGE_NOT_ALLOWED = ProblemKind(
    "challenge.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该异议作此操作", "This officer may not do this to the challenge now"),
    Text(
        "commands 列出您现在可作的操作；答复由使用部门的数据保护负责人作出。",
        "The member commands lists what you may do now; the data-protection officer of the department that used the"
        " data answers.",
    ),
)
CHALLENGE_INCOMPLETE = ProblemKind(
    "challenge.incomplete",
    422,
    Fault.CONSUMER,
    Text("异议答复的内容不完整", "The answer to the challenge is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
CHALLENGE_CHANGED = ProblemKind(
    "challenge.changed",
    409,
    Fault.CONSUMER,
    Text("该异议刚有变化", "The challenge has changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
