"""What officers can ask to be done with an entry, and the table that says in which capacity and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.catalogue.workflow.events import Stage, Standing
from policies.proceedings import Row, open_to
from policies.roles import Role

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """Write down a new entry, or a change to one."""

    document: Document


@dataclass(frozen=True, slots=True)
class ReviseEntry:
    """Replace the draft by another text."""

    document: Document


@dataclass(frozen=True, slots=True)
class SubmitEntry:
    """Hand the draft in for review."""


@dataclass(frozen=True, slots=True)
class BeginReview:
    """Take it up for review."""


@dataclass(frozen=True, slots=True)
class ReturnEntry:
    """Send it back to its author with a reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class PublishEntry:
    """Publish what was seen: ``digest`` is that of the text the officer was shown."""

    digest: str


@dataclass(frozen=True, slots=True)
class DropDraft:
    """Give the draft up; what is published stays as it is."""


@dataclass(frozen=True, slots=True)
class WithdrawEntry:
    """Take the published entry out of the catalogue."""

    reason: str


Command = DraftEntry | ReviseEntry | SubmitEntry | BeginReview | ReturnEntry | PublishEntry | DropDraft | WithdrawEntry
CommandKind = type[Command]

_NONE: frozenset[CommandKind] = frozenset()
_DRAFT: frozenset[CommandKind] = frozenset({DraftEntry})
WRITING: frozenset[CommandKind] = frozenset({ReviseEntry, SubmitEntry, DropDraft})
"""What is done with a draft by whoever wrote it."""
_DROP: frozenset[CommandKind] = frozenset({DropDraft})
_END: frozenset[CommandKind] = frozenset({WithdrawEntry})

_OFFICERS = (Role.PROVIDER_OFFICER, Role.CONSUMER_OFFICER, Role.GOVERNANCE_OFFICER)
_REVIEW: Mapping[Stage | None, frozenset[CommandKind]] = {
    Stage.SUBMITTED: frozenset({BeginReview, ReturnEntry}),
    Stage.UNDER_REVIEW: frozenset({PublishEntry, ReturnEntry}),
}
_OWN: Mapping[Stage | None, frozenset[CommandKind]] = {
    None: _DRAFT,
    Stage.DRAFT: WRITING,
    Stage.SUBMITTED: _DROP,
    Stage.UNDER_REVIEW: _DROP,
    Stage.RETURNED: WRITING,
}


def _row(standing: Standing, stage: Stage | None) -> Row[CommandKind]:
    own = _OWN[stage] | (_END if standing is Standing.PUBLISHED else _NONE)
    officers = dict.fromkeys(_OFFICERS, own)
    officers[Role.GOVERNANCE_OFFICER] = own | _REVIEW.get(stage, _NONE)
    return MappingProxyType(officers)


TABLE: Mapping[tuple[Standing, Stage | None], Row[CommandKind]] = MappingProxyType(
    {(standing, stage): _row(standing, stage) for standing in Standing for stage in (None, *Stage)}
)
"""Standing and stage × role → commands: the one list that the API, the pages and ``decide`` read."""


def allowed(standing: Standing, stage: Stage | None, roles: Iterable[Role]) -> frozenset[CommandKind]:
    """The commands open to these roles then. What is not here is refused."""
    return open_to(TABLE[standing, stage], roles)
