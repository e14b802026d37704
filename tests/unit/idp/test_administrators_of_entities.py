"""Administrators of a legal entity: appointed by its representative, they appoint agents, and no more (ADR 0044)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from idp.model.person import NewPerson
from idp.model.representation import LASTS, reference_of_agency
from tests.doubles.account import Account
from tests.doubles.identity_provider import OTHER_ITEM, PASSWORD, SERVICE_ITEM, WANG, Provider, citizen
from tests.doubles.relying_party import claims_of
from tests.unit.idp.test_agents import Parties
from tests.unit.idp.test_representations import NAME, PAGE, add, choice, finish, told_ended

CHEN = citizen(77)
ADMINISTRATOR = {"administrator": "yes"}
WHOM = {"name": "陈晨", "number": CHEN.value}


class Office(Parties):
    """Li represents the shop, Wang administers it, Chen is to be its agent."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        provider.administration.people.add(NewPerson("chen", "陈晨", PASSWORD, assurance=2, subject=CHEN))
        provider.clock.advance(1)
        self.chen = Account(provider, "chen")

    def form(self, account: Account) -> Any:
        page = account.open(PAGE)
        found = re.findall(r'href="(/account/representations/\w+/agents/new)"', page.text)
        assert found, page.text
        return account.open(found[0])

    def appoint_by(self, account: Account, **changes: str) -> Any:
        form = self.form(account)
        until = re.findall(r'name="until"[^>]*value="([^"]*)"', form.text)[0]
        given = {"until": until, "items": "", "matters": "all", **WHOM, **changes}
        return account.browser.follow(account.browser.submit(form, **given))

    def staffed(self, **changes: str) -> str:
        """Wang is administrator and has appointed Chen, who confirmed; the administrator's own appointment."""
        self.hired(**ADMINISTRATOR, **changes)
        own = self.appointment()
        limits = {name: changes[name] for name in ("matters", "items") if name in changes}
        assert self.appoint_by(self.wang, **limits).status_code == 200
        assert self.confirm(self.chen).status_code == 303
        return own

    def token_of_chen(self) -> str:
        page = choice(self.chen.browser, self.shop, "chen")
        chosen = re.findall(r'value="(apt_[^"]+)"', page.text)[0]
        answer = finish(self.chen.browser, self.chen.browser.submit(page, acting=chosen), self.shop, "chen")
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])

    def live(self, token: str) -> bool:
        self.provider.settle()
        return bool(self.shop.introspect(token)["active"])

    def end_appointment(self, account: Account, appointment: str) -> int:
        page = account.open(PAGE)
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
        sent = account.browser.post(f"{PAGE}/agencies/{appointment}/end", {"csrf_token": token})
        return int(sent.status_code)


@pytest.fixture
def office(provider: Provider) -> Office:
    return Office(provider)


def test_an_administrator_appoints_an_agent_who_acts(either_provider: Provider) -> None:
    office = Office(either_provider)
    office.hired(**ADMINISTRATOR)
    assert "管理员" in office.li.open(PAGE).text
    assert office.appoint_by(office.wang).status_code == 200
    asked = office.chen.open(PAGE)
    assert "管理员王小明请您" in asked.text
    assert office.confirm(office.chen).status_code == 303
    mandate = claims_of(office.token_of_chen())["mandate"]
    assert (mandate["capacity"], mandate["principal"]["name"]) == ("agent", NAME)
    assert "由管理员指定" in office.li.open(PAGE).text
    assert "陈晨" in office.wang.open(PAGE).text
    either_provider.deliver()
    told = [each.text.zh for each in either_provider.mailbox.messages]
    assert any("您指定的一名经办人已确认" in each for each in told)  # Wang, who has a telephone, asked
    made = either_provider.events("AgentAppointed")
    assert [each["facts"]["actor"] for each in made] == [either_provider.person(name).id for name in ("li", "wang")]
    assert [each["facts"]["administrator"] for each in made] == [True, False]


def test_nobody_hands_on_more_than_they_have(office: Office) -> None:
    office.hired(matters="some", items=SERVICE_ITEM, until=office.day(20), **ADMINISTRATOR)
    for wrong, where in (
        ({"matters": "all", "until": office.day(20)}, "不能超出您自己的经办范围"),
        ({"matters": "some", "items": SERVICE_ITEM, "until": office.day(21)}, "不能晚于您自己的授权期限"),
        (
            {"matters": "some", "items": SERVICE_ITEM, "until": office.day(20), "administrator": "yes"},
            "只有法定代表人可以指定管理员",
        ),
        ({"matters": "some", "items": OTHER_ITEM, "until": office.day(20)}, "没有这个事项"),
        ({"matters": "all", "number": WANG.value, "until": office.day(20)}, "不能指定您自己"),
    ):
        page = office.appoint_by(office.wang, **wrong)
        assert (page.status_code, where in page.text) == (422, True), wrong
    assert len(office.provider.events("AgentAppointed")) == 1
    good = office.appoint_by(office.wang, matters="some", items=SERVICE_ITEM, until=office.day(20))
    assert good.status_code == 200


def test_an_agent_who_is_no_administrator_appoints_nobody(office: Office) -> None:
    office.staffed()
    page = office.chen.open(PAGE)
    assert "/agents/new" not in page.text
    assert office.chen.browser.get(f"{PAGE}/{office.appointment()}/agents/new").status_code == 404


@pytest.mark.parametrize("how", ["representative", "administrator", "representation", "register", "below"])
def test_what_an_administrator_appointed_falls_with_either(office: Office, how: str) -> None:
    """S2: with every token that stems from it, at once."""
    own = office.staffed()
    token, below = office.token_of_chen(), office.appointment()
    assert office.live(token)
    if how == "register":
        office.provider.businesses.entries.clear()
        office.provider.clock.advance(LASTS.total_seconds() / 30)
        office.provider.settle()
        assert "apt_" not in choice_of(office)
    elif how == "representation":
        page = office.li.open(PAGE)
        [found] = re.findall(r'action="(/account/representations/rep_\w+/end)"', page.text)
        csrf = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
        assert office.li.browser.post(found, {"csrf_token": csrf}).status_code == 303
    elif how == "below":
        assert office.end_appointment(office.wang, below) == 303  # whoever appointed ends it, too
    else:
        assert office.end_appointment(office.li if how == "representative" else office.wang, own) == 303
    assert not office.live(token)
    assert NAME not in office.chen.open(PAGE).text


def choice_of(office: Office) -> str:
    """What Chen is offered once the register was looked at again."""
    page = choice(office.chen.browser, office.shop, "chen") if NAME in office.chen.open(PAGE).text else None
    chosen = [] if page is None else re.findall(r'value="(apt_[^"]+)"', page.text)
    if page is not None and chosen:
        office.chen.browser.submit(page, acting=chosen[0])
    return office.chen.open(PAGE).text.partition("添加单位")[0]


def test_a_refused_administrator_suspends_whom_they_appointed(office: Office) -> None:
    office.staffed()
    token = office.token_of_chen()
    office.provider.administration.people.disable("wang")
    assert not office.live(token)  # S2
    assert told_ended(office.shop) == [reference_of_agency(office.appointment())]
    assert "已暂停" in office.chen.open(PAGE).text
    assert "已暂停" in office.li.open(PAGE).text


def test_five_administrators_are_enough(office: Office) -> None:
    for number in range(5):
        page = office.appoint(number=citizen(100 + number).value, **ADMINISTRATOR)
        assert page.status_code == 200
    refused = office.appoint(number=citizen(110).value, **ADMINISTRATOR)
    assert (refused.status_code, "管理员最多五名" in refused.text) == (422, True)
    assert office.appoint(number=citizen(110).value).status_code == 200


def test_a_suspension_says_what_each_side_can_do(office: Office) -> None:
    office.hired(**ADMINISTRATOR, until=office.day(200))
    own = office.appointment()
    assert office.appoint_by(office.wang, until=office.day(100)).status_code == 200
    assert office.confirm(office.chen).status_code == 303
    office.provider.clock.advance(LASTS.total_seconds() + 1)
    renew, ask = "您的代表资格已满三十天", "请联系指定您的人"
    seen = {name: Account(office.provider, name).open(PAGE).text for name in ("li", "wang", "chen")}
    assert [renew in seen[name] for name in seen] == [True, False, False]
    assert [ask in seen[name] for name in seen] == [False, True, True]
    office.li = Account(office.provider, "li")
    assert add(office.li).status_code == 200
    assert "已暂停" not in office.li.open(PAGE).text
    assert office.end_appointment(office.li, own) == 303
    office.provider.clock.advance(LASTS.total_seconds() + 1)
    assert renew not in Account(office.provider, "li").open(PAGE).text  # nobody waits for it any more
