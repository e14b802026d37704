"""Making authorization codes (RFC 6749 §4.1.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from idp.interaction.steps import SignedInPerson
from idp.model import evidence
from idp.model.authorization import AuthorizationRequest
from idp.model.client import Client
from idp.model.representation import ONESELF
from idp.model.resource import ResourceServer, resource_server, scope_left
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
    resources: Callable[[str], ResourceServer | None]
    clock: Clock
    entropy: Entropy

    def make(self, secret: str, asked: AuthorizationRequest, client: Client, present: SignedInPerson) -> Code:
        """The code to keep for a secret that only the client will see."""
        until = self.clock.now() + lifetimes.AUTHORIZATION_CODE
        family = self.family(asked, client, present)
        return Code(hashed(secret), family, asked.redirect_uri, asked.code_challenge, asked.nonce, until)

    def family(self, asked: AuthorizationRequest, client: Client, present: SignedInPerson) -> Family:
        """What the person allows by it: of what was asked, what the client may have now.

        What was taken from it while they were asked would come back with the number of today (ADR 0073). Raises
        InvalidScopeError, InvalidTargetError, InvalidAuthorizationDetailsError where nothing of use is left.
        """
        session, since = present.session, client.registration
        server = resource_server(self.resources, asked.resource, client)
        evidence.refuse_unregistered(asked.details, client, since)
        return Family(
            id=new_id("fam", self.clock, self.entropy),
            client_id=client.id,
            person=present.person.id,
            session=session.id,
            sid=self.pairwise.session(session.id, client.organisation),
            scope=scope_left(client, asked.scope, server, since, alone=not asked.details),
            authentication=session.authentication,
            level=present.level,
            expires_at=session.expires_at,
            dpop_jkt=asked.dpop_jkt,
            details=asked.details,
            claims=asked.claims.within(client.scopes),
            resource=asked.resource,
            may_act=tuple(each for each in asked.may_act if client.lets_act(each, since)),
            representation=None if asked.acting in (None, ONESELF) else asked.acting,
            registration=since,
        )
