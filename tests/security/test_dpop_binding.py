"""Attacks on proof of possession at the provider's own endpoints (D1-D3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from idp.composition.signing_out import expiry
from idp.sweeper import Sweeper
from kernel import jose
from kernel.clock import ManualClock
from kernel.entropy import SeededEntropy
from tests.doubles import proving
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import CALLBACK, VERIFIER, ProofKey, RelyingParty, claims_of

TOKEN, USERINFO = f"{ISSUER}/token", f"{ISSUER}/userinfo"


def ask(party: RelyingParty, proof: str) -> Any:
    fields, headers = party.credentials()
    data = {"grant_type": "client_credentials", "scope": "cases", **fields}
    return party.http.post("/token", data=data, headers={**headers, "DPoP": proof}, base_url=ISSUER)


def userinfo(party: RelyingParty, token: str, scheme: str, proof: str | None) -> Any:
    headers = {"Authorization": f"{scheme} {token}", **({"DPoP": proof} if proof else {})}
    return party.http.get("/userinfo", headers=headers, base_url=ISSUER)


def refused(answer: Any) -> bool:
    return (answer.status_code, answer.json.get("error")) == (400, "invalid_dpop_proof")


def test_D1_C11_a_node_whose_clock_is_ahead_forgets_no_proof_that_others_still_accept(
    either_provider: Provider,
) -> None:
    """Clocks of nodes may be wrong by 90 seconds, each."""
    provider = either_provider
    party, key = RelyingParty(provider), ProofKey(provider)
    proof, (fields, _) = key.proof("POST", TOKEN), party.credentials(exp=int(provider.clock.now().timestamp()) + 60)
    data = {"grant_type": "client_credentials", "scope": "cases", **fields}
    assert party.http.post("/token", data=data, headers={"DPoP": proof}, base_url=ISSUER).status_code == 200
    provider.clock.advance(30)
    ahead = ManualClock(provider.clock.now() + timedelta(seconds=180))
    ending = expiry(provider.settings, provider.database, provider.keys, provider.ledger, ahead)
    Sweeper(provider.database, ending, ahead).sweep()
    assert refused(ask(party, proof))
    again = party.http.post("/token", data=data, headers={"DPoP": key.proof("POST", TOKEN)}, base_url=ISSUER)
    assert (again.status_code, again.json["error"]) == (401, "invalid_client")


def test_D1_a_proof_is_accepted_once_on_any_node(either_provider: Provider) -> None:
    party, key = RelyingParty(either_provider), ProofKey(either_provider)
    nodes = [party, party.on(either_provider.another_node())]
    proof = key.proof("POST", TOKEN)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda racer: ask(nodes[racer % 2], proof), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 15
    assert all(refused(answer) for answer in answers if answer.status_code == 400)


def test_D1_a_proof_is_remembered_until_it_could_not_be_shown_anyway(provider: Provider) -> None:
    party, key = RelyingParty(provider), ProofKey(provider)
    issued = int(provider.clock.now().timestamp())
    proof = key.proof("POST", TOKEN, iat=issued + 9)  # a clock that is fast, within the skew
    assert ask(party, proof).status_code == 200
    for _ in range(9):
        provider.clock.advance(9)
        assert refused(ask(party, proof))


def test_D1_the_same_jti_by_another_key_is_another_proof(provider: Provider) -> None:
    party = RelyingParty(provider)
    for key in (ProofKey(provider), ProofKey(provider)):
        assert ask(party, key.proof("POST", TOKEN, jti="one")).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htm": "post"},
        {"htu": f"{ISSUER}/par"},
        {"htu": "https://other.example/token"},
        {"htu": "http://127.0.0.1:8401/token"},
        {"htu": None},
        {"jti": None},
        {"jti": ""},
        {"jti": 1},
        {"iat": None},
        {"iat": "now"},
        {"iat": 0},
        {"iat": 4_102_444_800},
    ],
)
def test_D2_a_proof_for_something_else_is_refused(provider: Provider, changes: dict[str, Any]) -> None:
    assert refused(ask(RelyingParty(provider), ProofKey(provider).proof("POST", TOKEN, **changes)))


@pytest.mark.parametrize("proof", ["", "x", "a.b.c", "x" * 20_000])
def test_D2_garbage_is_refused(provider: Provider, proof: str) -> None:
    assert refused(ask(RelyingParty(provider), proof))


def challenged(answer: Any) -> list[str]:
    """The algorithms a DPoP challenge names (RFC 9449 §7.1)."""
    [named] = re.findall(r'DPoP [^,]*, algs="([^"]*)"', str(answer.headers))
    return str(named).split()


def test_rfc_9449_5_1_what_is_offered_is_what_is_accepted(provider: Provider) -> None:
    """Metadata and challenges name each algorithm that a proof may be signed by, and no other."""
    party = RelyingParty(provider)
    accepted, now = [], provider.clock.now()
    for number, key in enumerate(proving.keys_of_all_kinds()):
        claims = jose.proof_claims("POST", TOKEN, now=now, entropy=SeededEntropy(number))
        answer = ask(party, proving.proof(key, claims))
        assert answer.status_code == 200 or refused(answer), answer.text
        accepted += [key.alg] if answer.status_code == 200 else []
    assert accepted == ["ES256", "EdDSA", "Ed25519"]
    for document in ("openid-configuration", "oauth-authorization-server"):
        assert party.http.get(f"/.well-known/{document}").json["dpop_signing_alg_values_supported"] == accepted
    key = ProofKey(provider)
    token = party.tokens(dpop=key)["access_token"]
    assert challenged(userinfo(party, "nothing", "DPoP", None)) == accepted
    assert challenged(userinfo(party, token, "DPoP", "no proof")) == accepted


def test_D2_two_proofs_are_no_proof(provider: Provider) -> None:
    """RFC 9449 §4.3 check 1."""
    key = ProofKey(provider)
    assert refused(ask(RelyingParty(provider), f"{key.proof('POST', TOKEN)}, {key.proof('POST', TOKEN)}"))


def test_D2_ath_and_key_belong_to_the_token(provider: Provider) -> None:
    party, key, other = RelyingParty(provider), ProofKey(provider), ProofKey(provider)
    token = party.tokens(dpop=key)["access_token"]
    for proof in (
        other.proof("GET", USERINFO, token),
        key.proof("GET", USERINFO),
        key.proof("GET", USERINFO, token + "x"),
    ):
        answer = userinfo(party, token, "DPoP", proof)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_dpop_proof")
    assert userinfo(party, token, "DPoP", key.proof("GET", USERINFO, token)).status_code == 200


def test_D1_a_proof_is_accepted_once_at_userinfo(provider: Provider) -> None:
    party, key = RelyingParty(provider), ProofKey(provider)
    token = party.tokens(dpop=key)["access_token"]
    proof = key.proof("GET", USERINFO, token)
    assert userinfo(party, token, "DPoP", proof).status_code == 200
    assert userinfo(party, token, "DPoP", proof).json["error"] == "invalid_dpop_proof"


def test_D3_a_bound_token_is_no_bearer_token(provider: Provider) -> None:
    party, key = RelyingParty(provider), ProofKey(provider)
    token = party.tokens(dpop=key)["access_token"]
    assert userinfo(party, token, "Bearer", None).status_code == 401
    assert userinfo(party, token, "Bearer", key.proof("GET", USERINFO, token)).status_code == 401
    assert userinfo(party, token, "DPoP", None).status_code == 401
    assert party.http.post("/userinfo", data={"access_token": token}, base_url=ISSUER).status_code == 401


def test_D3_a_bearer_token_is_not_shown_as_bound(provider: Provider) -> None:
    party, key = RelyingParty(provider), ProofKey(provider)
    token = party.tokens()["access_token"]
    assert userinfo(party, token, "DPoP", key.proof("GET", USERINFO, token)).status_code == 401


@pytest.mark.parametrize("metadata", [{"scope": "cases"}, {"scope": "openid", "dpop_bound_access_tokens": True}])
def test_tokens_for_the_exchange_and_of_bound_clients_are_never_bearer_tokens(
    provider: Provider, metadata: dict[str, Any]
) -> None:
    party = RelyingParty(provider, **metadata)
    assert refused(party.own_token())
    key = ProofKey(provider)
    answer = party.own_token(key)
    assert answer.json["token_type"] == "DPoP"
    assert claims_of(answer.json["access_token"])["cnf"] == {"jkt": key.jkt}


# Server nonces (RFC 9449 §8 and §9) -----------------------------------------------------------------------------------


@pytest.fixture
def demanding(opened: Opened) -> Iterator[Provider]:
    """A provider that wants its nonces repeated."""
    with opened(dpop_nonce="on") as running:
        yield running


def test_nonces_are_offered_and_taken_where_they_are_not_required(provider: Provider) -> None:
    party, key = RelyingParty(provider), ProofKey(provider)
    first = ask(party, key.proof("POST", TOKEN))
    nonce = first.headers["DPoP-Nonce"]
    assert first.status_code == 200
    assert ask(party, key.proof("POST", TOKEN, nonce=nonce)).status_code == 200
    assert "DPoP-Nonce" not in party.own_token(scope="").headers


@pytest.mark.parametrize("nonce", [None, "", "stale", "é" * 40, "x" * 300])
def test_D2_a_wrong_nonce_is_refused_with_a_good_one(demanding: Provider, nonce: str | None) -> None:
    party, key = RelyingParty(demanding), ProofKey(demanding)
    answer = ask(party, key.proof("POST", TOKEN, **({} if nonce is None else {"nonce": nonce})))
    assert answer.status_code == 400
    assert answer.json["error"] == ("invalid_dpop_proof" if nonce == "" else "use_dpop_nonce")
    if nonce != "":
        assert ask(party, key.proof("POST", TOKEN, nonce=answer.headers["DPoP-Nonce"])).status_code == 200


def test_a_nonce_is_good_for_its_step_and_the_next_on_every_node(demanding: Provider) -> None:
    party, key = RelyingParty(demanding), ProofKey(demanding)
    other = party.on(demanding.another_node())
    nonce = ask(party, key.proof("POST", TOKEN)).headers["DPoP-Nonce"]
    demanding.clock.advance(120)
    answer = ask(other, key.proof("POST", TOKEN, nonce=nonce))
    assert answer.status_code == 200
    assert answer.headers["DPoP-Nonce"] != nonce
    demanding.clock.advance(120)
    assert ask(other, key.proof("POST", TOKEN, nonce=nonce)).json["error"] == "use_dpop_nonce"


def test_D1_a_nonce_does_not_make_a_proof_new(demanding: Provider) -> None:
    party, key = RelyingParty(demanding), ProofKey(demanding)
    nonce = ask(party, key.proof("POST", TOKEN)).headers["DPoP-Nonce"]
    proof = key.proof("POST", TOKEN, nonce=nonce)
    assert ask(party, proof).status_code == 200
    assert refused(ask(party, proof))


def test_par_and_userinfo_ask_for_nonces_too(demanding: Provider) -> None:
    party, key = RelyingParty(demanding), ProofKey(demanding)
    pushed = party.push(key)
    assert (pushed.status_code, pushed.json["error"]) == (400, "use_dpop_nonce")
    nonce = pushed.headers["DPoP-Nonce"]
    redeemed = party.form(
        "/token",
        {"grant_type": "authorization_code", "code": party.code(), "redirect_uri": CALLBACK, "code_verifier": VERIFIER},
        DPoP=key.proof("POST", TOKEN, nonce=nonce),
    )
    token = redeemed.json["access_token"]
    answer = userinfo(party, token, "DPoP", key.proof("GET", USERINFO, token))
    assert (answer.status_code, answer.json["error"]) == (401, "use_dpop_nonce")
    assert answer.headers["WWW-Authenticate"].startswith('DPoP error="use_dpop_nonce", ')
    proof = key.proof("GET", USERINFO, token, nonce=answer.headers["DPoP-Nonce"])
    assert userinfo(party, token, "DPoP", proof).status_code == 200
