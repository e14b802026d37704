"""The parameter ``limit`` of every list: what is used is what was bounded."""

from __future__ import annotations

import pytest

from tests.doubles.exchange import URBAN, World

LISTS = (
    "/v1/catalogue/evidence-types",
    "/v1/catalogue/responsibility",
    "/v1/catalogue/dcat",
    "/v1/access-requests",
    "/v1/grants",
)


@pytest.mark.parametrize("address", LISTS)
def test_a_page_is_at_most_two_hundred_whatever_the_digits(small_world: World, address: str) -> None:
    def get(limit: str) -> tuple[int, str | None]:
        who = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
        answer = small_world.officer("GET", f"{address}?limit={limit}", **who)
        return answer.status_code, answer.json.get("code")

    for wrong in ("000200999999", "0000019999999999999999999", "1" * 5000, "0200", "201", "000", "-1", "x", "%C2%B2"):
        assert get(wrong) == (422, "request.invalid"), wrong
    for right in ("1", "200", "007"):
        assert get(right)[0] == 200, right
