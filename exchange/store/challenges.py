"""Challenges with state and history; one is changed only under the revision that was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, insert, select, update

from exchange.store.histories import History
from exchange.store.running_clocks import RunningClocks
from exchange.store.tables import challenge, challenge_event
from kernel import canonical
from policies.challenges.document import state_from_json, state_to_json
from policies.challenges.events import ChallengeState, Status

_row = challenge.c
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Opener:
    """Who challenged a use (blind index), and the entry of the log that keeps what they said."""

    subject: bytes = field(repr=False)
    said: int


def find(connection: Connection, name: str) -> tuple[ChallengeState, Opener] | None:
    """One challenge."""
    row = connection.execute(select(_row.state, _row.subject, _row.said).where(_row.id == name)).one_or_none()
    return None if row is None else (_state(row.state), Opener(bytes(row.subject), row.said))


def of_entry(connection: Connection, entry: int, subject: bytes) -> str | None:
    """Somebody's challenge of an entry of the log, by its name."""
    return connection.scalar(select(_row.id).where(_row.entry == entry, _row.subject == subject))


_EVENTS = History(challenge_event, "challenge")
history, note = _EVENTS.of, _EVENTS.note
"""Reading what happened to one, and writing down one event more."""


def listed(
    connection: Connection, statuses: Collection[Status], organisation: str | None, *, before: str, limit: int
) -> tuple[ChallengeState, ...]:
    """Those of these states of a department (None: any), newest first, older than ``before``."""
    wanted = sorted(status.value for status in statuses)
    statement = select(_row.state).where(_row.status.in_(wanted)).order_by(_row.id.desc()).limit(limit)
    if before:
        statement = statement.where(_row.id < before)
    if organisation is not None:
        statement = statement.where(_row.organisation == organisation)
    return tuple(_state(text) for text in connection.scalars(statement))


_CLOCKS: RunningClocks[ChallengeState] = RunningClocks(challenge, _row.id, lambda state: state.id)
due, look_again, set_next_due = _CLOCKS.due, _CLOCKS.look_again, _CLOCKS.set_next_due
"""Which clocks are to be looked at, by name, and when next."""


def add(connection: Connection, state: ChallengeState, opener: Opener, next_due: datetime | None) -> None:
    """Store a new challenge. Raises IntegrityError where its entry has one of theirs."""
    kept = {"subject": opener.subject, "said": opener.said}
    connection.execute(insert(challenge).values(**_values_of(state, next_due), **kept))


def change(connection: Connection, state: ChallengeState, next_due: datetime | None, *, was: int) -> bool:
    """Store the new state of a challenge; False when its revision is no longer ``was``."""
    statement = update(challenge).where(_row.id == state.id, _row.revision == was)
    return connection.execute(statement.values(**_values_of(state, next_due))).rowcount == 1


def _values_of(state: ChallengeState, next_due: datetime | None) -> dict[str, object]:
    return {
        "id": state.id,
        "entry": state.use.entry,
        "organisation": state.use.organisation,
        "status": state.status.value,
        "revision": state.revision,
        "state": canonical.encode(state_to_json(state)).decode(),
        "next_due": next_due,
    }


def _state(text: str) -> ChallengeState:
    return state_from_json(cast("Mapping[str, Any]", canonical.decode(text, max_bytes=_LARGEST)))
