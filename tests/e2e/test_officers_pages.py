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
from exchange.store import consents, return_flows
from idp.model.person import NewPerson, PersonKind
from kernel.identifiers.subject import SubjectRef
from kernel.outbound import OutboundClient
from kernel.text import Text
from tests.doubles import manual_register
from tests.doubles.exchange import (
    BASIS,
    IDENTITY_CARD,
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
)
from tests.doubles.identity_provider import PASSWORD, TOTP_SECRET, Provider, citizen
from tests.e2e.grounds import EXCHANGE, missed
from tests.e2e.looking import Look
from tests.unit.exchange import (
    test_challenges,
    test_console_certificates,
    test_console_joining,
    test_corrections,
    test_events,
    test_ratings,
    test_watching,
)
from tests.unit.exchange.test_emergency import opened, template
from tongban import installation

__all__ = ["prepared_postgresql", "prepared_sqlite"]

"""A folder for pictures of every page, for whoever wants to look at them."""
OFFICERS = (
    ("owner", ("provider-officer", "consumer-officer"), POLICE),
    ("approver", ("governance-approver", "governance-officer"), MARKET),
)

UNWALKED = (
    "GET /console/campaigns/<campaign>/call-off",
    "GET /console/challenges/<identifier>/<command>",
    "GET /console/entries/<kind>/<name>/<command>",
    "GET /console/forwarding-links/prove",
    "GET /console/forwarding-links/unsubscribe",
    "GET /console/forwardings/<identifier>/<command>",
    "GET /console/grants/<grant>/write",
    "GET /console/locks/<lock>",
    "GET /console/ratings/<identifier>/<command>",
    "GET /console/return-flows/<identifier>/<command>",
    "GET /console/subscriptions/<identifier>/<command>",
    "GET /console/unused/<grant>",
    "POST /console/campaigns/<campaign>/call-off",
    "POST /console/campaigns/<campaign>/items/<number>",
    "POST /console/campaigns/new",
    "POST /console/certificates",
    "POST /console/certificates/new",
    "POST /console/challenges/<identifier>/<command>",
    "POST /console/corrections/<identifier>/<command>",
    "POST /console/emergency/new",
    "POST /console/entries/<kind>/<name>/<command>",
    "POST /console/forwarding-links/prove",
    "POST /console/forwarding-links/unsubscribe",
    "POST /console/forwardings/<identifier>/<command>",
    "POST /console/grants/<grant>/write",
    "POST /console/joining",
    "POST /console/locks/<lock>",
    "POST /console/messages",
    "POST /console/ratings/<identifier>/<command>",
    "POST /console/requests/batches/<batch>",
    "POST /console/return-flows/<identifier>/<command>",
    "POST /console/return-flows/new",
    "POST /console/subscriptions/<identifier>/<command>",
    "POST /console/unused/<grant>",
)
"""Pages that no officer of this walk gets to yet: one that is added and not walked fails it, one that is walked leaves
this list.
"""


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
        rescued(paper)
        republished(paper)
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
        node = served(paper, provider, origin)
        register(provider, node)
        serve_app(node.client.application, port=port)
        yield node
        node.rooms.close()


def asked_for(paper: World) -> None:
    """An access request that waits for the provider."""
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
    many = body | {"consumers": [MARKET, URBAN]}
    assert paper.officer("POST", "/v1/access-requests/bulk", many, **checked).status_code == 201


def republished(paper: World) -> None:
    """The identity card has had another version."""
    changed = deepcopy(IDENTITY_CARD)
    changed["spec"]["fields"]["born"]["sensitivity"] = 2
    paper.apply(changed)


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
    test_events.subscribe(paper, "police-system", events=["tongban.evidence-request.settled"], evidence_types=[])
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
    """The pages as a client, and two officers."""
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


class Walker:
    """An officer at a browser who looks at every page."""

    def __init__(self, page: Page, world: World, look: Look) -> None:
        self.page, self.world, self.base = page, world, world.outside.settings.origin
        self._look = look

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


@pytest.mark.timeout(900)  # it looks at every page there is: a busy machine needs longer than for other tests
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_grant_is_signed_by_its_panel(world: World, new_page: Callable[..., Page], look: Look, language: str) -> None:
    at = "/console/grants/G-NEW%401"
    walker = Walker(new_page(language), world, look)
    walker.go("/console/grants", "sign-in")
    walker.press("main a.govuk-button")
    walker.sign_in("owner")
    assert walker.page.url == f"{walker.base}/console/grants"
    walker.look("queue")
    walker.press("tbody a")
    walker.look("grant")
    walker.go(f"{at}/approve", "approve")
    walker.page.keyboard.press("Tab")  # the skip link is the first thing the keyboard meets
    assert walker.page.evaluate("document.activeElement.className") == "govuk-skip-link"
    walker.press()
    walker.look("approved")
    walker.go(f"{at}/approve", "refused", 403)
    walker.go(f"{at}/return")
    walker.press()
    walker.look("return-without-reason")
    walker.go("/console/grants/G-STAFF%401")
    walker.press("main p a[href*='/console/try']")
    walker.look("try")
    walker.go("/console/requests", "requests")
    walker.press("tbody a")
    walker.look("request")
    walker.press("main a[href$=refuse]")
    walker.look("refuse")
    walker.press()
    walker.look("refuse-without-rule")
    walker.go("/console/emergency", "emergencies")
    walker.press("tbody a")
    walker.look("emergency")
    walker.press("main a[href$=close]")
    walker.look("close")
    walker.press()
    walker.look("close-without-reason")
    walker.go("/console/sealings/new", "seal-form")
    walker.press()
    walker.look("seal-form-with-errors")
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
    walker.look("lift")
    walker.press()
    walker.look("lift-without-reason")
    walker.go("/console/tasks", "tasks")
    walker.press("tbody a")
    walker.press("main a[href$=take]")
    walker.look("take-task")
    walker.press()
    walker.look("task")
    walker.press("main a[href$=answer]")
    walker.press()
    walker.look("answer-without-fields")
    walker.go("/console/corrections", "corrections")
    walker.press("tbody a")
    walker.look("correction")
    walker.press("main a[href$=take]")
    walker.look("take-correction")
    walker.go("/console/ratings", "ratings")
    walker.go("/console/entries", "entries")
    walker.go("/console/responsibility?show=all", "responsibility")
    walker.go("/console/joining", "joining")
    walker.go("/console/joining/sandbox", "sandbox")
    walker.go("/console/joining/first-call", "first-call")
    walker.go("/console/joining/keys", "client-keys-form")
    walker.page.fill("#name", "演示系统")
    walker.page.fill("#keys", json.dumps(test_console_joining.PUBLIC))
    walker.press()
    walker.look("client-keys")
    walker.go("/console/entries/new?kind=systems")
    walker.press()
    walker.look("entry-form-with-errors")
    walker.go("/console/unused", "unused")
    walker.go("/console/messages", "messages")
    walker.go("/console/forwardings/new", "forwarding-form")
    walker.press()
    walker.look("forwarding-form-with-errors")
    walker.page.fill("#address", "https://office.example.cn/inbox")
    for choice in ("#role", "#way"):
        walker.page.check(choice)
    walker.press()
    walker.look("forwarding")
    walker.go("/console/forwardings", "forwardings")
    walker.go("/console/forwarding-links/prove?token=x", "forwarding-link-over", 410)
    walker.go("/console/campaigns", "campaigns")
    walker.press("main li.tongban-inbox__row a")
    walker.look("campaign")
    walker.press("tbody a")
    walker.look("campaign-item")
    walker.go("/console/subscriptions", "subscriptions")
    walker.press("tbody a")
    walker.look("subscription")
    walker.go("/console/subscriptions/new")
    walker.press()
    walker.look("subscription-form-with-errors")
    walker.go("/console/return-flows", "return-flows")
    walker.press("tbody a")
    walker.look("return-flow")
    walker.go("/console/certificates", "certificates")
    walker.press("tbody a")
    walker.look("certificate")
    walker.press("main a[href$=suspend]")
    walker.look("suspend")
    walker.press()
    walker.look("suspend-without-reason")
    walker.go("/console/consents", "consents")
    walker.press("tbody a")
    walker.look("consent")
    walker.go("/console/sources", "sources")
    walker.go("/console/usage", "usage")
    walker.go("/console/decisions?decision=dec_none", "decision-not-found", 404)
    walker.go("/console/decisions", "decisions")
    walker.press("tbody a")
    walker.look("decision")
    walker.go("/console/look-ups", "look-ups")
    walker.go("/console/catalogue", "catalogue")
    walker.go("/console/catalogue/evidence-types/identity-card", "evidence-type")
    walker.go(f"/console/catalogue/organisations/{POLICE}", "department")
    walker.go("/console/catalogue/divisions", "divisions")
    walker.go("/console/catalogue/divisions/500112", "division")
    walker.go("/console/entries/evidence-types/identity-card", "entry")
    walker.go("/console/entries/evidence-types/identity-card/versions/2", "entry-version")
    walker.go("/console/ledger?index=1", "ledger")
    owners_other_pages(walker)
    walker.go("/console/sign-out", "sign-out")
    walker.press()
    walker.page.wait_for_url(f"{walker.base}/console/signed-out")
    walker.look("signed-out")

    walker.press("main a.govuk-button")
    walker.sign_in("approver")
    walker.go(f"{at}/approve")
    walker.press()
    assert walker.page.locator(".govuk-notification-banner").count() == 1
    assert walker.page.locator(".tongban-tag--good").first.inner_text() in ("生效中", "In force")

    walker.go("/console/grants/new", "grant-form")
    walker.press()
    walker.look("grant-form-with-errors")
    walker.go("/console/requests/new", "request-form")
    walker.press()
    walker.look("request-form-with-errors")
    walker.go("/console/requests/templates/identity")
    for name, value in (("title.zh", "核对身份"), ("grant.evidence_type", "identity-card"), ("grant.fields", "name")):
        walker.page.fill(f"[name='{name}']", value)
    walker.press()
    walker.look("template-form-with-errors")
    walker.page.fill("[name='title.en']", "Identity check")
    walker.press()
    walker.look("templates")
    walker.go("/console/requests/batches", "batches")
    walker.press("tbody a")
    walker.look("batch")
    walker.go("/console/ratings")
    walker.press("tbody a")
    walker.look("rating")
    walker.go("/console/challenges", "challenges")
    walker.press("tbody a")
    walker.look("challenged-use")
    walker.go("/console/clocks", "clocks")
    walker.go("/console/clocks/profiles/cn-809-2025", "service-level")
    walker.go("/console/clocks/calendar/2026/edit")
    walker.page.fill("#effective_from", "2026-12-31")
    walker.press()
    walker.look("calendar-preview")
    governance_s_other_pages(walker)
    assert missed(world.client.application, EXCHANGE, "officers", look.seen) == [*UNWALKED]


def owners_other_pages(walker: Walker) -> None:
    """Pages of a department's officers that nothing above led to."""
    for path, name in (
        ("uploads", "uploads"),
        ("locks", "locks"),
        ("catalogue/service-items", "service-items"),
        (f"catalogue/service-items/{ITEM}", "service-item"),
        ("grants/G-NEW%401/effects", "effects"),
        ("subscriptions/new", "subscription-form"),
        ("certificates/new", "certificate-form"),
        ("return-flows/new", "return-flow-form"),
        ("emergency/new", "emergency-form"),
    ):
        walker.go(f"/console/{path}", name)


def governance_s_other_pages(walker: Walker) -> None:
    """Pages of governance that nothing above led to."""
    for path, name in (
        ("campaigns/new", "campaign-form"),
        ("clocks/calendar/2026/edit", "calendar-form"),
        ("entries/new?kind=systems", "entry-form"),
        ("requests/templates/identity", "template-form"),
    ):
        walker.go(f"/console/{path}", name)
