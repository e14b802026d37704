"""Request objects by value (JAR, RFC 9101): an authorization request that the client has signed.

OpenID Connect Core 1.0 §6.1; the lifetimes are those of FAPI 2.0 Message Signing §5.3.1. Objects by reference do not
exist: a `request_uri` is one this provider issued itself, and nothing is fetched (A6). A client may encrypt the signed
object to the key we publish with `use: enc` (RFC 9101 §6.1): then it is opened first, and all that follows holds for
what is inside. Encrypted but not signed says nothing about who sent it, and is refused like any unsigned object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from idp.clients.authentication import named_key
from idp.errors import InvalidRequestObjectError
from idp.model.client import Client
from kernel.canonical import JSON, NotCanonical, encode
from kernel.jose import DecryptionKey, InvalidToken, Refused, VerifyingKey, compact, decrypt, verify_signature_only
from kernel.jose import claims as jwt

TYPES = ("oauth-authz-req+jwt", "JWT", "")
"""§10.8 recommends the first; many libraries write the second or none."""
LONGEST = 3600
_DOTS_OF_A_JWE = 4  # RFC 7516 §7.1
LEEWAY = 10
_ABOUT_THE_OBJECT = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})
Claims = Mapping[str, JSON]
KeysOf = Callable[[Client, str | None], tuple[VerifyingKey, ...]]
"""A client's keys; the second argument is the `kid` that the object names."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a request object is held against; ``now`` in seconds since 1970-01-01 UTC."""

    client: Client
    issuer: str
    now: float


def is_by_the_client(claims: Claims, expected: Expected) -> None:
    """§4: `iss` is the client."""
    if jwt.text_claim(claims, "iss") != expected.client.id:
        raise InvalidRequestObjectError("iss of the request object is not the client.")


def is_for_this_provider(claims: Claims, expected: Expected) -> None:
    """§4: `aud` is our issuer identifier, and nobody beside it (C12)."""
    if claims.get("aud") != expected.issuer:
        raise InvalidRequestObjectError("aud of the request object is not this issuer, exactly.")


def names_the_client(claims: Claims, expected: Expected) -> None:
    """§6.3: the client_id beside the object and the one in it are one."""
    if claims.get("client_id") != expected.client.id:
        raise InvalidRequestObjectError("client_id of the request object is missing or another client's.")


def is_no_client_assertion(claims: Claims, expected: Expected) -> None:
    """§10.8: what authenticates a client is not taken for a request of it, nor the other way round."""
    if claims.get("sub") == expected.client.id:
        raise InvalidRequestObjectError("A request object must not name the client as sub.")


def is_valid_now(claims: Claims, expected: Expected) -> None:
    """FAPI 2.0 Message Signing §5.3.1: `exp` and `nbf` are required; clocks may differ by ten seconds."""
    if expected.now >= jwt.instant_claim(claims, "exp"):
        raise InvalidRequestObjectError("The request object has expired.")
    if jwt.instant_claim(claims, "nbf") > expected.now + LEEWAY:
        raise InvalidRequestObjectError("The request object is not valid yet.")


def is_short_lived(claims: Claims, expected: Expected) -> None:
    """FAPI 2.0 Message Signing §5.3.1: `exp` at most 60 minutes after `nbf`, which in a valid one is no longer ago."""
    del expected
    if jwt.instant_claim(claims, "exp") - jwt.instant_claim(claims, "nbf") > LONGEST:
        raise InvalidRequestObjectError("The request object lives longer than 60 minutes.")


def holds_no_other_request(claims: Claims, expected: Expected) -> None:
    """§4: `request` and `request_uri` are not in it."""
    del expected
    if "request" in claims or "request_uri" in claims:
        raise InvalidRequestObjectError("A request object must not hold or refer to another.")


CHECKS: tuple[Callable[[Claims, Expected], None], ...] = (
    is_by_the_client,
    is_for_this_provider,
    names_the_client,
    is_no_client_assertion,
    is_valid_now,
    is_short_lived,
    holds_no_other_request,
)


def signed_part(text: str, ours: Sequence[DecryptionKey]) -> str:
    """§6.1: the signed object, taken out of its encryption where it has one. Raises InvalidRequestObjectError.

    By ECDH-ES and A256GCM alone, uncompressed, to a key of ours. One layer: what is inside has to be a JWS.
    """
    if text.count(".") != _DOTS_OF_A_JWE:
        return text
    try:
        return decrypt(text, ours).decode("ascii")
    except InvalidToken as refusal:
        raise InvalidRequestObjectError(f"The request object cannot be decrypted: {refusal.reason.value}.") from None
    except UnicodeDecodeError:
        raise InvalidRequestObjectError("What the request object holds encrypted is no signed one.") from None


def opened(text: str, client: Client, known: KeysOf, issuer: str, now: datetime) -> dict[str, str]:
    """The parameters in a request object; those beside it count for nothing (§6.3). Raises InvalidRequestObjectError.

    Signed with a key the client is registered with, by that key's one algorithm: `none` and HS256 are no key's (A6).
    """
    try:
        keys = [key for key in known(client, named_key(text)) if client.request_object_alg in (None, key.alg)]
        claims = compact.json_object(verify_signature_only(text, keys, typ=TYPES).payload)
        for check in CHECKS:
            check(claims, Expected(client, issuer, now.timestamp()))
    except (InvalidToken, Refused) as refusal:
        raise InvalidRequestObjectError(f"The request object is not acceptable: {refusal.reason.value}.") from None
    return parameters(claims)


def parameters(claims: Claims) -> dict[str, str]:
    """What a verified object asks for, without what it says about itself. Raises InvalidRequestObjectError."""
    wire = {name: _wire(name, value) for name, value in claims.items() if name not in _ABOUT_THE_OBJECT}
    return {name: value for name, value in wire.items() if value}


def _wire(name: str, value: JSON) -> str:
    """§4: a parameter as a form would carry it: text, digits, or JSON text; several resources are joined by a blank."""
    if isinstance(value, str):
        if "\0" in value:  # as in a form (`kernel.web.parameters`)
            raise InvalidRequestObjectError("A parameter of the request object holds a NUL.")
        return value
    if name == "resource" and isinstance(value, list):
        return " ".join(dict.fromkeys(map(str, value)))
    try:
        return "" if value is None else encode(value).decode()
    except NotCanonical:  # a fraction, or a number too large to have one meaning (RFC 7493 §2.2)
        raise InvalidRequestObjectError(
            "A parameter of the request object holds a number that has no single meaning."
        ) from None
