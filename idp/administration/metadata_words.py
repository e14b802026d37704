"""Why client metadata are refused, for operators who read Chinese: OAuth's own descriptions are ASCII (RFC 6749 §5.2).

A description without a sentence here is told by the member it is about; the English half stands beside it anyway.
"""

from __future__ import annotations

import re

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"unknown metadata: (.+)", "不认识的成员 {0}"),
    (r"not acceptable: (\S+); it may be (.+)", "{0} 不可接受，可用的是 {1}"),
    (r"not acceptable: (\S+)", "{0} 的写法不对"),
    (r"(.+) holds what looks like a citizen number", "{0} 含有疑似公民身份号码"),
    (r"(.+) must be an array of strings", "{0} 须为文本列表"),
    (r"(.+) must be a string", "{0} 须为文本"),
    (r"(.+) must be true or false", "{0} 须为 true 或 false"),
    (r"(.+) must be a unified social credit code", "{0} 须为统一社会信用代码"),
    (r"client_name is missing.*", "缺少 client_name：须让群众知道是谁在要"),
    (r"(.+) must be (?:one of|among) (.+)", "{0} 须取自 {1}"),
    (r"(.+) must be (\S+) or (.+)", "{0} 须为 {1} 或 {2}"),
    (r"(.+) must be (\S+)", "{0} 须为 {1}"),
    (r"jwks holds no key", "jwks 中没有公钥"),
    (r"jwks holds something that is no key", "jwks 中有的不是公钥"),
    (r"jwks: .+", "jwks 中的公钥不可用"),
    (r"(.+) needs redirect_uris", "{0} 须有 redirect_uris"),
    (r"(.+) needs? jwks or jwks_uri", "{0} 须有 jwks 或 jwks_uri"),
    (r"(.+) needs client authentication", "{0} 须有客户端认证"),
    (r"(.+) goes beyond the invitation", "{0} 超出邀请的范围"),
    (r"(.+) is set by the operator", "{0} 由运营方确定，不可自填"),
    (r"(.+?): https is needed.*", "{0} 须为 https 地址，不含片段和用户信息"),
    (r"(.+?): the host is .*", "{0} 的主机名只能用字母、数字、点和连字符"),
)
_TABLE = tuple((re.compile(pattern), sentence) for pattern, sentence in _SENTENCES)


def in_chinese(description: str) -> str:
    """The sentence of a description."""
    for pattern, sentence in _TABLE:
        if match := pattern.fullmatch(description):
            return sentence.format(*match.groups())
    member = re.match(r"[A-Za-z0-9_#-]+", description)
    return f"{member.group()} 不合要求" if member else "有成员不合要求"
