"""Resource servers: whom access tokens may be for besides the exchange and this provider (RFC 8707)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Connection

from idp.administration.errors import AdministrationError
from idp.administration.records import Records
from idp.model import scopes
from idp.model.resource import ResourceServer
from idp.store import clients, organisations, resources
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.text import Text

MEMBERS = ("resource", "tongban_organisation", "scopes", "clients")
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/-]{0,99}")
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class ResourceRegister:
    """Registers resource servers."""

    database: Database
    records: Records
    clock: Clock

    def put(self, description: Mapping[str, JSON]) -> dict[str, JSON]:
        """Add a resource server, or describe it anew: `resource`, `tongban_organisation`, `scopes`, `clients`.

        `scopes` gives each scope's words in Chinese and English; `clients` are those it lets in: no other gets tokens
        for it.
        """
        added, now = _checked(description), self.clock.now()
        facts: dict[str, JSON] = {
            "resource": added.identifier,
            "organisation": added.organisation,
            "scopes": [*sorted(added.scopes)],
            "clients": [*sorted(added.clients)],
        }

        def change(connection: Connection) -> None:
            refuse_impossible(connection, added)
            resources.put(connection, added, now)

        self.records.make("ResourceRegistered", facts, change)
        return _shown(added)

    def every(self) -> list[dict[str, JSON]]:
        """Every resource server."""
        with self.database.read() as connection:
            return [_shown(server) for server in resources.every(connection).values()]

    def disable(self, identifier: str) -> None:
        """Issue no more tokens for a resource server, on every node within a second."""
        now = self.clock.now()

        def change(connection: Connection) -> None:
            if not resources.disable(connection, identifier, now):
                raise AdministrationError(f"没有资源服务器 {identifier}", f"there is no resource server {identifier}")

        self.records.make("ResourceDisabled", {"resource": identifier}, change)


def refuse_impossible(connection: Connection, added: ResourceServer) -> None:
    """Raises AdministrationError for an owner or a client that is not there."""
    if added.organisation not in organisations.every(connection):
        raise AdministrationError(
            f"机构 {added.organisation} 尚未登记，请先添加该机构",
            f"organisation {added.organisation} is not registered; add it first",
        )
    for client_id in sorted(added.clients):
        if clients.find(connection, client_id) is None:
            raise AdministrationError(f"没有客户端 {client_id}", f"there is no client {client_id}")


def _checked(description: Mapping[str, JSON]) -> ResourceServer:
    if unknown := sorted(set(description) - set(MEMBERS)):
        raise AdministrationError(f"未知成员：{', '.join(unknown)}", f"unknown members: {', '.join(unknown)}")
    return ResourceServer(
        _identifier(description.get("resource")),
        str(description.get("tongban_organisation", "")),
        _scopes(description.get("scopes", {})),
        _clients(description.get("clients", [])),
    )


def _identifier(value: JSON) -> str:
    """RFC 8707 §2: an absolute URI without fragment; no blanks, since several are separated by them."""
    if isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= _LONGEST:
        parts = urlsplit(value)
        if parts.scheme in ("https", "http", "urn") and "#" not in value and " " not in value:
            return value
    raise AdministrationError(
        "resource 须为不带片段的绝对 URI", "resource must be an absolute URI (https, http or urn) without a fragment"
    )


def _scopes(value: JSON) -> dict[str, Text]:
    words = {name: _words(text) for name, text in value.items()} if isinstance(value, dict) else {}
    if not isinstance(value, dict) or None in words.values():
        raise AdministrationError(
            'scopes 须为每个权限给出 {"zh": …, "en": …}', 'scopes must give {"zh": …, "en": …} for each scope'
        )
    if wrong := [name for name in words if not _SCOPE.fullmatch(name) or name in scopes.LABELS]:
        raise AdministrationError(
            f"权限名不合要求或已被占用：{len(wrong)} 个", f"{len(wrong)} scope name(s) malformed or already ours"
        )
    return {name: text for name, text in words.items() if text is not None}


def _words(value: JSON) -> Text | None:
    zh, en = (value.get("zh"), value.get("en")) if isinstance(value, dict) else (None, None)
    return Text(zh, en) if isinstance(zh, str) and isinstance(en, str) and zh and en else None


def _clients(value: JSON) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise AdministrationError("clients 须为客户端标识的数组", "clients must be an array of client identifiers")
    return frozenset(map(str, value))


def _shown(server: ResourceServer) -> dict[str, JSON]:
    shown: dict[str, JSON] = {
        "resource": server.identifier,
        "tongban_organisation": server.organisation,
        "scopes": {name: {"zh": text.zh, "en": text.en} for name, text in server.scopes.items()},
        "clients": [*sorted(server.clients)],
    }
    return shown | ({"tongban_disabled": True} if server.disabled else {})
