"""Who may call what: the three kinds of callers of the exchange, and the proof each of them uses up.

The scopes and roles are those of the access token (RFC 9068); a token without the right one is refused with 403.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange import errors
from exchange.authentication.tokens import Authenticates, Caller, unauthorized
from exchange.blind_index import BlindIndex
from exchange.catalogue.model import System
from exchange.in_force.snapshot import Snapshot, current
from exchange.in_force.systems import system_of, unlocked
from exchange.store import proofs
from kernel.canonical import JSON
from kernel.database import Database
from kernel.identifiers.subject import SubjectRef
from kernel.lease import Lease
from kernel.ledger.batch import Also
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from kernel.web.http import HttpRequest
from policies.roles import Officer, Role

CASES, GOVERNANCE, USAGE, PREVIEW = "cases", "governance", "usage", "preview"
"""Scopes: opening and closing cases, officers' work, a person's own log, what waits for a person to look at it."""

_ROLES = frozenset(role.value for role in Role) - {Role.EXCHANGE.value}


@dataclass(frozen=True, slots=True)
class AuthorisedSystem:
    """A department's system, with the snapshot it was found in."""

    caller: Caller
    system: System
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class AuthorisedOfficer:
    """An officer of a department or of data governance."""

    caller: Caller
    officer: Officer


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for something that systems and officers may both ask for.

    ``facts`` are what the log calls them by; ``spend`` uses up their proof in the transaction of what they ask for.
    """

    facts: Mapping[str, JSON]
    spend: Also


@dataclass(frozen=True)
class Access:
    """Lets callers in. Safe for threads."""

    origin: str
    authenticator: Authenticates
    policy: Lease[Snapshot]
    database: Database
    indexes: BlindIndex

    def system(self, http: HttpRequest, scope: str = CASES) -> AuthorisedSystem:
        """A registered, active system with this scope. Raises Problem."""
        caller = self._with_scope(http, scope)
        snapshot = current(self.policy)
        return AuthorisedSystem(caller, system_of(snapshot.registry, caller.token), snapshot)

    def unlocked_system(self, http: HttpRequest) -> AuthorisedSystem:
        """The same where data leave: not while the system is locked (ADR 0052). Raises Problem."""
        caller = self.system(http)
        unlocked(caller.snapshot, caller.system)
        return caller

    def purposeful_system(self, http: HttpRequest) -> AuthorisedSystem:
        """The same by a token for one purpose, as for evidence: what it is for, whoever is asked looks at in its
        details. Raises Problem.
        """
        caller, snapshot = self.authenticator.authenticate(http), current(self.policy)
        return AuthorisedSystem(caller, unlocked(snapshot, system_of(snapshot.registry, caller.token)), snapshot)

    def officer(self, http: HttpRequest, *roles: Role) -> AuthorisedOfficer:
        """An officer with one of these roles, or with any when none is named. Raises Problem."""
        caller = self._with_scope(http, GOVERNANCE)
        held = frozenset(Role(name) for name in caller.token.roles & _ROLES)
        if not held or (roles and held.isdisjoint(roles)) or caller.token.organisation is None:
            raise Problem(errors.NOT_ALLOWED)
        name = self.indexes.of_officer(f"{caller.token.issuer}\n{caller.token.sub}")
        return AuthorisedOfficer(caller, Officer(name, caller.token.organisation, held))

    def named_officer(self, caller: Caller) -> str:
        """The officer for whom a system acts, as the log names those of releases; empty where its token names none."""
        return "" if caller.token.officer is None else self.indexes.of_officer(caller.token.officer)

    def person(self, http: HttpRequest, scope: str = USAGE) -> tuple[Caller, SubjectRef]:
        """A person who asks about themselves. Raises Problem."""
        caller = self._with_scope(http, scope)
        if caller.token.person is None:
            raise Problem(errors.NOT_ALLOWED)
        return caller, caller.token.person

    def spend(self, caller: Caller) -> None:
        """Use up the caller's proof in a transaction of its own: for requests that write nothing else.

        Raises Problem.
        """
        if caller.proof is not None:
            self.database.write(lambda connection: self.spend_within(connection, caller))

    def spend_within(self, connection: Connection, caller: Caller) -> None:
        """Use up the caller's proof in the transaction of what it asks for. Raises Problem (token.proof-replayed)."""
        if caller.proof is not None and not proofs.consume(connection, caller.proof):
            raise unauthorized(errors.PROOF_REPLAYED, self.origin)

    def spending(self, caller: Caller) -> Also:
        """The same, as what is written beside an entry of the ledger."""

        def spend(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.spend_within(connection, caller)

        return spend

    def asking_system(self, caller: AuthorisedSystem) -> Asker:
        """A system, as whoever carries out its wish knows it."""
        return Asker({"client": caller.caller.token.client_id}, self.spending(caller.caller))

    def asking_officer(self, officer: AuthorisedOfficer) -> Asker:
        """An officer, as whoever carries out their wish knows them."""
        return Asker({"by": officer.officer.id}, self.spending(officer.caller))

    def _with_scope(self, http: HttpRequest, scope: str) -> Caller:
        caller = self.authenticator.authenticate(http)
        if scope not in caller.token.scope:
            raise Problem(errors.NOT_ALLOWED, members={"scope": scope})
        return caller
