"""The catalogue: what manifests may say, what applying does, and what anyone may read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from exchange.administration import Administration
from exchange.catalogue.manifests import schemas
from exchange.catalogue.reading import InvalidCatalogue
from exchange.catalogue.registry import Registry
from kernel.manifests import ManifestError
from tests.doubles.exchange import (
    BASIS,
    CATALOGUE,
    GRANTS,
    IDENTITY_CARD,
    ITEM,
    MARKET,
    NAME,
    POLICE,
    World,
    connector,
    grant,
    organisation,
    service_item,
    system,
    text,
)


def administration(world: World) -> Administration:
    return Administration(world.outside, world.rooms, world.check_connector)


def written(world: World, *documents: dict[str, Any]) -> Path:
    path = world.tmp_path / "given.yaml"
    path.write_text(yaml.safe_dump_all(documents, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def changed(document: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return document | {"spec": document["spec"] | spec}


@pytest.mark.parametrize("kind", sorted(schemas()))
def test_every_published_schema_is_json_schema_2020_12(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[kind])
    assert schemas()[kind]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_sample_manifests_fit_their_schemas() -> None:
    for document in [*CATALOGUE, *GRANTS]:
        if document["kind"] != "Connector":  # the memory adapter is installed in tests only
            jsonschema.validate(document, schemas()[document["kind"]])


WRONG: list[tuple[dict[str, Any], str, str]] = [
    (organisation("11500000DEM0000304", "错码"), "metadata.name", "check character"),
    (system("new", "11500000DEM000065M"), "spec.organisation", "does not know"),
    (system("second", MARKET, client_id="market-website"), "spec.client_id", "another system"),
    (changed(IDENTITY_CARD, provider="11500000DEM000065M"), "spec.provider", "does not know"),
    (changed(IDENTITY_CARD, relations=[{"relation": "spouse", "field": "wife"}]), "spec", "no field called wife"),
    (changed(IDENTITY_CARD, fields={"name": {"label": text("姓名")}}), "spec.fields", "both schema and fields"),
    (service_item("115000000000", POLICE) | {"metadata": {"name": "1150000000001"}}, "metadata.name", "service item"),
    (changed(service_item(ITEM, MARKET), organisation="11500000DEM000065M"), "spec.organisation", "does not know"),
    (connector("second", "identity-card", {"name": "name"}), "spec.evidence_type", "already has a source"),
    (connector("third", "staff-list", {"wages": "x"}), "spec.evidence_type", "already has a source"),
    (grant("G-X", consumer="11500000DEM000065M"), "spec.consumer", "does not know"),
    (grant("G-X", provider=MARKET), "spec.provider", "belongs to"),
    (grant("G-X", evidence_type="no-such"), "spec.evidence_type", "does not know"),
    (grant("G-X", fields=["wages"]), "spec.fields", "does not know"),
    (grant("G-X", predicates=["exists"], fields=[], evidence_type="staff-list"), "spec.predicates", "does not know"),
    (grant("G-X", masks={"born": "year"}), "spec.masks.born", "not among the granted fields"),
    (grant("G-X", masks={"wages": "year"}), "spec.masks", "does not know “wages”"),
    (grant("G-X", fields=[]), "spec", "neither a field"),
    (grant("G-X", service_items=["110000000000"]), "spec.service_items[0]", "does not know"),
    (grant("G-X", legal_basis="other"), "spec.legal_basis", "legal basis"),
    (grant("G-X", basis_kind="consent"), "spec.legal_basis", "another kind"),
    (grant("G-X", valid_from="2026-02-30"), "spec", "wrong"),
    (grant("G-X", valid_to="2030-01-01"), "spec", "24 months"),
    (grant("G-X", valid_to="2026-11-01"), "spec", "has ended"),
    (grant("G-X", colour="red"), "spec.colour", "unknown key"),
    ({"kind": "Recipe", "metadata": {"name": "x"}, "spec": {}}, "kind", "one of"),
]


@pytest.mark.parametrize(("document", "place", "said"), WRONG)
def test_what_is_wrong_is_said_with_file_line_and_path(
    small_world: World, document: dict[str, Any], place: str, said: str
) -> None:
    path = written(small_world, document)
    before = len(small_world.entries())
    with pytest.raises(ManifestError) as caught:
        administration(small_world).apply([path])
    finding = caught.value.findings[0]
    assert finding.en.startswith(f"{path}:")
    assert place in finding.en
    assert said in finding.en
    assert finding.zh != finding.en
    assert len(small_world.entries()) == before


def test_a_type_that_is_not_shared_says_why_and_takes_no_grant(small_world: World) -> None:
    path = written(small_world, changed(IDENTITY_CARD, share_type="not_shared"))
    with pytest.raises(ManifestError, match="share_citation"):
        administration(small_world).diff([path])
    secret = changed(IDENTITY_CARD, share_type="not_shared", share_citation=text("演示条例"))
    with pytest.raises(ManifestError, match="not shared"):
        administration(small_world).apply([written(small_world, secret, grant("G-X"))])


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"name": "valid-on", "until": "expiry"}, "no field called expiry"),
        ({"name": "at-least-age", "birth": "name"}, "cannot answer"),
        ({"name": "count", "of": "name"}, "cannot answer"),
    ],
)
def test_a_question_is_answered_from_a_field_that_can(small_world: World, question: dict[str, str], said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        administration(small_world).apply([written(small_world, changed(IDENTITY_CARD, predicates=[question]))])


def test_only_text_can_be_masked(small_world: World) -> None:
    document = json.loads(json.dumps(IDENTITY_CARD))
    document["spec"]["schema"]["properties"]["age"] = {"type": "integer"}
    document["spec"]["fields"]["age"] = {"label": text("年龄"), "minimal_mask": "year"}
    with pytest.raises(ManifestError, match="only text can be masked"):
        administration(small_world).apply([written(small_world, document)])
    document["spec"]["fields"]["age"] = {"label": text("年龄")}
    masked = grant("G-AGE", fields=["age"], masks={"age": "year"})
    with pytest.raises(ManifestError, match="only text can be masked"):
        administration(small_world).apply([written(small_world, document, masked)])


def test_one_object_stands_in_one_place(small_world: World) -> None:
    path = written(small_world, organisation(POLICE, "公安"), organisation(POLICE, "公安局"))
    with pytest.raises(ManifestError, match="defined in"):
        administration(small_world).diff([path])


def test_a_stored_object_that_no_longer_fits_is_named(small_world: World) -> None:
    """The other half of the contradiction is in the database, so there is no line to point to."""
    path = written(small_world, changed(service_item(ITEM, MARKET), requirements=[]))
    administration(small_world).apply([path])
    narrower = changed(IDENTITY_CARD, predicates=[])
    with pytest.raises(ManifestError, match="G-IDENTITY@1"):  # no stored object names it any more, but a grant does
        administration(small_world).diff([written(small_world, narrower)])
    fewer = json.loads(json.dumps(IDENTITY_CARD))
    del fewer["spec"]["schema"]["properties"]["address"], fewer["spec"]["fields"]["address"]
    with pytest.raises(ManifestError, match="Connector/identity"):
        administration(small_world).apply([written(small_world, fewer)])


def test_diff_says_what_apply_would_do_and_applying_twice_does_nothing_more(world: World) -> None:
    desk = administration(world)
    path = written(
        world, organisation(POLICE, "公安局（新名）"), organisation("11500000DEM000065M", "卫健委"), grant("G-NEW")
    )
    told = [(change.kind, change.action) for change in desk.diff([path])]
    assert told == [("Organisation", "changed"), ("Organisation", "added"), ("Grant", "drafted")]
    epoch = world.rooms.policy.renew().epoch
    assert [(change.kind, change.action) for change in desk.apply([path])] == told
    assert world.rooms.policy.renew().epoch == epoch + 1
    before = len(world.entries())
    assert desk.apply([path]) == ()
    assert len(world.entries()) == before
    assert [entry["event"] for entry in world.entries()[-2:]] == ["CatalogueApplied", "GrantDrafted"]


def test_a_changed_draft_is_revised_and_a_changed_grant_becomes_a_new_version(world: World) -> None:
    desk = administration(world)
    desk.apply([written(world, grant("G-NEW"))])
    desk.apply([written(world, grant("G-NEW", fields=["name"]))])
    assert [(one["ref"], one["status"]) for one in desk.grants()][1:2] == [("G-NEW@1", "drafted")]
    desk.apply([written(world, grant("G-IDENTITY", fields=["name"]))])
    refs = {one["ref"]: one["status"] for one in desk.grants()}
    assert (refs["G-IDENTITY@1"], refs["G-IDENTITY@2"]) == ("active", "drafted")
    world.approve("G-IDENTITY")
    refs = {one["ref"]: one["status"] for one in desk.grants()}
    assert (refs["G-IDENTITY@1"], refs["G-IDENTITY@2"]) == ("superseded", "active")


def test_an_export_applies_to_an_empty_exchange_and_means_the_same(small_world: World, tmp_path: Path) -> None:
    desk = administration(small_world)
    path = tmp_path / "export.yaml"
    path.write_text(desk.export(), encoding="utf-8")
    assert desk.diff([path]) == ()
    exported = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    kinds = {document["kind"] for document in exported}
    assert kinds == {"Organisation", "System", "EvidenceType", "ServiceItem", "Connector", "Grant"}
    Registry.build(document for document in exported if document["kind"] != "Grant")


def test_more_grants_than_one_append_holds_are_drafted_all_the_same(small_world: World) -> None:
    many = [grant(f"G-{number:03d}") for number in range(130)]
    assert len(administration(small_world).apply([written(small_world, *many)])) == 130
    assert len(small_world.events("GrantDrafted")) == 130 + len(GRANTS)


def test_a_registry_says_which_object_contradicts() -> None:
    with pytest.raises(InvalidCatalogue) as caught:
        Registry.build([system("lonely", MARKET)])
    assert (caught.value.kind, caught.value.name) == ("System", "lonely")


# Sources --------------------------------------------------------------------------------------------------------------


def test_a_source_is_reopened_only_when_its_manifest_changed(small_world: World) -> None:
    before = small_world.rooms.policy.renew().sources
    fields = {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"}
    moved = connector("identity", "identity-card", fields)
    moved["spec"]["trust_grade"] = "B"
    small_world.apply(moved)
    after = small_world.rooms.policy.renew().sources
    assert after["staff-list"] is before["staff-list"]
    assert after["identity-card"] is not before["identity-card"]
    (item,) = small_world.ask(small_world.open_case(), NAME).json["evidence"]
    assert item["provenance"]["trust_grade"] == "B"


def test_a_released_field_tells_its_own_time_where_the_source_dates_it(small_world: World) -> None:
    fields = {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"}
    dated = connector("identity", "identity-card", fields)
    for name in ("name", "address"):
        dated["spec"]["mapping"]["fields"][name]["time"] = {"column": "born", "date": "yyyy-MM-dd"}
    small_world.apply(dated)
    (item,) = small_world.ask(small_world.open_case(), NAME).json["evidence"]
    assert list(item["provenance"]["field_times"]) == ["name"]  # the address is not asked for: nor is its time told


def test_a_connector_that_cannot_be_opened_leaves_the_others_working(small_world: World) -> None:
    broken = connector("staff", "staff-list", {"employer": "employer"})
    broken["spec"] |= {
        "adapter": "sql",
        "sql": {"url_secret": "missing", "table": "t", "subject_column": "id", "columns": ["id", "employer"]},
    }
    del broken["spec"]["memory"]
    small_world.apply(broken)
    small_world.rooms.policy.renew()
    staff = {"type": "staff-list", "fields": ["employer"]}
    answer = small_world.ask(small_world.open_case(), NAME, staff)
    assert [item["status"] for item in answer.json["evidence"]] == ["delivered", "failed"]
    assert answer.json["evidence"][1]["problem"]["code"] == "evidence.no-source"
    assert answer.json["evidence"][1]["problem"]["fault"] == "exchange"


# What anyone may read -------------------------------------------------------------------------------------------------


def test_lists_are_searched_and_paged(small_world: World) -> None:
    get = small_world.client.get
    everything = get("/v1/catalogue/organisations").json
    assert (everything["total"], everything["next"]) == (3, None)
    first = get("/v1/catalogue/organisations?limit=2").json
    second = get(f"/v1/catalogue/organisations?limit=2&after={first['next']}").json
    assert [*first["items"], *second["items"]] == everything["items"]
    assert second["next"] is None
    found = get("/v1/catalogue/organisations", query_string={"q": "市场"}).json
    assert [one["code"] for one in found["items"]] == [MARKET]
    assert get("/v1/catalogue/evidence-types?q=STAFF").json["items"][0]["code"] == "staff-list"
    assert get("/v1/catalogue/service-items?q=nothing").json == {"total": 0, "items": [], "next": None}


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "٣", ""])
def test_a_page_of_an_impossible_size_is_refused(small_world: World, limit: str) -> None:
    answer = small_world.client.get("/v1/catalogue/organisations", query_string={"limit": limit})
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")


def test_an_evidence_type_in_words(small_world: World) -> None:
    one = small_world.client.get("/v1/catalogue/evidence-types/identity-card").json
    assert one["provider"] == {"code": POLICE, "name": {"zh": "公安局", "en": "公安局"}}
    field = next(field for field in one["fields"] if field["name"] == "citizen_number")
    assert field == {
        "name": "citizen_number",
        "label": {"zh": "号码", "en": "号码"},
        "sensitivity": 3,
        "minimal_mask": "number",
        "share_type": "conditional",
        "share_citation": None,
    }
    assert {"name": "exists", "label": {"zh": "是否存在记录", "en": "Whether there is a record"}} in one["predicates"]
    assert one["connected"] is True


def test_a_service_item_names_its_grounds_and_what_it_requires(small_world: World) -> None:
    one = small_world.client.get(f"/v1/catalogue/service-items/{ITEM}").json
    assert one["legal_bases"] == [{"code": BASIS, "kind": "statutory", "citation": text("演示规定第三条")}]
    needed = small_world.client.get(f"/v1/service-items/{ITEM}/requirements").json["requirements"]
    assert [(each["code"], each["role"], each["uploads"]) for each in needed] == [
        ("identity", "applicant", 2),
        ("staff", "applicant", 1),
        ("employees", "employee", 1),
    ]
    assert needed[2]["met_by"][0]["relation"] == "employee"
    assert needed[0]["met_by"][0]["provider"]["code"] == POLICE


@pytest.mark.parametrize(
    "path",
    [
        "/v1/catalogue/organisations/x",
        "/v1/catalogue/evidence-types/x",
        "/v1/catalogue/service-items/x",
        "/v1/service-items/x/requirements",
    ],
)
def test_what_is_not_in_the_catalogue_is_404(small_world: World, path: str) -> None:
    assert small_world.client.get(path).status_code == 404


def test_an_organisation_by_its_code(small_world: World) -> None:
    one = small_world.client.get(f"/v1/catalogue/organisations/{MARKET}").json
    assert one == {
        "code": MARKET,
        "name": text("市场监管局"),
        "division": "500000",
        "parent": None,
        "since": None,
        "until": None,
        "successors": [],
        "predecessors": [],
    }
