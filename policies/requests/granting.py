"""From an approved request to the draft of its grant, by the grant's own commands and in the names of its authors."""

from __future__ import annotations

import re

from policies.grants.commands import DraftGrant, ReviseGrant
from policies.requests.events import RequestState
from policies.roles import Officer, Role

_REQUEST, _GRANT = "ar_", "AR-"
_FOLLOWS = re.compile(r"AR-[0-9A-HJKMNP-TV-Z]{26}")


def grant_id(request: str) -> str:
    """The identifier of the grant that follows a request: the same number, written as grants are."""
    return _GRANT + request.removeprefix(_REQUEST)


def request_of(grant: str) -> str | None:
    """The request that a grant follows from, by its identifier; None for a grant that was drafted otherwise."""
    return _REQUEST + grant.removeprefix(_GRANT) if _FOLLOWS.fullmatch(grant) else None


def grant_commands(state: RequestState) -> tuple[tuple[DraftGrant | ReviseGrant, Officer], ...]:
    """What drafts the grant, in order. Whoever wrote the request is an author of the grant, and so never signs it."""
    grant = state.content.grant
    first, *others = (_as_author(name, role, grant.consumer) for name, role in state.authors)
    return ((DraftGrant(grant), first), *((ReviseGrant(grant), other) for other in others))


def _as_author(name: str, role: Role, consumer: str) -> Officer:
    return Officer(name, consumer if role is Role.CONSUMER_OFFICER else "", frozenset({role}))
