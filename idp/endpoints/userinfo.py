"""The userinfo endpoint (OpenID Connect Core 1.0 §5.3), plain or signed.

For bearer tokens (RFC 6750) and DPoP tokens (RFC 9449 §7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from idp.authentication.accounts import Accounts
from idp.clients.directory import ClientDirectory
from idp.endpoints.forms import form
from idp.errors import InvalidDpopProofError, InvalidRequestError, InvalidTokenError, RefusedDpopProofError
from idp.model import scopes
from idp.model.claims import of_scopes
from idp.model.client import Client
from idp.model.person import Person
from idp.model.session import Family
from idp.store import families
from idp.tokens import proof_of_possession
from idp.tokens.person_claims import PersonClaims, told
from idp.tokens.signed_responses import SignedResponses
from idp.tokens.verification import AccessTokens
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.web.http import HttpRequest, HttpResponse, json_response

_JWT = (("Content-Type", "application/jwt"),)
_FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class UserinfoEndpoint:
    """GET and POST /userinfo."""

    tokens: AccessTokens
    accounts: Accounts
    directory: ClientDirectory
    about: PersonClaims
    responses: SignedResponses
    database: Database
    clock: Clock

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """What the token's scopes say about its person. Raises InvalidTokenError, InvalidDpopProofError."""
        scheme, token = presented(request)
        claims = self.tokens.own(token)
        if claims is None or scopes.OPENID not in str(claims.get("scope", "")).split():
            refuse("The access token is not valid here.")
        self._check_possession(request, scheme, token, claims)
        client, family, person = self._allowed(str(claims["jti"]))
        body = {"sub": claims["sub"]} | self._told(client, family, person, claims)
        if client.userinfo_alg is None:
            return json_response(body)
        return HttpResponse(200, self.responses.userinfo(body, client).encode(), _JWT)

    def _check_possession(self, request: HttpRequest, scheme: str, token: str, claims: Mapping[str, JSON]) -> None:
        """RFC 9449 §7.1: a bound token takes a proof, and is no bearer token (D3)."""
        confirmation = claims.get("cnf")
        jkt = confirmation.get("jkt") if isinstance(confirmation, dict) else None
        if jkt is None and scheme == "bearer":
            return
        if jkt is None or scheme != "dpop":
            refuse("The access token was not presented the way it is bound.")
        try:
            self._spend_proof(request, token, str(jkt))
        except InvalidDpopProofError as error:
            challenge = ("WWW-Authenticate", 'DPoP error="invalid_dpop_proof"')
            raise RefusedDpopProofError(error.description, headers=(challenge,)) from None

    def _spend_proof(self, request: HttpRequest, token: str, jkt: str) -> None:
        binding = proof_of_possession.binding(request, self.clock.now(), access_token=token, jkt=jkt)
        if binding is None:
            raise InvalidDpopProofError("A DPoP proof is required.")
        self.database.write(lambda connection: proof_of_possession.spend(connection, binding.proofs))

    def _allowed(self, jti: str) -> tuple[Client, Family, Person]:
        """Who asks, by what right, about whom: each looked up again (T6)."""
        with self.database.read() as connection:
            family = families.of_token(connection, jti)
        client = None if family is None else self.directory.enabled(family.client_id)
        person = None if family is None else self.accounts.active(family.person)
        if family is None or client is None or person is None:
            refuse("The access token is not valid here.")
        return client, family, person

    def _told(self, client: Client, family: Family, person: Person, token: Mapping[str, JSON]) -> dict[str, JSON]:
        """Claims by the token's scopes (§5.4), and those asked for by name (§5.5) as far as still registered."""
        granted = str(token.get("scope", "")).split()
        names = of_scopes(granted) | family.claims.within(client.scopes).userinfo
        level = {"acr": token.get("acr")} if scopes.PROFILE in granted else {}
        return told(self.about(person), names) | level


def presented(request: HttpRequest) -> tuple[str, str]:
    """The scheme and the token, given exactly one way (RFC 6750 §2). Tokens in addresses are not accepted (§2.3)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    in_body = form(request).get("access_token") if request.media_type == _FORM_TYPE and request.body else None
    if in_body is not None and token:
        raise InvalidRequestError("The access token is given twice.")
    if in_body is not None:
        return "bearer", in_body
    if scheme.lower() not in ("bearer", "dpop") or not token:
        refuse("An access token is required.")
    return scheme.lower(), token.strip()


def refuse(description: str) -> NoReturn:
    """401 with the challenges we understand (RFC 6750 §3, RFC 9449 §7.1)."""
    algorithms = " ".join(proof_of_possession.ALGORITHMS)
    challenges = (
        ("WWW-Authenticate", 'Bearer error="invalid_token"'),
        ("WWW-Authenticate", f'DPoP error="invalid_token", algs="{algorithms}"'),
    )
    raise InvalidTokenError(description, headers=challenges)
