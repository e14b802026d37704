"""Attacks on token exchange (T6, T7, A11, S2; RFC 8693): never more, never longer, never for somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from idp.store import versions
from idp.store.tables import client
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import EXCHANGE, ISSUER, OTHER_ITEM, URBAN, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, by_secret, claims_of, detail, details, public_client

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:access_token"
GRANTS = ["authorization_code", "client_credentials", "refresh_token", GRANT]


class Pair:
    """A department's website where people sign in, and the system behind it that was named to them."""

    def __init__(self, provider: Provider, **metadata: Any) -> None:
        self.provider = provider
        self.system = RelyingParty(provider, grant_types=GRANTS, **{"client_name#zh-CN": "后台系统", **metadata})
        self.website = RelyingParty(provider, grant_types=GRANTS, tongban_may_act=[self.system.id])
        self.key, self.system_key = ProofKey(provider), ProofKey(provider)

    def purpose(self, browser: Browser | None = None, **changes: Any) -> str:
        """A purpose-bound token, got by the website in a person's session."""
        asked = {"authorization_details": details(), "scope": None, **changes}
        back = (browser or Browser(self.provider)).walk(self.website.pushed_url(**asked))
        answer = self.website.redeem(back["code"], self.key)
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])


def exchange(party: RelyingParty, token: str, dpop: ProofKey | None = None, **changes: Any) -> Any:
    asked = {"grant_type": GRANT, "subject_token": token, "subject_token_type": TYPE}
    return party.form("/token", asked | changes, dpop)


def asked_at_userinfo(party: RelyingParty, token: str) -> Any:
    return party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}, base_url=ISSUER)


def refused(answer: Any, error: str = "invalid_request") -> bool:
    return (answer.status_code, answer.json["error"]) == (400, error)


@pytest.fixture
def pair(provider: Provider) -> Pair:
    return Pair(provider)


def test_the_named_system_gets_a_purpose_bound_token_of_its_own(pair: Pair, provider: Provider) -> None:
    """RFC 8693 §2.2.1, §4.1, §4.4."""
    token = pair.purpose()
    assert claims_of(token)["may_act"] == {"client_id": [pair.system.id]}
    less = detail(evidence=[{"type": "household-register", "fields": ["name"]}])
    provider.clock.advance(60)
    answer = exchange(pair.system, token, pair.system_key, authorization_details=details(less))
    assert answer.status_code == 200, answer.text
    assert (answer.json["issued_token_type"], answer.json["token_type"]) == (TYPE, "DPoP")
    assert answer.headers["Cache-Control"] == "no-store"
    before, after = claims_of(token), claims_of(answer.json["access_token"])
    assert (after["aud"], after["client_id"], after["act"]) == (EXCHANGE, pair.system.id, {"sub": pair.system.id})
    assert after["cnf"] == {"jkt": pair.system_key.jkt}
    assert after["authorization_details"][0]["evidence"][0]["fields"] == ["name"]
    assert {name: after[name] for name in ("sub", "sid", "acr", "auth_time")} == {
        name: before[name] for name in ("sub", "sid", "acr", "auth_time")
    }
    assert after["exp"] == before["exp"]  # T7: no longer than what came in
    assert answer.json["expires_in"] in (239, 240)
    (entry,) = [event for event in provider.events("TokenIssued") if event["facts"]["grant_type"] == GRANT]
    assert entry["facts"]["subject_token"] == before["jti"]
    assert not {"refresh_token", "id_token"} & answer.json.keys()


def test_the_exchange_reads_whom_the_token_is_about(pair: Pair, provider: Provider) -> None:
    from exchange.authentication import access_token
    from kernel import jose

    token = exchange(pair.system, pair.purpose(), pair.system_key).json["access_token"]
    verified = jose.verify(
        token, provider.keys.verifying(), typ="at+jwt", issuer=ISSUER, audience=EXCHANGE, now=provider.clock.now(),
        leeway=0, max_age=300,
    )  # fmt: skip
    read = access_token.read(verified, audience=EXCHANGE, keys=[provider.exchange.decryption])
    assert (read.present, read.officer, read.assurance) == (True, None, 2)


def test_A11_a_system_of_another_department_gets_nothing_even_where_it_is_named(either_provider: Provider) -> None:
    """No registration can say so (ADR 0023); were it in the store all the same, it would open nothing."""
    pair = Pair(either_provider)
    token = pair.website.tokens()["access_token"]
    assert exchange(pair.system, token).status_code == 200

    def move(connection: Connection) -> None:
        connection.execute(client.update().where(client.c.id == pair.system.id).values(organisation=URBAN))
        versions.advance(connection, versions.CLIENTS)

    either_provider.database.write(move)
    either_provider.settle()
    assert refused(exchange(pair.system, token))
    assert exchange(pair.website, token).status_code == 200


def test_the_person_is_told_who_may_act(pair: Pair, browser: Browser) -> None:
    """A11: agreed to by name, and asked again when a client names another."""
    page = browser.follow(browser.get(pair.website.authorize_url()))
    page = browser.submit(page, username="wang", password="correct horse battery")
    assert "后台系统" in page.text
    assert "may_act" not in claims_of(RelyingParty(pair.provider).tokens(browser)["access_token"])


def test_A11_remembered_consent_does_not_reach_a_system_named_later(provider: Provider, browser: Browser) -> None:
    from idp.interaction.steps import consent_is_needed
    from idp.model.authorization import AuthorizationRequest

    class Remembering:
        remembered = frozenset({"openid"})

    asked = AuthorizationRequest("c", "https://market.example/", ("openid",), "x" * 43, may_act=("system",))
    assert consent_is_needed(asked, Remembering())  # type: ignore[arg-type]


def test_S2_a_system_that_is_named_no_longer_gets_nothing_within_a_second(provider: Provider) -> None:
    """What the person agreed to is not more than what the department still wants."""
    pair = Pair(provider, scope="openid profile")
    browser, clients = Browser(provider), provider.administration.clients
    tokens = pair.website.tokens(browser)
    token = tokens["access_token"]
    assert exchange(pair.system, token).status_code == 200
    for named in ([], [pair.system.id]):  # and named again, it is for what is allowed anew (ADR 0073)
        clients.update(pair.website.id, clients.show(pair.website.id) | {"tongban_may_act": named})
        provider.clock.advance(0.9)
        assert refused(exchange(pair.system, token))
        assert exchange(pair.website, token).status_code == 200
    tokens = pair.website.refresh(tokens["refresh_token"]).json
    assert refused(exchange(pair.system, tokens["access_token"]))
    assert exchange(pair.system, pair.website.tokens(browser)["access_token"]).status_code == 200
    feed = claims_of(pair.website.http.get("/revocations", base_url=ISSUER).text)["revoked"]
    assert (feed["taken"], feed["given_back"]) == ({}, {})  # no business of the exchange


def test_T7_nothing_is_widened(pair: Pair) -> None:
    token = pair.purpose()
    wider = [
        detail(evidence=[{"type": "household-register", "fields": ["name", "address", "born"]}]),
        detail(evidence=[{"type": "household-register", "fields": ["name"], "predicates": ["exists"]}]),
        detail(evidence=[{"type": "identity-card", "fields": ["name"]}]),
        detail(case="case_01JD5Z3V9Q4M6W7X8Y9Z0A1B2D"),
        detail(legal_basis="agreed"),
    ]
    for each in wider:
        answer = exchange(pair.system, token, pair.system_key, authorization_details=details(each))
        assert refused(answer, "invalid_authorization_details")
    assert refused(exchange(pair.system, token, pair.system_key, scope="openid"), "invalid_scope")
    for target in ({"resource": ISSUER}, {"audience": ISSUER}, {"resource": "https://other.example"}):
        assert refused(exchange(pair.system, token, pair.system_key, **target), "invalid_target")
    assert exchange(pair.system, token, pair.system_key, resource=EXCHANGE, audience=EXCHANGE).status_code == 200


def test_T7_leaving_the_purpose_out_does_not_open_another_audience(provider: Provider) -> None:
    """A token for the exchange does not become one for userinfo."""
    pair = Pair(provider, scope="openid profile usage")
    pair.website = RelyingParty(provider, grant_types=GRANTS, scope="openid profile usage")
    token = pair.website.tokens(dpop=pair.key, scope="openid profile usage")["access_token"]
    assert refused(exchange(pair.website, token, pair.key, scope="openid profile"), "invalid_target")
    narrower = exchange(pair.website, token, pair.key, scope="usage")
    assert (narrower.status_code, narrower.json["scope"]) == (200, "usage")


def test_T7_a_scope_shrinks_to_what_the_system_is_registered_for(provider: Provider) -> None:
    pair = Pair(provider, scope="openid")
    token = pair.website.tokens(scope="openid profile")["access_token"]
    answer = exchange(pair.system, token)
    assert (answer.status_code, answer.json["scope"]) == (200, "openid")
    assert asked_at_userinfo(pair.system, answer.json["access_token"]).json == {"sub": claims_of(token)["sub"]}
    pair = Pair(provider, scope="cases")
    assert refused(exchange(pair.system, pair.website.tokens()["access_token"]), "invalid_scope")


def test_T7_claims_asked_for_by_name_are_not_handed_on(pair: Pair) -> None:
    """OpenID Connect Core 1.0 §5.5: they were agreed to for the website, and no scope of the token stands for them."""
    token = pair.website.tokens(scope="openid", claims='{"userinfo":{"name":null}}')["access_token"]
    assert asked_at_userinfo(pair.website, token).json["name"] == "王小明"
    handed_on = exchange(pair.system, token).json["access_token"]
    assert asked_at_userinfo(pair.system, handed_on).json == {"sub": claims_of(token)["sub"]}


def test_core_5_3_2_userinfo_is_protected_for_the_system_that_asks(provider: Provider) -> None:
    """It is that system's key that opens it, and a signed answer names it; the website's registration says nothing."""
    signed = {"userinfo_signed_response_alg": "ES256"}
    system = RelyingParty(provider, grant_types=GRANTS, **signed)
    plain = RelyingParty(provider, grant_types=GRANTS, tongban_may_act=[system.id])
    for website, actor in ((plain, system), (system, system)):
        token = exchange(actor, website.tokens()["access_token"]).json["access_token"]
        answer = asked_at_userinfo(actor, token)
        assert (answer.content_type, claims_of(answer.text)["aud"]) == ("application/jwt", system.id)
    other = RelyingParty(provider, grant_types=GRANTS, tongban_may_act=[plain.id], **signed)
    token = exchange(plain, other.tokens()["access_token"]).json["access_token"]
    assert asked_at_userinfo(plain, token).json["name"] == "王小明"
    provider.administration.clients.disable(other.id)
    provider.settle()
    assert asked_at_userinfo(plain, token).status_code == 401  # whom the person allowed it is asked for as well


def test_only_a_named_system_of_the_same_department_exchanges(pair: Pair, provider: Provider) -> None:
    token = pair.purpose()
    unnamed = RelyingParty(provider, grant_types=GRANTS)
    foreign = RelyingParty(provider, grant_types=GRANTS, tongban_organisation=URBAN)
    unregistered = RelyingParty(provider)
    assert refused(exchange(unnamed, token, ProofKey(provider)))
    assert refused(exchange(foreign, token, ProofKey(provider)))
    assert refused(exchange(unregistered, token, ProofKey(provider)), "unauthorized_client")


def test_a_bound_token_is_exchanged_by_its_holder_alone(pair: Pair, provider: Provider) -> None:
    """D3: a stolen token and even the client's credentials are of no use without the key."""
    token = pair.purpose()
    assert refused(exchange(pair.website, token, ProofKey(provider)))
    assert refused(exchange(pair.website, token))
    assert exchange(pair.website, token, pair.key).status_code == 200
    assert refused(exchange(pair.system, token))  # a binding is never lost


def test_a_system_with_a_secret_takes_over_no_bound_token(provider: Provider) -> None:
    system = by_secret(provider, grant_types=GRANTS)
    website = RelyingParty(provider, grant_types=GRANTS, tongban_may_act=[system.id])
    key = ProofKey(provider)
    token = website.tokens(dpop=key)["access_token"]
    assert refused(exchange(system, token, ProofKey(provider)))
    assert exchange(system, website.tokens()["access_token"]).status_code == 200


def test_the_chain_of_actors_is_kept_and_short(provider: Provider) -> None:
    """RFC 8693 §4.1."""
    pair = Pair(provider)
    token = pair.website.tokens()["access_token"]
    for depth in range(3):
        token = exchange(pair.system, token).json["access_token"]
        act = claims_of(token)["act"]
        assert str(act).count(pair.system.id) == depth + 1
    assert refused(exchange(pair.system, token))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_token_type": None},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"actor_token": "x", "actor_token_type": TYPE},
        {"subject_token": None},
        {"subject_token": "x"},
        {"subject_token": "a.b.c"},
    ],
)
def test_T4_only_live_access_tokens_go_in_and_only_access_tokens_come_out(pair: Pair, changes: dict[str, Any]) -> None:
    assert refused(exchange(pair.website, pair.website.tokens()["access_token"], **changes))


def test_other_tokens_are_no_subject_tokens(pair: Pair) -> None:
    tokens = pair.website.tokens()
    own = pair.website.own_token(pair.key).json["access_token"]
    for each in (tokens["id_token"], tokens["refresh_token"], own):
        assert refused(exchange(pair.website, each))


def test_T6_S2_what_was_exchanged_falls_with_what_it_stems_from(either_provider: Provider) -> None:
    pair = Pair(either_provider)
    tokens = pair.website.tokens()
    got = exchange(pair.system, tokens["access_token"]).json["access_token"]
    assert pair.system.introspect(got)["active"]
    pair.website.form("/revoke", {"token": tokens["refresh_token"]})
    either_provider.settle()
    assert pair.system.introspect(got) == {"active": False}
    assert refused(exchange(pair.system, tokens["access_token"]))


def test_T6_nothing_is_exchanged_for_the_disabled(pair: Pair, provider: Provider) -> None:
    """CVE-2025-14559: an exchange looked at the client alone, and had tokens for whoever had been disabled."""
    token = pair.website.tokens()["access_token"]
    assert exchange(pair.system, token).status_code == 200
    provider.administration.people.disable("wang")
    for party in (pair.system, pair.website):
        assert refused(exchange(party, token))


def test_S2_a_disabled_website_hands_nothing_on(pair: Pair, provider: Provider) -> None:
    token = pair.website.tokens()["access_token"]
    provider.administration.clients.disable(pair.website.id)
    provider.settle()
    assert refused(exchange(pair.system, token))


def test_S2_in_a_chain_whoever_was_just_disabled_hands_nothing_on(provider: Provider) -> None:
    """At once: a node may not have noticed yet."""
    first, second = (RelyingParty(provider, grant_types=GRANTS) for _ in range(2))
    website = RelyingParty(provider, grant_types=GRANTS, tongban_may_act=[first.id, second.id])
    tokens = website.tokens()
    handed_on = exchange(first, tokens["access_token"]).json["access_token"]
    assert exchange(second, handed_on).status_code == 200
    provider.administration.clients.disable(first.id)
    assert refused(exchange(second, handed_on))
    own = exchange(second, tokens["access_token"])
    assert own.status_code == 200
    provider.administration.clients.disable(website.id)
    assert refused(exchange(second, own.json["access_token"]))


def test_registration_and_each_change_of_it_name_few_clients_of_the_same_department(provider: Provider) -> None:
    from idp.administration.errors import AdministrationError

    foreign = RelyingParty(provider, tongban_organisation=URBAN)
    wrong: list[Any] = [["unknown"], [foreign.id], "client", ["a b"], [str(number) for number in range(6)]]
    own, clients = RelyingParty(provider), provider.administration.clients
    shown = clients.show(own.id)
    for actors in wrong:
        with pytest.raises(AdministrationError):
            RelyingParty(provider, tongban_may_act=actors)
        with pytest.raises(AdministrationError):
            clients.update(own.id, shown | {"tongban_may_act": actors})
    assert clients.show(own.id) == shown
    with pytest.raises(AdministrationError):
        public_client(provider, grant_types=["authorization_code", GRANT])


def test_the_service_item_is_the_systems_own(provider: Provider) -> None:
    pair = Pair(provider, tongban_service_items=[OTHER_ITEM])
    answer = exchange(pair.system, pair.purpose(), pair.system_key)
    assert refused(answer, "invalid_authorization_details")
