"""What something has the databases do, so that two requests can be shown to do the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from kernel.database import driver, prepared


@contextmanager
def statements() -> Iterator[list[tuple[str, list[int]]]]:
    """The statements' beginnings, and how long each value is, of everything done meanwhile."""
    done: list[tuple[str, list[int]]] = []

    def seen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        given = parameters.values() if isinstance(parameters, dict) else parameters
        lengths = sorted(len(value) for value in given if isinstance(value, (bytes, memoryview, str)))
        # Proofs and frontiers in the ledger's rows grow with its tree, whoever is asked for.
        done.append((" ".join(statement.split()[:3]), [] if "ledger_" in statement else lengths))

    send = driver.send

    def sent(connection: Connection, statement: str, parameters: Any) -> Any:
        seen(None, None, statement, parameters)
        return send(connection, statement, parameters)

    event.listen(Engine, "before_cursor_execute", seen)
    try:
        with pytest.MonkeyPatch.context() as patched:
            for module in (driver, prepared):
                patched.setattr(module, "send", sent)
            yield done
    finally:
        event.remove(Engine, "before_cursor_execute", seen)
