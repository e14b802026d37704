"""The `ldap` part of a manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from connectors.adapters import Opening, allowed_columns
from connectors.errors import SourceMisconfigured
from connectors.faults import ManifestFault, fault, within
from connectors.hosts import is_same_machine
from connectors.ldap.filters import Filter, compile_filter

SCHEMA: Mapping[str, Any] = json.loads(resources.files("connectors.ldap").joinpath("settings.schema.json").read_bytes())
"""The JSON Schema of this part; its ``$defs`` are those of the connector schema."""

_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}|[0-2](\.(0|[1-9][0-9]{0,9})){1,30}")  # RFC 4512 §2.5, no options
_CHARACTERS = re.compile(r"[\x21-\x7e]+")
_PORTS = {"ldap": 389, "ldaps": 636}


@dataclass(frozen=True, slots=True)
class Server:
    """Where a directory is, and how it is spoken to.

    Attributes:
        tls: "at-once" (ldaps), "start" (RFC 4511 §4.14), or "" for none.
        private_only: whether only machines of a private network may be connected to.
    """

    host: str
    port: int
    tls: str
    private_only: bool


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """A directory, and how it is asked.

    Attributes:
        url: ``ldaps://host[:port]`` or ``ldap://host[:port]``, or "" where `url_secret` names the secret that holds it.
        start_tls, insecure_ldap: how ``ldap://`` is spoken.
        ca_file: certificates that may vouch for the directory, instead of the system's.
        bind_dn, bind_secret: as whom, by a password; both "" otherwise.
        client_certificate: the secret with the certificate and key that say who we are; "" otherwise.
        base: DN, with places for what is looked up.
        scope: base, one or subtree.
        subject_attribute: by which a person is found.
        filters: what else must be true of the entry.
        columns: attributes that may be read.
        lists: those of them that are always given as lists.
        forms: how values are written that are not text, by attribute in small letters.
        ignore_referrals: whether an answer that points elsewhere counts as whole.
        lower_case_too: whether a subject ending in X may also be stored with x.
    """

    url: str = field(repr=False)
    url_secret: str
    start_tls: bool
    insecure_ldap: bool
    ca_file: str
    bind_dn: str
    bind_secret: str
    client_certificate: str
    base: str
    scope: str
    subject_attribute: str
    filters: tuple[Filter, ...]
    columns: tuple[str, ...]
    lists: frozenset[str]
    forms: Mapping[str, str]
    ignore_referrals: bool
    lower_case_too: bool

    def server(self, opening: Opening) -> Server:
        """Where the directory is. Raises: SourceMisconfigured."""
        try:
            return _server(self.url or opening.secret(self.url_secret).strip(), self)
        except ManifestFault:
            raise SourceMisconfigured("url") from None


def parse(settings: Mapping[str, Any], mapped: frozenset[str]) -> LdapSettings:
    """The settings in a manifest's `ldap`. Raises: ManifestFault."""
    columns = allowed_columns(settings, mapped)
    _check_attributes(settings, columns)
    bind = settings.get("bind", {})
    if len(settings.keys() & {"bind", "client_certificate", "anonymous"}) != 1:
        raise fault(
            (),
            "bind、client_certificate、anonymous: true 须写且只写一个",
            "give one of bind, client_certificate and anonymous: true",
        )
    parsed = LdapSettings(
        url=settings.get("url", ""),
        url_secret=settings.get("url_secret", ""),
        start_tls=settings.get("start_tls", False),
        insecure_ldap=settings.get("insecure_ldap", False),
        ca_file=settings.get("ca_file", ""),
        bind_dn=bind.get("dn", ""),
        bind_secret=bind.get("secret", ""),
        client_certificate=settings.get("client_certificate", ""),
        base=settings["base"],
        scope=settings.get("scope", "subtree"),
        subject_attribute=settings["subject_attribute"],
        filters=tuple(_filters(settings)),
        columns=columns,
        lists=frozenset(name.lower() for name in settings.get("lists", ())),
        forms={name.lower(): form for name, form in settings.get("forms", {}).items()},
        ignore_referrals=settings.get("referrals", "refuse") == "ignore",
        lower_case_too=settings.get("lower_case_too", False),
    )
    _check_address(settings, parsed)
    return parsed


def _check_address(settings: Mapping[str, Any], parsed: LdapSettings) -> None:
    if ("url" in settings) == ("url_secret" in settings):
        raise fault((), "url 与 url_secret 须写且只写一个", "give either url or url_secret")
    if parsed.url:
        with within("url"):
            _server(parsed.url, parsed)


def _check_attributes(settings: Mapping[str, Any], columns: tuple[str, ...]) -> None:
    for name in (settings["subject_attribute"], *columns):
        if not _ATTRIBUTE.fullmatch(name):
            raise fault((), f"不是属性名：{name}", f"this is no attribute's name: {name}")
    known = {name.lower() for name in columns}
    if len(known) != len(columns):
        raise fault(("columns",), "同一属性写了两次", "an attribute is listed twice")
    for key in ("lists", "forms"):
        for name in settings.get(key, ()):
            if name.lower() not in known:
                raise fault((key,), f"读取的属性中没有：{name}", f"not among the attributes that are read: {name}")


def _filters(settings: Mapping[str, Any]) -> Iterator[Filter]:
    for name in ("filter", "further_filter"):
        given = settings.get(name, [])
        for one in [given] if isinstance(given, str) else given:
            with within(name):
                yield compile_filter(one)


def _server(url: str, settings: LdapSettings) -> Server:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or not _CHARACTERS.fullmatch(url) or parts.scheme not in _PORTS or port == 0:
        raise fault((), "须为 ldaps://主机 或 ldap://主机", "it must be ldaps://HOST or ldap://HOST")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc or "{" in url:
        raise fault((), "地址只写主机和端口", "the address is host and port alone")
    tls = "at-once" if parts.scheme == "ldaps" else "start" if settings.start_tls else ""
    if settings.client_certificate and not tls:
        raise fault((), "客户端证书须经 TLS 出示", "a client certificate is shown by TLS alone")
    same_machine = is_same_machine(host)
    if not tls and not same_machine:
        _check_plain(settings)
    return Server(host, port or _PORTS[parts.scheme], tls, private_only=not tls)


def _check_plain(settings: LdapSettings) -> None:
    """A password never travels unencrypted, and nothing does outside a private network (RFC 4513 §6.3.3)."""
    if not settings.insecure_ldap or settings.bind_dn:
        raise fault(
            (),
            "请用 ldaps:// 或 start_tls: true；专网内匿名查询确需明文时写明 insecure_ldap: true",
            "use ldaps:// or start_tls: true, or say insecure_ldap: true for anonymous look-ups in a private network",
        )
