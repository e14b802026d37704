"""Access requests, from which grants come."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

ACCESS_REQUEST_UNKNOWN = ProblemKind(
    "access-request.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一共享申请", "There is no such access request"),
    Text("请核对申请编号。", "Check the identifier."),
)
ACCESS_REQUEST_NOT_ALLOWED = ProblemKind(
    "access-request.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该申请作此操作", "This officer may not do this to the request now"),
    Text(
        "commands 列出您现在可作的操作；其余须由相应角色、相应部门的人员办理。",
        "The member commands lists what you may do now; anything else takes another officer, role or state.",
    ),
)
ACCESS_REQUEST_INCOMPLETE = ProblemKind(
    "access-request.incomplete",
    422,
    Fault.CONSUMER,
    Text("申请或答复的内容不完整", "The request or the answer to it is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
ACCESS_REQUEST_CHANGED = ProblemKind(
    "access-request.changed",
    409,
    Fault.CONSUMER,
    Text("该申请刚被他人更改", "The request was changed by somebody else just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
