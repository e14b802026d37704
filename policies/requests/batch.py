"""One request for many departments: a parent of its own, and how far its children have come.

Each child is a request with a clock of its own; the parent decides nothing and says where all of them stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from kernel.text import Text
from policies.requests.events import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Who asked when, in the name of how many departments (``size``), for what and why."""

    id: str
    by: str
    organisation: str
    at: datetime
    evidence_type: str
    purpose: str
    size: int


class Phase(StrEnum):
    """How far a child has come."""

    WRITING = "writing"
    UNDER_WAY = "under-way"
    AGREED = "agreed"
    ENDED = "ended"


PHASES: Mapping[Phase, Text] = MappingProxyType(
    {
        Phase.WRITING: Text("起草或补正中", "being written"),
        Phase.UNDER_WAY: Text("办理中", "under way"),
        Phase.AGREED: Text("已同意", "agreed"),
        Phase.ENDED: Text("未获同意或已撤回", "not agreed, or withdrawn"),
    }
)
"""Phases in words."""

PHASE_OF: Mapping[Status, Phase] = MappingProxyType(
    {
        Status.DRAFTED: Phase.WRITING,
        Status.RETURNED: Phase.WRITING,
        Status.SUBMITTED: Phase.UNDER_WAY,
        Status.WITH_PROVIDER: Phase.UNDER_WAY,
        Status.DISPUTED: Phase.UNDER_WAY,
        Status.NEGOTIATING: Phase.UNDER_WAY,
        Status.MEDIATED: Phase.UNDER_WAY,
        Status.APPROVED: Phase.AGREED,
        Status.FULFILLED: Phase.AGREED,
        Status.LAPSED: Phase.ENDED,
        Status.REFUSED: Phase.ENDED,
        Status.UPHELD: Phase.ENDED,
        Status.WITHDRAWN: Phase.ENDED,
    }
)
"""The phase of every state; a refusal counts as an end until it is disputed."""


def progress(counted: Mapping[Status, int]) -> dict[Phase, int]:
    """How many children stand in each phase, from how many stand in each state."""
    return {phase: sum(counted.get(status, 0) for status in Status if PHASE_OF[status] is phase) for phase in Phase}
