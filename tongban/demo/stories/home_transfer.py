"""A couple sells a home: spouse and buyer are found in registers, and the register's own database has a new holder."""

from __future__ import annotations

import json
from typing import Any

from tongban.demo import world
from tongban.demo.narration import expect
from tongban.demo.stories.browser import Browser, Page
from tongban.demo.stories.people import through
from tongban.demo.stories.restaurant import delivered, evidence_of
from tongban.demo.stories.stage import Stage

STORY = "home-transfer"
WANTED = 7
ANSWERS = {"buyer": world.SUN.name}
"""What the seller types into the form: a name, and no number."""
SPOUSE, BUYER, MARITAL_STATUS = 4, 5, 6
"""Places in the request."""
PAPERS = 7


def play(stage: Stage) -> None:
    """A wrong name stops it; the right one makes a new title; a home that is sold cannot be sold again."""
    stage.narrator.heading("周示例夫妇卖房", "The Zhous sell their home")
    browser = stage.browser_of("zhou")
    before = stage.titles()
    with stage.narrator.step(STORY, "填错买方姓名：登记簿不动", "a wrong buyer's name: the register is not touched"):
        page = apply(stage, browser, {"buyer": world.WANG.name})
        expect("不能办理" in page.text and stage.titles() == before, page.text[:400])
    with stage.narrator.step(
        STORY, "只填买方姓名，号码一个不填", "the seller types the buyer's name and no number"
    ) as step:
        page = apply(stage, browser, ANSWERS)
        expect("办好了" in page.text, page.text[:400])
        step.saw(上传材料=0)
    items = evidence_of(browser, page, WANTED)
    people(stage, items)
    marital_status(stage, items)
    new_title(stage, before, page)
    with stage.narrator.step(STORY, "卖过的房不能再卖", "what is sold cannot be sold again") as step:
        again = evidence_of(browser, apply(stage, browser, ANSWERS), WANTED)
        missing = [item["type"] for item in again if item["status"] == "failed"]
        expect(missing == ["premises-title"], str([(item["type"], item["status"]) for item in again]))
        step.saw(code=next(item["problem"]["code"] for item in again if item["status"] == "failed"))
    with stage.narrator.step(STORY, "应交与上传材料", "papers asked for before, and uploaded") as step:
        counted = stage.papers("estate")
        expect(counted == (PAPERS, 0), str(counted))
        step.saw(以往=counted[0], 现在=counted[1])


def apply(stage: Stage, browser: Browser, answers: dict[str, str]) -> Page:
    """The seller's application, signed in as they are."""
    person = stage.people["zhou"]
    form = through(browser, browser.open(f"{stage.sites['estate']}/apply"), person)
    return through(browser, browser.submit(form, answers), person)


def people(stage: Stage, items: list[dict[str, Any]]) -> None:
    """The marriage record names the spouse, the tax bureau's signed document the buyer; the request named neither."""
    with stage.narrator.step(
        STORY, "婚姻登记指明配偶，签名的完税证明指明买方", "the marriage names the spouse, a signed document the buyer"
    ) as step:
        expect(delivered(items), str([(item["type"], item["status"]) for item in items]))
        names = (items[SPOUSE]["data"]["name"], items[BUYER]["data"]["name"])
        expect(names == (world.WU.name, world.SUN.name), str(names))
        expect("citizen_number" not in items[SPOUSE]["data"], "the spouse's number was not asked for, and came")
        step.saw(配偶=names[0], 买方=names[1])


def marital_status(stage: Stage, items: list[dict[str, Any]]) -> None:
    """Whether the buyer is married is answered; no record of anybody is shown for it."""
    with stage.narrator.step(
        STORY, "买方婚姻只答“无登记”，有签名有时间", "the buyer's marriage: “none on record”, signed and timed"
    ) as step:
        answer = items[MARITAL_STATUS]
        expect(answer["answers"][0]["answer"] is False and "data" not in answer, json.dumps(answer)[:300])
        expect(answer["jws"] and answer["receipt"], "an answer without signature or receipt")
        step.saw(截至=answer["provenance"]["retrieved_at"])


def new_title(stage: Stage, before: dict[str, tuple[str, str]], page: Page) -> None:
    """What the property register's own database holds now."""
    with stage.narrator.step(
        STORY, "登记簿里：旧证注销，新证写给买方", "the register's database: old title ended, new one written"
    ) as step:
        after = stage.titles()
        (new,) = after.keys() - before.keys()
        (old,) = [title for title in before if before[title] != after[title]]
        expect(before[old] == (world.ZHOU.number, "01") and after[old] == (world.ZHOU.number, "02"), str(after[old]))
        expect(after[new] == (world.SUN.number, "01") and new in page.text, str(after[new]))
        step.saw(新证=new)
