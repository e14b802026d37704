"""The laws that ``make soak`` tries at length, read from the table beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Law:
    """``test`` is the test's address, without the parts it comes in; fewer cases than ``least`` show too little."""

    test: str
    zh: str
    en: str
    least: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Laws about one thing."""

    zh: str
    en: str
    laws: tuple[Law, ...]


def _group(zh: str, en: str, tests: dict[str, dict[str, Any]]) -> Group:
    laws = (Law(f"{file}::{test}", **said) for file, inner in tests.items() for test, said in inner.items())
    return Group(zh, en, tuple(laws))


_WRITTEN = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
GROUPS = tuple(_group(**each) for each in _WRITTEN)
LAWS = {law.test: law for group in GROUPS for law in group.laws}
