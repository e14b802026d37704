"""The drill for a signing key that leaked: `tongban keys revoke` on one machine, seen by every running node."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.opening import open_keys
from kernel import jose
from kernel.entropy import SeededEntropy, SystemEntropy
from kernel.keys import Custody
from kernel.settings import IdpSettings
from tests.doubles.exchange import NAME, OWNER, World, detail, prepared_postgresql, prepared_sqlite, small_world
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import RelyingParty

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]


@pytest.fixture
def operator(either_provider: Provider, tmp_path: Path) -> Custody:
    """The command's own view of the ring's folder, which the running nodes share."""
    ring = open_keys(IdpSettings(key_dir=tmp_path / "keys"), either_provider.clock, SystemEntropy())
    return Custody(ring, either_provider.ledger)


def userinfo(party: RelyingParty, token: str) -> int:
    return party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code


def test_every_token_of_a_revoked_key_is_refused_on_every_node_within_a_second(
    either_provider: Provider, operator: Custody
) -> None:
    party = RelyingParty(either_provider)
    nodes = (party, party.on(either_provider.another_node()))
    tokens, leaked = party.tokens(), either_provider.keys.signing()
    assert [userinfo(node, tokens["access_token"]) for node in nodes] == [200, 200]
    operator.revoke(leaked.kid)
    either_provider.clock.advance(1)
    for node in nodes:
        assert userinfo(node, tokens["access_token"]) == 401
        assert node.introspect(tokens["access_token"]) == {"active": False}
        assert leaked.kid not in [key["kid"] for key in node.http.get("/jwks").json["keys"]]
        assert userinfo(node, node.tokens()["access_token"]) == 200, "another key signs already"
    assert [entry["request"] for entry in either_provider.events("KeyRevoked")] == [leaked.kid]


def test_whoever_holds_the_leaked_key_cannot_make_tokens_with_it(either_provider: Provider, operator: Custody) -> None:
    party, leaked = RelyingParty(either_provider), either_provider.keys.signing()
    claims = dict(party.introspect(party.tokens()["access_token"]))
    operator.revoke(leaked.kid)
    either_provider.clock.advance(1)
    now = int(either_provider.clock.now().timestamp())
    forged = jose.sign({**claims, "jti": "forged", "iat": now, "exp": now + 60}, leaked, typ="at+jwt")
    assert userinfo(party, forged) == 401


def test_the_feed_names_the_key_and_is_signed_with_another(either_provider: Provider, operator: Custody) -> None:
    party, leaked = RelyingParty(either_provider), either_provider.keys.signing()
    operator.revoke(leaked.kid)
    either_provider.clock.advance(1)
    feed = party.http.get("/revocations", base_url=ISSUER).text
    signed = jose.verify_signature_only(feed, either_provider.keys.verifying(), typ="revocations+jwt")
    assert signed.header["kid"] != leaked.kid
    assert f'"keys":["{leaked.kid}"]'.encode() in signed.payload


def test_the_exchange_refuses_what_a_revoked_key_signed_within_a_second(small_world: World) -> None:
    """Also when the key was no longer the one in use, so that the feed itself still verifies."""
    world, issuer = small_world, small_world.issuer
    case, leaked = world.open_case(), issuer.key
    token = issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME))
    assert world.ask(case, NAME, token=token).status_code == 200
    issuer.key = issuer.new_key(SeededEntropy(77))
    issuer.published = [issuer.key, leaked]
    issuer.revoke("keys", leaked.kid)
    world.clock.advance(1)
    answer = world.ask(case, NAME, token=token)
    assert (answer.status_code, answer.json["code"]) == (401, "token.revoked")
    assert world.calls == [OWNER]


def test_the_exchange_reads_the_new_key_at_once_and_serves_on(small_world: World) -> None:
    """A revocation must not become an outage: the feed's unknown key is read at once, not after a minute (F4)."""
    world, issuer = small_world, small_world.issuer
    case, leaked = world.open_case(), issuer.key
    old = issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME))
    assert world.ask(case, NAME, token=old).status_code == 200
    issuer.key = issuer.new_key(SeededEntropy(78))
    issuer.published = [issuer.key]
    issuer.revoke("keys", leaked.kid)
    world.clock.advance(1)
    world.rooms.revocations.renew()  # as its thread does four times a second
    fresh = issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME))
    assert world.ask(case, NAME, token=fresh).status_code == 200
    assert world.ask(case, NAME, token=old).status_code == 401
