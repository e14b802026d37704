"""Every address of the provider, pages and API alike, with whatever strangers send: an answer, never a server error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from kernel.web.routes import Route
from tests.cases import in_parts, sized
from tests.doubles.identity_provider import ISSUER, Provider, provider_at
from tests.doubles.insiders import route_table

PARTS = in_parts(4)
EXAMPLES = sized(800, 100_000 // len(PARTS))
_PART = re.compile(r"<(?:\w+:)?\w+>")
WORDS = st.one_of(
    st.sampled_from(["wang", "admin", "x", "0", "-1", "null", "per_0", "a.b.c", "../x", "%00", "王"]),
    st.text(max_size=12),
)
NAMES = st.one_of(
    st.sampled_from(
        ["username", "password", "otp", "decision", "csrf_token", "user_code", "client_id", "name", "value"]
    ),
    st.sampled_from(
        ["redirect_uris", "scope", "grant_types", "jwks", "token", "device_code", "state", "after", "limit"]
    ),
    st.text(max_size=8),
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(["Authorization", "DPoP", "Cookie", "Accept-Language", "Origin", "Sec-Fetch-Site", "Client-Cert"]),
    st.sampled_from(
        ["", "Basic eDp5", "Bearer a.b.c", "DPoP a.b.c", "idp-sso=x", "idp-browser=x", "en", ISSUER, "same-origin"]
    ),
    max_size=3,
)


def _segment(word: str) -> str:
    """A part of a path; what would end the path is escaped, and what is escaped already stays so."""
    return quote(word.replace("/", "_"), safe="%._-") or "x"


@pytest.fixture(scope="module")
def found(
    make_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Provider, list[Route]]]:
    """A provider, and the table of everything it answers."""
    with (
        route_table() as routes,
        provider_at(make_database(), tmp_path_factory.mktemp("addresses")) as provider,
    ):
        yield provider, routes


@pytest.mark.parametrize("part", PARTS)
def test_whatever_is_sent_anywhere_is_answered(
    found: tuple[Provider, list[Route]], record_property: Callable[[str, object], None], part: int
) -> None:
    answers = 0
    provider, routes = found
    client = Client(provider.app, use_cookies=False)

    @settings(max_examples=EXAMPLES)
    @given(
        route=st.sampled_from(routes),
        parts=st.lists(WORDS, min_size=4, max_size=4),
        pairs=st.dictionaries(NAMES, WORDS, max_size=6),
        body=JSONS,
        kind=st.sampled_from(["form", "json", "garbage"]),
        headers=HEADERS,
    )
    def knock(
        route: Route, parts: list[str], pairs: dict[str, str], body: object, kind: str, headers: dict[str, str]
    ) -> None:
        nonlocal answers
        words = iter(parts)
        path = _PART.sub(lambda _found: _segment(next(words)), route.path)
        sent = {"form": {"data": pairs}, "json": {"json": body}, "garbage": {"data": repr(body).encode()}}[kind]
        more = {"query_string": pairs} if route.method == "GET" else sent
        answer = client.open(path, method=route.method, headers=headers, base_url=ISSUER, **more)
        assert answer.status_code < 500, (route.method, route.path, answer.status_code)
        answers += 1

    knock()
    record_property("cases", answers)
    assert [event for event in provider.events() if event["event"] in ("TokenIssued", "ClientRegistered")] == []
