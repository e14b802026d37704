"""The relying parties' guide, executed: its snippets run unchanged against a provider, and a person signs in and out.

Only addresses, the client's identifier and its secrets come from the environment, as the guide says. What the guide
shows without executing it (Spring Boot, nginx) is named there.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.administration import Administration
from idp.app import open_service
from idp.model.person import NewPerson
from kernel.text import Text
from tests.doubles.identity_provider import MARKET, WANG
from tests.prepare import APACHE_MODULES, RELYING_PARTIES
from tongban import installation
from tongban.demo.stories.browser import Browser, Page
from tongban.demo.stories.people import Credentials, through

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "relying-party.md"
SNIPPETS = dict(re.findall(r"```\w+\n(?:#|//) (\w+\.\w+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))
NAME, PERSON = "王小明", Credentials("wang", "correct horse battery", "")
PATIENCE = 30

needs_node = pytest.mark.skipif(not RELYING_PARTIES.met(), reason=RELYING_PARTIES.missing)
needs_apache = pytest.mark.skipif(
    not (APACHE_MODULES / "mod_auth_openidc.so").exists() or not Path("/usr/sbin/apache2").exists(),
    reason="Apache's OpenID Connect module is not installed: apt-get install libapache2-mod-auth-openidc",
)


@dataclass(frozen=True)
class Registered:
    """A website's place: where it keeps files, and what the guide's snippets read from the environment."""

    folder: Path
    given: Mapping[str, str]

    @property
    def origin(self) -> str:
        return self.given["ORIGIN"]

    def snippet(self, name: str, folder: Path | None = None) -> Path:
        place = (folder or self.folder) / name
        place.write_text(SNIPPETS[name], encoding="utf-8")
        return place

    @contextmanager
    def running(self, *command: str, folder: Path | None = None, **more: str) -> Iterator[None]:
        """The site as a process of its own, as soon as it listens."""
        log = self.folder / "site.log"
        with log.open("wb") as out:
            site = subprocess.Popen(
                command, cwd=folder or self.folder, env=os.environ | self.given | more, stdout=out, stderr=out
            )
        try:
            self._wait(site, log)
            yield
        finally:
            site.terminate()
            site.wait(PATIENCE)

    def _wait(self, site: subprocess.Popen[bytes], log: Path) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and site.poll() is None:
            try:
                requests.get(self.origin, timeout=PATIENCE, allow_redirects=False)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(log.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Provider:
    """A provider on this machine, and the operator's desk."""

    issuer: str
    desk: Administration

    def notices(self, client_id: str, redirect_uri: str) -> None:
        """The running provider looks for new clients several times a second: wait until it has seen this one."""
        until = time.monotonic() + PATIENCE
        asked = {"client_id": client_id, "redirect_uri": redirect_uri}
        while requests.get(f"{self.issuer}/authorize", asked, allow_redirects=False, timeout=PATIENCE).ok is False:
            assert time.monotonic() < until, "the client stays unknown"
            time.sleep(0.05)


class Quiet(WSGIRequestHandler):
    def log(self, *arguments: object) -> None:
        """Say nothing."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def provider(
    make_named_database: Callable[[], str | None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Provider]:
    port, folder = free_port(), tmp_path_factory.mktemp("provider") / "own"
    settings = installation.create(folder, installation.loopback(port), database=make_named_database()).idp
    with Administration.open(settings) as desk:
        desk.clients.add_organisation(MARKET, Text("市场监督管理局", "Market regulation"))
        desk.people.add(NewPerson(PERSON.username, NAME, PERSON.password, assurance=2, subject=WANG))
        service = open_service(settings)
        server = make_server("127.0.0.1", port, service.app, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield Provider(settings.issuer, desk)
        server.shutdown()
        thread.join()
        server.server_close()
        service.close()


@pytest.fixture
def website(tmp_path: Path, provider: Provider) -> Registered:
    """One website that an operator registered as the guide says."""
    return registered(tmp_path, provider)


@pytest.fixture
def told_website(tmp_path: Path, provider: Provider) -> Registered:
    """One that wants to be told of sign-outs that begin elsewhere."""
    return registered(tmp_path, provider, told=True)


def registered(folder: Path, provider: Provider, *, told: bool = False) -> Registered:
    port = str(free_port())
    origin = f"http://localhost:{port}"
    client = provider.desk.clients.add(
        {
            "client_name": "Market website",
            "tongban_organisation": MARKET,
            "redirect_uris": [f"{origin}/callback"],
            "post_logout_redirect_uris": [f"{origin}/"],
            "token_endpoint_auth_method": "client_secret_basic",
            "scope": "openid profile",
            **({"backchannel_logout_uri": f"{origin}/backchannel-logout"} if told else {}),
        }
    )
    provider.notices(str(client["client_id"]), f"{origin}/callback")
    given = {"ISSUER": provider.issuer, "ORIGIN": origin, "PORT": port, "SESSION_SECRET": os.urandom(16).hex()}
    return Registered(
        folder,
        given | {"CLIENT_ID": str(client["client_id"]), "CLIENT_SECRET": str(client["client_secret"])},
    )


def signed_in(site: Registered) -> tuple[Browser, Page]:
    """A person opens the website and signs in."""
    browser = Browser()
    page = browser.open(f"{site.origin}/")
    if "/login" in page.links:
        assert NAME not in page.text
        page = browser.open(f"{site.origin}/login")
    page = through(browser, page, PERSON)
    assert page.status == 200, page.text
    assert page.url == f"{site.origin}/"
    assert NAME in page.text
    return browser, page


def answered(site: Registered, browser: Browser, begin: str) -> str:
    """Where the provider sends a browser that begins a sign-in and has a session there already."""
    asked = browser.http.get(site.origin + begin, allow_redirects=False, timeout=PATIENCE)
    answer = browser.http.get(asked.headers["Location"], allow_redirects=False, timeout=PATIENCE)
    back = answer.headers["Location"]
    assert back.startswith(f"{site.origin}/callback?")
    assert "code=" in back
    return back


def refuses(site: Registered, browser: Browser, answer: str) -> bool:
    """The browser is sent no further, and nobody is signed in. (Apache's page of refusal has status 200.)"""
    stayed = browser.open(answer).url == answer
    home = browser.http.get(f"{site.origin}/", allow_redirects=False, timeout=PATIENCE)
    return stayed and NAME not in home.content.decode()


def refuses_forged_answers(site: Registered, signed_in_already: Browser, begin: str) -> None:
    """Real codes in answers that are not right: another provider's, and one to another browser."""
    attacker, victim = Browser(), Browser()
    for cookie in signed_in_already.http.cookies:
        if cookie.domain == "127.0.0.1":  # the provider's; the website is at localhost
            attacker.http.cookies.set_cookie(cookie)
    issuer, other = quote(site.given["ISSUER"], safe=""), quote("https://other.example", safe="")
    answer = answered(site, attacker, begin)
    assert issuer in answer
    assert refuses(site, attacker, answer.replace(issuer, other)), "mix-up (RFC 9207 §2.4)"
    answer = answered(site, attacker, begin)
    victim.http.get(site.origin + begin, allow_redirects=False, timeout=PATIENCE)
    assert refuses(site, victim, answer), "login CSRF: a state of another browser (RFC 6749 §10.12)"
    assert attacker.open(answer).url == f"{site.origin}/", "the same answer is right where it belongs"


def signs_in_and_out(site: Registered) -> None:
    """What a website made from the guide has to do."""
    browser, page = signed_in(site)
    refuses_forged_answers(site, browser, "/login")
    page = browser.send(page, page.forms[0], {})
    assert page.url.partition("?")[0] == f"{site.origin}/"
    assert "/login" in page.links
    assert browser.open(f"{site.origin}/login").asks_for("password"), "the provider's session ended, too"


def is_told_of_a_sign_out_elsewhere(site: Registered) -> None:
    """Back-channel logout: what is no logout token ends nothing; the real one ends the session at the website."""
    browser, _page = signed_in(site)
    notices = f"{site.origin}/backchannel-logout"
    for sent in ({}, {"logout_token": "not.a.token"}, {"logout_token": "e30.e30."}):
        assert requests.post(notices, sent, timeout=PATIENCE).status_code == 400
    assert NAME in browser.open(f"{site.origin}/").text
    elsewhere = Browser()
    for cookie in browser.http.cookies:
        if cookie.domain == "127.0.0.1":  # the provider's; the website is at localhost
            elsewhere.http.cookies.set_cookie(cookie)
    found = requests.get(f"{site.given['ISSUER']}/.well-known/openid-configuration", timeout=PATIENCE).json()
    page = elsewhere.open(found["end_session_endpoint"])
    elsewhere.send(page, page.forms[0], {})
    until = time.monotonic() + PATIENCE
    while NAME in browser.open(f"{site.origin}/").text:
        assert time.monotonic() < until, "the website was not told"
        time.sleep(0.05)


@contextmanager
def python_site(website: Registered, module: str) -> Iterator[None]:
    website.snippet(f"{module}.py")
    serve = "import sys; from werkzeug.serving import run_simple; app = __import__(sys.argv[1]).app; "
    serve += "run_simple('127.0.0.1', int(sys.argv[2]), app, threaded=True)"
    with website.running(sys.executable, "-c", serve, module, website.given["PORT"]):
        yield


@pytest.mark.parametrize("module", ["flask_site", "django_site"])
def test_a_website_in_python_made_from_the_guide(website: Registered, module: str) -> None:
    with python_site(website, module):
        signs_in_and_out(website)


def test_flask_is_told_of_a_sign_out_elsewhere(told_website: Registered) -> None:
    with python_site(told_website, "flask_site"):
        is_told_of_a_sign_out_elsewhere(told_website)


@needs_node
def test_express_is_told_of_a_sign_out_elsewhere(told_website: Registered) -> None:
    script = told_website.snippet("express_site.mjs", RELYING_PARTIES.folder())
    with told_website.running("node", script.name, folder=script.parent):
        is_told_of_a_sign_out_elsewhere(told_website)


@needs_node
def test_a_website_in_express_made_from_the_guide(website: Registered) -> None:
    script = website.snippet("express_site.mjs", RELYING_PARTIES.folder())
    with website.running("node", script.name, folder=script.parent):
        signs_in_and_out(website)


class Application(BaseHTTPRequestHandler):
    """An application that knows nothing of OpenID Connect: it greets whom the proxy names."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<p>" + str(self.headers["OIDC_CLAIM_name"]).encode("latin-1"))

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def application() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Application) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


APACHE = """
ServerName localhost
Listen 127.0.0.1:${PORT}
PidFile apache.pid
DefaultRuntimeDir .
Mutex posixsem
ErrorLog /dev/stderr
"""


def apache(website: Registered) -> Path:
    """Apache's own part of the configuration: which modules, which port; then the guide's."""
    names = ("mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http", "auth_openidc")
    modules = [f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in names]
    root = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
    whole = website.folder / "apache.conf"
    lines = [f"ServerRoot {website.folder}", *modules, *root, APACHE, f"Include {website.snippet('apache_site.conf')}"]
    whole.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return whole


@needs_apache
def test_apache_configured_from_the_guide_in_front_of_an_application(website: Registered, application: str) -> None:
    command = ("/usr/sbin/apache2", "-DFOREGROUND", "-f", str(apache(website)))
    with website.running(*command, APPLICATION=application):
        browser, _page = signed_in(website)
        refuses_forged_answers(website, browser, "/")
        browser.http.headers["OIDC_CLAIM_name"] = "somebody else"
        assert "somebody else" not in browser.open(f"{website.origin}/").text
        page = browser.open(f"{website.origin}/callback?logout={website.origin}/")
        assert page.asks_for("password"), "signed out at both"


def test_the_guide_says_which_snippets_are_only_shown() -> None:
    """Every snippet is executed above, or stands under a heading that says that it is not."""
    executed = {"flask_site.py", "django_site.py", "express_site.mjs", "apache_site.conf"}
    said = re.findall(r"^### .*?(?=^### |\Z)", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for section in said:
        names = set(re.findall(r"```\w+\n(?:#|//) (\w+\.\w+)\n", section))
        assert names <= executed or "not executed" in section.splitlines()[0]
    assert executed <= set(SNIPPETS)
