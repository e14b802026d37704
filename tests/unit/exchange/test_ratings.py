"""Ratings from the outside: given once by whom a case was for, put right in time when bad, counted by department."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from policies.proceedings import NotAllowed, capacities
from policies.ratings.commands import NAMES, TABLE, TURNS, EscalateRating
from policies.ratings.events import Grade, Rating, RatingState, Status
from policies.ratings.lifecycle import decide, open_to
from policies.roles import Officer, Role
from tests.doubles.exchange import ITEM, MARKET, NAME, OWNER, POLICE, STRANGER, URBAN, WORKER, World
from tests.unit.exchange.test_corrections import inbox
from tests.unit.exchange.test_open_books import usage

PATH = "/v1/ratings"
CHEN: dict[str, Any] = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
WEI: dict[str, Any] = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
OWN: dict[str, Any] = {"sub": "own", "roles": ["governance-officer"], "organisation": MARKET}
PAN: dict[str, Any] = {"sub": "pan", "roles": ["provider-officer"], "organisation": POLICE}
REASON = {"reason": "演示：已与经办人核对"}


def ended(world: World) -> str:
    case = world.open_case()
    world.ask(case, NAME)
    token = world.issuer.token(world.holder, scope="cases")
    assert world.call("POST", f"/v1/cases/{case}/close", token).status_code == 200
    return case


def rate(world: World, case: str, body: Any, person: str = OWNER) -> Any:
    token = world.issuer.token(world.holder, "portal", person=person, scope="openid usage")
    return world.call("POST", f"/v1/cases/{case}/rating", token, body)


def bad(world: World) -> str:
    case = ended(world)
    assert rate(world, case, {"grade": 1, "words": "演示：等了三次"}).json["status"] == "to-verify"
    return case


def act(world: World, case: str, command: str, body: Any = REASON, **who: Any) -> Any:
    return world.officer("POST", f"{PATH}/{case}/{command}", body, **(CHEN | who))


def test_a_good_rating_is_counted_and_nothing_follows(world: World) -> None:
    case = ended(world)
    assert rate(world, case, {"grade": 5}).json == {"case": case, "grade": 5, "status": "given"}
    again = rate(world, case, {"grade": 1})
    assert (again.status_code, again.json["code"]) == (409, "rating.given")
    (counted,) = world.officer("GET", f"{PATH}/summary", **WEI).json["departments"]
    assert counted["grades"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 1}
    assert (counted["rated"], counted["satisfied_per_cent"], counted["under_way"]) == (1, 100, 0)
    assert inbox(world, **CHEN) == []


def test_a_bad_rating_is_verified_put_right_and_called_back(world: World) -> None:
    case = bad(world)
    assert inbox(world, **CHEN) == [("rating-waits", case)]
    seen = world.officer("GET", f"{PATH}/{case}", **CHEN).json
    assert (seen["words"], seen["clock"]["left"]) == ("演示：等了三次", 15)
    assert act(world, case, "confirm").json["status"] == "to-rectify"
    assert act(world, case, "rectify").json["status"] == "rectified"
    angry = act(world, case, "call-back", REASON | {"satisfied": False})
    assert angry.json["status"] == "to-rectify"
    act(world, case, "rectify")
    done = act(world, case, "call-back", REASON | {"satisfied": True}).json
    assert (done["status"], done["clock"], done["satisfied"]) == ("closed", None, True)
    said = [entry["sentence"]["zh"] for entry in usage(world, OWNER).json["entries"]]
    assert any("已回访" in one for one in said)
    assert "等了三次" not in "".join(map(str, world.entries()))


def test_nobody_of_the_department_decides_on_its_objection(small_world: World) -> None:
    case = bad(small_world)
    act(small_world, case, "appeal")
    assert inbox(small_world, **WEI) == [("rating-waits", case)]
    assert act(small_world, case, "exclude", **OWN).json["code"] == "rating.not-allowed"
    seen = small_world.officer("GET", f"{PATH}/{case}", **WEI).json
    assert (seen["words"], seen["commands"]) == (None, ["exclude", "uphold"])
    assert act(small_world, case, "exclude", **WEI).json["status"] == "excluded"
    (counted,) = small_world.officer("GET", f"{PATH}/summary", **CHEN).json["departments"]
    assert (counted["rated"], counted["excluded"], counted["satisfied_per_cent"]) == (0, 1, None)
    other = bad(small_world)
    act(small_world, other, "appeal")
    assert act(small_world, other, "uphold", **WEI).json["status"] == "to-rectify"


def test_a_case_is_rated_by_whom_it_was_for_once_it_is_closed(small_world: World) -> None:
    running = small_world.open_case()
    small_world.ask(running, NAME)
    early = rate(small_world, running, {"grade": 4})
    assert (early.status_code, early.json["code"]) == (409, "rating.too-early")
    case = ended(small_world)
    for person, where in ((STRANGER, case), (OWNER, "case_unknown"), (OWNER, "x" * 500)):
        answer = rate(small_world, where, {"grade": 4}, person)
        assert (answer.status_code, answer.json["code"]) == (404, "case.unknown")
    listed = small_world.open_case((WORKER, "employee"))
    token = small_world.issuer.token(small_world.holder, scope="cases")
    small_world.call("POST", f"/v1/cases/{listed}/close", token)
    assert rate(small_world, listed, {"grade": 1}, WORKER).status_code == 404  # listed in it, but it was not for them
    assert small_world.officer("GET", f"{PATH}/{case}", **CHEN).status_code == 404
    assert rate(small_world, case, {"grade": 4}).status_code == 201
    assert small_world.officer("GET", f"{PATH}/{case}", **PAN).status_code == 404
    assert small_world.officer("GET", PATH, **PAN).json["ratings"] == []
    assert len(small_world.officer("GET", f"{PATH}?state=given", **WEI).json["ratings"]) == 1


@pytest.mark.parametrize(
    "body", [{}, {"grade": 0}, {"grade": 6}, {"grade": "5"}, {"grade": True}, {"grade": 5, "x": 1}]
)
def test_bad_input_is_refused_in_words(small_world: World, body: Any) -> None:
    answer = rate(small_world, ended(small_world), body)
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")


def test_commands_want_a_reason_and_name_nobody(small_world: World) -> None:
    case = bad(small_world)
    assert act(small_world, case, "confirm", {"reason": ""}).status_code == 422
    assert act(small_world, case, "confirm", {"reason": f"见 {OWNER}"}).status_code == 422
    assert act(small_world, case, "call-back", REASON).status_code == 422
    assert act(small_world, case, "rectify").status_code == 403
    assert small_world.officer("GET", f"{PATH}?state=x", **WEI).status_code == 422
    assert small_world.officer("GET", f"{PATH}/summary?from=x", **WEI).status_code == 422


def test_somebody_above_is_told_when_time_runs_out(small_world: World) -> None:
    case = bad(small_world)
    small_world.clock.advance(60 * 86_400)
    for _ in range(3):
        small_world.rooms.rating_sweep.sweep()
        small_world.rooms.rating_sweep._day = None
    assert [entry["facts"]["percent"] for entry in small_world.events("RatingEscalated")] == [80, 100]
    assert ("rating-late", case) in inbox(small_world, **WEI)
    assert (
        usage(small_world, OWNER)
        .json["entries"][0]["sentence"]["en"]
        .endswith("waits to be put right: 100 % of the time is used up; the department and data governance were told.")
    )


def test_every_state_role_and_command_is_as_the_table_says(
    small_world: World, record_property: Callable[[str, object], None]
) -> None:
    """Each cell tried against the pure core, and whose turn it is may act."""
    now = small_world.clock.now()
    rating = Rating(case="case_1", organisation=MARKET, service_item=ITEM, grade=Grade.BAD, days=15)
    bodies: dict[Any, tuple[Any, ...]] = dict.fromkeys(NAMES, ("演示",))
    bodies = {kind: (True, "演示") if kind.__name__ == "CallBack" else body for kind, body in bodies.items()}
    bodies[EscalateRating] = (80, now)
    record_property("cases", len(Status) * len(Role) * len(bodies))
    for status, role, kind in itertools.product(Status, Role, bodies):
        state = RatingState(rating=rating, status=status, rated_at=now, changed_at=now)
        actor = Officer("one", URBAN if role is Role.GOVERNANCE_OFFICER else MARKET, frozenset({role}))
        allowed = bool(capacities(TABLE[status], kind, [role]))
        try:
            decide(kind(*bodies[kind]), state, actor, now)
        except NotAllowed:
            assert not allowed, (status, role, kind)
        else:
            assert allowed, (status, role, kind)
        if kind in NAMES:
            assert (NAMES[kind] in open_to(state, actor)) == allowed
    assert all(TURNS[status] in TABLE[status] for status in TURNS)
