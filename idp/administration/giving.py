"""Who may give which offices: asked when a link is made, and once more when it is used (M1)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from idp.administration.rights import Actor, Command, NotPermitted, Reach, permit, permit_somewhere, reach
from idp.model.enrolment import Enrolment
from idp.model.roles import ADMINISTRATORS, Role
from idp.store import offices, people, proposals

OF_A_DEPARTMENT = frozenset({Role.CLERK, Role.PROVIDER_OFFICER})
"""Offices of a department's own people: all that its administrator can give, or ask for where that takes two."""
OF_THE_FOUNDING = frozenset({Role.SECURITY, Role.AUDIT})
"""Offices the first administrator fills, each once; from then on it takes two persons."""


def may_give(actor: Actor, command: Command, roles: Collection[str]) -> None:
    """Nobody hands out more than their own office covers. Raises NotPermitted."""
    if reach(actor.roles, command) is Reach.OWN and not set(roles) <= OF_A_DEPARTMENT:
        raise NotPermitted
    if Role.SYSTEM in actor.roles and not set(roles) <= ADMINISTRATORS:
        raise NotPermitted  # the system's administrator builds the administration and appoints nobody else


def vacant(connection: Connection, link: Enrolment) -> bool:
    """Whether one alone may fill the office of a link.

    The system administrator: while nobody ever held it, or they would appoint the watcher again and again. The
    operator's command: while nobody can act in it, since an installation must not be lost with its last administrator.
    """
    if link.invited_by is None:
        return not any(people.holders(connection, role) for role in link.roles)
    return not any(offices.ever_held(connection, role) for role in link.roles)


def stands(connection: Connection, link: Enrolment) -> bool:
    """Whether a link may still give what it was made for: its inviter could make it now, and so could who confirmed."""
    if link.fills_vacancy and not vacant(connection, link):
        return False
    try:
        if link.invited_by is not None:
            inviter = _acting(connection, link.invited_by)
            permit(inviter, Command.INVITE_PERSON, link.organisation)
            may_give(inviter, Command.INVITE_PERSON, link.roles)
        if link.proposal is not None:
            confirmed = proposals.find(connection, link.proposal)
            decided_by = None if confirmed is None else confirmed.decided_by
            permit_somewhere(_acting(connection, decided_by), Command.DECIDE_PROPOSAL)
    except NotPermitted:
        return False
    return True


def _acting(connection: Connection, person: str | None) -> Actor:
    """Somebody with the offices they hold now. Raises NotPermitted for a disabled account."""
    found = None if person is None else people.find(connection, person)
    if found is None or found.disabled:
        raise NotPermitted
    return Actor(found.id, frozenset(found.roles), found.organisation)
