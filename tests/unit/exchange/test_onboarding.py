"""A department goes from nothing to its first governed sandbox call in one sitting, every step over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from exchange.onboarding.shipped import BASIS, IDENTITY, RESIDENCE, manifests
from exchange.store import access_requests, catalogue
from kernel.manifests import ManifestError
from policies.requests.events import Status as RequestStatus
from tests.doubles.exchange import BASIS as REAL_BASIS
from tests.doubles.exchange import (
    GRANTS,
    IDENTITY_CARD,
    ISSUER,
    ITEM,
    MARKET,
    NAME,
    OWNER,
    POLICE,
    RECORDS,
    URBAN,
    World,
    connector,
    detail,
    organisation,
    system,
)

NEW = "11500000DEM000065M"
"""A department nobody has heard of."""
ENTRIES = "/v1/catalogue/entries"
MAKER: dict[str, Any] = {"sub": "maker", "roles": ["consumer-officer", "provider-officer"], "organisation": NEW}
GOVERNOR: dict[str, Any] = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
APPROVER: dict[str, Any] = {"sub": "gao", "roles": ["governance-approver"], "organisation": URBAN}


def done(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json


def progress(world: World) -> tuple[str | None, str | None]:
    """The next step and whose turn it is."""
    view = done(world.officer("GET", "/v1/onboarding", **MAKER))
    states = [one["state"] for one in view["steps"]]
    assert states == ["done"] * view["done"] + ["open"] * (view["next"] is not None) + ["waiting"] * (
        len(states) - view["done"] - (view["next"] is not None)
    )
    return view["next"], view["turn"]


def published(world: World, manifest: dict[str, Any], shelf: str) -> None:
    """Drafted and handed in by the department, reviewed and published by data governance."""
    entry = f"{ENTRIES}/{shelf}/{manifest['metadata']['name']}"
    done(world.officer("POST", ENTRIES, {"manifest": manifest}, **MAKER), 201)
    done(world.officer("POST", f"{entry}/submit", {}, **MAKER))
    assert progress(world)[1] == "governance"
    done(world.officer("POST", f"{entry}/review", {}, **GOVERNOR))
    seen = done(world.officer("GET", entry, **GOVERNOR))["draft"]["digest"]
    done(world.officer("POST", f"{entry}/publish", {"digest": seen}, **GOVERNOR))
    world.rooms.policy.renew()


def test_from_nothing_to_a_delivered_evidence_with_a_receipt(world: World) -> None:
    assert progress(world) == ("organisation", "department")
    published(world, organisation(NEW, "卫生健康委员会"), "organisations")
    assert progress(world) == ("system", "department")
    published(world, system("health-trial", NEW, sandbox=True), "systems")

    assert progress(world) == ("keys", "system")
    token = world.issuer.token(world.holder, "health-trial", scope="cases")
    shown = done(world.call("POST", "/v1/onboarding/check-in", token, {}))
    assert (shown["system"], shown["binding"], shown["sandbox"]) == ("health-trial", "dpop", True)

    assert progress(world) == ("sandbox", "governance")
    assert world.client.get("/v1/onboarding/sandbox").status_code == 404
    sandbox = done(world.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR))
    before = len(world.entries())
    assert done(world.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR)) == sandbox
    assert len(world.entries()) == before  # it is open already: nothing more to record
    world.rooms.policy.renew()
    assert world.client.get("/v1/onboarding/sandbox").json == sandbox

    assert progress(world) == ("access-request", "department")
    grant = granted(world, sandbox)
    assert grant["status"] == "active"
    assert progress(world) == ("first-call", "system")

    item = first_call(world, sandbox)
    assert item["status"] == "delivered"
    assert item["data"] == {"name": sandbox["people"][0]["name"]}
    assert item["receipt"].startswith("c2sp.org/tlog-proof@v1")
    assert progress(world) == (None, None)
    told = [entry["event"] for entry in world.entries()]
    assert {"SystemCheckedIn", "SandboxOpened", "RequestApproved", "EvidenceReleased"} <= set(told)


def granted(world: World, sandbox: dict[str, Any], consumer: str = NEW) -> Any:
    """The access request, its form check, and the signatures of two persons of data governance."""
    maker = MAKER | {"organisation": consumer}
    asked = {
        "evidence_type": IDENTITY,
        "fields": ["name"],
        "service_items": [sandbox["service_item"]],
        "legal_basis": sandbox["legal_basis"],
        "valid_from": "2026-11-01",
        "valid_to": "2027-11-01",
        "absent_allowed": True,
    }
    body = {"grant": asked, "purpose": "接入演练"}
    request = done(world.officer("POST", "/v1/access-requests", body, **maker), 201)["id"]
    done(world.officer("POST", f"/v1/access-requests/{request}/submit", {}, **maker))
    if consumer == NEW:
        assert progress(world) == ("access-request", "governance")
    accepted = done(world.officer("POST", f"/v1/access-requests/{request}/accept", {}, **GOVERNOR))
    path = f"/v1/grants/{accepted['ref'].partition('@')[0]}"
    if consumer == NEW:
        assert progress(world) == ("access-request", "governance")
    for who in (GOVERNOR, APPROVER):
        shown = done(world.officer("GET", path, **who))
        done(world.officer("POST", f"{path}/approve", {"digest": shown["digest"]}, **who))
    world.rooms.policy.renew()
    return done(world.officer("GET", path, **GOVERNOR))


def first_call(world: World, sandbox: dict[str, Any], client: str = "health-trial", **asked: Any) -> Any:
    """A case about an invented person, and one item of evidence."""
    person = sandbox["people"][0]["value"]
    code = sandbox["service_item"]
    case = world.open_case((person, "applicant"), client=client, item=code)
    item = {"type": IDENTITY, "fields": ["name"]} | asked
    details = detail(case, item, item=code, basis=BASIS)
    token = world.issuer.token(world.holder, client, person=person, authorization_details=details)
    body = {"service_item": code, "case": case, "legal_basis": BASIS, "evidence": [item]}
    answer = world.call("POST", "/v1/evidence-requests", token, body)
    (found,) = done(answer)["evidence"]
    return found


# The sandbox and real data never meet ---------------------------------------------------------------------------------


def test_a_sandbox_system_of_a_department_with_real_grants_gets_no_real_data(small_world: World) -> None:
    small_world.apply(system("market-trial", "11500000DEM000057T", sandbox=True))
    small_world.rooms.policy.renew()
    assert GRANTS[0]["spec"]["consumer"] == "11500000DEM000057T"
    case = small_world.open_case((OWNER, "applicant"), client="market-trial")
    token = small_world.issuer.token(
        small_world.holder, "market-trial", person=OWNER, authorization_details=detail(case, NAME)
    )
    (item,) = small_world.ask(case, NAME, token=token).json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "sandbox.kept-apart")
    assert small_world.calls == []
    real = small_world.ask(small_world.open_case((OWNER, "applicant")), NAME).json["evidence"]
    assert real[0]["status"] == "delivered"


def test_explaining_says_what_the_gateway_would(small_world: World) -> None:
    small_world.apply(system("market-trial", MARKET, sandbox=True))
    small_world.rooms.policy.renew()
    question = {
        "system": "market-website", "evidence_type": "identity-card", "fields": ["name"], "service_item": ITEM,
        "legal_basis": REAL_BASIS, "relation": "self", "loa": 3,
    }  # fmt: skip
    real = done(small_world.officer("POST", "/v1/grants/explain", question, **GOVERNOR))
    assert real["decision"] == "permit"
    trial = done(small_world.officer("POST", "/v1/grants/explain", question | {"system": "market-trial"}, **GOVERNOR))
    assert (trial["decision"], trial["code"], trial["grants"]) == ("deny", "sandbox.kept-apart", [])
    assert [each["code"] for each in trial["unmet"]] == ["sandbox.kept-apart"]


def test_the_sandbox_is_opened_once_whoever_asks_again(small_world: World) -> None:
    sandbox = done(small_world.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR))
    size = len(small_world.entries())
    other = GOVERNOR | {"sub": "second", "organisation": POLICE}
    assert done(small_world.officer("POST", "/v1/onboarding/sandbox", {}, **other)) == sandbox
    assert len(small_world.entries()) == size
    small_world.rooms.policy.renew()
    assert small_world.client.get("/v1/onboarding/sandbox").json == sandbox


def test_opening_again_leaves_what_was_changed_since_and_brings_what_is_missing(small_world: World) -> None:
    sandbox = done(small_world.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR))
    (_, identity, *_) = manifests(URBAN)
    changed = {**identity, "spec": {**identity["spec"], "name": {"zh": "改过的沙箱身份证", "en": "Changed"}}}
    small_world.apply(changed)
    small_world.outside.database.write(lambda connection: catalogue.remove(connection, ("Connector", RESIDENCE)))
    other = GOVERNOR | {"sub": "second", "organisation": POLICE}
    assert done(small_world.officer("POST", "/v1/onboarding/sandbox", {}, **other)) == sandbox
    with small_world.outside.database.read() as connection:
        assert catalogue.read_all(connection)["EvidenceType", IDENTITY] == changed
    assert small_world.events("SandboxOpened")[-1]["facts"]["objects"] == [f"Connector/{RESIDENCE}"]


def test_the_newest_request_counts_however_many_there_were(small_world: World) -> None:
    sandbox = done(small_world.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR))
    small_world.rooms.policy.renew()
    asker = MAKER | {"organisation": MARKET}
    asked = {
        "evidence_type": IDENTITY, "fields": ["name"], "service_items": [sandbox["service_item"]],
        "legal_basis": BASIS, "valid_from": "2026-11-01", "valid_to": "2027-11-01",
    }  # fmt: skip

    def requested() -> str:
        body = {"grant": asked, "purpose": "接入演练"}
        return str(done(small_world.officer("POST", "/v1/access-requests", body, **asker), 201)["id"])

    first = requested()
    with small_world.outside.database.read() as connection:
        state = access_requests.find(connection, first)
    assert state is not None

    def crowded(connection: Connection) -> None:
        real = replace(state.content, grant=replace(state.content.grant, evidence_type="identity-card"))
        for number in range(201):
            access_requests.add(connection, replace(state, id=f"ar_000{number:03}", content=real), None)
            over = replace(state, id=f"ar_Z{number:03}", status=RequestStatus.WITHDRAWN)
            access_requests.add(connection, over, None)

    small_world.outside.database.write(crowded)

    def about() -> str:
        steps = done(small_world.officer("GET", "/v1/onboarding", **asker))["steps"]
        return str(next(one["about"] for one in steps if one["step"] == "access-request"))

    assert about() == f"{first}: drafted"
    small_world.clock.advance(0.01)
    second = requested()
    assert about() == f"{second}: drafted"


def test_a_real_system_gets_nothing_invented(small_world: World) -> None:
    sandbox = done(small_world.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR))
    small_world.rooms.policy.renew()
    found = first_call(small_world, sandbox, "market-website")
    assert (found["status"], found["problem"]["code"]) == ("refused", "sandbox.kept-apart")


def test_a_sandbox_type_cannot_be_given_a_real_source_nor_a_real_type_the_sandboxs(small_world: World) -> None:
    trial = IDENTITY_CARD | {"metadata": {"name": "trial"}, "spec": IDENTITY_CARD["spec"] | {"sandbox": True}}
    RECORDS["trial"] = RECORDS["identity-card"]
    real = connector("trial", "trial", {"name": "name"})
    del RECORDS["trial"]
    with pytest.raises(ManifestError, match="sandbox"):
        small_world.apply(trial, real)
    invented = connector("identity", "identity-card", {"name": "name"})
    invented["spec"] |= {"adapter": "sandbox", "sandbox": {}}
    del invented["spec"]["memory"]
    with pytest.raises(ManifestError, match="sandbox"):
        small_world.apply(invented)


def real_source(kind: str) -> dict[str, Any]:
    """A source that reads a register of people, for an evidence type of this name."""
    made = connector("a-register", "identity-card", {"name": "name"})
    return made | {"spec": made["spec"] | {"evidence_type": kind}}


@pytest.mark.parametrize("is_invented", [False, True], ids=["a real type", "a sandbox type"])
def test_opening_the_sandbox_never_ties_it_to_a_real_source(small_world: World, *, is_invented: bool) -> None:
    """What stands under a name of the sandbox is left as it is, so what joins it must fit: else nothing is opened."""
    kind = IDENTITY_CARD | {"metadata": {"name": RESIDENCE}, "spec": IDENTITY_CARD["spec"] | {"sandbox": is_invented}}
    stored = small_world.outside.database
    documents, now = [kind, real_source(RESIDENCE)], small_world.clock.now()
    stored.write(lambda connection: catalogue.replace(connection, documents, now))  # past every check
    with stored.read() as connection:
        before = catalogue.read_all(connection)
    answer = small_world.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR)
    assert (answer.status_code, answer.json["findings"][0]["path"]) == (422, "spec.adapter")
    with stored.read() as connection:
        assert catalogue.read_all(connection) == before
    assert small_world.events("SandboxOpened") == []


def test_a_type_under_review_does_not_enter_the_sandbox_with_its_real_source(small_world: World) -> None:
    invented = IDENTITY_CARD | {"spec": IDENTITY_CARD["spec"] | {"sandbox": True}}
    owner = MAKER | {"organisation": POLICE}
    done(small_world.officer("POST", ENTRIES, {"manifest": invented}, **owner), 201)
    answer = small_world.officer("POST", f"{ENTRIES}/evidence-types/identity-card/submit", {}, **owner)
    assert (answer.status_code, answer.json["findings"][0]["path"]) == (422, "spec.adapter")


def test_a_system_of_another_identity_provider_is_told_so_before_its_first_call(small_world: World) -> None:
    small_world.apply(organisation(NEW, "卫健委"), system("elsewhere", NEW, sandbox=True, issuer="https://other.test"))
    small_world.rooms.policy.renew()
    view = done(small_world.officer("GET", "/v1/onboarding", **MAKER))
    assert (view["next"], view["turn"]) == ("system", "department")
    assert view["steps"][1]["about"] == "elsewhere: https://other.test"


# Who may see and do what ----------------------------------------------------------------------------------------------


def test_another_departments_progress_is_data_governances_to_see(small_world: World) -> None:
    assert small_world.officer("GET", f"/v1/onboarding?organisation={POLICE}", **MAKER).status_code == 403
    view = done(small_world.officer("GET", f"/v1/onboarding?organisation={POLICE}", **GOVERNOR))
    assert (view["organisation"], view["next"], view["issuer"]) == (POLICE, "system", ISSUER)
    assert small_world.officer("POST", "/v1/onboarding/sandbox", {}, **MAKER).status_code == 403


def test_a_client_nobody_registered_cannot_check_in_and_a_proof_counts_once(small_world: World) -> None:
    token = small_world.issuer.token(small_world.holder, "stranger", scope="cases")
    refused = small_world.call("POST", "/v1/onboarding/check-in", token, {})
    assert (refused.status_code, refused.json["code"]) == (403, "system.unknown")
    token = small_world.issuer.token(small_world.holder, scope="cases")
    url = "http://exchange.test/v1/onboarding/check-in"
    proof = small_world.holder.proof("POST", url, token)
    sent = {"Authorization": f"DPoP {token}", "DPoP": proof}
    answers = [small_world.client.post("/v1/onboarding/check-in", headers=sent, json={}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert len(small_world.events("SystemCheckedIn")) == 1
