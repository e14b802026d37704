"""The report of the long tests: a run of some of them renews their rows and keeps the others."""

from tests.soak import Row, Run, renewed, report, told

BEFORE, NOW = Run("2026-11-20 08:00", "abc1234"), Run("2026-11-28 11:00", "def5678")
KEPT = Row("tests/property/test_one::test_law[a|b]", 301.0, True, 1_000_000, BEFORE)
AGAIN = Row("tests/property/test_two::test_race", 12.0, False, None, BEFORE)


def test_what_is_written_is_read_again() -> None:
    assert told(report([KEPT, AGAIN])) == [KEPT, AGAIN]


def test_what_ran_now_stands_for_what_ran_before() -> None:
    now = Row(AGAIN.name, 13.0, True, 5, NOW)
    rows = renewed(told(report([KEPT, AGAIN])), [now])
    assert rows == [KEPT, now]
    assert "1,000,005 · 失败 / failed: 0" in report(rows)


def test_a_test_that_was_quick_and_counted_nothing_is_left_out() -> None:
    assert told(report([Row("tests/property/test_two::test_small", 0.1, True, None, NOW)])) == []
