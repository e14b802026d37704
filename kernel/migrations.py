"""Schema migrations, one line of them for each service, applied by Alembic without a configuration file.

A service keeps its revisions directly in ``<package>/migrations/`` (files such as ``0001_first.py`` with ``revision``,
``down_revision`` and ``upgrade``; no ``env.py``). Each service has its own version table, so that both may live in one
database. Two processes that start at the same moment take turns: PostgreSQL by an advisory lock, SQLite by its write
lock; an upgrade is one transaction on both.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from kernel.database.engines import parse_url, postgresql_engine, sqlite_engine
from kernel.database.errors import as_unavailable


class MigrationsNotLinear(Exception):
    """The revisions branch, merge or begin more than once: nobody could say what comes next."""


def upgrade(url: str, package: str) -> None:
    """Bring the database at ``url`` to the newest revision of ``package`` (such as ``idp.store``), in one transaction.

    Raises UnsafeDatabase, DatabaseUnavailable, MigrationsNotLinear, ModuleNotFoundError.
    """
    script = _script(package)
    with _transaction(url) as connection:
        _take_turns(connection, package)
        context = _context(connection, script, package)
        with Operations.context(context):
            context.run_migrations()


def current(url: str, package: str) -> bool:
    """Whether the database at ``url`` is exactly at the newest revision of ``package``."""
    script = _script(package)
    with _transaction(url) as connection:
        return set(_context(connection, script, package).get_current_heads()) == set(script.get_heads())


def revisions(package: str) -> list[str]:
    """The revision names of ``package``, oldest first; raises MigrationsNotLinear unless they form one line."""
    return [revision.revision for revision in reversed(list(_script(package).walk_revisions()))]


def _script(package: str) -> ScriptDirectory:
    folder = _folder(package)
    script = ScriptDirectory(str(folder), version_locations=[str(folder)])
    steps = list(script.walk_revisions())
    joined = [step.revision for step in steps if step.is_branch_point or step.is_merge_point]
    if joined or len(script.get_heads()) != 1 or len(script.get_bases()) != 1:
        raise MigrationsNotLinear(f"{package}: heads {script.get_heads()}, bases {script.get_bases()}, joins {joined}")
    return script


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"no package {package}")
    return Path(next(iter(found.submodule_search_locations))) / "migrations"


def _context(connection: Connection, script: ScriptDirectory, package: str) -> MigrationContext:
    def steps(at: Sequence[str] | str, _context: MigrationContext) -> Iterable[RevisionStep]:
        ahead = script.iterate_revisions("head", tuple(at) if not isinstance(at, str) else at, implicit_base=True)
        return [MigrationStep.upgrade_from_script(script.revision_map, each) for each in reversed(list(ahead))]

    return MigrationContext.configure(
        connection,
        opts={
            "fn": steps,
            "version_table": f"alembic_version_{package.replace('.', '_')}",
            "transactional_ddl": True,  # true of SQLite as well, when the driver is kept from committing by itself
        },
    )


@contextmanager
def _transaction(url: str) -> Iterator[Connection]:
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    except Exception as error:
        unavailable = as_unavailable(error)
        if unavailable is not None:
            raise unavailable from error
        raise
    finally:
        engine.dispose()


def _engine(url: str) -> Engine:
    parts = parse_url(url)
    if parts.get_backend_name() == "sqlite":
        return sqlite_engine(parts, pool_size=1, writing=True)
    return postgresql_engine(parts, pool_size=1, writing=True)


def _take_turns(connection: Connection, package: str) -> None:
    """Wait for another process that is upgrading; what it did is then already there."""
    if connection.dialect.name != "postgresql":
        return  # BEGIN IMMEDIATE has waited already
    # A migration may rewrite a large table: the limits of ordinary requests do not suit it.
    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '60s'"))
    key = int.from_bytes(hashlib.sha256(package.encode()).digest()[:8], "big", signed=True)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
