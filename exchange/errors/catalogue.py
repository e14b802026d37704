"""Entries of the catalogue on their way to being published, and looking for them."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

ENTRY_NOT_ALLOWED = ProblemKind(
    "catalogue.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该目录条目作此操作", "This officer may not do this to the entry now"),
    Text(
        "请由相应角色、相应部门的人员在相应状态下操作。",
        "It takes another officer, another role or another state of the entry.",
    ),
)
ENTRY_CHANGED = ProblemKind(
    "catalogue.changed",
    409,
    Fault.CONSUMER,
    Text("该条目或目录刚被他人更改", "The entry, or the catalogue around it, was changed by somebody else just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
ENTRY_INVALID = ProblemKind(
    "catalogue.invalid",
    422,
    Fault.CONSUMER,
    Text("条目内容不符合要求，或与目录其他内容矛盾", "The entry is not valid, or contradicts the catalogue"),
    Text("请按 findings 逐项改正。", "Mend what is listed under findings."),
)
ENTRY_IN_USE = ProblemKind(
    "catalogue.in-use",
    409,
    Fault.POLICY,
    Text("现行授权仍依赖该条目", "A grant still rests on this entry"),
    Text("请先变更或撤销该授权。", "Change or revoke the grant first."),
)
SEARCH_NOT_READY = ProblemKind(
    "catalogue.search-not-ready",
    503,
    Fault.EXCHANGE,
    Text("目录检索正在启动", "The search of the catalogue is being made ready"),
    Text("请稍后用同一请求重试。", "Send the same request again later."),
)
