"""What somebody's sign-in entitles a client to: the same for a code, a refresh token and what is polled for."""

from __future__ import annotations

from idp.grants.caller import TokenRequest
from idp.grants.target import check_target
from idp.model.client import GrantType
from idp.model.evidence import Details, narrowed, parse_details
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.issuer import TokenIssuer


def details_within(granted: Details, request: TokenRequest, tokens: TokenIssuer) -> Details:
    """RFC 9396 §6.1: a token request may ask for less than was granted, never for more; by default for all of it.

    Raises InvalidAuthorizationDetailsError, also where nothing of the kind was granted.
    """
    asked = request.form.get("authorization_details")
    if asked is None:
        return granted
    return narrowed(granted, parse_details(asked, client=request.client, exchange=tokens.exchange))


def entitled(
    request: TokenRequest,
    tokens: TokenIssuer,
    grant: GrantType,
    signed_in: SignedIn,
    scope: tuple[str, ...],
    details: Details = (),
) -> Entitlement:
    """Bound to whatever the request proved, for whom the family is. Raises InvalidTargetError (RFC 8707 §2.2)."""
    entitlement = Entitlement(
        request.client,
        grant.value,
        scope,
        details,
        request.jkt,
        signed_in,
        resource=signed_in.family.resource,
        certificate=request.certificate,
    )
    check_target(request, entitlement, tokens)
    return entitlement
