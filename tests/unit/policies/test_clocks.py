"""Clocks over the real tables of 2025 and 2026: holidays, make-up weekends, pauses, warnings, and what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from exchange.clocks.rules import shipped
from kernel.dates import CHINA
from kernel.text import Text
from policies.clocks.calendar import CalendarTable, InvalidClockRule, WorkingCalendar, in_force
from policies.clocks.document import profile_from_json, profile_to_json, table_from_json, table_to_json
from policies.clocks.profile import ShareType, SlaProfile, SlaRule, Stage, profile_for
from policies.clocks.run import Pause, Run, deadline, due, in_words, standing, warning

TABLES = tuple(map(table_from_json, shipped("calendar")))
PROFILES = tuple(map(profile_from_json, shipped("sla_profiles")))
CALENDAR = WorkingCalendar.of(TABLES, date(2026, 11, 28))
CITED = Text("演示通知", "demo notice")


def at(month: int, day: int, hour: int = 10, year: int = 2025) -> datetime:
    return datetime(year, month, day, hour, tzinfo=CHINA)


def run(days: int, began: datetime, *pauses: Pause, stage: Stage = Stage.PROVIDER_ANSWER) -> Run:
    return Run(stage=stage, days=days, began=began, pauses=pauses)


def last_day(run_: Run) -> date:
    ends = deadline(run_, CALENDAR)
    assert ends is not None
    assert ends.astimezone(CHINA).timetz().replace(tzinfo=None).isoformat() == "00:00:00"
    return (ends - timedelta(days=1)).astimezone(CHINA).date()


@pytest.mark.parametrize(("year", "holidays", "workdays", "worked"), [(2025, 28, 5, 248), (2026, 33, 6, 248)])
def test_the_shipped_year_has_the_announced_number_of_days(
    year: int, holidays: int, workdays: int, worked: int
) -> None:
    """2025: New Year 1, Spring Festival 8, Qingming 3, Labour Day 5, Dragon Boat 3, National Day 8.

    2026: New Year 3, Spring Festival 9, Qingming 3, Labour Day 5, Dragon Boat 3, Mid-Autumn 3, National Day 7.
    """
    (table,) = (table for table in TABLES if table.year == year)
    assert (len(table.holidays), len(table.workdays)) == (holidays, workdays)
    assert {day.year for day in table.holidays | table.workdays} == {year}
    assert {day.weekday() for day in table.workdays} <= {5, 6}  # a make-up day is a weekend
    calendar = WorkingCalendar.of(TABLES, date(year, 6, 1))
    assert calendar.working_days(date(year - 1, 12, 31), date(year, 12, 31)) == worked


@pytest.mark.parametrize(
    ("days", "began", "expected"),
    [
        (1, at(9, 26), date(2025, 9, 28)),  # Friday: the next working day is the make-up Sunday
        (2, at(9, 26), date(2025, 9, 29)),
        (4, at(9, 26), date(2025, 10, 9)),  # over National Day and Mid-Autumn, 1 to 8 October
        (6, at(9, 26), date(2025, 10, 11)),  # and the make-up Saturday after it
        (10, at(9, 24), date(2025, 10, 14)),
        (10, at(9, 24, 23), date(2025, 10, 14)),  # the hour of the day does not matter
        (10, at(1, 20), date(2025, 2, 8)),  # over the Spring Festival, with both of its make-up days
        (20, at(8, 1, year=2025), date(2025, 8, 29)),
    ],
)
def test_a_deadline_counts_holidays_and_makeup_weekends(days: int, began: datetime, expected: date) -> None:
    assert last_day(run(days, began)) == expected


def test_the_day_is_chinas_wherever_the_clock_stands() -> None:
    """23:30 UTC on the 24th is the morning of the 25th in China."""
    began = datetime(2025, 9, 24, 23, 30, tzinfo=UTC)
    assert last_day(run(1, began)) == date(2025, 9, 26)


def test_nine_and_eleven_days_old_over_the_national_day_break() -> None:
    """The two requests of the seeded bad cases: one is in time, the other is late."""
    clock = run(10, at(9, 24))
    early = standing(clock, CALENDAR, at(10, 13))
    assert (early.late, early.left, early.overdue) == (False, 2, 0)
    late = standing(clock, CALENDAR, at(10, 15))
    assert (late.late, late.left, late.overdue) == (True, 0, 1)
    assert in_words(late) == Text("提供部门答复：已逾期 1 个工作日", "the provider's answer: overdue by 1 working day")


def test_it_warns_in_the_working_day_in_which_four_fifths_are_used() -> None:
    assert due(run(10, at(9, 24)), CALENDAR) == {80: at(10, 13, 0), 100: at(10, 15, 0)}
    assert warning(run(1, at(9, 30)), CALENDAR) == at(10, 9, 0)
    assert warning(run(5, at(11, 3)), CALENDAR) == at(11, 10, 0)


def test_a_pause_takes_its_days_out_and_hides_what_lies_beyond_it() -> None:
    open_ended = run(10, at(11, 3), Pause(at(11, 5)))
    assert deadline(open_ended, CALENDAR) is None
    here = standing(open_ended, CALENDAR, at(11, 24))
    assert (here.paused, here.left, here.late) == (True, 8, False)
    assert "暂停" in in_words(here).zh
    assert "with 8 working days left" in in_words(here).en
    resumed = run(10, at(11, 3), Pause(at(11, 5), at(11, 12)))
    assert last_day(run(10, at(11, 3))) == date(2025, 11, 17)
    assert last_day(resumed) == date(2025, 11, 24)  # 6, 7, 10, 11 and 12 November do not count
    assert last_day(run(10, at(11, 3), Pause(at(11, 5, 9), at(11, 5, 17)))) == date(2025, 11, 17)
    # Asked for on a Saturday, supplied on the Monday: the day on which it goes on is not counted, as when it began.
    assert last_day(run(10, at(11, 3), Pause(at(11, 8), at(11, 10)))) == date(2025, 11, 18)


def test_what_is_late_stays_late_when_it_is_paused_afterwards() -> None:
    clock = run(1, at(11, 3), Pause(at(11, 6)))
    assert standing(clock, CALENDAR, at(11, 7)).late


def test_the_days_left_are_said_in_words() -> None:
    clock = run(10, at(11, 3))
    assert in_words(standing(clock, CALENDAR, at(11, 3))).en == "the provider's answer: 10 working days left"
    assert in_words(standing(clock, CALENDAR, at(11, 17))).zh == "提供部门答复：余最后 1 个工作日"


def test_a_year_whose_holidays_are_not_announced_is_counted_provisionally() -> None:
    clock = run(20, at(12, 15, year=2026))
    assert standing(clock, CALENDAR, at(12, 16, year=2026)).provisional
    assert not standing(run(2, at(11, 3)), CALENDAR, at(11, 3)).provisional


def test_of_a_year_the_newest_table_counts_and_only_from_its_day() -> None:
    (old,) = (table for table in TABLES if table.year == 2025)
    extra = old.holidays | {date(2025, 12, 12)}
    new = replace(old, effective_from=date(2025, 12, 1), holidays=extra)
    assert in_force((new, old), date(2025, 11, 30)) == (old,)
    before, after = (WorkingCalendar.of((new, old), date(2025, month, 30 if month == 11 else 1)) for month in (11, 12))
    assert before.is_working(date(2025, 12, 12))
    assert not after.is_working(date(2025, 12, 12))


def test_where_two_years_name_one_day_the_later_notice_decides() -> None:
    one = CalendarTable(
        year=2025, effective_from=date(2024, 11, 1), citation=CITED, holidays=frozenset({date(2026, 1, 3)})
    )
    two = CalendarTable(
        year=2026, effective_from=date(2025, 11, 1), citation=CITED, workdays=frozenset({date(2026, 1, 3)})
    )
    assert WorkingCalendar.of((two, one), date(2025, 12, 1)).is_working(date(2026, 1, 3))


@pytest.mark.parametrize(
    "change",
    [
        {"year": 1900},
        {"citation": Text("", "x")},
        {"citation": Text("x" * 501, "x")},
        {"holidays": frozenset(), "workdays": frozenset()},
        {"holidays": frozenset({date(2025, 1, 26)})},  # free and worked
        {"workdays": frozenset({date(2025, 10, 13)})},  # a Monday is worked anyway
        {"holidays": frozenset({date(2026, 2, 1)})},
        {"holidays": frozenset(date(2025, 1, 1) + timedelta(days=day) for day in range(121))},
    ],
)
def test_a_table_that_contradicts_itself_is_refused(change: dict) -> None:
    with pytest.raises(InvalidClockRule) as refused:
        replace(TABLES[0], **change)
    assert refused.value.reason.zh


RULE = SlaRule(Stage.FORM_CHECK, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "Bad"},
        {"title": Text("", "")},
        {"rules": ()},
        {"rules": (RULE, RULE)},
        {"rules": (replace(RULE, days=0),)},
        {"rules": (replace(RULE, days=True),)},
        {"rules": (replace(RULE, days=251),)},
        {"organisations": frozenset({"A"})},
    ],
)
def test_a_profile_that_means_nothing_is_refused(change: dict) -> None:
    profile = SlaProfile(id="local", effective_from=date(2025, 1, 1), title=CITED, citation=CITED, rules=(RULE,))
    with pytest.raises(InvalidClockRule):
        replace(profile, **change)


def test_the_decree_binds_everybody_from_its_day_and_a_local_profile_those_it_names() -> None:
    before, since = date(2025, 7, 31), date(2025, 8, 1)
    assert [profile_for(PROFILES, "A", day).id for day in (before, since)] == ["cn-51-2016", "cn-809-2025"]  # type: ignore[union-attr]
    local = replace(next(one for one in PROFILES if one.id == "local-form-check-2"), organisations=frozenset({"A"}))
    every = (*PROFILES, local)
    assert profile_for(every, "A", since) == local
    assert profile_for(every, "B", since).id == "cn-809-2025"  # type: ignore[union-attr]
    assert profile_for((), "A", since) is None


def test_the_shipped_profiles_are_samples_with_these_days() -> None:
    decree, local, old = (
        next(one for one in PROFILES if one.id == name) for name in ("cn-809-2025", "local-form-check-2", "cn-51-2016")
    )
    assert decree.days(Stage.FORM_CHECK, ShareType.UNCONDITIONAL, published=True) == 1
    assert decree.days(Stage.PROVIDER_ANSWER, ShareType.CONDITIONAL, published=False) == 10
    assert decree.days(Stage.PROVISIONING, ShareType.CONDITIONAL, published=True) == 20
    for each in (decree, old):  # the data office's own promise, and said to be so
        assert each.days(Stage.FORM_CHECK, ShareType.CONDITIONAL, published=True) == 2
        assert "自行承诺的样例" in each.citation.zh
        assert "a sample of what the data office promises of itself" in each.citation.en
    assert [local.days(Stage.PROVIDER_ANSWER, ShareType.CONDITIONAL, published=seen) for seen in (True, False)] == [
        5,
        10,
    ]
    assert local.days(Stage.FORM_CHECK, ShareType.UNCONDITIONAL, published=True) == 2
    for each in (decree, local):
        terms = {stage: each.days(stage, ShareType.CONDITIONAL, published=True) for stage in Stage}
        assert (terms[Stage.DISPUTE_ANSWER], terms[Stage.MEDIATION], terms[Stage.RULING]) == (5, 10, 5)
        assert "样例" in each.citation.zh.rpartition("；")[2]  # no clause gives these days
    assert old.days(Stage.PROVISIONING, ShareType.NOT_SHARED, published=True) is None
    for each in (decree, old):  # nobody has held the clauses against the text of the law yet
        assert each.citation.zh.startswith("样例，条文待核：")
        assert each.citation.en.startswith("Sample, clause to be verified: ")


def test_documents_lose_nothing_and_refuse_what_they_cannot_read() -> None:
    assert [table_from_json(table_to_json(table)) for table in TABLES] == [*TABLES]
    assert [profile_from_json(profile_to_json(profile)) for profile in PROFILES] == [*PROFILES]
    for wrong in ({}, {**table_to_json(TABLES[0]), "holidays": ["2025-02-30"]}):
        with pytest.raises(InvalidClockRule):
            table_from_json(wrong)
    twice = {**table_to_json(TABLES[0]), "holidays": ["2025-10-01", "2025-10-01"]}
    with pytest.raises(InvalidClockRule):
        table_from_json(twice)
    for wrong in ({}, {**profile_to_json(PROFILES[0]), "rules": [{"stage": "tea", "days": 1}]}):
        with pytest.raises(InvalidClockRule):
            profile_from_json(wrong)
