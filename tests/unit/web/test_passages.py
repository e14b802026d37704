"""WCAG 2.2 3.1.2: what a page in English says in Chinese carries its language."""

from __future__ import annotations

import pytest

from kernel.web.passages import with_languages


@pytest.mark.parametrize(
    ("page", "marked"),
    [
        ("<p>By 公安局.</p>", '<p>By <span lang="zh">公安局</span>.</p>'),
        ("<b>沙·箱乙</b> and 李*明", '<b><span lang="zh">沙·箱乙</span></b> and <span lang="zh">李*明</span>'),
        ("<p>（见 第 3 条）</p>", '<p><span lang="zh">（见 第 3 条）</span></p>'),
        ("<option value='a'>公安局</option>", "<option value='a' lang=\"zh\">公安局</option>"),
        ("<textarea>a &lt; 甲\n乙</textarea>", '<textarea lang="zh">a &lt; 甲\n乙</textarea>'),
    ],
)
def test_chinese_that_a_page_in_english_holds_is_marked(page: str, marked: str) -> None:
    assert with_languages(page) == marked


@pytest.mark.parametrize(
    "page",
    [
        '<p lang="zh-CN">公安局</p>',
        '<option lang="zh-CN">公安局</option>',
        '<a title="公安局 > 甲" href="/">Police</a>',
        "<title>公安局 – Tongban</title>",
        "<!-- 公安局 --><script>甲</script>",
        "<option>Police</option><p>Fish &amp; chips, 3 < 4</p>",
    ],
)
def test_what_is_marked_already_or_cannot_be_stays_as_it_is(page: str) -> None:
    assert with_languages(page) == page


def test_a_second_time_changes_nothing() -> None:
    once = with_languages("<p>By 公安局 for 李*明</p><option>甲</option>")
    assert with_languages(once) == once
