"""The userinfo endpoint (OpenID Connect Core 1.0 §5.3), plain or signed.

For bearer tokens (RFC 6750) and DPoP tokens (RFC 9449 §7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from idp.clients.directory import ClientDirectory
from idp.endpoints.forms import form
from idp.errors import (
    DpopNonceChallengeError,
    InsufficientScopeError,
    InsufficientUserAuthenticationError,
    InvalidDpopProofError,
    InvalidRequestError,
    InvalidTokenError,
    OAuthError,
    RefusedDpopProofError,
    UseDpopNonceError,
)
from idp.model import assurance, scopes
from idp.model.claims import of_scopes
from idp.model.client import Client
from idp.model.person import Person
from idp.model.session import Family
from idp.store import families
from idp.tokens import proof_of_possession
from idp.tokens.person_claims import PersonClaims
from idp.tokens.proof_of_possession import Binding, Possession
from idp.tokens.signed_responses import SignedResponses
from idp.tokens.verification import AccessTokens
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.web import www_authenticate
from kernel.web.http import HttpRequest, HttpResponse, json_response

_JWT = (("Content-Type", "application/jwt"),)
_FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class UserinfoEndpoint:
    """GET and POST /userinfo."""

    tokens: AccessTokens
    directory: ClientDirectory
    about: PersonClaims
    responses: SignedResponses
    database: Database
    possession: Possession
    clock: Clock
    least_level: int = 1
    longest_ago: int | None = None
    """Seconds since the sign-in."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """What the token's scopes say about its person.

        Raises InvalidTokenError, InsufficientScopeError, InvalidDpopProofError.
        """
        scheme, token = presented(request)
        claims = self.tokens.own(token)
        if claims is None:
            refuse("The access token is not valid here.")
        proven = self._check_possession(request, scheme, token, claims)
        if scopes.OPENID not in str(claims.get("scope", "")).split():
            raise InsufficientScopeError(scopes.OPENID)
        self._check_sign_in(claims)
        client, family, person = self._allowed(claims)
        body = {"sub": claims["sub"]} | self._told(client, family, person, claims)
        return self.possession.answered(self._response(body, client), proven)

    def _response(self, body: dict[str, JSON], client: Client) -> HttpResponse:
        """As whoever asks is registered (§5.3.2), who may have the token by an exchange."""
        if client.userinfo_alg is None:
            return json_response(body)
        return HttpResponse(200, self.responses.userinfo(body, client).encode(), _JWT)

    def _check_sign_in(self, claims: Mapping[str, JSON]) -> None:
        """RFC 9470 §3: the token is good, its sign-in is too weak or too long ago; the challenge says what would do."""
        reached = assurance.level(str(claims.get("acr", "")))
        strong = reached is not None and reached >= self.least_level
        recent = self.longest_ago is None or self._seconds_since(claims.get("auth_time")) <= self.longest_ago
        if not (strong and recent):
            raise InsufficientUserAuthenticationError(
                None if strong else assurance.acr(self.least_level), None if recent else self.longest_ago
            )

    def _seconds_since(self, auth_time: JSON) -> float:
        at = auth_time if isinstance(auth_time, int) else 0
        return self.clock.now().timestamp() - at

    def _check_possession(
        self, request: HttpRequest, scheme: str, token: str, claims: Mapping[str, JSON]
    ) -> Binding | None:
        """Everything the token is bound to is proven; a token bound to a key is no bearer token (D3)."""
        confirmation = claims.get("cnf")
        bound = confirmation if isinstance(confirmation, dict) else {}
        certificate, jkt = bound.get("x5t#S256"), bound.get("jkt")
        if certificate is not None and self.possession.certificate(request) != certificate:  # RFC 8705 §3 (D5)
            refuse("The access token is bound to another certificate.")
        if jkt is None and scheme == "bearer":
            return None
        if jkt is None or scheme != "dpop":  # RFC 9449 §7.1
            refuse("The access token was not presented the way it is bound.")
        try:
            return self._spend_proof(request, token, str(jkt))
        except InvalidDpopProofError as error:
            raise RefusedDpopProofError(error.description, headers=(challenge(error),)) from None
        except UseDpopNonceError as error:
            raise DpopNonceChallengeError(error.description, headers=(challenge(error), *error.headers)) from None

    def _spend_proof(self, request: HttpRequest, token: str, jkt: str) -> Binding:
        binding = self.possession.key(request, access_token=token, jkt=jkt)
        if binding is None:
            raise InvalidDpopProofError("A DPoP proof is required.")
        self.database.write(lambda connection: proof_of_possession.spend(connection, binding.proofs))
        return binding

    def _allowed(self, claims: Mapping[str, JSON]) -> tuple[Client, Family, Person]:
        """Who asks, by what right, about whom: each looked up again (T6), and whom the person allowed it as well."""
        with self.database.read() as connection:
            found = families.of_token_and_person(connection, str(claims["jti"]))
        if found is None:
            refuse("The access token is not valid here.")
        family, person = found
        client, origin = self.directory.enabled(str(claims["client_id"])), self.directory.enabled(family.client_id)
        if client is None or origin is None or person.disabled:
            refuse("The access token is not valid here.")
        return client, family, person

    def _told(self, client: Client, family: Family, person: Person, token: Mapping[str, JSON]) -> dict[str, JSON]:
        """Claims by the token's scopes (§5.4), and those asked for by name (§5.5) as far as still registered."""
        granted = str(token.get("scope", "")).split()
        own = client.id == family.client_id  # what was asked for by name is not handed on in an exchange
        by_name = family.claims.within(client.scopes_since(family.registration)).userinfo if own else frozenset()
        names = of_scopes(granted) | by_name
        level = {"acr": token.get("acr")} if scopes.PROFILE in granted else {}
        mandate = {"mandate": token["mandate"]} if "mandate" in token else {}
        return self.about.told(person, names) | level | mandate


def presented(request: HttpRequest) -> tuple[str, str]:
    """The scheme and the token, given exactly one way (RFC 6750 §2). Tokens in addresses are not accepted (§2.3)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    in_body = form(request).get("access_token") if request.media_type == _FORM_TYPE and request.body else None
    if in_body is not None and token:
        raise InvalidRequestError("The access token is given twice.")
    if in_body is not None:
        return "bearer", in_body
    if scheme.lower() not in ("bearer", "dpop") or not token:
        # Whoever brought no token is told of no error (RFC 6750 §3.1).
        raise InvalidTokenError("An access token is required.", headers=www_authenticate.either())
    return scheme.lower(), token.strip()


def challenge(error: OAuthError) -> tuple[str, str]:
    """The challenge after a proof that was not accepted (RFC 9449 §7.1 and §9)."""
    return www_authenticate.dpop(error=error.code)


def refuse(description: str) -> NoReturn:
    """401 for a token that is of no use here."""
    raise InvalidTokenError(description, headers=www_authenticate.either(error=InvalidTokenError.code))
