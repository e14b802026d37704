"""People look after their own account: a strong and recent sign-in first, an entry and a notice for every change."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from sqlalchemy import Connection

from idp.authentication.own_account import Owner, leaves_too_little
from idp.authentication.sent_codes import SentCodes
from idp.interaction.cookies import DEVICE
from idp.model.assurance import PHISHING_RESISTANT, Factor
from idp.model.contact import Contact, ContactKind
from idp.model.person import Account as Holder
from idp.model.person import PersonKind
from idp.notices.channels import MOST_CHANNELS
from kernel.entropy import SystemEntropy
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from tests.doubles.account import Account, accounts_of
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import ISSUER, PASSWORD, PHONE, TOTP_SECRET, Provider
from tests.doubles.relying_party import RelyingParty, claims_of

HOST = urlsplit(ISSUER).hostname or ""
SECURITY = "/account/security"
CHANGES = [
    f"{SECURITY}/password",
    f"{SECURITY}/passkeys/new",
    f"{SECURITY}/app",
    f"{SECURITY}/recovery-codes",
    f"{SECURITY}/channels/new",
]
GOOD = "violet tram over granite"


@pytest.fixture
def wang(provider: Provider) -> Account:
    return Account(provider, "wang")


def told(provider: Provider) -> list[str]:
    provider.deliver()
    return provider.mailbox.words()


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_needs_a_recent_sign_in_as_strong_as_the_account_has(provider: Provider, path: str) -> None:
    """SP 800-63B-4 §4.1.2: whoever finds an open browser, or has the password alone, changes nothing."""
    browser = Browser(provider)
    page = browser.submit(browser.follow(browser.get(path)), username="wang", password=PASSWORD)
    assert "otp" in form_of(page).names
    assert browser.get("/account").status_code == 200  # looking needs no more than a sign-in
    token = form_of(page).fields["csrf_token"]
    page = browser.submit(page, otp=browser.code())
    assert browser.get(path).status_code == 200
    provider.clock.advance(15 * 60 + 1)
    for answer in (browser.get(path), browser.post(path, {"csrf_token": token})):
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?for=security")


@pytest.mark.parametrize("path", ["/account", SECURITY, "/account/sessions", *CHANGES])
def test_nobody_signed_in_sees_nothing(provider: Provider, path: str) -> None:
    assert Browser(provider).get(path).headers["Location"].startswith("/sign-in?")


# Password -------------------------------------------------------------------------------------------------------------


def change_password(account: Account, new: str, present: str = PASSWORD, **more: str) -> Any:
    page = account.open(f"{SECURITY}/password")
    return account.browser.submit(page, password=present, new=new, again=more.pop("again", new), **more)


def test_another_password_works_and_the_old_one_no_longer(provider: Provider, wang: Account) -> None:
    elsewhere = Account(provider, "wang")
    elsewhere.open("/account")
    assert "其他所有设备" in wang.open(f"{SECURITY}/password").text
    assert change_password(wang, GOOD).status_code == 200
    assert elsewhere.browser.get("/account").status_code == 303  # signed out there
    assert wang.browser.get("/account").status_code == 200
    assert "code" in Browser(provider).walk(RelyingParty(provider).authorize_url(), password=GOOD)
    refused = Browser(provider)
    page = refused.follow(refused.get(RelyingParty(provider).authorize_url()))
    assert refused.submit(page, username="wang", password=PASSWORD).status_code == 422
    [entry] = provider.events("PasswordChanged")
    assert "subject" in entry
    assert any("password was changed" in words for words in told(provider))


@pytest.mark.parametrize(
    ("new", "more"),
    [
        (GOOD, {"present": "not my password"}),
        (GOOD, {"again": GOOD + "!"}),
        ("short", {}),
        ("wang-王小明-123456", {}),
        ("x" * 257, {}),
    ],
)
def test_a_password_is_not_changed(provider: Provider, wang: Account, new: str, more: dict[str, str]) -> None:
    assert change_password(wang, new, **more).status_code == 422
    assert provider.events("PasswordChanged") == []


def test_guesses_at_the_present_password_are_counted_whatever_device_is_claimed(
    provider: Provider, wang: Account
) -> None:
    """Who finds a browser signed in does not find out the password there."""
    page = wang.open("/account/security/password")
    answers = []
    for number in range(6):
        wang.browser.client.set_cookie(DEVICE, f"{number:043}", domain=HOST)
        answers.append(wang.browser.submit(page, password=f"guess {number}", new="x" * 20, again="x" * 20).status_code)
    assert answers[:2] == [422, 422]
    assert answers[-1] == 429


def test_alone_a_password_is_longer(provider: Provider) -> None:
    assert change_password(Account(provider, "li"), "granite tram").status_code == 422
    assert change_password(Account(provider, "wang"), "granite tram").status_code == 200


# Authenticator app, recovery codes ------------------------------------------------------------------------------------


def secret_of(page: Any) -> str:
    found = re.search(r'tongban-secret">([A-Z2-7 ]+)<', page.text)
    assert found
    return found[1].replace(" ", "")


def test_a_button_pressed_many_times_at_once_sets_up_one_app_and_sends_one_code(either_provider: Provider) -> None:
    """Each takes the place of the one before, whichever node is asked."""
    provider = either_provider
    desk, owner = provider.own_authenticators(), Owner(provider.person("wang"), "")
    codes = SentCodes(provider.database, provider.notices, provider.clock, SystemEntropy(), b"k" * 32)
    with provider.database.read() as connection:
        [phone] = provider.notices.channels.of(connection, owner.person.id)

    def press(_: int) -> None:
        desk.begin_app(owner)
        provider.database.write(lambda connection: codes.send_to(connection, owner.person.id, phone))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(64)))
    assert desk.app_being_set_up(owner)


def test_an_app_counts_once_its_first_code_has_come(provider: Provider) -> None:
    li = Account(provider, "li")
    page = li.open(f"{SECURITY}/app")
    secret = secret_of(page)
    picture = li.browser.get(f"{SECURITY}/app/picture.svg")
    assert picture.content_type == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    wrong = li.browser.submit(page, otp="000000")
    assert wrong.status_code == 422
    assert secret_of(wrong) == secret
    code = pyotp.TOTP(secret).at(provider.clock.now())
    assert li.browser.submit(wrong, otp=code).status_code == 200
    assert [entry["facts"]["authenticator"] for entry in provider.events("AuthenticatorAdded")] == ["otp"]

    party, browser = RelyingParty(provider), Browser(provider)
    page = browser.follow(browser.get(party.authorize_url(acr_values="urn:tongban:loa:2", prompt="login")))
    page = browser.submit(page, username="li", password=PASSWORD)
    assert "decision" in form_of(page).names
    again = browser.follow(browser.get(f"{SECURITY}/password"))
    assert "otp" in form_of(again).names
    assert browser.submit(again, otp=code).status_code == 422  # the first code was spent by the confirmation


def recovery_codes(account: Account) -> list[str]:
    page = account.browser.submit(account.open(f"{SECURITY}/recovery-codes"))
    assert "hreflang" not in page.text  # whoever changed the language would lose the codes
    return re.findall(r'tongban-secret">([0-9A-Z-]{19})<', page.text)


def asked_for_recovery_code(party: RelyingParty) -> tuple[Browser, Any]:
    """A browser in which the password was shown, and the page that asks for a code of the list."""
    browser = Browser(party.provider)
    url = party.authorize_url(acr_values="urn:tongban:loa:3")
    page = browser.submit(browser.follow(browser.get(url)), username="wang", password=PASSWORD)
    return browser, browser.get(re.search(r'href="([^"]*with=recovery)"', page.text)[1].replace("&amp;", "&"))


def test_a_recovery_code_stands_in_once_and_its_owner_is_told(either_provider: Provider) -> None:
    wang = Account(either_provider, "wang")
    codes = recovery_codes(wang)
    assert len(set(codes)) == 10
    assert codes[0] not in wang.browser.get(f"{SECURITY}/recovery-codes").text
    party = RelyingParty(either_provider)

    def second_step(code: str) -> tuple[Browser, Any]:
        browser, page = asked_for_recovery_code(party)
        return browser, browser.submit(page, otp=code)

    browser, page = second_step(codes[0].lower().replace("-", " "))
    browser.submit(page, decision="allow")
    claims = claims_of(party.redeem(browser.sent_back()["code"]).json["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:tongban:loa:3", ["pwd", "otp", "mfa"])
    assert second_step(codes[0])[1].status_code == 422
    assert any("9 are left" in words for words in told(either_provider))
    wang.browser.submit(wang.open(f"{SECURITY}/recovery-codes"))
    either_provider.clock.advance(60)
    assert second_step(codes[1])[1].status_code == 422  # renewed as a set


def test_a_recovery_code_is_spent_with_the_entry_that_names_it_or_not_at_all(either_provider: Provider) -> None:
    """Its `amr` value is that of any one-time password (RFC 8176 §2); the ledger says which it was."""
    provider = either_provider
    code, party = recovery_codes(Account(provider, "wang"))[0], RelyingParty(provider)
    browser, page = asked_for_recovery_code(party)
    count = len(provider.events("SignedIn"))

    def full(*_: Any, **__: Any) -> Any:
        raise LedgerUnavailable("full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "append", full)
        assert browser.submit(page, otp=code).status_code == 503
    assert len(provider.events("SignedIn")) == count
    assert not any("are left" in words for words in told(provider))
    browser, page = asked_for_recovery_code(party)
    assert "decision" in form_of(browser.submit(page, otp=code)).names
    facts = provider.events("SignedIn")[-1]["facts"]
    assert (facts["factor"], facts["methods"]) == ("recovery", ["pwd", "recovery", "mfa"])
    assert any("9 are left" in words for words in told(provider))


def test_a_recovery_code_raced_by_many_is_good_for_one(either_provider: Provider) -> None:
    codes = either_provider.recovery_codes.fresh()
    person = either_provider.person("wang")
    either_provider.database.write(
        lambda connection: either_provider.recovery_codes.renew(connection, person.id, codes)
    )
    won: list[bool] = []

    desk, database = either_provider.recovery_codes, either_provider.database

    def spend() -> None:
        won.append(database.write(lambda connection: desk.spend(connection, person.id, codes[0])))

    racers = [threading.Thread(target=spend) for _ in range(8)]
    for each in racers:
        each.start()
    for each in racers:
        each.join()
    assert sorted(won) == [False] * 7 + [True]


# Channels -------------------------------------------------------------------------------------------------------------


def sent_code(provider: Provider) -> str:
    provider.deliver()
    found = [re.search(r"code is (\d{6})", words) for words in provider.mailbox.words()]
    return [each[1] for each in found if each][-1]


def test_a_channel_counts_once_a_code_has_come_back_from_it(provider: Provider, wang: Account) -> None:
    page = wang.browser.submit(wang.open(f"{SECURITY}/channels/new"), contact="wang@example.org")
    assert "w***@example.org" in page.text
    assert "wang@example.org" not in page.text
    code = sent_code(provider)
    assert any("was added" in words for words in provider.mailbox.words())  # on the channel there was before
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = wang.browser.submit(page, otp=wrong)
    assert refused.status_code == 422
    assert wang.browser.submit(refused, otp=code).status_code == 200
    assert len(provider.events("ContactConfirmed")) == 1
    assert wang.browser.submit(refused, otp=code).status_code in (404, 422)


def test_five_wrong_codes_end_a_code(provider: Provider, wang: Account) -> None:
    page = wang.browser.submit(wang.open(f"{SECURITY}/channels/new"), contact="138 1111 2222")
    code = sent_code(provider)
    for _ in range(5):
        page = wang.browser.submit(page, otp=f"{(int(code) + 1) % 1_000_000:06}")
    assert wang.browser.submit(page, otp=code).status_code == 422


def test_a_code_lasts_five_minutes(provider: Provider, wang: Account) -> None:
    page = wang.browser.submit(wang.open(f"{SECURITY}/channels/new"), contact="138 1111 2222")
    code = sent_code(provider)
    provider.clock.advance(301)
    assert wang.browser.submit(page, otp=code).status_code == 422


def test_a_phone_signs_in_where_its_owner_switched_that_on(provider: Provider, wang: Account) -> None:
    use_phone(wang)
    party, browser = RelyingParty(provider), Browser(provider)
    url = party.authorize_url(acr_values="urn:tongban:loa:3")
    page = browser.submit(browser.follow(browser.get(url)), username="wang", password=PASSWORD)
    page = browser.get(re.search(r'href="([^"]*with=phone)"', page.text)[1])
    assert PHONE.masked in page.text
    page = browser.submit(page)
    browser.submit(browser.submit(page, otp=sent_code(provider)), decision="allow")
    claims = claims_of(party.redeem(browser.sent_back()["code"]).json["id_token"])
    assert claims["amr"] == ["pwd", "sms", "mfa"]


def code_asked_for(party: RelyingParty, browser: Browser) -> Any:
    """The answer to having a code sent to wang's telephone, after the password was right."""
    page = browser.get(party.authorize_url(acr_values="urn:tongban:loa:3", prompt="login"))
    page = browser.submit(browser.follow(page), username="wang", password=PASSWORD)
    return browser.submit(browser.get(re.search(r'href="([^"]*with=phone)"', page.text)[1]))


@pytest.mark.parametrize("known", [True, False])
def test_codes_that_come_back_are_not_counted_against_their_owner(
    provider: Provider, wang: Account, known: bool
) -> None:
    """One good sign-in a day, on one device or always on another: sending is still as free as on the first day."""
    use_phone(wang)
    party, browser = RelyingParty(provider), Browser(provider)
    for day in range(40):
        provider.clock.advance(24 * 3600)
        browser = browser if known else Browser(provider, address=f"203.0.113.{day}")
        page = code_asked_for(party, browser)
        assert page.status_code == 200, day
        assert browser.submit(page, otp=sent_code(provider)).status_code == 200, day
    provider.clock.advance(600)
    assert code_asked_for(party, browser if known else Browser(provider)).status_code == 200


def test_who_only_has_codes_sent_waits(provider: Provider, wang: Account) -> None:
    """Somebody with the password floods nobody's telephone, also after its owner signed in on a device of theirs."""
    use_phone(wang)
    party, own, thief = RelyingParty(provider), Browser(provider), Browser(provider, address="203.0.113.9")
    assert own.submit(code_asked_for(party, own), otp=sent_code(provider)).status_code == 200
    assert [code_asked_for(party, thief).status_code for _ in range(5)] == [200] * 4 + [429]
    provider.clock.advance(24 * 3600)
    assert own.submit(code_asked_for(party, own), otp=sent_code(provider)).status_code == 200
    assert [code_asked_for(party, thief).status_code for _ in range(2)] == [200, 429]  # the wait grew on


def test_a_channel_that_is_confirmed_ends_the_count_of_codes(provider: Provider, wang: Account) -> None:
    for number in range(6):
        page = wang.browser.submit(wang.open(f"{SECURITY}/channels/new"), contact=f"138 1111 222{number}")
        assert page.status_code == 200, number
        link = page.request.path
        wang.browser.submit(page, otp=sent_code(provider))
        wang.browser.submit(wang.browser.get(f"{link}/remove"))
    for number in range(5):
        page = wang.browser.submit(wang.open(f"{SECURITY}/channels/new"), contact=f"138 1111 333{number}")
    assert page.status_code == 429  # nothing came back


def use_phone(account: Account) -> None:
    manage = re.search(r'href="(/account/security/channels/chn_[^"]*)"', account.open(SECURITY).text)[1]
    account.browser.submit(account.open(manage), codes="on")


def test_what_changes_nothing_is_not_told(provider: Provider, wang: Account) -> None:
    """Codes to a telephone switched off that were off, or on that were on."""
    manage = re.search(r'href="(/account/security/channels/chn_[^"]*)"', wang.open(SECURITY).text)[1]
    token = form_of(wang.open(manage)).fields["csrf_token"]
    for codes in ("off", "on", "on"):
        answer = wang.browser.post(f"{manage}/codes", {"csrf_token": token, "codes": codes})
        assert answer.headers["Location"] == manage
    assert provider.events("AuthenticatorRemoved") == []
    assert len(provider.events("AuthenticatorAdded")) == 1


def test_channels_added_at_once_are_no_more_than_there_may_be(either_provider: Provider) -> None:
    provider, account = either_provider, Account(either_provider, "wang")
    person = provider.person("wang").id
    token = form_of(account.open(f"{SECURITY}/channels/new")).fields["csrf_token"]

    def keep(connection: Connection) -> None:
        for number in range(MOST_CHANNELS - 2):
            provider.notices.channels.add(connection, person, Contact(ContactKind.EMAIL, f"a{number}@example.org"))

    def add(number: int) -> int:
        sent = {"csrf_token": token, "contact": f"b{number}@example.org"}
        return int(account.browser.post(f"{SECURITY}/channels/new", sent).status_code)

    provider.database.write(keep)
    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(add, range(3))) == [303, 422, 422]
    with provider.database.read() as connection:
        assert len(provider.notices.channels.of(connection, person)) == MOST_CHANNELS


def test_one_persons_things_are_nobody_elses(provider: Provider, wang: Account) -> None:
    manage = re.search(r'href="(/account/security/channels/chn_[^"]*)"', wang.open(SECURITY).text)[1]
    session = re.search(r"ses_\w+", wang.browser.get("/account/sessions").text)
    li = Account(provider, "li")
    li.open(f"{SECURITY}/password")
    assert li.browser.get(manage).status_code == 404
    assert li.browser.get(f"{manage}/remove").status_code == 404
    assert session is None or li.browser.get(f"/account/sessions/{session[0]}/end").status_code == 404


def test_removing_a_channel_is_told_there_as_well(provider: Provider, wang: Account) -> None:
    manage = re.search(r'href="(/account/security/channels/chn_[^"]*)"', wang.open(SECURITY).text)[1]
    wang.browser.submit(wang.open(f"{manage}/remove"))
    provider.deliver()
    assert [message.to for message in provider.mailbox.messages if "to reach you was removed" in message.text.en] == [
        PHONE
    ]


# Sessions -------------------------------------------------------------------------------------------------------------


def test_sign_out_there_ends_that_session_and_its_tokens(either_provider: Provider) -> None:
    party = RelyingParty(either_provider)
    elsewhere = Browser(either_provider)
    tokens = party.tokens(elsewhere)
    here = Account(either_provider, "wang")
    page = here.open("/account/sessions")
    assert "203.0.*.*" in page.text
    assert "203.0.113.7" not in page.text
    [other] = set(re.findall(r'href="(/account/sessions/[^"]*/end)"', page.text)) - {"/account/sessions/others/end"}
    here.browser.submit(here.open(other))
    either_provider.settle()
    assert party.introspect(tokens["access_token"]) == {"active": False}
    assert party.refresh(tokens["refresh_token"]).status_code == 400
    assert here.browser.get("/account").status_code == 200
    assert len(either_provider.events("SignedOut")) == 1


def test_sign_out_everywhere_else_leaves_this_browser(provider: Provider) -> None:
    others = [Account(provider, "wang") for _ in range(2)]
    for each in others:
        each.open("/account")
    here = Account(provider, "wang")
    here.browser.submit(here.open("/account/sessions/others/end"))
    assert [each.browser.get("/account").status_code for each in others] == [303, 303]
    assert here.browser.get("/account").status_code == 200


# Devices --------------------------------------------------------------------------------------------------------------


def test_a_new_device_is_told_once_on_every_channel(provider: Provider) -> None:
    account = Account(provider, "wang")
    account.open("/account")
    assert sum("new device" in words for words in told(provider)) == 1
    account.browser.client.delete_cookie("idp-sso", domain="127.0.0.1")
    account.open("/account")
    assert sum("new device" in words for words in told(provider)) == 1


def test_strangers_guesses_do_not_shut_out_the_owner_on_a_known_device(provider: Provider) -> None:
    """SP 800-63B-4 §3.2.2; OWASP device cookies."""
    owner = Account(provider, "wang")
    owner.open("/account")
    owner.browser.client.delete_cookie("idp-sso", domain="127.0.0.1")
    url = RelyingParty(provider).authorize_url()
    for number in range(6):
        stranger = Browser(provider, address=f"198.51.{number}.9")
        page = stranger.follow(stranger.get(url))
        last = stranger.submit(page, username="wang", password="guess")
    assert last.status_code == 429
    fresh = Browser(provider, address="192.0.2.77")
    page = fresh.follow(fresh.get(url))
    assert fresh.submit(page, username="wang", password=PASSWORD).status_code == 429
    page = owner.browser.follow(owner.browser.get(url))
    assert owner.browser.submit(page, username="wang", password=PASSWORD).status_code == 200
    page = fresh.follow(fresh.get(url))
    assert fresh.submit(page, username="wang", password=PASSWORD).status_code == 429  # the owner's visit frees nobody


def test_signing_out_everywhere_else_makes_those_devices_strangers(provider: Provider) -> None:
    """Whoever had the password and a device of their own is told of, and slowed, like anybody else."""
    intruder, owner = Account(provider, "wang"), Account(provider, "wang")
    intruder.open("/account")
    owner.browser.submit(owner.open("/account/sessions/others/end"))
    before = sum("new device" in words for words in told(provider))
    intruder.open("/account")
    assert sum("new device" in words for words in told(provider)) == before + 1
    owner.browser.client.delete_cookie("idp-sso", domain="127.0.0.1")
    owner.open("/account")
    assert sum("new device" in words for words in told(provider)) == before + 1


def at(provider: Provider, username: str, browser: Browser) -> int:
    """Sign in in a browser; how many new devices this account's notices have spoken of since."""
    browser.client.delete_cookie("idp-sso", domain=HOST)
    Account(provider, username, browser).open("/account")
    return sum("new device" in words for words in told(provider))


def test_a_device_is_known_by_no_name_that_somebody_put_there(provider: Provider) -> None:
    """In a shared browser, be it made up or that of an account of theirs: they would have it elsewhere, too."""
    shared, elsewhere = Browser(provider), Browser(provider, address="198.51.100.7")
    shared.client.set_cookie(DEVICE, planted := "p" * 43, domain=HOST)
    assert at(provider, "wang", shared) == 1
    at(provider, "li", shared)
    names = str(shared.cookie(DEVICE)).split(".")
    for known in (planted, names[0]):  # li's own is the last
        elsewhere.client.set_cookie(DEVICE, known, domain=HOST)
        before = len(told(provider))
        at(provider, "wang", elsewhere)
        assert any("new device" in words for words in told(provider)[before:]), known
    before = len(told(provider))
    for username in ("wang", "li", "wang"):  # each is known in the browser they share
        at(provider, username, shared)
    assert not any("new device" in words for words in told(provider)[before:])
    assert planted in str(shared.cookie(DEVICE)).split(".")


def test_who_has_the_password_does_not_keep_the_owner_from_their_channels(provider: Provider, wang: Account) -> None:
    """Codes are counted apart on a device on which two factors were shown, wherever they are sent from."""
    use_phone(wang)
    party, thief = RelyingParty(provider), Browser(provider, address="198.51.100.9")
    assert [code_asked_for(party, thief).status_code for _ in range(5)] == [200] * 4 + [429]
    page = wang.browser.submit(wang.open(f"{SECURITY}/channels/new"), contact="wang@example.org")
    assert page.status_code == 200
    assert wang.browser.submit(page, otp=sent_code(provider)).status_code == 200
    provider.clock.advance(1)
    assert code_asked_for(party, thief).status_code == 429  # the owner's visit frees nobody


def test_a_device_of_one_person_is_unknown_to_another(provider: Provider) -> None:
    """A cookie of one's own account buys no free guesses at another's."""
    attacker = Account(provider, "li")
    attacker.open("/account")
    url = RelyingParty(provider).authorize_url(prompt="login")
    statuses = []
    for _ in range(5):
        page = attacker.browser.follow(attacker.browser.get(url))
        statuses.append(attacker.browser.submit(page, username="wang", password="guess").status_code)
    assert statuses[-1] == 429
    other = Browser(provider, address="192.0.2.9")
    page = other.follow(other.get(url))
    assert other.submit(page, username="wang", password=PASSWORD).status_code == 429


# The last strong factor -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PersonKind)
@pytest.mark.parametrize("required", [True, False])
def test_only_staff_who_need_one_keep_their_last_phishing_resistant_factor(kind: PersonKind, required: bool) -> None:
    has = frozenset({Factor.PASSWORD, Factor.PASSKEY})
    person = Holder("p", "p", "p", kind, 3, False, authenticators=has)
    assert leaves_too_little(person, frozenset({Factor.PASSWORD, Factor.CODE}), required=required) == (
        required and kind is PersonKind.STAFF
    )
    assert not leaves_too_little(person, has, required=required)
    assert not leaves_too_little(person, frozenset({Factor.BOUND_KEY}), required=required)
    assert has & PHISHING_RESISTANT


def test_accounts_at_the_window_may_have_an_app(provider: Provider) -> None:
    assert accounts_of(provider).at_window("chen").open(SECURITY).status_code == 200
    assert TOTP_SECRET
