"""Attacks on authorization codes (T1-T4, T6, A3): each is redeemed once, by its client, with its verifier."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from idp.store.tables import person
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, URBAN, Provider
from tests.doubles.kept import kept
from tests.doubles.relying_party import (
    ASSERTION_TYPE,
    CALLBACK,
    PERMITS,
    VERIFIER,
    ProofKey,
    RelyingParty,
    claims_of,
    permits,
    public_client,
)

RACERS = 32


def refused(answer) -> bool:
    return (answer.status_code, answer.json.get("error")) == (400, "invalid_grant")


def test_T1_of_32_concurrent_redemptions_of_a_code_exactly_one_succeeds(either_provider: Provider) -> None:
    party = RelyingParty(either_provider)
    nodes = [party, party.on(either_provider.another_node())]
    code = party.code()

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(lambda racer: nodes[racer % 2].redeem(code), range(RACERS)))

    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert sum(refused(answer) for answer in answers) == RACERS - 1
    either_provider.settle()
    assert party.introspect(won[0].json["access_token"]) == {"active": False}
    assert refused(party.refresh(won[0].json["refresh_token"]))
    assert len(either_provider.events("TokenReused")) == 1
    assert len(either_provider.events("TokenIssued")) == 1


def test_T1_a_code_used_again_later_revokes_what_was_issued(party: RelyingParty, provider: Provider) -> None:
    code = party.code()
    tokens = party.redeem(code).json
    assert party.introspect(tokens["access_token"])["active"]
    provider.clock.advance(30)
    assert refused(party.redeem(code))
    provider.settle()
    assert party.introspect(tokens["access_token"]) == {"active": False}


def test_T2_a_stranger_cannot_redeem_nor_revoke(provider: Provider) -> None:
    party, stranger = RelyingParty(provider), RelyingParty(provider)
    code = party.code()
    assert refused(stranger.redeem(code))
    tokens = party.redeem(code).json  # the stranger's attempt used nothing up
    assert refused(stranger.redeem(code))
    provider.settle()
    assert party.introspect(tokens["access_token"])["active"]
    assert provider.events("TokenReused") == []


def test_T3_a_code_goes_back_to_the_address_it_was_sent_to(party: RelyingParty) -> None:
    for redirect_uri in ("https://market.example/other", CALLBACK + "/", None):
        assert refused(party.redeem(party.code(), redirect_uri=redirect_uri))


def test_T3_a_code_stays_with_the_web_session_it_was_made_in(party: RelyingParty, provider: Provider) -> None:
    """CVE-2026-16089: a code named its client session in a part of its own, which could be exchanged for another's.

    Nothing in a code can be exchanged, by its client or by another, and no other session revives it.
    """
    other = RelyingParty(provider)
    wang, li = Browser(provider), Browser(provider)
    mine, theirs = party.code(wang), li.walk(party.authorize_url(), username="li")["code"]
    half = len(mine) // 2
    sid = claims_of(party.tokens(li)["access_token"])["sid"]
    for forged in (mine[:half] + theirs[half:], f"{mine}.{sid}", f"{mine}.{li.cookie('idp-sso')}"):
        assert refused(party.redeem(forged))
    for forged in (f"{mine}.{other.id}", f"{mine[:half]}.{sid}.{other.id}", mine[:half] + other.code(li)[half:]):
        assert refused(other.redeem(forged))
    before = claims_of(party.tokens(wang)["access_token"])
    redeemed = claims_of(party.redeem(mine).json["access_token"])
    assert [redeemed[name] for name in ("sub", "sid")] == [before[name] for name in ("sub", "sid")]
    assert claims_of(party.redeem(theirs).json["access_token"])["sid"] == sid != before["sid"]
    late = party.code(wang)
    wang.submit(wang.get("/logout"))
    assert party.tokens(Browser(provider))["access_token"]  # the same person, in another session
    assert refused(party.redeem(late))


@pytest.mark.parametrize("verifier", [None, "w" * 64, VERIFIER[:42], VERIFIER * 3, "é" * 64, VERIFIER + "\n"])
def test_A3_the_verifier_is_never_optional(party: RelyingParty, verifier) -> None:
    assert refused(party.redeem(party.code(), code_verifier=verifier))


def test_a_failed_check_uses_the_code_up(party: RelyingParty) -> None:
    code = party.code()
    assert refused(party.redeem(code, code_verifier="w" * 64))
    assert refused(party.redeem(code))


def test_T4_one_kind_of_secret_is_no_other_kind(party: RelyingParty, provider: Provider) -> None:
    """CVE-2026-4282: one store for codes and all that is used once, so that whoever chose a key there had a code.

    No secret of one kind is another's, and nothing that somebody outside chose is any.
    """
    browser = Browser(provider)
    code = party.code(browser)
    tokens = party.redeem(party.code(browser)).json
    pushed = party.push().json["request_uri"]
    cookie = browser.cookie("idp-sso")
    for secret in (tokens["refresh_token"], pushed, pushed.rsplit(":")[-1], cookie, tokens["access_token"]):
        assert refused(party.redeem(secret))
    for secret in (code, pushed, cookie, tokens["access_token"]):
        assert refused(party.refresh(secret))
    chosen, key = "c" * 43, ProofKey(provider)
    party.code(browser, state=chosen, nonce=chosen, login_hint=chosen)
    proven = party.http.post(
        "/token",
        data={"grant_type": "client_credentials", **party.credentials(jti=chosen)[0]},
        headers={"DPoP": key.proof("POST", f"{ISSUER}/token", jti=chosen)},
        base_url=ISSUER,
    )
    assert proven.status_code == 200, proven.text  # both numbers are kept now, as used
    assert refused(party.redeem(chosen))
    assert refused(party.refresh(chosen))
    assert party.introspect(chosen) == {"active": False}


def test_T6_whoever_is_disabled_after_the_code_was_made_gets_nothing(party: RelyingParty, provider: Provider) -> None:
    code, tokens = party.code(), party.tokens()
    provider.administration.people.disable("wang")
    provider.settle()
    assert refused(party.redeem(code))
    assert refused(party.refresh(tokens["refresh_token"]))
    assert party.introspect(tokens["access_token"]) == {"active": False}
    assert party.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code == 401


def test_T6_the_account_is_looked_at_itself_whatever_else_ends_with_it(party: RelyingParty, provider: Provider) -> None:
    """Sessions and tokens end with an account, which a node may learn a moment later than it reads the account."""
    code, tokens = party.code(), party.tokens()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert party.http.get("/userinfo", headers=bearer).status_code == 200
    disabled = update(person).where(person.c.username == "wang").values(disabled_at=provider.clock.now())
    provider.database.write(lambda connection: connection.execute(disabled))
    assert party.http.get("/userinfo", headers=bearer).status_code == 401
    assert refused(party.redeem(code))
    assert refused(party.refresh(tokens["refresh_token"]))


def test_T6_a_disabled_client_gets_nothing_within_a_second(party: RelyingParty, provider: Provider) -> None:
    permits(provider, party)
    server = RelyingParty(provider, scope="introspect", grant_types=["client_credentials"], tongban_organisation=URBAN)
    code, tokens = party.code(), party.tokens()
    theirs = party.own_token(resource=PERMITS).json["access_token"]
    assert server.introspect(theirs)["active"] is True
    provider.administration.clients.disable(party.id)
    provider.clock.advance(0.9)
    for answer in (party.redeem(code), party.refresh(tokens["refresh_token"]), party.own_token()):
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert server.introspect(theirs) == {"active": False}
    assert Browser(provider).get(party.authorize_url()).status_code == 400


def test_a_code_lives_for_a_minute(party: RelyingParty, provider: Provider) -> None:
    code = party.code()
    provider.clock.advance(61)
    assert refused(party.redeem(code))
    assert provider.events("TokenReused") == []


def test_D4_a_code_bound_to_a_key_is_redeemed_with_that_key(party: RelyingParty, provider: Provider) -> None:
    bound, other = ProofKey(provider), ProofKey(provider)
    for dpop in (other, None):
        assert refused(party.redeem(party.code(dpop_jkt=bound.jkt), dpop))
    answer = party.redeem(party.code(dpop_jkt=bound.jkt), bound)
    assert (answer.status_code, answer.json["token_type"]) == (200, "DPoP")


def test_D4_a_proof_at_par_binds_the_code(party: RelyingParty, provider: Provider) -> None:
    """RFC 9449 §10.1."""
    bound, other = ProofKey(provider), ProofKey(provider)
    code = Browser(provider).walk(party.pushed_url(bound))["code"]
    assert refused(party.redeem(code, other))
    answer = party.push(bound, dpop_jkt=other.jkt)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")


def test_only_hashes_of_secrets_are_stored(either_provider: Provider) -> None:
    party = RelyingParty(either_provider)
    browser = Browser(either_provider)
    secrets = {party.code(browser), browser.cookie("idp-sso"), browser.cookie("idp-browser")}
    secrets |= {party.push().json["request_uri"], party.tokens(browser)["refresh_token"], "correct horse battery"}
    by_post = RelyingParty(either_provider, token_endpoint_auth_method="client_secret_post")
    for each, shown in ((party, party.credentials()[0]), (by_post, {"client_secret": by_post.secret})):
        asked = each.request(state=f"asked by {each.id}") | shown
        assert each.http.post("/par", data=asked, base_url=ISSUER).status_code == 201
        assert asked["state"] in dump(either_provider)  # what was pushed is kept, but for what authenticates
        secrets |= set(shown.values()) - {ASSERTION_TYPE}
    stored = dump(either_provider)
    assert not [secret for secret in secrets if secret in stored]
    assert "500199" not in stored  # no citizen number either


def dump(provider: Provider) -> str:
    """Every value of every table, as text."""
    from idp.store.tables import metadata

    return kept(provider.database, *metadata.tables)


def test_public_clients_redeem_with_pkce_alone(provider: Provider) -> None:
    party = public_client(provider)
    code = party.code()
    assert refused(party.redeem(code, code_verifier="w" * 64))
    assert party.redeem(party.code()).status_code == 200
