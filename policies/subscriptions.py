"""Event subscriptions: where one may stand, how events travel, and which officer may do what with it. Pure data.

The department's systems do the same through their own tokens, without a table: each commands what is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from policies.proceedings import Row, open_to
from policies.roles import Role


class Status(StrEnum):
    """Where a subscription stands. A parked one was not reachable for too long; events still queue for it."""

    ACTIVE = "active"
    PAUSED = "paused"
    PARKED = "parked"
    ENDED = "ended"


class Way(StrEnum):
    """How events reach the subscriber."""

    PULL = "pull"
    PUSH = "push"


class Command(StrEnum):
    """What an officer may do with one; the values are the API's own names, in the order in which they are offered."""

    RESUME = "resume"
    SEND_AGAIN = "send-again"
    PAUSE = "pause"
    END = "end"


SUBSCRIBERS = frozenset({Role.CONSUMER_OFFICER})
"""Who subscribes for a system of their department."""

TABLE: Mapping[Status, Row[Command]] = MappingProxyType(
    {
        Status.ACTIVE: {
            Role.CONSUMER_OFFICER: frozenset({Command.SEND_AGAIN, Command.PAUSE, Command.END}),
            Role.SYSTEM_ADMINISTRATOR: frozenset({Command.SEND_AGAIN, Command.PAUSE}),
        },
        Status.PAUSED: {
            Role.CONSUMER_OFFICER: frozenset({Command.RESUME, Command.END}),
            Role.SYSTEM_ADMINISTRATOR: frozenset({Command.RESUME}),
        },
        Status.PARKED: {
            Role.CONSUMER_OFFICER: frozenset({Command.RESUME, Command.PAUSE, Command.END}),
            Role.SYSTEM_ADMINISTRATOR: frozenset({Command.RESUME, Command.PAUSE}),
        },
        Status.ENDED: {},
    }
)
"""State × role → commands, within the officer's own department: the one list that the API and the pages read."""

LEADS_TO: Mapping[Command, Status] = MappingProxyType(
    {
        Command.RESUME: Status.ACTIVE,
        Command.PAUSE: Status.PAUSED,
        Command.END: Status.ENDED,
    }
)
"""Where a command leads; sending again leaves a subscription where it stands."""


def commands(status: Status, way: Way, roles: Iterable[Role]) -> tuple[Command, ...]:
    """What whoever holds these roles may do now. What is pulled is read again by the system itself, with a cursor."""
    open_ = open_to(TABLE[status], roles) - (frozenset() if way is Way.PUSH else {Command.SEND_AGAIN})
    return tuple(command for command in Command if command in open_)
