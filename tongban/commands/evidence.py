"""``tongban evidence get``: ask for evidence as a department system would, with the person at the browser."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kernel import jose
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy, token
from tongban.client import Client, Refused, evidence_detail
from tongban.commands.configuration import load_settings
from tongban.commands.grant import visit
from tongban.officer import Callback, SignInFailed
from tongban.output import NO, config_option, say_no, write_json, wrong


@click.group()
def evidence() -> None:
    """证明 / Evidence."""


@evidence.command()
@click.option("--service-item", required=True)
@click.option("--case", required=True)
@click.option("--legal-basis", required=True)
@click.option("--type", "evidence_type", required=True)
@click.option("--field", "fields", multiple=True, required=True)
@click.option(
    "--client-id", required=True, help="登记时须有回调 http://127.0.0.1/callback / registered with that redirect URI"
)
@click.option("--key", "key_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@config_option
def get(
    service_item: str,
    case: str,
    legal_basis: str,
    evidence_type: str,
    fields: tuple[str, ...],
    client_id: str,
    key_file: Path,
    config: str | None,
) -> None:
    """索取证明；群众在浏览器里确认 / Ask for evidence; the person agrees in the browser.

    Example: tongban evidence get --service-item S --case case_01J --legal-basis B --type identity-card
    --field name --client-id window --key window.jwk
    """
    settings = load_settings(config)
    entropy = SystemEntropy()
    client = Client(settings.idp.issuer, client_id, clock=SystemClock(), entropy=entropy, key=private_key(key_file))
    wanted = [{"type": evidence_type, "fields": list(fields)}]
    detail = evidence_detail(settings.exchange.origin, service_item, case, legal_basis, wanted)
    body = {"service_item": service_item, "case": case, "legal_basis": legal_basis, "evidence": wanted}
    try:
        access_token = authorised(client, detail)
        url = f"{settings.exchange.origin}/v1/evidence-requests"
        answer = client.call("POST", url, access_token, body, {"Idempotency-Key": token(entropy, 16)})
    except (Refused, SignInFailed) as refusal:
        say_no("没有取到", str(refusal))
    write_json(answer)
    if answer["status"] != "delivered":
        raise SystemExit(NO)


def private_key(path: Path) -> jose.SigningKey:
    """The client's private JWK, or exit status 2."""
    try:
        return jose.SigningKey.from_private_jwk(json.loads(path.read_text(encoding="utf-8")), "ES256")
    except (ValueError, jose.InvalidKey):
        wrong(f"{path} 不是 ES256 私钥（JWK）", f"{path} is not a private ES256 JWK.")


def authorised(client: Client, detail: str) -> str:
    """A purpose-bound token, once the person has agreed. Raises Refused, SignInFailed."""
    with Callback() as callback:
        pushed = client.push({"scope": "openid", "authorization_details": detail}, callback.address)
        visit(pushed.location)
        answer = callback.wait()
    if answer.get("state") != pushed.state or answer.get("iss") != client.issuer or "code" not in answer:
        raise SignInFailed(answer.get("error_description") or answer.get("error") or "no code came back")
    return str(client.redeem(answer["code"], pushed.verifier, callback.address)["access_token"])
