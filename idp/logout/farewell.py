"""What a person is told when they sign out: which departments ended their session, and which did not answer yet."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from idp.clients.directory import ClientDirectory
from idp.logout import frames
from idp.logout.delivery import LogoutDelivery
from idp.model.client import Client
from idp.model.logout import Notice, NoticeState
from kernel.envelope import hmac_sha256
from kernel.jose import base64url
from kernel.text import Text

WAIT_SECONDS = 2.0
"""How long signing out waits for departments: long enough for nearly all of them, short enough for everybody."""


@dataclass(frozen=True, slots=True)
class Department:
    """One department's website, and what is known about the person's session there."""

    organisation: Text
    application: Text
    state: NoticeState


@dataclass(frozen=True, slots=True)
class Farewell:
    """How signing out stands. ``handle`` finds it again; it cannot be guessed, and tells nothing by itself."""

    handle: str
    departments: Sequence[Department] = ()
    frames: Sequence[str] = ()
    """What the person's browser is to load, so that departments end their sessions in it; once, right after the end."""

    @property
    def waiting(self) -> bool:
        """Whether somebody has not answered and is asked again."""
        return any(each.state is NoticeState.WAITING for each in self.departments)

    @property
    def elsewhere(self) -> bool:
        """Whether the person has to sign out somewhere themselves."""
        return any(each.state not in (NoticeState.DELIVERED, NoticeState.WAITING) for each in self.departments)

    @property
    def asked(self) -> bool:
        """Whether a department can be told by the person's browser alone."""
        return any(each.state is NoticeState.ASKED for each in self.departments)

    @property
    def complete(self) -> bool:
        """Whether everybody who can be told has confirmed, and nothing is left for the browser to do."""
        return not self.frames and all(
            each.state in (NoticeState.DELIVERED, NoticeState.UNTOLD) for each in self.departments
        )


@dataclass(frozen=True, slots=True)
class Farewells:
    """Says how signing out stands. ``key`` makes handles: after signing out there is no session left to ask with."""

    delivery: LogoutDelivery
    directory: ClientDirectory
    key: bytes = field(repr=False)

    def after(self, session_id: str) -> Farewell:
        """Right after the end of a session: departments are told at once, and given a moment to answer."""
        notices = self.delivery.hurry(session_id, WAIT_SECONDS)
        return replace(self._of(session_id, notices), frames=self._frames(notices))

    def again(self, handle: str) -> Farewell | None:
        """How it stands now; None for a handle that is not ours."""
        session_id, _, _ = handle.partition(".")
        if not hmac.compare_digest(handle.encode(), self._handle(session_id).encode()):
            return None
        return self._of(session_id, self.delivery.standing(session_id))

    def _of(self, session_id: str, notices: Sequence[Notice]) -> Farewell:
        return Farewell(self._handle(session_id), [self._department(notice) for notice in notices])

    def _frames(self, notices: Sequence[Notice]) -> list[str]:
        issuer = self.delivery.issuer
        found = (frames.address(self.directory.known(each.client_id), each, issuer) for each in notices)
        return [address for address in found if address is not None]

    def _department(self, notice: Notice) -> Department:
        client = self.directory.known(notice.client_id)
        if client is None:  # its registration is gone; the identifier is all there is to say
            return Department(Text("", ""), Text(notice.client_id, notice.client_id), notice.state)
        return Department(
            self.directory.organisation(client.organisation).name, client.name, self._state(client, notice)
        )

    def _state(self, client: Client, notice: Notice) -> NoticeState:
        """Whoever sees a farewell came by its first page, which had the browser load what can be loaded."""
        asked = notice.state is NoticeState.UNTOLD and frames.address(client, notice, self.delivery.issuer)
        return NoticeState.ASKED if asked else notice.state

    def _handle(self, session_id: str) -> str:
        return f"{session_id}.{base64url.encode(hmac_sha256(self.key, session_id.encode()))}"
