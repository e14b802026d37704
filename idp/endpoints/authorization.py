"""The authorization endpoint (RFC 6749 §3.1): parse, check, and hand over to the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from idp.clients.directory import ClientDirectory
from idp.endpoints import response_mode
from idp.endpoints.asked import Asked, Reader
from idp.endpoints.authorization_request import BEFORE_ANY_REDIRECT, check, read
from idp.endpoints.forms import query_or_form
from idp.endpoints.par import REQUEST_URI_PREFIX
from idp.errors import InvalidRequestError, InvalidRequestUriError, LoginRequiredError, NotRedirected, OAuthError
from idp.interaction.cross_site import CrossSitePosts
from idp.interaction.flow import AuthorizationFlow
from idp.model.authorization import AuthorizationRequest
from idp.model.client import Client
from idp.model.secret import hashed
from idp.store import pushed_requests
from idp.tokens.hints import IdTokenHints
from kernel.clock import Clock
from kernel.database import Database
from kernel.web.http import HttpRequest, HttpResponse

_OF_A_REQUEST = frozenset(
    {"response_type", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "prompt"}
    | {"max_age", "acr_values", "authorization_details", "claims", "dpop_jkt", "request", "resource", "response_mode"}
)


@dataclass(frozen=True, slots=True)
class AuthorizationEndpoint:
    """GET and POST /authorize."""

    directory: ClientDirectory
    reader: Reader
    flow: AuthorizationFlow
    cross_site: CrossSitePosts
    hints: IdTokenHints
    database: Database
    clock: Clock

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A redirect to the client, or to the pages; NotRedirected when the client cannot be told (A1, A2)."""
        try:
            parameters = query_or_form(request)
            asked, pushed = self._asked(parameters)
            check(asked, BEFORE_ANY_REDIRECT)
        except OAuthError as error:
            raise NotRedirected(error) from None
        try:
            checked = self._hinted(read(asked), asked.get("id_token_hint"))
        except OAuthError as error:
            return self.flow.turn_away(response_mode.return_address(asked), pushed, error)
        sent_on = self.cross_site.sent_on(request, parameters, checked.redirect_uri)
        return sent_on or self.flow.begin(request, checked, pushed)

    def _hinted(self, checked: AuthorizationRequest, hint: str | None) -> AuthorizationRequest:
        """Whom the client expects (OpenID Connect Core 1.0 §3.1.2.1); a hint it was not given itself says nothing.

        Raises LoginRequiredError where `claims` and the hint expect two: nobody is both.
        """
        claims = {} if hint is None else self.hints.read(hint)
        if claims.get("aud") != checked.client_id:
            return checked
        hinted = str(claims["sub"])
        if checked.expected_sub not in (None, hinted):
            raise LoginRequiredError("id_token_hint is about another person than the sub of claims.")
        return replace(checked, expected_sub=hinted)

    def _asked(self, parameters: Mapping[str, str]) -> tuple[Asked, bytes | None]:
        client = self.directory.enabled(parameters.get("client_id", ""))
        if client is None:
            raise InvalidRequestError("client_id is missing or unknown.")
        reference = parameters.get("request_uri", "")
        if not reference.startswith(REQUEST_URI_PREFIX):
            return self.reader.arriving(client, False, parameters), None
        hash_ = hashed(reference)
        pushed = self._pushed(client, hash_)
        nothing_else_is_said(pushed, parameters)
        return self.reader.kept(client, pushed), hash_

    def _pushed(self, client: Client, reference: bytes) -> Mapping[str, str]:
        """RFC 9126 §4: of this client, unused, unexpired (A5)."""
        with self.database.read() as connection:
            found = pushed_requests.find(connection, reference, client.id, self.clock.now())
        if found is None:
            raise InvalidRequestUriError("request_uri is unknown, used or expired.")
        return found


def nothing_else_is_said(pushed: Mapping[str, str], beside: Mapping[str, str]) -> None:
    """A pushed request is the whole request (A4). RFC 9101 §5 lets clients repeat it beside; nothing may differ."""
    if any(beside[name] != pushed.get(name) for name in _OF_A_REQUEST & beside.keys()):
        raise InvalidRequestError("Beside a pushed request_uri a parameter may only repeat what was pushed.")
