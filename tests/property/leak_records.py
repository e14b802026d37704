"""Records as sources hold them, made from a seed: more in them than any mapping declares, a canary in every leaf."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kernel.canonical import JSON
from tests.property.canaries import Canaries
from tests.property.leak_designs import EVERY, INSIDE, NAMES, OUTSIDE, SOURCE_TIME, TIME_OF, Design, Plan, Steps

Tree = dict[str, Any]
SPOILT: Any = object()
"""Stands for what a field says where the source wrote something that cannot be turned into it."""


@dataclass(frozen=True)
class Filled:
    """Records as the source has them, and what they say in our words; None where they say nothing usable."""

    records: tuple[Tree, ...]
    truth: dict[str, JSON] | None
    source_time: str | None = None
    times: Mapping[str, str] = field(default_factory=dict)
    """When single fields were true."""
    failure: Exception | None = None
    """What the adapter fails with; its words hold a canary, as those of drivers hold data."""

    @property
    def nothing(self) -> bool:
        """Whether the source holds no record."""
        return not self.records and self.failure is None


def filled(dice: random.Random, made: Design, canaries: Canaries) -> Filled:
    """The source's answer about one person."""
    shape = dice.random()
    if shape < 0.04:
        words = f"row {canaries.word(2)}: {canaries.number()}"
        return Filled((), None, failure=dice.choice((None, RuntimeError(words), ValueError(words), KeyError(words))))
    rows = [_row(dice, made, canaries) for _ in range(dice.randint(1, 3) if made.lists or shape > 0.8 else 1)]
    if made.lists:  # what is outside the lists is the same in every row
        outer = {plan: pair for plan, pair in rows[0].items() if not plan.inner}
        rows = [row | outer for row in rows]
    trees = tuple(_tree(dice, row, canaries) for row in rows)
    stamps = {name: str(canaries.day()) for name in (*([SOURCE_TIME] if made.dated else []), *made.timed)}
    instants = {f"{name}{TIME_OF}": f"{day}T12:00:00Z" for name, day in stamps.items()}
    trees = tuple(tree | instants for tree in trees)
    truth = None if any(map(_is_unusable, rows)) else _together(made, rows)
    return Filled(trees, truth, stamps.pop(SOURCE_TIME, None), stamps)


Pair = tuple[Any, JSON]
"""A value as the source writes it, and as we do."""
Row = dict[Plan, Pair]


def _row(dice: random.Random, made: Design, canaries: Canaries) -> Row:
    row = {plan: _pair(dice, plan, canaries) for plan in made.plans}
    if dice.random() < 0.05 and (placed := [plan for plan in made.plans if plan.place]):
        plan = dice.choice(placed)
        row[plan] = (_SPOILT.get(plan.kind, _SPOILT["text"])(canaries), SPOILT)
    return row


def _pair(dice: random.Random, plan: Plan, canaries: Canaries) -> Pair:
    if plan.kind == "constant":
        return None, plan.rule["constant"]
    if dice.random() < 0.08:
        return None, None
    if plan.kind == "division":
        code = dice.choice((*INSIDE, *OUTSIDE))
        return code, code
    if plan.kind == "code":
        return dice.choice([*plan.rule["codes"].items()])
    return _PAIRS[plan.kind](dice, canaries)


def _named(dice: random.Random, canaries: Canaries) -> Pair:
    word = canaries.word(dice.randint(2, 6))
    return f" {word[:1]}  {word[1:]} ", word


def _dated(dice: random.Random, canaries: Canaries) -> Pair:
    day = canaries.day().isoformat()
    return (day if dice.random() < 0.5 else day.replace("-", "")), day


def _whole(dice: random.Random, canaries: Canaries) -> Pair:
    number = canaries.number()
    return (number if dice.random() < 0.5 else str(number)), number


def _worded(dice: random.Random, canaries: Canaries) -> Pair:
    word = canaries.word(dice.choice((1, 2, 4, 8, 9, 12, 18)))
    return word, word


def _listed(dice: random.Random, canaries: Canaries) -> Pair:
    words = [canaries.word(dice.randint(1, 9)) for _ in range(dice.randint(0, 3))]
    return words, [*words]


def _digits(_dice: random.Random, canaries: Canaries) -> Pair:
    number = canaries.number()
    return number, str(number)


def _decimal(_dice: random.Random, canaries: Canaries) -> Pair:
    number = canaries.number()
    return Decimal(f"{number}.50"), f"{number}.50"


def _true_or_false(dice: random.Random, _canaries: Canaries) -> Pair:
    value = dice.random() < 0.5
    return value, value


_PAIRS: Mapping[str, Callable[[random.Random, Canaries], Pair]] = {
    "text": _worded,
    "name": _named,
    "digits": _digits,
    "integer": _whole,
    "decimal": _decimal,
    "date": _dated,
    "boolean": _true_or_false,
    "list": _listed,
}
_SPOILT: Mapping[str, Callable[[Canaries], Any]] = {
    "text": lambda canaries: {canaries.word(2): canaries.word(4)},
    "integer": lambda canaries: canaries.word(4),
    "decimal": lambda canaries: canaries.word(4),
    "date": lambda canaries: f"{canaries.day()} {canaries.word(2)}",
    "boolean": lambda canaries: canaries.word(3),
    "code": lambda canaries: canaries.word(3),
    "list": lambda canaries: [canaries.word(3), [canaries.word(2)]],
}
"""What cannot be turned into the field, by its kind."""


def _tree(dice: random.Random, row: Row, canaries: Canaries) -> Tree:
    tree: Tree = {}
    for plan, (raw, _) in row.items():
        if plan.place:
            _put(tree, plan.place, raw)
    _strew(dice, tree, canaries)
    return tree


def _put(tree: Any, place: Steps, raw: Any) -> None:
    head, *rest = place
    if not rest:
        tree[head] = raw
    elif rest[0] == EVERY:
        tree[head] = [{rest[1]: one} for one in raw] if isinstance(raw, list) else raw
    elif isinstance(rest[0], int):
        rows = tree.setdefault(head, [{}, {}])
        _put(rows[rest[0]], tuple(rest[1:]), raw)
    else:
        _put(tree.setdefault(head, {}), tuple(rest), raw)


def _strew(dice: random.Random, tree: Tree, canaries: Canaries) -> None:
    """Leaves that nobody declares, at every level: some are called like fields of ours, some by a canary."""
    for value in [*tree.values()]:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                _strew(dice, one, canaries)
    for _ in range(dice.choice((0, 1, 1, 2))):
        name = canaries.word(2) if dice.random() < 0.2 else dice.choice(NAMES)
        tree.setdefault(name, _undeclared(dice, canaries))


def _undeclared(dice: random.Random, canaries: Canaries) -> Any:
    shape = dice.random()
    if shape < 0.5:
        return canaries.word(3)
    if shape < 0.7:
        return canaries.number() if dice.random() < 0.5 else str(canaries.day())
    return {dice.choice(NAMES): canaries.word(2)} if shape < 0.85 else [canaries.word(2), {"值": canaries.word(1)}]


def _is_unusable(row: Row) -> bool:
    return any(ours is SPOILT or (plan.rule.get("required") and ours in (None, [])) for plan, (_, ours) in row.items())


def _together(made: Design, rows: Sequence[Row]) -> dict[str, JSON] | None:
    """What rows say together; None where they contradict one another."""
    records = [
        {plan.name: ours for plan, (_, ours) in row.items() if ours is not None and not plan.inner} for row in rows
    ]
    if made.lists:
        return records[0] | _gathered(made, rows)
    if made.chosen_by is not None and len(rows) > 1:
        by = made.chosen_by
        return max(records, key=lambda one: one[by]) if all(by in one for one in records) else None
    return records[0] if all(one == records[0] for one in records) else None


def _gathered(made: Design, rows: Sequence[Row]) -> dict[str, JSON]:
    ((name, single),) = made.lists.items()
    members = [{plan.name: ours for plan, (_, ours) in row.items() if plan.inner and ours is not None} for row in rows]
    found = [one for number, one in enumerate(members) if one and one not in members[:number]]
    values: list[Any] = [value for one in found for value in one.values()] if single else found
    return {name: values} if values else {}
