"""The authorization code grant (RFC 6749 §4.1.3) with PKCE, DPoP binding and authorization details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication.accounts import Accounts
from idp.errors import InvalidGrantError, OAuthError
from idp.grants import pkce
from idp.grants.caller import TokenRequest
from idp.grants.entitled import as_agreed
from idp.grants.reuse import ReuseAlarm
from idp.grants.succession import Succession
from idp.model.client import GrantType
from idp.model.person import Person
from idp.model.secret import hashed
from idp.model.session import Code
from idp.store import codes, families, refresh_tokens
from idp.store.codes import Redemption
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.issuer import TokenIssuer, nothing
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.batch import Share

Holder = tuple[Person, SubjectRef | None]
"""An account that is not disabled, and the identifier it is known by."""


class CodeLost(Exception):
    """The conditional statement did not find the code unused, unexpired, with its person and session alive."""


def client_repeats_the_redirect_uri(code: Code, request: TokenRequest) -> None:
    """RFC 6749 §4.1.3: identical to the one of the authorization request (T3)."""
    if request.form.get("redirect_uri") != code.redirect_uri:
        raise InvalidGrantError("redirect_uri is not the one the code was sent to.")


def verifier_belongs_to_the_challenge(code: Code, request: TokenRequest) -> None:
    """RFC 7636 §4.6; every code has a challenge, so a missing verifier is a wrong one (A3)."""
    if not pkce.matches(request.form.get("code_verifier", ""), code.code_challenge):
        raise InvalidGrantError("code_verifier does not belong to the code.")


def key_is_the_one_the_code_is_bound_to(code: Code, request: TokenRequest) -> None:
    """RFC 9449 §10 (D4)."""
    if code.family.dpop_jkt is not None and request.jkt != code.family.dpop_jkt:
        raise InvalidGrantError("The code is bound to another DPoP key.")


CHECKS: tuple[Callable[[Code, TokenRequest], None], ...] = (
    client_repeats_the_redirect_uri,
    verifier_belongs_to_the_challenge,
    key_is_the_one_the_code_is_bound_to,
)


@dataclass(frozen=True, slots=True)
class AuthorizationCodeGrant:
    """Redeems codes, each once."""

    tokens: TokenIssuer
    accounts: Accounts
    alarm: ReuseAlarm
    database: Database
    clock: Clock
    succession: Succession
    type = GrantType.AUTHORIZATION_CODE

    def redeem(self, request: TokenRequest) -> dict[str, JSON]:
        """Tokens for a code. Raises OAuthError; a code whose checks fail is used up by that."""
        code, holder = self._find(request)
        try:
            entitlement, signed_in = self._checked(code, holder, request)
        except OAuthError:
            self._spoil(code)
            raise
        return self._exchange(code, request, entitlement, signed_in)

    def _find(self, request: TokenRequest) -> tuple[Code, Holder | None]:
        """The code as this client's, and whose it is; a stranger's attempt finds nothing and changes nothing (T2)."""
        presented = hashed(request.required("code"))
        with self.database.read() as connection:
            found = codes.find(connection, presented, request.client.id)
        if found is None:
            raise InvalidGrantError("The code is unknown.")
        return found.code, self.accounts.standing(found.person, found.sealed)

    def _checked(self, code: Code, holder: Holder | None, request: TokenRequest) -> tuple[Entitlement, SignedIn]:
        for check in CHECKS:
            check(code, request)
        if holder is None:  # T6
            raise InvalidGrantError("The code can no longer be redeemed.")
        person, reference = holder
        signed_in = SignedIn(person, code.family, reference)
        return as_agreed(request, self.tokens, self.type, signed_in), signed_in

    def _exchange(
        self, code: Code, request: TokenRequest, entitlement: Entitlement, signed_in: SignedIn
    ) -> dict[str, JSON]:
        minted = self.tokens.mint(entitlement)
        refresh = self.succession.first() if may_refresh(entitlement) else None
        answer = self.tokens.answer(entitlement, signed_in, minted, nonce=code.nonce, refresh_token=refresh)
        now = self.clock.now()

        redemption = Share(redeem, Redemption(code.hash, request.client.id, now))
        bound = request.jkt is not None or request.certificate is not None

        def keep(connection: Connection) -> None:
            if bound:
                families.bind(connection, code.family.id, request.jkt, request.certificate)
            if refresh is not None:
                refresh_tokens.add(connection, hashed(refresh), code.family, self.succession.until(code.family))

        try:
            also = keep if bound or refresh is not None else nothing
            self.tokens.record(entitlement, minted, request.proofs, also, [redemption])
        except CodeLost:
            self._lost(code)
            raise InvalidGrantError("The code can no longer be redeemed.") from None
        return answer

    def _spoil(self, code: Code) -> None:
        """A failed check uses the code up; if it was used before, this is a replay (T1)."""
        now = self.clock.now()
        if not self.database.write(lambda connection: codes.spoil(connection, code.hash, code.family.client_id, now)):
            self.alarm.raised(code.family, "authorization_code")

    def _lost(self, code: Code) -> None:
        """RFC 6749 §4.1.2: a code used twice revokes what was issued for it; an expired one revokes nothing."""
        with self.database.read() as connection:
            used = codes.was_used(connection, code.hash, code.family.client_id)
        if used:
            self.alarm.raised(code.family, "authorization_code")


def redeem(connection: Connection, wanted: Sequence[Redemption]) -> None:
    """Use up the codes that requests of one moment present. Raises CodeLost when one of them cannot be."""
    if not codes.redeem(connection, wanted):
        raise CodeLost


def may_refresh(entitlement: Entitlement) -> bool:
    """Refresh tokens are for clients registered for them; purpose-bound access ends with its token."""
    return entitlement.client.may_use(GrantType.REFRESH_TOKEN) and not entitlement.details
