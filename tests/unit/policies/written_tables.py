"""Tables of state × role → commands as a test writes them down: what is meant, not what the code says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from policies.roles import Role

NOT_YET = "-"
"""Stands for the state before there is anything."""

Cells = Mapping[tuple[str, Role], frozenset[str]]


def written(table: str) -> Cells:
    """One row a line: state, role, commands. A cell that has no row allows nothing. Raises ValueError."""
    cells: dict[tuple[str, Role], frozenset[str]] = {}
    for state, role, *commands in filter(None, map(str.split, table.splitlines())):
        if (state, Role(role)) in cells or not commands:
            raise ValueError(f"{state} {role} stands twice, or allows nothing")
        cells[state, Role(role)] = frozenset(commands)
    return cells


def verb(command: type) -> str:
    """What such a table calls a command: ``approve`` for ApproveGrant."""
    found = re.match(r"[A-Z][a-z]+", command.__name__)
    assert found
    return found.group().lower()


def within(cells: Cells, state: str, role: Role, command: type) -> bool:
    """Whether the table allows the command."""
    return verb(command) in cells.get((state, role), frozenset())
