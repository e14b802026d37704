"""The page kit as a server sees it; how pages look and behave in a browser is in tests/e2e."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from flask import render_template_string
from structlog.testing import capture_logs
from werkzeug.test import Client

from kernel.dates import date_text, time_text
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.gallery import gallery
from kernel.web.http import HttpResponse
from kernel.web.pages import current_request, page_response, register_kit, t

from .conftest import make_app, route

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def client():
    return Client(make_app(blueprints=[gallery()], public_origin="http://127.0.0.1:8400"))


def token_of(answer):
    return re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]


def test_M3_a_form_is_accepted_with_its_own_token(client):
    token = token_of(client.get("/gallery"))
    assert client.post("/gallery", data={"csrf_token": token}).status_code == 200


@pytest.mark.parametrize("form", [{}, {"csrf_token": "x"}, {"csrf_token": ""}])
def test_M3_a_form_without_its_token_is_400_and_says_what_to_do(client, form):
    client.get("/gallery")
    answer = client.post("/gallery", data=form, headers=HTML)
    assert answer.status_code == 400
    assert "form.expired" in answer.text
    assert "刷新后再提交一次" in answer.text


def test_M3_a_token_of_another_web_session_is_refused(client):
    token = token_of(client.get("/gallery"))
    stranger = Client(client.application)
    stranger.get("/gallery")
    assert stranger.post("/gallery", data={"csrf_token": token}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:8400"}, 200),
        ({"Origin": "http://127.0.0.1:8410"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8400"}, 200),
    ],
)
def test_A10_a_post_from_another_site_is_refused_even_with_a_token(client, headers, status):
    token = token_of(client.get("/gallery"))
    assert client.post("/gallery", data={"csrf_token": token}, headers=headers).status_code == status


def test_routes_of_the_table_need_no_form_token():
    client = Client(make_app(route(lambda request: HttpResponse(204), "POST")))
    assert client.post("/thing", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 204


def show_errors(request):
    raise Problem(NOT_FOUND, detail=Text("<b>没有</b>", "<b>none</b>"), headers=(("Retry-After", "5"),))


def test_people_get_an_error_page_and_programs_a_problem():
    client = Client(make_app(route(show_errors, page=True), title=Text("测试服务", "Test service")))
    page = client.get("/thing", headers={**HTML, "Accept-Language": "en"})
    assert (page.status_code, page.mimetype, page.headers["Retry-After"]) == (404, "text/html", "5")
    assert "Not found – Test service" in page.text
    assert "&lt;b&gt;none&lt;/b&gt;" in page.text
    assert client.get("/thing").mimetype == "application/problem+json"


def test_an_unknown_exception_in_a_page_is_an_error_page_with_a_reference():
    def fail(request):
        raise ValueError("500199200001010012")

    client = Client(make_app(route(fail, page=True)))
    with capture_logs() as logs:
        answer = client.get("/thing", headers=HTML)
    assert answer.status_code == 500
    assert logs[0]["trace_id"] in answer.text
    assert "500199" not in answer.text + repr(logs)


def test_an_error_page_that_fails_leaves_a_problem():
    app = make_app(route(show_errors, page=True))
    app.flask.jinja_env.globals["t"] = None
    with capture_logs() as logs:
        answer = Client(app).get("/thing", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert logs[0]["route"] == "error page"


def test_a_page_endpoint_sees_the_same_strict_request():
    def show(request):
        assert request is current_request()
        return page_response("kit/gallery.html", form_targets=["https://market.example/cb"], now=datetime.now(UTC))

    answer = Client(make_app(route(show, page=True))).get("/thing?lang=en")
    assert "form-action 'self' https://market.example;" in answer.headers["Content-Security-Policy"]
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1
    assert answer.headers["Content-Language"] == "en"


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        ("?lang=en", "zh", "zh", "en"),
        ("", "en", "zh", "en"),
        ("", None, "en", "en"),
        ("", None, None, "zh"),
        ("?lang=fr", None, "en", "en"),
        ("?lang=fr", "de", None, "zh"),
    ],
)
def test_language_is_chosen_by_address_then_cookie_then_browser(client, query, cookie, accept, language):
    if cookie:
        client.set_cookie("lang", cookie)
    answer = client.get(f"/gallery{query}", headers={"Accept-Language": accept} if accept else {})
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))


def test_only_a_known_choice_is_remembered_and_it_names_nobody(client):
    assert not [cookie for cookie in client.get("/gallery?lang=fr").headers.getlist("Set-Cookie") if "lang=" in cookie]
    cookies = client.get("/gallery?lang=en&type=large").headers.getlist("Set-Cookie")
    assert [cookie.partition(";")[0] for cookie in cookies if cookie.startswith(("lang", "type"))] == [
        "lang=en",
        "type=large",
    ]


def test_the_language_switch_keeps_the_rest_of_the_address(client):
    assert 'href="/gallery?page=2&amp;lang=en"' in client.get("/gallery?page=2").text


def test_a_second_registration_changes_the_name_alone(client):
    kit = register_kit(client.application.flask, Text("新名称", "New name"))
    assert kit is register_kit(client.application.flask, Text("新名称", "New name"))
    assert "– 新名称" in client.get("/gallery").text


def test_t_takes_a_pair_or_a_text():
    app = make_app()
    with app.flask.test_request_context("/?lang=en"):
        assert (t("是", "yes"), t(Text("否", "no"))) == ("yes", "no")
        assert render_template_string("{{ '2026-11-23' | day }} {{ t('<', '<') }}") == "23 November 2026 &lt;"


def test_what_people_typed_is_escaped():
    source = '{% from "kit/components.html" import evidence_card, not_shared with context %}'
    source += (
        "{% autoescape true %}{{ evidence_card(x, [(x, x)], provider=x) }}{{ not_shared([x], x) }}{% endautoescape %}"
    )
    with make_app().flask.test_request_context("/"):
        shown = render_template_string(source, x="<script>alert(1)</script>")
    assert "<script" not in shown


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (date(2026, 11, 23), "2026年11月23日", "23 November 2026"),
        ("2026-01-05", "2026年1月5日", "5 January 2026"),
        (datetime(2026, 11, 22, 16, 30, tzinfo=UTC), "2026年11月23日", "23 November 2026"),
        ("长期", "长期", "indefinite"),
        ("2026", "2026", "2026"),
    ],
)
def test_dates_for_people(value, zh, en):
    assert (date_text(value, "zh"), date_text(value, "en")) == (zh, en)


def test_times_are_china_s():
    instant = datetime(2026, 11, 22, 16, 5, tzinfo=UTC)
    assert time_text(instant, "zh") == "2026年11月23日 00:05"
    assert time_text(instant, "en") == "23 November 2026, 00:05"


@pytest.mark.parametrize("code", [401, 400, 418])
def test_other_refusals_of_the_framework_are_problems_too(blueprint, code):
    from flask import abort

    blueprint.add_url_rule("/page", view_func=lambda: abort(code))
    answer = Client(make_app(blueprints=[blueprint])).get("/page")
    assert (answer.status_code, answer.json["code"]) == (400, "request.malformed")


def test_a_trailing_slash_rule_redirects_without_leaving_the_site(blueprint):
    blueprint.add_url_rule("/folder/", view_func=lambda: HttpResponse(204))
    answer = Client(make_app(blueprints=[blueprint])).get("/folder")
    assert answer.status_code == 308
    assert answer.headers["Location"].endswith("localhost/folder/")


def test_a_view_may_return_what_flask_takes(blueprint):
    blueprint.add_url_rule("/plain", view_func=lambda: "words")
    assert Client(make_app(blueprints=[blueprint])).get("/plain").text == "words"


def test_the_gallery_has_a_compact_form(client):
    assert "tongban-compact" in client.get("/gallery/compact").text
    assert "tongban-compact" not in client.get("/gallery").text


def test_a_page_s_duplicate_parameters_are_refused_by_the_neutral_request():
    client = Client(make_app(route(lambda request: HttpResponse(200, str(request.parameters()).encode()), page=True)))
    assert client.get("/thing?a=1&a=2", headers=HTML).status_code == 400
