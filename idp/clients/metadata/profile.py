"""Profiles a client can be held to: which registrations contradict them, and what they imply.

`baseline` (OAuth 2.1, RFC 9700) is the least for everybody, and what it asks does not exist otherwise here: S256 for
every client, exact redirect addresses, no implicit and no password grant, `iss` in every answer, 303 after a form.
`fapi2` is the FAPI 2.0 Security Profile (Final). What of it is asked while a request is answered follows from the
registration it leads to: pushed requests (`par_required`), bound tokens (`dpop_bound`), and refresh tokens that stay.
`fapi2-message-signing` is that and FAPI 2.0 Message Signing (Final): signed requests (`signed_requests`), signed
authorization and introspection responses (`signed_answers`). HTTP message signatures are not part of it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from idp.errors import InvalidClientMetadataError
from idp.model.client import BY_CERTIFICATE, AuthMethod, Profile
from kernel.canonical import JSON

FAPI_ALGORITHMS = ("ES256", "EdDSA", "PS256")
"""FAPI 2.0 Security Profile §5.4.1."""
FAPI_METHODS = {AuthMethod.PRIVATE_KEY_JWT.value, *(method.value for method in BY_CERTIFICATE)}
_SIGNED = (
    *("id_token_signed_response_alg", "userinfo_signed_response_alg", "authorization_signed_response_alg"),
    "introspection_signed_response_alg",
    "request_object_signing_alg",
    "backchannel_authentication_request_signing_alg",
)
_PAR = "require_pushed_authorization_requests"
_JAR = "require_signed_request_object"
_DPOP, _MTLS = "dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"
Metadata = Mapping[str, JSON]


def client_authenticates_by_key(data: Metadata) -> None:
    """§5.3.2.1: confidential clients alone, by mTLS or private_key_jwt."""
    if data.get("token_endpoint_auth_method") not in FAPI_METHODS:
        raise InvalidClientMetadataError("fapi2: token_endpoint_auth_method must be private_key_jwt or mTLS")


def requests_are_pushed(data: Metadata) -> None:
    """§5.3.2.2: requests without PAR are refused."""
    if data.get(_PAR) is not True:
        raise InvalidClientMetadataError(f"fapi2: {_PAR} cannot be false")


def tokens_are_sender_constrained(data: Metadata) -> None:
    """§5.3.2.1: by DPoP or mTLS."""
    if data.get(_DPOP) is not True and data.get(_MTLS) is not True:
        raise InvalidClientMetadataError(f"fapi2: {_DPOP} or {_MTLS} must be true")


def algorithms_are_strong(data: Metadata) -> None:
    """§5.4.1: PS256, ES256 or EdDSA, for what the client signs and for what is signed for it."""
    if any(data.get(name, FAPI_ALGORITHMS[0]) not in FAPI_ALGORITHMS for name in _SIGNED):
        raise InvalidClientMetadataError(f"fapi2: algorithms must be among {', '.join(FAPI_ALGORITHMS)}")


def answers_are_encrypted_on_their_way(data: Metadata) -> None:
    """§5.3.2.2: no http, except to a native client on the person's own machine."""
    uris = data.get("redirect_uris")
    plain = [uri for uri in uris if urlsplit(str(uri)).scheme != "https"] if isinstance(uris, list) else []
    if plain and data.get("application_type") != "native":
        raise InvalidClientMetadataError("fapi2: redirect_uris must be https")


def requests_are_signed(data: Metadata) -> None:
    """FAPI 2.0 Message Signing §5.3.1: unsigned requests are refused at the PAR endpoint."""
    if data.get(_JAR) is not True:
        raise InvalidClientMetadataError(f"fapi2-message-signing: {_JAR} cannot be false")


_FAPI2 = (
    client_authenticates_by_key,
    requests_are_pushed,
    tokens_are_sender_constrained,
    algorithms_are_strong,
    answers_are_encrypted_on_their_way,
)
CHECKS: Mapping[Profile, tuple[Callable[[Metadata], None], ...]] = {
    Profile.BASELINE: (),
    Profile.FAPI2: _FAPI2,
    Profile.FAPI2_MESSAGE_SIGNING: (*_FAPI2, requests_are_signed),
}


def implied(metadata: Metadata) -> dict[str, JSON]:
    """What the profile asked for says about members that were left out."""
    name = metadata.get("tongban_profile")
    if name not in (Profile.FAPI2.value, Profile.FAPI2_MESSAGE_SIGNING.value):
        return {}
    bound: dict[str, JSON] = {} if metadata.get(_MTLS) is True else {_DPOP: True}
    signed: dict[str, JSON] = {_JAR: True} if name == Profile.FAPI2_MESSAGE_SIGNING.value else {}
    return {_PAR: True, **bound, **signed}


def check(data: Metadata) -> None:
    """Raises InvalidClientMetadataError for a profile that does not exist, or that the metadata contradict."""
    name = data.get("tongban_profile", Profile.BASELINE.value)
    if name not in [profile.value for profile in Profile]:
        raise InvalidClientMetadataError(f"tongban_profile must be one of {', '.join(Profile)}")
    for one in CHECKS[Profile(str(name))]:
        one(data)
