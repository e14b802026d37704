"""Adapters of third parties: installed Python packages that name them in the entry point group ``tongban.connectors``.

An entry point's name is what a manifest writes as ``adapter``; its object is an `Adapter`. They are looked for once,
when a process starts. One that is broken keeps nobody else from working: it is left out, and said to whoever operates.
Entry points: Python Packaging User Guide, *Entry points specification*.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

import structlog
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from connectors.adapters import Adapter
from connectors.manifest import SCHEMA
from connectors.registry import STANDARD
from kernel.text import Text

GROUP = "tongban.connectors"
_NAME = re.compile(SCHEMA["$defs"]["name"]["pattern"])
_SECTIONS = frozenset(SCHEMA["properties"]["spec"]["properties"])
"""What a `spec` holds already: the adapter's own section stands beside these."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An adapter that was found and cannot be used: its name, whose package, and why."""

    name: str
    package: str
    why: Text


@dataclass(frozen=True, slots=True)
class Installed:
    """Every adapter of this installation by name, the standard ones among them, and those that had to be left out."""

    adapters: Mapping[str, Adapter]
    left_out: tuple[LeftOut, ...]

    def log(self) -> Installed:
        """Say what was left out, as an error each; the same object."""
        for one in self.left_out:
            structlog.get_logger(__name__).error(
                "adapter cannot be used", adapter=one.name, package=one.package, why=one.why.en
            )
        return self


class _Refused(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.why = Text(zh, en)


def discover(found: Iterable[EntryPoint] | None = None, standard: Mapping[str, Adapter] = STANDARD) -> Installed:
    """The standard adapters and those of installed packages (``found``: entry points to look at in place of them)."""
    points = sorted(entry_points(group=GROUP) if found is None else found, key=lambda one: (one.name, one.value))
    claims = Counter(point.name for point in points)
    adapters, left_out = dict(standard), []
    for point in points:
        try:
            _check_name(point.name, standard, claims)
            adapters[point.name] = _loaded(point)
        except _Refused as refused:
            left_out.append(LeftOut(point.name, point.dist.name if point.dist else "", refused.why))
    return Installed(MappingProxyType(adapters), tuple(left_out))


def _check_name(name: str, standard: Mapping[str, Adapter], claims: Mapping[str, int]) -> None:
    if _NAME.fullmatch(name) is None:
        raise _Refused("名称只能用小写字母、数字和连字符", "its name may hold small letters, digits and hyphens")
    if name in standard or name in _SECTIONS:
        raise _Refused("名称已被系统使用", "its name is taken by the system itself")
    if claims[name] > 1:
        raise _Refused("有多个软件包使用此名称，均不采用", "several packages claim this name: none of them has it")


def _loaded(point: EntryPoint) -> Adapter:
    """The adapter behind an entry point. What a stranger's module does while it is imported stays there."""
    try:
        adapter = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a stranger's module raises
        kind = type(error).__name__
        raise _Refused(f"无法载入（{kind}）", f"it cannot be loaded ({kind})") from None
    if not isinstance(adapter, Adapter):
        raise _Refused("入口对象不是 Adapter", "its object is no Adapter")
    if adapter.settings_schema is None:
        raise _Refused("Adapter 缺少 settings_schema", "the Adapter lacks a settings_schema")
    try:
        Draft202012Validator.check_schema(dict(adapter.settings_schema))
    except SchemaError:
        raise _Refused("settings_schema 不是有效的 JSON Schema", "its settings_schema is no JSON Schema") from None
    return adapter
