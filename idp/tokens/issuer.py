"""Issuing: sign, make the answer, record both durably with what the token costs, and only then let it leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from idp.errors import (
    InvalidAuthorizationDetailsError,
    InvalidDpopProofError,
    InvalidGrantError,
    InvalidScopeError,
    TemporarilyUnavailableError,
)
from idp.model import evidence, scopes
from idp.model.representation import Representation
from idp.model.resource import ResourceServer
from idp.model.session import Family
from idp.resource.metadata import ResourceMetadata, ResourceUnavailable
from idp.store import families
from idp.store.families import IssuedToken
from idp.store.proofs import SpentProof
from idp.tokens import access_token, id_token, proof_of_possession
from idp.tokens.access_token import Stamp
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.mandates import Mandates
from idp.tokens.pairwise import Pairwise
from idp.tokens.person_claims import PersonClaims
from idp.tokens.purpose import SUBJECT_CLAIM, seal_subject
from idp.tokens.signed_responses import SignedResponses
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.jose import MAX_TOKEN_BYTES, sign
from kernel.keys import KeyRing
from kernel.ledger.batch import Share
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

Spend = Callable[[Connection], None]
"""Uses up what a token costs (code, refresh token) and stores what goes with it, in the ledger's transaction."""


Resources = Callable[[str], ResourceServer | None]
"""Finds a resource server in force by its identifier."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A signed token that nobody has seen yet."""

    stamp: Stamp
    token: str
    claims: Mapping[str, JSON]


def nothing(_connection: Connection) -> None:
    """The cost of a token that a client may have as often as it likes."""


class TokenIssuer:
    """Issues tokens of one issuer. ``exchange`` is the audience of purpose-bound tokens."""

    def __init__(
        self,
        issuer: str,
        exchange: ResourceMetadata,
        *,
        keys: KeyRing,
        ledger: Ledger,
        pairwise: Pairwise,
        resources: Resources,
        about: PersonClaims,
        responses: SignedResponses,
        mandates: Mandates,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._issuer, self._exchange = issuer, exchange
        self._keys, self._ledger, self._pairwise = keys, ledger, pairwise
        self._clock, self._entropy = clock, entropy
        self._about, self._responses, self._mandates = about, responses, mandates
        self.resources = resources

    @property
    def exchange(self) -> str:
        """The exchange's resource identifier."""
        return self._exchange.resource

    def audience(self, entitlement: Entitlement) -> str:
        """Whom a token is for: the exchange, a resource server, or this provider's own userinfo endpoint."""
        return self.exchange if entitlement.is_for_the_exchange else entitlement.resource or self._issuer

    def mint(self, entitlement: Entitlement) -> Minted:
        """A signed access token. Raises InvalidDpopProofError, TemporarilyUnavailableError.

        InvalidScopeError or InvalidAuthorizationDetailsError for one so long that nobody here could read it.
        """
        require_binding(entitlement)
        stamp = Stamp.now(entitlement, new_id("tok", self._clock, self._entropy), self._clock.now())
        signed_in = entitlement.signed_in
        mandate = None if signed_in is None else self._mandates.behind(signed_in.family)
        if mandate is not None:  # no token outlives the right to act that it speaks of
            stamp = replace(stamp, expires_at=min(stamp.expires_at, mandate.valid_until))
        audience = self.audience(entitlement)
        claims = access_token.claims(
            entitlement, stamp, issuer=self._issuer, audience=audience, pairwise=self._pairwise
        )
        if mandate is not None:
            claims["mandate"] = mandate.claim()
        claims |= self._subject_claim(entitlement, stamp, mandate)
        signed = sign(claims, self._keys.signing(), typ=access_token.TYPE)
        refuse_unreadable(entitlement, signed)
        return Minted(stamp, signed, claims)

    def record(
        self,
        entitlement: Entitlement,
        minted: Minted,
        used: Iterable[SpentProof],
        spend: Spend,
        shares: Iterable[Share] = (),
    ) -> None:
        """Write the entry, what the token costs and what it uses up, in one transaction. Raises what ``spend`` raises.

        Consuming and minting are one: whoever finds the code used finds the token, too, and can revoke it (T1). What
        most tokens need is written together with that of other requests: proofs, then ``shares``, then their names.
        """
        family = None if entitlement.signed_in is None else entitlement.signed_in.family

        def also(connection: Connection, _receipts: object) -> None:
            spend(connection)
            if family is not None:
                self._mandates.require(connection, family)

        costs_nothing = spend is nothing and (family is None or family.representation is None)
        self._ledger.append(
            [_issued(entitlement, minted)],
            also=None if costs_nothing else also,
            shares=(
                *(Share(proof_of_possession.spend, proof) for proof in used),
                *shares,
                *(() if family is None else (_named(family, minted.stamp),)),
            ),
        )

    def answer(
        self,
        entitlement: Entitlement,
        signed_in: SignedIn,
        minted: Minted,
        *,
        nonce: str | None = None,
        refresh_token: str | None = None,
    ) -> dict[str, JSON]:
        """The token response for a person's sign-in (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).

        Made before the token is recorded, since it may fail: what was recorded is paid for, and a client that got no
        answer would come with a code or refresh token used before, as a thief does. Raises UnauthorizedClientError.
        """
        body = response(entitlement, minted)
        if refresh_token is not None:
            body["refresh_token"] = refresh_token
        if scopes.OPENID in entitlement.scope:
            body["id_token"] = self._id_token(entitlement, signed_in, minted, nonce)
        return body

    def _id_token(self, entitlement: Entitlement, signed_in: SignedIn, minted: Minted, nonce: str | None) -> str:
        claims = id_token.claims(
            entitlement,
            signed_in,
            minted.stamp,
            issuer=self._issuer,
            pairwise=self._pairwise,
            nonce=nonce,
            about=self._about,
        )
        if "mandate" in minted.claims:
            claims["mandate"] = minted.claims["mandate"]
        return self._responses.id_token(claims, minted.token, entitlement.client)

    def _subject_claim(self, entitlement: Entitlement, stamp: Stamp, mandate: Representation | None) -> dict[str, JSON]:
        signed_in = entitlement.signed_in
        if signed_in is None or not entitlement.names_the_subject:
            return {}
        if signed_in.reference is None:
            raise InvalidGrantError("This account has no identifier the exchange could know it by.")
        try:
            key = self._exchange.encryption_key()
        except ResourceUnavailable:
            raise TemporarilyUnavailableError("The exchange cannot be reached to address the token to it.") from None
        sealed = seal_subject(
            signed_in.reference,
            audience=self.exchange,
            jti=stamp.jti,
            key=key,
            mandate=None if mandate is None else mandate.reference,
        )
        return {SUBJECT_CLAIM: sealed}


def require_binding(entitlement: Entitlement) -> None:
    """Tokens for the exchange, and of clients registered so (RFC 9449 §5.2), are never bearer tokens."""
    unbound = entitlement.is_for_the_exchange and not entitlement.confirmation
    if unbound or (entitlement.client.dpop_bound and entitlement.jkt is None):
        raise InvalidDpopProofError("This token is issued only with a DPoP proof.")


def refuse_unreadable(entitlement: Entitlement, signed: str) -> None:
    """A token that is read nowhere would be of no use, and could not be revoked either."""
    if len(signed) > MAX_TOKEN_BYTES:
        kind = InvalidAuthorizationDetailsError if entitlement.details else InvalidScopeError
        raise kind(f"The token would be longer than {MAX_TOKEN_BYTES} bytes: ask for less.")


def response(entitlement: Entitlement, minted: Minted) -> dict[str, JSON]:
    """The members of a token response (RFC 6749 §5.1; RFC 9449 §5; RFC 9396 §7)."""
    body: dict[str, JSON] = {
        "access_token": minted.token,
        "token_type": "Bearer" if entitlement.jkt is None else "DPoP",
        "expires_in": minted.stamp.expires_in,
    }
    if entitlement.scope:
        body["scope"] = scopes.text(entitlement.scope)
    if entitlement.details:
        body["authorization_details"] = evidence.to_json(entitlement.details)
    return body


def _named(family: Family, stamp: Stamp) -> Share:
    """So that the token can be revoked with its family."""
    return Share(families.record_tokens, IssuedToken(stamp.jti, family.id, stamp.expires_at))


def _issued(entitlement: Entitlement, minted: Minted) -> Event:
    """The entry of a token: by its name, never by its text."""
    facts: dict[str, JSON] = {
        "client": entitlement.client.id,
        "grant_type": entitlement.grant_type,
        "audience": minted.claims["aud"],
        "scope": scopes.text(entitlement.scope),
        "expires": int(minted.stamp.expires_at.timestamp()),
    }
    if entitlement.details:
        facts["authorization_details"] = evidence.to_json(entitlement.details)
    if entitlement.act is not None:
        facts["act"] = dict(entitlement.act)
    if entitlement.exchanged is not None:
        facts["subject_token"] = entitlement.exchanged.jti
    signed_in = entitlement.signed_in
    if signed_in is not None:
        facts["family"] = signed_in.family.id
        if signed_in.family.representation is not None:
            facts["representation"] = signed_in.family.representation
    subject = None if signed_in is None else signed_in.reference
    return Event("TokenIssued", minted.stamp.jti, facts=facts, subject=subject)
