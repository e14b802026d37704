"""Agents of legal entities (domain: proposed → awaiting_agent → active → expired | revoked | lapsed; ADR 0039)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from idp.model.person import NewPerson
from idp.model.representation import LASTS, reference_of_agency
from idp.proofing.agents import Agents
from idp.resource.metadata import ResourceUnavailable
from kernel.canonical import JSON
from kernel.dates import local_day
from kernel.text import Text
from tests.conftest import ENGINE
from tests.doubles.account import Account
from tests.doubles.administrators import appoint, signed_in
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import (
    LI,
    OTHER_ITEM,
    PASSWORD,
    SERVICE_ITEM,
    WANG,
    Provider,
    citizen,
    provider_at,
)
from tests.doubles.relying_party import RelyingParty, claims_of, detail, details
from tests.unit.idp.test_representations import NAME, PAGE, SCOPE, SHOP, add, choice, finish, told_ended

ALL = {"matters": "all"}
SOME = {"matters": "some", "items": SERVICE_ITEM}


class Parties:
    """Li represents the shop, Wang is to be its agent; each in a browser of their own."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        provider.businesses.entries[SHOP] = (LI.value, NAME)
        self.li, self.wang = Account(provider, "li"), Account(provider, "wang")
        assert add(self.li).status_code == 200
        self.shop = RelyingParty(provider, scope=f"{SCOPE} cases")

    def day(self, days: int) -> str:
        return (local_day(self.provider.clock.now()) + timedelta(days=days)).isoformat()

    def appoint(self, **changes: str) -> Any:
        """Fill in the form; the page that follows."""
        page = self.li.open(PAGE)
        form = self.li.open(re.findall(r'href="(/account/representations/rep_[^"]+/agents/new)"', page.text)[0])
        given = {"name": "王小明", "number": WANG.value, "items": "", **ALL, **changes}
        if "until" not in given:
            given["until"] = re.findall(r'name="until"[^>]*value="([^"]*)"', form.text)[0]
        sent = self.li.browser.submit(form, **given)
        return self.li.browser.follow(sent)

    def appointment(self) -> str:
        return str(self.provider.events("AgentAppointed")[-1]["facts"]["appointment"])

    def press(self, account: Account, action: str, **values: str) -> Any:
        """Post one of the page's forms, wherever on the page it stands."""
        page = account.open(PAGE)
        token = re.findall(r'name="(csrf_token)" value="([^"]+)"', page.text)
        fields = dict(token[:1]) if token else csrf(account)
        return account.browser.post(f"{PAGE}/agencies/{self.appointment()}/{action}", {**fields, **values})

    def confirm(self, account: Account | None = None, decision: str = "confirm") -> Any:
        return self.press(account or self.wang, "answer", decision=decision)

    def hired(self, **changes: str) -> None:
        assert self.appoint(**changes).status_code == 200
        assert self.confirm().status_code == 303

    def tokens(self, **changes: Any) -> dict[str, Any]:
        page = choice(self.wang.browser, self.shop, "wang", **changes)
        chosen = re.findall(r'value="(apt_[^"]+)"', page.text)[0]
        answer = finish(self.wang.browser, self.wang.browser.submit(page, acting=chosen), self.shop, "wang")
        assert answer.status_code == 200, answer.text
        return dict(answer.json)


def csrf(account: Account) -> dict[str, str]:
    page = account.open("/account/security/password")
    return dict(re.findall(r'name="(csrf_token)" value="([^"]+)"', page.text)[:1])


@pytest.fixture
def parties(provider: Provider) -> Parties:
    return Parties(provider)


def test_an_agent_is_appointed_confirms_and_acts(either_provider: Provider) -> None:
    parties, provider = Parties(either_provider), either_provider
    page = parties.appoint()
    assert "等待经办人确认" in page.text
    assert WANG.value not in page.text
    asked = parties.wang.open(PAGE)
    for told in ("请您确认", NAME, "李丽", "全部事项"):
        assert told in asked.text
    assert "apt_" not in choice(Browser(provider), parties.shop, "wang").text  # nothing before they confirm
    assert parties.confirm().status_code == 303
    assert "有效；范围" in parties.li.open(PAGE).text
    token = claims_of(parties.tokens()["access_token"])
    mandate = token["mandate"]
    assert mandate["principal"] == {"scheme": "social-credit-code", "value": SHOP, "name": NAME}
    assert (mandate["capacity"], mandate["service_items"]) == ("agent", "all")
    kept = {each["event"]: each["facts"] for each in provider.events() if each["event"].startswith("Agen")}
    li, wang = provider.person("li").id, provider.person("wang").id
    assert [(kept[name]["actor"], kept[name]["command"]) for name in ("AgentAppointed", "AgencyConfirmed")] == [
        (li, "own-account"),
        (wang, "own-account"),
    ]
    ledger = repr(provider.events())
    assert not {word for word in (SHOP, NAME, LI.value, WANG.value, "王小明") if word in ledger}
    with provider.database.read() as connection:
        [row] = connection.exec_driver_sql("SELECT sealed, agent_index, entity_index FROM appointment").all()
    stored = b"".join(bytes(each) for each in row)
    assert not {word for word in (SHOP, WANG.value, WANG.value[-4:], "王小明") if word.encode() in stored}


def test_both_are_told_on_their_channels(parties: Parties) -> None:
    parties.appoint()
    parties.provider.deliver()
    assert "担任其经办人" in parties.provider.mailbox.messages[-1].text.zh
    parties.confirm()
    parties.press(parties.li, "end")
    parties.provider.deliver()
    told = [each.text.zh for each in parties.provider.mailbox.messages]
    assert any("已由对方终止" in each for each in told)
    assert not {word for word in (SHOP, NAME, WANG.value, LI.value) if word in repr(told)}


def test_thirty_days_unless_another_day_is_chosen(parties: Parties) -> None:
    parties.hired()
    until = parties.provider.events("AgentAppointed")[0]["facts"]["until"]
    assert 30 * 86400 <= until - parties.provider.clock.now().timestamp() <= 31 * 86400


def test_no_token_outlives_the_mandate(parties: Parties) -> None:
    """The chosen day ends at midnight in China; then it is expired."""
    parties.hired(until=parties.day(1))
    until = parties.provider.events("AgentAppointed")[0]["facts"]["until"]
    parties.provider.clock.advance(until - parties.provider.clock.now().timestamp() - 240)
    answer = parties.tokens()
    token = claims_of(answer["access_token"])
    assert token["exp"] == token["mandate"]["exp"] == until
    parties.provider.clock.advance(241)
    refused = parties.shop.refresh(answer["refresh_token"])
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
    assert "已到期" in parties.li.open(PAGE).text
    assert "apt_" not in choice(Browser(parties.provider), parties.shop, "wang").text


def test_an_agent_acts_in_the_matters_chosen_and_in_no_other(parties: Parties) -> None:
    parties.hired(**SOME)
    parties.shop = RelyingParty(
        parties.provider, scope=f"{SCOPE} cases", tongban_service_items=[SERVICE_ITEM, OTHER_ITEM]
    )
    mandate = claims_of(parties.tokens()["access_token"])["mandate"]
    assert mandate["service_items"] == [SERVICE_ITEM]
    assert f"开办餐馆 {SERVICE_ITEM}" in parties.wang.open(PAGE).text  # in words, not by its code alone
    for item, offered in ((SERVICE_ITEM, True), (OTHER_ITEM, False)):
        browser = Browser(parties.provider)
        asked = details(detail(service_item=item))
        page = browser.follow(browser.get(parties.shop.pushed_url(scope=SCOPE, authorization_details=asked)))
        while 'name="acting"' not in page.text:
            page = browser.submit(page, **browser._answers(page, "wang", PASSWORD, "allow", None))
        assert ("apt_" in page.text) is offered
        again = browser.submit(page, acting=parties.appointment())  # chosen all the same
        assert ('name="acting"' in again.text) is not offered


@pytest.mark.parametrize("side", ["li", "wang"])
def test_either_side_ends_it_at_once(parties: Parties, side: str) -> None:
    parties.hired()
    answer = parties.tokens()
    assert parties.press(getattr(parties, side), "end").status_code == 303
    parties.provider.settle()
    assert parties.shop.introspect(answer["access_token"]) == {"active": False}
    assert parties.shop.refresh(answer["refresh_token"]).json["error"] == "invalid_grant"
    assert "已终止或被拒绝" in parties.li.open(PAGE).text
    [entry] = parties.provider.events("AgencyEnded")
    assert entry["facts"]["actor"] == parties.provider.person(side).id
    assert parties.press(parties.li, "end").status_code == 404


def test_whoever_declines_acts_for_nobody(parties: Parties) -> None:
    parties.appoint()
    assert parties.confirm(decision="decline").status_code == 303
    assert parties.confirm().status_code == 404
    assert "apt_" not in choice(parties.wang.browser, parties.shop, "wang").text
    assert len(parties.provider.events("AgencyDeclined")) == 1


def test_all_lapse_when_the_register_names_another_representative(parties: Parties) -> None:
    """The electronic business licence: its data change, every mandate falls. An agent's own refresh finds it out."""
    parties.hired()
    answer, provider = parties.tokens(), parties.provider
    provider.businesses.entries[SHOP] = (citizen(88).value, NAME)
    provider.clock.advance(300)
    refused = parties.shop.refresh(answer["refresh_token"])
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
    assert "apt_" not in choice(Browser(provider), parties.shop, "wang").text
    assert "失效" in parties.li.open(PAGE).text
    with provider.database.read() as connection:
        assert connection.exec_driver_sql("SELECT ended_as FROM appointment").scalar_one() == "lapsed"
    provider.deliver()
    assert any("您的经办授权已失效" in each.text.zh for each in provider.mailbox.messages)
    provider.businesses.entries[SHOP] = (LI.value, NAME)  # named again: agents have to be appointed anew
    assert add(parties.li).status_code == 200
    assert "apt_" not in choice(Browser(provider), parties.shop, "wang").text


def test_all_lapse_when_the_representative_stops(parties: Parties) -> None:
    parties.hired()
    answer = parties.tokens()
    page = parties.li.open(PAGE)
    parties.li.browser.submit(page)
    parties.provider.settle()
    assert parties.shop.refresh(answer["refresh_token"]).json["error"] == "invalid_grant"
    assert parties.shop.introspect(answer["access_token"]) == {"active": False}


def test_a_new_proof_of_the_same_representative_keeps_agents(parties: Parties) -> None:
    parties.hired()
    answer = parties.tokens()
    assert add(parties.li).status_code == 200
    assert parties.shop.refresh(answer["refresh_token"]).status_code == 200


def test_nobody_acts_by_a_representative_whose_account_is_refused(either_provider: Provider) -> None:
    """S2: the tokens die and the exchange is told; once the account is admitted again, new ones are issued."""
    parties, people = Parties(either_provider), either_provider.administration.people
    parties.hired()
    answer = parties.tokens()
    people.disable("li")
    either_provider.settle()
    assert parties.shop.introspect(answer["access_token"]) == {"active": False}
    assert parties.shop.refresh(answer["refresh_token"]).json["error"] == "invalid_grant"
    assert told_ended(parties.shop) == [reference_of_agency(parties.appointment())]
    act = people.enabling(either_provider.person("li").id, everywhere=True)
    people.records.make(act.name, act.facts, act.change)
    either_provider.settle()
    assert told_ended(parties.shop) == []
    assert parties.shop.introspect(answer["access_token"]) == {"active": False}
    assert parties.shop.refresh(answer["refresh_token"]).json["error"] == "invalid_grant"
    assert parties.shop.introspect(parties.tokens()["access_token"])["active"]


def test_an_agent_appoints_nobody(parties: Parties) -> None:
    parties.hired()
    address = f"{PAGE}/{parties.appointment()}/agents/new"
    assert parties.wang.open(address).status_code == 404
    sent = {**csrf(parties.wang), "name": "陈晨", "number": citizen(40).value, "until": parties.day(5), **ALL}
    assert parties.wang.browser.post(address, sent).status_code == 404
    assert len(parties.provider.events("AgentAppointed")) == 1


def test_only_whoever_was_meant_can_confirm(parties: Parties) -> None:
    provider = parties.provider
    provider.administration.people.add(NewPerson("chen", "陈晨", PASSWORD, assurance=2, subject=citizen(40)))
    parties.appoint()
    stranger = Account(provider, "chen")
    assert "apt_" not in stranger.open(PAGE).text
    for action in ("answer", "end"):
        assert parties.press(stranger, action, decision="confirm").status_code == 404
    assert parties.press(parties.li, "answer", decision="confirm").status_code == 404  # nor the representative
    assert parties.confirm(decision="perhaps").status_code == 303  # no answer at all
    assert provider.events("AgencyConfirmed") == []
    assert parties.confirm().status_code == 303
    assert parties.confirm().status_code == 404  # once


def test_nobody_learns_whether_the_number_has_an_account(parties: Parties) -> None:
    with_account, without = parties.appoint(), parties.appoint(number=citizen(99).value)
    assert (with_account.status_code, without.status_code) == (200, 200)
    assert without.text.count("等待经办人确认") == 2


def test_both_pages_are_the_same_to_the_letter(fresh: Callable[[str], str], tmp_path: Path) -> None:
    """But for tokens, identifiers and the last digits: each in a world of its own."""
    pages = []
    for number in (WANG, citizen(99)):
        folder = tmp_path / number.value
        folder.mkdir()
        with provider_at(fresh(ENGINE), folder, migrated=True) as running:
            text = Parties(running).appoint(number=number.value).text
        assert f"末四位 {number.value[-4:]}" in text
        text = text.replace(number.value[-4:], "LAST")
        pages.append(re.sub(r'(rep|apt)_[0-9A-Za-z]+|(?<=name="csrf_token" value=")[^"]+', "", text))
    assert pages[0] == pages[1]


def test_nobody_is_asked_over_and_over(parties: Parties) -> None:
    """A stranger's channels are not flooded: three vain proposals to one number, and a withdrawal tells nobody."""
    for _ in range(3):
        assert parties.appoint().status_code == 200
        assert parties.press(parties.li, "end").status_code == 303
    refused = parties.appoint()
    assert (refused.status_code, "您已多次请这个人" in refused.text) == (422, True)
    assert parties.appoint(number=citizen(99).value).status_code == 200
    parties.provider.deliver()
    told = [each.text.zh for each in parties.provider.mailbox.messages]
    assert sum("担任其经办人" in each for each in told) == 3
    assert not any("已由对方终止" in each for each in told)
    parties.provider.clock.advance(timedelta(days=1).total_seconds() + 1)
    parties.li, parties.wang = Account(parties.provider, "li"), Account(parties.provider, "wang")
    assert parties.appoint().status_code == 200


@pytest.mark.parametrize("ended", [False, True])
def test_a_proof_that_ran_out_suspends_until_it_is_renewed(parties: Parties, ended: bool) -> None:
    """Both sides see it and can end it meanwhile; nobody acts by it."""
    provider = parties.provider
    parties.hired(until=parties.day(90))
    provider.clock.advance((LASTS + timedelta(minutes=1)).total_seconds())
    parties.li, parties.wang = Account(provider, "li"), Account(provider, "wang")
    page = parties.li.open(PAGE).text
    assert "已暂停" in page
    assert "有效；范围" not in page
    theirs = parties.wang.open(PAGE).text
    assert "已暂停" in theirs
    assert f"/agencies/{parties.appointment()}/end" in theirs
    assert "apt_" not in choice(Browser(provider), parties.shop, "wang").text
    if ended:
        assert parties.press(parties.wang, "end").status_code == 303
    assert add(parties.li).status_code == 200
    page = parties.li.open(PAGE).text
    assert "已暂停" not in page
    assert ("有效；范围" in page) is not ended


def test_proposals_that_wait_count_too(parties: Parties) -> None:
    assert [parties.appoint().status_code for _ in range(4)] == [200, 200, 200, 422]


def test_a_catalogue_that_is_away_is_asked_once_a_page() -> None:
    """Each look may take seconds: after the first in vain the codes stand for themselves."""
    asked: list[str] = []

    class Away:
        def catalogue(self, _kind: str, code: str) -> Mapping[str, JSON]:
            asked.append(code)
            raise ResourceUnavailable("away")

    agents = Agents(cast("Any", None), cast("Any", None), cast("Any", Away()), cast("Any", None))
    assert agents.named(["A", "B", "A"]) == {"A": Text("A", "A"), "B": Text("B", "B")}
    assert asked == ["A"]


def test_only_so_many_items_are_looked_up_for_one_page() -> None:
    asked: list[str] = []

    class Catalogue:
        def catalogue(self, _kind: str, code: str) -> Mapping[str, JSON]:
            asked.append(code)
            return {"name": {"zh": "事项", "en": "Item"}}

    agents = Agents(cast("Any", None), cast("Any", None), cast("Any", Catalogue()), cast("Any", None))
    assert len(agents.named(str(each) for each in range(60))) == 60
    assert len(asked) == 50


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"number": "1234"}, 'id="number-error"'),
        ({"number": LI.value}, "不能指定您自己"),
        ({"name": ""}, "请填写经办人的姓名"),
        ({"until": "soon"}, "一年以内"),
        ({"until": "2026-11-23"}, "一年以内"),
        ({"until": "2031-01-01"}, "一年以内"),
        ({"matters": ""}, "请选择经办范围"),
        ({"matters": "some"}, "事项编码"),
        ({"matters": "some", "items": "nonsense"}, 'id="items-error"'),
        ({"matters": "some", "items": OTHER_ITEM}, "没有这个事项"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(parties: Parties, changes: dict[str, str], told: str) -> None:
    page = parties.appoint(**changes)
    assert page.status_code == 422
    assert told in page.text
    assert parties.provider.events("AgentAppointed") == []


def test_a_silent_register_lets_nobody_be_appointed(parties: Parties) -> None:
    page = parties.li.open(PAGE)
    address = re.findall(r'href="(/account/representations/rep_[^"]+/agents/new)"', page.text)[0]
    parties.provider.clock.advance(301)
    parties.provider.businesses.silent = True
    assert parties.li.open(address).status_code == 503


def test_administrators_see_for_which_entities_somebody_acts(parties: Parties) -> None:
    """Entities are named, people and their numbers are not."""
    parties.hired(**SOME)
    appoint(parties.provider, "security")
    browser, _ = signed_in(parties.provider, "security")
    seen = [browser.get(f"/admin/people/{parties.provider.person(name).id}").text for name in ("li", "wang", "nobody")]
    assert [NAME in each and SHOP in each for each in seen] == [True, True, False]
    assert "法定代表人" in seen[0]
    assert "经办人" in seen[1]
    assert SERVICE_ITEM in seen[1]
    assert not {word for word in (LI.value, WANG.value, "李丽", "王小明") if word in "".join(seen)}
    parties.press(parties.li, "end")
    assert NAME not in browser.get(f"/admin/people/{parties.provider.person('wang').id}").text
