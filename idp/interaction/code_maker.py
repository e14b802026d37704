"""Making authorization codes (RFC 6749 §4.1.2)."""

from __future__ import annotations

from dataclasses import dataclass

from idp.interaction.steps import SignedInPerson
from idp.model.authorization import AuthorizationRequest
from idp.model.client import Client
from idp.model.representation import ONESELF
from idp.model.secret import hashed
from idp.model.session import Code, Family
from idp.tokens import lifetimes
from idp.tokens.pairwise import Pairwise
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class CodeMaker:
    """Puts together what a code stands for."""

    pairwise: Pairwise
    clock: Clock
    entropy: Entropy

    def make(self, secret: str, asked: AuthorizationRequest, client: Client, present: SignedInPerson) -> Code:
        """The code to keep for a secret that only the client will see."""
        until = self.clock.now() + lifetimes.AUTHORIZATION_CODE
        family = self.family(asked, client, present)
        return Code(hashed(secret), family, asked.redirect_uri, asked.code_challenge, asked.nonce, until)

    def family(self, asked: AuthorizationRequest, client: Client, present: SignedInPerson) -> Family:
        """What the person allows by it."""
        session = present.session
        return Family(
            id=new_id("fam", self.clock, self.entropy),
            client_id=client.id,
            person=present.person.id,
            session=session.id,
            sid=self.pairwise.session(session.id, client.organisation),
            scope=asked.scope,
            authentication=session.authentication,
            level=present.level,
            expires_at=session.expires_at,
            dpop_jkt=asked.dpop_jkt,
            details=asked.details,
            claims=asked.claims,
            resource=asked.resource,
            may_act=asked.may_act,
            representation=None if asked.acting in (None, ONESELF) else asked.acting,
            registration=client.registration,
        )
