"""The page kit in a real browser: every component, both languages, both widths, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marshmallow import Schema, fields
from playwright.sync_api import Locator, Page, expect

from kernel.metrics import Metrics
from kernel.problems import NOT_FOUND
from kernel.text import Text
from kernel.web.app import create_app
from kernel.web.gallery import gallery
from kernel.web.health import Health
from kernel.web.http import json_response
from kernel.web.routes import Route


class CaseSchema(Schema):
    """A body for the reference to show."""

    service_item = fields.String(required=True, metadata={"description": "事项编码 / service item code"})
    subjects = fields.List(fields.String())


ROUTES = [
    Route(
        "POST",
        "/v1/cases/<case>/close",
        lambda request, case: json_response({"case": case}),
        "system",
        Text("办结", "Close a case"),
        request_schema=CaseSchema,
        response_schema=CaseSchema,
        tag="cases",
        problems=(NOT_FOUND,),
    )
]


@pytest.fixture
def site(serve_app: Callable[[object], str]) -> str:
    """The gallery's address."""
    app = create_app(
        "gallery",
        routes=ROUTES,
        blueprints=[gallery()],
        health=Health({}),
        metrics=Metrics(),
        title=Text("组件陈列", "Component gallery"),
        secret_key=b"g" * 32,
    )
    return serve_app(app)


SAMPLES = ("李*明", "2027年6月30日", "2026年12月31日")
"""The gallery's own, of what a department sends and a page shows as it came."""


def operation(page: Page, summary: str) -> Locator:
    """The button of the API reference that opens an operation."""
    return page.locator("button.opblock-summary-control", has_text=summary)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_pages_are_accessible_and_fit(new_page, look, site, language) -> None:
    page = new_page(language)
    look.names = lambda: SAMPLES
    for path in ("/gallery", "/gallery/compact", "/gallery?type=large", "/nowhere"):
        page.goto(site + path)
        look(page, path.strip("/").replace("/", "-").replace("?", "-"))
        assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_api_reference_is_drawn_without_asking_another_host(new_page, look, site, language) -> None:
    page = new_page(language)
    page.goto(f"{site}/docs")
    operation(page, "办结").click()
    expect(page.get_by_text("service_item").first).to_be_visible()
    look(page, "docs", own=False)


def test_try_it_calls_this_service_itself(page, site) -> None:
    page.goto(f"{site}/docs")
    operation(page, "进程是否存活").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table tr.response .response-col_status")).to_contain_text("200")


def test_keyboard_reaches_the_content_first_and_every_control_in_order(page, site) -> None:
    page.goto(f"{site}/gallery")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "govuk-skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"
    order = []
    for _ in range(7):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
    assert order == ["username", "password", "显示", "otp", "decision", "decision", "decision"]


@pytest.mark.parametrize("scripts", [True, False])
def test_forms_work_with_and_without_javascript(new_page, site, scripts) -> None:
    page = new_page("zh-CN", 390, scripts=scripts)
    page.goto(f"{site}/gallery")
    page.get_by_label("用户名").fill("demo")
    page.get_by_role("button", name="同意并继续").click()
    expect(page.get_by_role("alert")).to_contain_text("请检查以下内容")
    assert page.title().startswith("错误：")


def test_errors_are_accessible_and_lead_to_their_fields(new_page, look, site) -> None:
    page = new_page("en", 1200)
    look.names = lambda: SAMPLES
    page.goto(f"{site}/gallery")
    page.get_by_role("button", name="Agree and continue").click()
    look(page, "gallery-errors")
    page.get_by_role("alert").get_by_role("link", name="Enter your user name").click()
    assert page.evaluate("document.activeElement.id") == "username"


def test_password_toggle_speaks_the_readers_language(page, axe, site) -> None:
    page.goto(f"{site}/gallery")
    page.get_by_role("button", name="显示密码").click()
    assert page.locator("#password").get_attribute("type") == "text"
    expect(page.get_by_role("button", name="隐藏密码")).to_be_visible()
    axe(page)


def test_language_and_type_size_are_remembered(page, site) -> None:
    page.goto(f"{site}/gallery")
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="Larger text").click()
    page.goto(f"{site}/gallery/compact")
    assert page.locator("html").get_attribute("lang") == "en"
    assert "tongban--large" in (page.locator("html").get_attribute("class") or "")
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("页面组件")


def test_a_page_loads_no_inline_script_or_style(page, site) -> None:
    response = page.goto(f"{site}/gallery")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.locator("script:not([src]), style, [style], [onclick]").count() == 0
