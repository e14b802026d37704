"""The mapping: from a source's words to ours, and what is refused rather than guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceGarbled
from connectors.faults import ManifestFault
from connectors.mapping import Mapping
from kernel.canonical import decode, encode
from kernel.manifests import dotted


def value(rule: dict[str, Any], raw: object, **tables: dict[str, Any]) -> object:
    mapping = Mapping.compile({"fields": {"ours": {"column": "theirs", **rule}}, "code_tables": tables})
    return mapping.apply({"theirs": raw}).values.get("ours")


def test_a_code_on_record_is_read_though_its_check_character_is_wrong() -> None:
    """And the mapping is another one by it: what was indexed without the record is read again."""
    rule = {"fields": {"ours": {"column": "theirs", "normalise": "social-credit-code"}}}
    recorded = Mapping.compile(rule, frozenset({"91350100M000100Y44"}))
    assert recorded.apply({"theirs": "91350100m000100y44"}).values == {"ours": "91350100M000100Y44"}
    with pytest.raises(SourceGarbled):
        recorded.apply({"theirs": "91350100M000100Y45"})
    assert recorded.digest != Mapping.compile(rule).digest


def garbled(rule: dict[str, Any], raw: object, **tables: dict[str, Any]) -> SourceGarbled:
    with pytest.raises(SourceGarbled) as caught:
        value(rule, raw, **tables)
    return caught.value


def faults(mapping: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ManifestFault) as caught:
        Mapping.compile(mapping)
    return [(dotted(finding.where), finding.message.en) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("yyyyMMdd", "20260102", "2026-01-02"),
        ("yyyy-MM-dd", "2026-01-02", "2026-01-02"),
        ("yyyy年MM月dd日", "2026年01月02日", "2026-01-02"),
        ("yyyy年M月d日", "2026年1月2日", "2026-01-02"),
        ("yyyy/M/d", "2026/1/2", "2026-01-02"),
        ("yyyy/M/d", "2026/11/23", "2026-11-23"),
        ("yyyy.MM.dd", "2026.01.02", "2026-01-02"),
        ("yyyyMMddHHmmss", "20260102235959", "2026-01-02"),
        ("iso", "2026-01-02", "2026-01-02"),
        ("iso", "2026-01-02T23:30:00", "2026-01-02"),
        ("iso", "2026-01-02T23:30:00Z", "2026-01-03"),
        ("yyyyMMdd", "　２０２６０１０２ ", "2026-01-02"),
        ("yyyyMMdd", 20260102, "2026-01-02"),
        ("yyyyMMdd", date(2026, 1, 2), "2026-01-02"),
        ("yyyyMMdd", datetime(2026, 1, 2, 23), "2026-01-02"),  # noqa: DTZ001 - as a driver gives it
        ("yyyyMMdd", datetime(2026, 1, 2, 23, tzinfo=UTC), "2026-01-03"),
        ("yyyyMMdd", "20240229", "2024-02-29"),
    ],
)
def test_dates_of_every_declared_form_become_iso_dates(form: str, text: object, day: str) -> None:
    assert value({"date": form}, text) == day


@pytest.mark.parametrize("word", ["长期", " 长期 ", "长期有效", "永久", "Permanent", "PERMANENT"])
def test_no_expiry_is_a_value_of_its_own_not_a_far_date(word: str) -> None:
    assert value({"date": "yyyyMMdd"}, word) == "长期"
    assert value({"datetime": "iso"}, word) == "长期"


@pytest.mark.parametrize("word", ["L", "99991231", "l"])
def test_further_spellings_of_no_expiry_are_declared(word: str) -> None:
    assert value({"date": "yyyyMMdd", "long_term": ["L", "99991231"]}, word) == "长期"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02",
        "20260230",
        "20261301",
        "2026010",
        "202601020",
        "L",
        "今天",
        "20260102 ",
        "x" * 1000,
        True,
        ["20260102"],
        "２０２６/01/02",
    ],
)
def test_what_has_not_the_declared_form_is_garbled_and_names_our_field(text: object) -> None:
    if text == "20260102 ":
        assert value({"date": "yyyyMMdd"}, text) == "2026-01-02"
        return
    problem = garbled({"date": "yyyyMMdd"}, text)
    assert problem.field == "ours"
    assert "theirs" not in problem.text.en + problem.text.zh + problem.reason


@pytest.mark.parametrize(
    ("rule", "raw"),
    [
        ({"datetime": "iso"}, "0001-01-01T00:00:00"),
        ({"datetime": "iso"}, "0001-01-01T07:59:59+08:00"),
        ({"datetime": "iso"}, datetime(1, 1, 1)),  # noqa: DTZ001 - as a driver gives it
        ({"datetime": "iso"}, "9999-12-31T23:59:59-00:01"),
        ({"date": "iso"}, "9999-12-31T23:00:00Z"),
        ({"date": "iso", "several": True}, ["9999-12-31T16:00:00Z"]),
    ],
)
def test_a_moment_beyond_the_calendar_of_utc_or_china_is_garbled(rule: dict[str, Any], raw: object) -> None:
    """Registers write such days for “never” and “for ever”; they overflow on their way to the other offset."""
    problem = garbled(rule, raw)
    assert (problem.reason, problem.field) == ("value", "ours")


@pytest.mark.parametrize(("text", "day"), [("00010101", "0001-01-01"), ("99991231", "9999-12-31")])
def test_the_first_and_the_last_day_are_days(text: str, day: str) -> None:
    assert value({"date": "yyyyMMdd"}, text) == day


def test_one_of_several_declared_forms_is_enough() -> None:
    rule = {"date": ["yyyyMMdd", "yyyy年M月d日"]}
    assert value(rule, "2026年1月2日") == value(rule, "20260102") == "2026-01-02"


@pytest.mark.parametrize("form", ["yyyyMM", "MMdd", "", "yyyyMMddMM", "dd"])
def test_a_form_without_a_whole_day_is_a_fault_of_the_manifest(form: str) -> None:
    assert faults({"fields": {"born": {"column": "b", "date": form}}})[0][0] == "fields.born.date"


@given(
    day=st.dates(min_value=date(1000, 1, 1)),
    form=st.sampled_from(["yyyyMMdd", "yyyy-MM-dd", "yyyy年MM月dd日", "yyyy/M/d"]),
)
def test_every_day_written_in_a_form_is_read_back(day: date, form: str) -> None:
    written = form.replace("yyyy", f"{day.year:04}").replace("MM", f"{day.month:02}").replace("dd", f"{day.day:02}")
    written = written.replace("M", str(day.month)).replace("d", str(day.day))
    assert value({"date": form}, written) == day.isoformat()


def test_instants_are_given_in_utc_and_are_chinese_where_the_source_does_not_say() -> None:
    assert value({"datetime": "yyyyMMddHHmmss"}, "20260102080000") == "2026-01-02T00:00:00Z"
    assert value({"datetime": "iso"}, "2026-01-02T08:00:00.5+01:00") == "2026-01-02T07:00:00.500000Z"


@pytest.mark.parametrize(
    ("raw", "ours"),
    [("1", "male"), (1, "male"), (" 2 ", "female"), ("２", "female"), (True, "yes"), ("x", "unknown code")],
)
def test_codes_are_translated_by_their_table(raw: object, ours: object) -> None:
    table = {"1": "male", "2": "female", "true": "yes", "X": "unknown code"}
    assert value({"codes": table}, raw) == ours
    assert value({"codes": "sex"}, raw, sex=table) == ours


def test_an_unknown_code_is_garbled_unless_the_manifest_says_otherwise() -> None:
    assert garbled({"codes": {"1": "male"}}, "9").field == "ours"
    assert value({"codes": {"1": "male"}, "otherwise": "other"}, "9") == "other"
    assert value({"codes": {"1": "male"}, "otherwise": None}, "9") is None


def test_codes_may_mean_numbers_or_truth() -> None:
    assert value({"codes": {"Y": True, "N": False}}, "n") is False


@pytest.mark.parametrize(
    ("raw", "ours"),
    [
        ("  张三　", "张三"),
        ("", None),
        ("   ", None),
        (None, None),
        (True, True),
        (12, 12),
        (2**53 - 1, 2**53 - 1),
        (500199199001010019, "500199199001010019"),
        (Decimal("0.10"), "0.10"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_single_values_pass_as_they_are(raw: object, ours: object) -> None:
    assert value({}, raw) == ours


@pytest.mark.parametrize(
    "raw", [{"nested": 1}, ["a"], Decimal("NaN"), Decimal("Infinity"), Decimal("1E+999999"), Decimal("1E-999999")]
)
def test_E4_nested_values_and_monsters_never_pass_as_a_field(raw: object) -> None:
    assert garbled({}, raw).field == "ours"


@pytest.mark.parametrize(
    ("kind", "raw", "ours"),
    [
        ("text", 12, "12"),
        ("text", True, "true"),
        ("integer", "12", 12),
        ("integer", Decimal("12.00"), 12),
        ("integer", "-3", -3),
        ("decimal", "89.50", "89.50"),
        ("decimal", 7, "7"),
        ("boolean", False, False),
    ],
)
def test_a_declared_type_is_kept(kind: str, raw: object, ours: object) -> None:
    got = value({"type": kind}, raw)
    assert got == ours
    assert type(got) is type(ours)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("integer", "12.5"),
        ("integer", "twelve"),
        ("integer", True),
        ("integer", "1_000"),
        ("integer", "１２"),
        ("integer", "NaN"),
        ("integer", "sNaN"),
        ("integer", "-sNaN7"),
        ("integer", "1e9999999"),
        ("integer", "9" * 30),
        ("integer", "1" * 99),
        ("decimal", "x"),
        ("decimal", "Infinity"),
        ("decimal", "sNaN"),
        ("decimal", False),
        ("boolean", "true"),
        ("boolean", 1),
    ],
)
def test_what_has_not_the_declared_type_is_garbled(kind: str, raw: object) -> None:
    assert garbled({"type": kind}, raw).field == "ours"


def test_names_and_codes_get_their_normal_spelling() -> None:
    assert value({"normalise": "name"}, "买买提 • 吐尔逊") == "买买提·吐尔逊"
    assert value({"normalise": "code"}, "ａb1 ") == "AB1"
    assert value({"normalise": "citizen-number"}, "11010519491231002x") == "11010519491231002X"
    assert garbled({"normalise": "citizen-number"}, "110105194912310021").field == "ours"
    assert garbled({"normalise": "social-credit-code"}, "91350100M000100Y4Z").field == "ours"


def test_a_required_field_without_a_value_is_garbled_and_names_our_field_only() -> None:
    problem = garbled({"required": True}, "  ")
    assert (problem.field, problem.reason) == ("ours", "required")
    assert problem.text.en.endswith("field ours")
    assert garbled({"several": True, "required": True}, []).reason == "required"


def test_a_column_that_has_gone_is_drift_even_where_the_field_is_optional() -> None:
    with pytest.raises(SourceGarbled) as caught:
        Mapping.compile({"fields": {"ours": {"column": "theirs"}}}).apply({"other": 1})
    assert (caught.value.field, caught.value.reason) == ("ours", "columns-missing")


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("person.name", "张三"),
        ("person.missing.deeper", None),
        ("person.name.deeper", None),
        ('person."full name"', "张三丰"),
        ("phones[0].number", "13800000000"),
        ("phones[?kind=='home'].number | [0]", "02300000000"),
        ("join('', [person.name, '!'])", "张三!"),
    ],
)
def test_paths_are_jmespath(path: str, ours: object) -> None:
    record = {
        "person": {"name": "张三", "full name": "张三丰"},
        "phones": [{"kind": "mobile", "number": "13800000000"}, {"kind": "home", "number": "02300000000"}],
    }
    assert Mapping.compile({"fields": {"ours": {"path": path}}}).apply(record).values.get("ours") == ours


def test_a_path_that_fails_on_a_record_is_garbled() -> None:
    mapping = Mapping.compile({"fields": {"ours": {"path": "join('', [a, b])"}}})
    with pytest.raises(SourceGarbled) as caught:
        mapping.apply({"a": 1, "b": None})
    assert caught.value.field == "ours"


def test_several_values_become_a_list_of_single_values() -> None:
    mapping = Mapping.compile({"fields": {"ours": {"path": "members[].id", "several": True, "normalise": "code"}}})
    assert mapping.apply({"members": [{"id": "a1"}, {"id": None}, {"id": "b2 "}]}).values == {"ours": ["A1", "B2"]}
    assert mapping.apply({"members": []}).values == {"ours": []}
    assert mapping.apply({}).values == {}
    for wrong in ("text", {"id": 1}, 5):
        with pytest.raises(SourceGarbled):
            Mapping.compile({"fields": {"ours": {"column": "m", "several": True}}}).apply({"m": wrong})


def test_a_constant_needs_no_source() -> None:
    assert Mapping.compile({"fields": {"country": {"constant": "CN"}}}).apply({}).values == {"country": "CN"}


def test_the_source_time_comes_from_where_the_manifest_says() -> None:
    rule = {"fields": {"ours": {"constant": 1}}, "source_time": {"column": "at", "datetime": "yyyyMMddHHmmss"}}
    mapping = Mapping.compile(rule)
    assert mapping.apply({"at": "20260102080000"}).source_time == datetime(2026, 1, 2, tzinfo=UTC)
    assert mapping.apply({"at": None}).source_time is None
    with pytest.raises(SourceGarbled, match="garbled") as caught:
        mapping.apply({"at": "yesterday"})
    assert caught.value.field == "source_time"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00", "0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_utc_cannot_write_is_garbled_before_it_reaches_evidence(at: str) -> None:
    """Evidence says its source's time in UTC; whoever wrote it there would fail, far from whose fault it is."""
    whole = Mapping.compile({"fields": {"ours": {"constant": 1}}, "source_time": {"column": "at"}})
    single = Mapping.compile({"fields": {"ours": {"constant": 1, "time": {"column": "at"}}}})
    for mapping, name in ((whole, "source_time"), (single, "ours")):
        with pytest.raises(SourceGarbled) as caught:
            mapping.apply({"at": at})
        assert (caught.value.reason, caught.value.field) == ("value", name)


def test_a_source_time_is_iso_where_the_manifest_names_no_form() -> None:
    mapping = Mapping.compile({"fields": {"ours": {"constant": 1}}, "source_time": {"path": "head.at"}})
    china = timezone(timedelta(hours=8))
    assert mapping.apply({"head": {"at": "2026-01-02 08:00:00"}}).source_time == datetime(2026, 1, 2, 8, tzinfo=china)
    day = Mapping.compile({"fields": {"ours": {"constant": 1}}, "source_time": {"column": "on", "date": "yyyyMMdd"}})
    assert day.apply({"on": "20260102"}).source_time == datetime(2026, 1, 2, tzinfo=china)


def test_faults_of_a_manifest_are_all_reported_with_their_places() -> None:
    found = faults(
        {
            "fields": {
                "both": {"column": "a", "path": "b"},
                "none": {},
                "path": {"path": "a..b["},
                "table": {"column": "a", "codes": "nowhere"},
                "fine": {"column": "a"},
            }
        }
    )
    assert [place for place, _ in found] == ["fields.both", "fields.none", "fields.path.path", "fields.table.codes"]
    assert faults({"fields": {"a": {"constant": 1}}, "source_time": {"path": "a["}})[0][0] == "source_time.path"


MONSTERS = ("sNaN", "-sNaN1", "1e9999999", "0001-01-01T00:00:00", "9999-12-31T23:00:00Z", "9999-12-31T23:59:59-12:00")
RAW = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.sampled_from(MONSTERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ALWAYS = {"several": st.booleans(), "required": st.booleans()}
STEPS = {
    "type": st.sampled_from(["text", "integer", "decimal", "boolean"]),
    "normalise": st.sampled_from(["name", "code", "citizen-number"]),
    "codes": st.just({"1": "one", "X": True}),
}
FORMS = st.sampled_from(["yyyyMMdd", "iso"])
RULES = (
    st.fixed_dictionaries({}, optional=ALWAYS | STEPS)
    | st.fixed_dictionaries({"date": FORMS}, optional=ALWAYS)
    | st.fixed_dictionaries({"datetime": FORMS}, optional=ALWAYS)
)


@given(rule=RULES, raw=RAW)
def test_E4_whatever_comes_is_one_of_our_values_or_garbled(rule: dict[str, Any], raw: object) -> None:
    mapping = Mapping.compile({"fields": {"ours": {"column": "theirs", **rule}}})
    try:
        values = mapping.apply({"theirs": raw, "secret": "never"}).values
    except SourceGarbled as problem:
        assert problem.field == "ours"  # noqa: PT017 - both ends are lawful, each has its own law
        return
    assert values.keys() <= {"ours"}
    assert decode(encode(values)) == values
