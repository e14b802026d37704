"""An installation as `tongban init` makes it, furnished by the commands alone, and the command run in this process."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.conftest import ENGINE
from tests.doubles.exchange import IDENTITY_CARD, ITEM, MARKET, OWNER, POLICE, grant, organisation, service_item, system
from tests.doubles.relying_party import key_pair
from tongban.cli import tongban as group

QUIET = {"TONGBAN_CONFIG": None, "TONGBAN_CLIENT": None}
Run = Callable[..., Result]


def run(*words: object, given: str | None = None, env: Mapping[str, str | None] | None = None) -> Result:
    """One command; its answer is looked at for what no command may print."""
    done = CliRunner().invoke(group, [str(word) for word in words], input=given, env={**QUIET, **(env or {})})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert "Traceback" not in done.output
    return done


@dataclass(frozen=True)
class Installation:
    """A folder with an installation, and files to hand to commands."""

    folder: Path

    @property
    def config(self) -> str:
        return str(self.folder / "tongban.toml")

    def __call__(self, *words: object, **more: Any) -> Result:
        """A command on this installation."""
        return run(*words, "--config", self.config, **more)

    def json(self, *words: object) -> Any:
        """What a command lists or shows, for machines."""
        done = self(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def configured(self, **urls: str) -> str:
        """Its configuration with other databases: ``configured(idp="postgresql+psycopg://…")``."""
        text = Path(self.config).read_text(encoding="utf-8")
        told = tomllib.loads(text)
        for service, url in urls.items():
            text = text.replace(json.dumps(told[service]["database_url"]), json.dumps(url))
        return text

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / "given" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


KEY = key_pair()[1]
CLIENT = {
    "client_id": "market-website",
    "client_name": "Market",
    "redirect_uris": ["http://127.0.0.1/callback"],
    "application_type": "native",
    "tongban_organisation": MARKET,
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": {"keys": [{name: KEY[name] for name in ("kty", "crv", "x", "y")}]},
}


def manifests(folder: Path) -> list[dict[str, Any]]:
    """A small catalogue over a CSV file."""
    fields = {ours: {"column": theirs} for ours, theirs in (("name", "姓名"), ("address", "住址"))}
    files = {"folder": str(folder), "pattern": "*.csv", "format": "csv", "encoding": "utf-8", "subject_column": "号码"}
    spec = {"evidence_type": "identity-card", "adapter": "files", "trust_grade": "A", "mapping": {"fields": fields}}
    connector = {"kind": "Connector", "metadata": {"name": "identity"}, "spec": {**spec, "files": files}}
    item = service_item(ITEM, MARKET)
    item["spec"]["requirements"] = item["spec"]["requirements"][:1]
    own_system = system("market-website", MARKET)
    own_system["spec"]["issuer"] = "http://localhost:8400"
    return [
        organisation(POLICE, "公安局"),
        organisation(MARKET, "市场监管局"),
        own_system,
        IDENTITY_CARD,
        item,
        connector,
        grant("G-IDENTITY"),
    ]


def install(folder: Path, database: str | None) -> Installation:
    """init, organisations, a client, people, a catalogue: what the guide does first."""
    drop = folder / "drop"
    done = run("init", "--data", folder, *(("--database", database) if database else ()))
    assert done.exit_code == 0, done.output
    drop.mkdir()
    (drop / "people.csv").write_text(f"号码,姓名,住址\n{OWNER},陈示例,演示区一号\n", encoding="utf-8")
    installation = Installation(folder)
    with (folder / "tongban.toml").open("a", encoding="utf-8") as config:
        config.write(f'connector_roots = ["{drop}"]\n')
    for code, zh, en in ((POLICE, "公安局", "Police"), (MARKET, "市场监管局", "Market regulation")):
        assert installation("organisation", "add", code, "--name-zh", zh, "--name-en", en).exit_code == 0
    source = installation.file("client.json", json.dumps(CLIENT))
    added = installation("client", "add", "--from", source)
    assert added.exit_code == 0, added.output
    catalogue = yaml.safe_dump_all(manifests(drop), allow_unicode=True)
    applied = installation("catalogue", "apply", installation.file("catalogue.yaml", catalogue))
    assert applied.exit_code == 0, applied.output
    return installation


@pytest.fixture(scope="session")
def installation(
    make_named_database: Callable[[], str | None], tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """One for everybody who changes nothing that others look at, on the engine of this run."""
    return install(tmp_path_factory.mktemp("installation") / "data", make_named_database())


@pytest.fixture(scope="session")
def embedded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """One whose databases are files in its folder, where a test is about them."""
    if ENGINE == "sqlite":
        made: Installation = request.getfixturevalue("installation")
        return made
    return install(tmp_path_factory.mktemp("embedded") / "data", None)


@pytest.fixture
def own_installation(make_named_database: Callable[[], str | None], tmp_path: Path) -> Installation:
    """One of a test's own."""
    return install(tmp_path / "data", make_named_database())
