"""Signed authentication requests (OpenID Connect CIBA Core 1.0 §7.1.1): what a clerk's system asks, under its own key.

A client registered with `backchannel_authentication_request_signing_alg` signs every request, with that algorithm, and
an unsigned one of it is refused; any other sends none. The whole request stands in the object, nothing beside it but
the client's credentials. Each is good once, by its `jti`, which is used up where the request is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from idp.clients.authentication import named_key
from idp.endpoints import request_object
from idp.endpoints.request_object import Claims, Expected, KeysOf
from idp.errors import InvalidRequestError, InvalidRequestObjectError
from idp.model.client import Client
from idp.store.proofs import BACKCHANNEL_REQUEST, SpentProof
from kernel.clock import Clock
from kernel.jose import InvalidToken, Refused, compact, verify_signature_only
from kernel.jose import claims as jwt

TYPES = ("JWT", "")
"""The clause names none. That of a request object for /authorize (RFC 9101 §10.8) is none of these."""
_BESIDE = frozenset({"request", "client_id", "client_secret", "client_assertion", "client_assertion_type"})


def was_issued_by_now(claims: Claims, expected: Expected) -> None:
    """§7.1.1: `iat` is required."""
    if jwt.instant_claim(claims, "iat") > expected.now + request_object.LEEWAY:
        raise InvalidRequestObjectError("The authentication request was issued in the future.")


CHECKS: tuple[Callable[[Claims, Expected], None], ...] = (
    request_object.is_by_the_client,
    request_object.is_for_this_provider,
    request_object.is_no_client_assertion,
    request_object.is_valid_now,
    request_object.is_short_lived,
    was_issued_by_now,
    request_object.holds_no_other_request,
)


@dataclass(frozen=True, slots=True)
class Read:
    """The parameters of a request, and what it uses up."""

    parameters: Mapping[str, str]
    proofs: tuple[SpentProof, ...]


@dataclass(frozen=True, slots=True)
class AuthenticationRequests:
    """Reads the requests of authenticated clients. ``keys``: a client's published keys."""

    keys: KeysOf
    issuer: str
    clock: Clock

    def read(self, client: Client, parameters: Mapping[str, str]) -> Read:
        """Signed where the client signs, plain elsewhere. Raises InvalidRequestError."""
        text, alg = parameters.get("request"), client.backchannel_request_alg
        if "request_uri" in parameters or (text is not None and alg is None):
            raise InvalidRequestError("The client is not registered for signed authentication requests.")
        if alg is None:
            return Read(parameters, ())
        if text is None:
            raise InvalidRequestError("The client is registered to sign its authentication requests.")
        if beside := parameters.keys() - _BESIDE:
            raise InvalidRequestError(f"{len(beside)} parameters stand outside the signed authentication request.")
        try:
            return self._signed(client, text, alg)
        except (InvalidToken, Refused) as refusal:
            raise InvalidRequestError(f"The signed request is not acceptable: {refusal.reason.value}.") from None
        except InvalidRequestObjectError as refusal:
            raise InvalidRequestError(refusal.description) from None

    def _signed(self, client: Client, text: str, alg: str) -> Read:
        keys = [key for key in self.keys(client, named_key(text)) if key.alg == alg]
        claims = compact.json_object(verify_signature_only(text, keys, typ=TYPES).payload)
        expected = Expected(client, self.issuer, self.clock.now().timestamp())
        for check in CHECKS:
            check(claims, expected)
        until = datetime.fromtimestamp(jwt.instant_claim(claims, "exp") + request_object.LEEWAY, UTC)
        # §7.1.1: `jti` is required. Whoever reads it refuses a request without it.
        proof = SpentProof(BACKCHANNEL_REQUEST, client.id, jwt.text_claim(claims, "jti"), until)
        return Read(request_object.parameters(claims), (proof,))
