"""A token seen twice is not verified twice; everything that may have changed meanwhile is asked again (E1, S2)."""

from __future__ import annotations

import pytest

from idp.tokens import verification
from idp.tokens.remembered import Remembered
from tests.doubles.identity_provider import URBAN, Provider
from tests.doubles.relying_party import PERMITS, RelyingParty, permits


def test_a_token_seen_twice_is_verified_once(
    party: RelyingParty, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    genuine = verification.verify

    def counted(token: str, *more: object, **names: object) -> object:
        verified.append(token)
        return genuine(token, *more, **names)  # type: ignore[arg-type]

    monkeypatch.setattr(verification, "verify", counted)
    token = party.tokens()["access_token"]
    assert [party.introspect(token)["active"] for _ in range(3)] == [True] * 3
    assert verified.count(token) == 1
    provider.keys.rotate("jws")
    assert party.introspect(token)["active"] is True
    assert verified.count(token) == 2, "after a change of keys nothing is taken from memory"


def test_expiry_is_seen_between_two_looks(party: RelyingParty, provider: Provider) -> None:
    token = party.tokens()["access_token"]
    left = party.introspect(token)["exp"] - provider.clock.now().timestamp()
    provider.clock.advance(left - 0.01)
    assert party.introspect(token)["active"] is True
    provider.clock.advance(0.01)
    assert party.introspect(token) == {"active": False}


def test_revocation_is_seen_between_two_looks(party: RelyingParty, provider: Provider) -> None:
    token = party.tokens()["access_token"]
    assert party.introspect(token)["active"] is True
    assert party.form("/revoke", {"token": token}).status_code == 200
    provider.settle()
    assert party.introspect(token) == {"active": False}


def test_a_token_remembered_for_introspection_is_no_token_for_userinfo(provider: Provider) -> None:
    """Whom a token is for is asked each time, whoever looked at it before."""
    client = RelyingParty(provider)
    permits(provider, client)
    server = RelyingParty(provider, scope="introspect", grant_types=["client_credentials"], tongban_organisation=URBAN)
    token = client.tokens(scope="openid permits:read", resource=PERMITS)["access_token"]
    assert server.introspect(token)["active"] is True
    assert client.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    own = client.tokens()["access_token"]
    assert client.introspect(own)["active"] is True
    assert client.http.get("/userinfo", headers={"Authorization": f"Bearer {own}"}).status_code == 200
    assert server.introspect(own) == {"active": False}
    tampered = token[:-2] + ("AA" if not token.endswith("AA") else "BB")
    assert server.introspect(tampered) == {"active": False}


def test_memory_is_bounded_and_the_longest_unused_goes_first() -> None:
    memory, keys = Remembered(most=2), ()
    for name in ("a", "b"):
        memory.keep(name, keys, {"jti": name})
    assert memory.find("a", keys) == {"jti": "a"}
    memory.keep("c", keys, {"jti": "c"})
    assert [memory.find(name, keys) is None for name in ("a", "b", "c")] == [False, True, False]


def test_what_is_remembered_cannot_be_changed() -> None:
    kept = Remembered().keep("a", (), {"jti": "a"})
    with pytest.raises(TypeError):
        kept["jti"] = "b"  # type: ignore[index]
