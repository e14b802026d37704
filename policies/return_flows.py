"""Return flows: whether one goes on, and which officer may do what with it. Pure data.

The department's systems do the same through their own tokens, without a table: each commands what is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from policies.proceedings import Row, open_to
from policies.roles import Role


class Status(StrEnum):
    """Whether a flow goes on."""

    ACTIVE = "active"
    ENDED = "ended"


class Command(StrEnum):
    """What an officer may do with one; the values are the API's own names, in the order in which they are offered."""

    TRY_AGAIN = "try-again"
    END = "end"


OPENERS = frozenset({Role.CONSUMER_OFFICER})
"""Who opens a flow for a system of their department."""

TABLE: Mapping[Status, Row[Command]] = MappingProxyType(
    {
        Status.ACTIVE: {
            Role.CONSUMER_OFFICER: frozenset({Command.TRY_AGAIN, Command.END}),
            Role.SYSTEM_ADMINISTRATOR: frozenset({Command.TRY_AGAIN}),
        },
        Status.ENDED: {},
    }
)
"""State × role → commands, within the officer's own department: the one list that the API and the pages read."""


def commands(status: Status, roles: Iterable[Role], *, troubled: bool) -> tuple[Command, ...]:
    """What whoever holds these roles may do now. Only what failed is tried again before its time."""
    open_ = open_to(TABLE[status], roles) - (frozenset() if troubled else {Command.TRY_AGAIN})
    return tuple(command for command in Command if command in open_)
