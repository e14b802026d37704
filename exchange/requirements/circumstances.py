"""Facts about a case that its department declares, and whether a requirement applies in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from exchange import errors
from exchange.catalogue.model import PLACE, Requirement, ServiceItem
from exchange.catalogue.registry import Registry
from kernel.problems import Problem
from kernel.text import Text

Circumstances = Mapping[str, str]
"""Declared values by the code of their circumstance; what is not declared is not known."""

_DIVISION = re.compile(r"[0-9]{6}", re.ASCII)


class Applies(StrEnum):
    """Whether a requirement applies."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends"  # on circumstances that were not declared


def checked(declared: Circumstances, item: ServiceItem, registry: Registry) -> None:
    """Whether the service item has these circumstances and values. Raises Problem, which says which ones it has."""
    for code, value in declared.items():
        wrong = _wrong(code, value, item, registry)
        if wrong is not None:
            raise Problem(errors.CIRCUMSTANCE_UNKNOWN, detail=wrong)


def _wrong(code: str, value: str, item: ServiceItem, registry: Registry) -> Text | None:
    if code == PLACE:
        known = _DIVISION.fullmatch(value) is not None and bool(registry.divisions.history(value))
        return None if known else _NO_DIVISION
    found = item.circumstances.get(code)
    if found is None:
        return _listed("", (*item.circumstances, PLACE))
    return None if value in found.values else _listed(f"{code}: ", found.values)


def applies(requirement: Requirement, declared: Circumstances) -> Applies:
    """Whether it applies: no as soon as one condition is not met, however little is known of the others."""
    if any(code in declared and declared[code] not in values for code, values in requirement.when.items()):
        return Applies.NO
    return Applies.YES if requirement.when.keys() <= declared.keys() else Applies.DEPENDS


def undeclared(requirement: Requirement, declared: Circumstances) -> tuple[str, ...]:
    """The circumstances on which it still depends."""
    return tuple(sorted(requirement.when.keys() - declared.keys()))


def _listed(before: str, known: Iterable[str]) -> Text:
    return Text(f"可用的有：{before}{', '.join(known)}", f"there are: {before}{', '.join(known)}")


_NO_DIVISION = Text(
    "division 应为目录中的六位行政区划代码",
    "division is a code of six digits that the catalogue knows, now or in the past",
)
