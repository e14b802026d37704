"""Client metadata (RFC 7591 §2), checked on Authlib's claims and by what this provider supports.

The typed seam in front of Authlib's `ClientMetadataClaims`. Registration is an operator's command in this form; an
endpoint for it will call the same function, so that both admit exactly the same clients.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from authlib.oauth2.rfc7591 import ClientMetadataClaims
from joserfc.errors import JoseError

from idp.endpoints import registered_certificates
from idp.endpoints.discovery import CLIENT_ALGORITHMS
from idp.errors import InvalidClientMetadataError
from idp.model import scopes
from idp.model.certificate import CertificateName
from idp.model.client import AuthMethod, GrantType
from kernel.canonical import JSON
from kernel.identifiers import social_credit_code
from kernel.identifiers.errors import InvalidIdentifier
from kernel.jose import InvalidKey, VerifyingKey
from kernel.keys import SIGNATURES

_ALGORITHM_BY_CURVE = {"P-256": "ES256", "Ed25519": "EdDSA"}
_SUPPORTED: Mapping[str, list[str]] = {
    "scopes_supported": [*scopes.LABELS],
    "response_types_supported": ["code"],
    "grant_types_supported": [grant.value for grant in GrantType],
    "token_endpoint_auth_methods_supported": [method.value for method in AuthMethod],
}
_AUTHORITY = re.compile(r"[A-Za-z0-9.:@\[\]-]+")
_TEXTS = (
    *("client_id", "client_name", "client_name#zh-CN", "client_name#en", "scope", "token_endpoint_auth_method"),
    *(name.value for name in CertificateName),
)
_SIGNED = ("id_token_signed_response_alg", "userinfo_signed_response_alg")
_LISTS = (
    "redirect_uris",
    "post_logout_redirect_uris",
    "grant_types",
    "response_types",
    "tongban_service_items",
    "contacts",
)
_FLAGS = (
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "tls_client_certificate_bound_access_tokens",
)
_OTHERS = ("application_type", "jwks", "tongban_organisation", "client_uri", "software_id", "software_version")
_KNOWN = frozenset((*_TEXTS, *_SIGNED, *_LISTS, *_FLAGS, *_OTHERS))


def checked(metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    """Metadata fit to be stored, with RFC 7591's defaults filled in. Raises InvalidClientMetadataError."""
    _shape(metadata)
    data = _by_rfc_7591(_with_defaults(metadata))
    for check in (_owner, _redirects, _authentication, _grants, _algorithms):
        check(data)
    return data | registered_certificates.names(data)


def _shape(metadata: Mapping[str, JSON]) -> None:
    """Only members we act on: a client that believes something is registered is not left in that belief."""
    if unknown := sorted(set(metadata) - _KNOWN):
        raise InvalidClientMetadataError(f"unknown metadata: {', '.join(unknown)}".encode("ascii", "replace").decode())
    for name in (name for name in (*_TEXTS, *_SIGNED) if name in metadata):
        if not isinstance(metadata[name], str):
            raise InvalidClientMetadataError(f"{name} must be a string")
    for name in (name for name in _LISTS if name in metadata):
        if not _is_list_of_texts(metadata[name]):
            raise InvalidClientMetadataError(f"{name} must be an array of strings")
    for name in (name for name in _FLAGS if name in metadata):
        if not isinstance(metadata[name], bool):
            raise InvalidClientMetadataError(f"{name} must be true or false")


def _by_rfc_7591(metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    """Authlib's checks: URIs, the key set, and that everything asked for is supported."""
    try:
        claims = ClientMetadataClaims(dict(metadata), {}, ClientMetadataClaims.get_claims_options(_SUPPORTED))
        claims.validate()
    except (JoseError, ValueError) as error:
        raise InvalidClientMetadataError(f"not acceptable: {getattr(error, 'claim', 'metadata')}") from None
    return dict(claims)


def _with_defaults(metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    """RFC 7591 §2: what a missing member means."""
    defaults: dict[str, JSON] = {"grant_types": ["authorization_code"], "response_types": ["code"], "scope": ""}
    data = {**defaults, **metadata}
    if "jwks" in data:
        data["jwks"] = _keys(data["jwks"])
    return data


def _keys(jwks: JSON) -> dict[str, JSON]:
    """The client's public keys, each with its one algorithm written down: a header never chooses it."""
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    registered: list[JSON] = [_key(entry) for entry in entries] if isinstance(entries, list) else []
    if not registered:
        raise InvalidClientMetadataError("jwks holds no key")
    return {"keys": registered}


def _key(entry: JSON) -> dict[str, JSON]:
    if not isinstance(entry, dict):
        raise InvalidClientMetadataError("jwks holds something that is no key")
    alg = entry.get("alg") or _ALGORITHM_BY_CURVE.get(str(entry.get("crv")))
    if alg not in CLIENT_ALGORITHMS:
        raise InvalidClientMetadataError(f"a key's alg must be one of {', '.join(CLIENT_ALGORITHMS)}")
    try:
        return dict(VerifyingKey.from_jwk({**entry, "alg": alg}).jwk) | registered_certificates.of_key(entry)
    except InvalidKey as error:
        raise InvalidClientMetadataError(f"jwks: {error}".encode("ascii", "replace").decode()) from None


def _owner(data: Mapping[str, JSON]) -> None:
    """Every client belongs to an organisation: it is the sector of the client's pairwise subjects."""
    try:
        social_credit_code.parse(data.get("tongban_organisation"))
    except InvalidIdentifier:
        raise InvalidClientMetadataError("tongban_organisation must be a unified social credit code") from None
    if not data.get("client_name"):
        raise InvalidClientMetadataError("client_name is missing: people must be told who asks")


def _redirects(data: Mapping[str, JSON]) -> None:
    if data.get("application_type", "web") not in ("web", "native"):
        raise InvalidClientMetadataError("application_type must be web or native")
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in _texts(data, name):
            _redirect(name, uri)


def _redirect(name: str, uri: str) -> None:
    """https; http only to the person's own machine (RFC 8252 §7.3)."""
    parts = urlsplit(uri)
    if not _AUTHORITY.fullmatch(parts.netloc):  # it has to stand in a Content-Security-Policy
        raise InvalidClientMetadataError(f"{name}: the host is not written in plain letters, digits, dots and hyphens")
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not (parts.scheme == "https" or local) or parts.fragment or "@" in parts.netloc or not uri.isascii():
        raise InvalidClientMetadataError(f"{name}: https is needed, without fragment or user information")


def _authentication(data: Mapping[str, JSON]) -> None:
    by_key = data["token_endpoint_auth_method"] == AuthMethod.PRIVATE_KEY_JWT.value
    if by_key and "jwks" not in data:
        raise InvalidClientMetadataError("private_key_jwt needs jwks")


def _grants(data: Mapping[str, JSON]) -> None:
    granted = set(_texts(data, "grant_types"))
    if GrantType.AUTHORIZATION_CODE.value in granted and not _texts(data, "redirect_uris"):
        raise InvalidClientMetadataError("authorization_code needs redirect_uris")
    public = data["token_endpoint_auth_method"] == AuthMethod.NONE.value
    if GrantType.CLIENT_CREDENTIALS.value in granted and public:  # RFC 6749 §4.4
        raise InvalidClientMetadataError("client_credentials needs client authentication")


def _algorithms(data: Mapping[str, JSON]) -> None:
    """OpenID Connect Dynamic Client Registration 1.0 §2; `none` is not among them."""
    for name in _SIGNED:
        if data.get(name, "ES256") not in SIGNATURES:
            raise InvalidClientMetadataError(f"{name} must be one of {', '.join(SIGNATURES)}")


def _is_list_of_texts(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _texts(data: Mapping[str, JSON], name: str) -> list[str]:
    value = data.get(name)
    return [str(item) for item in value] if isinstance(value, list) else []
