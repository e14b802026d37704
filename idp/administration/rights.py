"""Who may do what in administration: one table of command and office, and one question asked of it.

Pure. Whoever holds several offices has the furthest reach any of them gives. Nothing in the table means refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from idp.administration.errors import AdministrationError
from idp.model.roles import Role


class Command(StrEnum):
    """Everything that can be done or looked at; the names stand in the ledger."""

    SEE_CLIENTS = "clients.see"
    REGISTER_CLIENT = "clients.register"
    UPDATE_CLIENT = "clients.update"
    ROTATE_SECRET = "clients.rotate-secret"  # noqa: S105 - a command's name
    DISABLE_CLIENT = "clients.disable"
    INVITE_CLIENT = "clients.invite"
    SEE_INVITATIONS = "clients.see-invitations"
    WITHDRAW_INVITATION = "clients.withdraw-invitation"
    SEE_RESOURCES = "resources.see"
    PUT_RESOURCE = "resources.put"
    DISABLE_RESOURCE = "resources.disable"
    SEE_PEOPLE = "people.see"
    DISABLE_PERSON = "people.disable"
    ENABLE_PERSON = "people.enable"
    END_SESSIONS = "people.end-sessions"
    SEE_SESSIONS = "sessions.count"
    CHANGE_ROLES = "people.change-roles"
    INVITE_PERSON = "people.invite"
    SEE_ORGANISATIONS = "organisations.see"
    PUT_ORGANISATION = "organisations.put"
    SEE_KEYS = "keys.see"
    ROTATE_KEY = "keys.rotate"
    REVOKE_KEY = "keys.revoke"
    SEE_POLICIES = "policies.see"
    SEE_EVENTS = "events.see"
    SEE_PROPOSALS = "proposals.see"
    DECIDE_PROPOSAL = "proposals.decide"
    PROVE_PERSON = "people.prove"
    RECOVER_PERSON = "people.recover"
    CONFIRM_PROOF = "people.confirm-proof"


class Reach(IntEnum):
    """How far a right goes: no further than the holder's own organisation, or everywhere."""

    OWN = 1
    EVERYWHERE = 2


_ALL, _OWN = Reach.EVERYWHERE, Reach.OWN

TABLE: Mapping[Command, Mapping[Role, Reach]] = {
    Command.SEE_CLIENTS: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.AUDIT: _ALL, Role.DEPARTMENT: _OWN},
    Command.REGISTER_CLIENT: {Role.SYSTEM: _ALL, Role.DEPARTMENT: _OWN},
    Command.UPDATE_CLIENT: {Role.SYSTEM: _ALL, Role.DEPARTMENT: _OWN},
    Command.ROTATE_SECRET: {Role.SYSTEM: _ALL, Role.DEPARTMENT: _OWN},
    Command.DISABLE_CLIENT: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.DEPARTMENT: _OWN},
    Command.INVITE_CLIENT: {Role.SYSTEM: _ALL},
    Command.SEE_INVITATIONS: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.AUDIT: _ALL},
    Command.WITHDRAW_INVITATION: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL},
    Command.SEE_RESOURCES: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.AUDIT: _ALL, Role.DEPARTMENT: _OWN},
    Command.PUT_RESOURCE: {Role.SYSTEM: _ALL},
    Command.DISABLE_RESOURCE: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.DEPARTMENT: _OWN},
    Command.SEE_PEOPLE: {
        Role.SECURITY: _ALL, Role.AUDIT: _ALL, Role.HELPDESK: _ALL, Role.DEPARTMENT: _OWN,
    },
    Command.DISABLE_PERSON: {Role.SECURITY: _ALL, Role.DEPARTMENT: _OWN},
    Command.ENABLE_PERSON: {Role.SECURITY: _ALL, Role.DEPARTMENT: _OWN},
    Command.END_SESSIONS: {Role.SECURITY: _ALL, Role.HELPDESK: _ALL, Role.DEPARTMENT: _OWN},
    Command.SEE_SESSIONS: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.AUDIT: _ALL},
    Command.CHANGE_ROLES: {Role.SECURITY: _ALL, Role.DEPARTMENT: _OWN},
    Command.INVITE_PERSON: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.DEPARTMENT: _OWN},
    Command.SEE_ORGANISATIONS: {
        Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.AUDIT: _ALL, Role.DEPARTMENT: _ALL, Role.HELPDESK: _ALL,
    },
    Command.PUT_ORGANISATION: {Role.SYSTEM: _ALL},
    Command.SEE_KEYS: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.AUDIT: _ALL},
    Command.ROTATE_KEY: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL},
    Command.REVOKE_KEY: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL},
    Command.SEE_POLICIES: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.AUDIT: _ALL},
    Command.SEE_EVENTS: {Role.AUDIT: _ALL, Role.AUDITOR: _ALL},
    Command.SEE_PROPOSALS: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL, Role.AUDIT: _ALL, Role.DEPARTMENT: _OWN},
    Command.DECIDE_PROPOSAL: {Role.SYSTEM: _ALL, Role.SECURITY: _ALL},
    Command.PROVE_PERSON: {Role.CLERK: _ALL},
    Command.RECOVER_PERSON: {Role.CLERK: _ALL},
    Command.CONFIRM_PROOF: {Role.CLERK: _ALL},
}  # fmt: skip
"""Powers of separate persons: the system administrator neither reads nor deletes the audit; nobody deletes it."""


_DECIDED_BY: Mapping[Command, Command] = {
    Command.PROVE_PERSON: Command.CONFIRM_PROOF,
    Command.RECOVER_PERSON: Command.CONFIRM_PROOF,
}


def deciding(command: Command) -> Command:
    """What somebody must be allowed to do to decide on a proposal: clerks confirm what clerks have seen."""
    return _DECIDED_BY.get(command, Command.DECIDE_PROPOSAL)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a member of staff as the database knows them at this moment, never as a token once said."""

    person: str
    roles: frozenset[str]
    organisation: str | None


class NotPermitted(AdministrationError):
    """The office does not allow it, or not there. Says so without saying what is there."""

    def __init__(self) -> None:
        super().__init__("您的职责不允许这项操作", "your office does not allow this")


def reach(roles: Iterable[str], command: Command) -> Reach | None:
    """How far these offices reach with a command; None when they do not allow it at all."""
    row, held = TABLE[command], set(roles)
    return max((reach for role, reach in row.items() if role in held), default=None)


def permit(actor: Actor, command: Command, organisation: str | None) -> None:
    """Raises NotPermitted unless the actor may do this to what belongs to ``organisation``.

    What belongs to no organisation (a citizen's account, a key) is out of reach for whoever only reaches their own.
    """
    far = reach(actor.roles, command)
    if far is None or (far is Reach.OWN and (organisation is None or organisation != actor.organisation)):
        raise NotPermitted


def permit_somewhere(actor: Actor, command: Command) -> Reach:
    """How far the actor reaches, where the answer is narrowed to that. Raises NotPermitted when nowhere."""
    far = reach(actor.roles, command)
    if far is None or (far is Reach.OWN and actor.organisation is None):
        raise NotPermitted
    return far
