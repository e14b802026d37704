"""ADR 0006: joserfc is met in one package, so that no duty of the door can be walked around."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("kernel", "policies", "connectors", "idp", "exchange", "tongban")
DOOR = ROOT / "kernel" / "jose"
OUTSIDE = ROOT / "tongban" / "demo" / "departments"  # sample systems of other people: they import nothing of ours


EXCEPTIONS_ALONE = "joserfc.errors"  # what Authlib raises has to be caught by its name


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def jose_modules(path: Path) -> set[str]:
    """The JOSE libraries' modules this file takes something from, apart from exception classes."""
    found = (name for name in imported_modules(path) if name.split(".")[0] in {"joserfc", "jwt", "jose"})
    return {name for name in found if name != EXCEPTIONS_ALONE and not name.startswith(f"{EXCEPTIONS_ALONE}.")}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_outside_the_door_imports_a_jose_library(package: str) -> None:
    ours = (path for path in (ROOT / package).rglob("*.py") if not path.is_relative_to(OUTSIDE))
    walkers = (path for path in ours if not path.is_relative_to(DOOR))
    offenders = [str(path.relative_to(ROOT)) for path in walkers if jose_modules(path)]
    assert offenders == []


def test_the_door_itself_does() -> None:
    assert any(jose_modules(path) for path in DOOR.glob("*.py"))
