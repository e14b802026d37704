"""Attacks on refresh tokens (T5, T7): one successor each, and reuse ends the family."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from tests.doubles.browser import Browser
from tests.doubles.identity_provider import Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, by_secret, claims_of, public_client

RACERS = 16


def refused(answer) -> bool:
    return (answer.status_code, answer.json.get("error")) == (400, "invalid_grant")


def race(provider: Provider, party: RelyingParty, token: str) -> list:
    """The same token from many senders on two nodes at once."""
    nodes = [party, party.on(provider.another_node())]
    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(lambda racer: nodes[racer % 2].refresh(token), range(RACERS)))


def test_T5_a_race_has_one_winner_and_the_losers_are_only_refused(either_provider: Provider) -> None:
    """A public client without a key: nobody can tell the victim from the thief."""
    party = public_client(either_provider)
    answers = race(either_provider, party, party.tokens()["refresh_token"])

    won = [answer.json for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert sum(refused(answer) for answer in answers) == RACERS - 1
    assert party.refresh(won[0]["refresh_token"]).status_code == 200  # within the grace nobody is punished
    assert either_provider.events("TokenReused") == []


def test_T5_a_holder_that_proves_itself_gets_the_same_successor_within_the_grace(either_provider: Provider) -> None:
    """ADR 0015: one line of succession, however often the answer is lost."""
    party = RelyingParty(either_provider)
    token = party.tokens()["refresh_token"]
    answers = race(either_provider, party, token)
    assert {answer.status_code for answer in answers} == {200}
    (successor,) = {answer.json["refresh_token"] for answer in answers}
    either_provider.clock.advance(9)
    assert party.refresh(token).json["refresh_token"] == successor
    assert party.refresh(successor).status_code == 200
    assert refused(party.refresh(token))  # the successor was received: nothing is left to repeat
    assert either_provider.events("TokenReused") == []


def test_T5_a_key_proves_the_holder_of_a_public_clients_token(provider: Provider) -> None:
    party, key, other = public_client(provider), ProofKey(provider), ProofKey(provider)
    token = party.tokens(dpop=key)["refresh_token"]
    successor = party.refresh(token, key).json["refresh_token"]
    assert refused(party.refresh(token, other))
    assert refused(party.refresh(token))
    assert party.refresh(token, key).json["refresh_token"] == successor


def test_T5_reuse_after_the_grace_revokes_the_family(either_provider: Provider) -> None:
    party = RelyingParty(either_provider)
    old = party.tokens()["refresh_token"]
    new = party.refresh(old).json
    either_provider.clock.advance(9)
    again = party.refresh(old).json
    assert party.introspect(new["access_token"])["active"]
    either_provider.clock.advance(2)
    assert refused(party.refresh(old))
    either_provider.settle()
    for token in (new["access_token"], again["access_token"]):
        assert party.introspect(token) == {"active": False}
    assert refused(party.refresh(new["refresh_token"]))
    assert [event["facts"]["what"] for event in either_provider.events("TokenReused")] == ["refresh_token"]


def test_T6_nothing_is_repeated_after_the_session_ended(provider: Provider, browser: Browser) -> None:
    """Within the grace, and of a person who may sign in again."""
    party = RelyingParty(provider)
    tokens = party.tokens(browser)
    assert party.refresh(tokens["refresh_token"]).status_code == 200
    browser.get(f"/logout?{urlencode({'id_token_hint': tokens['id_token']})}")
    assert refused(party.refresh(tokens["refresh_token"]))


def test_an_idle_refresh_token_ends(provider: Provider) -> None:
    """`refresh_idle_minutes`: each use begins the time anew."""
    party = RelyingParty(provider)
    token = party.tokens()["refresh_token"]
    provider.clock.advance(239 * 60)
    token = party.refresh(token).json["refresh_token"]
    provider.clock.advance(239 * 60)
    token = party.refresh(token).json["refresh_token"]
    provider.clock.advance(240 * 60)
    assert refused(party.refresh(token))


def test_T5_another_clients_token_is_unknown_and_untouched(provider: Provider) -> None:
    party, stranger = RelyingParty(provider), RelyingParty(provider)
    token = party.tokens()["refresh_token"]
    assert refused(stranger.refresh(token))
    assert party.refresh(token).status_code == 200


def test_T7_the_scope_shrinks_and_never_grows(provider: Provider) -> None:
    party = RelyingParty(provider, scope="openid profile usage")
    first = party.tokens(scope="openid profile")
    answer = party.refresh(first["refresh_token"], scope="openid profile usage")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")
    answer = party.refresh(first["refresh_token"], scope="openid")
    assert (answer.status_code, answer.json["scope"]) == (200, "openid")


def test_T7_a_resource_cannot_widen_the_audience(provider: Provider) -> None:
    party = RelyingParty(provider)
    answer = party.refresh(party.tokens()["refresh_token"], resource="http://127.0.0.1:8401")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_target")


def test_a_bound_family_stays_bound(provider: Provider) -> None:
    """RFC 9449 §5: nobody falls back to bearer tokens; a public client keeps its key."""
    public, key, other = public_client(provider), ProofKey(provider), ProofKey(provider)
    token = public.tokens(dpop=key)["refresh_token"]
    assert refused(public.refresh(token))
    assert refused(public.refresh(token, other))
    assert public.refresh(token, key).json["token_type"] == "DPoP"
    confidential = by_secret(provider)
    token = confidential.tokens(dpop=key)["refresh_token"]
    assert refused(confidential.refresh(token))
    assert claims_of(confidential.refresh(token, other).json["access_token"])["cnf"] == {"jkt": other.jkt}


def test_refreshed_tokens_tell_the_same_sign_in(provider: Provider) -> None:
    party = RelyingParty(provider)
    first = party.tokens()
    provider.clock.advance(300)
    second = party.refresh(first["refresh_token"]).json
    before, after = claims_of(first["id_token"]), claims_of(second["id_token"])
    assert {name: before[name] for name in ("sub", "auth_time", "acr", "sid", "aud")} == {
        name: after[name] for name in ("sub", "auth_time", "acr", "sid", "aud")
    }
    assert after["iat"] == before["iat"] + 300


def test_a_refresh_token_ends_with_its_session(provider: Provider, browser: Browser) -> None:
    """`session_hours`: however often it is used, and what was not redeemed by then as well."""
    party = RelyingParty(provider)
    end = provider.clock.now().timestamp() + 12 * 3600
    tokens = party.tokens(browser)
    for _ in range(3):
        provider.clock.advance(3 * 3600)
        tokens |= party.refresh(tokens["refresh_token"]).json
    assert party.introspect(tokens["refresh_token"])["exp"] == int(end)  # four hours unused would be an hour later
    provider.clock.advance(end - provider.clock.now().timestamp() - 10)
    code = party.code(browser)
    assert party.redeem(party.code(browser)).status_code == 200
    provider.clock.advance(20)
    assert refused(party.refresh(tokens["refresh_token"]))
    assert refused(party.redeem(code))


def test_a_client_not_registered_for_refresh_gets_no_refresh_token(provider: Provider) -> None:
    party = RelyingParty(provider, grant_types=["authorization_code"])
    assert "refresh_token" not in party.tokens()
