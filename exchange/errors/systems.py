"""The system that calls: whether it is registered, in service, and not locked."""

from __future__ import annotations

from dataclasses import replace

from kernel.problems import Fault, ProblemKind
from kernel.text import Text
from policies.refusals import REFUSALS

SYSTEM_UNKNOWN = ProblemKind(
    "system.unknown",
    403,
    Fault.CONSUMER,
    Text("该客户端不是已登记的业务系统", "This client is not a registered system"),
    Text("请先由本部门在目录中登记该系统。", "Have your department register the system in the catalogue first."),
)
SYSTEM_NOT_OURS = ProblemKind(
    "system.not-ours",
    404,
    Fault.CONSUMER,
    Text("本部门没有这一业务系统", "Your department has no such system"),
    Text("请从目录中本部门的业务系统里选择。", "Choose one of your department's systems in the catalogue."),
)
SYSTEM_SUSPENDED = ProblemKind(
    "system.suspended",
    403,
    Fault.POLICY,
    Text("该业务系统已停用", "This system is suspended"),
    Text("请联系数据治理部门。", "Contact data governance."),
)
SYSTEM_LOCKED = replace(REFUSALS["policy.system-locked"], code="system.locked")
"""What the request that led to the lock was told of its items, each later one is told as a whole."""
LOCK_UNKNOWN = ProblemKind(
    "system-lock.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一锁定记录，或不属于本部门", "There is no such lock, or it is not of your department's system"),
    Text("请核对编号。", "Check the identifier."),
)
SANDBOX_ONLY = ProblemKind(
    "sandbox.kept-apart",
    403,
    Fault.POLICY,
    Text("沙箱与真实数据不得互通", "The sandbox and real data are kept apart"),
    Text(
        "沙箱系统只能请求沙箱材料；正式系统只能请求正式材料。",
        "A sandbox system asks for sandbox evidence only, any other system for real evidence only.",
    ),
)
