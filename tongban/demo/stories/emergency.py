"""An emergency: a mother is unconscious, and two officers open what was thought through beforehand; nobody alone."""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import Any

from tongban.demo import world
from tongban.demo.departments.evidence_client import EvidenceClient, Registration
from tongban.demo.narration import expect
from tongban.demo.officers import bring_to_life, panel
from tongban.demo.stories.people import signed_in_at
from tongban.demo.stories.receipts import expect_verified, keep
from tongban.demo.stories.refusals import problem_of, refusal_of
from tongban.demo.stories.restaurant import delivered
from tongban.demo.stories.stage import Stage
from tongban.officer import OfficerSession

STORY = "emergency"
TEMPLATE, BASIS = "NEWBORN-EMERGENCY", "demo-rescue-rules"
ANSWERS = {"reason": "产妇昏迷，须立即联系家属"}
"""What the officer on duty types, at ``/console/emergency`` or here: nobody's name or number."""
AUTHOR, POLICE, APPROVER = "author", "officer1", "approver"
ASKS, OPENS, REVIEWS = "duty", "sponsor", "protection"
"""The officers: those who make a template, the last with them, and the three who act in need."""
NURSE = "delivery-ward-1"
"""How the health commission names the officer at its own system."""
MOTHER = {"scheme": "citizen-number", "value": world.CHEN.number}
FATHER = {"scheme": "citizen-number", "value": world.LI.number}
HOME = {"type": "household-register", "fields": ["address"], "subject": MOTHER}
"""What an ordinary grant gives of her page of the household register, in her presence."""
WHOM = {"type": "household-register", "fields": ["name", "address"]}
WANTED = ({**WHOM, "subject": MOTHER}, {**WHOM, "subject": {"from": 0, "relation": "spouse"}})
"""What the template gives: her page, and that of whom it names as her husband."""
PATH = "/v1/emergencies"


@dataclass(frozen=True)
class Ward:
    """The health commission's own system, as it asks every day and in danger, and the case of the mother in it."""

    client: EvidenceClient
    in_danger: EvidenceClient
    case: str

    @classmethod
    def of(cls, stage: Stage) -> Ward:
        """A case about both parents: the commission's own birth record names the father, and not where he is."""
        registration = Registration(**stage.site_file("newborn"))
        client = EvidenceClient(registration)
        parties = [MOTHER | {"role": "applicant"}, FATHER | {"role": "spouse"}]
        case = client.open_case(f"delivery-{secrets.token_hex(4)}", parties)
        return cls(client, EvidenceClient(replace(registration, legal_basis=BASIS)), case)

    def ask(self, *wanted: dict[str, Any], opening: str = "") -> list[dict[str, Any]]:
        """What comes of asking while nobody is present; ``opening`` names the one under which that is done."""
        client = self.in_danger if opening else self.client
        items: list[dict[str, Any]] = client.look_up(self.case, wanted, NURSE, emergency=opening)["evidence"]
        return items


def play(stage: Stage) -> None:
    """Refused, asked for, opened by another, used, told, closed, reviewed; afterwards nothing is left open."""
    stage.narrator.heading("陈示例产后昏迷，要找到她的家人", "Chen Shili is unconscious: her family must be found")
    template(stage)
    ward = refused_at_first(stage)
    opening = opened(stage, ward)
    items = used(stage, ward, opening)
    told(stage, items)
    over(stage, ward, opening)
    reviewed(stage, ward, opening)


def template(stage: Stage) -> None:
    """Prepared in quiet times: all three seats sign it, whatever the class of the change."""
    with stage.narrator.step(
        STORY,
        "应急模板平时备好：提供部门、审批人、数据保护负责人三方签署",
        "the template is ready: provider, approver and data-protection officer have signed",
    ) as step:
        missing = {AUTHOR, POLICE, APPROVER, ASKS, OPENS, REVIEWS} - stage.officers.keys()
        expect(not missing, f"nobody is signed in as {sorted(missing)}")
        author, path = stage.officers[AUTHOR], f"/v1/grants/{TEMPLATE}"
        if author.get(path)["status"] == "drafted":
            bring_to_life(TEMPLATE, author, panel(stage.officers[POLICE], stage.officers))
        found = author.get(path)
        seats = {one["role"] for one in found["signatures"]}
        expect(found["status"] == "active" and len(seats) == 3, f"{found['status']}: {sorted(seats)}")
        step.saw(签字=len(seats), 内容=found["sentence"]["zh"])


def refused_at_first(stage: Stage) -> Ward:
    """A template is no right: whoever names no opening is refused as if there were none."""
    with stage.narrator.step(
        STORY,
        "照常请求：本人不在场，被拒绝并说明理由",
        "an ordinary request: she is not present, so it is refused, with why",
    ) as step:
        ward = Ward.of(stage)
        step.saw(**refusal_of(ward.ask(HOME)))
    return ward


def opened(stage: Stage, ward: Ward) -> str:
    """One asks and cannot open it, though a sponsor; another one can. The opening's identifier."""
    asks, opens = stage.officers[ASKS], stage.officers[OPENS]
    with stage.narrator.step(
        STORY, "值班负责人申请应急取用，自己不能开启", "the sponsor on duty asks, and cannot open it alone"
    ) as step:
        opening = str(asked(asks, ward)["id"])
        problem = problem_of(lambda: asks.post(f"{PATH}/{opening}/open", {}))
        expect(problem.get("reason") == "emergency.same-person", str(problem))
        step.saw(理由=problem["detail"], code=problem["reason"])
    with stage.narrator.step(
        STORY, "另一名负责人看过理由和人数，开启", "another sponsor reads why and about how many, and opens it"
    ) as step:
        shown = opens.get(f"{PATH}/{opening}")
        expect((shown["people"], shown["reason"]) == (2, ANSWERS["reason"]), str(shown))
        done = opens.post(f"{PATH}/{opening}/open", {})
        expect(done["status"] == "open", str(done))
        step.saw(涉及人数=shown["people"], 最多几分钟=done["minutes"])
    return opening


def asked(officer: OfficerSession, ward: Ward) -> dict[str, Any]:
    """Ask that the template be opened for the case."""
    return officer.post(PATH, {"template": TEMPLATE, "case": ward.case, **ANSWERS})


def used(stage: Stage, ward: Ward, opening: str) -> list[dict[str, Any]]:
    """Name and address of the two, marked as what they are; nothing that the template does not give."""
    with stage.narrator.step(
        STORY, "取到丈夫的姓名和住址，标明是应急取用", "the husband's name and address come, marked as emergency access"
    ) as step:
        items = ward.ask(*WANTED, opening=opening)
        expect(delivered(items), str([(item["status"], item.get("problem")) for item in items]))
        home = addresses(stage)
        known = [{"name": one.name, "address": home[one.number]} for one in (world.CHEN, world.LI)]
        expect([item["data"] for item in items] == known, str([item["data"] for item in items]))
        expect(all(claims(item).get("emergency") == opening for item in items), "evidence that is not marked")
        step.saw(丈夫=known[1]["name"], 住址=known[1]["address"], 应急取用=opening)
    with stage.narrator.step(STORY, "离线验证两张回执：通过", "both receipts verify offline"):
        for number, item in enumerate(items):
            expect_verified(keep(stage, item, f"{STORY}-{number}"))
    return items


def told(stage: Stage, items: list[dict[str, Any]]) -> None:
    """Each of the two finds that very entry under “who used my data”, in plain words."""
    with stage.narrator.step(
        STORY,
        "她醒来，在“谁用过我的数据”里看到；丈夫也看到",
        "awake, she reads of it under “who used my data”; so does he",
    ) as step:
        for key, item in zip(("chen", "li"), items, strict=True):
            page = signed_in_at(stage.browser_of(key), f"{stage.exchange}/my/usage", stage.people[key])
            said = re.search(rf"(\S+) 内容有误？ （第 {index_of(item)} 号条目）", page.text)
            expect(said and "应急" in said[1] and "特此告知" in page.text, page.text[:400])
            step.saw(**{str(item["data"]["name"]): said[1] if said else ""})


def over(stage: Stage, ward: Ward, opening: str) -> None:
    """Anybody concerned ends it; from then on nothing leaves, and it is not asked for again before the review."""
    with stage.narrator.step(
        STORY, "家人已找到，提前结束；再用被拒绝", "the family is found: ended early, and used again it is refused"
    ) as step:
        done = stage.officers[ASKS].post(f"{PATH}/{opening}/close", {"reason": "家属已联系上"})
        expect(done["status"] == "ended", str(done))
        saw = refusal_of(ward.ask(*WANTED, opening=opening))
        expect(saw["code"] == "policy.emergency-over", str(saw))
        step.saw(**saw)
    with stage.narrator.step(STORY, "再次申请：须先审查上一次", "asked for again: the review comes first") as step:
        problem = problem_of(lambda: asked(stage.officers[ASKS], ward))
        expect(problem.get("reason") == "emergency.review-first", str(problem))
        step.saw(code=problem["reason"])


def reviewed(stage: Stage, ward: Ward, opening: str) -> None:
    """Whoever took no part says whether it was necessary, and it is settled; the case is closed."""
    with stage.narrator.step(
        STORY,
        "数据保护负责人审查：确有必要，就此了结",
        "the data-protection officer reviews it: justified, and settled",
    ) as step:
        finding = {"finding": "justified", "words": "产妇昏迷，只取了夫妻两人的姓名和住址，找到即止"}
        done = stage.officers[REVIEWS].post(f"{PATH}/{opening}/review", finding)
        expect((done["status"], done["commands"]) == ("reviewed", []), str(done))
        ward.client.close_case(ward.case)
        step.saw(结论=done["label"]["zh"], 入账=" → ".join(one["event"] for one in done["history"]))


def claims(item: dict[str, Any]) -> dict[str, Any]:
    """What the exchange has signed about an item."""
    payload = item["jws"].split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def index_of(item: dict[str, Any]) -> int:
    """The number of an item's entry in the log, as its receipt says (C2SP tlog-proof)."""
    (line,) = [line for line in item["receipt"].splitlines() if line.startswith("index ")]
    return int(line.split()[1])


def addresses(stage: Stage) -> dict[str, str]:
    """Registered address by person, as the world has it."""
    people = json.loads((stage.folder / "world.json").read_text("utf-8"))["people"]
    return {one["number"]: one["household"]["address"] for one in people}
