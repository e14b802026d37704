"""Eight processes race for what may be had once, on both databases: one success, defined refusals, never a 5xx.

Attacks C11, D1, T1, T5 and A5, with nothing shared between the racers but the database.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.model.person import NewPerson
from idp.model.secret import hashed
from idp.store import sessions
from idp.store.tables import throttle
from tests.cases import in_parts
from tests.doubles.account import Account
from tests.doubles.administrators import appoint, person_id, press, signed_in
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import ISSUER, PASSWORD, Provider, citizen
from tests.doubles.provider_fixtures import Opened
from tests.doubles.racing_requests import RACERS, Finish, Race, Sent, racers
from tests.doubles.relying_party import CALLBACK, VERIFIER, ProofKey, RelyingParty, public_client
from tests.doubles.upstream import Upstream, described, upstream
from tests.unit.idp.test_enrolment import fill_in
from tests.unit.idp.test_signing_up import begin, code_of

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CIBA = "urn:openid:params:grant-type:ciba"
LOSERS = RACERS - 1
FREE_TRIES = 3


@pytest.fixture
def there() -> Iterator[Upstream]:
    """Another provider, which vouches for people."""
    with upstream() as state:
        state.claims = {"name": "陈晨", "citizen_number": citizen(77).value}
        yield state


@pytest.fixture(params=["sqlite", "postgresql"])
def either_provider(
    request: pytest.FixtureRequest, opened: Opened, there: Upstream, tmp_path: Path
) -> Iterator[Provider]:
    """One that takes the other's word."""
    named = described(there, tmp_path)
    with opened(request.param, upstreams=named) as running:
        there.client_keys = lambda: running.app.flask.test_client().get("/jwks").json
        there.now = lambda: running.clock.now().timestamp()
        running.population.names[citizen(78).value] = "陈晨"
        yield running


@pytest.fixture
def race(either_provider: Provider, tmp_path: Path) -> Iterator[Race]:
    with racers(either_provider, tmp_path / "keys") as running:
        yield running


def token(party: RelyingParty, dpop: ProofKey | None = None, **fields: str) -> Sent:
    """A token request as this client sends it, with credentials (and proof) of its own."""
    more, headers = party.credentials()
    if dpop is not None:
        headers["DPoP"] = dpop.proof("POST", f"{ISSUER}/token")
    return Sent("POST", "/token", {**more, **fields}, headers)


def each(party: RelyingParty, dpop: ProofKey | None = None, **fields: str) -> list[Sent]:
    """The same request with fresh credentials for every racer."""
    return [token(party, dpop, **fields) for _ in range(RACERS)]


def outcomes(finishes: list[Finish]) -> Counter[tuple[int, str]]:
    return Counter((finish.status, finish.error) for finish in finishes)


def the_winner(finishes: list[Finish]) -> dict[str, Any]:
    (won,) = [finish for finish in finishes if finish.status == 200]
    return dict(won.body)


@pytest.mark.parametrize("again", in_parts(3))
def test_one_of_eight_processes_wins_each_race(
    either_provider: Provider, race: Race, there: Upstream, again: int, record_property: Callable[[str, object], None]
) -> None:
    """One test for all races: the processes are dear."""
    provider = either_provider
    upstream_visit(provider, race, there)
    for check in (
        code,
        public_refresh_token,
        proven_refresh_token,
        device_code,
        auth_req_id,
        assertion,
        proof,
        pushed_request,
        guessed_password,
        sign_in,
        second_factor,
        user_name,
        citizen_number,
        proposal,
        enrolment_link,
        recovery_link,
    ):
        check(provider, race)
    record_property("cases", race.run_so_far)


def code(provider: Provider, race: Race) -> None:
    """T1: and what was issued for a code that came twice is revoked."""
    party = RelyingParty(provider)
    redeeming = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    provider.settle()
    finishes = race.run(each(party, **redeeming, code=party.code()))
    assert outcomes(finishes) == {(200, ""): 1, (400, "invalid_grant"): LOSERS}
    provider.settle()
    assert party.introspect(the_winner(finishes)["access_token"]) == {"active": False}


def public_refresh_token(provider: Provider, race: Race) -> None:
    """T5 (CVE-2026-1035: looked at, then counted, so that one token was good for several at once): nobody can tell the
    racers apart, one wins.
    """
    party = public_client(provider)
    finishes = race.run(each(party, grant_type="refresh_token", refresh_token=party.tokens()["refresh_token"]))
    assert outcomes(finishes) == {(200, ""): 1, (400, "invalid_grant"): LOSERS}
    assert party.refresh(the_winner(finishes)["refresh_token"]).status_code == 200


def proven_refresh_token(provider: Provider, race: Race) -> None:
    """T5, ADR 0015: one line of succession for a holder that proves itself."""
    party = RelyingParty(provider)
    finishes = race.run(each(party, grant_type="refresh_token", refresh_token=party.tokens()["refresh_token"]))
    assert outcomes(finishes) == {(200, ""): RACERS}
    (successor,) = {finish.body["refresh_token"] for finish in finishes}
    assert party.refresh(successor).status_code == 200


def device_code(provider: Provider, race: Race) -> None:
    """T1, RFC 8628."""
    party, browser = public_client(provider, grant_types=[DEVICE], redirect_uris=[]), Browser(provider)
    asked = party.form("/device_authorization", {"scope": "openid"}).json
    page = browser.submit(browser.get("/device"), user_code=asked["user_code"])
    browser.submit(browser.submit(page, username="wang", password=PASSWORD), decision="allow")
    finishes = race.run(each(party, grant_type=DEVICE, device_code=asked["device_code"]))
    assert outcomes(finishes) == {(200, ""): 1, (400, "invalid_grant"): LOSERS}


def auth_req_id(provider: Provider, race: Race) -> None:
    """T1, CIBA Core 1.0 §10.1."""
    registered = {"grant_types": [CIBA], "redirect_uris": [], "backchannel_token_delivery_mode": "poll"}
    party, browser = RelyingParty(provider, **registered), Browser(provider)
    provider.settle()
    asked = party.form("/bc-authorize", {"scope": "openid", "login_hint": "wang"}).json
    provider.take_up()
    page = browser.follow(browser.get("/account/requests"))
    page = browser.submit(page, username="wang", password=PASSWORD)
    browser.submit(browser.submit(page), decision="allow")
    finishes = race.run(each(party, grant_type=CIBA, auth_req_id=asked["auth_req_id"]))
    assert outcomes(finishes) == {(200, ""): 1, (400, "invalid_grant"): LOSERS}


def assertion(provider: Provider, race: Race) -> None:
    """C11."""
    party = RelyingParty(provider, scope="openid")
    provider.settle()
    finishes = race.same(token(party, grant_type="client_credentials"))
    assert outcomes(finishes) == {(200, ""): 1, (401, "invalid_client"): LOSERS}


def proof(provider: Provider, race: Race) -> None:
    """D1."""
    party, key = public_client(provider), ProofKey(provider)
    refresh = party.tokens(dpop=key)["refresh_token"]
    finishes = race.same(token(party, key, grant_type="refresh_token", refresh_token=refresh))
    refused = outcomes(finishes)
    assert refused.pop((200, "")) == 1
    assert set(refused) <= {(400, "invalid_dpop_proof"), (400, "invalid_grant")}


def pushed_request(provider: Provider, race: Race) -> None:
    """A5: one pushed request, one code."""
    party, browser = RelyingParty(provider), Browser(provider)
    party.code(browser)  # signed in, and agreed
    request = Sent("GET", party.pushed_url(), {}, {"Cookie": cookies(browser), "Accept": "text/html"})
    finishes = race.same(request)
    statuses = Counter(finish.status for finish in finishes)
    assert sum("code=" in finish.location for finish in finishes) == 1
    assert set(statuses) <= {303, 400, 404}


def upstream_visit(provider: Provider, race: Race, there: Upstream) -> None:
    """T1: an answer of another provider is taken once; the others are told to begin again, none sees a 5xx."""
    provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    account = Account(provider, "chen")
    account.open("/account/identity")
    sent = account.browser.get("/account/identity/upstream/national-id/begin")
    address = there.approve(sent.headers["Location"]).removeprefix(ISSUER)
    arriving = Sent("GET", address, {}, {"Cookie": f"idp-sso={account.browser.cookie('idp-sso')}"})
    finishes = race.same(arriving)
    assert Counter(finish.status for finish in finishes) == {303: 1, 400: LOSERS}
    assert len(provider.events("IdentityProven")) == 1
    assert len([path for path, _ in there.asked if path == "/token"]) == 1


def filled_in(browser: Browser, page: Any, **values: str) -> Sent:
    """The page's form as this browser would send it."""
    form = form_of(page)
    return Sent("POST", form.action, {**form.fields, **values}, {"Cookie": cookies(browser, "idp-session")})


def guessed_password(provider: Provider, race: Race) -> None:
    """SP 800-63B-4 §3.2.2: guesses on eight nodes at once are counted like guesses in a row."""
    page = (browser := Browser(provider)).follow(browser.get("/account"))
    finishes = race.same(filled_in(browser, page, username="li", password="not this one"))
    assert Counter(finish.status for finish in finishes) == {422: FREE_TRIES + 1, 429: LOSERS - FREE_TRIES}
    with provider.database.read() as connection:
        failures = connection.execute(throttle.select().order_by(throttle.c.failures.desc())).first()
    assert failures is not None
    assert failures.failures == FREE_TRIES + 1
    assert len([each for each in provider.events("SignInFailed") if each["facts"]["failures"] == 3]) == 1
    provider.clock.advance(60)


def sign_in(provider: Provider, race: Race) -> None:
    """A9: whoever signs in again eight times at once keeps their session, under the cookie that came last.

    Whoever reads it after its cookie was changed comes without a session, and begins one of their own.
    """
    account = Account(provider, "li")
    account.open("/account")
    browser = account.browser
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url(prompt="login")))
    (kept,) = live_sessions(provider, "li")
    everything = cookies(browser, "idp-session", "idp-sso", "idp-browser", "idp-device")
    sent = filled_in(browser, page, username="li", password=PASSWORD)
    finishes = race.same(replace(sent, headers={"Cookie": everything, "Accept": "text/html"}))
    assert {finish.status for finish in finishes} <= {303, 404, 429}
    given = [finish.cookies["idp-sso"] for finish in finishes if "idp-sso" in finish.cookies]
    with provider.database.read() as connection:
        now = provider.clock.now()
        found = [sessions.by_cookie(connection, hashed(cookie), now) for cookie in given]
        assert sessions.by_cookie(connection, hashed(str(browser.cookie("idp-sso"))), now) is None
    live = [one.id for one in found if one is not None]
    assert live.count(kept) == 1
    assert sorted(live) == sorted(live_sessions(provider, "li"))


def live_sessions(provider: Provider, username: str) -> list[str]:
    with provider.database.read() as connection:
        live = sessions.live_of_person(connection, provider.person(username).id, provider.clock.now())
        return [one.id for one in live]


def second_factor(provider: Provider, race: Race) -> None:
    """RFC 6238 §5.2: a code is good once, on whichever node."""
    browser = Browser(provider)
    page = browser.submit(browser.follow(browser.get("/account/security/password")), username="wang", password=PASSWORD)
    sent = filled_in(browser, page, otp=browser.code())
    everything = cookies(browser, "idp-session", "idp-sso", "idp-device")
    before = len(provider.events("SignedIn"))
    finishes = race.same(replace(sent, headers={"Cookie": everything, "Accept": "text/html"}))
    won = [finish for finish in finishes if "idp-sso" in finish.cookies]
    assert len(won) == 1, finishes
    assert {finish.status for finish in finishes} <= {303, 422, 429}
    assert len(provider.events("SignedIn")) == before + 1


def user_name(provider: Provider, race: Race) -> None:
    """Eight who confirmed their address want one user name: one has it, and the others may choose another."""
    confirming = []
    for number in range(RACERS):
        browser, page = begin(provider, username="chen-of-eight", contact=f"racer{number}@example.org")
        confirming.append(replace(filled_in(browser, page, otp=code_of(provider)), path=page.request.path))
    finishes = race.run(confirming)
    assert Counter(finish.status for finish in finishes) == {200: 1, 422: LOSERS}
    assert len(provider.events("PersonRegistered")) == 1
    assert provider.person("chen-of-eight").assurance == 1


def citizen_number(provider: Provider, race: Race) -> None:
    """One number, one account: whoever of four claims it first."""
    claims = []
    for number in range(RACERS // 2):
        provider.administration.people.add(NewPerson(f"claims{number}", "小陈", PASSWORD))
        account = Account(provider, f"claims{number}")
        sent = filled_in(account.browser, account.open("/account/identity"), name="陈晨", number=citizen(78).value)
        sent = replace(sent, path="/account/identity")
        headers = {"Cookie": cookies(account.browser, "idp-session", "idp-sso"), "Accept": "text/html"}
        claims.append(replace(sent, headers=headers))
    proven = len(provider.events("IdentityProven"))
    finishes = race.run(claims * 2)
    assert {finish.status for finish in finishes} <= {303, 422, 429}
    assert any(finish.status == 303 for finish in finishes)
    assert len({each["facts"]["person"] for each in provider.events("IdentityProven")[proven:]}) == 1
    levels = [provider.person(f"claims{number}").assurance for number in range(RACERS // 2)]
    assert sorted(levels) == [1, 1, 1, 2]


def proposal(provider: Provider, race: Race) -> None:
    """M1, four eyes: two others decide at once, four times each, for and against; one decision counts."""
    appoint(provider, "security", "guard", "clerk")
    proposer, _ = signed_in(provider, "security")
    at = f"/admin/people/{person_id(provider, 'clerk')}/roles"
    press(proposer, at, **{"role-audit-administrator": "on"})
    [made] = provider.events("ChangeProposed")
    path = f"/admin/proposals/{made['facts']['proposal']}"
    deciding = []
    for decision in ("confirm", "decline"):
        browser, page = signed_in(provider, "guard", path)
        headers = {"Cookie": cookies(browser, "idp-session", "idp-sso"), "Accept": "text/html"}
        deciding.append(replace(filled_in(browser, page, decision=decision), path=path, headers=headers))
    finishes = race.run(deciding * (RACERS // 2))
    names = ("RolesChanged", "ChangeDeclined")
    decided = [each for name in names for each in provider.events(name) if "proposal" in each["facts"]]
    assert len(decided) == 1
    assert sum(finish.status in (200, 303) for finish in finishes) == 1, finishes


def enrolment_link(provider: Provider, race: Race) -> None:
    """T8: eight who have the link make one account."""
    browser = Browser(provider)
    path, before = f"/enrol/{provider.administration.enrolments.first()}", len(provider.events("PersonAdded"))
    page = browser.get(path)
    newcomers = [filled_in(browser, page, **fill_in(provider, page, username=f"racer{each}")) for each in range(RACERS)]
    finishes = race.run([replace(sent, path=path) for sent in newcomers])
    assert Counter(finish.status for finish in finishes) == {200: 1, 404: LOSERS}
    assert len(provider.events("PersonAdded")) == before + 1


def recovery_link(provider: Provider, race: Race) -> None:
    """T8: one password is set. The last race: it ends sessions, and two days go by."""
    browser = Browser(provider)
    browser.submit(browser.get("/recover"), username="wang")
    provider.deliver()
    provider.clock.advance(48 * 3600)
    provider.deliver()
    [path] = re.findall(rf"{ISSUER}(/recover/link/\S+)", "\n".join(provider.mailbox.words()))
    sent = filled_in(browser, browser.get(path), new="violet tram over granite", again="violet tram over granite")
    finishes = race.same(replace(sent, path=path))
    assert Counter(finish.status for finish in finishes) == {200: 1, 404: LOSERS}
    assert len(provider.events("AccountRecovered")) == 1


def cookies(browser: Browser, *names: str) -> str:
    return "; ".join(f"{name}={browser.cookie(name)}" for name in names or ("idp-sso", "idp-browser"))
