"""Questions that another exchange has: put to who is present, counted here, and answered there (ADR 0067)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles.asking_exchange import QUESTION, RIGHT, AskingExchange, build, needed, register_of
from tests.doubles.exchange import MARKET, OWNER, STRANGER, World, connector, grant, system
from tests.doubles.http_source import Handler
from tests.doubles.kept import kept
from tests.doubles.paper_exchange import by_path
from tests.unit.exchange.test_further_questions import put, tell
from tests.unit.exchange.test_previews import asked, mine, outcome, reply
from tests.unit.exchange.test_relayed_answers import ask, told
from tests.unit.exchange.test_waiting import look
from tests.unit.exchange.test_watching import absent

WRONG = {"district": "500199"}


@pytest.fixture
def other() -> Iterator[AskingExchange]:
    with AskingExchange() as running:
        running.records = {OWNER: [{"name": "陈另一"}]}
        yield running


@pytest.fixture
def world(small_world: World, other: AskingExchange) -> Iterator[World]:
    """The register of identity cards is the other exchange's."""
    node = small_world.another_node(build_source=build)
    node.apply(register_of(other, connector("identity", "identity-card", {"name": "name"}), "district"))
    node.rooms.policy.renew()
    yield node
    node.rooms.close()


def test_the_questions_are_theirs_and_so_are_the_answers(world: World, other: AskingExchange) -> None:
    name, case = put(world)
    shown = mine(world, path=f"/{name}/0").json
    (question,) = shown["questions"]
    assert {key: question[key] for key in ("name", "label", "help", "type")} == {
        key: QUESTION[key] for key in ("name", "label", "help", "type")
    }
    assert (shown["elsewhere"], shown["attempts_left"]) == (True, 3)
    assert tell(world, name, RIGHT).json["status"] == "awaiting-preview"
    assert [one["value"] for one in mine(world, path=f"/{name}/0").json["data"]] == ["陈另一"]
    assert reply(world, name, "provide").json["status"] == "delivered"
    assert look(world, name, case).json["evidence"][0]["data"] == {"name": "陈另一"}
    assert other.told == [RIGHT]
    assert len(world.events("EvidenceReleased")) == 1


def test_an_answer_is_counted_before_it_leaves_and_stands_nowhere_here(
    world: World, other: AskingExchange, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    counted: list[int] = []
    evidence = other.evidence

    def asked_there(body: Any, again: str = "") -> Any:
        if "answers" in body["evidence"][0]:
            counted.append(len(world.events("FurtherAnswersGiven")))
        return evidence(body, again)

    other.evidence = asked_there  # type: ignore[method-assign]
    name, _ = put(world)
    tell(world, name, {"district": "590001"})
    assert counted == [1]
    rows = kept(world.outside.database, "further_answer", "waiting_item", "evidence_request")
    for where in (caplog.text, json.dumps(world.entries(), ensure_ascii=False), rows):
        assert "590001" not in where


def test_what_has_not_the_form_is_told_here_and_never_sent(world: World, other: AskingExchange) -> None:
    name, _ = put(world)
    for answers in ({"district": "x"}, {}, RIGHT | {"year": "2001"}):
        assert tell(world, name, answers).status_code == 422
    assert (other.told, world.events("FurtherAnswersGiven")) == ([], [])


def test_who_goes_on_asking_is_answered_three_times_and_no_more(world: World, other: AskingExchange) -> None:
    other.wrong = needed(QUESTION)
    name, case = put(world, mode="direct")
    assert [tell(world, name, WRONG).json.get("attempts_left") for _ in range(2)] == [2, 1]
    assert tell(world, name, WRONG).json["status"] == "failed"
    assert outcome(world, name, case) == ("failed", "preview.answers-exhausted")
    assert len(other.told) == 3
    (item,) = asked(world)[0].json["evidence"]
    assert item["problem"]["code"] == "preview.answers-exhausted"


@pytest.mark.parametrize(
    ("wrong", "code", "fault"),
    [
        (needed({**QUESTION, "name": "year"}), "source.asks-too-much", "provider"),
        (needed({**QUESTION, "optional": True}), "source.garbled", "provider"),
        ({"code": "preview.answers-exhausted", "fault": "citizen"}, "preview.answers-exhausted", "citizen"),
        ({"code": "policy.no-grant", "fault": "policy"}, "source.misconfigured", "exchange"),
    ],
)
def test_what_else_they_say_to_an_answer_ends_it_with_whose_turn_it_is(
    world: World, other: AskingExchange, wrong: Any, code: str, fault: str
) -> None:
    other.wrong = wrong
    name, case = put(world, mode="direct")
    assert tell(world, name, WRONG).json["status"] == "failed"
    problem = look(world, name, case).json["evidence"][0]["problem"]
    assert (problem["code"], problem["fault"]) == (code, fault)
    assert mine(world).json["previews"] == []
    assert world.events("EvidenceReleased") == []


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (needed(QUESTION, {**QUESTION, "name": "year"}), "source.asks-too-much"),
        (needed({**QUESTION, "pattern": "(a+)+"}), "source.garbled"),
        (needed(), "source.garbled"),
        ({"code": "source.needs-answers", "fault": "provider"}, "source.asks-too-much"),
        ({"code": "preview.answers-exhausted", "fault": "citizen"}, "preview.answers-exhausted"),
    ],
)
def test_what_cannot_be_put_is_put_to_nobody(world: World, other: AskingExchange, first: Any, code: str) -> None:
    other.first = first
    (item,) = asked(world)[0].json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("failed", code)
    assert mine(world).json["previews"] == []


def test_while_they_are_in_trouble_an_answer_costs_no_attempt(world: World, other: AskingExchange) -> None:
    name, _ = put(world, mode="direct")

    def down(handler: Handler) -> None:
        handler.answer(b"", 503)

    other.behaviour = down
    assert tell(world, name, RIGHT).json["code"] == "source.unavailable"
    other.behaviour = by_path
    assert mine(world, path=f"/{name}/0").json["attempts_left"] == 3
    assert tell(world, name, RIGHT).json["status"] == "delivered"


def test_their_attempts_bound_ours(world: World, other: AskingExchange) -> None:
    other.first = needed(QUESTION, left=1)
    name, case = put(world, mode="direct")
    assert mine(world, path=f"/{name}/0").json["attempts_left"] == 1
    assert tell(world, name, WRONG).json["status"] == "failed"
    assert outcome(world, name, case) == ("failed", "preview.answers-exhausted")


def test_nobody_else_is_asked_and_the_question_ends_with_its_time(world: World) -> None:
    name, case = put(world)
    assert mine(world, path=f"/{name}/0", person=STRANGER).status_code == 404
    world.clock.advance(8 * 86_400)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    world.rooms.waiting.end_overdue()
    assert outcome(world, name, case) == ("failed", "evidence.timed-out")


def test_where_nobody_is_present_nothing_is_put(world: World, other: AskingExchange) -> None:
    world.apply(grant("G-ABSENT", absent_allowed=True))
    world.approve("G-ABSENT")
    world.rooms.policy.renew()
    case = world.open_case((OWNER, "applicant"))
    (item,) = absent(world, OWNER, case).json["evidence"]
    assert (item["problem"]["code"], "questions" in item["problem"]) == ("source.needs-answers", False)
    assert ask(world, RIGHT).json["code"] == "evidence-request.answers-not-allowed"
    assert other.told == []


@pytest.fixture
def middle(world: World) -> World:
    """The second of three: whom another exchange asks, and whose register is a third's."""
    world.apply(grant("G-ABSENT", absent_allowed=True), system("market-website", MARKET, relays_questions=True))
    world.approve("G-ABSENT")
    world.rooms.policy.renew()
    return world


def test_of_three_exchanges_the_middle_one_hands_questions_and_answers_on(middle: World, other: AskingExchange) -> None:
    problem = told(ask(middle))["problem"]
    assert (problem["code"], problem["attempts_left"]) == ("source.needs-answers", 3)
    assert problem["questions"] == [QUESTION | {"max_length": 64}]
    wrong = told(ask(middle, WRONG))["problem"]
    assert (wrong["code"], wrong["attempts_left"]) == ("preview.answers-unmatched", 2)
    assert told(ask(middle, RIGHT))["data"] == {"name": "陈另一"}
    assert other.told == [WRONG, RIGHT]
    given = middle.events("FurtherAnswersGiven")
    assert [(one["facts"]["questions"], one["facts"]["relayed"]) for one in given] == [(["district"], True)] * 2
    assert all(len(one["commitment"]) == 64 for one in given)
    assert len(middle.events("EvidenceReleased")) == 1


def test_the_middle_one_counts_before_it_hands_on_and_ends_with_the_last(middle: World, other: AskingExchange) -> None:
    for left in (2, 1):
        assert told(ask(middle, WRONG))["problem"]["attempts_left"] == left
    assert told(ask(middle, WRONG))["problem"]["code"] == "preview.answers-exhausted"
    assert told(ask(middle, RIGHT))["problem"]["code"] == "preview.answers-exhausted"
    assert other.told == [WRONG] * 3
    other.first = needed(QUESTION, left=1)
    assert told(ask(middle))["problem"]["code"] == "preview.answers-exhausted"


@pytest.mark.parametrize(
    ("there", "here", "counts"),
    [
        ({"code": "evidence.not-found", "fault": "citizen"}, "preview.answers-unmatched", True),
        ({"code": "preview.answers-exhausted", "fault": "citizen"}, "preview.answers-exhausted", True),
        ({"code": "source.unavailable", "fault": "provider"}, "source.unavailable", False),
        ({"code": "request.invalid", "fault": "consumer"}, "source.misconfigured", False),
        (needed({**QUESTION, "name": "year"}), "source.asks-too-much", False),
    ],
)
def test_what_the_third_says_to_an_answer_is_said_to_the_first(
    middle: World, other: AskingExchange, there: Any, here: str, counts: bool
) -> None:
    """A “none” after an answer is a wrong answer here, too, whatever the third calls it."""
    other.wrong = there
    assert told(ask(middle, WRONG))["problem"]["code"] == here
    assert told(ask(middle))["problem"]["attempts_left"] == (2 if counts else 3)
    assert middle.events("EvidenceReleased") == []


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({"mother": "演示"}, "mother"),
        (RIGHT | {"year": "1980"}, "year"),
        ({"district": 500107}, "district"),
        ({"district": ""}, "district"),
        ({"district": "1" * 257}, "district"),
        ({"district": "\u0007"}, "district"),
        ({}, None),
    ],
)
def test_what_is_no_answer_to_a_question_that_may_be_put_is_told_counts_nowhere_and_stays_here(
    middle: World, other: AskingExchange, answers: Any, path: str | None
) -> None:
    refused = ask(middle, answers)
    assert refused.status_code == 422
    assert [one["path"] for one in refused.json["errors"]] == [
        "evidence[0].answers" if path is None else f"evidence[0].answers.{path}"
    ]
    assert (other.told, middle.events("FurtherAnswersGiven")) == ([], [])


def test_who_is_not_registered_with_the_third_says_whose_turn_it_is(middle: World, other: AskingExchange) -> None:
    other.first = {"code": "source.needs-answers", "fault": "provider"}
    problem = told(ask(middle))["problem"]
    assert (problem["code"], problem["fault"]) == ("source.asks-too-much", "provider")
    name = middle.ask(middle.open_case(), {"type": "identity-card", "fields": ["name"]}).json["evidence"][0]
    assert name["problem"]["code"] == "source.asks-too-much"  # who is signed in is not told to sign in


def test_the_questions_are_kept_over_a_restart(world: World, other: AskingExchange) -> None:
    name, case = put(world, mode="direct")
    other.first = needed({**QUESTION, "name": "year"})  # what they would ask by now is not what was put
    node = world.another_node()
    try:
        assert tell(node, name, RIGHT).json["status"] == "delivered"
        assert look(node, name, case).json["evidence"][0]["data"] == {"name": "陈另一"}
    finally:
        node.rooms.close()


def test_what_may_not_leave_any_more_is_not_sent(world: World, other: AskingExchange) -> None:
    """Between the question and the answer the operator takes the name off the list."""
    name, case = put(world, mode="direct")
    world.apply(register_of(other, connector("identity", "identity-card", {"name": "name"}), "year"))
    world.rooms.policy.renew()
    assert tell(world, name, RIGHT).json["status"] == "failed"
    assert outcome(world, name, case) == ("failed", "source.asks-too-much")
    assert other.told == []
