"""Computed answers, most of them yes or no: the question leaves with its answer, the record never does.

A record that lacks what a question is about gives no answer rather than a guess: the item then fails as an invalid
record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from exchange.catalogue.model import PredicateRule
from exchange.catalogue.record_schema import LONG_TERM, is_date
from kernel.canonical import JSON
from kernel.dates import completed_years
from kernel.text import Text

EXISTS, COUNT, VALID_ON = "exists", "count", "valid-on"
WITHOUT_A_RECORD = frozenset({EXISTS, COUNT})
"""Questions to which "no such record" is an answer: there is none, or none of them."""
OLDEST, MOST = 150, 100_000
"""Years, and things counted; no question asks for more."""

_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,4})?")

Record = Mapping[str, JSON]
Arguments = Mapping[str, JSON]
Answer = bool | int


class Unanswerable(Exception):
    """The record holds nothing, or nothing usable, to answer from."""


def accepts(name: str, arguments: Arguments) -> bool:
    """Whether these are the arguments of the question: none missing, none beside them, each well-formed."""
    return QUESTIONS[name][0](arguments)


def answer(rule: PredicateRule, arguments: Arguments, record: Record | None, today: date) -> Answer:
    """The answer about a record, None standing for "no such record". Raises Unanswerable."""
    if rule.name == EXISTS:
        return record is not None
    if record is None:
        if rule.name in WITHOUT_A_RECORD:
            return 0
        raise Unanswerable
    return QUESTIONS[rule.name][1](rule, arguments, record, today)


def _no_arguments(arguments: Arguments) -> bool:
    return not arguments


def _takes_date(arguments: Arguments) -> bool:
    return arguments.keys() == {"date"} and _is_day(arguments["date"])


def _takes_age(arguments: Arguments) -> bool:
    return (
        {"age"} <= arguments.keys() <= {"age", "on"}
        and _is_whole(arguments["age"], 0, OLDEST)
        and ("on" not in arguments or _is_day(arguments["on"]))
    )


def _takes_amount(arguments: Arguments) -> bool:
    """A decimal amount in the unit of the field, as text, since binary fractions are no money."""
    amount = arguments.get("amount")
    return arguments.keys() == {"amount"} and isinstance(amount, str) and _AMOUNT.fullmatch(amount) is not None


def _takes_period(arguments: Arguments) -> bool:
    """Of nothing but days that are, and in this order."""
    days = [arguments[name] for name in ("since", "until") if name in arguments]
    return arguments.keys() <= {"since", "until"} and all(map(_is_day, days)) and days == sorted(map(str, days))


def _takes_least_count(arguments: Arguments) -> bool:
    period = {name: value for name, value in arguments.items() if name != "count"}
    return _is_whole(arguments.get("count"), 1, MOST) and _takes_period(period)


def _is_whole(value: JSON, least: int, most: int) -> bool:
    """A whole number within its bounds; true and false are none, though Python counts with them."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_day(value: JSON) -> bool:
    return isinstance(value, str) and is_date(value)


def _valid_on(rule: PredicateRule, arguments: Arguments, record: Record, _today: date) -> bool:
    """Valid from its first to its last day, both included; 长期 has no last day."""
    day = _day(arguments["date"])
    last = record.get(rule.fields["until"])
    begun = "from" not in rule.fields or _day(record.get(rule.fields["from"])) <= day
    ended = last != LONG_TERM and _day(last) < day
    standing = "status" not in rule.fields or record.get(rule.fields["status"]) in rule.valid_statuses
    return begun and not ended and standing


def _at_least_age(rule: PredicateRule, arguments: Arguments, record: Record, today: date) -> bool:
    """Whole years completed on the day."""
    born = _day(record.get(rule.fields["birth"]))
    on = _day(arguments["on"]) if "on" in arguments else today
    wanted = arguments["age"]
    return isinstance(wanted, int) and completed_years(born, on) >= wanted


def _amount_at_least(rule: PredicateRule, arguments: Arguments, record: Record, _today: date) -> bool:
    return _amount(record.get(rule.fields["amount"])) >= Decimal(str(arguments["amount"]))


def _amount(value: JSON) -> Decimal:
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise Unanswerable
    return Decimal(value)


def _count(rule: PredicateRule, arguments: Arguments, record: Record, _today: date) -> int:
    """How many a list holds: all of it, or the days of it that lie in a period, its first and last day included."""
    members = record.get(rule.fields["of"])
    if not isinstance(members, list):
        raise Unanswerable
    if not arguments.keys() & {"since", "until"}:
        return len(members)
    since, until = (
        _day(arguments.get(name, last)) for name, last in (("since", "0001-01-01"), ("until", "9999-12-31"))
    )
    return sum(since <= _day(member) <= until for member in members)


def _count_at_least(rule: PredicateRule, arguments: Arguments, record: Record, today: date) -> bool:
    wanted = arguments["count"]
    return isinstance(wanted, int) and _count(rule, arguments, record, today) >= wanted


def _exists(_rule: PredicateRule, _arguments: Arguments, _record: Record, _today: date) -> bool:
    return True


def _day(value: JSON) -> date:
    if not isinstance(value, str) or not is_date(value):
        raise Unanswerable
    return date.fromisoformat(value)


QUESTIONS: Mapping[
    str, tuple[Callable[[Arguments], bool], Callable[[PredicateRule, Arguments, Record, date], Answer]]
] = {
    EXISTS: (_no_arguments, _exists),
    VALID_ON: (_takes_date, _valid_on),
    "at-least-age": (_takes_age, _at_least_age),
    "amount-at-least": (_takes_amount, _amount_at_least),
    COUNT: (_takes_period, _count),
    "count-at-least": (_takes_least_count, _count_at_least),
}
"""Every question: the check of its arguments, and how it is answered."""

LABELS: Mapping[str, Text] = {
    EXISTS: Text("是否存在记录", "Whether there is a record"),
    VALID_ON: Text("某日是否有效", "Whether it is valid on a day"),
    "at-least-age": Text("是否已满某一年龄", "Whether an age has been reached"),
    "amount-at-least": Text("是否达到某一金额", "Whether an amount is reached"),
    COUNT: Text("数量", "How many there are"),
    "count-at-least": Text("是否达到某一数量", "Whether there are at least so many"),
}
"""Every question in words."""
