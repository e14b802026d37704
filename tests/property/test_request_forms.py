"""The quick reader of plain bodies says what the form says, wherever it says anything."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from marshmallow import ValidationError

from exchange.gateway.request import EvidenceRequestForm, plain_request
from tests.cases import seeds, sized

CASES, OF_A_SEED = sized(10_000, 1_000_000), 1_000
FORM = EvidenceRequestForm()
CASE = "case_" + "0" * 26
ODD: tuple[Any, ...] = (
    None,
    1,
    True,
    "",
    "a",
    "A",
    "é",
    "name\n",
    [],
    {},
    "x" * 65,
    CASE,
    "11500000DEM000057T",
    ["name"],
)
FIELDS = ("name", "born", "citizen_number", "until")
SUBJECT = {"scheme": "citizen-number", "value": "500199199003120021"}


def body(draw: random.Random) -> dict[str, Any]:
    """One that is in order, with something changed more often than not."""
    items = [
        {"type": "identity-card", "fields": draw.sample(FIELDS, draw.randint(1, 4))} for _ in range(draw.randint(1, 3))
    ]
    made: dict[str, Any] = {
        "service_item": "11500000DEM000057T350013100000", "case": CASE, "legal_basis": "rules", "evidence": items
    }  # fmt: skip
    for _ in range(draw.choice((0, 1, 1, 2))):
        place = draw.choice((made, draw.choice(items)))
        place[draw.choice([*place, "predicates", "subject", "more"])] = draw.choice((*ODD, list(FIELDS) * 2, items))
    return made


def bodies(start: int) -> Iterator[dict[str, Any]]:
    for seed in seeds(-(-CASES // OF_A_SEED), start):
        draw = random.Random(seed)
        yield from (body(draw) for _ in range(OF_A_SEED))


def test_what_is_read_at_a_glance_is_what_the_form_reads(record_property: Callable[[str, object], None]) -> None:
    tried = seen = 0
    for asked in bodies(17):
        tried += 1
        glanced = plain_request(asked)
        try:
            formed = FORM.load(asked)
        except ValidationError:
            formed = None
        assert glanced is None or glanced == formed, asked
        seen += glanced is not None
    record_property("cases", tried)
    assert 0.2 * tried < seen < 0.8 * tried


def test_whatever_is_no_object_is_left_to_the_form() -> None:
    assert all(plain_request(odd) is None for odd in ODD)
