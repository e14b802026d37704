"""The responsibility list: which service item needs which material, from which department, which item of it.

责任清单: the table that a data-governance office keeps on paper, derived from the catalogue instead of written twice.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from exchange.catalogue.model import Alternative, EvidenceType, Requirement, ServiceItem
from exchange.catalogue.registry import Registry
from exchange.gateway.predicates import LABELS
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class Duty:
    """One line: for this service item and requirement, this department owes this field or yes/no answer."""

    service_item: str
    service_item_name: Text
    responsible: str
    requirement: str
    requirement_name: Text
    evidence_type: str
    evidence_type_name: Text
    source: str
    source_name: Text
    item: str
    item_name: Text
    share_type: str
    update_cycle: str
    connected: bool


def duties(registry: Registry, organisation: str | None = None, service_item: str | None = None) -> Iterator[Duty]:
    """Every line, by service item; of one department that owes or needs it, or of one service item, when named."""
    codes = sorted(registry.service_items) if service_item is None else [service_item]
    items = (registry.service_items[code] for code in codes if code in registry.service_items)
    for item in items:
        for requirement in item.requirements:
            for way in (part for one in requirement.met_by for part in one.parts):
                kind = registry.evidence_types[way.evidence_type]
                if organisation in {None, item.organisation, kind.source_of_truth}:
                    yield from _lines(registry, item, requirement, way, kind)


def _lines(
    registry: Registry, item: ServiceItem, requirement: Requirement, way: Alternative, kind: EvidenceType
) -> Iterator[Duty]:
    # A way that names neither fields nor questions may use any field of the type.
    named = sorted(way.fields) or ([] if way.predicates else [*kind.fields])
    for name in [*named, *sorted(way.predicates)]:
        field = kind.fields.get(name)
        yield Duty(
            item.code,
            item.name,
            item.organisation,
            requirement.code,
            requirement.name,
            kind.code,
            kind.name,
            kind.source_of_truth,
            registry.organisations[kind.source_of_truth].name,
            name,
            field.label if field else LABELS[name],
            field.share_type if field else kind.share_type,
            kind.update_cycle or "",
            kind.code in registry.connectors,
        )


COLUMNS = {
    "service_item": Text("事项编码", "service item"),
    "service_item_name": Text("事项名称", "name of the service item"),
    "responsible": Text("事项主管部门", "department of the service item"),
    "requirement": Text("办理条件编码", "requirement"),
    "requirement_name": Text("办理条件", "name of the requirement"),
    "evidence_type": Text("材料类型编码", "evidence type"),
    "evidence_type_name": Text("材料类型", "name of the evidence type"),
    "source": Text("数源部门编码", "source department"),
    "source_name": Text("数源部门", "name of the source department"),
    "item": Text("数据项编码", "item"),
    "item_name": Text("数据项", "name of the item"),
    "share_type": Text("共享类型", "share type"),
    "update_cycle": Text("更新周期", "update cycle"),
    "connected": Text("已接入", "connected"),
}
"""The columns, in words."""


def as_csv(lines: Iterable[Duty], language: str) -> str:
    """RFC 4180, with a byte order mark so that spreadsheets read it as UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(said.in_(language) for said in COLUMNS.values())
    for line in lines:
        writer.writerow(_cell(getattr(line, name), language) for name in COLUMNS)
    return "\ufeff" + out.getvalue()


def _cell(value: str | bool | Text, language: str) -> str:
    text = value.in_(language) if isinstance(value, Text) else str(value).lower() if isinstance(value, bool) else value
    # A spreadsheet would run a cell that begins like a formula (OWASP, CSV injection).
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def as_json(line: Duty) -> dict[str, object]:
    """One line, names in both languages."""
    found: dict[str, object] = {}
    for member in fields(line):
        value = getattr(line, member.name)
        found[member.name] = {"zh": value.zh, "en": value.en} if isinstance(value, Text) else value
    return found
