"""What operators look at and do besides: doctor, erase, exports, lists that can be copied from, officers' accounts."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyotp
import pytest
import yaml

from kernel.ledger.verify import verify_receipt
from tests.doubles.exchange import ITEM, MARKET, OWNER, number
from tests.unit.tongban.conftest import Installation, install, run
from tongban import output
from tongban.commands import erase as erasing

PASSWORD = "correct horse battery"
LISTS = (
    ("catalogue", "export"),
    ("client", "list"),
    ("grant", "list"),
    ("keys", "list"),
    ("organisation", "list"),
    ("resource", "list"),
    ("db", "check"),
    ("ledger", "verify"),
    ("ledger", "checkpoint"),
    ("ledger", "prove", "0"),
    ("client", "show", "market-website"),
    ("client", "show", "tongban-command"),
    ("grant", "show", "G-IDENTITY"),
    ("grant", "export"),
    ("grant", "replay", "--from", "2026-01-01", "--to", "2026-12-31T08:00:00+08:00"),
    ("grant", "replay", "--with", "G-IDENTITY@1", "--days", "30"),
    ("catalogue", "diff", "{given}/catalogue.yaml"),
)


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_whatever_lists_or_shows_does_it_for_people_and_for_machines(
    installation: Installation, words: tuple[str, ...]
) -> None:
    filled = [word.format(given=installation.folder / "given") for word in words]
    done = installation(*filled)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() or words[0] == "resource"
    installation.json(*filled)


def test_the_catalogue_is_exported_for_machines_as_it_is_for_people(installation: Installation) -> None:
    told = installation.json("catalogue", "export")
    assert told == list(yaml.safe_load_all(installation("catalogue", "export").stdout))
    assert {one["kind"] for one in told} >= {"Organisation", "Connector", "Grant"}


REWRITTEN = (
    "UPDATE ledger_entry SET leaf = x'20' WHERE idx = 0",
    "UPDATE ledger_entry SET leaf = 'text' WHERE idx = 0",
    "UPDATE ledger_entry SET leaf = CAST(x'ff' AS TEXT) WHERE idx = 0",
    "UPDATE ledger_entry SET leaf = 1000000000000 WHERE idx = 0",
    "DELETE FROM ledger_entry WHERE idx = 0",
    "INSERT INTO ledger_entry SELECT 1000, 'another', item, event, nodes, tag, leaf FROM ledger_entry WHERE idx = 0",
    "UPDATE ledger_checkpoint SET note = ''",
    "UPDATE ledger_checkpoint SET note = x'ff'",
    "DELETE FROM ledger_checkpoint",
)
"""What somebody with the file may write into it, whatever its columns were meant to hold."""


def test_a_log_that_was_changed_is_a_no_for_people_and_machines(tmp_path: Path) -> None:
    own_installation = install(tmp_path / "data", None)
    with (
        closing(sqlite3.connect(own_installation.folder / "idp.sqlite3")) as database,
        closing(sqlite3.connect(":memory:")) as whole,
    ):
        database.backup(whole)
        for statement in REWRITTEN:
            with database:
                assert database.execute(statement).rowcount > 0
            done = own_installation("ledger", "verify", "--service", "idp", "--json")
            assert done.exit_code == 1, statement
            told = json.loads(done.stdout)
            assert (told["verified"], told["check"]) == (False, "log"), statement
            if "ledger_checkpoint" in statement:
                assert own_installation("ledger", "checkpoint", "--service", "idp", "--json").exit_code in {1, 2}
            whole.backup(database)
        assert own_installation.json("ledger", "verify", "--service", "idp")["verified"] is True


def test_a_grant_is_exported_with_the_text_it_is_judged_by(installation: Installation, tmp_path: Path) -> None:
    [told] = installation.json("grant", "export", "G-IDENTITY", "--to", tmp_path / "grants")
    assert told["cedar"].startswith(("@", "permit", "//"))
    manifest = (tmp_path / "grants" / "G-IDENTITY@1.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(manifest) == told["manifest"]
    assert (tmp_path / "grants" / "G-IDENTITY@1.cedar").read_text(encoding="utf-8") == told["cedar"]
    unchanged = installation("catalogue", "diff", tmp_path / "grants", "--json")
    assert json.loads(unchanged.stdout) == []


def test_requests_are_listed_and_one_that_is_not_there_is_a_plain_no(installation: Installation) -> None:
    assert installation.json("request", "list", "--state", "submitted") == []
    done = installation("request", "show", "ar_none")
    assert (done.exit_code, "ar_none" in done.output) == (1, True)


def test_staff_can_sign_in_with_two_factors_from_the_start(installation: Installation) -> None:
    words = ("person", "add", "zhao", "--name", "赵", "--number", "", "--password", PASSWORD)
    done = installation(*words, "--organisation", MARKET, "--role", "governance-approver", "--json")
    told = json.loads(done.stdout)
    assert told["assurance"] == 3
    assert told["totp_uri"] == pyotp.TOTP(told["totp_secret"]).provisioning_uri(name="zhao", issuer_name="Tongban")
    without = installation("person", "add", "li", "--name", "李", "--number", "", "--password", PASSWORD, "--no-totp")
    assert without.exit_code == 0
    assert "otpauth" not in without.output


def test_a_file_of_people_is_accepted_as_a_spreadsheet_writes_it(installation: Installation) -> None:
    lines = f"username,name,password\nsun,孙一,{PASSWORD}\n"
    done = installation("person", "import", installation.file("people.csv", lines.encode("gb18030")))
    assert done.exit_code == 0, done.output


def test_erasing_covers_both_logs_and_old_receipts_still_verify(
    own_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = number(8)
    words = ("person", "add", "sun", "--name", "孙", "--number", person, "--password", PASSWORD)
    assert own_installation(*words).exit_code == 0
    verified = []
    monkeypatch.setattr(
        erasing, "verify_receipt", lambda text, **more: verified.append(verify_receipt(text, **more).index)
    )
    told = own_installation.json("erase", "--subject", person, "--yes")
    assert told["idp"] == {
        "entries_about_subject": 1,
        "entries_erased": 0,
        "log_verifies": True,
        "old_receipt_verifies": True,
    }
    assert told["exchange"]["old_receipt_verifies"] is None
    assert len(verified) == 1
    again = own_installation.json("erase", "--subject", person, "--yes")
    assert again["idp"]["entries_about_subject"] == 0, "nothing is known about the subject any more"
    assert own_installation.json("ledger", "verify", "--service", "idp")["verified"] is True


@pytest.fixture
def late() -> Iterator[str]:
    """A service whose clock is ten minutes late."""

    class Late(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Late)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_doctor_looks_at_everything_and_at_the_clock(installation: Installation, tmp_path: Path, late: str) -> None:
    text = installation.configured(idp="postgresql+psycopg://u:secret@127.0.0.1:9/x")
    text = text.replace("http://localhost:8400", late).replace("http://127.0.0.1:8401", "http://127.0.0.1:9")
    text = text.replace("/keys/exchange", "/keys/nowhere")
    config = tmp_path / "tongban.toml"
    config.write_text(text, encoding="utf-8")
    done = run("doctor", "--config", config, "--json")
    assert done.exit_code == 1
    found = {row["check"]: row for row in json.loads(done.stdout)}
    wrong = {name for name, row in found.items() if not row["ok"]}
    assert wrong == {
        "idp 数据库 database",
        "idp 结构 schema",
        "exchange 密钥 keys",
        "idp 通行密钥 passkeys",
        "idp 时钟 clock",
        "exchange 可达 reachable",
        "exchange 时钟 clock",
    }
    assert any(f"{seconds} s" in found["idp 时钟 clock"]["mend"] for seconds in (600, 601, 602))
    assert all(row["mend"] for row in found.values() if not row["ok"])
    assert "secret" not in done.output


LONG = [
    {"kid": "k" * 60, "purpose": "jws", "说明": "很长的中文说明" * 4},
    {"kid": "short", "purpose": None, "说明": "短"},
]


def test_piped_lists_keep_each_thing_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.rows(LONG, ["kid", "purpose", "说明"], as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["k" * 60, "jws", "很长的中文说明" * 4]


@pytest.mark.parametrize("columns", [60, 200])
def test_no_terminal_is_too_narrow_to_copy_an_identifier_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    output.rows(LONG, ["kid", "purpose", "说明"], as_json=False)
    assert "k" * 60 in capsys.readouterr().out


def test_the_decision_is_explained_before_anybody_asks(installation: Installation) -> None:
    words = ("grant", "explain", "--system", "market-website", "--type", "identity-card", "--service-item", ITEM)
    done = installation(*words, "--legal-basis", "demo-rules", "--field", "name", "--json")
    assert done.exit_code == 1, "drafted, not active"
    assert json.loads(done.stdout)["decision"] == "deny"
    assert OWNER not in done.output
