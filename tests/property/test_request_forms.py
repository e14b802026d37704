"""The quick reader of plain bodies says what the form says, wherever it says anything."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError

from exchange.gateway.request import EvidenceRequestForm, plain_request
from tests.conftest import SOAK

CASES = 1_000_000 if SOAK else 10_000
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


def test_what_is_read_at_a_glance_is_what_the_form_reads(record_property: Callable[[str, object], None]) -> None:
    draw, seen = random.Random(17), 0
    for _ in range(CASES):
        asked = body(draw)
        glanced = plain_request(asked)
        try:
            formed = FORM.load(asked)
        except ValidationError:
            formed = None
        assert glanced is None or glanced == formed, asked
        seen += glanced is not None
    record_property("cases", CASES)
    assert 0.2 * CASES < seen < 0.8 * CASES


def test_whatever_is_no_object_is_left_to_the_form() -> None:
    assert all(plain_request(odd) is None for odd in ODD)
