"""What somebody's sign-in entitles a client to: the same rules for every grant that rests on one."""

from __future__ import annotations

from idp.errors import InvalidScopeError, InvalidTargetError
from idp.grants.caller import TokenRequest
from idp.grants.target import check_target
from idp.model.client import GrantType
from idp.model.evidence import Details, narrowed, parse_details, refuse_unregistered
from idp.model.resource import ResourceServer, is_for_nothing, resource_server, scope_left
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.issuer import TokenIssuer


def details_within(granted: Details, request: TokenRequest, tokens: TokenIssuer, since: int) -> Details:
    """RFC 9396 §6.1: a token request may ask for less than was granted, never for more; by default for all of it.

    Each service item is one that the client has had ``since`` (S2). Raises InvalidAuthorizationDetailsError, also where
    nothing of the kind was granted.
    """
    asked = request.form.get("authorization_details")
    within = granted
    if asked is not None:
        within = narrowed(granted, parse_details(asked, client=request.client, exchange=tokens.exchange))
    refuse_unregistered(within, request.client, since)
    return within


def scope_within(
    left: tuple[str, ...], granted: tuple[str, ...], server: ResourceServer | None, request: TokenRequest
) -> tuple[str, ...]:
    """RFC 6749 §6, T7: a token request may ask for less than was granted, never for more; by default for all of it.

    Given is what is ``left`` of it, and of what is asked for as of the whole: something for the resource ``server``, if
    that was asked for (ADR 0073). Raises InvalidScopeError, InvalidTargetError.
    """
    asked = request.form.get("scope")
    if asked is None:
        return left
    wanted = frozenset(asked.split())
    if not wanted <= frozenset(granted):
        raise InvalidScopeError("The scope goes beyond what was granted.")
    if wanted.isdisjoint(left):
        raise InvalidScopeError("The client may have nothing of the scope any more.")
    within = tuple(each for each in left if each in wanted)
    if is_for_nothing(wanted, within, server):
        raise InvalidTargetError("Nothing is left of what is asked for that resource.")
    return within


def as_agreed(request: TokenRequest, tokens: TokenIssuer, grant: GrantType, signed_in: SignedIn) -> Entitlement:
    """All that the person agreed to, as far as the client may still have it: of a code, and what is polled for."""
    family = signed_in.family
    details = details_within(family.details, request, tokens, family.registration)
    server = resource_server(tokens.resources, family.resource, request.client)
    scope = scope_left(request.client, family.scope, server, family.registration, alone=not details)
    return entitled(request, tokens, grant, signed_in, scope, details)


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
