"""Purpose-bound tokens (RFC 9396): what is asked, what the person sees, and what only the exchange can read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from idp.errors import InvalidAuthorizationDetailsError
from idp.model.client import AuthMethod, Client
from idp.model.evidence import (
    MAX_TOKEN_SHARE,
    EvidenceAsked,
    EvidenceDetail,
    parse_details,
    stored_details,
    to_json,
)
from kernel import jose
from kernel.text import Text
from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import CASE, EXCHANGE, MARKET, OTHER_ITEM, SERVICE_ITEM, WANG, Provider
from tests.doubles.relying_party import PERMITS, ProofKey, RelyingParty, by_secret, claims_of, detail, details

SUBJECT = "urn:tongban:params:subject"
CLIENT = Client(
    "c",
    MARKET,
    Text("", ""),
    AuthMethod.PRIVATE_KEY_JWT,
    frozenset(),
    frozenset(),
    service_items=frozenset({SERVICE_ITEM}),
)


def purpose_token(party: RelyingParty, key: ProofKey, browser: Browser | None = None, **changes: Any) -> dict[str, Any]:
    """The token response at the end of the pushed flow."""
    url = party.pushed_url(key, scope="openid", authorization_details=details(), **changes)
    answer = party.redeem((browser or Browser(party.provider)).walk(url)["code"], key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_a_person_present_gives_a_token_for_one_case(either_provider: Provider) -> None:
    party, key = RelyingParty(either_provider), ProofKey(either_provider)
    response = purpose_token(party, key)
    claims = claims_of(response["access_token"])
    assert claims["aud"] == EXCHANGE
    assert claims["exp"] - claims["iat"] <= 300
    assert claims["cnf"] == {"jkt": key.jkt}
    granted = detail(evidence=[{"type": "household-register", "fields": ["address", "name"], "predicates": []}])
    assert claims["authorization_details"] == response["authorization_details"] == [granted]  # RFC 9396 §7
    assert "refresh_token" not in response
    assert WANG.value not in json.dumps(claims)
    [consented] = either_provider.events("NoticeShown")
    assert consented["facts"]["detail"] == granted
    assert either_provider.events("TokenIssued")[-1]["facts"]["authorization_details"] == [granted]


def test_only_the_exchange_learns_the_subject_and_only_in_this_token(provider: Provider) -> None:
    party = RelyingParty(provider)
    token = purpose_token(party, ProofKey(provider))["access_token"]
    claims = claims_of(token)
    plaintext = jose.decrypt(claims[SUBJECT], [provider.exchange.decryption])
    assert len(plaintext) == 256
    assert json.loads(plaintext) == {
        "scheme": "citizen-number", "value": WANG.value, "aud": EXCHANGE, "jti": claims["jti"]
    }  # fmt: skip


def test_the_subject_claim_of_two_people_has_one_length(provider: Provider) -> None:
    party = RelyingParty(provider)
    lengths = set()
    for username in ("wang", "li"):
        key = ProofKey(provider)
        url = party.pushed_url(key, scope="openid", authorization_details=details())
        answer = party.redeem(Browser(provider).walk(url, username=username)["code"], key)
        lengths.add(len(claims_of(answer.json["access_token"])[SUBJECT]))
    assert len(lengths) == 1


def test_a_token_request_may_ask_for_less_never_for_more(provider: Provider) -> None:
    """RFC 9396 §6.1."""
    party, key = RelyingParty(provider), ProofKey(provider)
    url = party.pushed_url(key, scope="openid", authorization_details=details())
    browser = Browser(provider)
    more = details(detail(evidence=[{"type": "household-register", "fields": ["name"], "predicates": ["is-local"]}]))
    refused = party.redeem(browser.walk(url)["code"], key, authorization_details=more)
    assert refused.json["error"] == "invalid_authorization_details"
    less = details(detail(evidence=[{"type": "household-register", "fields": ["name"]}]))
    url = party.pushed_url(key, scope="openid", authorization_details=details())
    answer = party.redeem(browser.walk(url)["code"], key, authorization_details=less)
    assert answer.json["authorization_details"][0]["evidence"][0]["fields"] == ["name"]


def test_what_the_exchange_said_counts_for_a_minute(provider: Provider) -> None:
    party, key = RelyingParty(provider), ProofKey(provider)
    browser = Browser(provider)
    purpose_token(party, key, browser)
    code = browser.walk(party.pushed_url(key, scope="openid", authorization_details=details()))["code"]
    provider.exchange.reachable = False
    assert party.redeem(code, key).status_code == 200  # what was looked up within a minute still counts
    assert party.redeem(party.code(browser)).status_code == 200  # and nothing else needs the exchange


def test_without_the_exchanges_key_there_is_no_purpose_bound_token(provider: Provider) -> None:
    party, key = RelyingParty(provider, scope="openid usage"), ProofKey(provider)
    code = party.code(scope="usage", state="s")
    provider.exchange.reachable = False
    answer = party.redeem(code, key)
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    provider.exchange.reachable = True
    assert SUBJECT in claims_of(party.redeem(code, key).json["access_token"])  # the code was not used up


def test_an_account_without_a_number_cannot_be_asked_about(provider: Provider) -> None:
    party = RelyingParty(provider)
    back = Browser(provider).walk(party.pushed_url(scope="openid", authorization_details=details()), username="nobody")
    assert back["error"] == "access_denied"


def test_nobody_present_takes_a_signature_and_names_the_officer(either_provider: Provider) -> None:
    party, key = RelyingParty(either_provider), ProofKey(either_provider)
    answer = party.own_token(key, act={"sub": "clerk-17"}, authorization_details=details())
    assert answer.status_code == 200, answer.text
    claims = claims_of(answer.json["access_token"])
    assert claims["act"] == {"sub": "clerk-17"}
    assert claims["sub"] == party.id
    assert not {"acr", "auth_time", "sid", SUBJECT} & claims.keys()
    assert either_provider.events("TokenIssued")[-1]["facts"]["act"] == {"sub": "clerk-17"}


@pytest.mark.parametrize(
    "act", [None, {}, {"sub": ""}, {"sub": WANG.value}, {"sub": 7}, {"sub": "a b"}, "clerk", ["clerk"]]
)
def test_an_officer_without_a_proper_name_is_refused(provider: Provider, act: Any) -> None:
    answer = RelyingParty(provider).own_token(ProofKey(provider), act=act, authorization_details=details())
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_a_token_that_is_issued_can_be_examined_and_revoked_however_long(provider: Provider) -> None:
    """RFC 7662, RFC 7009: one that nobody here could read would be inactive, and good for ever."""
    party, key = RelyingParty(provider), ProofKey(provider)

    def asked(count: int) -> TestResponse:
        fields = [f"field-{number:03}" for number in range(count)]
        several = [{"type": f"type-{place}", "fields": fields} for place in range(5)]
        return party.own_token(
            key, act={"sub": "o" * 100}, authorization_details=details(detail(evidence=several, legal_basis="据" * 200))
        )

    longest, refused = asked(85), asked(100)
    assert longest.status_code == 200, longest.text
    token = longest.json["access_token"]
    assert party.introspect(token)["active"] is True
    assert party.form("/revoke", {"token": token}).status_code == 200
    assert party.introspect(token) == {"active": False}
    assert len(provider.events("TokenRevoked")) == 1
    assert refused.json["error"] == "invalid_authorization_details"
    assert str(MAX_TOKEN_SHARE) in refused.json["error_description"]
    system = RelyingParty(provider)
    words = {"zh": "看", "en": "Read"}
    provider.administration.resources.put(
        {
            "resource": PERMITS,
            "tongban_organisation": MARKET,
            "scopes": {f"permits:{'x' * 80}:{number}": words for number in range(200)},
            "clients": [system.id],
        }
    )
    provider.settle()
    assert system.own_token(resource=PERMITS).json["error"] == "invalid_scope"
    assert system.own_token(resource=PERMITS, scope=f"permits:{'x' * 80}:1").status_code == 200


def test_nobody_present_is_not_for_shared_secrets_nor_beside_scopes(provider: Provider) -> None:
    answer = by_secret(provider).own_token(ProofKey(provider), authorization_details=details())
    assert answer.json["error"] == "unauthorized_client"
    answer = RelyingParty(provider).own_token(
        ProofKey(provider), act={"sub": "clerk"}, authorization_details=details(), scope="cases"
    )
    assert answer.json["error"] == "invalid_scope"


WRONG: list[Any] = [
    [],
    {},
    "x",
    [1],
    [{}],
    [detail()] * 11,
    [detail(type="urn:other")],
    [detail(type=None)],
    [detail(locations=["https://elsewhere.example"])],
    [detail(locations=[])],
    [detail(locations=EXCHANGE)],
    [detail(service_item=OTHER_ITEM)],
    [detail(service_item=None)],
    [detail(case="case_1")],
    [detail(case=None)],
    [detail(case=[CASE])],
    [detail(legal_basis="")],
    [detail(legal_basis=None)],
    [detail(legal_basis="x" * 201)],
    [detail(evidence=[])],
    [detail(evidence=None)],
    [detail(evidence=[{"type": "household-register"}])],
    [detail(evidence=[{"type": "household-register", "fields": [], "predicates": []}])],
    [detail(evidence=[{"type": "household-register", "fields": ["name", "name"]}])],
    [detail(evidence=[{"type": "household-register", "fields": [1]}])],
    [detail(evidence=[{"type": "household-register", "fields": "name"}])],
    [detail(evidence=[{"type": "household-register", "fields": ["na me"]}])],
    [detail(evidence=[{"type": "household-register", "fields": ["name"], "more": 1}])],
    [detail(evidence=[{"type": "a", "fields": ["b"]}] * 2)],
    [detail(purpose="none of these")],
]


@pytest.mark.parametrize("value", WRONG)
def test_details_are_refused_with_a_reason_and_without_a_trace_of_them(provider: Provider, value: Any) -> None:
    answer = RelyingParty(provider).push(authorization_details=json.dumps(value))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_authorization_details")


@pytest.mark.parametrize(
    "value", ["", "{", "[1", '[{"type":"a","type":"b"}]', "[" * 100 + "]" * 100, json.dumps(["x" * 20_000])]
)
def test_details_that_are_not_json_are_refused(provider: Provider, value: str) -> None:
    answer = RelyingParty(provider).push(scope="openid", authorization_details=value)
    if value:
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_authorization_details")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "locations", "case", "evidence", "fields", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_no_json_value_is_anything_but_refused(value: Any) -> None:
    with pytest.raises(InvalidAuthorizationDetailsError):
        parse_details(json.dumps(value), client=CLIENT, exchange=EXCHANGE)


NAMES = st.sampled_from(["name", "address", "sex", "born"])
ASKED = st.builds(
    EvidenceAsked,
    st.sampled_from(["household-register", "licence"]),
    st.frozensets(NAMES, min_size=1),
    st.frozensets(st.sampled_from(["valid-on", "is-local"])),
)
DETAILS = st.builds(
    EvidenceDetail,
    st.just(EXCHANGE),
    st.just(SERVICE_ITEM),
    st.just(CASE),
    st.sampled_from(["rules-3", "agreed"]),
    st.lists(ASKED, min_size=1, max_size=2, unique_by=lambda asked: asked.type).map(tuple),
)


@given(DETAILS)
def test_details_survive_the_wire_and_the_store(value: EvidenceDetail) -> None:
    assert parse_details(json.dumps(to_json([value])), client=CLIENT, exchange=EXCHANGE) == (value,)
    assert stored_details(to_json([value])) == (value,)


@given(DETAILS, DETAILS)
def test_covering_means_asking_for_nothing_more(mine: EvidenceDetail, other: EvidenceDetail) -> None:
    assert mine.covers(mine)
    if mine.covers(other):
        assert other.legal_basis == mine.legal_basis
        fields = {(asked.type, name) for asked in mine.evidence for name in asked.fields | asked.predicates}
        assert {(asked.type, name) for asked in other.evidence for name in asked.fields | asked.predicates} <= fields
    if mine.covers(other) and other.covers(mine):
        assert {asked.type: asked for asked in mine.evidence} == {asked.type: asked for asked in other.evidence}


def test_predicates_imply_no_fields_nor_the_reverse() -> None:
    fields, question = (
        EvidenceAsked("t", frozenset({"a"}), frozenset()),
        EvidenceAsked("t", frozenset(), frozenset({"a"})),
    )
    assert not fields.covers(question)
    assert not question.covers(fields)


def test_the_case_stands_in_no_address(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    url = party.pushed_url(scope="openid", authorization_details=details())
    answer = browser.get(url)
    seen = [url, answer.headers["Location"]]
    back = browser.walk(url)
    assert CASE not in "".join([*seen, browser.left_for or ""])
    assert set(back) == {"code", "state", "iss"}
    assert parameters(browser.left_for or "") == back
