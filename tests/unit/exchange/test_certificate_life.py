"""The life of a certificate over HTTP: who reports a change, who is told, who may ask how it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.certificates.lifecycle import TABLE, Change, Standing, Status, after, possible
from kernel.identifiers import certificate_id
from tests.doubles.exchange import (
    ITEM,
    NOW,
    OTHER_ITEM,
    OWNER,
    POLICE,
    STAFF,
    STAFF_LIST,
    STRANGER,
    WORKER,
    World,
    detail,
    grant,
    service_item,
    system,
)
from tests.unit.exchange.test_events import CHANGED, call, code_of, delivered, pull, subscribe
from tests.unit.exchange.test_guards import CHILD, with_child

CHANGES, STATUS = "/v1/certificates/changes", "/v1/certificates/status"
CARD = certificate_id.compose(f"{POLICE}001", POLICE, "DEM0000001").value
OTHER_CARD = certificate_id.compose(f"{POLICE}001", POLICE, "DEM0000002").value
HOLDER = {"scheme": "citizen-number", "value": OWNER}
ISSUED: dict[str, Any] = {
    "certificate": CARD,
    "change": "issue",
    "evidence_type": "identity-card",
    "subject": HOLDER,
    "effective_at": "2026-11-23T08:00:00+08:00",
    "valid_until": "2030-01-01",
}


@pytest.fixture
def police(small_world: World) -> World:
    return with_police(small_world)


def with_police(world: World) -> World:
    world.apply(system("police-system", POLICE))
    world.rooms.policy.renew()
    return world


def report(world: World, change: str, hour: int = 9, client: str = "police-system", **more: Any) -> Any:
    body = ISSUED | {"change": change, "effective_at": f"2026-11-23T{hour:02}:00:00+08:00"} | more
    if change != "issue":
        body.pop("valid_until", None)
    return call(world, "POST", CHANGES, body, client)


def ask(
    world: World,
    case: str,
    *,
    person: str | None = OWNER,
    item: str = ITEM,
    client: str = "market-website",
    claims: Mapping[str, Any] = MappingProxyType({}),
    **more: Any,
) -> Any:
    """The market website asks how the card stands, by default while the owner is present."""
    body = {"case": case, "certificate": CARD, "evidence_type": "identity-card", "subject": HOLDER} | more
    evidence = {"type": body["evidence_type"], "fields": ["name", "employer"]}
    said = {"authorization_details": detail(case, evidence, item=item)} | claims
    return world.call("POST", STATUS, world.issuer.token(world.holder, client, person, **said), body)


def test_a_change_is_recorded_told_to_those_who_rely_on_it_and_answered(world: World) -> None:
    with_police(world)
    name = subscribe(world)
    case, asked = delivered(world)
    made = report(world, "issue", 8, valid_until="2030-01-01")
    assert (made.status_code, made.json["status"], made.json["revision"]) == (201, "valid", 1)
    assert "tlog-proof@v1" in made.json["receipt"]
    assert report(world, "suspend", 9).json["status"] == "suspended"
    world.rooms.distribution.round()
    events = pull(world, name)["events"]
    assert [each["type"] for each in events] == [CHANGED, CHANGED]
    assert events[0]["data"] == {
        "evidence_type": "identity-card",
        "changed": ["status"],
        "held": [{"case": case, "request": asked}],
    }
    assert "suspend" not in json.dumps(events)  # what changed, never to what
    case = world.open_case((OWNER, "applicant"))
    found = ask(world, case)
    assert found.status_code == 200, found.text
    assert (found.json["status"], found.json["label"]["zh"], found.json["valid_until"]) == (
        "suspended",
        "暂扣",
        "2030-01-01",
    )
    assert [each["change"] for each in found.json["history"]] == ["issue", "suspend"]
    assert "tlog-proof@v1" in found.json["receipt"]
    written = json.dumps(world.entries())
    assert CARD not in written
    assert OWNER not in written


def test_the_holder_reads_in_plain_words_what_was_recorded_and_who_asked(police: World) -> None:
    report(police, "revoke")
    ask(police, police.open_case((OWNER, "applicant")))
    token = police.issuer.token(police.holder, person=OWNER, scope="usage")
    entries = police.call("GET", "/v1/usage", token).json["entries"]
    assert [each["event"] for each in entries] == ["CertificateStatusAnswered", "CertificateChanged"]
    assert (
        "市场监管局为办理“开办餐馆”，查询您的身份证是否有效。依据：演示规定第三条。结果：已答复。"
        in entries[0]["sentence"]["zh"]
    )
    assert "公安局登记：您的身份证现为“吊销”" in entries[1]["sentence"]["zh"]
    other = police.issuer.token(police.holder, person=STRANGER, scope="usage")
    assert police.call("GET", "/v1/usage", other).json["entries"] == []


def test_only_the_owning_department_reports(police: World) -> None:
    refused = report(police, "suspend", client="market-website")
    assert (refused.status_code, code_of(refused)) == (403, "certificate.not-yours")
    police.apply(system("sandbox-police", POLICE, sandbox=True))
    police.rooms.policy.renew()
    assert code_of(report(police, "suspend", client="sandbox-police")) == "certificate.not-yours"
    assert code_of(report(police, "suspend", evidence_type="unheard-of")) == "certificate.not-yours"
    assert police.events("CertificateChanged") == []


def test_repeated_reports_are_one_and_reordered_ones_are_refused(world: World) -> None:
    with_police(world)
    name = subscribe(world)
    delivered(world)
    first, again = report(world, "suspend", 9), report(world, "suspend", 9)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert code_of(report(world, "resume", 8)) == "certificate.out-of-order"
    assert report(world, "resume", 10).json["revision"] == 2
    late = report(world, "suspend", 9)  # the first report, delivered once more
    assert (late.status_code, late.json["status"], late.json["receipt"]) == (200, "valid", first.json["receipt"])
    world.rooms.distribution.round()
    assert len(pull(world, name)["events"]) == 2
    assert len(world.events("CertificateChanged")) == 2


def test_a_change_that_cannot_be_is_refused_with_how_it_stands(police: World) -> None:
    assert report(police, "revoke", 9).json["status"] == "revoked"
    refused = report(police, "suspend", 10)
    assert (code_of(refused), refused.json["stands"]) == ("certificate.impossible-change", "revoked")


def test_an_identifier_stays_with_its_holder_and_type(police: World) -> None:
    report(police, "issue")
    wrong = report(police, "suspend", 10, subject={"scheme": "citizen-number", "value": STRANGER})
    assert code_of(wrong) == "certificate.differs"
    assert STRANGER not in wrong.text


WRONG: tuple[dict[str, Any], ...] = (
    {"certificate": CARD[:-1] + ("0" if CARD[-1] != "0" else "1")},
    {"certificate": "../../etc"},
    {"effective_at": "2026-11-23T23:00:00+08:00"},
    {"effective_at": "2026-11-23T08:00:00.0"},
    {"effective_at": "tomorrow at twelve o'clock"},
    {"valid_until": "31.12.2030"},
    {"description": "a word"},
    {"change": "other"},
    {"change": "other", "description": f"about {OWNER}"},
    {"change": "destroy"},
    {"subject": {"scheme": "citizen-number", "value": "500199199003120000"}},
    {"subject": None},
    {"more": 1},
)


def test_a_report_that_is_none_is_refused_and_repeats_nothing(police: World) -> None:
    for wrong in WRONG:
        answer = call(police, "POST", CHANGES, ISSUED | wrong, "police-system")
        assert (answer.status_code, code_of(answer)) == (422, "request.invalid"), wrong
        assert OWNER not in answer.text
    assert police.events("CertificateChanged") == []


def test_who_has_no_grant_no_case_or_another_holder_learns_nothing(police: World) -> None:
    world = police
    report(world, "suspend")
    case = world.open_case((OWNER, "applicant"))
    world.apply(service_item(OTHER_ITEM, "11500000DEM000057T"))
    world.rooms.policy.renew()
    other = world.open_case((OWNER, "applicant"), item=OTHER_ITEM)
    assert code_of(ask(world, other, item=OTHER_ITEM)) == "certificate.no-grant"
    stranger = {"scheme": "citizen-number", "value": STRANGER}
    assert code_of(ask(world, case, subject=stranger)) == "certificate.no-grant"
    assert code_of(ask(world, case, evidence_type="staff-list", certificate=OTHER_CARD)) == "certificate.unknown"
    both = world.open_case((OWNER, "applicant"), (WORKER, "employee"))
    worker = {"scheme": "citizen-number", "value": WORKER}
    assert code_of(ask(world, both, subject=worker)) == "certificate.no-grant"  # listed, and not proven to be one
    assert world.ask(both, STAFF).json["status"] == "delivered"
    unknown, somebody_elses = ask(world, both, certificate=OTHER_CARD), ask(world, both, subject=worker)
    assert (code_of(unknown), code_of(somebody_elses)) == ("certificate.unknown", "certificate.unknown")
    assert [each["facts"]["known"] for each in world.events("CertificateStatusAnswered")] == [False] * 3
    call(world, "POST", f"/v1/cases/{case}/close")
    assert code_of(ask(world, case)) == "case.closed"
    assert code_of(ask(world, both, client="urban-website")) == "case.unknown"
    reasons = [each["facts"]["reason"] for each in world.events("EvidenceRefused")]
    assert reasons == ["certificate.no-grant"] * 3 + ["case.closed", "case.unknown"]
    world.revoke("G-IDENTITY")
    assert code_of(ask(world, both)) == "certificate.no-grant"


@pytest.mark.parametrize(
    "terms",
    [
        {"delivery_modes": ["bulk"], "own_division_only": True, "absent_allowed": True, "min_loa": 0},
        {"own_division_only": True},
        {"hours": {"from": 9, "to": 17}},
        {"quota_per_day": 5},
        {"relations": ["employee"]},
    ],
)
def test_a_grant_with_conditions_answers_evidence_alone(police: World, terms: dict[str, Any]) -> None:
    report(police, "issue")
    police.apply(grant("G-IDENTITY", **terms))
    police.approve("G-IDENTITY")
    assert code_of(ask(police, police.open_case((OWNER, "applicant")))) == "certificate.no-grant"


def test_a_report_that_says_something_else_of_the_same_change_is_refused(police: World) -> None:
    report(police, "issue", valid_until="2030-01-01")
    assert report(police, "issue", valid_until="2030-01-01").status_code == 200
    assert code_of(report(police, "issue", valid_until="2031-01-01")) == "certificate.differs"


def test_nothing_is_answered_about_somebody_who_is_sealed(police: World) -> None:
    report(police, "issue")
    case = police.open_case((OWNER, "applicant"))
    sealed = {
        "subject": HOLDER,
        "citation": {"zh": "演示规定第九条", "en": "Demo rules, article 9"},
        "until": "2026-12-01",
    }
    officer: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
    assert police.officer("POST", "/v1/sealings", sealed, **officer).status_code == 201
    police.rooms.policy.renew()
    assert code_of(ask(police, case)) == "certificate.no-grant"


def test_about_a_minor_it_is_answered_in_the_case_of_a_parent_alone(
    police: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    relations = [{"relation": "child", "field": "staff"}]
    police.apply(STAFF_LIST | {"spec": STAFF_LIST["spec"] | {"relations": relations}})
    police.apply(grant("G-IDENTITY", relations=["self", "child"]))
    police.approve("G-IDENTITY")
    child = {"scheme": "citizen-number", "value": CHILD}
    report(police, "issue", subject=child)
    alone = police.open_case((CHILD, "applicant"))
    assert code_of(ask(police, alone, person=CHILD, subject=child)) == "certificate.no-grant"
    assert ask(police, with_child(police, monkeypatch), subject=child).status_code == 200
    police.clock.advance(24 * 3600)  # the fourteenth birthday
    police.rooms.policy.renew()
    police.rooms.revocations.renew()
    assert ask(police, alone, person=CHILD, subject=child).status_code == 200


def test_what_was_valid_is_expired_after_its_last_day(police: World) -> None:
    report(police, "issue", valid_until="2026-11-24")
    case = police.open_case((OWNER, "applicant"))
    assert ask(police, case).json["status"] == "valid"
    police.clock.advance(timedelta(days=2).total_seconds())
    police.rooms.policy.renew()
    police.rooms.revocations.renew()
    assert ask(police, case).json["status"] == "expired"


@given(st.lists(st.sampled_from([*Change]), max_size=12))
def test_whatever_is_reported_a_status_follows_the_table_and_ended_ones_come_back_by_reinstating_alone(
    changes: list[Change],
) -> None:
    stands: Standing | None = None
    for change in changes:
        if not possible(change, stands, NOW.date()):
            continue
        before, stands = stands, after(change, stands, NOW, None, None)
        assert stands.status is TABLE[change][1]
        assert stands.revision == (before.revision if before else 0) + 1
        if before is not None and before.status in {Status.REVOKED, Status.CANCELLED, Status.RESCINDED}:
            assert change is Change.REINSTATE


def test_a_certificate_without_an_end_never_expires_by_itself() -> None:
    assert Standing(Status.VALID, 1, NOW, "长期").on(date(2999, 1, 1)) is Status.VALID
    assert Standing(Status.SUSPENDED, 1, NOW, "2020-01-01").on(date(2999, 1, 1)) is Status.SUSPENDED


def test_a_holder_is_named_by_number_alone(police: World) -> None:
    """Only a request for evidence may point at a record of its own."""
    pointed = {"from": 0, "relation": "child"}
    assert code_of(report(police, "issue", subject=pointed)) == "request.invalid"
    assert code_of(ask(police, police.open_case(), subject=pointed)) == "request.invalid"
