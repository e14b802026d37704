"""Corrections of records that somebody finds wrong."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

CORRECTION_UNKNOWN = ProblemKind(
    "correction.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一校核申请", "There is no such correction"),
    Text("请核对编号。", "Check the identifier."),
)
CORRECTION_NOT_RECEIVED = ProblemKind(
    "correction.not-received",
    404,
    Fault.CONSUMER,
    Text("没有向贵方提供过这一记录的这一字段", "This field of this record was not delivered to you"),
    Text(
        "只能对实际收到的字段、就其所属的人提出校核；请核对请求编号、序号、字段与当事人。",
        "A correction is about a field that was received: check request, item, field and whom it is about.",
    ),
)
CORRECTION_UNDER_WAY = ProblemKind(
    "correction.under-way",
    409,
    Fault.PROVIDER,
    Text("这一字段的校核正在办理", "A correction of this field is under way already"),
    Text("请等待提供部门答复，无须再提。", "Wait for the provider's answer; there is no need to open another."),
)
CORRECTION_NOT_ALLOWED = ProblemKind(
    "correction.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该校核作此操作", "This officer may not do this to the correction now"),
    Text(
        "commands 列出您现在可作的操作；其余由提供部门的受理人办理。",
        "The member commands lists what you may do now; the rest is for the provider's officer who took it up.",
    ),
)
CORRECTION_ANSWERED = ProblemKind(
    "correction.answered",
    409,
    Fault.CONSUMER,
    Text("该校核已经答复或撤回，不能再撤回", "The correction was answered or taken back already"),
    Text("请查看其现状。", "Look at how it stands."),
)
CORRECTION_INCOMPLETE = ProblemKind(
    "correction.incomplete",
    422,
    Fault.CONSUMER,
    Text("校核答复的内容不完整", "The answer to the correction is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
CORRECTION_CHANGED = ProblemKind(
    "correction.changed",
    409,
    Fault.CONSUMER,
    Text("该校核刚有变化", "The correction has changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
