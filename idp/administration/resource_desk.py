"""Resource servers, for administrators. Who describes one decides what tokens say and to whom: that reaches everywhere.

A department's administrator sees its own and may end them, but names none: whoever could register another department's
address would get tokens that its servers believe (RFC 8707 §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from idp.administration.errors import NoSuchThing
from idp.administration.resource_register import ResourceRegister
from idp.administration.rights import Actor, Command, Reach, permit, permit_somewhere
from kernel.canonical import JSON

RESOURCE = "resource"
OWNER = "tongban_organisation"


@dataclass(frozen=True, slots=True)
class ResourceDesk:
    """Every method raises NotPermitted, and AdministrationError for what cannot be done."""

    register: ResourceRegister

    def every(self, actor: Actor) -> list[dict[str, JSON]]:
        """The resource servers within reach."""
        far = permit_somewhere(actor, Command.SEE_RESOURCES)
        listed = self.register.every()
        return listed if far is Reach.EVERYWHERE else [each for each in listed if each[OWNER] == actor.organisation]

    def show(self, actor: Actor, identifier: str) -> dict[str, JSON]:
        """One of them; one out of reach looks like one that is not there."""
        found = [each for each in self.every(actor) if each[RESOURCE] == identifier]
        if not found:
            raise NoSuchThing("没有这个资源服务", "there is no such resource server")
        return found[0]

    def put(self, actor: Actor, description: Mapping[str, JSON]) -> dict[str, JSON]:
        """Add one, or describe it anew; an ended one serves again."""
        permit(actor, Command.PUT_RESOURCE, None)
        return self._acting(actor, Command.PUT_RESOURCE).put(description)

    def disable(self, actor: Actor, identifier: str) -> None:
        """Issue no more tokens for it, on every node within a second."""
        permit_somewhere(actor, Command.DISABLE_RESOURCE)
        permit(actor, Command.DISABLE_RESOURCE, str(self.show(actor, identifier)[OWNER]))
        self._acting(actor, Command.DISABLE_RESOURCE).disable(identifier)

    def _acting(self, actor: Actor, command: Command) -> ResourceRegister:
        return replace(self.register, records=self.register.records.of(actor.person, command.value))
