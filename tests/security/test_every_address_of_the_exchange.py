"""Every address of the exchange, pages and API alike, with whatever callers send: an answer, never a server error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.routes import routes
from kernel.web.routes import Route
from policies.roles import Role
from tests.conftest import SOAK
from tests.doubles.exchange import (
    MARKET,
    NAME,
    OWNER,
    POLICE,
    URBAN,
    World,
    prepared_postgresql,
    prepared_sqlite,
    small_world,
)
from tests.doubles.sign_ins import OfficersBrowser

EXAMPLES = 50_000 if SOAK else 400
"""Of the API, and of the pages."""
_PART = re.compile(r"<(?:\w+:)?\w+>")
ROLES = [role.value for role in Role]
WORDS = st.one_of(
    st.sampled_from(
        [
            "x",
            "0",
            "-1",
            "1",
            "9" * 5000,
            "null",
            "NaN",
            "1e400",
            "../x",
            "%00",
            "a\x00b",
            "²",
            "١٢",
            "王",
            "",
            "\u202e",
        ]
    ),
    st.sampled_from(
        ["2026-02-30", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00+14:00", "2026-13", "1:2", "@", "G-1@0"]
    ),
    st.sampled_from(["identity-card", "case_" + "0" * 26, "ar_" + "0" * 26, "dec_" + "0" * 26, MARKET]),
    st.text(max_size=12),
)
NAMES = st.one_of(
    st.sampled_from(
        ["limit", "before", "after", "q", "days", "from", "to", "at", "state", "role", "organisation", "on"]
    ),
    st.sampled_from(
        ["reason", "grant", "digest", "manifest", "version", "kind", "name", "field", "service_item", "case"]
    ),
    st.sampled_from(
        ["evidence_type", "value", "scheme", "fields", "people", "consent", "holidays", "spec", "template"]
    ),
    st.text(max_size=8),
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]  # fixtures
CALLERS = st.sampled_from(["officer", "system", "person"])


def _path(route: Route, words: list[str]) -> str:
    """The route's address; a part holds what it was given, but nothing that would end it."""
    left = iter(words)
    return _PART.sub(lambda _found: quote(next(left).replace("/", "_"), safe="%._-") or "x", route.path)


def _token(world: World, caller: str, organisation: str) -> str:
    made = {
        "officer": {
            "client": "console",
            "sub": "o1",
            "roles": ROLES,
            "organisation": organisation,
            "scope": "governance",
        },
        "system": {"scope": "cases"},
        "person": {"person": OWNER, "scope": "usage preview cases"},
    }[caller]
    return world.issuer.token(world.holder, **made)


@st.composite
def _bodies(draw: st.DrawFn, route: Route) -> object:
    """Sometimes with the members that the route reads, so that more than the outermost check is met."""
    schema = route.request_schema
    if schema is None or draw(st.booleans()):
        return draw(JSONS)
    return {field.data_key or name: draw(JSONS) for name, field in schema().fields.items()}


def test_whatever_is_sent_to_the_api_is_answered(
    small_world: World,
    record_property: Callable[[str, object], None],
) -> None:
    table = [route for route in routes(small_world.rooms) if not route.page]
    record_property("cases", EXAMPLES)

    @settings(max_examples=EXAMPLES)
    @given(st.data(), st.sampled_from(table), st.lists(WORDS, min_size=4, max_size=4), CALLERS)
    def knock(data: st.DataObject, route: Route, words: list[str], caller: str) -> None:
        token = _token(small_world, caller, data.draw(st.sampled_from([MARKET, POLICE, URBAN])))
        path, body = _path(route, words), None
        if route.method == "GET":
            query = data.draw(st.dictionaries(NAMES, WORDS, max_size=4))
            path += "?" + urlencode({name: word.encode("utf-8", "replace") for name, word in query.items()})
        else:
            body = data.draw(_bodies(route))
        answer = small_world.call(route.method, path, token, body)
        assert answer.status_code < 500, (route.method, route.path, answer.status_code)

    knock()


@pytest.mark.parametrize("readers", ["officers", "citizens"])
def test_whatever_is_sent_to_pages_by_whoever_signed_in_is_answered(
    small_world: World, record_property: Callable[[str, object], None], readers: str
) -> None:
    pages = [route for route in routes(small_world.rooms) if route.page and "sign-" not in route.path]
    table = [route for route in pages if (route.access == "citizen") == (readers == "citizens")]
    browsers = _officers(small_world) if readers == "officers" else [_citizen(small_world)]
    record_property("cases", EXAMPLES)

    @settings(max_examples=EXAMPLES)
    @given(
        route=st.sampled_from(table),
        words=st.lists(WORDS, min_size=4, max_size=4),
        pairs=st.dictionaries(NAMES, WORDS, max_size=6),
        who=st.sampled_from(range(len(browsers))),
    )
    def knock(route: Route, words: list[str], pairs: Mapping[str, str], who: int) -> None:
        browser, csrf = browsers[who]
        path = _path(route, words)
        if route.method == "GET":
            sent = {name: word.encode("utf-8", "replace") for name, word in pairs.items()}
            answer = browser.get(f"{path}?{urlencode(sent)}")
        else:
            answer = browser.post(path, {**pairs, "csrf_token": csrf})
        assert answer.status_code < 500, (route.method, route.path, answer.status_code)
        assert "sign-in" not in answer.headers.get("Location", ""), route.path  # else nothing was read

    knock()


def _officers(world: World) -> list[tuple[OfficersBrowser, str]]:
    """Officers of two departments with every role there is, and what their forms have to bring."""
    made = []
    for organisation in (MARKET, POLICE):
        browser = OfficersBrowser(world)
        assert browser.sign_in(f"o{organisation}", *ROLES, organisation=organisation).status_code == 303
        made.append((browser, _token_of_forms(browser, "/console/requests/new")))
    return made


def _citizen(world: World) -> tuple[OfficersBrowser, str]:
    """Somebody with an entry in their log, signed in at the highest level, and what their forms have to bring."""
    world.ask(world.open_case(), NAME)
    browser = OfficersBrowser(world)
    assert browser.sign_in_as(OWNER, acr=3).status_code == 303
    form = re.search(r'href="(/my/usage/\d+/challenge)"', browser.get("/my/usage").text)
    assert form is not None
    return browser, _token_of_forms(browser, form[1])


def _token_of_forms(browser: OfficersBrowser, page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found is not None
    return found[1]
