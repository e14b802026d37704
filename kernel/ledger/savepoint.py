"""The savepoint a batch goes back to when one of its calls fails."""

from __future__ import annotations

from sqlalchemy import Connection

from kernel.database.driver import run


def mark(connection: Connection) -> None:
    """Mark where a batch begins."""
    run(connection, "SAVEPOINT ledger_batch")


def go_back(connection: Connection) -> None:
    """Undo everything since the savepoint last marked, which stays."""
    run(connection, "ROLLBACK TO SAVEPOINT ledger_batch")
