"""Token exchange (RFC 8693): a department's system takes over a person's access token, for less, and in its own name.

The person agreed to it: either the system is the client they signed in to, or it was named to them as one that may act
for it (`may_act`). What comes out joins the family of what came in, ends no later, and never says more (ADR 0023).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from idp.authentication.accounts import Accounts
from idp.clients.directory import ClientDirectory
from idp.errors import InvalidRequestError, InvalidTargetError
from idp.grants.caller import TokenRequest
from idp.grants.entitled import details_within, scope_within
from idp.grants.target import check_target
from idp.model import evidence
from idp.model.client import BY_KEY, Client, GrantType
from idp.model.evidence import Details
from idp.model.resource import resource_server, scope_left
from idp.model.session import Family
from idp.store import families
from idp.tokens import issuer
from idp.tokens.entitlement import Entitlement, Exchanged, SignedIn
from idp.tokens.issuer import TokenIssuer
from idp.tokens.verification import AccessTokens
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a registered name
LONGEST_CHAIN = 3
"""How many systems may stand behind one another in `act`."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The token that came in: its claims, what it stems from, and the client it was issued to.

    ``may_act``: the clients the person was told of, as far as the one they signed in to has named them ever since.
    """

    claims: Mapping[str, JSON]
    family: Family
    client: Client
    may_act: frozenset[str]

    @property
    def scope(self) -> tuple[str, ...]:
        """What the token says, which may be less than what its family was allowed."""
        return tuple(str(self.claims.get("scope", "")).split())

    @property
    def details(self) -> Details:
        """Its authorization details."""
        return evidence.stored_details(self.claims.get("authorization_details", []))

    @property
    def bound_to(self) -> Mapping[str, JSON]:
        """Its `cnf`."""
        confirmation = self.claims.get("cnf")
        return confirmation if isinstance(confirmation, dict) else {}

    @property
    def act(self) -> Mapping[str, JSON] | None:
        """Who acted before (RFC 8693 §4.1)."""
        act = self.claims.get("act")
        return act if isinstance(act, dict) else None


def refuse() -> InvalidRequestError:
    """RFC 8693 §2.2.2. One text for every cause: whether a token lives is nobody's business but its client's."""
    return InvalidRequestError("The subject_token cannot be exchanged by this client.")


def both_belong_to_one_organisation(subject: Subject, request: TokenRequest) -> None:
    """What a person allowed one department does not reach another."""
    if subject.client.organisation != request.client.organisation:
        raise refuse()


def the_person_was_told_who_may_act(subject: Subject, request: TokenRequest) -> None:
    """RFC 8693 §4.4: the client itself, or one named when the person agreed (A11) and not struck out since (S2)."""
    if request.client.id not in {subject.client.id, *subject.may_act}:
        raise refuse()


def the_holder_is_proven(subject: Subject, request: TokenRequest) -> None:
    """A bound token is of no use to whoever stole it: its own client proves what it is bound to (RFC 9449 §7.1).

    A client that was named holds a key of its own instead, and authenticates by it, never by a secret.
    """
    bound = (subject.bound_to.get("jkt"), subject.bound_to.get("x5t#S256"))
    own = request.client.id == subject.client.id
    proven = (request.jkt if bound[0] else None, request.certificate if bound[1] else None)
    if bound != (None, None) and not (bound == proven if own else request.client.auth_method in BY_KEY):
        raise refuse()


def a_binding_is_never_lost(subject: Subject, request: TokenRequest) -> None:
    """What was bound stays bound, to the one who acts."""
    if subject.bound_to and request.jkt is None and request.certificate is None:
        raise InvalidRequestError("A bound token is exchanged only with a DPoP proof or a certificate to bind to.")


def the_chain_is_short(subject: Subject, request: TokenRequest) -> None:
    """Tokens travel in headers, and a long chain helps nobody to understand who acts."""
    del request
    depth, act = 0, subject.act
    while act is not None:
        depth, inner = depth + 1, act.get("act")
        act = inner if isinstance(inner, dict) else None
    if depth >= LONGEST_CHAIN:
        raise refuse()


CHECKS: tuple[Callable[[Subject, TokenRequest], None], ...] = (
    both_belong_to_one_organisation,
    the_person_was_told_who_may_act,
    the_holder_is_proven,
    a_binding_is_never_lost,
    the_chain_is_short,
)


def only_access_tokens_are_exchanged(request: TokenRequest) -> None:
    """RFC 8693 §2.1: for an access token, an access token; the client that authenticates is the actor."""
    if request.required("subject_token_type") != ACCESS_TOKEN:
        raise InvalidRequestError("subject_token_type must be that of an access token.")
    if request.form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise InvalidRequestError("Only access tokens are issued in exchange.")
    if {"actor_token", "actor_token_type"} & request.form.keys():
        raise InvalidRequestError("The actor is the client that authenticates; actor_token is not taken.")


@dataclass(frozen=True, slots=True)
class TokenExchangeGrant:
    """Exchanges access tokens."""

    tokens: TokenIssuer
    live: AccessTokens
    directory: ClientDirectory
    accounts: Accounts
    database: Database
    clock: Clock
    type = GrantType.TOKEN_EXCHANGE

    def redeem(self, request: TokenRequest) -> dict[str, JSON]:
        """A narrower token in the name of the client that asks. Raises OAuthError."""
        only_access_tokens_are_exchanged(request)
        subject = self._subject(request)
        for check in CHECKS:
            check(subject, request)
        entitlement = self._entitlement(subject, request)
        self._check_audience(subject, request, entitlement)
        minted, jti = self.tokens.mint(entitlement), str(subject.claims["jti"])

        def still_alive(connection: Connection) -> None:
            """What is kept in memory of revoked tokens and disabled clients may be a moment old; this is not."""
            if not families.may_be_exchanged(connection, jti, subject.client.id, subject.family, self.clock.now()):
                raise refuse()

        self.tokens.record(entitlement, minted, request.proofs, still_alive)
        return {**issuer.response(entitlement, minted), "issued_token_type": ACCESS_TOKEN}  # RFC 8693 §2.2.1

    def _subject(self, request: TokenRequest) -> Subject:
        """The live token of a person. One about a client itself stems from nobody's agreement."""
        claims = self.live.live(request.required("subject_token"))
        if claims is None:
            raise refuse()
        with self.database.read() as connection:
            family = families.of_token(connection, str(claims["jti"]))
        origin = None if family is None else self.directory.enabled(family.client_id)
        holder = self.directory.enabled(str(claims["client_id"]))
        if family is None or origin is None or holder is None:
            raise refuse()
        may_act = frozenset(each for each in family.may_act if origin.lets_act(each, family.registration))
        return Subject(claims, family, holder, may_act)

    def _entitlement(self, subject: Subject, request: TokenRequest) -> Entitlement:
        person = self.accounts.active(subject.family.person)
        if person is None:  # T6
            raise refuse()
        until = datetime.fromtimestamp(int(str(subject.claims["exp"])), UTC)
        act: dict[str, JSON] = {"sub": request.client.id} | ({} if subject.act is None else {"act": dict(subject.act)})
        return Entitlement(
            client=request.client,
            grant_type=self.type.value,
            scope=self._scope(subject, request),
            details=self._details(subject, request),
            jkt=request.jkt,
            signed_in=SignedIn(person, subject.family, self.accounts.reference(person.id)),
            act=act,
            certificate=request.certificate,
            resource=subject.family.resource,
            exchanged=Exchanged(str(subject.claims["jti"]), until),
        )

    def _scope(self, subject: Subject, request: TokenRequest) -> tuple[str, ...]:
        """T7: within what the token says, and within what the client may have by itself."""
        client = request.client
        server = resource_server(self.tokens.resources, subject.family.resource, client)
        left = scope_left(client, subject.scope, server, client.registration, alone=not subject.details)
        return scope_within(left, subject.scope, server, request)

    def _details(self, subject: Subject, request: TokenRequest) -> Details:
        """T7 and RFC 9396 §6.1: within what the token says; the service item is one of this client's own."""
        return details_within(subject.details, request, self.tokens, request.client.registration)

    def _check_audience(self, subject: Subject, request: TokenRequest, entitlement: Entitlement) -> None:
        """T7: a token for somebody else never comes out, whatever is left out of what came in."""
        check_target(request, entitlement, self.tokens)
        audience = self.tokens.audience(entitlement)
        if audience != subject.claims["aud"] or request.form.get("audience", audience) != audience:
            raise InvalidTargetError("The token can only be for whom the subject_token is.")
