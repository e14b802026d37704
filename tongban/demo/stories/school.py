"""A child goes to school: yes, no and a number of months are enough, and the records stay where they are."""

from __future__ import annotations

import json

from tongban.demo import world
from tongban.demo.narration import expect
from tongban.demo.stories.people import through
from tongban.demo.stories.restaurant import delivered, evidence_of
from tongban.demo.stories.stage import Stage

STORY = "school"
WANTED = 5
ANSWERS = {"child": world.CHILD.number}
"""What the mother types into the form."""


def play(stage: Stage) -> None:
    """The mother applies; insurance and home are answered, not shown."""
    stage.narrator.heading("陈示例的孩子上学", "Chen Shili's child goes to school")
    browser, person = stage.browser_of("chen"), stage.people["chen"]
    with stage.narrator.step(STORY, "母亲登录，只填孩子", "the mother signs in and names her child alone") as step:
        form = through(browser, browser.open(f"{stage.sites['school']}/apply"), person)
        page = through(browser, browser.submit(form, ANSWERS), person)
        expect("办好了" in page.text and "已安排学位" in page.text, page.text[:400])
        step.saw(上传材料=0)
    items = {item["type"]: item for item in evidence_of(browser, page, WANTED)}
    with stage.narrator.step(
        STORY, "社保只答“满十二个月”和月数，不给缴费记录", "insurance answers “twelve months” and a number, no record"
    ) as step:
        paid = items["insurance-contributions"]
        expect("data" not in paid, "the record left with its answer")
        enough, months = (one["answer"] for one in paid["answers"])
        expect(enough is True and months == len(months_paid(stage)), str(paid["answers"]))
        expect(not any(month in json.dumps(paid) for month in months_paid(stage)), "a month was told")
        step.saw(满十二个月="是 yes", 月数=months)
    with stage.narrator.step(STORY, "住房只答“有”，不给产权证", "the home answers “yes”, no title is shown") as step:
        home = items["premises-title"]
        expect(home["answers"][0]["answer"] is True and "data" not in home, str(home))
        expect(delivered([*items.values()]), str([(item["type"], item["status"]) for item in items.values()]))
        step.saw(材料=len(items))
    with stage.narrator.step(STORY, "应交与上传材料", "papers asked for before, and uploaded") as step:
        counted = stage.papers("school")
        expect(counted == (WANTED, 0), str(counted))
        step.saw(以往=counted[0], 现在=counted[1])


def months_paid(stage: Stage) -> list[str]:
    """What the insurance register really holds of the mother."""
    known = json.loads((stage.folder / "world.json").read_text("utf-8"))["contributions"]
    return next(one["months"] for one in known if one["number"] == world.CHEN.number)
