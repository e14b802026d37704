"""The list of consents and notices, and withdrawal: one place, with effect on every node within a second."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from idp.model.consent import Answer, Consent, Terms
from idp.store import consents, families
from idp.store.tables import family
from kernel.text import Text
from tests.doubles.browser import Browser, form_of, parameters
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, claims_of, detail, details
from tests.doubles.statements import statements
from tests.unit.idp.test_ciba import GRANT, Window, confirm
from tests.unit.idp.test_device_flow import Terminal, error
from tests.unit.idp.test_device_flow import answer as answer_on_the_phone

LIST = "/account/consents"


def userinfo(app: Any, token: str) -> int:
    return Client(app).get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code


def withdraw(browser: Browser, party: RelyingParty) -> Any:
    page = browser.get(f"{LIST}/{party.id}/withdraw")
    assert page.status_code == 200, page.text
    return browser.submit(page, decision="withdraw")


def test_after_the_withdrawal_is_confirmed_no_token_is_accepted_on_any_node(either_provider: Provider) -> None:
    """S2: userinfo, introspection, refresh, a code still on its way, and the exchange's feed."""
    party, browser = RelyingParty(either_provider), Browser(either_provider)
    other = either_provider.another_node()
    tokens = party.tokens(browser)
    assert userinfo(other, tokens["access_token"]) == 200
    on_its_way = parameters(browser.get(party.authorize_url()).headers["Location"])["code"]

    page = withdraw(browser, party)

    assert "已撤回" in page.text
    for app in (either_provider.app, other):
        party_there = party.on(app)
        either_provider.clock.advance(0.3)
        assert userinfo(app, tokens["access_token"]) == 401
        assert party_there.introspect(tokens["access_token"]) == {"active": False}
        assert party_there.introspect(tokens["refresh_token"]) == {"active": False}
    assert party.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert party.redeem(on_its_way).json["error"] == "invalid_grant"
    feed = claims_of(party.http.get("/revocations").text)
    assert claims_of(tokens["access_token"])["jti"] in feed["revoked"]["jti"]
    assert feed["revoked"]["withdrawn"] == feed["revoked"]["jti"]
    [entry] = either_provider.events("ConsentWithdrawn")
    assert entry["facts"] == {
        "client": party.id, "actor": either_provider.person("wang").id, "command": "own-consents",
    }  # fmt: skip
    assert "subject" in entry
    back = parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])
    assert back["error"] == "consent_required"


def test_another_clients_tokens_stay(provider: Provider) -> None:
    one, two, browser = RelyingParty(provider), RelyingParty(provider), Browser(provider)
    one.tokens(browser)
    kept = two.tokens(browser)
    withdraw(browser, one)
    provider.settle()
    assert userinfo(provider.app, kept["access_token"]) == 200


def test_the_list_says_what_by_whom_why_and_how_long(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    browser.walk(party.pushed_url(scope="openid profile", authorization_details=details(detail(legal_basis="agreed"))))
    page = browser.get(LIST)
    for words in (
        "市场监管网站", "市场监督管理局", "登录并使用“市场监管网站”", "您的姓名和实名等级",
        "开办餐馆", "户口簿：姓名、住址", "本人同意", "2026年11月23日", "2027年11月23日",
    ):  # fmt: skip
        assert words in page.text, words
    english = browser.get(LIST, **{"Accept-Language": "en"})
    assert "Household register: Name, Address" in english.text


def test_a_notice_stands_apart_and_cannot_be_withdrawn(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    party.code(browser, scope="openid")
    withdraw(browser, party)
    browser.walk(party.pushed_url(scope=None, authorization_details=details()))
    page = browser.get(LIST)
    assert "办法第三条" in page.text.split("收到的告知")[1]
    assert browser.get(f"{LIST}/{party.id}/withdraw").status_code == 404
    assert len([each for each in provider.events("NoticeShown") if each["facts"]["allowed"]]) == 1


def answers(provider: Provider, party: RelyingParty, kind: Answer, count: int) -> None:
    """As many newer answers as a busy year brings: each held for a moment and is over."""
    terms = Terms(Text("办件", "a case"), Text("依据", "its basis"), ())
    now = provider.clock.now() + timedelta(seconds=1)
    made = [
        Consent(
            f"cns_{kind.value}_{each}", person_of(provider), party.id, kind, (), terms,
            now, now + timedelta(seconds=each),
        )
        for each in range(count)
    ]  # fmt: skip
    provider.database.write(lambda connection: consents.keep(connection, made, now))
    provider.clock.advance(count + 1)


@pytest.mark.parametrize("kind", Answer)
def test_a_consent_in_force_is_seen_and_withdrawn_whatever_came_after_it(
    either_provider: Provider, kind: Answer
) -> None:
    """PIPL article 15: what holds can be taken back, behind 250 newer notices, or consents that are over, too."""
    provider, browser = either_provider, Browser(either_provider)
    party = RelyingParty(provider)
    token = party.tokens(browser)["access_token"]
    answers(provider, party, kind, 250)
    page = browser.get(LIST)
    assert f"{LIST}/{party.id}/withdraw" in page.text
    assert page.text.count("更早的未列出") == 1
    assert userinfo(provider.app, token) == 200
    page = withdraw(browser, party)
    assert "已撤回" in page.text
    assert f"{LIST}/{party.id}/withdraw" not in page.text
    provider.settle()
    assert userinfo(provider.app, token) == 401


def test_what_is_listed_whole_says_so_by_saying_nothing(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    party.code(browser)
    for kind in Answer:
        answers(provider, party, kind, consents.MOST_SHOWN)
    page = browser.get(LIST)
    assert page.text.count("办件") == 2 * consents.MOST_SHOWN
    assert "更早的未列出" not in page.text


def test_a_remembered_consent_ends_after_its_term(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    party.code(browser)
    with provider.database.read() as connection:
        [kept] = consents.in_force(connection, person_of(provider), provider.clock.now())
    assert kept.until is not None
    assert (kept.until - kept.given_at).days == provider.settings.consent_days
    provider.clock.advance(provider.settings.consent_days * 86_400)
    page = browser.submit(browser.follow(browser.get(party.authorize_url())), username="wang", password=PASSWORD)
    assert "decision" in form_of(page).names


def test_what_was_allowed_ends_with_the_consent_it_rests_on(provider: Provider) -> None:
    """ADR 0104: nothing goes on that nobody can withdraw any more, be the session as young as it may."""
    party, browser, left = RelyingParty(provider), Browser(provider), 300
    party.code(browser, scope="openid")
    provider.clock.advance(provider.settings.consent_days * 86_400 - left)
    tokens = party.tokens(browser, scope="openid")
    assert tokens["expires_in"] == left
    assert party.introspect(tokens["refresh_token"])["exp"] == int(provider.clock.now().timestamp()) + left
    refresh = party.refresh(tokens["refresh_token"]).json["refresh_token"]
    provider.clock.advance(left - 30)
    code = party.code(browser, scope="openid")
    wider = party.tokens(browser, scope="openid profile")  # agreed to anew, with what was agreed to before
    provider.clock.advance(30)
    for answer in (party.refresh(refresh), party.redeem(code)):
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert party.introspect(refresh) == party.introspect(tokens["access_token"]) == {"active": False}
    assert party.refresh(wider["refresh_token"]).json["expires_in"] > left
    assert f"{party.id}/withdraw" in browser.get(LIST).text


def test_evidence_allowed_elsewhere_can_be_withdrawn_as_long_as_anything_of_it_lives(provider: Provider) -> None:
    """ADR 0104: however late the terminal, or the clerk, asks; and a verifier whose clock is behind is told as well."""
    terminal, window, key, browser = Terminal(provider), Window(provider), ProofKey(provider), Browser(provider)
    wanted = {"scope": "", "authorization_details": details(detail(legal_basis="agreed"))}

    def allowed() -> str:
        asked = terminal.ask(key, **wanted).json
        assert "请回到终端继续" in answer_on_the_phone(browser, asked["user_code"]).text
        return str(asked["device_code"])

    at_once, too_late = terminal.poll(allowed(), key).json["access_token"], allowed()
    with provider.database.read() as connection:
        ends = {each.until for each in consents.in_force(connection, person_of(provider), provider.clock.now())}
        assert ends == set(connection.execute(select(family.c.expires_at)).scalars())
    provider.clock.advance(330)
    assert "已撤回" in withdraw(browser, terminal).text
    assert error(terminal.poll(too_late, key)) == (400, "invalid_grant")
    assert claims_of(terminal.http.get("/revocations").text)["revoked"]["withdrawn"] == [claims_of(at_once)["jti"]]

    wanted["scope"] = "openid"
    asked = window.ask(**wanted, requested_expiry="600").json["auth_req_id"]
    confirm(provider, browser=browser)
    wanted["scope"], code = "", allowed()
    provider.clock.advance(599)
    by_window = window.form("/token", {"grant_type": GRANT, "auth_req_id": asked}, key)
    for party, answered in ((window, by_window), (terminal, terminal.poll(code, key))):
        token = answered.json["access_token"]
        assert answered.json["expires_in"] == 300
        provider.clock.advance(0.9)
        assert party.introspect(token)["active"] is True
        assert "已撤回" in withdraw(browser, party).text
        provider.clock.advance(0.9)
        assert party.introspect(token) == {"active": False}


def person_of(provider: Provider) -> str:
    from idp.store import people

    with provider.database.read() as connection:
        found = people.by_username(connection, "wang")
    assert found is not None
    return found[0].id


def test_evidence_is_never_remembered(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    asked = {"scope": "openid", "authorization_details": details(detail(legal_basis="agreed"))}
    browser.walk(party.pushed_url(**asked))
    page = browser.follow(browser.get(party.pushed_url(**asked)))
    assert "decision" in form_of(page).names
    assert "关于您的账户" not in page.text  # the scope was agreed to before


def test_plain_scopes_beside_a_statutory_use_are_asked_and_not_smuggled_in(provider: Provider) -> None:
    """A notice is no consent: the page keeps the two apart, and so do the entries."""
    party, browser = RelyingParty(provider), Browser(provider)
    page = browser.follow(browser.get(party.pushed_url(scope="openid", authorization_details=details())))
    page = browser.submit(page, username="wang", password=PASSWORD)
    assert "请知悉，并决定是否同意" in page.text
    assert "知悉并继续" not in page.text
    browser.submit(page, decision="allow")
    assert [each["facts"]["scope"] for each in provider.events("ConsentGiven")] == ["openid"]
    page = browser.follow(browser.get(party.pushed_url(scope="openid", authorization_details=details())))
    assert "知悉并继续" in page.text
    browser.submit(page, decision="allow")
    assert len(provider.events("ConsentGiven")) == 1


def test_a_code_is_not_made_from_a_consent_withdrawn_meanwhile(either_provider: Provider) -> None:
    """The decision to ask nothing was made before the withdrawal, the code is stored after it."""
    party, browser = RelyingParty(either_provider), Browser(either_provider)
    party.code(browser)
    original, person = consents.still_given, person_of(either_provider)

    def withdrawn_first(connection: Any, person_id: str, client_id: str, now: Any) -> frozenset[str]:
        consents.withdraw(connection, person_id, client_id, now)
        families.revoke_client(connection, person_id, client_id, now)
        return original(connection, person_id, client_id, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consents, "still_given", withdrawn_first)
        back = parameters(browser.get(party.authorize_url()).headers["Location"])
    assert back["error"] == "consent_required"
    assert person


def test_however_often_it_was_allowed_a_withdrawal_takes_as_many_statements(either_provider: Provider) -> None:
    """S2: nobody's entries wait longer for it, and no client keeps its tokens by asking again and again."""
    party, browser, taken = RelyingParty(either_provider), Browser(either_provider), []
    for times in (1, 9):
        tokens = [party.tokens(browser)["access_token"] for _ in range(times)]
        page = browser.get(f"{LIST}/{party.id}/withdraw")
        with statements() as done:
            browser.submit(page, decision="withdraw")
        taken.append(len(done))
        either_provider.clock.advance(0.3)
        assert [userinfo(either_provider.app, each) for each in tokens] == [401] * times
        feed = claims_of(party.http.get("/revocations").text)["revoked"]
        assert {claims_of(each)["jti"] for each in tokens} <= set(feed["withdrawn"])
    assert taken[0] == taken[1]


def test_nobody_withdraws_for_somebody_else_or_without_signing_in(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    party.code(browser)
    stranger = Browser(provider)
    sent = stranger.get(f"{LIST}/{party.id}/withdraw")
    assert sent.headers["Location"].startswith("/sign-in?for=account")
    page = stranger.submit(stranger.follow(sent), username="li", password=PASSWORD)
    assert page.status_code == 404  # nothing of hers is held
    assert provider.events("ConsentWithdrawn") == []


def test_the_button_alone_withdraws(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    party.code(browser)
    page = browser.get(f"{LIST}/{party.id}/withdraw")
    assert browser.submit(page, decision="anything").status_code == 200
    without_token = browser.post(f"{LIST}/{party.id}/withdraw", {"decision": "withdraw"})
    assert without_token.status_code == 400  # M3
    assert provider.events("ConsentWithdrawn") == []


@pytest.mark.parametrize(
    "query",
    [
        "", "for=account", "next=/account", "for=king&next=/account", "for=account&next=//evil.example",
        "for=account&next=https://evil.example", "for=account&next=/accounts", "for=account&next=/account/%0d%0aX:1",
        "for=account&next=/admin", "for=account&next=/account/../admin", "for=account&next=/account%5C%5Cevil",
        "for=account&next=/account&next=/account", "for=account&next=/account?" + "a" * 1000,
    ],
)  # fmt: skip
def test_the_way_back_leads_to_a_page_of_our_own(provider: Provider, query: str) -> None:
    """A1 for our own sign-in: no open redirect."""
    answer = Browser(provider).get(f"/sign-in?{query}")
    assert answer.status_code in (400, 404), answer.headers
    assert "Location" not in answer.headers
