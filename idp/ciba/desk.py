"""Taking a request up: counted, kept and recorded in one transaction, with the same work for every name.

Whom it names is looked up by a clerk (`idp.ciba.clerk`) once the client has its answer: neither what the answer says
nor how long it takes depends on whether anybody has the name, or on how many channels they are told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from idp.askings import SealedNames
from idp.ciba.user_codes import UserCodes
from idp.ciba.whom import Meant, Whom
from idp.errors import BackchannelDeniedError, InvalidRequestError
from idp.model.asking import Asking
from idp.model.authorization import AuthorizationRequest
from idp.model.backchannel import BackchannelRequest
from idp.model.client import Client
from idp.model.secret import hashed
from idp.store import backchannel_requests, proofs
from idp.store.askings import BACKCHANNEL
from idp.store.proofs import SpentProof
from kernel import canonical
from kernel.clock import Clock
from kernel.entropy import Entropy, token
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

MOST_OF_ONE_CLIENT, MOST_OF_ALL = 3, 6
"""Requests about one person that are open, or were refused and are not over yet: more of them are pestering, and a
person who is asked without end says yes in the end (§14)."""
MOST_OF_A_CLIENT = 1000
"""Requests of one client about whomever, counted alike: clerks take up one after the other, for all clients."""
Compose = Callable[[str], AuthorizationRequest]
"""Makes the request the person will see, from the request's own identifier."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked request of a client."""

    client: Client
    login_hint: str | None = field(repr=False)
    id_token_hint: str | None = field(repr=False)
    user_code: str | None = field(repr=False)
    notification_token: str | None = field(repr=False)
    lasting: timedelta
    interval: int
    proofs: tuple[SpentProof, ...] = ()
    """Of a signed request: used up where the request is kept."""


@dataclass(frozen=True, slots=True)
class BackchannelDesk:
    """Takes requests."""

    whom: Whom
    user_codes: UserCodes
    names: SealedNames
    ledger: Ledger
    clock: Clock
    entropy: Entropy

    def ask(self, wanted: Wanted, compose: Compose) -> str:
        """The auth_req_id of a request that is kept.

        Raises UnknownUserIdError, BackchannelDeniedError, MissingUserCodeError, InvalidUserCodeError.
        """
        client = wanted.client
        meant = self._meant(wanted)
        self.user_codes.check(client, meant.name, wanted.user_code)
        identity, secret, now = new_id("cib", self.clock, self.entropy), token(self.entropy), self.clock.now()
        until = now + wanted.lasting
        kept = BackchannelRequest(
            identity, hashed(secret), client.id, None, meant.mark, compose(identity), now, until
        )  # fmt: skip
        asking = Asking(identity, self.names.seal(identity, meant.name, _beside(wanted, secret)), now, until)

        def also(connection: Connection, _receipts: object) -> None:
            # Consume, then mint: a request that cannot be kept has used nothing up, and may be sent again.
            if not all(proofs.spend(connection, proof) for proof in wanted.proofs):
                raise InvalidRequestError("The signed authentication request was used before.")
            self._refuse_too_many(connection, client, now)
            mine, every = backchannel_requests.unanswered(connection, meant.mark, client.id, now)
            if mine >= MOST_OF_ONE_CLIENT or every >= MOST_OF_ALL:
                raise BackchannelDeniedError("This person is being asked too often.")
            backchannel_requests.add(connection, kept, wanted.interval)
            BACKCHANNEL.add(connection, asking)
            self.user_codes.make_up(connection, client)

        facts: dict[str, canonical.JSON] = {"client": client.id, "expires": int(until.timestamp())}
        self.ledger.append([Event("BackchannelAuthenticationRequested", identity, facts=facts)], also=also)
        return secret

    def _refuse_too_many(self, connection: Connection, client: Client, now: datetime) -> None:
        """Raises BackchannelDeniedError."""
        count, first_over = backchannel_requests.of_client(connection, client.id, now)
        if count >= MOST_OF_A_CLIENT and first_over is not None:
            wait = (("Retry-After", str(int((first_over - now).total_seconds()) + 1)),)
            raise BackchannelDeniedError("Too many requests of this client wait for an answer.", headers=wait)

    def _meant(self, wanted: Wanted) -> Meant:
        if wanted.id_token_hint is not None:
            return self.whom.by_id_token(wanted.client, wanted.id_token_hint)
        return self.whom.by_name(wanted.client, wanted.login_hint or "")


def _beside(wanted: Wanted, secret: str) -> bytes:
    """What the clerk needs besides the name; what the client is pinged with, for ping alone."""
    ping = None if wanted.notification_token is None else {"token": wanted.notification_token, "auth_req_id": secret}
    return canonical.encode({"client": wanted.client.id, "told_code": wanted.client.user_codes, "ping": ping})
