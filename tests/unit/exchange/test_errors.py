"""The tree of problems: gathered whole, and no code or name says two things."""

import importlib
import pkgutil
from collections import Counter

from exchange import errors
from kernel.problems import ProblemKind


def _kinds(module: object) -> dict[str, ProblemKind]:
    return {name: kind for name, kind in vars(module).items() if isinstance(kind, ProblemKind)}


_MODULES = [importlib.import_module(f"exchange.errors.{found.name}") for found in pkgutil.iter_modules(errors.__path__)]


def test_every_kind_of_every_module_is_met_under_one_name() -> None:
    named = Counter(name for module in _MODULES for name in _kinds(module))
    assert [name for name, times in named.items() if times > 1] == []
    assert named.keys() == _kinds(errors).keys()


def test_every_code_says_one_thing() -> None:
    codes = Counter(kind.code for kind in _kinds(errors).values())
    assert [code for code, times in codes.items() if times > 1] == []
