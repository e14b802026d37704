"""Access requests over HTTP: asked, checked, answered, disputed; every step an entry, every clock counted."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from exchange.requests import sweep as sweeping
from exchange.store import access_requests
from kernel.clock import ManualClock
from policies.requests.escalation import next_due
from tests.doubles.exchange import BASIS, IDENTITY_CARD, ITEM, MARKET, POLICE, URBAN, World

PATH = "/v1/access-requests"
CONSUMER: dict[str, Any] = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
GOVERNOR: dict[str, Any] = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
PROVIDER: dict[str, Any] = {"sub": "pan", "roles": ["provider-officer"], "organisation": POLICE}
APPROVER: dict[str, Any] = {"sub": "gao", "roles": ["governance-approver"], "organisation": URBAN}
AUDITOR: dict[str, Any] = {"sub": "shen", "roles": ["auditor"], "organisation": URBAN}
ASKED = {
    "evidence_type": "identity-card",
    "fields": ["name", "born"],
    "service_items": [ITEM],
    "legal_basis": BASIS,
    "valid_from": "2026-12-01",
    "valid_to": "2027-12-01",
}
BODY = {"grant": ASKED, "purpose": "核对申请人身份，免交复印件"}
ASSESSMENT = {
    "necessity": "登记须核对住址",
    "risks": "住址泄露",
    "measures": "仅办件人员可见，留存 30 日",
    "assessed_on": "2026-11-20",
    "reference": "PIA-2026-7",
}
REFUSAL = {"code": "beyond-need", "citation": "政务数据共享条例", "reason": "出生日期并非办理所必需"}
DAY = 24 * 3600


def do(world: World, who: dict, request: str, command: str, **body: Any) -> Any:
    return world.officer("POST", f"{PATH}/{request}/{command}", body, **who)


def drafted(world: World, **more: Any) -> str:
    world.clock.advance(1)  # identifiers sort by time
    answer = world.officer("POST", PATH, BODY | more, **CONSUMER)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def walked(world: World, request: str, *steps: tuple) -> dict:
    """Commands that must succeed; the last answer."""
    answer: dict = {}
    for who, command, *body in steps:
        got = do(world, who, request, command, **(body[0] if body else {}))
        assert got.status_code == 200, (command, got.text)
        answer = got.json
    return answer


def with_provider(world: World, **more: Any) -> str:
    request = drafted(world, **more)
    walked(world, request, (CONSUMER, "submit"), (GOVERNOR, "accept"))
    return request


def names(world: World, request: str) -> list[str]:
    return [entry["event"] for entry in world.entries() if entry["request"] == request]


def test_from_a_draft_to_an_approval_and_the_draft_of_its_grant(world: World) -> None:
    request = drafted(world)
    shown = world.officer("GET", f"{PATH}/{request}", **CONSUMER).json
    assert (shown["status"], shown["commands"]) == ("drafted", ["revise", "submit", "withdraw"])
    assert shown["provider"]["code"] == POLICE
    assert shown["clock"] is None
    assert "市场监管局" in shown["sentence"]["zh"]

    submitted = walked(world, request, (CONSUMER, "submit"))
    assert (submitted["status"], submitted["share_type"]) == ("submitted", "conditional")
    accepted = walked(world, request, (GOVERNOR, "accept"))
    assert accepted["status"] == "with-provider"
    assert accepted["commands"] == []
    clock = world.officer("GET", f"{PATH}/{request}", **PROVIDER).json["clock"]
    assert (clock["stage"], clock["days"], clock["days_left"], clock["profile"]) == (
        "provider-answer",
        10,
        10,
        "cn-809-2025",
    )
    assert clock["deadline"] == "2026-12-08T00:00:00+08:00"  # ten working days after Monday, 23 November 2026

    approved = walked(world, request, (PROVIDER, "approve"))
    assert (approved["status"], approved["clock"]["stage"]) == ("approved", "provisioning")
    grant = world.officer("GET", f"/v1/grants/{approved['ref']}", **GOVERNOR).json
    assert (grant["status"], grant["request"]) == ("drafted", request)
    assert grant["grant"]["statute"]["zh"] == "演示规定第三条"
    assert world.officer("GET", "/v1/grants/G-STAFF", **GOVERNOR).json["request"] is None
    assert names(world, request) == ["RequestDrafted", "RequestSubmitted", "RequestAccepted", "RequestApproved"]
    assert names(world, approved["ref"]) == ["GrantDrafted"]
    history = approved["history"]
    assert [one["event"] for one in history] == names(world, request)
    assert history[0]["facts"]["consumer"] == MARKET
    assert "purpose" not in str(history[0]["facts"])


def test_whoever_wrote_the_request_never_signs_its_grant_and_the_request_ends_when_it_is_active(world: World) -> None:
    both = CONSUMER | {"roles": ["consumer-officer", "governance-approver"]}
    answer = world.officer("POST", PATH, BODY, **both)
    request = str(answer.json["id"])
    done = walked(world, request, (both, "submit"), (GOVERNOR, "accept"), (PROVIDER, "approve"))
    grant = f"/v1/grants/{done['ref'].partition('@')[0]}"
    world.officer("POST", f"{grant}/submit", {}, **CONSUMER)
    signed = {"digest": world.officer("GET", grant, **GOVERNOR).json["digest"]}
    refused = world.officer("POST", f"{grant}/approve", signed, **both)
    assert refused.json["reason"] == "grant.author-may-not-sign"
    assert world.rooms.request_sweep.sweep() == 0
    for who in (PROVIDER, APPROVER):
        assert world.officer("POST", f"{grant}/approve", signed, **who).status_code == 200
    assert world.rooms.request_sweep.sweep() == 1
    assert world.rooms.request_sweep.sweep() == 0
    shown = world.officer("GET", f"{PATH}/{request}", **CONSUMER).json
    assert (shown["status"], shown["clock"]) == ("fulfilled", None)


def approved(world: World) -> tuple[str, str]:
    """A request that its provider has agreed to, and the grant that follows."""
    request = with_provider(world)
    return request, walked(world, request, (PROVIDER, "approve"))["ref"].partition("@")[0]


def swept(world: World, request: str) -> dict:
    world.rooms.request_sweep.sweep()
    shown: dict = world.officer("GET", f"{PATH}/{request}", **CONSUMER).json
    assert world.rooms.request_sweep.sweep() == 0
    return shown


def test_a_request_whose_grant_ends_before_it_took_effect_ends_with_it(world: World) -> None:
    request, grant = approved(world)
    assert swept(world, request)["status"] == "approved"
    reason = {"reason": "no longer needed"}
    assert world.officer("POST", f"/v1/grants/{grant}/revoke", reason, **GOVERNOR).json["status"] == "revoked"
    world.clock.advance(60 * DAY)
    shown = swept(world, request)
    assert (shown["status"], shown["clock"], shown["commands"]) == ("lapsed", None, [])
    assert names(world, request)[-1] == "RequestLapsed"
    told = world.officer("GET", "/v1/messages", **CONSUMER).json["messages"]
    assert [one["about"] for one in told if one["kind"] == "request-lapsed"] == [request]


def test_a_request_ends_when_the_term_of_a_grant_that_nobody_handed_in_has_run_out(small_world: World) -> None:
    request, grant = approved(small_world)
    small_world.clock.advance(373 * DAY)  # 1 December 2027 is the first day that is not asked for
    assert small_world.officer("GET", f"{PATH}/{request}", **CONSUMER).json["status"] == "approved"
    assert swept(small_world, request)["status"] == "lapsed"
    late = small_world.officer("POST", f"/v1/grants/{grant}/submit", {}, **CONSUMER)
    assert late.json["reason"] == "grant.expired"


@pytest.mark.parametrize("end", ["suspend", "revoke"])
def test_a_request_has_what_it_asked_for_once_any_version_of_its_grant_was_in_force(world: World, end: str) -> None:
    """Also where it was the second, and where it was over before the sweep looked."""
    request, grant = approved(world)
    text = world.officer("GET", f"/v1/grants/{grant}", **GOVERNOR).json["grant"]
    spec = {name: value for name, value in text.items() if name not in {"id", "version", "quota_per_day"}}
    world.officer("POST", f"/v1/grants/{grant}@1/revoke", {"reason": "to be written anew"}, **GOVERNOR)
    spec |= {"fields": ["name"], "valid_from": "2026-11-01"}
    world.apply({"kind": "Grant", "metadata": {"name": grant}, "spec": spec})
    assert swept(world, request)["status"] == "approved"  # a draft may still become one
    world.approve(grant)
    ended = world.officer("POST", f"/v1/grants/{grant}/{end}", {"reason": "over"}, **APPROVER)
    assert ended.json["ref"] == f"{grant}@2"
    assert swept(world, request)["status"] == "fulfilled"


def test_a_refusal_is_disputed_mediated_and_ruled_on(world: World) -> None:
    request = with_provider(world)
    refused = walked(world, request, (PROVIDER, "refuse", REFUSAL))
    assert refused["refusal"]["citation"] == "政务数据共享条例"
    assert refused["refusal"]["text"]["en"] == "It goes beyond what the duty needs"
    mediator = GOVERNOR | {"sub": "lu"}
    ruled = walked(
        world,
        request,
        (CONSUMER, "dispute", {"reason": "登记表须填写出生日期"}),
        (mediator, "negotiate"),
        (mediator, "mediate", {"finding": "双方同意只提供年份"}),
        (APPROVER, "overturn", {"citation": "政务数据共享条例"}),
    )
    assert (ruled["status"], ruled["clock"]["stage"]) == ("approved", "provisioning")
    assert names(world, ruled["ref"]) == ["GrantDrafted"]
    assert names(world, request)[-5:] == [
        "RequestRefused",
        "RequestDisputed",
        "NegotiationOpened",
        "RequestMediated",
        "RefusalOverturned",
    ]


def test_a_refusal_that_is_upheld_ends_it(small_world: World) -> None:
    request = with_provider(small_world)
    done = walked(
        small_world,
        request,
        (PROVIDER, "refuse", REFUSAL),
        (CONSUMER, "dispute", {"reason": "需要"}),
        (GOVERNOR, "negotiate"),
        (GOVERNOR, "mediate", {"finding": "未能一致"}),
        (APPROVER, "uphold", {"citation": "政务数据共享条例"}),
    )
    assert (done["status"], done["commands"], done["ref"]) == ("upheld", [], None)
    assert small_world.officer("GET", f"{PATH}/{request}", **CONSUMER).json["commands"] == []


def test_in_the_negotiation_the_provider_may_still_agree(small_world: World) -> None:
    request = with_provider(small_world)
    steps = [(PROVIDER, "refuse", REFUSAL), (CONSUMER, "dispute", {"reason": "需要"}), (GOVERNOR, "negotiate")]
    assert walked(small_world, request, *steps, (PROVIDER, "approve"))["status"] == "approved"


def test_what_is_shared_unconditionally_is_granted_after_the_form_check(world: World) -> None:
    spec = IDENTITY_CARD["spec"] | {"share_type": "unconditional"}
    world.apply(IDENTITY_CARD | {"spec": spec})
    world.rooms.policy.renew()
    request = drafted(world)
    clock = walked(world, request, (CONSUMER, "submit"))["clock"]
    assert (clock["stage"], clock["days"]) == ("form-check", 1)
    assert clock["text"]["zh"] == "形式审查：余最后 1 个工作日"
    done = walked(world, request, (GOVERNOR, "accept"))
    assert (done["status"], done["notified"]) == ("approved", True)
    assert names(world, request)[-3:] == ["RequestAccepted", "RequestApproved", "ProviderNotified"]
    assert names(world, done["ref"]) == ["GrantDrafted", "GrantSubmitted"]
    listed = world.officer("GET", f"{PATH}?role=provider", **PROVIDER).json["requests"]
    assert [one["id"] for one in listed] == [request]


def test_what_is_not_shared_is_refused_when_it_is_written(small_world: World) -> None:
    spec = IDENTITY_CARD["spec"] | {"share_type": "not_shared", "share_citation": {"zh": "某法", "en": "some law"}}
    request = drafted(small_world)
    small_world.revoke("G-IDENTITY")
    small_world.apply(IDENTITY_CARD | {"spec": spec})
    small_world.rooms.policy.renew()
    assert small_world.officer("POST", PATH, BODY, **CONSUMER).json["errors"][0]["path"] == "grant.evidence_type"
    late = do(small_world, CONSUMER, request, "submit")
    assert (late.status_code, late.json["code"]) == (422, "request.invalid")


def test_sensitive_fields_need_an_assessment_and_keep_it(small_world: World) -> None:
    grant = ASKED | {"fields": ["name", "address"]}
    request = drafted(small_world, grant=grant)
    answer = do(small_world, CONSUMER, request, "submit")
    assert (answer.status_code, answer.json["reason"]) == (422, "access-request.assessment-missing")
    whole = BODY | {"grant": grant, "assessment": ASSESSMENT}
    assert do(small_world, CONSUMER, request, "revise", **whole).json["assessment"] == ASSESSMENT
    assert walked(small_world, request, (CONSUMER, "submit"))["status"] == "submitted"


def test_a_form_check_that_lies_is_told_also_of_what_is_shared_conditionally(world: World) -> None:
    clock = walked(world, drafted(world), (CONSUMER, "submit"))["clock"]
    assert (clock["stage"], clock["days"], clock["profile"]) == ("form-check", 2, "cn-809-2025")
    world.clock.advance(20 * DAY)
    assert world.rooms.request_sweep.sweep() == 1
    assert told(world) == [80, 100]


def test_a_supplement_stops_the_clock(world: World) -> None:
    profile = {
        "effective_from": "2026-11-23",
        "title": {"zh": "地方", "en": "local"},
        "citation": {"zh": "地方规定", "en": "local rule"},
        "general": False,
        "organisations": [POLICE],
        "rules": [{"stage": "form-check", "days": 2}, {"stage": "provider-answer", "published": True, "days": 5}],
    }
    assert world.officer("PUT", "/v1/sla-profiles/police", profile, **GOVERNOR).status_code == 200
    request = drafted(world)
    walked(world, request, (CONSUMER, "submit"), (GOVERNOR, "return", {"reason": "请说明出生日期的用途"}))
    shown = world.officer("GET", f"{PATH}/{request}", **CONSUMER).json
    assert (shown["status"], shown["note"]) == ("returned", "请说明出生日期的用途")
    assert (shown["clock"]["paused"], shown["clock"]["deadline"]) == (True, None)
    world.clock.advance(7 * DAY)
    assert world.rooms.request_sweep.sweep() == 0
    again = walked(world, request, (CONSUMER, "revise", BODY | {"purpose": "登记表须填"}), (CONSUMER, "submit"))
    assert (again["clock"]["paused"], again["clock"]["days_left"]) == (False, 2)
    assert again["clock"]["deadline"] == "2026-12-03T00:00:00+08:00"
    assert walked(world, request, (GOVERNOR, "accept"))["status"] == "with-provider"
    clock = world.officer("GET", f"{PATH}/{request}", **PROVIDER).json["clock"]
    assert (clock["profile"], clock["days"]) == ("police", 5)


def told(world: World) -> list[int]:
    return [entry["facts"]["percent"] for entry in world.events("RequestEscalated")]


def test_an_objection_that_lies_is_told_by_its_own_clocks_and_they_can_be_edited(world: World) -> None:
    rules = [{"stage": stage, "days": days} for stage, days in (("dispute-answer", 3), ("mediation", 4), ("ruling", 2))]
    words = {"zh": "本市", "en": "this city"}
    profile = {"effective_from": "2026-11-23", "title": words, "citation": words, "general": True, "rules": rules}
    assert world.officer("PUT", "/v1/sla-profiles/city", profile, **GOVERNOR).status_code == 200
    request = with_provider(world)
    mediator = GOVERNOR | {"sub": "lu"}
    walked(world, request, (PROVIDER, "refuse", REFUSAL))
    for who, command, body, stage, days in (
        (CONSUMER, "dispute", {"reason": "登记表须填写出生日期"}, "dispute-answer", 3),
        (mediator, "negotiate", {}, "mediation", 4),
        (mediator, "mediate", {"finding": "双方同意只提供年份"}, "ruling", 2),
    ):
        clock = walked(world, request, (who, command, body))["clock"]
        assert (clock["stage"], clock["days"], clock["late"]) == (stage, days, False)
        world.clock.advance(20 * DAY)
        assert world.rooms.request_sweep.sweep() == 1
        told_of = [(entry["facts"]["stage"], entry["facts"]["percent"]) for entry in world.events("RequestEscalated")]
        assert told_of[-2:] == [(stage, 80), (stage, 100)]
    assert walked(world, request, (APPROVER, "uphold", {"citation": "政务数据共享条例"}))["clock"] is None
    assert len(told(world)) == 6


def test_somebody_above_is_told_at_four_fifths_and_at_the_end_each_once(world: World) -> None:
    with_provider(world)
    other = world.another_node()
    sweeps = (world.rooms.request_sweep, other.rooms.request_sweep)
    for day in range(1, 20):
        world.clock.advance(DAY)
        assert [sweep.sweep() for sweep in sweeps][1] == 0
        if day == 10:
            assert told(world) == []  # the morning of the ninth working day has not come yet
    assert told(world) == [80, 100]
    assert [entry["facts"]["due"] for entry in world.events("RequestEscalated")] == [
        "2026-12-04T00:00:00+08:00",
        "2026-12-08T00:00:00+08:00",
    ]
    other.rooms.close()


def test_after_an_outage_both_are_told_once_in_their_order(world: World) -> None:
    request = with_provider(world)
    world.clock.advance(40 * DAY)
    assert world.rooms.request_sweep.sweep() == 1
    assert world.rooms.request_sweep.sweep() == 0
    assert world.another_node().rooms.request_sweep.sweep() == 0
    assert told(world) == [80, 100]
    clock = world.officer("GET", f"{PATH}/{request}", **PROVIDER).json["clock"]
    assert (clock["late"], clock["days_left"], clock["days_overdue"] > 0) == (True, 0, True)


@pytest.mark.parametrize(("who", "command", "body"), [(PROVIDER, "approve", {}), (PROVIDER, "refuse", REFUSAL)])
def test_whoever_acts_late_before_the_sweep_comes_leaves_the_step_told(
    world: World, who: dict, command: str, body: dict
) -> None:
    request = with_provider(world)
    world.clock.advance(40 * DAY)
    before = len(world.entries())
    refused = do(world, GOVERNOR, request, "accept")
    assert (refused.status_code, len(world.entries())) == (403, before)  # nothing is told by what is refused
    done = walked(world, request, (who, command, body))
    assert told(world) == [80, 100]
    written = [entry for entry in world.entries() if entry["request"] == request]
    assert [entry["event"] for entry in written][-3:-1] == ["RequestEscalated", "RequestEscalated"]
    assert [entry["facts"]["organisation"] for entry in written][-3:] == ["", "", POLICE]
    assert [one["event"] for one in done["history"]] == [entry["event"] for entry in written]
    assert world.rooms.request_sweep.sweep() == 0


TAKEN_BACK = {
    "effective_from": "2026-11-23",
    "citation": {"zh": "调休", "en": "make-up"},
    "holidays": [],
    "workdays": ["2026-11-28", "2026-11-29"],
}
"""Two make-up days: what ended on 7 December ends on the 3rd."""


def test_a_calendar_written_while_the_sweep_looks_is_not_overwritten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_provider(world)
    counted = sweeping.next_due

    def meanwhile(*arguments: Any) -> Any:
        found = counted(*arguments)
        world.clock.advance(1)
        assert world.officer("PUT", "/v1/calendar/2026", TAKEN_BACK, **GOVERNOR).status_code == 200
        return found

    sweep = world.rooms.request_sweep
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "next_due", meanwhile)
        assert sweep.sweep() == 0
    with world.outside.database.read() as connection:
        (wanted,) = (at for _state, at in access_requests.due(connection, None))
    assert wanted == world.clock.now()  # to be looked at again, by the new table


def test_a_calendar_written_while_an_officer_acts_counts_for_the_new_step(world: World) -> None:
    request = drafted(world)
    walked(world, request, (CONSUMER, "submit"))
    transitions = world.rooms.access_requests.transitions
    append = transitions.ledger.append

    class Late:
        """A ledger whose lock is first given to somebody who writes a calendar."""

        def append(self, *arguments: Any, **more: Any) -> Any:
            object.__setattr__(transitions, "ledger", ledger)
            assert world.officer("PUT", "/v1/calendar/2026", TAKEN_BACK, **GOVERNOR).status_code == 200
            return append(*arguments, **more)

    ledger = transitions.ledger
    object.__setattr__(transitions, "ledger", Late())
    walked(world, request, (GOVERNOR, "accept"))
    with world.outside.database.read() as connection:
        ((state, wanted),) = access_requests.due(connection, None)
        assert wanted == next_due(state, transitions.calendar(connection))
    assert wanted.isoformat() == "2026-12-01T16:00:00+00:00"  # not that of the table before, 3 December


def test_a_table_that_takes_a_holiday_back_is_followed_at_once(world: World) -> None:
    """A running clock is counted by the calendar of today, not by that of the day it began."""
    request = with_provider(world)
    days = ["2026-11-28", "2026-11-29"]
    table = {
        "effective_from": "2026-11-23",
        "citation": {"zh": "调休", "en": "make-up"},
        "holidays": [],
        "workdays": days,
    }
    before = world.officer("GET", f"{PATH}/{request}", **PROVIDER).json["clock"]["deadline"]
    world.officer("PUT", "/v1/calendar/2026", table, **GOVERNOR)
    after = world.officer("GET", f"{PATH}/{request}", **PROVIDER).json["clock"]["deadline"]
    assert (before, after) == ("2026-12-08T00:00:00+08:00", "2026-12-04T00:00:00+08:00")
    world.rooms.request_sweep.sweep()
    world.clock.advance(12 * DAY)
    assert world.rooms.request_sweep.sweep() == 1
    assert told(world) == [80, 100]


def test_of_two_officers_acting_at_once_one_is_told_that_it_changed(world: World) -> None:
    request = with_provider(world)
    gate = threading.Barrier(2)
    transitions = world.rooms.access_requests.transitions
    inner = type(transitions).record
    answers: list[Any] = []

    def together(self: Any, *arguments: Any) -> None:
        gate.wait(timeout=5)
        inner(self, *arguments)

    def act(command: str, who: dict, body: dict) -> None:
        answers.append(do(world, who, request, command, **body))

    object.__setattr__(transitions, "record", together.__get__(transitions))
    pair = [("approve", PROVIDER, {}), ("refuse", PROVIDER | {"sub": "pu"}, REFUSAL)]
    threads = [threading.Thread(target=act, args=each) for each in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert (loser.json["code"], bool(loser.json["next_step"])) == ("access-request.changed", True)
    done = {"RequestApproved", "RequestRefused"} & set(names(world, request))
    assert len(done) == 1
    assert len(world.events("GrantDrafted")) - 2 == len(done & {"RequestApproved"})


def test_who_saw_another_revision_is_told_so(small_world: World) -> None:
    request = drafted(small_world)
    seen = small_world.officer("GET", f"{PATH}/{request}", **CONSUMER).json["revision"]
    walked(small_world, request, (CONSUMER, "revise", BODY | {"revision": seen}))
    stale = do(small_world, CONSUMER, request, "submit", revision=seen)
    assert (stale.status_code, stale.json["code"]) == (409, "access-request.changed")
    assert walked(small_world, request, (CONSUMER, "submit", {"revision": seen + 1}))["status"] == "submitted"


def test_a_clock_that_went_back_changes_nothing(small_world: World) -> None:
    request = drafted(small_world)
    slow = ManualClock(small_world.clock.now())
    small_world.clock.advance(60)
    walked(small_world, request, (CONSUMER, "submit"))
    before = len(small_world.entries())
    object.__setattr__(small_world.rooms.access_requests.transitions, "clock", slow)
    answer = do(small_world, GOVERNOR, request, "accept")
    assert (answer.status_code, answer.json["reason"]) == (403, "access-request.clock-went-back")
    assert len(small_world.entries()) == before


@pytest.mark.parametrize(
    ("who", "command", "reason"),
    [
        (CONSUMER, "accept", "access-request.not-allowed"),
        (GOVERNOR | {"sub": "chen"}, "accept", "access-request.other-side"),
        (AUDITOR, "accept", "access-request.not-allowed"),
        (APPROVER, "accept", "access-request.not-allowed"),
    ],
)
def test_what_role_state_or_side_does_not_allow_changes_nothing(
    small_world: World, who: dict, command: str, reason: str
) -> None:
    request = drafted(small_world)
    walked(small_world, request, (CONSUMER, "submit"))
    before = len(small_world.entries())
    answer = do(small_world, who, request, command)
    assert (answer.status_code, answer.json["code"]) == (403, "access-request.not-allowed")
    assert answer.json["reason"] == reason
    assert len(small_world.entries()) == before


def test_a_provider_does_not_even_see_what_was_not_put_before_it(small_world: World) -> None:
    request = drafted(small_world)
    walked(small_world, request, (CONSUMER, "submit"))
    before = len(small_world.entries())
    for command in ("withdraw", "approve"):
        answer = do(small_world, PROVIDER | {"sub": "chen"}, request, command)
        assert (answer.status_code, answer.json["code"]) == (404, "access-request.unknown")
    assert len(small_world.entries()) == before


def test_strangers_see_nothing_and_the_system_administrator_neither(small_world: World) -> None:
    request = with_provider(small_world)
    for who in (
        {"sub": "x", "roles": ["consumer-officer"], "organisation": URBAN},
        {"sub": "x", "roles": ["system-administrator"], "organisation": URBAN},
    ):
        assert small_world.officer("GET", f"{PATH}/{request}", **who).json["code"] == "access-request.unknown"
        assert small_world.officer("GET", PATH, **who).json["requests"] == []
        assert do(small_world, who, request, "withdraw").status_code == 404
    assert small_world.officer("GET", f"{PATH}/ar_none", **GOVERNOR).status_code == 404
    assert small_world.officer("GET", f"{PATH}/{request}", **AUDITOR).json["commands"] == []


def listed(world: World, query: str, who: dict) -> list[str]:
    answer = world.officer("GET", f"{PATH}?{query}", **who)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json["requests"]]


def test_the_queue_says_what_waits_for_whom(world: World) -> None:
    draft, sent, asked = drafted(world), drafted(world), with_provider(world)
    walked(world, sent, (CONSUMER, "submit"))
    assert listed(world, "waiting=me", CONSUMER) == [draft]
    assert listed(world, "waiting=me", GOVERNOR) == [sent]
    assert listed(world, "waiting=me", GOVERNOR | {"sub": "chen"}) == [draft]  # an author checks no form
    assert listed(world, "waiting=me", PROVIDER) == [asked]
    assert listed(world, "", CONSUMER) == [draft, sent, asked]
    assert listed(world, "state=submitted", GOVERNOR) == [sent]
    assert listed(world, f"role=provider&organisation={POLICE}", GOVERNOR) == [draft, sent, asked]
    assert listed(world, f"organisation={URBAN}", GOVERNOR) == []
    assert listed(world, f"organisation={URBAN}", PROVIDER) == []
    first = world.officer("GET", f"{PATH}?limit=2", **GOVERNOR).json
    assert [one["id"] for one in first["requests"]] == [draft, sent]
    assert listed(world, f"limit=2&after={first['next']}", GOVERNOR) == [asked]


@pytest.mark.parametrize(
    "query", ["state=x", "waiting=you", "limit=0", "limit=201", "limit=x", "role=x", "after=" + "x" * 129]
)
def test_a_filter_that_means_nothing_is_refused(small_world: World, query: str) -> None:
    assert small_world.officer("GET", f"{PATH}?{query}", **GOVERNOR).json["code"] == "request.invalid"


def test_one_request_for_many_departments_is_one_request_and_clock_each(world: World) -> None:
    body = BODY | {"consumers": [MARKET, URBAN], "submit": True}
    answer = world.officer("POST", f"{PATH}/bulk", body, **GOVERNOR)
    assert answer.status_code == 201, answer.text
    parent, children = answer.json["parent"], [one["id"] for one in answer.json["requests"]]
    assert {one["consumer"]["code"] for one in answer.json["requests"]} == {MARKET, URBAN}
    assert listed(world, f"parent={parent}", AUDITOR) == sorted(children)
    assert do(world, GOVERNOR, children[0], "accept").json["reason"] == "access-request.other-side"
    checker = GOVERNOR | {"sub": "lu"}
    world.clock.advance(3 * DAY)
    walked(world, children[0], (checker, "accept"))
    walked(world, children[1], (checker, "return", {"reason": "请补充"}))
    assert listed(world, f"parent={parent}&state=with-provider", AUDITOR) == [children[0]]
    assert walked(world, children[0], (PROVIDER, "approve"))["ref"].startswith("AR-")


@pytest.mark.parametrize(
    ("consumers", "who"),
    [
        ([MARKET, MARKET], GOVERNOR),
        ([MARKET, "11500000DEM0099998"], GOVERNOR),
        ([MARKET, POLICE], GOVERNOR),
        ([], GOVERNOR),
        ([MARKET] * 201, GOVERNOR),
        ([MARKET, URBAN], CONSUMER),
    ],
)
def test_a_bulk_request_is_all_or_nothing(small_world: World, consumers: list[str], who: dict) -> None:
    before = len(small_world.entries())
    answer = small_world.officer("POST", f"{PATH}/bulk", BODY | {"consumers": consumers}, **who)
    assert answer.status_code in {403, 422}
    assert len(small_world.entries()) == before
    assert listed(small_world, "", AUDITOR) == []


HUGE = [f"f{number}" for number in range(20_000)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"grant": ASKED},
        {"purpose": "x"},
        BODY | {"purpose": ""},
        BODY | {"purpose": "x" * 2001},
        BODY | {"purpose": "关于 500199199003120021"},
        BODY | {"onward": "yes"},
        BODY | {"colour": "red"},
        BODY | {"grant": []},
        BODY | {"grant": {}},
        BODY | {"grant": ASKED | {"fields": []}},
        BODY | {"grant": ASKED | {"fields": ["salary"]}},
        BODY | {"grant": ASKED | {"fields": HUGE}},
        BODY | {"grant": ASKED | {"evidence_type": ["identity-card"]}},
        BODY | {"grant": ASKED | {"evidence_type": "nothing"}},
        BODY | {"grant": ASKED | {"service_items": [{}]}},
        BODY | {"grant": ASKED | {"service_items": []}},
        BODY | {"grant": ASKED | {"legal_basis": "other-rules"}},
        BODY | {"grant": ASKED | {"valid_to": "2026-11-01"}},
        BODY | {"grant": ASKED | {"valid_to": "tomorrow"}},
        BODY | {"grant": ASKED | {"valid_to": "2040-01-01"}},
        BODY | {"grant": ASKED | {"valid_from": "2025-01-01", "valid_to": "2026-01-01"}},
        BODY | {"grant": ASKED | {"provider": URBAN}},
        BODY | {"grant": ASKED | {"id": "OTHER"}},
        BODY | {"grant": ASKED | {"masks": {"name": "blur"}}},
        BODY | {"consumer": POLICE},
        BODY | {"assessment": {}},
        BODY | {"assessment": ASSESSMENT | {"assessed_on": "2026-02-30"}},
        BODY | {"assessment": ASSESSMENT | {"risks": "   "}},
    ],
)
def test_a_request_that_could_never_become_a_grant_is_refused_at_once(small_world: World, body: dict) -> None:
    before = len(small_world.entries())
    who = GOVERNOR if "consumer" in body else CONSUMER
    answer = small_world.officer("POST", PATH, body, **who)
    assert answer.status_code == 422, answer.text
    assert answer.json["code"] in {"request.invalid", "access-request.incomplete"}
    assert answer.json.get("errors") or answer.json["detail"]
    assert "500199199003120021" not in answer.text
    assert len(small_world.entries()) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        REFUSAL | {"citation": ""},
        REFUSAL | {"citation": "  "},
        REFUSAL | {"code": "because"},
        REFUSAL | {"reason": "见 500199199003120021"},
        {name: value for name, value in REFUSAL.items() if name != "citation"},
    ],
)
def test_a_refusal_without_its_rule_is_no_refusal(small_world: World, body: dict) -> None:
    request = with_provider(small_world)
    before = len(small_world.entries())
    answer = do(small_world, PROVIDER, request, "refuse", **body)
    assert answer.status_code == 422
    assert "500199199003120021" not in answer.text
    assert len(small_world.entries()) == before
    assert small_world.officer("GET", f"{PATH}/{request}", **PROVIDER).json["status"] == "with-provider"


TEMPLATE = {"title": {"zh": "核对身份", "en": "identity check"}, "grant": ASKED, "purpose": "核对申请人身份"}
TEMPLATES = "/v1/request-templates"


def test_a_template_says_what_the_request_does_not(world: World) -> None:
    assert world.officer("PUT", f"{TEMPLATES}/identity", TEMPLATE, **GOVERNOR).status_code == 200
    listed = world.officer("GET", TEMPLATES, **CONSUMER).json["templates"]
    assert listed == [{"id": "identity", **TEMPLATE}]
    answer = world.officer("POST", PATH, {"template": "identity", "grant": {"fields": ["name"]}}, **CONSUMER)
    assert answer.status_code == 201, answer.text
    assert (answer.json["purpose"], answer.json["grant"]["fields"]) == ("核对申请人身份", ["name"])
    body = {"template": "identity", "consumers": [MARKET, URBAN]}
    assert len(world.officer("POST", f"{PATH}/bulk", body, **GOVERNOR).json["requests"]) == 2
    assert [entry["facts"]["name"] for entry in world.events("RequestTemplateChanged")] == ["identity"]


def test_templates_are_governances_and_name_nobody(small_world: World) -> None:
    url = f"{TEMPLATES}/identity"
    assert small_world.officer("PUT", url, TEMPLATE, **CONSUMER).status_code == 403
    named = TEMPLATE | {"purpose": "见 500199199003120021"}
    assert small_world.officer("PUT", url, named, **GOVERNOR).status_code == 422
    assert small_world.officer("PUT", f"{TEMPLATES}/Bad", TEMPLATE, **GOVERNOR).status_code == 404
    wrong = (
        {"min_loa": 1.5},
        {"quota_per_day": 10**30},
        {"fields": ["x" * 100] * 1000},
        {"conditions": {"hours": [["x"] * 5000]}},
        {"fields": "name"},
        {"unheard": 1},
    )
    for body in ({}, *(TEMPLATE | {"grant": ASKED | more} for more in wrong)):
        assert small_world.officer("PUT", url, body, **GOVERNOR).status_code == 422
    unknown = small_world.officer("POST", PATH, BODY | {"template": "none"}, **CONSUMER)
    assert (unknown.status_code, unknown.json["code"]) == (422, "request.invalid")
    assert small_world.officer("GET", TEMPLATES, **CONSUMER).json["templates"] == []
