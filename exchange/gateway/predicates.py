"""Yes/no answers: the question leaves with its answer, the record never does.

A record that lacks what a question is about gives no answer rather than a guess: the item then fails as an invalid
record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from exchange.catalogue.model import PredicateRule
from exchange.catalogue.record_schema import LONG_TERM, is_date
from kernel.canonical import JSON
from kernel.dates import completed_years
from kernel.text import Text

EXISTS = "exists"
OLDEST = 150
"""Years; no question asks for more."""

Record = Mapping[str, JSON]
Arguments = Mapping[str, JSON]


class Unanswerable(Exception):
    """The record holds nothing, or nothing usable, to answer from."""


def accepts(name: str, arguments: Arguments) -> bool:
    """Whether these are the arguments of the question: none missing, none beside them, each well-formed."""
    return QUESTIONS[name][0](arguments)


def answer(rule: PredicateRule, arguments: Arguments, record: Record | None, today: date) -> bool:
    """The answer about a record, None standing for "no such record". Raises Unanswerable."""
    if rule.name == EXISTS:
        return record is not None
    if record is None:
        raise Unanswerable
    return QUESTIONS[rule.name][1](rule, arguments, record, today)


def _no_arguments(arguments: Arguments) -> bool:
    return not arguments


def _takes_date(arguments: Arguments) -> bool:
    return arguments.keys() == {"date"} and _is_day(arguments["date"])


def _takes_age(arguments: Arguments) -> bool:
    age = arguments.get("age")
    return (
        {"age"} <= arguments.keys() <= {"age", "on"}
        and isinstance(age, int)
        and 0 <= age <= OLDEST
        and ("on" not in arguments or _is_day(arguments["on"]))
    )


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


def _exists(_rule: PredicateRule, _arguments: Arguments, _record: Record, _today: date) -> bool:
    return True


def _day(value: JSON) -> date:
    if not isinstance(value, str) or not is_date(value):
        raise Unanswerable
    return date.fromisoformat(value)


QUESTIONS: Mapping[
    str, tuple[Callable[[Arguments], bool], Callable[[PredicateRule, Arguments, Record, date], bool]]
] = {
    EXISTS: (_no_arguments, _exists),
    "valid-on": (_takes_date, _valid_on),
    "at-least-age": (_takes_age, _at_least_age),
}
"""Every question: the check of its arguments, and how it is answered."""

LABELS: Mapping[str, Text] = {
    EXISTS: Text("是否存在记录", "Whether there is a record"),
    "valid-on": Text("某日是否有效", "Whether it is valid on a day"),
    "at-least-age": Text("是否已满某一年龄", "Whether an age has been reached"),
}
"""Every question in words."""
