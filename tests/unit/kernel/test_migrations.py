"""Migrations: one line of revisions, all or nothing, on both databases, by two processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel import migrations
from kernel.database import Database, DatabaseUnavailable, UnsafeDatabase
from kernel.migrations import MigrationsNotLinear

ROOT = Path(__file__).parents[3]
FIRST = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_table("things", sa.Column("id", sa.Integer, primary_key=True))
"""
NEXT = """
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = {follows!r}
def upgrade():
    op.add_column("things", sa.Column("colour_{revision}", sa.String))
    op.execute("INSERT INTO things (id) VALUES ({revision})")
    {last}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"store_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    (folder / "0001_first.py").write_text(FIRST)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def add(tmp_path: Path, package: str, revision: str, follows: str | None = "0001", last: str = "") -> None:
    text = NEXT.format(revision=revision, follows=follows, last=last)
    (tmp_path / package / "migrations" / f"{revision}_more.py").write_text(text)


def rows(url: str) -> list[int]:
    database = Database.open(url)
    with database.read() as connection:
        found = connection.scalars(text("SELECT id FROM things ORDER BY id")).all()
    database.close()
    return list(found)


def test_upgrading_brings_a_database_to_the_newest_revision_once(database_url, package, tmp_path) -> None:
    assert not migrations.current(database_url, package)
    migrations.upgrade(database_url, package)
    assert migrations.current(database_url, package)
    assert rows(database_url) == []
    add(tmp_path, package, "0002")
    add(tmp_path, package, "0003", "0002")
    assert not migrations.current(database_url, package)
    migrations.upgrade(database_url, package)
    migrations.upgrade(database_url, package)
    assert migrations.current(database_url, package)
    assert rows(database_url) == [2, 3]


def test_an_upgrade_that_fails_leaves_nothing_behind(database_url, package, tmp_path) -> None:
    migrations.upgrade(database_url, package)
    add(tmp_path, package, "0002")
    add(tmp_path, package, "0003", "0002", last="raise LookupError('half way')")
    with pytest.raises(LookupError, match="half way"):
        migrations.upgrade(database_url, package)
    assert rows(database_url) == []
    add(tmp_path, package, "0003", "0002")
    migrations.upgrade(database_url, package)
    assert rows(database_url) == [2, 3]


def test_two_processes_that_start_at_once_take_turns(database_url, package, tmp_path) -> None:
    for revision, follows in (("0002", "0001"), ("0003", "0002"), ("0004", "0003")):
        add(tmp_path, package, revision, follows)
    program = f"from kernel import migrations; migrations.upgrade({database_url!r}, {package!r})"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    processes = [
        subprocess.Popen([sys.executable, "-c", program], env=environ, stderr=subprocess.PIPE) for _ in range(3)
    ]
    complaints = [process.communicate(timeout=60)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], complaints
    assert rows(database_url) == [2, 3, 4]


def test_services_in_one_database_keep_apart(database_url, package, tmp_path) -> None:
    other = f"{package}_other"
    (tmp_path / other / "migrations").mkdir(parents=True)
    (tmp_path / other / "__init__.py").touch()
    (tmp_path / other / "migrations" / "0001_first.py").write_text(FIRST.replace("things", "others"))
    migrations.upgrade(database_url, package)
    assert not migrations.current(database_url, other)
    migrations.upgrade(database_url, other)
    assert migrations.current(database_url, other)
    assert migrations.current(database_url, package)


def test_revisions_are_listed_oldest_first(package, tmp_path) -> None:
    add(tmp_path, package, "0002")
    assert migrations.revisions(package) == ["0001", "0002"]


@pytest.mark.parametrize("follows", ["0001", None], ids=["branch", "second base"])
def test_a_line_that_forks_is_refused(package, tmp_path, follows) -> None:
    add(tmp_path, package, "0002")
    add(tmp_path, package, "0003", follows)
    with pytest.raises(MigrationsNotLinear, match="0003"):
        migrations.revisions(package)


def test_a_merge_is_refused_too(package, tmp_path) -> None:
    add(tmp_path, package, "0002")
    add(tmp_path, package, "0003")
    add(tmp_path, package, "0004", ("0002", "0003"))
    with pytest.raises(MigrationsNotLinear, match="joins"):
        migrations.revisions(package)


def test_what_cannot_be_reached_or_trusted_is_named(package, tmp_path) -> None:
    with pytest.raises(DatabaseUnavailable):
        migrations.upgrade(f"sqlite:///{tmp_path}/absent/x.sqlite3", package)
    (tmp_path / "letter").write_text("no database " * 200)
    with pytest.raises(DatabaseUnavailable, match="NOTADB"):
        migrations.upgrade(f"sqlite:///{tmp_path}/letter", package)
    with pytest.raises(UnsafeDatabase):
        migrations.upgrade("sqlite://", package)
    for absent in ("nowhere_at_all", "kernel.clock"):
        with pytest.raises(ModuleNotFoundError, match="no package"):
            migrations.upgrade(f"sqlite:///{tmp_path}/x.sqlite3", absent)
