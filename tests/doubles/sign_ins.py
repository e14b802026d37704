"""The sign-in half of a paper issuer: pushed requests, codes and tokens for the officers' pages, each checked as RFCs
ask, and a browser for those pages.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import Client, TestResponse

from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url
from tests.doubles.browser import form_of

if TYPE_CHECKING:
    from tests.doubles.exchange import Issuer, World

ORIGIN, ISSUER = "http://exchange.test", "http://issuer.test"
CLIENT = "tongban-console"
CONSOLE_JWK = {**jose.generate_p256(SeededEntropy(77)), "alg": "ES256", "use": "sig"}
"""The pages' key in tests."""


def console_key(folder: Path) -> Path:
    """The key's file."""
    path = folder / "console.jwk"
    path.write_text(json.dumps(CONSOLE_JWK), encoding="utf-8")
    path.chmod(0o600)
    return path


class PaperSignIns:
    """Who signs in next is set by the test; whatever the pages send is checked and refused like a real provider."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.par = True
        self.down = False
        self.pushed: dict[str, dict[str, str]] = {}
        self.codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.assertions: set[str] = set()
        self.changed: dict[str, Any] = {}
        """Claims of the next ID token that a test wants otherwise."""
        self._numbers = itertools.count(1)

    def metadata(self) -> dict[str, str]:
        known = {
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "end_session_endpoint": f"{ISSUER}/logout",
        }
        return known | ({"pushed_authorization_request_endpoint": f"{ISSUER}/par"} if self.par else {})

    def post(self, url: str, body: bytes, headers: tuple[str, ...]) -> tuple[int, bytes]:
        """What the provider's form endpoints answer."""
        if self.down:
            from exchange.authentication.fetching import IssuerUnreachable

            raise IssuerUnreachable("down")
        sent = dict(parse_qsl(body.decode(), strict_parsing=True))
        self._authenticated(sent)
        if url == f"{ISSUER}/par":
            uri = f"urn:ietf:params:oauth:request_uri:{next(self._numbers)}"
            self.pushed[uri] = sent
            return 201, json.dumps({"request_uri": uri, "expires_in": 60}).encode()
        assert url == f"{ISSUER}/token"
        return self._token(sent, headers)

    def approve(self, location: str, **officer: Any) -> dict[str, str]:
        """Somebody signs in behind this address; the parameters that go back to the pages."""
        asked = dict(parse_qsl(urlsplit(location).query))
        asked = self.pushed.pop(asked["request_uri"]) if "request_uri" in asked else asked
        homes = {"governance": "/console", "usage preview": "/my", "usage preview mandate": "/my"}
        home = homes[asked["scope"].removeprefix("openid ")]
        assert asked["redirect_uri"] == f"{ORIGIN}{home}/callback"
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{next(self._numbers)}"
        self.codes[code] = (asked, {"sid": f"sid-{next(self._numbers)}", "acr": "urn:tongban:loa:3", **officer})
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    def logout_token(self, **claims: Any) -> str:
        """A token that says somebody signed out."""
        now = int(self.issuer.clock.now().timestamp())
        event = {"http://schemas.openid.net/event/backchannel-logout": {}}
        said = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": f"out-{next(self._numbers)}"}
        typ = claims.pop("typ", "logout+jwt")
        said |= {"events": event} | claims
        return jose.sign({name: value for name, value in said.items() if value is not None}, self.issuer.key, typ=typ)

    def _authenticated(self, sent: Mapping[str, str]) -> None:
        public = jose.SigningKey.from_private_jwk(CONSOLE_JWK).verifying()
        assertion = sent["client_assertion"]
        jose.verify_client_assertion(
            assertion, [public], client_id=CLIENT, audience=ISSUER, now=self.issuer.clock.now()
        )
        assert assertion not in self.assertions, "an assertion is used once"
        self.assertions.add(assertion)

    def _token(self, sent: Mapping[str, str], headers: tuple[str, ...]) -> tuple[int, bytes]:
        asked, officer = self.codes.pop(sent["code"], ({}, {}))
        challenge = base64url.encode(hashlib.sha256(sent["code_verifier"].encode()).digest())
        if not asked or challenge != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            return 400, b'{"error":"invalid_grant"}'
        proof = jose.verify_dpop(
            headers[0].removeprefix("DPoP: "), method="POST", url=f"{ISSUER}/token", now=self.issuer.clock.now(),
            window=60, leeway=10, access_token=None, jkt=None,
        )  # fmt: skip
        told = {k: v for k, v in officer.items() if k != "acr" or "person" in officer}
        scope = asked["scope"].removeprefix("openid ")
        access = self.issuer.token(None, CLIENT, cnf={"jkt": proof.jkt}, scope=scope, **told)
        now = int(self.issuer.clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.get("nonce"),
            "at_hash": jose.half_hash(access, self.issuer.key.alg),
            **{name: officer[name] for name in ("sub", "sid", "acr")}, **self.changed,
        }  # fmt: skip
        said = {name: value for name, value in claims.items() if value is not None}
        id_token = jose.sign(said, self.issuer.key, typ="JWT")
        return 200, json.dumps({"access_token": access, "id_token": id_token, "token_type": "DPoP"}).encode()


class OfficersBrowser:
    """A browser at the pages: keeps cookies, sends forms as they stand."""

    def __init__(self, world: World, language: str = "zh-CN") -> None:
        self.world, self.language = world, language
        self.client = Client(world.client.application)
        self.sid = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._open("GET", path, headers)

    def post(self, path: str, data: Mapping[str, str], **headers: str) -> TestResponse:
        return self._open("POST", path, headers, data=dict(data))

    def _open(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> TestResponse:
        sent = {"Accept": "text/html", "Accept-Language": self.language, **headers}
        return self.client.open(path.removeprefix(ORIGIN), method=method, base_url=ORIGIN, headers=sent, **more)

    def start(self, to: str = "/console/grants") -> str:
        """Press the button; where it leads."""
        answer = self.get(f"/console/sign-in/start?{urlencode({'to': to})}")
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def come_back(self, answer: Mapping[str, str]) -> TestResponse:
        """Back from the provider with these parameters."""
        return self.get(f"/console/callback?{urlencode(answer)}")

    def sign_in(
        self, sub: str, *roles: str, organisation: str, to: str = "/console/grants", **claims: Any
    ) -> TestResponse:
        """Sign in as an officer."""
        location = self.start(to)
        self.sid = claims.setdefault("sid", f"sid-of-{sub}")
        signs = self.world.issuer.sign_ins
        return self.come_back(signs.approve(location, sub=sub, roles=[*roles], organisation=organisation, **claims))

    def sign_in_as(
        self, person: str, to: str = "/my/previews", level: str = "", acr: int = 2, **acting: Any
    ) -> TestResponse:
        """Sign in as a citizen, at this level; ``acting`` are the claims of whoever acts for a company."""
        asked = {"to": to, "level": level} | ({"acting": "yes"} if acting else {})
        answer = self.get(f"/my/sign-in/start?{urlencode(asked)}")
        assert answer.status_code == 303, answer.text
        said = {"sub": "somebody", "sid": "sid-of-somebody", "acr": f"urn:tongban:loa:{acr}"}
        came = self.world.issuer.sign_ins.approve(str(answer.headers["Location"]), person=person, **said, **acting)
        return self.get(f"/my/callback?{urlencode(came)}")

    def press(self, path: str, **values: str) -> TestResponse:
        """Open the page before a command, fill in its form, send it."""
        page = self.get(path)
        assert page.status_code == 200, page.text
        return self.post(path, {**form_of(page).fields, **values})

    def cookies(self) -> Sequence[str]:
        """Names of the cookies it holds for the pages."""
        names = ("exchange-console", "exchange-sign-in")
        return [name for name in names if self.client.get_cookie(name, "exchange.test") is not None]
