"""What a resource of ours answers to a token that is missing, bad, or too narrow (RFC 6750 §3.1, RFC 9449 §7.1)."""

from __future__ import annotations

import pytest

from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty
from tests.unit.idp.test_client_registration import call


def challenges(party: RelyingParty, path: str, **headers: str) -> tuple[int, list[str]]:
    answer = party.http.get(path, headers=headers, base_url=ISSUER)
    return answer.status_code, answer.headers.getlist("WWW-Authenticate")


@pytest.mark.parametrize("path", ["/userinfo", "/admin/api/v1/clients"])
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "DPoP", "Basic Zm9v"])
def test_3_1_who_brings_no_token_is_told_of_no_error(party: RelyingParty, path: str, header: str | None) -> None:
    status, told = challenges(party, path, **({} if header is None else {"Authorization": header}))
    assert (status, [each.partition(" ")[0] for each in told]) == (401, ["Bearer", "DPoP"])
    assert told[0] == "Bearer"
    assert "error" not in told[1]
    assert "algs=" in told[1]


@pytest.mark.parametrize("path", ["/userinfo", "/admin/api/v1/clients"])
def test_3_1_a_bad_token_is_named_one(party: RelyingParty, path: str) -> None:
    status, told = challenges(party, path, Authorization="Bearer x")
    assert (status, told[0]) == (401, 'Bearer error="invalid_token"')
    assert told[1].startswith('DPoP error="invalid_token", algs="')


def test_3_1_registration_names_an_error_only_where_a_token_came(provider: Provider) -> None:
    for method, path in (
        ("POST", "/register"),
        ("GET", "/register/x"),
        ("PUT", "/register/x"),
        ("DELETE", "/register/x"),
    ):
        body = {} if method in ("POST", "PUT") else None
        missing, bad = (call(provider, method, path, token, body) for token in (None, "invented"))
        assert (missing.status_code, bad.status_code) == (401, 401)
        assert missing.headers.getlist("WWW-Authenticate") == ["Bearer"]
        assert bad.headers.getlist("WWW-Authenticate") == ['Bearer error="invalid_token"']


def test_3_1_a_token_without_openid_has_too_narrow_a_scope(either_provider: Provider) -> None:
    party = RelyingParty(either_provider)
    token = party.tokens(scope="profile")["access_token"]
    answer = party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}, base_url=ISSUER)
    assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")
    bearer, dpop = answer.headers.getlist("WWW-Authenticate")
    assert bearer == 'Bearer error="insufficient_scope", scope="openid"'
    assert dpop.startswith('DPoP error="insufficient_scope", scope="openid", algs="')


def test_D3_who_cannot_prove_the_key_learns_nothing_of_the_scope(provider: Provider) -> None:
    party, key = RelyingParty(provider), ProofKey(provider)
    token = party.tokens(dpop=key, scope="profile")["access_token"]
    assert challenges(party, "/userinfo", Authorization=f"Bearer {token}")[0] == 401
    proof = key.proof("GET", f"{ISSUER}/userinfo", token)
    assert challenges(party, "/userinfo", Authorization=f"DPoP {token}", DPoP=proof)[0] == 403
