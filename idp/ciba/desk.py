"""Taking a request up: found whom it means, counted, kept, recorded and announced, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication.accounts import Accounts
from idp.authentication.told import ASKED_ELSEWHERE
from idp.ciba.whom import Meant, Whom
from idp.clients.directory import ClientDirectory
from idp.errors import BackchannelDeniedError, InvalidRequestError
from idp.model.authorization import AuthorizationRequest
from idp.model.backchannel import BackchannelRequest
from idp.model.client import Client
from idp.model.secret import hashed
from idp.notices import Notices
from idp.store import backchannel_requests, people, proofs
from idp.store.proofs import SpentProof
from idp.tokens.pairwise import Pairwise
from kernel import canonical
from kernel.clock import Clock
from kernel.entropy import Entropy, token
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

MOST_OF_ONE_CLIENT, MOST_OF_ALL = 3, 6
"""Requests about one person that are open, or were refused and are not over yet: more of them are pestering, and a
person who is asked without end says yes in the end (§14)."""
Compose = Callable[[str | None, str], AuthorizationRequest]
"""Makes the request the person will see, from their identifier at the client and the request's own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked request of a client."""

    client: Client
    login_hint: str | None = field(repr=False)
    id_token_hint: str | None = field(repr=False)
    notification_token: str | None = field(repr=False)
    lasting: timedelta
    interval: int
    proofs: tuple[SpentProof, ...] = ()
    """Of a signed request: used up where the request is kept."""


@dataclass(frozen=True, slots=True)
class BackchannelDesk:
    """Takes requests. ``page`` is where people find what they are asked."""

    whom: Whom
    accounts: Accounts
    directory: ClientDirectory
    pairwise: Pairwise
    notices: Notices
    ledger: Ledger
    page: str
    clock: Clock
    entropy: Entropy

    def ask(self, wanted: Wanted, compose: Compose) -> str:
        """The auth_req_id of a request that is kept. Raises UnknownUserIdError, BackchannelDeniedError."""
        client = wanted.client
        meant = self._meant(wanted)
        identity, secret = new_id("cib", self.clock, self.entropy), token(self.entropy)
        person = meant.person
        sub = None if person is None else self.pairwise.subject(person.id, client.organisation)
        now = self.clock.now()
        kept = BackchannelRequest(
            identity, hashed(secret), client.id, None if person is None else person.id, meant.mark,
            compose(sub, identity), now, now + wanted.lasting,
        )  # fmt: skip

        def also(connection: Connection, _receipts: object) -> None:
            # Consume, then mint: a request that cannot be kept has used nothing up, and may be sent again.
            if not all(proofs.spend(connection, proof) for proof in wanted.proofs):
                raise InvalidRequestError("The signed authentication request was used before.")
            mine, every = backchannel_requests.unanswered(connection, meant.mark, client.id, now)
            if mine >= MOST_OF_ONE_CLIENT or every >= MOST_OF_ALL:
                raise BackchannelDeniedError("This person is being asked too often.")
            self._keep(connection, kept, secret, wanted)

        reference = None if person is None else self.accounts.reference(person.id)
        facts: dict[str, canonical.JSON] = {"client": client.id, "expires": int(kept.expires_at.timestamp())}
        self.ledger.append(
            [Event("BackchannelAuthenticationRequested", identity, facts=facts, subject=reference)], also=also
        )
        return secret

    def _meant(self, wanted: Wanted) -> Meant:
        if wanted.id_token_hint is not None:
            return self.whom.by_id_token(wanted.client, wanted.id_token_hint)
        return self.whom.by_name(wanted.client, wanted.login_hint or "")

    def _keep(self, connection: Connection, kept: BackchannelRequest, secret: str, wanted: Wanted) -> None:
        """The row, and word to the person; what the client is pinged with is sealed under the person's key."""
        if kept.person is None:
            backchannel_requests.add(connection, kept, wanted.interval)
            return
        ping = self._sealed(connection, kept.person, kept.id, secret, wanted.notification_token)
        backchannel_requests.add(connection, replace(kept, ping=ping), wanted.interval)
        department = self.directory.organisation(wanted.client.organisation).name
        self.notices.send(
            connection, kept.person, ASKED_ELSEWHERE, department=department, application=wanted.client.name,
            page=self.page,
        )  # fmt: skip

    def _sealed(
        self, connection: Connection, person_id: str, identity: str, secret: str, notification_token: str | None
    ) -> bytes | None:
        if notification_token is None:
            return None
        content = canonical.encode({"token": notification_token, "auth_req_id": secret})
        wrapped = people.data_key(connection, person_id)
        return self.accounts.vault.seal_more(person_id, wrapped, content, ping_place(identity))


def ping_place(identity: str) -> str:
    """Which row a sealed ping belongs to."""
    return f"ping {identity}"
