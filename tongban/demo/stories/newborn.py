"""A child is born: mother, father and child are people of one case, each by a relation a register proved."""

from __future__ import annotations

from tongban.demo import world
from tongban.demo.narration import expect
from tongban.demo.stories.people import through
from tongban.demo.stories.restaurant import delivered, evidence_of
from tongban.demo.stories.stage import Stage

STORY = "newborn"
WANTED = 6
ANSWERS = {"spouse": world.LI.number, "child": world.CHILD.number}
"""What the mother types into the form."""


def play(stage: Stage) -> None:
    """The mother applies; father and child follow from the registers; a stranger does not."""
    stage.narrator.heading("陈示例家添了孩子", "A child is born to Chen Shili")
    browser = stage.browser_of("chen")
    person = stage.people["chen"]
    with stage.narrator.step(STORY, "母亲登录，填配偶与孩子", "the mother signs in, names spouse and child"):
        form = through(browser, browser.open(f"{stage.sites['newborn']}/apply"), person)
        page = through(browser, browser.submit(form, ANSWERS), person)
        expect("办好了" in page.text, page.text[:400])
    with stage.narrator.step(
        STORY, "关系由登记证明：婚姻登记、出生医学证明", "registers prove who is spouse and child"
    ) as step:
        items = evidence_of(browser, page, WANTED)
        expect(delivered(items), str([(item["type"], item["status"]) for item in items]))
        step.saw(材料=len(items))
    with stage.narrator.step(STORY, "冒填他人为配偶：被拒绝", "a stranger named as spouse: refused") as step:
        form = through(browser, browser.open(f"{stage.sites['newborn']}/apply"), person)
        page = through(browser, browser.submit(form, {**ANSWERS, "spouse": world.ZHAO.number}), person)
        items = evidence_of(browser, page, WANTED)
        refused = [item for item in items if item["status"] == "refused"]
        expect([item["type"] for item in refused] == ["identity-card"], str([i["status"] for i in items]))
        step.saw(理由=refused[0]["problem"]["title"])
