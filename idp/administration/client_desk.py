"""Clients and departments, for administrators: each command asks for the right first, on creating and on changing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from idp.administration.acts import Act
from idp.administration.client_register import ClientRegister
from idp.administration.errors import NoSuchThing
from idp.administration.proposals import Prepare, Proposals
from idp.administration.rights import Actor, Command, NotPermitted, Reach, permit, permit_somewhere
from idp.model import scopes
from idp.model.invitation import ORGANISATION, Terms
from idp.model.proposal import Proposal
from kernel.canonical import JSON
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class ClientDesk:
    """Every method raises NotPermitted, and AdministrationError for what cannot be done."""

    register: ClientRegister
    proposals: Proposals

    def every(self, actor: Actor) -> list[dict[str, JSON]]:
        """The clients within reach."""
        far = permit_somewhere(actor, Command.SEE_CLIENTS)
        listed = self.register.every()
        return listed if far is Reach.EVERYWHERE else [each for each in listed if _owner(each) == actor.organisation]

    def show(self, actor: Actor, client_id: str) -> dict[str, JSON]:
        """One client."""
        permit_somewhere(actor, Command.SEE_CLIENTS)
        found = self.register.show(client_id)
        try:
            permit(actor, Command.SEE_CLIENTS, _owner(found))
        except NotPermitted:
            raise NoSuchThing(f"没有客户端 {client_id}", f"there is no client {client_id}") from None
        return found

    def add(self, actor: Actor, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
        """Register a client; its secret is shown this once."""
        self._may(actor, Command.REGISTER_CLIENT, metadata)
        return self._acting(actor, Command.REGISTER_CLIENT).add(metadata)

    def update(self, actor: Actor, client_id: str, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
        """Put other metadata in place of a client's. The right is needed for what it was and what it becomes (M1)."""
        self._may_change(actor, Command.UPDATE_CLIENT, client_id)
        self._may(actor, Command.UPDATE_CLIENT, metadata)
        return self._acting(actor, Command.UPDATE_CLIENT).update(client_id, metadata)

    def rotate_secret(self, actor: Actor, client_id: str) -> dict[str, JSON]:
        """A new secret, shown this once."""
        self._may_change(actor, Command.ROTATE_SECRET, client_id)
        return self._acting(actor, Command.ROTATE_SECRET).rotate_secret(client_id)

    def disable(self, actor: Actor, client_id: str) -> None:
        """Refuse a client and its tokens everywhere within a second."""
        self._may_change(actor, Command.DISABLE_CLIENT, client_id)
        self._acting(actor, Command.DISABLE_CLIENT).disable(client_id)

    def invite(self, actor: Actor, terms: Terms, *, uses: int, hours: int) -> Proposal:
        """Ask a second person for an initial access token: whoever holds one registers clients by themselves."""
        permit(actor, Command.INVITE_CLIENT, terms.organisation)
        self.register.refuse_unknown(terms.organisation)
        facts: dict[str, JSON] = {
            "organisation": terms.organisation,
            "scopes": [*sorted(terms.scopes)],
            "grant_types": [*sorted(terms.grant_types)],
            "uses": uses,
            "hours": hours,
        }
        return self.proposals.propose(actor, Command.INVITE_CLIENT, facts)

    def invitations(self, actor: Actor) -> list[dict[str, JSON]]:
        """Initial access tokens that still work, without the tokens."""
        permit(actor, Command.SEE_INVITATIONS, None)
        return self.register.invitations()

    def invitation(self, actor: Actor, invitation_id: str) -> dict[str, JSON]:
        """One of them."""
        found = [each for each in self.invitations(actor) if each["invitation"] == invitation_id]
        if not found:
            raise NoSuchThing("没有这项可用的邀请", "there is no such invitation that could be used")
        return found[0]

    def withdraw_invitation(self, actor: Actor, invitation_id: str) -> None:
        """Let nobody register by it any more. To take away needs no second person: to give does."""
        permit(actor, Command.WITHDRAW_INVITATION, None)
        self.invitation(actor, invitation_id)
        self._acting(actor, Command.WITHDRAW_INVITATION).withdraw_invitation(invitation_id)

    def organisations(self, actor: Actor) -> list[dict[str, JSON]]:
        """Every department."""
        permit_somewhere(actor, Command.SEE_ORGANISATIONS)
        return self.register.organisations()

    def put_organisation(self, actor: Actor, code: str, name: Text) -> None:
        """Add a department, or rename it."""
        permit(actor, Command.PUT_ORGANISATION, code)
        self._acting(actor, Command.PUT_ORGANISATION).add_organisation(code, name)

    def _acting(self, actor: Actor, command: Command) -> ClientRegister:
        return replace(self.register, records=self.register.records.of(actor.person, command.value))

    def _may_change(self, actor: Actor, command: Command, client_id: str) -> None:
        """Not even the secret of a client that may do more than its administrator: who has it, has its rights."""
        permit_somewhere(actor, command)
        self._may(actor, command, self.show(actor, client_id))

    def _may(self, actor: Actor, command: Command, metadata: Mapping[str, JSON]) -> None:
        permit(actor, command, _owner(metadata))
        privileged = not scopes.PRIVILEGED.isdisjoint(str(metadata.get("scope", "")).split())
        if privileged and permit_somewhere(actor, command) is Reach.OWN:
            raise NotPermitted


def kinds(register: ClientRegister) -> Mapping[Command, Prepare]:
    """How the proposals about clients are carried out."""

    def inviting(proposal: Proposal) -> Act:
        facts = proposal.facts
        terms = Terms(str(facts["organisation"]), _names(facts["scopes"]), _names(facts["grant_types"]))
        uses, hours = int(str(facts["uses"])), int(str(facts["hours"]))
        return register.inviting(terms, uses=uses, valid_for=timedelta(hours=hours))

    return {Command.INVITE_CLIENT: inviting}


def _names(value: JSON) -> frozenset[str]:
    return frozenset(str(each) for each in value) if isinstance(value, list) else frozenset()


def _owner(metadata: Mapping[str, JSON]) -> str | None:
    owner = metadata.get(ORGANISATION)
    return owner if isinstance(owner, str) else None
