"""OpenID Connect CIBA Core 1.0, poll and ping: a clerk asks, the citizen confirms on a device of their own."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.administration.errors import AdministrationError
from idp.ciba import desk
from idp.ciba.clerk import BackchannelClerk
from idp.ciba.desk import MOST_OF_ALL, MOST_OF_ONE_CLIENT
from idp.ciba.pings import DELAYS, LEASE
from idp.composition.ciba import backchannel_clerk
from idp.model.contact import Contact, ContactKind
from idp.store.askings import BACKCHANNEL
from idp.store.tables import backchannel_request
from kernel.entropy import SystemEntropy
from kernel.outbound import OutboundFailed, OutboundRefused
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import ISSUER, PASSWORD, Provider
from tests.doubles.kept import kept
from tests.doubles.relying_party import RelyingParty, claims_of, details
from tests.doubles.statements import statements

GRANT = "urn:openid:params:grant-type:ciba"
NOTIFY = "https://market.example/ciba"
BEARER = "client-notification-token-1"
HINT = {"login_hint": "wang"}


class Window(RelyingParty):
    """A clerk's system at a window."""

    def __init__(self, provider: Provider, **metadata: Any) -> None:
        made = {"grant_types": [GRANT, "refresh_token"], "redirect_uris": [], "backchannel_token_delivery_mode": "poll"}
        super().__init__(provider, **{**made, **metadata})

    def ask(self, **changes: Any) -> TestResponse:
        return self.form("/bc-authorize", {"scope": "openid profile", **HINT} | changes)

    def poll(self, auth_req_id: str, **changes: Any) -> TestResponse:
        return self.form("/token", {"grant_type": GRANT, "auth_req_id": auth_req_id} | changes)


def pinged(provider: Provider, **metadata: Any) -> Window:
    ping = {"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": NOTIFY}
    return Window(provider, **{**ping, **metadata})


@pytest.fixture
def window(provider: Provider) -> Window:
    return Window(provider)


def signed_in(browser: Browser, username: str = "wang") -> TestResponse:
    """The list of requests, after signing in; a clerk has looked at what was asked."""
    browser.provider.take_up()
    page = browser.follow(browser.get("/account/requests"))
    while 'name="password"' in page.text:
        page = browser.submit(page, username=username, password=PASSWORD)
    return page


def confirm(provider: Provider, decision: str = "allow", browser: Browser | None = None) -> TestResponse:
    """Sign in, open the first request, decide; the last page."""
    browser = browser or Browser(provider)
    page = browser.submit(with_requests(browser, signed_in(browser)))
    while "decision" not in page.text:
        assert page.status_code == 200, page.text
        names = form_of(page).names
        page = browser.submit(page, **({"otp": browser.code()} if "otp" in names else {"password": PASSWORD}))
    return browser.submit(page, decision=decision)


def with_requests(browser: Browser, page: TestResponse) -> TestResponse:
    if "/account/requests/" not in page.text:
        page = browser.get("/account/requests")
    assert "/account/requests/" in page.text, page.text
    text = page.text
    start = text.index('action="/account/requests/')
    page.set_data(text[text.rindex("<form", 0, start) :])
    return page


def error(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.json["error"]


def test_7_and_10_a_clerk_is_given_tokens_once_the_citizen_agreed(either_provider: Provider) -> None:
    window = Window(either_provider)
    asked = window.ask(binding_message="取件码 4711")
    assert (asked.status_code, asked.headers["Cache-Control"]) == (200, "no-store")
    assert (asked.json["expires_in"], asked.json["interval"]) == (300, 5)
    assert error(window.poll(asked.json["auth_req_id"])) == (400, "authorization_pending")
    assert "已确认" in confirm(either_provider).text
    tokens = window.poll(asked.json["auth_req_id"])
    assert tokens.status_code == 200, tokens.text
    assert {"access_token", "refresh_token", "id_token"} <= tokens.json.keys()
    assert claims_of(tokens.json["id_token"])["aud"] == window.id
    assert window.refresh(tokens.json["refresh_token"]).status_code == 200
    [recorded] = either_provider.events("BackchannelAuthenticationRequested")
    assert recorded["facts"]["client"] == window.id


def test_7_1_the_citizen_compares_the_binding_message_and_is_told_who_asks(provider: Provider, window: Window) -> None:
    window.ask(binding_message="取件码 4711")
    browser = Browser(provider)
    page = signed_in(browser)
    for told in ("取件码 4711", "市场监管网站", "市场监督管理局"):
        assert told in page.text
    page = browser.submit(with_requests(browser, page))
    for told in ("取件码 4711", "市场监管网站", "您的姓名和实名等级", "从别处", "每次都会询问您"):
        assert told in page.text


def test_8_a_notice_goes_out_with_a_link_and_without_the_message(provider: Provider, window: Window) -> None:
    window.ask(binding_message="取件码 4711")
    provider.deliver()
    [message] = [each for each in provider.mailbox.messages if "确认一项请求" in each.text.zh]
    assert f"{ISSUER}/account/requests" in message.text.zh
    assert "4711" not in message.text.zh


def test_11_a_person_who_says_no_is_obeyed(provider: Provider, window: Window) -> None:
    asked = window.ask().json
    assert "您没有同意" in confirm(provider, "deny").text
    assert error(window.poll(asked["auth_req_id"])) == (400, "access_denied")


def test_11_no_is_said_by_the_person_who_was_asked_and_by_nobody_else(provider: Provider, window: Window) -> None:
    """Another person's page load ends what this browser had open, and nothing else."""
    asked, browser = window.ask().json["auth_req_id"], Browser(provider)
    page = browser.submit(with_requests(browser, signed_in(browser)))
    assert "decision" in form_of(page).names
    tab = browser.follow(browser.get(RelyingParty(provider).authorize_url(prompt="login")))
    browser.submit(tab, username="li", password=PASSWORD)
    address = form_of(page).action.removesuffix("/consent")
    assert "这项请求还没有得到答复" in browser.follow(browser.get(address)).text
    assert browser.get(address).status_code == 404
    assert error(window.poll(asked)) == (400, "authorization_pending")
    provider.clock.advance(5)
    assert "您没有同意" in confirm(provider, "deny").text
    assert error(window.poll(asked)) == (400, "access_denied")
    assert len(provider.events("ConsentWithheld")) == 1


def test_11_asking_too_often_is_slowed_down_for_good(provider: Provider, window: Window) -> None:
    asked = window.ask().json["auth_req_id"]
    assert error(window.poll(asked))[1] == "authorization_pending"
    provider.clock.advance(4)
    assert error(window.poll(asked))[1] == "slow_down"
    provider.clock.advance(9)
    assert error(window.poll(asked))[1] == "slow_down"
    provider.clock.advance(15)
    assert error(window.poll(asked))[1] == "authorization_pending"


@pytest.mark.parametrize(("wanted", "seconds"), [(None, 300), ("45", 45), ("1", 30), ("86400", 600)])
def test_7_1_requested_expiry_is_heard_within_bounds(
    provider: Provider, window: Window, wanted: str | None, seconds: int
) -> None:
    asked = window.ask(requested_expiry=wanted).json
    assert asked["expires_in"] == seconds
    provider.clock.advance(seconds + 1)
    assert error(window.poll(asked["auth_req_id"])) == (400, "expired_token")
    assert "没有等待您确认的请求" in signed_in(Browser(provider)).text


def test_7_1_what_expired_while_it_was_open_is_not_agreed_to(provider: Provider, window: Window) -> None:
    window.ask(requested_expiry="45")
    browser = Browser(provider)
    page = browser.submit(with_requests(browser, signed_in(browser)))
    provider.clock.advance(46)
    assert browser.submit(page, decision="allow").status_code == 404
    assert provider.events("ConsentGiven") == []


def test_T1_an_auth_req_id_used_twice_revokes_what_was_issued(provider: Provider, window: Window) -> None:
    asked = window.ask().json
    confirm(provider)
    tokens = window.poll(asked["auth_req_id"]).json
    assert error(window.poll(asked["auth_req_id"])) == (400, "invalid_grant")
    provider.settle()
    assert window.introspect(tokens["access_token"]) == {"active": False}


def test_T1_of_thirty_two_polls_at_once_exactly_one_is_answered_with_tokens(either_provider: Provider) -> None:
    window = Window(either_provider)
    asked = window.ask().json["auth_req_id"]
    confirm(either_provider)
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda: answers.append(window.poll(asked))) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [400] * 31
    assert {answer.json["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}


def test_T2_another_clients_auth_req_id_is_unknown_and_untouched(provider: Provider, window: Window) -> None:
    asked = window.ask().json["auth_req_id"]
    stranger = Window(provider)
    confirm(provider)
    assert error(stranger.poll(asked)) == (400, "invalid_grant")
    assert window.poll(asked).status_code == 200


def test_T6_a_disabled_person_gives_nothing(provider: Provider, window: Window) -> None:
    """CVE-2026-16103: whether the account may be used was asked when the request began, not when it was redeemed."""
    asked = window.ask().json["auth_req_id"]
    confirm(provider)
    provider.administration.people.disable("wang")
    assert error(window.poll(asked)) == (400, "invalid_grant")


def test_A9_nobody_answers_for_another(provider: Provider, window: Window) -> None:
    window.ask()
    browser = Browser(provider)
    assert "没有等待您确认的请求" in signed_in(browser, "li").text
    with provider.database.read() as connection:
        identity = connection.execute(backchannel_request.select()).one().id
    token = form_of(browser.get("/account/security/password")).fields
    answer = browser.post(f"/account/requests/{identity}", token)
    assert answer.status_code == 404


def test_A9_whoever_signs_in_next_in_a_browser_does_not_answer_what_was_opened_there(
    provider: Provider, window: Window
) -> None:
    asked, browser = window.ask().json["auth_req_id"], Browser(provider)
    opened = browser.submit(with_requests(browser, signed_in(browser))).request.path
    assert "decision" in form_of(browser.get(opened)).names
    browser.submit(browser.get("/logout"))
    provider.clock.advance(1)
    signed_in(browser, "li")
    assert browser.follow(browser.get(opened)).request.path == "/account/requests/done"
    assert error(window.poll(asked)) == (400, "authorization_pending")


def test_A11_what_was_agreed_to_before_does_not_answer(provider: Provider, window: Window) -> None:
    browser = Browser(provider)
    for _ in range(2):
        asked = window.ask().json["auth_req_id"]
        assert "已确认" in confirm(provider, browser=browser).text
        assert window.poll(asked).status_code == 200


def test_7_1_the_acr_asked_for_is_asked_for(provider: Provider, window: Window) -> None:
    asked = window.ask(acr_values="urn:tongban:loa:3").json["auth_req_id"]
    assert "已确认" in confirm(provider).text
    tokens = window.poll(asked).json
    assert claims_of(tokens["id_token"])["acr"] == "urn:tongban:loa:3"


def test_7_1_an_id_token_names_its_person_to_its_own_client(provider: Provider) -> None:
    both = {"grant_types": [GRANT, "authorization_code"], "redirect_uris": ["https://market.example/callback"]}
    window, other = Window(provider, **both), Window(provider)
    hint = window.tokens(Browser(provider))["id_token"]
    asked = window.ask(login_hint=None, id_token_hint=hint)
    assert asked.status_code == 200
    assert "已确认" in confirm(provider).text
    assert window.poll(asked.json["auth_req_id"]).status_code == 200
    assert error(other.ask(login_hint=None, id_token_hint=hint)) == (400, "invalid_request")


def test_14_a_name_nobody_has_is_answered_like_any_other(provider: Provider, window: Window) -> None:
    known, unknown = window.ask(), window.ask(login_hint="nobody-here")
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert known.json.keys() == unknown.json.keys()
    for asked in (known, unknown):
        assert error(window.poll(asked.json["auth_req_id"])) == (400, "authorization_pending")
    for _ in range(MOST_OF_ONE_CLIENT - 1):
        assert window.ask(login_hint="nobody-here").status_code == 200
    assert error(window.ask(login_hint="nobody-here")) == (403, "access_denied")


def test_14_asking_does_the_same_work_whatever_the_name(either_provider: Provider) -> None:
    """No enumeration by timing: the same statements, with values of the same length; looking comes afterwards."""
    provider = either_provider
    window, codes = pinged(provider), Window(provider, backchannel_user_code_parameter=True)
    reached = Contact(ContactKind.EMAIL, "li@example.org")
    provider.database.write(
        lambda connection: provider.notices.channels.add(connection, provider.person("li").id, reached, confirmed=True)
    )
    provider.administration.people.disable("nobody")
    names = ("wang", "li", "nobody", "nobody-of-that-name", "officer", "n", "名" * 90, "x" * 500)
    done = []
    assert window.ask(login_hint="warm-up", client_notification_token=BEARER).status_code == 200
    for name in names:
        with statements() as seen:
            assert window.ask(login_hint=name, client_notification_token=BEARER).status_code == 200
        done.append(seen)
    assert [written for written, _ in done[0]].count("INSERT INTO backchannel_asking") == 1
    assert all(each == done[0] for each in done)
    guessed = []
    assert error(codes.ask(login_hint="warm-up", user_code="guess guess")) == (400, "invalid_user_code")
    for name in names:
        with statements() as seen:
            assert error(codes.ask(login_hint=name, user_code="guess guess")) == (400, "invalid_user_code")
        guessed.append([written for written, _ in seen])  # the name itself is looked up by: its length differs
    assert all(each == guessed[0] for each in guessed)
    size = provider.ledger.size()
    assert provider.take_up() == len(names) + 1
    assert provider.ledger.size() - size == len(names) + 1  # the log's size is public: one entry more for each
    outcomes = sorted(entry["facts"]["outcome"] for entry in provider.events("BackchannelRequestTakenUp"))
    assert outcomes == ["asked"] * 3 + ["nobody"] * 6


def test_14_a_name_in_other_spellings_is_the_same_person(provider: Provider, window: Window) -> None:
    """So that asking under one spelling after the other is no way around the bounds."""
    for name in ("wang", "WANG ", "ｗａｎｇ"):
        assert window.ask(login_hint=name).status_code == 200
    assert error(window.ask(login_hint="Wang")) == (403, "access_denied")
    assert signed_in(Browser(provider)).text.count("/account/requests/") == MOST_OF_ONE_CLIENT


def test_14_an_id_token_and_a_name_count_alike_and_a_disabled_person_is_asked_in_vain(provider: Provider) -> None:
    both = {"grant_types": [GRANT, "authorization_code"], "redirect_uris": ["https://market.example/callback"]}
    window = Window(provider, **both)
    hint = window.tokens(Browser(provider))["id_token"]
    provider.administration.people.disable("wang")
    for changes in ({"login_hint": None, "id_token_hint": hint}, {}, {"login_hint": None, "id_token_hint": hint}):
        assert window.ask(**changes).status_code == 200
    assert error(window.ask()) == (403, "access_denied")
    provider.take_up()
    assert {entry["facts"]["outcome"] for entry in provider.events("BackchannelRequestTakenUp")} == {"nobody"}


def test_two_clerks_tell_one_person_once(either_provider: Provider) -> None:
    """Taken by one conditional statement: whoever is slower writes nothing."""
    provider = either_provider
    Window(provider).ask()
    with provider.database.read() as connection:
        [asking] = BACKCHANNEL.waiting(connection, provider.clock.now(), 10)
    tools = (provider.settings, provider.database, provider.keys, provider.ledger, provider.clock, SystemEntropy())
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: backchannel_clerk(*tools)._take(asking), range(2)))
    assert len(provider.events("BackchannelRequestTakenUp")) == 1
    provider.deliver()
    assert len([each for each in provider.mailbox.messages if "确认一项请求" in each.text.zh]) == 1


def test_a_request_that_cannot_be_looked_at_holds_up_nobody_elses(
    provider: Provider, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.ask()
    provider.clock.advance(1)
    window.ask(login_hint="li")
    found, seen = BackchannelClerk._found, iter([True])

    def first_fails(clerk: BackchannelClerk, connection: Any, asking: Any) -> Any:
        if next(seen, False):
            raise RuntimeError("not foreseen")
        return found(clerk, connection, asking)

    monkeypatch.setattr(BackchannelClerk, "_found", first_fails)
    assert provider.take_up() == 2
    assert [each["facts"]["outcome"] for each in provider.events("BackchannelRequestTakenUp")] == ["given-up", "asked"]
    assert provider.take_up() == 0


def test_a_client_has_so_many_requests_open_and_hinders_no_other(
    either_provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clerks take up one after the other, for all clients."""
    monkeypatch.setattr(desk, "MOST_OF_A_CLIENT", 3)
    provider = either_provider
    window, other = Window(provider), Window(provider)
    assert window.ask(requested_expiry="60").status_code == 200
    for name in ("li", "nobody-1"):
        assert window.ask(login_hint=name).status_code == 200
    refused = window.ask(login_hint="nobody-2")
    assert error(refused) == (403, "access_denied")
    assert refused.headers["Retry-After"] == "61"
    assert len(provider.events("BackchannelAuthenticationRequested")) == 3
    assert other.ask().status_code == 200
    provider.clock.advance(61)
    assert window.ask(login_hint="nobody-2").status_code == 200


def test_one_answered_makes_room_for_another(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MOST_OF_A_CLIENT", 1)
    window = Window(provider)
    window.ask()
    assert error(window.ask(login_hint="li")) == (403, "access_denied")
    confirm(provider)
    assert window.ask(login_hint="li").status_code == 200


def test_13_unknown_user_id_is_said_to_clients_that_may_know(provider: Provider) -> None:
    trusted = Window(provider, tongban_unknown_user_id=True)
    assert error(trusted.ask(login_hint="nobody-here")) == (400, "unknown_user_id")
    provider.administration.people.disable("li")
    assert error(trusted.ask(login_hint="li")) == (400, "unknown_user_id")


def test_14_a_person_is_not_pestered(provider: Provider, window: Window) -> None:
    """Open and refused requests count, until they are over; those that were agreed to do not."""
    confirmed = window.ask().json["auth_req_id"]
    confirm(provider)
    assert window.poll(confirmed).status_code == 200
    for _ in range(MOST_OF_ONE_CLIENT):
        assert window.ask().status_code == 200
    assert error(window.ask()) == (403, "access_denied")
    others = [Window(provider) for _ in range(2)]
    statuses = [others[number % 2].ask().status_code for number in range(MOST_OF_ALL - MOST_OF_ONE_CLIENT + 1)]
    assert statuses == [200] * (MOST_OF_ALL - MOST_OF_ONE_CLIENT) + [403]
    provider.clock.advance(301)
    assert window.ask().status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"login_hint": None}, "invalid_request"),
        ({"login_hint": ""}, "invalid_request"),
        ({"id_token_hint": "a.b.c"}, "invalid_request"),
        ({"login_hint": None, "id_token_hint": "a.b.c"}, "invalid_request"),
        ({"login_hint": None, "login_hint_token": "a.b.c"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "openid cases"}, "invalid_scope"),
        ({"binding_message": "x" * 101}, "invalid_binding_message"),
        ({"binding_message": "a\u202eb"}, "invalid_binding_message"),
        ({"binding_message": "a\nb"}, "invalid_binding_message"),
        ({"requested_expiry": "0"}, "invalid_request"),
        ({"requested_expiry": "-5"}, "invalid_request"),
        ({"requested_expiry": "soon"}, "invalid_request"),
        ({"requested_expiry": "9" * 40}, "invalid_request"),
        ({"request": "a.b.c"}, "invalid_request"),
        ({"user_code": "tea house 9"}, "invalid_request"),
        ({"resource": "https://nowhere.example"}, "invalid_target"),
        ({"authorization_details": "{"}, "invalid_authorization_details"),
    ],
)
def test_7_2_and_13_what_is_not_acceptable_is_refused(window: Window, changes: dict[str, Any], code: str) -> None:
    assert error(window.ask(**changes)) == (400, code)


def test_13_only_authenticated_clients_registered_for_it_ask(provider: Provider) -> None:
    assert error(RelyingParty(provider).form("/bc-authorize", {"scope": "openid", **HINT})) == (
        400,
        "unauthorized_client",
    )
    window = Window(provider)
    answer = window.http.post("/bc-authorize", data={"client_id": window.id, "scope": "openid", **HINT})
    assert error(answer) == (401, "invalid_client")


def test_7_1_evidence_for_a_case_is_asked_about_too(provider: Provider, window: Window) -> None:
    """The window gets a purpose-bound token: it needs to be bound to a key."""
    asked = window.ask(authorization_details=details())
    assert asked.status_code == 200
    confirm(provider)
    assert error(window.poll(asked.json["auth_req_id"])) == (400, "invalid_dpop_proof")


def test_10_2_ping(either_provider: Provider) -> None:
    """The client is told by its own token, when the person has answered, of nothing but the auth_req_id."""
    provider, window = either_provider, pinged(either_provider)
    asked = window.ask(client_notification_token=BEARER).json["auth_req_id"]
    assert provider.pings().round() == 0
    confirm(provider)
    assert provider.pings().round() == 1
    assert provider.departments.pinged == [(NOTIFY, BEARER, {"auth_req_id": asked})]
    assert provider.pings().round() == 0
    assert window.poll(asked).status_code == 200
    [event] = provider.events("BackchannelPingDelivered")
    assert event["facts"]["client"] == window.id


def test_10_2_a_refusal_is_pinged_too(provider: Provider) -> None:
    window = pinged(provider)
    asked = window.ask(client_notification_token=BEARER).json["auth_req_id"]
    confirm(provider, "deny")
    assert provider.pings().round() == 1
    assert error(window.poll(asked)) == (400, "access_denied")


@pytest.mark.parametrize("answer", [500, 302, 429, OutboundFailed("away")])
def test_10_2_a_ping_that_did_not_arrive_is_tried_again_and_not_forever(provider: Provider, answer: Any) -> None:
    window = pinged(provider)
    asked = window.ask(client_notification_token=BEARER, requested_expiry="600").json["auth_req_id"]
    confirm(provider)
    provider.departments.answers[NOTIFY] = answer
    for delay in DELAYS:
        assert provider.pings().round() == 1
        assert provider.pings().round() == 0
        provider.clock.advance(delay.total_seconds())
    assert provider.pings().round() == 1
    provider.clock.advance(60)
    assert provider.pings().round() == 0
    assert len(provider.events("BackchannelPingFailed")) == 1
    assert window.poll(asked).status_code == 200  # §10.2: polling goes on


@pytest.mark.parametrize("answer", [401, 404, OutboundRefused("inward")])
def test_10_2_a_ping_that_was_refused_is_given_up(provider: Provider, answer: Any) -> None:
    window = pinged(provider)
    window.ask(client_notification_token=BEARER)
    confirm(provider)
    provider.departments.answers[NOTIFY] = answer
    assert provider.pings().round() == 1
    provider.clock.advance(60)
    assert provider.pings().round() == 0
    assert len(provider.events("BackchannelPingFailed")) == 1


def test_a_node_that_died_with_a_ping_in_hand_loses_nothing(provider: Provider) -> None:
    from idp.store import backchannel_requests

    pinged(provider).ask(client_notification_token=BEARER)
    confirm(provider)
    now = provider.clock.now()
    with provider.database.read() as connection:
        [seen] = backchannel_requests.due(connection, now, 8)
    assert provider.database.write(lambda connection: backchannel_requests.claim(connection, seen, now + LEASE))
    assert not provider.database.write(lambda connection: backchannel_requests.claim(connection, seen, now + LEASE))
    assert provider.pings().round() == 0
    provider.clock.advance(LEASE.total_seconds())
    assert provider.pings().round() == 1


@pytest.mark.parametrize("token", [None, "", "with blank", "x" * 1100, "línea", "a\r\nb"])
def test_7_1_a_pinged_client_gives_a_bearer_token(provider: Provider, token: str | None) -> None:
    assert error(pinged(provider).ask(client_notification_token=token)) == (400, "invalid_request")


def test_L3_neither_the_auth_req_id_nor_the_clients_token_is_kept_in_the_open(provider: Provider) -> None:
    asked = pinged(provider).ask(client_notification_token=BEARER).json["auth_req_id"]
    rows = kept(provider.database, "backchannel_request")
    assert rows != "[]"
    assert asked not in rows
    assert BEARER not in rows
    assert not re.search(f"{asked}|{BEARER}", repr(provider.events()))


@pytest.mark.parametrize(
    "metadata",
    [
        {"backchannel_token_delivery_mode": None},
        {"backchannel_token_delivery_mode": "push"},
        {"backchannel_token_delivery_mode": "ping"},
        {"backchannel_client_notification_endpoint": NOTIFY},
        {"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": "http://10.0.0.1/x"},
        {
            "backchannel_user_code_parameter": True,
            "grant_types": ["client_credentials"],
            "backchannel_token_delivery_mode": None,
        },
        {"backchannel_user_code_parameter": "yes"},
        {"token_endpoint_auth_method": "none"},
        {"grant_types": ["client_credentials"]},
        {"tongban_unknown_user_id": "yes"},
    ],
)
def test_4_registration(provider: Provider, metadata: dict[str, Any]) -> None:
    made = {"backchannel_token_delivery_mode": "poll"} | metadata
    with pytest.raises(AdministrationError):
        RelyingParty(
            provider,
            **{"grant_types": [GRANT], "redirect_uris": []}
            | {name: value for name, value in made.items() if value is not None},
        )


def test_4_discovery(window: Window) -> None:
    said = window.http.get("/.well-known/openid-configuration").json
    assert said["backchannel_authentication_endpoint"] == f"{ISSUER}/bc-authorize"
    assert said["backchannel_token_delivery_modes_supported"] == ["poll", "ping"]
    assert said["backchannel_user_code_parameter_supported"] is True
    assert said["backchannel_authentication_request_signing_alg_values_supported"] == ["ES256", "EdDSA", "PS256"]
    assert GRANT in said["grant_types_supported"]
