"""A revocation at the very moment in which a token is made (T1, T5, T6, S2): it falls, or it is not made.

Two nodes on one database. One of the two transactions is held between its statements until the other has ended or waits
for a lock; then the token is looked for in the feed that the exchange goes by. On SQLite the one writer excludes it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import Client

from idp.administration import Administration
from idp.model.contact import Contact, ContactKind
from idp.model.person import NewPerson
from idp.opening import open_ledger
from idp.store import families, versions
from kernel.database import Database
from kernel.entropy import SystemEntropy
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.relying_party import RelyingParty, claims_of

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CIBA = "urn:openid:params:grant-type:ciba"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
GRANTS = ["authorization_code", "refresh_token", "client_credentials", DEVICE, CIBA, EXCHANGE]
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
Act = Callable[[], Any]


@contextmanager
def second_node(provider: Provider) -> Iterator[Provider]:
    """Another process on the same database: with connections, a ledger and a memory of its own on PostgreSQL."""
    if provider.database.dialect == "sqlite":
        yield replace(provider, app=provider.another_node())
        return
    database = Database.open(provider.settings.database_url)
    ledger = open_ledger(provider.settings, database, provider.keys, provider.clock, SystemEntropy(), serving=False)
    desk = Administration(
        database=database, keys=provider.keys, ledger=ledger, clock=provider.clock, entropy=SystemEntropy(),
        passwords=provider.passwords,
    )  # fmt: skip
    node = replace(provider, database=database, ledger=ledger, administration=desk)
    try:
        yield replace(node, app=node.another_node())
    finally:
        desk.close()


@pytest.fixture
def elsewhere(either_provider: Provider) -> Iterator[Provider]:
    with second_node(either_provider) as node:
        yield node


class Held:
    """The first transaction that comes to one of its statements is held before it, until it is let go."""

    def __init__(self, patch: pytest.MonkeyPatch, module: Any, statement: str) -> None:
        self._original, self._here, self._go = getattr(module, statement), threading.Event(), threading.Event()
        patch.setattr(module, statement, self._held)

    def _held(self, *arguments: Any) -> Any:
        if not self._here.is_set():
            self._here.set()
            assert self._go.wait(5)
        return self._original(*arguments)

    def reached(self) -> None:
        assert self._here.wait(5), "the statement was never come to"

    def let_go(self) -> None:
        self._go.set()


@dataclass
class Case:
    """A person of their own, signed in, with a client of their own that may have tokens in every way."""

    provider: Provider
    elsewhere: Provider
    username: str

    def __post_init__(self) -> None:
        contact = Contact(ContactKind.EMAIL, f"{self.username}@example.org")
        self.provider.administration.people.add(NewPerson(self.username, "陈晨", PASSWORD, contacts=(contact,)))
        self.party = RelyingParty(
            self.provider, grant_types=GRANTS, backchannel_token_delivery_mode="poll", scope="openid profile"
        )
        self.browser = Browser(self.provider)
        self.old = ""
        self.again: Act | None = None

    def sign_in(self) -> None:
        page = self.browser.follow(self.browser.get("/account"))
        page = self.browser.submit(page, username=self.username, password=PASSWORD)
        assert page.status_code == 200

    def tokens(self) -> dict[str, Any]:
        return self.party.tokens(self.browser)

    def token(self, **asked: str) -> Act:
        return lambda: self.party.form("/token", asked)

    def there(self, **asked: str) -> Act:
        other = self.party.on(self.elsewhere.app)
        return lambda: other.form("/token", asked)


# Kinds of minting -----------------------------------------------------------------------------------------------------


def of_code(case: Case) -> Act:
    code = case.party.code(case.browser)
    other = case.party.on(case.elsewhere.app)
    case.again = lambda: other.redeem(code)
    return lambda: case.party.redeem(code)


def of_refresh(case: Case) -> Act:
    case.old = case.tokens()["refresh_token"]
    newer = case.party.refresh(case.old).json["refresh_token"]
    case.provider.clock.advance(11)  # its grace is over
    case.again = case.there(grant_type="refresh_token", refresh_token=case.old)
    case.old = newer
    return case.token(grant_type="refresh_token", refresh_token=newer)


def of_exchange(case: Case) -> Act:
    case.old = case.tokens()["refresh_token"]
    access = case.party.refresh(case.old).json
    case.provider.clock.advance(11)
    case.again = case.there(grant_type="refresh_token", refresh_token=case.old)
    case.old = access["refresh_token"]
    return case.token(grant_type=EXCHANGE, subject_token=access["access_token"], subject_token_type=ACCESS_TOKEN)


def of_device(case: Case) -> Act:
    asked = case.party.form("/device_authorization", {"scope": "openid"}).json
    page = case.browser.submit(case.browser.get("/device"), user_code=asked["user_code"])
    case.browser.submit(page, decision="allow")
    wanted = {"grant_type": DEVICE, "device_code": asked["device_code"]}
    case.again = case.there(**wanted)
    return case.token(**wanted)


def of_ciba(case: Case) -> Act:
    asked = case.party.form("/bc-authorize", {"scope": "openid", "login_hint": case.username}).json
    case.provider.take_up()
    page = case.browser.follow(case.browser.get("/account/requests"))
    case.browser.submit(case.browser.submit(page), decision="allow")
    wanted = {"grant_type": CIBA, "auth_req_id": asked["auth_req_id"]}
    case.again = case.there(**wanted)
    return case.token(**wanted)


MINTINGS = (of_code, of_refresh, of_exchange, of_device, of_ciba)


# Kinds of revocation: each is made ready, and then happens on the other node ------------------------------------------


def by_the_client(case: Case) -> Act | None:
    """RFC 7009, where there is a refresh token before."""
    other = case.party.on(case.elsewhere.app)
    return (lambda: other.form("/revoke", {"token": case.old})) if case.old else None


def by_presenting_it_twice(case: Case) -> Act | None:
    return case.again


def on_a_page(case: Case, path: str, browser: Browser | None = None, **filled_in: str) -> Act:
    browser = browser or case.browser
    page = browser.get(path)
    assert page.status_code == 200, (path, page.status_code)
    browser.client.application = case.elsewhere.app
    return lambda: browser.submit(page, **filled_in)


def by_signing_out(case: Case) -> Act | None:
    return on_a_page(case, "/logout")


def by_signing_out_there(case: Case) -> Act | None:
    browser = Browser(case.provider)
    browser.submit(browser.follow(browser.get("/account")), username=case.username, password=PASSWORD)
    return on_a_page(case, "/account/sessions/others/end", browser)


def by_withdrawing_consent(case: Case) -> Act | None:
    return on_a_page(case, f"/account/consents/{case.party.id}/withdraw", decision="withdraw")


def by_disabling_the_person(case: Case) -> Act | None:
    return lambda: case.elsewhere.administration.people.disable(case.username)


def by_an_administrator_ending_sessions(case: Case) -> Act | None:
    people = case.elsewhere.administration.people
    act = people.ending_sessions(case.provider.person(case.username).id)
    return lambda: people.records.make(act.name, act.facts, act.change)


def by_disabling_the_client(case: Case) -> Act | None:
    return lambda: case.elsewhere.administration.clients.disable(case.party.id)


REVOCATIONS = (
    by_the_client,
    by_presenting_it_twice,
    by_signing_out,
    by_signing_out_there,
    by_withdrawing_consent,
    by_disabling_the_person,
    by_an_administrator_ending_sessions,
    by_disabling_the_client,
)


# ----------------------------------------------------------------------------------------------------------------------


def fallen(provider: Provider, token: str) -> bool:
    """As the exchange finds it: by its name, its session's or its client's in the feed."""
    feed = claims_of(Client(provider.app).get("/revocations").text)["revoked"]
    said = claims_of(token)
    return said["jti"] in feed["jti"] or said["sid"] in feed["sid"] or said["client_id"] in feed["clients"]


def ended_or_waiting(provider: Provider, done: Future[Any]) -> None:
    """Let it go as far as it comes: on SQLite it waits in a queue, where nothing can be seen of it."""
    until = time.monotonic() + 5
    with provider.database.read() as connection:
        while not done.done() and time.monotonic() < until:
            time.sleep(0.02)
            if provider.database.dialect == "sqlite":
                until = min(until, time.monotonic() + 0.1)
            elif connection.execute(WAITING).scalar_one():
                return


def meeting(provider: Provider, at: tuple[Any, str], first: Act, second: Act) -> tuple[Any, Any]:
    """What both are answered: ``first`` stands still before a statement while ``second`` goes as far as it can."""
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as threads:
        held = Held(patch, *at)
        one = threads.submit(first)
        held.reached()
        other = threads.submit(second)
        ended_or_waiting(provider, other)
        held.let_go()
        return one.result(10), other.result(10)


def done(outcome: Any) -> bool:
    """A revocation's answer, or that of something presented twice; an administrator's act answers nothing."""
    return getattr(outcome, "status_code", 200) in (200, 400)


def cases(provider: Provider, elsewhere: Provider, minting: Callable[[Case], Act]) -> Iterator[tuple[str, Act, Act]]:
    """What is revoked how while it is made: its name, the minting, the revocation."""
    for number, revocation in enumerate(REVOCATIONS):
        case = Case(provider, elsewhere, f"racer{number}")
        case.sign_in()
        mint = minting(case)
        revoke = revocation(case)
        provider.settle()
        if revoke is not None:
            yield revocation.__name__, mint, revoke


@pytest.mark.parametrize("minting", MINTINGS)
def test_a_token_that_is_being_made_falls_with_what_it_stems_from(
    either_provider: Provider, elsewhere: Provider, minting: Callable[[Case], Act]
) -> None:
    """The minting is held after its condition was found true, before the token has its name."""
    for name, mint, revoke in cases(either_provider, elsewhere, minting):
        answer, outcome = meeting(either_provider, (families, "record_tokens"), mint, revoke)
        assert answer.status_code == 200, (name, answer.text)
        assert done(outcome), (name, outcome.text)
        either_provider.settle()
        assert fallen(either_provider, answer.json["access_token"]), name


@pytest.mark.parametrize("minting", MINTINGS)
def test_no_token_is_made_of_what_is_being_revoked_that_does_not_fall_with_it(
    either_provider: Provider, elsewhere: Provider, minting: Callable[[Case], Act]
) -> None:
    """The revocation is held before it commits, after it looked what tokens there are."""
    for name, mint, revoke in cases(either_provider, elsewhere, minting):
        if name == by_presenting_it_twice.__name__ and minting not in (of_refresh, of_exchange):
            continue  # until it was used once, there is no second time
        outcome, answer = meeting(either_provider, (versions, "advance"), revoke, mint)
        assert done(outcome), (name, outcome.text)
        either_provider.settle()
        assert answer.status_code == 400 or fallen(either_provider, answer.json["access_token"]), name


def test_two_ways_of_revoking_do_not_stop_each_other(either_provider: Provider, elsewhere: Provider) -> None:
    """One revokes a family while another revokes a person's families one after the other: none is given up."""
    for number, revocation in enumerate((by_withdrawing_consent, by_disabling_the_person)):
        case = Case(either_provider, elsewhere, f"racer{number}")
        case.sign_in()
        case.tokens()
        case.old = case.tokens()["refresh_token"]
        withdraw, revoke = revocation(case), by_the_client(case)
        either_provider.settle()
        answers = meeting(either_provider, (versions, "advance"), revoke, withdraw)
        assert [getattr(each, "status_code", 200) for each in answers] == [200, 200], revocation.__name__


def test_a_token_revoked_a_moment_ago_is_exchanged_by_no_node(either_provider: Provider, elsewhere: Provider) -> None:
    """RFC 7009: a node that has not heard of it yet would give for it what nobody has revoked."""
    case = Case(either_provider, elsewhere, "racer")
    case.sign_in()
    token = case.tokens()["access_token"]
    exchange = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    assert case.there(**exchange)().status_code == 200  # this node has looked just now
    assert case.party.form("/revoke", {"token": token}).status_code == 200
    answer = case.there(**exchange)()
    assert (answer.status_code, answer.json.get("error")) == (400, "invalid_request")


def test_nobody_takes_over_a_token_of_a_client_disabled_a_moment_ago(
    either_provider: Provider, elsewhere: Provider
) -> None:
    """What the system behind it got would bear another client's name, and nobody disabled that one."""
    system = RelyingParty(either_provider, grant_types=GRANTS, backchannel_token_delivery_mode="poll")
    website = RelyingParty(either_provider, tongban_may_act=[system.id])
    token = website.tokens(Browser(either_provider))["access_token"]
    exchange = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    there = system.on(elsewhere.app)
    assert there.form("/token", exchange).status_code == 200
    either_provider.administration.clients.disable(website.id)
    answer = there.form("/token", exchange)
    assert (answer.status_code, answer.json.get("error")) == (400, "invalid_request")
