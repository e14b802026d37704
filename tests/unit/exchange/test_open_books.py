"""What citizens, providers and strangers may see: usage in plain words, counts without names, the log with its
proofs.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from kernel.ledger.verify import verify_receipt
from tests.doubles.exchange import (
    ITEM,
    MARKET,
    NAME,
    ORIGIN,
    OWNER,
    POLICE,
    STAFF,
    STRANGER,
    WORKER,
    World,
    detail,
    grant,
    request,
)

AUDITOR: dict[str, Any] = {"sub": "a", "roles": ["auditor"]}
PROVIDER: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}


def usage(world: World, person: str, query: str = "") -> Any:
    token = world.issuer.token(world.holder, "portal", person=person, scope="openid usage")
    return world.call("GET", f"/v1/usage{query}", token)


def test_a_citizen_reads_who_asked_what_why_and_with_what_result(world: World) -> None:
    case = world.open_case()
    world.ask(case, NAME)
    world.ask(case, {"type": "identity-card", "fields": ["born"]})
    refused, released = usage(world, OWNER).json["entries"]
    assert (released["event"], refused["event"]) == ("EvidenceReleased", "EvidenceRefused")
    assert released["consumer"] == {"code": MARKET, "name": {"zh": "市场监管局", "en": "市场监管局"}}
    assert (released["case"], released["service_item"]["code"]) == (case, ITEM)
    assert released["fields"] == [{"zh": "姓名", "en": "姓名"}]
    assert released["sentence"]["zh"].startswith(
        "2026年11月23日17:30，市场监管局为办理“开办餐馆”，请求查询您的身份证（姓名）"
    )
    assert "演示规定第三条" in released["sentence"]["zh"]
    assert "refused" in refused["sentence"]["en"]
    assert "陈示例" not in json.dumps([released, refused], ensure_ascii=False)


def test_every_entry_of_a_citizen_comes_with_a_receipt_that_verifies(world: World) -> None:
    answer = world.ask(world.open_case(), NAME)
    (entry,) = usage(world, OWNER).json["entries"]
    assert entry["receipt"] == answer.json["evidence"][0]["receipt"]
    vkey = world.client.get("/v1/ledger/key").text.strip()
    assert verify_receipt(entry["receipt"], vkey=vkey, evidence=None, jwks=None).in_log


def test_nobody_reads_about_anybody_else_and_a_relative_is_not_led_to(world: World) -> None:
    case = world.open_case((WORKER, "employee"))
    world.ask(case, STAFF)
    world.ask(case, NAME | {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}})
    (own,) = usage(world, OWNER).json["entries"]
    told, workers = usage(world, WORKER).json["entries"]
    assert (told["event"], workers["event"]) == ("NoticeGiven", "EvidenceReleased")  # somebody else was present
    assert (own["evidence_type"]["code"], workers["evidence_type"]["code"]) == ("staff-list", "identity-card")
    assert "case" in own
    assert "case" not in workers  # the case is the owner's
    assert usage(world, STRANGER).json == {"entries": [], "next": None, "return_flows": []}


def test_failures_and_notices_are_told_too(small_world: World) -> None:
    world = small_world
    world.apply(grant("G-ABSENT", absent_allowed=True))
    world.approve("G-ABSENT")
    case = world.open_case((OWNER, "applicant"))
    item = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    token = world.issuer.token(world.holder, authorization_details=detail(case, item), act={"sub": "officer-7"})
    world.ask(case, item, token=token)
    assert [entry["event"] for entry in usage(world, OWNER).json["entries"]] == ["NoticeGiven", "EvidenceReleased"]
    world.ask(world.open_case(), NAME, person=STRANGER)
    (failed,) = usage(world, STRANGER).json["entries"]
    assert (failed["event"], "未能取得" in failed["sentence"]["zh"]) == ("RetrievalFailed", True)


def test_long_logs_come_in_pages_newest_first(small_world: World) -> None:
    world = small_world
    case = world.open_case()
    for _ in range(52):
        world.ask(case, NAME)
    first = usage(world, OWNER).json
    assert len(first["entries"]) == 50
    second = usage(world, OWNER, f"?before={first['next']}").json
    assert (len(second["entries"]), second["next"]) == (2, None)
    indexes = [entry["index"] for entry in [*first["entries"], *second["entries"]]]
    assert indexes == sorted(indexes, reverse=True)
    assert usage(world, OWNER, "?before=x").status_code == 422


def test_an_entry_stays_readable_when_the_catalogue_no_longer_knows_its_words(small_world: World) -> None:
    from exchange.catalogue.registry import Registry
    from exchange.transparency.plain_words import entry_view

    small_world.ask(small_world.open_case(), NAME)
    from kernel.identifiers.subject import SubjectRef

    (entry,) = small_world.outside.ledger.usage_of(SubjectRef("citizen-number", OWNER))
    view = entry_view(entry, Registry.build([]), "receipt")
    assert view["consumer"] == {"code": MARKET, "name": {"zh": MARKET, "en": MARKET}}
    assert view["fields"] == [{"zh": "name", "en": "name"}]


def test_usage_is_for_a_person_with_the_scope(small_world: World) -> None:
    world = small_world
    without_person = world.issuer.token(world.holder, "portal", scope="usage")
    assert world.call("GET", "/v1/usage", without_person).json["code"] == "token.not-allowed"
    without_scope = world.issuer.token(world.holder, "portal", person=OWNER)
    assert world.call("GET", "/v1/usage", without_scope).json["code"] == "token.not-allowed"


def test_a_provider_sees_how_its_data_is_used_and_about_nobody(world: World) -> None:
    case = world.open_case()
    world.ask(case, NAME)
    world.ask(case, NAME, {"type": "identity-card", "fields": ["born"]})
    answer = world.officer("GET", "/v1/provider/usage", **PROVIDER).json
    counted = {(use["evidence_type"], use["outcome"]): use["count"] for use in answer["uses"]}
    assert counted == {("identity-card", "released"): 2, ("identity-card", "refused"): 1}
    use = answer["uses"][0]
    assert (use["consumer"], use["consumer_name"]["zh"], use["service_item"]) == (MARKET, "市场监管局", ITEM)
    assert OWNER not in json.dumps(answer)
    other = world.officer("GET", "/v1/provider/usage", **(PROVIDER | {"organisation": MARKET})).json
    assert other["uses"] == []
    later = world.officer("GET", "/v1/provider/usage?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z", **PROVIDER)
    assert later.json["uses"] == []


@pytest.mark.parametrize(
    "query", ["?from=yesterday", "?from=2026-11-23", "?from=2026-11-24T00:00:00Z", "?to=9999-99-99"]
)
def test_an_impossible_period_is_refused(small_world: World, query: str) -> None:
    answer = small_world.officer("GET", f"/v1/provider/usage{query}", **PROVIDER)
    assert (answer.status_code, answer.json["code"]) == (422, "usage.period-invalid")


# The log --------------------------------------------------------------------------------------------------------------


def test_anyone_reads_checkpoint_key_and_proofs(world: World) -> None:
    get = world.client.get
    first = get("/v1/ledger/checkpoint").text
    world.ask(world.open_case(), NAME)
    second = get("/v1/ledger/checkpoint").text
    origin, old = first.splitlines()[:2]
    assert origin == "exchange.test/v1/ledger"
    new = second.splitlines()[1]
    proof = get(f"/v1/ledger/consistency?from={old}&to={new}").json
    assert all(len(base64.b64decode(each)) == 32 for each in proof["proof"])
    assert get("/v1/ledger/key").text.startswith("exchange.test/v1/ledger+")
    assert get("/v1/ledger/proof?index=0").text.startswith("c2sp.org/tlog-proof@v1\nindex 0\n")
    assert int(new) == len(world.entries())


@pytest.mark.parametrize("path", ["proof?index=99999", "consistency?from=1&to=99999"])
def test_what_the_log_does_not_hold_is_404(small_world: World, path: str) -> None:
    answer = small_world.client.get(f"/v1/ledger/{path}")
    assert (answer.status_code, answer.json["code"]) == (404, "ledger.unknown-entry")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        *((f"proof{each}", "index") for each in ("", "?index=", "?index=-1", "?index=x", "?index=1.0", "?index=007")),
        *((f"proof?index={each}", "index") for each in ("9" * 16, "9" * 5_000, "%2B1", "%EF%BC%91", "1%20", "1_0")),
        ("consistency?from=1", "to"),
        ("consistency?to=1", "from"),
        ("consistency?from=x&to=1", "from"),
        ("consistency?from=1&to=1e3", "to"),
    ],
)
def test_what_is_no_number_of_an_entry_is_400_and_says_what_to_send(small_world: World, query: str, named: str) -> None:
    answer = small_world.client.get(f"/v1/ledger/{query}")
    assert (answer.status_code, answer.json["code"]) == (400, "request.number-invalid")
    assert (answer.json["fault"], answer.json["parameter"]) == ("consumer", named)
    assert named in answer.json["detail"]
    assert "整数" in answer.json["next_step"]
    english = small_world.client.get(f"/v1/ledger/{query}", headers={"Accept-Language": "en"}).json
    assert "whole number from 0" in english["next_step"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("proof?index=0&index=0", "request.duplicate-parameter"),
        ("proof?index=%00", "request.malformed"),
        ("proof?index=%ff", "request.malformed"),
        ("consistency?from=5&to=1", "request.malformed"),
        *((f"tile/{each}", "request.malformed") for each in ("9/000", "0/0", "0/x000", "0/000.p/0", "entries/0", "x")),
    ],
)
def test_what_is_asked_of_the_log_in_no_known_form_is_400(small_world: World, query: str, code: str) -> None:
    answer = small_world.client.get(f"/v1/ledger/{query}")
    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_hash_tiles_are_public_and_entries_are_for_auditors(world: World) -> None:
    size = len(world.entries())
    tile = world.client.get(f"/v1/ledger/tile/0/000.p/{size}")
    assert (tile.status_code, len(tile.data)) == (200, 32 * size)
    assert "immutable" in tile.headers["Cache-Control"]
    path = f"/v1/ledger/tile/entries/000.p/{size}"
    assert world.client.get(path).status_code == 401
    assert world.officer("GET", path, **PROVIDER).status_code == 403
    entries = world.officer("GET", path, **AUDITOR)
    assert entries.status_code == 200
    assert b"GrantActivated" in entries.data
    assert "immutable" not in entries.headers.get("Cache-Control", "")
    assert world.client.get("/v1/ledger/tile/0/999").status_code == 404


# Uploads --------------------------------------------------------------------------------------------------------------


def uploads(world: World, case: str, client: str = "market-website") -> Any:
    return world.call(
        "GET", f"/v1/cases/{case}/uploads-avoided", world.issuer.token(world.holder, client, scope="cases")
    )


def test_uploads_are_counted_from_requirements_and_deliveries(world: World) -> None:
    case = world.open_case((WORKER, "employee"), (STRANGER, "employee"))
    before = uploads(world, case).json
    assert (before["papers"], before["uploads"], before["avoided"]) == (2 + 1 + 2, 5, 0)
    world.ask(case, STAFF)
    world.ask(case, NAME | {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}})
    world.ask(case, {"type": "identity-card", "fields": ["born"]})  # refused: it meets nothing
    after = uploads(world, case).json
    assert (after["papers"], after["uploads"], after["avoided"]) == (5, 3, 2)
    assert {one["code"]: one["uploads"] for one in after["requirements"]} == {"identity": 2, "staff": 0, "employees": 1}


def test_only_the_cases_own_system_counts_its_uploads(small_world: World) -> None:
    case = small_world.open_case()
    assert uploads(small_world, case, "urban-website").json["code"] == "case.unknown"
    assert uploads(small_world, "case_" + "0" * 26).status_code == 404


# Discovery, health, description ---------------------------------------------------------------------------------------


def test_rfc_9728_metadata_leads_to_keys_and_catalogue(small_world: World) -> None:
    metadata = small_world.client.get("/.well-known/oauth-protected-resource").json
    assert metadata["resource"] == ORIGIN
    assert metadata["authorization_servers"] == ["http://issuer.test"]
    assert metadata["jwks_uri"] == f"{ORIGIN}/jwks"
    assert metadata["authorization_details_types_supported"] == ["urn:tongban:params:evidence"]
    keys = small_world.client.get("/jwks").json["keys"]
    assert sorted(key["use"] for key in keys) == ["enc", "sig"]
    assert all("d" not in key for key in keys)
    archive = small_world.client.get("/jwks/archive").json["keys"]
    assert [key["use"] for key in archive] == ["sig"]


def test_readiness_names_what_is_missing(small_world: World) -> None:
    ready = small_world.client.get("/readyz")
    assert ready.status_code == 200, ready.text
    assert set(ready.json["checks"]) == {
        "database",
        "keys",
        "policy-epoch",
        "revocation-feed",
        "ledger",
        "catalogue-search",
    }
    small_world.issuer.down = True
    small_world.clock.advance(1.0)
    answer = small_world.client.get("/readyz")
    assert (answer.status_code, answer.json["checks"]["revocation-feed"]) == (503, "failing")
    assert answer.json["checks"]["database"] == "passing"
    assert small_world.client.get("/healthz").status_code == 200


def test_the_api_describes_every_route(small_world: World) -> None:
    document = small_world.client.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    for path in ("/v1/evidence-requests", "/v1/cases", "/v1/grants/{grant}/approve", "/v1/ledger/tile/{tile}"):
        assert path in document["paths"]
    body = document["paths"]["/v1/evidence-requests"]["post"]
    assert body["requestBody"]
    assert any(parameter["name"] == "Idempotency-Key" for parameter in body["parameters"])
    assert request("x")["service_item"] == ITEM
