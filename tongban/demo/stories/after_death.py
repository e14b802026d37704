"""After a death: kinship proves who may apply, and the pension stops because a change is told, not because one asks.

Whoever goes through people under the cover of the yearly check is stopped, and what they did is seen.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from tongban.demo import world
from tongban.demo.departments.pensions import CHECKED, CLERK, PensionDesk
from tongban.demo.narration import StoryFailed, expect
from tongban.demo.stories.browser import Browser, Page
from tongban.demo.stories.people import through
from tongban.demo.stories.refusals import problem_of, refusal_of
from tongban.demo.stories.restaurant import delivered, evidence_of
from tongban.demo.stories.stage import Stage

STORY = "after-death"
WANTED = 6
ANSWERS = {"contact": "演示电话"}
"""What the son types into the form: nothing about whoever has died."""
CHANGED = "tongban.certificate.changed"
PAPERS = 6
TOO_MANY = 6
"""One more than the pension office's system may look up within an hour, as the catalogue says."""
WATCHES = "security"
"""The officer who sees what systems do, and may let one go on."""


def play(stage: Stage) -> None:
    """A pension is checked by data; after the death it stops, because the end of the household entry is told."""
    stage.narrator.heading("李样本的父亲去世", "Li Yangben's father has died")
    desk = PensionDesk(stage.folder / "departments" / "retirement")
    case, subscription = checked(stage, desk)
    gone_through(stage, desk)
    stranger(stage)
    browser = stage.browser_of("li")
    with stage.narrator.step(STORY, "儿子登录，逝者的号码不用填", "the son signs in and types nobody's number") as step:
        page = apply(stage, browser, "li")
        expect("办好了" in page.text, page.text[:400])
        items = evidence_of(browser, page, WANTED)
        expect(delivered(items), str([(item["type"], item["status"]) for item in items]))
        step.saw(材料=len(items))
    heard(stage, desk, case, subscription)
    with stage.narrator.step(STORY, "应交与上传材料", "papers asked for before, and uploaded") as step:
        counted = stage.papers("afterdeath")
        expect(counted == (PAPERS, 0), str(counted))
        step.saw(以往=counted[0], 现在=counted[1])


def apply(stage: Stage, browser: Browser, key: str) -> Page:
    """Somebody's application at the police's website."""
    person = stage.people[key]
    form = through(browser, browser.open(f"{stage.sites['afterdeath']}/apply"), person)
    return through(browser, browser.submit(form, ANSWERS), person)


def checked(stage: Stage, desk: PensionDesk) -> tuple[str, str]:
    """The pension office checked its pensioner by data, and wants to hear of changes."""
    with stage.narrator.step(
        STORY, "此前：人力社保凭数据核对领取资格，并订阅变更", "before: human resources checked by data, and subscribed"
    ) as step:
        case, item = desk.check(world.FU.number)
        expect(item["status"] == "delivered" and item["data"] == {"name": world.FU.name}, str(item["status"]))
        expect(stage.pensions()[world.FU.number][1] == "01", "no pension is paid")
        step.saw(养老金="发放 paid")
    return case, desk.client.subscribe(CHANGED, "household-register")


def gone_through(stage: Stage, desk: PensionDesk) -> None:
    """Somebody at the office looks up six neighbours in one request: the system is locked, and all of it is seen."""
    neighbours = [{"scheme": "citizen-number", "value": number} for number in stage.households()][-TOO_MANY:]
    case = desk.client.open_case(f"check-{secrets.token_hex(4)}", [one | {"role": "applicant"} for one in neighbours])
    wanted = [CHECKED | {"subject": one} for one in neighbours]
    with stage.narrator.step(
        STORY,
        "有人借年检之名一次查六个邻居：系统当即被锁定，什么也没查到",
        "six neighbours in one request under cover of the check: the system is locked, and nothing came",
    ) as step:
        step.saw(**refusal_of(desk.client.look_up(case, wanted, CLERK)["evidence"]))
        locked = problem_of(lambda: desk.client.look_up(case, wanted[:1], CLERK))
        expect(locked["code"] == "system.locked", str(locked))
    watched(stage, desk, case, wanted[:1])


def watched(stage: Stage, desk: PensionDesk, case: str, wanted: list[dict[str, Any]]) -> None:
    """The security officer is told, sees which officer looked up what, and lets the system go on."""
    officer = stage.officers[WATCHES]
    with stage.narrator.step(
        STORY,
        "安全管理员收到消息，看到哪个经办人（代号）查了什么",
        "the security officer is told, and sees which officer, by a code name, asked for what",
    ) as step:
        (told,) = [one for one in officer.get("/v1/messages")["messages"] if one["kind"] == "system-locked"]
        seen = officer.get(f"/v1/officer-look-ups?case={case}")["look_ups"]
        expect(len(seen) == TOO_MANY and {one["outcome"] for one in seen} == {"refused"}, str(seen))
        expect({one["evidence_type"] for one in seen} == {CHECKED["type"]}, str(seen))
        (by,) = {one["officer"] for one in seen}
        step.saw(消息=told["text"]["zh"], 经办人=by, 查询=len(seen))
    with stage.narrator.step(
        STORY,
        "办件撤销、处理了人，安全管理员解除锁定；再查撤销的办件，被拒绝并报警",
        "closed and dealt with, the lock is lifted; in the closed case: refused, with an alarm",
    ) as step:
        desk.client.close_case(case)
        lifted = officer.post(f"/v1/system-locks/{told['facts']['lock']}/lift", {"reason": "已停用该经办人并约谈"})
        expect(lifted["status"] == "lifted", str(lifted))
        again = in_a_closed_case(stage, lambda: desk.client.look_up(case, wanted, CLERK))
        alarms = [one["kind"] for one in officer.get("/v1/messages")["messages"]]
        expect("look-up-without-case" in alarms, str(alarms))
        step.saw(锁定=lifted["status"], code=again)


def in_a_closed_case(stage: Stage, look_up: Callable[[], object]) -> str:
    """The code with which a look-up is refused there, as soon as the exchange knows that the lock is lifted."""
    for _attempt in range(20):
        code = str(problem_of(look_up)["code"])
        if code != "system.locked":
            return code
        stage.wait(0.1)
    raise StoryFailed("the system is still locked")


def stranger(stage: Stage) -> None:
    """Whoever no record of kinship ties to the deceased learns nothing and ends nothing."""
    with stage.narrator.step(STORY, "没有亲属关系的人办不了", "without kinship on record nothing is told") as step:
        browser = stage.browser_of("chen")
        items = evidence_of(browser, apply(stage, browser, "chen"), WANTED)
        came = [item["type"] for item in items if item["status"] == "delivered"]
        expect(came == ["identity-card"], str(came))
        step.saw(code=items[2]["problem"]["code"])


def heard(stage: Stage, desk: PensionDesk, case: str, subscription: str) -> None:
    """The event says that something changed, in the office's own case; the office stops the pension."""
    with stage.narrator.step(
        STORY, "户口注销，人力社保收到变更事件，养老金停发", "the end of the entry is told, and the pension stops"
    ) as step:
        event = stage.until_told(lambda: desk.hear(subscription))
        expect([held["case"] for held in event["data"]["held"]] == [case], json.dumps(event))
        told = json.dumps(event, ensure_ascii=False)
        expect(world.FU.number not in told and world.FU.name not in told, "an event that names somebody")
        expect(stage.pensions()[world.FU.number][1] == "02", "the pension is still paid")
        step.saw(事件=event["type"], 养老金="停发 stopped")
    with stage.narrator.step(STORY, "经办人查状态：已注销，附回执", "its clerk asks how it stands: cancelled") as step:
        known = json.loads((stage.folder / "world.json").read_text("utf-8"))["certificates"]
        (entry,) = [one["certificate"] for one in known if one["number"] == world.FU.number]
        holder = {"scheme": "citizen-number", "value": world.FU.number}
        stands = desk.client.certificate(case, CHECKED, entry, holder, CLERK)
        expect(stands["status"] == "cancelled" and stands["receipt"], str(stands["status"]))
        step.saw(状态=stands["label"]["zh"])
