"""One tree of refusals, and one place where they become answers on the wire (RFC 6749 §4.1.2.1 and §5.2)."""

from __future__ import annotations

from typing import ClassVar

from kernel.database import DatabaseUnavailable
from kernel.jose import SignerUnavailable
from kernel.keys import KeyRingError
from kernel.ledger.errors import LedgerUnavailable
from kernel.problems import Problem
from kernel.web import www_authenticate
from kernel.web.http import HttpResponse, json_response

NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
"""RFC 6749 §5.1: nothing about tokens may be cached."""


class OAuthError(Exception):
    """A refusal with its registered code. ``description`` is for developers, in ASCII (RFC 6749 §5.2), without data."""

    code: ClassVar[str] = "server_error"
    status: ClassVar[int] = 400

    def __init__(self, description: str = "", *, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{self.code}: {description}" if description else self.code)
        self.description = description
        self.headers = headers

    def to_json(self) -> dict[str, str]:
        """The members of an error response."""
        members = {"error": self.code}
        return members | {"error_description": self.description} if self.description else members


class InvalidRequestError(OAuthError):
    """RFC 6749 §5.2: a parameter is missing, repeated, unsupported or malformed."""

    code = "invalid_request"


class InvalidClientError(OAuthError):
    """RFC 6749 §5.2. One text for every cause: unknown client and wrong secret are told apart by nobody."""

    code = "invalid_client"
    status = 401

    def __init__(self) -> None:
        super().__init__("Client authentication failed.", headers=(("WWW-Authenticate", 'Basic realm="token"'),))


class InvalidGrantError(OAuthError):
    """RFC 6749 §5.2: the code or refresh token does not (or no longer) entitle this client to anything."""

    code = "invalid_grant"


class UnauthorizedClientError(OAuthError):
    """RFC 6749 §5.2: this client is not registered for what it asks."""

    code = "unauthorized_client"


class UnsupportedGrantTypeError(OAuthError):
    """RFC 6749 §5.2."""

    code = "unsupported_grant_type"


class UnsupportedResponseTypeError(OAuthError):
    """RFC 6749 §4.1.2.1: anything but ``code``."""

    code = "unsupported_response_type"


class InvalidScopeError(OAuthError):
    """RFC 6749 §5.2."""

    code = "invalid_scope"


class InvalidTargetError(OAuthError):
    """RFC 8707 §2."""

    code = "invalid_target"


class InvalidRequestUriError(OAuthError):
    """RFC 9101 §6.2, for references made by RFC 9126."""

    code = "invalid_request_uri"


class InvalidRequestObjectError(OAuthError):
    """RFC 9101 §7: the request object is not one we accept."""

    code = "invalid_request_object"


class RequestUriNotSupportedError(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6: a reference we did not issue. Nothing is fetched."""

    code = "request_uri_not_supported"


class RegistrationNotSupportedError(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6."""

    code = "registration_not_supported"


class InvalidAuthorizationDetailsError(OAuthError):
    """RFC 9396 §5."""

    code = "invalid_authorization_details"


class InvalidDpopProofError(OAuthError):
    """RFC 9449 §5."""

    code = "invalid_dpop_proof"


class UseDpopNonceError(OAuthError):
    """RFC 9449 §8: the proof has to repeat the nonce that comes with this answer."""

    code = "use_dpop_nonce"

    def __init__(self, nonce: tuple[str, str]) -> None:
        super().__init__("The DPoP proof must repeat the nonce of this answer.", headers=(nonce,))


class DpopNonceChallengeError(OAuthError):
    """RFC 9449 §9: the same at a protected resource."""

    code = "use_dpop_nonce"
    status = 401


class RefusedDpopProofError(OAuthError):
    """RFC 9449 §7.1: the same at a protected resource, where it is a challenge."""

    code = "invalid_dpop_proof"
    status = 401


class InvalidClientMetadataError(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "invalid_client_metadata"


class InvalidRedirectUriError(InvalidClientMetadataError):
    """RFC 7591 §3.2.2."""

    code = "invalid_redirect_uri"


class InvalidSoftwareStatementError(OAuthError):
    """RFC 7591 §3.2.2: the statement is not what its issuer signed, or not for now and here."""

    code = "invalid_software_statement"


class UnapprovedSoftwareStatementError(OAuthError):
    """RFC 7591 §3.2.2: nobody whose word counts here has signed it."""

    code = "unapproved_software_statement"


class AccessDeniedError(OAuthError):
    """RFC 6749 §4.1.2.1: the person, or the provider on the person's behalf, said no."""

    code = "access_denied"


class BackchannelDeniedError(AccessDeniedError):
    """CIBA Core 1.0 §13: the provider denies the request itself: the person is asked too much, or codes are guessed."""

    status = 403


class UnknownUserIdError(OAuthError):
    """CIBA Core 1.0 §13: the hint names nobody. Said only to clients that may know."""

    code = "unknown_user_id"


class InvalidBindingMessageError(OAuthError):
    """CIBA Core 1.0 §13: the message is too long, or cannot be shown."""

    code = "invalid_binding_message"


class MissingUserCodeError(OAuthError):
    """CIBA Core 1.0 §13: a user code is needed and was not sent."""

    code = "missing_user_code"


class InvalidUserCodeError(OAuthError):
    """CIBA Core 1.0 §13: the user code is wrong; said alike of names that nobody has."""

    code = "invalid_user_code"


class LoginRequiredError(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6, for ``prompt=none``."""

    code = "login_required"


class InteractionRequiredError(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6, for ``prompt=none``."""

    code = "interaction_required"


class ConsentRequiredError(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6, for ``prompt=none``."""

    code = "consent_required"


class UnmetAuthenticationRequirementsError(OAuthError):
    """OpenID Connect Core Error Code unmet_authentication_requirements 1.0: this person cannot reach that `acr`."""

    code = "unmet_authentication_requirements"


class TemporarilyUnavailableError(OAuthError):
    """RFC 6749 §4.1.2.1; at the token endpoint with 503, since a try later may succeed."""

    code = "temporarily_unavailable"
    status = 503

    def __init__(self, description: str = "Try again later.") -> None:
        super().__init__(description, headers=(("Retry-After", "1"),))


class InvalidTokenError(OAuthError):
    """RFC 6750 §3.1 and RFC 9449 §7.1: the access token shown here is of no use here."""

    code = "invalid_token"
    status = 401


class InsufficientScopeError(OAuthError):
    """RFC 6750 §3.1: the token is good, and what is asked takes a scope that it does not have."""

    code = "insufficient_scope"
    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"The scope {scope} is required.", headers=www_authenticate.either(error=self.code, scope=scope)
        )


_HIGHER = "A higher level of assurance is required."


class InsufficientUserAuthenticationError(OAuthError):
    """RFC 9470 §3: the sign-in behind the token is too weak or too long ago; the challenge says which one would do.

    ``acr_values`` is the level needed, ``max_age`` the seconds since the sign-in; None where that is in order.
    """

    code = "insufficient_user_authentication"
    status = 401

    def __init__(self, acr_values: str | None, max_age: int | None = None) -> None:
        described = "A more recent sign-in is required." if acr_values is None else _HIGHER
        asked = www_authenticate.either(
            error=self.code, error_description=described, acr_values=acr_values, max_age=max_age
        )
        super().__init__(described, headers=asked)


class AuthorizationPendingError(OAuthError):
    """RFC 8628 §3.5: the person has not answered yet."""

    code = "authorization_pending"


class SlowDownError(OAuthError):
    """RFC 8628 §3.5: the device asks too often; its interval has grown by five seconds."""

    code = "slow_down"


class ExpiredTokenError(OAuthError):
    """RFC 8628 §3.5: the device code has expired."""

    code = "expired_token"


class NotRedirected(Exception):
    """A request whose sender cannot be told: the person gets a page, the browser is sent nowhere."""

    def __init__(self, error: OAuthError) -> None:
        super().__init__(str(error))
        self.error = error


def oauth_response(error: OAuthError) -> HttpResponse:
    """The JSON form of a refusal (RFC 6749 §5.2)."""
    return json_response(error.to_json(), error.status, (*NO_STORE, *error.headers))


def translate(error: Exception) -> HttpResponse | None:
    """What an exception is to a client; None when OAuth has no word for it."""
    if isinstance(error, OAuthError):
        return oauth_response(error)
    if isinstance(error, (DatabaseUnavailable, LedgerUnavailable, SignerUnavailable, KeyRingError)):
        return oauth_response(TemporarilyUnavailableError())
    return None


def as_invalid_request(problem: Problem) -> InvalidRequestError:
    """A malformed form at an OAuth endpoint speaks OAuth (RFC 6749 §5.2), not RFC 9457."""
    return InvalidRequestError(problem.kind.title.en + ".")
