"""A department's progress on a page: the API's own steps, whose turn it is, and the sandbox that governance opens."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape
from typing import Any

import pytest

from exchange.console.client_keys import Unfit, read_keys
from exchange.console.joining_commands import first_requests
from exchange.onboarding.shipped import IDENTITY
from kernel import jose
from kernel.entropy import SeededEntropy
from tests.doubles.browser import form_of
from tests.doubles.exchange import MARKET, ORIGIN, URBAN, World, system
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange import test_onboarding
from tests.unit.exchange.test_grant_forms import as_shown
from tests.unit.exchange.test_onboarding import GOVERNOR, MAKER, NEW, done

AT = "/console/joining"
KEY = {**jose.generate_p256(SeededEntropy(91)), "alg": "ES256", "use": "sig"}
PUBLIC = {name: value for name, value in KEY.items() if name != "d"}


def officer(world: World, role: str, organisation: str, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def test_a_department_sees_what_is_done_and_whose_turn_it_is(small_world: World) -> None:
    who = {"sub": "consumer-officer", "roles": ["consumer-officer"], "organisation": MARKET}
    said = small_world.officer("GET", "/v1/onboarding", **who).json
    page = officer(small_world, "consumer-officer", MARKET)
    shown = page.get("/console/joining")
    assert shown.status_code == 200
    assert f"已完成 {said['done']} 步，共 {len(said['steps'])} 步" in shown.text
    for step in said["steps"]:
        assert step["title"]["zh"] in shown.text
    english = officer(small_world, "auditor", URBAN, "en").get("/console/joining")
    assert "steps are done" in english.text
    assert "Open the sandbox" not in english.text


def test_data_governance_opens_the_sandbox_once(small_world: World) -> None:
    governance = officer(small_world, "governance-officer", URBAN)
    assert "开放沙箱" in governance.get("/console/joining").text
    outsider = officer(small_world, "consumer-officer", MARKET)
    assert "csrf_token" not in outsider.get("/console/joining").text
    form = form_of(outsider.get("/console/requests/new"))
    assert form.fields["csrf_token"]  # a token of their own, so that it is their office that is asked about
    assert outsider.post("/console/joining", {"csrf_token": form.fields["csrf_token"]}).status_code == 403
    assert outsider.post("/console/joining", {}).status_code == 400
    assert small_world.events("SandboxOpened") == []
    assert governance.press("/console/joining").status_code == 303
    small_world.rooms.policy.renew()
    assert IDENTITY in small_world.client.get("/v1/onboarding/sandbox").text
    assert "虚构的人" not in governance.get("/console/joining").text  # it is open: there is nothing more to open


# From nothing to the first call, on pages ---------------------------------------------------------------------------


def desk(world: World, who: dict[str, Any]) -> OfficersBrowser:
    browser = OfficersBrowser(world)
    assert browser.sign_in(who["sub"], *who["roles"], organisation=who["organisation"]).status_code == 303
    return browser


def followed(browser: OfficersBrowser, words: str, at: str = AT) -> str:
    """The address behind a link, which opens."""
    page = browser.get(at)
    found = re.search(rf'href="([^"]*)"[^>]*>{re.escape(words)}[^<]*<', page.text)
    assert found, (words, page.text)
    address = unescape(found[1])
    assert browser.get(address).status_code == 200, address
    return address


def sent(browser: OfficersBrowser, path: str, **typed: str) -> str:
    """The page's form as it is shown, with this typed besides; where that leads."""
    page = browser.get(path)
    answer = browser.post(path, {**form_of(page).fields, **as_shown(page.text), **typed})
    assert answer.status_code == 303, re.findall(r"govuk-error-summary.*?</ul>", answer.text, re.DOTALL)
    return str(answer.headers["Location"])


def published(world: World, entry: str, maker: OfficersBrowser, governor: OfficersBrowser) -> None:
    assert maker.press(f"{entry}/submit").status_code == 303
    followed(maker, "去看条目")
    for command in ("review", "publish"):
        assert governor.press(f"{entry}/{command}").status_code == 303
    world.rooms.policy.renew()


def test_from_nothing_to_the_first_governed_call_on_pages_alone(world: World) -> None:
    """Nothing is typed that a page does not ask for, and nothing is called besides the system's own two calls."""
    maker, governor = desk(world, MAKER), desk(world, GOVERNOR)
    names = {"spec.name.zh": "卫生健康委员会", "spec.name.en": "Health commission"}
    entry = sent(maker, followed(maker, "填写部门登记表"), **names)
    assert entry == f"/console/entries/organisations/{NEW}"
    published(world, entry, maker, governor)

    keys = followed(maker, "先登记客户端和密钥")
    written = maker.press(keys, name="卫健委沙箱系统", keys=json.dumps(PUBLIC))
    assert "tongban client add" in unescape(written.text)
    names = {"metadata.name": "health-trial", "spec.client_id": "health-trial"}
    titles = {"spec.title.zh": "卫健委沙箱系统", "spec.title.en": "Health trial"}
    published(world, sent(maker, followed(maker, "填写系统登记表"), **names, **titles), maker, governor)

    keys = followed(maker, "登记和核对密钥")
    assert "尚未报到" in maker.get(keys).text
    for said in ("tongban sandbox check-in", "/v1/onboarding/check-in", "health-trial"):
        assert said in maker.get(keys).text
    token = world.issuer.token(world.holder, "health-trial", scope="cases")
    assert done(world.call("POST", "/v1/onboarding/check-in", token, {}))["system"] == "health-trial"
    assert "绑定密钥（DPoP）" in maker.get(keys).text

    assert governor.press(AT).status_code == 303
    world.rooms.policy.renew()
    sandbox = world.client.get("/v1/onboarding/sandbox").json
    shown = maker.get(followed(maker, "看沙箱里有什么"))
    for said in (sandbox["service_item"], *sandbox["evidence_types"], *(one["name"] for one in sandbox["people"])):
        assert said in shown.text, said

    request = sent(maker, followed(maker, "起草申请（已填好沙箱的内容）"), purpose="接入演练")
    assert maker.press(f"{request}/submit").status_code == 303
    assert followed(maker, "去看申请") == request
    assert governor.press(f"{request}/accept").status_code == 303
    signed(world, followed(governor, "由此生成的授权", request))
    assert followed(maker, "看授权").startswith("/console/grants/")

    waiting = followed(maker, "看如何调用、是否已到")
    assert "尚未到达" in maker.get(waiting).text
    assert (
        f"tongban sandbox call --client system.json --person {sandbox['people'][0]['value']}" in maker.get(waiting).text
    )
    item = test_onboarding.first_call(world, sandbox)
    assert (item["status"], item["data"]) == ("delivered", {"name": sandbox["people"][0]["name"]})
    arrived = maker.get(waiting)
    assert "已到" in arrived.text
    followed(maker, re.findall(r">(第 \d+ 号账本条目及其证明)<", arrived.text)[0], waiting)
    assert "已完成 6 步，共 6 步" in maker.get(AT).text


def signed(world: World, grant: str) -> None:
    """Whoever has to sign does: who checked the form, and a second person of data governance."""
    for who in (GOVERNOR, test_onboarding.APPROVER):
        signer = desk(world, who)
        page = signer.get(f"{grant}/approve").text
        assert "提供部门不签署" in page
        assert signer.press(f"{grant}/approve").status_code == 303
    world.rooms.policy.renew()


def test_the_requests_to_copy_lead_to_evidence(small_world: World) -> None:
    small_world.apply(system("market-trial", MARKET, sandbox=True))
    sandbox = done(small_world.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR))
    small_world.rooms.policy.renew()
    test_onboarding.granted(small_world, sandbox, MARKET)
    (_, opening), (_, details), (_, asking) = first_requests(ORIGIN, sandbox)
    opened, asked = (shlex.split(text.replace("\\\n", " ")) for text in (opening, asking))
    assert (opened[3], asked[3]) == (f"{ORIGIN}/v1/cases", f"{ORIGIN}/v1/evidence-requests")
    token = small_world.issuer.token(small_world.holder, "market-trial", scope="cases")
    case = done(small_world.call("POST", "/v1/cases", token, json.loads(opened[-1])), 201)["case"]
    wanted = json.loads(details.replace("$CASE", case))
    claims = {"authorization_details": wanted, "act": {"sub": "clerk"}}
    token = small_world.issuer.token(small_world.holder, "market-trial", **claims)
    body = json.loads(asked[-1].replace("$CASE", case))
    (item,) = done(small_world.call("POST", "/v1/evidence-requests", token, body))["evidence"]
    assert item["status"] == "delivered", item
    assert """"case": "'"$CASE"'\"""" in asking  # the shell puts the case's number there


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (json.dumps({"keys": [KEY]}), "这是私钥"),
        (json.dumps({"keys": [PUBLIC], "d": KEY["d"]}), "这是私钥"),
        (f"-----BEGIN PRIVATE KEY-----\n{KEY['d']}\n-----END PRIVATE KEY-----\n", "这是私钥"),
        (json.dumps(KEY)[:-1] + ",}", "不是 JWK"),  # unreadable, and whatever it is, not shown again
    ],
)
def test_a_private_key_is_refused_and_not_shown_again(small_world: World, typed: str, told: str) -> None:
    refused = officer(small_world, "consumer-officer", MARKET).press(f"{AT}/keys", name="x", keys=typed)
    assert refused.status_code == 422
    assert told in refused.text
    assert KEY["d"] not in refused.text


def test_an_address_of_keys_stands_there_again(small_world: World) -> None:
    page = officer(small_world, "consumer-officer", MARKET)
    kept = page.press(f"{AT}/keys", name="", keys="https://office.example.cn/jwks")
    assert kept.status_code == 422
    assert "https://office.example.cn/jwks" in kept.text


@pytest.mark.parametrize(
    "bad",
    ["", "{", "[]", "null", '{"keys": []}', '{"keys": [3]}', '{"kty": "EC"}', "http://office.example.cn/jwks",
     "https://", "https://a:b@c/", "https://a b", "https://[", "https://a:99999/", "x" * 70_000, "\x00", "9" * 5000],
)  # fmt: skip
def test_what_is_no_public_key_is_said(small_world: World, bad: str) -> None:
    with pytest.raises(Unfit):
        read_keys(bad)
    if len(bad) < 100:
        answer = officer(small_world, "auditor", MARKET).press(f"{AT}/keys", name="x", keys=bad)
        assert answer.status_code in (400, 422)


def test_public_keys_and_their_address_are_taken_as_they_are() -> None:
    assert read_keys(json.dumps(PUBLIC))["jwks"]["keys"][0]["x"] == PUBLIC["x"]
    assert read_keys("https://office.example.cn/jwks") == {"jwks_uri": "https://office.example.cn/jwks"}
    assert len(read_keys(json.dumps({"keys": [PUBLIC, PUBLIC]}))["jwks"]["keys"]) == 2


def test_while_the_sandbox_is_closed_pages_say_whose_turn_it_is(small_world: World) -> None:
    page = officer(small_world, "consumer-officer", MARKET)
    assert "由数据主管部门开放" in page.get(f"{AT}/first-call").text
    assert page.get(f"{AT}/sandbox").status_code == 404
    reader = officer(small_world, "auditor", MARKET, "en").get(AT).text
    assert "/console/entries/new" not in reader  # an auditor drafts nothing
