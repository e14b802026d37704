"""Malformed requests: a clear 4xx that says where and what in both languages, never a 5xx, nothing released."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from exchange.cases.forms import NewCaseForm
from exchange.forms import MESSAGES, Form, TextField, invalid
from exchange.gateway.request import EvidenceRequestForm
from exchange.governance.forms import APPROVE, EXPLAIN, REASON, SUBMIT
from tests.doubles.exchange import ITEM, NAME, OWNER, World, detail, request

PATH = "/v1/evidence-requests"
CASE = "case_" + "0" * 26


def post(world: World, body: Any, **headers: str) -> Any:
    return world.call("POST", PATH, world.issuer.token(world.holder, person=OWNER), body, **headers)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "request.malformed"),
        (b"{", 400, "request.malformed"),
        (b'{"a": NaN}', 400, "request.malformed"),
        (b'{"a": 1, "a": 2}', 400, "request.malformed"),
        (b"\xff\xfe", 400, "request.malformed"),
        (b'"\\ud800"', 400, "request.malformed"),
        (b"[" * 100 + b"]" * 100, 400, "request.malformed"),
        (b"null", 422, "request.invalid"),
        (b"[]", 422, "request.invalid"),
        (b'"text"', 422, "request.invalid"),
        (b"{}", 422, "request.invalid"),
        (b'{"a": "' + b"x" * (1 << 20) + b'"}', 413, "request.too-large"),
    ],
)
def test_a_body_that_is_not_a_request_is_refused(small_world: World, body: bytes, status: int, code: str) -> None:
    answer = post(small_world, body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert answer.json["next_step"]
    assert small_world.calls == []


def test_another_media_type_is_415(small_world: World) -> None:
    token = small_world.issuer.token(small_world.holder, person=OWNER)
    url = "http://exchange.test" + PATH
    sent = {"Authorization": f"DPoP {token}", "DPoP": small_world.holder.proof("POST", url, token)}
    answer = small_world.client.post(PATH, headers=sent, data="a=b", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json["code"]) == (415, "request.unsupported-media-type")


def test_every_error_names_its_place_in_the_readers_language_and_echoes_nothing(small_world: World) -> None:
    secret = "CANARY-4711"
    body = {
        "service_item": secret,
        "case": 7,
        "evidence": [{"type": "Identity", "fields": [secret, 1], "colour": secret}, {"type": "identity-card"}],
        secret: secret,
    }
    answer = post(small_world, body, Accept_Language="en")
    found = {error["path"]: error["code"] for error in answer.json["errors"]}
    assert found == {
        "service_item": "form",
        "case": "not-text",
        "legal_basis": "missing",
        "evidence[0].type": "form",
        "evidence[0].fields[0]": "form",
        "evidence[0].fields[1]": "not-text",
        "evidence[0].colour": "unknown",
        "evidence[1]": "nothing-asked",
        "?": "unknown",
    }
    assert secret not in answer.text
    chinese = post(small_world, body, Accept_Language="zh").json["errors"]
    assert [error["code"] for error in chinese] == [error["code"] for error in answer.json["errors"]]
    assert chinese[0]["message"] != answer.json["errors"][0]["message"]


@pytest.mark.parametrize(
    "question",
    [
        {"name": "salary"},
        {"name": "valid-on"},
        {"name": "valid-on", "args": {"date": "2026-02-29"}},
        {"name": "valid-on", "args": {"date": "2026-1-1"}},
        {"name": "valid-on", "args": {"date": "2026-01-01", "age": 3}},
        {"name": "at-least-age", "args": {"age": True}},
        {"name": "at-least-age", "args": {"age": False}},
        {"name": "at-least-age", "args": {"age": 18.0}},
        {"name": "at-least-age", "args": {"age": "18"}},
        {"name": "at-least-age", "args": {"age": -1}},
        {"name": "at-least-age", "args": {"age": 151}},
        {"name": "at-least-age", "args": {"age": 18, "on": "tomorrow"}},
        {"name": "exists", "args": {"date": "2026-01-01"}},
        {"name": "amount-at-least", "args": {"amount": 1000}},
        {"name": "amount-at-least", "args": {"amount": "-1"}},
        {"name": "amount-at-least", "args": {"amount": "1e9"}},
        {"name": "count", "args": {"count": 1}},
        {"name": "count", "args": {"since": "2026-02-01", "until": "2026-01-01"}},
        {"name": "count-at-least"},
        {"name": "count-at-least", "args": {"count": 0}},
        {"name": "count-at-least", "args": {"count": True}},
        {"name": "count", "args": {"since": True}},
        {"name": "valid-on", "args": {"date": True}},
        {"name": "amount-at-least", "args": {"amount": True}},
        {"name": "count-at-least", "args": {"count": 3, "since": "now"}},
    ],
)
def test_a_question_with_wrong_arguments_is_refused(small_world: World, question: dict) -> None:
    answer = post(small_world, request(CASE, {"type": "identity-card", "predicates": [question]}))
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")


def test_at_most_twenty_items_and_at_least_one(small_world: World) -> None:
    for count in (0, 21):
        answer = post(small_world, request(CASE, *[NAME] * count))
        assert answer.json["errors"] == [
            {"path": "evidence", "code": "length", "message": MESSAGES["length"].in_("zh")}
        ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"reference": "1"}, "service_item"),
        ({"service_item": ITEM}, "reference"),
        ({"service_item": ITEM, "reference": ""}, "reference"),
        (
            {"service_item": ITEM, "reference": "1", "subjects": [{"scheme": "passport", "value": "x", "role": "a"}]},
            "subjects[0].scheme",
        ),
        (
            {
                "service_item": ITEM,
                "reference": "1",
                "subjects": [{"scheme": "citizen-number", "value": "1", "role": "child"}],
            },
            "subjects[0].value",
        ),
        (
            {
                "service_item": ITEM,
                "reference": "1",
                "subjects": [{"scheme": "citizen-number", "value": OWNER, "role": "child"}] * 2,
            },
            "subjects",
        ),
    ],
)
def test_a_case_that_is_not_one_is_not_opened(small_world: World, body: dict, path: str) -> None:
    token = small_world.issuer.token(small_world.holder, scope="cases")
    before = len(small_world.entries())
    answer = small_world.call("POST", "/v1/cases", token, body)
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (422, path)
    assert len(small_world.entries()) == before


def test_a_case_for_an_unknown_service_item_or_without_the_scope_is_not_opened(small_world: World) -> None:
    body = {"service_item": "110000000000", "reference": "1"}
    token = small_world.issuer.token(small_world.holder, scope="cases")
    assert small_world.call("POST", "/v1/cases", token, body).json["code"] == "catalogue.unknown-service-item"
    token = small_world.issuer.token(small_world.holder)
    assert small_world.call("POST", "/v1/cases", token, body).json["code"] == "token.not-allowed"
    token = small_world.issuer.token(small_world.holder, "nobody", scope="cases")
    assert small_world.call("POST", "/v1/cases", token, body).json["code"] == "system.unknown"


def test_unknown_addresses_and_methods_are_problems_too(small_world: World) -> None:
    assert small_world.client.get("/v1/nothing").json["code"] == "resource.not-found"
    assert small_world.client.delete(PATH).json["code"] == "request.method-not-allowed"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
WORDS = (
    "service_item case legal_basis evidence type fields predicates subject scheme value role relation name args date"
    " age reference subjects digest reason loa system"
)
MEMBERS = st.sampled_from(WORDS.split())
BODIES = JSON | st.dictionaries(
    MEMBERS, JSON | st.lists(st.dictionaries(MEMBERS, JSON, max_size=5), max_size=3), max_size=8
)
FORMS: list[Form] = [EvidenceRequestForm(), NewCaseForm(), SUBMIT, APPROVE, REASON, EXPLAIN]


@given(body=BODIES, form=st.sampled_from(FORMS))
@settings(max_examples=150)
def test_no_json_at_all_makes_a_form_fail_otherwise_than_by_naming_places(body: Any, form: Form) -> None:
    try:
        form.load(body)
    except ValidationError as error:
        errors = invalid(error, "en").members["errors"]
        assert errors
        assert all(one["code"] in MESSAGES for one in errors)


@given(body=BODIES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_json_at_all_gives_a_server_error(small_world: World, body: Any) -> None:
    answer = post(small_world, json.dumps(body).encode())
    assert 400 <= answer.status_code < 500
    assert small_world.calls == []


def test_a_code_without_words_reads_as_a_matter_of_form() -> None:
    class Odd(Form):
        word = TextField(validate=lambda _value: (_ for _ in ()).throw(ValidationError("something new")))

    with pytest.raises(ValidationError) as caught:
        Odd().load({"word": "x"})
    assert invalid(caught.value, "en").members["errors"][0]["code"] == "form"
    assert detail(CASE)[0]["case"] == CASE
