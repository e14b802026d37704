"""ADR 0093: evidence that is a certificate says how the certificate on record stands, whichever way it is delivered."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from connectors.base import CertificateWord, Query, Record
from connectors.errors import SourceUnavailable
from connectors.source import Outcome, Retrieved
from exchange.gateway import remembering
from exchange.gateway.waiting import Waiting
from kernel.identifiers import certificate_id
from kernel.jose import base64url
from kernel.manifests.reading import ManifestError
from tests.doubles.exchange import (
    BEFORE_FETCH,
    IDENTITY_CARD,
    NAME,
    NOW,
    OWNER,
    RECORDS,
    STAFF,
    WORKER,
    World,
    connector,
    detail,
    grant,
    request,
    text,
)
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_certificate_life import CARD, OTHER_CARD, ask, report, with_police
from tests.unit.exchange.test_idempotency import KEY
from tests.unit.exchange.test_previews import mine, offered, outcome, reply
from tests.unit.exchange.test_waiting import answered_by_a_clerk, look

AS_OF = "2026-11-23T09:30:00.000Z"
ROWS = {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"}


def valid_on(day: str) -> dict[str, Any]:
    return {"type": "identity-card", "predicates": [{"name": "valid-on", "args": {"date": day}}]}


def a_certificate(world: World, ends: str = "2030-01-01", **more: Any) -> World:
    """Identity cards are e-certificates from now on; the owner's is on record as issued."""
    spec = IDENTITY_CARD["spec"] | {"certificate": True} | more
    world.apply(IDENTITY_CARD | {"spec": spec})
    report(with_police(world), "issue", 8, valid_until=ends)
    return world


def with_identifier(world: World, borne: str = CARD) -> World:
    """The same, and their records bear their identifiers."""
    spec = IDENTITY_CARD["spec"]
    schema = spec["schema"] | {"properties": spec["schema"]["properties"] | {"serial": {"type": "string"}}}
    fields = spec["fields"] | {"serial": {"label": text("证照标识")}}
    a_certificate(world, schema=schema, fields=fields, certificate_identifier="serial")
    rows = [{"id": number, "name": "陈示例", "until": "2030-01-01", "serial": borne} for number in (OWNER, WORKER)]
    made = connector("identity", "identity-card", {"name": "name", "until": "until", "serial": "serial"})
    made["spec"]["memory"]["records"] = rows
    world.apply(made)
    world.rooms.policy.renew()
    return world


def stands(answer: Any, number: int = 0) -> dict[str, Any] | None:
    """What the answer says of the certificate, and its signed evidence with it."""
    assert answer.status_code == 200, answer.text
    item = answer.json["evidence"][number]
    assert item["status"] == "delivered", item
    signed = json.loads(base64url.decode(item["jws"].split(".")[1]))
    assert signed["provenance"] == item["provenance"]
    found: dict[str, Any] | None = item["provenance"].get("certificate_status")
    return found


def code(answer: Any, number: int = 0) -> str:
    found = stands(answer, number)
    assert found is not None
    return str(found["status"])


def asked(world: World, *items: Any, **more: Any) -> Any:
    return world.ask(world.open_case(), *(items or (NAME,)), **more)


# What is said --------------------------------------------------------------------------------------------------------


def test_evidence_says_how_its_certificate_stands_and_since_when(world: World) -> None:
    a_certificate(world)
    assert stands(asked(world)) == {
        "status": "valid",
        "label": {"zh": "有效", "en": "valid"},
        "since": "2026-11-23T00:00:00.000Z",
        "as_of": AS_OF,
        "found_by": "holder",
    }
    for hour, (change, status) in enumerate((("suspend", "suspended"), ("resume", "valid"), ("revoke", "revoked")), 9):
        report(world, change, hour)
        found = stands(asked(world))
        assert found is not None
        assert (found["status"], found["since"]) == (status, f"2026-11-23T{hour - 8:02}:00:00.000Z")


def test_what_ran_out_unreported_is_expired_since_its_last_day_was_over(small_world: World) -> None:
    a_certificate(small_world, ends="2026-11-23")
    small_world.clock.advance(86400)
    found = stands(asked(small_world))
    assert found is not None
    assert (found["status"], found["since"]) == ("expired", "2026-11-23T16:00:00.000Z")


def test_where_nothing_is_on_record_that_is_said_plainly(small_world: World) -> None:
    small_world.apply(IDENTITY_CARD | {"spec": IDENTITY_CARD["spec"] | {"certificate": True}})
    small_world.rooms.policy.renew()
    assert stands(asked(small_world)) == {
        "status": "unknown",
        "label": {"zh": "不明", "en": "unknown"},
        "since": None,
        "as_of": AS_OF,
        "reason": "none-on-record",
    }


def test_of_several_certificates_of_one_holder_none_is_taken_for_the_record(small_world: World) -> None:
    a_certificate(small_world)
    report(small_world, "cancel", 9)
    report(small_world, "issue", 9, certificate=OTHER_CARD)
    found = stands(asked(small_world))
    assert found is not None
    assert (found["status"], found["reason"]) == ("unknown", "several-on-record")


def test_a_record_that_bears_its_identifier_is_that_certificate_and_no_other(world: World) -> None:
    with_identifier(world, borne=OTHER_CARD)
    assert code(asked(world)) == "unknown"  # the holder's other one is not taken for it
    report(world, "issue", 9, certificate=OTHER_CARD)
    report(world, "revoke", 9)
    found = stands(asked(world))
    assert found is not None
    assert (found["status"], found["found_by"]) == ("valid", "identifier")
    assert "serial" not in asked(world).json["evidence"][0]["data"]


def test_the_status_of_another_holders_certificate_is_never_told(world: World) -> None:
    """A record that names somebody else's certificate, by mistake or to learn of it, is met with: none on record."""
    with_identifier(world)
    report(world, "revoke", 9)
    worker = {"type": "identity-card", "fields": ["name"]}
    about = {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}}
    case = world.open_case((OWNER, "applicant"), (WORKER, "employee"))
    assert world.ask(case, STAFF).json["status"] == "delivered"
    answer = world.ask(case, NAME, worker | about)
    assert code(answer) == "revoked"
    found = stands(answer, 1)
    assert found is not None
    assert (found["status"], found["reason"]) == ("unknown", "none-on-record")


def test_a_certificate_of_another_kind_is_not_taken_for_it(small_world: World) -> None:
    """The identifier of a certificate of this holder, but of another kind."""
    with_identifier(small_world, borne=OTHER_CARD)
    report(small_world, "revoke", 9, certificate=OTHER_CARD, evidence_type="staff-list")
    assert code(asked(small_world)) == "unknown"


def test_no_status_is_told_where_the_evidence_is_refused_or_does_not_come(small_world: World) -> None:
    world = a_certificate(small_world)
    report(world, "revoke", 9)
    case = world.open_case()
    refused = world.ask(case, NAME, {"type": "identity-card", "fields": ["born"]})
    assert [one["status"] for one in refused.json["evidence"]] == ["delivered", "refused"]
    world.revoke("G-IDENTITY")
    answers = [refused.json["evidence"][1], asked(world).json["evidence"][0]]
    world.apply(grant("G-IDENTITY", valid_to="2027-12-30"))
    world.approve("G-IDENTITY")
    BEFORE_FETCH.append(lambda _query: (_ for _ in ()).throw(SourceUnavailable("down")))
    answers.append(asked(world).json["evidence"][0])
    BEFORE_FETCH.clear()
    made = connector("identity", "identity-card", ROWS)
    made["spec"]["memory"]["records"] = [RECORDS["identity-card"][0] | {"born": "soon"}]  # no record of its kind
    world.apply(made)
    world.rooms.policy.renew()
    answers.append(asked(world).json["evidence"][0])
    assert [one["status"] for one in answers] == ["refused", "refused", "failed", "failed"]
    assert "revoked" not in json.dumps(answers)
    assert all("provenance" not in one for one in answers)


def test_whoever_may_have_the_evidence_may_know_the_status_and_nobody_else(small_world: World) -> None:
    """ADR 0082: one judgement. Where the grant demands presence both are refused to an absent person's system."""
    world = a_certificate(small_world)
    absent: dict[str, Any] = {"person": None, "claims": {"act": {"sub": "officer-7"}}}
    case = world.open_case((OWNER, "applicant"))
    assert ask(world, case, **absent).json["code"] == "certificate.no-grant"
    token = world.issuer.token(world.holder, person=None, authorization_details=detail(case, NAME), **absent["claims"])
    about = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    (refused,) = world.call("POST", "/v1/evidence-requests", token, request(case, about)).json["evidence"]
    assert (refused["status"], "provenance" in refused) == ("refused", False)
    assert (ask(world, case).json["status"], code(world.ask(case, NAME))) == ("valid", "valid")


def test_neither_identifier_nor_status_stands_in_the_log(small_world: World) -> None:
    """The evidence is committed to by its digest; how a certificate stands is nobody's business beside it."""
    with_identifier(small_world)
    report(small_world, "revoke", 9)
    assert code(asked(small_world)) == "revoked"
    (entry,) = small_world.events("EvidenceReleased")
    assert "revoked" not in json.dumps(entry)
    assert certificate_id.parse(CARD).value not in json.dumps(small_world.entries())


# Yes or no -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ((), {"2026-11-22": True, "2026-11-23": True, "2029-01-01": True, "2031-01-01": False}),
        (("revoke",), {"2026-11-23": False, "2026-11-24": False}),
        (("suspend",), {"2026-11-23": False, "2026-12-24": False}),
        (("suspend", "resume"), {"2026-11-23": True}),
        (("rescind",), {"2026-11-22": False, "2026-11-23": False}),
    ],
)
def test_what_was_revoked_is_not_valid_whatever_its_record_says(
    small_world: World, changes: tuple[str, ...], told: dict[str, bool]
) -> None:
    world = a_certificate(small_world)
    for hour, change in enumerate(changes, 9):
        assert report(world, change, hour).status_code == 201
    answers = {day: asked(world, valid_on(day)).json["evidence"][0]["answers"][0]["answer"] for day in told}
    assert answers == told


def test_what_was_revoked_was_valid_until_then(small_world: World) -> None:
    world = a_certificate(small_world)
    world.clock.advance(86400 * 2)
    report(world, "revoke", effective_at="2026-11-25T09:00:00+08:00")
    found = {day: asked(world, valid_on(day)).json["evidence"][0] for day in ("2026-11-24", "2026-11-25")}
    assert [one["answers"][0]["answer"] for one in found.values()] == [True, False]
    assert {one["provenance"]["certificate_status"]["status"] for one in found.values()} == {"revoked"}


def test_of_several_on_record_one_that_stands_is_enough(small_world: World) -> None:
    world, day = a_certificate(small_world), valid_on("2026-12-01")
    report(world, "revoke", 9)
    assert asked(world, day).json["evidence"][0]["answers"][0]["answer"] is False
    report(world, "issue", 9, certificate=OTHER_CARD)
    assert asked(world, day).json["evidence"][0]["answers"][0]["answer"] is True
    report(world, "suspend", 10, certificate=OTHER_CARD)
    assert asked(world, day).json["evidence"][0]["answers"][0]["answer"] is False


def test_nothing_is_said_of_a_certificate_where_there_is_no_record(small_world: World) -> None:
    world = a_certificate(small_world)
    made = connector("identity", "identity-card", ROWS)
    made["spec"]["memory"]["records"] = []
    world.apply(made)
    world.rooms.policy.renew()
    (item,) = asked(world, {"type": "identity-card", "predicates": [{"name": "exists"}]}).json["evidence"]
    assert (item["answers"][0]["answer"], "certificate_status" in item["provenance"]) == (False, False)


# However it is delivered ---------------------------------------------------------------------------------------------


def test_what_a_person_answered_says_how_it_stands_when_it_leaves(small_world: World) -> None:
    world = a_certificate(small_world)
    answered_by_a_clerk(world)
    case = world.open_case()
    name = world.ask(case, NAME).json["id"]
    report(world, "revoke", 9)
    assert _waiting(world).answered(name, 0, Retrieved(Outcome.FOUND, {"name": "陈示例"}, None, NOW)) == "delivered"
    assert code(look(world, name, case)) == "revoked"


def test_what_was_asked_for_later_says_how_it_stands_when_it_leaves(small_world: World) -> None:
    world = a_certificate(small_world)
    case = world.open_case()
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME))
    body = request(case, NAME, delivery="asynchronous")
    name = world.call("POST", "/v1/evidence-requests", token, body).json["id"]
    report(world, "suspend", 9)
    assert world.rooms.deferred.work() == 1
    assert code(look(world, name, case)) == "suspended"


def test_who_previews_sees_how_it_stands_and_agrees_to_that(small_world: World) -> None:
    world = a_certificate(small_world)
    name, case = offered(world)
    seen = mine(world, path=f"/{name}/0").json
    assert seen["provenance"]["certificate_status"]["status"] == "valid"
    world.clock.advance(60)  # another look at the register changes nothing of what was seen
    assert mine(world, path=f"/{name}/0").json["digest"] == seen["digest"]
    report(world, "revoke", 9)
    changed = mine(world, "POST", f"/{name}/0", {"reply": "provide", "digest": seen["digest"]})
    assert (changed.status_code, changed.json["code"]) == (409, "preview.changed")
    assert reply(world, name, "provide").json["status"] == "delivered"
    assert outcome(world, name, case) == ("delivered", None)
    assert code(look(world, name, case)) == "revoked"


def test_what_was_kept_for_a_preview_before_records_bore_a_word_says_how_it_stands(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, kept = a_certificate(small_world), remembering._record

    def as_before(found: Retrieved) -> dict[str, Any]:
        return {name: value for name, value in kept(found).items() if name != "certificate"}

    monkeypatch.setattr(remembering, "_record", as_before)
    name, case = offered(world)
    monkeypatch.undo()
    assert reply(world, name, "provide").json["status"] == "delivered"
    assert code(look(world, name, case)) == "valid"


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", ("证照状态", "吊销（自2026年11月23日起）")), ("en", ("stands as", "revoked (since 23 November 2026)"))],
)
def test_the_page_of_a_preview_says_it_in_words(small_world: World, language: str, words: tuple[str, str]) -> None:
    world = a_certificate(small_world)
    report(world, "revoke", 9)
    name, _ = offered(world)
    browser = OfficersBrowser(world, language)
    browser.sign_in_as(OWNER)
    page = browser.get(f"/my/previews/{name}/0")
    assert all(each in page.text for each in words), page.text


def test_the_page_of_a_preview_says_that_it_is_not_known(small_world: World) -> None:
    small_world.apply(IDENTITY_CARD | {"spec": IDENTITY_CARD["spec"] | {"certificate": True}})
    small_world.rooms.policy.renew()
    name, _ = offered(small_world)
    browser = OfficersBrowser(small_world)
    browser.sign_in_as(OWNER)
    assert "不明（平台没有登记）" in browser.get(f"/my/previews/{name}/0").text


def test_what_another_exchange_says_of_it_is_told_in_its_name(small_world: World) -> None:
    """Here nothing is on record; there it is. It is kept with a record that waits for its preview, too."""
    world = _delivered_by(small_world, word("suspended"))
    world.apply(IDENTITY_CARD | {"spec": IDENTITY_CARD["spec"] | {"certificate": True}})
    world.rooms.policy.renew()
    told = {
        "status": "suspended",
        "label": {"zh": "暂扣", "en": "suspended"},
        "since": "2026-11-01T00:00:00.000Z",
        "as_of": "2026-11-23T09:29:00.000Z",
        "told_by": "https://other.test",
    }
    assert stands(asked(world)) == told
    name, case = offered(world)
    assert reply(world, name, "provide").json["status"] == "delivered"
    assert stands(look(world, name, case)) == told
    days = ("2026-10-31", "2026-11-02")
    assert [asked(world, valid_on(day)).json["evidence"][0]["answers"][0]["answer"] for day in days] == [True, False]


def test_what_is_on_record_here_counts_unless_it_is_merely_valid(small_world: World) -> None:
    world = a_certificate(_delivered_by(small_world, word("revoked")))
    found = stands(asked(world))
    assert found is not None
    assert (found["status"], found["told_by"]) == ("revoked", "https://other.test")
    report(world, "suspend", 9)
    found = stands(asked(world))
    assert found is not None
    assert (found["status"], "told_by" in found) == ("suspended", False)


def test_where_both_say_that_it_is_valid_it_is_told_in_our_own_name(small_world: World) -> None:
    found = stands(asked(a_certificate(_delivered_by(small_world, word("valid")))))
    assert found is not None
    assert (found["status"], found["found_by"], "told_by" in found) == ("valid", "holder", False)


def test_a_status_that_only_the_other_exchange_knows_is_another(small_world: World) -> None:
    world = a_certificate(_delivered_by(small_world, word("withered")))
    assert code(asked(world)) == "other"
    assert asked(world, valid_on("2026-12-01")).json["evidence"][0]["answers"][0]["answer"] is False


def test_the_same_request_again_is_the_same_answer(small_world: World) -> None:
    world = a_certificate(small_world)
    case = world.open_case()
    first = world.ask(case, NAME, Idempotency_Key=KEY)
    report(world, "revoke", 9)
    assert stands(world.ask(case, NAME, Idempotency_Key=KEY)) == stands(first)


# What it costs -------------------------------------------------------------------------------------------------------


def test_one_look_up_a_certificate_and_none_for_anything_else(small_world: World) -> None:
    seen: list[str] = []

    def noted(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "certificate" in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", noted)
    try:
        asked(small_world, NAME, STAFF)
        assert seen == []
        a_certificate(small_world)
        seen.clear()
        assert code(asked(small_world, NAME, STAFF)) == "valid"
        assert len(seen) == 1
    finally:
        event.remove(Engine, "before_cursor_execute", noted)


def test_the_look_up_goes_by_an_index(world: World) -> None:
    explain = "EXPLAIN" if world.outside.database.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    asks = "SELECT * FROM certificate WHERE subject = '' AND evidence_type = 'x'"
    with world.outside.database.read() as connection:
        if explain == "EXPLAIN":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = str(connection.exec_driver_sql(f"{explain} {asks}").all())
    assert "certificate_holder" in plan


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"certificate": False}, "only an e-certificate"), ({"certificate_identifier": "nowhere"}, "no field called")],
)
def test_an_identifier_is_a_field_of_a_certificate(small_world: World, changed: dict[str, Any], why: str) -> None:
    spec = IDENTITY_CARD["spec"] | {"certificate": True, "certificate_identifier": "name"} | changed
    with pytest.raises(ManifestError, match=why):
        small_world.apply(IDENTITY_CARD | {"spec": spec})


def word(status: str) -> CertificateWord:
    as_of = NOW.astimezone(UTC) - timedelta(minutes=1)
    return CertificateWord(status, datetime(2026, 11, 1, tzinfo=UTC), as_of, "https://other.test")


def _delivered_by(world: World, said: CertificateWord) -> World:
    """Every record comes with this word, as one of another exchange does."""
    source = world.rooms.policy.current().sources["identity-card"]
    inner = source._connector

    class Telling:
        keeps_deadline = inner.keeps_deadline

        def fetch(self, query: Query) -> tuple[Record, ...]:
            return tuple(Record(one.values, one.source_time, said) for one in inner.fetch(query))

        def close(self) -> None:
            inner.close()

    source._connector = Telling()
    return world


def _waiting(world: World) -> Waiting:
    return world.rooms.waiting
