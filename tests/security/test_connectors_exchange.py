"""Attacks by another exchange, or by whoever stands in its place (K3, K6): it counts as far as it is proven."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import CertificateWord, Query
from connectors.errors import (
    AnswersExhausted,
    SourceAnswersLater,
    SourceAsksTooMuch,
    SourceBusy,
    SourceGarbled,
    SourceMisconfigured,
    SourceNeedsAnswers,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.registry import findings
from connectors.source import Source
from kernel.identifiers.subject import SubjectRef
from tests.doubles.connectors import manifest, source, values
from tests.doubles.http_source import Handler, HttpSource, drip, flood, hang, saying
from tests.doubles.paper_exchange import CASE, PRIVATE, Log, PaperExchange, by_path
from tests.security.test_connectors_http import certificate

ROW = {"id": "A1", "name": "张三"}
SECRETS = {"key": json.dumps(PRIVATE)}


@pytest.fixture
def other() -> Iterator[PaperExchange]:
    with PaperExchange() as running:
        running.records = {"A1": [ROW]}
        yield running


def opened(other: PaperExchange, limits: Any = None, secrets: Any = None, **changed: Any) -> Source:
    kept = {"deadline_ms": 5000} | (limits or {})
    return source("exchange", other.settings(**changed), ["name"], secrets=SECRETS | (secrets or {}), limits=kept)


def problem(other: PaperExchange, limits: Any = None, **changed: Any) -> SourceProblem:
    with opened(other, limits, **changed) as asked, pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


def test_what_counts_is_what_was_signed(other: PaperExchange) -> None:
    other.change_item = lambda item: item.update(data={"name": "forged"})
    with opened(other) as asked:
        assert values(asked) == {"name": "张三"}
        assert values(asked) == {"name": "张三"}
    one = ["/v1/cases", "/token", "/v1/evidence-requests"]
    closed = f"/v1/cases/{CASE}/close"
    assert other.calls == ["/token", *one, "/jwks", closed, *one, closed]  # a token for cases is shared, no other is
    case, asked_for, _ = other.bodies[:3]
    assert case["subjects"] == [{"scheme": "citizen-number", "value": "A1", "role": "applicant"}]
    assert asked_for["evidence"][0]["fields"] == ["name"]
    assert all("A1" not in path for path in other.calls)


def test_how_a_certificate_stands_is_their_signed_word_and_in_their_name(other: PaperExchange) -> None:
    stands = {"status": "revoked", "since": "2026-11-01T00:00:00.000Z", "as_of": "2026-11-23T01:30:00.000Z"}
    other.change_claims = setting("provenance", {"source_time": None, "certificate_status": stands})
    other.change_item = setting("provenance", {"certificate_status": stands | {"status": "valid"}})
    with opened(other) as asked:
        word = asked.retrieve(Query(SubjectRef("citizen-number", "A1"), {}, 5.0)).certificate
    since, as_of = (datetime.fromisoformat(stands[name]) for name in ("since", "as_of"))
    assert word == CertificateWord("revoked", since, as_of, other.settings()["origin"])


def setting(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda said: said.update({name: value})


LIES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "issuer": (setting("iss", "https://evil.example"), "evidence-of-another-question"),
    "audience": (setting("aud", "11500000DEM0001534"), "evidence-of-another-question"),
    "case": (setting("case", "case_02"), "evidence-of-another-question"),
    "service-item": (setting("service_item", "OTHER"), "evidence-of-another-question"),
    "request": (setting("jti", "er_99/0"), "evidence-of-another-question"),
    "relation": (setting("relation", "spouse"), "evidence-of-another-question"),
    "type": (setting("evidence", {"type": "other", "data": {"name": "x"}}), "evidence-of-another-question"),
    "no-evidence": (setting("evidence", "person"), "evidence-of-another-question"),
    "old": (setting("iat", int(time.time()) - 3600), "evidence-stale"),
    "early": (setting("iat", int(time.time()) + 3600), "evidence-stale"),
    "no-time": (setting("iat", "now"), "evidence-stale"),
    "more-fields": (setting("evidence", {"type": "person", "data": {"name": "x", "other": 1}}), "evidence-data"),
    "no-data": (setting("evidence", {"type": "person", "data": "x"}), "evidence-data"),
    "provenance": (setting("provenance", {"source_time": "yesterday"}), "provenance"),
    "no-status": (setting("provenance", {"certificate_status": "valid"}), "provenance"),
    "status-of-no-time": (setting("provenance", {"certificate_status": {"status": "valid"}}), "provenance"),
    "status-of-no-year": (
        setting(
            "provenance", {"certificate_status": {"status": "valid", "since": "0001-01-01", "as_of": "2026-11-23"}}
        ),
        "provenance",
    ),
}


@pytest.mark.parametrize(("change", "reason"), LIES.values(), ids=LIES.keys())
def test_evidence_of_another_question_is_garbled(
    other: PaperExchange, change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    """Signed and recorded as it is: a replay of what was once given, or to somebody else."""
    other.change_claims = change
    found = problem(other)
    assert (type(found), found.reason) == (SourceGarbled, reason)


@pytest.mark.parametrize(
    "answers",
    [5, [5], [{}], [{"name": "exists", "args": {"x": 1}, "answer": True}], [{"name": "valid-on", "answer": True}]],
)
def test_an_answer_to_another_question_is_garbled(other: PaperExchange, answers: Any) -> None:
    told: dict[str, Any] = {"type": "person", "answers": answers}
    other.change_claims = setting("evidence", told)
    fields = {"known": {"column": "known"}}
    with source("exchange", other.settings(questions={"known": {"name": "exists"}}), fields, secrets=SECRETS) as asked:
        with pytest.raises(SourceGarbled) as caught:
            values(asked)
        assert caught.value.reason == "evidence-answers"
        told["answers"] = []
        assert values(asked) == {}  # nothing was granted, nothing is known
        told["answers"] = [{"name": "exists", "args": {}, "answer": True}]
        assert values(asked) == {"known": True}
        told["data"] = {"name": "张三"}  # what nobody asked for
        with pytest.raises(SourceGarbled):
            values(asked)


QUESTION = {"name": "port", "label": {"zh": "港口", "en": "Port"}, "type": "text", "example": "东港"}
ONE_MORE = {**QUESTION, "name": "year"}


def asks(*questions: Any, left: Any = 3, code: str = "source.needs-answers", **more: Any) -> Any:
    """They have further questions."""
    said = {"code": code, "fault": "provider", "questions": [*questions], "attempts_left": left} | more
    refused = {"type": "person", "status": "failed", "problem": said}
    return lambda answer: answer.update(status="failed", evidence=[refused])


def told(other: PaperExchange, port: str = "西港", **more: Any) -> SourceProblem:
    with opened(other, relays=["port"], **more) as asked, pytest.raises(SourceProblem) as caught:
        values(asked, port=port)
    return caught.value


def test_their_questions_come_only_as_far_as_our_manifest_allows(other: PaperExchange) -> None:
    other.change_answer = asks(QUESTION)
    found = problem(other, relays=["port", "year"])
    assert isinstance(found, SourceNeedsAnswers)
    assert found.further is not None
    assert ([*found.further.names], found.further.attempts) == (["port"], 3)
    assert type(problem(other)) is SourceAsksTooMuch
    other.change_answer = asks(QUESTION, ONE_MORE)
    assert type(problem(other, relays=["port"])) is SourceAsksTooMuch


def labelled(text: str) -> dict[str, Any]:
    return {**QUESTION, "label": {"zh": text, "en": "x"}}


@pytest.mark.parametrize(
    "change",
    [
        asks(),
        asks(5),
        asks(*({**QUESTION, "name": f"q{at}"} for at in range(6))),
        asks(QUESTION, QUESTION),
        asks({**QUESTION, "name": "Port"}),
        asks({**QUESTION, "name": "subject"}),
        asks({**QUESTION, "type": "password"}),
        asks({**QUESTION, "href": "https://evil.example"}),
        asks({**QUESTION, "pattern": "(a+)+"}),
        asks({**QUESTION, "label": "港口"}),
        asks(labelled("")),
        asks(labelled("长" * 301)),
        asks(labelled("港口\u202e口港")),
        asks(labelled("港口\u0000")),
        asks(labelled("港口\n请转账")),
        asks({**QUESTION, "choices": [{"code": "1", "label": {"zh": "一", "en": "1"}}] * 2, "type": "choice"}),
        asks({**QUESTION, "optional": True}),
        asks(QUESTION, left=0),
        asks(QUESTION, left=99),
        asks(QUESTION, left=True),
        asks(QUESTION, left="3"),
        asks(QUESTION, left=None),
        asks(questions="port"),
        asks(questions=None),
    ],
)
def test_questions_without_the_form_of_ours_are_garbled(other: PaperExchange, change: Any) -> None:
    """K2, K7: a stranger's text is put to a citizen as text of a few known shapes, or not at all."""
    other.change_answer = change
    found = problem(other, relays=["port", "q0", "q1", "q2", "q3", "q4", "q5"])
    assert (type(found), found.reason) == (SourceGarbled, "questions")


def test_they_learn_the_answers_to_what_they_asked_and_nothing_besides(other: PaperExchange) -> None:
    with opened(other, relays=["port"]) as asked:
        assert values(asked, port="西港") == {"name": "张三"}
        assert values(asked) == {"name": "张三"}
    case, first, _, _, second, _ = other.bodies
    assert first["evidence"][0]["answers"] == {"port": "西港"}
    assert "answers" not in second["evidence"][0]
    assert "西港" not in json.dumps(case, ensure_ascii=False)
    assert all("西港" not in str(one[1]) + str(one[2]) for one in other.seen)  # addresses and headers
    calls = len(other.calls)
    assert type(problem_of(other, year="2001")) is SourceAsksTooMuch
    assert len(other.calls) == calls


def problem_of(other: PaperExchange, **answers: str) -> SourceProblem:
    with opened(other, relays=["port"]) as asked, pytest.raises(SourceProblem) as caught:
        values(asked, **answers)
    return caught.value


def test_whoever_goes_on_asking_is_understood_as_a_wrong_answer_or_not_at_all(other: PaperExchange) -> None:
    for change, kind, reason in (
        (asks(code="preview.answers-unmatched"), SourceNeedsAnswers, "answers-unmatched"),
        (asks(code="preview.answers-exhausted"), AnswersExhausted, "exhausted-there"),
        (asks(QUESTION), SourceNeedsAnswers, "answers-unmatched"),
        (asks({**QUESTION, "name": "year"}), SourceAsksTooMuch, "question-not-allowed"),
    ):
        other.change_answer = change
        found = told(other)
        assert (type(found), found.reason) == (kind, reason)
    other.change_answer = asks(QUESTION, ONE_MORE)
    with opened(other, relays=["port", "year"]) as asked, pytest.raises(SourceGarbled) as caught:
        values(asked, port="西港")
    assert caught.value.reason == "other-questions"
    other.change_answer = asks(code="preview.answers-unmatched")
    assert type(problem(other)) is SourceUnavailable  # nobody answered anything


def test_an_answer_is_never_sent_twice_for_one_attempt(other: PaperExchange) -> None:
    """They count it: a question with an answer is not asked once more by itself."""

    def breaks_down(handler: Handler) -> None:
        if handler.path.endswith("/evidence-requests"):
            other.calls.append(handler.path)
            handler.answer(b"", 503)
        else:
            by_path(handler)

    other.behaviour = breaks_down
    with opened(other, {"retry_once": True}, relays=["port"]) as asked:
        for answers, times in (({}, 2), ({"port": "西港"}, 1)):
            other.calls.clear()
            with pytest.raises(SourceUnavailable):
                values(asked, **answers)
            assert other.calls.count("/v1/evidence-requests") == times


def test_evidence_without_signature_or_receipt_is_garbled(other: PaperExchange) -> None:
    another = Log()
    cases = {
        "evidence-unsigned": setting("jws", None),
        "receipt": lambda item: item.update(receipt=another.receipt(item["jws"])),
        "evidence-malformed": setting("jws", "a.b.c"),
    }
    for reason, change in cases.items():
        other.change_item = change
        assert problem(other).reason == reason
    other.change_item = lambda item: item.update(receipt=other.log.receipt("another evidence"))
    assert problem(other).reason == "receipt"
    other.change_item = lambda item: item.update(jws=other.sign({"iss": other.url}, typ="at+jwt"))
    assert problem(other).reason == "evidence-wrong-type"


def test_a_key_that_came_after_is_read_once_and_a_strangers_is_not_believed(other: PaperExchange) -> None:
    with opened(other) as asked:
        values(asked)
        other.kid = "k2"
        with pytest.raises(SourceGarbled):  # the keys were read a moment ago
            values(asked)
        assert other.calls.count("/jwks") == 1
    stranger = PaperExchange()
    other.change_item = lambda item: item.update(jws=(made := stranger.sign({})), receipt=other.log.receipt(made))
    other.kid = "k1"
    assert problem(other).reason == "evidence-bad-signature"
    stranger.server_close()


def test_what_is_not_delivered_says_whose_turn_it_is(other: PaperExchange) -> None:
    told = {
        ("awaiting-person", None): (SourceAnswersLater, "awaiting-person"),
        ("awaiting-preview", None): (SourceAnswersLater, "awaiting-preview"),
        ("running", None): (SourceAnswersLater, "running"),
        ("other", None): (SourceGarbled, "status"),
        ("refused", None): (SourceMisconfigured, "refused"),
        ("refused", ("policy.no-grant", "policy")): (SourceMisconfigured, "refused-policy.no-grant"),
        ("refused", ("policy.500199199003071237", "policy")): (SourceMisconfigured, "refused"),
        ("failed", ("source.busy", "exchange")): (SourceBusy, "failed-source.busy"),
        ("failed", ("source.timed-out", "provider")): (SourceTimedOut, "failed-source.timed-out"),
        ("failed", ("source.misconfigured", "exchange")): (SourceUnavailable, "failed-source.misconfigured"),
        ("failed", ("request.odd", "consumer")): (SourceMisconfigured, "failed-request.odd"),
    }
    for (status, said), expected in told.items():
        item: dict[str, Any] = {"type": "person", "status": status}
        if said:
            item["problem"] = {"code": said[0], "fault": said[1]}
        other.change_answer = setting("evidence", [item])
        found = problem(other)
        assert (type(found), found.reason) == expected


def waiting(answer: dict[str, Any]) -> None:
    answer |= {"status": "awaiting-person", "evidence": [{"type": "person", "status": "awaiting-person"}]}


def test_what_waits_there_is_asked_about_once_and_followed_up(other: PaperExchange) -> None:
    other.change_answer = waiting
    with opened(other, {"failures": 1}) as asked:
        for _ in range(3):
            with pytest.raises(SourceAnswersLater) as caught:
                values(asked)
            assert (caught.value.reason, caught.value.retry_after) == ("awaiting-person", 60)
        assert asked.health().failures == 0  # nothing is wrong with a source that says so
        assert other.calls.count("/v1/cases") == 1
        assert other.calls.count("/v1/evidence-requests/er_1") == 2
        assert f"/v1/cases/{CASE}/close" not in other.calls
        other.change_answer = lambda _: None
        assert values(asked) == {"name": "张三"}
        assert other.calls[-1] == f"/v1/cases/{CASE}/close"
        assert values(asked) == {"name": "张三"}  # another question, in a case of its own
        assert other.calls.count("/v1/cases") == 2


@pytest.mark.parametrize(
    ("status", "goes_on"),
    [(500, True), (429, True), (401, True), (403, True), (404, False), (409, False), (410, False)],
)
def test_what_waited_goes_on_waiting_unless_they_say_that_it_ended(
    other: PaperExchange, status: int, goes_on: bool
) -> None:
    other.change_answer = waiting
    with opened(other) as asked:
        with pytest.raises(SourceAnswersLater):
            values(asked)
        other.behaviour = replying("/v1/evidence-requests/er_1", b"{}", status)
        with pytest.raises(SourceProblem):
            values(asked)
        other.behaviour, other.change_answer = by_path, lambda _: None
        assert values(asked) == {"name": "张三"}
        assert other.calls.count("/v1/cases") == (1 if goes_on else 2)


@pytest.mark.parametrize("status", [500, 200])
def test_an_answer_whose_keys_cannot_be_read_is_fetched_again_and_nobody_is_asked_anew(
    other: PaperExchange, status: int
) -> None:
    other.change_answer = waiting
    with opened(other) as asked:
        with pytest.raises(SourceAnswersLater):
            values(asked)
        other.change_answer = lambda _: None
        other.behaviour = replying("/jwks", b"{}", status)
        with pytest.raises(SourceGarbled):
            values(asked)
        assert f"/v1/cases/{CASE}/close" not in other.calls
        other.behaviour = by_path
        assert values(asked) == {"name": "张三"}
        assert other.calls.count("/v1/cases") == 1
        assert other.calls[-1] == f"/v1/cases/{CASE}/close"


def test_an_answer_that_times_out_on_its_keys_is_not_lost(other: PaperExchange) -> None:
    other.change_answer = waiting
    with opened(other, {"deadline_ms": 1500}) as asked:
        with pytest.raises(SourceAnswersLater):
            values(asked)
        other.change_answer = lambda _: None
        other.behaviour = lambda handler: hang(handler) if handler.path == "/jwks" else by_path(handler)
        with pytest.raises(SourceTimedOut):
            values(asked)
        other.behaviour = by_path
        assert values(asked) == {"name": "张三"}
        assert other.calls.count("/v1/cases") == 1


def test_a_refusal_ends_what_waited_and_its_case(other: PaperExchange) -> None:
    other.change_answer = waiting
    with opened(other) as asked:
        with pytest.raises(SourceAnswersLater):
            values(asked)
        other.change_answer = setting("evidence", [{"type": "person", "status": "refused"}])
        with pytest.raises(SourceMisconfigured):
            values(asked)
        assert other.calls[-1] == f"/v1/cases/{CASE}/close"
        other.change_answer = lambda _: None
        assert values(asked) == {"name": "张三"}
        assert other.calls.count("/v1/cases") == 2


def test_a_question_is_followed_by_one_at_a_time_and_the_others_are_told_later(other: PaperExchange) -> None:
    other.change_answer = waiting
    inside, go_on = threading.Event(), threading.Event()

    def slowly(handler: Handler) -> None:
        if handler.command == "GET" and handler.path != "/jwks":
            inside.set()
            go_on.wait(10)
        by_path(handler)

    with opened(other) as asked:
        with pytest.raises(SourceAnswersLater):
            values(asked)
        other.change_answer, other.behaviour = lambda _: None, slowly
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(values, asked)
            assert inside.wait(5)
            with pytest.raises(SourceAnswersLater) as caught:
                values(asked)
            assert (caught.value.reason, caught.value.retry_after) == ("running", 60)
            assert not caught.value.reached  # nothing was heard from the other side
            go_on.set()
            assert first.result(5) == {"name": "张三"}
        assert other.calls.count("/v1/evidence-requests/er_1") == 1
        assert other.calls.count("/v1/cases") == 1


def test_of_two_that_ask_at_the_same_time_one_waits_and_the_others_case_is_closed(other: PaperExchange) -> None:
    other.change_answer = waiting
    cases, both = iter(["case_01", "case_02"]), threading.Barrier(2, timeout=10)
    closed: list[str] = []

    def at_once(handler: Handler) -> None:
        if handler.path == "/v1/cases":
            handler.answer(json.dumps({"case": next(cases)}).encode(), 201)
        elif handler.path.endswith("/close"):
            closed.append(handler.path)
            handler.answer(b"{}")
        else:
            if handler.path == "/v1/evidence-requests":
                both.wait()
            by_path(handler)

    def told(asked: Source) -> type[BaseException] | None:
        try:
            values(asked)
        except SourceProblem as problem:
            return type(problem)
        return None

    other.behaviour = at_once
    with opened(other) as asked, ThreadPoolExecutor(2) as pool:
        assert [*pool.map(told, [asked, asked])] == [SourceAnswersLater] * 2
        assert len(closed) == 1
        assert told(asked) is SourceAnswersLater  # the one that was kept, in the case that is open
    followed = [path for path in other.calls if path.startswith("/v1/evidence-requests/")]
    assert len(followed) == 1
    ((_, _, _, body),) = [seen for seen in other.seen if seen[1] == "/token" and seen[3].count(b"case_") == 1][-1:]
    assert closed[0].split("/")[3].encode() not in body


def replying(path: str, body: bytes, status: int, headers: Any = ()) -> Callable[[Handler], None]:
    """Everything as usual, save the answer at one path."""

    def behave(handler: Handler) -> None:
        if handler.path == path:
            handler.answer(body, status, headers)
        else:
            by_path(handler)

    return behave


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "reason"),
    [
        ("/v1/cases", b"", 503, SourceUnavailable, "case-http-503"),
        ("/v1/cases", b"", 429, SourceBusy, "case-http-429"),
        ("/v1/cases", b'{"code": "scope.missing"}', 403, SourceMisconfigured, "case-scope.missing"),
        ("/v1/cases", b"<html>", 302, SourceMisconfigured, "case-http-302"),
        ("/v1/cases", b'{"case": "../../v1/grants"}', 201, SourceGarbled, "identifier"),
        ("/v1/cases", b'{"case": "case_1?x=1"}', 201, SourceGarbled, "identifier"),
        ("/v1/cases", b'{"case": 5}', 201, SourceGarbled, "identifier"),
        ("/v1/cases", b"[]", 201, SourceGarbled, "answer"),
        ("/v1/evidence-requests", b"{}", 200, SourceGarbled, "identifier"),
        ("/v1/evidence-requests", b'{"id": "er_1", "evidence": [1, 2]}', 200, SourceGarbled, "answer"),
        ("/v1/evidence-requests", b"[" * 100_000, 200, SourceGarbled, "json"),
        ("/v1/evidence-requests", b'{"code": "quota.spent"}', 422, SourceMisconfigured, "request-quota.spent"),
        ("/v1/evidence-requests", b"", 201, SourceGarbled, "request-http-201"),
        ("/jwks", b"{}", 200, SourceGarbled, "keys"),
        ("/jwks", b"", 500, SourceGarbled, "keys"),
        ("/token", b'{"access_token": "t1", "token_type": "Bearer"}', 200, SourceMisconfigured, "token-type"),
        ("/token", b"", 401, SourceMisconfigured, "token-http-401"),
    ],
)
def test_any_other_answer_is_a_problem_of_its_kind(
    other: PaperExchange, path: str, body: bytes, status: int, kind: type[SourceProblem], reason: str
) -> None:
    other.behaviour = replying(path, body, status)
    found = problem(other)
    assert (type(found), found.reason) == (kind, reason)
    if path in {"/v1/evidence-requests", "/jwks"}:
        assert other.calls[-1] == f"/v1/cases/{CASE}/close"  # whatever happens in it, a case is closed


def test_a_case_that_cannot_be_closed_keeps_no_record_back(other: PaperExchange) -> None:
    for behaviour in (replying(f"/v1/cases/{CASE}/close", b"", 500), by_path):
        other.behaviour = behaviour
        with opened(other) as asked:
            assert values(asked) == {"name": "张三"}


def test_after_401_a_fresh_token_is_tried_once(other: PaperExchange) -> None:
    other.behaviour = replying("/v1/cases", b"{}", 401)
    assert problem(other).reason == "case-http-401"
    assert other.calls == ["/token", "/token"]


def test_RFC_9449_8_a_nonce_of_the_token_endpoint_is_repeated(other: PaperExchange) -> None:
    other.nonce = "n0nce"
    with opened(other) as asked:
        assert values(asked) == {"name": "张三"}
    assert other.calls[:2] == ["/token", "/token"]


@pytest.mark.parametrize("path", ["/token", "/v1/cases", "/v1/evidence-requests", "/jwks"])
@pytest.mark.parametrize("behaviour", [hang, drip])
def test_K6_whatever_hangs_or_drips_is_left_at_the_deadline(other: PaperExchange, path: str, behaviour: Any) -> None:
    other.behaviour = lambda handler: behaviour(handler) if handler.path == path else by_path(handler)
    began = time.monotonic()
    assert isinstance(problem(other, {"deadline_ms": 150}), SourceTimedOut)
    assert time.monotonic() - began < 10.0


def test_K3_K6_more_than_allowed_is_not_read(other: PaperExchange) -> None:
    other.behaviour = lambda handler: flood(handler) if handler.path == "/v1/evidence-requests" else by_path(handler)
    assert isinstance(problem(other, {"deadline_ms": 5000, "max_bytes": 10_000}), SourceTooLarge)


def test_redirects_lead_nowhere(other: PaperExchange) -> None:
    with HttpSource() as elsewhere:
        elsewhere.behaviour = saying(b"{}")
        for path in ("/token", "/v1/cases", "/v1/evidence-requests", "/jwks"):
            other.behaviour = replying(path, b"", 307, [("Location", elsewhere.url + path)])
            assert isinstance(problem(other), SourceMisconfigured | SourceGarbled)
        assert elsewhere.connections == 0


@pytest.mark.parametrize("trusted", [True, False])
def test_mutual_tls_binds_the_token_and_an_unknown_authority_gets_nothing(tmp_path: Path, trusted: bool) -> None:
    own, ours = (certificate(tmp_path, name, 30) for name in ("localhost", "tongban.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    context.load_verify_locations(ours)
    context.verify_mode = ssl.CERT_REQUIRED
    with PaperExchange(context) as other:
        other.records = {"A1": [ROW]}
        settings = {"client_certificate": "pem", "ca_file": str(own if trusted else ours)}
        with opened(other, secrets={"pem": ours.read_text()}, **settings) as asked:
            if trusted:
                assert values(asked) == {"name": "张三"}
                return
            with pytest.raises(SourceUnavailable) as caught:
                values(asked)
        assert caught.value.reason == "token-tls"
        assert other.seen == []


def test_what_cannot_work_is_found_in_the_manifest(other: PaperExchange) -> None:
    described = other.settings()
    assert not findings(manifest("exchange", described, {"fields": {"name": {"column": "name"}}}))
    for change in (
        {"origin": "http://198.51.100.1"},
        {"origin": "https://other.example/path"},
        {"token_url": "http://198.51.100.1/token"},
        {"officer": "张三"},
        {"officer": "x500199199003071237"},
        {"log_key": "paper.example/log+00000000+AQ=="},
        {"client_certificate": "pem"},
        {"columns": ["other"]},
        {"columns": ["name", "adult"], "questions": {"adult": {"name": "exists"}}},
        {"questions": {}},
        {"service_item": ""},
    ):
        assert findings(manifest("exchange", described | change, {"fields": {"name": {"column": "name"}}})), change
    with pytest.raises(SourceMisconfigured):
        opened(other, secret="unknown")
