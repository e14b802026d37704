"""Telling departments that a session ended: in the transaction of the end, by one node, until they answer or for long
enough; and what the person is told meanwhile."""

from __future__ import annotations

import re
import threading
import time
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from idp.logout.delivery import DELAYS, LEASE
from idp.model.logout import NoticeState
from idp.store import logout_notices
from idp.store.tables import person
from kernel.outbound import OutboundFailed, OutboundRefused
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import URBAN, Provider
from tests.doubles.relying_party import LOGGED_OUT, RelyingParty, claims_of

OUT, URBAN_OUT = "https://market.example/out", "https://urban.example/out"


def departments(provider: Provider, browser: Browser) -> tuple[RelyingParty, RelyingParty, dict[str, Any]]:
    """Two departments the person is signed in at, and the first one's tokens."""
    market = RelyingParty(provider, backchannel_logout_uri=OUT)
    urban = RelyingParty(provider, backchannel_logout_uri=URBAN_OUT, tongban_organisation=URBAN, client_name="Urban")
    tokens = market.tokens(browser)
    urban.tokens(browser)
    return market, urban, tokens


def leave(browser: Browser, tokens: dict[str, Any], target: str = ""):
    more = f"&post_logout_redirect_uri={target}" if target else ""
    return browser.get(f"/logout?id_token_hint={tokens['id_token']}{more}")


def states(provider: Provider) -> list[NoticeState]:
    session = provider.events("SignedIn")[0]["facts"]["session"]
    return [each.state for each in provider.delivery().standing(session)]


def test_one_sign_out_reaches_every_department(either_provider: Provider) -> None:
    provider = either_provider
    browser = Browser(provider)
    _, _, tokens = departments(provider, browser)
    page = leave(browser, tokens)
    assert sorted(url for url, _ in provider.departments.told) == [OUT, URBAN_OUT]
    assert page.text.count("已退出</strong>") == 2
    assert "再查一次" not in page.text
    assert len(provider.events("LogoutDelivered")) == 2


def test_departments_cannot_join_a_person_by_their_logout_tokens(provider: Provider, browser: Browser) -> None:
    _, _, tokens = departments(provider, browser)
    leave(browser, tokens)
    one, other = (claims_of(provider.departments.tokens(url)[0]) for url in (OUT, URBAN_OUT))
    assert (one["sub"], one["sid"]) == tuple(claims_of(tokens["id_token"])[name] for name in ("sub", "sid"))
    assert {one["sub"], one["sid"], one["jti"]}.isdisjoint({other["sub"], other["sid"], other["jti"]})


def test_a_department_that_does_not_answer_is_named_and_the_person_can_look_again(
    provider: Provider, browser: Browser
) -> None:
    market, _, tokens = departments(provider, browser)
    provider.departments.answers[URBAN_OUT] = OutboundFailed("away")
    page = leave(browser, tokens, LOGGED_OUT)
    assert page.status_code == 200
    assert "尚未答复" in page.text
    assert LOGGED_OUT in page.text  # the way back stays open
    again = unescape(re.search(r'href="(/logout/status[^"]*)"', page.text)[1])
    provider.departments.answers.clear()
    provider.clock.advance(DELAYS[0].total_seconds())
    assert "尚未答复" in browser.get(again).text  # looking changes nothing
    provider.delivery().round()
    later = browser.get(again)
    assert "尚未答复" not in later.text
    assert later.text.count("已退出</strong>") == 2
    assert states(provider) == [NoticeState.DELIVERED] * 2
    assert market.http.get("/logout/status?of=invented.handle").status_code == 400


def test_what_was_told_is_recorded_where_the_persons_seal_no_longer_opens(either_provider: Provider) -> None:
    """Else the department would be told again after every lease, without end."""
    provider, browser = either_provider, Browser(either_provider)
    _, _, tokens = departments(provider, browser)
    provider.departments.answers[URBAN_OUT] = OutboundFailed("away")
    leave(browser, tokens)
    provider.departments.answers.clear()
    spoiled = update(person).where(person.c.username == "wang").values(subject_sealed=bytes(64))
    provider.database.write(lambda connection: connection.execute(spoiled))
    for _ in range(3):
        provider.clock.advance(DELAYS[0].total_seconds() + LEASE.total_seconds())
        with capture_logs() as logs:
            provider.delivery().round()
        assert provider.person("wang").id not in str(logs)
    assert [url for url, _ in provider.departments.told].count(URBAN_OUT) == 2  # away, then told
    assert len(provider.events("LogoutDelivered")) == 2
    assert states(provider) == [NoticeState.DELIVERED] * 2


def test_a_slow_department_holds_signing_out_up_for_two_seconds_at_most(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idp.logout.farewell.WAIT_SECONDS", 0.05)
    _, _, tokens = departments(provider, browser)
    provider.departments.before_answering = threading.Event()
    page = leave(browser, tokens, LOGGED_OUT)
    assert page.text.count("尚未答复</strong>") == 2
    provider.departments.before_answering.set()
    limit = time.monotonic() + 5
    while states(provider) != [NoticeState.DELIVERED] * 2:
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_when_everybody_confirmed_the_person_goes_straight_back(provider: Provider, browser: Browser) -> None:
    _, _, tokens = departments(provider, browser)
    assert leave(browser, tokens, LOGGED_OUT).headers["Location"] == LOGGED_OUT


def test_a_department_without_an_address_is_said_to_be_untold(provider: Provider, browser: Browser) -> None:
    tokens = RelyingParty(provider).tokens(browser)
    assert "无法通知" in leave(browser, tokens).text
    assert provider.departments.told == []


@pytest.mark.parametrize("end", ["disabled", "another person", "administrator"])
def test_every_end_of_a_session_tells_departments(provider: Provider, browser: Browser, end: str) -> None:
    market, *_ = departments(provider, browser)
    if end == "disabled":
        provider.administration.people.disable("wang")
    elif end == "another person":
        provider.clock.advance(1)
        browser.walk(market.authorize_url(prompt="login"), username="li")
    else:
        from idp.store import sessions

        session = provider.events("SignedIn")[0]["facts"]["session"]
        provider.database.write(lambda connection: sessions.end(connection, session, provider.clock.now()))
    assert provider.departments.told == []  # ending never waits
    assert provider.delivery().round() == 2
    assert sorted(url for url, _ in provider.departments.told) == [OUT, URBAN_OUT]


def test_no_end_without_its_notices(provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction: what cannot be noted does not end, and the person is told to try again."""
    market, _, tokens = departments(provider, browser)

    def broken(*_arguments: Any) -> None:
        raise RuntimeError("cannot be noted")

    with monkeypatch.context() as patch:
        patch.setattr(logout_notices, "queue", broken)
        assert leave(browser, tokens).status_code == 500
    assert market.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    ("answer", "state", "event"),
    [
        (200, NoticeState.DELIVERED, "LogoutDelivered"),
        (204, NoticeState.DELIVERED, "LogoutDelivered"),
        (400, NoticeState.REFUSED, "LogoutRefused"),
        (OutboundRefused("inward"), NoticeState.UNREACHABLE, "LogoutUnreachable"),
        (500, NoticeState.WAITING, None),
        (302, NoticeState.WAITING, None),
        (OutboundFailed("away"), NoticeState.WAITING, None),
    ],
)
def test_what_an_answer_means(
    provider: Provider, browser: Browser, answer: Any, state: NoticeState, event: str | None
) -> None:
    """OpenID Connect Back-Channel Logout 1.0 §2.8."""
    provider.departments.answers[OUT] = answer
    tokens = RelyingParty(provider, backchannel_logout_uri=OUT).tokens(browser)
    leave(browser, tokens)
    assert states(provider) == [state]
    named = [each["event"] for each in provider.events() if each["event"].startswith("Logout")]
    assert named == ([event] if event else [])


@pytest.mark.parametrize(("answer", "goes_on"), [(400, False), (OutboundFailed("away"), True)])
def test_nobody_is_promised_another_try_that_is_not_made(
    provider: Provider, browser: Browser, answer: Any, goes_on: bool
) -> None:
    provider.departments.answers[OUT] = answer
    page = leave(browser, RelyingParty(provider, backchannel_logout_uri=OUT).tokens(browser))
    assert ("再查一次" in page.text) is goes_on
    assert ("请在那里也退出" in page.text) is not goes_on


def test_retries_grow_apart_and_end(provider: Provider, browser: Browser) -> None:
    provider.departments.answers[OUT] = OutboundFailed("away")
    tokens = RelyingParty(provider, backchannel_logout_uri=OUT).tokens(browser)
    leave(browser, tokens)
    delivery = provider.delivery()
    for delay in DELAYS:
        provider.clock.advance(delay.total_seconds() - 1)
        assert delivery.round() == 0
        provider.clock.advance(1)
        assert delivery.round() == 1
    assert states(provider) == [NoticeState.UNREACHABLE]
    [event] = provider.events("LogoutUnreachable")
    assert event["facts"]["tries"] == len(DELAYS) + 1
    jtis = [claims_of(token)["jti"] for token in provider.departments.tokens(OUT)]
    assert len(set(jtis)) == len(jtis) == len(DELAYS) + 1


def test_two_nodes_tell_a_department_once(either_provider: Provider) -> None:
    provider = either_provider
    browser = Browser(provider)
    departments(provider, browser)
    provider.administration.people.disable("wang")
    nodes = [provider.delivery() for _ in range(4)]
    threads = [threading.Thread(target=node.round) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(url for url, _ in provider.departments.told) == [OUT, URBAN_OUT]
    assert len(provider.events("LogoutDelivered")) == 2


def test_what_a_dead_node_had_claimed_is_taken_up_by_another(provider: Provider, browser: Browser) -> None:
    departments(provider, browser)
    provider.administration.people.disable("wang")
    now = provider.clock.now()
    for seen in provider.database.write(lambda connection: logout_notices.due(connection, now, 9)):
        provider.database.write(lambda connection, seen=seen: logout_notices.claim(connection, seen, now + LEASE))
    assert provider.delivery().round() == 0
    provider.clock.advance(LEASE.total_seconds())
    assert provider.delivery().round() == 2


def test_a_result_that_comes_too_late_changes_nothing(provider: Provider, browser: Browser) -> None:
    """A node that was taken for dead reports after another has settled the notice: one outcome, one entry."""
    departments(provider, browser)
    provider.administration.people.disable("wang")
    with provider.database.read() as connection:
        seen = logout_notices.due(connection, provider.clock.now(), 1)[0]
    until = provider.clock.now() + LEASE
    assert provider.database.write(lambda connection: logout_notices.claim(connection, seen, until))
    provider.clock.advance(LEASE.total_seconds())
    assert provider.delivery().round() == 2
    late = provider.database.write(
        lambda connection: logout_notices.settle(connection, seen, NoticeState.UNREACHABLE, until)
    )
    assert not late


def test_names_of_departments_are_what_the_ledger_needs_and_nothing_personal(
    provider: Provider, browser: Browser
) -> None:
    _, _, tokens = departments(provider, browser)
    leave(browser, tokens)
    for event in provider.events("LogoutDelivered"):
        assert set(event["facts"]) == {"client", "tries", "answer"}
        assert event["subject"]  # it stands in the person's own log


@pytest.mark.parametrize("target", ["https://evil.example/", f"{LOGGED_OUT}x", f"{LOGGED_OUT}#x", "//evil.example"])
def test_S3_the_page_of_a_sign_out_leads_to_registered_addresses_alone(
    provider: Provider, browser: Browser, target: str
) -> None:
    market, _, tokens = departments(provider, browser)
    provider.departments.answers[URBAN_OUT] = OutboundFailed("away")
    page = leave(browser, tokens)
    handle = re.search(r"of=([^&\"]+)", page.text)[1]
    query = urlencode({"client_id": market.id, "post_logout_redirect_uri": target})
    answer = browser.get(f"/logout/status?of={handle}&{query}")
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    forged = handle[:-5] + ("A" if handle[-5] != "A" else "B") + handle[-4:]
    assert browser.get(f"/logout/status?of={forged}").status_code == 400
    assert browser.get("/logout/status").status_code == 400
