"""The provider's own rules as they are in force, and where each comes from. Read only: configuration is a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from idp.administration import proposals
from idp.authentication import passwords, throttling
from idp.tokens import lifetimes
from kernel.settings import IdpSettings
from kernel.text import Text

BUILT_IN = Text("产品内置", "built in")


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule: a stable name, words for it, its value, and its source."""

    name: str
    label: Text
    value: str
    source: Text


CONFIGURED = {
    "session_idle_minutes": Text("会话闲置上限（分钟）", "session idle limit (minutes)"),
    "session_hours": Text("会话最长（小时）", "session limit (hours)"),
    "consent_days": Text("同意的保留天数（0 为直到撤回）", "days for which consent is remembered (0: until withdrawn)"),
    "recovery_delay_hours": Text("找回账户的等候期（小时）", "delay of an account's recovery (hours)"),
    "enrolment_minutes": Text("一次性开户链接有效（分钟）", "one-time enrolment links last (minutes)"),
}
"""Keys of the section ``[idp]``."""
TIMES = {
    "access_token": (Text("访问令牌有效期", "life of access tokens"), lifetimes.ACCESS_TOKEN),
    "purpose_bound_token": (Text("办件令牌有效期", "life of purpose-bound tokens"), lifetimes.PURPOSE_BOUND_TOKEN),
    "authorization_code": (Text("授权码有效期", "life of authorization codes"), lifetimes.AUTHORIZATION_CODE),
    "longest_wait": (Text("登录失败后的最长等待", "longest wait after failed sign-ins"), throttling.LONGEST_WAIT),
    "proposal": (Text("双人复核提议有效期", "life of proposals"), proposals.LASTS),
}
PASSWORD_LENGTH = Text("密码长度（字符）", "password length (characters)")
CHALLENGE = Text("授权码校验方法", "code challenge method")


def in_force(settings: IdpSettings) -> tuple[Policy, ...]:
    """Every rule."""
    return (
        *(_set(name, label, getattr(settings, name)) for name, label in CONFIGURED.items()),
        *(_fixed(name, *rule) for name, rule in TIMES.items()),
        Policy("password_length", PASSWORD_LENGTH, f"{passwords.SHORTEST}–{passwords.LONGEST}", BUILT_IN),
        Policy("code_challenge_method", CHALLENGE, "S256", BUILT_IN),
    )


def _set(name: str, label: Text, value: int) -> Policy:
    return Policy(name, label, str(value), Text(f"配置项 idp.{name}", f"configuration key idp.{name}"))


def _fixed(name: str, label: Text, value: timedelta) -> Policy:
    return Policy(name, label, f"{int(value.total_seconds())} s", BUILT_IN)
