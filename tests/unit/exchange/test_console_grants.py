"""The officers' pages about grants: the table of the API, exactly what is signed, refusals that say who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import quote

import pytest

from exchange.console import grants, offers, words
from exchange.console.grants import DONE
from policies.grants.commands import TABLE
from policies.grants.events import Status
from policies.roles import WORDS, Officer, Role
from tests.doubles.browser import form_of
from tests.doubles.exchange import BASIS, ITEM, MARKET, OWNER, POLICE, URBAN, World, grant
from tests.doubles.sign_ins import OfficersBrowser

AT = "/console/grants"
STANDING = {"G-IDENTITY@1", "G-STAFF@1"}
"""The grants that were signed before."""
SignIn = Callable[..., OfficersBrowser]


@pytest.fixture
def signed_in(small_world: World) -> SignIn:
    """A browser of an officer: ``signed_in("p", "provider-officer", POLICE)``."""

    def sign_in(sub: str, role: str, organisation: str, language: str = "zh-CN") -> OfficersBrowser:
        browser = OfficersBrowser(small_world, language)
        assert browser.sign_in(sub, role, organisation=organisation).status_code == 303
        return browser

    return sign_in


@pytest.fixture
def drafted(small_world: World) -> str:
    """A third grant, as a draft."""
    small_world.apply(grant("G-NEW", fields=["name", "citizen_number"], masks={"name": "name"}))
    small_world.rooms.policy.renew()
    return "G-NEW@1"


def submitted(world: World, signed_in: SignIn, ref: str) -> OfficersBrowser:
    author = signed_in("author", "governance-officer", MARKET)
    assert author.press(f"{AT}/{ref}/submit").status_code == 303
    return author


def test_a_grant_comes_to_life_on_the_pages(small_world: World, signed_in: SignIn, drafted: str) -> None:
    submitted(small_world, signed_in, drafted)
    provider = signed_in("p", "provider-officer", POLICE)
    queue = provider.get(AT)
    assert "等您处理" in queue.text
    assert "G-NEW@1" in queue.text
    assert "G-STAFF@1" not in queue.text  # in force: it waits for nobody
    page = provider.get(f"{AT}/{drafted}")
    assert "签署批准" in page.text
    asked = provider.get(f"{AT}/{drafted}/approve")
    assert "只留首字" in asked.text  # the mask of the grant
    assert "只留前四位和后四位" in asked.text  # the catalogue's own
    done = provider.press(f"{AT}/{drafted}/approve")
    assert done.headers["Location"] == f"{AT}/G-NEW%401?done=approve"
    shown = provider.get(done.headers["Location"])
    assert "已记入账本" in shown.text
    assert "（您）" in shown.text
    approver = signed_in("g", "governance-approver", MARKET)
    assert approver.press(f"{AT}/{drafted}/approve").status_code == 303
    # A sensitive field more than this department has already: the data-protection officer signs as well.
    assert signed_in("d", "data-protection-officer", MARKET).press(f"{AT}/{drafted}/approve").status_code == 303
    assert "生效中" in approver.get(f"{AT}/{drafted}").text
    assert [entry["event"] for entry in small_world.entries()][-2:] == ["GrantApproved", "GrantActivated"]


def test_what_is_in_force_is_shown_a_page_at_a_time_and_found_by_its_words(
    small_world: World, signed_in: SignIn, drafted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "ON_A_PAGE", 1)
    officer = signed_in("p", "provider-officer", POLICE)
    first = officer.get(f"{AT}?state=all")
    assert ("G-IDENTITY@1" in first.text, "G-NEW@1" in first.text, "共 3 项" in first.text) == (True, False, True)
    found = re.search(r'href="(/console/grants\?[^"]*from=1)"', first.text)
    assert found is not None
    assert "G-NEW@1" in officer.get(unescape(found[1])).text
    last = officer.get(f"{AT}?state=all&from=2").text
    assert "G-STAFF@1" in last
    assert "from=3" not in last
    by_words = officer.get(f"{AT}?state=active&q={quote('用工')}").text
    assert ("G-STAFF@1" in by_words, "共 1 项" in by_words) == (True, True)
    assert "G-NEW@1" in officer.get(f"{AT}?state=none-such").text  # what waits


def test_the_author_is_told_that_they_may_not_sign(small_world: World, signed_in: SignIn) -> None:
    """Whoever wrote the request is an author of the grant that follows from it, in whatever other office they look."""
    author = OfficersBrowser(small_world)
    author.sign_in("author", "consumer-officer", "governance-approver", organisation=MARKET)
    asked = {
        "grant.evidence_type": "identity-card", "grant.fields": "name", "grant.service_items": ITEM,
        "grant.legal_basis": BASIS, "grant.valid_from": "2026-12-01", "grant.valid_to": "2027-12-01",
        "purpose": "演示", "onward": "no",
    }  # fmt: skip
    request = author.press("/console/requests/new", **asked).headers["Location"]
    checker, provider = signed_in("w", "governance-officer", URBAN), signed_in("p", "provider-officer", POLICE)
    for officer, command in ((author, "submit"), (checker, "accept"), (provider, "approve")):
        assert officer.press(f"{request}/{command}").status_code == 303, command
    found = re.search(r'href="(/console/grants/[^"]+@1|/console/grants/[^"]+%401)"', checker.get(request).text)
    assert found is not None
    assert author.press(f"{found[1]}/submit").status_code == 303
    page = author.get(f"{found[1]}/approve")
    assert page.status_code == 403
    assert "起草人不得批准" in page.text
    form = form_of(author.get(f"{AT}/G-STAFF@1/suspend"))
    digest = form_of(provider.get(f"{found[1]}/approve")).fields["digest"]
    assert author.post(f"{found[1]}/approve", {**form.fields, "digest": digest}).status_code == 403
    assert {one["facts"]["grant"] for one in small_world.events("GrantApproved")} == STANDING


def test_nobody_signs_twice_in_two_offices(small_world: World, drafted: str) -> None:
    author = OfficersBrowser(small_world)
    author.sign_in("author", "governance-officer", "governance-approver", organisation=MARKET)
    author.press(f"{AT}/{drafted}/submit")
    provider = OfficersBrowser(small_world)
    provider.sign_in("p", "provider-officer", "governance-approver", organisation=POLICE)
    assert provider.press(f"{AT}/{drafted}/approve").status_code == 303
    again = provider.get(f"{AT}/{drafted}/approve")
    assert again.status_code == 403
    assert "同一人只能签署一次" in again.text
    assert "数据主管部门审批人" in again.text  # who may


def test_a_signature_is_for_exactly_what_was_shown(small_world: World, signed_in: SignIn, drafted: str) -> None:
    submitted(small_world, signed_in, drafted)
    provider = signed_in("p", "provider-officer", POLICE)
    form = form_of(provider.get(f"{AT}/{drafted}/approve"))
    for digest in ("sha256:" + "0" * 64, "x", ""):
        page = provider.post(f"{AT}/{drafted}/approve", {**form.fields, "digest": digest})
        assert page.status_code == 409, digest
        assert "重新查看" in page.text
    assert {one["facts"]["grant"] for one in small_world.events("GrantApproved")} == STANDING
    # Sent back and changed meanwhile: the form that is still open signs nothing.
    approver = signed_in("g", "governance-approver", MARKET)
    assert approver.press(f"{AT}/{drafted}/return", reason="字段过多").status_code == 303
    late = provider.post(f"{AT}/{drafted}/approve", form.fields)
    assert late.status_code == 403
    assert [each["facts"]["grant"] for each in small_world.events("GrantApproved")].count(drafted) == 0


def test_a_form_of_the_pages_is_needed(small_world: World, signed_in: SignIn) -> None:
    browser = signed_in("p", "provider-officer", POLICE)
    at = f"{AT}/G-STAFF@1/suspend"
    assert browser.post(at, {"reason": "演示"}).status_code == 400
    form = form_of(browser.get(at))
    assert browser.post(at, {**form.fields, "csrf_token": "x", "reason": "演示"}).status_code == 400
    cross = browser.post(at, {**form.fields, "reason": "演示"}, **{"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403
    other = signed_in("q", "provider-officer", POLICE)
    assert other.post(at, {**form.fields, "reason": "演示"}).status_code == 400  # another browser's form
    assert small_world.events("GrantSuspended") == []


def test_one_officer_suspends_and_the_panel_puts_it_back(small_world: World, signed_in: SignIn) -> None:
    provider = signed_in("p", "provider-officer", POLICE)
    at = f"{AT}/G-STAFF@1"
    assert provider.press(f"{at}/suspend", reason="演示：核查中").status_code == 303
    assert "已暂停" in provider.get(at).text
    assert provider.press(f"{at}/reactivate").status_code == 303
    approver = signed_in("g", "governance-approver", MARKET)
    assert "等您处理" in approver.get(AT).text
    assert approver.press(f"{at}/reactivate").status_code == 303
    assert "生效中" in approver.get(at).text
    assert approver.press(f"{at}/revoke", reason="演示").status_code == 303
    assert "没有可做的操作" in approver.get(at).text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001, "当事人 500199199003120021 投诉"])
def test_a_reason_that_will_not_do_is_said_beside_it(small_world: World, signed_in: SignIn, reason: str) -> None:
    provider = signed_in("p", "provider-officer", POLICE)
    page = provider.press(f"{AT}/G-STAFF@1/suspend", reason=reason)
    assert page.status_code == (403 if reason == "   " else 422)
    assert small_world.events("GrantSuspended") == []


def test_officers_of_other_departments_are_told_why_and_who(small_world: World, signed_in: SignIn) -> None:
    other = signed_in("u", "provider-officer", URBAN)
    page = other.get(f"{AT}/G-STAFF@1/suspend")
    assert page.status_code == 403
    assert "不属于您所在的机构" in page.text
    assert "数据主管部门审批人" in page.text
    assert "不可以" in other.get(f"{AT}/G-STAFF@1").text


def test_an_auditor_reads_and_changes_nothing(small_world: World, signed_in: SignIn) -> None:
    auditor = signed_in("a", "auditor", MARKET)
    assert auditor.get(f"{AT}?state=all").status_code == 200
    assert "没有可做的操作" in auditor.get(f"{AT}/G-STAFF@1").text
    for command in offers.KINDS:
        assert auditor.get(f"{AT}/G-STAFF@1/{command}").status_code == 403, command


def test_the_pages_offer_what_the_table_says(small_world: World, signed_in: SignIn) -> None:
    """Every cell of state × role: what a page names is what the table holds, among the commands that have a page."""
    with small_world.outside.database.read() as connection:
        from exchange.store import grants

        [state, *_] = grants.versions(connection, "G-STAFF")
    from dataclasses import replace

    for status, row in TABLE.items():
        for role in Role if status else ():
            named = {each.name for each in offers.offers(
                replace(state, status=status), Officer("x", POLICE, frozenset({role})), small_world.clock.now()
            )}  # fmt: skip
            held = {name for name, kind in offers.KINDS.items() if kind in row.get(role, frozenset())}
            assert named == held, (status, role)
    assert offers.who_may("suspend", Status.ACTIVE) == {
        *(Role.PROVIDER_OFFICER, Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.DATA_PROTECTION_OFFICER),
    }  # fmt: skip


def test_every_word_is_there() -> None:
    assert WORDS.keys() == set(Role)
    assert words.STATUSES.keys() == set(Status)
    assert set(offers.KINDS.values()) <= words.COMMANDS.keys()
    assert DONE.keys() == offers.KINDS.keys()


def test_both_languages_say_the_same(small_world: World, signed_in: SignIn, drafted: str) -> None:
    chinese, english = (signed_in(f"p{tag}", "provider-officer", POLICE, tag) for tag in ("zh-CN", "en"))
    for path in (AT, f"{AT}/{drafted}", f"{AT}/G-STAFF@1", f"{AT}/G-STAFF@1/suspend"):
        zh, en = chinese.get(path), english.get(path)
        assert 'lang="zh-CN"' in zh.text
        assert '<html lang="en"' in en.text
        assert zh.text.count("<tr") == en.text.count("<tr")
        assert zh.text.count("<a ") == en.text.count("<a ")
    assert "What you may do now" in english.get(f"{AT}/{drafted}").text


BAD = [
    "//[",
    "http://[x",
    "%00",
    "..",
    "'",
    "x" * 300,
    "%F0%9F%98%80",
    "a%2Fb",
    "G-STAFF@",
    "G-STAFF@x",
    "G-STAFF@99",
    "%C0%AF",
]


def test_bad_input_is_never_a_server_error(small_world: World, signed_in: SignIn) -> None:
    browser = signed_in("p", "provider-officer", POLICE)
    for bad in BAD:
        for path in (
            f"{AT}/{bad}", f"{AT}/{bad}/suspend", f"{AT}/G-STAFF@1/{bad}", f"{AT}?state={bad}&q={bad}&from={bad}",
            f"/console/catalogue?q={bad}&after={bad}", f"/console/catalogue/{bad}",
            f"/console/catalogue/evidence-types/{bad}", f"/console/ledger?index={bad}", f"/console/usage?days={bad}",
            f"/console/callback?code={bad}&state={bad}", f"/console/sign-in?to={bad}", f"{AT}?q=1&q=2",
            f"/console/sign-in/start?to={bad}",
        ):  # fmt: skip
            assert browser.get(path).status_code < 500, path
    form = form_of(browser.get(f"{AT}/G-STAFF@1/suspend"))
    for bad in ("\x00", "\u202e", "x" * 20_000, "{}"):
        assert browser.post(f"{AT}/G-STAFF@1/suspend", {**form.fields, "reason": bad}).status_code < 500
        assert browser.post(f"{AT}/G-NONE/suspend", {**form.fields, "reason": bad}).status_code in (400, 404)


def test_an_address_alone_makes_no_page_say_that_something_was_done(small_world: World, signed_in: SignIn) -> None:
    browser = signed_in("p", "provider-officer", POLICE)
    for command in ("suspend", "revoke", "submit", "return", "nothing"):
        assert "已记入账本" not in browser.get(f"{AT}/G-STAFF@1?done={command}").text


def test_signers_see_what_would_change_proved_and_counted(small_world: World, signed_in: SignIn, drafted: str) -> None:
    case = small_world.open_case((OWNER, "applicant"))
    number = {"type": "identity-card", "fields": ["citizen_number"]}
    assert small_world.ask(case, number).json["status"] == "refused"
    submitted(small_world, signed_in, drafted)
    provider = signed_in("p", "provider-officer", POLICE)
    for path in (f"{AT}/{drafted}/approve", f"{AT}/{drafted}/effects", f"{AT}/{drafted}/effects?days=90"):
        page = provider.get(path)
        assert page.status_code == 200, path
        assert "放宽：可取得的内容增加" in page.text
        assert "例如：" in page.text  # a request that shows it
        assert "增加敏感字段（3 级）：号码" in page.text
        assert "数据保护负责人" in page.text  # who must sign
        counted = said(page.text)
        assert "统计的请求 1 将新获准 1" in counted
        assert "数据会新流出的人数 1" in counted
        assert OWNER not in page.text
    assert "草稿" not in provider.get(f"{AT}/{drafted}/effects").text


def test_what_is_asked_later_changes_nothing_of_what_is_signed(
    small_world: World, signed_in: SignIn, drafted: str
) -> None:
    case = small_world.open_case((OWNER, "applicant"))
    number = {"type": "identity-card", "fields": ["citizen_number"]}
    submitted(small_world, signed_in, drafted)
    assert small_world.ask(case, number).json["status"] == "refused"
    provider = signed_in("p", "provider-officer", POLICE)
    signing, today = (said(provider.get(f"{AT}/{drafted}/{page}").text) for page in ("approve", "effects"))
    assert "提交前 90 天的实际请求" in signing
    assert "统计的请求 0 将新获准 0" in signing
    assert "统计的请求 1 将新获准 1" in today


def said(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page))


def test_a_draft_is_examined_for_whoever_looks(small_world: World, signed_in: SignIn, drafted: str) -> None:
    page = signed_in("author", "governance-officer", MARKET, "en").get(f"{AT}/{drafted}/effects")
    assert "a draft: it is examined again" in page.text
    assert "A new grant" in page.text


def test_the_sponsor_endorses_and_does_not_sign(small_world: World, signed_in: SignIn, drafted: str) -> None:
    submitted(small_world, signed_in, drafted)
    sponsor = signed_in("s", "sponsor", MARKET)
    assert "等您处理" in sponsor.get(AT).text
    assert sponsor.press(f"{AT}/{drafted}/endorse").status_code == 303
    shown = sponsor.get(f"{AT}/{drafted}?done=endorse")
    assert "已记入账本" in shown.text
    assert "需求部门负责人（您）" in shown.text
    assert "待审批" in shown.text


def test_an_unknown_grant_is_a_page(small_world: World, signed_in: SignIn) -> None:
    page = signed_in("p", "provider-officer", POLICE).get(f"{AT}/G-NONE")
    assert page.status_code == 404
    assert "<h1" in page.text
