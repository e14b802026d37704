"""Opening a restaurant: six papers at one department, three at the next, and not one is uploaded."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from tongban.demo import world
from tongban.demo.departments.evidence_client import EvidenceClient, Registration
from tongban.demo.departments.market import change
from tongban.demo.narration import StoryFailed, expect
from tongban.demo.stories import return_flow
from tongban.demo.stories.browser import Browser, Page
from tongban.demo.stories.people import signed_in_at, through
from tongban.demo.stories.receipts import expect_verified, keep
from tongban.demo.stories.refusals import problem_of
from tongban.demo.stories.stage import Stage

STORY = "restaurant"
USED_TO_UPLOAD = 9
OPENS = {"trade_name": "王记演示小面", "staff_one": world.OUYANG.number, "staff_two": world.AYGULI.number}
RATING = {"grade": "2", "words": "窗口让我等了一小时"}
ANSWERS = OPENS | RATING
"""What the owner types into market regulation's form, and at ``/my/cases`` afterwards."""
CHECK_UP, CLERK = "kitchen-check-up", "market-window-7"
"""What a person looks up, and how market regulation names its officer who asks."""
CONFIRMATIONS = 4
CHECK_AGAIN = "/logout/status"
"""The page's heading, and a word from each of two departments and the exchange's pages."""


def play(stage: Stage) -> None:
    """The whole story, then what was asked to be shown on the way."""
    narrator = stage.narrator
    narrator.heading("王测试开餐馆", "Wang Ceshi opens a restaurant")
    browser = Browser()
    before = stage.licences()
    first = market(stage, browser)
    (licence,) = stage.licences().keys() - before.keys()
    second = urban(stage, browser, licence)
    uploads(stage, first, second)
    patrols = return_flow.asked_for(stage, STORY)
    by_hand(stage)
    outside_the_grant(stage, browser)
    source_down(stage, browser)
    receipts(stage, first[0])
    rows = return_flow.came_back(stage, STORY, patrols, licence)
    return_flow.seen(stage, STORY, browser, "wang", rows)
    suspended(stage, browser, stage.certificate_of(licence))
    rated(stage, browser)
    sign_out(stage, browser)


def evidence_of(browser: Browser, page: Page, count: int) -> list[dict[str, Any]]:
    """The evidence files an application's page links to."""
    return [browser.json(f"{page.url}/evidence/{index}") for index in range(count)]


def apply(stage: Stage, browser: Browser, site: str, answers: dict[str, str]) -> Page:
    """Fill a site's form and go through whatever the identity provider shows."""
    person = stage.people["wang"]
    form = through(browser, browser.open(f"{stage.sites[site]}/apply"), person)
    expect(form.asks_for(next(iter(answers))), f"没有看到申请表 / no form at {form.url}: {form.text[:200]}")
    return through(browser, browser.submit(form, answers), person)


def delivered(items: list[dict[str, Any]]) -> bool:
    """Whether every item came."""
    return all(item["status"] == "delivered" for item in items)


def market(stage: Stage, browser: Browser) -> list[dict[str, Any]]:
    """Market regulation asks for six papers by data and issues the licence."""
    with stage.narrator.step(STORY, "登录一次，填店名与员工", "signs in once, types trade name and staff") as step:
        page = apply(stage, browser, "market", OPENS)
        expect("办好了" in page.text, page.text[:400])
        step.saw(密码输入次数=browser.passwords_typed)
    with stage.narrator.step(
        STORY, "六份材料由四个部门直接提供", "six papers come from the departments holding them"
    ) as step:
        items = evidence_of(browser, page, 6)
        expect(delivered(items), str([item["status"] for item in items]))
        step.saw(来源="、".join(dict.fromkeys(provider_name(stage, browser, item) for item in items)))
    return items


def provider_name(stage: Stage, browser: Browser, item: dict[str, Any]) -> str:
    """What the catalogue calls the department that provided an item."""
    entry = browser.json(f"{stage.exchange}/v1/catalogue/organisations/{item['provenance']['provider']}")
    return str(entry["name"]["zh"])


def urban(stage: Stage, browser: Browser, licence: str) -> list[dict[str, Any]]:
    """Urban management uses the licence just issued, read back from market regulation's own database."""
    with stage.narrator.step(
        STORY, "到城管局办招牌，不再登录", "sign-board at the next department, no second password"
    ) as step:
        page = apply(stage, browser, "urban", {"sign_text": "王记演示小面"})
        expect("办好了" in page.text, page.text[:400])
        expect(browser.passwords_typed == 1, f"password typed {browser.passwords_typed} times")
        step.saw(密码输入次数=browser.passwords_typed)
    with stage.narrator.step(STORY, "刚发的执照马上能用", "the licence issued minutes ago is already evidence") as step:
        items = evidence_of(browser, page, 3)
        came = licence_in(items)
        used, stands = came["data"]["licence_number"], came["provenance"]["certificate_status"]
        expect(used == licence, f"{used} is not {licence}")
        expect((stands["status"], stands["found_by"]) == ("valid", "identifier"), str(stands))
        step.saw(执照=used, 证照状态=stands["label"]["zh"])
    return items


def licence_in(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The licence among the evidence."""
    return next(item for item in items if item["type"] == "business-licence")


def uploads(stage: Stage, first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    """What the two services used to ask for, and what was uploaded."""
    with stage.narrator.step(STORY, "上传材料份数", "papers uploaded") as step:
        counted = stage.papers("market", "urban")
        expect(counted == (USED_TO_UPLOAD, 0), f"{counted}, {len(first) + len(second)} items")
        step.saw(以往=counted[0], 现在=counted[1])
    stage.narrator.chart(*counted)


def by_hand(stage: Stage) -> None:
    """A register on paper: an officer looks it up, and the asking system has it signed like everything else."""
    client = EvidenceClient(Registration(**stage.site_file("market")))
    wang = {"scheme": "citizen-number", "value": world.WANG.number}
    item = {"type": CHECK_UP, "fields": ["holder", "examined_on", "fit"]}
    with stage.narrator.step(
        STORY, "岗前体检登记在纸上：转给卫健委人工查", "the check-up register is on paper: a person looks it up"
    ) as step:
        case = client.open_case("restaurant-check-up", [wang | {"role": "applicant"}])
        asked = client.look_up(case, [item | {"subject": wang}], CLERK)
        expect(asked["status"] == "awaiting-person", str(asked))
        step.saw(状态=asked["status"])
    no_copy(stage, client, case)
    with stage.narrator.step(
        STORY, "卫健委经办人领取、查登记、填写", "an officer of the health commission takes it and answers"
    ) as step:
        expect("officer4" in stage.officers, "nobody of the health commission is signed in")
        officer = stage.officers["officer4"]
        (task,) = officer.get("/v1/tasks")["tasks"]
        work = officer.post(f"/v1/tasks/{task['id']}/take", {})
        expect(work["subject"]["value"] == world.WANG.number, str(work["commands"]))
        values = {"holder": world.WANG.name, "examined_on": "2026年11月3日", "fit": True}
        officer.post(f"/v1/tasks/{task['id']}/answer", {"values": values})
        step.saw(时限=task["left"]["zh"])
    with stage.narrator.step(
        STORY, "答复经过滤、签名、入账后交给市场监管", "filtered, signed, recorded, passed on"
    ) as step:
        (found,) = client.look_again(asked["id"], case, [item], CLERK)
        expect(found["status"] == "delivered" and found["data"]["examined_on"] == "2026-11-03", str(found))
        step.saw(可信等级=found["provenance"]["trust_grade"], 日期=found["data"]["examined_on"])


def no_copy(stage: Stage, client: EvidenceClient, case: str) -> None:
    """A clerk would rather have a copy: what sharing can supply is not asked of anybody."""
    with stage.narrator.step(
        STORY,
        "经办人想收身份证复印件：共享能取得，不许收",
        "a clerk wants a copy of the card: sharing supplies it, refused",
    ) as step:
        problem = problem_of(lambda: client.resolve(case, "identity", "upload"))
        step.saw(理由=problem["title"], code=problem["code"])


def outside_the_grant(stage: Stage, browser: Browser) -> None:
    """A field no grant gives is refused, with the reason; the rest is delivered."""
    with stage.narrator.step(
        STORY, "多要一个字段：被拒绝并说明理由", "one field outside the grant: refused, and told why"
    ) as step:
        page = apply(stage, browser, "urban", {"sign_text": "王记", "also_ethnicity": "是"})
        items = evidence_of(browser, page, 3)
        refused = [item for item in items if item["status"] == "refused"]
        expect(len(refused) == 1 and refused[0]["type"] == "identity-card", str([i["status"] for i in items]))
        expect("data" not in refused[0], "data came with a refusal")
        step.saw(理由=refused[0]["problem"]["title"], code=refused[0]["problem"]["code"])


def source_down(stage: Stage, browser: Browser) -> None:
    """A source that is down gives a clear partial answer, and the rest still comes."""
    with stage.narrator.step(
        STORY, "不动产登记停机：其余照给，缺的说清楚", "a source is down: a clear partial answer"
    ) as step:
        stage.stop_department("property")
        page = apply(stage, browser, "urban", {"sign_text": "王记二店"})
        items = evidence_of(browser, page, 3)
        failed = [item for item in items if item["status"] == "failed"]
        expect(len(failed) == 1 and failed[0]["problem"]["fault"] == "provider", str([i["status"] for i in items]))
        step.saw(下一步=failed[0]["problem"]["next_step"])
    with stage.narrator.step(STORY, "恢复之后再办，全部到齐", "after it is back, everything comes"):
        stage.start_department("property")
        page = retried(stage, browser)
        expect(delivered(evidence_of(browser, page, 3)), page.text[:300])


def retried(stage: Stage, browser: Browser) -> Page:
    """Apply until the circuit breaker has noticed that the source is back."""
    for _attempt in range(6):
        page = apply(stage, browser, "urban", {"sign_text": "王记二店"})
        if "办好了" in page.text:
            return page
        stage.wait(2.0)
    raise StoryFailed(page.text[:300])


def receipts(stage: Stage, item: dict[str, Any]) -> None:
    """Anyone can check a receipt with nothing but the log's key; a tampered copy fails."""
    kept = keep(stage, item, STORY)
    with stage.narrator.step(STORY, "离线验证回执：通过", "the receipt verifies offline") as step:
        expect_verified(kept)
        step.saw(命令=kept.command)
    with stage.narrator.step(STORY, "改动一个字符：验证不通过", "one character changed: verification fails"):
        expect_verified(kept.changed(), status=1)


def suspended(stage: Stage, browser: Browser, certificate: str) -> None:
    """While the licence is suspended its evidence says so, it meets nothing, and a copy of it does not, either."""
    issuer, relying = (EvidenceClient(Registration(**stage.site_file(site))) for site in ("market", "urban"))
    with stage.narrator.step(
        STORY,
        "执照被暂扣：取得的材料写明，城管不发许可",
        "the licence is suspended: its evidence says so, and there is no permit",
    ) as step:
        issuer.report(change(certificate, "suspend", world.WANG.number))
        page = apply(stage, browser, "urban", {"sign_text": "王记三店"})
        told = licence_in(evidence_of(browser, page, 3))["provenance"]["certificate_status"]
        expect(told["status"] == "suspended" and "不能办理" in page.text, page.text[:400])
        step.saw(证照状态=told["label"]["zh"])
    with stage.narrator.step(
        STORY,
        "这一项不算满足，收纸质副本也不行；随后恢复",
        "it meets nothing, nor does a copy on paper; then it is resumed",
    ) as step:
        (case,) = [one["case"] for one in stage.applications("urban") if page.url.endswith(one["identifier"])]
        stands = relying.requirement(case, "licence")
        expect((stands["status"], stands["next"]["code"]) == ("open", "window"), str(stands))
        problem = problem_of(lambda: relying.resolve(case, "licence", "upload"))
        issuer.report(change(certificate, "resume", world.WANG.number))
        step.saw(理由=problem["title"], code=problem["code"])


def rated(stage: Stage, browser: Browser) -> None:
    """Dissatisfied: the department has to find out, put it right, call back; and it is counted."""
    (done,) = stage.applications("market")
    with stage.narrator.step(
        STORY,
        "店主在“我的办件”打 2 分：须核实、整改、回访",
        "the owner rates it 2 of 5: to be checked, put right, called back",
    ) as step:
        page = signed_in_at(browser, f"{stage.exchange}/my/cases", stage.people["wang"])
        (link,) = [link for link in page.links if done["case"] in link]
        thanked = browser.submit(browser.open(urljoin(page.url, link)), RATING)
        expect("已评价" in thanked.text or "谢谢" in thanked.text, thanked.text[:400])
        step.saw(评分=int(RATING["grade"]))
    with stage.narrator.step(
        STORY, "市场监管局核实、整改、回访满意；计入满意率", "checked, put right, called back: satisfied, and counted"
    ) as step:
        officer, at = stage.officers["consumer"], f"/v1/ratings/{done['case']}"
        officer.post(f"{at}/confirm", {"reason": "当日窗口只开了一个"})
        officer.post(f"{at}/rectify", {"reason": "增开窗口，午间不停"})
        closed = officer.post(f"{at}/call-back", {"reason": "电话回访", "satisfied": True})
        counted = stage.officers["author"].get("/v1/ratings/summary")["departments"]
        expect([(one["rated"], one["bad"], one["under_way"]) for one in counted] == [(1, 1, 0)], str(counted))
        step.saw(状态=closed["label"]["zh"], 差评=counted[0]["bad"])


def sign_out(stage: Stage, browser: Browser) -> None:
    """One sign-out reaches every department of the session, and says which of them confirmed it."""
    with stage.narrator.step(STORY, "退出一次，两个部门网站都退出", "one sign-out closes both websites") as step:
        home = browser.open(f"{stage.sites['market']}/")
        leaving = next(form for form in home.forms if form.action.endswith("/logout"))
        page = until_confirmed(stage, browser, browser.send(home, leaving, {}))
        expect(page.text.count("已退出") >= CONFIRMATIONS, page.text[:400])
        for site in ("market", "urban"):
            asked = browser.open(f"{stage.sites[site]}/apply")
            expect(asked.asks_for("password"), f"{site}: {asked.url} {asked.text[:200]}")
        step.saw(确认退出的网站=2)


def until_confirmed(stage: Stage, browser: Browser, page: Page) -> Page:
    """The page says honestly who has not answered yet; press "check again" until everybody has."""
    for _attempt in range(10):
        again = next((link for link in page.links if link.startswith(CHECK_AGAIN)), None)
        if again is None or page.text.count("已退出") >= CONFIRMATIONS:
            return page
        stage.wait(1.0)
        page = browser.open(urljoin(page.url, again))
    return page
