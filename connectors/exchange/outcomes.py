"""What it means for us that another exchange did not deliver: nothing there, or a problem and whose turn it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.errors import (
    AmbiguousSubject,
    SourceAnswersLater,
    SourceAsksTooMuch,
    SourceBusy,
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.rest.strict_json import decode
from connectors.rest.transport import Answer

_CODE = re.compile(r"[a-z]{1,20}(?:[.-][a-z]{1,20}){0,5}")
"""A problem's code as ours are: no digit, so that no number of a person can stand in it."""
_NOTHING_THERE = "evidence.not-found"
_THEIRS: Mapping[str, type[SourceProblem]] = {
    kind.kind.code: kind
    for kind in (
        AmbiguousSubject,
        SourceAsksTooMuch,
        SourceBusy,
        SourceGarbled,
        SourceTimedOut,
        SourceTooLarge,
        SourceUnavailable,
    )
}
"""Problems of the source behind it are problems of ours, by the same names."""
_OURS = frozenset({"consumer", "policy"})
"""Faults that mean that we asked without a right or wrongly: our operator's turn."""


_WAITING = frozenset({"awaiting-person", "awaiting-preview", "running"})
_FINAL = frozenset({"refused", "failed"})
_LOOK_AGAIN = 60  # seconds


def found_nothing(item: Mapping[str, Any]) -> bool:
    """Whether an item that was not delivered says that there is no such record."""
    return item.get("status") == "failed" and _code(item.get("problem")) == _NOTHING_THERE


def is_final(item: Mapping[str, Any]) -> bool:
    """Whether an item that was not delivered never will be."""
    return item.get("status") in _FINAL


def problem_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The problem of an item that was not delivered, as far as there is one."""
    found = item.get("problem")
    return found if isinstance(found, Mapping) else {}


def answers_later(status: Any, *, reached: bool = True) -> SourceProblem:
    """That they have the question and will answer it: for whom it waits there."""
    said = status if status in _WAITING else "running"
    return SourceAnswersLater(said, retry_after=_LOOK_AGAIN, reached=reached)


def undelivered(item: Mapping[str, Any]) -> SourceProblem:
    """The problem an item that was not delivered is for us."""
    status = item.get("status")
    if status in _WAITING:
        return answers_later(status)
    if not is_final(item):
        return SourceGarbled("status")
    return _told(item.get("problem"), str(status))


def unsettled(answer: Answer, word: str) -> SourceProblem:
    """The problem an answer other than 200 is for us (RFC 9457); `word` says which call it was."""
    reason = f"{word}-http-{answer.status}"
    if answer.status == 429:
        return SourceBusy(reason)
    if answer.status >= 500:
        return SourceUnavailable(reason)
    if answer.status < 300:
        return SourceGarbled(reason)
    code = _code(_problem(answer))
    return SourceMisconfigured(f"{word}-{code}" if code else reason)


def no_such_number(answer: Answer) -> bool:
    """Whether the other side says of the number that it is none: nobody there can have it."""
    errors = _problem(answer).get("errors")
    if answer.status not in {400, 422} or not isinstance(errors, list):
        return False
    return [each.get("code") for each in errors if isinstance(each, Mapping)] == ["identifier"]


def _told(problem: Any, status: str) -> SourceProblem:
    code = _code(problem)
    reason = f"{status}-{code}" if code else status
    if code in _THEIRS:
        return _THEIRS[code](reason)
    if status == "refused" or (isinstance(problem, Mapping) and problem.get("fault") in _OURS):
        return SourceMisconfigured(reason)
    return SourceUnavailable(reason)


def _problem(answer: Answer) -> Mapping[str, Any]:
    try:
        found = decode(answer.body)
    except SourceGarbled:
        return {}
    return found if isinstance(found, Mapping) else {}


def _code(problem: Any) -> str:
    """A problem's code where it is one: it goes into our log."""
    code = problem.get("code") if isinstance(problem, Mapping) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
