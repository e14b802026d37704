"""Migrations: one line, both databases, two processes at once."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel import migrations
from kernel.database import Database, DatabaseUnavailable, UnsafeDatabase

FIRST = '''
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_table("things", sa.Column("id", sa.Integer, primary_key=True))
'''
SECOND = '''
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = "0001"
def upgrade():
    op.add_column("things", sa.Column("colour_{revision}", sa.String))
    op.execute("INSERT INTO things (id) VALUES (1)")
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"store_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    (folder / "0001_first.py").write_text(FIRST)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def add_second(tmp_path: Path, package: str, revision: str = "0002") -> None:
    (tmp_path / package / "migrations" / f"{revision}_more.py").write_text(SECOND.format(revision=revision))


def rows(url: str) -> int:
    database = Database.open(url)
    with database.read() as connection:
        found = connection.scalar(text("SELECT count(*) FROM things"))
    database.close()
    return int(found)


def test_upgrading_brings_a_database_to_the_newest_revision_once(database_url, package, tmp_path) -> None:
    assert not migrations.current(database_url, package)
    migrations.upgrade(database_url, package)
    assert migrations.current(database_url, package)
    assert rows(database_url) == 0
    add_second(tmp_path, package)
    assert not migrations.current(database_url, package)
    migrations.upgrade(database_url, package)
    migrations.upgrade(database_url, package)
    assert migrations.current(database_url, package)
    assert rows(database_url) == 1
