"""Forms and answers of the protocol endpoints, for the API description alone: the endpoints decide what is accepted."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from idp.clients.metadata.keys import CLIENT_ALGORITHMS
from idp.model.client import GrantType

Members = dict[str, fields.Field[Any]]


def _text(description: str, *, required: bool = False) -> fields.String:
    return fields.String(required=required, metadata={"description": description})


def _one_of(*values: str) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(values))


def _seconds() -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": "seconds"})


def _address() -> fields.URL:
    return fields.URL(required=True, require_tld=False)


def _schema(name: str, *members: Members) -> type[Schema]:
    return Schema.from_dict({key: field for part in members for key, field in part.items()}, name=name)


_CLIENT: Members = {
    "client_id": _text("RFC 6749 §2.3.1"),
    "client_secret": _text("RFC 6749 §2.3.1, client_secret_post"),
    "client_assertion_type": _text("RFC 7521 §4.2"),
    "client_assertion": _text(f"RFC 7523 §2.2; aud = issuer; {', '.join(CLIENT_ALGORITHMS)}"),
}
"""How a client says who it is, unless it does so in the Authorization header."""

_AUTHORIZATION: Members = {
    "response_type": _one_of("code"),
    "redirect_uri": _text("registered, character by character", required=True),
    "scope": _text("RFC 6749 §3.3"),
    "state": _text("RFC 6749 §4.1.1"),
    "nonce": _text("OpenID Connect Core 1.0 §3.1.2.1"),
    "code_challenge": _text("RFC 7636 §4.3", required=True),
    "code_challenge_method": _one_of("S256"),
    "prompt": _text("none | login | consent | select_account"),
    "response_mode": _text("query | form_post | jwt | query.jwt | form_post.jwt"),
    "claims": _text("OpenID Connect Core 1.0 §5.5; JSON"),
    "max_age": fields.Integer(metadata={"description": "seconds"}),
    "acr_values": _text("urn:tongban:loa:1 … :3"),
    "login_hint": _text("OpenID Connect Core 1.0 §3.1.2.1"),
    "id_token_hint": _text("OpenID Connect Core 1.0 §3.1.2.1"),
    "ui_locales": _text("zh-CN en"),
    "resource": _text("RFC 8707 §2"),
    "dpop_jkt": _text("RFC 9449 §10"),
    "request": _text("RFC 9101; a signed request object"),
}
_DETAILS: Members = {"authorization_details": _text("RFC 9396 §2; JSON")}

TokenForm = _schema(
    "TokenForm",
    _CLIENT,
    _DETAILS,
    {
        "grant_type": _one_of(*(grant.value for grant in GrantType)),
        "code": _text("RFC 6749 §4.1.3"),
        "redirect_uri": _text("RFC 6749 §4.1.3"),
        "code_verifier": _text("RFC 7636 §4.5"),
        "refresh_token": _text("RFC 6749 §6"),
        "device_code": _text("RFC 8628 §3.4"),
        "auth_req_id": _text("CIBA Core 1.0 §10.1"),
        "subject_token": _text("RFC 8693 §2.1"),
        "subject_token_type": _text("RFC 8693 §3; an access token's"),
        "requested_token_type": _text("RFC 8693 §3; an access token's"),
        "audience": _text("RFC 8693 §2.1"),
        "scope": _text("RFC 6749 §3.3"),
        "resource": _text("RFC 8707 §2"),
    },
)
TokenAnswer = _schema(
    "TokenAnswer",
    {
        "access_token": _text("RFC 9068", required=True),
        "token_type": _one_of("Bearer", "DPoP"),
        "expires_in": _seconds(),
        "scope": _text("RFC 6749 §3.3"),
        "refresh_token": _text("RFC 6749 §1.5"),
        "id_token": _text("OpenID Connect Core 1.0 §2"),
        "issued_token_type": _text("RFC 8693 §2.2.1"),
        "authorization_details": fields.List(fields.Dict(), metadata={"description": "RFC 9396 §7"}),
    },
)
AuthorizationForm = _schema("AuthorizationForm", _CLIENT, _AUTHORIZATION)
PushedRequestForm = _schema("PushedRequestForm", _CLIENT, _AUTHORIZATION, _DETAILS)
PushedRequestAnswer = _schema(
    "PushedRequestAnswer", {"request_uri": _text("RFC 9126 §2.2", required=True), "expires_in": _seconds()}
)
DeviceAuthorizationForm = _schema(
    "DeviceAuthorizationForm",
    _CLIENT,
    _DETAILS,
    {
        "scope": _text("RFC 8628 §3.1"),
        "acr_values": _text("urn:tongban:loa:1 … :4"),
        "resource": _text("RFC 8707 §2"),
        "ui_locales": _text("zh-CN en"),
    },
)
DeviceAuthorizationAnswer = _schema(
    "DeviceAuthorizationAnswer",
    {
        "device_code": _text("RFC 8628 §3.2", required=True),
        "user_code": _text("eight letters in two groups", required=True),
        "verification_uri": _address(),
        "verification_uri_complete": _address(),
        "expires_in": _seconds(),
        "interval": _seconds(),
    },
)
BackchannelForm = _schema(
    "BackchannelForm",
    _CLIENT,
    _DETAILS,
    {
        "scope": _text("RFC 6749 §3.3; with openid", required=True),
        "login_hint": _text("CIBA Core 1.0 §7.1; the person's user name"),
        "id_token_hint": _text("instead of it, an ID token this client was given"),
        "user_code": _text("CIBA Core 1.0 §7.1; what the person told the clerk, from clients registered for it"),
        "binding_message": _text("shown to the person, and by the client, so that they can be compared"),
        "client_notification_token": _text("for ping: shown when the client is told"),
        "requested_expiry": _text("seconds"),
        "acr_values": _text("urn:tongban:loa:1 … :4"),
        "resource": _text("RFC 8707 §2"),
    },
)
BackchannelAnswer = _schema(
    "BackchannelAnswer",
    {
        "auth_req_id": _text("CIBA Core 1.0 §7.3", required=True),
        "expires_in": _seconds(),
        "interval": _seconds(),
    },
)
TokenToExamineForm = _schema(
    "TokenToExamineForm",
    _CLIENT,
    {"token": _text("access or refresh token", required=True), "token_type_hint": _text("not needed here")},
)
IntrospectionAnswer = _schema(
    "IntrospectionAnswer",
    {
        "active": fields.Boolean(required=True),
        "token_type": _text("Bearer | DPoP"),
        "client_id": _text("RFC 7662 §2.2"),
        "scope": _text("RFC 7662 §2.2"),
        "exp": fields.Integer(),
    },
)
UserinfoAnswer = _schema(
    "UserinfoAnswer",
    {"sub": _text("pairwise by organisation", required=True), "name": _text("profile"), "acr": _text("profile")},
)
MetadataAnswer = _schema(
    "MetadataAnswer",
    {
        name: _address()
        for name in (
            "issuer",
            "authorization_endpoint",
            "pushed_authorization_request_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
            "end_session_endpoint",
            "tongban_revocations_endpoint",
        )
    },
)
_METADATA: Members = {
    "client_name": _text(
        "RFC 7591 §2; client_name#zh-CN and client_name#en for readers of one language", required=True
    ),
    "redirect_uris": fields.List(_address()),
    "post_logout_redirect_uris": fields.List(_address()),
    "backchannel_logout_uri": _text("OpenID Connect Back-Channel Logout 1.0 §2.2"),
    "backchannel_logout_session_required": fields.Boolean(),
    "frontchannel_logout_uri": _text("OpenID Connect Front-Channel Logout 1.0 §2"),
    "frontchannel_logout_session_required": fields.Boolean(),
    "grant_types": fields.List(_one_of(*(grant.value for grant in GrantType))),
    "token_endpoint_auth_method": _text("RFC 7591 §2"),
    "scope": _text("RFC 7591 §2; within the invitation"),
    "jwks": fields.Dict(metadata={"description": "RFC 7517 §5; not beside jwks_uri"}),
    "jwks_uri": _text("RFC 7591 §2"),
    "software_id": _text("RFC 7591 §2"),
    "software_version": _text("RFC 7591 §2"),
    "software_statement": _text("RFC 7591 §2.3; its members win over those beside it"),
}
ClientMetadata = _schema("ClientMetadata", _METADATA)
RegisteredClient = _schema(
    "RegisteredClient",
    _METADATA,
    {
        "client_id": _text("RFC 7591 §3.2.1", required=True),
        "client_secret": _text("RFC 7591 §3.2.1"),
        "client_id_issued_at": fields.Integer(required=True),
        "registration_access_token": _text("RFC 7592 §3", required=True),
        "registration_client_uri": _address(),
        "tongban_organisation": _text("the organisation that was invited", required=True),
    },
)
KeysAnswer = _schema("KeysAnswer", {"keys": fields.List(fields.Dict(), required=True)})
LogoutForm = _schema(
    "LogoutForm",
    {
        "id_token_hint": _text("OpenID Connect RP-Initiated Logout 1.0 §2"),
        "client_id": _text("where there is no hint"),
        "post_logout_redirect_uri": _text("registered, character by character"),
        "state": _text("returned unchanged"),
    },
)
