"""Further questions: where a source cannot tell which record is somebody's, that person is asked, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.base import Query
from connectors.errors import SourceUnavailable
from exchange.store import further_answers
from kernel.identifiers.subject import SubjectRef
from kernel.problems import Problem
from tests.doubles.exchange import (
    BEFORE_FETCH,
    ITEM,
    MARKET,
    NAME,
    OWNER,
    RECORDS,
    STAFF,
    STRANGER,
    World,
    connector,
    detail,
    grant,
    request,
    service_item,
)
from tests.doubles.kept import kept
from tests.unit.exchange.test_previews import ADDRESS, asked, mine, outcome, reply
from tests.unit.exchange.test_waiting import look
from tests.unit.exchange.test_watching import absent

TWO = [
    {"id": OWNER, "name": "陈示例", "district": "500103", "year": "2001"},
    {"id": OWNER, "name": "陈另一", "district": "500107", "year": "2015"},
    {"id": STRANGER, "name": "赵一条", "district": "500103", "year": "1999"},
]
DISTRICT = {
    "name": "district",
    "label": {"zh": "登记地区划代码", "en": "District of registration"},
    "help": {"zh": "六位数字", "en": "Six digits"},
    "type": "text",
    "pattern": "\\d{6}",
    "example": "500103",
}
YEAR = {"name": "year", "label": {"zh": "登记年份", "en": "Year of registration"}, "type": "year"}
RIGHT, WRONG = {"district": "500107"}, {"district": "500199"}


def asking(*when: str, questions: Any = (DISTRICT,), attempts: int = 3) -> dict[str, Any]:
    """The register of identity cards, which has two records of one number, with its questions."""
    manifest = connector("identity", "identity-card", {"name": "name"})
    spec = manifest["spec"]
    spec["further"] = {"when": [*when], "attempts": attempts, "questions": [*questions]}
    spec["memory"] = {
        "subject_column": "id",
        "records": RECORDS["identity-card"],
        "where": {one["name"]: f"{{{one['name']}}}" for one in questions},
    }
    return manifest


@pytest.fixture
def apply(small_world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., World]:
    monkeypatch.setitem(RECORDS, "identity-card", TWO)

    def applied(*when: str, **more: Any) -> World:
        small_world.apply(asking(*when, **more))
        small_world.rooms.policy.renew()
        return small_world

    return applied


@pytest.fixture
def ambiguous(apply: Callable[..., World]) -> World:
    return apply("ambiguous")


def put(world: World, **more: Any) -> tuple[str, str]:
    """A request that waits for answers."""
    answer, case = asked(world, **more)
    item = answer.json["evidence"][0]
    assert (answer.status_code, answer.json["status"]) == (202, "awaiting-preview"), answer.text
    assert (item["reason"], item["preview"]) == ("further-questions", f"/my/previews/{answer.json['id']}/0")
    return answer.json["id"], case


def tell(world: World, name: str, answers: Any, digest: str | None = None, **more: Any) -> Any:
    digest = digest or mine(world, path=f"/{name}/0", **more).json["digest"]
    return mine(world, "POST", f"/{name}/0/answers", {"answers": answers, "digest": digest}, **more)


def test_the_person_is_asked_what_the_manifest_declares_and_nothing_about_who_was_found(ambiguous: World) -> None:
    name, case = put(ambiguous)
    (listed,) = mine(ambiguous).json["previews"]
    assert (listed["reason"], "questions" in listed) == ("further-questions", False)
    shown = mine(ambiguous, path=f"/{name}/0").json
    assert shown["questions"] == [
        {key: DISTRICT[key] for key in ("name", "label", "help", "type")} | {"choices": [], "optional": False}
    ]
    assert (shown["attempts_left"], "data" in shown) == (3, False)
    everything = json.dumps([shown, listed, look(ambiguous, name, case).json], ensure_ascii=False)
    for never in ("陈示例", "陈另一", "500107", OWNER):
        assert never not in everything
    assert ambiguous.events("FurtherQuestionsPut")[0]["facts"]["evidence_type"] == "identity-card"


def test_the_right_answer_leads_to_a_preview_of_that_record_alone(ambiguous: World) -> None:
    name, case = put(ambiguous)
    assert tell(ambiguous, name, RIGHT).json["status"] == "awaiting-preview"
    assert outcome(ambiguous, name, case) == ("awaiting-preview", None)
    assert "reason" not in look(ambiguous, name, case).json["evidence"][0]
    assert [one["value"] for one in mine(ambiguous, path=f"/{name}/0").json["data"]] == ["陈另一"]
    assert ambiguous.events("EvidenceReleased") == []
    assert reply(ambiguous, name, "provide").json["status"] == "delivered"
    assert look(ambiguous, name, case).json["evidence"][0]["data"] == {"name": "陈另一"}


def test_where_no_preview_was_asked_for_the_answer_is_enough(ambiguous: World) -> None:
    name, case = put(ambiguous, mode="direct")
    assert tell(ambiguous, name, RIGHT).json["status"] == "delivered"
    assert look(ambiguous, name, case).json["evidence"][0]["data"] == {"name": "陈另一"}
    assert len(ambiguous.events("EvidenceReleased")) == 1
    late = mine(ambiguous, "POST", f"/{name}/0/answers", {"answers": RIGHT, "digest": "sha256:" + "0" * 64})
    assert (late.status_code, late.json["code"]) == (404, "preview.unknown")


def test_what_is_optional_may_be_left_empty_and_narrows_where_it_is_told(apply: Callable[..., World]) -> None:
    world = apply("ambiguous", questions=(DISTRICT, {**YEAR, "optional": True}))
    name, case = put(world, mode="direct")
    assert [one["optional"] for one in mine(world, path=f"/{name}/0").json["questions"]] == [False, True]
    empty = tell(world, name, {"year": "2015"})
    assert [one["path"] for one in empty.json["errors"]] == ["answers.district"]
    odd = tell(world, name, RIGHT | {"year": "15"})
    assert (odd.status_code, mine(world, path=f"/{name}/0").json["attempts_left"]) == (422, 3)
    narrowed = tell(world, name, RIGHT | {"year": "2001"})
    assert (narrowed.json["code"], narrowed.json["attempts_left"]) == ("preview.answers-unmatched", 2)
    assert tell(world, name, RIGHT | {"year": None}).json["status"] == "delivered"
    assert look(world, name, case).json["evidence"][0]["data"] == {"name": "陈另一"}
    assert [one["facts"]["questions"] for one in world.events("FurtherAnswersGiven")] == [
        ["district", "year"],
        ["district"],
    ]


def test_answers_stand_nowhere_in_clear(ambiguous: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    name, _ = put(ambiguous)
    tell(ambiguous, name, {"district": "590001"})
    tell(ambiguous, name, RIGHT)
    given = ambiguous.events("FurtherAnswersGiven")
    assert [one["item"] for one in given] == ["0.1", "0.2"]
    assert all(len(one["commitment"]) == 64 and one["facts"]["questions"] == ["district"] for one in given)
    assert len(ambiguous.events("FurtherAnswersUnmatched")) == 1
    rows = kept(ambiguous.outside.database, "further_answer")
    for where in (caplog.text, json.dumps(ambiguous.entries(), ensure_ascii=False), rows):
        assert "590001" not in where
        assert "500107" not in where


def test_wrong_answers_are_counted_and_after_the_last_nobody_is_asked(ambiguous: World) -> None:
    name, case = put(ambiguous)
    for left in (2, 1):
        wrong = tell(ambiguous, name, WRONG)
        assert (wrong.status_code, wrong.json["code"]) == (409, "preview.answers-unmatched")
        assert wrong.json["attempts_left"] == left
    assert tell(ambiguous, name, WRONG).json["status"] == "failed"
    assert outcome(ambiguous, name, case) == ("failed", "preview.answers-exhausted")
    again, _ = asked(ambiguous)
    (item,) = again.json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("failed", "preview.answers-exhausted")
    ambiguous.clock.advance(86_401)
    put(ambiguous)


def test_another_request_gives_no_further_attempts(ambiguous: World) -> None:
    (first, _), (second, _) = put(ambiguous), put(ambiguous)
    tell(ambiguous, first, WRONG)
    tell(ambiguous, second, WRONG)
    assert tell(ambiguous, first, WRONG).json["status"] == "failed"
    locked = mine(ambiguous, path=f"/{second}/0")
    assert (locked.status_code, locked.json["code"]) == (409, "preview.answers-exhausted")
    late = tell(ambiguous, second, RIGHT, "sha256:" + "0" * 64)
    assert late.json["code"] == "preview.answers-exhausted"
    ambiguous.clock.advance(86_401)
    assert tell(ambiguous, second, RIGHT).json["status"] == "awaiting-preview"


def test_what_has_not_the_declared_form_counts_nowhere(ambiguous: World) -> None:
    name, _ = put(ambiguous)
    cases: list[tuple[Any, str, str]] = [
        ({}, "answers.district", "missing"),
        ({"district": ""}, "answers.district", "missing"),
        ({"district": 500107}, "answers.district", "not-text"),
        ({"district": "50010"}, "answers.district", "form"),
        ({"district": "500107' OR '1'='1"}, "answers.district", "form"),
        ({"district": "5001\x0707"}, "answers.district", "form"),
        ({"district": "1" * 5000}, "answers.district", "length"),
        ({"district": ["500107"]}, "answers.district", "not-text"),
        ({"district": "500107", "subject": STRANGER}, "answers.subject", "unknown"),
    ]
    for answers, path, code in cases:
        wrong = tell(ambiguous, name, answers)
        assert wrong.status_code == 422, wrong.text
        assert {"path": path, "code": code} in [
            {"path": one["path"], "code": one["code"]} for one in wrong.json["errors"]
        ], answers
        assert STRANGER not in wrong.text
    assert mine(ambiguous, path=f"/{name}/0").json["attempts_left"] == 3
    assert ambiguous.events("FurtherAnswersGiven") == []
    assert tell(ambiguous, name, {"district": "５００１０７ "}).json["status"] == "awaiting-preview"


def test_a_form_sent_twice_is_one_answer(ambiguous: World) -> None:
    name, _ = put(ambiguous)
    digest = mine(ambiguous, path=f"/{name}/0").json["digest"]
    assert tell(ambiguous, name, WRONG, digest).json["attempts_left"] == 2
    again = tell(ambiguous, name, WRONG, digest)
    assert (again.status_code, again.json["code"]) == (409, "preview.changed")
    assert len(ambiguous.events("FurtherAnswersGiven")) == 1


def test_nobody_else_is_asked_and_no_department_answers(ambiguous: World) -> None:
    name, _ = put(ambiguous)
    digest = mine(ambiguous, path=f"/{name}/0").json["digest"]
    assert mine(ambiguous, person=STRANGER).json["previews"] == []
    assert tell(ambiguous, name, RIGHT, digest, person=STRANGER).json["code"] == "preview.unknown"
    token = ambiguous.issuer.token(ambiguous.holder, "portal", person=OWNER, scope="usage")
    body = {"answers": RIGHT, "digest": digest}
    assert ambiguous.call("POST", f"/v1/previews/{name}/0/answers", token, body).status_code == 403
    assert ambiguous.events("FurtherAnswersGiven") == []


def test_where_nobody_is_present_it_stays_ambiguous(ambiguous: World) -> None:
    ambiguous.apply(grant("G-IDENTITY", absent_allowed=True, min_loa=0))
    ambiguous.approve("G-IDENTITY")
    (item,) = absent(ambiguous, OWNER, ambiguous.open_case((OWNER, "applicant"))).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("failed", "source.ambiguous-subject")
    assert ambiguous.events("FurtherQuestionsPut") == []


def test_one_record_is_delivered_without_a_question(ambiguous: World) -> None:
    answer, _ = asked(ambiguous, person=STRANGER, mode="direct")
    assert answer.json["evidence"][0]["data"] == {"name": "赵一条"}


def test_a_source_may_ask_always_and_is_not_asked_before(apply: Callable[..., World]) -> None:
    world = apply("always", questions=(DISTRICT, YEAR))
    world.calls.clear()
    name, case = put(world)
    assert world.calls == []
    assert tell(world, name, {"district": "500103", "year": "2015"}).json["code"] == "preview.answers-unmatched"
    assert tell(world, name, {"district": "500103", "year": "2001"}).json["status"] == "awaiting-preview"
    assert reply(world, name, "provide").json["status"] == "delivered"
    assert look(world, name, case).json["evidence"][0]["data"] == {"name": "陈示例"}


def test_a_source_that_always_asks_gives_nothing_where_nobody_is_present(apply: Callable[..., World]) -> None:
    world = apply("always")
    source = world.rooms.policy.current().sources["identity-card"]
    finding = world.rooms.retrieval.look_up(
        ("identity-card", SubjectRef("citizen-number", OWNER)),
        {"identity-card": source},
        world.rooms.retrieval.deadline(),
    )
    assert getattr(finding, "kind", None) is not None
    assert finding.kind.code == "source.needs-answers"  # type: ignore[union-attr]


@pytest.fixture
def elsewhere(apply: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    """A source that finds nobody of this number without an answer, as one that files by district.

    The memory adapter only narrows, of which a manifest is refused: to the gateway it is the same finding.
    """
    monkeypatch.setattr("connectors.further._NARROWING", frozenset())
    monkeypatch.setitem(RECORDS, "identity-card", [])
    return apply("not-found")


EXISTS = {"type": "identity-card", "predicates": [{"name": "exists"}]}


@pytest.mark.parametrize("when", ["always", "not-found"])
def test_an_answer_never_makes_a_signed_no(request: pytest.FixtureRequest, when: str) -> None:
    """Whoever answers wrongly on purpose obtains no “there is none” about themselves, then or by asking again."""
    world = request.getfixturevalue("elsewhere") if when == "not-found" else request.getfixturevalue("apply")(when)
    name, case = put(world, item=EXISTS, mode="direct")
    for _ in range(3):
        tell(world, name, WRONG)
    assert outcome(world, name, case, EXISTS) == ("failed", "preview.answers-exhausted")
    again, _ = asked(world, EXISTS, mode="direct")
    assert again.json["evidence"][0]["problem"]["code"] == "preview.answers-exhausted"
    assert world.events("EvidenceReleased") == []


def test_where_nobody_can_be_asked_nothing_found_is_no_signed_no(elsewhere: World) -> None:
    elsewhere.apply(grant("G-IDENTITY", absent_allowed=True, min_loa=0, predicates=["exists"]))
    elsewhere.approve("G-IDENTITY")
    case = elsewhere.open_case((OWNER, "applicant"))
    item = EXISTS | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    token = elsewhere.issuer.token(elsewhere.holder, authorization_details=detail(case, item), act={"sub": "officer-7"})
    answer = elsewhere.ask(case, item, token=token)
    assert answer.json["evidence"][0]["problem"]["code"] == "source.needs-answers"
    assert elsewhere.events("EvidenceReleased") == []


def test_a_source_in_trouble_costs_no_attempt(ambiguous: World) -> None:
    name, _ = put(ambiguous)

    def down(_query: Query) -> None:
        raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    late = tell(ambiguous, name, RIGHT)
    assert (late.status_code, late.json["code"]) == (503, "source.unavailable")
    BEFORE_FETCH.clear()
    assert mine(ambiguous, path=f"/{name}/0").json["attempts_left"] == 3
    assert tell(ambiguous, name, RIGHT).json["status"] == "awaiting-preview"


def test_a_crash_after_an_answer_was_counted_costs_it_and_releases_nothing(ambiguous: World) -> None:
    name, _ = put(ambiguous, mode="direct")

    def killed(_query: Query) -> None:
        raise KeyboardInterrupt

    BEFORE_FETCH.append(killed)
    with pytest.raises(KeyboardInterrupt):
        tell(ambiguous, name, RIGHT)
    BEFORE_FETCH.clear()
    assert ambiguous.events("EvidenceReleased") == []
    node = ambiguous.another_node()
    try:
        assert mine(node, path=f"/{name}/0").json["attempts_left"] == 2
        assert tell(node, name, RIGHT).json["status"] == "delivered"
    finally:
        node.rooms.close()
    assert len(ambiguous.events("EvidenceReleased")) == 1


def test_a_grant_revoked_before_the_answer_asks_no_source(ambiguous: World) -> None:
    name, case = put(ambiguous)
    digest = mine(ambiguous, path=f"/{name}/0").json["digest"]
    ambiguous.revoke("G-IDENTITY")
    ambiguous.calls.clear()
    assert mine(ambiguous, path=f"/{name}/0").json["code"] == "preview.over"
    assert tell(ambiguous, name, RIGHT, digest).json["code"] == "preview.over"
    assert ambiguous.calls == []
    assert outcome(ambiguous, name, case)[0] != "delivered"


def test_a_grant_revoked_while_the_source_answers_releases_nothing(ambiguous: World) -> None:
    name, case = put(ambiguous, mode="direct")

    def revoked(_query: Query) -> None:
        BEFORE_FETCH.clear()
        ambiguous.revoke("G-IDENTITY")

    BEFORE_FETCH.append(revoked)
    assert tell(ambiguous, name, RIGHT).json["status"] == "refused"
    assert outcome(ambiguous, name, case) == ("refused", "policy.no-grant")
    assert ambiguous.events("EvidenceReleased") == []


def test_the_person_may_decline_to_answer(ambiguous: World) -> None:
    name, case = put(ambiguous)
    assert reply(ambiguous, name, "provide").json["code"] == "preview.changed"
    assert reply(ambiguous, name, "decline").json["status"] == "refused"
    assert outcome(ambiguous, name, case) == ("refused", "preview.declined")


def test_questions_that_nobody_answers_end(ambiguous: World) -> None:
    name, case = put(ambiguous)
    ambiguous.clock.advance(7 * 86400 + 1)
    assert ambiguous.rooms.waiting.end_overdue() == 1
    assert outcome(ambiguous, name, case) == ("failed", "evidence.timed-out")


def test_a_case_that_is_closed_meanwhile_gets_nothing(ambiguous: World) -> None:
    name, case = put(ambiguous)
    token = ambiguous.issuer.token(ambiguous.holder, scope="cases")
    assert ambiguous.call("POST", f"/v1/cases/{case}/close", token, {}).status_code == 200
    assert mine(ambiguous).json["previews"] == []
    assert mine(ambiguous, path=f"/{name}/0").json["code"] == "preview.over"
    assert ambiguous.rooms.waiting.end_overdue() == 1
    assert ambiguous.events("EvidenceReleased") == []


def test_an_erased_person_is_asked_nothing(ambiguous: World) -> None:
    name, _ = put(ambiguous)
    ambiguous.outside.ledger.erase(SubjectRef("citizen-number", OWNER))
    assert mine(ambiguous, path=f"/{name}/0").json["code"] == "preview.over"


def test_the_same_request_again_is_not_put_twice(ambiguous: World) -> None:
    case = ambiguous.open_case()
    first = ambiguous.ask(case, NAME, Idempotency_Key="k-1")
    again = ambiguous.ask(case, NAME, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json
    assert len(ambiguous.events("FurtherQuestionsPut")) == 1
    assert len(mine(ambiguous).json["previews"]) == 1


def test_the_usage_log_says_it_in_plain_words(ambiguous: World) -> None:
    name, _ = put(ambiguous)
    for _ in range(3):
        tell(ambiguous, name, WRONG)
    token = ambiguous.issuer.token(ambiguous.holder, "portal", person=OWNER, scope="usage")
    entries = ambiguous.call("GET", "/v1/usage", token).json["entries"]
    said = [(one["sentence"]["zh"], one["sentence"]["en"]) for one in entries]
    assert len(said) == 8
    assert "追问未能答上" in said[0][0]
    assert any("公安局的追问第 2 次作了回答；回答没有保存" in zh for zh, _ in said)
    assert any("its department has further questions to you first" in en for _, en in said)


def at_once(acts: list[Callable[[], str]]) -> list[str]:
    """What becomes of each when all are done at the same time: a status, or the code of a problem."""

    def outcome_of(act: Callable[[], str]) -> str:
        try:
            return act()
        except Problem as problem:
            return problem.kind.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome_of, acts))


def test_of_many_right_answers_at_once_one_releases(ambiguous: World) -> None:
    name, _ = put(ambiguous, mode="direct")
    looking, questioning = ambiguous.rooms.previews.looking, ambiguous.rooms.previews.asking
    held = ambiguous.rooms.waiting.find(name, 0)
    assert held is not None
    digest = questioning.show(held).digest
    person = held.waited.previewer or b""
    assert looking.one(person, name, 0).waited == held.waited
    ended = at_once([lambda: questioning.answer(held, RIGHT, digest)] * 4)
    assert ended.count("delivered") == 1
    assert {*ended} <= {"delivered", "preview.changed", "evidence-request.not-waiting", "preview.over"}, ended
    assert len(ambiguous.events("EvidenceReleased", "FurtherAnswersGiven")) == 2


def test_many_guesses_at_once_are_no_more_than_are_allowed(ambiguous: World) -> None:
    """Several requests, each with a window of its own: the count is looked at under the lock of the log."""
    names = [put(ambiguous)[0] for _ in range(6)]
    questioning, find = ambiguous.rooms.previews.asking, ambiguous.rooms.waiting.find
    helds = [held for name in names if (held := find(name, 0)) is not None]
    digests = [questioning.show(held).digest for held in helds]

    guesses = [
        lambda held=held, digest=digest: questioning.answer(held, WRONG, digest)
        for held, digest in zip(helds, digests, strict=True)
    ]
    assert "delivered" not in at_once(guesses)
    assert len(ambiguous.events("FurtherAnswersGiven")) == 3
    with ambiguous.outside.database.read() as connection:
        whose = helds[0].waited.previewer or b""
        since, mine_ = ambiguous.clock.now().replace(year=2000), further_answers.THE_PERSON
        assert further_answers.left(connection, whose, "identity-card", since, attempts=3, asker=mine_) == 0


def test_providing_the_other_of_two_ends_the_questions(ambiguous: World) -> None:
    manifest = service_item(ITEM, MARKET)
    manifest["spec"]["requirements"][0]["met_by"].append({"evidence_type": "staff-list"})
    ambiguous.apply(manifest)
    ambiguous.rooms.policy.renew()
    case = ambiguous.open_case()
    token = ambiguous.issuer.token(ambiguous.holder, person=OWNER, authorization_details=detail(case, NAME, STAFF))
    name = ambiguous.call("POST", "/v1/evidence-requests", token, request(case, NAME, STAFF, delivery="preview")).json[
        "id"
    ]
    shown = mine(ambiguous, path=f"/{name}/1").json
    assert shown["choice"] == []
    done = mine(ambiguous, "POST", f"/{name}/1", {"reply": "provide", "digest": shown["digest"]})
    assert done.json["status"] == "delivered"
    card, _ = look(ambiguous, name, case, NAME, STAFF).json["evidence"]
    assert card["problem"]["code"] == "preview.not-chosen"


def test_a_sensitive_record_takes_a_stronger_sign_in_before_any_question(ambiguous: World) -> None:
    name, _ = put(ambiguous, item=ADDRESS)
    weak = mine(ambiguous, path=f"/{name}/0", acr="urn:tongban:loa:2")
    assert (weak.status_code, weak.json["code"]) == (401, "preview.stronger-sign-in-needed")
    late = tell(ambiguous, name, RIGHT, "sha256:" + "0" * 64, acr="urn:tongban:loa:2")
    assert late.json["code"] == "preview.stronger-sign-in-needed"
