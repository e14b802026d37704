"""The checks that both identity providers must pass, and our provider as a contender."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
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
from tests.benchmarks.contender import FORM, Contender, Work, basic, require, send_json
from tests.benchmarks.load import Request
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

    def __init__(self, profile: Path | None = None) -> None:
        self._profile = profile
        self._settings: Settings
        self._secret = ""

    def start(self, processes: Processes, folder: Path) -> None:
        """A fresh installation with one confidential client."""
        first, second = free_ports(2)
        issuer, exchange = f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"
        addresses = installation.Addresses(issuer, exchange, f"127.0.0.1:{first}", f"127.0.0.1:{second}")
        self._settings = installation.create(folder / "tongban-identity", addresses)
        self._secret = register(self._settings.idp)
        command, environment = serve("idp", folder / "tongban-identity" / "tongban.toml", self._profile)
        processes.start(Program("tongban-idp", command, f"{issuer}/readyz", SERVER_CORE, environment))

    def programs(self) -> Sequence[str]:
        """The provider alone: SQLite runs inside it."""
        return ["tongban-idp"]

    def works(self) -> Mapping[str, Work]:
        """Client credentials, introspection, and the two documents."""
        return {
            "client-credentials": Work(self._check_token, self._token_request, recorded=self._entries),
            "introspection": Work(self._check_introspection, self._introspection_request),
            "jwks": Work(self._check_jwks, lambda: self._request("GET", "/jwks")),
            "discovery": Work(self._check_discovery, lambda: self._request("GET", "/.well-known/openid-configuration")),
        }

    def _request(self, method: str, path: str, body: bytes = b"", expect: str = "-") -> Request:
        headers = (basic(CLIENT, self._secret), FORM) if body else ()
        return Request(int(self._settings.idp.listen.rpartition(":")[2]), method, path, headers, body, expect)

    def _token_request(self) -> Request:
        return self._request("POST", "/token", b"grant_type=client_credentials&scope=introspect", '"access_token":"')

    def _introspection_request(self) -> Request:
        token = send_json(self._token_request())["access_token"]
        return self._request("POST", "/introspect", f"token={token}".encode(), '"active":true')

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


def register(settings: IdpSettings) -> str:
    """One department with one confidential client that may introspect; returns the client's secret."""
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
        return str(idp.clients.add(metadata)["client_secret"])


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
