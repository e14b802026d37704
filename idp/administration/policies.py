"""The provider's own rules as they are in force, and where each comes from. Read only: configuration is a file.

Every value is read where it acts: a rule that was written down a second time would one day say something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import timedelta

from idp.administration import proposals, window_recovery
from idp.authentication import devices, password_rules, passwords, throttling
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


NO_RULES = frozenset(
    {
        *("issuer", "exchange_resource", "mtls_origin", "listen", "metrics_listen", "log_level", "workers", "threads"),
        *("database_url", "key_dir", "pkcs11_module", "pkcs11_token", "pkcs11_pin", "trusted_proxies"),
        *("client_authorities", "software_statement_issuers", "upstreams", "civil_register", "business_register"),
        *("notice_spool", "notice_address", "notice_secret", "notice_from"),
    }
)
"""Keys of the section ``[idp]`` that say where something is or how it runs. All the others are rules, new ones, too."""

TIMES = {
    "access_token": (Text("访问令牌有效期", "life of access tokens"), lifetimes.ACCESS_TOKEN),
    "purpose_bound_token": (Text("办件令牌有效期", "life of purpose-bound tokens"), lifetimes.PURPOSE_BOUND_TOKEN),
    "id_token": (Text("身份令牌有效期", "life of ID tokens"), lifetimes.ID_TOKEN),
    "authorization_code": (Text("授权码有效期", "life of authorization codes"), lifetimes.AUTHORIZATION_CODE),
    "pushed_request": (Text("推送的授权请求有效期", "life of pushed requests"), lifetimes.PUSHED_REQUEST),
    "signed_answer": (Text("签名答复有效期", "life of signed authorization responses"), lifetimes.SIGNED_ANSWER),
    "device_code": (Text("终端代码有效期", "life of terminals’ device codes"), lifetimes.DEVICE_CODE),
    "backchannel": (Text("窗口请求等待本人确认", "life of requests to confirm on a phone"), lifetimes.BACKCHANNEL),
    "interaction": (Text("登录与同意的最长时间", "longest time for signing in and consent"), lifetimes.INTERACTION),
    "proposal": (Text("双人复核提议有效期", "life of proposals"), proposals.LASTS),
    "recovery_at_window": (
        Text("窗口找回链接有效期", "life of a window’s link for recovery"),
        window_recovery.LASTS,
    ),
    "known_device": (Text("登录过的设备记住多久", "how long a device is known"), devices.KEPT),
    "longest_wait": (
        Text("同一账户连续失败后的最长等待", "longest wait after failures in a row at one account"),
        max(wait for _, wait in throttling.LONGEST_WAITS_OF_AN_ACCOUNT),
    ),
    "longest_wait_of_address": (
        Text("同一地址失败后的最长等待", "longest wait after failures from one address"),
        throttling.LONGEST_WAIT,
    ),
}
COUNTS = {
    "tries_of_account": (
        Text("同一账户失败几次后开始等待", "failures in a row at one account before it waits"),
        throttling.FREE_TRIES_OF_AN_ACCOUNT,
    ),
    "tries_of_address": (
        Text("同一地址失败几次后开始等待", "failures from one address before it waits"),
        throttling.FREE_TRIES_OF_AN_ADDRESS,
    ),
}
PASSWORDS = {
    "password_length": (
        Text("密码作为唯一因素时的长度（字符）", "length of a password that is the only factor (characters)"),
        password_rules.ALONE,
    ),
    "password_length_beside_another": (
        Text("另有其他因素时的密码长度（字符）", "length of a password beside another factor (characters)"),
        password_rules.BESIDE_ANOTHER,
    ),
}
CHALLENGE = Text("授权码校验方法", "code challenge method")


def in_force(settings: IdpSettings) -> tuple[Policy, ...]:
    """Every rule."""
    return (
        *_configured(settings),
        *(Policy(name, label, _seconds(value), BUILT_IN) for name, (label, value) in TIMES.items()),
        *(Policy(name, label, str(value), BUILT_IN) for name, (label, value) in COUNTS.items()),
        *_waits(),
        *(Policy(name, label, f"{least}–{passwords.LONGEST}", BUILT_IN) for name, (label, least) in PASSWORDS.items()),
        Policy("code_challenge_method", CHALLENGE, "S256", BUILT_IN),
    )


def _configured(settings: IdpSettings) -> Iterator[Policy]:
    """In the words of the configuration's own reference."""
    for each in fields(IdpSettings):
        if each.name in NO_RULES or each.metadata["key"].secret:
            continue
        source = Text(f"配置项 idp.{each.name}", f"configuration key idp.{each.name}")
        yield Policy(each.name, each.metadata["key"].meaning, _written(getattr(settings, each.name)), source)


def _waits() -> Iterator[Policy]:
    """How far the wait of one account grows, by the number of failures from which it does."""
    for least, wait in throttling.LONGEST_WAITS_OF_AN_ACCOUNT:
        if least:
            words = Text(f"同一账户连续失败 {least} 次起的等待", f"wait from {least} failures in a row at one account")
            yield Policy(f"wait_from_{least}_failures", words, _seconds(wait), BUILT_IN)


def _written(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _seconds(value: timedelta) -> str:
    return f"{int(value.total_seconds())} s"
