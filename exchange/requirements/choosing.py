"""Whoever asks for one of several kinds of evidence that would do may say why it is not another (ADR 0058).

Nothing is refused for it: the choice is theirs, and a grant allows what it allows. But a cause that the exchange could
have seen in this case, and did not see, is not recorded as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from marshmallow import ValidationError

from exchange.catalogue.model import REPRESENTED, SELF
from exchange.forms import invalid
from exchange.gateway.asking import Asking
from exchange.gateway.request import Item, PassedOver
from exchange.in_force.snapshot import Snapshot
from exchange.requirements.broker import Needed, Part, needed
from exchange.requirements.ladder import SEEN, Cause
from exchange.requirements.standing import Sight, barred, granted_types
from exchange.store import corrections, deliveries, resolutions
from exchange.store.resolutions import THE_APPLICANT
from kernel.database import Database
from kernel.dates import local_day

UNPROVEN = "unproven"
"""Stands in place of a cause that the exchange did not see."""


def with_causes(database: Database, asking: Asking, snapshot: Snapshot, language: str) -> Asking:
    """The same, each cause as it is recorded; read only where a request gives one.

    Raises Problem (request.invalid): what was passed over is no alternative to what is asked for.
    """
    request = asking.request
    if not any(item.chosen_over for item in request.items):
        return asking
    wanted, sight = _matter(database, asking, snapshot)
    items: list[Item] = []
    for item in request.items:
        own = _of(_about(item, asking), sight)
        over = [_judged(one, item, wanted, own) for one in item.chosen_over]
        if strange := [at for at, one in enumerate(over) if one is None]:
            wrong = {"evidence": {item.number: {"chosen_over": {at: {"type": ["no-alternative"]} for at in strange}}}}
            raise invalid(ValidationError(wrong), language)
        known = [replace(one, provider=_provider(one, snapshot)) for one in over if one is not None]
        items.append(replace(item, chosen_over=tuple(known)))
    return replace(asking, request=replace(request, items=tuple(items)))


def _matter(database: Database, asking: Asking, snapshot: Snapshot) -> tuple[tuple[Needed, ...], Sight]:
    """What the service item requires, and what was asked for in the case so far or is disputed.

    Whoever names a case of somebody else is refused at admission, whatever they say here.
    """
    item, consumer = snapshot.registry.service_items[asking.request.service_item], asking.system.organisation
    people = {whom for one in asking.request.items if (whom := _about(one, asking)) is not None}
    with database.read() as connection:
        declared = resolutions.declared(connection, asking.request.case)
        attempts = deliveries.attempts_of(connection, asking.request.case)
        disputed = corrections.received_and_disputed(connection, consumer, people)
    granted = granted_types(snapshot, consumer, item.code, asking.moment)
    listed = needed(item, declared, local_day(asking.moment), snapshot.registry, sandbox=asking.system.sandbox)
    return listed, Sight(attempts, granted, asking.moment, disputed)


def _of(whom: bytes | None, sight: Sight) -> Sight:
    """What was seen of one person alone."""
    attempts = [one for one in sight.attempts if one.subject == whom]
    return replace(sight, attempts=attempts, applicants=frozenset() if whom is None else frozenset({whom}))


def _judged(one: PassedOver, item: Item, wanted: Sequence[Needed], sight: Sight) -> PassedOver | None:
    """The cause as it is recorded; None where nothing of that kind would have done as well."""
    others = list(_alternatives(one, item, wanted))
    if not others:
        return None
    if one.cause not in SEEN:
        return one
    saw = frozenset[Cause]().union(*(barred(part, of, THE_APPLICANT, sight) for of, part in others))
    return one if Cause(one.cause) in saw else replace(one, cause=UNPROVEN)


def _alternatives(one: PassedOver, item: Item, wanted: Sequence[Needed]) -> Iterator[tuple[Needed, Part]]:
    """Parts of other ways to meet what this item meets, about the same person: a cause tells of nobody else."""
    relation = item.relation or SELF
    for of in wanted:
        mine = [way for way in of.ways if any(_is(part, item.type, relation) for part in way.parts)]
        for way in of.ways if mine else ():
            yield from ((of, part) for part in way.parts if way not in mine and _is(part, one.type, relation))


def _is(part: Part, kind: str, relation: str) -> bool:
    return (part.asked.evidence_type, part.asked.relation) == (kind, relation)


def _about(item: Item, asking: Asking) -> bytes | None:
    if item.subject is not None:
        return asking.indexes.of(item.subject)
    return asking.company_index if item.relation == REPRESENTED else asking.person


def _provider(one: PassedOver, snapshot: Snapshot) -> str:
    kind = snapshot.registry.evidence_types.get(one.type)
    return "" if kind is None else kind.provider
