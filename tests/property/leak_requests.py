"""Requests near the edges of what is granted and agreed to, and what may leave by them, worked out another way."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from exchange.gateway.request import Item, Question
from exchange.previews.looking import Reply
from kernel.canonical import JSON
from kernel.identifiers.masking import Mask
from policies.delivery import ON_REQUEST, Delivery
from policies.grants.grant import Grant
from tests.property.leak_designs import INSIDE, NAMES
from tests.property.leak_records import Filled
from tests.property.leak_worlds import BASES, CASE, FLAWED_OPENINGS, ITEM, NOW, RELATIONS, World, opening_of


@dataclass(frozen=True)
class Given:
    """What somebody agreed to before, for whenever they are absent; ``flaw`` is why it does not count."""

    fields: frozenset[str]
    predicates: frozenset[str]
    flaw: str


FLAWS = ("withdrawn", "ended", "used up", "of another case", "another's")
MEANWHILE = ("withdrawn", "closed", "sealed", "ungranted")
"""What may happen while something waits; after any of it nothing leaves."""


@dataclass(frozen=True)
class Later:
    """What becomes of a request that waits: after how long, what happened meanwhile, what a preview is answered."""

    after: timedelta
    meanwhile: str
    reply: Reply


@dataclass(frozen=True)
class Ask:
    """A request: what is asked for, by whom, and what the person agreed to at sign-in, or ``before``."""

    items: tuple[Item, ...]
    basis: str
    agreed_fields: frozenset[str]
    agreed_predicates: frozenset[str]
    withdrawn: bool
    loa: int
    relation: str
    proven: bool
    delivery: Delivery
    before: Given | None
    emergency: str | None
    later: Later

    @property
    def present(self) -> bool:
        """Whether the person is there."""
        return self.loa > 0

    @property
    def fits(self) -> bool:
        """Whether everything that is asked for stands in the token."""
        return all(
            {*item.fields} <= self.agreed_fields and item.predicate_names <= self.agreed_predicates
            for item in self.items
        )


def ask(dice: random.Random, world: World) -> Ask:
    """A request that one of the grants permits, more often than not with something changed."""
    aim = dice.choice(world.grants)
    items = tuple(_item(dice, world, aim, number) for number in range(dice.choice((1, 1, 1, 2))))
    fields = frozenset(name for item in items for name in item.fields)
    predicates = frozenset(name for item in items for name in item.predicate_names)
    present = not aim.absent_allowed or dice.random() < 0.7
    made = Ask(
        items,
        aim.legal_basis,
        fields | some(dice, sorted(world.properties)),
        predicates,
        withdrawn=False,
        loa=dice.randint(max(1, aim.min_loa), 4) if present else 0,
        relation=dice.choice(sorted(aim.relations)),
        proven=True,
        before=_given(dice, world, fields, predicates) if dice.random() < 0.8 else None,
        delivery=_delivery(dice, aim),
        emergency=_opening(dice, world, aim),
        later=_later(dice),
    )
    return dice.choice(_CHANGES)(dice, made) if dice.random() < 0.2 else made


def _delivery(dice: random.Random, aim: Grant) -> Delivery:
    """One of the ways that are granted: at once more often than later, which takes twice as long to judge."""
    modes = sorted({*ON_REQUEST} if aim.delivery_modes is None else aim.delivery_modes & {*ON_REQUEST})
    return Delivery.DIRECT if Delivery.DIRECT in modes and dice.random() < 0.5 else dice.choice(modes)


def _opening(dice: random.Random, world: World, aim: Grant) -> str | None:
    """The opening of the template that a request aims at; now and then one that does not hold, another's, or none."""
    if not world.openings or dice.random() < 0.1:
        return None
    if aim.emergency is None:
        return dice.choice(sorted(world.openings)) if dice.random() < 0.1 else None
    return opening_of(aim, dice.choice(FLAWED_OPENINGS) if dice.random() < 0.4 else "")


def _later(dice: random.Random) -> Later:
    meanwhile = dice.choice(MEANWHILE) if dice.random() < 0.1 else ""
    reply = dice.choice([*Reply]) if dice.random() < 0.1 else Reply.PROVIDE
    return Later(timedelta(hours=dice.choice((0, 1))), meanwhile, reply)


def _given(dice: random.Random, world: World, fields: frozenset[str], predicates: frozenset[str]) -> Given:
    others = some(dice, sorted(world.properties))
    whole = dice.random() < 0.8
    flaw = dice.choice(FLAWS) if dice.random() < 0.2 else ""
    return Given(fields | others if whole else others, predicates if whole else some(dice, sorted(predicates)), flaw)


def some(dice: random.Random, names: list[str]) -> frozenset[str]:
    """Any of these."""
    return frozenset(dice.sample(names, dice.randint(0, len(names))))


def _item(dice: random.Random, world: World, aim: Grant, number: int) -> Item:
    granted = sorted(aim.fields)
    asked = dice.sample(granted, dice.randint(0 if aim.predicates else 1, len(granted)))
    if dice.random() < 0.1 and (others := [name for name in (*world.properties, *NAMES[:3]) if name not in asked]):
        asked.append(dice.choice(others))
    questions = sorted(aim.predicates)
    put = dice.sample(questions, dice.randint(0 if asked else 1, len(questions)))
    return Item(number, "papers", tuple(asked), tuple(Question(name, _arguments(dice, name)) for name in put))


def _arguments(dice: random.Random, name: str) -> Mapping[str, JSON]:
    choices: Mapping[str, Mapping[str, JSON]] = {
        "valid-on": {"date": dice.choice(("2026-11-23", "9999-01-01"))},
        "at-least-age": {"age": dice.randint(0, 150)},
        "amount-at-least": {"amount": dice.choice(("1", "999999999999999.5"))},
        "count-at-least": {"count": dice.randint(1, 3)},
    }
    return choices.get(name, {})


_CHANGES = (
    lambda _dice, made: replace(made, basis=next(basis for basis in BASES if basis != made.basis)),
    lambda dice, made: replace(made, agreed_fields=some(dice, sorted(made.agreed_fields))),
    lambda dice, made: replace(made, agreed_predicates=some(dice, sorted(made.agreed_predicates))),
    lambda _dice, made: replace(made, withdrawn=True),
    lambda dice, made: replace(made, loa=dice.randint(0, 4)),
    lambda dice, made: replace(made, relation=dice.choice(RELATIONS)),
    lambda _dice, made: replace(made, proven=False),
    lambda dice, made: replace(made, delivery=dice.choice(ON_REQUEST)),
)


# What may leave -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Allowance:
    """What of one item may leave: values by field as they may be seen, questions that may be answered, and times."""

    data: Mapping[str, JSON] = field(default_factory=dict)
    questions: frozenset[str] = frozenset()
    times: tuple[str, ...] = ()


def allowance(world: World, asked: Ask, item: Item, found: Filled, *, later: bool = False) -> Allowance:
    """Requested ∩ granted ∩ agreed to, each value under the strongest of its masks; ``later``: after it waited."""
    if later and (asked.later.meanwhile or asked.withdrawn):
        return Allowance()
    own = found.truth is not None and _is_own(world, found.truth)
    at = NOW + asked.later.after if later else NOW
    grants = [grant for grant in world.grants if _is_open(world, grant, asked, at) and _allows(grant, asked, item, own)]
    if not grants or not asked.fits or (asked.relation != "self" and not asked.proven):
        return Allowance()
    if found.truth is None:
        return Allowance(questions=item.predicate_names & {"exists", "count"} if found.nothing else frozenset())
    rules = {name: _strongest([world.masks[name], *_masks(grants, name)]) for name in item.fields}
    data = {name: shortened(rules[name], found.truth[name]) for name in item.fields if name in found.truth}
    times = [found.times[name] for name in data if name in found.times]
    return Allowance(data, item.predicate_names, (*times, *([found.source_time] if found.source_time else [])))


def _is_open(world: World, grant: Grant, asked: Ask, at: datetime) -> bool:
    """Whether an ordinary grant is asked under no opening, or a template under its own, in its case and time."""
    if asked.emergency is None or grant.emergency is None:
        return asked.emergency is None and grant.emergency is None
    opening = world.openings[asked.emergency]
    mine = opening.asked.template == grant.ref and opening.asked.case == CASE
    return mine and opening.ends is not None and at < opening.ends


def _allows(grant: Grant, asked: Ask, item: Item, own: bool) -> bool:
    return (
        {*item.fields} <= grant.fields
        and item.predicate_names <= grant.predicates
        and grant.legal_basis == asked.basis
        and (BASES[asked.basis] == "statutory" or _agrees(asked, item))
        and ITEM in grant.service_items
        and asked.relation in grant.relations
        and (asked.loa >= grant.min_loa if asked.present else grant.absent_allowed)
        and (own or not grant.own_division_only)
        and grant.valid_from <= NOW < grant.valid_to
        and (grant.delivery_modes is None or asked.delivery in grant.delivery_modes)
    )


def _agrees(asked: Ask, item: Item) -> bool:
    """Whether whom it is about agreed: at their own sign-in, otherwise before."""
    if asked.present and asked.relation == "self":
        return not asked.withdrawn
    before = asked.before
    covered = before is not None and {*item.fields} <= before.fields and item.predicate_names <= before.predicates
    return covered and before is not None and not before.flaw


def _is_own(world: World, truth: Mapping[str, JSON]) -> bool:
    """Whether the record is of the asking department's division, or of one below it."""
    place = world.kind["spec"].get("division")
    return place is not None and truth.get(place) in INSIDE


def _masks(grants: list[Grant], name: str) -> list[Mask]:
    return [grant.masks[name] for grant in grants if name in grant.masks]


_WEAKEST_FIRST = ["clear", "number", "phone", "last4", "year", "name"]


def _strongest(masks: list[Mask]) -> str:
    return max((mask.value for mask in masks), key=_WEAKEST_FIRST.index)


def shortened(rule: str, value: Any) -> Any:
    """A value as a mask lets it be seen, written out by the places that stay."""
    if rule == "clear":
        return value
    if isinstance(value, list):
        return [shortened(rule, one) for one in value]
    if not isinstance(value, str):
        return None
    if rule == "year" and re.fullmatch(r"[0-9]{4}(-.*)?", value):
        return value[:4]
    head, tail = {"name": (1, 0), "number": (4, 4), "phone": (3, 4), "last4": (0, 4), "year": (0, 0)}[rule]
    hidden = len(value) - head - tail
    seen = hidden >= 1 if rule == "name" else hidden >= max(head, tail) and rule != "year"
    return "".join(one if seen and not head <= place < len(value) - tail else "*" for place, one in enumerate(value))


def answer_to(world: World, question: Question, truth: Mapping[str, JSON] | None) -> bool | int:
    """The answer to a question, from what the record says."""
    rule = next(one for one in world.kind["spec"]["predicates"] if one["name"] == question.name)
    value = {} if truth is None else truth.get(next((one for role, one in rule.items() if role != "name"), ""))
    if question.name == "exists":
        return truth is not None
    if question.name == "count":
        return len(value) if isinstance(value, list) else 0
    if question.name == "count-at-least":
        return isinstance(value, list) and len(value) >= int(str(question.args["count"]))
    if question.name == "amount-at-least":
        return isinstance(value, int) and value >= float(str(question.args["amount"]))
    day = date.fromisoformat(str(value))
    if question.name == "valid-on":
        return day >= date.fromisoformat(str(question.args["date"]))
    return day <= date(NOW.year - int(str(question.args["age"])), NOW.month, NOW.day)
