"""What officers can ask to be done with an access request, and the table that says in which capacity and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from kernel.text import Text
from policies.proceedings import Row, open_to
from policies.requests.content import Circumstances, Content, RefusalCode
from policies.requests.events import RequestState, Seat, Status
from policies.roles import Role

Found = Circumstances | Text
"""What the catalogue says of what is asked for at a later step; or, in words, what of it is not there or not shared."""


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """Write down what is asked for; ``parent`` names the bulk request it belongs to, if any."""

    id: str
    content: Content
    parent: str = ""


@dataclass(frozen=True, slots=True)
class ReviseRequest:
    """Replace the text of a draft, or of one that was returned."""

    content: Content


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """Hand it in, for the first time or after a supplement; ``circumstances`` are what the catalogue says now."""

    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """Ask for a supplement; the clock stands still until it comes."""

    reason: str


@dataclass(frozen=True, slots=True)
class AcceptRequest:
    """The form is in order: on to the provider, or, where sharing is unconditional, granted.

    ``found`` is what the catalogue says now: what became stricter since it was handed in goes to the provider.
    """

    found: Found


@dataclass(frozen=True, slots=True)
class ApproveRequest:
    """The provider agrees to what the catalogue still has and shares (``found``)."""

    found: Found


@dataclass(frozen=True, slots=True)
class RefuseRequest:
    """The provider refuses, by the rule that is cited."""

    code: RefusalCode
    citation: str
    reason: str


@dataclass(frozen=True, slots=True)
class DisputeRequest:
    """Object to the refusal."""

    reason: str


@dataclass(frozen=True, slots=True)
class NegotiateRequest:
    """Bring both sides together."""


@dataclass(frozen=True, slots=True)
class MediateRequest:
    """Write down what the negotiation found."""

    finding: str


@dataclass(frozen=True, slots=True)
class UpholdRefusal:
    """Rule that the refusal stands, by the rule that is cited."""

    citation: str


@dataclass(frozen=True, slots=True)
class OverturnRefusal:
    """Rule that the data are to be shared, by the rule that is cited, where the catalogue still has and shares them."""

    citation: str
    found: Found


@dataclass(frozen=True, slots=True)
class WithdrawRequest:
    """Whoever asked asks no longer."""


@dataclass(frozen=True, slots=True)
class FulfilRequest:
    """Record that the grant that followed took effect."""


@dataclass(frozen=True, slots=True)
class LapseRequest:
    """Record that the grant that followed ended before it took effect."""


@dataclass(frozen=True, slots=True)
class EscalateRequest:
    """Tell somebody above that ``percent`` of the time of this step was used up at the instant ``due``."""

    percent: int
    due: datetime


Command = (
    DraftRequest
    | ReviseRequest
    | SubmitRequest
    | ReturnRequest
    | AcceptRequest
    | ApproveRequest
    | RefuseRequest
    | DisputeRequest
    | NegotiateRequest
    | MediateRequest
    | UpholdRefusal
    | OverturnRefusal
    | WithdrawRequest
    | FulfilRequest
    | LapseRequest
    | EscalateRequest
)
CommandKind = type[Command]

_WRITE: frozenset[CommandKind] = frozenset({ReviseRequest, SubmitRequest, WithdrawRequest})
_WITHDRAW: frozenset[CommandKind] = frozenset({WithdrawRequest})
_ESCALATE: frozenset[CommandKind] = frozenset({EscalateRequest})

TABLE: Mapping[Status | None, Row[CommandKind]] = MappingProxyType(
    {
        None: {
            Role.CONSUMER_OFFICER: frozenset({DraftRequest}),
            Role.GOVERNANCE_OFFICER: frozenset({DraftRequest}),
        },
        Status.DRAFTED: {Role.CONSUMER_OFFICER: _WRITE, Role.GOVERNANCE_OFFICER: _WRITE},
        Status.SUBMITTED: {
            Role.CONSUMER_OFFICER: _WITHDRAW,
            Role.GOVERNANCE_OFFICER: frozenset({ReturnRequest, AcceptRequest}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.RETURNED: {Role.CONSUMER_OFFICER: _WRITE, Role.GOVERNANCE_OFFICER: _WRITE},
        Status.WITH_PROVIDER: {
            Role.CONSUMER_OFFICER: _WITHDRAW,
            Role.PROVIDER_OFFICER: frozenset({ApproveRequest, RefuseRequest}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.APPROVED: {Role.EXCHANGE: _ESCALATE | {FulfilRequest, LapseRequest}},
        Status.FULFILLED: {},
        Status.LAPSED: {},
        Status.REFUSED: {Role.CONSUMER_OFFICER: frozenset({DisputeRequest})},
        Status.DISPUTED: {
            Role.CONSUMER_OFFICER: _WITHDRAW,
            Role.GOVERNANCE_OFFICER: frozenset({NegotiateRequest}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.NEGOTIATING: {
            Role.CONSUMER_OFFICER: _WITHDRAW,
            Role.PROVIDER_OFFICER: frozenset({ApproveRequest}),
            Role.GOVERNANCE_OFFICER: frozenset({MediateRequest}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.MEDIATED: {
            Role.CONSUMER_OFFICER: _WITHDRAW,
            Role.GOVERNANCE_APPROVER: frozenset({UpholdRefusal, OverturnRefusal}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.UPHELD: {},
        Status.WITHDRAWN: {},
    }
)
"""State × role → commands: the one list that the API, the pages and ``decide`` read. What is not here is refused."""

SEATS: Mapping[CommandKind, Seat] = MappingProxyType(
    {
        DraftRequest: Seat.AUTHOR,
        ReviseRequest: Seat.AUTHOR,
        SubmitRequest: Seat.AUTHOR,
        DisputeRequest: Seat.AUTHOR,
        WithdrawRequest: Seat.AUTHOR,
        ReturnRequest: Seat.FORM_CHECK,
        AcceptRequest: Seat.FORM_CHECK,
        ApproveRequest: Seat.PROVIDER,
        RefuseRequest: Seat.PROVIDER,
        NegotiateRequest: Seat.MEDIATION,
        MediateRequest: Seat.MEDIATION,
        UpholdRefusal: Seat.RULING,
        OverturnRefusal: Seat.RULING,
    }
)
"""The seat that each command takes; what the clock alone decides takes none."""

NAMES: Mapping[CommandKind, str] = MappingProxyType(
    {
        ReviseRequest: "revise",
        SubmitRequest: "submit",
        ReturnRequest: "return",
        AcceptRequest: "accept",
        ApproveRequest: "approve",
        RefuseRequest: "refuse",
        DisputeRequest: "dispute",
        NegotiateRequest: "negotiate",
        MediateRequest: "mediate",
        UpholdRefusal: "uphold",
        OverturnRefusal: "overturn",
        WithdrawRequest: "withdraw",
    }
)
"""Commands on a request as the interface calls them, in the order in which they are offered."""

COMPATIBLE: frozenset[frozenset[Seat]] = frozenset({frozenset({Seat.FORM_CHECK, Seat.MEDIATION})})
"""Seats that one person may hold together on one request; all others stand against each other."""

TURNS: Mapping[Status, tuple[Role, ...]] = MappingProxyType(
    {
        Status.DRAFTED: (Role.CONSUMER_OFFICER,),
        Status.SUBMITTED: (Role.GOVERNANCE_OFFICER,),
        Status.RETURNED: (Role.CONSUMER_OFFICER,),
        Status.WITH_PROVIDER: (Role.PROVIDER_OFFICER,),
        Status.APPROVED: (Role.GOVERNANCE_OFFICER, Role.CONSUMER_OFFICER, Role.PROVIDER_OFFICER),
        Status.DISPUTED: (Role.GOVERNANCE_OFFICER,),
        Status.NEGOTIATING: (Role.GOVERNANCE_OFFICER,),
        Status.MEDIATED: (Role.GOVERNANCE_APPROVER,),
    }
)
"""Whose turn it is, the first before all: once approved, of those who hand in the draft of its grant, and of the
provider, who makes the data ready. In other states nobody must act.
"""

AFTER_THE_FORM_CHECK = (Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.PROVIDER_OFFICER)
"""Whose turn it is where the form check has handed in the grant: of the data office, which signs it; of the provider,
who makes the data ready.
"""


def turns(state: RequestState) -> tuple[Role, ...]:
    """Whose turn it is, the first before all."""
    return AFTER_THE_FORM_CHECK if state.granted_by_form_check else TURNS.get(state.status, ())


def allowed(status: Status | None, roles: Iterable[Role]) -> frozenset[CommandKind]:
    """The commands open to these roles in this state (None: not drafted yet)."""
    return open_to(TABLE[status], roles)
