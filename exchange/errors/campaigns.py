"""Campaigns, in which every grant is looked at again."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

CAMPAIGN_UNKNOWN = ProblemKind(
    "campaign.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一复核活动或事项", "There is no such campaign or item"),
    Text("请核对编号。", "Check the identifier."),
)
CAMPAIGN_NOT_ALLOWED = ProblemKind(
    "campaign.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能作此操作", "This officer may not do this now"),
    Text(
        "请由相应角色、相应部门的人员在期限内操作。",
        "It takes another officer or role, and has to be done before the deadline.",
    ),
)
CAMPAIGN_INCOMPLETE = ProblemKind(
    "campaign.incomplete",
    422,
    Fault.CONSUMER,
    Text("内容不完整，或所选范围不合要求", "Something is missing, or the choice is not possible"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
CAMPAIGN_CHANGED = ProblemKind(
    "campaign.changed",
    409,
    Fault.CONSUMER,
    Text("复核活动、事项或所选授权刚有变化", "The campaign, the item or the chosen grants changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
