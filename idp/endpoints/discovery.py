"""Metadata (RFC 8414, OpenID Connect Discovery 1.0): exactly what is switched on, as bytes prepared once."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from idp.clients.certificates import TlsOffer
from idp.clients.metadata import backchannel, encrypted_answers, encrypted_requests
from idp.clients.metadata.keys import CLIENT_ALGORITHMS
from idp.endpoints import addresses, response_mode
from idp.endpoints.addresses import Addresses
from idp.grants import pkce
from idp.model import assurance, claims, scopes
from idp.model.client import AuthMethod, GrantType, Profile
from idp.model.evidence import EVIDENCE
from kernel.canonical import JSON
from kernel.jose import CONTENT_ALGORITHMS, PROOF_ALGORITHMS, RECIPIENT_ALGORITHMS
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.prepared import PreparedDocument

_WITH_CERTIFICATES = {
    "token_endpoint": addresses.TOKEN,
    "pushed_authorization_request_endpoint": addresses.PAR,
    "device_authorization_endpoint": addresses.DEVICE_AUTHORIZATION,
    "backchannel_authentication_endpoint": addresses.BACKCHANNEL,
    "userinfo_endpoint": addresses.USERINFO,
    "introspection_endpoint": addresses.INTROSPECT,
    "revocation_endpoint": addresses.REVOKE,
}


def metadata(own: Addresses, algorithms: tuple[str, ...], tls: TlsOffer) -> dict[str, JSON]:
    """Both documents' members: a client of either standard reads what it knows. ``algorithms``: what we sign with."""
    return (
        places(own)
        | authorization()
        | authentication(tls)
        | answers(algorithms)
        | encryption()
        | logout()
        | mtls_aliases(tls)
    )


def places(own: Addresses) -> dict[str, JSON]:
    """Where everything is (RFC 8414 §2, and the standards of each endpoint)."""
    return {
        "issuer": own.issuer,
        "authorization_endpoint": own.of(addresses.AUTHORIZE),
        "pushed_authorization_request_endpoint": own.of(addresses.PAR),
        "device_authorization_endpoint": own.of(addresses.DEVICE_AUTHORIZATION),
        "backchannel_authentication_endpoint": own.of(addresses.BACKCHANNEL),
        "token_endpoint": own.of(addresses.TOKEN),
        "userinfo_endpoint": own.of(addresses.USERINFO),
        "introspection_endpoint": own.of(addresses.INTROSPECT),
        "revocation_endpoint": own.of(addresses.REVOKE),
        "registration_endpoint": own.of(addresses.REGISTER),
        "end_session_endpoint": own.of(addresses.LOGOUT),
        "jwks_uri": own.of(addresses.JWKS),
        "tongban_revocations_endpoint": own.of(addresses.REVOCATIONS),
    }


def authorization() -> dict[str, JSON]:
    """How somebody may be asked (OpenID Connect Discovery 1.0 §3, RFC 9126 §5, RFC 9396 §10, CIBA Core 1.0 §4)."""
    return {
        "require_pushed_authorization_requests": False,
        "scopes_supported": [*scopes.LABELS],
        "response_types_supported": ["code"],
        "response_modes_supported": [*response_mode.SUPPORTED],
        "grant_types_supported": [grant.value for grant in GrantType],
        "code_challenge_methods_supported": [pkce.METHOD],
        "authorization_details_types_supported": [EVIDENCE],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "require_signed_request_object": False,
        "request_object_signing_alg_values_supported": [*CLIENT_ALGORITHMS],
        "request_object_encryption_alg_values_supported": [encrypted_requests.ALGORITHM],
        "request_object_encryption_enc_values_supported": [encrypted_requests.CONTENT],
        "claims_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["zh-CN", "en"],
        "acr_values_supported": [*assurance.OFFERED],
        "backchannel_token_delivery_modes_supported": [*backchannel.MODES],
        "backchannel_authentication_request_signing_alg_values_supported": [*CLIENT_ALGORITHMS],
        "backchannel_user_code_parameter_supported": True,
        "tongban_profiles_supported": [profile.value for profile in Profile],
    }


def authentication(tls: TlsOffer) -> dict[str, JSON]:
    """How clients prove who they are, and what tokens are bound to (RFC 8414 §2, RFC 8705 §3.3, RFC 9449 §5.1)."""
    methods: list[JSON] = [method.value for method in tls.methods]
    confidential: list[JSON] = [method.value for method in tls.methods if method is not AuthMethod.NONE]
    return {
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": [*CLIENT_ALGORITHMS],
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": [*CLIENT_ALGORITHMS],
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": [*CLIENT_ALGORITHMS],
        "dpop_signing_alg_values_supported": [*PROOF_ALGORITHMS],
        "tls_client_certificate_bound_access_tokens": tls.certificates,
    }


def answers(algorithms: tuple[str, ...]) -> dict[str, JSON]:
    """What is told, of whom, and how it is signed (OpenID Connect Discovery 1.0 §3, JARM §4, RFC 9701 §7)."""
    about = ("sub", *claims.SCOPE_OF, "acr", "amr", "auth_time", "sid", "organisation", "roles", "mandate")
    return {
        "subject_types_supported": ["pairwise"],
        "claims_supported": [*about],
        "id_token_signing_alg_values_supported": [*algorithms],
        "userinfo_signing_alg_values_supported": [*algorithms],
        "introspection_signing_alg_values_supported": [*algorithms],
        "authorization_signing_alg_values_supported": [*algorithms],
    }


def logout() -> dict[str, JSON]:
    """OpenID Connect Back-Channel Logout 1.0 §2.1, Front-Channel Logout 1.0 §3."""
    return {
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }


def encryption() -> dict[str, JSON]:
    """What answers can be encrypted by: OpenID Connect Discovery 1.0 §3, JARM §4, RFC 9701 §7."""
    offered: dict[str, JSON] = {"alg": [*RECIPIENT_ALGORITHMS], "enc": [*CONTENT_ALGORITHMS]}
    return {
        f"{kind}_encryption_{name}_values_supported": values
        for kind in encrypted_answers.KINDS
        for name, values in offered.items()
    }


def mtls_aliases(tls: TlsOffer) -> dict[str, JSON]:
    """RFC 8705 §5: where the same endpoints ask for a certificate, if that is another address."""
    if not tls.certificates or not tls.origin:
        return {}
    there = Addresses(tls.origin)
    aliases: dict[str, JSON] = {name: there.of(path) for name, path in _WITH_CERTIFICATES.items()}
    return {"mtls_endpoint_aliases": aliases}


class DiscoveryEndpoint:
    """Answers both well-known addresses with prepared bytes, made anew when the key ring has another algorithm."""

    def __init__(self, own: Addresses, algorithms: Callable[[], tuple[str, ...]], tls: TlsOffer) -> None:
        self._own, self._algorithms, self._tls = own, algorithms, tls
        self._prepared = self._prepare(algorithms())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The metadata document."""
        known, document = self._prepared
        algorithms = self._algorithms()
        if algorithms != known:
            self._prepared = _, document = self._prepare(algorithms)
        return document.answer(request)

    def _prepare(self, algorithms: tuple[str, ...]) -> tuple[tuple[str, ...], PreparedDocument]:
        return algorithms, PreparedDocument(orjson.dumps(metadata(self._own, algorithms, self._tls)))
