"""A client's registration as a form, and back again; `idp/clients/metadata/checking.py` judges what comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from idp.administration.errors import AdministrationError
from idp.model import scopes
from idp.model.client import AuthMethod, GrantType
from idp.model.invitation import ORGANISATION, Terms
from idp.pages.administration import forms
from idp.pages.administration.forms import Field
from kernel.canonical import JSON, MalformedJson, decode
from kernel.web.pages import t

_LONGEST_KEYS = 64 * 1024
_MEMBERS = (
    "client_name", "client_name#zh-CN", "client_name#en", ORGANISATION, "redirect_uris", "post_logout_redirect_uris",
    "scope", "grant_types", "token_endpoint_auth_method", "tongban_service_items", "jwks",
)  # fmt: skip

_DIGITS = 4
ITEMS = "tongban_service_items"


def fields(values: Mapping[str, JSON]) -> list[Field]:
    """The form of a client with these values."""

    def line(name: str) -> str:
        return str(values.get(name, ""))

    def text_of(name: str) -> str:
        value = values.get(name)
        return "\n".join(str(each) for each in value) if isinstance(value, list) else ""

    keys = values.get("jwks")
    grants, method = values.get("grant_types"), str(values.get("token_endpoint_auth_method", "private_key_jwt"))
    return [
        forms.text("client_name", t("名称", "Name"), line("client_name")),
        forms.text("client_name#zh-CN", t("中文名称", "Name in Chinese"), line("client_name#zh-CN")),
        forms.text("client_name#en", t("英文名称", "Name in English"), line("client_name#en")),
        forms.text(ORGANISATION, t("机构代码", "Department's credit code"), line(ORGANISATION)),
        forms.area(
            "redirect_uris", t("回调地址，每行一个", "Redirect addresses, one a line"), text_of("redirect_uris")
        ),
        forms.area(
            "post_logout_redirect_uris",
            t("退出后的地址，每行一个", "Addresses after sign-out, one a line"),
            text_of("post_logout_redirect_uris"),
        ),
        forms.boxes("scope", t("范围", "Scopes"), _scope_words(), line("scope").split()),
        forms.boxes(
            "grant",
            t("授权方式", "Grants"),
            {grant.value: grant.value for grant in GrantType},
            [str(each) for each in grants] if isinstance(grants, list) else ["authorization_code"],
        ),
        forms.radios(
            "token_endpoint_auth_method",
            t("认证方式", "Authentication"),
            {each.value: each.value for each in AuthMethod},
            method,
        ),
        forms.area(
            "tongban_service_items",
            t("事项代码，每行一个", "Service items, one a line"),
            text_of("tongban_service_items"),
        ),
        forms.area(
            "jwks",
            t("公钥集合（JSON）", "Public keys (JSON)"),
            keys if isinstance(keys, str) else "" if keys is None else json.dumps(keys, ensure_ascii=False),
            t("private_key_jwt 须填写", "needed for private_key_jwt"),
        ),
    ]


def _scope_words() -> dict[str, str]:
    return {name: f"{name}: {t(words)}" for name, words in scopes.LABELS.items()}


def metadata(sent: Mapping[str, str], before: Mapping[str, JSON]) -> dict[str, JSON]:
    """What the form says, on what was registered before. Raises AdministrationError for keys that are no JSON."""
    kept = {name: value for name, value in before.items() if name not in (*_MEMBERS, "client_id", "tongban_disabled")}
    data: dict[str, JSON] = {**kept}
    for name in ("client_name", "client_name#zh-CN", "client_name#en", ORGANISATION, "token_endpoint_auth_method"):
        if sent.get(name, "").strip():
            data[name] = sent[name].strip()
    for name in ("redirect_uris", "post_logout_redirect_uris", "tongban_service_items"):
        if listed := forms.lines(sent.get(name, "")):
            data[name] = [*listed]
    data["scope"] = " ".join(forms.ticked(sent, "scope", scopes.LABELS))
    data["grant_types"] = [*forms.ticked(sent, "grant", [grant.value for grant in GrantType])]
    if sent.get("jwks", "").strip():
        data["jwks"] = _keys(sent["jwks"])
    return data


def _keys(text: str) -> JSON:
    try:
        return decode(text, max_bytes=_LONGEST_KEYS)
    except MalformedJson:
        raise AdministrationError("公钥集合不是合法的 JSON", "the public keys are not well-formed JSON") from None


def typed(sent: Mapping[str, str]) -> dict[str, JSON]:
    """What was typed, to be shown again."""
    return {
        **sent,
        "scope": " ".join(forms.ticked(sent, "scope", scopes.LABELS)),
        "grant_types": [*forms.ticked(sent, "grant", [grant.value for grant in GrantType])],
        **{
            name: [*forms.lines(sent.get(name, ""))]
            for name in ("redirect_uris", "post_logout_redirect_uris", "tongban_service_items")
        },
    }


def invitation(sent: Mapping[str, str]) -> list[Field]:
    """The form of an initial access token."""
    grants = {grant.value: grant.value for grant in GrantType}
    return [
        forms.text(ORGANISATION, t("机构代码", "Department's credit code"), sent.get(ORGANISATION, "")),
        forms.boxes(
            "scope", t("可登记的范围", "Scopes it allows"), _scope_words(), forms.ticked(sent, "scope", scopes.LABELS)
        ),
        forms.boxes("grant", t("可登记的授权方式", "Grants it allows"), grants, forms.ticked(sent, "grant", grants)),
        forms.text("uses", t("可登记几个客户端", "How many clients"), sent.get("uses", "")),
        forms.text(
            "hours",
            t("有效小时数", "Hours it lasts"),
            sent.get("hours", ""),
            t("须由另一人确认", "A second person has to confirm"),
        ),
    ]


def terms(sent: Mapping[str, str]) -> tuple[Terms, int, int]:
    """What an invitation's form says. Raises AdministrationError."""
    grants = forms.ticked(sent, "grant", [grant.value for grant in GrantType])
    allowed = forms.ticked(sent, "scope", scopes.LABELS)
    found = Terms(sent.get(ORGANISATION, "").strip(), frozenset(allowed), frozenset(grants))
    return found, _count(sent.get("uses", "")), _count(sent.get("hours", ""))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= _DIGITS):
        raise AdministrationError("次数与小时数须为整数", "the number of clients and of hours are whole numbers")
    return int(text)
