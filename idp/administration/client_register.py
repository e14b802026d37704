"""Departments and their clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from idp.administration.acts import Act, ShownOnce
from idp.administration.errors import AdministrationError, NoSuchThing
from idp.administration.metadata_words import in_chinese
from idp.administration.records import Records
from idp.clients import registered
from idp.clients.certificates import TlsOffer
from idp.clients.metadata.checking import checked, understood
from idp.errors import InvalidClientMetadataError
from idp.model import scopes
from idp.model.client import AuthMethod, GrantType, Organisation, StoredClient
from idp.model.invitation import Invitation, Terms
from idp.model.secret import hashed
from idp.store import clients, invitations, organisations
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.identifiers import InvalidIdentifier, social_credit_code
from kernel.ids import new_id
from kernel.text import Text

MOST_USES = 100
LONGEST_INVITATION = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ClientRegister:
    """Registers departments and clients (RFC 7591)."""

    database: Database
    records: Records
    clock: Clock
    entropy: Entropy
    algorithms: Callable[[], tuple[str, ...]]
    tls: TlsOffer

    def add_organisation(self, code: str, name: Text) -> None:
        """Add a department, or rename it."""
        added, now = Organisation(credit_code(code), name), self.clock.now()
        facts: dict[str, JSON] = {"organisation": added.code, "zh": name.zh, "en": name.en}
        self.records.make("OrganisationAdded", facts, lambda connection: organisations.put(connection, added, now))

    def refuse_unknown(self, code: str) -> None:
        """Raises AdministrationError for a department that is not there."""
        with self.database.read() as connection:
            refuse_unknown_organisation(connection, code)

    def organisations(self) -> list[dict[str, JSON]]:
        """Every department."""
        with self.database.read() as connection:
            known = organisations.every(connection).values()
        return [{"code": each.code, "name": {"zh": each.name.zh, "en": each.name.en}} for each in known]

    def add(self, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
        """Register a client: its metadata and, this once, its secret."""
        data = self._possible(metadata)
        client_id = str(data.pop("client_id", None) or new_id("client", self.clock, self.entropy))
        added, secret = registered.made(client_id, data, self.entropy)
        facts: dict[str, JSON] = {"client": client_id, "organisation": added.organisation}
        now = self.clock.now()

        def change(connection: Connection) -> None:
            refuse_impossible(connection, added)
            clients.add(connection, added, now)

        self.records.make("ClientRegistered", facts, change)
        return registered.shown(added, secret) | {"client_id_issued_at": int(now.timestamp())}

    def invite(self, terms: Terms, *, uses: int = 1, valid_for: timedelta = timedelta(hours=72)) -> dict[str, JSON]:
        """An initial access token (RFC 7591 §1.2) for clients of one department; shown this once."""
        act, secret = self._inviting(terms, uses, valid_for)
        self.records.make(act.name, act.facts, act.change)
        return {**act.facts, "initial_access_token": secret}

    def inviting(self, terms: Terms, *, uses: int, valid_for: timedelta) -> Act:
        """The act of making an initial access token. Raises AdministrationError for one nobody could use."""
        return self._inviting(terms, uses, valid_for)[0]

    def _inviting(self, terms: Terms, uses: int, valid_for: timedelta) -> tuple[Act, str]:
        secret, now = token(self.entropy), self.clock.now()
        invitation = Invitation(new_id("inv", self.clock, self.entropy), hashed(secret), terms, uses, now + valid_for)
        refuse_senseless(invitation, now)

        def change(connection: Connection) -> None:
            refuse_unknown_organisation(connection, terms.organisation)
            invitations.add(connection, invitation)

        facts: dict[str, JSON] = {
            "invitation": invitation.id,
            "organisation": terms.organisation,
            "scopes": [*sorted(terms.scopes)],
            "grant_types": [*sorted(terms.grant_types)],
            "uses": uses,
            "expires_at": invitation.expires_at.isoformat(),
        }
        return Act("ClientInvited", facts, change, lambda: ShownOnce("initial_access_token", secret)), secret

    def invitations(self) -> list[dict[str, JSON]]:
        """Invitations that can still be used, without their tokens."""
        with self.database.read() as connection:
            found = invitations.open_ones(connection, self.clock.now())
        return [
            {
                "invitation": each.id,
                "organisation": each.terms.organisation,
                "scopes": [*sorted(each.terms.scopes)],
                "grant_types": [*sorted(each.terms.grant_types)],
                "uses_left": each.uses_left,
                "expires_at": each.expires_at.isoformat(),
            }
            for each in found
        ]

    def withdraw_invitation(self, invitation_id: str) -> None:
        """Let nobody register by an invitation any more. Clients that came of it stay."""

        def change(connection: Connection) -> None:
            if not invitations.withdraw(connection, invitation_id):
                raise AdministrationError(
                    f"没有可用的邀请 {invitation_id}", f"there is no invitation {invitation_id} that could be used"
                )

        self.records.make("ClientInvitationWithdrawn", {"invitation": invitation_id}, change)

    def update(self, client_id: str, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
        """Put other metadata in place of a client's (RFC 7592 §2.2). Its organisation stays: subjects depend on it.

        A scope or service item that is taken from it is gone from its tokens everywhere within a second (S2); a client
        that manages itself cannot take it back, nor undo what else only an operator says.
        """
        stored, data = self._stored(client_id), self._possible(metadata)
        data.pop("client_id", None)
        if data["tongban_organisation"] != stored.organisation:
            raise AdministrationError(
                "客户端不能改换机构，请另行登记", "a client keeps its organisation; register another one instead"
            )
        changed, secret = registered.made(client_id, data, self.entropy)
        changed, begins = replace(changed, disabled=stored.disabled), False
        facts: dict[str, JSON] = {"client": client_id, "organisation": stored.organisation}

        def change(connection: Connection) -> None:
            nonlocal begins
            refuse_foreign_actors(connection, changed)
            refuse_second_officer(connection, changed)
            begins = clients.replace(connection, changed, self.clock.now())
            invitations.follow(connection, client_id, changed.metadata)

        self.records.make("ClientUpdated", facts, change)
        return registered.shown(changed, secret if begins else None)

    def every(self) -> list[dict[str, JSON]]:
        """Every client, without secrets."""
        with self.database.read() as connection:
            return [registered.shown(stored, None) for stored in clients.every(connection)]

    def show(self, client_id: str) -> dict[str, JSON]:
        """One client, without its secret."""
        return registered.shown(self._stored(client_id), None)

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
        return registered.shown(stored, secret)

    def disable(self, client_id: str) -> None:
        """Refuse a client and its tokens everywhere within a second."""
        self._stored(client_id)
        now = self.clock.now()
        facts: dict[str, JSON] = {"client": client_id}
        self.records.make("ClientDisabled", facts, lambda connection: clients.disable(connection, client_id, now))

    def _possible(self, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
        """Checked metadata that this provider can keep to as it is set up. Raises AdministrationError."""
        data = _checked(metadata)
        refuse_unsignable(data, self.algorithms())
        refuse_switched_off(data, self.tls)
        return data

    def _stored(self, client_id: str) -> StoredClient:
        with self.database.read() as connection:
            found = clients.find(connection, client_id)
        if found is None:
            raise NoSuchThing(f"没有客户端 {client_id}", f"there is no client {client_id}")
        return found


def refuse_foreign_actors(connection: Connection, added: StoredClient) -> None:
    """Raises AdministrationError when somebody else than a client of the same organisation is to act (ADR 0023)."""
    named = added.metadata.get("tongban_may_act")
    actors = [clients.find(connection, str(each)) for each in named] if isinstance(named, list) else []
    if any(actor is None or actor.organisation != added.organisation for actor in actors):
        raise AdministrationError(
            "tongban_may_act 只能列出同一机构已登记的客户端",
            "tongban_may_act may only name registered clients of the same organisation",
        )


def refuse_impossible(connection: Connection, added: StoredClient) -> None:
    """Raises AdministrationError for a client whose department or named actors are not there, or whose id is taken."""
    refuse_unknown_organisation(connection, added.organisation)
    refuse_foreign_actors(connection, added)
    refuse_second_officer(connection, added)
    if clients.find(connection, added.id) is not None:
        raise AdministrationError(f"客户端 {added.id} 已存在", f"client {added.id} exists already")


def refuse_second_officer(connection: Connection, wanted: StoredClient) -> None:
    """Raises AdministrationError for a client that would make every officer a second person.

    Subjects are pairwise by organisation: through clients of two organisations, one officer could draft and sign. So
    everything by which officers act belongs to one (ADR 0038).
    """
    if scopes.GOVERNANCE not in _scope_of(wanted):
        return
    owners = {one.organisation for one in clients.every(connection) if scopes.GOVERNANCE in _scope_of(one)}
    if owners - {wanted.organisation}:
        raise AdministrationError(
            "带 governance 权限的客户端须属于同一机构，否则同一工作人员会被当作两个人",
            "clients with the scope governance belong to one organisation; else one officer would count as two",
        )


def _scope_of(one: StoredClient) -> frozenset[str]:
    return frozenset(str(one.metadata.get("scope", "")).split())


def refuse_unsignable(data: Mapping[str, JSON], algorithms: tuple[str, ...]) -> None:
    """Raises AdministrationError for a client that wants to be answered by an algorithm we have no key of."""
    name = registered.unsignable(data, algorithms)
    if name is not None:
        raise AdministrationError(
            f"{name}：密钥环没有该算法的密钥，请先运行 tongban keys add",
            f"{name}: the key ring has no key of that algorithm; run `tongban keys add` first",
        )


def refuse_switched_off(data: Mapping[str, JSON], tls: TlsOffer) -> None:
    """Raises AdministrationError for a client that is to use certificates where none are accepted (RFC 8705)."""
    name = registered.switched_off(data, tls)
    if name is None:
        return
    by_name = data[registered.METHOD] == AuthMethod.TLS.value
    missing = [
        *(() if tls.certificates else ("idp.trusted_proxies",)),
        *(("idp.client_authorities",) if by_name and not tls.authorities else ()),
    ]
    raise AdministrationError(
        f"{name}：本平台未启用客户端证书，请先设置 {'、'.join(missing)} 并重启服务",
        f"{name}: client certificates are not accepted here; set {' and '.join(missing)} and restart the service first",
    )


def refuse_unknown_organisation(connection: Connection, code: str) -> None:
    """Raises AdministrationError for a department that is not there."""
    if code not in organisations.every(connection):
        raise AdministrationError(
            f"机构 {code} 尚未登记，请先添加该机构", f"organisation {code} is not registered; add it first"
        )


def refuse_senseless(invitation: Invitation, now: datetime) -> None:
    """Raises AdministrationError for an invitation nobody could use, or that offers what does not exist."""
    if not 1 <= invitation.uses_left <= MOST_USES or not now < invitation.expires_at <= now + LONGEST_INVITATION:
        raise AdministrationError(
            f"邀请须可用 1 至 {MOST_USES} 次，有效期不超过 {LONGEST_INVITATION.days} 天",
            f"an invitation has 1 to {MOST_USES} uses and lasts {LONGEST_INVITATION.days} days at most",
        )
    terms = invitation.terms
    if kept := sorted(terms.scopes & scopes.BY_OPERATOR):  # see refuse_second_officer
        raise AdministrationError(
            f"{'、'.join(kept)} 权限的客户端只能由运维人员登记，不能凭邀请自行登记",
            f"a client with the scope {', '.join(kept)} is registered by the operator, not by invitation",
        )
    unknown = terms.scopes - scopes.LABELS.keys() | (terms.grant_types - set(GrantType))
    unknown |= {name for name in terms.fixed if not understood(name)}
    if unknown or not terms.grant_types:
        raise AdministrationError(
            f"没有这样的范围、授权方式或元数据：{' '.join(sorted(unknown))}",
            f"no such scope, grant type or metadata: {' '.join(sorted(unknown))}",
        )


def _checked(metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    try:
        return checked(metadata)
    except InvalidClientMetadataError as error:
        raise AdministrationError(
            f"客户端元数据不合要求：{in_chinese(error.description)}",
            f"the client metadata is not acceptable: {error.description}",
        ) from None


def credit_code(text: str) -> str:
    """A unified social credit code in its one spelling. Raises AdministrationError."""
    try:
        return social_credit_code.parse(text).value
    except InvalidIdentifier as error:
        raise AdministrationError(error.reason.zh, error.reason.en) from None
