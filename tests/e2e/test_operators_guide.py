"""The operators' guide, walked: every command in it, in order, on a fresh installation, does what the guide says."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
import yaml
from click.testing import CliRunner, Result

from kernel import jose
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from kernel.jose import base64url
from tests.doubles.exchange import ITEM, OWNER, number
from tests.unit.tongban.conftest import CLIENT, QUIET, manifests
from tongban.cli import tongban as group
from tongban.client import Client
from tongban.demo.stories.browser import Browser
from tongban.demo.stories.people import Credentials, through

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guides" / "operate.md"
PASSWORD = "correct horse battery"
BLOCKS = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.startswith("tongban ")]


def free_ports() -> int:
    """The first of two ports that can be listened at, below those that outgoing connections are given."""
    for base in range(30000 + os.getpid() % 1000, 32700, 7):
        with socket.socket() as first, socket.socket() as second, suppress(OSError):
            first.bind(("127.0.0.1", base))
            second.bind(("127.0.0.1", base + 1))
            return base
    raise RuntimeError("no free ports")


class Walk:
    """One operator at one terminal, and the people whose browsers open."""

    def __init__(self, place: Path) -> None:
        self.place, self.base = place, free_ports()
        self.service: subprocess.Popen[bytes] | None = None
        self.people: dict[str, Credentials] = {"citizen": Credentials("citizen", PASSWORD, "")}
        self.visitors = iter(["author", "provider", "approver", "protector", "citizen"])
        self.key = ""
        self.case = ""

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.base}"

    def here(self, line: str) -> list[str]:
        """A command of the guide with this test's places, ports and findings."""
        for before, after in (
            ("/srv/", f"{self.place}/"),
            ("http://127.0.0.1:8401", f"http://127.0.0.1:{self.base + 1}"),
            (" CASE ", f" {self.case} "),
            ("VKEY", self.key),
            ("DECISION", self.decision()),
        ):
            line = line.replace(before, after)
        words = shlex.split(line)[1:]
        files = {"client.json", "people.csv", "manifests", "window.json", "kept.tar.gz", "evidence", "grants"}
        placed = [str(self.place / word) if word.partition("/")[0] in files else word for word in words[1:]]
        return [words[0], *placed]

    def decision(self) -> str:
        """The decision that the first evidence rests on, once there is any."""
        evidence = self.place / "evidence" / "identity-card.jws"
        if not evidence.exists():
            return "DECISION"
        return str(json.loads(base64url.decode(evidence.read_text(encoding="utf-8").split(".")[1]))["decision_id"])

    def run(self, words: list[str], given: str = "") -> Result:
        environment = {**QUIET, "TONGBAN_CONFIG": str(self.place / "tongban" / "tongban.toml")}
        return CliRunner().invoke(group, words, input=given, env=environment, catch_exceptions=False)

    def visit(self, address: str) -> bool:
        """Whoever's turn it is signs in and agrees."""
        person = self.people[next(self.visitors)]

        def sign_in() -> None:
            browser = Browser()
            through(browser, browser.open(address), person)

        threading.Thread(target=sign_in, daemon=True).start()
        return True

    def serve(self) -> None:
        command = [sys.executable, "-m", "tongban", *self.here("tongban serve all")]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        environment["TONGBAN_CONFIG"] = str(self.place / "tongban" / "tongban.toml")
        environment["TONGBAN_IDP__STAFF_PASSKEY"] = "offered"  # a story's browser has no authenticator
        with (self.place / "log").open("wb") as log:
            self.service = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        limit = time.monotonic() + 120
        while time.monotonic() < limit and self.service.poll() is None:
            try:
                if all(requests.get(f"http://127.0.0.1:{self.base + n}/readyz", timeout=2).ok for n in (0, 1)):
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError((self.place / "log").read_text(encoding="utf-8"))

    def open_case(self) -> None:
        """As the department's own system does."""
        key = jose.SigningKey.from_private_jwk(self.private, "ES256")
        client = Client(self.issuer, "market-website", clock=SystemClock(), entropy=SystemEntropy(), key=key)
        exchange = f"http://127.0.0.1:{self.base + 1}"
        wanted = {"grant_type": "client_credentials", "scope": "cases", "resource": exchange}
        access_token = client._form("token_endpoint", wanted)["access_token"]
        body = {"service_item": ITEM, "reference": "2026-1", "subjects": []}
        self.case = client.call("POST", f"{exchange}/v1/cases", access_token, body)["case"]

    def furnish(self) -> None:
        """The files that the guide supposes."""
        self.private = dict(jose.generate_p256(SystemEntropy()))
        public = {name: self.private[name] for name in ("kty", "crv", "x", "y")}
        client = {**CLIENT, "jwks": {"keys": [public]}, "scope": "openid profile cases"}
        client |= {"grant_types": ["authorization_code", "client_credentials"], "tongban_service_items": [ITEM]}
        (self.place / "client.json").write_text(json.dumps(client), encoding="utf-8")
        window = {"client_id": "market-website", "private_key": self.private, "legal_basis": "demo-rules"}
        (self.place / "window.json").write_text(json.dumps(window), encoding="utf-8")
        people = io.StringIO()
        table = csv.writer(people)
        table.writerow(["username", "name", "password", "citizen_number", "assurance"])
        table.writerow(["citizen", "陈示例", PASSWORD, OWNER, "2"])
        (self.place / "people.csv").write_bytes(people.getvalue().encode("gb18030"))
        drop = self.place / "drop"
        drop.mkdir()
        (drop / "people.csv").write_text(f"号码,姓名,住址\n{OWNER},陈示例,演示区一号\n", encoding="utf-8")
        documents = manifests(drop)
        for document in documents:
            if document["kind"] == "System":
                document["spec"]["issuer"] = self.issuer
        (self.place / "manifests").mkdir()
        text = yaml.safe_dump_all(documents, allow_unicode=True)
        (self.place / "manifests" / "all.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    walking = Walk(tmp_path)
    walking.furnish()
    monkeypatch.setattr(webbrowser, "open", walking.visit)
    yield walking
    if walking.service is not None:
        walking.service.send_signal(signal.SIGTERM)
        assert walking.service.wait(60) == 0, "told to stop, the services end well"


def step(walk: Walk, line: str) -> Result | None:
    """One command, with what a person would type or look up for it."""
    words, given = walk.here(line), ""
    if words[:2] == ["serve", "all"]:
        walk.serve()
        return None
    if words[0] == "init":
        words += ["--port-base", str(walk.base)]
    if words[:2] == ["evidence", "get"]:
        walk.open_case()
        words = walk.here(line)
    if words[:2] == ["person", "add"]:
        words.append("--json")
        given = f"{number(20 + 2 * len(walk.people))}\n{PASSWORD}\n{PASSWORD}\n"
    if words[0] == "erase":
        given = f"{OWNER}\n"
    if words[:2] == ["grant", "approve"]:
        given = "y\n"
    done = walk.run(words, given)
    if words[0] == "init":
        with (walk.place / "tongban" / "tongban.toml").open("a", encoding="utf-8") as config:
            config.write(f'connector_roots = ["{walk.place / "drop"}"]\n')
    if words[:2] == ["person", "add"] and done.exit_code == 0:
        told = json.loads(done.stdout[done.stdout.index("{") :])
        walk.people[told["made"]] = Credentials(told["made"], PASSWORD, told["totp_secret"])
    if words[:2] == ["ledger", "checkpoint"]:
        walk.key = json.loads(done.stdout)["key"]
    return done


def test_every_command_of_the_guide_does_what_it_says(walk: Walk) -> None:
    assert len(COMMANDS) > 25
    for line in COMMANDS:
        done = step(walk, line)
        assert done is None or done.exit_code == 0, f"{line}\n{done.output}"
        if line.startswith("tongban erase"):
            told = done.stdout if done else ""
            assert '"old_receipt_verifies": true' in told
    evidence = walk.place / "evidence" / "identity-card.tlog-proof"
    after_erasure = walk.run(
        ["verify", str(evidence), "--key", walk.key, "--evidence", str(evidence.with_suffix(".jws"))]
    )
    assert after_erasure.exit_code == 0, "a receipt given out before the erasure still verifies"
    again = walk.run(["ledger", "verify", "--config", str(walk.place / "again" / "tongban.toml")])
    assert again.exit_code == 0, again.output
