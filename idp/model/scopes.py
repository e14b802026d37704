"""The scopes that exist, what each means to a person, and which of them are for the exchange.

RFC 6749 §3.3; `openid`, `profile`, `email` and `phone` by OpenID Connect Core 1.0 §5.4; the others are ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kernel.text import Text

OPENID = "openid"
PROFILE = "profile"
EMAIL = "email"
PHONE = "phone"
MANDATE = "mandate"
CASES = "cases"
GOVERNANCE = "governance"
USAGE = "usage"
PREVIEW = "preview"
INTROSPECT = "introspect"
ADMIN = "admin"

LABELS: dict[str, Text] = {
    OPENID: Text(
        "确认您是同一位用户（只对该部门有效的编号）", "Recognise you, by a number that only this department knows"
    ),
    PROFILE: Text("您的姓名和实名等级", "Your name and how well your identity is proven"),
    EMAIL: Text("您确认过的电子邮箱", "The e-mail address you confirmed"),
    PHONE: Text("您确认过的手机号码", "The phone number you confirmed"),
    MANDATE: Text("您为本人还是代表哪个单位办理", "Whether you act for yourself or for which organisation"),
    CASES: Text("在交换平台办理事项", "Handle cases at the exchange"),
    GOVERNANCE: Text("以您的职务审批数据共享", "Decide on data sharing in your official role"),
    USAGE: Text("查看谁使用过您的数据", "See who used your data"),
    PREVIEW: Text("查看将要提供的材料并决定是否提供", "See evidence about you before it is provided, and decide"),
    INTROSPECT: Text(
        "查验发给本机构资源服务器的访问令牌", "Examine access tokens meant for the organisation’s resource servers"
    ),
    ADMIN: Text("以您的职务管理本服务", "Administer this service in your official role"),
}
"""Every scope, in the words of the consent page."""

EXCHANGE = frozenset({CASES, GOVERNANCE, USAGE, PREVIEW})
"""Scopes whose access tokens are meant for the exchange and therefore always sender-constrained."""

OF_PEOPLE = frozenset({OPENID, PROFILE, EMAIL, PHONE, MANDATE, GOVERNANCE, USAGE, PREVIEW, ADMIN})
"""Scopes only a person can give."""

OF_SYSTEMS = frozenset({CASES, INTROSPECT})
"""Scopes a system holds by its registration (client credentials)."""

BY_OPERATOR = frozenset({GOVERNANCE, PREVIEW})
"""Scopes of clients that the operator alone registers, never an invitation: by what officers act, and that with which
somebody sees and agrees to what a department asked for, which that department must not do in their place.
"""

PRIVILEGED = frozenset({ADMIN, INTROSPECT}) | BY_OPERATOR
"""Scopes that reach beyond the client's own department, or go with a resource server, which the operator describes:
whoever administers one department can neither give them away nor touch a client that has one, not even in their own.
What the operator alone registers is among them by definition.
"""


def parse(text: str, theirs: Collection[str] = ()) -> tuple[str, ...]:
    """The scopes of a space-separated list that exist here or at the resource server meant, each once, in order.

    Unknown ones are left out, as OpenID Connect Core 1.0 §3.1.2.1 asks.
    """
    return tuple(dict.fromkeys(scope for scope in text.split(" ") if scope in LABELS or scope in theirs))


def stored(text: str) -> tuple[str, ...]:
    """Scopes as ``text`` stored them: they were checked before."""
    return tuple(text.split())


def text(scopes: Iterable[str]) -> str:
    """The wire form of some scopes."""
    return " ".join(scopes)
