"""A session that only expires: departments are told as of a sign-out (OpenID Connect Back-Channel Logout 1.0 §2.5),
once, whichever node looks first, and after a time in which no node ran."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from idp.authentication import crowding, expiry
from idp.logout.delivery import DELAYS
from idp.store import sessions, sweeping
from idp.store.tables import person
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from kernel.outbound import OutboundFailed
from tests.doubles.account import Account
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import Provider
from tests.doubles.relying_party import RelyingParty, claims_of
from tests.unit.idp.test_backchannel_logout import OUT, URBAN_OUT, departments

IDLE, AGE = timedelta(minutes=30), timedelta(hours=12)
WITHOUT_REFRESH = {"grant_types": ["authorization_code"]}


def short(provider: Provider, browser: Browser) -> dict[str, Any]:
    """A department that holds no refresh token, and what it got."""
    return RelyingParty(provider, backchannel_logout_uri=OUT, **WITHOUT_REFRESH).tokens(browser)


def told(provider: Provider) -> list[str]:
    provider.delivery().round()
    return sorted(url for url, _ in provider.departments.told)


def test_an_idle_session_is_ended_and_its_departments_are_told(either_provider: Provider) -> None:
    provider = either_provider
    tokens = short(provider, Browser(provider))
    provider.clock.advance((IDLE - timedelta(seconds=5)).total_seconds())
    provider.sweeper().sweep()
    assert told(provider) == []
    provider.clock.advance(5)
    provider.sweeper().sweep()
    assert told(provider) == [OUT]
    claims = claims_of(provider.departments.tokens(OUT)[0])
    known = claims_of(tokens["id_token"])
    assert (claims["sub"], claims["sid"]) == (known["sub"], known["sid"])
    [entry] = provider.events("SessionExpired")
    assert entry["facts"] == {
        "person": provider.person("wang").id,
        "actor": "provider",
        "command": "session-limit-idle",
    }
    assert entry["subject"]


def test_a_session_past_its_age_is_ended_and_every_department_is_told(provider: Provider, browser: Browser) -> None:
    market, _, tokens = departments(provider, browser)
    refresh = tokens["refresh_token"]
    for _ in range(int(AGE / timedelta(hours=1))):
        refresh = market.refresh(refresh).json["refresh_token"]
        provider.sweeper().sweep()
        assert provider.events("SessionExpired") == []
        provider.clock.advance(3600)
    provider.sweeper().sweep()
    assert told(provider) == [OUT, URBAN_OUT]
    assert [each["facts"]["command"] for each in provider.events("SessionExpired")] == ["session-limit-age"]


def test_a_session_in_which_a_department_still_refreshes_is_not_idle(provider: Provider, browser: Browser) -> None:
    """The person works there; it is over when the refresh token is, unused for `refresh_idle_minutes`."""
    market, _, tokens = departments(provider, browser)
    provider.clock.advance(2 * 3600)
    provider.sweeper().sweep()
    again = market.refresh(tokens["refresh_token"])
    assert again.status_code == 200
    assert told(provider) == []
    provider.clock.advance(4 * 3600 + 1)
    provider.sweeper().sweep()
    assert told(provider) == [OUT, URBAN_OUT]
    assert market.refresh(again.json["refresh_token"]).json["error"] == "invalid_grant"


def test_a_session_used_again_is_not_idle(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider, backchannel_logout_uri=OUT, **WITHOUT_REFRESH)
    for _ in range(3):
        party.tokens(browser)
        provider.clock.advance((IDLE - timedelta(minutes=1)).total_seconds())
        provider.sweeper().sweep()
    assert provider.events("SessionExpired") == []
    assert told(provider) == []


def test_several_nodes_end_it_once_and_tell_once(either_provider: Provider) -> None:
    provider = either_provider
    for _ in range(3):
        short(provider, Browser(provider))
    provider.clock.advance(IDLE.total_seconds())
    nodes = [provider.sweeper() for _ in range(4)]
    threads = [threading.Thread(target=node.sweep) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told(provider) == [OUT] * 3
    assert len(provider.events("SessionExpired")) == 3


def test_what_expired_while_no_node_ran_is_told_afterwards(either_provider: Provider) -> None:
    """Days later everything of the session is long past its own time; still nothing is swept before it is ended."""
    provider = either_provider
    departments(provider, Browser(provider))
    provider.clock.advance(timedelta(days=9).total_seconds())
    provider.sweeper().sweep()
    assert told(provider) == [OUT, URBAN_OUT]
    provider.sweeper().sweep()
    assert told(provider) == [OUT, URBAN_OUT]


def test_a_ledger_that_is_away_holds_up_no_sweeping(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No session ends without its entry; what needs none goes all the same."""
    party = RelyingParty(provider, backchannel_logout_uri=OUT, **WITHOUT_REFRESH)
    party.tokens(browser)
    party.push()
    provider.clock.advance(timedelta(hours=2).total_seconds())

    def fail(*_: object, **__: object) -> None:
        raise LedgerUnavailable("away")

    with monkeypatch.context() as away:
        away.setattr(Ledger, "append", fail)
        with pytest.raises(LedgerUnavailable):
            provider.sweeper().sweep()
    with provider.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pushed_request").scalar_one() == 0
    assert told(provider) == []
    provider.sweeper().sweep()
    assert told(provider) == [OUT]


def spoiled(provider: Provider, username: str) -> None:
    """Someone's session at a department, and a seal of theirs that no longer opens."""
    party = RelyingParty(provider, backchannel_logout_uri=URBAN_OUT, **WITHOUT_REFRESH)
    assert party.redeem(Browser(provider).walk(party.authorize_url(), username)["code"]).status_code == 200
    theirs = update(person).where(person.c.username == username).values(subject_sealed=bytes(64))
    provider.database.write(lambda connection: connection.execute(theirs))


@pytest.mark.parametrize("at_once", [1, 200])
def test_one_that_cannot_be_opened_keeps_no_other_session_from_its_end(
    either_provider: Provider, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """However few are looked up together; the one is logged without its person, and tried again each round."""
    provider = either_provider
    monkeypatch.setattr(expiry, "AT_ONCE", at_once)
    spoiled(provider, "li")
    short(provider, Browser(provider))
    short(provider, Browser(provider))
    RelyingParty(provider).push()
    provider.clock.advance(timedelta(hours=2).total_seconds())
    for _ in range(2):
        with capture_logs() as logs:
            provider.sweeper().sweep()
        failure = {"event": "sessions_not_ended", "count": 1, "reasons": ["CannotOpen"], "log_level": "error"}
        assert [{name: each[name] for name in failure} for each in logs] == [failure]
        assert provider.person("li").id not in str(logs)
    assert told(provider) == [OUT, OUT]
    assert len(provider.events("SessionExpired")) == 2
    with provider.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pushed_request").scalar_one() == 0


def test_with_very_many_that_cannot_be_ended_a_round_stops(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the fault is not theirs (another key ring, say), and no round goes through the whole table for nothing."""
    monkeypatch.setattr(expiry, "AT_ONCE", 1)
    monkeypatch.setattr(expiry, "MOST_LEFT", 2)
    for _ in range(4):
        short(provider, Browser(provider))
    provider.clock.advance(timedelta(hours=2).total_seconds())
    with monkeypatch.context() as wrong, capture_logs() as logs:
        wrong.setattr(sessions, "expire", lambda *_: 1 / 0)
        assert provider.sweeper().sweep() > 0
    assert [(each["count"], each["reasons"]) for each in logs] == [(2, ["ZeroDivisionError"])]
    provider.sweeper().sweep()
    assert told(provider) == [OUT] * 4


def test_a_backlog_does_not_hold_up_the_stop(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed in the middle: no further session is ended, and nothing more is swept."""
    for _ in range(3):
        short(provider, Browser(provider))
    provider.clock.advance(timedelta(hours=2).total_seconds())
    sweeper, append = provider.sweeper(), Ledger.append

    def closed_meanwhile(self: Ledger, *given: Any, **more: Any) -> Any:
        sweeper.close()
        return append(self, *given, **more)

    monkeypatch.setattr(Ledger, "append", closed_meanwhile)
    assert sweeper.sweep() == 0
    assert len(provider.events("SessionExpired")) == 1


def test_nothing_is_swept_away_before_its_session_was_ended(provider: Provider, browser: Browser) -> None:
    """Whatever the order in which nodes look: whom to tell is read from what was allowed in the session."""
    departments(provider, browser)
    provider.clock.advance(timedelta(days=9).total_seconds())
    now = provider.clock.now()
    while sweeping.sweep(provider.database.write, now):
        pass
    provider.sweeper().sweep()
    assert told(provider) == [OUT, URBAN_OUT]


def test_a_department_that_is_away_is_tried_again(provider: Provider, browser: Browser) -> None:
    short(provider, browser)
    provider.departments.answers[OUT] = OutboundFailed("away")
    provider.clock.advance(IDLE.total_seconds())
    provider.sweeper().sweep()
    provider.delivery().round()
    provider.departments.answers.clear()
    provider.clock.advance(DELAYS[0].total_seconds())
    assert told(provider) == [OUT, OUT]
    assert len(provider.events("LogoutDelivered")) == 1


def test_a_session_that_was_ended_does_not_expire_as_well(provider: Provider, browser: Browser) -> None:
    tokens = short(provider, browser)
    browser.get(f"/logout?id_token_hint={tokens['id_token']}")
    provider.clock.advance(AGE.total_seconds())
    provider.sweeper().sweep()
    assert provider.events("SessionExpired") == []
    assert told(provider) == [OUT]


@pytest.mark.parametrize("late", [False, True])
def test_a_session_used_between_the_look_and_the_end_goes_on(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """The end is one conditional statement: what was read before does not count."""
    short(provider, browser)
    provider.clock.advance(IDLE.total_seconds())
    read = expiry.SessionExpiry._due

    def used_meanwhile(self: expiry.SessionExpiry, now: Any, left: Any) -> Any:
        found = read(self, now, left)
        if late:
            for each in found:
                provider.database.write(lambda connection, each=each: sessions.touch(connection, each.id, now))
        return found

    monkeypatch.setattr(expiry.SessionExpiry, "_due", used_meanwhile)
    provider.sweeper().sweep()
    assert len(provider.events("SessionExpired")) == (0 if late else 1)


def test_a_person_who_signs_in_once_more_than_they_may_is_signed_out_where_it_was_unused_longest(
    either_provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody begins more sessions than end at once. The department there is told, and it is an entry."""
    monkeypatch.setattr(crowding, "MOST", 3)
    provider, look = either_provider, sessions.unused_longest
    li = Account(provider, "li")
    li.open("/account")
    people: list[Browser] = []

    def sign_in() -> None:
        provider.clock.advance(61)  # a use is noted every minute
        people.append(Browser(provider))
        if len(people) == 2:
            short(provider, people[-1])
        else:
            Account(provider, "wang", people[-1]).open("/account")

    def signed_in() -> list[int]:
        return [number for number, each in enumerate(people) if each.get("/account").status_code == 200]

    for _ in range(3):
        sign_in()
    provider.clock.advance(61)
    assert people[0].get("/account").status_code == 200
    sign_in()
    assert told(provider) == [OUT]
    assert signed_in() == [0, 2, 3]
    [entry] = provider.events("SessionExpired")
    wang = provider.person("wang").id
    assert entry["facts"] == {"person": wang, "actor": "provider", "command": "session-limit-number"}
    assert entry["subject"] == provider.events("SignedIn")[-1]["subject"]
    assert li.browser.get("/account").status_code == 200

    monkeypatch.setattr(crowding, "MOST", 2)
    sign_in()
    assert len(provider.events("SessionExpired")) == 3  # all that are too many

    looked: list[tuple[str, ...]] = []

    def ended_meanwhile(*args: Any, **kwargs: Any) -> tuple[str, ...]:
        looked.append(look(*args, **kwargs))
        for each in looked[-1]:
            provider.database.write(lambda connection, each=each: sessions.end(connection, each, provider.clock.now()))
        return looked[-1]

    monkeypatch.setattr(sessions, "unused_longest", ended_meanwhile)
    sign_in()
    assert [len(each) for each in looked] == [1, 0]
    monkeypatch.setattr(sessions, "unused_longest", lambda *_, **__: looked[0])
    sign_in()  # however often it moves
    assert len(people) - 1 in signed_in()
    assert len(provider.events("SessionExpired")) == 3
