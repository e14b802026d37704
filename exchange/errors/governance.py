"""Grants, the decisions taken by them, and what a statute seals."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

GRANT_UNKNOWN = ProblemKind(
    "grant.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一授权", "There is no such grant"),
    Text("请核对授权编号。", "Check the identifier."),
)
GRANT_NOT_ALLOWED = ProblemKind(
    "grant.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该授权作此操作", "This officer may not do this to the grant now"),
    Text(
        "请由相应角色、相应部门的人员在相应状态下操作。",
        "It takes another officer, another role or another state of the grant.",
    ),
)
GRANT_CHANGED = ProblemKind(
    "grant.changed",
    409,
    Fault.CONSUMER,
    Text("该授权刚被他人更改", "The grant was changed by somebody else just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
NOTHING_TO_TIGHTEN = ProblemKind(
    "grant.nothing-to-tighten",
    409,
    Fault.CONSUMER,
    Text("没有可以去掉的部分", "There is nothing that could be taken away"),
    Text(
        "授权仍在充分使用、生效不足九十天，或完全未使用（应予撤销）。",
        "All of it is in use, it has not been in force for ninety days, or none of it is in use: revoke it then.",
    ),
)
DECISION_UNKNOWN = ProblemKind(
    "decision.unknown",
    404,
    Fault.CONSUMER,
    Text("没有您可以查阅的这一裁决", "There is no such decision that you may read"),
    Text(
        "请核对裁决编号（dec_ 开头，见材料或拒绝答复）；其他部门的裁决请由该部门、审计人员或数据保护负责人查阅。",
        "Check the identifier (dec_…, in evidence and refusals alike); another department's decisions are for that"
        " department, auditors and data-protection officers.",
    ),
)
SEALING_UNKNOWN = ProblemKind(
    "sealing.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一封存记录，或不由本部门作出", "There is no such sealing, or it is not this department's"),
    Text("请在封存登记中核对编号。", "Look the identifier up in the register."),
)
