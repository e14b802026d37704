"""How a certificate stands is asked for by the rules of evidence: presence, purpose, case, counts, traces, changes."""

from __future__ import annotations

from typing import Any

from exchange.events.signal import Kind, to_reliers
from tests.doubles.exchange import (
    MARKET,
    NAME,
    ORIGIN,
    OTHER_ITEM,
    OWNER,
    POLICE,
    STAFF,
    STRANGER,
    WORKER,
    World,
    detail,
    grant,
    number,
)
from tests.unit.exchange.test_certificate_life import CARD, OTHER_CARD, STATUS, ask, report, with_police
from tests.unit.exchange.test_console_reading import officer
from tests.unit.exchange.test_events import call, change, code_of, pull, subscribe, tell
from tests.unit.exchange.test_reconciling import reconciled
from tests.unit.exchange.test_watching import AUDITOR, LIMIT, SECURITY, absent, inbox, limited, locks

CLERK: dict[str, Any] = {"person": None, "claims": {"act": {"sub": "officer-7"}}}
PROVIDER: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}


def issued(world: World) -> str:
    """The owner's card is on record as issued; a case of theirs."""
    report(with_police(world), "issue", 8)
    world.rooms.distribution.round()
    return world.open_case((OWNER, "applicant"))


def allow_absence(world: World) -> None:
    world.apply(grant("G-IDENTITY", absent_allowed=True))
    world.approve("G-IDENTITY")


def about(person: str) -> dict[str, Any]:
    return {"scheme": "citizen-number", "value": person}


# Who may ask ---------------------------------------------------------------------------------------------------------


def test_where_a_grant_demands_presence_nothing_is_told_while_nobody_is_present(world: World) -> None:
    case = issued(world)
    (refused,) = absent(world, OWNER, case).json["evidence"]
    assert refused["problem"]["code"] == "policy.absence-not-granted"
    assert code_of(ask(world, case, **CLERK)) == "certificate.no-grant"
    assert ask(world, case).json["status"] == "valid"
    allow_absence(world)
    assert ask(world, case, **CLERK).json["status"] == "valid"


def test_a_sign_in_that_is_too_weak_for_the_evidence_is_too_weak_for_the_status(small_world: World) -> None:
    case = issued(small_world)
    assert code_of(ask(small_world, case, claims={"acr": "urn:tongban:loa:1"})) == "certificate.no-grant"
    assert ask(small_world, case, claims={"acr": "urn:tongban:loa:2"}).status_code == 200


def test_somebody_who_has_no_part_in_the_case_is_nobodys_presence(small_world: World) -> None:
    world = small_world
    report(with_police(world), "issue", 8, subject=about(WORKER))
    case = world.open_case((OWNER, "applicant"), (WORKER, "employee"))
    assert world.ask(case, STAFF).json["status"] == "delivered"
    assert ask(world, case, subject=about(WORKER)).json["status"] == "valid"
    assert code_of(ask(world, case, subject=about(WORKER), person=STRANGER)) == "certificate.no-grant"


def test_a_mere_system_is_told_nothing(small_world: World) -> None:
    case = issued(small_world)
    allow_absence(small_world)
    refused = ask(small_world, case, person=None)
    assert (refused.status_code, code_of(refused)) == (403, "token.officer-missing")
    (entry,) = small_world.events("EvidenceRefused")
    assert entry["facts"]["reason"] == "token.officer-missing"
    assert ask(small_world, case, **CLERK).status_code == 200


def test_what_the_token_does_not_name_is_not_told(small_world: World) -> None:
    """The token is for this case, item and evidence, as one for evidence is; the scope of systems is not enough."""
    world, case = small_world, issued(small_world)
    body = {"case": case, "certificate": CARD, "evidence_type": "identity-card", "subject": about(OWNER)}
    other = detail(world.open_case(), NAME)
    for claims in (
        {"scope": "cases"},
        {"authorization_details": other},
        {"authorization_details": detail(case, STAFF)},
    ):
        refused = world.call("POST", STATUS, world.issuer.token(world.holder, person=OWNER, **claims), body)
        assert (refused.status_code, code_of(refused)) == (403, "token.purpose-mismatch")
    assert code_of(ask(world, case, claims={"authorization_details": detail(case, NAME, item=OTHER_ITEM)})) == (
        "case.other-service-item"
    )
    born = detail(case, {"type": "identity-card", "fields": ["born"]})  # nothing of what the grant gives
    assert code_of(ask(world, case, claims={"authorization_details": born})) == "certificate.no-grant"
    ground = detail(case, NAME, basis="another-basis")
    assert code_of(ask(world, case, claims={"authorization_details": ground})) == "certificate.no-grant"
    reasons = [entry["facts"]["reason"] for entry in world.events("EvidenceRefused")]
    assert reasons == ["token.purpose-mismatch"] * 3 + ["case.other-service-item"] + ["certificate.no-grant"] * 2
    assert world.events("CertificateStatusAnswered") == []


# Without a case, and one after another -------------------------------------------------------------------------------


def test_asked_without_an_open_case_it_is_refused_and_security_and_governance_are_told(world: World) -> None:
    case = issued(world)
    call(world, "POST", f"/v1/cases/{case}/close")
    unknown = "case_" + "0" * 26
    assert [code_of(ask(world, one)) for one in (case, unknown)] == ["case.closed", "case.unknown"]
    (alarm,) = world.events("LookUpWithoutCase")
    assert alarm["facts"] == {"consumer": MARKET, "reason": "case.closed", "system": "market-website"}
    assert [entry["facts"]["reason"] for entry in world.events("EvidenceRefused")] == ["case.closed", "case.unknown"]
    assert len(inbox(world, SECURITY, "look-up-without-case")) == 1
    assert b'tongban_lookups_without_case_total{code="case.unknown"} 1.0' in world.outside.metrics.render()


def test_asking_about_one_person_after_another_locks_the_system(world: World) -> None:
    limited(with_police(world))

    def asked(serial: int, present: bool = False) -> str:
        person = number(serial)
        case = world.open_case((person, "applicant"))
        who = {"person": person} if present else CLERK
        return code_of(ask(world, case, subject=about(person), **who))

    for serial in range(20, 20 + 2 * (LIMIT + 1), 2):
        assert asked(serial, present=True) == "certificate.unknown"
    world.rooms.gateway.watch.look()
    assert locks(world) == []  # who is present is not looked up
    for serial in range(40, 40 + 2 * LIMIT, 2):
        assert asked(serial) == "certificate.unknown"
    asked(60)
    world.rooms.gateway.watch.look()
    (lock,) = locks(world)
    assert (lock["system"], lock["people"]) == ("market-website", LIMIT + 1)
    world.rooms.policy.renew()
    assert asked(70) == "system.locked"


def test_the_question_that_fills_a_count_is_not_answered(small_world: World) -> None:
    limited(with_police(small_world))
    told = []
    for serial in range(20, 20 + 4 * LIMIT, 2):
        person = number(serial)
        case = small_world.open_case((person, "applicant"))
        told.append(code_of(ask(small_world, case, subject=about(person), **CLERK)))
    assert len(locks(small_world)) == 1
    assert told[-1] == "policy.stale-epoch"
    assert len(small_world.events("CertificateStatusAnswered")) == len(told) - 1


def test_a_proof_that_was_seen_asks_nothing_and_counts_nobody(small_world: World) -> None:
    limited(with_police(small_world))
    case = small_world.open_case((OWNER, "applicant"))
    said = {"authorization_details": detail(case, NAME), **CLERK["claims"]}
    token = small_world.issuer.token(small_world.holder, **said)
    body = {"case": case, "certificate": CARD, "evidence_type": "identity-card", "subject": about(OWNER)}
    proof = small_world.holder.proof("POST", f"{ORIGIN}{STATUS}", token)
    assert code_of(small_world.call("POST", STATUS, token, body, DPoP=proof)) == "certificate.unknown"
    written = len(small_world.entries())
    for serial in range(20, 20 + 4 * LIMIT, 2):
        other = body | {"subject": about(number(serial))}
        assert code_of(small_world.call("POST", STATUS, token, other, DPoP=proof)) == "token.proof-replayed"
    assert len(small_world.entries()) == written


# Who sees it ---------------------------------------------------------------------------------------------------------


def test_the_provider_counts_it_and_the_officer_who_asked_leaves_a_trace(world: World) -> None:
    case = issued(world)
    assert code_of(ask(world, case, **CLERK)) == "certificate.no-grant"
    allow_absence(world)
    answered = ask(world, case, **CLERK)
    assert code_of(ask(world, case, certificate=OTHER_CARD, **CLERK)) == "certificate.unknown"
    ask(world, case)  # with the person present: no officer's doing
    used = world.officer("GET", "/v1/provider/usage", **PROVIDER).json["uses"]
    assert [(one["consumer"], one["outcome"], one["count"]) for one in used] == [
        (MARKET, "no-status", 1),
        (MARKET, "refused", 1),
        (MARKET, "status-told", 2),
    ]
    traced = world.officer("GET", "/v1/officer-look-ups", **AUDITOR).json["look_ups"]
    assert [one["outcome"] for one in traced] == ["no-status", "status-told", "refused"]
    one = traced[1]
    assert (one["system"], one["case"], one["provider"], one["asked"]) == (
        "market-website",
        case,
        POLICE,
        ["certificate-status"],
    )
    assert world.officer("GET", "/v1/officer-look-ups", **PROVIDER).json["look_ups"] == traced
    page = officer(world, "security-administrator").get("/console/look-ups").text
    for words in ("身份证：证照状态", "已答复证照状态", "无证照状态记录"):
        assert words in page
    assert "已答复证照状态" in officer(world, "provider-officer", POLICE).get("/console/usage").text
    facts = world.events("CertificateStatusAnswered")[0]["facts"]
    assert (facts["provider"], facts["officer"], facts["present"]) == (POLICE, one["officer"], False)
    assert answered.json["id"] == world.events("CertificateStatusAnswered")[0]["request"]
    assert reconciled(world).named == {}


def test_the_holder_reads_of_a_refusal_too_and_a_stranger_who_was_merely_named_does_not(small_world: World) -> None:
    world, case = small_world, issued(small_world)
    ask(world, case, **CLERK)
    ask(world, case, subject=about(STRANGER))
    told = world.call("GET", "/v1/usage", world.issuer.token(world.holder, person=OWNER, scope="usage")).json["entries"]
    assert [entry["event"] for entry in told] == ["EvidenceRefused", "CertificateChanged"]
    assert "请求查询您的身份证（证照状态）。结果：被拒绝，未提供任何内容。" in told[0]["sentence"]["zh"]
    other = world.issuer.token(world.holder, person=STRANGER, scope="usage")
    assert world.call("GET", "/v1/usage", other).json["entries"] == []
    assert reconciled(world).named == {}


# Who hears of a change -----------------------------------------------------------------------------------------------


def test_whoever_was_told_how_it_stands_hears_that_it_changed(world: World) -> None:
    name, case = subscribe(world), issued(world)
    told = ask(world, case)
    assert told.json["status"] == "valid"
    report(world, "suspend", 9)
    world.rooms.distribution.round()
    (event,) = pull(world, name)["events"]
    assert event["data"]["held"] == [{"case": case, "request": told.json["id"]}]
    seen = world.officer(
        "POST", "/v1/department/certificates/look-ups", {"certificate": CARD, "subject": about(OWNER)}, **PROVIDER
    )
    assert (seen.json["relied"]["departments"], seen.json["relied"]["cases"]) == (1, 1)


def test_who_was_told_that_there_is_none_or_was_refused_does_not_learn_that_there_is_one(small_world: World) -> None:
    world = with_police(small_world)
    name, case = subscribe(world), world.open_case((OWNER, "applicant"))
    assert code_of(ask(world, case)) == "certificate.unknown"
    assert code_of(ask(world, case, **CLERK)) == "certificate.no-grant"
    report(world, "issue", 8)
    world.rooms.distribution.round()
    assert pull(world, name)["events"] == []


def test_a_corrected_record_is_no_news_to_whoever_was_told_a_status(small_world: World) -> None:
    world, name = small_world, subscribe(small_world)
    case = issued(world)
    assert ask(world, case).status_code == 200
    index = change(world, "c-1").subject
    assert index is not None
    at = world.clock.now()
    tell(world, to_reliers(Kind.EVIDENCE_CORRECTED, "identity-card", index, cause="c-2", at=at, changed=("name",)))
    assert pull(world, name)["events"] == []
