"""Who is told what: for each event that waits for somebody, the messages that are written with it.

Of grants and access requests: `access_notices`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from exchange.catalogue.workflow.events import EntryEvent, EntryReturned, EntryState, EntrySubmitted
from exchange.messages.words import URGENT, Kind
from exchange.store.forwardings import Forwarding
from exchange.store.messages import ANY, Message
from exchange.store.resolutions import Resolution
from exchange.store.system_locks import Lock
from kernel.canonical import JSON
from kernel.text import Text
from policies.campaigns.events import CampaignState, ItemEvent, ItemState, ItemStatus
from policies.challenges.events import ChallengeEscalated, ChallengeEvent, ChallengeState, UseChallenged
from policies.clocks.run import DEADLINE_PERCENT
from policies.corrections.events import (
    CorrectionEscalated,
    CorrectionEvent,
    CorrectionOpened,
    CorrectionRejected,
    CorrectionState,
    CorrectionWithdrawn,
    Opener,
    RecordCorrected,
)
from policies.emergency.opening import (
    EmergencyAsked,
    EmergencyClosed,
    EmergencyEnded,
    EmergencyEvent,
    EmergencyOpened,
    EmergencyReviewOverdue,
    EmergencyState,
)
from policies.ratings.commands import TURNS as RATING_TURNS
from policies.ratings.events import RatingEscalated, RatingEvent, RatingState
from policies.responders.task import (
    TaskEscalated,
    TaskEvent,
    TaskHandedOver,
    TaskOpened,
    TaskQuestioned,
    TaskRefused,
    TaskReplied,
    TaskState,
)
from policies.roles import Role

EMERGENCIES: Mapping[type[EmergencyEvent], tuple[Kind, tuple[Role, ...]]] = {
    EmergencyAsked: (Kind.EMERGENCY_ASKED, (Role.SPONSOR,)),
    EmergencyOpened: (
        Kind.EMERGENCY_OPEN,
        (Role.PROVIDER_OFFICER, Role.GOVERNANCE_OFFICER, Role.DATA_PROTECTION_OFFICER),
    ),
    EmergencyClosed: (Kind.EMERGENCY_TO_REVIEW, (Role.GOVERNANCE_OFFICER, Role.DATA_PROTECTION_OFFICER)),
    EmergencyEnded: (Kind.EMERGENCY_TO_REVIEW, (Role.GOVERNANCE_OFFICER, Role.DATA_PROTECTION_OFFICER)),
    EmergencyReviewOverdue: (
        Kind.EMERGENCY_OVERDUE,
        (Role.GOVERNANCE_OFFICER, Role.DATA_PROTECTION_OFFICER, Role.GOVERNANCE_APPROVER, Role.SPONSOR),
    ),
}
"""Who is told of what happens to an opening of emergency access; nobody of what is not here."""
_WATCHERS = (Role.SECURITY_ADMINISTRATOR, Role.GOVERNANCE_OFFICER, Role.DATA_PROTECTION_OFFICER)
_OWNERS = (Role.CONSUMER_OFFICER, Role.SPONSOR)
_AUTHORS = (Role.PROVIDER_OFFICER, Role.CONSUMER_OFFICER)


def of_entry(event: EntryEvent, state: EntryState) -> Iterator[Message]:
    """Data governance is told of what was handed in, the department of what came back."""
    about = f"{state.kind}/{state.name}"
    if isinstance(event, EntrySubmitted):
        cause = f"{Kind.ENTRY_WAITS}/{about}/{state.revision}"
        yield message(cause, ANY, Role.GOVERNANCE_OFFICER, Kind.ENTRY_WAITS, about, event.at)
    if isinstance(event, EntryReturned):
        cause, roles = f"{Kind.ENTRY_RETURNED}/{about}/{state.revision}", _AUTHORS if state.organisation else ()
        for role in roles or (Role.GOVERNANCE_OFFICER,):
            yield message(cause, state.organisation, role, Kind.ENTRY_RETURNED, about, event.at)


def of_emergency(event: EmergencyEvent, state: EmergencyState) -> Iterator[Message]:
    """The second person is told at once of what waits, the provider and governance of what is open or to review."""
    if type(event) not in EMERGENCIES:
        return
    kind, roles = EMERGENCIES[type(event)]
    asked, cause = state.asked, f"{kind}/{state.id}/{state.revision}"
    own = {Role.SPONSOR: asked.consumer, Role.PROVIDER_OFFICER: asked.provider}
    for role in roles:
        yield message(cause, own.get(role, ANY), role, kind, state.id, event.at, {"template": asked.template})


def of_task(event: TaskEvent, state: TaskState) -> Iterator[Message]:
    """The office whose turn it is is told of what waits and of the time, whoever asked of questions and refusals."""
    office, consumer = state.office.organisation, state.wanted.consumer

    def told(kind: Kind, organisation: str, role: Role, **facts: JSON) -> Message:
        return message(f"{kind}/{state.id}/{state.revision}", organisation, role, kind, state.id, event.at, facts)

    if isinstance(event, TaskOpened | TaskHandedOver):
        yield told(Kind.TASK_WAITS, office, Role.PROVIDER_OFFICER)
    elif isinstance(event, TaskEscalated):
        yield told(Kind.TASK_LATE, office, Role.PROVIDER_OFFICER, percent=event.percent)
        if event.percent >= DEADLINE_PERCENT:
            yield told(Kind.TASK_LATE, ANY, Role.GOVERNANCE_OFFICER, percent=event.percent)
    elif isinstance(event, TaskReplied):
        yield told(Kind.TASK_REPLIED, office, Role.PROVIDER_OFFICER)
    elif isinstance(event, TaskQuestioned | TaskRefused):
        kind = Kind.TASK_QUESTION if isinstance(event, TaskQuestioned) else Kind.TASK_REFUSED
        yield told(kind, consumer, Role.CONSUMER_OFFICER)


def sandbox_waits(organisation: str, at: datetime) -> Message:
    """Data governance is told, once for each department, that a system waits for the sandbox."""
    cause = f"{Kind.SANDBOX_WAITS}/{organisation}"
    return message(cause, ANY, Role.GOVERNANCE_OFFICER, Kind.SANDBOX_WAITS, organisation, at)


def source_changed(provider: str, evidence_type: str, change: str, field: str, at: datetime) -> Message:
    """The providing department is told, once a day, that its source is not shaped as it was described."""
    cause = f"{Kind.SOURCE_CHANGED}/{evidence_type}/{change}/{field}/{at.date().isoformat()}"
    facts: dict[str, JSON] = {"change": change, "field": field}
    return message(cause, provider, Role.PROVIDER_OFFICER, Kind.SOURCE_CHANGED, evidence_type, at, facts)


def paper_due(one: Resolution, name: Text, at: datetime, *, overdue: bool) -> Message:
    """The department whose case it is hears that a paper that may follow later is due soon, or overdue; each once."""
    kind = Kind.PAPER_OVERDUE if overdue else Kind.PAPER_NEAR
    facts: dict[str, JSON] = {"requirement": {**name.members()}, "due": one.due}
    return message(f"{kind}/{one.id}", one.organisation, Role.CONSUMER_OFFICER, kind, one.case, at, facts)


def sandbox_open(organisations: Iterable[str], at: datetime) -> Iterator[Message]:
    """The departments whose systems have checked in are told that they may ask now."""
    for organisation in organisations:
        cause = f"{Kind.SANDBOX_OPEN}/{organisation}/{at.isoformat()}"
        yield message(cause, organisation, Role.CONSUMER_OFFICER, Kind.SANDBOX_OPEN, organisation, at)


def campaign_opened(
    state: CampaignState, items: Iterable[ItemState], deadline: str, at: datetime
) -> tuple[Message, ...]:
    """Every providing department is told how many of its grants wait for it."""
    count = Counter(each.provider for each in items)
    return _campaign(Kind.CAMPAIGN_OPENED, state.id, f"{Kind.CAMPAIGN_OPENED}/{state.id}", count, deadline, at)


def campaign_reminds(
    campaign: str, percent: int, waiting: Mapping[str, int], deadline: str, at: datetime
) -> tuple[Message, ...]:
    """Those departments are reminded that have not answered for all."""
    cause = f"{Kind.CAMPAIGN_REMINDS}/{campaign}/{percent}"
    return _campaign(Kind.CAMPAIGN_REMINDS, campaign, cause, waiting, deadline, at)


def _campaign(
    kind: Kind, campaign: str, cause: str, count: Mapping[str, int], deadline: str, at: datetime
) -> tuple[Message, ...]:
    return tuple(
        message(cause, provider, Role.PROVIDER_OFFICER, kind, campaign, at, {"items": items, "deadline": deadline})
        for provider, items in sorted(count.items())
    )


def campaign_closed(campaign: str, at: datetime) -> Message:
    """Data governance is told that a campaign is over."""
    cause = f"{Kind.CAMPAIGN_CLOSED}/{campaign}"
    return message(cause, ANY, Role.GOVERNANCE_OFFICER, Kind.CAMPAIGN_CLOSED, campaign, at)


def look_up_without_case(system: str, hour: str, at: datetime) -> tuple[Message, ...]:
    """Security and data governance are told that a system asks without an open case, once an hour."""
    cause = f"{Kind.LOOK_UP_WITHOUT_CASE}/{system}/{hour}"
    return tuple(message(cause, ANY, role, Kind.LOOK_UP_WITHOUT_CASE, system, at) for role in _WATCHERS)


def system_locked(lock: Lock) -> tuple[Message, ...]:
    """Those who watch are told that a system is locked, and its department, whose turn it is."""
    cause = f"{Kind.SYSTEM_LOCKED}/{lock.id}"
    facts: dict[str, JSON] = {"people": lock.people, "limit": lock.limit, "lock": lock.id}
    told = (*((ANY, role) for role in _WATCHERS), *((lock.organisation, role) for role in _OWNERS))
    return tuple(message(cause, where, role, Kind.SYSTEM_LOCKED, lock.system, lock.at, facts) for where, role in told)


def system_unlocked(lock: Lock, at: datetime) -> tuple[Message, ...]:
    """The department is told that its system may go on, and data governance."""
    cause, facts = f"{Kind.SYSTEM_UNLOCKED}/{lock.id}", {"lock": lock.id}
    told = ((ANY, Role.GOVERNANCE_OFFICER), *((lock.organisation, role) for role in _OWNERS))
    return tuple(message(cause, where, role, Kind.SYSTEM_UNLOCKED, lock.system, at, facts) for where, role in told)


def of_item(event: ItemEvent, item: ItemState) -> Iterator[Message]:
    """Who must act on an answer is told, and who lost a grant by it or by its absence."""
    cause = f"{event.name}/{item.campaign}/{item.number}/{item.revision}"

    facts: dict[str, JSON] = {"campaign": item.campaign, "number": item.number}

    def told(kind: Kind, organisation: str, role: Role) -> Message:
        return message(cause, organisation, role, kind, item.ref, event.at, facts)

    if item.status is ItemStatus.TO_TIGHTEN:
        yield told(Kind.GRANT_TO_TIGHTEN, ANY, Role.GOVERNANCE_OFFICER)
        yield told(Kind.GRANT_TO_TIGHTEN, item.consumer, Role.CONSUMER_OFFICER)
    if item.status is ItemStatus.ENDED:
        yield told(Kind.GRANT_ENDED, item.consumer, Role.CONSUMER_OFFICER)
    if item.status is ItemStatus.LAPSED:
        yield told(Kind.GRANT_LAPSED, item.consumer, Role.CONSUMER_OFFICER)
        yield told(Kind.GRANT_LAPSED, item.provider, Role.PROVIDER_OFFICER)


def subscription_parked(subscription: str, organisation: str, system: str, revision: int, at: datetime) -> Message:
    """The department of a subscriber is told that it cannot be reached any more."""
    cause, facts = f"{Kind.SUBSCRIPTION_PARKED}/{subscription}/{revision}", {"system": system}
    return message(cause, organisation, Role.CONSUMER_OFFICER, Kind.SUBSCRIPTION_PARKED, subscription, at, facts)


def of_correction(event: CorrectionEvent, state: CorrectionState, recipients: Iterable[str]) -> Iterator[Message]:
    """The provider is told of what waits, somebody above when time runs out, all who received the record of its end."""
    objection = state.objection

    def told(kind: Kind, organisation: str, role: Role, **facts: JSON) -> Message:
        return message(f"{kind}/{state.id}/{state.revision}", organisation, role, kind, state.id, event.at, facts)

    if isinstance(event, CorrectionOpened):
        yield told(Kind.CORRECTION_WAITS, objection.provider, Role.PROVIDER_OFFICER)
    if isinstance(event, CorrectionEscalated):
        above = (Role.GOVERNANCE_APPROVER,) if event.percent >= DEADLINE_PERCENT else ()
        yield told(Kind.CORRECTION_LATE, objection.provider, Role.PROVIDER_OFFICER, percent=event.percent)
        for role in (Role.GOVERNANCE_OFFICER, *above):
            yield told(Kind.CORRECTION_LATE, ANY, role, percent=event.percent)
    if isinstance(event, RecordCorrected):
        for consumer in sorted(recipients):
            yield told(Kind.CORRECTION_DONE, consumer, Role.CONSUMER_OFFICER)
    if isinstance(event, CorrectionWithdrawn):
        yield told(Kind.CORRECTION_WITHDRAWN, objection.provider, Role.PROVIDER_OFFICER)
        for consumer in sorted(recipients):
            yield told(Kind.CORRECTION_WITHDRAWN, consumer, Role.CONSUMER_OFFICER)
    if isinstance(event, CorrectionRejected) and objection.opener is Opener.DEPARTMENT:
        yield told(Kind.CORRECTION_REJECTED, objection.consumer, Role.CONSUMER_OFFICER)


def of_rating(event: RatingEvent, state: RatingState) -> Iterator[Message]:
    """Whoever's turn it is is told, and somebody above when time runs out."""
    case = state.rating.case

    def told(kind: Kind, role: Role, facts: dict[str, JSON]) -> Message:
        whose = state.rating.organisation if role is Role.CONSUMER_OFFICER else ANY
        return message(f"{kind}/{case}/{state.revision}", whose, role, kind, case, event.at, facts)

    if isinstance(event, RatingEscalated):
        above = (Role.GOVERNANCE_APPROVER,) if event.percent >= DEADLINE_PERCENT else ()
        for role in (Role.CONSUMER_OFFICER, Role.GOVERNANCE_OFFICER, *above):
            yield told(Kind.RATING_LATE, role, {"percent": event.percent})
    elif state.status in RATING_TURNS:
        yield told(Kind.RATING_WAITS, RATING_TURNS[state.status], {"status": state.status.value})


def of_challenge(event: ChallengeEvent, state: ChallengeState) -> Iterator[Message]:
    """The data-protection officer of the department whose use it was is told, and somebody above when time runs out."""

    def told(kind: Kind, role: Role, **facts: JSON) -> Message:
        whose = state.use.organisation if role is Role.DATA_PROTECTION_OFFICER else ANY
        return message(f"{kind}/{state.id}/{state.revision}", whose, role, kind, state.id, event.at, facts)

    if isinstance(event, UseChallenged):
        yield told(Kind.CHALLENGE_WAITS, Role.DATA_PROTECTION_OFFICER)
    if isinstance(event, ChallengeEscalated):
        above = (Role.GOVERNANCE_APPROVER,) if event.percent >= DEADLINE_PERCENT else ()
        for role in (Role.DATA_PROTECTION_OFFICER, Role.GOVERNANCE_OFFICER, *above):
            yield told(Kind.CHALLENGE_LATE, role, percent=event.percent)


def forwarding_parked(one: Forwarding, reason: str, at: datetime) -> Message:
    """The office is told, where it still looks, that its messages do not arrive at an address."""
    cause, facts = f"{Kind.FORWARDING_PARKED}/{one.id}/{one.revision}", {"reason": reason}
    return message(cause, one.organisation, one.role, Kind.FORWARDING_PARKED, one.id, at, facts)


def message(
    cause: str,
    organisation: str,
    role: Role,
    kind: Kind,
    about: str,
    at: datetime,
    facts: Mapping[str, JSON] = MappingProxyType({}),
) -> Message:
    """To an office of an organisation (`ANY`: whichever has it), once for each cause, about something by its name."""
    return Message(cause, organisation, role, kind, about, at, facts, urgent=kind in URGENT)
