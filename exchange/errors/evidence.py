"""One item of a request: whom it is about, what it builds on, and what its source said."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

SUBJECT_MISSING = ProblemKind(
    "evidence.subject-missing",
    422,
    Fault.CONSUMER,
    Text("没有说明材料是关于谁的", "Nobody is named whom the evidence is about"),
    Text(
        "令牌不代表本人时，须为每项材料写明 subject。",
        "Where the token stands for no person, every item names its subject.",
    ),
)
SUBJECT_OTHER_SCHEME = ProblemKind(
    "evidence.subject-scheme",
    422,
    Fault.CONSUMER,
    Text("该材料类型不适用于这类主体", "This evidence type is not about subjects of this kind"),
    Text("请核对材料类型与主体标识类型。", "Check the evidence type and the scheme of the subject."),
)
NOBODY_TO_PREVIEW = ProblemKind(
    "evidence.nobody-to-preview",
    422,
    Fault.CONSUMER,
    Text("没有可以预览该材料的人", "There is nobody who could look at this evidence before it is provided"),
    Text(
        "未成年人和单位的材料，由本人在场的监护人或受托人预览；请在其登录后请求。",
        "Of minors and companies, the guardian or representative looks at it: ask while that person is signed in.",
    ),
)
INPUT_MISSING = ProblemKind(
    "evidence.input-missing",
    424,
    Fault.CONSUMER,
    Text("应由前一项材料指明的人尚未得知", "The item that was to name the subject has not been delivered"),
    Text(
        "请先取得 subject.from 所指的材料，再为此人请求。",
        "Obtain the item that subject.from names first, then ask about whom it names.",
    ),
)
INPUT_AMBIGUOUS = ProblemKind(
    "evidence.input-ambiguous",
    422,
    Fault.CONSUMER,
    Text("前一项材料指明了多人", "The item before names more than one subject"),
    Text("请在 subject 中写明是哪一位。", "Say in subject which of them is meant."),
)
RECORD_NOT_FOUND = ProblemKind(
    "evidence.not-found",
    404,
    Fault.PROVIDER,
    Text("数据提供部门没有相应记录", "The providing department holds no such record"),
    Text(
        "请与当事人核对；确有记录的，由数据提供部门更正。",
        "Check with the person; if there should be one, the provider corrects it.",
    ),
)
RECORD_INVALID = ProblemKind(
    "evidence.invalid-record",
    502,
    Fault.PROVIDER,
    Text("数据提供部门的记录不符合其目录定义", "The record does not conform to its own definition in the catalogue"),
    Text("请联系数据提供部门。", "Contact the providing department."),
)
SOURCE_MISSING = ProblemKind(
    "evidence.no-source",
    503,
    Fault.EXCHANGE,
    Text("该材料类型尚未接入数据来源", "No source is connected for this evidence type"),
    Text("请联系平台运维人员。", "Contact the operators of the platform."),
)
RETRIEVAL_INTERRUPTED = ProblemKind(
    "evidence.interrupted",
    503,
    Fault.EXCHANGE,
    Text("办理中断，未提供任何材料", "The request was interrupted; nothing was released"),
    Text("请用新的 Idempotency-Key 重新请求。", "Ask again with a new Idempotency-Key."),
)
WAITED_TOO_LONG = ProblemKind(
    "evidence.timed-out",
    504,
    Fault.PROVIDER,
    Text("在规定期限内没有答复", "There was no answer within the time set"),
    Text("请改用其他方式，或重新请求。", "Use another way, or ask again."),
)
