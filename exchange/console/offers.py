"""What an officer may do with a grant now, and why not: asked of ``policies`` itself, never decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from exchange.console import words
from kernel.text import Text
from policies.grants.commands import (
    TABLE,
    ApproveGrant,
    Command,
    CommandKind,
    EndorseGrant,
    ReactivateGrant,
    ReturnGrant,
    RevokeGrant,
    SubmitGrant,
    SuspendGrant,
    allowed,
)
from policies.grants.events import GrantState, Status
from policies.grants.lifecycle import decide
from policies.grants.review import NOTHING_BROKEN
from policies.proceedings import NotAllowed
from policies.roles import Officer, Role

_ANY_REASON = "-"

KINDS: Mapping[str, CommandKind] = {
    "submit": SubmitGrant,
    "approve": ApproveGrant,
    "endorse": EndorseGrant,
    "reactivate": ReactivateGrant,
    "return": ReturnGrant,
    "suspend": SuspendGrant,
    "revoke": RevokeGrant,
}
"""The commands that have a page, by the name that stands in its address; the API's own names."""

SIGNING = frozenset({"approve", "endorse", "reactivate"})
"""Those that sign the digest of what is shown."""
REASONED = frozenset({"return", "suspend", "revoke"})
"""Those that need a reason."""

WAITING = (Status.DRAFTED, Status.SUBMITTED, Status.SUSPENDED)
"""States in which a grant waits for somebody."""

_TRIALS: Mapping[str, Callable[[GrantState], Command]] = {
    "submit": lambda _state: SubmitGrant(),
    "approve": lambda state: ApproveGrant(state.digest),
    "endorse": lambda state: EndorseGrant(state.digest),
    "reactivate": lambda state: ReactivateGrant(state.digest, NOTHING_BROKEN),
    "return": lambda _state: ReturnGrant(_ANY_REASON),
    "suspend": lambda _state: SuspendGrant(_ANY_REASON),
    "revoke": lambda _state: RevokeGrant(_ANY_REASON),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A command in the officer's reach; ``hindrance`` says why it cannot be done now, None where it can."""

    name: str
    label: Text
    hindrance: Text | None


def offers(state: GrantState, officer: Officer, now: datetime) -> tuple[Offer, ...]:
    """Every command that the table opens to these roles in this state."""
    open_ = allowed(state.status, officer.roles)
    return tuple(
        Offer(name, words.COMMANDS[kind], hindrance(name, state, officer, now))
        for name, kind in KINDS.items()
        if kind in open_
    )


def hindrance(name: str, state: GrantState, officer: Officer, now: datetime) -> Text | None:
    """Why a command would be refused now; None when it would not."""
    try:
        decide(_TRIALS[name](state), state, officer, now)
    except NotAllowed as refusal:
        return refusal.reason
    return None


def waits_for(state: GrantState, officer: Officer, now: datetime) -> bool:
    """Whether this officer is one of those whom the grant waits for."""
    wanted = {Status.DRAFTED: ("submit",), Status.SUBMITTED: ("approve", "endorse"), Status.SUSPENDED: ("reactivate",)}
    names = [name for name in wanted.get(state.status, ()) if KINDS[name] in allowed(state.status, officer.roles)]
    return any(hindrance(name, state, officer, now) is None for name in names)


def who_may(name: str, status: Status) -> frozenset[Role]:
    """The roles that the table opens a command to in a state."""
    return frozenset(role for role, kinds in TABLE[status].items() if KINDS[name] in kinds)
