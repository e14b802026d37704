"""A connector manifest, parsed once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import Any, Self

from connectors.adapters import Adapter, Limits
from connectors.faults import ManifestFault, fault, within
from connectors.further import Further, LeaveOut, asked_without, check_used, first_asked
from connectors.mapping import SOURCE_TIME, columns_of
from connectors.mapping import Mapping as RecordMapping
from connectors.several import Choice, Gather
from kernel.canonical import JSON
from kernel.identifiers import citizen_number
from kernel.identifiers.division import SYNTHETIC
from kernel.identifiers.subject import SubjectRef
from kernel.manifests import schema_findings

SCHEMA: Mapping[str, Any] = json.loads(resources.files("connectors").joinpath("connector.schema.json").read_bytes())
"""The published JSON Schema (2020-12) of `kind: Connector`."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Whom the node asks about to see whether a source works, and how many seconds apart; None: only when told to."""

    subject: SubjectRef
    every: int | None


NOBODY = Probe(SubjectRef("citizen-number", citizen_number.compose(SYNTHETIC, date(1900, 1, 1), 999).value), None)
"""Asked about where a manifest names nobody: "there is none" is an answer of a source that works."""


@dataclass(frozen=True, slots=True)
class Cache:
    """For how many seconds an answer may be remembered, and whether "there is none" may be."""

    seconds: int
    not_found: bool


@dataclass(frozen=True, slots=True)
class ConnectorManifest:
    """One source as described, checked and compiled; nothing is open yet.

    Attributes:
        settings: the adapter's own, in the adapter's own type.
        partial: the settings with which the source is asked without some answers to further questions, by the names
            of those answers: without all of them before the person has answered (not where it is not asked before
            that), and without optional ones that were left empty.
        choice: None where several different records are an ambiguity.
    """

    name: str
    evidence_type: str
    trust_grade: str
    adapter: Adapter
    settings: Any
    limits: Limits
    choice: Choice | None
    mapping: RecordMapping
    probe: Probe = NOBODY
    gather: Gather | None = None
    cache: Cache | None = None
    further: Further | None = None
    partial: Mapping[frozenset[str], Any] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        """Our fields that an answer may have."""
        if self.gather is None:
            return self.mapping.fields
        return (self.mapping.fields - self.gather.inner) | self.gather.lists.keys()

    @classmethod
    def parse(
        cls, value: Mapping[str, JSON], adapters: Mapping[str, Adapter], recorded_codes: frozenset[str] = frozenset()
    ) -> Self:
        """The manifest in a JSON object. Raises: ManifestFault with every finding, placed inside the object.

        ``recorded_codes``: social credit codes with a wrong check character that records may hold.
        """
        found = schema_findings(value, schema(adapters))
        if found:
            raise ManifestFault(*found)
        spec: Any = value["spec"]
        with within("spec"):
            mapping, further = _mapping(spec, recorded_codes), _further(spec)
            return cls(
                name=_name(value),
                evidence_type=spec["evidence_type"],
                trust_grade=spec["trust_grade"],
                adapter=_adapter(spec, adapters),
                settings=_settings(spec, adapters),
                further=further,
                partial={} if further is None else _partial(spec, adapters, further),
                limits=_limits(spec.get("limits", {})),
                choice=_choice(spec.get("choose"), mapping),
                mapping=mapping,
                probe=_probe(spec.get("probe")),
                gather=_gather(spec, mapping),
                cache=_cache(spec.get("cache")),
            )


def schema(adapters: Mapping[str, Adapter]) -> Mapping[str, Any]:
    """The JSON Schema with the parts of adapters that the published one does not know."""
    extra = {name: adapter.settings_schema for name, adapter in adapters.items() if adapter.settings_schema is not None}
    if not extra:
        return SCHEMA
    spec = SCHEMA["properties"]["spec"]
    spec = {**spec, "properties": {**spec["properties"], **extra}}
    return {**SCHEMA, "properties": {**SCHEMA["properties"], "spec": spec}}


def _name(value: Mapping[str, Any]) -> str:
    name: str = value["metadata"]["name"]
    return name


def _adapter(spec: Mapping[str, Any], adapters: Mapping[str, Adapter]) -> Adapter:
    name = spec["adapter"]
    if name not in adapters:
        known = ", ".join(sorted(adapters))
        raise fault(("adapter",), f"没有这种接入方式，可用：{known}", f"no such adapter; there are: {known}")
    return adapters[name]


def _settings(spec: Mapping[str, Any], adapters: Mapping[str, Adapter]) -> Any:
    name = spec["adapter"]
    if name not in spec:
        raise fault((), f"缺少“{name}”一节", f"the section “{name}” is missing")
    if superfluous := sorted((spec.keys() & adapters.keys()) - {name}):
        raise fault((superfluous[0],), f"接入方式是“{name}”，此节多余", f"the adapter is “{name}”: remove this section")
    with within(name):
        try:
            return adapters[name].parse(spec[name], columns_of(spec["mapping"]))
        except ManifestFault:
            raise
        except Exception as error:  # noqa: BLE001 - a stranger's adapter must not end the reading of everybody's manifests
            kind = type(error).__name__
            raise fault((), f"此节无法读取（{kind}）", f"its adapter cannot read this section ({kind})") from None


def _further(spec: Mapping[str, Any]) -> Further | None:
    return Further.parse(spec["further"]) if "further" in spec else None


def _partial(
    spec: Mapping[str, Any], adapters: Mapping[str, Adapter], further: Further
) -> Mapping[frozenset[str], Any]:
    """What is asked without some of the answers, parsed by the adapter like everything it is asked."""
    name = spec["adapter"]
    if adapters[name].answers_later:
        raise fault(("further",), "由人答复的来源不设追问", "somebody who answers by hand asks the person directly")
    check_used(spec[name], further)
    leave_out = adapters[name].leave_out
    if leave_out is None:
        _check_all_answered(further)
        return {}
    with within(name):
        sections = _sections(spec[name], further, leave_out)
    return {empty: _settings({**spec, name: section}, adapters) for empty, section in sections.items()}


def _check_all_answered(further: Further) -> None:
    """With an adapter that can leave nothing out."""
    if not further.always:
        raise fault(("further", "when"), "此接入方式只能写 always", "with this adapter only always can be said")
    if further.may_be_empty:
        raise fault(
            ("further", "questions"),
            "此接入方式的问题须全部回答",
            "with this adapter every question has to be answered",
        )


def _sections(
    section: Mapping[str, Any], further: Further, leave_out: LeaveOut
) -> Mapping[frozenset[str], Mapping[str, Any]]:
    made = {empty: asked_without(section, further, empty, leave_out) for empty in further.may_be_empty}
    return made if further.always else made | {further.names: first_asked(section, further, leave_out)}


def _mapping(spec: Mapping[str, Any], recorded_codes: frozenset[str]) -> RecordMapping:
    with within("mapping"):
        return RecordMapping.compile(spec["mapping"], recorded_codes)


def _choice(choose: Mapping[str, str] | None, mapping: RecordMapping) -> Choice | None:
    if choose is None:
        return None
    ((direction, field),) = choose.items()
    if field not in mapping.fields and field != SOURCE_TIME:
        raise fault(("choose", direction), "mapping 中没有这个字段", "the mapping has no such field")
    return Choice(field, direction == "greatest")


def _gather(spec: Mapping[str, Any], mapping: RecordMapping) -> Gather | None:
    if "gather" not in spec:
        return None
    given: Mapping[str, Any] = spec["gather"]
    if "choose" in spec:
        raise fault(("choose",), "choose 与 gather 不能并用", "choose and gather exclude each other")
    lists = {name: tuple(one) if isinstance(one, list) else (one,) for name, one in given.items()}
    inner = [name for names in lists.values() for name in names]
    for name, names in lists.items():
        if name in mapping.fields or any(each not in mapping.fields or inner.count(each) > 1 for each in names):
            raise fault(
                ("gather", name),
                "须用 mapping 中尚无的名称，收 mapping 中的字段，每个字段只收一次",
                "a list has a name that the mapping does not have; it gathers fields of the mapping, each once",
            )
    return Gather(lists, frozenset(name for name, one in given.items() if not isinstance(one, list)))


def gathered_fields(spec: Mapping[str, Any]) -> frozenset[str]:
    """Our fields that an answer of a connector's `spec` may have, by a manifest that has no findings."""
    gather: Mapping[str, Any] = spec.get("gather", {})
    inner = {name for one in gather.values() for name in (one if isinstance(one, list) else [one])}
    return frozenset((spec["mapping"]["fields"].keys() - inner) | gather.keys())


def _cache(cache: Mapping[str, Any] | None) -> Cache | None:
    return None if cache is None else Cache(cache["seconds"], cache.get("not_found", False))


def _probe(probe: Mapping[str, Any] | None) -> Probe:
    if probe is None:
        return NOBODY
    return Probe(SubjectRef(probe.get("scheme", "citizen-number"), probe["subject"]), probe["every_seconds"])


def _limits(limits: Mapping[str, int]) -> Limits:
    values: dict[str, Any] = {name: value for name, value in limits.items() if not name.endswith("_ms")}
    values |= {name.removesuffix("_ms"): value / 1000 for name, value in limits.items() if name.endswith("_ms")}
    return Limits(**values)
