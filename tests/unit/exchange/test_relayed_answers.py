"""Further questions that a system puts to its own people: another exchange (ADR 0067)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from werkzeug.test import TestResponse

from connectors.base import Query
from connectors.errors import SourceUnavailable
from exchange.store import further_answers
from exchange.store.further_answers import GivenAnswer
from exchange.store.tables import further_answer
from kernel.identifiers import citizen_number
from tests.doubles.exchange import BEFORE_FETCH, MARKET, NAME, OWNER, URBAN, World, detail, grant, request, system
from tests.doubles.kept import kept
from tests.unit.exchange.test_further_questions import DISTRICT, RIGHT, WRONG, YEAR, apply, put, tell
from tests.unit.exchange.test_previews import asked, mine

__all__ = ["apply"]
LIKE_IT = {"district": "500199"}


@pytest.fixture
def relaying(apply: Callable[..., World]) -> Callable[..., World]:
    """An exchange of which the asking system is another exchange, and may ask while nobody is present."""

    def applied(*when: str, relays: bool = True, **more: Any) -> World:
        world = apply(*when, **more)
        absent = grant("G-ABSENT", absent_allowed=True)
        world.apply(absent, system("market-website", MARKET, relays_questions=relays))
        world.approve("G-ABSENT")
        return world

    return applied


@pytest.fixture
def ambiguous(relaying: Callable[..., World]) -> World:
    return relaying("ambiguous")


def ask(
    world: World, answers: Any = None, person: str = OWNER, client: str = "market-website", **more: Any
) -> TestResponse:
    """One look-up in a case of its own, as the connector of another exchange makes it."""
    case = world.open_case((person, "applicant"), client=client)
    item = NAME | {"subject": {"scheme": "citizen-number", "value": person}}
    item |= {} if answers is None else {"answers": answers}
    details = detail(case, item)
    token = world.issuer.token(world.holder, client, authorization_details=details, act={"sub": "relay-1"})
    return world.ask(case, item, token=token, **more)


def told(answer: TestResponse) -> dict[str, Any]:
    (item,) = answer.json["evidence"]
    return item


def test_the_questions_are_told_to_who_puts_them_and_nothing_about_the_records(ambiguous: World) -> None:
    item = told(ask(ambiguous))
    problem = item["problem"]
    assert (item["status"], problem["code"], problem["attempts_left"]) == ("failed", "source.needs-answers", 3)
    (question,) = problem["questions"]
    assert question == DISTRICT | {"max_length": 64}
    everything = json.dumps(item, ensure_ascii=False)
    for never in ("陈示例", "陈另一", "500107"):
        assert never not in everything


def test_the_right_answer_is_delivered_once(ambiguous: World) -> None:
    assert told(ask(ambiguous, RIGHT))["data"] == {"name": "陈另一"}
    (given,) = ambiguous.events("FurtherAnswersGiven")
    assert (given["facts"]["questions"], given["facts"]["relayed"]) == (["district"], True)
    assert len(given["commitment"]) == 64
    assert len(ambiguous.events("EvidenceReleased")) == 1
    token = ambiguous.issuer.token(ambiguous.holder, "portal", person=OWNER, scope="usage")
    said = [one["sentence"]["zh"] for one in ambiguous.call("GET", "/v1/usage", token).json["entries"]]
    assert any("公安局的追问经市场监管局作了回答；回答没有保存" in one for one in said)


def test_answers_stand_nowhere_in_clear(ambiguous: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    assert told(ask(ambiguous, {"district": "590001"}))["problem"]["attempts_left"] == 2
    rows = kept(ambiguous.outside.database, "further_answer", "evidence_request", "decision")
    for where in (caplog.text, json.dumps(ambiguous.entries(), ensure_ascii=False), rows):
        assert "590001" not in where


def test_wrong_answers_are_counted_over_all_requests_and_end(ambiguous: World) -> None:
    for left in (2, 1):
        problem = told(ask(ambiguous, WRONG))["problem"]
        assert (problem["code"], problem["attempts_left"]) == ("preview.answers-unmatched", left)
    assert told(ask(ambiguous, WRONG))["problem"]["code"] == "preview.answers-exhausted"
    asked = len(ambiguous.calls)
    assert told(ask(ambiguous, RIGHT))["problem"]["code"] == "preview.answers-exhausted"
    assert len(ambiguous.calls) == asked  # no source hears a fourth
    assert told(ask(ambiguous))["problem"]["code"] == "preview.answers-exhausted"
    assert ambiguous.events("EvidenceReleased") == []
    ambiguous.clock.advance(25 * 3600)
    assert told(ask(ambiguous, RIGHT))["status"] == "delivered"


@pytest.fixture
def two(ambiguous: World) -> World:
    """One where two departments ask as other exchanges do."""
    absent = grant("G-URBAN", consumer=URBAN, absent_allowed=True)
    ambiguous.apply(absent, system("urban-website", URBAN, relays_questions=True))
    ambiguous.approve("G-URBAN")
    return ambiguous


def test_whoever_guesses_uses_up_what_nobody_else_has(two: World) -> None:
    """ADR 0074: neither another department's attempts nor those of the person, who answers on their own page."""
    codes = [told(ask(two, WRONG))["problem"]["code"] for _ in range(5)]
    assert codes == ["preview.answers-unmatched"] * 2 + ["preview.answers-exhausted"] * 3
    assert told(ask(two, client="urban-website"))["problem"]["attempts_left"] == 3
    name, _ = put(two)
    assert mine(two, path=f"/{name}/0").json["attempts_left"] == 3
    assert tell(two, name, WRONG).json["attempts_left"] == 2
    assert told(ask(two, WRONG, client="urban-website"))["problem"]["attempts_left"] == 2
    assert told(ask(two, RIGHT, client="urban-website"))["data"] == {"name": "陈另一"}
    assert told(ask(two))["problem"]["code"] == "preview.answers-exhausted"
    assert tell(two, name, RIGHT).json["status"] == "awaiting-preview"


def test_what_the_person_used_up_is_not_taken_from_departments_nor_given_back_to_them(two: World) -> None:
    name, _ = put(two)
    for _ in range(3):
        tell(two, name, WRONG)
    assert told(ask(two))["problem"]["attempts_left"] == 3
    answer, _ = asked(two)
    assert answer.json["evidence"][0]["problem"]["code"] == "preview.answers-exhausted"


@given(st.lists(st.sampled_from(["", "a", "b", "c", "d"]), max_size=40), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_all_wrong_answers_of_a_day_are_bounded_whoever_puts_the_questions(askers: list[str], attempts: int) -> None:
    """A law over orders: who still has an attempt uses it; each has theirs, and together they are thrice as many."""
    engine = create_engine("sqlite://")
    further_answer.create(engine)
    now = datetime(2026, 11, 29, tzinfo=UTC)
    used: Counter[str] = Counter()
    with engine.begin() as connection:
        for number, asker in enumerate(askers):
            whose = (connection, b"x", "card", now - timedelta(hours=24))
            left = further_answers.left(*whose, attempts=attempts, asker=asker)
            elsewhere = used.total() - used[""] - (used[asker] if asker else 0)
            if elsewhere <= attempts or not asker:
                assert left >= attempts - used[asker]  # one other cannot take anything away
            if left > 0:
                used[asker] += 1
                given_one = GivenAnswer(f"er_{number}", 0, 1, b"x", "card", now, asker)
                further_answers.add(connection, given_one, now - timedelta(hours=24))
    assert all(many <= attempts for many in used.values())
    assert used.total() - used[""] <= 2 * attempts


def test_many_guesses_at_once_are_no_more_than_are_allowed(ambiguous: World) -> None:
    with ThreadPoolExecutor(4) as pool:
        codes = [told(one)["problem"]["code"] for one in pool.map(lambda _: ask(ambiguous, WRONG), range(6))]
    assert set(codes) <= {"preview.answers-unmatched", "preview.answers-exhausted"}
    assert len(ambiguous.events("FurtherAnswersGiven")) == 3


def test_none_after_an_answer_is_never_a_signed_no(relaying: Callable[..., World]) -> None:
    world = relaying("always")
    nobody = citizen_number.compose("500199", date(1990, 1, 1), 123).value
    first = told(ask(world, person=nobody))["problem"]["code"]
    assert first == "source.needs-answers"
    assert told(ask(world, LIKE_IT, nobody))["problem"]["code"] == "preview.answers-unmatched"


def test_what_has_not_the_declared_form_is_told_and_counts_nowhere(ambiguous: World) -> None:
    for answers, path in (
        ({"district": "5"}, "evidence[0].answers.district"),
        ({"district": 500107}, "evidence[0].answers.district"),
        ({}, "evidence[0].answers.district"),
        (RIGHT | {"year": "2001"}, "evidence[0].answers.year"),
        ({"district": "一二三四五六"}, "evidence[0].answers.district"),
        ({"district": "\u0007"}, "evidence[0].answers.district"),
        ("500107", "evidence[0].answers"),
    ):
        answer = ask(ambiguous, answers)
        assert (answer.status_code, [one["path"] for one in answer.json["errors"]]) == (422, [path])
        assert "500107" not in answer.text
    assert ambiguous.events("FurtherAnswersGiven") == []


def test_an_optional_answer_may_be_left_out(relaying: Callable[..., World]) -> None:
    world = relaying("ambiguous", questions=(DISTRICT, {**YEAR, "optional": True}))
    assert [one.get("optional") for one in told(ask(world))["problem"]["questions"]] == [None, True]
    assert told(ask(world, RIGHT))["data"] == {"name": "陈另一"}


def test_whoever_is_not_registered_to_relay_is_told_nothing_and_may_not(relaying: Callable[..., World]) -> None:
    world = relaying("ambiguous", relays=False)
    problem = told(ask(world))["problem"]
    assert (problem["code"], "questions" in problem) == ("source.ambiguous-subject", False)
    refused = ask(world, RIGHT)
    assert (refused.status_code, refused.json["code"]) == (403, "evidence-request.answers-not-allowed")
    assert world.events("FurtherAnswersGiven") == []


def test_where_the_person_is_present_they_answer_on_the_page_alone(ambiguous: World) -> None:
    case = ambiguous.open_case()
    refused = ambiguous.ask(case, NAME | {"answers": RIGHT})
    assert (refused.status_code, refused.json["code"]) == (403, "evidence-request.answers-not-allowed")
    waits = ambiguous.ask(ambiguous.open_case(), NAME)
    assert waits.json["evidence"][0]["reason"] == "further-questions"
    assert len(mine(ambiguous).json["previews"]) == 1


def test_answers_stand_in_a_request_of_their_own(ambiguous: World) -> None:
    case = ambiguous.open_case()
    one = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    token = ambiguous.issuer.token(ambiguous.holder, authorization_details=detail(case, one), act={"sub": "relay-1"})
    twice = ambiguous.ask(case, one | {"answers": RIGHT}, one, token=token)
    assert [each["path"] for each in twice.json["errors"]] == ["evidence[0].answers"]
    body = request(case, one | {"answers": RIGHT}, delivery="asynchronous")
    token = ambiguous.issuer.token(ambiguous.holder, authorization_details=detail(case, one), act={"sub": "relay-1"})
    later = ambiguous.call("POST", "/v1/evidence-requests", token, body)
    assert [each["path"] for each in later.json["errors"]] == ["evidence[0].answers"]


def test_a_source_in_trouble_costs_no_attempt(ambiguous: World) -> None:
    def down(_query: Query) -> None:
        raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    assert told(ask(ambiguous, RIGHT))["problem"]["code"] == "source.unavailable"
    BEFORE_FETCH.clear()
    assert told(ask(ambiguous))["problem"]["attempts_left"] == 3


def test_a_crash_after_it_was_counted_costs_the_attempt(ambiguous: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: Any) -> None:
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as patched:
        patched.setattr(further_answers, "set_outcome", dies)
        assert ask(ambiguous, RIGHT).status_code == 500
    assert ambiguous.events("EvidenceReleased") == []
    assert told(ask(ambiguous))["problem"]["attempts_left"] == 2
