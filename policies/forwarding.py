"""Where offices have their messages sent: where an address may stand, and what its office may do with it. Pure data.

An address belongs to an office of one organisation; whoever holds that office commands it, whoever entered it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where an address stands. A parked one was not reachable for too long or refused; messages wait for it."""

    UNPROVEN = "unproven"
    ACTIVE = "active"
    PARKED = "parked"
    ENDED = "ended"


class Way(StrEnum):
    """How messages get there."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Pace(StrEnum):
    """When what is not urgent goes out: once a working day together, or at once."""

    DIGEST = "digest"
    AT_ONCE = "at-once"


class Language(StrEnum):
    """In which language mail is written."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"


class Command(StrEnum):
    """What may be done with one; the values are the API's own names, in the order in which they are offered."""

    PROVE = "prove"
    CHANGE = "change"
    END = "end"


COMMANDS: Mapping[Status, frozenset[Command]] = MappingProxyType(
    {
        Status.UNPROVEN: frozenset(Command),
        Status.ACTIVE: frozenset({Command.CHANGE, Command.END}),
        Status.PARKED: frozenset(Command),
        Status.ENDED: frozenset(),
    }
)
"""What the office may do in each state: the one list that the API and the pages read."""


def commands(status: Status) -> tuple[Command, ...]:
    """What may be done now, in the order in which it is offered."""
    return tuple(command for command in Command if command in COMMANDS[status])
