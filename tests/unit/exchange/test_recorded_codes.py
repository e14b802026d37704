"""A company whose code was issued with a wrong check character is looked up like any other, and registered nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from connectors import registry as connectors
from connectors.memory import ADAPTER as MEMORY
from connectors.source import Source
from exchange.catalogue.reading import InvalidCatalogue
from kernel.manifests import ManifestError
from tests.doubles.exchange import OWNER, POLICE, World, detail, grant, organisation, request, text
from tests.unit.exchange.test_companies import company_case

MISPRINTED = "91350100M000100Y44"
ANOTHER = "91350100M000100Y45"
EMPLOYMENT: dict[str, Any] = {"type": "employment", "fields": ["company"]}
LICENCE: dict[str, Any] = {"type": "licence", "fields": ["name"]}
ITS_EMPLOYERS = LICENCE | {"subject": {"from": 0, "relation": "employer"}}


def evidence_type(name: str, scheme: str, field: str, **more: Any) -> dict[str, Any]:
    spec = {
        "name": text(name),
        "provider": POLICE,
        "subject_scheme": scheme,
        "schema": {"type": "object", "properties": {field: {"type": "string"}}},
        "fields": {field: {"label": text(field)}},
    }
    return {"kind": "EvidenceType", "metadata": {"name": name}, "spec": spec | more}


def source(name: str, field: str, record: Mapping[str, str], **rule: str) -> dict[str, Any]:
    spec = {
        "evidence_type": name,
        "adapter": "memory",
        "trust_grade": "A",
        "mapping": {"fields": {field: {"column": field, **rule}}},
        "memory": {"subject_column": "id", "records": [dict(record)]},
    }
    return {"kind": "Connector", "metadata": {"name": name}, "spec": spec}


MANIFESTS = [
    evidence_type(
        "employment",
        "citizen-number",
        "company",
        relations=[{"relation": "employer", "field": "company", "scheme": "social-credit-code"}],
    ),
    evidence_type("licence", "social-credit-code", "name"),
    source("employment", "company", {"id": OWNER, "company": MISPRINTED}, normalise="social-credit-code"),
    source("licence", "name", {"id": MISPRINTED, "name": "示范餐饮"}),
    grant("G-EMPLOYMENT", evidence_type="employment", fields=["company"]),
    grant("G-LICENCE", evidence_type="licence", fields=["name"], relations=["employer"]),
]


def node(world: World, *codes: str) -> World:
    """Another node of the same exchange, with these codes on record."""
    adapters = {**connectors.STANDARD, "memory": MEMORY}

    def build(document: Mapping[str, Any]) -> Source:
        means: dict[str, Any] = {"secrets": {}.__getitem__, "roots": (), "clock": world.clock, "adapters": adapters}
        return connectors.build(document, **means, recorded_codes=frozenset(codes))

    made = world.another_node(settings=replace(world.outside.settings, recorded_credit_codes=codes), build_source=build)
    made.rooms.policy.renew()
    return made


@pytest.fixture
def catalogued(world: World) -> World:
    world.apply(*MANIFESTS)
    world.rooms.policy.renew()
    for name in ("G-EMPLOYMENT", "G-LICENCE"):
        world.approve(name)
    return world


@pytest.fixture
def recording(catalogued: World) -> Iterator[World]:
    made = node(catalogued, MISPRINTED)
    yield made
    made.rooms.close()


def ask(world: World, case: str, *items: Any) -> Any:
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, *items))
    return world.call("POST", "/v1/evidence-requests", token, request(case, *items))


def named(code: str) -> dict[str, Any]:
    subject = {"scheme": "social-credit-code", "value": code, "relation": "employer"}
    return LICENCE | {"subject": subject}


def test_a_company_on_record_is_found_by_record_by_relation_and_by_number(recording: World) -> None:
    """The connector reads its code, the next item is about it, the relation is proven, and a request may name it."""
    case = recording.open_case()
    answer = ask(recording, case, EMPLOYMENT, ITS_EMPLOYERS)
    assert [one.get("data") for one in answer.json["evidence"]] == [{"company": MISPRINTED}, {"name": "示范餐饮"}]
    assert ask(recording, case, named(MISPRINTED.lower())).json["evidence"][0]["data"] == {"name": "示范餐饮"}
    assert company_case(recording, MISPRINTED).startswith("case_")


def test_a_code_that_is_not_on_record_is_a_mistake_as_before(catalogued: World, recording: World) -> None:
    for world, code in ((catalogued, MISPRINTED), (recording, ANOTHER)):
        answer = ask(world, world.open_case(), named(code))
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "identifier")
    plain = node(catalogued)
    answer = ask(plain, plain.open_case(), EMPLOYMENT, ITS_EMPLOYERS)
    plain.rooms.close()
    codes = [one["problem"]["code"] for one in answer.json["evidence"]]
    assert codes == ["source.garbled", "evidence.input-missing"]


def test_nothing_is_registered_under_it(recording: World) -> None:
    with pytest.raises((ManifestError, InvalidCatalogue)):
        recording.apply(organisation(MISPRINTED, "误印局"))
