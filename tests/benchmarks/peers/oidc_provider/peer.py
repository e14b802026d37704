"""oidc-provider (Node.js) as a contender, installed from its lock file into .build/ when first needed."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kernel import jose
from tests.benchmarks.binding import ProofHolder
from tests.benchmarks.codes import CHALLENGE, CODE_LENGTH, WEB_CLIENT, code_request
from tests.benchmarks.contender import FORM, Contender, NotRun, Work, basic, bearer, require, send, send_json
from tests.benchmarks.identity import CLIENT, check_bound, check_code, check_token, check_userinfo
from tests.benchmarks.load import ONCE, Request
from tests.benchmarks.processes import Processes, Program, free_ports

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
JWT, OPAQUE = "urn:benchmark:jwt", "urn:benchmark:opaque"


class OidcProvider(Contender):
    """Everything in a Map, nothing durable, no audit trail: a hard peer."""

    name = "oidc-provider"

    def __init__(self) -> None:
        self._secret = secrets.token_urlsafe(32)
        self._port = self._codes_port = 0
        self._holder = ProofHolder()
        self._folder = Path()

    def start(self, processes: Processes, folder: Path) -> None:
        """Install if needed, and start. Raises NotRun, NotReady."""
        self._folder = installed()
        self._port, self._codes_port = free_ports(2)
        ports = [str(self._port), str(self._codes_port)]
        command = ["node", str(self._folder / "server.mjs"), *ports, self._secret, CHALLENGE]
        production = {"NODE_ENV": "production"}
        program = Program("oidc-provider", command, f"http://127.0.0.1:{self._port}/jwks", environment=production)
        processes.start(program)

    def programs(self) -> Sequence[str]:
        """One Node process."""
        return ["oidc-provider"]

    def versions(self) -> Mapping[str, str]:
        """Of the package and of Node."""
        package = self._folder / "node_modules" / "oidc-provider" / "package.json"
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        return {"oidc-provider": json.loads(package.read_text(encoding="utf-8"))["version"], "node": node}

    def works(self) -> Mapping[str, Work]:
        """The same work; tokens to be introspected are opaque, since JWTs are not stored here."""
        return {
            "client-credentials": Work(self._check_token, lambda: self._token_request(JWT)),
            "client-credentials-dpop": Work(self._check_dpop, self._dpop_request, self._proofs),
            "code-exchange": Work(self._check_code, self._code_request, self._make_codes),
            "introspection": Work(self._check_introspection, self._introspection_request),
            "userinfo": Work(self._check_userinfo, self._userinfo_request),
            "jwks": Work(self._check_jwks, lambda: self._request("GET", "/jwks")),
            "discovery": Work(self._check_discovery, lambda: self._request("GET", "/.well-known/openid-configuration")),
        }

    def _request(self, method: str, path: str, body: bytes = b"", expect: str = "-") -> Request:
        return Request(self._port, method, path, (basic(CLIENT, self._secret), FORM) if body else (), body, expect)

    def _token_request(self, resource: str) -> Request:
        body = f"grant_type=client_credentials&scope=api&resource={resource}".encode()
        return self._request("POST", "/token", body, '"access_token":"')

    def _dpop_request(self) -> Request:
        plain = self._token_request(JWT)
        return replace(plain, headers=(*plain.headers, ("DPoP", ONCE)))

    def _proofs(self, request: Request, count: int) -> Sequence[str]:
        url = f"http://127.0.0.1:{self._port}{request.path}"
        return self._holder.proofs(count, method=request.method, url=url)

    def _code_request(self) -> Request:
        plain = self._request("POST", "/token", code_request(ONCE), '"id_token":"')
        return replace(plain, headers=(basic(WEB_CLIENT, self._secret), FORM), once_length=CODE_LENGTH)

    def _make_codes(self, _request: Request, count: int) -> Sequence[str]:
        _, body = send(Request(self._codes_port, "GET", f"/{count}"))
        return body.decode("ascii").split()

    def _check_dpop(self) -> None:
        request = self._dpop_request()
        (proof,) = self._proofs(request, 1)
        check_bound(request, proof)

    def _check_code(self) -> None:
        issuer, jwks = f"http://127.0.0.1:{self._port}", send_json(self._request("GET", "/jwks"))
        request = self._code_request()
        (code,) = self._make_codes(request, 1)
        check_code(request, code, jwks, issuer=issuer, audience=JWT)

    def _introspection_request(self) -> Request:
        token = send_json(self._token_request(OPAQUE))["access_token"]
        return self._request("POST", "/token/introspection", f"token={token}".encode(), '"active":true')

    def _userinfo_request(self) -> Request:
        _, token = send(Request(self._codes_port, "GET", "/token"))
        return replace(self._request("GET", "/me", expect='"sub":"'), headers=(bearer(token.decode("ascii")),))

    def _check_userinfo(self) -> None:
        check_userinfo(self._userinfo_request())

    def _check_token(self) -> None:
        jwks, answer = send_json(self._request("GET", "/jwks")), send_json(self._token_request(JWT))
        check_token(answer, jwks, issuer=f"http://127.0.0.1:{self._port}", audience=JWT)

    def _check_introspection(self) -> None:
        said = send_json(self._introspection_request())
        require(said["active"] is True and said["client_id"] == CLIENT, "introspection says something else")

    def _check_jwks(self) -> None:
        require(bool(jose.verifying_keys(send_json(self._request("GET", "/jwks")))), "no key is published")

    def _check_discovery(self) -> None:
        said = send_json(self._request("GET", "/.well-known/openid-configuration"))
        require(said["issuer"] == f"http://127.0.0.1:{self._port}", "the metadata names another issuer")


def installed() -> Path:
    """The folder in .build/ that holds exactly what the lock file says. Raises NotRun."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise NotRun(f"{program} is not installed: sudo apt-get install nodejs npm")
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = ROOT / ".build" / "benchmarks" / f"oidc-provider-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "server.mjs"):
        shutil.copyfile(HERE / name, folder / name)
    if not (folder / ".installed").exists():
        install(folder)
    return folder


def install(folder: Path) -> None:
    """``npm ci``, without running any package's own scripts. Raises NotRun."""
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotRun(f"npm ci failed in {folder}: {done.stderr.strip()[-200:]}")
    (folder / ".installed").touch()
