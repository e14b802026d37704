"""The command: exit status 0 done, 1 the honest answer is no, 2 wrong usage; one sentence, never a traceback."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.tongban.conftest import run
from tongban.cli import COMMANDS, loaded

ROOT = Path(__file__).resolve().parents[3]


def tongban(*words, cwd=ROOT, **environment):
    """In a process of its own, as one of each status is."""

    variables = {key: value for key, value in os.environ.items() if not key.startswith("TONGBAN_")}
    variables |= {"PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, "-m", "tongban", *words], cwd=cwd, env=variables, capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installation")
    done = run("init", "--data", folder)
    assert done.exit_code == 0, done.output
    return folder


def test_every_subcommand_has_help_with_an_example():
    listed = run("--help").stdout
    for name, command in {name: loaded(name) for name in COMMANDS}.items():
        assert name in listed
        leaves = getattr(command, "commands", {name: command}).values()
        for leaf in leaves:
            assert "Example: tongban" in (leaf.help or ""), leaf.name


def test_the_help_names_the_command_and_its_exit_statuses():
    shown = tongban("--help").stdout
    assert shown.startswith("Usage: tongban [OPTIONS]")
    for status, said in ((0, "done, or yes"), (1, "the honest answer is no"), (2, "wrong usage or configuration")):
        assert any(line.split()[:1] == [str(status)] and said in line for line in shown.splitlines())


def test_what_asks_and_is_not_answered_says_so_in_one_sentence(installed):
    done = run("person", "disable", "nobody", "--config", installed / "tongban.toml", given="")
    assert done.exit_code == 1
    assert "--yes" in done.stderr
    assert "Aborted" not in done.output


def test_M2_init_prints_one_link_for_the_first_administrator_and_no_account_exists(tmp_path):
    """No default credentials; the link works once and stands in no file."""
    done = tongban("init", "--data", str(tmp_path), "--port-base", "9760")
    [link] = [word for word in done.stdout.split() if word.startswith("http://localhost:9760/enrol/")]
    secret = link.rpartition("/")[2]
    assert len(secret) >= 43
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    with closing(sqlite3.connect(tmp_path / "idp.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM person").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM client WHERE secret_hash IS NOT NULL").fetchone() == (0,)


def test_init_makes_a_private_configuration_and_current_databases(installed):
    assert (installed / "tongban.toml").stat().st_mode & 0o077 == 0
    done = run("db", "check", "--config", installed / "tongban.toml")
    assert done.exit_code == 0, done.output


def test_init_never_overwrites(installed):
    before = (installed / "tongban.toml").read_bytes()
    done = run("init", "--data", installed)
    assert done.exit_code == 2
    assert (installed / "tongban.toml").read_bytes() == before


def test_serve_refuses_two_workers_on_sqlite_and_names_postgresql(installed):
    done = tongban("serve", "exchange", "--workers", "2", "--config", str(installed / "tongban.toml"))
    assert done.returncode == 2
    assert "PostgreSQL" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_configuration_key_is_one_sentence(installed, tmp_path):
    broken = tmp_path / "tongban.toml"
    broken.write_text('[idp]\nissuerr = "http://127.0.0.1:1"\n', encoding="utf-8")
    done = tongban("keys", "list", "--config", str(broken))
    assert done.returncode == 2
    assert "issuer" in done.stderr
    assert "Traceback" not in done.stderr


def test_keys_are_listed_for_machines(installed):
    done = run("keys", "list", "--json", "--config", installed / "tongban.toml")
    keys = json.loads(done.stdout)
    assert {key["purpose"] for key in keys} >= {"jws", "jwe", "log", "kek"}
    assert all("T" in key["not_before"] for key in keys)  # RFC 3339, as every other time that is told


def test_keys_rotate_publishes_before_use(installed):
    config = ("--config", installed / "tongban.toml")
    assert json.loads(run("keys", "rotate", "jws", "--json", *config).stdout)["state"] == "next"
    again = run("keys", "rotate", "jws", *config)
    assert again.exit_code == 2


def test_keys_of_another_algorithm_are_added_once(installed):
    config = ("--config", installed / "tongban.toml")
    added = json.loads(run("keys", "add", "EdDSA", "--json", *config).stdout)
    assert (added["alg"], added["state"]) == ("EdDSA", "active")
    assert run("keys", "add", "EdDSA", *config).exit_code == 2


def test_verify_says_no_with_status_1(tmp_path):
    receipt = tmp_path / "a.tlog-proof"
    receipt.write_text("not a receipt\n", encoding="utf-8")
    key = "ledger.example/v1/ledger+4058ef7c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    done = tongban("verify", str(receipt), "--key", key, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["verified"] is False
