"""A session that only expires: departments are told as of a sign-out (OpenID Connect Back-Channel Logout 1.0 §2.5),
once, whichever node looks first, and after a time in which no node ran."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from idp.logout.delivery import DELAYS
from idp.store import sweeping
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from kernel.outbound import OutboundFailed
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
    from idp.authentication.expiry import SessionExpiry
    from idp.store import sessions

    short(provider, browser)
    provider.clock.advance(IDLE.total_seconds())
    read = SessionExpiry._due

    def used_meanwhile(self: SessionExpiry, now: Any) -> Any:
        found = read(self, now)
        if late:
            for each in found:
                provider.database.write(lambda connection, each=each: sessions.touch(connection, each.id, now))
        return found

    monkeypatch.setattr(SessionExpiry, "_due", used_meanwhile)
    provider.sweeper().sweep()
    assert len(provider.events("SessionExpired")) == (0 if late else 1)
