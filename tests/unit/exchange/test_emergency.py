"""Emergency access from the outside: asked, opened by a second person, used within its template, told, reviewed."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from connectors.base import Query
from exchange.gateway.understanding import Understanding
from exchange.governance.simulation.replay import replay
from exchange.store.decisions import Period
from policies.decision import Deny
from policies.explain import NO_GRANT
from policies.reference import Judge
from tests.doubles.exchange import (
    BEFORE_FETCH,
    MARKET,
    OWNER,
    POLICE,
    URBAN,
    WORKER,
    World,
    detail,
    grant,
    request,
    text,
)
from tests.unit.exchange.test_governed_call import NAME, code, only

PATH = "/v1/emergencies"
TEMPLATE = grant("G-RESCUE", absent_allowed=True, min_loa=0, emergency={"minutes": 120})
DELAY = {"days": 30, "statute": text("演示侦查规定第九条")}
SHEN: dict[str, Any] = {"sub": "shen", "roles": ["consumer-officer"]}
LIN: dict[str, Any] = {"sub": "lin", "roles": ["sponsor"]}
REVIEWER: dict[str, Any] = {"sub": "du", "roles": ["data-protection-officer"], "organisation": POLICE}
WHY = {"reason": "演示：危房排险，须立即联系住户"}
DONE = {"finding": "justified", "words": "演示：确有险情"}


def template(world: World, **more: Any) -> None:
    world.apply(TEMPLATE | {"spec": TEMPLATE["spec"] | more})
    world.approve("G-RESCUE")


def asked(world: World, case: str, **who: Any) -> Any:
    return world.officer("POST", PATH, {"template": "G-RESCUE", "case": case, **WHY}, **(SHEN | who))


def done(world: World, opening: str, command: str, body: Any = None, **who: Any) -> Any:
    answer = world.officer("POST", f"{PATH}/{opening}/{command}", body or {}, **who)
    world.rooms.policy.renew()
    return answer


def opened(world: World) -> tuple[str, str]:
    """A case and an opening of the template for it."""
    case = world.open_case((OWNER, "applicant"))
    opening = str(asked(world, case).json["id"])
    assert done(world, opening, "open", **LIN).json["status"] == "open"
    return case, opening


def use(world: World, case: str, opening: str, *items: Any, **more: Any) -> Any:
    """What the department's system asks for while nobody is present, as the applicant's."""
    items = items or ({**NAME, "subject": {"scheme": "citizen-number", "value": OWNER}},)
    token = world.issuer.token(world.holder, act={"sub": "window-7"}, authorization_details=detail(case, *items))
    return world.call("POST", "/v1/evidence-requests", token, request(case, *items, emergency=opening), **more)


def own_log(world: World) -> list[dict[str, Any]]:
    token = world.issuer.token(world.holder, "portal", person=OWNER, scope="usage")
    found: list[dict[str, Any]] = world.call("GET", "/v1/usage", token).json["entries"]
    return found


def test_two_persons_open_a_template_and_what_leaves_is_marked_told_and_reviewed(world: World) -> None:
    template(world)
    case, opening = opened(world)
    answer = use(world, case, opening)
    assert only(answer)["data"] == {"name": "陈示例"}
    (released,) = world.events("EvidenceReleased")
    assert (released["facts"]["emergency"], released["facts"]["grants"]) == (opening, ["G-RESCUE@1"])
    assert [entry["event"] for entry in own_log(world)] == ["NoticeGiven", "EvidenceReleased"]
    assert "应急" in own_log(world)[0]["sentence"]["zh"]
    replayed = replay(world.outside.database, world.outside.settings.database_url, Period(), 1)
    assert replayed.decisions == replayed.agreeing == 1

    world.clock.advance(2 * 3600)
    assert world.rooms.emergency_sweep.sweep() == 1
    shown = world.officer("GET", f"{PATH}/{opening}", **REVIEWER).json
    assert (shown["status"], shown["commands"]) == ("ended", ["review"])
    assert shown["people"] == 1
    assert [(item["asked"], item["outcome"]) for item in shown["items"]] == [(["name"], "released")]
    assert code_of(done(world, opening, "review", {**DONE, "words": " "}, **REVIEWER)) == "emergency.reason-missing"
    reviewed = done(world, opening, "review", DONE, **REVIEWER).json
    assert (reviewed["status"], reviewed["review"]["finding"], reviewed["commands"]) == ("reviewed", "justified", [])
    steps = ["EmergencyAsked", "EmergencyOpened", "EmergencyEnded", "EmergencyReviewed"]
    assert [entry["event"] for entry in world.events(*steps)] == steps
    assert [step["event"] for step in reviewed["history"]] == steps


def test_an_opening_is_for_whom_the_case_was_about_when_the_second_person_looked(small_world: World) -> None:
    """Whoever signs in later, and so joins the case, is not under it (ADR 0040)."""
    template(small_world)
    assert code_of(asked(small_world, small_world.open_case())) == "emergency.incomplete"
    case = small_world.open_case((WORKER, "employee"))
    opening = str(asked(small_world, case).json["id"])
    assert done(small_world, opening, "open", **LIN).json["people"] == 1
    small_world.clock.advance(1)
    assert only(small_world.ask(case, NAME, person=OWNER))["status"] == "delivered"
    assert code(use(small_world, case, opening)) == "policy.emergency-over"


def test_who_began_to_join_before_an_opening_and_joined_after_it_is_not_under_it(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    template(small_world)
    case = small_world.open_case((WORKER, "employee"))
    opening = str(asked(small_world, case).json["id"])
    understood = Understanding.attempt

    def slowly(self: Understanding, *arguments: Any) -> Any:
        attempt = understood(self, *arguments)
        monkeypatch.undo()
        small_world.clock.advance(0.1)
        assert done(small_world, opening, "open", **LIN).json["status"] == "open"
        small_world.clock.advance(0.1)
        return attempt

    monkeypatch.setattr(Understanding, "attempt", slowly)
    assert only(small_world.ask(case, NAME, person=OWNER))["status"] == "delivered"
    assert code(use(small_world, case, opening)) == "policy.emergency-over"


def test_a_template_is_opened_again_for_a_case_when_the_last_opening_was_reviewed(small_world: World) -> None:
    template(small_world)
    case, opening = opened(small_world)
    small_world.clock.advance(2 * 3600)
    small_world.rooms.emergency_sweep.sweep()
    again = asked(small_world, case)
    assert code_of(again) == "emergency.review-first"
    assert opening in again.json["detail"]
    assert done(small_world, opening, "review", DONE, **REVIEWER).status_code == 200
    assert asked(small_world, case).status_code == 201


def test_somebody_who_is_present_is_told_too(small_world: World) -> None:
    template(small_world)
    case, opening = opened(small_world)
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME))
    body = request(case, NAME, emergency=opening)
    assert only(small_world.call("POST", "/v1/evidence-requests", token, body))["status"] == "delivered"
    (notice,) = small_world.events("NoticeGiven")
    assert notice["facts"]["emergency"] == opening


def code_of(answer: Any) -> str:
    return str(answer.json.get("reason") or answer.json["code"])


def test_nobody_opens_alone_and_nobody_reviews_their_own(small_world: World) -> None:
    template(small_world)
    case = small_world.open_case((OWNER, "applicant"))
    both = {"sub": "shen", "roles": ["consumer-officer", "sponsor"]}
    opening = asked(small_world, case, **both).json["id"]
    assert asked(small_world, case, organisation=URBAN).status_code == 404
    refusals = {
        "emergency.same-person": both,
        "emergency.not-allowed": {"sub": "wu", "roles": ["consumer-officer"]},
        "emergency.unknown": {"sub": "wu", "roles": ["sponsor"], "organisation": URBAN},
        "emergency.other-organisation": {"sub": "wu", "roles": ["sponsor"], "organisation": POLICE},
    }
    for reason, who in refusals.items():
        assert code_of(done(small_world, opening, "open", **who)) == reason
    assert code(use(small_world, case, opening)) == "policy.emergency-over"
    assert done(small_world, opening, "open", **LIN).status_code == 200
    closed = done(small_world, opening, "close", {"reason": "演示：险情解除"}, **SHEN)
    assert closed.json["status"] == "ended"
    assert code(use(small_world, case, opening)) == "policy.emergency-over"
    for who in (both, LIN, {"sub": "du", "roles": ["data-protection-officer"], "organisation": MARKET}):
        own = {**who, "roles": ["data-protection-officer"]}
        assert code_of(done(small_world, opening, "review", DONE, **own)) == "emergency.not-independent"


def test_nothing_leaves_outside_the_template_or_against_a_guard(small_world: World) -> None:
    template(small_world)
    case, opening = opened(small_world)
    subject = {"subject": {"scheme": "citizen-number", "value": OWNER}}
    assert code(use(small_world, case, opening, {**NAME, "fields": ["born"], **subject})) == "policy.field-not-granted"
    other = small_world.open_case((OWNER, "applicant"))
    assert code(use(small_world, other, opening)) == "policy.emergency-over"  # opened for another case
    staff = {"type": "staff-list", "fields": ["employer"], **subject}
    assert code(use(small_world, case, opening, staff)) == "policy.no-grant"  # an ordinary grant is none for this
    # And without naming the opening, the template gives nothing.
    wanted = {**NAME, **subject}
    unopened = small_world.issuer.token(
        small_world.holder, act={"sub": "window-7"}, authorization_details=detail(case, wanted)
    )
    plain = small_world.ask(case, wanted, token=unopened)
    assert code(plain) == "policy.absence-not-granted"
    assert only(use(small_world, case, opening))["status"] == "delivered"
    sealing = {"subject": subject["subject"], "citation": text("演示规定第九条"), "until": "2026-12-31"}
    sealed = small_world.officer("POST", "/v1/sealings", sealing, sub="g", roles=["governance-officer"])
    small_world.rooms.policy.renew()
    assert code(use(small_world, case, opening)) == "policy.subject-sealed"
    lifted = f"/v1/sealings/{sealed.json['sealing']}/lift"
    assert small_world.officer("POST", lifted, WHY, sub="g", roles=["governance-officer"]).status_code == 200
    small_world.officer("POST", "/v1/grants/G-RESCUE/suspend", WHY, sub="p", roles=["governance-officer"])
    small_world.rooms.policy.renew()
    assert code(use(small_world, case, opening)) == "policy.no-grant"
    second = asked(small_world, case)
    assert code_of(second) == "emergency.template-unknown"


def test_an_opening_ends_by_itself_and_one_not_opened_lapses(small_world: World) -> None:
    template(small_world)
    case, opening = opened(small_world)
    waiting = asked(small_world, small_world.open_case((OWNER, "applicant"))).json["id"]
    small_world.clock.advance(2 * 3600 - 1)
    assert only(use(small_world, case, opening))["status"] == "delivered"
    small_world.clock.advance(1)
    assert code(use(small_world, case, opening)) == "policy.emergency-over"  # no sweep was needed
    small_world.clock.advance(2 * 3600)
    assert code_of(done(small_world, waiting, "open", **LIN)) == "emergency.lapsed"
    assert small_world.rooms.emergency_sweep.sweep() == 2
    assert small_world.rooms.emergency_sweep.sweep() == 0
    states = {one["id"]: one["status"] for one in small_world.officer("GET", PATH, **SHEN).json["emergencies"]}
    assert states == {opening: "ended", waiting: "lapsed"}
    again = small_world.officer("GET", f"{PATH}?state=nothing", **SHEN)
    assert again.status_code == 422


def test_an_overdue_review_blocks_the_department_until_it_is_done(small_world: World) -> None:
    template(small_world)
    case, opening = opened(small_world)
    shown = small_world.officer("GET", f"{PATH}/{opening}", **LIN).json
    assert shown["review_due"].startswith("2026-11-27T00:00")  # Monday; three working days after it
    waiting = asked(small_world, small_world.open_case((OWNER, "applicant"))).json["id"]
    small_world.clock.advance(timedelta(days=3, hours=7).total_seconds())
    small_world.rooms.emergency_sweep.sweep()
    assert small_world.rooms.emergency_sweep.sweep() == 1
    assert len(small_world.events("EmergencyReviewOverdue")) == 1
    assert code_of(asked(small_world, case)) == "emergency.review-overdue"
    assert code_of(done(small_world, waiting, "open", **LIN)) == "emergency.not-allowed"  # lapsed long ago
    assert small_world.officer("GET", f"{PATH}/{opening}", **LIN).json["overdue"] is True
    assert done(small_world, opening, "review", DONE, **REVIEWER).status_code == 200
    assert asked(small_world, case).status_code == 201


def test_a_statute_puts_the_notice_off_and_it_comes_by_itself(small_world: World) -> None:
    template(small_world, emergency={"minutes": 60, "notice_delay": DELAY})
    case, opening = opened(small_world)
    assert only(use(small_world, case, opening))["status"] == "delivered"
    (delayed,) = small_world.events("NoticeDelayed")
    assert delayed["facts"]["statute"] == DELAY["statute"]
    assert own_log(small_world) == []
    done(small_world, opening, "close", {"reason": "演示"}, **LIN)
    assert code(use(small_world, case, opening)) == "policy.emergency-over"
    small_world.clock.advance(timedelta(days=30).total_seconds())
    assert [entry["event"] for entry in own_log(small_world)] == ["NoticeDelayed", "EvidenceReleased"]
    assert "演示侦查规定第九条" in own_log(small_world)[0]["sentence"]["zh"]


def test_what_is_closed_while_the_source_is_asked_is_not_released_by_another_node(world: World) -> None:
    template(world)
    case, opening = opened(world)
    node = world.another_node()
    node.rooms.policy.renew()

    def close(_query: Query) -> None:
        BEFORE_FETCH.clear()
        assert world.officer("POST", f"{PATH}/{opening}/close", {"reason": "演示"}, **LIN).status_code == 200

    BEFORE_FETCH.append(close)
    try:
        assert code(use(node, case, opening)) == "policy.emergency-over"
        assert world.events("EvidenceReleased") == []
    finally:
        node.rooms.close()


def test_engines_that_disagree_release_nothing_and_raise_an_alarm(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    template(small_world)
    case, opening = opened(small_world)
    denied = Deny(code=NO_GRANT.code, clauses=(NO_GRANT,), grants=(), epoch=0)
    monkeypatch.setattr(Judge, "judge", lambda _self, _request: denied)
    with capture_logs() as logged:
        answer = use(small_world, case, opening)
    assert code(answer) == "policy.engine-error"
    (alarm,) = (entry for entry in logged if entry["log_level"] == "error")
    assert alarm["decision"] == answer.json["evidence"][0]["problem"]["decision_id"]


def test_two_officers_at_once_open_it_once(small_world: World) -> None:
    template(small_world)
    case = small_world.open_case((OWNER, "applicant"))
    opening = asked(small_world, case).json["id"]
    answers: list[int] = []

    def open_it(name: str) -> None:
        answer = small_world.officer("POST", f"{PATH}/{opening}/open", {}, sub=name, roles=["sponsor"])
        answers.append(answer.status_code)

    racers = [threading.Thread(target=open_it, args=(name,)) for name in ("lin", "wu")]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(answers) in ([200, 403], [200, 409])
    assert len(small_world.events("EmergencyOpened")) == 1


def test_a_template_needs_three_signatures_and_is_none_before(small_world: World) -> None:
    small_world.apply(TEMPLATE)
    small_world.officer("POST", "/v1/grants/G-RESCUE/submit", {}, sub="author", roles=["governance-officer"])
    seen = small_world.officer("GET", "/v1/grants/G-RESCUE", sub="author", roles=["governance-officer"]).json
    seats = [seat["role"] for seat in seen["must_sign"]]
    assert seats == ["provider-officer", "governance-approver", "data-protection-officer"]
    assert "120 分钟" in seen["sentence"]["zh"]
    listed = small_world.officer("GET", f"{PATH}/templates", **SHEN).json
    assert listed == {"templates": []}  # not in force yet


def test_what_was_given_is_not_given_again_after_the_end(small_world: World) -> None:
    template(small_world)
    case, opening = opened(small_world)
    first = use(small_world, case, opening, Idempotency_Key="again")
    assert first.status_code == 200
    again = use(small_world, case, opening, Idempotency_Key="again")
    assert again.json["id"] == first.json["id"]
    done(small_world, opening, "close", {"reason": "演示"}, **LIN)
    assert code_of(use(small_world, case, opening, Idempotency_Key="again")) == "policy.emergency-over"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"template": "G-RESCUE", "case": "case_0", "reason": ""},
        {"template": "G-RESCUE", "case": "case_0", "reason": "x", "minutes": 600},
        {"template": 7, "case": "case_0", "reason": "x"},
    ],
)
def test_bad_bodies_are_told(small_world: World, body: Any) -> None:
    assert small_world.officer("POST", PATH, body, **SHEN).status_code == 422


def test_what_is_asked_for_must_exist_and_be_open_and_names_nobody(small_world: World) -> None:
    template(small_world)
    case = small_world.open_case((OWNER, "applicant"))
    body = {"template": "G-RESCUE@1", "case": case, **WHY}
    for changed, status in (
        ({"case": "case_00000000000000000000000000"}, 404),
        ({"template": "G-IDENTITY"}, 404),
        ({"reason": f"找 {OWNER}"}, 422),
    ):
        assert small_world.officer("POST", PATH, body | changed, **SHEN).status_code == status
    assert small_world.officer("POST", PATH, body, sub="a", roles=["auditor"]).status_code == 403
    token = small_world.issuer.token(small_world.holder, scope="cases")
    small_world.call("POST", f"/v1/cases/{case}/close", token)
    assert small_world.officer("POST", PATH, body, **SHEN).status_code == 409
    assert small_world.officer("GET", f"{PATH}/em_unknown", **SHEN).status_code == 404


def test_what_ends_while_the_source_is_asked_is_refused(small_world: World) -> None:
    template(small_world)
    case, opening = opened(small_world)
    small_world.clock.advance(2 * 3600 - 2)
    small_world.rooms.policy.renew()

    def late(_query: Query) -> None:
        BEFORE_FETCH.clear()
        small_world.clock.advance(5)
        small_world.rooms.policy.renew()

    BEFORE_FETCH.append(late)
    assert code(use(small_world, case, opening)) == "policy.emergency-over"
    assert small_world.events("EvidenceReleased") == []
    (refused,) = small_world.events("EvidenceRefused")
    assert refused["facts"]["reason"] == "policy.emergency-over"
