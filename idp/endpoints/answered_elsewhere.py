"""Requests that one device makes and a person answers on another (RFC 8628, OpenID CIBA): what the person is asked."""

from __future__ import annotations

from idp.endpoints.asked import Asked
from idp.model import assurance
from idp.model.authorization import AuthorizationRequest
from idp.model.evidence import parse_details


def answered_elsewhere(asked: Asked, done: str) -> AuthorizationRequest:
    """The request as a person's pages know it; ``done`` is where they end.

    Consent is asked each time, whatever was agreed to before: somebody else began it.
    """
    details = asked.get("authorization_details")
    return AuthorizationRequest(
        client_id=asked.client.id,
        redirect_uri=done,
        scope=asked.scope,
        code_challenge="",
        prompt=frozenset({"consent"}),
        levels=assurance.wanted_levels(asked.get("acr_values") or ""),
        ui_locales=asked.get("ui_locales"),
        resource=None if asked.resource is None else asked.resource.identifier,
        may_act=asked.client.may_act,
        details=() if details is None else parse_details(details, client=asked.client, exchange=asked.exchange),
    )
