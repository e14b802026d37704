"""Every address of the exchange, pages and API alike, with whatever callers send: an answer, never a server error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from exchange.routes import routes
from kernel.web.routes import Route
from policies.roles import Role
from tests.cases import in_parts, sized
from tests.doubles.exchange import (
    ITEM,
    MARKET,
    NAME,
    ORIGIN,
    OWNER,
    POLICE,
    URBAN,
    World,
    detail,
    prepared_postgresql,
    prepared_sqlite,
    request,
    small_world,
)
from tests.doubles.knocking import Insider, Knocks, Sent, Shown, Tally, knock, look_around
from tests.doubles.sign_ins import OfficersBrowser

PARTS = in_parts(2)
CALLS, CLICKS = sized(400, 25_000), sized(400, 12_500)
"""Of the API, and of the pages for either readers, in each part."""
FLOOR = 0.75
"""The least share of requests that come past the doors."""
ROLES = [role.value for role in Role]
CLERK, SYSTEM, PERSON = "officer", "system", "person"
TOKENS: Mapping[str, Mapping[str, object]] = {
    CLERK: {"client": "console", "sub": "o1", "roles": ROLES, "scope": "governance"},
    SYSTEM: {"scope": "cases"},
    PERSON: {"person": OWNER, "scope": "usage preview cases"},
}
__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]  # fixtures


class Caller(Insider):
    """A program with a token bound to its key."""

    def __init__(self, world: World, kind: str, organisation: str) -> None:
        self.world, self.kind, self.organisation = world, kind, organisation
        self.renew()

    def renew(self) -> None:
        made = dict(TOKENS[self.kind]) | ({"organisation": self.organisation} if self.kind == CLERK else {})
        self.token = self.world.issuer.token(self.world.holder, **made)

    def send(self, sent: Sent) -> TestResponse:
        return self.world.call(sent.method, sent.path, self.token, sent.body)

    def body(self, route: Route) -> object:
        """Where the schema says less than the endpoint asks for."""
        if self.kind == SYSTEM and route.path == "/v1/evidence-requests":
            case = self.world.open_case((OWNER, "applicant"))
            asking = detail(case, NAME)
            self.token = self.world.issuer.token(self.world.holder, person=OWNER, authorization_details=asking)
            return request(case, NAME)
        return None


class Reader(Insider):
    """Somebody at a browser, signed in."""

    def __init__(self, browser: OfficersBrowser, sign_in: Callable[[OfficersBrowser], str], shown: Shown) -> None:
        self.browser, self._sign_in, self.shown = browser, sign_in, shown
        self.renew()

    @property
    def sees(self) -> Shown:
        return self.shown

    def renew(self) -> None:
        self.csrf = self._sign_in(self.browser)

    def send(self, sent: Sent) -> TestResponse:
        return self.browser.client.open(
            sent.path, method=sent.method, data=sent.body, content_type=sent.kind, base_url=ORIGIN,
            headers={"Accept": "text/html"},
        )  # fmt: skip

    def beside(self, route: Route) -> Mapping[str, str]:
        return {"csrf_token": self.csrf} if route.method == "POST" else {}


def shown(world: World) -> Shown:
    """Of an exchange in which something has happened: a case, an answer, two requests of every kind of word."""
    found = Shown(world.client.application.flask, urlsplit(ORIGIN).netloc)
    case = world.open_case((OWNER, "applicant"))
    world.ask(case, NAME)
    for grant in re.findall(r"G-\d+", repr(world.entries())):
        found.learn(grant=grant)
    found.learn(
        case=case, service_item=ITEM, item=ITEM, organisation=MARKET, code=MARKET, evidence_type="identity-card"
    )
    found.learn(name="identity-card", kind="evidence-type", identifier="ar_" + "0" * 26, decision="dec_" + "0" * 26)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_whatever_is_sent_to_the_api_is_answered(
    small_world: World, record_property: Callable[[str, object], None], part: int
) -> None:
    table = [route for route in routes(small_world.rooms) if not route.page]
    callers = [Caller(small_world, CLERK, each) for each in (MARKET, POLICE, URBAN)]
    others = [Caller(small_world, kind, "") for kind in (SYSTEM, PERSON)]

    def doors(route: Route) -> Sequence[Insider]:
        return callers if route.access.startswith("officer") else [*callers[:1], *others]

    known = shown(small_world)
    knocked(small_world, table, doors, Knocks(1 + part, known), CALLS, record_property)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("readers", ["officers", "citizens"])
def test_whatever_is_sent_to_pages_by_whoever_signed_in_is_answered(
    small_world: World, record_property: Callable[[str, object], None], readers: str, part: int
) -> None:
    pages = [route for route in routes(small_world.rooms) if route.page and "sign-" not in route.path]
    table = [route for route in pages if (route.access == "citizen") == (readers == "citizens")]
    known = shown(small_world)
    inside = officers(small_world, known) if readers == "officers" else [citizen(small_world, known)]
    knocked(small_world, table, lambda _route: inside, Knocks(1 + part, known), CLICKS, record_property)


def knocked(
    world: World,
    table: Sequence[Route],
    doors: Callable[[Route], Sequence[Insider]],
    knocks: Knocks,
    most: int,
    record_property: Callable[[str, object], None],
) -> None:
    """Look at every page, then send as many requests as are due."""
    tally = Tally()
    look_around(knocks.shown, table, doors)
    knock(knocks, table, doors, tally, most, lambda _number: world.clock.advance(0.05))
    record_property("cases", tally.sent)
    assert tally.share >= FLOOR, tally.statuses


def officers(world: World, known: Shown) -> list[Insider]:
    """Officers of two departments with every role there is."""

    def signed_in(organisation: str) -> Callable[[OfficersBrowser], str]:
        def sign_in(browser: OfficersBrowser) -> str:
            assert browser.sign_in(f"o{organisation}", *ROLES, organisation=organisation).status_code == 303
            return token_of_forms(browser, "/console/requests/new")

        return sign_in

    return [Reader(OfficersBrowser(world), signed_in(each), known) for each in (MARKET, POLICE)]


def citizen(world: World, known: Shown) -> Insider:
    """Somebody with an entry in their log, signed in at the highest level."""

    def sign_in(browser: OfficersBrowser) -> str:
        assert browser.sign_in_as(OWNER, acr=3).status_code == 303
        form = re.search(r'href="(/my/usage/\d+/challenge)"', browser.get("/my/usage").text)
        assert form is not None
        return token_of_forms(browser, form[1])

    return Reader(OfficersBrowser(world), sign_in, known)


def token_of_forms(browser: OfficersBrowser, page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found is not None
    return found[1]
