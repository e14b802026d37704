"""A department's own client of the identity provider and the exchange, as its developers would write one.

Everything is found through discovery. The client authenticates with ``private_key_jwt`` (RFC 7523), pushes its
authorization request (RFC 9126) with ``authorization_details`` (RFC 9396), and proves possession of a key on each call
(DPoP, RFC 9449).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EVIDENCE = "urn:tongban:params:evidence"
TIMEOUT = 20


class Refused(Exception):
    """The other side said no; ``problem`` is its answer."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        super().__init__(str(problem.get("code") or problem.get("error") or status))


@dataclass(frozen=True)
class Registration:
    """What a department knows after it was registered."""

    origin: str
    issuer: str
    exchange: str
    client_id: str
    private_key: Mapping[str, str]
    service_item: str
    legal_basis: str


@dataclass(frozen=True)
class Pushed:
    """A pushed authorization request: where to send the person, and what to remember until they come back."""

    location: str
    state: str
    verifier: str


class ProofKey:
    """One key pair for DPoP, made for one application and kept on the department's server."""

    def __init__(self, jwk: Mapping[str, str] | None = None) -> None:
        self.key = ECKey.import_key(dict(jwk)) if jwk else ECKey.generate_key("P-256", auto_kid=False)

    def saved(self) -> dict[str, str]:
        """The private JWK, for the department's own database."""
        return {name: str(value) for name, value in self.key.as_dict(private=True).items()}

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        """A DPoP proof for one request (RFC 9449 §4.2)."""
        public = {
            name: value for name, value in self.key.as_dict(private=False).items() if name in ("kty", "crv", "x", "y")
        }
        claims = {
            "htm": method,
            "htu": url.partition("?")[0],
            "iat": int(time.time()),
            "jti": secrets.token_urlsafe(16),
        }
        if token:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        return jwt.encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": public}, claims, self.key)


def b64(data: bytes) -> str:
    """base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class EvidenceClient:
    """Asks for evidence on behalf of one department's system."""

    def __init__(self, registration: Registration) -> None:
        self.registration = registration
        self.http = requests.Session()
        self._words: dict[tuple[str, str], dict[str, Any]] = {}

    @cached_property
    def provider(self) -> dict[str, Any]:
        """The identity provider's metadata (RFC 8414)."""
        return dict(self._get(f"{self.registration.issuer}/.well-known/oauth-authorization-server"))

    def words(self, shelf: str, code: str) -> dict[str, Any]:
        """An entry of the exchange's public catalogue (``organisations``, ``evidence-types``), read once."""
        if (shelf, code) not in self._words:
            self._words[shelf, code] = self._get(f"{self.registration.exchange}/v1/catalogue/{shelf}/{code}")
        return self._words[shelf, code]

    def open_case(
        self, reference: str, subjects: Sequence[Mapping[str, str]], circumstances: Mapping[str, str] | None = None
    ) -> str:
        """Open a case at the exchange and return its identifier; ``circumstances`` decide what it requires."""
        body: dict[str, Any] = {"service_item": self.registration.service_item, "reference": reference}
        body |= {"subjects": list(subjects)} | ({"circumstances": dict(circumstances)} if circumstances else {})
        key = ProofKey()
        return str(self._call("POST", "/v1/cases", self._cases_token(key), key, body)["case"])

    def close_case(self, case: str) -> None:
        """Say that the case has ended: nothing more can be asked in it."""
        key = ProofKey()
        self._call("POST", f"/v1/cases/{case}/close", self._cases_token(key), key, {})

    def uploads(self, case: str) -> dict[str, Any]:
        """How many papers this case would have needed, and how many it needed."""
        key = ProofKey()
        return self._call("GET", f"/v1/cases/{case}/uploads-avoided", self._cases_token(key), key, None)

    def requirement(self, case: str, code: str) -> dict[str, Any]:
        """How one requirement of a case about its applicant stands."""
        key = ProofKey()
        told = self._call("GET", f"/v1/cases/{case}/requirements", self._cases_token(key), key, None)
        return next(dict(one) for one in told["requirements"] if one["code"] == code)

    def resolve(self, case: str, requirement: str, rung: str) -> dict[str, Any]:
        """Say that a requirement is met by paper, at the window or by an upload, with no reason given."""
        key, said = ProofKey(), {"requirement": requirement, "by": rung}
        return self._call("POST", f"/v1/cases/{case}/resolutions", self._cases_token(key), key, said)

    def report(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Say that a certificate of this department has changed: those who rely on it are told."""
        key = ProofKey()
        return self._call("POST", "/v1/certificates/changes", self._cases_token(key), key, dict(change))

    def certificate(
        self, case: str, evidence: Mapping[str, Any], certificate: str, subject: Mapping[str, str], officer: str
    ) -> dict[str, Any]:
        """How a certificate stands, for a case about its holder, who is absent: with a token for that evidence."""
        key = ProofKey()
        asked = {"case": case, "evidence_type": evidence["type"], "certificate": certificate, "subject": dict(subject)}
        return self._call("POST", "/v1/certificates/status", self.absent(case, [evidence], officer, key), key, asked)

    def subscribe(self, event: str, *kinds: str) -> str:
        """Be told of such events, about evidence of types that this department holds; the subscription."""
        key, wanted = ProofKey(), {"events": [event], "evidence_types": [*kinds], "delivery": "pull"}
        return str(self._call("POST", "/v1/events/subscriptions", self._cases_token(key), key, wanted)["subscription"])

    def events(self, subscription: str) -> list[dict[str, Any]]:
        """The events that wait. They come again until they are acknowledged."""
        key = ProofKey()
        path = f"/v1/events?subscription={subscription}"
        return list(self._call("GET", path, self._cases_token(key), key, None)["events"])

    def flow_back(self, kind: str, fields: Sequence[str]) -> str:
        """Have the records of this department's own division come back in bulk, every day; the return flow."""
        wanted = {"evidence_type": kind, "service_item": self.registration.service_item, "fields": [*fields]}
        wanted |= {"legal_basis": self.registration.legal_basis, "charset": "gb18030", "every": "daily"}
        key = ProofKey()
        return str(self._call("POST", "/v1/return-flows", self._cases_token(key), key, wanted)["flow"])

    def file(self, flow: str, number: int) -> tuple[dict[str, Any], list[dict[str, str]]]:
        """A file of a return flow, what the exchange says of it and its rows; raises ValueError for another content."""
        key = ProofKey()
        token = self._cases_token(key)
        at = f"/v1/return-flows/{flow}/files"
        (told,) = self._call("GET", f"{at}?after={number - 1}&limit=1", token, key, None)["files"]
        pieces = []
        for part in told["parts"]:
            piece = self._sent("GET", f"{at}/{number}/parts/{part['number']}", token, key, None).content
            if hashlib.sha256(piece).hexdigest() != part["sha256"]:
                raise ValueError(f"part {part['number']} is not what the exchange has recorded")
            pieces.append(piece)
        return told, [*csv.DictReader(io.StringIO(b"".join(pieces).decode("gb18030"), newline=""))]

    def push(self, case: str, evidence: Sequence[Mapping[str, Any]], redirect_uri: str, key: ProofKey) -> Pushed:
        """Push the authorization request: which evidence, for which case, on which legal basis."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        parameters = {
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "state": state,
            "code_challenge": b64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([self._detail(case, evidence)], ensure_ascii=False),
        }
        answer = self._form("pushed_authorization_request_endpoint", parameters, key)
        query = urlencode({"client_id": self.registration.client_id, "request_uri": answer["request_uri"]})
        return Pushed(f"{self.provider['authorization_endpoint']}?{query}", state, verifier)

    def redeem(self, code: str, verifier: str, redirect_uri: str, key: ProofKey) -> str:
        """Exchange the code for a purpose-bound access token."""
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return str(self._form("token_endpoint", grant, key)["access_token"])

    def ask(
        self, token: str, key: ProofKey, case: str, evidence: Sequence[Mapping[str, Any]], **more: str
    ) -> dict[str, Any]:
        """Ask the exchange for evidence in a case.

        ``more``: ``emergency`` names the opening under which that is done, ``delivery`` says how it is wanted
        (``preview``: its person looks at it first); what is empty is left out.
        """
        body = {"service_item": self.registration.service_item, "case": case, "evidence": list(evidence)}
        body |= {"legal_basis": self.registration.legal_basis} | {name: value for name, value in more.items() if value}
        return self._call("POST", "/v1/evidence-requests", token, key, body, {"Idempotency-Key": secrets.token_hex(16)})

    def absent(self, case: str, evidence: Sequence[Mapping[str, Any]], officer: str, key: ProofKey) -> str:
        """A purpose-bound token while nobody is present: the department signs, and names the officer who asks."""
        details = json.dumps([self._detail(case, evidence)], ensure_ascii=False)
        grant = {"grant_type": "client_credentials", "authorization_details": details}
        return str(self._form("token_endpoint", grant, key, officer)["access_token"])

    def look_up(self, case: str, evidence: Sequence[Mapping[str, Any]], officer: str, **more: str) -> dict[str, Any]:
        """Ask in a case while nobody is present, in the name of an officer; ``more`` as in ``ask``."""
        key = ProofKey()
        return self.ask(self.absent(case, evidence, officer, key), key, case, evidence, **more)

    def ask_consent(self, case: str, subject: Mapping[str, str], evidence: Mapping[str, Any], until: str) -> str:
        """Ask somebody to consent that evidence is provided as often as needed until a day; the consent."""
        names = [one["name"] for one in evidence.get("predicates", ())]
        wanted = {"case": case, "subject": dict(subject), "legal_basis": self.registration.legal_basis}
        wanted |= {"evidence_type": evidence["type"], "fields": list(evidence.get("fields", ())), "predicates": names}
        wanted |= {"until": until, "frequency": "continuous"}
        key = ProofKey()
        return str(self._call("POST", "/v1/consent-requests", self._cases_token(key), key, wanted)["consent"])

    def outcome(self, request: str, token: str, key: ProofKey) -> dict[str, Any]:
        """A request as it stands: still waiting, or with what became of each item."""
        return self._call("GET", f"/v1/evidence-requests/{request}", token, key, None)

    def look_again(
        self, request: str, case: str, evidence: Sequence[Mapping[str, Any]], officer: str
    ) -> list[dict[str, Any]]:
        """What became of the items of a request that ``look_up`` made."""
        key = ProofKey()
        return list(self.outcome(request, self.absent(case, evidence, officer, key), key)["evidence"])

    def _detail(self, case: str, evidence: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        fields: dict[str, set[str]] = {}
        questions: dict[str, set[str]] = {}
        for item in evidence:
            fields.setdefault(item["type"], set()).update(item.get("fields", ()))
            questions.setdefault(item["type"], set()).update(one["name"] for one in item.get("predicates", ()))
        return {
            "type": EVIDENCE,
            "locations": [self.registration.exchange],
            "service_item": self.registration.service_item,
            "case": case,
            "legal_basis": self.registration.legal_basis,
            "evidence": [
                {"type": kind, "fields": sorted(names), "predicates": sorted(questions[kind])}
                for kind, names in fields.items()
            ],
        }

    def _cases_token(self, key: ProofKey) -> str:
        grant = {"grant_type": "client_credentials", "scope": "cases", "resource": self.registration.exchange}
        return str(self._form("token_endpoint", grant, key)["access_token"])

    def _assertion(self, officer: str = "") -> str:
        now = int(time.time())
        me = self.registration.client_id
        claims: dict[str, Any] = {"iss": me, "sub": me, "aud": self.registration.issuer, "iat": now, "exp": now + 60}
        if officer:
            claims["act"] = {"sub": officer}
        private = ECKey.import_key(dict(self.registration.private_key))
        header = {"alg": "ES256", "typ": "JWT", "kid": self.registration.private_key["kid"]}
        return jwt.encode(header, claims | {"jti": secrets.token_urlsafe(16)}, private)

    def _form(self, endpoint: str, parameters: Mapping[str, str], key: ProofKey, officer: str = "") -> dict[str, Any]:
        url = self.provider[endpoint]
        authenticated = dict(parameters) | {
            "client_id": self.registration.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(officer),
        }
        answer = self.http.post(url, data=authenticated, headers={"DPoP": key.proof("POST", url)}, timeout=TIMEOUT)
        return self._read(answer)

    def _call(
        self, method: str, path: str, token: str, key: ProofKey, body: Any, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return self._read(self._sent(method, path, token, key, body, headers))

    def _sent(
        self, method: str, path: str, token: str, key: ProofKey, body: Any, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        url = self.registration.exchange + path
        sent = {"Authorization": f"DPoP {token}", "DPoP": key.proof(method, url, token), **(headers or {})}
        return self.http.request(method, url, json=body, headers=sent, timeout=TIMEOUT)

    def _get(self, url: str) -> Any:
        return self._read(self.http.get(url, timeout=TIMEOUT))

    @staticmethod
    def _read(answer: requests.Response) -> dict[str, Any]:
        try:
            value = answer.json()
        except ValueError:
            value = {"error": "the answer was not JSON"}
        if not answer.ok:
            raise Refused(answer.status_code, value)
        return dict(value)
