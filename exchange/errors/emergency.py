"""Emergency access: the template, the opening, and the review afterwards."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

EMERGENCY_UNKNOWN = ProblemKind(
    "emergency.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一应急取用", "There is no such opening of emergency access"),
    Text("请核对编号。", "Check the identifier."),
)
EMERGENCY_TEMPLATE_UNKNOWN = ProblemKind(
    "emergency.template-unknown",
    404,
    Fault.CONSUMER,
    Text("本部门没有这一生效中的应急模板", "Your department has no such template in force"),
    Text(
        "应急模板须事先由全部席位签署；不能等待时，请向提供部门线下求助。",
        "A template is signed by its whole panel beforehand. What cannot wait goes to the provider by other ways.",
    ),
)
EMERGENCY_NOT_ALLOWED = ProblemKind(
    "emergency.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该应急取用作此操作", "This officer may not do this to the opening now"),
    Text(
        "commands 列出您现在可作的操作；其余须由第二人、相应角色或相应部门办理。",
        "The member commands lists what you may do now; anything else takes a second person, another role or state.",
    ),
)
EMERGENCY_INCOMPLETE = ProblemKind(
    "emergency.incomplete",
    422,
    Fault.CONSUMER,
    Text("申请或审查的内容不完整", "The request or the review is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
EMERGENCY_CHANGED = ProblemKind(
    "emergency.changed",
    409,
    Fault.CONSUMER,
    Text("该应急取用刚有变化", "The opening, or what it rests on, has changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
