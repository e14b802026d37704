"""Asking the sources: at once, each look-up once, within one deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.base import Query
from connectors.errors import SourceTimedOut, SourceUnavailable
from exchange import errors
from exchange.gateway.retrieval import NoRecord, Retrieval
from kernel.clock import SystemClock
from kernel.identifiers.subject import SubjectRef

SOMEBODY = SubjectRef("citizen-number", "500199199003120021")


class Source:
    """Answers with whatever ``answer`` does."""

    def __init__(self, answer: Callable[[Query], Any]) -> None:
        self._answer = answer
        self.asked: list[Query] = []

    def retrieve(self, query: Query) -> Any:
        self.asked.append(query)
        return self._answer(query)


def permitted(kind: str, subject: SubjectRef = SOMEBODY) -> Any:
    return SimpleNamespace(item=SimpleNamespace(type=kind, answers=None), concerned=SimpleNamespace(subject=subject))


@pytest.fixture
def retrieval():
    made = Retrieval(SystemClock(), deadline=0.1, threads=4)
    yield made
    made.close()


def test_all_types_are_asked_at_once(retrieval: Retrieval) -> None:
    together = threading.Barrier(3, timeout=5)

    def meet(_query: Query) -> str:
        together.wait()  # nobody gets past before all three were asked
        return "found"

    sources = {kind: Source(meet) for kind in "abc"}
    found = retrieval.retrieve([permitted(kind) for kind in "abc"], sources, retrieval.deadline())
    assert set(found.values()) == {"found"}


def test_a_source_that_hangs_is_a_finding_and_costs_the_others_nothing(retrieval: Retrieval) -> None:
    end = threading.Event()
    sources = {"quick": Source(lambda _query: "found"), "hangs": Source(lambda _query: end.wait(30))}
    started = time.monotonic()
    found = retrieval.retrieve([permitted("quick"), permitted("hangs")], sources, retrieval.deadline())
    assert time.monotonic() - started < 20
    end.set()
    assert found["quick", SOMEBODY] == "found"
    assert found["hangs", SOMEBODY] == NoRecord(SourceTimedOut.kind)


def test_a_look_up_that_would_begin_after_the_deadline_does_not_begin(retrieval: Retrieval) -> None:
    slow = Source(lambda _query: time.sleep(0.12))
    late = Source(lambda _query: "found")
    busy = [permitted(str(number)) for number in range(5)]
    sources = {str(number): slow for number in range(5)} | {"late": late}
    found = retrieval.retrieve([*busy, permitted("late")], sources, retrieval.deadline())
    assert found["late", SOMEBODY] == NoRecord(SourceTimedOut.kind)


def test_each_source_is_told_how_long_it_has(retrieval: Retrieval) -> None:
    source = Source(lambda _query: "found")
    retrieval.retrieve([permitted("a")], {"a": source}, retrieval.deadline())
    assert 0 < source.asked[0].deadline <= 0.1


def test_the_same_look_up_is_made_once(retrieval: Retrieval) -> None:
    source = Source(lambda _query: "found")
    retrieval.retrieve([permitted("a"), permitted("a")], {"a": source}, retrieval.deadline())
    assert len(source.asked) == 1


def test_a_type_without_a_source_and_a_source_that_fails_are_findings(retrieval: Retrieval) -> None:
    def down(_query: Query) -> None:
        raise SourceUnavailable("test")

    found = retrieval.retrieve([permitted("none"), permitted("down")], {"down": Source(down)}, retrieval.deadline())
    assert found["none", SOMEBODY] == NoRecord(errors.SOURCE_MISSING)
    assert found["down", SOMEBODY] == NoRecord(SourceUnavailable.kind)


def test_nothing_permitted_means_nobody_is_asked(retrieval: Retrieval) -> None:
    assert retrieval.retrieve([], {}, retrieval.deadline()) == {}


def test_K6_sources_that_hang_leave_the_callers_of_others_their_threads() -> None:
    retrieval, end = Retrieval(SystemClock(), deadline=20.0), threading.Event()
    hanging = {f"hangs-{number}": Source(lambda _query: end.wait(20)) for number in range(10)}
    sources = {**hanging, "quick": Source(lambda _query: "found"), "other": Source(lambda _query: "found")}
    stuck = [permitted(kind) for kind in ("quick", *hanging)]
    callers = [
        threading.Thread(target=retrieval.retrieve, args=(stuck, sources, retrieval.deadline()), daemon=True)
        for _ in range(30)  # more than there are threads for: 300 look-ups that hang
    ]
    for caller in callers:
        caller.start()
    patience = time.monotonic() + 10
    while sum(len(source.asked) for source in hanging.values()) < 10 * 12 and time.monotonic() < patience:
        time.sleep(0.01)
    found = retrieval.retrieve([permitted("other"), permitted("quick")], sources, time.monotonic() + 10)
    assert set(found.values()) == {"found"}
    end.set()
    for caller in callers:
        caller.join(timeout=10)
    assert all(len(source.asked) == 30 for source in hanging.values())  # nobody's look-up was dropped
    retrieval.close()


def test_threads_are_given_back() -> None:
    retrieval = Retrieval(SystemClock(), deadline=5.0, threads=2, share=1)
    sources = {kind: Source(lambda _query: "found") for kind in "abc"}
    for _ in range(5):
        found = retrieval.retrieve([permitted(kind) for kind in "abc"], sources, retrieval.deadline())
        assert len(found) == 3
    retrieval.close()
    assert all(len(source.asked) == 5 for source in sources.values())
