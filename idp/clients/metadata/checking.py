"""Client metadata (RFC 7591 §2), checked on Authlib's claims and by what this provider supports.

The typed seam in front of Authlib's `ClientMetadataClaims`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from authlib.oauth2.rfc7591 import ClientMetadataClaims
from joserfc.errors import JoseError

from idp.clients.metadata import backchannel, certificates, encrypted_answers, encrypted_requests, profile
from idp.clients.metadata.keys import CLIENT_ALGORITHMS, registered_key
from idp.clients.registered import SIGNED
from idp.errors import InvalidClientMetadataError, InvalidRedirectUriError
from idp.model import scopes
from idp.model.certificate import CertificateName
from idp.model.client import AuthMethod, GrantType
from kernel.canonical import JSON
from kernel.identifiers import social_credit_code
from kernel.identifiers.errors import InvalidIdentifier
from kernel.keys import SIGNATURES
from kernel.ledger.personal_data import holds_citizen_number
from kernel.outbound import LOOPBACK_NAMES

_SUPPORTED: Mapping[str, list[str]] = {
    "scopes_supported": [*scopes.LABELS],
    "response_types_supported": ["code"],
    "grant_types_supported": [grant.value for grant in GrantType],
    "token_endpoint_auth_methods_supported": [method.value for method in AuthMethod],
}
MOST_ACTORS = 5
"""Clients that may act for another: few enough to be named to a person."""
_CLIENT_ID = re.compile(r"[!-~]{1,80}")
_AUTHORITY = re.compile(r"[A-Za-z0-9.:@\[\]-]+")
_URI = re.compile(r"(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
"""RFC 3986 §2, without the mark of a fragment: an empty one, too, would put the answer behind it."""
_TEXTS = (
    "client_id",
    "client_name",
    "client_name#zh-CN",
    "client_name#en",
    "scope",
    "token_endpoint_auth_method",
    "client_uri",
    "policy_uri",
    "tos_uri",
    "jwks_uri",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "sector_identifier_uri",
    "subject_type",
    "software_id",
    "software_version",
    "software_statement",
    *(name.value for name in CertificateName),
    *encrypted_answers.MEMBERS,
    *encrypted_requests.MEMBERS,
    backchannel.MODE,
    backchannel.ADDRESS,
    backchannel.SIGNING,
)
_REQUEST_ALG = "request_object_signing_alg"
_LISTS = (
    "redirect_uris",
    "post_logout_redirect_uris",
    "grant_types",
    "response_types",
    "tongban_service_items",
    "tongban_may_act",
    "contacts",
)
_FLAGS = (
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "tls_client_certificate_bound_access_tokens",
    "backchannel_logout_session_required",
    "frontchannel_logout_session_required",
    backchannel.USER_CODE,
    backchannel.UNKNOWN,
)
_OTHERS = ("application_type", "jwks", "tongban_organisation")
_KNOWN = frozenset((*_TEXTS, *SIGNED, _REQUEST_ALG, "tongban_profile", *_LISTS, *_FLAGS, *_OTHERS))


def checked(metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    """Metadata fit to be stored, with RFC 7591's defaults filled in. Raises InvalidClientMetadataError."""
    _shape(metadata)
    data = _by_rfc_7591(_with_defaults(metadata))
    for check in CHECKS:
        check(data)
    return data | certificates.names(data)


def understood(name: str) -> bool:
    """Whether a metadata member means something here; RFC 7591 §2 has others ignored."""
    return name in _KNOWN


def _shape(metadata: Mapping[str, JSON]) -> None:
    """Only members we act on: a client that believes something is registered is not left in that belief."""
    if unknown := sorted(set(metadata) - _KNOWN):
        raise InvalidClientMetadataError(f"unknown metadata: {', '.join(unknown)}".encode("ascii", "replace").decode())
    for name in (name for name in (*_TEXTS, *SIGNED, _REQUEST_ALG) if name in metadata):
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
        claim = getattr(error, "claim", "metadata")
        kind = InvalidRedirectUriError if claim == "redirect_uris" else InvalidClientMetadataError
        raise kind(f"not acceptable: {claim}{_instead(claim)}") from None
    return dict(claims)


def _instead(claim: str) -> str:
    """What a member may hold, where that can be listed."""
    supported = _SUPPORTED.get(f"{claim}_supported") or _SUPPORTED.get(f"{claim}s_supported")
    return f"; it may be {', '.join(supported)}" if supported else ""


def _with_defaults(metadata: Mapping[str, JSON]) -> dict[str, JSON]:
    """RFC 7591 §2: what a missing member means."""
    defaults: dict[str, JSON] = {
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "scope": "",
        "id_token_signed_response_alg": "ES256",  # said, because OpenID Connect Registration 1.0 §2 has it mean RS256
    }
    data = {**defaults, **profile.implied(metadata), **metadata}
    if "jwks" in data:
        data["jwks"] = _keys(data["jwks"])
    return data


def _keys(jwks: JSON) -> dict[str, JSON]:
    """The client's public keys, each with its one algorithm written down: a header never chooses it."""
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    registered: list[JSON] = [registered_key(entry) for entry in entries] if isinstance(entries, list) else []
    if not registered:
        raise InvalidClientMetadataError("jwks holds no key")
    return {"keys": registered}


def _nobodys_number(data: Mapping[str, JSON]) -> None:
    """Metadata stand on pages, in addresses and (identifiers) in the ledger: no member holds a citizen number."""
    for name in (*_TEXTS, *_LISTS):
        texts = _texts(data, name) or [str(data.get(name, ""))]
        if holds_citizen_number("\n".join(texts).encode(errors="replace")):
            raise InvalidClientMetadataError(f"{name} holds what looks like a citizen number")


def _owner(data: Mapping[str, JSON]) -> None:
    """Every client belongs to an organisation: it is the sector of the client's pairwise subjects."""
    try:
        social_credit_code.parse(data.get("tongban_organisation"))
    except InvalidIdentifier:
        raise InvalidClientMetadataError("tongban_organisation must be a unified social credit code") from None
    if not data.get("client_name"):
        raise InvalidClientMetadataError("client_name is missing: people must be told who asks")
    for name in ("client_name", "client_name#zh-CN", "client_name#en"):
        if not str(data.get(name, "")).isprintable():  # no control or direction marks: it stands on the page of consent
            raise InvalidClientMetadataError(f"{name} holds characters that cannot be shown")


def _subjects(data: Mapping[str, JSON]) -> None:
    """OpenID Connect Core 1.0 §8: nobody here is known to two departments by one identifier."""
    if data.get("subject_type", "pairwise") != "pairwise":
        raise InvalidClientMetadataError("subject_type must be pairwise")


def _redirects(data: Mapping[str, JSON]) -> None:
    """RFC 7591 §3.2.2 has an error of its own for `redirect_uris`."""
    if data.get("application_type", "web") not in ("web", "native"):
        raise InvalidClientMetadataError("application_type must be web or native")
    for uri in _texts(data, "redirect_uris"):
        if not _reachable(uri):
            raise InvalidRedirectUriError(f"redirect_uris: {_WANTED}")
    for uri in _texts(data, "post_logout_redirect_uris"):
        if not _reachable(uri):
            raise InvalidClientMetadataError(f"post_logout_redirect_uris: {_WANTED}")


_WANTED = "https is needed, without fragment or user information"


def _reachable(uri: str) -> bool:
    """https; http only to the person's own machine (RFC 8252 §7.3)."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    local = parts.scheme == "http" and host in LOOPBACK_NAMES
    if not _AUTHORITY.fullmatch(parts.netloc):  # it has to stand in a Content-Security-Policy
        return False
    return bool((parts.scheme == "https" or local) and host and _URI.fullmatch(uri) and "@" not in parts.netloc)


_ADDRESSES = (
    *("jwks_uri", "backchannel_logout_uri", "frontchannel_logout_uri", backchannel.ADDRESS),
    *("sector_identifier_uri", "policy_uri", "tos_uri", "client_uri"),
)


def _addresses(data: Mapping[str, JSON]) -> None:
    """Addresses that we call, or show as links. Where calls lead is decided again each time (F1: `kernel.outbound`)."""
    for name in _ADDRESSES:
        if name in data and not _reachable(str(data[name])):
            raise InvalidClientMetadataError(f"{name}: {_WANTED}")


def _front_channel(data: Mapping[str, JSON]) -> None:
    """OpenID Connect Front-Channel Logout 1.0 §2: scheme, host and port are those of a redirect address."""
    uri = data.get("frontchannel_logout_uri")
    if uri is not None and _origin(str(uri)) not in {_origin(each) for each in _texts(data, "redirect_uris")}:
        raise InvalidClientMetadataError("frontchannel_logout_uri must have the origin of one of redirect_uris")


def _origin(uri: str) -> tuple[str, str | None, int | None]:
    """RFC 6454 §4, of an address that was found reachable."""
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _authentication(data: Mapping[str, JSON]) -> None:
    by_key = data["token_endpoint_auth_method"] == AuthMethod.PRIVATE_KEY_JWT.value
    if by_key and not data.keys() & {"jwks", "jwks_uri"}:
        raise InvalidClientMetadataError("private_key_jwt needs jwks or jwks_uri")
    jwks = data.get("jwks")
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if by_key and isinstance(keys, list) and all(isinstance(key, dict) and key.get("use") == "enc" for key in keys):
        raise InvalidClientMetadataError("private_key_jwt needs a key for signatures in jwks")


def _grants(data: Mapping[str, JSON]) -> None:
    granted = set(_texts(data, "grant_types"))
    if GrantType.AUTHORIZATION_CODE.value in granted and not _texts(data, "redirect_uris"):
        raise InvalidClientMetadataError("authorization_code needs redirect_uris")
    public = data["token_endpoint_auth_method"] == AuthMethod.NONE.value
    if GrantType.CLIENT_CREDENTIALS.value in granted and public:  # RFC 6749 §4.4
        raise InvalidClientMetadataError("client_credentials needs client authentication")
    if GrantType.TOKEN_EXCHANGE.value in granted and public:  # RFC 8693 §5: whoever acts is known
        raise InvalidClientMetadataError("token exchange needs client authentication")
    actors = _texts(data, "tongban_may_act")
    if len(actors) > MOST_ACTORS or not all(_CLIENT_ID.fullmatch(each) for each in actors):
        raise InvalidClientMetadataError(f"tongban_may_act names at most {MOST_ACTORS} clients")


def _algorithms(data: Mapping[str, JSON]) -> None:
    """OpenID Connect Dynamic Client Registration 1.0 §2; `none` is not among them."""
    for name in SIGNED:
        if data.get(name, "ES256") not in SIGNATURES:
            raise InvalidClientMetadataError(f"{name} must be one of {', '.join(SIGNATURES)}")


def _request_objects(data: Mapping[str, JSON]) -> None:
    """RFC 9101 §10.5; OpenID Connect Dynamic Client Registration 1.0 §2. `none` is not among them."""
    if data.get(_REQUEST_ALG, CLIENT_ALGORITHMS[0]) not in CLIENT_ALGORITHMS:
        raise InvalidClientMetadataError(f"{_REQUEST_ALG} must be one of {', '.join(CLIENT_ALGORITHMS)}")
    signs = _REQUEST_ALG in data or data.get("require_signed_request_object") is True
    if signs and "jwks" not in data and "jwks_uri" not in data:
        raise InvalidClientMetadataError("signed request objects need jwks or jwks_uri")


def _is_list_of_texts(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _texts(data: Mapping[str, JSON], name: str) -> list[str]:
    value = data.get(name)
    return [str(item) for item in value] if isinstance(value, list) else []


CHECKS: tuple[Callable[[Mapping[str, JSON]], None], ...] = (
    _nobodys_number,
    _owner,
    _subjects,
    _redirects,
    _addresses,
    _front_channel,
    _authentication,
    _grants,
    _algorithms,
    _request_objects,
    *encrypted_answers.CHECKS,
    *encrypted_requests.CHECKS,
    *backchannel.CHECKS,
    profile.check,
)
"""What metadata must be, once their members are known and have their defaults."""
