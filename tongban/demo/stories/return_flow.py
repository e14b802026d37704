"""What follows from a licence: the district is given the licences of its own division in bulk, for its patrols, and
both the owner and the department that provides them see that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tongban.demo import world
from tongban.demo.departments.evidence_client import EvidenceClient, Registration
from tongban.demo.narration import expect
from tongban.demo.stories.browser import Browser
from tongban.demo.stories.people import signed_in_at
from tongban.demo.stories.refusals import problem_of
from tongban.demo.stories.stage import Stage

LICENCE, GROUND = "business-licence", "demo-signboard-patrols"
FIELDS = ("licence_number", "trade_name", "premises_address", "status")
"""What the grant gives of each licence; the operator's name is not among it."""
READY = "tongban.return-flow.file-ready"
DISTRICT = "演示区城市管理局（演示）"
PROVIDER = "officer3"
"""Market regulation's officer."""


@dataclass(frozen=True)
class Patrols:
    """The district's own system, as it has asked for its licences."""

    client: EvidenceClient
    subscription: str
    flow: str


def asked_for(stage: Stage, story: str) -> Patrols:
    """One field too many is refused; what the grant gives is made from then on, a file a day."""
    with stage.narrator.step(
        story,
        "区城管局为日常巡查成批取回本区执照；多要经营者姓名：被拒绝",
        "the district asks for its licences in bulk; the operators' names besides: refused",
    ) as step:
        registration = replace(Registration(**stage.site_file("urban")), legal_basis=GROUND)
        client = EvidenceClient(registration)
        subscription = client.subscribe(READY)
        problem = problem_of(lambda: client.flow_back(LICENCE, (*FIELDS, "operator")))
        flow = client.flow_back(LICENCE, FIELDS)
        step.saw(回流=flow, 字段=len(FIELDS), 理由=problem["title"], code=problem["code"])
    return Patrols(client, subscription, flow)


def came_back(stage: Stage, story: str, patrols: Patrols, licence: str) -> int:
    """The first file against market regulation's own database; how many rows it has."""
    with stage.narrator.step(
        story,
        "首个文件到了：本区执照都在，刚发的也在，邻区的不在",
        "the first file: each licence of the district, the new one too, and none of the next district",
    ) as step:
        event = stage.until_told(lambda: patrols.client.events(patrols.subscription))
        told, rows = patrols.client.file(patrols.flow, event["data"]["file"])
        divisions = stage.licences()
        own = {code for code, division in divisions.items() if division == world.DIVISION}
        expect(licence in own and own != divisions.keys(), str(sorted(divisions.values())))
        expect({row["licence_number"] for row in rows} == own, f"{len(rows)} rows, {len(own)} licences")
        expect(len(rows) == told["rows"] == len(own), f"{len(rows)} rows, {told['rows']} recorded")
        expect({*rows[0]} - {"_row", "_change", "_disputed"} == {*FIELDS}, str([*rows[0]]))
        step.saw(行数=len(rows), 邻区未给=len(divisions) - len(own))
    return len(rows)


def seen(stage: Stage, story: str, browser: Browser, owner: str, rows: int) -> None:
    """The owner reads that their record is among them; the provider how much went where and why, and no name."""
    with stage.narrator.step(
        story,
        "店主在“谁用过我的数据”里看到：自己的执照也在其中",
        "the owner reads under “who used my data” that the licence is among them",
    ) as step:
        page = signed_in_at(browser, f"{stage.exchange}/my/usage", stage.people[owner])
        found = re.search(rf"{DISTRICT}成批取回[^。]*您的记录。", page.text)
        expect(found, page.text[:400])
        step.saw(看到=found[0] if found else "")
    with stage.narrator.step(
        story,
        "市场监管局看本部门数据的使用：谁、为何、几次、多少行，没有一个人名",
        "market regulation sees who used its data, why and how much, and nobody's name",
    ) as step:
        page = signed_in_at(stage.browser_of(PROVIDER), f"{stage.exchange}/console/usage", stage.people[PROVIDER])
        counted = re.search(rf"{DISTRICT} 营业执照 设置户外招牌 已提供 (\d+)", page.text)
        expect(counted and f"1 个文件，{rows} 行" in page.text, page.text[:600])
        expect(world.WANG.name not in page.text and world.WANG.number not in page.text, "a person is named")
        step.saw(单次提供=int(counted[1]) if counted else 0, 成批行数=rows)
