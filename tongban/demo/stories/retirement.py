"""Somebody retires: months and savings are answered, which of two accounts counts the person says, and what only the
archive knows a clerk there looks up.
"""

from __future__ import annotations

import json
from typing import Any

from tongban.demo import world
from tongban.demo.narration import expect
from tongban.demo.stories.browser import Browser, Page
from tongban.demo.stories.people import signed_in_at, through
from tongban.demo.stories.receipts import commanded
from tongban.demo.stories.restaurant import evidence_of
from tongban.demo.stories.stage import Stage

STORY = "retirement"
BEGAN = {"began": "1984"}
"""What the person types into the form: when they began to work."""
EARLIER = 228
ARCHIVE = {"employer": "演示机械厂", "months": EARLIER}
"""What the clerk reads in the personnel file."""
ARCHIVIST = "officer5"
AREA, WRONG_AREA = {"answers.area": "01"}, {"answers.area": "03"}
"""What the person answers when asked where they were insured last; and what they answer first."""
ANSWERS = BEGAN | AREA
ATTEMPTS = 3
PAPERS = 3


def play(stage: Stage) -> None:
    """Apply, let the clerk look it up, come back, and see the pension in the bureau's own database."""
    stage.narrator.heading("何示例退休", "He Shili retires")
    browser, person = stage.browser_of("he"), stage.people["he"]
    required(stage, browser)
    with stage.narrator.step(STORY, "只填哪年参加工作", "the person types when they began to work") as step:
        form = through(browser, browser.open(f"{stage.sites['retirement']}/apply"), person)
        page = through(browser, browser.submit(form, BEGAN), person)
        expect("人工查找" in page.text and page.asks_for("continue"), page.text[:400])
        items = {item["type"]: item["status"] for item in evidence_of(browser, page, PAPERS)}
        expect(items["service-archive"] == "awaiting-person", str(items))
        step.saw(状态=items["service-archive"])
    asked_first(stage, browser, page)
    by_the_archive(stage)
    with stage.narrator.step(STORY, "回来继续：开始发放养老金", "back again, and a pension is paid") as step:
        page = through(browser, browser.submit(page, {"continue": "1"}), person)
        expect("办好了" in page.text, page.text[:400])
        months = len(months_paid(stage)) + EARLIER
        expect(stage.pensions().get(world.HE.number) == (months, "01"), str(stage.pensions()))
        step.saw(累计月数=months)
    answers(stage, browser, page)
    own_log(stage, browser)
    with stage.narrator.step(STORY, "应交与上传材料", "papers asked for before, and uploaded") as step:
        counted = stage.papers("retirement")
        expect(counted == (PAPERS, 0), str(counted))
        step.saw(以往=counted[0], 现在=counted[1])


def required(stage: Stage, browser: Browser) -> None:
    """What is required depends on the working life, and anybody can look it up."""
    address = f"{stage.exchange}/v1/service-items/{stage.site_file('retirement')['service_item']}/requirements"
    with stage.narrator.step(
        STORY,
        "办什么要什么，按情形：近年才工作的不要档案",
        "what is required depends: no old service, no personnel file",
    ) as step:
        asked: dict[str, list[str]] = {}
        for case in ("yes", "no"):
            told = browser.json(f"{address}?circumstances=worked_before_computers:{case}")
            asked[case] = [one["code"] for one in told["requirements"]]
        expect({*asked["yes"]} - {*asked["no"]} == {"personnel-file"}, str(asked))
        step.saw(需要="、".join(asked["yes"]))


def asked_first(stage: Stage, browser: Browser, page: Page) -> None:
    """The register has two accounts of one number: it asks the person, who errs once, and nobody else."""
    with stage.narrator.step(
        STORY,
        "社保有他两个账户：不猜，也不让他开证明，只问他本人最后在哪参保",
        "two accounts of one number: nobody guesses, the person is asked where they were insured last",
    ) as step:
        (waiting,) = [item for item in evidence_of(browser, page, PAPERS) if item["status"] == "awaiting-preview"]
        expect(waiting["reason"] == "further-questions" and "answers" not in waiting, str(waiting))
        (link,) = [link for link in page.links if link.endswith(waiting["preview"])]
        asked = signed_in_at(browser, link, stage.people["he"])
        expect(asked.asks_for(*AREA), asked.text[:400])
        step.saw(等待=waiting["reason"], 材料=waiting["type"])
    with stage.narrator.step(
        STORY, "答错一次：记一次，什么也没给", "a wrong answer counts, and nothing is given"
    ) as step:
        again = browser.submit(asked, WRONG_AREA)
        expect(f"还可以回答 {ATTEMPTS - 1} 次" in again.text, again.text[:400])
        step.saw(还可以答=ATTEMPTS - 1)
    with stage.narrator.step(
        STORY, "答对：按请求提供，回答本身不保存", "the right one: provided, and not kept"
    ) as step:
        given = browser.submit(again, AREA)
        expect("已按请求提供" in given.text, given.text[:400])
        step.saw(追问次数=2)


def answers(stage: Stage, browser: Browser, page: Page) -> None:
    """What human resources was told: three answers, and no month and no sum."""
    with stage.narrator.step(
        STORY, "缴费只答月数与“够”，不给明细和金额", "contributions: a number and “enough”, no month, no sum"
    ) as step:
        items = {item["type"]: item for item in evidence_of(browser, page, PAPERS)}
        paid = items["insurance-contributions"]
        told = {one["name"]: one["answer"] for one in paid["answers"]}
        months = months_paid(stage)
        expect(told == {"count-at-least": True, "count": len(months), "amount-at-least": True}, str(told))
        known = [*months, contributions(stage)["total"]]
        expect("data" not in paid and not any(one in json.dumps(paid) for one in known), "the record left its source")
        step.saw(缴费月数=len(months))


def own_log(stage: Stage, browser: Browser) -> None:
    """Who used his data, in plain words, each with a receipt that anybody can check."""
    with stage.narrator.step(
        STORY,
        "他在“谁用过我的数据”里逐条看到，附回执；最新一张离线验证通过",
        "he reads who used his data, each with a receipt; the newest verifies",
    ) as step:
        page = signed_in_at(browser, f"{stage.exchange}/my/usage", stage.people["he"])
        told = [word for word in ("市人力社保局（演示）", "内容有误？", "追问") if word not in page.text]
        expect(not told, f"{told}: {page.text[:400]}")
        receipt = stage.folder / f"{STORY}.tlog-proof"
        receipt.write_text(page.blocks[0], encoding="utf-8")
        commanded("verify", str(receipt), "--key", stage.log_key)
        step.saw(条目=len(page.blocks))


def by_the_archive(stage: Stage) -> None:
    """A clerk of the archive takes the question and types what the personnel file says."""
    with stage.narrator.step(STORY, "档案员领取、查档、填写", "a clerk of the archive takes it and answers") as step:
        expect(ARCHIVIST in stage.officers, "nobody of the archive is signed in")
        clerk = stage.officers[ARCHIVIST]
        (task,) = clerk.get("/v1/tasks")["tasks"]
        work = clerk.post(f"/v1/tasks/{task['id']}/take", {})
        expect(work["subject"]["value"] == world.HE.number, "the task is about somebody else")
        clerk.post(f"/v1/tasks/{task['id']}/answer", {"values": ARCHIVE})
        step.saw(时限=task["left"]["zh"])


def contributions(stage: Stage) -> dict[str, Any]:
    """What the insurance register really holds of the person."""
    known = json.loads((stage.folder / "world.json").read_text("utf-8"))["contributions"]
    return next(one for one in known if one["number"] == world.HE.number)


def months_paid(stage: Stage) -> list[str]:
    """The months in that record."""
    return list(contributions(stage)["months"])
