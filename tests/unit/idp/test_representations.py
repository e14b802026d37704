"""A natural person acts for a legal entity (ADR 0028): proven by a register, chosen each time, ended at once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from idp.interaction import cookies
from idp.model.representation import LASTS, Representation
from idp.model.session import Family
from idp.proofing.business_register import BusinessRegister
from idp.proofing.verifier import VerifierUnavailable
from idp.store import representations
from idp.tokens.mandates import Mandates
from kernel.identifiers import social_credit_code
from tests.doubles.account import Account
from tests.doubles.browser import Browser, carried
from tests.doubles.civil_register import http_register
from tests.doubles.identity_provider import LI, WANG, Provider
from tests.doubles.relying_party import RelyingParty, claims_of

PAGE = "/account/representations"
SHOP = social_credit_code.compose("91", "500199", "DEMD0009").value
NAME = "示范餐饮有限公司"
SCOPE = "openid profile mandate"


@pytest.fixture
def li(either_provider: Provider) -> Account:
    either_provider.businesses.entries[SHOP] = (LI.value, NAME)
    account = Account(either_provider, "li")
    added = add(account)
    assert added.status_code == 200, added.text
    assert NAME in added.text
    return account


@pytest.fixture
def shop(either_provider: Provider) -> RelyingParty:
    return RelyingParty(either_provider, scope=f"{SCOPE} cases")


def add(account: Account, code: str = SHOP) -> Any:
    page = account.open(PAGE)
    token = re.findall(r'name="(\w+)" value="([^"]+)"', page.text)[0]
    return account.browser.follow(account.browser.post(PAGE, {token[0]: token[1], "code": code}))


def choice(browser: Browser, party: RelyingParty, username: str = "li", **changes: Any) -> Any:
    """The page that asks for whom, after signing in."""
    page = browser.follow(browser.get(party.authorize_url(scope=SCOPE, **changes)))
    while 'name="acting"' not in page.text:
        page = browser.submit(page, **browser._answers(page, username, "correct horse battery", "allow", None))
    return page


def entity(page: Any) -> str:
    return re.findall(r'value="(rep_[^"]+)"', page.text)[0]


def finish(browser: Browser, page: Any, party: RelyingParty, username: str = "li") -> Any:
    while (back := carried(page)) is None:
        page = browser.submit(page, **browser._answers(page, username, "correct horse battery", "allow", None))
    return party.redeem(back["code"]) if "code" in back else back


def tokens_for_the_shop(li: Account, shop: RelyingParty) -> dict[str, Any]:
    page = choice(li.browser, shop)
    answer = finish(li.browser, li.browser.submit(page, acting=entity(page)), shop)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def end(li: Account) -> None:
    page = li.open(PAGE)
    li.browser.submit(page)
    li.provider.settle()


def test_what_the_register_says_is_kept_sealed_and_recorded_without_personal_data(li: Account) -> None:
    provider = li.provider
    [entry] = provider.events("RepresentationProven")
    assert entry["facts"]["verifier"] == "paper-businesses"
    told = repr(provider.events())
    assert not {word for word in (SHOP, NAME, LI.value, "licence-17") if word in told}
    with provider.database.read() as connection:
        [row] = connection.exec_driver_sql("SELECT sealed, entity_index FROM representation").all()
    assert SHOP.encode() not in bytes(row[0])
    assert NAME.encode() not in bytes(row[0])
    assert SHOP.encode() not in bytes(row[1])


def test_every_token_and_answer_says_for_whom_and_the_subject_stays_the_person(li: Account, shop: RelyingParty) -> None:
    """`mandate` stands beside the person's own pairwise `sub`."""
    own = claims_of(
        finish(li.browser, li.browser.submit(choice(li.browser, shop), acting="self"), shop).json["id_token"]
    )
    assert "mandate" not in own
    answer = tokens_for_the_shop(li, shop)
    token = answer["access_token"]
    mandate = claims_of(token)["mandate"]
    assert mandate["principal"] == {"scheme": "social-credit-code", "value": SHOP, "name": NAME}
    assert mandate["capacity"] == "legal-representative"
    userinfo = shop.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).json
    everywhere = (claims_of(answer["id_token"]), userinfo, shop.introspect(token))
    assert [each["mandate"] for each in everywhere] == [mandate] * 3
    assert claims_of(answer["id_token"])["sub"] == own["sub"]
    assert claims_of(shop.refresh(answer["refresh_token"]).json["access_token"])["mandate"] == mandate
    assert li.provider.events("TokenIssued")[-1]["facts"]["representation"]


def test_the_page_of_consent_says_for_whom(li: Account, shop: RelyingParty) -> None:
    page = choice(li.browser, shop)
    asked = li.browser.submit(page, acting=entity(page))
    assert 'name="decision"' in asked.text
    assert NAME in asked.text


def test_ending_takes_effect_at_once(li: Account, shop: RelyingParty) -> None:
    """Live access tokens, refresh tokens and codes of it fall."""
    answer = tokens_for_the_shop(li, shop)
    page = choice(li.browser, shop)
    waiting = carried(li.browser.submit(page, acting=entity(page)))
    assert waiting is not None
    end(li)
    assert shop.introspect(answer["access_token"]) == {"active": False}
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert shop.http.get("/userinfo", headers=bearer).status_code == 401
    refused = [shop.refresh(answer["refresh_token"]), shop.redeem(waiting["code"])]
    assert [each.json["error"] for each in refused] == ["invalid_grant"] * 2
    assert "rep_" not in choice(li.browser, shop).text
    assert len(li.provider.events("RepresentationEnded")) == 1


def test_an_end_is_told_only_while_nothing_newer_is_proven(li: Account, shop: RelyingParty) -> None:
    """What an exchange keeps by the newer proof must not end with the older one."""
    end(li)
    assert len(told_ended(shop)) == 1
    add(li)
    assert told_ended(shop) == []
    end(li)
    assert len(told_ended(shop)) == 1


def told_ended(party: RelyingParty) -> list[Any]:
    """The mandates whose end the revocation feed tells."""
    return list(claims_of(party.http.get("/revocations").text)["revoked"]["mandates"])


def test_what_ends_between_minting_and_recording_gives_no_token(
    li: Account, shop: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read before, asked again in the transaction: a proof that ended meanwhile, elsewhere, is nobody's to use."""
    answer, provider, read = tokens_for_the_shop(li, shop), li.provider, Mandates.behind

    def behind(self: Mandates, family: Family) -> Representation | None:
        found = read(self, family)
        now = provider.clock.now()
        if found is not None:
            provider.database.write(lambda connection: representations.end(connection, found.id, found.person, now))
        return found

    monkeypatch.setattr(Mandates, "behind", behind)
    before = len(provider.events("TokenIssued"))
    refused = shop.refresh(answer["refresh_token"])
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
    assert len(provider.events("TokenIssued")) == before


def test_no_token_outlives_what_the_register_said(li: Account, shop: RelyingParty) -> None:
    li.provider.clock.advance((LASTS - timedelta(minutes=2)).total_seconds())
    answer = tokens_for_the_shop(li, shop)
    claims = claims_of(answer["access_token"])
    assert claims["exp"] == claims["mandate"]["exp"]
    li.provider.clock.advance(121)
    assert shop.introspect(answer["access_token"]) == {"active": False}
    assert shop.refresh(answer["refresh_token"]).json["error"] == "invalid_grant"


def test_nobody_chooses_an_entity_of_somebody_else(li: Account, shop: RelyingParty) -> None:
    theirs = entity(choice(li.browser, shop))
    stranger = Browser(li.provider)
    page = choice(stranger, shop, "wang")
    again = stranger.submit(page, acting=theirs)
    assert 'name="acting"' in again.text


def test_another_person_who_signs_in_meanwhile_does_not_inherit_the_choice(li: Account, shop: RelyingParty) -> None:
    """The code's own transaction looks again whose representation it is."""
    page = choice(li.browser, shop)
    asked = li.browser.submit(page, acting=entity(page))
    wang = Browser(li.provider)
    choice(wang, shop, "wang")
    session = wang.cookie(cookies.SESSION)
    assert session is not None
    li.browser.client.set_cookie(cookies.SESSION, session, domain="127.0.0.1")
    assert li.browser.submit(asked, decision="allow").status_code == 409
    asked = li.browser.get(asked.request.path)
    assert finish(li.browser, asked, shop, "wang")["error"] == "access_denied"


def test_silence_is_refused_without_a_choice(li: Account, shop: RelyingParty) -> None:
    """OpenID Connect Core 1.0 §3.1.2.6: prompt=none shows no page, and nothing is chosen for anybody."""
    tokens_for_the_shop(li, shop)
    back = li.browser.walk(shop.authorize_url(scope=SCOPE, prompt="none"))
    assert back["error"] == "interaction_required"


def test_one_whom_the_register_does_not_name_acts_for_nobody(either_provider: Provider) -> None:
    either_provider.businesses.entries[SHOP] = (WANG.value, NAME)
    li = Account(either_provider, "li")
    assert [add(li).status_code, add(li, "not a code").status_code] == [422, 422]
    either_provider.businesses.silent = True
    assert add(li).status_code == 503
    assert either_provider.events("RepresentationProven") == []


def test_an_account_nobody_proved_is_not_looked_up(provider: Provider) -> None:
    provider.businesses.entries[SHOP] = (LI.value, NAME)
    nobody = Account(provider, "nobody")
    page = nobody.open("/account/identity")
    name, value = re.findall(r'name="(\w+)" value="([^"]+)"', page.text)[0]
    assert nobody.browser.post(PAGE, {name: value, "code": SHOP}).status_code == 404
    assert provider.events("RepresentationProven") == []


def test_the_metadata_name_scope_and_claim(provider: Provider, party: RelyingParty) -> None:
    metadata = party.http.get("/.well-known/openid-configuration").json
    assert "mandate" in metadata["scopes_supported"]
    assert "mandate" in metadata["claims_supported"]


@pytest.mark.parametrize(
    "raw", [b"[]", b"{}", b"nonsense", b'{"match": true}', b'{"match": true, "reference": "r", "name": ""}']
)
def test_a_register_that_answers_badly_has_not_answered(raw: bytes) -> None:
    with http_register() as register:
        register.raw = (200, raw)
        with pytest.raises(VerifierUnavailable) as told:
            BusinessRegister(register.address).represents(LI, social_credit_code.parse(SHOP))
    assert SHOP not in str(told.value)


def test_the_register_over_http_says_yes_or_no() -> None:
    with http_register() as register:
        asked = BusinessRegister(register.address)
        register.raw = (200, b'{"match": true, "reference": "r", "name": "X"}')
        found = asked.represents(LI, social_credit_code.parse(SHOP))
        assert found is not None
        assert found.name == "X"
        register.raw = (200, b'{"match": false}')
        assert asked.represents(LI, social_credit_code.parse(SHOP)) is None
        assert set(register.paths) == {"/match"}
