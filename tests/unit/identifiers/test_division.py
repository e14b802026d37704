"""GB/T 2260 with days: what exists when, and what became of what is gone."""

from __future__ import annotations

from datetime import date

import pytest

from kernel.identifiers import division
from kernel.identifiers.division import Division, DivisionTable, Extent, Level, Succession
from kernel.text import Text

BEFORE, ABOLITION = date(2025, 11, 5), date(2025, 11, 6)
LAUNCH, TODAY = date(2026, 1, 25), date(2026, 11, 24)


def count(day: date, *levels: Level) -> int:
    found = division.descendants(division.CHONGQING, day)
    return sum(entry.level in levels and not entry.synthetic for entry in found)


def test_38_codes_before_november_2025() -> None:
    found = [entry for entry in division.descendants("500000", BEFORE) if not entry.synthetic]
    assert len(found) == 38
    assert all(entry.code is not None for entry in found)


def test_25_districts_8_counties_and_4_autonomous_counties_now() -> None:
    numbers = [count(TODAY, level) for level in (Level.DISTRICT, Level.COUNTY, Level.AUTONOMOUS_COUNTY)]
    assert numbers == [25, 8, 4]


@pytest.mark.parametrize(("code", "name"), [("500105", "江北区"), ("500112", "渝北区")])
def test_two_districts_exist_up_to_the_day_before_their_abolition(code: str, name: str) -> None:
    existing = division.at(code, BEFORE)
    assert existing is not None
    assert existing.name.zh == name
    assert division.at(code, ABOLITION) is None
    assert division.at(code, TODAY) is None
    assert division.history(code) == (existing,)


def test_an_unknown_code_has_no_history() -> None:
    assert division.at("999999", TODAY) is None
    assert division.history("999999") == ()
    assert division.successors("999999") == ()
    assert division.descendants("999999", TODAY) == ()


def test_the_new_area_exists_from_its_launch_and_has_no_code_yet() -> None:
    def names(day: date) -> set[str]:
        return {entry.name.zh for entry in division.descendants("500000", day) if entry.code is None}

    assert names(date(2026, 1, 24)) == set()
    assert names(LAUNCH) == {"两江新区"}


def test_an_abolished_district_may_be_split() -> None:
    found = {(entry.successor.name.zh, entry.extent) for entry in division.successors("500112")}
    assert found == {("两江新区", Extent.REMAINDER), ("北碚区", Extent.PART)}


def test_an_abolished_district_may_be_merged_whole() -> None:
    (only,) = division.successors("500105")
    assert (only.successor.name.zh, only.extent, only.day) == ("两江新区", Extent.REMAINDER, ABOLITION)


def test_a_district_that_goes_on_may_lose_a_part() -> None:
    (only,) = division.successors("500109")
    assert (only.successor.name.zh, only.extent) == ("两江新区", Extent.PART)
    assert division.at("500109", TODAY) is not None


def test_successions_are_effective_dated_as_well() -> None:
    assert division.successors("500112", BEFORE) == ()
    assert len(division.successors("500112", ABOLITION)) == 2


def test_the_synthetic_district_is_marked() -> None:
    found = division.at(division.SYNTHETIC, TODAY)
    assert found is not None
    assert found.synthetic
    assert found in division.descendants("500000", TODAY)


def test_every_division_has_both_names() -> None:
    found = [*division.descendants("500000", BEFORE), *division.descendants("500000", TODAY)]
    assert all(entry.name.zh and entry.name.en for entry in found)


class TestTable:
    """Laws of any table."""

    CITY = Division("100000", Text("市", "City"), Level.MUNICIPALITY, None)

    def district(self, code: str | None, since: date | None = None, until: date | None = None) -> Division:
        return Division(code, Text("区", "District"), Level.DISTRICT, "100000", since, until)

    def test_a_code_may_be_used_again_later(self) -> None:
        first, second = self.district("100101", until=BEFORE), self.district("100101", since=BEFORE)
        table = DivisionTable([self.CITY, first, second], [])
        assert table.at("100101", date(2000, 1, 1)) is first
        assert table.at("100101", BEFORE) is second
        assert table.history("100101") == (first, second)

    @pytest.mark.parametrize(
        ("first", "second"),
        [((None, None), (BEFORE, None)), ((None, ABOLITION), (BEFORE, None)), ((BEFORE, None), (None, ABOLITION))],
    )
    def test_one_code_twice_on_one_day_is_refused(
        self, first: tuple[date | None, date | None], second: tuple[date | None, date | None]
    ) -> None:
        with pytest.raises(ValueError, match="twice"):
            DivisionTable([self.CITY, self.district("100101", *first), self.district("100101", *second)], [])

    def test_a_parent_is_in_the_table(self) -> None:
        with pytest.raises(ValueError, match="parent"):
            DivisionTable([self.district("100101")], [])

    def test_descendants_go_all_the_way_down(self) -> None:
        district = self.district("100101")
        street = Division("100101001", Text("街道", "Subdistrict"), Level.COUNTY, "100101", until=ABOLITION)
        table = DivisionTable([self.CITY, district, street], [])
        assert table.descendants("100000", BEFORE) == (district, street)
        assert table.descendants("100000", ABOLITION) == (district,)

    def test_successions_come_in_the_order_of_the_table(self) -> None:
        one, two = self.district("100101"), self.district("100102")
        split = [Succession("100103", to, Extent.PART, BEFORE, Text("并入", "Joined")) for to in (two, one)]
        table = DivisionTable([self.CITY, one, two], split)
        assert [entry.successor for entry in table.successors("100103")] == [two, one]


def test_origins_are_successions_seen_from_the_other_side() -> None:
    (gained,) = division.TABLE.origins("500109")
    assert (gained.former, gained.extent) == ("500112", Extent.PART)
    assert gained in division.successors("500112")
    assert division.TABLE.origins("500109", BEFORE) == division.TABLE.origins("500112") == ()
