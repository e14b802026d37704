"""People, for administrators: looked up by exact user name, shown without numbers, changed by whoever may."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from idp.administration.acts import Act, ShownOnce
from idp.administration.client_register import refuse_unknown_organisation
from idp.administration.enrolments import Enrolments
from idp.administration.errors import AdministrationError, NoSuchThing
from idp.administration.giving import OF_A_DEPARTMENT, OF_THE_FOUNDING, may_give
from idp.administration.person_register import OfficesChanged, PersonRegister, check_roles
from idp.administration.proposals import Prepare, Proposals
from idp.administration.rights import Actor, Command, NotPermitted, Reach, permit, permit_somewhere, reach
from idp.model.person import Person, PersonKind
from idp.model.proposal import Proposal
from idp.model.representation import Representation
from idp.model.roles import ADMINISTRATORS, GIVEN_BY_TWO, Role
from idp.model.session import Session
from idp.store import sessions
from idp.tokens.mandates import Mandates
from kernel.canonical import JSON


@dataclass(frozen=True, slots=True)
class Invited:
    """A link, shown once, or the proposal that it takes."""

    shown: ShownOnce | None
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class PeopleDesk:
    """Every method raises NotPermitted, and AdministrationError for what cannot be done."""

    register: PersonRegister
    enrolments: Enrolments
    proposals: Proposals
    mandates: Mandates

    def may_look(self, actor: Actor) -> None:
        """Raises NotPermitted for whoever may look nobody up."""
        permit_somewhere(actor, Command.SEE_PEOPLE)

    def by_username(self, actor: Actor, username: str) -> Person:
        """The account with exactly this name; one out of reach looks like one that is not there."""
        permit_somewhere(actor, Command.SEE_PEOPLE)
        return self._within(actor, self.register.by_username(username))

    def show(self, actor: Actor, person_id: str) -> Person:
        """The account with an identifier."""
        permit_somewhere(actor, Command.SEE_PEOPLE)
        return self._within(actor, self.register.find(person_id))

    def sessions(self, actor: Actor, person_id: str) -> list[Session]:
        """Where somebody is signed in now."""
        found = self.show(actor, person_id)
        with self.register.database.read() as connection:
            return sessions.live_of_person(connection, found.id, self._now())

    def acts_for(self, actor: Actor, person_id: str) -> list[Representation]:
        """For which entities somebody acts: entities, not people, are named."""
        return self.mandates.of(self.show(actor, person_id).id)

    def count_sessions(self, actor: Actor) -> int:
        """How many sessions there are now."""
        permit(actor, Command.SEE_SESSIONS, None)
        with self.register.database.read() as connection:
            return sessions.count_live(connection, self._now())

    def disable(self, actor: Actor, person_id: str) -> Proposal | None:
        """Refuse an account. Of somebody who guards the others it takes two persons: a proposal is then the answer."""
        found = self._changed(actor, Command.DISABLE_PERSON, person_id)
        if Role.SECURITY in found.roles:
            return self.proposals.propose(actor, Command.DISABLE_PERSON, {"person": found.id})
        everywhere = reach(actor.roles, Command.DISABLE_PERSON) is Reach.EVERYWHERE
        self._made(actor, Command.DISABLE_PERSON, self.register.disabling(found.id, everywhere=everywhere))
        return None

    def enable(self, actor: Actor, person_id: str) -> None:
        """Admit an account again: a department, only whom a department had disabled."""
        found = self._changed(actor, Command.ENABLE_PERSON, person_id)
        everywhere = reach(actor.roles, Command.ENABLE_PERSON) is Reach.EVERYWHERE
        if found.disabled_everywhere and not everywhere:
            raise AdministrationError(
                "该账户由安全管理员停用，请由其恢复",
                "this account was disabled by a security administrator; ask them to enable it",
            )
        self._made(actor, Command.ENABLE_PERSON, self.register.enabling(found.id, everywhere=everywhere))

    def end_sessions(self, actor: Actor, person_id: str) -> None:
        """Sign a person out everywhere within a second."""
        found = self._changed(actor, Command.END_SESSIONS, person_id)
        self._made(actor, Command.END_SESSIONS, self.register.ending_sessions(found.id))

    def change_roles(
        self, actor: Actor, person_id: str, after: tuple[str, ...], before: tuple[str, ...] | None = None
    ) -> Proposal | None:
        """Give and take offices. An administrator's, and giving a clerk's, takes two persons: a proposal, then.

        ``before``: those that the actor saw; OfficesChanged when others are held by now.
        """
        found = self._changed(actor, Command.CHANGE_ROLES, person_id)
        if before is not None and set(before) != set(found.roles):
            raise OfficesChanged
        changed = set(found.roles) ^ set(after)
        may_give(actor, Command.CHANGE_ROLES, changed)
        if found.kind is not PersonKind.STAFF:
            raise AdministrationError("只有工作人员的账户可以担任职责", "only an account of staff holds offices")
        act = self.register.changing_roles(found.id, found.roles, after)
        if changed & ADMINISTRATORS or changed & set(after) & GIVEN_BY_TWO:
            facts: dict[str, JSON] = {"person": found.id, "before": [*found.roles], "after": [*after]}
            return self.proposals.propose(actor, Command.CHANGE_ROLES, facts)
        self._made(actor, Command.CHANGE_ROLES, act)
        return None

    def invite(self, actor: Actor, roles: tuple[str, ...], organisation: str) -> Invited:
        """A one-time link for a new member of staff, or the proposal it takes for a new administrator or clerk."""
        permit(actor, Command.INVITE_PERSON, organisation)
        if not roles:  # offices can be taken away later; a link that gives none is a box forgotten
            raise AdministrationError("请至少选择一项职责", "choose at least one office")
        check_roles(roles)
        founding = len(roles) == 1 and set(roles) <= OF_THE_FOUNDING and Role.SYSTEM in actor.roles
        if not (founding and not self.register.ever_held(roles[0])):
            may_give(actor, Command.INVITE_PERSON, roles)
            if set(roles) & GIVEN_BY_TWO:
                facts: dict[str, JSON] = {"roles": [*roles], "organisation": organisation}
                return Invited(None, self.proposals.propose(actor, Command.INVITE_PERSON, facts))
        act = self.enrolments.inviting(roles, organisation, invited_by=actor.person)
        self._made(actor, Command.INVITE_PERSON, act)
        return Invited(act.afterwards())

    def _changed(self, actor: Actor, command: Command, person_id: str) -> Person:
        """Whom a command is about. Nobody changes themselves; a department's administrator, no administrator."""
        permit_somewhere(actor, command)
        found = self.show(actor, person_id)
        permit(actor, command, found.organisation)
        if found.id == actor.person:
            raise NotPermitted
        if reach(actor.roles, command) is Reach.OWN and not set(found.roles) <= OF_A_DEPARTMENT:
            raise NotPermitted
        if Role.HELPDESK in actor.roles and Role.SECURITY not in actor.roles and set(found.roles) & ADMINISTRATORS:
            raise NotPermitted
        return found

    def _within(self, actor: Actor, found: Person | None) -> Person:
        known = self._known(found)
        try:
            permit(actor, Command.SEE_PEOPLE, known.organisation)
        except NotPermitted:
            return self._known(None)
        return known

    @staticmethod
    def _known(found: Person | None) -> Person:
        if found is None:
            raise NoSuchThing("没有这个账户", "there is no such account")
        return found

    def _made(self, actor: Actor, command: Command, act: Act) -> None:
        self.register.records.of(actor.person, command.value).make_all([(act, None)])

    def _now(self) -> datetime:
        return self.register.clock.now()


def kinds(register: PersonRegister, enrolments: Enrolments) -> Mapping[Command, Prepare]:
    """How the proposals about people are carried out."""

    def disabling(proposal: Proposal) -> Act:
        return register.disabling(str(proposal.facts["person"]), everywhere=True)

    def changing_roles(proposal: Proposal) -> Act:
        facts = proposal.facts
        person, before, after = str(facts["person"]), _names(facts["before"]), _names(facts["after"])
        found = register.find(person)
        act = register.changing_roles(person, before, after)
        return replace(act, within=_department({*before, *after}, None if found is None else found.organisation))

    def inviting(proposal: Proposal) -> Act:
        roles, organisation = _names(proposal.facts["roles"]), str(proposal.facts["organisation"])
        check_roles(roles)
        with register.database.read() as connection:  # and again in the transaction: no proposal waits for nothing
            refuse_unknown_organisation(connection, organisation)
        act = enrolments.inviting(roles, organisation, invited_by=proposal.proposed_by, proposal=proposal.id)
        return replace(act, within=_department(roles, organisation))

    return {
        Command.DISABLE_PERSON: disabling,
        Command.CHANGE_ROLES: changing_roles,
        Command.INVITE_PERSON: inviting,
    }


def shown(person: Person) -> dict[str, JSON]:
    """An account without numbers, addresses or secrets. A citizen's name stays away, too: the user name was asked."""
    staff = person.kind is PersonKind.STAFF
    return {
        "id": person.id,
        "username": person.username,
        "name": person.name if staff else None,
        "kind": person.kind.value,
        "assurance": person.assurance,
        "disabled": person.disabled,
        "organisation": person.organisation,
        "roles": [*person.roles],
    }


def _department(roles: Collection[str], organisation: str | None) -> str | None:
    """The department whose administrator may ask for this; None where it takes more."""
    return organisation if set(roles) <= OF_A_DEPARTMENT else None


def _names(value: JSON) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
