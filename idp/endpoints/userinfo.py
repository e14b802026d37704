"""The userinfo endpoint (OpenID Connect Core 1.0 §5.3), for bearer (RFC 6750) and DPoP tokens (RFC 9449 §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from idp.authentication.accounts import Accounts
from idp.endpoints.forms import form
from idp.errors import InvalidDpopProofError, InvalidRequestError, InvalidTokenError, RefusedDpopProofError
from idp.model import scopes
from idp.model.person import Person
from idp.store import families
from idp.tokens import proof_of_possession
from idp.tokens.verification import AccessTokens
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.web.http import HttpRequest, HttpResponse, json_response

_FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class UserinfoEndpoint:
    """GET and POST /userinfo."""

    tokens: AccessTokens
    accounts: Accounts
    database: Database
    clock: Clock

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """What the token's scopes say about its person. Raises InvalidTokenError, InvalidDpopProofError."""
        scheme, token = presented(request)
        claims = self.tokens.own(token)
        if claims is None or scopes.OPENID not in str(claims.get("scope", "")).split():
            refuse("The access token is not valid here.")
        self._check_possession(request, scheme, token, claims)
        person = self._person(str(claims["jti"]))
        return json_response({"sub": claims["sub"]} | about(person, claims))

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

    def _person(self, jti: str) -> Person:
        with self.database.read() as connection:
            person_id = families.person_of_token(connection, jti)
        person = None if person_id is None else self.accounts.active(person_id)
        if person is None:  # T6
            refuse("The access token is not valid here.")
        return person


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


def about(person: Person, claims: Mapping[str, JSON]) -> dict[str, JSON]:
    """Claims by scope (OpenID Connect Core 1.0 §5.4)."""
    granted = str(claims.get("scope", "")).split()
    made: dict[str, JSON] = {}
    if scopes.PROFILE in granted:
        made |= {"name": person.name, "acr": claims.get("acr")}
    return made


def refuse(description: str) -> NoReturn:
    """401 with the challenges we understand (RFC 6750 §3, RFC 9449 §7.1)."""
    algorithms = " ".join(proof_of_possession.ALGORITHMS)
    challenges = (
        ("WWW-Authenticate", 'Bearer error="invalid_token"'),
        ("WWW-Authenticate", f'DPoP error="invalid_token", algs="{algorithms}"'),
    )
    raise InvalidTokenError(description, headers=challenges)
