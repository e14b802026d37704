"""Whether manifests and the rest of the catalogue agree: each names only what there is, and takes nobody's place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from connectors.manifest import gathered_fields
from connectors.sandbox import NAME as SANDBOX
from exchange.catalogue import reading
from exchange.catalogue.contents import Contents
from exchange.catalogue.kinds import CONNECTOR, EVIDENCE_TYPE, ORGANISATION, SERVICE_ITEM, SYSTEM
from exchange.catalogue.model import NOT_SHARED, PLACE, EvidenceType
from exchange.catalogue.reading import Document, InvalidCatalogue
from kernel.manifests import JsonPath
from kernel.text import Text
from policies import obligations
from policies.grants.terms import (
    ASSURANCE_OF_CLASSIFIED,
    CLASSIFIED_FROM,
    HIGHEST_ASSURANCE,
    InvalidGrant,
    Obligation,
)

_SANDBOX_ALONE = Text(
    "沙箱材料只能来自沙箱，沙箱来源只能供沙箱材料", "sandbox types have the sandbox's source, and nothing else has it"
)
_OTHER_PROVIDER = Text(
    "提供部门与该材料类型的提供部门不一致", "the provider is not the one the evidence type belongs to"
)
_NOT_SHARED = Text("该材料类型不予共享", "this evidence type is not shared")
_TOO_LITTLE_ASSURANCE = Text(
    f"该材料为 {CLASSIFIED_FROM} 级以上，最低认证等级不得低于 {ASSURANCE_OF_CLASSIFIED}",
    f"this evidence is of class {CLASSIFIED_FROM} or above: the least assurance level is {ASSURANCE_OF_CLASSIFIED} or "
    "higher",
)
_NO_KNOWN_DUTY = Text(
    f"没有人能履行这项义务；可写：{'、'.join(obligations.KNOWN)}，期限如 P30D",
    f"nobody can carry out this duty; known are {', '.join(obligations.KNOWN)}, with a time such as P30D",
)
_OTHER_BASIS = Text(
    "该事项没有这一法律依据，或依据的种类不同",
    "a service item does not stand on this legal basis, or the basis is of another kind",
)
_CLIENT_TAKEN = Text("该签发者与客户端已属于另一系统", "this issuer and client already stand for another system")
_NO_ANSWER = Text("这种类型的字段答不了这个问题", "a field of this type cannot answer this question")
_TWICE = Text("同一代码出现了两次", "the same code stands twice")
_OF_THE_EXCHANGE = Text(
    f"“{PLACE}”由平台自己使用（办理地区划）", f"“{PLACE}” is the exchange's own: where the matter lies"
)
_NOT_CACHED = Text(
    "记住答复的时间不得长于该材料的更新周期；实时、不定期或未写周期的不得记住",
    "answers are remembered no longer than the type's update cycle, and not at all without one",
)
_TWO_SOURCES = Text("该材料类型已有一个数据来源", "this evidence type already has a source")


def check_grant(registry: Contents, document: Document) -> None:
    """Whether a grant manifest names only what the catalogue knows and shares. Raises InvalidCatalogue."""
    for trouble in grant_troubles(registry, document):
        raise trouble


def grant_troubles(registry: Contents, document: Document) -> Iterator[InvalidCatalogue]:
    """What does not fit of a grant manifest: of its parties, its fields and questions, its terms and its grounds."""
    kind = registry.evidence_types.get(document["spec"]["evidence_type"])
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_parties(registry, document, kind),
        lambda: _check_granted_fields(document, kind),
        lambda: check_terms(document, kind),
        lambda: _check_grounds(registry, document),
    )
    for check in checks:
        try:
            check()
        except InvalidCatalogue as trouble:
            yield trouble


def _check_parties(registry: Contents, document: Document, kind: EvidenceType | None) -> None:
    spec = document["spec"]
    _known(document, ("spec", "consumer"), spec["consumer"], registry.organisations)
    if kind is None:
        raise unknown(document, ("spec", "evidence_type"), spec["evidence_type"])
    if spec["provider"] != kind.provider:
        raise InvalidCatalogue(document, ("spec", "provider"), _OTHER_PROVIDER)
    if kind.share_type == NOT_SHARED:
        raise InvalidCatalogue(document, ("spec", "evidence_type"), _NOT_SHARED)


def check_terms(document: Document, kind: EvidenceType | None) -> None:
    """Whether terms of a grant could ever take effect for a type of evidence, where they name any.

    What only the last signature would be refused for is told whoever writes it. Raises InvalidCatalogue.
    """
    spec = document["spec"]
    classified = kind is not None and kind.classification >= CLASSIFIED_FROM
    if classified and spec.get("min_loa", HIGHEST_ASSURANCE) < ASSURANCE_OF_CLASSIFIED:
        raise InvalidCatalogue(document, ("spec", "min_loa"), _TOO_LITTLE_ASSURANCE)
    for position, text in enumerate(spec.get("obligations", ())):
        try:
            known = not obligations.unknown((Obligation.parse(text),))
        except InvalidGrant as fault:
            raise InvalidCatalogue(document, ("spec", "obligations", position), fault.reason) from None
        if not known:
            raise InvalidCatalogue(document, ("spec", "obligations", position), _NO_KNOWN_DUTY)


def _check_granted_fields(document: Document, kind: EvidenceType | None) -> None:
    if kind is None:
        return
    spec = document["spec"]
    _all_known(document, ("spec", "fields"), spec.get("fields", ()), kind.fields)
    _all_known(document, ("spec", "predicates"), spec.get("predicates", ()), kind.predicates)
    _all_known(document, ("spec", "masks"), spec.get("masks", {}), kind.fields)
    for name in sorted(set(spec.get("masks", {})) - set(spec.get("fields", ()))):
        raise InvalidCatalogue(document, ("spec", "masks", name), _masked_in_vain(name))
    for position, one in enumerate(spec.get("expectations", ())):
        _all_known(document, ("spec", "expectations", position, "fields"), one.get("fields", ()), kind.fields)
        at = ("spec", "expectations", position, "predicates")
        _all_known(document, at, one.get("predicates", ()), kind.predicates)
    _check_shared(document, kind)
    properties: Any = kind.schema["properties"]
    for name, mask in spec.get("masks", {}).items():
        if mask != "clear" and not reading.maskable(properties[name]):
            raise InvalidCatalogue(document, ("spec", "masks", name), Text("只有文本能脱敏", "only text can be masked"))
    if not spec.get("fields") and not spec.get("predicates"):
        raise InvalidCatalogue(
            document, ("spec",), Text("没有授权任何字段或判断", "it grants neither a field nor a predicate")
        )


def _item_not_shared(name: str) -> Text:
    return Text(f"数据项“{name}”不予共享", f"item “{name}” is not shared")


def _answer_not_shared(name: str) -> Text:
    return Text(f"问题“{name}”由不予共享的数据项作答", f"question “{name}” is answered from an item that is not shared")


def _check_shared(document: Document, kind: EvidenceType) -> None:
    spec = document["spec"]
    for position, name in enumerate(spec.get("fields", ())):
        if kind.share_type_of((name,)) == NOT_SHARED:
            raise InvalidCatalogue(document, ("spec", "fields", position), _item_not_shared(name))
    for position, name in enumerate(spec.get("predicates", ())):
        if kind.share_type_of((), (name,)) == NOT_SHARED:
            raise InvalidCatalogue(document, ("spec", "predicates", position), _answer_not_shared(name))


def _masked_in_vain(name: str) -> Text:
    return Text(
        f"“{name}”定了脱敏规则，却不在所授权的字段之内：把它加入 fields，或去掉这条规则",
        f"“{name}” has a mask, but is not among the granted fields: add it to fields, or leave the mask out",
    )


def _check_grounds(registry: Contents, document: Document) -> None:
    spec = document["spec"]
    for position, code in enumerate(spec["service_items"]):
        item = registry.service_items.get(code)
        if item is None:
            raise unknown(document, ("spec", "service_items", position), code)
        basis = item.legal_bases.get(spec["legal_basis"])
        if basis is None or basis.kind != spec["basis_kind"]:
            raise InvalidCatalogue(document, ("spec", "legal_basis"), _OTHER_BASIS)


def _check_system(registry: Contents, document: Document) -> None:
    _known(document, ("spec", "organisation"), document["spec"]["organisation"], registry.organisations)
    system = registry.systems[document["metadata"]["name"]]
    if registry.clients[system.issuer, system.client_id] is not system:
        raise InvalidCatalogue(document, ("spec", "client_id"), _CLIENT_TAKEN)


def _check_organisation(registry: Contents, document: Document) -> None:
    spec = document["spec"]
    if "parent" in spec:
        _known(document, ("spec", "parent"), spec["parent"], registry.organisations)
    for place, one in enumerate(spec.get("successors", ())):
        _known(document, ("spec", "successors", place, "successor"), one["successor"], registry.organisations)


def _check_evidence_type(registry: Contents, document: Document) -> None:
    spec = document["spec"]
    for name in ("provider", "source_of_truth"):
        if name in spec:
            _known(document, ("spec", name), spec[name], registry.organisations)
    _check_questions(document, registry.evidence_types[document["metadata"]["name"]])


def _check_questions(document: Document, kind: EvidenceType) -> None:
    """Every question is answered from a field of a type that can answer it."""
    properties: Any = kind.schema["properties"]
    for place, one in enumerate(document["spec"].get("predicates", ())):
        for role, field in kind.predicates[one["name"]].fields.items():
            where = ("spec", "predicates", place, role)
            if not _ANSWERS[role](properties[field]):
                raise InvalidCatalogue(document, where, _NO_ANSWER)


def _is_day(field: Mapping[str, Any]) -> bool:
    return field["type"] == "string" and field.get("format") == "date"


_ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "from": _is_day,
    "until": _is_day,
    "birth": _is_day,
    "status": lambda field: field["type"] == "string",
    "amount": lambda field: field["type"] in {"integer", "string"},
    "of": lambda field: field["type"] == "array",
}
"""What a field must be for a question to be answered from it, by its part in the question."""


def _check_service_item(registry: Contents, document: Document) -> None:
    spec = document["spec"]
    _known(document, ("spec", "organisation"), spec["organisation"], registry.organisations)
    _each_once(document, "circumstances")
    if PLACE in {one["code"] for one in spec.get("circumstances", ())}:
        raise InvalidCatalogue(document, ("spec", "circumstances"), _OF_THE_EXCHANGE)
    for position, requirement in enumerate(spec.get("requirements", ())):
        at = ("spec", "requirements", position)
        _check_when(registry, document, at, requirement.get("when", {}))
        for number, way in enumerate(requirement["met_by"]):
            where = (*at, "met_by", number)
            _check_part(registry, document, where, way)
            for place, part in enumerate(way.get("also", ())):
                _check_part(registry, document, (*where, "also", place), part)


def _each_once(document: Document, member: str) -> None:
    codes = [one["code"] for one in document["spec"].get(member, ())]
    for position, code in enumerate(codes):
        if code in codes[:position]:
            raise InvalidCatalogue(document, ("spec", member, position, "code"), _TWICE)


def _check_when(registry: Contents, document: Document, at: JsonPath, when: Mapping[str, Any]) -> None:
    known = registry.service_items[document["metadata"]["name"]].circumstances
    for name, values in when.items():
        _known(document, (*at, "when", name), name, known)
        _all_known(document, (*at, "when", name), map(reading.circumstance_value, values), known[name].values)


def _check_part(registry: Contents, document: Document, where: JsonPath, part: Mapping[str, Any]) -> None:
    kind = registry.evidence_types.get(part["evidence_type"])
    if kind is None:
        raise unknown(document, (*where, "evidence_type"), part["evidence_type"])
    _all_known(document, (*where, "fields"), part.get("fields", ()), kind.fields)
    _all_known(document, (*where, "predicates"), part.get("predicates", ()), kind.predicates)


def _check_connector(registry: Contents, document: Document) -> None:
    code = document["spec"]["evidence_type"]
    kind = registry.evidence_types.get(code)
    if kind is None:
        raise unknown(document, ("spec", "evidence_type"), code)
    if kind.sandbox != (document["spec"]["adapter"] == SANDBOX):
        raise InvalidCatalogue(document, ("spec", "adapter"), _SANDBOX_ALONE)
    if registry.connectors[code]["metadata"]["name"] != document["metadata"]["name"]:
        raise InvalidCatalogue(document, ("spec", "evidence_type"), _TWO_SOURCES)
    seconds = document["spec"].get("cache", {}).get("seconds", 0)
    if seconds and (kind.cycle is None or seconds > kind.cycle.total_seconds()):
        raise InvalidCatalogue(document, ("spec", "cache", "seconds"), _NOT_CACHED)
    _all_known(document, ("spec", "mapping", "fields"), gathered_fields(document["spec"]), kind.fields)
    _check_offices(registry, document)


def _check_offices(registry: Contents, document: Document) -> None:
    """Those who answer by hand are departments of the catalogue: only their officers are let in."""
    section = document["spec"].get("manual")
    if section is None:
        return
    where: JsonPath = ("spec", "manual")
    _known(document, (*where, "office", "organisation"), section["office"]["organisation"], registry.organisations)
    for place, one in enumerate(section.get("substitutes", ())):
        at = (*where, "substitutes", place, "organisation")
        _known(document, at, one["organisation"], registry.organisations)


def _known(document: Document, where: JsonPath, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise unknown(document, where, name)


def _all_known(document: Document, where: JsonPath, names: Iterable[str], known: Iterable[str]) -> None:
    for name in sorted(set(names) - set(known)):
        raise unknown(document, where, name)


def unknown(document: Document, where: JsonPath, name: str) -> InvalidCatalogue:
    """What to say of a name that the catalogue does not know."""
    return InvalidCatalogue(document, where, Text(f"目录中没有“{name}”", f"the catalogue does not know “{name}”"))


CHECKS: Mapping[str, Callable[[Contents, Document], None]] = {
    ORGANISATION: _check_organisation,
    SYSTEM: _check_system,
    EVIDENCE_TYPE: _check_evidence_type,
    SERVICE_ITEM: _check_service_item,
    CONNECTOR: _check_connector,
}
"""What is checked of a manifest, by its kind."""
