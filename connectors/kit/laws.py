"""The laws of the connector port (`connectors.base.Connector`), to be imported into a test module of whoever's adapter.

The module that imports them provides a fixture ``bench`` of the scope of a module (`connectors.kit.bench.Bench`).
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Query
from connectors.errors import (
    AmbiguousSubject,
    SourceBusy,
    SourceGarbled,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.kit.bench import Bench, NoSuchState
from connectors.kit.measuring import memory_taken
from connectors.source import Outcome, Source
from connectors.templates import askable
from kernel.identifiers.subject import SubjectRef

ONE = {"id": "A1", "full name": "张三", "born": "20260102", "note": "𠮷·é"}
TWO = {"id": "B1", "full name": "李四", "born": "长期", "note": ""}
INJECTIONS = (
    "A1' OR '1'='1",
    'A1" OR ""="',
    "A1'; DROP TABLE people; --",
    "%",
    "_1",
    "*",
    "A?",
    "A1%00",
    "A1/../B1",
    "../B1",
    "..",
    ".",
    "A1?id=B1",
    "A1&id=B1",
    "A1#",
    "{subject}",
    "{scheme}",
    '", "id": "B1',
    "A1\\",
    "A1\r\nX-Person: B1",
    "A1\x00",
    "Ａ１",
    "a1",
    "A1 ",
    "*)(uid=*",
    "$(id)",
    "=cmd|' /C calc'!A0",
    "' || pg_sleep(10) --",
    "\ud800",
    "",
    "A" * 300,
)
"""Attack case K1: what must be a subject nobody has, and nothing else."""
_A_BUSY_MACHINE = 4.0
"""Seconds that a machine with much else to do may take over a deadline."""
HELD = 32 << 20
"""Bytes of memory that refusing a flood may take, caches and buffers included: less than the flood itself has."""
NEVER_SHOWN = ("db.internal", "people", "tongban_reader", "127.0.0.1", "full name", "B1", "secret", "/tmp", "SELECT")


def ask(source: Source, value: str, deadline: float = 5.0) -> Outcome:
    """What a source says about a subject."""
    return source.retrieve(Query(SubjectRef("citizen-number", value), {}, deadline)).outcome


def refused(source: Source, value: str = "B1", deadline: float = 5.0) -> SourceProblem:
    """The problem a look-up ends with."""
    with pytest.raises(SourceProblem) as caught:
        ask(source, value, deadline)
    return caught.value


def test_law_1_finds_exactly_the_subjects_record(bench: Bench) -> None:
    """Of two people each gets their own record, mapped."""
    with bench.healthy([ONE, TWO]) as source:
        found = source.retrieve(Query(SubjectRef("citizen-number", "A1")))
        assert found.outcome is Outcome.FOUND
        assert found.values == {"name": "张三", "born": "2026-01-02", "note": "𠮷·é"}
        assert source.retrieve(Query(SubjectRef("citizen-number", "B1"))).values == {"name": "李四", "born": "长期"}


def test_law_2_an_unknown_subject_is_an_answer(bench: Bench) -> None:
    """Nobody of that number: an answer, not an error."""
    with bench.healthy([ONE]) as source:
        nothing = source.retrieve(Query(SubjectRef("citizen-number", "C1")))
    assert (nothing.outcome, nothing.values, nothing.source_time) == (Outcome.NOT_FOUND, {}, None)


def test_law_2_an_empty_source_answers_too(bench: Bench) -> None:
    """A source without any rows is not broken."""
    with bench.healthy([]) as source:
        assert ask(source, "A1") is Outcome.NOT_FOUND


def test_law_3_two_different_records_are_ambiguous_never_guessed(bench: Bench) -> None:
    """Two names under one number."""
    with bench.healthy([ONE, {**ONE, "full name": "张叁"}]) as source:
        assert isinstance(refused(source, "A1"), AmbiguousSubject)


def test_law_3_the_same_record_twice_is_one_record(bench: Bench) -> None:
    """Saying the same twice contradicts nobody."""
    with bench.healthy([ONE, ONE]) as source:
        assert ask(source, "A1") is Outcome.FOUND


def test_law_3_more_records_than_allowed_are_too_many(bench: Bench) -> None:
    """The limit of rows holds for equal rows, too."""
    with bench.healthy([ONE] * 4, max_records=3) as source:
        assert isinstance(refused(source, "A1"), SourceTooLarge)


@pytest.fixture(scope="module")
def guarded(bench: Bench) -> Iterator[Source]:
    """One source for many look-ups, whose breaker stays out of the way."""
    with bench.healthy([ONE, TWO], failures=1000) as source:
        yield source


@pytest.mark.parametrize("value", INJECTIONS)
def test_K1_law_4_an_injection_is_a_subject_nobody_has(guarded: Source, value: str) -> None:
    """The list of injections, and the source still works afterwards."""
    assert ask(guarded, value) is Outcome.NOT_FOUND
    assert ask(guarded, "A1") is Outcome.FOUND


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=st.text(max_size=300) | st.text(alphabet="'\";%_\\-/.*(){}[]<>&?#=: \t\r\n\0A1", max_size=30))
def test_K1_law_4_no_text_finds_anybody_elses_record(guarded: Source, value: str) -> None:
    """Any text at all."""
    if value not in {"A1", "B1"}:
        assert ask(guarded, value) is Outcome.NOT_FOUND


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=20)
@given(values=st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=5, unique=True))
def test_law_1_any_subject_the_source_holds_is_found_and_only_it(bench: Bench, values: list[str]) -> None:
    """Whatever characters a subject has, where the source can hold them."""
    plain = [value for value in values if askable(Query(SubjectRef("citizen-number", value)))]
    held = [value for value in plain if storable(value)]
    with bench.healthy(
        [{"id": value, "full name": f"n{at}", "born": "", "note": ""} for at, value in enumerate(held)]
    ) as source:
        for at, value in enumerate(held):
            assert source.retrieve(Query(SubjectRef("citizen-number", value))).values == {"name": f"n{at}"}


def storable(value: str) -> bool:
    """Whether every format can hold the text: XML has no U+FFFE and U+FFFF."""
    return not any(character in "\ufffe\uffff" for character in value)


def test_law_5_whoever_looks_again_finds_the_same(bench: Bench) -> None:
    """Looking up anybody, found or not, and listing leave what the port shows as it was."""
    with bench.healthy([ONE, TWO]) as source:
        first = shown(source)
        assert first == shown(source) == shown(source)


def shown(source: Source) -> list[object]:
    """Everything that a source of two people says."""
    people = [source.retrieve(Query(SubjectRef("citizen-number", value))) for value in ("A1", "C1", "B1")]
    said: list[object] = [(one.outcome, one.values) for one in people]
    return [*said, source.subjects("", 10)] if source.enumerable else said


def test_law_6_an_answer_over_the_limit_is_cut_off(bench: Bench) -> None:
    """Nine thousand bytes where four thousand are allowed."""
    with bench.healthy([{**TWO, "note": "长" * 3000}], max_bytes=4000) as source:
        assert isinstance(refused(source), SourceTooLarge)


def test_law_6_an_answer_within_the_limit_is_whole(bench: Bench) -> None:
    """The same answer where it fits."""
    with bench.healthy([{**TWO, "note": "长" * 3000}], max_bytes=12_000) as source:
        found = source.retrieve(Query(SubjectRef("citizen-number", "B1")))
    assert found.values["note"] == "长" * 3000


def test_law_6_the_limit_is_the_answers_not_each_records(bench: Bench) -> None:
    """Three records of three thousand bytes each where eight thousand are allowed, and where twelve are."""
    rows = [{**TWO, "note": "长" * 1000}] * 3
    with bench.healthy(rows, max_bytes=12_000) as source:
        assert ask(source, "B1") is Outcome.FOUND
        told = len(source._connector.fetch(Query(SubjectRef("citizen-number", "B1"))))  # noqa: SLF001 - as for law 9
    with bench.healthy(rows, max_bytes=8000) as source:
        if told == 1:  # the source itself says equal records once
            assert ask(source, "B1") is Outcome.FOUND
        else:
            assert isinstance(refused(source), SourceTooLarge)


def test_K3_law_6_a_flood_is_cut_off_before_it_is_held(bench: Bench) -> None:
    """Fifty million bytes, or bytes without end, where forty thousand are allowed; the memory is measured."""
    try:
        source = bench.flooding(max_bytes=40_000, deadline_ms=30_000)
    except NoSuchState as why:
        pytest.skip(str(why))
    with source, memory_taken() as taken:
        assert isinstance(refused(source, deadline=30.0), SourceTooLarge)
    assert taken.bytes < HELD


@pytest.mark.parametrize("who", ["caller", "manifest"])
def test_K6_law_7_a_caller_is_released_at_its_deadline(bench: Bench, who: str) -> None:
    """The caller's deadline and the manifest's: whichever is the shorter. The other is longer than is waited for."""
    limits, deadline = ({"deadline_ms": 5000}, 0.2) if who == "caller" else ({"deadline_ms": 200}, 5.0)
    with bench.hanging(**limits) as source:
        began = time.monotonic()
        assert isinstance(refused(source, deadline=deadline), SourceTimedOut)
        assert time.monotonic() - began < 0.2 + _A_BUSY_MACHINE


def test_K6_law_7_a_hanging_source_never_holds_more_places_than_it_has(bench: Bench) -> None:
    """Six callers, two places."""
    with bench.hanging(deadline_ms=300, concurrency=2, wait_ms=0, failures=1000) as source:
        problems = together(6, lambda: refused(source))
        assert {type(problem) for problem in problems} <= {SourceBusy, SourceTimedOut, AmbiguousSubject, SourceTooLarge}
        assert sum(isinstance(problem, SourceBusy) for problem in problems) >= 1
        assert source.in_flight <= 2


def test_K6_a_source_that_keeps_failing_is_left_alone(bench: Bench) -> None:
    """The breaker opens, and health says so."""
    with bench.down(failures=2, open_seconds=60) as source:
        reasons = [refused(source).reason for _ in range(4)]
        assert reasons[2:] == ["breaker-open", "breaker-open"]
        assert source.health().state == "open"


@pytest.mark.parametrize(
    ("state", "kind"), [("down", SourceUnavailable), ("garbled", SourceGarbled), ("hanging", SourceTimedOut)]
)
def test_law_8_whatever_goes_wrong_is_a_source_problem_that_names_nothing(
    bench: Bench, state: str, kind: type[SourceProblem]
) -> None:
    """No host, table, path, credential or number in anything that is shown."""
    with getattr(bench, state)(deadline_ms=400) as source:
        problem = refused(source)
        assert isinstance(problem, kind)
        assert problem.source == "people"
        shown = "".join(traceback.format_exception(problem)[-1:]) + str(problem) + repr(problem)
        shown += (
            problem.text.zh + problem.text.en + problem.reason + problem.kind.next_step.zh + problem.kind.next_step.en
        )
        assert [word for word in NEVER_SHOWN if word in shown] == []
        assert problem.__cause__ is None
        assert problem.__context__ is None


def test_law_9_closed_is_closed(bench: Bench) -> None:
    """Closing twice is no error; asking afterwards is."""
    source = bench.healthy([ONE])
    assert ask(source, "A1") is Outcome.FOUND
    source.close()
    source.close()
    assert isinstance(refused(source, "A1"), SourceUnavailable)
    with pytest.raises(SourceUnavailable):  # the adapter itself, too
        source._connector.fetch(Query(SubjectRef("citizen-number", "A1")))  # noqa: SLF001 - no source shows it


def test_many_threads_get_each_their_own_answer(bench: Bench) -> None:
    """Twenty at once, four at a time: nobody gets another's record."""
    rows = [{"id": f"P{number}", "full name": f"名{number}", "born": "", "note": ""} for number in range(20)]
    with bench.healthy(rows, concurrency=4, wait_ms=5000, deadline_ms=10_000) as source:

        def look_up(number: int) -> bool:
            found = source.retrieve(Query(SubjectRef("citizen-number", f"P{number}"), {}, 10.0))
            return found.values == {"name": f"名{number}"}

        assert all(together(20, look_up))
        assert source.in_flight == 0


def together(count: int, work: Callable[..., Any]) -> list[Any]:
    """Run the work on `count` threads at once, with the thread's number where it takes one."""
    results: list[Any] = [None] * count
    takes_number = bool(work.__code__.co_argcount)

    def run(number: int) -> None:
        results[number] = work(number) if takes_number else work()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_law_10_who_can_list_lists_everybody_once_and_goes_on_behind_anybody(bench: Bench) -> None:
    """Seven subjects, one of them with two rows, three at a time. Who cannot list says so."""
    rows = [{"id": f"L{at}", "full name": f"n{at}", "born": "", "note": ""} for at in range(7)]
    with bench.healthy([*rows, rows[3]]) as source:
        if not source.enumerable:
            with pytest.raises(SourceUnavailable) as refusal:
                source.subjects("", 3)
            assert refusal.value.reason == "cannot-list"
            return
        found: list[str] = []
        while batch := source.subjects(found[-1] if found else "", 3):
            assert len(batch) <= 3
            found += batch
    assert sorted(found) == [f"L{at}" for at in range(7)]
    with pytest.raises(SourceUnavailable):
        source.subjects("", 1)


def test_law_10_whoever_comes_next_is_reached_behind_any_spelling(bench: Bench) -> None:
    """One at a time as well as all at once: blanks, case, digits and other scripts hide nobody who comes after them."""
    written = [" Z9", "A1", "B2", "a1", "A10", "10", "9", "é1", "e1", "甲", "𠮷"]
    with bench.healthy([{"id": each, "full name": f"n{at}"} for at, each in enumerate(written)]) as source:
        if not source.enumerable:
            return
        found: list[str] = []
        while batch := source.subjects(found[-1] if found else "", 1):
            found += batch
            assert len(found) <= len(written)
        assert found == list(source.subjects("", 100))
    assert sorted(each.strip() for each in found) == sorted(each.strip() for each in written)
