"""The way back into an account cannot take it over silently: delay, notices, links that work once (T8)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection

from idp.authentication.passwords import Passwords
from idp.authentication.sign_in import SignIn
from idp.authentication.told import PASSWORD_CHANGED
from idp.composition.proofing import recovery_clerk
from idp.interaction.cookies import DEVICE
from idp.model.contact import Contact, ContactKind
from idp.notices import Channels
from idp.opening import derived
from idp.proofing.recovery_clerk import RecoveryClerk
from idp.store import proofings
from idp.store.askings import RECOVERIES
from idp.store.tables import recovery_asking
from kernel.entropy import SystemEntropy
from kernel.envelope import seal
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from tests.doubles.account import Account
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, PASSWORD, Provider
from tests.doubles.statements import statements

NEW = "violet tram over granite"
MAIL = Contact(ContactKind.EMAIL, "wang@example.org")
HOURS = 3600
DELAY = 48 * HOURS


def ask(provider: Provider, username: str = "wang", address: str = "203.0.113.7") -> Any:
    browser = Browser(provider, address=address)
    return browser.submit(browser.get("/recover"), username=username)


def told(provider: Provider) -> list[str]:
    provider.deliver()
    return provider.mailbox.words()


def link(provider: Provider, kind: str) -> str:
    found = re.findall(rf"{ISSUER}(/recover/{kind}/\S+)", "\n".join(told(provider)))
    assert found
    return str(found[-1])


def set_password(provider: Provider, path: str, new: str = NEW) -> Any:
    browser = Browser(provider)
    page = browser.get(path)
    return page if page.status_code != 200 else browser.submit(page, new=new, again=new)


def test_T8_a_delay_and_notices_stand_before_a_new_password(either_provider: Provider) -> None:
    """CVE-2026-37982: a link from a message was good again, for somebody who had read it, too. It is good once."""
    provider = either_provider
    elsewhere = Account(provider, "wang")
    elsewhere.open("/account")
    provider.clock.advance(60)
    with provider.database.read() as connection:
        number = provider.person("wang").id
    assert ask(provider).status_code == 200
    [notice] = [words for words in told(provider) if "asked to recover" in words]
    assert "/recover/stop/" in notice
    assert not any("/recover/link/" in words for words in told(provider))
    provider.clock.advance(DELAY - 1)
    assert not any("/recover/link/" in words for words in told(provider))
    provider.clock.advance(1)
    path = link(provider, "link")
    assert set_password(provider, path).status_code == 200
    assert elsewhere.browser.get("/account").status_code == 303  # every session ended
    after = provider.person("wang")
    assert after.id == number
    assert after.assurance == 2
    assert "otp" in {factor.value for factor in after.authenticators}  # no factor was removed
    assert any("set by recovery" in words for words in told(provider))
    assert set_password(provider, path, "another tram over granite").status_code == 404  # once
    assert Account(provider, "wang", password=NEW).open("/account").status_code == 200
    with provider.database.read() as connection:
        levels = [proof.level for proof in proofings.of_person(connection, number)]
    assert max(levels) == 2
    secret = path.rsplit("/", 1)[1]
    assert secret not in repr(provider.events())
    assert [entry["facts"]["level"] for entry in provider.events("AccountRecovered")] == [2]


def test_devices_of_before_are_strangers_and_the_one_in_front_is_known(either_provider: Provider) -> None:
    """Who had the old password and a device of their own is told of like anybody else, should they get the new one."""
    provider = either_provider
    before = Account(provider, "wang")
    before.open("/account")
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    here, thief = Browser(provider), Browser(provider)
    for each in (here, thief):  # somebody put a name of theirs into a shared browser
        each.client.set_cookie(DEVICE, "p" * 43, domain=urlsplit(ISSUER).hostname or "")
    assert here.submit(here.get(link(provider, "link")), new=NEW, again=NEW).status_code == 200
    count = new_devices(provider)
    Account(provider, "wang", here, NEW).open("/account")
    assert new_devices(provider) == count
    for number, stranger in enumerate((before.browser, thief), 1):
        Account(provider, "wang", stranger, NEW).open("/account")
        assert new_devices(provider) == count + number


def test_a_sign_in_with_the_old_password_that_is_under_way_begins_no_session(either_provider: Provider) -> None:
    """Recovery ends the sessions there are; one that begins a moment later would be of whoever it was to shut out."""
    provider = either_provider
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    path, thief, verify = link(provider, "link"), Browser(provider), Passwords.verify
    page = thief.follow(thief.get("/account"))

    def recovered_meanwhile(passwords: Passwords, password: str, encoded: str | None) -> bool:
        matched = verify(passwords, password, encoded)
        if password == PASSWORD and not provider.events("AccountRecovered"):
            assert set_password(provider, path).status_code == 200
        return matched

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Passwords, "verify", recovered_meanwhile)
        answer = thief.submit(page, username="wang", password=PASSWORD)
    assert answer.status_code == 422
    assert thief.cookie("idp-sso") is None
    assert provider.events("SignedIn") == []


def new_devices(provider: Provider) -> int:
    return sum("new device" in words for words in told(provider))


def test_every_confirmed_channel_is_told(provider: Provider) -> None:
    mailbox_added(provider)
    ask(provider)
    told(provider)
    begun = [message.to.kind for message in provider.mailbox.messages if "asked to recover" in message.text.en]
    assert set(begun) == {ContactKind.PHONE, ContactKind.EMAIL}


@pytest.mark.parametrize("how", ["link", "sign-in"])
def test_the_owner_stops_it(either_provider: Provider, how: str) -> None:
    provider = either_provider
    ask(provider)
    if how == "link":
        path, browser = link(provider, "stop"), Browser(provider)
        page = browser.get(path)
        assert page.status_code == 200
        assert browser.get(path).status_code == 200  # opening it alone stops nothing
        assert browser.submit(page).status_code == 200
        assert browser.get(path).status_code == 404
    else:
        told(provider)
        Account(provider, "wang").open("/account")
    [begun], [stopped] = provider.events("RecoveryTakenUp"), provider.events("RecoveryStopped")
    assert stopped["facts"]["recovery"] == begun["facts"]["recovery"]
    assert stopped["facts"]["person"] == provider.person("wang").id
    by = {"command": "recovery"} if how == "link" else {"command": "sign-in", "actor": provider.person("wang").id}
    assert by.items() <= stopped["facts"].items()
    assert any("was stopped" in words for words in told(provider))
    provider.clock.advance(DELAY + 1)
    assert not any("/recover/link/" in words for words in told(provider))
    assert Account(provider, "wang", password=PASSWORD).open("/account").status_code == 200


def test_a_sign_in_records_only_what_it_stops_itself(either_provider: Provider) -> None:
    """The link was opened while the sign-in was under way: one recovery, one entry that it was stopped."""
    provider, original = either_provider, SignIn._stopped
    ask(provider)
    path, browser = link(provider, "stop"), Browser(provider)
    page = browser.get(path)

    def overtaken(*args: Any) -> Any:
        if not provider.events("RecoveryStopped"):
            assert browser.submit(page).status_code == 200
        return original(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SignIn, "_stopped", overtaken)
        assert Account(provider, "wang").open("/account").status_code == 200
    [stopped] = provider.events("RecoveryStopped")
    assert stopped["facts"]["command"] == "recovery"
    assert len(provider.events("SignedIn")) == 1


def mailbox_added(provider: Provider) -> str:
    """The id of a confirmed mailbox of wang's, besides the telephone."""
    person, channels = provider.person("wang").id, provider.notices.channels
    return provider.database.write(lambda connection: channels.add(connection, person, MAIL, confirmed=True))


def test_whoever_is_signed_in_stops_it_by_shutting_somebody_out(either_provider: Provider) -> None:
    """The link would go to the mailbox that was removed, and let in whoever knew the password that was changed."""
    provider = either_provider
    old, owner = mailbox_added(provider), Account(provider, "wang")
    owner.open("/account/security/password")  # signed in before anybody asks
    changes: list[tuple[str, dict[str, str]]] = [
        (f"channels/{old}/remove", {}),
        ("password", {"password": PASSWORD, "new": NEW, "again": NEW}),
        ("app/remove", {}),
    ]
    for number, (path, sent) in enumerate(changes):
        ask(provider, address=f"203.0.113.{number}")
        told(provider)
        at = f"/account/security/{path}"
        assert owner.browser.submit(owner.browser.get(at), **sent).status_code == 200
        entries, begun = provider.events(), provider.events("RecoveryTakenUp")[-1]
        assert entries[-1]["event"] == "RecoveryStopped"  # in the change's own transaction
        assert entries[-1]["facts"]["recovery"] == begun["facts"]["recovery"]
        assert entries[-1]["facts"]["command"] == "own-account"
        assert sum("was stopped" in words for words in told(provider)) == number + 1
    assert len(provider.events("RecoveryStopped")) == len(changes)
    provider.clock.advance(DELAY)
    assert not any("/recover/link/" in words for words in told(provider))


def test_a_link_goes_to_no_channel_that_was_removed_and_other_notices_do(provider: Provider) -> None:
    """However it was removed; whoever did that may not be the owner, who is told of everything else there."""
    old, person = mailbox_added(provider), provider.person("wang").id
    ask(provider)
    told(provider)
    provider.database.write(lambda connection: provider.notices.send(connection, person, PASSWORD_CHANGED))
    provider.database.write(lambda connection: provider.notices.channels.remove(connection, person, old))
    told(provider)
    provider.clock.advance(DELAY)
    told(provider)

    def reached(words: str) -> set[ContactKind]:
        return {message.to.kind for message in provider.mailbox.messages if words in message.text.en}

    assert reached("/recover/link/") == {ContactKind.PHONE}
    assert reached("password was changed") == {ContactKind.PHONE, ContactKind.EMAIL}


def test_a_link_that_is_out_already_is_stopped_too(provider: Provider) -> None:
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    path = link(provider, "link")
    Account(provider, "wang").open("/account")
    assert set_password(provider, path).status_code == 404


def test_a_link_lapses(provider: Provider) -> None:
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    path = link(provider, "link")
    provider.clock.advance(24 * HOURS)
    assert set_password(provider, path).status_code == 404


def test_asking_tells_nobody_who_has_an_account(provider: Provider) -> None:
    """The same status, the same page; staff, unknown names and accounts nobody can be told about are like any other."""
    pages = [ask(provider, name) for name in ("wang", "li", "no-such-person", "officer", "", "x" * 500)]
    assert {page.status_code for page in pages} == {200}
    assert len({re.sub(r'value="[^"]*"|nonce-[^"]*', "", page.text) for page in pages}) == 1
    assert len(provider.events("RecoveryAsked")) == len(pages)
    told(provider)
    assert len([words for words in provider.mailbox.words() if "asked to recover" in words]) == 1
    assert "no-such-person" not in repr(provider.events())


def test_asking_is_throttled_and_floods_nobody(provider: Provider) -> None:
    statuses = [ask(provider).status_code for _ in range(6)]
    assert statuses[-1] == 429
    assert len([words for words in told(provider) if "asked to recover" in words]) == 1  # one is under way


@pytest.mark.parametrize("new", ["short", "wang wang wang wang", ""])
def test_the_new_password_keeps_the_rules_and_the_link_stays(provider: Provider, new: str) -> None:
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    path = link(provider, "link")
    assert set_password(provider, path, new).status_code == 422
    assert set_password(provider, path).status_code == 200


def test_beside_another_factor_the_page_asks_for_no_more_than_the_rules_do(provider: Provider) -> None:
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    path = link(provider, "link")
    assert "至少 8 个字符" in Browser(provider).get(path).text
    assert set_password(provider, path, "tramgran").status_code == 200


@pytest.mark.parametrize("kind", ["stop", "link"])
@pytest.mark.parametrize("secret", ["x", "x" * 5000, "' OR 1=1"])
def test_guessed_links_lead_nowhere(provider: Provider, kind: str, secret: str) -> None:
    assert Browser(provider).get(f"/recover/{kind}/{secret}").status_code in (400, 404)


def test_asking_does_the_same_work_whatever_the_name(either_provider: Provider) -> None:
    """No enumeration by timing: the same statements, with values of the same length; looking comes afterwards."""
    provider = either_provider
    three = provider.person("li").id
    for each in range(3):
        contact, channels = Contact(ContactKind.EMAIL, f"li{each}@example.org"), provider.notices.channels

        def add(connection: Connection, contact: Contact = contact, channels: Channels = channels) -> None:
            channels.add(connection, three, contact, confirmed=True)

        provider.database.write(add)
    ask(provider, "warm-up", "203.0.113.250")
    names = ("wang", "li", "nobody-of-that-name", "officer", "n", "名" * 90, "x" * 500)
    done = []
    for number, name in enumerate(names):
        with statements() as seen:
            assert ask(provider, name, f"203.0.113.{number}").status_code == 200
        done.append(seen)
    assert [written for written, _ in done[0]].count(INSERT) == 1
    assert all(each == done[0] for each in done)
    with provider.database.read() as connection:
        assert len(RECOVERIES.waiting(connection, provider.clock.now(), 100)) == len(names) + 1
    leaves = [leaf for leaf in provider.ledger.entries(0, provider.ledger.size()) if b"RecoveryAsked" in leaf]
    assert len({len(leaf) for leaf in leaves}) == 1
    size = provider.ledger.size()
    begun = [words for words in told(provider) if "asked to recover" in words]
    assert len(begun) == 1 + 3
    assert provider.ledger.size() - size == len(names) + 1  # the log's size is public: one entry more for each
    with provider.database.read() as connection:
        assert RECOVERIES.waiting(connection, provider.clock.now(), 100) == []
    outcomes = sorted(entry["facts"]["outcome"] for entry in provider.events("RecoveryTakenUp"))
    assert outcomes == ["begun"] * 2 + ["nobody"] * 6


INSERT = "INSERT INTO recovery_asking"


def test_two_clerks_begin_one_recovery(either_provider: Provider) -> None:
    """Taken by one conditional statement: whoever is slower writes nothing."""
    provider = either_provider
    ask(provider)
    with provider.database.read() as connection:
        [asking] = RECOVERIES.waiting(connection, provider.clock.now(), 10)
    clerk = recovery_clerk(
        provider.settings, provider.database, provider.keys, provider.ledger, provider.clock, SystemEntropy()
    )
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: clerk._take(asking), range(2)))
    assert len(provider.events("RecoveryTakenUp")) == 1


def test_an_asking_that_cannot_be_looked_at_holds_up_nobody_elses(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(provider, "li")
    provider.clock.advance(1)
    ask(provider)
    whom, seen = RecoveryClerk._whom, iter([True])

    def first_fails(clerk: RecoveryClerk, asking: Any) -> Any:
        if next(seen, False):
            raise RuntimeError("not foreseen")
        return whom(clerk, asking)

    monkeypatch.setattr(RecoveryClerk, "_whom", first_fails)
    assert len([words for words in told(provider) if "asked to recover" in words]) == 1
    with provider.database.read() as connection:
        assert RECOVERIES.waiting(connection, provider.clock.now(), 10) == []
    assert [entry["facts"]["outcome"] for entry in provider.events("RecoveryTakenUp")] == ["given-up", "begun"]


def test_an_asking_of_an_older_version_is_read(provider: Provider) -> None:
    """The name alone, filled up to 512 bytes, as it was written before its length stood in front of it."""
    ask(provider, "li")
    key = derived(provider.keys, "recovery asking")

    def written_before(connection: Connection) -> None:
        [asking] = RECOVERIES.waiting(connection, provider.clock.now(), 1)
        sealed = seal(key, b"wang".ljust(512, b"\0"), f"idp.recovery_asking\0{asking.id}".encode())
        connection.execute(recovery_asking.update().values(sealed=sealed))

    provider.database.write(written_before)
    assert len([words for words in told(provider) if "asked to recover" in words]) == 1


def test_an_asking_waits_for_the_ledger(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(provider)

    def fail(*_args: Any, **_kwargs: Any) -> Any:
        raise LedgerUnavailable("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append", fail)
        assert ask(provider, "li").status_code == 503
        with pytest.raises(LedgerUnavailable):
            told(provider)
    assert len([words for words in told(provider) if "asked to recover" in words]) == 1
