"""Admission: everything that must be durable before a source is contacted, in one transaction (ADR 0012).

The DPoP proof is used up, the person joins the case, idempotency row and intent are written, quotas are reserved.
Whatever is refused here is *returned*, so that the proof stays used up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date, timedelta

import orjson
from sqlalchemy import Connection

from exchange import errors
from exchange.catalogue.model import APPLICANT, REPRESENTATIVE, REPRESENTED, kept_apart
from exchange.gateway.asking import About, Asking
from exchange.gateway.enforcement import (
    Permitted,
    Refused,
    Ruling,
    decision_name,
    judge,
    of_another_division,
    rule,
)
from exchange.gateway.parties import Concerned, acts_for_a_party, in_own_right, may_join
from exchange.gateway.refusals import Refusal, by_policy
from exchange.gateway.request import Item
from exchange.in_force.snapshot import Snapshot
from exchange.store import cases, deliveries, intents, proofs, quotas
from exchange.store.cases import Case, Party
from exchange.store.deliveries import Told
from exchange.store.intents import Intent, State, Stored
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.identifiers.subject import SubjectRef
from kernel.jose import DpopProof
from kernel.ledger.event import Located
from kernel.problems import ProblemKind
from policies.decision import Deny, Permit, Quota
from policies.explain import quota_exceeded
from policies.index import PolicyImage
from policies.refusals import REFUSALS

EXPECTED_SECONDS = 60
"""After this a request that has not settled is taken for interrupted; far beyond every time limit within it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request at the door: who asks what, by which snapshot, and how it is told from others.

    ``key`` is the blind index of the Idempotency-Key, None without one; ``digest`` of body and person. ``clock`` tells
    when somebody joins the case, which is later than when the request came; ``locate`` is the log's.
    """

    asking: Asking
    snapshot: Snapshot
    proof: DpopProof | None
    key: bytes | None
    digest: bytes
    runner: str
    clock: Clock
    locate: Callable[[SubjectRef], Located]


@dataclass(frozen=True, slots=True)
class Admitted:
    """The intent is durable; ``reserved`` quotas are taken for ``day``."""

    case: Case
    rulings: tuple[Ruling, ...]
    reserved: tuple[Quota, ...]
    day: date


@dataclass(frozen=True, slots=True)
class Repeated:
    """A request made before; ``refusals`` say, item by item, what would be refused now."""

    stored: Stored
    refusals: tuple[Refused | None, ...]


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The whole request is refused; nothing but the used-up proof was written."""

    kind: ProblemKind


Admission = Admitted | Repeated | TurnedAway


def admit(connection: Connection, attempt: Attempt) -> Admission:
    """Let a request in, or say why not. Runs inside one write transaction."""
    if attempt.proof is not None and not proofs.consume(connection, attempt.proof):
        return TurnedAway(errors.PROOF_REPLAYED)
    case = _case(connection, attempt.asking, attempt.clock)
    if isinstance(case, ProblemKind):
        return TurnedAway(case)
    rulings = rule(attempt.asking, case, attempt.snapshot)
    stored = intents.begin(connection, intent_of(attempt, rulings))
    if stored is not None:
        return Repeated(stored, _refused_again(connection, stored, rulings, attempt, case))
    day = local_day(attempt.asking.moment)
    rulings, reserved = reserve(connection, rulings, attempt.snapshot.image, day)
    return Admitted(case, rulings, reserved, day)


def _refused_again(
    connection: Connection, stored: Stored, rulings: tuple[Ruling, ...], attempt: Attempt, case: Case
) -> tuple[Refused | None, ...]:
    """What would be refused now of what was told before.

    A record that was another division's then is judged as one; whom another record named is found by what was told.
    """
    told = {} if stored.state is State.INTERRUPTED else deliveries.told_of(connection, stored.intent.id)
    elsewhere = {number for number, one in told.items() if not said_before(one.asked, "own_division")}
    return tuple(_again(ruling, told, elsewhere, attempt, case) for ruling in rulings)


def _again(
    ruling: Ruling, told: Mapping[int, Told], elsewhere: Set[int], attempt: Attempt, case: Case
) -> Refused | None:
    number, snapshot = ruling.item.number, attempt.snapshot
    # What used a consent up may be told again under it: that is no second release.
    used_up = isinstance(ruling, Refused) and ruling.refusal.kind is errors.CONSENT_USED_UP
    if (ruling.item.source is not None or used_up) and number in told:
        return told_again(ruling.item, told[number], attempt.asking, case, snapshot)
    if isinstance(ruling, Permitted) and ruling.judged.asked.own_division and number in elsewhere:
        ruling = of_another_division(ruling, snapshot)
    return ruling if isinstance(ruling, Refused) else None


def told_again(item: Item, told: Told, asking: Asking, case: Case, snapshot: Snapshot) -> Refused | None:
    """Why an item that was told would be refused now, about the same subject, whose number nobody has.

    What was found about the record stays so; and nobody grows younger.
    """
    name, kind = decision_name(asking.id, item.number, snapshot.epoch), snapshot.registry.evidence_types.get(item.type)
    if kind is not None and kept_apart(asking.system, kind):
        return Refused(item, name, None, Refusal(errors.SANDBOX_ONLY))
    minor, own = (said_before(told.asked, fact) for fact in ("minor", "own_division"))
    sealed = snapshot.is_sealed(told.subject, asking.moment)
    judged = judge(item, About(told.subject, told.relation, sealed, minor, own), asking, case, snapshot)
    if not isinstance(judged.said, Deny):
        return None
    return Refused(item, name, None, by_policy(judged.said), judged)


def said_before(asked: str | None, name: str) -> bool:
    """Whether policies were asked with this fact being so (``policies.recorded.asked``)."""
    return asked is not None and bool(orjson.loads(asked).get(name, False))


def _case(connection: Connection, asking: Asking, clock: Clock) -> Case | ProblemKind:
    case = cases.read(connection, asking.request.case)
    if case is None or case.system != asking.system.name:
        return errors.CASE_UNKNOWN  # another system's case looks exactly like none
    if not case.open:
        return errors.CASE_CLOSED
    if case.service_item != asking.request.service_item:
        return errors.CASE_OTHER_ITEM
    return _joined(connection, case, asking, clock)


def _joined(connection: Connection, case: Case, asking: Asking, clock: Clock) -> Case | ProblemKind:
    """The person of the token is, or now becomes, a party: they signed in themselves and named this case (ADR 0013).

    So does the company they act for, and for whoever acts for a company of the case the door is open for as long as
    they do (ADR 0039).
    """
    person, company = asking.person, asking.company_index
    if person is None:
        return case
    acting = acts_for_a_party(case, company)
    if not in_own_right(case, person):
        if not may_join(case, person) and not acting:
            return errors.SUBJECT_NOT_IN_CASE
        role = APPLICANT if may_join(case, person) else REPRESENTATIVE
        cases.join(connection, case.id, person, role, clock)
    if company is None or acting or not may_join(case, company):
        return case
    since = cases.join(connection, case.id, company, REPRESENTED, clock)
    return replace(case, parties=(*case.parties, Party(company, REPRESENTED, since)))


def intent_of(attempt: Attempt, rulings: Iterable[Ruling]) -> Intent:
    """What is stored of a request before a source is asked: enough to tell whom it is about that it was, should it be
    interrupted; no number of anybody is in it.
    """
    asking = attempt.asking
    return Intent(
        id=asking.id,
        case=asking.request.case,
        system=asking.system.name,
        organisation=asking.system.organisation,
        key=attempt.key,
        digest=attempt.digest,
        person=asking.person,
        runner=attempt.runner,
        asked=_asked(attempt, {ruling.item.number: ruling.concerned for ruling in rulings}),
        started_at=asking.moment,
        expected_by=asking.moment + timedelta(seconds=EXPECTED_SECONDS),
    )


def _asked(attempt: Attempt, about: Mapping[int, Concerned | None]) -> str:
    asking, request = attempt.asking, attempt.asking.request
    items = [_asked_item(item, about.get(item.number), attempt) for item in request.items]
    asked: dict[str, object] = {
        "service_item": request.service_item,
        "legal_basis": request.legal_basis,
        "items": items,
        "delivery": request.delivery,
    }
    if request.emergency is not None:
        asked["emergency"] = request.emergency
    if asking.token.officer is not None:
        asked["officer"] = asking.indexes.of_officer(asking.token.officer)
    return orjson.dumps(asked).decode()


def _asked_item(item: Item, whom: Concerned | None, attempt: Attempt) -> dict[str, object]:
    """An item without the number of whom it is about: by how rows and by how the log finds them."""
    questions = [{"name": question.name, "args": question.args} for question in item.questions]
    asked: dict[str, object] = {"type": item.type, "fields": item.fields, "predicates": questions}
    asked["relation"] = item.relation
    kind = attempt.snapshot.registry.evidence_types.get(item.type)
    asked["provider"] = "" if kind is None else kind.provider
    if whom is not None:
        located = attempt.locate(whom.subject).index
        asked["about"] = {"index": whom.index.hex(), "located": located.hex(), "relation": whom.relation}
    if item.chosen_over:
        asked["chosen_over"] = [one.members() for one in item.chosen_over]
    return asked if item.source is None else asked | {"from": item.source}


def reserve(
    connection: Connection, rulings: tuple[Ruling, ...], image: PolicyImage, day: date, held: tuple[Quota, ...] = ()
) -> tuple[tuple[Ruling, ...], tuple[Quota, ...]]:
    """Reserve what the permits need beyond what is ``held``; a permit whose quota is used up becomes a refusal.

    Returns the rulings, which are by ``image``, and everything that is held then.
    """
    if all(isinstance(ruling, Refused) or not ruling.permit.quotas for ruling in rulings):
        return rulings, held
    free, added = Counter(quota.counted for quota in held), list[Quota]()
    after = tuple(_reserved(connection, ruling, image, day, free, added) for ruling in rulings)
    return after, (*held, *added)


def _reserved(
    connection: Connection, ruling: Ruling, image: PolicyImage, day: date, free: Counter[str], added: list[Quota]
) -> Ruling:
    if isinstance(ruling, Refused):
        return ruling
    used: list[str] = []
    new: list[Quota] = []
    for quota in ruling.permit.quotas:
        if free[quota.counted]:
            free[quota.counted] -= 1
            used.append(quota.counted)
        elif quotas.reserve(connection, quota.counted, day, quota.per_day):
            new.append(quota)
        else:
            free.update(used)
            for earlier in new:
                quotas.give_back(connection, earlier.counted, day)
            return _used_up(ruling, quota, image)
    added.extend(new)
    return ruling


def _used_up(ruling: Permitted, quota: Quota, image: PolicyImage) -> Refused:
    """Asked again with the day's use, so that the decision that is logged is the refusal that was given."""
    asked = replace(ruling.judged.asked, quota_used_today=quota.per_day)
    said = image.decide(asked)
    if isinstance(said, Permit):  # by another grant, which does not make this one's limit void
        return out_of_quota(ruling, quota)
    judged = replace(ruling.judged, asked=asked, said=said)
    return Refused(ruling.item, ruling.decision, ruling.concerned, by_policy(said), judged)


def out_of_quota(ruling: Permitted, quota: Quota) -> Refused:
    """A permit that rests on a grant whose day is used up."""
    refusal = Refusal(REFUSALS["policy.quota-exceeded"], (quota_exceeded(quota),), (quota.grant,))
    return Refused(ruling.item, ruling.decision, ruling.concerned, refusal, ruling.judged)


def missing_quotas(permits: list[Permit], reserved: tuple[Quota, ...]) -> bool:
    """Whether these permits rest on quotas that were not reserved for them."""
    needed = sorted(quota.counted for permit in permits for quota in permit.quotas)
    held = [quota.counted for quota in reserved]
    return any(needed.count(grant) > held.count(grant) for grant in set(needed))
