"""The citizens' pages in a real browser: what waits for somebody, further questions and their errors, the preview."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from playwright.sync_api import Page

from idp.app import guarded_fetch
from idp.model.person import NewPerson
from kernel.identifiers.subject import SubjectRef
from tests.doubles.exchange import (
    MARKET,
    OTHER_ITEM,
    OWNER,
    STAFF,
    World,
    copied,
    grant,
    lived,
    make_world,
    prepared_postgresql,
    prepared_sqlite,
    service_item,
)
from tests.doubles.identity_provider import PASSWORD, TOTP_SECRET, PaperExchange, Provider
from tests.e2e.grounds import EXCHANGE, missed
from tests.e2e.looking import Look
from tests.e2e.test_officers_pages import Walker, flowed, register, served
from tests.unit.exchange.test_consents import asked as asked_to_consent
from tests.unit.exchange.test_further_pages import KIND
from tests.unit.exchange.test_further_questions import DISTRICT, RECORDS, TWO, YEAR, asking, put
from tests.unit.exchange.test_previews import asked
from tests.unit.exchange.test_rating_pages import closed
from tests.unit.exchange.test_requirements import PROMISE, demanding, resolve

__all__ = ["prepared_postgresql", "prepared_sqlite"]
MAY_BE_EMPTY = ({**YEAR, "optional": True}, {**deepcopy(KIND), "name": "kind_before", "optional": True})
QUESTIONS = "form[action$=answers] button.govuk-button"
FORM = "main form[method=post] button.govuk-button"


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    serve_provider: Callable[..., Provider],
    serve_app: Callable[..., str],
) -> Iterator[World]:
    """The exchange on a socket, where two items wait for somebody: one for a look, one for answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    origin, folder = f"http://127.0.0.1:{port}", tmp_path / "exchange"
    monkeypatch.setattr(PaperExchange, "fetch", lambda _, url: guarded_fetch(origin)(url))  # it is a real one here
    provider = serve_provider(exchange_resource=origin)
    monkeypatch.setitem(RECORDS, "identity-card", TWO)
    with lived(make_world(copied(request, folder), folder, seed=59)) as paper:
        provider.clock.advance((paper.clock.now() - provider.clock.now()).total_seconds())
        paper.apply(asking("ambiguous", questions=(DISTRICT, KIND, *MAY_BE_EMPTY)))
        paper.rooms.policy.renew()
        asked(paper, STAFF)
        paper.apply(demanding(PROMISE))
        paper.rooms.policy.renew()
        _, case = put(paper)
        assert resolve(paper, case, "promise", "deferral", ("shared-data", "person-refused")).status_code == 201
        paper.apply(service_item(OTHER_ITEM, MARKET, kind="consent"))
        paper.apply(grant("G-CONSENT", basis_kind="consent", service_items=[OTHER_ITEM], absent_allowed=True))
        paper.approve("G-CONSENT")
        asked_to_consent(paper, paper.open_case((OWNER, "applicant"), item=OTHER_ITEM))
        flowed(paper, OWNER)
        ended = paper.open_case()
        paper.ask(ended, STAFF)
        closed(paper, ended)
        node = served(paper, provider, origin)
        register(provider, node)
        whom = SubjectRef("citizen-number", OWNER)
        provider.administration.people.add(
            NewPerson("citizen", "陈示例", PASSWORD, assurance=3, subject=whom, totp_secret=TOTP_SECRET)
        )
        provider.settle()
        serve_app(node.client.application, port=port)
        yield node
        node.rooms.close()


def enter(walker: Walker) -> None:
    """A password is enough for what is not sensitive."""
    walker.later(0)
    walker.page.fill("#username", "citizen")
    walker.page.fill("#password", PASSWORD)
    walker.press("form[method=post] button.govuk-button:not(.govuk-password-input__toggle)")
    if walker.page.locator("button[value=allow]").count():
        walker.press("button[value=allow]")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_somebody_answers_and_looks(world: World, new_page: Callable[..., Page], look: Look, language: str) -> None:
    walker = Walker(new_page(language), world, look)
    walker.go("/my/previews", "citizen-sign-in")
    walker.press("main a.govuk-button")
    enter(walker)
    assert walker.page.url == f"{walker.base}/my/previews"
    assert walker.page.locator("main h2").count() == 1  # what still has to be handed in
    walker.look("previews")
    listed = walker.page.locator("main li.tongban-inbox__row a")
    ways = [str(one.get_attribute("href")) for one in listed.all()]
    assert len(ways) == 2
    walker.go(ways[0], "preview")
    walker.go(ways[1], "questions")
    walker.press(QUESTIONS)
    walker.look("questions-unanswered")
    walker.page.keyboard.press("Tab")
    walker.page.fill("[name='answers.district']", "500103")
    walker.page.check("[name='answers.kind'][value='2']")
    walker.press(QUESTIONS)
    walker.look("questions-unmatched")
    for _ in range(2):
        walker.page.fill("[name='answers.district']", "500199")
        walker.page.check("[name='answers.kind'][value='1']")
        walker.press(QUESTIONS)
    walker.look("questions-over")
    walker.go("/my/usage", "usage")
    assert walker.page.locator("main h2").count() == 2  # what goes back in bulk, and entry by entry
    walker.page.locator("a[href$='/wrong']").nth(1).click()  # the first is of the file that went back in bulk
    walker.look("wrong")
    walker.press(FORM)
    walker.look("wrong-with-errors")
    walker.page.check("[name=field]")
    walker.page.fill("[name=reason]", "2026")
    walker.press(FORM)
    walker.look("wrong-said")
    walker.go("/my/usage")
    back = walker.page.locator("a[href$='/withdraw']").first
    at = str(back.get_attribute("href"))
    back.click()
    walker.look("withdraw")
    walker.press("main form[method=post] button.govuk-button--warning")
    walker.look("withdrawn")
    walker.go(at, "withdrawn-before", 409)
    walker.go("/my/usage")
    walker.page.locator("a[href$='/challenge']").first.click()
    walker.look("challenge")
    walker.press(FORM)
    walker.look("challenged")
    walker.go("/my/usage/999999/wrong", "no-entry", 404)
    walker.go("/my/consents", "consents")
    walker.page.locator("main a[href^='/my/consents/']").first.click()
    walker.look("consent")
    walker.press("button[name=reply][value=give]")
    walker.look("consent-given")
    walker.go(walker.page.url.removeprefix(walker.base), "consent-in-force")
    walker.go("/my/cases", "cases")
    walker.page.locator("main a[href$='/rating']").first.click()
    walker.look("rate")
    walker.press(FORM)
    walker.look("rate-with-errors")
    walker.page.check("[name=grade][value='2']")
    walker.press(FORM)
    walker.look("rated")
    walker.go(ways[0])
    walker.press("button[name=reply][value=wrong]")
    walker.look("preview-answered")
    walker.press("main a[href$='/wrong']")
    walker.look("preview-wrong")
    walker.press(FORM)
    walker.look("preview-wrong-with-errors")
    walker.go("/my/sign-out", "citizen-sign-out")
    walker.press(FORM)
    walker.page.wait_for_url(f"{walker.base}/my/signed-out")
    walker.look("citizen-signed-out")
    assert missed(world.client.application, EXCHANGE, "citizens", look.seen) == []
