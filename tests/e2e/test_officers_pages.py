"""The officers' pages in a real browser, signed in at the real identity provider: both languages, phone and desktop."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page
from sqlalchemy import Connection

from exchange.app import issuer_fetch, issuer_post
from exchange.console.registration import read_key
from exchange.governance.use import DAYS
from exchange.store import consents, forwardings, grants, return_flows
from idp.model.person import NewPerson, PersonKind
from kernel.identifiers.subject import SubjectRef
from kernel.outbound import OutboundClient
from kernel.text import Text
from tests.doubles import manual_register
from tests.doubles.exchange import (
    BASIS,
    ITEM,
    MARKET,
    NOW,
    OWNER,
    POLICE,
    URBAN,
    World,
    copied,
    grant,
    lived,
    make_world,
    prepared_postgresql,
    prepared_sqlite,
    system,
)
from tests.doubles.identity_provider import PASSWORD, TOTP_SECRET, Provider, citizen
from tests.e2e.grounds import EXCHANGE, missed
from tests.e2e.looking import Look, stored_words
from tests.unit.exchange import (
    test_challenges,
    test_console_certificates,
    test_console_joining,
    test_corrections,
    test_events,
    test_ratings,
    test_return_flow,
    test_watching,
)
from tests.unit.exchange.test_emergency import opened, template
from tongban import installation

__all__ = ["prepared_postgresql", "prepared_sqlite"]

OFFICERS = (
    ("owner", ("provider-officer", "consumer-officer"), POLICE),
    ("approver", ("governance-approver", "governance-officer"), MARKET),
    ("guardian", ("consumer-officer", "data-protection-officer", "security-administrator"), MARKET),
)
"""Who walks, one after the other, with their offices and their department."""
ROW = "tbody a"
CAMPAIGN = "main li.tongban-inbox__row a"
NEW, CARD = "/console/grants/G-NEW%401", "/console/entries/evidence-types/identity-card"


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    serve_provider: Callable[..., Provider],
    serve_app: Callable[..., str],
) -> Iterator[World]:
    """The exchange on a socket, with a grant that waits for its panel; its issuer is a provider on another socket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    origin, folder = f"http://127.0.0.1:{port}", tmp_path / "exchange"
    provider = serve_provider(exchange_resource=origin)
    provider.clock.advance((NOW - provider.clock.now()).total_seconds() + 3600)
    with lived(make_world(copied(request, folder), folder, seed=38)) as paper:
        hardly_used(paper)
        rescued(paper)
        republished(paper)
        test_watching.limited(paper)
        paper.apply(grant("G-NEW", fields=["name", "address"], masks={"name": "name"}))
        paper.rooms.policy.renew()
        sent = paper.officer("POST", "/v1/grants/G-NEW/submit", {}, sub="author", roles=["governance-officer"])
        assert sent.status_code == 200, sent.text
        asked_for(paper)
        joined(paper)
        recertified(paper)
        test_corrections.opened(paper)
        test_ratings.bad(paper)
        test_challenges.challenged(paper)
        test_watching.absent(paper, OWNER, paper.open_case((OWNER, "applicant")))
        manual_register.opened(paper, office={"organisation": POLICE}, substitutes=None)
        manual_register.asked(paper)
        kept(paper)
        locked(paper)
        node = served(paper, provider, origin)
        register(provider, node)
        serve_app(node.client.application, port=port)
        yield node
        node.rooms.close()


def asked_for(paper: World) -> None:
    """An access request that waits for the provider, and drafts for many departments that cannot be handed in."""
    grant_asked = {
        "evidence_type": "identity-card", "fields": ["name", "born"], "service_items": [ITEM], "legal_basis": BASIS,
        "valid_from": "2026-12-01", "valid_to": "2027-12-01",
    }  # fmt: skip
    consumer = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
    body = {"grant": grant_asked, "purpose": "核对申请人身份"}
    made = paper.officer("POST", "/v1/access-requests", body, **consumer)
    paper.officer("POST", f"/v1/access-requests/{made.json['id']}/submit", {}, **consumer)
    checked = {"sub": "wei", "roles": ["governance-officer"], "organisation": MARKET}
    assert paper.officer("POST", f"/v1/access-requests/{made.json['id']}/accept", {}, **checked).status_code == 200
    sensitive = {"grant": grant_asked | {"fields": ["name", "address"]}}  # whose impact nobody has assessed
    many = body | sensitive | {"consumers": [MARKET, URBAN]}
    assert paper.officer("POST", "/v1/access-requests/bulk", many, **checked).status_code == 201


def hardly_used(paper: World) -> None:
    """The identity card's grant is so old that what nobody uses of it is unused."""

    def age(connection: Connection) -> None:
        (seen,) = grants.versions(connection, "G-IDENTITY")
        grants.change(connection, replace(seen, changed_at=NOW - timedelta(days=DAYS + 1)), was=seen.revision)

    paper.outside.database.write(age)


def republished(paper: World) -> None:
    """The identity card has had another version, by which a grant lets records flow back; a third one is drafted."""
    second = deepcopy(test_return_flow.CARDS)
    second["spec"]["fields"]["born"]["sensitivity"] = 2
    paper.apply(second, grant("G-BACK", **test_return_flow.BULK | {"consumer": MARKET, "service_items": [ITEM]}))
    paper.approve("G-BACK")
    third = deepcopy(second)
    third["spec"]["fields"]["until"]["sensitivity"] = 2
    pan = {"sub": "pan", "roles": ["provider-officer"], "organisation": POLICE}
    assert paper.officer("POST", "/v1/catalogue/entries", {"manifest": third}, **pan).status_code == 201


def joined(paper: World) -> None:
    """The sandbox is open."""
    governance = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
    assert paper.officer("POST", "/v1/onboarding/sandbox", {}, **governance).status_code == 200


def recertified(paper: World) -> None:
    """A campaign over every grant in force, not answered yet."""
    officer = {"sub": "wei", "roles": ["governance-officer"], "organisation": MARKET}
    digest = paper.officer("POST", "/v1/campaigns/preview", {}, **officer).json["digest"]
    body = {"title": "2026 年下半年复核", "days": 10, "digest": digest}
    assert paper.officer("POST", "/v1/campaigns", body, **officer).status_code == 201


def kept(paper: World) -> None:
    """A certificate on record, a subscription, a return flow and a consent that was asked for."""
    test_console_certificates.recorded(paper)
    paper.apply(system("police-system", POLICE, webhook="https://police.example.cn/events"))
    paper.rooms.policy.renew()
    settled = {"events": ["tongban.evidence-request.settled"], "evidence_types": [], "delivery": "push"}
    test_events.subscribe(paper, "police-system", **settled)
    flowed(paper)
    now = paper.clock.now()
    terms = consents.Terms(
        organisation=POLICE, service_item=ITEM, case="case_demo", legal_basis=BASIS, evidence_type="identity-card",
        fields=("name",), predicates=(), frequency=consents.Frequency.DAILY, times=2, not_before=now,
        not_after=now + timedelta(days=30), bound=True,
    )  # fmt: skip
    asked = consents.Artefact("cons_demo", bytes(32), "police-system", terms, now, now + timedelta(days=9))

    paper.outside.database.write(lambda connection: consents.add(connection, asked))


def flowed(paper: World, *people: str) -> None:
    """A return flow with a file in which these people's records are; the next could not be made."""
    now, reader = paper.clock.now(), paper.rooms.return_flow_making.reader
    flow = return_flows.Flow(
        id="rfl_demo", system="police-system", organisation=POLICE, evidence_type="identity-card", service_item=ITEM,
        legal_basis=BASIS, fields=("name",), charset="utf-8", every="daily", created_at=now, due_at=now,
        trouble="not-granted",
    )  # fmt: skip
    file = return_flows.File(
        "rfl_demo", 1, return_flows.Kind.SNAPSHOT, "G-BACK@1", "500000", b"", b"", now,
        status=return_flows.FileStatus.READY, listed=True, rows=len(people), entry=0,
    )  # fmt: skip
    rows = {
        reader.pseudonym(flow.id, reader.indexes.of(SubjectRef("citizen-number", person))): b"" for person in people
    }

    def store(connection: Connection) -> None:
        return_flows.add(connection, flow)
        return_flows.begin(connection, flow, file)
        return_flows.sent(connection, flow.id, 1, rows, {})

    paper.outside.database.write(store)


def locked(paper: World) -> None:
    """The market website has looked up more people than it may."""
    for serial in range(20, 24 + 2 * test_watching.LIMIT, 2):
        test_watching.look_up(paper, serial)
    paper.rooms.gateway.watch.look()


def rescued(paper: World) -> None:
    """Emergency access that two officers opened."""
    template(paper)
    opened(paper)


def served(paper: World, provider: Provider, origin: str) -> World:
    """A node over the same database that lives in the provider's time and reads its documents over HTTP."""
    issuer, client = provider.settings.issuer, OutboundClient()
    return paper.another_node(
        settings=replace(paper.outside.settings, origin=origin, issuer=issuer),
        clock=provider.clock,
        fetch=issuer_fetch(issuer, client),
        post=issuer_post(issuer, client),
    )


def register(provider: Provider, world: World) -> None:
    """The pages as a client, and the officers."""
    settings, desk = world.outside.settings, provider.administration
    assert settings.console_key is not None
    desk.clients.add_organisation(installation.OPERATOR, Text("运营方", "Operator"))
    desk.clients.add_organisation(POLICE, Text("公安局", "Police"))
    desk.clients.add_organisation(MARKET, Text("市场监管局", "Market regulation"))
    desk.clients.add(installation.console_metadata(installation.OPERATOR, settings, read_key(settings.console_key)))
    for number, (name, roles, organisation) in enumerate(OFFICERS, start=70):
        desk.people.add(
            NewPerson(
                name, "演示官员", PASSWORD, kind=PersonKind.STAFF, assurance=3, subject=citizen(number),
                totp_secret=TOTP_SECRET, organisation=organisation, roles=roles,
            )
        )  # fmt: skip
    provider.settle()


SEALED = frozenset(
    {
        *("陈示例", "陈实例", "演示", "姓名有误", "查纸质登记簿后填写", "长期", "演示系统"),
        *("欧阳沙箱", "沙箱甲", "沙·箱乙", "沙箱丙", "演示：那天没有办过这件事", "演示：等了三次"),
        "区划",  # what the catalogue says in Chinese, which its own pages show beside what it says in English
    }
)
"""Chinese words of pages in English that are stored encrypted, or nowhere."""


class Walker:
    """An officer at a browser who looks at every page."""

    def __init__(self, page: Page, world: World, look: Look) -> None:
        self.page, self.world, self.base = page, world, world.outside.settings.origin
        self._look = look
        look.names = lambda: stored_words(world.outside.database) | SEALED

    def look(self, name: str) -> None:
        self._look(self.page, name)

    def go(self, path: str, name: str = "", status: int = 200) -> None:
        """Open a page, and look at it where it is named: most time goes into looking."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == status, path
        if name:
            self.look(name)

    def press(self, selector: str = "main form[method=post] button.govuk-button") -> None:
        with self.page.expect_navigation():
            self.page.click(selector)

    def send(self, name: str) -> None:
        """Look at a form, hand it in as it stands, and look at what comes back."""
        self.look(name)
        self.press()
        self.look(f"{name}-sent")

    def form(self, name: str, path: str, *links: str) -> None:
        """Hand in a form as it stands that these links of a page lead to."""
        self.go(f"/console/{path}")
        for link in links:
            self.press(link)
        self.send(name)

    def later(self, seconds: float) -> None:
        """Time goes on, and the node's leases are renewed as they are every quarter of a second."""
        self.world.outside.clock.advance(seconds)  # type: ignore[attr-defined]  # a clock that tests turn
        self.world.rooms.policy.renew()
        self.world.rooms.revocations.renew()

    def sign_in(self, username: str) -> None:
        self.later(0)
        self.page.fill("#username", username)
        self.page.fill("#password", PASSWORD)
        self.press("form[method=post] button.govuk-button:not(.govuk-password-input__toggle)")
        self.later(30)
        self.page.fill("#otp", pyotp.TOTP(TOTP_SECRET).at(self.world.outside.clock.now()))
        self.press("form[method=post] button.govuk-button")
        self.press("button[value=allow]")

    def arrive(self, username: str) -> None:
        self.press("main a.govuk-button")
        self.sign_in(username)

    def leave(self) -> None:
        self.go("/console/sign-out")
        self.press()
        self.page.wait_for_url(f"{self.base}/console/signed-out")


@pytest.mark.timeout(900)  # it looks at every page there is: a busy machine needs longer than for other tests
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_grant_is_signed_by_its_panel(world: World, new_page: Callable[..., Page], look: Look, language: str) -> None:
    walker = Walker(new_page(language), world, look)
    walker.go("/console/grants", "sign-in")
    walker.arrive("owner")
    assert walker.page.url == f"{walker.base}/console/grants"
    walker.look("queue")
    provider_signs(walker)
    provider_gives_reasons(walker)
    provider_does_what_waits(walker)
    provider_keeps_its_own(walker)
    messages_are_sent(walker)
    officers_look_around(walker)
    walker.go("/console/sign-out", "sign-out")
    walker.leave()
    walker.look("signed-out")
    walker.arrive("approver")
    governance_signs_last(walker)
    governance_writes(walker)
    governance_watches(walker)
    walker.leave()
    walker.arrive("guardian")
    department_answers(walker)
    assert missed(world.client.application, EXCHANGE, "officers", look.seen) == []


def provider_signs(walker: Walker) -> None:
    walker.press(ROW)
    walker.look("grant")
    walker.go(f"{NEW}/approve", "approve")
    walker.page.keyboard.press("Tab")  # the skip link is the first thing the keyboard meets
    assert walker.page.evaluate("document.activeElement.className") == "govuk-skip-link"
    walker.press()
    walker.look("approved")
    walker.go(f"{NEW}/approve", "refused", 403)
    walker.go(f"{NEW}/return")
    walker.press()
    walker.look("return-sent")
    walker.go(f"{NEW}/effects", "effects")
    walker.go("/console/grants/G-STAFF%401")
    walker.press("main p a[href*='/console/try']")
    walker.look("try")


def provider_gives_reasons(walker: Walker) -> None:
    """Requests, emergencies, campaigns and whoever is protected: nothing goes without a reason."""
    walker.go("/console/requests", "requests")
    walker.press(ROW)
    walker.look("request")
    walker.press("main a[href$=refuse]")
    walker.send("refuse")
    walker.go("/console/emergency", "emergencies")
    walker.press(ROW)
    walker.look("emergency")
    walker.press("main a[href$=close]")
    walker.send("close")
    walker.go("/console/campaigns", "campaigns")
    walker.press(CAMPAIGN)
    walker.look("campaign")
    walker.press(ROW)
    walker.send("campaign-item")
    walker.form("seal", "sealings/new")
    walker.page.check("input[name='subject.scheme'][value=citizen-number]")
    for name, value in (
        ("subject.value", OWNER),
        ("citation.zh", "演示规定"),
        ("citation.en", "Rules"),
        ("until", "2027-01-01"),
    ):
        walker.page.fill(f"[name='{name}']", value)
    walker.press()
    walker.look("sealings")
    walker.press("tbody a[href$=lift]")
    walker.send("lift")


def provider_does_what_waits(walker: Walker) -> None:
    walker.go("/console/tasks", "tasks")
    walker.press(ROW)
    walker.press("main a[href$=take]")
    walker.look("take-task")
    walker.press()
    walker.look("task")
    walker.press("main a[href$=answer]")
    walker.press()
    walker.look("answer-sent")
    walker.go("/console/corrections", "corrections")
    walker.press(ROW)
    walker.look("correction")
    walker.press("main a[href$=take]")
    walker.look("take-correction")
    walker.press()
    walker.press("main a[href$=accept]")
    walker.press()
    walker.look("accept-correction-sent")


def provider_keeps_its_own(walker: Walker) -> None:
    walker.go("/console/joining", "joining")
    walker.go("/console/joining/sandbox", "sandbox")
    walker.go("/console/joining/first-call", "first-call")
    walker.go("/console/joining/keys", "client-keys-form")
    walker.page.fill("#name", "演示系统")
    walker.page.fill("#keys", json.dumps(test_console_joining.PUBLIC))
    walker.press()
    walker.look("client-keys")
    walker.go("/console/entries", "entries")
    walker.go(f"{CARD}/versions/2", "entry-version")
    walker.go(CARD, "entry")
    walker.press("main a[href$=withdraw]")
    walker.send("withdraw")
    walker.form("entry-form", "entries/new?kind=systems")
    walker.go("/console/subscriptions", "subscriptions")
    walker.press(ROW)
    walker.look("subscription")
    walker.press("main a[href$=send-again]")
    walker.page.fill("#from", "?")
    walker.send("send-again")
    walker.form("subscription-form", "subscriptions/new")
    walker.go("/console/return-flows", "return-flows")
    walker.press(ROW)
    walker.look("return-flow")
    walker.press("main a[href$=wrong]")
    walker.send("wrong-row")
    walker.go("/console/return-flows/rfl_demo")
    walker.press("main a[href$=end]")
    walker.look("end-return-flow")
    walker.form("certificates", "certificates")
    walker.press(ROW)
    walker.look("certificate")
    walker.press("main a[href$=suspend]")
    walker.send("suspend")
    walker.form("certificate-form", "certificates/new")
    walker.go("/console/consents", "consents")
    walker.press(ROW)
    walker.look("consent")


def messages_are_sent(walker: Walker) -> None:
    """To an address of an office, where whoever reads them opens the links in them without signing in."""
    walker.go("/console/messages", "messages")
    walker.form("forwarding-form", "forwardings/new")
    walker.page.fill("#address", "https://office.example.cn/inbox")
    for choice in ("#role", "#way"):
        walker.page.check(choice)
    walker.press()
    walker.look("forwarding")
    address = walker.page.url.rpartition("/")[2]
    walker.press("main a[href$=prove]")
    walker.send("ask-again")
    walker.go("/console/forwardings", "forwardings")
    with walker.world.outside.database.read() as connection:
        (question,) = forwardings.latest(connection, address, 1, forwardings.PROOF)
    links = walker.world.rooms.forwarding_courier.links
    for link, name in ((links.to_prove(address, question.id), "prove"), (links.to_unsubscribe(address), "unsubscribe")):
        walker.go(link.removeprefix(walker.base))
        walker.send(name)
    walker.go("/console/forwarding-links/prove?token=x", "forwarding-link-over", 410)


def officers_look_around(walker: Walker) -> None:
    for path, name in (
        ("catalogue", "catalogue"),
        ("catalogue/divisions", "divisions"),
        ("catalogue/divisions/500112", "division"),
        ("catalogue/evidence-types/identity-card", "evidence-type"),
        (f"catalogue/organisations/{POLICE}", "department"),
        ("catalogue/service-items", "service-items"),
        (f"catalogue/service-items/{ITEM}", "service-item"),
        ("decisions", "decisions"),
        ("ledger?index=1", "ledger"),
        ("look-ups", "look-ups"),
        ("responsibility?show=all", "responsibility"),
        ("sources", "sources"),
        ("unused", "unused"),
        ("uploads", "uploads"),
        ("usage", "usage"),
    ):
        walker.go(f"/console/{path}", name)
    walker.go("/console/decisions?decision=dec_none", "decision-not-found", 404)
    walker.go("/console/decisions")
    walker.press(ROW)
    walker.look("decision")


def governance_signs_last(walker: Walker) -> None:
    walker.go(f"{NEW}/approve")
    walker.press()
    assert walker.page.locator(".govuk-notification-banner").count() == 1
    assert walker.page.locator(".tongban-tag--good").first.inner_text() in ("生效中", "In force")


def governance_writes(walker: Walker) -> None:
    walker.form("grant-form", "grants/new")
    walker.go("/console/unused")
    walker.press("tbody a[href*='/unused/']")
    walker.look("tighten")
    walker.press()
    walker.press("main a[href$=write]")
    walker.page.fill("[name='grant.legal_basis']", "")
    walker.send("write-grant")
    walker.form("request-form", "requests/new")
    walker.go("/console/requests/templates/identity", "template-form")
    for name, value in (("title.zh", "核对身份"), ("grant.evidence_type", "identity-card"), ("grant.fields", "name")):
        walker.page.fill(f"[name='{name}']", value)
    walker.press()
    walker.look("template-form-sent")
    walker.page.fill("[name='title.en']", "Identity check")
    walker.press()
    walker.look("templates")
    walker.go("/console/clocks", "clocks")
    walker.go("/console/clocks/profiles/cn-809-2025", "service-level")
    walker.go("/console/clocks/calendar/2026/edit", "calendar-form")
    walker.page.fill("#effective_from", "2026-12-31")
    walker.press()
    walker.look("calendar-preview")


def governance_watches(walker: Walker) -> None:
    walker.form("campaign-form", "campaigns/new")
    walker.form("call-off", "campaigns", CAMPAIGN, "main a[href$=call-off]")
    walker.go("/console/requests/batches", "batches")
    walker.go("/console/ratings", "ratings")
    walker.press(ROW)
    walker.look("rating")
    walker.go("/console/challenges", "challenges")
    walker.press(ROW)
    walker.look("challenged-use")


def department_answers(walker: Walker) -> None:
    """For its uses, its cases and its systems, and for what it asks."""
    walker.go("/console/locks", "locks")
    walker.go("/console/return-flows/new", "return-flow-grants")
    for name, *way in (
        ("explain", "challenges", ROW, "main a[href$=explain]"),
        ("confirm", "ratings", ROW, "main a[href$=confirm]"),
        ("lock", "locks", ROW),
        ("batch", "requests/batches", ROW),
        ("emergency-form", "emergency/new"),
        ("return-flow-form", "return-flows/new", ROW),
    ):
        walker.form(name, *way)
