"""What officers can ask to be done with a grant, and the table that says in which capacity and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.grants.events import Status
from policies.grants.grant import Grant
from policies.grants.review import Recheck, ReviewPackage
from policies.proceedings import Row, open_to
from policies.roles import Role


@dataclass(frozen=True, slots=True)
class DraftGrant:
    """Write down a new grant, or a new version of one."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class ReviseGrant:
    """Replace the text of a draft; id and version stay."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class SubmitGrant:
    """Put the draft before the panel that its ``review`` calls for; without one it can never take effect."""

    review: ReviewPackage | None = None


@dataclass(frozen=True, slots=True)
class ReturnGrant:
    """Send it back to its author with a reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class ApproveGrant:
    """Sign what was seen: ``digest`` is that of the text the officer was shown."""

    digest: str


@dataclass(frozen=True, slots=True)
class EndorseGrant:
    """Say for the consuming department that this is what it needs; no signature of the panel."""

    digest: str


@dataclass(frozen=True, slots=True)
class ScheduleGrant:
    """Let the approved grant wait for its beginning; ``found`` is what the examiner finds again now."""

    found: Recheck | None = None


@dataclass(frozen=True, slots=True)
class ActivateGrant:
    """Make the approved or scheduled grant part of the active set; ``found`` is what the examiner finds again now."""

    found: Recheck | None = None


@dataclass(frozen=True, slots=True)
class SuspendGrant:
    """Take it out of the active set at once; one officer is enough."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReactivateGrant:
    """Sign that a suspended grant may be active again; the whole panel is needed.

    ``found`` is what the examiner finds again now.
    """

    digest: str
    found: Recheck | None = None


@dataclass(frozen=True, slots=True)
class RevokeGrant:
    """End it for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class ExpireGrant:
    """Record that its time ran out (decisions refuse from that instant on in any case).

    Or that it ends before, because nobody answered for it in a ``campaign`` whose deadline has passed.
    """

    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class SupersedeGrant:
    """Take it out because ``successor`` (id@version), a newer version, becomes active in the same transaction."""

    successor: str


Command = (
    DraftGrant
    | ReviseGrant
    | SubmitGrant
    | ReturnGrant
    | ApproveGrant
    | EndorseGrant
    | ScheduleGrant
    | ActivateGrant
    | SuspendGrant
    | ReactivateGrant
    | RevokeGrant
    | ExpireGrant
    | SupersedeGrant
)
CommandKind = type[Command]

_AUTHOR = frozenset({ReviseGrant, SubmitGrant})
_STOP: frozenset[CommandKind] = frozenset({SuspendGrant, RevokeGrant})
_CALL_OFF: frozenset[CommandKind] = frozenset({ReturnGrant, RevokeGrant})

TABLE: Mapping[Status | None, Row[CommandKind]] = MappingProxyType(
    {
        None: {
            Role.CONSUMER_OFFICER: frozenset({DraftGrant}),
            Role.GOVERNANCE_OFFICER: frozenset({DraftGrant}),
        },
        Status.DRAFTED: {
            Role.CONSUMER_OFFICER: _AUTHOR,
            Role.GOVERNANCE_OFFICER: _AUTHOR | {RevokeGrant},
            Role.EXCHANGE: frozenset({ExpireGrant}),
        },
        Status.SUBMITTED: {
            Role.PROVIDER_OFFICER: frozenset({ApproveGrant, ReturnGrant}),
            Role.GOVERNANCE_OFFICER: frozenset({ApproveGrant, ReturnGrant, RevokeGrant}),
            Role.GOVERNANCE_APPROVER: frozenset({ApproveGrant, ReturnGrant}),
            Role.DATA_PROTECTION_OFFICER: frozenset({ApproveGrant, ReturnGrant}),
            Role.SPONSOR: frozenset({EndorseGrant}),
            Role.EXCHANGE: frozenset({ExpireGrant}),
        },
        Status.APPROVED: {
            Role.PROVIDER_OFFICER: frozenset({ReturnGrant, RevokeGrant}),
            Role.GOVERNANCE_OFFICER: frozenset({ActivateGrant, ReturnGrant, RevokeGrant}),
            Role.GOVERNANCE_APPROVER: frozenset({ActivateGrant, ReturnGrant, RevokeGrant}),
            Role.EXCHANGE: frozenset({ScheduleGrant, ActivateGrant, ExpireGrant}),
        },
        Status.SCHEDULED: {
            Role.PROVIDER_OFFICER: _CALL_OFF,
            Role.GOVERNANCE_OFFICER: _CALL_OFF,
            Role.GOVERNANCE_APPROVER: _CALL_OFF,
            Role.DATA_PROTECTION_OFFICER: _CALL_OFF,
            Role.EXCHANGE: frozenset({ActivateGrant, ReturnGrant, ExpireGrant, SupersedeGrant}),
        },
        Status.ACTIVE: {
            Role.PROVIDER_OFFICER: _STOP,
            Role.GOVERNANCE_OFFICER: _STOP,
            Role.GOVERNANCE_APPROVER: _STOP,
            Role.DATA_PROTECTION_OFFICER: _STOP,
            Role.EXCHANGE: frozenset({ExpireGrant, SupersedeGrant}),
        },
        Status.SUSPENDED: {
            Role.PROVIDER_OFFICER: frozenset({ReactivateGrant, RevokeGrant}),
            Role.GOVERNANCE_OFFICER: frozenset({ReactivateGrant, RevokeGrant}),
            Role.GOVERNANCE_APPROVER: frozenset({ReactivateGrant, RevokeGrant}),
            Role.DATA_PROTECTION_OFFICER: frozenset({ReactivateGrant, RevokeGrant}),
            Role.EXCHANGE: frozenset({ExpireGrant, SupersedeGrant}),
        },
        Status.REVOKED: {},
        Status.EXPIRED: {},
        Status.SUPERSEDED: {},
    }
)
"""State × role → commands: the one list that the API, the pages and ``decide`` read. What is not here is refused."""


def allowed(status: Status | None, roles: Iterable[Role]) -> frozenset[CommandKind]:
    """The commands open to these roles in this state (None: not drafted yet)."""
    return open_to(TABLE[status], roles)
