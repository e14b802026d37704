"""A citizen's way through the real pages in a real browser: keyboard and phone, both languages, without JavaScript."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pyotp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PORT_BASE = 19400


@pytest.fixture(scope="module")
def demo(make_named_database, tmp_path_factory):
    """A running demonstration: what ``tongban demo --json`` printed."""
    folder = tmp_path_factory.mktemp("demo")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    command = [sys.executable, "-m", "tongban", "demo", "--json", "--story", "newborn", "--data", str(folder)]
    if (database := make_named_database()) is not None:
        command += ["--database", database]
    process = subprocess.Popen(
        [*command, "--port-base", str(PORT_BASE + 50 * worker)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        text = ""
        for line in process.stdout:
            text += line
            if line.rstrip() == "}":
                break
        told = json.loads(text)
        told["base"] = PORT_BASE + 50 * worker
        assert told["ok"], told
        yield told
    finally:
        process.terminate()  # not Ctrl-C, to which whatever a shell started in the background is deaf
        process.wait(60)
        process.stdout.close()


def site(demo, offset):
    return f"http://127.0.0.1:{demo['base'] + offset}"


def person(demo, username):
    return next(one for one in demo["people"] if one["username"] == username)


def send(page):
    with page.expect_navigation():
        page.keyboard.press("Enter")


def follow(page, selector):
    with page.expect_navigation():
        page.click(selector)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_restaurant_is_opened_through_pages_that_axe_finds_sound(demo, new_page, look, language):
    page = new_page(language)
    lang = language[:2]
    wang = person(demo, "wang")
    look = partial(look, page)
    page.goto(f"{site(demo, 20)}/?lang={lang}")
    look("market-home")
    follow(page, ".button")
    look("sign-in")
    page.fill("[name=username]", "wang")
    page.fill("[name=password]", "wrong")
    send(page)
    look("sign-in-wrong")
    page.fill("[name=username]", "wang")
    page.fill("[name=password]", wang["password"])
    send(page)
    if page.locator("[name=otp]").count():
        look("one-time-code")
        page.fill("[name=otp]", pyotp.TOTP(wang["totp_secret"]).now())
        send(page)
    if page.locator("[name=decision]").count():
        look("scopes")
        follow(page, "[name=decision][value=allow]")
    look("market-form")
    page.fill("[name=trade_name]", "浏览器面馆")
    follow(page, "main .button")
    text = page.locator("body").inner_text()
    assert page.locator("[name=decision]").count() == 2, text
    look("notice")
    follow(page, "[name=decision][value=allow]")
    look("market-done")
    assert ("办好了" if lang == "zh" else "Done") in page.locator("body").inner_text()


def test_without_javascript_a_person_says_no_and_nothing_is_fetched(demo, new_page):
    page = new_page(scripts=False)
    li = person(demo, "li")
    page.goto(f"{site(demo, 20)}/apply")
    page.fill("[name=username]", "li")
    page.fill("[name=password]", li["password"])
    send(page)
    if page.locator("[name=decision]").count():
        follow(page, "[name=decision][value=allow]")
    page.fill("[name=trade_name]", "不办了")
    follow(page, "main .button")
    follow(page, "[name=decision][value=deny]")
    assert "没有同意" in page.locator("body").inner_text()


def test_the_api_reference_asks_no_other_host(demo, new_page, axe):
    page = new_page("en")
    page.goto(f"http://127.0.0.1:{demo['base'] + 1}/docs")
    page.wait_for_selector(".opblock", timeout=20_000)
    assert page.locator(".opblock").count() > 10
