"""A source that is a person: what of the port's laws it can keep, it keeps; it never claims that there is no record."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Query, Record
from connectors.errors import SourceGarbled, SourceUnavailable
from connectors.kit.bench import source
from connectors.kit.laws import INJECTIONS
from connectors.manual import ADAPTER, LONGEST_DAYS
from connectors.registry import findings
from connectors.source import Outcome
from connectors.templates import askable
from kernel.clock import SystemClock
from kernel.identifiers.subject import SubjectRef

CLINIC, HOSPITAL = "11500000DEM000250G", "11500000DEM000260H"
OFFICE = {"organisation": CLINIC, "division": "500199"}
SETTINGS: dict[str, Any] = {"office": OFFICE, "substitutes": [{"organisation": HOSPITAL}], "clock": {"hours": 24}}
FIELDS = {"name": {"column": "full name", "required": True}, "born": {"column": "born", "date": "yyyyMMdd"}}


def wrong(**manual: Any) -> list[str]:
    """Where a manifest with this section is wrong."""
    section = {name: value for name, value in (SETTINGS | manual).items() if value is not None}
    spec = {
        "evidence_type": "person",
        "adapter": "manual",
        "trust_grade": "B",
        "manual": section,
        "mapping": {"fields": FIELDS},
    }
    found = findings({"kind": "Connector", "metadata": {"name": "people"}, "spec": spec})
    return [".".join(map(str, one.where)) for one in found]


def test_it_says_later_whoever_is_asked_for_and_who_answers() -> None:
    with source("manual", SETTINGS, FIELDS) as people:
        assert people.responder is not None
        assert [office.organisation for office in people.responder.offices] == [CLINIC, HOSPITAL]
        assert (people.responder.days, people.responder.hours) == (0, 24)
        found = people.retrieve(Query(SubjectRef("citizen-number", "A1")))
        assert (found.outcome, found.values, found.source_time) == (Outcome.LATER, {}, None)
        assert people.probe() is Outcome.LATER
        assert people.in_flight == 0


@pytest.mark.parametrize("value", INJECTIONS)
def test_K1_law_4_what_no_register_could_hold_is_a_subject_nobody_has(value: str) -> None:
    query = Query(SubjectRef("citizen-number", value))
    with source("manual", SETTINGS, FIELDS) as people:
        expected = Outcome.LATER if askable(query) else Outcome.NOT_FOUND
        assert people.retrieve(query).outcome is expected


def test_laws_8_and_9_whoever_fetches_all_the_same_learns_that_nobody_can() -> None:
    connector = ADAPTER.open(ADAPTER.parse(SETTINGS, frozenset({"born"})), None)  # type: ignore[arg-type]
    assert (connector.kind, connector.keeps_deadline) == ("manual", True)
    for _ in range(2):
        with pytest.raises(SourceUnavailable) as refused:
            connector.fetch(Query(SubjectRef("citizen-number", "A1")))
        assert "A1" not in str(refused.value)
        connector.close()


def test_what_is_typed_goes_through_the_mapping() -> None:
    with source("manual", SETTINGS, FIELDS, clock=SystemClock()) as people:
        found = people.read(Record({"full name": " 张三 ", "born": "20260102"}))
        assert (found.outcome, found.values) == (Outcome.FOUND, {"name": "张三", "born": "2026-01-02"})
        for record in ({"full name": "", "born": None}, {"full name": "张三", "born": "下个月"}):
            with pytest.raises(SourceGarbled) as garbled:
                people.read(Record(record))
            assert garbled.value.source == "people"


def test_a_manifest_names_offices_and_a_time_that_a_request_can_wait() -> None:
    assert wrong() == []
    assert wrong(clock=None) == []
    assert wrong(office={"organisation": "clinic"}) == ["spec.manual.office.organisation"]
    assert wrong(substitutes=[OFFICE]) == ["spec.manual.substitutes"]
    assert wrong(office={"organisation": CLINIC, "division": "5001"}) == ["spec.manual.office.division"]
    assert wrong(clock={"days": 2, "hours": 1}) != []
    assert wrong(clock={"days": LONGEST_DAYS}) == ["spec.manual.clock"]
    assert wrong(clock={"days": LONGEST_DAYS}, substitutes=[]) == []
    assert wrong(clock={"days": LONGEST_DAYS + 1}, substitutes=[]) == ["spec.manual.clock.days"]
    assert wrong(guidance={"zh": "查登记簿"}) == ["spec.manual.guidance"]
