"""A source: several records, the time a record was true, and what a look-up is not even asked."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from connectors import memory
from connectors.base import Query, Record
from connectors.errors import AmbiguousSubject, SourceGarbled, SourceMisconfigured, SourceTimedOut, SourceUnavailable
from connectors.manifest import ConnectorManifest
from connectors.source import Outcome, Source
from connectors.templates import askable, template
from kernel.clock import ManualClock
from kernel.identifiers.subject import SubjectRef
from tests.doubles.connectors import manifest, retrieve, source, values

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def held(*records: dict[str, Any], fields: Any = ("name", "until"), clock: Any = None, **spec: Any) -> Source:
    rows = [{"id": "A1", **record} for record in records]
    settings = {"subject_column": "id", "records": rows}
    rules = {name: {"path": name} for name in fields}
    return source(
        "memory", settings, rules, adapters={"memory": memory.ADAPTER}, clock=clock or ManualClock(NOW), **spec
    )


OLD, NEW, LASTING = (
    {"name": "旧", "until": "2025-01-01"},
    {"name": "新", "until": "2027-01-01"},
    {"name": "长", "until": "长期"},
)


def test_the_manifest_may_say_which_of_several_records_is_meant() -> None:
    assert values(held(OLD, NEW, choose={"greatest": "until"}))["name"] == "新"
    assert values(held(NEW, OLD, choose={"least": "until"}))["name"] == "旧"
    assert values(held(NEW, LASTING, OLD, choose={"greatest": "until"}))["name"] == "长"
    assert values(held({"name": 9}, {"name": 10}, choose={"greatest": "name"}))["name"] == 10
    assert values(held(OLD, choose={"greatest": "until"}))["name"] == "旧"


def test_a_choice_that_cannot_be_made_is_an_ambiguity() -> None:
    for records in ((NEW, {**NEW, "name": "同"}), (NEW, {"name": "无"})):
        with pytest.raises(AmbiguousSubject):
            values(held(*records, choose={"greatest": "until"}))


def test_records_that_differ_only_in_what_is_not_mapped_are_one() -> None:
    assert values(held({**NEW, "row": 1}, {**NEW, "row": 2}))["name"] == "新"


def test_the_record_says_when_it_was_true_or_else_nobody() -> None:
    stamped = held({**NEW, "at": "2026-01-02T00:00:00Z"}, mapping={"source_time": {"path": "at"}})
    assert retrieve(stamped).source_time == datetime(2026, 1, 2, tzinfo=UTC)
    assert retrieve(held(NEW)).source_time is None
    assert retrieve(held(NEW)).retrieved_at == NOW


def test_of_equal_records_the_latest_time_counts() -> None:
    records = [{**NEW, "at": at} for at in ("2026-01-02T00:00:00Z", "2026-03-04T00:00:00Z")]
    assert retrieve(held(*records, mapping={"source_time": {"path": "at"}})).source_time == datetime(
        2026, 3, 4, tzinfo=UTC
    )


def test_one_persons_bad_record_does_not_close_the_source_for_all() -> None:
    asked = held({"name": {"nested": 1}}, limits={"failures": 1})
    for _ in range(3):
        with pytest.raises(SourceGarbled) as caught:
            values(asked)
        assert (caught.value.field, caught.value.source) == ("name", "people")
    assert retrieve(asked, "B1").outcome is Outcome.NOT_FOUND


def test_no_time_left_is_no_look_up() -> None:
    with pytest.raises(SourceTimedOut):
        retrieve(held(NEW), deadline=0.0)


def test_what_a_source_tells_about_itself() -> None:
    asked = held(NEW)
    assert (asked.name, asked.evidence_type, asked.trust_grade, asked.fields) == (
        "people", "person", "A", frozenset({"name", "until"})
    )  # fmt: skip
    assert asked.in_flight == 0
    retrieve(asked)
    assert asked.health().last_success == NOW


def test_values_are_shown_to_nobody_by_accident() -> None:
    found = retrieve(held(NEW))
    assert "新" not in repr(found)
    assert "新" not in repr(Record({"name": "新"}))


class Failing:
    """An adapter of a third party whose driver throws its own errors."""

    kind = "failing"
    keeps_deadline = True

    def fetch(self, _: Query) -> tuple[Record, ...]:
        raise RuntimeError("db.internal said: nobody called 11010519491231002X")

    def close(self) -> None: ...


def test_law_8_an_adapters_own_error_counts_against_the_source_and_its_words_stay_inside() -> None:
    adapter = type(memory.ADAPTER)(memory.ADAPTER.parse, lambda *_: Failing(), {})
    settings = {"subject_column": "id", "records": []}
    asked = source("memory", settings, {"name": {"path": "name"}}, adapters={"memory": adapter}, limits={"failures": 2})
    for reason in ("unexpected-RuntimeError", "unexpected-RuntimeError", "breaker-open"):
        with pytest.raises(SourceUnavailable) as caught:
            retrieve(asked)
        assert caught.value.reason == reason
        assert caught.value.__context__ is None


class Closing:
    """A connector that counts how often it is closed, and may fail at it."""

    kind = "closing"
    keeps_deadline = True

    def __init__(self, *, fails: bool = False) -> None:
        self.closed = 0
        self._fails = fails

    def fetch(self, _: Query) -> tuple[Record, ...]:
        return ()

    def close(self) -> None:
        self.closed += 1
        if self._fails:
            raise OSError("the driver's own")


def of(*connectors: Closing) -> Source:
    """A source that is asked through these."""
    described = manifest("memory", {"subject_column": "id", "records": []}, {"fields": {"name": {"column": "name"}}})
    connector, first = (*connectors, None)[:2]
    assert connector is not None
    partial = {} if first is None else {frozenset({"district"}): first}
    return Source(ConnectorManifest.parse(described, {"memory": memory.ADAPTER}), connector, ManualClock(NOW), partial)


@pytest.mark.parametrize("fails", [(), ("first",), ("connector",), ("first", "connector")])
def test_both_connectors_of_a_source_are_closed_once_whatever_one_of_them_ends_with(fails: tuple[str, ...]) -> None:
    connector, first = Closing(fails="connector" in fails), Closing(fails="first" in fails)
    asked = of(connector, first)
    with pytest.raises(OSError, match="the driver's own") if fails else nullcontext():
        asked.close()
    assert (connector.closed, first.closed) == (1, 1)


def test_the_only_connector_of_a_source_is_closed_once() -> None:
    connector = Closing()
    of(connector).close()
    assert connector.closed == 1


class Answering:
    """An adapter of a third party whose record holds nothing to be mapped."""

    kind = "answering"
    keeps_deadline = True

    def fetch(self, _: Query) -> tuple[Record, ...]:
        return (Record(cast("dict[str, Any]", None)),)

    def close(self) -> None: ...


def test_law_8_an_answer_no_mapping_can_be_applied_to_is_garbled_and_its_words_stay_inside() -> None:
    adapter = type(memory.ADAPTER)(memory.ADAPTER.parse, lambda *_: Answering(), {})
    settings = {"subject_column": "id", "records": []}
    asked = source("memory", settings, {"name": {"column": "name"}}, adapters={"memory": adapter})
    with pytest.raises(SourceGarbled) as caught:
        retrieve(asked)
    assert (caught.value.reason, caught.value.source) == ("unexpected-TypeError", "people")
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", ["", " A1", "A1 ", "A\n1", "A\x00", "A\x7f", "A\x85", "\ud800", "x" * 257])
def test_what_no_register_holds_is_not_asked(value: str) -> None:
    assert not askable(Query(SubjectRef("citizen-number", value)))
    assert not askable(Query(SubjectRef("citizen-number", "A1"), {"other": value}))
    assert retrieve(held({"id": value, **NEW}), value).outcome is Outcome.NOT_FOUND


def test_templates_fill_places_and_leave_everything_else() -> None:
    query = Query(SubjectRef("citizen-number", "{scheme}"), {"why": "{subject}"})
    assert template("{subject}")(query) == "{scheme}"
    assert (
        template("a{subject}b{why}c{scheme}{ {Unknown} {}")(query) == "a{scheme}b{subject}ccitizen-number{ {Unknown} {}"
    )
    assert template("{why}", str.upper)(query) == "{SUBJECT}"
    with pytest.raises(SourceMisconfigured):
        template("{missing}")(query)
