"""Passkeys: made, shown first or second, refused when anything is not as it was asked (WebAuthn Level 3 §7)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import cbor2
import pytest

from idp.authentication.own_account import LastStrongFactor, Owner
from idp.authentication.webauthn_ceremonies import Ceremonies, PasskeyRefused, Shown
from idp.store import passkeys as stored_passkeys
from idp.store import sessions
from kernel.entropy import SystemEntropy
from kernel.jose import base64url
from tests.doubles.account import Account, accounts_of
from tests.doubles.authenticator import Authenticator
from tests.doubles.browser import Browser, form_of
from tests.doubles.certificates import certificate
from tests.doubles.identity_provider import NAMED, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import RelyingParty, claims_of

LEVEL_3, LEVEL_4 = "urn:tongban:loa:3", "urn:tongban:loa:4"


def options(browser: Browser, page: Any) -> dict[str, Any]:
    """What the page's script would ask for."""
    form = browser.passkey_form(page)
    answer = browser.post(form.options, {"csrf_token": form.fields["csrf_token"]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def show(browser: Browser, page: Any, device: Authenticator, **changes: Any) -> Any:
    """Answer the page's passkey dialogue."""
    form = browser.passkey_form(page)
    answer = device.get(options(browser, page), **changes)
    return browser.follow(browser.post(form.action, {**form.fields, "credential": answer}))


@pytest.fixture
def provider(opened: Opened) -> Iterator[Provider]:
    with opened(issuer=NAMED) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def either_provider(request: pytest.FixtureRequest, opened: Opened) -> Iterator[Provider]:
    with opened(request.param, issuer=NAMED) as running:
        yield running


@pytest.fixture
def enrolled(provider: Provider) -> Authenticator:
    """Wang's passkey."""
    return Account(provider, "wang").add_passkey(Authenticator(NAMED))


def test_one_passkey_signs_in_nameless_and_counts_as_two_factors(
    either_provider: Provider,
) -> None:
    device = Account(either_provider, "wang").add_passkey(Authenticator(NAMED))
    party, browser = RelyingParty(either_provider), Browser(either_provider)
    page = browser.follow(browser.get(party.authorize_url(acr_values=LEVEL_3)))
    assert options(browser, page).get("allowCredentials", []) == []  # nobody is named, so nobody is found out
    browser.submit(show(browser, page, device), decision="allow")
    claims = claims_of(party.redeem(browser.sent_back()["code"]).json["id_token"])
    assert claims["acr"] == LEVEL_3
    assert claims["amr"] == ["hwk", "user", "mfa"]


@pytest.mark.parametrize(("bound", "level"), [(True, LEVEL_4), (False, LEVEL_3)])
def test_level_4_needs_a_key_that_cannot_be_copied_and_a_person_seen_at_the_window(
    provider: Provider, bound: bool, level: str
) -> None:
    account = accounts_of(provider).at_window("chen")
    device = account.add_passkey(Authenticator(NAMED, bound=bound))
    party, browser = RelyingParty(provider), Browser(provider)
    page = browser.follow(browser.get(party.authorize_url(acr_values=f"{LEVEL_4} {LEVEL_3}")))
    browser.submit(show(browser, page, device), decision="allow")
    assert claims_of(party.redeem(browser.sent_back()["code"]).json["id_token"])["acr"] == level


def test_a_passkey_as_second_factor_is_one_of_the_persons_own(provider: Provider, enrolled: Authenticator) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    page = browser.follow(browser.get(party.authorize_url(acr_values=LEVEL_3)))
    page = browser.submit(page, username="wang", password="correct horse battery")
    [allowed] = options(browser, page)["allowCredentials"]
    assert allowed["type"] == "public-key"
    strangers = Account(provider, "li").add_passkey(Authenticator(NAMED))
    refused = show(browser, page, strangers)
    assert refused.status_code == 422
    browser.submit(show(browser, refused, enrolled), decision="allow")
    claims = claims_of(party.redeem(browser.sent_back()["code"]).json["id_token"])
    assert claims["amr"] == ["pwd", "hwk", "user", "mfa"]


def test_codes_that_a_stranger_guesses_do_not_keep_the_owners_passkey_waiting(
    provider: Provider, enrolled: Authenticator
) -> None:
    """No lock-out of the rightful owner: what cannot be guessed does not wait for what can."""
    party, stranger, owner = RelyingParty(provider), Browser(provider, address="198.51.100.9"), Browser(provider)
    pages = []
    for browser in (stranger, owner):
        page = browser.follow(browser.get(party.authorize_url(acr_values=LEVEL_3)))
        pages.append(browser.submit(page, username="wang", password="correct horse battery"))
    codes = stranger.get(f"{pages[0].request.path}?with=otp")
    answers = [(codes := stranger.submit(codes, otp="000000")).status_code for _ in range(5)]
    assert answers == [422] * 4 + [429]
    owner.submit(show(owner, pages[1], enrolled), decision="allow")
    assert "code" in owner.sent_back()


ATTACKS: dict[str, dict[str, Any]] = {
    "another origin (§7.2 step 12)": {"origin": "http://127.0.0.1:8401"},
    "another ceremony (§7.2 step 10)": {"type": "webauthn.create"},
    "another challenge (§7.2 step 11)": {"challenge": "A" * 43},
    "our page in another site's frame (§7.2 step 13)": {"crossOrigin": True},
    "our page below another site's (§7.2 step 14)": {"topOrigin": "https://elsewhere.example"},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_answer_to_another_question_is_refused(provider: Provider, enrolled: Authenticator, attack: str) -> None:
    browser = Browser(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
    assert show(browser, page, enrolled, **ATTACKS[attack]).status_code == 422
    assert browser.cookie("idp-sso") is None


def test_an_answer_nested_without_end_is_refused(provider: Provider) -> None:
    browser = Browser(provider)
    form = browser.passkey_form(browser.follow(browser.get(RelyingParty(provider).authorize_url())))
    said = b'{"type":"webauthn.get","challenge":"YWFh","origin":"%s","a":%s%s}' % (
        NAMED.encode(),
        b"[" * 4000,
        b"]" * 4000,
    )
    credential = {"rawId": "YWFh", "response": {"clientDataJSON": base64url.encode(said)}}
    assert browser.post(form.action, {**form.fields, "credential": json.dumps(credential)}).status_code == 422


def test_an_answer_says_whose_it_is_where_nobody_is_named_first(provider: Provider, enrolled: Authenticator) -> None:
    """§7.2 step 6; as a second factor it need not, since the person is known (§6.1.1)."""
    party = RelyingParty(provider)
    for named, status in ((False, 422), (True, 303)):
        browser = Browser(provider)
        page = browser.follow(browser.get(party.authorize_url(acr_values=LEVEL_3)))
        if named:
            page = browser.submit(page, username="wang", password="correct horse battery")
        form = browser.passkey_form(page)
        answer = json.loads(enrolled.get(options(browser, page)))
        del answer["response"]["userHandle"]
        sent = browser.post(form.action, {**form.fields, "credential": json.dumps(answer)})
        assert sent.status_code == status


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_new_passkey_is_made_on_our_page_and_has_no_endless_name(opened: Opened, engine: str) -> None:
    """§7.1 steps 10, 11 and 25: at most 1,023 bytes, which an index of the database takes, too."""
    with opened(engine, issuer=NAMED) as provider:
        account = Account(provider, "wang")
        form = account.browser.passkey_form(account.open("/account/security/passkeys/new"))

        def made(size: int, **changes: Any) -> int:
            device = Authenticator(NAMED, credential_id=SystemEntropy().bytes(size))
            answer = device.create(options(account.browser, account.open("/account/security/passkeys/new")), **changes)
            sent = {**form.fields, "credential": answer, "name": "x"}
            return int(account.browser.post(form.action, sent).status_code)

        assert made(32, crossOrigin=True) == 422
        assert made(32, topOrigin="https://elsewhere.example") == 422
        assert [made(size) for size in (3500, 1024, 1023)] == [422, 422, 303]
        assert len(provider.events("AuthenticatorAdded")) == 1


def test_a_passkey_removed_while_it_is_shown_was_not_copied(provider: Provider, enrolled: Authenticator) -> None:
    """It signs nobody in, and its owner is told of nothing that did not happen."""
    browser, original = Browser(provider), Ceremonies.shown
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))

    def overtaken(*args: Any) -> Shown:
        shown = original(*args)
        provider.database.write(lambda connection: stored_passkeys.remove_all(connection, provider.person("wang").id))
        return shown

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ceremonies, "shown", overtaken)
        assert show(browser, page, enrolled).status_code == 422
    assert provider.events("PasskeyRefused") == []
    provider.deliver()
    assert not any("may have been copied" in words for words in provider.mailbox.words())


def test_a_challenge_is_answered_once_by_the_browser_that_was_challenged_in_time(
    provider: Provider, enrolled: Authenticator
) -> None:
    party, browser, other = RelyingParty(provider), Browser(provider), Browser(provider)
    page = browser.follow(browser.get(party.authorize_url()))
    elsewhere = other.follow(other.get(party.authorize_url()))
    answer = enrolled.get(options(browser, page))

    def send(who: Browser, where: Any, credential: str) -> int:
        form = who.passkey_form(where)
        return who.post(form.action, {**form.fields, "credential": credential}).status_code

    assert send(other, elsewhere, answer) == 422
    assert send(browser, page, answer) == 303
    assert send(browser, page, answer) == 422
    late = enrolled.get(options(other, elsewhere))
    provider.clock.advance(301)
    assert send(other, elsewhere, late) == 422


def test_without_user_verification_a_passkey_is_one_factor_and_not_taken(
    provider: Provider, enrolled: Authenticator
) -> None:
    browser = Browser(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
    enrolled.verified = False
    assert show(browser, page, enrolled).status_code == 422


def test_a_counter_that_falls_back_is_refused_recorded_and_told(provider: Provider, enrolled: Authenticator) -> None:
    browser = Browser(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
    show(browser, page, enrolled)
    enrolled.sign_count -= 1
    again = Browser(provider)
    page = again.follow(again.get(RelyingParty(provider).authorize_url()))
    assert show(again, page, enrolled).status_code == 422
    assert len(provider.events("PasskeyRefused")) == 1
    provider.deliver()
    assert any("may have been copied" in words for words in provider.mailbox.words())


def test_7_2_a_passkey_that_can_be_copied_all_of_a_sudden_is_refused(
    provider: Provider, enrolled: Authenticator
) -> None:
    """Step 19: backup eligibility is for good; a copy is worth less than what was enrolled."""
    enrolled.bound = False
    enrolled.sign_count += 1
    browser = Browser(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
    assert show(browser, page, enrolled).status_code == 422
    enrolled.bound = True
    assert "decision" in form_of(show(browser, page, enrolled)).names


def test_7_1_a_passkey_is_enrolled_once(provider: Provider, enrolled: Authenticator) -> None:
    """Step 26: neither by somebody else nor again by its owner."""
    new, wang, li = "/account/security/passkeys/new", Account(provider, "wang"), Account(provider, "li")
    for account, page in ((wang, sign_in_with(wang.browser, enrolled, new)), (li, li.open(new))):
        form = account.browser.passkey_form(page)
        asked = account.browser.post(form.options, {"csrf_token": form.fields["csrf_token"]}).json
        sent = {**form.fields, "credential": enrolled.create(asked), "name": "x"}
        assert account.browser.post(form.action, sent).status_code == 422
    assert len(provider.events("AuthenticatorAdded")) == 1


def test_a_challenge_is_answered_for_whom_and_for_what_it_was_made(provider: Provider, enrolled: Authenticator) -> None:
    passkeys, wang, li = provider.own_authenticators().passkeys, provider.person("wang"), provider.person("li")

    def shown(challenged: str | None, answering: str | None) -> str:
        answer = enrolled.get(passkeys.request_options("browser", challenged))
        return passkeys.shown(answer, "browser", answering).person

    assert shown(None, None) == shown(wang.id, wang.id) == wang.id
    for challenged, answering in ((None, wang.id), (wang.id, None), (li.id, wang.id)):
        with pytest.raises(PasskeyRefused):
            shown(challenged, answering)
    made, asked = passkeys.creation_options(li, "browser"), passkeys.request_options("browser", li.id)
    device = Authenticator(NAMED)
    with pytest.raises(PasskeyRefused):
        passkeys.registered(device.create({**made, "challenge": asked["challenge"]}), "browser", li.id)
    assert passkeys.registered(device.create(made), "browser", li.id).bound


def test_a_copied_passkey_without_counter_keeps_working(provider: Provider) -> None:
    device = Account(provider, "wang").add_passkey(Authenticator(NAMED, bound=False))
    for _ in range(2):
        browser = Browser(provider)
        page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
        assert "decision" in form_of(show(browser, page, device)).names


JUNK = ["", "{}", "[]", "null", '{"response": {}}', '{"response": {"clientDataJSON": "e30"}}', "x" * 20_000]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_no_passkey(provider: Provider, junk: str) -> None:
    browser = Browser(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
    form = browser.passkey_form(page)
    assert browser.post(form.action, {**form.fields, "credential": junk}).status_code == 422


PARTS = ("authenticatorData", "signature", "userHandle", "clientDataJSON")


@pytest.mark.parametrize("value", ["AAAA", None, 7, [], "!!"])
@pytest.mark.parametrize("part", PARTS)
def test_an_answer_with_any_part_changed_is_refused(
    provider: Provider, enrolled: Authenticator, part: str, value: object
) -> None:
    browser = Browser(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
    form = browser.passkey_form(page)
    answer = json.loads(enrolled.get(options(browser, page)))
    answer["response"][part] = value
    assert browser.post(form.action, {**form.fields, "credential": json.dumps(answer)}).status_code == 422


VERSION_2 = certificate("device").der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01", 1)
STATEMENTS: list[dict[str, Any]] = [
    {"fmt": "android-safetynet", "attStmt": {"ver": "1", "response": "no bytes"}},
    {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": [VERSION_2]}},
    {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": 1}},
    {"fmt": "tpm", "attStmt": []},
    {"fmt": None},
    {"key": [1]},
    {"key": {1: 2, 3: -7, -1: 1, -2: None, -3: 5}},
]
"""What an authenticator may say of itself, though nobody asked; and keys that are none."""


@pytest.mark.parametrize("said", STATEMENTS)
def test_a_new_passkey_that_cannot_be_read_is_refused(provider: Provider, said: dict[str, Any]) -> None:
    account = Account(provider, "wang")
    form = account.browser.passkey_form(account.open("/account/security/passkeys/new"))
    asked = account.browser.post(form.options, {"csrf_token": form.fields["csrf_token"]}).json
    answer = json.loads(Authenticator(NAMED).create(asked))
    made = cbor2.loads(base64url.decode(answer["response"]["attestationObject"]))
    if "key" in said:
        made["authData"] = made["authData"][: 55 + 32] + cbor2.dumps(said["key"])
    sent = made | {name: value for name, value in said.items() if name != "key"}
    answer["response"]["attestationObject"] = base64url.encode(cbor2.dumps(sent))
    refused = account.browser.post(form.action, {**form.fields, "credential": json.dumps(answer), "name": "x"})
    assert refused.status_code == 422


@pytest.fixture
def strict(opened: Opened) -> Iterator[Provider]:
    """As a real installation is: staff need a passkey."""
    with opened(issuer=NAMED, staff_passkey="required") as running:
        yield running


def test_staff_without_a_passkey_are_led_to_set_one_up_and_then_use_it(strict: Provider) -> None:
    party, browser = RelyingParty(strict), Browser(strict)
    silent = party.authorize_url(prompt="none")
    page = browser.follow(browser.get(party.authorize_url()))
    page = browser.submit(page, username="officer", password="correct horse battery")
    assert "Set up a passkey first" in page.text or "请先设置通行密钥" in page.text
    assert browser.parameters_of(browser.get(silent))["error"] == "interaction_required"

    own = Browser(strict)
    page_of_ours = own.submit(own.follow(own.get("/admin")), username="officer", password="correct horse battery")
    assert "请先设置通行密钥" in page_of_ours.text  # nor is a code enough for the provider's own pages

    device = Account(strict, "officer", browser).add_passkey(Authenticator(NAMED), start=browser.link(page))
    page = browser.page
    assert page is not None
    browser.submit(show(browser, page, device), decision="allow")
    assert "code" in browser.sent_back()


def test_staff_who_have_a_passkey_cannot_do_without_it(strict: Provider) -> None:
    """A phished password and code are worth nothing."""
    device = Account(strict, "officer").add_passkey(Authenticator(NAMED))
    browser = Browser(strict)
    page = browser.follow(browser.get(RelyingParty(strict).authorize_url()))
    page = browser.submit(page, username="officer", password="correct horse battery")
    assert "otp" not in form_of(page).names
    assert "decision" in form_of(show(browser, page, device)).names


def test_citizens_need_none(strict: Provider) -> None:
    assert "code" in Browser(strict).walk(RelyingParty(strict).authorize_url(), username="li")


def removal(account: Account, name: str) -> Any:
    """The page that asks whether to remove a passkey."""
    listed = account.open("/account/security").text
    found = re.search(rf'href="(/account/security/passkeys/pky_\w+/remove)"[^>]*>[^<]*<span[^>]*> {name}<', listed)
    assert found, listed
    return account.browser.get(found[1])


def sign_in_with(browser: Browser, device: Authenticator, path: str) -> Any:
    return show(browser, browser.follow(browser.get(path)), device)


def test_staff_keep_their_last_passkey_and_may_remove_another(strict: Provider) -> None:
    officer = Account(strict, "officer")
    one = officer.add_passkey(Authenticator(NAMED), "Phone")
    sign_in_with(officer.browser, one, "/account/security/passkeys/new")
    refused = officer.browser.submit(removal(officer, "Phone"))
    assert refused.status_code == 422
    two = officer.add_passkey(Authenticator(NAMED), "Laptop")
    assert officer.browser.submit(removal(officer, "Phone")).status_code == 200
    assert "Laptop" in officer.open("/account/security").text
    assert "decision" in form_of(sign_in_with(Browser(strict), two, RelyingParty(strict).authorize_url())).names
    gone = Browser(strict)
    assert sign_in_with(gone, one, RelyingParty(strict).authorize_url()).status_code == 422
    [removed] = strict.events("AuthenticatorRemoved")
    told = {name: removed["facts"][name] for name in ("authenticator", "actor", "command")}
    assert told == {"authenticator": "passkey", "actor": removed["facts"]["person"], "command": "own-account"}


def test_two_removals_at_once_leave_one(either_provider: Provider) -> None:
    """Each sees the other's passkey as the one that stays; the account's lock makes them take turns."""
    officer = Account(either_provider, "officer")
    first = officer.add_passkey(Authenticator(NAMED), "Phone")
    sign_in_with(officer.browser, first, "/account/security/passkeys/new")
    officer.add_passkey(Authenticator(NAMED), "Laptop")
    person = either_provider.person("officer")
    desk = either_provider.own_authenticators(staff_need_passkeys=True)
    with either_provider.database.read() as connection:
        [session] = sessions.live_of_person(connection, person.id, either_provider.clock.now())
    outcomes: list[str] = []

    def remove(passkey_id: str) -> None:
        try:
            desk.remove_passkey(Owner(person, session.id), passkey_id)
            outcomes.append("removed")
        except LastStrongFactor:
            outcomes.append("kept")

    racers = [threading.Thread(target=remove, args=(each.id,)) for each in desk.passkeys.of_person(person.id)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(outcomes) == ["kept", "removed"]


def test_a_challenge_answered_by_many_at_once_is_answered_once(either_provider: Provider) -> None:
    account = Account(either_provider, "wang")
    device = account.add_passkey(Authenticator(NAMED, bound=False))
    passkeys = either_provider.own_authenticators().passkeys
    answer = device.get(passkeys.request_options("browser", None))
    won: list[bool] = []

    def present() -> None:
        try:
            passkeys.shown(answer, "browser", None)
            won.append(True)
        except PasskeyRefused:
            won.append(False)

    racers = [threading.Thread(target=present) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(won) == [False] * 7 + [True]
