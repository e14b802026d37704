"""What an authorization request must be, as a table of checks shared by /authorize and /par."""

from __future__ import annotations

import re

from idp.endpoints import claims_request, response_mode
from idp.endpoints.asked import Asked, Check
from idp.endpoints.resource_request import resource_can_be_the_audience
from idp.endpoints.response_mode import answer_is_signed_where_it_must_be, response_mode_is_supported
from idp.errors import (
    InvalidRequestError,
    InvalidScopeError,
    RegistrationNotSupportedError,
    RequestUriNotSupportedError,
    UnauthorizedClientError,
    UnsupportedResponseTypeError,
)
from idp.grants import pkce
from idp.model import assurance, scopes
from idp.model.authorization import AuthorizationRequest
from idp.model.client import Client, GrantType
from idp.model.evidence import parse_details

LONGEST_VALUE = 2048
"""Characters of `state` and `nonce`, which stand in a redirect address, and of what is kept to be shown later."""
LONGEST_REQUEST = 64 * 1024
"""Characters of all parameters together: whoever asks need not be known, and what is asked is kept for half an hour."""
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_SECONDS = re.compile(r"[0-9]{1,9}")
_LOOPBACK = re.compile(r"(?P<origin>http://(?:127\.0\.0\.1|\[::1\])):[0-9]{1,5}(?P<rest>/.*)")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


def redirect_uri_is_registered(asked: Asked) -> None:
    """RFC 9700 §2.1: compared character by character; until this holds, nothing is sent anywhere (A1, A2)."""
    given = asked.get("redirect_uri")
    if given is None:
        raise InvalidRequestError("redirect_uri is missing.")
    if not is_registered(given, asked.client):
        raise InvalidRequestError("redirect_uri is not registered for this client.")


def is_registered(uri: str, client: Client) -> bool:
    """Whether answers to a client may go to an address: asked where a request begins, and where one is gone on with."""
    return uri in client.redirect_uris or (client.native and without_port(uri) in client.redirect_uris)


def without_port(uri: str) -> str:
    """RFC 8252 §7.3: a program cannot choose its loopback port. Of an IP literal, never of a name (§8.3)."""
    found = _LOOPBACK.fullmatch(uri)
    return f"{found['origin']}{found['rest']}" if found else ""


def client_uses_codes(asked: Asked) -> None:
    """RFC 6749 §4.1.2.1."""
    if not asked.client.may_use(GrantType.AUTHORIZATION_CODE):
        raise UnauthorizedClientError("The client is not registered for authorization codes.")


def request_is_pushed_where_it_must_be(asked: Asked) -> None:
    """RFC 9126 §6."""
    if asked.client.par_required and not asked.pushed:
        raise InvalidRequestError("This client must push its authorization requests.")


def response_type_is_code(asked: Asked) -> None:
    """RFC 6749 §4.1.1; no other flow exists here (A12)."""
    given = asked.get("response_type")
    if given is None:
        raise InvalidRequestError("response_type is missing.")
    if given != "code":
        raise UnsupportedResponseTypeError("The only response_type is code.")


def request_object_is_acceptable(asked: Asked) -> None:
    """RFC 9101 §5, §6.1 and §6.2: what was found wrong with it, or with what stands beside it."""
    if asked.flaw is not None:
        raise asked.flaw


def request_is_signed_where_it_must_be(asked: Asked) -> None:
    """RFC 9101 §10.5."""
    if asked.client.signed_requests and not asked.signed:
        raise InvalidRequestError("This client must sign its authorization requests.")


def there_is_no_foreign_request_uri(asked: Asked) -> None:
    """OpenID Connect Core 1.0 §6.2; nothing is fetched (A6). RFC 9126 §2.1: none within a pushed request."""
    if asked.get("request_uri") is not None:
        raise RequestUriNotSupportedError("request_uri may only be one that this provider issued.")


def there_is_no_registration(asked: Asked) -> None:
    """OpenID Connect Core 1.0 §7.2.1."""
    if asked.get("registration") is not None:
        raise RegistrationNotSupportedError("Clients are registered beforehand.")


def challenge_is_s256(asked: Asked) -> None:
    """RFC 7636 §4.4.1, for every client; `plain` does not exist (A3)."""
    if asked.get("code_challenge_method") != pkce.METHOD:
        raise InvalidRequestError("code_challenge_method must be S256.")
    if not pkce.is_challenge(asked.get("code_challenge") or ""):
        raise InvalidRequestError("code_challenge is missing or is not an S256 challenge.")


def scopes_are_registered(asked: Asked) -> None:
    """RFC 6749 §3.3: scopes unknown here are ignored, known ones must be the client's and a person's to give."""
    wanted = set(asked.scope)
    theirs = frozenset() if asked.resource is None else asked.resource.scopes.keys()
    if not wanted <= (asked.client.scopes & scopes.OF_PEOPLE) | theirs:
        raise InvalidScopeError("A scope is not registered for this client, or not a person's to give.")
    if not wanted and asked.get("authorization_details") is None:
        raise InvalidScopeError("Nothing is asked for.")


def values_are_short(asked: Asked) -> None:
    """A long `state` or `nonce` would make a redirect that browsers refuse; a long request would fill the store."""
    for name in ("state", "nonce", "login_hint", "ui_locales"):
        if len(asked.get(name) or "") > LONGEST_VALUE:
            raise InvalidRequestError(f"{name} is longer than {LONGEST_VALUE} characters.")
    if sum(map(len, asked.parameters.values())) > LONGEST_REQUEST:
        raise InvalidRequestError(f"The request is longer than {LONGEST_REQUEST} characters.")


def prompt_is_consistent(asked: Asked) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1: `none` stands alone."""
    wanted = set((asked.get("prompt") or "").split())
    if not wanted <= _PROMPTS or ("none" in wanted and len(wanted) > 1):
        raise InvalidRequestError("prompt has an unknown value, or none beside another.")


def max_age_is_seconds(asked: Asked) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1."""
    given = asked.get("max_age")
    if given is not None and not _SECONDS.fullmatch(given):
        raise InvalidRequestError("max_age is not a number of seconds.")


def details_came_by_the_back_channel(asked: Asked) -> None:
    """A case never stands in an address: authorization_details are pushed, or given to the token endpoint."""
    if asked.get("authorization_details") is not None and not asked.pushed:
        raise InvalidRequestError("authorization_details must be pushed.")


def dpop_key_is_a_thumbprint(asked: Asked) -> None:
    """RFC 9449 §10."""
    given = asked.get("dpop_jkt")
    if given is not None and not _THUMBPRINT.fullmatch(given):
        raise InvalidRequestError("dpop_jkt is not a JWK thumbprint.")


BEFORE_ANY_REDIRECT: tuple[Check, ...] = (redirect_uri_is_registered,)
"""While one of these fails, the person sees a page and the browser is sent nowhere (RFC 6749 §4.1.2.1)."""

CHECKS: tuple[Check, ...] = (
    request_object_is_acceptable,
    client_uses_codes,
    request_is_pushed_where_it_must_be,
    response_type_is_code,
    response_mode_is_supported,
    answer_is_signed_where_it_must_be,
    request_is_signed_where_it_must_be,
    there_is_no_foreign_request_uri,
    there_is_no_registration,
    challenge_is_s256,
    resource_can_be_the_audience,
    scopes_are_registered,
    values_are_short,
    prompt_is_consistent,
    max_age_is_seconds,
    details_came_by_the_back_channel,
    dpop_key_is_a_thumbprint,
)


def check(asked: Asked, checks: tuple[Check, ...] = CHECKS) -> None:
    """Run checks in order; the first that fails raises its OAuthError."""
    for one in checks:
        one(asked)


def read(asked: Asked) -> AuthorizationRequest:
    """The checked request. Raises OAuthError."""
    check(asked)
    details = asked.get("authorization_details")
    max_age = asked.get("max_age")
    claims = claims_request.read(asked)
    in_order = assurance.wanted_levels(asked.get("acr_values") or "")
    return AuthorizationRequest(
        client_id=asked.client.id,
        redirect_uri=str(asked.get("redirect_uri")),
        scope=asked.scope,
        code_challenge=str(asked.get("code_challenge")),
        state=asked.get("state"),
        nonce=asked.get("nonce"),
        prompt=frozenset((asked.get("prompt") or "").split()),
        max_age=None if max_age is None else int(max_age),
        levels=claims.levels if claims.levels_required else in_order or claims.levels,
        levels_required=claims.levels_required or bool(in_order),  # RFC 9470 §5: acr_values are more than a wish
        claims=claims.asked,
        response_mode=response_mode.of(asked),
        login_hint=asked.get("login_hint"),
        ui_locales=asked.get("ui_locales"),
        dpop_jkt=asked.get("dpop_jkt"),
        expected_sub=claims.sub,
        resource=None if asked.resource is None else asked.resource.identifier,
        may_act=asked.client.may_act,
        details=() if details is None else parse_details(details, client=asked.client, exchange=asked.exchange),
    )
