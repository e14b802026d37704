"""From an approved request to its grant, by the grant's own commands and in the names of its authors.

It is a draft that they hand in. What is shared unconditionally is handed in at once: the form check has decided.
"""

from __future__ import annotations

import re

from policies.grants.commands import DraftGrant, ReviseGrant, SubmitGrant
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


Handing = tuple[DraftGrant | ReviseGrant | SubmitGrant, Officer]
"""A command of a grant, and in whose name it is given."""


def grant_commands(state: RequestState) -> tuple[Handing, ...]:
    """What drafts the grant and hands it in, in order.

    Whoever wrote the request is an author of the grant, and so never signs it; whoever checked its form is none.
    """
    grant = state.content.grant
    first, *others = (_as_author(name, role, grant.consumer) for name, role in state.authors)
    drafted: tuple[Handing, ...] = ((DraftGrant(grant), first), *((ReviseGrant(grant), other) for other in others))
    return (*drafted, (SubmitGrant(), first)) if state.granted_by_form_check else drafted


def _as_author(name: str, role: Role, consumer: str) -> Officer:
    return Officer(name, consumer if role is Role.CONSUMER_OFFICER else "", frozenset({role}))
