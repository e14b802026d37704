"""Attacks on the authorization endpoint (A1-A8, A12): the browser goes nowhere it was not registered to go."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.doubles.browser import Browser, form_of, parameters
from tests.doubles.identity_provider import EXCHANGE, ISSUER, PASSWORD, Provider
from tests.doubles.relying_party import CALLBACK, CHALLENGE, RelyingParty, claims_of, details, public_client

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
CIBA = "urn:openid:params:grant-type:ciba"
OTHER_REDIRECTS = (
    f"{CALLBACK}/",
    f"{CALLBACK}/more",
    f"{CALLBACK}x",
    f"{CALLBACK}?x=1",
    f"{CALLBACK}#x",
    "https://market.example",
    "https://market.example/callback/../evil",
    "https://market.example/%63allback",
    "https://market.example/callback%2e",
    "https://MARKET.example/callback",
    "https://market.example:443/callback",
    "https://market.example:8443/callback",
    "http://market.example/callback",
    "https://market.example@evil.example/callback",
    "https://market.example:x@evil.example@market.example/callback",
    "https://evil.example/callback",
    "https://market.example\\@evil.example/callback",
    "//market.example/callback",
    "javascript:alert(1)",
    "https://market.example/other https://market.example/callback",
    "",
)


def assert_shown_and_not_sent(answer) -> None:
    """A page for the person; the browser is sent nowhere."""
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("redirect_uri", OTHER_REDIRECTS)
def test_A1_a_redirect_uri_is_compared_character_by_character(
    party: RelyingParty, browser: Browser, redirect_uri
) -> None:
    """CVE-2026-7504: with several `@` no user info was found, and a wildcard let the address pass; there is none here.

    A page, whatever is not the registered address to the letter.
    """
    assert_shown_and_not_sent(browser.get(party.authorize_url(redirect_uri=redirect_uri)))


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://localhost:5000/cb",
        "http://127.0.0.2:5000/cb",
        "http://127.0.0.1:5000/other",
        "https://127.0.0.1:5000/cb",
        "http://127.0.0.1.evil.example:5000/cb",
        "http://127.0.0.1:5000@evil.example/cb",
    ],
)
def test_A1_only_the_port_of_a_native_clients_loopback_address_may_differ(
    provider: Provider, browser: Browser, redirect_uri
) -> None:
    """CVE-2024-8883: a registered loopback address let others pass. RFC 8252 §7.3, §8.3: the port alone may differ."""
    party = public_client(provider, application_type="native", redirect_uris=["http://127.0.0.1/cb"])
    assert_shown_and_not_sent(browser.get(party.authorize_url(redirect_uri=redirect_uri)))
    assert browser.get(party.authorize_url(redirect_uri="http://127.0.0.1:5000/cb")).status_code == 303


def test_A1_a_web_client_registered_on_loopback_has_no_free_port(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider, redirect_uris=["http://127.0.0.1:8420/cb", "http://127.0.0.1/cb"])
    assert_shown_and_not_sent(browser.get(party.authorize_url(redirect_uri="http://127.0.0.1:8421/cb")))
    assert browser.get(party.authorize_url(redirect_uri="http://127.0.0.1/cb")).status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [
        {"response_type": "token"},
        {"response_type": "code id_token"},
        {"response_type": None},
        {"scope": "profile"},
        {"response_mode": "form_post"},
        {"prompt": "none"},
        {"client_id": "unknown"},
    ],
)
def test_A2_an_unregistered_redirect_uri_outweighs_every_other_fault(
    party: RelyingParty, browser: Browser, wrong
) -> None:
    """CVE-2026-41479, CVE-2026-44681: an unsupported response_type, or no `openid`, was answered before the address was
    looked at, with a redirect to it. A page, whatever else is wrong.
    """
    assert_shown_and_not_sent(browser.get(party.authorize_url(redirect_uri="https://evil.example/", **wrong)))


def test_A2_an_unknown_client_gets_a_page(party: RelyingParty, browser: Browser) -> None:
    assert_shown_and_not_sent(browser.get(party.authorize_url(client_id="unknown")))
    assert_shown_and_not_sent(browser.get("/authorize"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": "short"},
        {"code_challenge": CHALLENGE + "="},
        {"code_challenge": "é" * 43},
    ],
)
def test_A3_pkce_is_s256_for_every_client(party: RelyingParty, browser: Browser, wrong) -> None:
    answer = browser.get(party.authorize_url(**wrong))
    assert answer.status_code == 303
    back = parameters(answer.headers["Location"])
    assert (back["error"], back["state"], back["iss"]) == ("invalid_request", "state-1", ISSUER)


def posted(party: RelyingParty, path: str, fields: list[tuple[str, str]]) -> TestResponse:
    """The answer to a form whose fields may come several times."""
    return party.http.post(
        path, data=urlencode(fields), content_type="application/x-www-form-urlencoded", base_url=ISSUER
    )


@pytest.mark.parametrize("twice", ["client_id", "redirect_uri", "scope", "state", "code_challenge"])
def test_A4_a_parameter_given_twice_is_refused(party: RelyingParty, browser: Browser, twice) -> None:
    """Also when both say the same."""
    once = [*party.request().items()]
    assert browser.get(f"/authorize?{urlencode(once)}").status_code == 303
    assert posted(party, "/authorize", once).status_code == 303
    for value in (party.request()[twice], "x"):
        doubled = [*once, (twice, value)]
        assert_shown_and_not_sent(browser.get(f"/authorize?{urlencode(doubled)}"))
        assert_shown_and_not_sent(posted(party, "/authorize", doubled))


@pytest.mark.parametrize(
    ("path", "asked", "accepted"),
    [
        ("/token", {"grant_type": "client_credentials"}, 200),
        ("/par", None, 201),
        ("/introspect", {"token": "x", "token_type_hint": "access_token"}, 200),
        ("/revoke", {"token": "x", "token_type_hint": "access_token"}, 200),
        ("/bc-authorize", {"scope": "openid profile", "login_hint": "wang"}, 200),
        ("/device_authorization", {"scope": "openid"}, 200),
    ],
)
def test_A4_no_endpoint_for_clients_takes_a_parameter_twice(provider: Provider, path: str, asked, accepted) -> None:
    """RFC 6749 §3.2; what proves the client included."""
    grants = ["authorization_code", "client_credentials", DEVICE_CODE, CIBA]
    party = RelyingParty(provider, grant_types=grants, scope="openid profile", backchannel_token_delivery_mode="poll")

    def fields() -> dict[str, str]:
        """With an assertion of its own each time: none is accepted twice."""
        return (asked or party.request()) | party.credentials()[0]

    answer = posted(party, path, [*fields().items()])
    assert answer.status_code == accepted, answer.text
    for twice in fields():
        for value in (None, "x"):
            once = fields()
            answer = posted(party, path, [*once.items(), (twice, value or once[twice])])
            assert (answer.status_code, answer.json["error"]) == (400, "invalid_request"), twice


@pytest.mark.parametrize("beside", ["redirect_uri", "scope", "state", "code_challenge", "response_type", "prompt"])
def test_A4_nothing_beside_a_pushed_request_changes_it(party: RelyingParty, browser: Browser, beside) -> None:
    assert_shown_and_not_sent(browser.get(f"{party.pushed_url()}&{urlencode({beside: 'x'})}"))


def test_A5_a_pushed_request_makes_one_code(party: RelyingParty, browser: Browser) -> None:
    url = party.pushed_url()
    assert browser.get(url).status_code == 303  # reloading before the answer is allowed (RFC 9126 §4)
    assert "code" in browser.walk(url)
    assert_shown_and_not_sent(browser.get(url))


def test_A5_a_pushed_request_raced_by_two_tabs_makes_one_code(party: RelyingParty, provider: Provider) -> None:
    browser = Browser(provider)
    url = party.pushed_url(prompt="consent")
    first = browser.submit(browser.follow(browser.get(url)), username="wang", password="correct horse battery")
    second = browser.follow(browser.get(url))
    assert browser.submit(first, decision="allow").status_code == 303
    assert "code" in parameters(browser.left_for)
    assert browser.submit(second, decision="allow").status_code == 404


def test_A5_a_pushed_request_that_was_refused_makes_no_code(party: RelyingParty, browser: Browser) -> None:
    """RFC 9126 §4: it is used once, whatever the answer was, and whether a page was shown."""
    silent, asked = party.pushed_url(prompt="none"), party.pushed_url()
    assert parameters(browser.get(silent).headers["Location"])["error"] == "login_required"
    assert browser.walk(asked, decision="deny")["error"] == "access_denied"
    for url in (silent, asked):
        assert_shown_and_not_sent(browser.get(url))
    other = party.pushed_url()
    assert "code" in browser.walk(other)


def test_A5_a_pushed_request_that_is_refused_when_it_is_read_has_had_its_answer(
    party: RelyingParty, browser: Browser, provider: Provider
) -> None:
    """Whom it expects was looked at as late as this; so was what its client may ask for since it pushed."""
    hint, other = party.tokens(browser)["id_token"], '{"id_token":{"sub":{"value":"other"}}}'
    refused = {
        "login_required": party.pushed_url(scope="openid", id_token_hint=hint, claims=other),
        "invalid_scope": party.pushed_url(),
    }
    clients = provider.administration.clients
    clients.update(party.id, clients.show(party.id) | {"scope": "openid"})
    provider.settle()
    for error, url in refused.items():
        assert parameters(browser.get(url).headers["Location"])["error"] == error
        assert_shown_and_not_sent(browser.get(url))


def test_max_age_is_measured_when_the_answer_is_made(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1: by then the client measures it; who signs in for this request has done so."""

    def age() -> int:
        claims = claims_of(party.redeem(browser.sent_back()["code"]).json["id_token"])
        return int(claims["iat"] - claims["auth_time"])

    browser.walk(RelyingParty(provider).authorize_url())
    provider.clock.advance(9)
    page = browser.follow(browser.get(party.authorize_url(max_age="10")))
    assert "decision" in form_of(page).names
    provider.clock.advance(25 * 60)
    page = browser.submit(page, decision="allow")
    assert "password" in form_of(page).names
    page = browser.submit(page, username="wang", password=PASSWORD)
    provider.clock.advance(60)
    browser.submit(page, decision="allow")
    assert age() == 60


def test_A5_a_pushed_request_belongs_to_its_client_and_expires(party: RelyingParty, provider: Provider) -> None:
    browser, other = Browser(provider), RelyingParty(provider)
    url = party.pushed_url()
    assert_shown_and_not_sent(browser.get(url.replace(party.id, other.id)))
    provider.clock.advance(91)
    assert_shown_and_not_sent(browser.get(url))
    assert_shown_and_not_sent(browser.get(url[:-1]))


@pytest.mark.parametrize(
    ("parameter", "error"),
    [
        ("request", "invalid_request_object"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
def test_A6_references_and_nonsense_are_refused_and_nothing_is_fetched(
    party: RelyingParty, browser: Browser, provider: Provider, parameter, error
) -> None:
    """CVE-2026-4366: `request_uri` was fetched, wherever a redirect led. Refused by its name, and nobody is asked."""
    answer = browser.get(party.authorize_url(**{parameter: "http://169.254.169.254/latest"}))
    assert parameters(answer.headers["Location"])["error"] == error
    assert provider.outgoing == []


def test_A7_a_form_is_posted_to_a_registered_address_alone_and_everything_in_it_is_escaped(
    party: RelyingParty, browser: Browser
) -> None:
    """GHSA-9vm7-v8wj-3fqw (`form_post.jwt` posted to an address that a wildcard had let pass), in its plain form.

    No form to an address that is not registered, and nothing from a request is markup in one.
    """
    evil = "https://evil.example/'\"><script>alert(1)</script>"
    assert_shown_and_not_sent(browser.get(party.authorize_url(response_mode="form_post", redirect_uri=evil)))
    state = "\"><script>alert(1)</script>'"
    page = browser.get(party.authorize_url(response_mode="form_post", response_type="token", state=state))
    form = form_of(page)
    assert (page.status_code, form.action) == (200, CALLBACK)
    assert form.fields == {
        "error": "unsupported_response_type",
        "error_description": "The only response_type is code.",
        "state": state,
        "iss": ISSUER,
    }
    assert "<script>alert" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "form-action 'self' https://market.example;" in policy


@pytest.mark.parametrize("mode", ["fragment", "web_message", "FORM_POST"])
def test_A7_other_response_modes_do_not_exist(party: RelyingParty, browser: Browser, mode: str) -> None:
    answer = browser.get(party.authorize_url(response_mode=mode, state='"><script>'))
    back = parameters(answer.headers["Location"])
    assert (back["error"], back["state"], back["iss"]) == ("invalid_request", '"><script>', ISSUER)


def test_A8_every_authorization_response_names_its_issuer(party: RelyingParty, provider: Provider) -> None:
    """RFC 9207 §2: success, refusal by the person, refusal of the request."""
    assert Browser(provider).walk(party.authorize_url())["iss"] == ISSUER
    assert Browser(provider).walk(party.authorize_url(prompt="consent"), decision="deny") == {
        "error": "access_denied",
        "error_description": "The person said no.",
        "state": "state-1",
        "iss": ISSUER,
    }
    answer = Browser(provider).get(party.authorize_url(response_type="token"))
    assert parameters(answer.headers["Location"])["iss"] == ISSUER


@pytest.mark.parametrize(
    "response_type", ["token", "id_token", "id_token token", "code token", "code id_token token", "none", "CODE"]
)
def test_A12_no_flow_but_the_code_flow_exists(party: RelyingParty, browser: Browser, response_type) -> None:
    """CVE-2026-7571: implicit although switched off, by a response_type put in at a restart. It does not exist here."""
    answer = browser.get(party.authorize_url(response_type=response_type))
    assert parameters(answer.headers["Location"])["error"] == "unsupported_response_type"


@pytest.mark.parametrize("grant_type", ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "x"])
def test_A12_no_grant_but_the_named_ones_exists(party: RelyingParty, grant_type) -> None:
    """CVE-2026-9792: a condition of a policy left the password grant open. CVE-2026-79652, CVE-2026-1609: `jwt-bearer`
    asked neither for consent nor whether the person was disabled. None of them exists here.
    """
    answer = party.form("/token", {"grant_type": grant_type, "username": "wang", "password": "correct horse battery"})
    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")


def test_A12_a_flow_begun_anew_is_the_one_that_was_asked_for(party: RelyingParty, browser: Browser) -> None:
    """CVE-2026-7571: what came along with a page at a restart replaced the request that had been checked.

    Here pages carry none of it: whatever is put into their address or form, a code goes to where it was asked for.
    """
    forged = {"response_type": "token", "client_data": "eyJydCI6InRva2VuIn0", "redirect_uri": "https://evil.example/"}
    page = browser.follow(browser.get(party.authorize_url()))
    page = browser.get(f"{page.request.path}?{urlencode(forged)}")
    page = browser.submit(page, username="wang", password=PASSWORD, **forged)
    browser.submit(page, decision="allow", **forged)
    assert browser.left_for is not None
    assert browser.left_for.startswith(f"{CALLBACK}?")
    assert browser.sent_back().keys() == {"code", "state", "iss"}


def test_A12_a_grant_the_client_is_not_registered_for_is_refused(provider: Provider) -> None:
    party = RelyingParty(provider, grant_types=["authorization_code"])
    answer = party.own_token()
    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")
    system = RelyingParty(provider, grant_types=["client_credentials"], redirect_uris=[CALLBACK])
    back = parameters(Browser(provider).get(system.authorize_url()).headers["Location"])
    assert back["error"] == "unauthorized_client"


def test_a_case_never_stands_in_an_address(party: RelyingParty, browser: Browser) -> None:
    answer = browser.get(party.authorize_url(authorization_details=details()))
    assert parameters(answer.headers["Location"])["error"] == "invalid_request"


@pytest.mark.parametrize(
    "wrong", [{"scope": "openid cases"}, {"scope": "openid governance"}, {"scope": "nothing-we-know"}, {"scope": None}]
)
def test_a_scope_beyond_the_registration_is_refused(party: RelyingParty, browser: Browser, wrong) -> None:
    answer = browser.get(party.authorize_url(**wrong))
    assert parameters(answer.headers["Location"])["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": "none login"},
        {"prompt": "maybe"},
        {"max_age": "-1"},
        {"max_age": "soon"},
        {"max_age": "９"},
        {"dpop_jkt": "short"},
        {"state": "s" * 2049},
        {"nonce": "n" * 2049},
        {"login_hint": "l" * 2049},
        {"ui_locales": "u" * 2049},
    ],
)
def test_malformed_values_are_refused(party: RelyingParty, browser: Browser, wrong) -> None:
    answer = browser.get(party.authorize_url(**wrong))
    assert parameters(answer.headers["Location"])["error"] == "invalid_request"


def test_a_request_that_would_fill_the_store_is_refused(provider: Provider, browser: Browser) -> None:
    """Whoever posts one need not be known, and what is asked is kept."""
    party = public_client(provider, grant_types=["authorization_code", DEVICE_CODE])
    for more in ({"prompt": "login " * 12_000}, {"unknown": "x" * 70_000}):
        posted = party.http.post("/authorize", data=party.request(**more), base_url=ISSUER)
        assert browser.parameters_of(posted)["error"] == "invalid_request"
        assert party.push(**more).json["error"] == "invalid_request"
    for more in ({"ui_locales": "u" * 2049}, {"unknown": "x" * 70_000}):
        answer = party.form("/device_authorization", {"scope": "openid", **more})
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_A1_an_address_that_was_struck_out_gets_no_answer_any_more(provider: Provider, browser: Browser) -> None:
    """A person may take half an hour to answer; whoever took the address over meanwhile gets nothing."""
    party = RelyingParty(provider)
    page = browser.follow(browser.get(party.authorize_url()))
    page = browser.submit(page, username="wang", password=PASSWORD)
    assert "decision" in form_of(page).names
    clients = provider.administration.clients
    clients.update(party.id, clients.show(party.id) | {"redirect_uris": ["https://market.example/other"]})
    provider.settle()
    page = browser.submit(page, decision="allow")
    assert (page.status_code, browser.left_for) == (404, None)
    with provider.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM code")).scalar_one() == 0


def test_a_resource_may_only_agree(party: RelyingParty, browser: Browser) -> None:
    for elsewhere in ("https://elsewhere.example", EXCHANGE):
        answer = browser.get(party.authorize_url(resource=elsewhere))
        assert parameters(answer.headers["Location"])["error"] == "invalid_target"
    assert browser.get(party.authorize_url(resource=ISSUER)).headers["Location"].startswith("/interaction/")


def test_a_client_may_be_bound_to_pushed_requests(provider: Provider, browser: Browser) -> None:
    """RFC 9126 §6."""
    party = RelyingParty(provider, require_pushed_authorization_requests=True)
    assert parameters(browser.get(party.authorize_url()).headers["Location"])["error"] == "invalid_request"
    assert "code" in browser.walk(party.pushed_url())
