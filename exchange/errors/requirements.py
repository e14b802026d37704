"""The requirements of a case: its circumstances, and the order in which each may be met."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

CIRCUMSTANCE_UNKNOWN = ProblemKind(
    "case.circumstance-unknown",
    422,
    Fault.CONSUMER,
    Text("该事项没有这一情形，或没有这个值", "The service item has no such circumstance, or not this value of it"),
    Text("请按 detail 核对；事项的情形见其要求。", "See detail; the requirements of the service item list them."),
)
CIRCUMSTANCES_MISSING = ProblemKind(
    "resolution.circumstances-missing",
    422,
    Fault.CONSUMER,
    Text("还不能确定是否需要这一项", "It is not known yet whether this is needed"),
    Text("请先声明 depends_on 所列的情形。", "First declare the circumstances listed under depends_on."),
)
REQUIREMENT_UNKNOWN = ProblemKind(
    "resolution.unknown-requirement",
    422,
    Fault.CONSUMER,
    Text("该事项没有这一要求", "The service item has no such requirement"),
    Text("请在事项的要求中核对代码。", "Look the code up in the requirements of the service item."),
)
REQUIREMENT_NOT_NEEDED = ProblemKind(
    "resolution.not-needed",
    409,
    Fault.CONSUMER,
    Text("本办件不需要这一项，不得要求提交", "This case does not need it, so it must not be asked for"),
    Text(
        "请不要收取；当事人愿到窗口出示的，按 window 记录。",
        "Do not collect it; what is shown at a window is recorded as window.",
    ),
)
RUNG_ABOVE_OPEN = ProblemKind(
    "resolution.sharing-could-supply",
    409,
    Fault.CONSUMER,
    Text("通过共享能够取得，不得要求另行提供", "Sharing can supply it, so people must not be asked for it"),
    Text(
        "请先按 open 所列方式取得；确实不能的，逐级说明原因。窗口始终可用。",
        "Obtain it as open lists; where that fails, say why, step by step. The window is always there.",
    ),
)
RUNG_NOT_OFFERED = ProblemKind(
    "resolution.not-offered",
    409,
    Fault.CONSUMER,
    Text("该项要求不能以这种方式满足", "This requirement cannot be met in this way"),
    Text("可用的方式见办件的要求。", "The requirements of the case list the ways there are."),
)
CERTIFICATE_NOT_IN_FORCE = ProblemKind(
    "resolution.certificate-not-in-force",
    409,
    Fault.CITIZEN,
    Text(
        "共享取得的证照已失效或暂扣，不得以纸质件、承诺或容缺代替",
        "The certificate came by sharing and is not in force; neither paper nor a promise takes its place",
    ),
    Text(
        "请本人到发证部门办理后重新取得；已有新证的，由窗口核验原件。",
        "The person has its department put it right, then ask for it again; a newer one is shown at the window.",
    ),
)
CAUSE_UNPROVEN = ProblemKind(
    "resolution.cause-unproven",
    409,
    Fault.CONSUMER,
    Text("平台没有看到所说的原因", "The exchange has not seen the cause that is given"),
    Text(
        "请先在本办件中请求该材料；没有记录、来源不可用等由平台自行核对。",
        "First ask for the evidence in this case: no record, or a source that is down, the exchange sees for itself.",
    ),
)
