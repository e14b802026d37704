"""Proceedings in the ledger and at the door: what ``policies.proceedings`` leaves to whoever keeps and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Connection

from kernel.ledger.batch import Also
from kernel.ledger.event import Event, InvalidEvent
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem, ProblemKind
from kernel.text import Text
from policies.proceedings import Moved, NotAllowed
from policies.roles import Officer, Role

State = TypeVar("State", bound=StrEnum)
EXCHANGE = Officer("exchange", "", frozenset({Role.EXCHANGE}))
"""The exchange itself, for what follows by rule from what officers decided, and for what time alone decides."""
_NAMES_SOMEBODY = Text("内容中不能含有个人号码", "It must not hold anybody's number")


def record(ledger: Ledger, entries: Sequence[Event], also: Also, moved: type[Moved]) -> None:
    """Append the entries of steps that were decided, with what ``also`` stores: all or nothing.

    Raises what ``moved`` says when somebody recorded the very same step (ours was not stored), LedgerUnavailable,
    InvalidEvent, and what ``also`` raises.
    """
    if any(receipt.repeated for receipt in ledger.append(entries, also=also)):
        raise moved


def nothing_to_spend(_connection: Connection, _receipts: Sequence[Receipt]) -> None:
    """For commands that carry no proof: the operator's own terminal, a link that proves by itself, and time."""


def state_of(text: str, states: type[State]) -> State:
    """The state whose matters a list is asked for, from the parameter ``state``. Raises Problem (request.invalid)."""
    try:
        return states(text)
    except ValueError:
        known = [state.value for state in states]
        detail = Text(f"state 只能是 {'、'.join(known)}", f"state is one of {', '.join(known)}")
        raise Problem(INVALID_BODY, detail=detail) from None


@contextmanager
def told(refused: Callable[[str], ProblemKind], changed: ProblemKind) -> Iterator[None]:
    """Refusals as the problems they mean: ``refused`` by their code, which is kept with their words."""
    try:
        yield
    except NotAllowed as refusal:
        raise Problem(refused(refusal.code), detail=refusal.reason, members={"reason": refusal.code}) from None
    except Moved:
        raise Problem(changed) from None
    except InvalidEvent:
        raise Problem(INVALID_BODY, detail=_NAMES_SOMEBODY) from None
