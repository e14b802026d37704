"""Those whom the provider's doors let in: people, staff of every office, clients and programs, each with what is right.

Every one of them knocks again as somebody who just came: whatever a request did to a session, a key or an account, the
next one comes from inside as well.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.test import Client, TestResponse

import idp.app
from idp.model.contact import Contact, ContactKind
from idp.model.invitation import Terms
from idp.model.passkey import Passkey
from idp.model.person import NewPerson, PersonKind
from idp.store import passkeys
from kernel.identifiers import social_credit_code
from kernel.ids import new_id
from kernel.web.routes import Route
from tests.doubles.account import Account
from tests.doubles.administrators import OFFICES, Console, person_id
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import (
    EXCHANGE,
    ISSUER,
    LI,
    MARKET,
    PASSWORD,
    PEOPLE,
    TOTP_SECRET,
    URBAN,
    WANG,
    Provider,
    citizen,
)
from tests.doubles.knocking import Insider, Sent, Shown
from tests.doubles.relying_party import (
    CALLBACK,
    ENTROPY,
    LOGGED_OUT,
    PERMITS,
    VERIFIER,
    ProofKey,
    RelyingParty,
    by_secret,
    details,
    permits,
    public_client,
)
from tests.doubles.self_registered import WEBSITE, SelfRegistered

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CIBA = "urn:openid:params:grant-type:ciba"
EXCHANGED = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
SHOP = social_credit_code.compose("91", "500199", "DEMD0009").value
OFFICER_WANTED = {"roles": ["provider-officer"], "organisation": MARKET}
OF_ONE_POST = 250
"""Requests, before there are new things to do."""
LATER = "violet tram over granite"


class Reader(Insider):
    """Somebody at a browser, signed in with everything that the account has."""

    def __init__(self, town: Town, person: NewPerson) -> None:
        self.town, self.person = town, person
        self.shown = town.shown if person.roles else town.shown.beside()
        self.renew()

    @property
    def sees(self) -> Shown:
        """Whoever holds no office has pages of their own."""
        return self.shown

    def renew(self) -> None:
        """Sign in; as somebody just like them, where the account was changed or refused meanwhile."""
        try:
            self._sign_in()
        except AssertionError:
            self.person = self.town.another(self.person)
            self._sign_in()

    def _sign_in(self) -> None:
        browser = Browser(self.town.provider, address=self.town.address())
        page = Account(self.town.provider, self.person.username, browser).open("/account/security/password")
        self.browser, self.csrf = browser, form_of(page).fields["csrf_token"]

    def send(self, sent: Sent) -> TestResponse:
        return at_browser(self.browser, sent)

    def beside(self, route: Route) -> Mapping[str, str]:
        return {"csrf_token": self.csrf} if route.page and route.method == "POST" else {}

    def right(self, route: Route) -> Mapping[str, str] | None:
        if route.path == "/authorize":
            wishes: Sequence[Mapping[str, str]] = (
                {}, {"prompt": "login"}, {"prompt": "consent"}, {"prompt": "select_account"}, {"prompt": "none"},
                {"max_age": "0"}, {"response_mode": "form_post.jwt"}, {"acr_values": "urn:tongban:loa:3"},
                {"claims": '{"id_token":{"acr":{"essential":true,"values":["urn:tongban:loa:2"]}}}'},
            )  # fmt: skip
            return self.town.party.request(**self.town.random.choice(wishes))
        if route.path == "/logout":
            return {"post_logout_redirect_uri": LOGGED_OUT, "client_id": self.town.party.id, "state": "s"}
        return None

    def at(self, route: Route) -> Mapping[str, str]:
        if route.access == "the browser that began it":
            return {"interaction_id": self._interaction()}
        return self.town.about(route)

    def _interaction(self) -> str:
        """A sign-in or a consent that this browser has before it, and the form that belongs to it."""
        prompt = self.town.random.choice(("login", "consent", "select_account"))
        page = self.browser.follow(self.browser.get(self.town.party.authorize_url(prompt=prompt)))
        if prompt == "login" and self.town.random.random() < 0.5:
            page = self.browser.submit(page, username=self.person.username, password=PASSWORD)
        self.town.shown.read(page.request.path, page.text)
        return page.request.path.split("/")[2] if page.request.path.startswith("/interaction/") else "x"


class Passer(Insider):
    """Somebody at the door: about to sign in, or half in."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.renew()

    def renew(self) -> None:
        """Begin to sign in once more, as somebody whom nobody has tried to be too often."""
        who = self.town.another(PEOPLE[0])
        self.browser = Browser(self.town.provider, address=self.town.address())
        page = self.browser.follow(self.browser.get("/account/security/password"))
        self.town.shown.read(page.request.full_path, page.text)
        self.csrf, self.sends = form_of(page).fields["csrf_token"], 0
        if self.town.random.random() < 0.7:
            page = self.browser.submit(page, username=who.username, password=PASSWORD)
            self.town.shown.read(page.request.full_path, page.text)

    def send(self, sent: Sent) -> TestResponse:
        self.sends += 1
        if self.sends == 20:
            self.renew()
        return at_browser(self.browser, sent)

    def beside(self, route: Route) -> Mapping[str, str]:
        return {"csrf_token": self.csrf} if route.page and route.method == "POST" else {}

    def asked(self, route: Route) -> Mapping[str, str]:
        """What the sign-in is for."""
        return {"for": "security", "next": "/account/security/password"} if "sign-in" in route.path else {}


def at_browser(browser: Browser, sent: Sent) -> TestResponse:
    """The answer that a browser gets."""
    return browser.client.open(
        sent.path, method=sent.method, data=sent.body, content_type=sent.kind, base_url=ISSUER,
        headers={"Accept": "text/html"}, environ_base={"REMOTE_ADDR": browser.address},
    )  # fmt: skip


class Program(Insider):
    """An administrator's program: an access token bound to a key."""

    def __init__(self, town: Town, person: NewPerson) -> None:
        self.town, self.person = town, person
        self.renew()

    def renew(self) -> None:
        """Have a new token; that of somebody just like them, where the account was changed or refused meanwhile."""
        try:
            self.console = Console(self.town.provider, self.person.username, self.town.admin)
        except AssertionError:
            self.person = self.town.another(self.person)
            self.console = Console(self.town.provider, self.person.username, self.town.admin)

    def at(self, route: Route) -> Mapping[str, str]:
        return self.town.about(route)

    def body(self, route: Route) -> Any:
        """Where the schema says less than the endpoint asks for."""
        client = {**WEBSITE, "token_endpoint_auth_method": "client_secret_basic", "tongban_organisation": MARKET}
        words = {"permits:read": {"zh": "查看许可", "en": "See permits"}}
        resource = {"resource": PERMITS, "tongban_organisation": URBAN, "scopes": words}
        right = {"AdminClient": client, "AdminResource": resource | {"clients": [self.town.party.id]}}
        return right.get(route.request_schema.__name__) if route.request_schema else None

    def send(self, sent: Sent) -> TestResponse:
        proof = self.console.key.proof(sent.method, ISSUER + sent.path.partition("?")[0], self.console.token)
        headers = {"Authorization": f"DPoP {self.console.token}", "DPoP": proof}
        return self.console.party.http.open(
            sent.path, method=sent.method, data=sent.body, content_type=sent.kind, headers=headers, base_url=ISSUER
        )


class Department(Insider):
    """A department's system: authenticated in each of its requests, which are about what it really holds."""

    def __init__(self, town: Town, party: RelyingParty) -> None:
        self.town, self.party = town, party
        self.dpop = ProofKey(town.provider) if party.key else None
        self.renew()

    def renew(self) -> None:
        self.browser, self.who = Browser(self.town.provider, address=self.town.address()), self.town.another(PEOPLE[0])
        self.tokens = dict(self.party.redeem(self._fresh_code()).json)

    def another_token(self) -> str:
        """An access token of the department's, of somebody who just signed in."""
        self.renew()
        return str(self.tokens["access_token"])

    def _fresh_code(self) -> str:
        return self.browser.walk(self.party.authorize_url(), username=self.who.username)["code"]

    def send(self, sent: Sent) -> TestResponse:
        fields, headers = self.party.credentials()
        if self.dpop is not None:
            headers["DPoP"] = self.dpop.proof("POST", ISSUER + sent.path)
        body = b"&".join(part for part in (sent.body, urlencode(fields).encode()) if part)
        return self.party.http.open(
            sent.path, method=sent.method, data=body, content_type=sent.kind, headers=headers, base_url=ISSUER
        )

    def right(self, route: Route) -> Mapping[str, str] | None:
        made = {
            "/token": self._grant,
            "/par": lambda: self.party.request(authorization_details=self.town.random.choice((None, details()))),
            "/device_authorization": lambda: {"scope": "openid profile", "client_id": self.party.id},
            "/bc-authorize": lambda: {"scope": "openid profile", "login_hint": "wang", "binding_message": "7 号窗口"},
            "/introspect": lambda: {"token": self._token(), "token_type_hint": "access_token"},
            "/revoke": lambda: {"token": self._token(), "token_type_hint": "refresh_token"},
        }[route.path]
        return made()

    def _token(self) -> str:
        return str(self.tokens[self.town.random.choice(("access_token", "refresh_token", "id_token"))])

    def _grant(self) -> dict[str, str]:
        return self.town.random.choice(
            (self._code, self._refresh, self._own, self._own, self._exchange, self._device, self._asked)
        )()

    def _code(self) -> dict[str, str]:
        code = self._fresh_code()
        return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}

    def _refresh(self) -> dict[str, str]:
        return {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"], "scope": "openid"}

    def _own(self) -> dict[str, str]:
        case = {"scope": "cases", "authorization_details": details(), "resource": EXCHANGE}
        return {"grant_type": "client_credentials"} | self.town.random.choice(
            (case, {"scope": "cases"}, {"resource": PERMITS, "scope": "permits:read"})
        )

    def _exchange(self) -> dict[str, str]:
        subject = {"subject_token": self.tokens["access_token"], "subject_token_type": ACCESS_TOKEN}
        return {"grant_type": EXCHANGED, **subject, "resource": EXCHANGE, "authorization_details": details()}

    def _device(self) -> dict[str, str]:
        asked = self.party.form("/device_authorization", {"scope": "openid", "client_id": self.party.id}).json or {}
        self.town.shown.learn(user_code=asked.get("user_code", "x"))
        return {"grant_type": DEVICE, "device_code": asked.get("device_code", "x"), "client_id": self.party.id}

    def _asked(self) -> dict[str, str]:
        asked = self.party.form("/bc-authorize", {"scope": "openid", "login_hint": "wang"}).json or {}
        self.town.provider.take_up()
        return {"grant_type": CIBA, "auth_req_id": asked.get("auth_req_id", "x")}


class Bearer(Insider):
    """Whoever holds a token that opens the door by itself."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.renew()

    def renew(self) -> None:
        raise NotImplementedError

    def send(self, sent: Sent) -> TestResponse:
        return Client(self.town.provider.app).open(
            sent.path, method=sent.method, data=sent.body, content_type=sent.kind, base_url=ISSUER,
            headers={"Authorization": f"Bearer {self.token}"},
        )  # fmt: skip

    token: str


class Website(Bearer):
    """With an access token of a person."""

    def renew(self) -> None:
        self.token = self.town.departments[0].another_token()


class Invited(Bearer):
    """With an invitation to register clients."""

    def renew(self) -> None:
        terms = Terms(MARKET, frozenset({"openid", "profile"}), frozenset({"authorization_code", "refresh_token"}))
        self.token = self.town.provider.administration.clients.invite(terms, uses=100)["initial_access_token"]

    def body(self, route: Route) -> Any:
        del route
        return WEBSITE


class Registered(Bearer):
    """With the token of a client that registered itself."""

    def renew(self) -> None:
        self.made = SelfRegistered(self.town.provider).registered
        self.token = self.made["registration_access_token"]

    def at(self, route: Route) -> Mapping[str, str]:
        del route
        return {"client_id": self.made["client_id"]}

    def send(self, sent: Sent) -> TestResponse:
        answer = super().send(sent)
        renewed = (answer.json or {}).get("registration_access_token") if answer.is_json else None
        self.token = renewed or self.token
        return answer

    def body(self, route: Route) -> Any:
        """RFC 7592 §2.2: everything that was shown."""
        del route
        kept = ("registration_access_token", "registration_client_uri", "client_secret_expires_at")
        return {name: value for name, value in self.made.items() if name not in (*kept, "client_id_issued_at")}


@contextmanager
def route_table() -> Iterator[list[Route]]:
    """The table of everything that a provider answers; filled when one is made within."""
    found: list[Route] = []
    made = idp.app.create_web_app

    def kept(*names: Any, **parts: Any) -> Any:
        found[:] = parts["routes"]
        return made(*names, **parts)

    idp.app.create_web_app = kept
    try:
        yield found
    finally:
        idp.app.create_web_app = made


def officer(name: str, organisation: str, roles: tuple[str, ...]) -> NewPerson:
    """Staff of an office."""
    return NewPerson(
        name, f"职员{name}", PASSWORD, kind=PersonKind.STAFF, assurance=3, totp_secret=TOTP_SECRET,
        organisation=organisation, roles=roles,
    )  # fmt: skip


class Town:
    """A provider with everybody who may come, and with things to do for each of them."""

    def __init__(self, provider: Provider, random: Random) -> None:
        self.provider, self.random, self._numbers = provider, random, itertools.count(100)
        self.shown = Shown(provider.app.flask, urlsplit(ISSUER).netloc)
        self._settle_people()
        self.party = RelyingParty(
            provider,
            grant_types=["authorization_code", "client_credentials", "refresh_token", DEVICE, CIBA, EXCHANGED],
            backchannel_token_delivery_mode="poll",
        )
        self.admin = RelyingParty(provider, scope="openid admin")
        self.secretive, self.public = by_secret(provider), public_client(provider)
        self._others = [by_secret(provider, client_name=f"Website {number}") for number in range(4)]
        permits(provider, self.party)
        self._people = [Reader(self, person) for person in PEOPLE if person.assurance > 1]
        self._offices = [Reader(self, person) for person in self._staff]
        self._programs = {person.username: Program(self, person) for person in self._staff if person.roles}
        self._registered = Registered(self)
        self.departments = [Department(self, each) for each in (self.party, self.secretive)]
        self._passer = Passer(self)
        self._website, self._invited = Website(self), Invited(self)
        self._begin_things()

    def _settle_people(self) -> None:
        provider = self.provider
        provider.businesses.entries[SHOP] = (LI.value, "小面店")
        self._staff = [officer(name, *office) for name, office in (OFFICES | {"clerk2": OFFICES["clerk"]}).items()]
        for person in (*self._staff, NewPerson("chen", "小陈", PASSWORD)):
            provider.administration.people.add(person)
        for number in range(6):
            phone = Contact(ContactKind.PHONE, f"1380000{number:04}")
            provider.administration.people.add(NewPerson(f"lost{number}", "失忆", PASSWORD, contacts=(phone,)))
            browser = Browser(provider, address=f"203.0.113.{100 + number}")
            browser.submit(browser.get("/recover"), username=f"lost{number}")
        self._post()
        provider.clock.advance(48 * 3600 + 1)  # the delay of a recovery
        self._post()

    def about(self, route: Route) -> Mapping[str, str]:
        """Which client an office changes: none by which anybody comes in."""
        return {"client_id": self.random.choice(self._others).id} if route.access == "administrator" else {}

    def another(self, person: NewPerson) -> NewPerson:
        """Somebody new who is like them."""
        number = next(self._numbers)
        subject = None if person.subject is None else citizen(number)
        username = f"{person.username.partition('-')[0]}-{number}"
        made = replace(person, username=username, subject=subject)
        self.provider.administration.people.add(made)
        return made

    def address(self) -> str:
        """Where somebody comes from where nobody came from before."""
        number = next(self._numbers)
        return f"198.51.{number // 250}.{number % 250}"

    def insiders(self, route: Route) -> Sequence[Insider]:
        """Whom the route's door is for. Raises KeyError for a door that nobody here knows."""
        return {
            "anyone": [*self._people, self._passer] if "sign-in" not in route.path else [self._passer],
            "browser": self._people,
            "the browser that began it": self._people,
            "whoever began": self._people,
            "whoever holds the link": self._people,
            "person": self._people,
            "person, just signed in": self._people,
            "client": self.departments,
            "access token": [self._website],
            "initial access token": [self._invited],
            "registration access token": [self._registered],
            "administrator": self._offices if route.page else [*self._programs.values()],
        }[route.access]

    # What is there for them to do -------------------------------------------------------------------------------------

    def _begin_things(self) -> None:
        """A company, links that somebody holds: what addresses are about."""
        for name in ("chen", "lost0", "officer", "plain", "wang"):
            self.shown.learn(person=person_id(self.provider, name))
        self.shown.learn(client_id=self.party.id)
        self.shown.learn(code=MARKET)
        self._represent()
        for _ in range(3):
            self.restock()

    def _represent(self) -> None:
        """Li acts for a shop."""
        li = self._people[1]
        sent = li.browser.post("/account/representations", {"csrf_token": li.csrf, "code": SHOP})
        assert sent.status_code == 303, sent.text

    def live(self, number: int) -> None:
        """Time goes on between two requests, and now and then there are new links in the post."""
        self.provider.clock.advance(0.1)
        if number % OF_ONE_POST == 0:
            self.restock()

    def restock(self) -> None:
        """New links, new things that wait for somebody, and words that are right where a page leaves a field empty."""
        for office in ("system", "security", "market"):
            self._programs[office].renew()
        self._links()
        self._propose()
        self._ask()
        number = self.random.randrange(10**7)
        self.shown.learn(
            username="chen", name="王小明", number=WANG.value, contact=f"1390{number:07}", code=SHOP, password=PASSWORD,
            current=PASSWORD, new=LATER, again=LATER, organisation=MARKET, reason="测试", user_code=str(number),
        )  # fmt: skip

    def _propose(self) -> None:
        """What takes a second administrator or a second clerk."""
        roles = {"roles": ["department-administrator"]}
        self._programs["security"].console.call("PUT", f"/people/{person_id(self.provider, 'plain')}/roles", roles)
        terms = {"organisation": MARKET, "scopes": ["openid"], "grant_types": ["authorization_code"]}
        self._programs["system"].console.call("POST", "/clients/invitations", terms | {"uses": 1, "valid_hours": 1})
        for office in ("system", "security"):
            for proposed in self._programs[office].console.call("GET", "/proposals").json["proposals"]:
                self.shown.learn(proposal=proposed["id"], digest=proposed["digest"])

    def _ask(self) -> None:
        """Everybody is asked by the back channel, consents, and signs in elsewhere; and the pages that tell of it."""
        for reader in self._people:
            self.party.form("/bc-authorize", {"scope": "openid", "login_hint": reader.person.username})
        self.provider.take_up()
        for reader in self._people:
            elsewhere = Browser(self.provider, address=self.address())
            with suppress(AssertionError):
                elsewhere.walk(self.party.authorize_url(prompt="consent"), username=reader.person.username)
            form = {"csrf_token": reader.csrf, "contact": f"1390{self.random.randrange(10**7):07}"}
            reader.browser.post("/account/security/channels/new", form)
            self._add_passkey(reader.person.username)
            for page in ("sessions", "security", "consents", "representations", "requests"):
                told = reader.browser.get(f"/account/{page}")
                reader.shown.read(f"/account/{page}", told.text if told.status_code == 200 else "")

    def _add_passkey(self, username: str) -> None:
        key = Passkey(
            new_id("pk", self.provider.clock, ENTROPY), person_id(self.provider, username), ENTROPY.bytes(32),
            b"\x02" * 32, 0, ("internal",), False, False, "手机", self.provider.clock.now(),
        )  # fmt: skip
        self.provider.database.write(lambda connection: passkeys.add(connection, key))

    def _links(self) -> None:
        """An account that somebody begins to make, one that somebody enrols, one to be recovered."""
        browser = Browser(self.provider)
        page = browser.submit(
            browser.get("/sign-up"), username=f"new{self.random.randrange(10**9)}", name="陈晨",
            contact="chen@example.org", password=LATER, again=LATER,
        )  # fmt: skip
        self.shown.read(page.request.path, page.text)
        invited = self._programs["market"].console.call("POST", "/people/invitations", OFFICER_WANTED)
        self.shown.read(invited.json["link"], "")
        Browser(self.provider).submit(browser.get("/recover"), username="wang")
        self._post()

    def _post(self) -> None:
        self.provider.deliver()
        for words in self.provider.mailbox.words():
            for link in re.findall(rf"{ISSUER}(/[a-z-]+/\S+)", words):
                self.shown.read(link, "")
        self.provider.mailbox.messages.clear()
