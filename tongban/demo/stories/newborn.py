"""A child is born: what one department makes is evidence for the next, and nobody is asked for it in between."""

from __future__ import annotations

from typing import Any

from tongban.demo import world
from tongban.demo.narration import expect
from tongban.demo.stories.browser import Page
from tongban.demo.stories.people import through
from tongban.demo.stories.restaurant import delivered, evidence_of
from tongban.demo.stories.stage import Stage

STORY = "newborn"
FAMILY, WANTED = 6, 12
"""Items about the family, and all of them."""
ENTRY, INSURANCE, CARD = 7, 9, 11
"""Places of what the departments made one after the other."""
ANSWERS = {"spouse": world.LI.number}
"""What the mother types into the form: the father; the child is whom the birth record names."""
PAPERS = 8


def play(stage: Stage) -> None:
    """The mother applies; the child has a household, an insurance and a card; a stranger is not let in."""
    stage.narrator.heading("陈示例家添了孩子", "A child is born to Chen Shili")
    browser = stage.browser_of("chen")
    with stage.narrator.step(STORY, "孩子还没有户口", "the child stands in no household yet"):
        expect(world.CHILD.number not in stage.households(), "the child is entered already")
    with stage.narrator.step(STORY, "母亲登录，只填配偶", "the mother signs in and names the father alone"):
        page = apply(stage, world.LI.number)
        expect("办好了" in page.text, page.text[:400])
    items = evidence_of(browser, page, WANTED)
    with stage.narrator.step(
        STORY, "关系由登记证明：婚姻登记、出生医学证明", "registers prove who is spouse and child"
    ) as step:
        expect(delivered(items), str([(item["type"], item["status"]) for item in items]))
        step.saw(材料=len(items))
    chain(stage, items, page)
    with stage.narrator.step(STORY, "应交与上传材料", "papers asked for before, and uploaded") as step:
        counted = stage.papers("newborn")
        expect(counted == (PAPERS, 0), str(counted))
        step.saw(以往=counted[0], 现在=counted[1])
    with stage.narrator.step(
        STORY, "冒填他人为配偶：被拒绝，后面的也不办", "a stranger as spouse: refused, and it ends there"
    ) as step:
        items = evidence_of(browser, apply(stage, world.ZHAO.number), FAMILY)
        refused = [item for item in items if item["status"] == "refused"]
        expect([item["type"] for item in refused] == ["identity-card"], str([i["status"] for i in items]))
        step.saw(理由=refused[0]["problem"]["title"])


def apply(stage: Stage, spouse: str) -> Page:
    """The mother's application."""
    browser, person = stage.browser_of("chen"), stage.people["chen"]
    form = through(browser, browser.open(f"{stage.sites['newborn']}/apply"), person)
    return through(browser, browser.submit(form, {"spouse": spouse}), person)


def chain(stage: Stage, items: list[dict[str, Any]], page: Page) -> None:
    """Birth record → household entry → insurance → card, each read where the one before was written."""
    with stage.narrator.step(
        STORY,
        "结果成为输入：出生证明 → 入户 → 参保 → 社保卡",
        "results become inputs: birth, household, insurance, card",
    ) as step:
        entry, insurance, card = (items[place]["data"] for place in (ENTRY, INSURANCE, CARD))
        household = stage.households().get(world.CHILD.number)
        expect(household == entry["household_number"] == stage.households()[world.CHEN.number], str(entry))
        made = (insurance["insurance_number"], card["card_number"])
        expect(all(number in page.text for number in made), str(made))
        step.saw(户号=household, 医保=made[0], 社保卡=made[1])
