"""What a department copies on its way to the first call: client metadata, commands, requests with the sandbox's values.

Everything is for a shell. The command ``tongban`` gets tokens and makes proofs by itself; in the requests of HTTP they
stand as variables, since each is made anew (RFC 9449).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from exchange.onboarding.shipped import IDENTITY
from kernel.text import Text

FILE = "system.json"
KEY, CLIENT = "JWK", "client_id"
"""What stands for the private key, which no page is told, and for a client that is not registered yet."""
ASKED: dict[str, Any] = {"type": IDENTITY, "fields": ["name"]}
"""What the first call asks for."""
_A_YEAR = timedelta(days=365)


def access_request(sandbox: Mapping[str, Any], today: date) -> dict[str, str]:
    """The fields of an access request that lets the first call through."""
    return {
        "grant.evidence_type": ASKED["type"],
        "grant.fields": "\n".join(ASKED["fields"]),
        "grant.service_items": sandbox["service_item"],
        "grant.legal_basis": sandbox["legal_basis"],
        "grant.valid_from": today.isoformat(),
        "grant.valid_to": (today + _A_YEAR).isoformat(),
        "grant.absent_allowed": "yes",
    }


def registration(
    name: str, keys: Mapping[str, Any], organisation: str, service_items: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Client metadata (RFC 7591): as an operator registers it, and as a client registers itself."""
    own = {
        "client_name": name,
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        **keys,
        "scope": "cases",
    }
    items = {"tongban_service_items": service_items} if service_items else {}
    return {**own, "tongban_organisation": organisation, **items}, own


def operators(metadata: Mapping[str, Any]) -> str:
    """The operator's way of registering."""
    return f"cat > client.json <<'JSON'\n{_json(metadata, 2)}\nJSON\ntongban client add --from client.json"


def own_way(metadata: Mapping[str, Any], endpoint: str) -> str:
    """The department's own way, with the token of an invitation (RFC 7591 §3)."""
    return _curl(endpoint, metadata, '-H "Authorization: Bearer $INITIAL_TOKEN"')


def system_file(origin: str, progress: Mapping[str, Any]) -> str:
    """The file by which the command knows the department's first system; its key is put in where it lies."""
    client_id = progress["systems"][0]["client_id"] if progress["systems"] else CLIENT
    said = {"client_id": client_id, "private_key": KEY, "issuer": progress["issuer"], "exchange": origin}
    return f"umask 077\ncat > {FILE} <<'JSON'\n{_json(said, 2)}\nJSON"


CHECK_IN = f"tongban sandbox check-in --client {FILE}"
"""The check-in by the command."""


def check_in(origin: str) -> str:
    """The check-in over HTTP."""
    return _curl(f"{origin}/v1/onboarding/check-in", {}, _BOUND)


def first_call(sandbox: Mapping[str, Any]) -> str:
    """The first call by the command."""
    asked = f"--type {shlex.quote(ASKED['type'])} --field {shlex.quote(ASKED['fields'][0])}"
    return f"tongban sandbox call --client {FILE} --person {_person(sandbox)['value']} {asked}"


def first_requests(origin: str, sandbox: Mapping[str, Any]) -> list[tuple[Text, str]]:
    """The requests of the first call over HTTP, in order, each with its words."""
    subject = _person(sandbox)
    parties = [{**subject, "role": "applicant"}]
    case = {"service_item": sandbox["service_item"], "reference": "first-call", "subjects": parties}
    ground = {"service_item": sandbox["service_item"], "case": "$CASE", "legal_basis": sandbox["legal_basis"]}
    wanted = {"type": "urn:tongban:params:evidence", "locations": [origin], **ground}
    # Nobody is present: each item says whom it is about.
    body = {**ground, "evidence": [{**ASKED, "subject": subject}]}
    return [
        (_OPEN, _curl(f"{origin}/v1/cases", case, _BOUND)),
        (_TOKEN, _json([{**wanted, "evidence": [{**ASKED, "predicates": []}]}], 2)),
        (_EVIDENCE, _curl(f"{origin}/v1/evidence-requests", body, f"{_BOUND} \\\n  {_ONCE}")),
    ]


def _person(sandbox: Mapping[str, Any]) -> dict[str, str]:
    first = sandbox["people"][0]
    return {"scheme": first["scheme"], "value": first["value"]}


def _curl(address: str, body: Mapping[str, Any], headers: str) -> str:
    # The case's number stands in a variable of the shell: the quotes around the rest end before it.
    said = shlex.quote(_json(body)).replace('"$CASE"', '"\'"$CASE"\'"')
    return (
        f"curl -X POST {shlex.quote(address)} \\\n  {headers} \\\n  -H 'Content-Type: application/json' \\\n  -d {said}"
    )


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


_BOUND = '-H "Authorization: DPoP $TOKEN" -H "DPoP: $PROOF"'
_ONCE = '-H "Idempotency-Key: $(uuidgen)"'
_OPEN = Text(
    "开立一个以虚构的人为当事人的办件（令牌范围 cases）；答复中的 case 存入 CASE",
    "Open a case about somebody invented (a token of scope cases); keep the answer’s case in CASE",
)
_TOKEN = Text(
    "以客户端凭据取用途限定令牌，authorization_details 如下（$CASE 换成办件编号），断言中以 act 写明本部门经办人",
    "Get a purpose-bound token by client credentials with these authorization_details (the case’s number for $CASE);"
    " the assertion names the department’s officer in act",
)
_EVIDENCE = Text("请求材料", "Ask for the evidence")
