"""For whom a token is (RFC 8707): chosen at authorization, repeated at the token endpoint, never widened (T7)."""

from __future__ import annotations

from idp.errors import InvalidTargetError
from idp.grants.caller import TokenRequest
from idp.tokens.entitlement import Entitlement
from idp.tokens.issuer import TokenIssuer


def check_target(request: TokenRequest, entitlement: Entitlement, tokens: TokenIssuer) -> None:
    """§2.2: a `resource` may only say what the token is for anyway. Raises InvalidTargetError (T7)."""
    audience = tokens.audience(entitlement)
    if request.form.get("resource", audience) != audience:
        raise InvalidTargetError("No token for that resource follows from this grant.")
