"""A couple sells a home: what is wrong in the title is mended first; spouse and buyer are found in registers, and the
register's own database has a new holder.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

from tongban.demo import world
from tongban.demo.departments.evidence_client import EvidenceClient, Registration
from tongban.demo.departments.registrar import Registrar
from tongban.demo.narration import expect
from tongban.demo.stories.browser import Browser, Page
from tongban.demo.stories.people import signed_in_at, through
from tongban.demo.stories.restaurant import delivered, evidence_of
from tongban.demo.stories.stage import Stage

STORY = "home-transfer"
OWN, WANTED = 2, 7
"""Items about the seller alone, and all of them."""
BUYS, LOOKS = {"buyer": world.SUN.name}, {"look_first": "是"}
OBJECTION = {"field": "area", "right": "84.79", "reason": "房产证上是 84.79，录入时打错"}
ANSWERS = BUYS | LOOKS | OBJECTION
"""What the seller types into the forms: a name, and no number; and what is wrong in the title."""
REGISTRAR = "officer6"
"""The property bureau's officer."""
IDENTITY, TITLE, SPOUSE, BUYER, MARITAL_STATUS = 0, 1, 4, 5, 6
"""Places in the request."""
PAPERS = 7


def play(stage: Stage) -> None:
    """The title is wrong and mended; a wrong name stops it; the right one makes a new title, and none is sold twice."""
    stage.narrator.heading("周示例夫妇卖房", "The Zhous sell their home")
    browser = stage.browser_of("zhou")
    mended(stage, browser)
    before = stage.titles()
    with stage.narrator.step(
        STORY, "只填买方姓名，号码一个不填", "the seller types the buyer's name and no number"
    ) as step:
        page = apply(stage, browser, BUYS)
        expect("办好了" in page.text and OBJECTION["right"] in page.text, page.text[:400])
        step.saw(上传材料=0)
    items = evidence_of(browser, page, WANTED)
    people(stage, items)
    marital_status(stage, items)
    new_title(stage, before, page)
    with stage.narrator.step(STORY, "卖过的房不能再卖", "what is sold cannot be sold again") as step:
        again = evidence_of(browser, apply(stage, browser, BUYS), OWN)
        missing = [item["type"] for item in again if item["status"] == "failed"]
        expect(missing == ["premises-title"], str([(item["type"], item["status"]) for item in again]))
        step.saw(code=next(item["problem"]["code"] for item in again if item["status"] == "failed"))
    with stage.narrator.step(STORY, "应交与上传材料", "papers asked for before, and uploaded") as step:
        counted = stage.papers("estate")
        expect(counted == (PAPERS, 0), str(counted))
        step.saw(以往=counted[0], 现在=counted[1])


def mended(stage: Stage, browser: Browser) -> None:
    """Seen in a preview, said, disputed for whoever is given it meanwhile, mended where it is held, and told."""
    client = EvidenceClient(Registration(**stage.site_file("estate")))
    subscription = client.subscribe("tongban.evidence.corrected", "premises-title")
    looked_at(stage, browser)
    with stage.narrator.step(
        STORY,
        "更正之前别处用到，注明“有异议”；买方姓名填错，登记簿不动",
        "until then it says “disputed”; a wrong buyer: nothing moves",
    ) as step:
        before = stage.titles()
        page = apply(stage, browser, {"buyer": world.WANG.name})
        expect("不能办理" in page.text and stage.titles() == before, page.text[:400])
        title = evidence_of(browser, page, WANTED)[TITLE]
        expect(title["provenance"]["disputed"], str(title["provenance"]))
        step.saw(面积=title["data"]["area"], 有异议="是 yes")
    by_the_registrar(stage)
    with stage.narrator.step(
        STORY,
        "收到过旧记录的办件得知已更正，只说哪一项",
        "who received it is told that it was corrected, and not to what",
    ) as step:
        event = stage.until_told(lambda: client.events(subscription))
        received = [
            one["case"] for one in stage.applications("estate") if one["evidence"][TITLE]["status"] == "delivered"
        ]
        expect([held["case"] for held in event["data"]["held"]] == received, json.dumps(event))
        expect(event["data"]["changed"] == ["area"] and OBJECTION["right"] not in json.dumps(event), json.dumps(event))
        step.saw(事件=event["type"], 告知办件=len(received))


def looked_at(stage: Stage, browser: Browser) -> None:
    """What would be provided is shown in full: one is provided after a stronger sign-in, one is wrong."""
    person = stage.people["zhou"]
    with stage.narrator.step(STORY, "要求先看再给：两份都等他看", "the seller looks first: two wait for that") as step:
        page = apply(stage, browser, BUYS | LOOKS)
        waiting = evidence_of(browser, page, OWN)
        expect({item["status"] for item in waiting} == {"awaiting-preview"}, str([item["status"] for item in waiting]))
        identity, title = (stage.exchange + item["preview"] for item in waiting)
        step.saw(等待="、".join(item["status"] for item in waiting))
    with stage.narrator.step(
        STORY, "产权证面积录错：不给，申请更正", "the title's area is wrong: not provided, and a correction asked for"
    ) as step:
        seen = signed_in_at(browser, title, person)
        wrong = browser.submit(seen, {"reply": "wrong"})
        form = browser.open(urljoin(wrong.url, next(link for link in wrong.links if link.endswith("/wrong"))))
        done = browser.submit(form, OBJECTION)
        expect("已申请更正" in done.text, done.text[:400])
        step.saw(应为=OBJECTION["right"])
    with stage.narrator.step(
        STORY,
        "身份信息更敏感：用动态码再登录一次才看得到，然后同意提供",
        "the identity takes a one-time code to see, and is provided",
    ) as step:
        expect("需要更强的登录方式" in browser.open(identity).text, "no stronger sign-in was asked for")
        given = browser.submit(signed_in_at(browser, identity, person), {"reply": "provide"})
        expect("已按您的同意提供" in given.text, given.text[:400])
        step.saw(提供="是 yes")


def by_the_registrar(stage: Stage) -> None:
    """An officer of the bureau takes it up, reads what is said, and mends the register itself."""
    with stage.narrator.step(
        STORY, "登记机构受理、核对档案、在登记簿里改正", "the bureau takes it up, and mends its own register"
    ) as step:
        officer, at = stage.officers[REGISTRAR], "/v1/corrections"
        (asked,) = officer.get(f"{at}?state=open")["corrections"]
        work = officer.post(f"{at}/{asked['id']}/take", {})["particulars"]
        expect(work["subject"]["value"] == world.ZHOU.number and work["right"] == OBJECTION["right"], "another record")
        officer.post(f"{at}/{asked['id']}/accept", {"reason": "与纸质档案一致"})
        (title,) = [title for title, held in stage.titles().items() if held == (world.ZHOU.number, "01")]
        Registrar(stage.folder / "departments" / "estate").rectify(title, work["right"])
        done = officer.post(f"{at}/{asked['id']}/correct", {"reason": "已在登记簿更正"})
        step.saw(状态=done["label"]["zh"], 工作日=asked["clock"]["left"])


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
