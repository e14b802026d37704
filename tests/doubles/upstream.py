"""Another identity provider, answering over HTTP and signing with somebody else's library."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwk, jws

LEVEL_3 = "urn:example:loa:substantial"


@dataclass
class Upstream:
    """What it says, and what it was asked. ``claims`` and ``metadata`` are laid over what an honest one would say."""

    issuer: str = ""
    key: Any = field(
        default_factory=lambda: jwk.ECKey.generate_key("P-256", {"kid": "up-1", "alg": "ES256", "use": "sig"})
    )
    client_keys: Any = None
    secret: str | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    at_userinfo: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    turned_away: dict[str, int] = field(default_factory=dict)
    """The status with which a path refuses whatever comes."""
    refusal: dict[str, Any] | None = None
    """What it says then."""
    signing_key: Any = None
    access_token: str = "opaque"
    typ: str | None = "JWT"
    """Of the ID token's header."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    now: Any = time.time
    arrived: Any = None
    """Called for each request before it is answered: a test can hold one up."""

    def approve(self, location: str) -> str:
        """Somebody signs in there: the address at which they come back."""
        asked = dict(parse_qsl(urlsplit(location).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer} | self.answer
        return f"{asked['redirect_uri']}?{urlencode({name: value for name, value in answer.items() if value})}"

    def document(self) -> dict[str, Any]:
        addresses = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token", "userinfo")}
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            **addresses,
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or not self._authenticated(form, authorization):
            return None
        challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        assert challenge == asked["code_challenge"]
        assert form["redirect_uri"] == asked["redirect_uri"]
        now = int(self.now())
        claims = {
            "iss": self.issuer, "aud": asked["client_id"], "sub": "them", "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "acr": LEVEL_3, "auth_time": now,
        } | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signing_key or self.key
        header = {"alg": "ES256", "kid": "up-1"} | ({} if self.typ is None else {"typ": self.typ})
        token = jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=["ES256"])
        return {"token_type": "Bearer", "access_token": self.access_token, "id_token": token}

    def _authenticated(self, form: dict[str, str], authorization: str) -> bool:
        if self.secret is not None:
            return authorization == "Basic " + base64.b64encode(f"tongban:{self.secret}".encode()).decode()
        keys = jwk.KeySet.import_key_set(self.client_keys())
        claims = json.loads(jws.deserialize_compact(form["client_assertion"], keys, algorithms=["ES256"]).payload)
        return (claims["iss"], claims["sub"], claims["aud"]) == ("tongban", "tongban", self.issuer)


def described(there: Upstream, folder: Path, more: str = "") -> Path:
    """The operator's file that names it."""
    path = folder / "upstreams.toml"
    path.write_text(
        f"""
        [[upstream]]
        name = "national-id"
        title = {{ zh = "国家网络身份认证", en = "National online identity" }}
        issuer = "{there.issuer}"
        client_id = "tongban"
        levels = {{ "{LEVEL_3}" = 3 }}
        {more}
        """,
        encoding="utf-8",
    )
    return path


@contextmanager
def upstream() -> Iterator[Upstream]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            path = urlsplit(self.path).path
            state.asked.append((path, form))
            if state.arrived is not None:
                state.arrived()
            told = None if path in state.down else self._told(path, form)
            told = state.refusal if path in state.turned_away else told
            body = json.dumps(told).encode()
            status = 503 if path in state.down else 400 if told is None else 200
            self.send_response(state.turned_away.get(path, status))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _told(self, path: str, form: dict[str, str]) -> Any:
            if path == "/.well-known/openid-configuration":
                return state.document()
            if path == "/jwks":
                return {"keys": [state.key.as_dict(private=False)]}
            if path == "/userinfo":
                return state.at_userinfo if self.headers["Authorization"] == "Bearer opaque" else None
            return state.redeem(form, self.headers["Authorization"] or "")

        def log_message(self, *_: object) -> None:
            """Tests keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state = Upstream(issuer=f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield state
        finally:
            server.shutdown()
