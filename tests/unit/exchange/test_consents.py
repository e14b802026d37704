"""Consents: asked for honestly, given and taken back by whom they are about, counted by the release itself."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Query
from connectors.source import Outcome, Retrieved
from exchange.gateway.parking import Parking
from kernel import jose
from kernel.ledger.errors import LedgerUnavailable
from tests.doubles.browser import form_of
from tests.doubles.exchange import (
    BASIS,
    BEFORE_FETCH,
    ISSUER,
    ITEM,
    MARKET,
    NOW,
    OWNER,
    STRANGER,
    WORKER,
    World,
    copied,
    copy_of,
    detail,
    grant,
    lived,
    make_world,
    number,
    service_item,
)
from tests.doubles.exchange import (
    request as body_of,
)
from tests.doubles.kept import kept
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_previews import mine as previews_of
from tests.unit.exchange.test_waiting import answered_by_a_clerk

DAY = 86400
NAMED = {
    "type": "identity-card",
    "fields": ["name"],
    "subject": {"scheme": "citizen-number", "value": OWNER},
}
Consenting = tuple[World, str]
_SEEDS = itertools.count(520_000)


def on_consent(world: World) -> Consenting:
    """From now on the market asks on the ground of consent alone, also while nobody is present."""
    world.revoke("G-IDENTITY")
    world.revoke("G-STAFF")
    world.apply(service_item(ITEM, MARKET, kind="consent"))
    world.apply(grant("G-IDENTITY", basis_kind="consent", absent_allowed=True, predicates=["exists"]))
    world.approve("G-IDENTITY")
    return world, world.open_case((OWNER, "applicant"))


@pytest.fixture(scope="module")
def prepared_consenting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, str]:
    """A database in which consent is the ground, with an open case, to be copied; prepared once."""
    folder = tmp_path_factory.mktemp("consenting")
    url = copied(request, folder)
    with lived(make_world(url, folder, seed=4711)) as world:
        return url, folder, on_consent(world)[1]


@pytest.fixture
def consenting(
    request: pytest.FixtureRequest, prepared_consenting: tuple[str, Path, str], tmp_path: Path
) -> Iterator[Consenting]:
    url, folder, case = prepared_consenting
    with lived(make_world(copy_of((url, folder), request, tmp_path), tmp_path, seed=next(_SEEDS))) as world:
        yield world, case


def wanted(case: str, /, **more: Any) -> dict[str, Any]:
    asked = {
        "case": case,
        "subject": {"scheme": "citizen-number", "value": OWNER},
        "legal_basis": BASIS,
        "evidence_type": "identity-card",
        "fields": ["name"],
        "until": "2027-06-01",
        "frequency": "continuous",
    }
    return {name: value for name, value in (asked | more).items() if value is not None}


def ask_for(world: World, case: str, /, client: str = "market-website", **more: Any) -> Any:
    token = world.issuer.token(world.holder, client, scope="cases")
    return world.call("POST", "/v1/consent-requests", token, wanted(case, **more))


def asked(world: World, case: str, **more: Any) -> str:
    answer = ask_for(world, case, **more)
    assert (answer.status_code, answer.json["status"]) == (201, "asked"), answer.text
    return str(answer.json["consent"])


def mine(world: World, method: str = "GET", path: str = "", body: Any = None, person: str = OWNER, **more: Any) -> Any:
    token = world.issuer.token(world.holder, "portal", person=person, scope="preview", **more)
    return world.call(method, f"/v1/consents{path}", token, body)


def say(world: World, consent: str, reply: str, **more: Any) -> Any:
    terms = mine(world, path=f"/{consent}").json["terms"]
    return mine(world, "POST", f"/{consent}", {"reply": reply, "terms": terms}, **more)


def given(world: World, case: str, **more: Any) -> str:
    consent = asked(world, case, **more)
    assert say(world, consent, "give").json["status"] in {"in-force", "not-begun"}
    return consent


def absent(world: World, case: str, *items: Any, delivery: str = "direct", **headers: Any) -> Any:
    """Ask while nobody is present, as an officer would."""
    items = items or (NAMED,)
    token = world.issuer.token(
        world.holder, authorization_details=detail(case, *items), act={"sub": "officer-7", "iss": ISSUER}
    )
    return world.call("POST", "/v1/evidence-requests", token, body_of(case, *items, delivery=delivery), **headers)


def answered(world: World, method: str, path: str, token: str) -> Any:
    """The body of an answer."""
    return world.call(method, path, token).json


def outcome(answer: Any) -> str:
    (item,) = answer.json["evidence"]
    return str(item.get("problem", {}).get("code", item["status"]))


def state(world: World, consent: str) -> Any:
    token = world.issuer.token(world.holder, scope="cases")
    return world.call("GET", f"/v1/consent-requests/{consent}", token).json


def test_nothing_leaves_before_it_is_given_and_exactly_what_it_covers_after(world: World) -> None:
    world, case = on_consent(world)
    assert outcome(absent(world, case)) == "policy.consent-missing"
    consent = asked(world, case)
    assert outcome(absent(world, case)) == "policy.consent-missing"
    assert say(world, consent, "give").json["status"] == "in-force"
    answer = absent(world, case)
    assert answer.json["evidence"][0]["data"] == {"name": "陈示例"}
    (released,) = world.events("EvidenceReleased")
    assert released["facts"]["consent"] == consent
    more = NAMED | {"fields": ["name", "address"]}
    refused = absent(world, case, more)
    assert outcome(refused) == "policy.consent-missing"
    (clause,) = refused.json["evidence"][0]["problem"]["unmet"]
    assert clause["text"] == "本人的同意不包括全部所申请字段"
    asks = {"type": "identity-card", "predicates": [{"name": "exists"}], "subject": NAMED["subject"]}
    assert outcome(absent(world, case, asks)) == "policy.consent-missing"
    assert len(world.events("EvidenceReleased")) == 1
    assert (mine(world, path=f"/{consent}").json["used"], state(world, consent)["left"]) == (1, None)


def test_it_is_for_the_case_or_the_matter_and_for_nobody_else(consenting: Consenting) -> None:
    world, case = consenting
    given(world, case, this_case_only=True)
    other = world.open_case((OWNER, "applicant"))
    assert outcome(absent(world, other)) == "policy.consent-missing"
    assert outcome(absent(world, case)) == "delivered"
    given(world, other)
    assert outcome(absent(world, world.open_case((OWNER, "applicant")))) == "delivered"
    stranger = NAMED | {"subject": {"scheme": "citizen-number", "value": STRANGER}}
    assert outcome(absent(world, world.open_case((STRANGER, "applicant")), stranger)) == "policy.consent-missing"


def test_in_one_request_it_covers_the_record_of_whoever_gave_it_and_of_nobody_beside_them(
    consenting: Consenting,
) -> None:
    world, _ = consenting
    case = world.open_case((OWNER, "applicant"), (STRANGER, "applicant"))
    given(world, case)
    stranger = NAMED | {"subject": {"scheme": "citizen-number", "value": STRANGER}}
    for items in ((NAMED, stranger), (stranger, NAMED)):
        came = absent(world, case, *items).json["evidence"]
        codes = [item.get("problem", {}).get("code", item["status"]) for item in came]
        assert codes == ["delivered" if item is NAMED else "policy.consent-missing" for item in items]


def test_how_long_somebody_may_answer_is_configured(consenting: Consenting) -> None:
    world, case = consenting
    node = world.another_node(settings=replace(world.outside.settings, waiting_consent_days=2))
    consent = asked(node, case)
    assert state(node, consent)["answer_by"] == "2026-11-25T09:30:00.000Z"
    node.rooms.close()


def test_it_begins_and_ends(consenting: Consenting) -> None:
    world, case = consenting
    consent = given(world, case, **{"from": "2026-11-25", "until": "2026-11-27T09:30:00Z"})
    assert outcome(absent(world, case)) == "policy.consent-missing"
    world.clock.advance(2 * DAY)
    assert outcome(absent(world, case)) == "delivered"
    world.clock.advance(2 * DAY)
    assert outcome(absent(world, case)) == "policy.consent-missing"
    assert state(world, consent)["status"] == "ended"


def test_taken_back_in_one_place_it_is_gone_on_every_node_at_once(world: World) -> None:
    world, case = on_consent(world)
    consent = given(world, case)
    second = world.another_node()
    assert outcome(absent(second, case)) == "delivered"
    assert say(world, consent, "withdraw", acr="urn:tongban:loa:1").json["status"] == "withdrawn"
    refused = absent(second, case)
    assert outcome(refused) == "policy.consent-missing"
    assert refused.json["evidence"][0]["problem"]["unmet"][0]["text"] == "本人已撤回同意"
    again = say(world, consent, "give")
    assert (again.status_code, again.json["code"]) == (409, "consent.answered-or-over")
    second.rooms.close()


def test_an_answer_given_before_is_not_given_again_once_it_is_taken_back(consenting: Consenting) -> None:
    world, case = consenting
    consent = given(world, case, frequency="once")
    first = absent(world, case, Idempotency_Key="one")
    assert outcome(first) == "delivered"
    again = absent(world, case, Idempotency_Key="one")  # a retry is no second release, though it was for one time
    assert again.json == first.json
    assert len(world.events("EvidenceReleased")) == 1
    say(world, consent, "withdraw")
    late = absent(world, case, Idempotency_Key="one")
    assert (late.status_code, late.json["code"]) == (403, "policy.consent-missing")


@pytest.mark.parametrize("act", ["withdraw", "spend"])
def test_what_happens_to_it_while_the_source_is_asked_counts(consenting: Consenting, act: str) -> None:
    world, case = consenting
    consent = given(world, case, frequency="once")
    done: list[str] = []

    def meanwhile(_query: Query) -> None:
        if done:
            return
        done.append(act)
        if act == "withdraw":
            assert say(world, consent, "withdraw").status_code == 200
        else:
            assert outcome(absent(world, case)) == "delivered"

    BEFORE_FETCH.append(meanwhile)
    assert outcome(absent(world, case)) == {"withdraw": "policy.consent-missing", "spend": "consent.used-up"}[act]
    assert len(world.events("EvidenceReleased")) == (act == "spend")


def test_one_time_is_one_time(consenting: Consenting) -> None:
    world, case = consenting
    consent = given(world, case, frequency="once")
    twice = absent(world, case, NAMED, NAMED)
    assert [item["status"] for item in twice.json["evidence"]] == ["delivered", "refused"]
    assert outcome(absent(world, case)) == "consent.used-up"
    assert (state(world, consent)["status"], state(world, consent)["left"]) == ("used-up", 0)
    (used,) = world.events("ConsentUsedUp")
    assert used["facts"]["consent"] == consent


def test_what_did_not_come_uses_nothing(consenting: Consenting) -> None:
    world, _ = consenting
    case = world.open_case((STRANGER, "applicant"))
    stranger = {"scheme": "citizen-number", "value": STRANGER}
    consent = asked(world, case, subject=stranger, frequency="once")
    terms = mine(world, path=f"/{consent}", person=STRANGER).json["terms"]
    mine(world, "POST", f"/{consent}", {"reply": "give", "terms": terms}, person=STRANGER)
    assert outcome(absent(world, case, NAMED | {"subject": stranger})) == "evidence.not-found"
    assert state(world, consent)["left"] == 1


def test_a_release_that_could_not_be_recorded_uses_nothing(consenting: Consenting, monkeypatch: Any) -> None:
    """Use and release are one transaction: whatever ends it, a crash included, ends both."""
    world, case = consenting
    consent = given(world, case, frequency="once")
    with monkeypatch.context() as patched:

        def lost(*_: Any) -> None:
            raise LedgerUnavailable("disk full")

        patched.setattr(Parking, "park", lost)
        assert absent(world, case).status_code == 503
    assert state(world, consent)["left"] == 1
    assert outcome(absent(world, case)) == "delivered"
    assert len(world.events("EvidenceReleased", "ConsentUsedUp")) == 2


def test_so_many_times_a_day_and_again_on_the_next(consenting: Consenting) -> None:
    world, case = consenting
    consent = given(world, case, frequency="daily", times=2)
    assert [outcome(absent(world, case)) for _ in range(3)] == ["delivered", "delivered", "consent.used-up"]
    world.clock.advance(DAY)
    assert state(world, consent)["left"] == 2
    assert outcome(absent(world, case)) == "delivered"
    assert mine(world, path=f"/{consent}").json["used"] == 3


def together(work: Callable[[], str], times: int) -> list[str]:
    """The same at once, from so many threads."""
    done: list[str] = []
    threads = [threading.Thread(target=lambda: done.append(work())) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_of_many_that_race_for_the_last_use_one_has_it(world: World) -> None:
    world, case = on_consent(world)
    consent = given(world, case, frequency="monthly", times=2)
    ends = together(lambda: outcome(absent(world, case)), 4)
    assert sorted(ends)[-2:] == ["delivered", "delivered"]
    assert set(ends[:]) <= {"delivered", "consent.used-up", "policy.stale-epoch"}
    assert len(world.events("EvidenceReleased")) == 2
    assert state(world, consent)["left"] == 0


def test_what_waits_is_released_on_it_when_the_answer_comes_and_only_as_far_as_it_covers(
    consenting: Consenting,
) -> None:
    world, case = consenting
    answered_by_a_clerk(world)
    consent = given(world, case, frequency="daily", times=1)
    names = [absent(world, case).json["id"] for _ in range(2)]
    assert state(world, consent)["left"] == 1  # what is only asked for uses nothing
    world.clock.advance(DAY)  # the tokens have long expired
    came = Retrieved(Outcome.FOUND, {"name": "陈示例", "address": "演示区一号"}, None, NOW)
    assert world.rooms.waiting.answered(names[0], 0, came) == "delivered"
    (released,) = world.events("EvidenceReleased")
    assert (released["facts"]["consent"], released["facts"]["fields"]) == (consent, ["name"])
    # The second finds it used up for the day: the person is asked by a preview, instead of being passed over.
    assert world.rooms.waiting.answered(names[1], 0, came) == "awaiting-preview"
    assert len(world.events("EvidenceReleased")) == 1


def test_what_waits_is_refused_once_it_is_taken_back_and_nobody_is_asked_again(consenting: Consenting) -> None:
    world, case = consenting
    answered_by_a_clerk(world)
    consent = given(world, case)
    name = absent(world, case).json["id"]
    say(world, consent, "withdraw")
    came = Retrieved(Outcome.FOUND, {"name": "陈示例"}, None, NOW)
    assert world.rooms.waiting.answered(name, 0, came) == "refused"
    assert previews_of(world).json["previews"] == []
    assert world.events("EvidenceReleased") == []


def test_what_is_fetched_later_is_released_on_it_too(consenting: Consenting) -> None:
    world, case = consenting
    given(world, case, frequency="once")
    absent(world, case, delivery="asynchronous")
    world.rooms.deferred.work()
    (released,) = world.events("EvidenceReleased")
    assert released["facts"]["consent"]
    assert outcome(absent(world, case)) == "consent.used-up"


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"fields": []}, 422, "request.invalid"),
        ({"fields": ["name", "name"]}, 422, "request.invalid"),
        ({"fields": "name"}, 422, "request.invalid"),
        ({"until": None}, 422, "request.invalid"),
        ({"until": "2026-11-23"}, 422, "request.invalid"),
        ({"until": "2028-01-01"}, 422, "request.invalid"),
        ({"until": "soon-ish-now"}, 422, "request.invalid"),
        ({"from": "2027-06-02"}, 422, "request.invalid"),
        ({"frequency": "weekly"}, 422, "request.invalid"),
        ({"frequency": "daily"}, 422, "request.invalid"),
        ({"frequency": "once", "times": 3}, 422, "request.invalid"),
        ({"frequency": "daily", "times": 0}, 422, "request.invalid"),
        ({"frequency": "daily", "times": True}, 422, "request.invalid"),
        ({"reason": "because"}, 422, "request.invalid"),
        ({"legal_basis": "other-rules"}, 422, "consent.not-the-ground"),
        ({"fields": ["name", "born"]}, 403, "consent.not-granted"),
        ({"evidence_type": "staff-list"}, 403, "consent.not-granted"),
        ({"evidence_type": "no-such-type"}, 403, "consent.not-granted"),
        ({"subject": {"scheme": "citizen-number", "value": WORKER}}, 422, "consent.not-theirs-to-give"),
        ({"case": "case_00000000000000000000000000"}, 404, "case.unknown"),
    ],
)
def test_what_is_not_in_order_is_refused(consenting: Consenting, more: Any, status: int, code: str) -> None:
    world, case = consenting
    answer = ask_for(world, case, **more)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert world.events("ConsentRequested") == []


def test_nobody_is_asked_to_consent_where_a_statute_is_the_ground(small_world: World) -> None:
    case = small_world.open_case((OWNER, "applicant"))
    assert ask_for(small_world, case).json["code"] == "consent.not-the-ground"


def test_a_child_whose_guardian_nothing_proves_is_not_asked(consenting: Consenting) -> None:
    world, _ = consenting
    child = number(8, "2016-03-04")
    case = world.open_case((child, "applicant"))
    answer = ask_for(world, case, subject={"scheme": "citizen-number", "value": child})
    assert answer.json["code"] == "consent.guardian-unproven"


def test_nobody_is_asked_twice_nor_after_they_declined(consenting: Consenting) -> None:
    world, case = consenting
    consent = asked(world, case)
    assert ask_for(world, case).json["code"] == "consent.asked-already"
    assert say(world, consent, "decline").json["status"] == "declined"
    assert ask_for(world, case).json["code"] == "consent.asked-already"
    assert say(world, consent, "give").json["code"] == "consent.answered-or-over"
    assert outcome(absent(world, case)) == "policy.consent-missing"
    late = asked(world, case, fields=["address"])
    world.clock.advance(31 * DAY)
    assert state(world, late)["status"] == "unanswered"
    assert say(world, late, "give").json["code"] == "consent.answered-or-over"


def test_it_is_nobody_elses_business(consenting: Consenting) -> None:
    world, case = consenting
    consent = asked(world, case)
    assert mine(world, person=STRANGER).json["consents"] == []
    for path in (f"/{consent}", f"/{consent}/receipt", "/cons_none"):
        assert mine(world, path=path, person=STRANGER).json["code"] == "consent.unknown"
    body = {"reply": "give", "terms": "sha256:" + "0" * 64}
    assert mine(world, "POST", f"/{consent}", body, person=STRANGER).status_code == 404
    assert mine(world, "POST", f"/{consent}", body).json["code"] == "consent.answered-or-over"  # other terms than these
    bodies: list[Any] = [{"reply": "give"}, body | {"reply": "maybe"}, body | {"more": 1}, []]
    for bad in bodies:
        assert mine(world, "POST", f"/{consent}", bad).status_code == 422
    other = world.issuer.token(world.holder, "urban-website", scope="cases")
    assert answered(world, "GET", f"/v1/consent-requests/{consent}", other)["code"] == "consent.unknown"
    assert ask_for(world, case, client="urban-website").json["code"] == "case.unknown"
    log_only = world.issuer.token(world.holder, "portal", person=OWNER, scope="usage")
    assert world.call("GET", "/v1/consents", log_only).status_code == 403
    assert state(world, consent)["status"] == "asked"


def test_sensitive_fields_take_a_stronger_sign_in_to_give_and_none_to_take_back(consenting: Consenting) -> None:
    world, case = consenting
    consent = asked(world, case, fields=["address"])
    weak = say(world, consent, "give", acr="urn:tongban:loa:2")
    assert (weak.status_code, weak.json["code"]) == (401, "preview.stronger-sign-in-needed")
    assert say(world, consent, "give").json["status"] == "in-force"
    assert say(world, consent, "withdraw", acr="urn:tongban:loa:1").json["status"] == "withdrawn"


def test_the_receipt_says_everything_is_signed_and_names_nobody(consenting: Consenting) -> None:
    world, case = consenting
    consent = asked(world, case, frequency="daily", times=2)
    assert mine(world, path=f"/{consent}/receipt").json["code"] == "consent.unknown"
    say(world, consent, "give")
    answer = mine(world, path=f"/{consent}/receipt")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{consent}.json"'
    key = world.outside.keys.signing().verifying()
    read = jose.verify_signature_only(answer.json["jws"], [key], typ="consent-receipt+jwt")
    claims = json.loads(read.payload)
    assert claims == answer.json["receipt"]
    (processing,) = claims["pii_processing"]
    assert processing["recipient_third_parties"] == [MARKET]
    assert [one["name"] for one in processing["pii_information"]] == ["name"]
    assert (processing["frequency"], processing["valid_until"]) == (
        {"kind": "daily", "times": 2},
        "2027-05-31T16:00:00.000Z",
    )
    assert answer.json["entry"].startswith("c2sp.org/tlog-proof@v1")
    assert OWNER not in answer.text


def test_the_log_tells_every_step_in_plain_words_and_names_nobody(consenting: Consenting) -> None:
    world, case = consenting
    consent = given(world, case, frequency="once")
    absent(world, case)
    say(world, consent, "withdraw")
    token = world.issuer.token(world.holder, "portal", person=OWNER, scope="usage")
    told = [one["sentence"]["zh"] for one in answered(world, "GET", "/v1/usage", token)["entries"]]
    for words in ("征求您的同意", "您已同意", "一次性同意已用完", "您已撤回同意", "依您此前的同意已提供"):
        assert any(words in one for one in told), words
    assert OWNER not in str(world.entries())
    assert OWNER not in kept(world.outside.database, "consent")


def test_whoever_is_told_at_sign_in_needs_no_notice_and_a_relative_gets_one(small_world: World) -> None:
    """A statute is the ground: nobody is asked for consent, and everybody is told (PIPL article 35)."""
    world = small_world
    case = world.open_case((WORKER, "employee"))
    assert outcome(world.ask(case, {"type": "staff-list", "fields": ["employer"]})) == "delivered"
    assert world.events("NoticeGiven") == []
    young = NAMED | {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}}
    assert outcome(world.ask(case, young)) == "delivered"
    (told,) = world.events("NoticeGiven")
    (*_, released) = world.events("EvidenceReleased")
    assert told["subject"] == released["subject"]


def test_on_the_pages_it_is_read_given_kept_and_taken_back(consenting: Consenting) -> None:
    world, case = consenting
    consent = asked(world, case)
    browser = OfficersBrowser(world)
    browser.sign_in_as(OWNER)
    listed, at = browser.get("/my/consents"), f"/my/consents/{consent}"
    assert at in listed.text
    page = browser.get(at)
    for words in ("是否同意提供", "市场监管局", "公安局", "姓名", "演示规定第三条", "不限次数", "不同意"):
        assert words in page.text
    assert "Do you consent?" in browser.get(at, **{"Accept-Language": "en"}).text
    form = form_of(page).fields
    done = browser.press(at, reply="give")
    assert ("已记录" in done.text, "撤回同意" in done.text) == (True, True)
    assert browser.post(at, {**form, "reply": "decline"}).status_code == 409
    assert json.loads(browser.get(f"{at}/receipt").text)["receipt"]["record_id"] == consent
    assert outcome(absent(world, case)) == "delivered"
    assert "已撤回" in browser.press(at, reply="withdraw").text
    assert outcome(absent(world, case)) == "policy.consent-missing"
    stranger = OfficersBrowser(world)
    stranger.sign_in_as(STRANGER)
    assert consent not in stranger.get("/my/consents").text
    assert stranger.get(at).status_code == 404
