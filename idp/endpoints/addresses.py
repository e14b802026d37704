"""The provider's own addresses."""

from __future__ import annotations

from dataclasses import dataclass

AUTHORIZE = "/authorize"
PAR = "/par"
TOKEN = "/token"  # noqa: S105 - a path
USERINFO = "/userinfo"
INTROSPECT = "/introspect"
REVOKE = "/revoke"
LOGOUT = "/logout"
REGISTER = "/register"
DEVICE_AUTHORIZATION = "/device_authorization"
DEVICE = "/device"
BACKCHANNEL = "/bc-authorize"
ASKED = "/account/requests"
UNANSWERED = "unanswered"
"""In the address where a request ends that is answered elsewhere: it still waits for an answer."""
MAY_NOT_ASK = "may-not-ask"
"""In the same place: its client may not ask that any more, and was told no."""
JWKS = "/jwks"
REVOCATIONS = "/revocations"
INTERACTION = "/interaction"
OPENID_CONFIGURATION = "/.well-known/openid-configuration"
OAUTH_METADATA = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses under one issuer identifier, which ends without a slash."""

    issuer: str

    def of(self, path: str) -> str:
        """The absolute address of a path."""
        return self.issuer + path

    @property
    def https(self) -> bool:
        """Whether cookies can be Secure."""
        return self.issuer.startswith("https://")
