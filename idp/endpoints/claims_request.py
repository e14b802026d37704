"""The `claims` parameter (OpenID Connect Core 1.0 §5.5): single claims by name, and how much each is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.endpoints.asked import Asked
from idp.errors import InvalidRequestError, UnmetAuthenticationRequirementsError
from idp.model import assurance
from idp.model.claims import NO_CLAIMS, ClaimsAsked
from kernel.canonical import JSON, MalformedJson, decode

MAX_BYTES = 16 * 1024
_Member = Mapping[str, JSON]
_NOTHING: _Member = {}


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What the parameter says: names for the ID token and userinfo, levels of assurance, and whose sign-in is meant.

    ``levels_required``: `acr` was asked for as essential (§5.5.1.1), so that none of them reached is a refusal.
    """

    asked: ClaimsAsked = NO_CLAIMS
    levels: tuple[int, ...] = ()
    levels_required: bool = False
    sub: str | None = None


def read(asked: Asked) -> ClaimsRequest:
    """The parameter, as far as it means something here: unknown members and claims are ignored (§5.5).

    Well-formed is one JSON object whose members are objects of claims, each null or an object (§5.5). Raises
    InvalidRequestError for anything else, UnmetAuthenticationRequirementsError for an essential
    `acr` whose every value is unknown here.
    """
    given = asked.get("claims")
    if given is None:
        return ClaimsRequest()
    members = _members(given)
    id_token, userinfo = _wanted(members, "id_token"), _wanted(members, "userinfo")
    names = ClaimsAsked(frozenset(id_token), frozenset(userinfo)).within(asked.client.scopes)
    acr = id_token.get("acr", _NOTHING)
    return ClaimsRequest(names, _levels(acr), acr.get("essential") is True and bool(_values(acr)), _sub(id_token))


def _members(text: str) -> _Member:
    try:
        value = decode(text, max_bytes=MAX_BYTES)
    except MalformedJson:
        raise InvalidRequestError("claims is not well-formed JSON.") from None
    if not isinstance(value, dict):
        raise InvalidRequestError("claims is not a JSON object.")
    return value


def _wanted(members: _Member, name: str) -> dict[str, _Member]:
    """§5.5.1: null stands for a claim wanted in the default manner."""
    claims = members.get(name)
    if claims is None:
        return {}
    if not isinstance(claims, dict):
        raise InvalidRequestError(f"claims: {name} is not an object.")
    wanted: dict[str, _Member] = {}
    for claim, manner in claims.items():
        if not isinstance(manner, dict | None):
            raise InvalidRequestError(f"claims: a member of {name} is neither null nor an object.")
        wanted[claim] = manner or _NOTHING
    return wanted


def _values(manner: _Member) -> list[JSON]:
    """§5.5.1: `value`, or `values` in the order of preference."""
    several = manner.get("values")
    found = several if isinstance(several, list) else []
    return [manner["value"], *found] if "value" in manner else [*found]


def _levels(acr: _Member) -> tuple[int, ...]:
    values = _values(acr)
    levels = assurance.wanted_levels(" ".join(value for value in values if isinstance(value, str)))
    if values and not levels and acr.get("essential") is True:  # §5.5.1.1: treated as a failed authentication
        raise UnmetAuthenticationRequirementsError("No acr value asked for as essential is known here.")
    return levels


def _sub(id_token: Mapping[str, _Member]) -> str | None:
    """§5.5.1: a `sub` with a value asks for this person and nobody else, as `id_token_hint` does."""
    value = id_token.get("sub", _NOTHING).get("value")
    return value if isinstance(value, str) else None
