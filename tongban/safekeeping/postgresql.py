"""One schema of a PostgreSQL database, by the server's own tools: they know every kind of object there is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from tongban.safekeeping.errors import NotKept

SUFFIX = "pgdump"
_VARIABLES = {"options": "PGOPTIONS", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST"}


def copy(url: URL, target: Path) -> None:
    """``pg_dump``: one snapshot of the schema this address works in. Raises NotKept."""
    program = _program("pg_dump")
    schema = _schema(url)
    if schema is None:
        raise NotKept("数据库里没有这个服务的数据", "the database holds nothing of this service.")
    words = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}", f"--file={target}"]
    _run([program, *words], url)


def refuse_occupied(url: URL) -> None:
    """Raises NotKept where the schema holds tables, or the tool is missing."""
    _program("pg_restore")
    with _connected(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(false))"
        ).fetchone()
    if row and row[0]:
        raise NotKept(
            "数据库里已有数据，不会覆盖；请先清空或换一个数据库",
            "the database holds tables already and is not overwritten: empty it, or name another.",
        )


def put(url: URL, source: Path) -> None:
    """``pg_restore`` into the schema this address works in, in one transaction: whole or not at all."""
    with _connected(url) as connection:
        row = connection.execute("SHOW search_path").fetchone()
        first = str(row[0] if row else "public").split(",")[0].strip().strip('"')
        known = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (first,)).fetchone()
        if not known:  # IF NOT EXISTS asks for the right to make one, also where there is one
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(first)))
    words = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", f"--schema={first}"]
    _run([_program("pg_restore"), *words, f"--dbname={url.database}", str(source)], url)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotKept(
            f"找不到 {name}：请安装 PostgreSQL 客户端（postgresql-client），版本不低于服务器",
            f"{name} is not found: install PostgreSQL's client programs (postgresql-client), no older than the server.",
        )
    return found


def _schema(url: URL) -> str | None:
    with _connected(url) as connection:
        row = connection.execute("SELECT current_schema()").fetchone()
    return None if row is None or row[0] is None else str(row[0])


def _connected(url: URL) -> psycopg.Connection[tuple[object, ...]]:
    try:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(address, autocommit=True, connect_timeout=5)
    except psycopg.Error as error:
        raise NotKept("数据库连接不上", f"no connection to the database: {type(error).__name__}") from None


def _run(command: list[str], url: URL) -> None:
    """Run a tool of the server's; its connection stands in the environment, where no other account reads it."""
    settings: dict[str, object] = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
    }
    settings |= {"PGDATABASE": url.database}
    settings |= {_VARIABLES[name]: value for name, value in url.query.items() if name in _VARIABLES}
    given = {name: str(value) for name, value in settings.items() if value}
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[:1]
        name = Path(command[0]).name
        raise NotKept(f"{name} 没有成功：{' '.join(said)}", f"{name} did not succeed: {' '.join(said)}")
