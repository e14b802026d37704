"""Telling clients that an answer is there (CIBA Core 1.0 §10.2): claimed, sent, tried again for a while, recorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from sqlalchemy import Connection

from idp.authentication.sealing import PersonVault
from idp.ciba.clerk import ping_place
from idp.clients.directory import ClientDirectory
from idp.clients.reach import Reach
from idp.model.backchannel import Ping
from idp.store import backchannel_requests, people
from kernel import canonical
from kernel.clock import Clock
from kernel.database import Database
from kernel.envelope import CannotOpen
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.outbound import OutboundFailed, OutboundRefused

AT_ONCE = 8
"""Clients called at the same time by one process."""
LEASE = timedelta(seconds=30)
"""Longer than any call takes; a node that died holds a ping no longer than this."""
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 45))
"""After each failed try. The client may poll meanwhile, and must when we have given up (§10.2)."""
_TAKEN = (HTTPStatus.OK, HTTPStatus.NO_CONTENT)


class TakenOver(Exception):
    """Another node settled the ping meanwhile: its word counts."""


@dataclass(frozen=True, slots=True)
class Pings:
    """Sends pings. Any node may: each is claimed by one conditional statement, for a while."""

    database: Database
    ledger: Ledger
    directory: ClientDirectory
    reach: Reach
    vault: PersonVault
    clock: Clock
    _callers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "ping"))

    @property
    def at_once(self) -> int:
        """How many a round sends."""
        return AT_ONCE

    def round(self) -> int:
        """Send what is due now; how many were tried, by this node."""
        with self.database.read() as connection:
            due = backchannel_requests.due(connection, self.clock.now(), AT_ONCE)
        return sum(self._callers.map(self.send, due))

    def close(self) -> None:
        """Take up nothing more; what is under way ends within its time limit, or its lease does."""
        self._callers.shutdown(wait=False, cancel_futures=True)

    def send(self, seen: Ping) -> bool:
        """Claim one ping, try it, note what came of it. False when another node was faster."""
        until = self.clock.now() + LEASE
        if not self.database.write(lambda connection: backchannel_requests.claim(connection, seen, until)):
            return False
        delivered, reason, final = self._try(seen)
        later = self.clock.now() + (DELAYS[seen.attempts] if seen.attempts < len(DELAYS) else LEASE)
        if delivered or final or seen.attempts >= len(DELAYS) or later >= seen.expires_at:
            self._end(seen, delivered, reason)
        else:
            self.database.write(lambda connection: backchannel_requests.settle(connection, seen, later))
        return True

    def _try(self, seen: Ping) -> tuple[bool, str, bool]:
        """Whether it arrived, why (not), and whether trying again is of no use."""
        client = self.directory.enabled(seen.client_id)
        if client is None or client.notification_endpoint is None:
            return False, "no address", True
        try:
            token, body = self._content(seen)
            status = self.reach.notify(client.notification_endpoint, token, body)
        except CannotOpen:
            return False, "sealed for good", True
        except OutboundRefused:
            return False, "address not admitted", True
        except OutboundFailed:
            return False, "no answer", False
        refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        return status in _TAKEN, str(status), refused and status != HTTPStatus.TOO_MANY_REQUESTS

    def _content(self, seen: Ping) -> tuple[str, dict[str, str]]:
        with self.database.read() as connection:
            wrapped = people.data_key(connection, seen.person)
        opened = canonical.decode(self.vault.open_more(seen.person, wrapped, seen.sealed, ping_place(seen.id)))
        assert isinstance(opened, dict)  # our own encoding, authenticated by the seal
        return str(opened["token"]), {"auth_req_id": str(opened["auth_req_id"])}

    def _end(self, seen: Ping, delivered: bool, reason: str) -> None:
        facts: dict[str, canonical.JSON] = {"client": seen.client_id, "tries": seen.attempts + 1, "answer": reason}
        name = "BackchannelPingDelivered" if delivered else "BackchannelPingFailed"

        def also(connection: Connection, _receipts: object) -> None:
            if not backchannel_requests.settle(connection, seen, None):
                raise TakenOver

        try:
            self.ledger.append([Event(name, seen.id, facts=facts)], also=also)
        except TakenOver:
            return
