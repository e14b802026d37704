"""The token in hand: missing, not valid, taken back, or not for this (RFC 6750 §3.1, RFC 9396, RFC 9449 §7.1)."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

_NEW_TOKEN = Text("请重新取得访问令牌后再试。", "Obtain a new access token, then try again.")
_LATER = Text("请稍后用同一请求重试。", "Send the same request again later.")

TOKEN_MISSING = ProblemKind(
    "token.missing",
    401,
    Fault.CONSUMER,
    Text("没有访问令牌", "There is no access token"),
    Text(
        "请在 Authorization 头中携带访问令牌，并附 DPoP 证明。",
        "Send an access token in Authorization, with a DPoP proof.",
    ),
)
TOKEN_INVALID = ProblemKind(
    "token.invalid", 401, Fault.CONSUMER, Text("访问令牌无效", "The access token is not valid"), _NEW_TOKEN
)
TOKEN_REVOKED = ProblemKind(
    "token.revoked", 401, Fault.CONSUMER, Text("访问令牌已被撤销", "The access token has been revoked"), _NEW_TOKEN
)
TOKEN_UNBOUND = ProblemKind(
    "token.unbound",
    401,
    Fault.CONSUMER,
    Text("访问令牌未绑定到持有者的密钥或证书", "The access token is not bound to a key or certificate of its holder"),
    Text("请用 DPoP 或双向 TLS 取得令牌。", "Obtain the token with DPoP or mutual TLS."),
)
PROOF_INVALID = ProblemKind(
    "token.proof-invalid",
    401,
    Fault.CONSUMER,
    Text("DPoP 证明或客户端证书与令牌不符", "The DPoP proof or client certificate does not fit the token"),
    Text("请为本次请求重新生成 DPoP 证明。", "Make a new DPoP proof for this very request."),
)
PROOF_REPLAYED = ProblemKind(
    "token.proof-replayed",
    401,
    Fault.CONSUMER,
    Text("DPoP 证明已使用过", "The DPoP proof was used before"),
    Text("每次请求都要生成新的 DPoP 证明。", "Make a new DPoP proof for every request."),
)
ISSUER_UNREACHABLE = ProblemKind(
    "token.issuer-unreachable",
    503,
    Fault.EXCHANGE,
    Text("暂时无法核验访问令牌", "Access tokens cannot be verified right now"),
    _LATER,
)
REVOCATIONS_UNKNOWN = ProblemKind(
    "token.revocations-unknown",
    503,
    Fault.EXCHANGE,
    Text(
        "暂时无法确认令牌是否已撤销，因此未作答复",
        "It cannot be confirmed that the token still holds, so nothing was released",
    ),
    _LATER,
)
NOT_ALLOWED = ProblemKind(
    "token.not-allowed",
    403,
    Fault.CONSUMER,
    Text("该令牌不能用于此操作", "This token does not allow this"),
    Text("请以具备相应权限或角色的身份取得令牌。", "Obtain a token with the scope or role this needs."),
)
PURPOSE_MISMATCH = ProblemKind(
    "token.purpose-mismatch",
    403,
    Fault.CONSUMER,
    Text("请求超出令牌所载明的用途", "The request goes beyond the purpose the token was issued for"),
    Text(
        "请按事项、办件、依据、材料与字段重新取得令牌；一次请求须完全落在一项授权明细之内。",
        "Obtain a token for this service item, case, legal basis, evidence and fields; one request fits in one detail.",
    ),
)
OFFICER_MISSING = ProblemKind(
    "token.officer-missing",
    403,
    Fault.CONSUMER,
    Text("令牌既不代表本人，也没有写明经办人", "The token stands for no person and names no officer"),
    Text(
        "请由本人登录后请求；本人不在场的，取得令牌时在客户端断言的 act.sub 中写明经办人的职员编号。",
        "Have the person sign in; where nobody is present, name your officer in act.sub of the client assertion that "
        "obtains the token.",
    ),
)
