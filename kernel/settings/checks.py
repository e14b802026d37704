"""What a value must be like, each rule with one name; a rule answers None for yes, or says what is wrong."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from kernel.database.engines import parse_url
from kernel.database.errors import UnsafeDatabase
from kernel.identifiers import InvalidIdentifier, social_credit_code
from kernel.keys import SIGNATURES
from kernel.text import Text

Check = Callable[[Any], Text | None]

KEY_PLACES = ("file", "pkcs11")
LOG_LEVELS = ("debug", "info", "warning", "error")
_LOOPBACK_NAME = "localhost"
_HIGHEST_PORT = 65535


def anything(_value: object) -> Text | None:
    """Every value of the right type will do."""
    return None


def public_url(value: str) -> Text | None:
    """An origin or issuer: https, or http on this machine only; no query, fragment, user or slash at the end."""
    try:
        parts = urlsplit(value)
        secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
        plain = parts.hostname and not (
            parts.query or parts.fragment or parts.username or value.endswith(("/", "?", "#"))
        )
        _ = parts.port  # raises ValueError when it is no port
    except ValueError:
        secure = plain = False
    if secure and plain:
        return None
    # RFC 8414 §2: an issuer is an https URL without query and fragment. Loopback alone may be plain (RFC 8252 §8.3).
    return Text(
        "须为 https 地址（仅本机可用 http），不含查询串、片段、用户名，末尾不带斜杠",
        "must be an https URL (http only on this machine) without query, fragment, user name or slash at the end",
    )


def root_url(value: str) -> Text | None:
    """The root of a host: every address and redirect of the service begins there."""
    wrong = public_url(value)
    if wrong is not None or not urlsplit(value).path:
        return wrong
    return Text(
        "不得带路径：服务只在域名的根路径下应答，请为它单独设一个域名",
        "must have no path: the service answers at the root of its host alone; give it a host of its own",
    )


def _is_loopback(host: str | None) -> bool:
    if host == _LOOPBACK_NAME:
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def address(value: str) -> Text | None:
    """``host:port``, with brackets around an IPv6 host."""
    host, colon, port = value.rpartition(":")
    numeric = port.isascii() and port.isdecimal() and int(port) <= _HIGHEST_PORT
    if host and colon and numeric and (":" not in host or (host[0] == "[" and host[-1] == "]")):
        return None
    return Text("须为 主机:端口，例如 127.0.0.1:8400", "must be host:port, such as 127.0.0.1:8400")


def address_or_nothing(value: str) -> Text | None:
    """``host:port`` or the empty string."""
    return address(value) if value else None


def root_url_or_nothing(value: str) -> Text | None:
    """The root of a host, or the empty string."""
    return root_url(value) if value else None


def public_url_or_nothing(value: str) -> Text | None:
    """An origin, or the empty string."""
    return public_url(value) if value else None


def on_or_off(value: str) -> Text | None:
    """``on`` or ``off``."""
    return None if value in {"on", "off"} else Text("须为 on 或 off", "must be on or off")


def networks(value: tuple[str, ...]) -> Text | None:
    """IP addresses or networks in CIDR notation."""
    for entry in value:
        try:
            ipaddress.ip_network(entry)
        except ValueError:
            return Text("须为 IP 地址或网段，例如 10.0.0.0/8", "must be IP addresses or networks, such as 10.0.0.0/8")
    return None


def database(value: str) -> Text | None:
    """A database this product runs on."""
    try:
        parse_url(value)
    except UnsafeDatabase as error:
        return error.text
    return None


def wrongly_issued_codes(value: tuple[str, ...]) -> Text | None:
    """Social credit codes in order but for their check character; any other would be a mistake of whoever wrote it."""
    for number, code in enumerate(value, 1):
        try:
            read = social_credit_code.parse(code, recorded_exceptions=frozenset(value))
        except InvalidIdentifier as error:
            return Text(f"第 {number} 个：{error.reason.zh}", f"number {number}: {error.reason.en}")
        if not read.exceptional or read.value != code:
            return Text(
                f"第 {number} 个：只登记校验码有误的代码，字母大写",
                f"number {number}: only codes whose check character is wrong are recorded, in capitals",
            )
    return None


def one_of(*names: str) -> Check:
    """One of a few names."""

    def check(value: str) -> Text | None:
        if value in names:
            return None
        return Text(f"须为 {'、'.join(names)} 之一", f"must be one of {', '.join(names)}")

    return check


def key_place(value: str) -> Text | None:
    """A folder or a token."""
    return None if value in KEY_PLACES else Text("须为 file 或 pkcs11", "must be file or pkcs11")


def signing_algorithms(value: tuple[str, ...]) -> Text | None:
    """ES256, which everything is signed with by default, and any of the others a client may insist on."""
    if "ES256" in value and set(value) <= set(SIGNATURES):
        return None
    return Text(
        f"须包含 ES256，其余取自 {'、'.join(SIGNATURES)}",
        f"must hold ES256, and others of {', '.join(SIGNATURES)} only",
    )


def between(least: int, most: int) -> Check:
    """A whole number from ``least`` to ``most``, both included."""

    def check(value: int) -> Text | None:
        if least <= value <= most:
            return None
        return Text(f"须在 {least} 与 {most} 之间", f"must be between {least} and {most}")

    return check
