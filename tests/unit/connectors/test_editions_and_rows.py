"""Code tables that change with time and place, several rows to one record, and when each field was true."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import memory
from connectors.errors import AmbiguousSubject, SourceGarbled
from connectors.registry import STANDARD, findings
from connectors.source import Source
from kernel.clock import ManualClock
from tests.doubles.connectors import manifest, retrieve, source, values

ADAPTERS = {"memory": memory.ADAPTER, **STANDARD}
NATION = {
    "dated_by": {"path": "day", "date": "yyyyMMdd"},
    "division_from": {"path": "place"},
    "editions": [
        {"until": "2020-12-31", "codes": {"1": "old"}},
        {"since": "2021-01-01", "codes": {"1": "new", "2": "two"}},
        {"since": "2022-01-01", "division": "500000", "codes": {"1": "city"}},
        {"since": "2022-01-01", "division": "500101", "codes": {"1": "district"}},
    ],
}


def asked(*rows: dict[str, Any], fields: dict[str, Any], **spec: Any) -> Source:
    settings = {"subject_column": "id", "records": [{"id": "A1", **row} for row in rows]}
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    return source("memory", settings, fields, adapters=ADAPTERS, clock=clock, **spec)


def nation(table: dict[str, Any] = NATION, **row: Any) -> Any:
    rules = {"nation": {"path": "code", "codes": "nation"}}
    return values(asked(row, fields=rules, mapping={"code_tables": {"nation": table}})).get("nation")


@pytest.mark.parametrize(
    ("day", "place", "meaning"),
    [
        ("20201231", "110101", "old"),
        ("20210101", "110101", "new"),
        ("20220101", "500102", "city"),
        ("20220101", "500101001002", "district"),
        ("20211231", "500101", "new"),
    ],
)
def test_the_edition_is_that_of_the_records_day_and_division(day: str, place: str, meaning: str) -> None:
    assert nation(code="1", day=day, place=place) == meaning


def test_which_edition_it_is_is_never_guessed() -> None:
    for row, reason in (
        ({"code": "2", "day": "20220101", "place": "500101"}, "code"),  # the district's edition has no such code
        ({"code": "1", "place": "500101"}, "code-day"),
        ({"code": "1", "day": "20220101"}, "code-division"),
        ({"code": "1", "day": "someday", "place": "500101"}, "value"),
    ):
        with pytest.raises(SourceGarbled) as caught:
            nation(**row)
        assert (caught.value.field, caught.value.reason) == ("nation", reason)
    with pytest.raises(SourceGarbled) as caught:
        nation({**NATION, "editions": NATION["editions"][3:]}, code="1", day="20220101", place="110101")
    assert caught.value.reason == "code-edition"
    assert nation(day="20220101") is None  # nothing to translate


@pytest.mark.parametrize(
    "table",
    [
        {"editions": [{"since": "2021-01-01", "codes": {"1": "a"}}]},
        {"editions": [{"division": "500101", "codes": {"1": "a"}}]},
        {"editions": [{"codes": {"1": "a"}}, {"codes": {"1": "b"}}]},
        {**NATION, "editions": [{"since": day, "codes": {"1": "a"}} for day in ("2021-01-01", "2020-01-01")]},
        {**NATION, "editions": [{"since": "soon", "codes": {"1": "a"}}]},
        {**NATION, "editions": [{"since": "2021-02-01", "until": "2021-01-01", "codes": {"1": "a"}}]},
    ],
)  # fmt: skip
def test_editions_that_contradict_each_other_are_findings(table: dict[str, Any]) -> None:
    mapping = {"fields": {"nation": {"path": "code", "codes": "nation"}}, "code_tables": {"nation": table}}
    found = findings(manifest("memory", {"subject_column": "id", "records": []}, mapping), ADAPTERS)
    assert [one.where[:4] for one in found] == [("spec", "mapping", "fields", "nation")]


def test_the_columns_an_edition_is_chosen_by_are_read_too() -> None:
    table = {**NATION, "dated_by": {"column": "day"}, "division_from": {"column": "place"}}
    mapping = {
        "fields": {"nation": {"column": "code", "codes": "nation", "time": {"column": "at"}}},
        "code_tables": {"nation": table, "plain": {"a": "b"}},
    }
    described = manifest(
        "sql", {"url": "sqlite:///x", "table": "t", "subject_column": "id", "columns": ["code"]}, mapping
    )
    said = " ".join(one.message.en for one in findings(described, ADAPTERS))
    for column in ("day", "place", "at"):
        assert column in said


MEMBERS = {
    "household": {"path": "book"},
    "member_name": {"path": "name"},
    "member_relation": {"path": "relation"},
    "plate": {"path": "plate"},
}
ROWS = (
    {"book": "H1", "name": "乙", "relation": "spouse", "plate": "渝A2"},
    {"book": "H1", "name": "甲", "relation": "self", "plate": "渝A1"},
    {"book": "H1", "name": "丙", "plate": "渝A1"},
)
GATHER = {"members": ["member_name", "member_relation"], "plates": "plate"}


@given(order=st.permutations(ROWS))
def test_rows_are_gathered_into_one_record_whatever_their_order(order: list[dict[str, Any]]) -> None:
    found = values(asked(*order, order[0], fields=MEMBERS, gather=GATHER))
    assert found == {
        "household": "H1",
        "members": [
            {"member_name": "丙"},
            {"member_name": "乙", "member_relation": "spouse"},
            {"member_name": "甲", "member_relation": "self"},
        ],
        "plates": ["渝A1", "渝A2"],
    }


def test_rows_that_differ_outside_the_lists_are_ambiguous() -> None:
    with pytest.raises(AmbiguousSubject):
        values(asked(ROWS[0], {**ROWS[1], "book": "H2"}, fields=MEMBERS, gather=GATHER))
    assert "members" not in values(asked({"book": "H1"}, fields=MEMBERS, gather=GATHER))
    assert asked(fields=MEMBERS, gather=GATHER).fields == {"household", "members", "plates"}


@pytest.mark.parametrize(
    "spec",
    [
        {"gather": {"members": ["nobody"]}},
        {"gather": {"household": ["member_name"]}},
        {"gather": {"one": ["plate"], "two": "plate"}},
        {"gather": GATHER, "choose": {"greatest": "household"}},
    ],
)
def test_a_gathering_that_makes_no_sense_is_a_finding(spec: dict[str, Any]) -> None:
    described = manifest("memory", {"subject_column": "id", "records": []}, {"fields": MEMBERS}, **spec)
    assert len(findings(described, ADAPTERS)) == 1


TIMED = {"name": {"path": "name"}, "phone": {"path": "phone", "time": {"path": "phone_at", "date": "yyyyMMdd"}}}
AGE = {"source_time": {"path": "at"}}


def test_the_newest_record_is_taken_by_its_time_where_the_manifest_says_so() -> None:
    rows = [{"name": name, "at": f"2026-0{month}-01T00:00:00Z"} for month, name in ((1, "旧"), (3, "新"), (2, "中"))]
    for order in itertools.permutations(rows):
        assert values(asked(*order, fields=TIMED, mapping=AGE, choose={"greatest": "source_time"}))["name"] == "新"
        assert values(asked(*order, fields=TIMED, mapping=AGE, choose={"least": "source_time"}))["name"] == "旧"
    for more in ({"name": "无"}, {**rows[1], "name": "同"}):
        with pytest.raises(AmbiguousSubject):
            values(asked(*rows, more, fields=TIMED, mapping=AGE, choose={"greatest": "source_time"}))


def test_a_field_may_have_a_time_of_its_own() -> None:
    found = retrieve(
        asked({"name": "甲", "phone": "1", "phone_at": "20260102", "at": "2026-05-01"}, fields=TIMED, mapping=AGE)
    )
    assert found.times == {"phone": datetime(2026, 1, 1, 16, tzinfo=UTC)}
    assert found.source_time == datetime(2026, 4, 30, 16, tzinfo=UTC)
    assert retrieve(asked({"name": "甲", "phone": "1"}, fields=TIMED)).times == {}
    assert retrieve(asked({"name": "甲", "phone_at": "20260102"}, fields=TIMED)).times == {}
    with pytest.raises(SourceGarbled) as caught:
        retrieve(asked({"name": "甲", "phone": "1", "phone_at": "soon"}, fields=TIMED))
    assert caught.value.field == "phone"


def test_a_gathered_record_is_as_old_as_its_oldest_row() -> None:
    rows = [{**row, "at": f"2026-0{at}-01T00:00:00Z"} for at, row in enumerate(ROWS, 1)]
    assert retrieve(asked(*rows, fields=MEMBERS, mapping=AGE, gather=GATHER)).source_time == datetime(
        2026, 1, 1, tzinfo=UTC
    )
    assert retrieve(asked(*rows, ROWS[0], fields=MEMBERS, mapping=AGE, gather=GATHER)).source_time is None
