"""Signing keys, for administrators. Ending one in use takes two persons; the command on the machine takes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.administration.acts import Act
from idp.administration.errors import AdministrationError, NoSuchThing
from idp.administration.proposals import Prepare, Proposals
from idp.administration.records import Records
from idp.administration.rights import Actor, Command, permit
from idp.model.proposal import Proposal
from kernel.canonical import JSON
from kernel.keys import Custody, KeyDescription, KeyRingError, Purpose

ROTATED_HERE = (Purpose.JWS, Purpose.JWE)
"""A key-encryption key waits for the operator, who restarts the nodes."""


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """Every method raises NotPermitted, and AdministrationError for what cannot be done."""

    custody: Custody
    records: Records
    proposals: Proposals

    def every(self, actor: Actor) -> tuple[KeyDescription, ...]:
        """Every key with its state and dates."""
        permit(actor, Command.SEE_KEYS, None)
        return self.custody.ring.listing()

    def rotate(self, actor: Actor, purpose: str, alg: str | None = None) -> KeyDescription:
        """Publish the next key; it takes over after its lead."""
        permit(actor, Command.ROTATE_KEY, None)
        if purpose not in ROTATED_HERE:
            raise AdministrationError("此处不能轮换这类密钥", "keys of this purpose are not rotated here")
        facts: dict[str, JSON] = {"purpose": purpose, "alg": alg}
        self.records.of(actor.person, Command.ROTATE_KEY.value).make(
            "KeyRotationOrdered", facts, lambda _connection: None
        )
        try:
            return self.custody.rotate(purpose, alg)
        except KeyRingError as error:
            raise _refused(error) from None

    def propose_revocation(self, actor: Actor, kid: str) -> Proposal:
        """Ask a second person to end a key."""
        permit(actor, Command.REVOKE_KEY, None)
        return self.proposals.propose(actor, Command.REVOKE_KEY, {"kid": kid})


def kinds(custody: Custody) -> Mapping[Command, Prepare]:
    """How a proposed revocation is carried out: ordered in the ledger first, since a file is no transaction's."""

    def revoking(proposal: Proposal) -> Act:
        kid = str(proposal.facts["kid"])
        if kid not in {key.kid for key in custody.ring.listing()}:
            raise NoSuchThing("没有这把密钥", "there is no such key")

        def afterwards() -> None:
            try:
                custody.revoke(kid)
            except KeyRingError as error:
                raise _refused(error) from None

        return Act("KeyRevocationOrdered", {"kid": kid}, lambda _connection: None, afterwards)

    return {Command.REVOKE_KEY: revoking}


def _refused(error: KeyRingError) -> AdministrationError:
    return AdministrationError(f"密钥没有变动：{error}", f"the keys were not changed: {error}")
