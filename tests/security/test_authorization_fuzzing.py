"""Whatever strangers send to the provider's addresses: an answer, never a server error, never a redirect astray."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from tests.cases import sized
from tests.doubles.browser import form_of, parameters
from tests.doubles.identity_provider import ISSUER, SERVICE_ITEM, Provider, provider_at
from tests.doubles.relying_party import CALLBACK, CHALLENGE, RelyingParty, details

NAMES = st.sampled_from(
    [
        *("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "prompt", "max_age", "acr_values"),
        *(
            "code_challenge",
            "code_challenge_method",
            "request",
            "request_uri",
            "resource",
            "claims",
            "response_mode",
            "id_token_hint",
            "ui_locales",
        ),
        *("dpop_jkt", "login_hint", "authorization_details", "grant_type", "code", "code_verifier", "refresh_token"),
        *("client_assertion", "client_assertion_type", "client_secret", "token", "access_token"),
        *("post_logout_redirect_uri", "x"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        ["code", "openid", "openid profile", "none", "login", "S256", CHALLENGE, CALLBACK, "0", "x" * 3000]
    ),
    st.sampled_from(
        ["\x00", "a\nb", "urn:ietf:params:oauth:request_uri:x", ISSUER, "client_credentials", "refresh_token"]
    ),
    st.sampled_from(["authorization_code", SERVICE_ITEM, details(), "a.b.c", "eyJhbGciOiJub25lIn0.e30."]),
    st.sampled_from(
        ["form_post", "query", '{"id_token":{"acr":{"values":[1,"x"]},"name":null},"userinfo":null}', "{}"]
    ),
    st.text(max_size=30),
)
PARAMETERS = st.lists(st.tuples(NAMES, VALUES), max_size=14)
HEADERS = st.dictionaries(
    st.sampled_from(["Authorization", "DPoP", "Cookie", "Accept-Language", "Origin"]),
    st.sampled_from(["", "Basic x", "Bearer a.b.c", "DPoP x", "idp-sso=x; idp-sso=y", "idp-browser=x", "en", "zh;q=9"]),
)
PATHS = st.sampled_from(
    [
        *("/authorize", "/par", "/token", "/userinfo", "/introspect", "/revoke", "/logout", "/logout/confirm", "/"),
        *("/interaction/x", "/interaction/x/password", "/interaction/x/consent", "/v1/ledger/proof", "/revocations"),
        "/nowhere",
    ]
)
EXAMPLES = sized(600, 20_000)


@pytest.fixture(scope="module")
def party(make_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelyingParty]:
    with provider_at(make_database(), tmp_path_factory.mktemp("fuzz")) as provider:
        yield RelyingParty(provider)


@settings(max_examples=EXAMPLES)
@given(method=st.sampled_from(["GET", "POST"]), path=PATHS, sent=PARAMETERS, headers=HEADERS, known=st.booleans())
def test_every_request_is_answered_without_a_server_error(
    party: RelyingParty, method: str, path: str, sent: list[tuple[str, str]], headers: dict[str, str], known: bool
) -> None:
    pairs = [("client_id", party.id), *sent] if known else sent
    client = Client(party.provider.app, use_cookies=False)
    if method == "GET":
        answer = client.get(path, query_string=urlencode(pairs), headers=headers, base_url=ISSUER)
    else:
        kind = "application/x-www-form-urlencoded"
        answer = client.post(path, data=urlencode(pairs), content_type=kind, headers=headers, base_url=ISSUER)
    assert answer.status_code < 500
    location = answer.headers.get("Location")
    if location is not None:
        assert urlsplit(location).netloc in ("", "market.example")
        if location.startswith(CALLBACK):
            assert parameters(location)["iss"] == ISSUER


@settings(max_examples=EXAMPLES // 2)
@given(change=st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=3))
def test_a_good_request_with_something_changed_is_still_only_a_request(
    party: RelyingParty, change: list[tuple[str, str]]
) -> None:
    asked = party.request() | dict(change)
    client = Client(party.provider.app, use_cookies=False)
    answer = client.get("/authorize", query_string=urlencode(asked), base_url=ISSUER)
    assert answer.status_code in (200, 303, 400)  # 200: the answer is a form
    assert answer.status_code != 200 or form_of(answer).action == CALLBACK
    if asked["redirect_uri"] != CALLBACK or asked["client_id"] != party.id:
        assert answer.status_code == 400


def test_the_fuzzed_provider_is_still_sound(party: RelyingParty) -> None:
    provider: Provider = party.provider
    assert provider.events("TokenIssued") == []
    assert party.tokens()["id_token"]
