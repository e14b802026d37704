"""Delivering logout notices: claimed, signed (and encrypted) afresh for every try, sent, and recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus

from sqlalchemy import Connection

from idp.clients.directory import ClientDirectory
from idp.clients.reach import Reach
from idp.errors import UnauthorizedClientError
from idp.model.client import Client
from idp.model.logout import Notice, NoticeState
from idp.store import logout_notices
from idp.tokens import logout_token
from idp.tokens.pairwise import Pairwise
from idp.tokens.signed_responses import SignedResponses
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.envelope import CannotOpen
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.jose import base64url
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.logging import logger
from kernel.outbound import OutboundFailed, OutboundRefused

AT_ONCE = 8
"""Departments called at the same time by one process."""
WAITING_ROOM = 64
"""Notices handed to the callers and not yet taken up; more stay in the database until their turn."""
LEASE = timedelta(seconds=30)
"""Longer than any call takes; a node that died holds a notice no longer than this."""
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60, 300, 900, 1800))
"""After each failed try; when they are over (about 50 minutes) the department counts as unreachable."""

_EVENTS = {
    NoticeState.DELIVERED: "LogoutDelivered",
    NoticeState.REFUSED: "LogoutRefused",
    NoticeState.UNREACHABLE: "LogoutUnreachable",
}


class TakenOver(Exception):
    """Another node settled the notice meanwhile: its word counts."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one try came to, and why, without anything the other side wrote."""

    state: NoticeState
    reason: str


@dataclass(slots=True)
class LogoutDelivery:
    """Delivers notices. ``reference`` finds a person's identifier in the ledger."""

    database: Database
    ledger: Ledger
    directory: ClientDirectory
    reach: Reach
    responses: SignedResponses
    pairwise: Pairwise
    reference: Callable[[str], SubjectRef | None]
    issuer: str
    clock: Clock
    entropy: Entropy
    _callers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "logout"))
    _room: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(WAITING_ROOM))

    @property
    def at_once(self) -> int:
        """How many a round takes on."""
        return WAITING_ROOM

    def round(self) -> int:
        """Try what is due now; how many were tried, by this node."""
        with self.database.read() as connection:
            due = logout_notices.due(connection, self.clock.now(), WAITING_ROOM)
        return sum(future.result() for future in self._hand_out(due))

    def hurry(self, session_id: str, seconds: float) -> list[Notice]:
        """Try everybody concerned by one session now, and wait so long for their answers; how things stand then."""
        now = self.clock.now()
        waiting = [each for each in self.standing(session_id) if each.state is NoticeState.WAITING]
        wait(self._hand_out(each for each in waiting if each.next_try_at <= now), timeout=seconds)
        return self.standing(session_id)

    def standing(self, session_id: str) -> list[Notice]:
        """Everybody concerned by the end of a session, and what is known of them."""
        with self.database.read() as connection:
            return logout_notices.of_session(connection, session_id)

    def close(self) -> None:
        """Take up nothing more; what is under way ends within its time limit, or its lease does."""
        self._callers.shutdown(wait=False, cancel_futures=True)

    def deliver(self, seen: Notice) -> bool:
        """Claim one notice, try it, note what came of it. False when another node was faster."""
        until = self.clock.now() + LEASE
        if not self.database.write(lambda connection: logout_notices.claim(connection, seen, until)):
            return False
        self._settle(seen, self._try(seen))
        return True

    def _hand_out(self, notices: Iterable[Notice]) -> list[Future[bool]]:
        return [self._callers.submit(self._one, each) for each in notices if self._room.acquire(blocking=False)]

    def _one(self, notice: Notice) -> bool:
        try:
            return self.deliver(notice)
        finally:
            self._room.release()

    def _try(self, notice: Notice) -> Result:
        """One call (§2.5), signed and encrypted as the client's ID tokens are (§2.4); what its answer means (§2.8)."""
        client = self.directory.known(notice.client_id)
        if client is None or client.backchannel_logout_uri is None:
            return Result(NoticeState.UNREACHABLE, "no address")
        try:
            token = self.responses.logout_token(self._claims(notice, client), client)
            status = self.reach.post(client.backchannel_logout_uri, {"logout_token": token})
        except OutboundRefused:
            return Result(NoticeState.UNREACHABLE, "address not admitted")
        except OutboundFailed:
            return self._again(notice, "no answer")
        except UnauthorizedClientError:  # ours, while an operator changes the ring; theirs, until they publish one
            return self._again(notice, "no key")
        if status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            return Result(NoticeState.DELIVERED, str(status))
        if status == HTTPStatus.BAD_REQUEST:
            return Result(NoticeState.REFUSED, str(status))
        return self._again(notice, str(status))

    def _claims(self, notice: Notice, client: Client) -> dict[str, JSON]:
        """For one try: an answer that got lost must not make the next try look like a replay."""
        return logout_token.claims(
            issuer=self.issuer,
            audience=client.id,
            sub=self.pairwise.subject(notice.person, client.organisation),
            sid=notice.sid,
            jti=new_id("out", self.clock, self.entropy),
            now=self.clock.now(),
        )

    def _again(self, notice: Notice, reason: str) -> Result:
        over = notice.attempts >= len(DELAYS)
        return Result(NoticeState.UNREACHABLE if over else NoticeState.WAITING, reason)

    def _settle(self, seen: Notice, result: Result) -> None:
        now = self.clock.now()
        if result.state is NoticeState.WAITING:
            later = now + DELAYS[seen.attempts]
            self.database.write(lambda connection: logout_notices.settle(connection, seen, result.state, later))
            return
        self._record(seen, result, now)

    def _subject(self, seen: Notice) -> SubjectRef | None:
        """Whom the entry is about; None where the seal does not open: what a department was told is recorded all the
        same, or it would be told again without end.
        """
        try:
            return self.reference(seen.person)
        except CannotOpen:
            logger("idp").error("logout_recorded_without_its_person", client=seen.client_id)
            return None

    def _record(self, seen: Notice, result: Result, now: datetime) -> None:
        """The outcome and its entry together. One entry a session and client, however often it is tried to be made."""
        facts: dict[str, JSON] = {"client": seen.client_id, "tries": seen.attempts + 1, "answer": result.reason}
        item = base64url.encode(sha256(seen.client_id.encode()).digest())
        event = Event(_EVENTS[result.state], seen.session, item, facts, self._subject(seen))

        def also(connection: Connection, _receipts: object) -> None:
            if not logout_notices.settle(connection, seen, result.state, now):
                raise TakenOver

        try:
            self.ledger.append([event], also=also)
        except TakenOver:
            return
