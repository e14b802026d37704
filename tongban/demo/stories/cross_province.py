"""Two provinces: the other one's exchange is asked through its own interface, and answers “no home”, signed."""

from __future__ import annotations

import json

import requests

from tongban.demo import world
from tongban.demo.narration import expect
from tongban.demo.stories.browser import Browser, Page
from tongban.demo.stories.people import through
from tongban.demo.stories.restaurant import delivered, evidence_of
from tongban.demo.stories.stage import Stage

STORY = "cross-province"
WANTED = 3
ANSWERS = {"rent": "1500"}
"""What the person types into the form."""
HERE, THERE = 1, 2
"""Places in the request."""
PAPERS = 3


def play(stage: Stage) -> None:
    """Whoever has a home on neither side is paid; whoever has one over there is not."""
    stage.narrator.heading("秦示例跨省提取公积金", "Qin Shili's rent, across two provinces")
    browser = stage.browser_of("qin")
    before = recorded(stage)
    with stage.narrator.step(
        STORY, "只填租金，两地无房证明都不用开", "the rent is typed; no proof from either side"
    ) as step:
        page = apply(stage, browser, "qin")
        expect("办好了" in page.text, page.text[:400])
        step.saw(上传材料=0)
    with stage.narrator.step(
        STORY,
        "邻省经它自己的平台答“无房”，有签名、入了它的账",
        "the neighbour's exchange says “no home”, and recorded it",
    ) as step:
        items = evidence_of(browser, page, WANTED)
        expect(delivered(items), str([(item["type"], item["status"]) for item in items]))
        expect(items[HERE]["answers"][0]["answer"] is False, str(items[HERE]["answers"]))
        expect(items[THERE]["data"] == {"has_home": False}, str(items[THERE]["data"]))
        after = recorded(stage)
        expect(after > before, f"nothing new in the neighbour's log: {before}, {after}")
        step.saw(邻省账本新增=after - before, 可信等级=items[THERE]["provenance"]["trust_grade"])
    elsewhere(stage)
    with stage.narrator.step(STORY, "应交与上传材料", "papers asked for before, and uploaded") as step:
        counted = stage.papers("fund")
        expect(counted == (PAPERS, 0), str(counted))
        step.saw(以往=counted[0], 现在=counted[1])


def apply(stage: Stage, browser: Browser, key: str) -> Page:
    """Somebody's application at the provident fund."""
    person = stage.people[key]
    form = through(browser, browser.open(f"{stage.sites['fund']}/apply"), person)
    return through(browser, browser.submit(form, ANSWERS), person)


def elsewhere(stage: Stage) -> None:
    """A home over there is a yes, and the address stays over there."""
    with stage.narrator.step(
        STORY, "在邻省有房的：不能提取，坐落不外传", "with a home over there: no, and no address"
    ) as step:
        browser = stage.browser_of("zhou")
        page = apply(stage, browser, "zhou")
        expect("不能办理" in page.text, page.text[:400])
        there = evidence_of(browser, page, WANTED)[THERE]
        expect(there["data"] == {"has_home": True}, str(there))
        known = json.loads((stage.folder / "world.json").read_text("utf-8"))["homes_elsewhere"]
        expect(known[world.ZHOU.number] not in json.dumps(there, ensure_ascii=False), "the address came along")
        step.saw(邻省有房="是 yes")


def recorded(stage: Stage) -> int:
    """How many entries the neighbour's log has, by its published checkpoint."""
    answer = requests.get(f"{stage.neighbour}/v1/ledger/checkpoint", timeout=10)
    return int(answer.text.splitlines()[1])
