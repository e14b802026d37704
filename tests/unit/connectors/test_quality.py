"""What a source's answers tell about it: score, drift; and how it is spared: pace, remembering, one retry, probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from connectors import memory
from connectors.adapters import Adapter
from connectors.base import Query, Record
from connectors.errors import AmbiguousSubject, SourceBusy, SourceGarbled, SourceProblem, SourceUnavailable
from connectors.quality import Drift
from connectors.quality.drift import LEARNT, MISSED, MOST
from connectors.resilience import Deadline, Pace
from connectors.source import Outcome, Source
from kernel.clock import ManualClock
from tests.doubles.connectors import retrieve, source, values

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
FIELDS = {
    "name": {"path": "name", "required": True},
    "sex": {"path": "sex", "codes": {"1": "male", "2": "female"}},
    "phone": {"path": "contact.phone"},
}
TIME = {"source_time": {"path": "at"}}


class Scripted:
    """A source that answers, or fails, as a test says each time."""

    kind = "scripted"
    keeps_deadline = True

    def __init__(self) -> None:
        self.answer: Callable[[Query], Sequence[Mapping[str, Any]]] = lambda _: []
        self.asked = 0

    def fetch(self, query: Query) -> tuple[Record, ...]:
        self.asked += 1
        return tuple(Record(one) for one in self.answer(query))

    def close(self) -> None: ...


def scripted(clock: ManualClock | None = None, fields: Any = None, **spec: Any) -> tuple[Source, Scripted]:
    behind = Scripted()
    adapter = Adapter(lambda settings, _: settings, lambda *_: behind, {"type": "object"})
    made = source(
        "scripted", {}, fields or FIELDS, adapters={"scripted": adapter}, clock=clock or ManualClock(NOW), **spec
    )
    return made, behind


def answering(behind: Scripted, *rows: Mapping[str, Any]) -> None:
    behind.answer = lambda _: rows


def failing(behind: Scripted, problem: SourceProblem, times: int = 1_000) -> None:
    left = [problem] * times
    before = behind.answer

    def answer(query: Query) -> Sequence[Mapping[str, Any]]:
        if left:
            raise left.pop()
        return before(query)

    behind.answer = answer


def test_a_score_is_made_of_what_the_answers_showed() -> None:
    asked, behind = scripted(mapping=TIME)
    asked.expect(lambda record: None if record["name"] != "?" else "name", DAY)
    assert asked.watch.quality().completeness is None
    answering(behind, {"name": "甲", "sex": "1", "contact": {"phone": "1"}, "at": "2026-11-22T00:00:00Z"})
    retrieve(asked)
    answering(behind, {"name": "?", "sex": "2", "at": "2026-11-01T00:00:00Z"})
    retrieve(asked)
    answering(behind, {"name": "丙", "sex": "9"})
    with pytest.raises(SourceGarbled) as caught:
        retrieve(asked)
    assert (caught.value.field, caught.value.reason) == ("sex", "code")
    answering(behind)
    assert retrieve(asked).outcome is Outcome.NOT_FOUND
    score = asked.watch.quality()
    assert (score.answers, score.completeness, score.validity) == (3, round(5 / 6, 4), round(1 / 3, 4))
    assert (score.timeliness, score.codes) == (0.5, round(2 / 3, 4))


def test_an_ambiguity_says_nothing_about_quality() -> None:
    asked, behind = scripted()
    answering(behind, {"name": "甲"}, {"name": "乙"})
    with pytest.raises(AmbiguousSubject):
        retrieve(asked)
    assert asked.watch.quality().answers == 0


def kinds(asked: Source) -> list[tuple[str, str]]:
    return [(change.kind, change.name) for change in asked.watch.changes()]


def test_a_changed_shape_is_noticed_once_and_named_by_our_field() -> None:
    asked, behind = scripted(fields={**FIELDS, "seen": {"path": "at"}})
    whole = {"name": "甲", "sex": "1", "contact": {"phone": "1"}, "other": "x"}
    answering(behind, whole)
    for _ in range(25):
        retrieve(asked)
    assert kinds(asked) == []
    with capture_logs() as logs:
        answering(
            behind, {**whole, "sex": 1, "at": "2026", "张三": "x", "T138-1234-5678": "x", "500199199001011234": "x"}
        )
        for _ in range(3):
            retrieve(asked)
        answering(behind, {**whole, "contact": {"tel": "1"}})
        for _ in range(12):
            assert "phone" not in values(asked)
    assert kinds(asked) == [("type", "sex"), ("new", "at"), ("new", "?"), ("vanished", "phone")]
    assert [change.count for change in asked.watch.changes()] == [1, 1, 3, 1]
    told = [line for line in logs if line["event"] == "source changed its shape"]
    assert [(line["source"], line["change"], line["name"]) for line in told] == [
        ("people", kind, name) for kind, name in kinds(asked)
    ]
    answering(behind, whole)
    retrieve(asked)
    assert ("vanished", "phone") not in kinds(asked)


def test_a_field_that_many_lack_has_not_vanished() -> None:
    asked, behind = scripted()
    for number in range(100):
        answering(behind, {"name": "甲", "contact": {"phone": "1"} if number % 4 == 0 else {}})
        retrieve(asked)
    answering(behind, {"name": "甲"})
    for _ in range(30):
        retrieve(asked)
    assert kinds(asked) == []


def test_a_column_that_is_gone_from_a_table_names_our_field(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'people.sqlite3'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE people (id TEXT, xm TEXT, dz TEXT)"))
        connection.execute(sa.text("INSERT INTO people VALUES ('A1', '甲', '一号')"))
    settings = {"url": url, "table": "people", "subject_column": "id"}
    rules = {"name": {"column": "xm"}, "address": {"column": "dz"}, "again": {"column": "dz"}}
    with source("sql", settings, rules) as asked:
        assert values(asked)["address"] == "一号"
        with engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE people RENAME COLUMN dz TO zz"))
        with pytest.raises(SourceGarbled) as caught:
            retrieve(asked)
        assert (caught.value.field, caught.value.reason) == ("address", "columns-missing")
        assert "dz" not in caught.value.text.en + repr(caught.value)
        assert kinds(asked) == [("vanished", "address"), ("vanished", "again")]
        with engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE people RENAME COLUMN zz TO dz"))
        assert values(asked)["address"] == "一号"
        assert kinds(asked) == []
    engine.dispose()


def test_names_that_nobody_declared_are_counted_and_take_no_change_its_place() -> None:
    """A source that keys its records by names invents new ones for ever; what our mapping reads stays watched."""
    asked, behind = scripted()
    whole = {"name": "甲", "sex": "1", "contact": {"phone": "1"}}
    answering(behind, whole)
    for _ in range(25):
        retrieve(asked)
    with capture_logs() as logs:
        for number in range(400):
            answering(behind, {**whole, f"人{chr(0x4E00 + number)}": "x"})
            retrieve(asked)
        answering(behind, {**whole, "sex": 1, "contact": {}})
        for _ in range(40):
            retrieve(asked)
    assert kinds(asked) == [("new", "?"), ("type", "sex"), ("vanished", "phone")]
    assert asked.watch.changes()[0].count <= MOST
    assert "人" not in str(logs)
    assert len(logs) == 3


def test_a_type_that_came_back_for_good_is_no_longer_a_change() -> None:
    asked, behind = scripted()
    text, number = {"name": "甲", "sex": "1"}, {"name": "甲", "sex": 1}

    def answered(row: Mapping[str, Any], times: int) -> list[tuple[str, str]]:
        answering(behind, row)
        for _ in range(times):
            retrieve(asked)
        return kinds(asked)

    assert answered(text, LEARNT) == []
    assert answered(number, 1) == [("type", "sex")]
    with capture_logs() as logs:
        for _ in range(10):  # now this, now that: told once
            assert answered(text, LEARNT - 1) == [("type", "sex")]
            assert answered(number, 1) == [("type", "sex")]
        assert answered({"name": "甲"}, MISSED - 1) == [("type", "sex")]  # without a value nothing came back
    assert logs == []
    assert answered(text, LEARNT) == []
    assert answered(number, 1) == [("type", "sex")]


@settings(max_examples=30)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=20), st.integers() | st.text() | st.none(), max_size=8), max_size=60)
)
def test_whatever_a_source_sends_drift_stays_small_and_repeats_no_name_of_its_own(rows: list[dict[str, Any]]) -> None:
    drift = Drift({"a": frozenset({"ours"})}, ("ours",))
    for row in [{"a": 1}] * 20 + rows:
        drift.seen(row, ("ours",), NOW)
    assert {(one.kind, one.name) for one in drift.changes()} <= {("type", "ours"), ("new", "?")}


class LooksAtEach(Drift):
    """Takes no record for one that was seen before."""

    def _settled(self, name: str, held: type) -> bool:
        return False


HELD = st.sampled_from(["text", "", 7, None, True, [], {}])
ROW = st.fixed_dictionaries({"a": HELD}, optional={"b": HELD, "stranger": HELD})


@given(learnt=ROW, later=st.lists(ROW, max_size=40))
@example(learnt={"a": 7}, later=[{"a": ""}, {"a": "text"}])  # of one type, and yet the first tells nothing of it
@settings(max_examples=300)
def test_a_record_like_the_one_before_tells_what_a_close_look_would(
    learnt: dict[str, Any], later: list[dict[str, Any]]
) -> None:
    readers = {"a": frozenset({"ours"}), "b": frozenset({"theirs"})}
    quick, close = Drift(readers, ["ours", "theirs"]), LooksAtEach(readers, ["ours", "theirs"])
    for row in [learnt] * LEARNT + later:
        filled = [ours for name, held in row.items() for ours in readers.get(name, ()) if held not in ("", None)]
        assert quick.seen(row, filled, NOW) == close.seen(row, filled, NOW)
    assert quick.changes() == close.changes()


def test_look_ups_begin_no_closer_together_than_the_manifest_says() -> None:
    clock, slept = ManualClock(NOW), list[float]()
    pace = Pace(clock, interval=1.0, wait_seconds=2.5, sleep=slept.append)
    for _ in range(3):
        pace.take(Deadline(clock, 10))
    assert slept == [1.0, 2.0]
    with pytest.raises(SourceBusy) as caught:
        pace.take(Deadline(clock, 10))
    assert (caught.value.reason, caught.value.retry_after) == ("pace", 3)
    with pytest.raises(SourceBusy):
        pace.take(Deadline(clock, 0.5))
    clock.advance(3)
    pace.take(Deadline(clock, 10))
    assert len(slept) == 2
    asked, behind = scripted(limits={"interval_ms": 60_000})
    answering(behind, {"name": "甲"})
    retrieve(asked)
    with pytest.raises(SourceBusy):
        retrieve(asked)


def test_listing_takes_its_turn_as_a_look_up_does() -> None:
    settings = {"subject_column": "id", "records": [{"id": "A1", "name": "甲"}]}
    adapters, fields = {"memory": memory.ADAPTER}, {"name": {"path": "name"}}
    asked = source("memory", settings, fields, adapters=adapters, limits={"interval_ms": 60_000})
    assert asked.subjects("", 10) == ("A1",)
    for again in (lambda: asked.subjects("", 10), lambda: retrieve(asked)):
        with pytest.raises(SourceBusy) as caught:
            again()
        assert caught.value.reason == "pace"
    assert asked.health().failures == 0


def test_answers_are_remembered_only_within_the_owners_cycle_and_show_their_age() -> None:
    clock = ManualClock(NOW)
    asked, behind = scripted(clock, cache={"seconds": 3600})
    answering(behind, {"name": "甲"})
    for _ in range(2):
        retrieve(asked)
    assert behind.asked == 2  # nobody has said that the owner has a cycle
    asked.expect(None, DAY)
    first = retrieve(asked)
    clock.advance(3599)
    again = retrieve(asked)
    assert behind.asked == 3
    assert again.retrieved_at == first.retrieved_at == NOW  # the age is shown, not hidden
    clock.advance(1)
    assert retrieve(asked).retrieved_at == clock.now()
    answering(behind)
    for _ in range(2):
        assert retrieve(asked, "B1").outcome is Outcome.NOT_FOUND
    assert behind.asked == 6
    asked.expect(None, None)
    retrieve(asked)
    assert behind.asked == 7


def test_each_is_remembered_for_themselves_and_the_memory_is_bounded() -> None:
    from connectors.resilience import Remembered
    from kernel.identifiers.subject import SubjectRef

    clock = ManualClock(NOW)
    held: Remembered[str] = Remembered(clock, 10, most=2)
    one, two, three = (Query(SubjectRef("citizen-number", name)) for name in ("A1", "B1", "C1"))
    held.keep(one, "1", held.generation)
    held.keep(two, "2", held.generation)
    assert held.find(one) == "1"
    held.keep(three, "3", held.generation)
    assert (held.find(one), held.find(two), held.find(three)) == ("1", None, "3")
    assert held.find(Query(one.subject, {"why": "x"})) is None
    held.clear()
    assert held.find(one) is None


def test_an_answer_of_before_everything_was_forgotten_is_not_remembered() -> None:
    """A record is corrected while somebody looks it up: whoever looks it up afterwards gets the corrected one."""
    asked, behind = scripted(cache={"seconds": 3600})
    asked.expect(None, DAY)

    def corrected_meanwhile(_: Query) -> Sequence[Mapping[str, Any]]:
        asked.forget()
        return [{"name": "旧"}]

    behind.answer = corrected_meanwhile
    assert values(asked) == {"name": "旧"}
    answering(behind, {"name": "新"})
    for _ in range(2):
        assert values(asked) == {"name": "新"}
    assert behind.asked == 2


def test_another_cycle_of_the_owner_counts_for_a_source_that_is_taken_over() -> None:
    clock = ManualClock(NOW)
    asked, behind = scripted(clock, cache={"seconds": 3600})
    answering(behind, {"name": "甲"})
    asked.expect(None, DAY)
    retrieve(asked)
    asked.expect(None, DAY)
    retrieve(asked)
    assert behind.asked == 1
    asked.expect(None, timedelta(seconds=60))
    retrieve(asked)
    clock.advance(60)
    retrieve(asked)
    assert behind.asked == 3


def test_not_found_is_remembered_where_the_manifest_says_so() -> None:
    asked, behind = scripted(cache={"seconds": 60, "not_found": True})
    asked.expect(None, timedelta(seconds=30))
    for _ in range(3):
        assert retrieve(asked).outcome is Outcome.NOT_FOUND
    assert behind.asked == 1


def test_a_look_up_is_made_once_more_where_the_manifest_allows_it_and_never_thrice() -> None:
    asked, behind = scripted()
    answering(behind, {"name": "甲"})
    failing(behind, SourceUnavailable("connect"), times=1)
    with pytest.raises(SourceUnavailable):
        retrieve(asked)
    asked, behind = scripted(limits={"retry_once": True})
    answering(behind, {"name": "甲"})
    failing(behind, SourceUnavailable("connect"), times=1)
    assert values(asked)["name"] == "甲"
    assert asked.health().failures == 0
    failing(behind, SourceUnavailable("connect"), times=2)
    with pytest.raises(SourceUnavailable):
        retrieve(asked)
    assert behind.asked == 4
    failing(behind, SourceUnavailable("http-503", retry_after=30))
    with pytest.raises(SourceUnavailable):
        retrieve(asked)
    failing(behind, SourceGarbled("json"))
    with pytest.raises(SourceGarbled):
        retrieve(asked)
    assert behind.asked == 6


def test_a_probe_passes_an_open_breaker_and_closes_it() -> None:
    asked, behind = scripted(limits={"failures": 1, "open_seconds": 3600}, probe={"subject": "A1", "every_seconds": 60})
    failing(behind, SourceUnavailable("down"), times=2)
    with pytest.raises(SourceUnavailable):
        retrieve(asked)
    with pytest.raises(SourceUnavailable) as caught:
        asked.probe()
    assert caught.value.reason == "down"
    assert asked.health().state == "open"
    assert asked.probe() is Outcome.NOT_FOUND
    assert asked.health().state == "closed"
    assert asked.probed_every == 60


def test_without_a_declared_probe_nobody_is_asked_about() -> None:
    seen: list[str] = []
    asked, behind = scripted()
    behind.answer = lambda query: seen.append(query.subject.value) or []
    asked.probe()
    assert [value[:14] for value in seen] == ["50019919000101"]
    assert asked.probed_every is None


def test_memory_is_an_adapter_like_any_other() -> None:
    settings = {"subject_column": "id", "records": [{"id": "A1", "name": "甲"}]}
    asked = source("memory", settings, {"name": {"path": "name"}}, adapters={"memory": memory.ADAPTER})
    asked.expect(None, DAY)
    assert values(asked) == {"name": "甲"}
