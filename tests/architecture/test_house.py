"""Guard rails: what the house promises about itself, held by tests rather than by memory."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from exchange.administration import open_administration
from exchange.routes import routes as exchange_routes
from kernel import migrations
from kernel.logging import _SECRET_KEYS
from kernel.settings import load
from kernel.version import VERSION
from tests.doubles.identity_provider import provider_at
from tongban import installation

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("kernel", "policies", "connectors", "idp", "exchange", "tongban")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    return [ROOT / name for name in listed if name]


def test_no_top_level_package_without_a_decision():
    allowed = {*PACKAGES, "tests", "docker", "docs", "requirements", ".ci"}
    assert {path.relative_to(ROOT).parts[0] for path in tracked() if len(path.relative_to(ROOT).parts) > 1} <= allowed


def test_nothing_is_called_by_a_name_that_says_nothing():
    assert [
        path for path in SOURCES if VAGUE & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ] == []


def test_each_package_opens_with_a_paragraph():
    silent = [
        path
        for path in SOURCES
        if path.name == "__init__.py" and "migrations" not in path.parts
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_public_function_and_class_says_what_it_is():
    naked = []
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node) and "migrations" not in path.parts:
                naked.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert naked == []


@pytest.mark.parametrize("package", ["idp.store", "exchange.store"])
def test_migrations_form_one_line(package):
    assert migrations.revisions(package)


def test_every_route_says_who_may_call_it_and_what_it_does(tmp_path):
    settings = installation.create(tmp_path, installation.loopback(8400))
    with open_administration(settings.exchange) as exchange:
        for route in exchange_routes(exchange.rooms):
            assert route.access, route.path
            assert route.summary.zh, route.path
            assert route.summary.en, route.path


def test_every_route_of_the_provider_says_so_too(one_database_url, tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr("idp.app.create_web_app", lambda *_names, **parts: seen.update(parts))
    with provider_at(one_database_url, tmp_path):
        for route in seen["routes"]:
            assert route.access, route.path
            assert route.summary.zh, route.path
            assert route.summary.en, route.path


def test_no_fact_of_a_log_line_has_a_name_that_is_redacted():
    lost = [
        f"{path.relative_to(ROOT)}:{node.lineno} {word.arg}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in {"debug", "info", "warning", "error", "exception"}
        for word in node.keywords
        if word.arg in _SECRET_KEYS
    ]
    assert lost == []


ATTACKS = {
    "authorization endpoint": [f"A{number}" for number in range(1, 13)],
    "token endpoint": [f"T{number}" for number in range(1, 9)],
    "client authentication": [f"C{number}" for number in range(9, 15)],
    "DPoP and mTLS": [f"D{number}" for number in range(1, 6)],
    "web sessions and logout": [f"S{number}" for number in range(1, 5)],
    "federation, as far as it is served": ["F1", "F2", "F4"],
    "policies": ["P1", "P2", "P3"],
    "ledger and logs": ["L1", "L2", "L3"],
    "administration": ["M1", "M2", "M3"],
    "gateway": [f"E{number}" for number in range(1, 8)],
    "connectors": [f"K{number}" for number in range(1, 8)],
}


@pytest.mark.parametrize("group", ATTACKS)
def test_every_attack_has_a_test_by_its_id(group):
    """In the name of a test, where the next reader looks for it: a comment does not fail."""
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py"))]
    names = {name for source in sources for name in re.findall(r"def test_((?:[A-Z]\d+_)+)", source)}
    tested = {attack for name in names for attack in name.rstrip("_").split("_")}
    assert [attack for attack in ATTACKS[group] if attack not in tested] == []


def test_lock_files_pin_by_hash_and_name_no_download_host():
    files = sorted((ROOT / "requirements").glob("*.txt"))
    assert {path.stem for path in files} >= {"runtime", "development", "idp", "departments"}
    for path in files:
        text = path.read_text(encoding="utf-8")
        pinned = re.findall(r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==", text, re.MULTILINE)
        assert len(pinned) > 20
        assert "://" not in text
        assert text.count("--hash=sha256:") >= len(pinned)
    locks = [path for path in tracked() if path.name == "package-lock.json"]
    assert [path for path in locks if "resolved" in path.read_text(encoding="utf-8")] == []


def test_the_package_says_the_same_version_as_the_code():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION


def test_no_check_of_certificates_is_switched_off_and_no_debug_switch_exists():
    forbidden = re.compile(r"verify\s*=\s*False|CERT_NONE|SSL_VERIFYPEER, ?0|shell\s*=\s*True|debug\s*=\s*True")
    assert [path for path in SOURCES if forbidden.search(path.read_text(encoding="utf-8"))] == []


def test_settings_have_defaults_that_listen_on_this_machine_alone():
    settings = load(None, {})
    assert settings.idp.listen.startswith("127.0.0.1:")
    assert settings.exchange.listen.startswith("127.0.0.1:")
