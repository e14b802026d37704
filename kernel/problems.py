"""Problems as RFC 9457 describes them: what went wrong, whose turn it is, and what to do now.

``code`` is stable and the same in every language; ``title``, ``detail`` and ``next_step`` follow the reader. A service
adds its own kinds beside its code; the stock ones here are those any HTTP service meets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kernel.canonical import JSON
from kernel.text import Text

MEDIA_TYPE = "application/problem+json"
"""RFC 9457 §6.1."""

_NOTHING: Mapping[str, JSON] = MappingProxyType({})
_OWN_MEMBERS = frozenset({"type", "title", "status", "detail", "code", "fault", "next_step", "trace_id"})


class Fault(StrEnum):
    """Whose turn it is to change something."""

    CONSUMER = "consumer"
    CITIZEN = "citizen"
    EXCHANGE = "exchange"
    PROVIDER = "provider"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One way things go wrong: a stable code, its HTTP status, whose fault, and the words for it."""

    code: str
    status: int
    fault: Fault
    title: Text
    next_step: Text


class Problem(Exception):
    """A problem on its way to the caller. ``str()`` gives the code alone, so that a log line repeats no data."""

    def __init__(
        self,
        kind: ProblemKind,
        *,
        detail: Text | None = None,
        members: Mapping[str, JSON] = _NOTHING,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """``members`` are extension members (RFC 9457 §3.2); ``headers`` go with the answer.

        Raises ValueError when a member would replace one of the standard ones.
        """
        if taken := _OWN_MEMBERS & members.keys():
            raise ValueError(f"an extension member cannot be called {', '.join(sorted(taken))}")
        super().__init__(kind.code)
        self.kind = kind
        self.detail = detail
        self.members = members
        self.headers = headers

    def to_json(self, language: str, trace_id: str) -> dict[str, JSON]:
        """The problem details object (RFC 9457 §3.1) in one language."""
        body: dict[str, JSON] = {
            "type": f"urn:tongban:problem:{self.kind.code}",
            "title": self.kind.title.in_(language),
            "status": self.kind.status,
            "code": self.kind.code,
            "fault": self.kind.fault.value,
            "next_step": self.kind.next_step.in_(language),
            "trace_id": trace_id,
            **self.members,
        }
        if self.detail is not None:
            body["detail"] = self.detail.in_(language)
        return body


MALFORMED_REQUEST = ProblemKind(
    "request.malformed",
    400,
    Fault.CONSUMER,
    Text("请求格式不正确", "The request is malformed"),
    Text("请按接口文档改正请求后重试。", "Correct the request as the interface description says, then send it again."),
)
DUPLICATE_PARAMETER = ProblemKind(
    "request.duplicate-parameter",
    400,
    Fault.CONSUMER,
    Text("请求参数重复", "A parameter is given twice"),
    Text("每个参数只能出现一次，请去掉重复的参数。", "Send each parameter once."),
)
INVALID_BODY = ProblemKind(
    "request.invalid",
    422,
    Fault.CONSUMER,
    Text("请求内容不符合要求", "The content of the request is not valid"),
    Text("请按 errors 中列出的字段逐一改正。", "Correct the fields listed under errors."),
)
NUMBER_INVALID = ProblemKind(
    "request.number-invalid",
    400,
    Fault.CONSUMER,
    Text("参数缺失或不是整数", "A parameter is missing or is not a whole number"),
    Text(
        "请用十进制数字写从 0 起的整数：不加正负号、空格或前导零，最多 15 位。",
        "Send a whole number from 0 in decimal digits: no sign, no blank, no leading zero, 15 digits at most.",
    ),
)
TOO_LARGE = ProblemKind(
    "request.too-large",
    413,
    Fault.CONSUMER,
    Text("请求过大", "The request is too large"),
    Text("请缩小请求后重试。", "Send a smaller request."),
)
UNSUPPORTED_MEDIA_TYPE = ProblemKind(
    "request.unsupported-media-type",
    415,
    Fault.CONSUMER,
    Text("不支持的内容类型", "The media type is not supported"),
    Text("请按接口文档设置 Content-Type。", "Set Content-Type as the interface description says."),
)
NOT_FOUND = ProblemKind(
    "resource.not-found",
    404,
    Fault.CONSUMER,
    Text("没有找到", "Not found"),
    Text("请核对地址或编号。", "Check the address or the identifier."),
)
METHOD_NOT_ALLOWED = ProblemKind(
    "request.method-not-allowed",
    405,
    Fault.CONSUMER,
    Text("该地址不支持这种请求方法", "This address does not answer that method"),
    Text("请使用 Allow 响应头列出的方法。", "Use one of the methods named in the Allow header."),
)
TOO_MANY_REQUESTS = ProblemKind(
    "request.too-many",
    429,
    Fault.CONSUMER,
    Text("请求过于频繁", "Too many requests"),
    Text("请按 Retry-After 指示的时间等待后重试。", "Wait as long as Retry-After says, then try again."),
)
LEDGER_UNAVAILABLE = ProblemKind(
    "ledger.unavailable",
    503,
    Fault.EXCHANGE,
    Text("暂时无法记账，因此未作答复", "The ledger cannot record right now, so nothing was released"),
    Text("请稍后用同一请求重试。", "Send the same request again later."),
)
DATABASE_UNAVAILABLE = ProblemKind(
    "database.unavailable",
    503,
    Fault.EXCHANGE,
    Text("数据库暂时不可用", "The database is unavailable right now"),
    Text("请稍后用同一请求重试。", "Send the same request again later."),
)
INTERNAL = ProblemKind(
    "server.internal",
    500,
    Fault.EXCHANGE,
    Text("服务出现内部错误", "Something went wrong inside the service"),
    Text("请把 trace_id 告知平台运维人员。", "Give the trace_id to the operators of the platform."),
)
