"""The page of further questions: a plain form, errors beside their fields, and nothing of anybody's record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.base import Query
from connectors.errors import SourceUnavailable
from tests.doubles.browser import form_of
from tests.doubles.exchange import BEFORE_FETCH, OWNER, STRANGER, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_further_questions import DISTRICT, YEAR, apply, put
from tests.unit.exchange.test_previews import outcome

__all__ = ["apply"]
CONFLICT, UNPROCESSABLE, LATER = 409, 422, 503
KIND = {
    "name": "kind",
    "label": {"zh": "登记种类", "en": "Kind of registration"},
    "type": "choice",
    "choices": [
        {"code": "1", "label": {"zh": "初次", "en": "First"}},
        {"code": "2", "label": {"zh": "再次", "en": "Again"}},
    ],
}


@pytest.fixture
def browser(apply: Callable[..., World]) -> OfficersBrowser:
    browser = OfficersBrowser(apply("ambiguous", questions=(DISTRICT, YEAR)))
    browser.sign_in_as(OWNER)
    return browser


def answers(browser: OfficersBrowser, at: str, **typed: str) -> dict[str, str]:
    """The form as the page holds it, filled in."""
    fields = form_of(browser.get(at)).fields
    return {**fields, **{f"answers.{name}": value for name, value in typed.items()}}


def test_somebody_answers_and_looks_at_what_was_found(browser: OfficersBrowser) -> None:
    name, case = put(browser.world)
    at = f"/my/previews/{name}/0"
    assert "先回答几个问题" in browser.get("/my/previews").text
    page = browser.get(at)
    for words in (
        "登记地区划代码",
        "六位数字",
        "登记年份",
        "四位数字",
        "公安局",
        "市场监管局",
        "还可以回答 3 次",
        "不回答",
    ):
        assert words in page.text
    for never in ("陈示例", "陈另一", "500107", OWNER):
        assert never not in page.text
    done = browser.post(f"{at}/answers", answers(browser, at, district="500107", year="2015"))
    assert (done.status_code, done.headers["Location"]) == (303, at)
    assert "陈另一" in browser.get(at).text
    assert "已按您的同意提供" in browser.press(at, reply="provide").text
    assert outcome(browser.world, name, case) == ("delivered", None)


def test_what_is_wrong_stands_beside_its_field_and_in_the_summary(browser: OfficersBrowser) -> None:
    name, _ = put(browser.world)
    at = f"/my/previews/{name}/0"
    wrong = browser.post(f"{at}/answers", answers(browser, at, district="50", year=""))
    assert wrong.status_code == UNPROCESSABLE
    assert 'href="#answers.district"' in wrong.text
    assert 'href="#answers.year"' in wrong.text
    assert 'value="50"' in wrong.text
    assert "写法不正确" in wrong.text
    assert "还可以回答 3 次" in wrong.text


def test_wrong_answers_are_said_to_be_and_end(browser: OfficersBrowser) -> None:
    name, case = put(browser.world)
    at = f"/my/previews/{name}/0"
    for left in (2, 1):
        wrong = browser.post(f"{at}/answers", answers(browser, at, district="500199", year="2001"))
        assert wrong.status_code == CONFLICT
        assert "没有查到唯一一条记录" in wrong.text
        assert f"还可以回答 {left} 次" in wrong.text
    over = browser.post(f"{at}/answers", answers(browser, at, district="500199", year="2001"))
    assert (over.status_code, "24 小时后" in over.text) == (CONFLICT, True)
    assert outcome(browser.world, name, case) == ("failed", "preview.answers-exhausted")
    assert browser.get(at).status_code == CONFLICT


def test_a_page_sent_twice_counts_once_and_one_that_is_over_says_so(browser: OfficersBrowser) -> None:
    name, _ = put(browser.world)
    at = f"/my/previews/{name}/0"
    form = answers(browser, at, district="500199", year="2001")
    browser.post(f"{at}/answers", form)
    again = browser.post(f"{at}/answers", form)
    assert (again.status_code, "请重新回答" in again.text, "还可以回答 2 次" in again.text) == (CONFLICT, True, True)
    form = answers(browser, at, district="500107", year="2015")
    assert "没有提供" in browser.press(at, reply="decline").text
    assert browser.post(f"{at}/answers", form).status_code == CONFLICT


def test_a_source_in_trouble_is_told_and_nothing_is_lost(browser: OfficersBrowser) -> None:
    name, _ = put(browser.world)
    at = f"/my/previews/{name}/0"

    def down(_query: Query) -> None:
        raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    late = browser.post(f"{at}/answers", answers(browser, at, district="500107", year="2015"))
    assert (late.status_code, "数据来源暂时不可用" in late.text) == (LATER, True)
    assert 'value="2015"' in late.text
    assert "还可以回答 3 次" in late.text


def test_a_choice_is_made_from_what_the_department_lists(apply: Callable[..., World]) -> None:
    browser = OfficersBrowser(apply("always", questions=(DISTRICT, KIND)))
    browser.sign_in_as(OWNER)
    name, _ = put(browser.world, mode="direct")
    at = f"/my/previews/{name}/0"
    assert "再次" in browser.get(at).text
    odd = browser.post(f"{at}/answers", answers(browser, at, district="500107", kind="9"))
    assert (odd.status_code, "不是允许的值之一" in odd.text) == (UNPROCESSABLE, True)


def test_what_may_be_left_empty_says_so_in_its_label(apply: Callable[..., World]) -> None:
    optional = {**KIND, "optional": True}
    browser = OfficersBrowser(apply("ambiguous", questions=(DISTRICT, {**YEAR, "optional": True}, optional)))
    browser.sign_in_as(OWNER)
    name, _ = put(browser.world, mode="direct")
    at = f"/my/previews/{name}/0"
    page = browser.get(at).text
    for words in ("登记地区划代码", "登记年份（可不填）", "登记种类（可不填）", "不回答这一项"):
        assert words in page
    assert "登记地区划代码（可不填）" not in page
    assert "Year of registration (may be left empty)" in browser.get(at, **{"Accept-Language": "en"}).text
    done = browser.post(f"{at}/answers", answers(browser, at, district="500107", year=""))
    assert (done.status_code, "已按请求提供" in done.text) == (200, True)


def test_nobody_else_is_shown_a_question_and_a_bare_form_answers_none(browser: OfficersBrowser) -> None:
    name, _ = put(browser.world)
    at = f"/my/previews/{name}/0"
    form = answers(browser, at, district="500107", year="2015")
    stranger = OfficersBrowser(browser.world)
    stranger.sign_in_as(STRANGER)
    assert stranger.get(at).status_code == CONFLICT
    bare = {name: value for name, value in form.items() if name.startswith("answers.") or name == "digest"}
    assert browser.post(f"{at}/answers", bare).status_code in {400, 403}
    assert browser.world.events("FurtherAnswersGiven") == []
