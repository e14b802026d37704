"""The backchannel authentication endpoint (OpenID Connect CIBA Core 1.0 §7): a clerk asks, a citizen answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from idp.ciba.desk import BackchannelDesk, Wanted
from idp.endpoints.addresses import ASKED, Addresses
from idp.endpoints.answered_elsewhere import answered_elsewhere
from idp.endpoints.asked import Asked, Check, Reader
from idp.endpoints.authorization_request import check, scopes_are_registered, values_are_short
from idp.endpoints.backchannel_request import AuthenticationRequests
from idp.endpoints.client_requests import ClientDoor
from idp.endpoints.forms import form
from idp.endpoints.resource_request import resource_can_be_the_audience
from idp.errors import (
    NO_STORE,
    InvalidBindingMessageError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from idp.model import scopes
from idp.model.authorization import AuthorizationRequest
from idp.model.client import GrantType
from idp.store.proofs import SpentProof
from idp.tokens import lifetimes
from kernel.web.http import HttpRequest, HttpResponse, json_response

DONE = f"{ASKED}/done"
POLL_SECONDS = 5
LONGEST_MESSAGE = 100
_HINTS = ("login_hint", "id_token_hint", "login_hint_token")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,1020}=*")
_SECONDS = re.compile(r"[1-9][0-9]{0,8}")


def client_uses_ciba(asked: Asked) -> None:
    """§13."""
    if not asked.client.may_use(GrantType.CIBA):
        raise UnauthorizedClientError("The client is not registered for CIBA.")


def request_is_signed_where_all_are(asked: Asked) -> None:
    """RFC 9101 §10.5: a client that must sign, and was registered before it could here, has no other way.

    Whatever is registered now for both must name an algorithm: this is about what stands in the database from before.
    """
    if asked.client.signed_requests and asked.client.backchannel_request_alg is None:
        raise InvalidRequestError("The client must be registered to sign its authentication requests.")


def openid_is_asked_for(asked: Asked) -> None:
    """§7.1."""
    if scopes.OPENID not in asked.scope:
        raise InvalidScopeError("scope must contain openid.")


def there_is_one_hint(asked: Asked) -> None:
    """§7.1: one and only one; a login_hint_token would need somebody who signs it, and there is nobody yet."""
    given = [name for name in _HINTS if asked.get(name)]
    if len(given) != 1 or given == ["login_hint_token"]:
        raise InvalidRequestError("Exactly one of login_hint and id_token_hint is needed.")


def binding_message_can_be_shown(asked: Asked) -> None:
    """§7.1, §13: short plain text, since it stands on two screens to be compared."""
    message = asked.get("binding_message")
    if message is not None and not (0 < len(message) <= LONGEST_MESSAGE and message.isprintable()):
        raise InvalidBindingMessageError(f"binding_message must be printable, of 1 to {LONGEST_MESSAGE} characters.")


def pinged_client_gives_a_token(asked: Asked) -> None:
    """§7.1: required for ping, as a bearer token (RFC 6750 §2.1)."""
    given = asked.get("client_notification_token")
    if asked.client.notification_endpoint is not None and not _TOKEN.fullmatch(given or ""):
        raise InvalidRequestError("client_notification_token is missing or no bearer token.")


def user_code_is_from_a_client_that_takes_them(asked: Asked) -> None:
    """§7.1: only such a client shows a field for it, and only its guesses are counted."""
    if asked.get("user_code") is not None and not asked.client.user_codes:
        raise InvalidRequestError("The client is not registered for user codes.")


def expiry_is_seconds(asked: Asked) -> None:
    """§7.1."""
    given = asked.get("requested_expiry")
    if given is not None and not _SECONDS.fullmatch(given):
        raise InvalidRequestError("requested_expiry must be a positive number of seconds.")


CHECKS: tuple[Check, ...] = (
    client_uses_ciba,
    request_is_signed_where_all_are,
    resource_can_be_the_audience,
    scopes_are_registered,
    values_are_short,
    openid_is_asked_for,
    there_is_one_hint,
    binding_message_can_be_shown,
    pinged_client_gives_a_token,
    user_code_is_from_a_client_that_takes_them,
    expiry_is_seconds,
)


@dataclass(frozen=True, slots=True)
class BackchannelAuthenticationEndpoint:
    """POST /bc-authorize."""

    door: ClientDoor
    requests: AuthenticationRequests
    reader: Reader
    desk: BackchannelDesk
    own: Addresses

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """An auth_req_id to poll with (§7.3). Raises OAuthError."""
        sent = form(request)
        client = self.door.enter(request, sent).client
        read = self.requests.read(client, sent)
        asked = self.reader.kept(client, read.parameters)
        check(asked, CHECKS)
        lasting = self._lasting(asked)
        secret = self.desk.ask(
            self._wanted(asked, lasting, read.proofs), lambda identity: self._request(asked, identity)
        )
        body = {"auth_req_id": secret, "expires_in": int(lasting.total_seconds()), "interval": POLL_SECONDS}
        return json_response(body, headers=NO_STORE)

    def _lasting(self, asked: Asked) -> timedelta:
        """§7.3: what was asked for, within what is bearable on both sides."""
        given = asked.get("requested_expiry")
        wanted = lifetimes.BACKCHANNEL if given is None else timedelta(seconds=int(given))
        return max(lifetimes.BACKCHANNEL_LEAST, min(wanted, lifetimes.BACKCHANNEL_MOST))

    def _wanted(self, asked: Asked, lasting: timedelta, proofs: tuple[SpentProof, ...]) -> Wanted:
        return Wanted(
            client=asked.client,
            login_hint=asked.get("login_hint"),
            id_token_hint=asked.get("id_token_hint"),
            user_code=asked.get("user_code"),
            notification_token=asked.get("client_notification_token") if asked.client.notification_endpoint else None,
            lasting=lasting,
            interval=POLL_SECONDS,
            proofs=proofs,
        )

    def _request(self, asked: Asked, identity: str) -> AuthorizationRequest:
        """What the person will be asked; each time, whatever they agreed to before: somebody else began it."""
        request = answered_elsewhere(asked, self.own.of(DONE))
        message = asked.get("binding_message")
        return replace(request, backchannel=identity, binding_message=message)
