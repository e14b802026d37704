"""`tongban sandbox`: a system with its own key checks in and makes its first governed call, both services real."""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exchange.app import issuer_fetch
from exchange.console import joining_commands
from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.outbound import OutboundClient
from kernel.text import Text
from tests.doubles.exchange import (
    MARKET,
    NOW,
    URBAN,
    World,
    copied,
    lived,
    make_world,
    prepared_postgresql,
    prepared_sqlite,
    system,
)
from tests.doubles.identity_provider import Provider
from tests.unit.exchange.test_onboarding import done, granted
from tests.unit.tongban.conftest import run
from tongban.commands import evidence

__all__ = ["prepared_postgresql", "prepared_sqlite"]

KEY = {**jose.generate_p256(SeededEntropy(92)), "alg": "ES256", "use": "sig"}
GOVERNOR: dict[str, Any] = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}


@pytest.fixture
def given(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    serve_provider: Callable[..., Provider],
    serve_app: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[World, Path, dict[str, Any]]]:
    """The exchange and its provider on sockets; the file of a sandbox system registered with both, and the sandbox."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    origin, folder = f"http://127.0.0.1:{port}", tmp_path / "exchange"
    provider = serve_provider(exchange_resource=origin)
    provider.clock.advance((NOW - provider.clock.now()).total_seconds() + 3600)
    issuer = provider.settings.issuer
    monkeypatch.setattr(evidence, "SystemClock", lambda: provider.clock)
    with lived(make_world(copied(request, folder), folder, seed=93)) as paper:
        paper.apply(system("market-trial", MARKET, sandbox=True, issuer=issuer))
        paper.rooms.policy.renew()
        sandbox = done(paper.officer("POST", "/v1/onboarding/sandbox", {}, **GOVERNOR))
        paper.rooms.policy.renew()
        allowed(paper, sandbox)
        register(provider, sandbox["service_item"])
        settings = replace(paper.outside.settings, origin=origin, issuer=issuer)
        fetch = issuer_fetch(issuer, OutboundClient())
        node = paper.another_node(settings=settings, clock=provider.clock, fetch=fetch)
        serve_app(node.client.application, port=port)
        file = tmp_path / "system.json"
        progress = {"systems": [{"client_id": "market-trial"}], "issuer": issuer}
        shown = joining_commands.system_file(origin, progress).split("JSON'\n")[1].split("\nJSON")[0]
        file.write_text(shown.replace(f'"{joining_commands.KEY}"', json.dumps(KEY)), encoding="utf-8")
        yield node, file, sandbox
        node.rooms.close()


def allowed(paper: World, sandbox: dict[str, Any]) -> None:
    """The market may ask for the sandbox's identity card while nobody is present."""
    assert granted(paper, sandbox, MARKET)["status"] == "active"


def register(provider: Provider, service_item: str) -> None:
    desk = provider.administration
    desk.clients.add_organisation(MARKET, Text("市场监管局", "Market regulation"))
    public = {name: value for name, value in KEY.items() if name != "d"}
    desk.clients.add(
        {
            "client_id": "market-trial", "client_name": "Trial", "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public]}, "scope": "cases",
            "tongban_organisation": MARKET, "tongban_service_items": [service_item],
        }
    )  # fmt: skip
    provider.settle()


def words(command: str, file: Path) -> list[str]:
    """What a page shows to be copied, with the file where this test has it."""
    return [str(file) if word == joining_commands.FILE else word for word in shlex.split(command)[1:]]


def test_what_pages_show_to_be_copied_leads_to_the_first_governed_call(
    given: tuple[World, Path, dict[str, Any]], tmp_path: Path
) -> None:
    node, file, sandbox = given
    checked = run(*words(joining_commands.CHECK_IN, file), "--json")
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.stdout)["system"] == "market-trial"
    copied = words(joining_commands.first_call(sandbox), file)
    called = run(*copied, "--to", tmp_path / "kept", "--json")
    assert called.exit_code == 0, called.output
    (item,) = json.loads(called.stdout)["evidence"]
    assert (item["status"], item["data"]) == ("delivered", {"name": "沙箱甲"})
    assert (tmp_path / "kept" / "sandbox-identity-card.tlog-proof").read_text().startswith("c2sp.org/tlog-proof@v1")
    assert {"SystemCheckedIn", "EvidenceReleased"} <= {entry["event"] for entry in node.entries()}
    refused = run(*copied, "--field", "born")  # not granted
    assert refused.exit_code == 1
    assert "refused" in refused.output
    stranger = run("sandbox", "call", "--client", file, "--person", "500199199003120021x")
    assert stranger.exit_code == 1
    assert "nobody of the sandbox" in stranger.output
    assert "500199199003120021" not in stranger.output
