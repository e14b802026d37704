"""Headers and cookies of every answer (A10, S4)."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from kernel.web.http import HttpResponse, json_response
from kernel.web.security import page_policy

from .conftest import echo, make_app, route


@pytest.mark.parametrize(
    "path", ["/thing", "/nowhere", "/healthz", "/openapi.json", "/static/kit/tongban/kit.js", "/docs"]
)
@pytest.mark.parametrize("hot", [True, False])
def test_A10_every_answer_forbids_framing_and_sniffing(path, hot):
    answer = Client(make_app(route(echo, hot=hot))).get(path)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert "Strict-Transport-Security" not in answer.headers
    names = [name.lower() for name, _ in answer.headers]
    assert len(names) == len(set(names))


def test_S4_answers_are_not_stored_unless_the_endpoint_says_so(door):
    assert door(echo).get("/thing").headers["Cache-Control"] == "no-store"
    cached = HttpResponse(200, b"", (("cache-control", "public, max-age=60"),))
    assert door(lambda request: cached).get("/thing").headers.getlist("Cache-Control") == ["public, max-age=60"]


def test_S4_with_https_hsts_is_sent_through_both_doors(door):
    client = door(echo, public_origin="https://id.example")
    assert "max-age=63072000" in client.get("/thing").headers["Strict-Transport-Security"]
    assert "max-age=63072000" in client.get("/nowhere").headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("origin", "name", "secure"),
    [("https://id.example", "__Host-test-session", True), ("http://127.0.0.1:8400", "test-session", False)],
)
def test_S4_the_session_cookie_is_host_bound_and_out_of_reach_of_scripts(blueprint, origin, name, secure):
    from flask import session

    @blueprint.get("/page")
    def page():
        session["seen"] = True
        return json_response({})

    answer = Client(make_app(blueprints=[blueprint], public_origin=origin)).get("/page", base_url=origin)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
    assert ("Secure" in attributes) is secure
    assert not any(attribute.startswith("Domain") for attribute in attributes)
    assert "Cookie" in answer.headers["Vary"]


def test_page_policy_names_only_where_a_form_may_end():
    policy = page_policy(
        ["https://market.example:8443/callback?x=1", "com.example.app:/callback", "http://127.0.0.1:9/"]
    )
    assert "form-action 'self' https://market.example:8443 com.example.app: http://127.0.0.1:9;" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "address", ["https://a.example; script-src *", "https://a b/", "https://u@a.example/", "", "/x"]
)
def test_page_policy_cannot_be_widened_by_an_address(address):
    with pytest.raises(ValueError, match="policy"):
        page_policy([address])
