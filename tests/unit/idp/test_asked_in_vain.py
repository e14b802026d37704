"""Requests of terminals and clerks that their client may not make any more: it is told no, and the person why."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.relying_party import RelyingParty, detail, details
from tests.unit.idp.test_ciba import BEARER, pinged, signed_in, with_requests
from tests.unit.idp.test_device_flow import Terminal, enter

MAY_NOT = "该部门不能再申请这项内容"


def taken(provider: Provider, client: RelyingParty, **metadata: Any) -> None:
    """The client is registered for less, from now on."""
    clients = provider.administration.clients
    clients.update(client.id, clients.show(client.id) | metadata)
    provider.settle()


def asked_on_the_phone(provider: Provider, user_code: str) -> tuple[Browser, TestResponse]:
    """The page after the sign-in."""
    browser = Browser(provider)
    return browser, browser.submit(enter(browser, user_code), username="wang", password=PASSWORD)


def refused(asker: Any, secret: str, page: TestResponse) -> None:
    assert MAY_NOT in page.text
    assert page.status_code == 200
    answer = asker.poll(secret)
    assert (answer.status_code, answer.json["error"]) == (400, "access_denied")


@pytest.mark.parametrize("lost", ["item", "actor", "words"])
def test_a_terminal_that_may_not_ask_any_more_is_told_no(provider: Provider, lost: str) -> None:
    """RFC 8628 §3.5. Whoever is signed in cannot be the reason: nobody could agree to it."""
    actor = RelyingParty(provider)
    terminal = Terminal(provider, tongban_may_act=[actor.id])
    basis = {"legal_basis": "unheard-of"} if lost == "words" else {}
    asked = terminal.ask(scope="openid", authorization_details=details(detail(**basis))).json
    if lost == "actor":
        provider.administration.clients.disable(actor.id)
        provider.settle()
    browser, page = asked_on_the_phone(provider, asked["user_code"])
    if lost == "item":
        assert "decision" in form_of(page).names
        taken(provider, terminal, tongban_service_items=[])
        page = browser.submit(page, decision="allow")
    refused(terminal, asked["device_code"], page)
    assert enter(browser, asked["user_code"]).status_code == 422
    assert [each for each in provider.events() if "allowed" in each["facts"]] == []


def test_a_clerk_who_may_not_ask_any_more_is_pinged_and_told_no(provider: Provider) -> None:
    """CIBA Core 1.0 §11: the scope was taken while the person looked at it."""
    window, browser = pinged(provider), Browser(provider)
    asked = window.ask(client_notification_token=BEARER).json["auth_req_id"]
    page = browser.submit(with_requests(browser, signed_in(browser)))
    taken(provider, window, scope="cases")
    refused(window, asked, browser.submit(page, decision="allow"))
    assert provider.pings().round() == 1
    assert "没有等待您确认的请求" in signed_in(browser).text
    assert provider.events("ConsentGiven") == []
