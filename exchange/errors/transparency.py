"""The log, and the period that is looked at."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

PERIOD_INVALID = ProblemKind(
    "usage.period-invalid",
    422,
    Fault.CONSUMER,
    Text("查询时段不正确", "The period is not valid"),
    Text("请以 RFC 3339 时间给出 from 与 to，且 from 早于 to。", "Give from and to as RFC 3339 times, from before to."),
)
ENTRY_UNKNOWN = ProblemKind(
    "ledger.unknown-entry",
    404,
    Fault.CONSUMER,
    Text("账本中没有这一条目或规模", "The log has no such entry or size"),
    Text("请先取得最新检查点。", "Read the newest checkpoint first."),
)
