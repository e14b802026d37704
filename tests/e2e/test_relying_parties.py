"""Relying parties written by others, against a running provider, found through discovery alone.

`openid-client` and `oauth4webapi` (npm) register themselves, then go through PAR, PKCE, DPoP, the code, userinfo,
refresh and logout; `openid-client` also asks as a clerk's system does (CIBA, poll). Authlib's
client is what the demo's websites are made of: `test_stories.py` runs those.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from idp.administration import Administration
from idp.app import open_service
from idp.model.invitation import Terms
from idp.model.person import NewPerson
from kernel.text import Text
from tests.doubles.identity_provider import MARKET, WANG
from tests.prepare import RELYING_PARTIES
from tongban import installation

GRANTS = frozenset({"authorization_code", "refresh_token", "urn:openid:params:grant-type:ciba"})
NAME, PASSWORD = "王小明", "correct horse battery"
SCRIPTS = RELYING_PARTIES.source

pytestmark = pytest.mark.skipif(not RELYING_PARTIES.met(), reason=RELYING_PARTIES.missing)


@dataclass(frozen=True)
class Running:
    """A provider on this machine, and an initial access token for two clients."""

    issuer: str
    invitation: str


@pytest.fixture
def provider(
    make_named_database: Callable[[], str | None], tmp_path: Path, serve_app: Callable[..., str], free_port: int
) -> Iterator[Running]:
    addresses, database = installation.loopback(free_port), make_named_database()
    settings = installation.create(tmp_path / "installation", addresses, database=database).idp
    with Administration.open(settings) as desk:
        desk.clients.add_organisation(MARKET, Text("市场监督管理局", "Market regulation"))
        desk.people.add(NewPerson("wang", NAME, PASSWORD, assurance=2, subject=WANG))
        terms = Terms(MARKET, frozenset({"openid", "profile"}), GRANTS)
        invitation = desk.clients.invite(terms, uses=1)["initial_access_token"]
    service = open_service(settings)
    try:
        serve_app(service.app, port=free_port)
        yield Running(settings.issuer, str(invitation))
    finally:
        service.close()


def run(script: str, provider: Running) -> dict[str, Any]:
    given = {
        "ISSUER": provider.issuer,
        "INITIAL_ACCESS_TOKEN": provider.invitation,
        "PERSON": "wang",
        "PASSWORD": PASSWORD,
        "REDIRECT_URI": "https://market.example/callback",
        "LOGGED_OUT": "https://market.example/bye",
    }
    folder = RELYING_PARTIES.folder()
    for name in (script, "person.mjs"):
        (folder / name).write_bytes((SCRIPTS / name).read_bytes())
    done = subprocess.run(
        ["node", script], cwd=folder, env=os.environ | given, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("script", ["openid_client.mjs", "openid_client_ciba.mjs", "oauth4webapi.mjs"])
def test_a_relying_party_from_npm_works_unchanged(provider: Running, script: str) -> None:
    said = run(script, provider)
    assert said["client"].startswith("client_")
    assert said["name"] == NAME
    assert said["ended"] == "invalid_grant"
