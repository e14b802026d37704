"""Departments and their clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from idp.administration.errors import AdministrationError
from idp.administration.records import Records
from idp.endpoints import registration
from idp.errors import InvalidClientMetadataError
from idp.model.client import BY_SECRET, AuthMethod, Organisation, StoredClient
from idp.model.secret import hashed
from idp.store import clients, organisations
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.identifiers import InvalidIdentifier, social_credit_code
from kernel.ids import new_id
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class ClientRegister:
    """Registers departments and clients (RFC 7591)."""

    database: Database
    records: Records
    clock: Clock
    entropy: Entropy
    algorithms: Callable[[], tuple[str, ...]]

    def add_organisation(self, code: str, name: Text) -> None:
        """Add a department, or rename it."""
        added, now = Organisation(_credit_code(code), name), self.clock.now()
        facts: dict[str, JSON] = {"organisation": added.code, "zh": name.zh, "en": name.en}
        self.records.make("OrganisationAdded", facts, lambda connection: organisations.put(connection, added, now))

    def organisations(self) -> list[dict[str, JSON]]:
        """Every department."""
        with self.database.read() as connection:
            known = organisations.every(connection).values()
        return [{"code": each.code, "name": {"zh": each.name.zh, "en": each.name.en}} for each in known]

    def add(self, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
        """Register a client: its metadata and, this once, its secret."""
        data = _checked(metadata)
        refuse_unsignable(data, self.algorithms())
        client_id = str(data.pop("client_id", None) or new_id("client", self.clock, self.entropy))
        by_secret = AuthMethod(str(data["token_endpoint_auth_method"])) in BY_SECRET
        secret = token(self.entropy) if by_secret else None
        added = StoredClient(
            client_id, str(data["tongban_organisation"]), data, None if secret is None else hashed(secret)
        )
        facts: dict[str, JSON] = {"client": client_id, "organisation": added.organisation}
        now = self.clock.now()

        def change(connection: Connection) -> None:
            refuse_impossible(connection, added)
            clients.add(connection, added, now)

        self.records.make("ClientRegistered", facts, change)
        return _shown(added, secret) | {"client_id_issued_at": int(now.timestamp())}

    def every(self) -> list[dict[str, JSON]]:
        """Every client, without secrets."""
        with self.database.read() as connection:
            return [_shown(stored, None) for stored in clients.every(connection)]

    def show(self, client_id: str) -> dict[str, JSON]:
        """One client, without its secret."""
        return _shown(self._stored(client_id), None)

    def rotate_secret(self, client_id: str) -> dict[str, JSON]:
        """A new secret in place of the old one, which stops working within a second; shown this once."""
        stored = self._stored(client_id)
        if stored.secret_hash is None:
            raise AdministrationError(
                f"客户端 {client_id} 没有密钥口令", f"client {client_id} has no secret: it uses keys or is public"
            )
        secret = token(self.entropy)
        kept = hashed(secret)
        facts: dict[str, JSON] = {"client": client_id}
        self.records.make(
            "ClientSecretRotated", facts, lambda connection: clients.replace_secret(connection, client_id, kept)
        )
        return _shown(stored, secret)

    def disable(self, client_id: str) -> None:
        """Refuse a client and its tokens everywhere within a second."""
        self._stored(client_id)
        now = self.clock.now()
        facts: dict[str, JSON] = {"client": client_id}
        self.records.make("ClientDisabled", facts, lambda connection: clients.disable(connection, client_id, now))

    def _stored(self, client_id: str) -> StoredClient:
        with self.database.read() as connection:
            found = clients.find(connection, client_id)
        if found is None:
            raise AdministrationError(f"没有客户端 {client_id}", f"there is no client {client_id}")
        return found


def refuse_impossible(connection: Connection, added: StoredClient) -> None:
    """Raises AdministrationError for a client whose department is not there, or whose id is taken."""
    if added.organisation not in organisations.every(connection):
        raise AdministrationError(
            f"机构 {added.organisation} 尚未登记，请先添加该机构",
            f"organisation {added.organisation} is not registered; add it first",
        )
    if clients.find(connection, added.id) is not None:
        raise AdministrationError(f"客户端 {added.id} 已存在", f"client {added.id} exists already")


def refuse_unsignable(data: Mapping[str, JSON], algorithms: tuple[str, ...]) -> None:
    """Raises AdministrationError for a client that wants to be answered by an algorithm we have no key of."""
    for name in ("id_token_signed_response_alg", "userinfo_signed_response_alg"):
        if data.get(name, algorithms[0]) not in algorithms:
            raise AdministrationError(
                f"{name}：密钥环没有该算法的密钥，请先运行 tongban keys add",
                f"{name}: the key ring has no key of that algorithm; run `tongban keys add` first",
            )


def _checked(metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    try:
        return registration.checked(metadata)
    except InvalidClientMetadataError as error:
        raise AdministrationError(
            f"客户端元数据不合要求：{error.description}", f"the client metadata is not acceptable: {error.description}"
        ) from None


def _credit_code(text: str) -> str:
    try:
        return social_credit_code.parse(text).value
    except InvalidIdentifier as error:
        raise AdministrationError(error.reason.zh, error.reason.en) from None


def _shown(stored: StoredClient, secret: str | None) -> dict[str, JSON]:
    """RFC 7591 §3.2.1; a secret that never expires says so with 0."""
    shown: dict[str, JSON] = {"client_id": stored.id, **stored.metadata}
    if secret is not None:
        shown |= {"client_secret": secret, "client_secret_expires_at": 0}
    return shown | ({"tongban_disabled": True} if stored.disabled else {})
