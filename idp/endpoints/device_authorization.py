"""The device authorization endpoint (RFC 8628 §3.1): a terminal asks, a person will answer elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from idp.endpoints.addresses import DEVICE, Addresses
from idp.endpoints.answered_elsewhere import answered_elsewhere
from idp.endpoints.asked import Asked, Check, Reader
from idp.endpoints.authorization_request import check, scopes_are_registered, values_are_short
from idp.endpoints.client_requests import ClientDoor
from idp.endpoints.forms import form
from idp.endpoints.resource_request import resource_can_be_the_audience
from idp.errors import NO_STORE, InvalidRequestError, TemporarilyUnavailableError, UnauthorizedClientError
from idp.model import device
from idp.model.authorization import AuthorizationRequest
from idp.model.client import GrantType
from idp.model.device import DeviceRequest
from idp.model.secret import hashed
from idp.store import device_requests
from idp.tokens import lifetimes
from idp.tokens.proof_of_possession import Possession
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.envelope import hmac_sha256
from kernel.web.http import HttpRequest, HttpResponse, json_response

DONE = f"{DEVICE}/done"
POLL_SECONDS = 5
_TRIES = 5


def client_uses_device_codes(asked: Asked) -> None:
    """RFC 8628 §3.1."""
    if not asked.client.may_use(GrantType.DEVICE_CODE):
        raise UnauthorizedClientError("The client is not registered for device codes.")


def nothing_is_asked_of_a_browser(asked: Asked) -> None:
    """RFC 8628 §3.1: what belongs to a redirect has no place here."""
    if {
        "redirect_uri",
        "response_type",
        "request",
        "request_uri",
        "prompt",
        "code_challenge",
    } & asked.parameters.keys():
        raise InvalidRequestError("A parameter belongs to the authorization endpoint.")


CHECKS: tuple[Check, ...] = (
    client_uses_device_codes,
    nothing_is_asked_of_a_browser,
    resource_can_be_the_audience,
    scopes_are_registered,
    values_are_short,
)


@dataclass(frozen=True, slots=True)
class UserCodes:
    """How user codes are kept: under a key, since 34 bits could be tried through."""

    key: bytes = field(repr=False)

    def hashed(self, user_code: str) -> bytes:
        """What is kept of a code."""
        return hmac_sha256(self.key, f"user code\0{user_code}".encode())


@dataclass(frozen=True, slots=True)
class DeviceAuthorizationEndpoint:
    """POST /device_authorization."""

    door: ClientDoor
    reader: Reader
    possession: Possession
    codes: UserCodes
    database: Database
    own: Addresses
    clock: Clock
    entropy: Entropy

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A device code for the terminal and a user code for its screen (RFC 8628 §3.2). Raises OAuthError."""
        parameters = form(request)
        proven = self.possession.key(request)
        authenticated = self.door.enter(request, parameters, proofs=() if proven is None else proven.proofs)
        asked = self.reader.kept(authenticated.client, parameters)
        check(asked, CHECKS)
        secret = token(self.entropy)
        wanted = self._wanted(asked, None if proven is None else proven.jkt, secret)
        user_code = device.shown(self._keep(wanted, hashed(secret)))
        body: dict[str, JSON] = {"device_code": secret, "user_code": user_code, **self._how(user_code)}
        return self.possession.answered(json_response(body, headers=NO_STORE), proven)

    def _how(self, user_code: str) -> dict[str, JSON]:
        page = self.own.of(DEVICE)
        return {
            "verification_uri": page,
            "verification_uri_complete": f"{page}?{urlencode({'user_code': user_code})}",  # §3.3.1
            "expires_in": int(lifetimes.DEVICE_CODE.total_seconds()),
            "interval": POLL_SECONDS,
        }

    def _wanted(self, asked: Asked, jkt: str | None, secret: str) -> AuthorizationRequest:
        """What the person will be asked. Consent is asked each time: whoever reads out a code may mean to deceive."""
        return replace(answered_elsewhere(asked, self.own.of(DONE)), dpop_jkt=jkt, device=hashed(secret).hex())

    def _keep(self, wanted: AuthorizationRequest, device_hash: bytes) -> str:
        now = self.clock.now()
        kept = DeviceRequest(device_hash, wanted, now + lifetimes.DEVICE_CODE)
        for _ in range(_TRIES):
            user_code = device.new_user_code(self.entropy)
            if self.database.write(self._adding(kept, user_code)):
                return user_code
        raise TemporarilyUnavailableError

    def _adding(self, kept: DeviceRequest, user_code: str) -> Callable[..., bool]:
        now, user_hash = self.clock.now(), self.codes.hashed(user_code)
        return lambda connection: device_requests.add(connection, kept, user_hash, POLL_SECONDS, now)
