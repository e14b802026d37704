"""Yes/no questions: the arguments they take, and what they answer from a record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from exchange.catalogue.model import PredicateRule
from exchange.gateway.predicates import LABELS, QUESTIONS, Unanswerable, accepts, answer

TODAY = date(2026, 11, 23)
VALID = PredicateRule(
    "valid-on", {"from": "since", "until": "until", "status": "state"}, frozenset({"valid", "renewed"})
)
AGE = PredicateRule("at-least-age", {"birth": "born"}, frozenset())
EXISTS = PredicateRule("exists", {}, frozenset())
RECORD = {"since": "2026-01-01", "until": "2026-12-31", "state": "valid"}


@pytest.mark.parametrize(
    ("day", "record", "expected"),
    [
        ("2026-01-01", RECORD, True),
        ("2026-12-31", RECORD, True),
        ("2025-12-31", RECORD, False),
        ("2027-01-01", RECORD, False),
        ("2026-06-01", RECORD | {"state": "suspended"}, False),
        ("2099-01-01", RECORD | {"until": "长期"}, True),
        ("2025-01-01", RECORD | {"until": "长期"}, False),
    ],
)
def test_valid_from_its_first_to_its_last_day_and_standing(day: str, record: dict[str, Any], expected: bool) -> None:
    assert answer(VALID, {"date": day}, record, TODAY) is expected


@pytest.mark.parametrize(
    ("born", "age", "on", "expected"),
    [
        ("2008-11-23", 18, None, True),
        ("2008-11-24", 18, None, False),
        ("2008-02-29", 18, "2026-02-28", False),
        ("2008-02-29", 18, "2026-03-01", True),
        ("2026-11-23", 0, None, True),
    ],
)
def test_an_age_is_reached_on_the_birthday(born: str, age: int, on: str | None, expected: bool) -> None:
    arguments: dict[str, Any] = {"age": age} | ({"on": on} if on else {})
    assert answer(AGE, arguments, {"born": born}, TODAY) is expected


AMOUNT = PredicateRule("amount-at-least", {"amount": "balance"}, frozenset())
MONTHS = {"paid": ["2026-01-31", "2026-02-28", "2026-03-31"]}


@pytest.mark.parametrize(
    ("balance", "amount", "expected"),
    [
        ("1200.50", "1200.50", True),
        ("1200.50", "1200.5", True),
        ("1200.50", "1200.51", False),
        (1200, "1200", True),
        (1200, "1200.01", False),
        ("900719925474099.31", "900719925474099.32", False),  # beyond a binary fraction
    ],
)
def test_an_amount_is_compared_in_decimals(balance: Any, amount: str, expected: bool) -> None:
    assert answer(AMOUNT, {"amount": amount}, {"balance": balance}, TODAY) is expected


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({}, 3),
        ({"since": "2026-02-28"}, 2),
        ({"until": "2026-02-28"}, 2),
        ({"since": "2026-02-01", "until": "2026-02-28"}, 1),
        ({"since": "2027-01-01"}, 0),
    ],
)
def test_members_of_a_list_are_counted_in_a_period(arguments: dict[str, Any], count: int) -> None:
    rule = PredicateRule("count", {"of": "paid"}, frozenset())
    least = PredicateRule("count-at-least", {"of": "paid"}, frozenset())
    assert answer(rule, arguments, MONTHS, TODAY) == count
    assert answer(least, arguments | {"count": count + 1}, MONTHS, TODAY) is False
    if count:
        assert answer(least, arguments | {"count": count}, MONTHS, TODAY) is True


def test_of_what_no_register_holds_there_are_none() -> None:
    assert answer(PredicateRule("count", {"of": "paid"}, frozenset()), {}, None, TODAY) == 0


def test_whether_a_record_exists_needs_none() -> None:
    assert answer(EXISTS, {}, None, TODAY) is False
    assert answer(EXISTS, {}, {"anything": 1}, TODAY) is True


@pytest.mark.parametrize(
    ("rule", "arguments", "record"),
    [
        (VALID, {"date": "2026-01-01"}, None),
        (VALID, {"date": "2026-01-01"}, {"since": "2026-01-01", "state": "valid"}),
        (VALID, {"date": "2026-01-01"}, RECORD | {"since": "yesterday"}),
        (AGE, {"age": 18}, {}),
        (AGE, {"age": 18}, {"born": 19900312}),
        (AMOUNT, {"amount": "1"}, {}),
        (AMOUNT, {"amount": "1"}, {"balance": "about 1000"}),
        (AMOUNT, {"amount": "1"}, {"balance": True}),
        (AMOUNT, {"amount": "1"}, None),
        (PredicateRule("count", {"of": "paid"}, frozenset()), {}, {"paid": "2026-01-31"}),
        (PredicateRule("count", {"of": "paid"}, frozenset()), {"since": "2026-01-01"}, {"paid": ["Januar"]}),
        (PredicateRule("count-at-least", {"of": "paid"}, frozenset()), {"count": 1}, None),
    ],
)
def test_what_the_record_does_not_tell_is_not_guessed(rule: PredicateRule, arguments: dict, record: Any) -> None:
    with pytest.raises(Unanswerable):
        answer(rule, arguments, record, TODAY)


def test_every_question_has_words_and_refuses_arguments_of_another() -> None:
    assert LABELS.keys() == QUESTIONS.keys()
    assert not accepts("exists", {"age": 18})
    assert not accepts("valid-on", {"age": 18})
    assert not accepts("at-least-age", {"date": "2026-01-01"})
    assert accepts("at-least-age", {"age": 18, "on": "2026-01-01"})


@pytest.mark.parametrize("wrong", [True, False, 18.0, "18", None, [18], {"age": 18}])
@pytest.mark.parametrize(
    ("name", "arguments", "argument"),
    [
        ("valid-on", {"date": "2026-01-01"}, "date"),
        ("at-least-age", {"age": 18, "on": "2026-01-01"}, "age"),
        ("at-least-age", {"age": 18, "on": "2026-01-01"}, "on"),
        ("amount-at-least", {"amount": "18"}, "amount"),
        ("count", {"since": "2026-01-01", "until": "2026-02-01"}, "since"),
        ("count", {"since": "2026-01-01", "until": "2026-02-01"}, "until"),
        ("count-at-least", {"count": 18}, "count"),
        ("count-at-least", {"count": 18, "since": "2026-01-01"}, "since"),
    ],
)
def test_an_argument_of_another_kind_is_no_argument(name: str, arguments: dict, argument: str, wrong: Any) -> None:
    """A boolean is no number, though Python counts with it; a number is no text, and text no number."""
    assert accepts(name, arguments)
    if (argument, wrong) != ("amount", "18"):
        assert not accepts(name, arguments | {argument: wrong})
