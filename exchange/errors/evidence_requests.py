"""A request for evidence as a whole: its identifier, its Idempotency-Key, and whether it can be answered now."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

_LATER = Text("请稍后用同一请求重试。", "Send the same request again later.")

REQUEST_UNKNOWN = ProblemKind(
    "evidence-request.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一材料请求", "There is no such evidence request"),
    Text("请核对编号。", "Check the identifier."),
)
REQUEST_RUNNING = ProblemKind(
    "evidence-request.running",
    409,
    Fault.CONSUMER,
    Text("同一请求正在办理", "The same request is still being worked on"),
    Text(
        "请按 Retry-After 等待后用同一 Idempotency-Key 重试。",
        "Wait as Retry-After says, then retry with the same key.",
    ),
)
REQUEST_ERASED = ProblemKind(
    "evidence-request.erased",
    410,
    Fault.CITIZEN,
    Text("该答复所涉的个人信息已依法删除", "The personal data of this answer was erased"),
    Text("确需重新取得的，请重新发起请求。", "Where it is needed again, make a new request."),
)
NOT_WAITING = ProblemKind(
    "evidence-request.not-waiting",
    409,
    Fault.CONSUMER,
    Text("该材料已有结果，不再等待答复", "This item has its outcome and waits for no answer any more"),
    Text("请查看该请求的现状。", "Look at the request as it stands."),
)
ANSWERS_NOT_ALLOWED = ProblemKind(
    "evidence-request.answers-not-allowed",
    403,
    Fault.CONSUMER,
    Text("该系统不得转达本人对追问的回答", "This system may not pass on a person's answers to further questions"),
    Text(
        "请由本人登录后在页面上回答；另一交换平台须先登记为可转达追问（relays_questions）。",
        "The person signs in and answers on the page; another exchange is first registered to relay questions.",
    ),
)
KEY_INVALID = ProblemKind(
    "idempotency.key-invalid",
    400,
    Fault.CONSUMER,
    Text("Idempotency-Key 写法不正确", "The Idempotency-Key is not well formed"),
    Text("请使用 1 至 128 个可打印的 ASCII 字符。", "Use 1 to 128 printable ASCII characters."),
)
KEY_REUSED = ProblemKind(
    "idempotency.key-reused",
    422,
    Fault.CONSUMER,
    Text("该 Idempotency-Key 已用于另一请求", "This Idempotency-Key was used for another request"),
    Text("每个不同的请求使用新的 Idempotency-Key。", "Use a new key for every different request."),
)
POLICY_STALE = ProblemKind(
    "policy.stale-epoch",
    503,
    Fault.EXCHANGE,
    Text(
        "暂时无法确认现行授权，因此未作答复",
        "The grants in force cannot be confirmed right now, so nothing was released",
    ),
    _LATER,
)
ANSWER_DROPPED = ProblemKind(
    "answer.dropped",
    503,
    Fault.EXCHANGE,
    Text("答复未能及时送出，已作废并记账", "The answer could not be sent in time; it was dropped and recorded as such"),
    Text("请用同一 Idempotency-Key 重试。", "Retry with the same Idempotency-Key."),
)
