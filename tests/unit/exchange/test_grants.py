"""Officers' commands on grants: what each does, who may, and that every step is an entry in the same transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from exchange.governance.examination import Examining, Rechecked
from exchange.governance.expiry import Expiry
from exchange.governance.transitions import GrantMoved
from kernel.clock import ManualClock
from kernel.dates import CHINA
from kernel.manifests import ManifestError
from policies.grants.grant import Grant
from tests.doubles.exchange import (
    BASIS,
    GRANTS,
    IDENTITY_CARD,
    ITEM,
    MARKET,
    NAME,
    POLICE,
    World,
    grant,
)

OFFICER: dict[str, Any] = {"sub": "author", "roles": ["governance-officer"]}
PROVIDER: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
APPROVER: dict[str, Any] = {"sub": "g", "roles": ["governance-approver"]}
PROTECTOR: dict[str, Any] = {"sub": "d", "roles": ["data-protection-officer"]}
THREE = ["provider-officer", "governance-approver", "data-protection-officer"]
CONSUMER: dict[str, Any] = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
WHY = {"reason": "under review"}


def drafted(world: World, **more: Any) -> str:
    world.apply(grant("G-NEW", fields=["born"], **more))
    return "/v1/grants/G-NEW"


def digest_of(world: World, path: str) -> str:
    return str(world.officer("GET", path, **OFFICER).json["digest"])


def test_a_draft_takes_effect_when_the_whole_panel_has_signed_and_not_before(world: World) -> None:
    path = drafted(world)
    born = {"type": "identity-card", "fields": ["born"]}
    case = world.open_case()
    assert world.officer("POST", f"{path}/submit", {}, **OFFICER).json["status"] == "submitted"
    signed = {"digest": digest_of(world, path)}
    assert world.officer("POST", f"{path}/approve", signed, **PROVIDER).json["status"] == "submitted"
    world.rooms.policy.renew()
    assert world.ask(case, born).json["status"] == "refused"
    answer = world.officer("POST", f"{path}/approve", signed, **APPROVER)
    assert answer.json["status"] == "active"
    assert [one["role"] for one in answer.json["signatures"]] == ["provider-officer", "governance-approver"]
    world.rooms.policy.renew()
    assert world.ask(case, born).json["evidence"][0]["data"] == {"born": "1990-03-12"}
    names = [entry["event"] for entry in world.entries() if entry["request"] == "G-NEW@1"]
    assert names == ["GrantDrafted", "GrantSubmitted", "GrantApproved", "GrantApproved", "GrantActivated"]


def test_a_grant_is_shown_with_its_sentence_its_cedar_text_and_what_is_signed(small_world: World) -> None:
    shown = small_world.officer("GET", "/v1/grants/G-IDENTITY", **OFFICER).json
    assert shown["ref"] == "G-IDENTITY@1"
    assert "市场监管局" in shown["sentence"]["zh"]
    assert shown["cedar"].startswith("@")
    assert shown["grant"]["fields"] == ["address", "name"]
    assert small_world.officer("GET", "/v1/grants/G-IDENTITY@1", **OFFICER).json == shown
    listed = small_world.officer("GET", "/v1/grants", **OFFICER).json["grants"]
    assert [one["ref"] for one in listed] == ["G-IDENTITY@1", "G-STAFF@1"]
    assert "cedar" not in listed[0]


def test_grants_are_listed_a_page_at_a_time_and_by_state(world: World) -> None:
    world.apply(*(grant(f"G-{letter}", fields=["born"]) for letter in "CAB"), grant("G-STAFF", fields=["born"]))
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = world.officer("GET", f"/v1/grants?limit=2{after and '&after='}{after}", **OFFICER).json
        assert len(page["grants"]) <= 2
        seen += [one["ref"] for one in page["grants"]]
        after = page["next"]
    assert seen == ["G-A@1", "G-B@1", "G-C@1", "G-IDENTITY@1", "G-STAFF@1", "G-STAFF@2"]
    active = world.officer("GET", "/v1/grants?state=active", **OFFICER).json
    assert ([one["ref"] for one in active["grants"]], active["next"]) == (["G-IDENTITY@1", "G-STAFF@1"], None)
    for wrong in ("after=G-A", "after=@1", "after=G-A@x", "after=G-A@99999999", "state=x", "state=", "limit=0"):
        answer = world.officer("GET", f"/v1/grants?{wrong}", **OFFICER)
        assert (answer.status_code, answer.json["code"]) == (422, "request.invalid"), wrong
    assert world.officer("GET", "/v1/grants?after=G-Z@9999999", **OFFICER).json["grants"] == []


def test_one_officer_suspends_at_once_and_the_panel_puts_it_back(world: World) -> None:
    path, case = "/v1/grants/G-IDENTITY", world.open_case()
    assert world.officer("POST", f"{path}/suspend", WHY, **APPROVER).json["status"] == "suspended"
    world.rooms.policy.renew()
    assert world.ask(case, NAME).json["status"] == "refused"
    signed = {"digest": digest_of(world, path)}
    for officer in (PROVIDER, PROTECTOR):
        assert world.officer("POST", f"{path}/reactivate", signed, **officer).json["status"] == "suspended"
    assert world.officer("POST", f"{path}/reactivate", signed, **APPROVER).json["status"] == "active"
    world.rooms.policy.renew()
    assert world.ask(case, NAME).json["status"] == "delivered"
    assert (
        world.officer("POST", f"{path}/suspend", WHY, **APPROVER).status_code == 200
    )  # a second time is another entry


def test_a_suspension_binds_a_node_that_has_not_heard_of_it_yet(world: World) -> None:
    """The other node still holds its lease and decides by the old set; the append compares and refuses."""
    other = world.another_node()
    case = world.open_case()
    other.rooms.policy.current()
    world.officer("POST", "/v1/grants/G-IDENTITY/suspend", WHY, **APPROVER)
    (item,) = other.ask(case, NAME).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "policy.no-grant")
    other.rooms.close()


def test_revoking_ends_it_for_good(world: World) -> None:
    path = "/v1/grants/G-IDENTITY"
    assert world.officer("POST", f"{path}/revoke", WHY, **PROVIDER).json["status"] == "revoked"
    again = world.officer("POST", f"{path}/reactivate", {"digest": "sha256:" + "0" * 64}, **PROVIDER)
    assert (again.status_code, again.json["code"]) == (403, "grant.not-allowed")
    assert [entry["event"] for entry in world.entries()[-1:]] == ["GrantRevoked"]


@pytest.mark.parametrize(
    ("command", "body", "who", "reason"),
    [
        ("submit", {}, APPROVER, "grant.not-allowed"),
        ("approve", {"digest": "sha256:" + "0" * 64}, PROVIDER, "grant.not-allowed"),
        ("suspend", WHY, APPROVER, "grant.not-allowed"),
    ],
)
def test_what_the_state_and_role_do_not_allow_is_refused_with_its_reason(
    small_world: World, command: str, body: dict, who: dict, reason: str
) -> None:
    path = drafted(small_world)
    before = len(small_world.entries())
    answer = small_world.officer("POST", f"{path}/{command}", body, **who)
    assert (answer.status_code, answer.json["code"], answer.json["reason"]) == (403, "grant.not-allowed", reason)
    assert answer.json["detail"]
    assert len(small_world.entries()) == before


def test_an_officer_of_another_department_may_not_sign(small_world: World) -> None:
    path = drafted(small_world)
    small_world.officer("POST", f"{path}/submit", {}, **OFFICER)
    stranger = PROVIDER | {"organisation": MARKET}
    answer = small_world.officer("POST", f"{path}/approve", {"digest": digest_of(small_world, path)}, **stranger)
    assert (answer.status_code, answer.json["reason"]) == (403, "grant.other-organisation")


def test_a_signature_on_anything_but_what_was_shown_is_refused(small_world: World) -> None:
    path = drafted(small_world)
    small_world.officer("POST", f"{path}/submit", {}, **OFFICER)
    answer = small_world.officer("POST", f"{path}/approve", {"digest": "sha256:" + "0" * 64}, **PROVIDER)
    assert (answer.status_code, answer.json["reason"]) == (403, "grant.digest-changed")


@pytest.mark.parametrize("roles", [[], ["auditor"], ["exchange"], ["citizen"]])
def test_without_an_officers_role_there_is_no_command(small_world: World, roles: list[str]) -> None:
    """The exchange's own role is never taken from a token."""
    path = drafted(small_world)
    answer = small_world.officer("POST", f"{path}/submit", {}, sub="x", roles=roles)
    assert answer.status_code == 403


def test_a_token_without_the_scope_or_without_a_department_is_no_officers(small_world: World) -> None:
    claims = {"roles": ["governance-officer"], "organisation": MARKET, "scope": "cases"}
    token = small_world.issuer.token(small_world.holder, "console", **claims)
    answer = small_world.call("GET", "/v1/grants", token)
    assert (answer.status_code, answer.json["code"]) == (403, "token.not-allowed")
    token = small_world.issuer.token(small_world.holder, "console", roles=["governance-officer"], scope="governance")
    assert small_world.call("GET", "/v1/grants", token).status_code == 403


@pytest.mark.parametrize("name", ["NO-SUCH", "G-IDENTITY@2", "G-IDENTITY@x", "G-IDENTITY@"])
def test_a_grant_nobody_drafted_is_404(small_world: World, name: str) -> None:
    assert small_world.officer("GET", f"/v1/grants/{name}", **OFFICER).json["code"] == "grant.unknown"
    assert small_world.officer("POST", f"/v1/grants/{name}/suspend", WHY, **APPROVER).json["code"] == "grant.unknown"


def test_a_reason_that_names_somebody_is_refused(small_world: World) -> None:
    body = {"reason": "complaint of 500199199003120021"}
    answer = small_world.officer("POST", "/v1/grants/G-IDENTITY/suspend", body, **APPROVER)
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")
    assert "500199199003120021" not in answer.text
    small_world.rooms.policy.renew()
    assert small_world.ask(small_world.open_case(), NAME).json["status"] == "delivered"


def test_of_two_officers_acting_at_once_one_is_told_that_it_changed(world: World) -> None:
    path = drafted(world)
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    signed = {"digest": digest_of(world, path)}
    gate = threading.Barrier(2)
    transitions = world.rooms.grants.transitions
    inner = type(transitions).record
    answers: list[Any] = []

    def together(self: Any, *arguments: Any) -> None:
        gate.wait(timeout=5)
        inner(self, *arguments)

    def sign(sub: str) -> None:
        answers.append(world.officer("POST", f"{path}/approve", signed, **(PROVIDER | {"sub": sub})))

    object.__setattr__(transitions, "record", together.__get__(transitions))
    threads = [threading.Thread(target=sign, args=(sub,)) for sub in ("p1", "p2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert next(answer for answer in answers if answer.status_code == 409).json["code"] == "grant.changed"
    assert len([entry for entry in world.events("GrantApproved") if entry["request"] == "G-NEW@1"]) == 1
    assert GrantMoved.__doc__


def test_explain_says_how_a_request_would_be_decided_and_why(small_world: World) -> None:
    question = {
        "system": "market-website",
        "evidence_type": "identity-card",
        "fields": ["name"],
        "service_item": ITEM,
        "legal_basis": BASIS,
        "loa": 3,
    }
    permit = small_world.officer("POST", "/v1/grants/explain", question, **OFFICER).json
    assert (permit["decision"], permit["grants"], permit["release"]) == ("permit", ["G-IDENTITY@1"], {"name": "clear"})
    deny = small_world.officer("POST", "/v1/grants/explain", question | {"loa": 1}, **OFFICER).json
    assert (deny["decision"], deny["code"]) == ("deny", "policy.assurance-too-low")
    assert deny["unmet"][0]["clause"].startswith("G-IDENTITY@1#c")
    nobody = small_world.officer("POST", "/v1/grants/explain", question | {"system": "nobody"}, **OFFICER).json
    assert nobody["code"] == "policy.unknown-principal"
    assert small_world.calls == []
    wrong = small_world.officer("POST", "/v1/grants/explain", question | {"loa": "3"}, **OFFICER)
    assert (wrong.status_code, wrong.json["errors"][0]["path"]) == (422, "loa")


def test_a_grant_past_its_end_becomes_an_entry_and_a_state(world: World) -> None:
    expiry: Expiry = world.rooms.expiry
    assert expiry.sweep() == 0
    world.officer("POST", "/v1/grants/G-STAFF/suspend", WHY, **APPROVER)
    world.clock.advance(500 * 24 * 3600)
    assert expiry.sweep() == 2
    assert expiry.sweep() == 0
    assert {entry["request"] for entry in world.events("GrantExpired")} == {"G-IDENTITY@1", "G-STAFF@1"}
    assert world.rooms.policy.renew().image.grants == {}


# Examination ----------------------------------------------------------------------------------------------------------


def examined(world: World, path: str) -> dict[str, Any]:
    answer = world.officer("GET", f"{path}/examination", **OFFICER)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_a_draft_shows_what_it_would_change_and_who_would_sign(small_world: World) -> None:
    path = drafted(small_world)
    seen = examined(small_world, path)
    assert (seen["class"], seen["kept"]) == ("widening", False)
    assert (seen["impact"]["days"], seen["impact"]["newly_allowed"]) == (90, 0)
    assert seen["simulation"].startswith("sha256:")
    assert [seat["role"] for seat in seen["must_sign"]] == ["provider-officer", "governance-approver"]
    (found,) = seen["findings"]
    assert (found["question"], found["answer"]) == ("newly-allowed", "example")
    assert found["request"]["fields"] == ["born"]
    assert "市场监管局" in found["example"]["zh"]
    assert "出生日期" in found["example"]["zh"]
    assert {one["answer"] for one in seen["invariants"]} == {"proved-none"}
    assert (seen["against"], seen["with"], seen["class_text"]["en"][:8]) == ([], ["G-IDENTITY@1"], "widening")
    assert seen["examined_at"]


def test_what_was_examined_at_submission_is_what_is_shown_and_signed(world: World) -> None:
    path = drafted(world)
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    seen = examined(world, path)
    assert seen["kept"] is True
    assert seen["digest"] == digest_of(world, path)
    world.clock.advance(600)
    assert examined(world, path) == seen
    (entry,) = [one for one in world.events("GrantSubmitted") if one["request"] == "G-NEW@1"]
    assert entry["facts"]["review"] == "widening"
    assert entry["facts"]["panel"] == ["provider-officer", "governance-approver"]
    shown = world.officer("GET", path, **OFFICER).json
    assert (shown["change"], [one["signed"] for one in shown["must_sign"]]) == ("widening", [False, False])


def first_version() -> dict[str, Any]:
    (first,) = [one for one in GRANTS if one["metadata"]["name"] == "G-IDENTITY"]
    return first


def test_one_approver_signs_a_tightening_and_an_active_version_is_superseded(world: World) -> None:
    """Fewer fields than version 1, everything else the same."""
    first = first_version()
    world.apply({**first, "spec": first["spec"] | {"fields": ["name"]}})
    path = "/v1/grants/G-IDENTITY"
    assert world.officer("POST", f"{path}@2/submit", {}, **OFFICER).json["status"] == "submitted"
    seen = examined(world, f"{path}@2")
    assert (seen["class"], seen["against"]) == ("tightening", ["G-IDENTITY@1"])
    assert {one["question"]: one["answer"] for one in seen["findings"]} == {
        "newly-allowed": "proved-none",
        "no-longer-allowed": "example",
        "released-looser": "proved-none",
        "released-stricter": "proved-none",
    }
    signed = {"digest": seen["digest"]}
    refused = world.officer("POST", f"{path}@2/approve", signed, **PROVIDER)
    assert refused.json["reason"] == "grant.seat-taken"
    assert world.officer("POST", f"{path}@2/approve", signed, **APPROVER).json["status"] == "active"
    assert world.officer("GET", f"{path}@1", **OFFICER).json["status"] == "superseded"


def test_a_sensitive_field_more_needs_a_third_signature(world: World) -> None:
    first = first_version()
    world.apply({**first, "spec": first["spec"] | {"fields": ["name", "address", "citizen_number"]}})
    path = "/v1/grants/G-IDENTITY@2"
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    seen = examined(world, path)
    assert [seat["role"] for seat in seen["must_sign"]][2:] == ["data-protection-officer"]
    assert "号码" in seen["sensitive"][0]["zh"]
    signed = {"digest": seen["digest"]}
    for officer in (PROVIDER, APPROVER):
        assert world.officer("POST", f"{path}/approve", signed, **officer).json["status"] == "submitted"
    assert world.officer("POST", f"{path}/approve", signed, **PROTECTOR).json["status"] == "active"


def test_a_first_grant_with_a_sensitive_field_needs_a_third_person(world: World) -> None:
    """It adds all its fields; who has signed in one seat does not sign in another."""
    world.revoke("G-IDENTITY")
    world.apply(grant("G-FIRST", fields=["address"]))
    path = "/v1/grants/G-FIRST"
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    seen = examined(world, path)
    assert [seat["role"] for seat in seen["must_sign"]] == THREE
    assert "增加敏感字段（3 级）：住址" in seen["sensitive"][0]["zh"]
    signed = {"digest": seen["digest"]}
    for officer in (PROVIDER, APPROVER):
        assert world.officer("POST", f"{path}/approve", signed, **officer).json["status"] == "submitted"
    both_seats = APPROVER | {"roles": ["governance-approver", "data-protection-officer"]}
    assert world.officer("POST", f"{path}/approve", signed, **both_seats).json["reason"] == "grant.already-signed"
    assert world.officer("POST", f"{path}/approve", signed, **PROTECTOR).json["status"] == "active"


def test_the_sponsor_endorses_without_counting(world: World) -> None:
    path = drafted(world)
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    signed = {"digest": digest_of(world, path)}
    sponsor = {"sub": "s", "roles": ["sponsor"]}
    assert world.officer("POST", f"{path}/endorse", signed, **sponsor).json["signatures"] == []
    assert world.officer("POST", f"{path}/endorse", signed, **sponsor).json["reason"] == "grant.already-signed"
    assert [one["request"] for one in world.events("GrantEndorsed")] == ["G-NEW@1"]


def test_approvals_are_void_when_another_grant_that_matters_came_into_force(world: World) -> None:
    path = drafted(world)
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    signed = {"digest": digest_of(world, path)}
    assert world.officer("POST", f"{path}/approve", signed, **PROVIDER).status_code == 200
    world.apply(grant("G-OTHER", fields=["until"]))
    world.approve("G-OTHER")
    answer = world.officer("POST", f"{path}/approve", signed, **APPROVER)
    assert (answer.status_code, answer.json["reason"]) == (403, "grant.basis-changed")
    assert world.officer("GET", path, **OFFICER).json["status"] == "submitted"
    world.officer("POST", f"{path}/return", WHY, **APPROVER)
    world.approve("G-NEW")
    assert world.officer("GET", path, **OFFICER).json["status"] == "active"


def test_a_change_of_the_active_set_between_proof_and_record_is_noticed(world: World) -> None:
    """What was proved, was proved of another set: the append compares the epoch."""
    path = drafted(world)
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    signed = {"digest": digest_of(world, path)}
    world.officer("POST", f"{path}/approve", signed, **PROVIDER)
    examiner = world.rooms.grants.transitions.examiner
    again = examiner.again

    def slow(*arguments: Any) -> Any:
        found = again(*arguments)
        world.officer("POST", "/v1/grants/G-STAFF/suspend", WHY, **APPROVER)
        return found

    object.__setattr__(examiner, "again", slow)
    answer = world.officer("POST", f"{path}/approve", signed, **APPROVER)
    assert (answer.status_code, answer.json["code"]) == (409, "grant.changed")


CLASSIFIED = {**IDENTITY_CARD, "spec": IDENTITY_CARD["spec"] | {"classification": 3}}


def test_a_grant_that_breaks_a_standing_invariant_is_not_handed_in(small_world: World) -> None:
    """The class was raised after it was written: nobody signs in vain what the last signature would be refused for."""
    path = drafted(small_world, min_loa=1)
    small_world.apply(CLASSIFIED)
    answer = small_world.officer("POST", f"{path}/submit", {}, **OFFICER)
    assert (answer.status_code, answer.json["reason"]) == (403, "grant.invariant-broken")
    assert "反例" in answer.json["detail"]
    assert small_world.officer("GET", path, **OFFICER).json["status"] == "drafted"


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"min_loa": 0}, "grant.min_loa"),
        ({"min_loa": 1, "emergency": {"minutes": 60}}, "grant.min_loa"),
        *(({"min_loa": wrong}, "grant.min_loa") for wrong in (-1, 5, 10**30, 1.5, "2", True, None)),
        ({"obligations": ["sing-a-song"]}, "grant.obligations[0]"),
        ({"obligations": ["retain:P30D", "notify-citizen:soon"]}, "grant.obligations[1]"),
        ({"obligations": ["P1D:"]}, "grant.obligations[0]"),
    ],
)
def test_terms_that_could_never_take_effect_are_refused_when_they_are_written_at_their_field(
    small_world: World, more: dict[str, Any], place: str
) -> None:
    small_world.apply(CLASSIFIED)
    asked = {
        "evidence_type": "identity-card",
        "fields": ["born"],
        "service_items": [ITEM],
        "legal_basis": BASIS,
        "valid_from": "2026-01-01",
        "valid_to": "2027-01-01",
    }
    for path, body in (
        ("/v1/grants", {"grant": asked | more}),
        ("/v1/access-requests", {"grant": asked | more, "purpose": "核对"}),
    ):
        answer = small_world.officer("POST", path, body, **CONSUMER)
        assert (answer.status_code, answer.json["code"]) == (422, "request.invalid"), answer.text
        assert [one["path"] for one in answer.json["errors"]] == [place]
        assert small_world.officer("POST", path, body | {"grant": asked}, **CONSUMER).status_code == 201
    template = {"title": {"zh": "模板", "en": "template"}, "grant": {"evidence_type": "identity-card"} | more}
    answer = small_world.officer("PUT", "/v1/request-templates/one", template, **OFFICER)
    assert (answer.status_code, [one["path"] for one in answer.json["errors"]]) == (422, [place])


def test_a_class_is_not_raised_above_what_grants_in_force_ask_for(small_world: World) -> None:
    small_world.apply(grant("G-IDENTITY", min_loa=1))
    small_world.approve("G-IDENTITY")
    with pytest.raises(ManifestError, match="G-IDENTITY"):
        small_world.apply(CLASSIFIED)


def test_of_a_grant_that_nobody_drafted_there_is_no_examination(small_world: World) -> None:
    assert small_world.officer("GET", "/v1/grants/NO-SUCH/examination", **OFFICER).json["code"] == "grant.unknown"
    token = small_world.issuer.token(small_world.holder, "console", scope="governance")
    assert small_world.call("GET", "/v1/grants/G-STAFF/examination", token).status_code == 403


def test_what_the_past_would_have_been_like_is_shown_and_signed_with_the_proof(small_world: World) -> None:
    """The simulation of the submission is kept: later requests do not change what was signed."""
    world, born = small_world, {"type": "identity-card", "fields": ["born"]}
    case = world.open_case()
    assert world.ask(case, born).json["status"] == "refused"
    path = drafted(world)
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    seen = examined(world, path)
    assert (seen["impact"]["newly_allowed"], seen["impact"]["people"]) == (1, 1)
    world.ask(case, born)
    assert examined(world, path) == seen
    assert world.officer("GET", path, **OFFICER).json["digest"] == seen["digest"]


def test_the_examiner_works_only_for_what_would_take_effect(small_world: World) -> None:
    """Whoever may not sign, or signs first, sets no proof going: it takes long and needs nobody's leave."""
    world, path = small_world, "/v1/grants/G-IDENTITY"
    transitions = world.rooms.grants.transitions
    asked: list[str] = []
    again = transitions.examiner.again

    def watched(grant: Grant, at: datetime) -> Rechecked:
        asked.append(grant.ref)
        return again(grant, at)

    object.__setattr__(transitions, "examining", Watched(transitions.examiner, watched))
    auditor: dict[str, Any] = {"sub": "x", "roles": ["auditor"]}
    signed = {"digest": digest_of(world, path)}
    assert world.officer("POST", f"{path}/reactivate", signed, **auditor).status_code == 403
    world.officer("POST", f"{path}/suspend", WHY, **OFFICER)
    assert world.officer("POST", f"{path}/reactivate", signed, **auditor).status_code == 403
    for officer in (PROVIDER, PROTECTOR):
        assert world.officer("POST", f"{path}/reactivate", signed, **officer).json["status"] == "suspended"
    assert asked == []
    assert world.officer("POST", f"{path}/reactivate", signed, **APPROVER).json["status"] == "active"
    assert asked == ["G-IDENTITY@1"]


class Watched:
    """The examiner, with somebody who notes what is proved again."""

    def __init__(self, examiner: Examining, again: Callable[[Grant, datetime], Rechecked]) -> None:
        self.review, self.again = examiner.review, again


# A version that begins later -----------------------------------------------------------------------------------------


def scheduled(world: World, **more: Any) -> str:
    """The next version of the grant, signed today, with fewer fields and from the first of June on."""
    first = first_version()
    world.apply({**first, "spec": first["spec"] | {"fields": ["name"], "valid_from": "2027-06-01"} | more})
    path = "/v1/grants/G-IDENTITY@2"
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    signed = {"digest": digest_of(world, path)}
    assert world.officer("POST", f"{path}/approve", signed, **APPROVER).json["status"] == "scheduled"
    return path


def statuses(world: World) -> list[str]:
    return [world.officer("GET", f"/v1/grants/G-IDENTITY@{one}", **OFFICER).json["status"] for one in (1, 2)]


def to_its_beginning(world: World) -> None:
    begins = datetime(2027, 6, 1, tzinfo=CHINA)
    world.clock.advance((begins - world.clock.now()).total_seconds())


def test_what_stands_stays_in_force_until_the_next_version_begins(world: World) -> None:
    scheduled(world)
    assert statuses(world) == ["active", "scheduled"]
    assert world.rooms.expiry.begin() == 0
    to_its_beginning(world)
    assert world.rooms.expiry.begin() == 1
    assert statuses(world) == ["superseded", "active"]
    assert [one["request"] for one in world.events("GrantScheduled")] == ["G-IDENTITY@2"]
    assert world.rooms.expiry.begin() == 0


def test_a_scheduled_version_may_be_called_off(world: World) -> None:
    path = scheduled(world)
    assert world.officer("POST", f"{path}/suspend", WHY, **APPROVER).status_code == 403
    assert world.officer("POST", f"{path}/return", WHY, **APPROVER).json["status"] == "drafted"
    to_its_beginning(world)
    assert world.rooms.expiry.begin() == 0
    assert statuses(world) == ["active", "drafted"]


def test_a_scheduled_version_goes_back_where_others_would_have_to_sign_it_today(world: World) -> None:
    """A tightening when it was signed; what it was measured against is gone when it begins, so that it is wider."""
    scheduled(world)
    world.officer("POST", "/v1/grants/G-IDENTITY@1/revoke", WHY, **PROVIDER)
    to_its_beginning(world)
    assert world.rooms.expiry.begin() == 1
    assert statuses(world) == ["revoked", "drafted"]
    (entry,) = world.events("GrantReturned")
    assert "重新提交" in entry["facts"]["reason"]
    told = world.officer("GET", "/v1/messages", sub="chen", roles=["consumer-officer"], organisation=MARKET).json
    assert ("grant-returned", "G-IDENTITY@2") in {(one["kind"], one["about"]) for one in told["messages"]}


def test_a_clock_that_went_back_stops_nobody_elses_beginning(world: World) -> None:
    """What cannot begin by this node's clock waits for the next minute, and the housekeeping goes on."""
    scheduled(world)
    to_its_beginning(world)
    ahead = ManualClock(world.clock.now() + timedelta(seconds=5))
    node = world.another_node(clock=ahead)
    assert node.officer("POST", "/v1/grants/G-IDENTITY@1/suspend", WHY, **APPROVER).status_code == 200
    assert world.rooms.expiry.begin() == 1
    assert statuses(world) == ["suspended", "scheduled"]


def test_a_draft_past_its_end_has_ended(world: World) -> None:
    path = drafted(world)
    world.clock.advance(500 * 24 * 3600)
    world.rooms.expiry.sweep()
    assert world.officer("GET", path, **OFFICER).json["status"] == "expired"


def test_who_must_sign_a_suspended_version_is_told_seat_by_seat(world: World) -> None:
    path = "/v1/grants/G-IDENTITY@1"
    world.officer("POST", f"{path}/suspend", WHY, **APPROVER)
    assert [seat["signed"] for seat in examined(world, path)["must_sign"]] == [False, False, False]
    half = world.officer("POST", f"{path}/reactivate", {"digest": digest_of(world, path)}, **PROVIDER).json
    assert [one["role"] for one in half["reactivation"]] == ["provider-officer"]
    assert [seat["signed"] for seat in examined(world, path)["must_sign"]] == [True, False, False]
    assert half["status"] == "suspended"


def test_a_newer_version_is_no_way_round_those_who_could_put_a_suspended_one_back(world: World) -> None:
    """What tightens needs one signature; in the place of a suspended version it needs every seat of that one."""
    world.officer("POST", "/v1/grants/G-IDENTITY@1/suspend", WHY, **APPROVER)
    first = first_version()
    world.apply({**first, "spec": first["spec"] | {"fields": ["name"]}})
    path = "/v1/grants/G-IDENTITY@2"
    world.officer("POST", f"{path}/submit", {}, **OFFICER)
    seen = examined(world, path)
    assert [one["en"] for one in seen["reactivates"]]
    assert [seat["role"] for seat in seen["must_sign"]] == THREE
    signed = {"digest": seen["digest"]}
    for officer in (APPROVER, PROTECTOR):
        assert world.officer("POST", f"{path}/approve", signed, **officer).json["status"] == "submitted"
    assert world.officer("POST", f"{path}/approve", signed, **PROVIDER).json["status"] == "active"
