"""A system's keys on their way to the identity provider: what to register, and whether the system has shown them.

The exchange keeps no key of a system: the provider does. The page checks a public key before somebody registers it,
and writes the registration down; nothing that is typed here is kept or sent anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from exchange.authentication.fetching import IssuerUnreachable
from exchange.authentication.issuer import Issuer
from exchange.console import joining_commands
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import UNPROCESSABLE, Field, filled, summary
from exchange.console.inside import asking, told
from exchange.console.words import BINDINGS
from exchange.onboarding.endpoints import Onboarding
from kernel.canonical import MalformedJson, decode
from kernel.jose import InvalidKey, VerifyingKey
from kernel.jose.jwk import PRIVATE_MEMBERS
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route

KEYS = f"{HOME}/joining/keys"
_PEM = "PRIVATE KEY-----"
"""RFC 7468 §10, §11 and the older forms: the end of the line that a private key in PEM begins with."""
_LONGEST_ADDRESS, _LONGEST_SET, _LONGEST_NAME = 500, 64 * 1024, 200
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
FIELDS = (
    Field("name", Text("客户端名称", "Name of the client"), Text("如 卫健委沙箱系统", "such as Health sandbox")),
    Field(
        "keys",
        Text("公钥，或公布公钥的地址", "Public keys, or the address that publishes them"),
        Text(
            "一个公钥（JWK）或一组（JWK Set），每个写明 alg，如 ES256；或 jwks_uri，即 https 地址。切勿填写私钥。",
            "A public key (JWK) or a set of them, each with its alg, such as ES256; or the jwks_uri, an https address."
            " Never a private key.",
        ),
        "area",
    ),
)


class Unfit(Exception):
    """What was typed is no public key."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True)
class KeyPages:
    """The page of keys. ``desk`` is the API's own, entered by a session; ``issuer`` the provider that is trusted."""

    door: Door
    desk: Onboarding
    issuer: Issuer
    origin: str

    def show(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form, and whether the system has checked in."""
        return self._page(visitor, request, {})

    def compose(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The registration of what was typed, or what is wrong with it."""
        typed = request.form()
        name = typed.get("name", "").strip()
        errors = {} if 0 < len(name) <= _LONGEST_NAME else {"name": t(_NAME)}
        try:
            keys = read_keys(typed.get("keys", "").strip())
        except Unfit as unfit:
            return self._page(visitor, request, _to_show_again(typed), {**errors, "keys": t(unfit.text)})
        if errors:
            return self._page(visitor, request, typed, errors)
        return self._page(visitor, request, typed, commands=self._commands(visitor, request, name, keys))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        said = Text("业务系统的密钥", "A system's keys")
        return (
            self.door.route("GET", "/joining/keys", self.show, said),
            self.door.route("POST", "/joining/keys", self.compose, said),
        )

    def _commands(
        self, visitor: Visitor, request: HttpRequest, name: str, keys: Mapping[str, Any]
    ) -> list[tuple[Text, str]]:
        organisation = visitor.officer.officer.organisation
        whole, own = joining_commands.registration(name, keys, organisation, self._service_items(request))
        by_operator = (_BY_OPERATOR, joining_commands.operators(whole))
        try:
            endpoint = self.issuer.endpoint("registration_endpoint")
        except IssuerUnreachable:  # it registers no clients by itself, or does not answer now
            return [by_operator]
        return [by_operator, (_BY_DEPARTMENT, joining_commands.own_way(own, endpoint))]

    def _service_items(self, request: HttpRequest) -> list[str]:
        try:
            return [told(self.desk.show_sandbox(asking(request)))["service_item"]]
        except Problem as problem:
            if problem.kind is not NOT_FOUND:
                raise
            return []

    def _page(
        self, visitor: Visitor, request: HttpRequest, typed: Mapping[str, str], errors: Mapping[str, str] | None = None,
        commands: list[tuple[Text, str]] | None = None,
    ) -> HttpResponse:  # fmt: skip
        found = told(self.desk.progress(asking(request)))
        checked = found["check_in"]
        return page(
            "client_keys",
            visitor,
            request,
            status=UNPROCESSABLE if errors else 200,
            title=Text("业务系统的密钥", "Keys of our system"),
            issuer=found["issuer"],
            systems=found["systems"],
            checked=checked and {**checked, "at": datetime.fromisoformat(checked["at"])},
            standing=_CHECKED_IN if checked else _NOT_YET,
            binding=BINDINGS[checked["binding"]] if checked else None,
            file=joining_commands.system_file(self.origin, found),
            command=joining_commands.CHECK_IN,
            check_in=joining_commands.check_in(self.origin),
            fields=filled(FIELDS, typed, errors or {}),
            errors=summary(FIELDS, errors or {}, ""),
            commands=commands or [],
            is_open=bool(self._service_items(request)),
            back=f"{HOME}/joining",
        )


def read_keys(text: str) -> dict[str, Any]:
    """The member of client metadata that says the keys (RFC 7591 §2): ``jwks`` or ``jwks_uri``. Raises Unfit."""
    if _is_address(text):
        return {"jwks_uri": _address(text)}
    if _PEM in text:
        raise Unfit(_PRIVATE)
    try:
        said: Any = decode(text.encode("utf-8", "replace"), max_bytes=_LONGEST_SET)
    except MalformedJson:
        raise Unfit(_UNREADABLE) from None
    entries = said.get("keys", [said]) if isinstance(said, dict) else None
    if not isinstance(entries, list) or not entries or not all(isinstance(one, dict) for one in entries):
        raise Unfit(_UNREADABLE)
    if any(not PRIVATE_MEMBERS.isdisjoint(one) for one in (said, *entries)):
        raise Unfit(_PRIVATE)
    try:
        return {"jwks": {"keys": [dict(VerifyingKey.from_jwk(one).jwk) for one in entries]}}
    except InvalidKey:
        raise Unfit(_UNUSABLE) from None


def _to_show_again(typed: Mapping[str, str]) -> dict[str, str]:
    """The form without what may be a private key, readable or not: of the keys, an address alone stands there again."""
    keys = typed.get("keys", "")
    return {**typed, "keys": keys if _is_address(keys.strip()) else ""}


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Unfit(_BAD_ADDRESS) from None
    is_fit = text.isascii() and text.isprintable() and " " not in text and len(text) <= _LONGEST_ADDRESS
    is_safe = parts.scheme == "https" or host in _LOOPBACK
    if not (is_fit and is_safe and host and not parts.fragment and parts.username is None):
        raise Unfit(_BAD_ADDRESS)
    return text


_CHECKED_IN, _NOT_YET = (Text("已报到", "checked in"), "good"), (Text("尚未报到", "not yet"), "near")
_NAME = Text("请填写 1 至 200 个字", "has 1 to 200 characters")
_UNREADABLE = Text("不是 JWK、JWK Set 或 https 地址", "is neither a JWK, a JWK set nor an https address")
_UNUSABLE = Text(
    "不是可用于签名验证的公钥：须写明 alg（如 ES256），use 为 sig",
    "is no public key that signatures are verified with: it names its alg (such as ES256), and its use is sig",
)
_PRIVATE = Text(
    "这是私钥。本页没有保存它，但它已离开您的系统：请换一把，只填公钥部分",
    "This is a private key. Nothing of it was kept, but it has left your system: make another one, and give its public"
    " part alone",
)
_BAD_ADDRESS = Text("须为 https 地址，不含用户名和片段", "is an https address without user name and fragment")
_BY_OPERATOR = Text("由身份服务运营方登记", "Registered by the identity provider’s operator")
_BY_DEPARTMENT = Text(
    "或凭运营方邀请中的初始令牌自行登记", "Or by yourselves, with the initial token of the operator’s invitation"
)
