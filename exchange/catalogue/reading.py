"""From validated manifests to the catalogue's values: one reader per kind, and the checks a JSON Schema cannot make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from exchange.catalogue.model import (
    SELF,
    USUAL_PEOPLE,
    YES_OR_NO,
    Alternative,
    Circumstance,
    EvidenceType,
    Field,
    LegalBasis,
    Organisation,
    PredicateRule,
    Relation,
    Requirement,
    ServiceItem,
    Status,
    System,
    Takeover,
)
from kernel.identifiers import service_item, social_credit_code
from kernel.identifiers.division import SYNTHETIC, Division, Extent, Level, Succession
from kernel.identifiers.masking import Mask
from kernel.manifests import JsonPath, dotted
from kernel.text import Text

Document = Mapping[str, Any]
"""One manifest that fits its published schema: ``kind``, ``metadata``, ``spec``."""

T = TypeVar("T")


class InvalidCatalogue(ValueError):
    """The manifests are well-formed but contradict themselves or each other; says in which object, where in it, and
    what.
    """

    def __init__(self, document: Document, where: JsonPath, what: Text) -> None:
        """``where`` is the path inside ``document``."""
        self.kind: str = document["kind"]
        self.name: str = document["metadata"]["name"]
        self.where = where
        place = f"{self.kind}/{self.name}: {dotted(where)}"
        self.what = what
        self.text = Text(f"{place}：{what.zh}", f"{place}: {what.en}")
        super().__init__(self.text.en)


def text_of(value: Mapping[str, str]) -> Text:
    """A bilingual text of a manifest."""
    return Text(value["zh"], value["en"])


def by_name(documents: Iterable[Document], read: Callable[[Document], T]) -> Mapping[str, T]:
    """What a reader makes of each of these manifests. Raises InvalidCatalogue."""
    return MappingProxyType({document["metadata"]["name"]: read(document) for document in documents})


def _optional(read: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else read(value)


def organisation(document: Document) -> Organisation:
    """Raises InvalidCatalogue when the code's check character is wrong."""
    code, spec = document["metadata"]["name"], document["spec"]
    _checked(document, ("metadata", "name"), lambda: social_credit_code.parse(code))
    since, until = _term(document)
    taken = tuple(
        Takeover(
            one["successor"],
            Extent(one["extent"]),
            _day(document, ("spec", "successors", place, "day"), one["day"]),
            _optional(text_of, one.get("note")),
        )
        for place, one in enumerate(spec.get("successors", ()))
    )
    return Organisation(code, text_of(spec["name"]), spec.get("division"), spec.get("parent"), since, until, taken)


def division(document: Document) -> Division:
    """One division; where its territory went is read by ``successions``. Raises InvalidCatalogue."""
    spec = document["spec"]
    since, until = _term(document)
    code, parent = spec.get("code"), spec.get("parent")
    synthetic = code == SYNTHETIC
    return Division(code, text_of(spec["name"]), Level(spec["level"]), parent, since, until, synthetic)


def successions(document: Document, divisions: Mapping[str, Division]) -> tuple[Succession, ...]:
    """Where a division's territory went. Raises InvalidCatalogue for a successor that is not in the catalogue."""
    spec = document["spec"]
    found: list[Succession] = []
    for place, one in enumerate(spec.get("successors", ())):
        where = ("spec", "successors", place)
        successor = divisions.get(one["successor"])
        if successor is None or "code" not in spec:
            raise InvalidCatalogue(document, where, _NO_SUCCESSION)
        note = text_of(one["note"]) if "note" in one else successor.name
        day = _day(document, (*where, "day"), one["day"])
        found.append(Succession(spec["code"], successor, Extent(one["extent"]), day, note))
    return tuple(found)


def _term(document: Document) -> tuple[date | None, date | None]:
    spec = document["spec"]
    since, until = (_day(document, ("spec", name), spec[name]) if name in spec else None for name in ("since", "until"))
    if since is not None and until is not None and since >= until:
        raise InvalidCatalogue(document, ("spec", "until"), _ENDS_FIRST)
    return since, until


def _day(document: Document, where: JsonPath, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidCatalogue(document, where, _NO_DAY) from None


def system(document: Document) -> System:
    """One system; its organisation is checked by the registry."""
    name, spec = document["metadata"]["name"], document["spec"]
    status = Status(spec.get("status", Status.ACTIVE))
    sandbox = spec.get("sandbox", False)
    return System(
        name=name,
        title=text_of(spec["title"]),
        organisation=spec["organisation"],
        issuer=spec["issuer"],
        client_id=spec["client_id"],
        people_per_hour=spec.get("people_per_hour", USUAL_PEOPLE),
        status=status,
        sandbox=sandbox,
        webhook=spec.get("webhook"),
        relays_questions=spec.get("relays_questions", False),
    )


def evidence_type(document: Document) -> EvidenceType:
    """Raises InvalidCatalogue when schema, fields, predicates and relations do not fit together."""
    spec = document["spec"]
    share_type = spec.get("share_type", "conditional")
    fields = {name: _field(name, value, share_type) for name, value in spec["fields"].items()}
    read = EvidenceType(
        code=document["metadata"]["name"],
        name=text_of(spec["name"]),
        description=_optional(text_of, spec.get("description")),
        provider=spec["provider"],
        subject_scheme=spec.get("subject_scheme", "citizen-number"),
        classification=spec.get("classification", 2),
        share_type=share_type,
        share_citation=_optional(text_of, spec.get("share_citation")),
        schema=spec["schema"],
        fields=fields,
        predicates={value["name"]: _predicate(value) for value in spec.get("predicates", ())},
        relations=tuple(_relation(value, spec) for value in spec.get("relations", ())),
        division_field=spec.get("division"),
        source_of_truth=spec.get("source_of_truth", spec["provider"]),
        update_cycle=spec.get("update_cycle"),
        sandbox=spec.get("sandbox", False),
        certificate=spec.get("certificate", False),
        certificate_identifier=spec.get("certificate_identifier"),
    )
    _check_fields(document, read)
    return read


def service_item_of(document: Document) -> ServiceItem:
    """Raises InvalidCatalogue when the code is none of the three known forms."""
    code, spec = document["metadata"]["name"], document["spec"]
    _checked(document, ("metadata", "name"), lambda: service_item.parse(code))
    bases = {
        value["code"]: LegalBasis(value["code"], value["kind"], text_of(value["citation"]))
        for value in spec["legal_bases"]
    }
    requirements = tuple(_requirement(value) for value in spec.get("requirements", ()))
    description = _optional(text_of, spec.get("description"))
    circumstances = {one["code"]: _circumstance(one) for one in spec.get("circumstances", ())}
    return ServiceItem(
        code, text_of(spec["name"]), description, spec["organisation"], bases, requirements, circumstances
    )


def _circumstance(value: Mapping[str, Any]) -> Circumstance:
    named = {one["code"]: text_of(one["name"]) for one in value.get("values", ())}
    return Circumstance(value["code"], text_of(value["name"]), named or YES_OR_NO)


def _field(name: str, value: Mapping[str, Any], share_type: str) -> Field:
    return Field(
        name,
        text_of(value["label"]),
        value.get("sensitivity", 1),
        Mask(value.get("minimal_mask", Mask.CLEAR)),
        value.get("share_type", share_type),
        _optional(text_of, value.get("share_citation")),
    )


def _predicate(value: Mapping[str, Any]) -> PredicateRule:
    fields = {role: value[role] for role in ("from", "until", "birth", "amount", "of") if role in value}
    status = value.get("status")
    if status is not None:
        fields["status"] = status["field"]
    return PredicateRule(value["name"], fields, frozenset(status["valid"] if status else ()))


def _relation(value: Mapping[str, str], spec: Mapping[str, Any]) -> Relation:
    own_scheme = spec.get("subject_scheme", "citizen-number")
    return Relation(value["relation"], value["field"], value.get("scheme", own_scheme))


def _requirement(value: Mapping[str, Any]) -> Requirement:
    ways = tuple(_alternative(way) for way in value["met_by"])
    return Requirement(
        code=value["code"],
        name=text_of(value["name"]),
        uploads=value.get("uploads", 1),
        role=value.get("role", "applicant"),
        met_by=ways,
        when={name: frozenset(map(circumstance_value, values)) for name, values in value.get("when", {}).items()},
        not_needed=_optional(text_of, value.get("not_needed")),
        commitment=value.get("commitment", False),
        deferral_days=value.get("deferral_days"),
    )


def circumstance_value(written: str | bool) -> str:
    """A value as manifests write it: YAML reads a bare yes as true."""
    return ("yes" if written else "no") if isinstance(written, bool) else written


def _alternative(way: Mapping[str, Any]) -> Alternative:
    fields, predicates = frozenset(way.get("fields", ())), frozenset(way.get("predicates", ()))
    also = tuple(_alternative(one) for one in way.get("also", ()))
    return Alternative(way["evidence_type"], way.get("relation", SELF), fields, predicates, also)


def _check_fields(document: Document, read: EvidenceType) -> None:
    properties: Mapping[str, Any] = document["spec"]["schema"]["properties"]
    for name in sorted(properties.keys() ^ read.fields.keys()):
        raise InvalidCatalogue(document, ("spec", "fields", name), _ONLY_IN_ONE)
    for name, field in read.fields.items():
        if field.minimal_mask is not Mask.CLEAR and not maskable(properties[name]):
            raise InvalidCatalogue(document, ("spec", "fields", name, "minimal_mask"), _NOT_MASKABLE)
    used = {name for rule in read.predicates.values() for name in rule.fields.values()}
    used |= {relation.field for relation in read.relations}
    used |= {name for name in (read.division_field, read.certificate_identifier) if name is not None}
    if read.certificate_identifier is not None and not read.certificate:
        raise InvalidCatalogue(document, ("spec", "certificate_identifier"), _NO_CERTIFICATE)
    for name in sorted(used - read.fields.keys()):
        what = Text(f"没有名为 {name} 的字段", f"there is no field called {name}")
        raise InvalidCatalogue(document, ("spec",), what)


def maskable(schema: Mapping[str, Any]) -> bool:
    """Whether values of this field's schema can be masked: text, or a list of texts."""
    text = schema["items"] if schema["type"] == "array" and "items" in schema else schema
    return bool(text["type"] == "string")


def _checked(document: Document, where: JsonPath, parse: Callable[[], object]) -> None:
    try:
        parse()
    except ValueError as error:
        reason = getattr(error, "reason", None)
        what = reason if isinstance(reason, Text) else Text(str(error), str(error))
        raise InvalidCatalogue(document, where, what) from None


_ONLY_IN_ONE = Text("字段须同时出现在 schema 与 fields 中", "a field must stand in both schema and fields")
_NO_CERTIFICATE = Text("只有电子证照（certificate: true）才有标识", "only an e-certificate (certificate: true) has one")
_NOT_MASKABLE = Text("只有文本能脱敏", "only text can be masked")
_NO_DAY = Text("不是真实的日期", "it is not a real day")
_ENDS_FIRST = Text("终止日期须晚于设立日期", "it ends after it begins")
_NO_SUCCESSION = Text(
    "承接者须是目录中的行政区划，被承接者须有代码",
    "the successor is a division of the catalogue, and what it succeeds has a code",
)
