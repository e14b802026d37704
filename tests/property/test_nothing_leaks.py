"""Nothing of a record comes to light outside requested ∩ granted ∩ agreed to: generated evidence types, mappings,
records, grants, templates and openings of emergency access, consents and requests, and a canary in every leaf.

A case is one answer: the first one, and every further one where an item waited for its person, for somebody who looks
it up, or for its source. What is previewed in between is judged like what is released.

A failure names the smallest world of its seed that shows it; ``python -m tests.property.test_nothing_leaks SEED MOST``
prints that world and every leak in it.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from connectors.quality.drift import LEARNT
from tests.cases import in_parts, seeds, sized
from tests.property.canaries import Canaries
from tests.property.leak_designs import LARGEST
from tests.property.leak_journey import Answered, Journey, Told, answered, changes_of_shape, tried
from tests.property.leak_records import Filled, filled
from tests.property.leak_requests import Allowance, Ask, allowance, answer_to, ask, shortened
from tests.property.leak_waiting import consents_from_memory
from tests.property.leak_worlds import World, world

CASES = sized(10_000, 1_000_000)
REQUESTS, RECORDS = 16, 8
"""Of one world: each request that is permitted meets every record, any other one."""
THOROUGH = 8
"""Of so many requests one is looked at thoroughly: what is stored of it, what the person reads, and every spelling."""
PARTS = in_parts(4)
"""The long form comes in parts, for as many processes."""
FAR_APART = 1_000_000
"""Seeds stand in answers, as numbers of the set in force: none may have the eight digits of a canary's day."""
TELLING = frozenset({"delivered", "shown"})
"""What an item is called that tells something: to whoever asked, or to whoever looks at it before."""


@pytest.mark.parametrize("part", PARTS)
def test_nothing_leaks(part: int, record_property: Callable[[str, object], None]) -> None:
    met: Counter[str] = Counter()
    for seed in seeds(FAR_APART, part * FAR_APART):
        if (found := next(leaks(seed, LARGEST, met), None)) is not None:
            most, leak = smallest(seed, found)
            pytest.fail(f"python -m tests.property.test_nothing_leaks {seed} {most}\n{leak}")
        if met["cases"] >= CASES // len(PARTS):
            break
    record_property("cases", met["cases"])
    enough = met["cases"] // 100
    assert all(
        met[what] > enough for what in ("delivered", "failed", "refused", "masked", "answered", "later", "shown")
    ), met
    assert met["emergency"] > enough // 4, met


def smallest(seed: int, leak: str) -> tuple[int, str]:
    """The fewest fields with which a seed's world leaks, and what."""
    for most in range(1, LARGEST):
        found = next(leaks(seed, most, Counter()), None)
        if found is not None:
            return most, found
    return LARGEST, leak


def leaks(seed: int, most: int, met: Counter[str]) -> Iterator[str]:
    """Everything in a world that should not have come to light."""
    made, dice = world(seed, most), random.Random(seed)
    with capture_logs() as logged, consents_from_memory():
        sources = [answered(dice, made, logged) for _ in range(RECORDS)]
        for asked in [ask(dice, made) for _ in range(REQUESTS)]:
            journey = Journey(made, asked)
            for source in sources if journey.permitted else sources[:1]:
                logged.clear()
                met["cases"] += 1
                thoroughly = met["cases"] % THOROUGH == 0
                told = journey.told(source, thoroughly=thoroughly)
                told.besides += [source.logged, *map(repr, logged)]
                for leak in judged(made, asked, source, told, thoroughly, met):
                    yield f"{leak}\n{asked}\n{source.found}"
    for said in changes_of_shape(made):
        if pieces := Canaries().within(said):
            yield f"change of shape tells {pieces}: {said}"


def judged(made: World, asked: Ask, source: Answered, told: Told, thoroughly: bool, met: Counter[str]) -> Iterator[str]:
    """What of one case should not have come to light."""
    canaries, found = source.canaries, source.found
    within = canaries.within if thoroughly else canaries.plainly_within
    for said in told.said:
        item, answer = asked.items[said.number], said.answer
        may = allowance(made, asked, item, found, later=said.later)
        met[answer["status"]] += 1
        met["emergency"] += asked.emergency is not None and answer["status"] == "delivered"
        met["later"] += said.later and answer["status"] == "delivered"
        met["masked"] += "*" in str(answer.get("data"))
        met["answered"] += bool(answer.get("answers"))
        yield from differences(made, item, may, answer, found)
        open_to_it = canaries.plainly_within(written([may.data, may.times])) if answer["status"] in TELLING else set()
        if pieces := within(written(answer)) - open_to_it:
            yield f"item {item.number} tells {sorted(pieces)}: {written(answer)}"
    if pieces := within("\n".join(told.besides)):
        yield f"{sorted(pieces)} stand in {told.besides}"


def differences(made: World, item: Any, may: Allowance, answer: dict[str, Any], found: Filled) -> Iterator[str]:
    """How what was delivered differs from what may leave."""
    if answer["status"] not in TELLING:
        return
    if ordered(answer.get("data", {})) != ordered(may.data):
        yield f"item {item.number} has {answer.get('data')} instead of {may.data}"
    put = [question for question in item.questions if question.name in may.questions]
    answers = [{"name": one.name, "args": dict(one.args), "answer": answer_to(made, one, found.truth)} for one in put]
    if answer.get("answers", []) != answers:
        yield f"item {item.number} answers {answer.get('answers')} instead of {answers}"


def written(value: Any) -> str:
    return orjson.dumps(value).decode()


def ordered(data: Any) -> Any:
    """The same with lists in one order: that of gathered rows is the product's own affair."""
    return {name: sorted(map(written, one)) if isinstance(one, list) else one for name, one in data.items()}


def test_who_tries_a_connector_on_somebody_sees_shapes_and_masks(
    record_property: Callable[[str, object], None],
) -> None:
    looked = 0
    for seed in seeds(CASES // 200):
        made, dice, canaries = world(seed), random.Random(seed), Canaries()
        if made.design is None:
            continue
        found = filled(dice, made.design, canaries)
        if found.truth is None or len(found.records) != 1:
            continue
        looked += 1
        seen = {name: _shown_under(_shown_as(made, name), value) for name, value in found.truth.items()}
        fixed = [plan.rule for plan in made.design.plans]
        pieces = canaries.within(tried(made, found)) - canaries.plainly_within(
            written([seen, fixed, found.source_time])
        )
        assert not pieces, (seed, pieces, tried(made, found))
    record_property("cases", looked)
    assert looked > CASES // 1000


def test_a_source_that_changes_is_told_of_without_a_name_that_nobody_declared(
    record_property: Callable[[str, object], None],
) -> None:
    changed = answers = 0
    for seed in seeds(CASES // 500):
        made, dice = world(seed), random.Random(seed)
        with capture_logs() as logged:
            said = [answered(dice, made, logged).logged for _ in range(LEARNT + 10)]
        answers += len(said)
        told = changes_of_shape(made)
        changed += len(told)
        assert not Canaries().within("\n".join(said + told)), seed
    record_property("cases", answers)
    assert changed > CASES // 1000


def _shown_under(rule: str, value: Any) -> Any:
    """What is seen of a value, and of each one in a list: of a field in the rows that were gathered, the first too."""
    rows = value if isinstance(value, list) else []
    inner = [one for row in rows for one in (row.values() if isinstance(row, dict) else [row])]
    return [shortened(rule, value), *(shortened("name", one) for one in inner)]


def _shown_as(made: World, name: str) -> str:
    """The mask that the type demands; of what it lets be seen whole, the first character."""
    rule = made.masks[name].value
    return "name" if rule == "clear" else rule


if __name__ == "__main__":
    seed, most = map(int, sys.argv[1:])
    shown = world(seed, most)
    for manifest in (shown.kind, shown.connector, *shown.drafts):
        print(json.dumps(manifest, ensure_ascii=False, indent=1))
    for leak in leaks(seed, most, Counter()):
        print(leak)
