"""A child goes to school: yes, no and a number of months are enough, and the records stay where they are. What is
checked again every term rests on the mother's consent, which she takes back, and on what she chooses to provide.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from tongban.demo import world
from tongban.demo.departments.evidence_client import EvidenceClient, Registration
from tongban.demo.narration import expect
from tongban.demo.stories.browser import Browser
from tongban.demo.stories.people import answered, signed_in_at, through
from tongban.demo.stories.refusals import refusal_of
from tongban.demo.stories.restaurant import delivered, evidence_of
from tongban.demo.stories.stage import Stage

STORY = "school"
WANTED = 5
ANSWERS = {"child": world.CHILD.number}
"""What the mother types into the form."""
CLERK = "school-roll"
"""How the education commission names its officer who checks."""
GROUND, A_YEAR = "demo-school-consent", timedelta(days=300)
MOTHER = {"scheme": "citizen-number", "value": world.CHEN.number}
MONTHS = {"type": "insurance-contributions", "predicates": [{"name": "count"}], "subject": MOTHER}
HOME = {"type": "premises-title", "predicates": [{"name": "exists"}], "subject": MOTHER}
ADDRESS = {"type": "household-register", "fields": ["address"], "subject": MOTHER}
"""Either of the two says that they live here; the first says no more than that."""


@dataclass(frozen=True)
class TermCheck:
    """The education commission's own system, as it checks every term, and its case about the mother."""

    client: EvidenceClient
    by_consent: EvidenceClient
    case: str

    @classmethod
    def of(cls, stage: Stage) -> TermCheck:
        """A case of its own: that of the application is closed."""
        registration = Registration(**stage.site_file("school"))
        client = EvidenceClient(registration)
        case = client.open_case(f"term-{secrets.token_hex(4)}", [MOTHER | {"role": "applicant"}])
        return cls(client, EvidenceClient(replace(registration, legal_basis=GROUND)), case)

    def months(self) -> list[dict[str, Any]]:
        """Ask on the ground of the mother's consent, while she is away."""
        items: list[dict[str, Any]] = self.by_consent.look_up(self.case, [MONTHS], CLERK)["evidence"]
        return items

    def shown_first(self, *wanted: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        """Ask for what she is shown before it is provided; the request, and what waits."""
        asked = self.client.look_up(self.case, wanted, CLERK, delivery="preview")
        expect({item["status"] for item in asked["evidence"]} == {"awaiting-preview"}, str(asked))
        return asked["id"], asked["evidence"]

    def became_of(self, request: str, *wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """What of a request she provided."""
        return self.client.look_again(request, self.case, wanted, CLERK)


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
    every_term(stage, browser)


def every_term(stage: Stage, browser: Browser) -> None:
    """Checked again while she is away: by her consent, by what she chooses, and not by what she does not provide."""
    check = TermCheck.of(stage)
    consented(stage, browser, check)
    chosen(stage, browser, check)
    declined(stage, browser, check)
    check.client.close_case(check.case)


def consented(stage: Stage, browser: Browser, check: TermCheck) -> None:
    """Nothing without her consent; by it, months; nothing from the moment on at which she took it back."""
    with stage.narrator.step(
        STORY, "每学期复核参保：她还没同意，查不到", "a check every term: without her consent nothing is told"
    ) as step:
        step.saw(**refusal_of(check.months()))
    with stage.narrator.step(
        STORY, "她在“我的同意”里看清后同意，之后查到月数", "she reads what it covers and consents: a number of months"
    ) as step:
        until = (date.today() + A_YEAR).isoformat()  # noqa: DTZ011 - a day as whoever types it means it
        consent = check.by_consent.ask_consent(check.case, MOTHER, MONTHS, until)
        page = signed_in_at(browser, f"{stage.exchange}/my/consents/{consent}", stage.people["chen"])
        given = answered(browser, page, {"reply": "give"}, stage.people["chen"])
        (item,) = check.months()
        expect(delivered([item]), str(item))
        (count,) = item["answers"]
        expect(count["answer"] == len(months_paid(stage)) and "data" not in item, str(item))
        step.saw(同意=consent, 月数=count["answer"])
    with stage.narrator.step(
        STORY, "她撤回：下一次查询立即被拒绝", "she takes it back: the next look-up is refused"
    ) as step:
        back = browser.submit(given, {"reply": "withdraw"})
        expect("已撤回" in back.text, back.text[:400])
        step.saw(**refusal_of(check.months()))


def chosen(stage: Stage, browser: Browser, check: TermCheck) -> None:
    """Two departments could say that they live here: she takes the one that says no more than yes."""
    with stage.narrator.step(
        STORY,
        "住处两个部门都能证明：她选只答“有”的，不给地址",
        "two departments know the home: she picks the plain “yes”",
    ) as step:
        request, waiting = check.shown_first(HOME, ADDRESS)
        page = signed_in_at(browser, stage.exchange + waiting[0]["preview"], stage.people["chen"])
        expect("也可以改为提供" in page.text, page.text[:400])
        browser.submit(page, {"reply": "provide"})
        taken, left = check.became_of(request, HOME, ADDRESS)
        expect((taken["status"], left["status"]) == ("delivered", "refused"), str((taken, left)))
        step.saw(选了=taken["type"], 未选=left["problem"]["code"])


def declined(stage: Stage, browser: Browser, check: TermCheck) -> None:
    """What she was shown she need not provide."""
    with stage.narrator.step(
        STORY, "再要户口地址：她看过，不提供", "asked for the registered address: she looks, and does not provide it"
    ) as step:
        request, (waiting,) = check.shown_first(ADDRESS)
        page = signed_in_at(browser, stage.exchange + waiting["preview"], stage.people["chen"])
        browser.submit(page, {"reply": "decline"})
        step.saw(**refusal_of(check.became_of(request, ADDRESS)))


def months_paid(stage: Stage) -> list[str]:
    """What the insurance register really holds of the mother."""
    known = json.loads((stage.folder / "world.json").read_text("utf-8"))["contributions"]
    return next(one["months"] for one in known if one["number"] == world.CHEN.number)
