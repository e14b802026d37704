"""What is derived from the catalogue: divisions at a day, the responsibility list, DCAT-AP; manifests out and in."""

from __future__ import annotations

import csv
import io
from copy import deepcopy
from typing import Any

import pytest
import yaml

from exchange.administration import Administration
from kernel.manifests import ManifestError
from tests.doubles.exchange import IDENTITY_CARD, ITEM, MARKET, ORIGIN, POLICE, URBAN, World, organisation, text


def division(name: str, **spec: Any) -> dict[str, Any]:
    said = {"name": text(name), "level": "district", "parent": "500000"} | spec
    return {"kind": "Division", "metadata": {"name": name}, "spec": said}


DIVISIONS = [
    {
        "kind": "Division",
        "metadata": {"name": "city"},
        "spec": {"name": text("市"), "level": "municipality", "code": "500000"},
    },
    division(
        "old",
        code="500197",
        until="2026-01-01",
        successors=[
            {"successor": "new", "extent": "remainder", "day": "2026-01-01"},
            {"successor": "neighbour", "extent": "part", "day": "2026-01-01", "note": text("两个镇")},
        ],
    ),
    division("new", code="500197", since="2026-01-01"),
    division("neighbour", code="500198"),
]


def written(world: World, *documents: dict[str, Any]) -> Any:
    path = world.tmp_path / "given.yaml"
    path.write_text(yaml.safe_dump_all(documents, allow_unicode=True), encoding="utf-8")
    return [path]


def test_a_code_is_looked_up_at_a_day_and_a_split_names_every_successor(small_world: World) -> None:
    get = small_world.client.get
    yubei = get("/v1/catalogue/divisions/500112?on=2025-11-05").json  # the table that comes with the product
    assert (yubei["division"]["name"]["zh"], yubei["successions"]) == ("渝北区", [])
    after = get("/v1/catalogue/divisions/500112?on=2026-02-01").json
    assert after["division"] is None
    assert {(one["successor"]["code"], one["extent"]) for one in after["successions"]} == {
        (None, "remainder"),
        ("500109", "part"),
    }
    assert get("/v1/catalogue/divisions/999999").status_code == 404
    for day in ("2026-02-30", "x", "20260101"):
        assert get(f"/v1/catalogue/divisions?on={day}").status_code == 422


def test_the_catalogue_may_keep_divisions_of_its_own(small_world: World) -> None:
    small_world.apply(
        *DIVISIONS, organisation(URBAN, "城管局") | {"spec": {"name": text("城管"), "division": "500197"}}
    )
    small_world.rooms.policy.renew()
    get = small_world.client.get
    found = get("/v1/catalogue/divisions/500197?on=2026-05-01").json
    assert (found["division"]["since"], found["organisations"]) == ("2026-01-01", [URBAN])
    assert [one["extent"] for one in found["successions"]] == ["remainder", "part"]
    assert len(found["history"]) == 2
    before = get("/v1/catalogue/divisions?on=2025-05-01").json["divisions"]
    assert sorted(str(one["code"]) for one in before) == ["500000", "500197", "500198"]
    assert len(get("/v1/catalogue/divisions/500000").json["below"]) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (division("twin", code="500198"), "same day"),
        (division("lost", code="500196", parent="500195"), "does not know"),
        (division("ring", code="500196", parent="500196"), "itself"),
        (division("odd", code="500196", since="2026-02-30"), "real day"),
        (division("odd", code="500196", since="2026-02-02", until="2026-02-02"), "after it begins"),
        (
            division("odd", code="500196", successors=[{"successor": "no", "extent": "part", "day": "2026-01-01"}]),
            "successor is a division",
        ),
    ],
)
def test_divisions_that_contradict_themselves_are_refused(small_world: World, wrong: Any, said: str) -> None:
    desk = Administration(small_world.outside, small_world.rooms, small_world.check_connector)
    with pytest.raises(ManifestError, match=said):
        desk.apply(written(small_world, *DIVISIONS, wrong))


def test_a_department_that_was_merged_names_who_took_over(small_world: World) -> None:
    merged = organisation(URBAN, "城管局")
    merged["spec"] |= {
        "until": "2027-01-01",
        "parent": MARKET,
        "successors": [{"successor": MARKET, "extent": "remainder", "day": "2027-01-01"}],
    }
    small_world.apply(merged)
    small_world.rooms.policy.renew()
    one = small_world.client.get(f"/v1/catalogue/organisations/{URBAN}").json
    assert (one["until"], one["successors"][0]["successor"]) == ("2027-01-01", MARKET)


# The responsibility list ----------------------------------------------------------------------------------------------


def test_the_responsibility_list_names_item_material_department_and_data(small_world: World) -> None:
    sourced = deepcopy(IDENTITY_CARD)
    sourced["spec"] |= {"source_of_truth": URBAN, "update_cycle": "daily"}
    sourced["spec"]["fields"]["name"]["label"] = text("=cmd|' /C calc'!A0")
    small_world.apply(sourced)
    small_world.rooms.policy.renew()
    get = small_world.client.get
    lines = get(f"/v1/catalogue/responsibility?service_item={ITEM}&limit=200").json["lines"]
    first = lines[0]
    assert (first["requirement"], first["evidence_type"], first["source"]) == ("identity", "identity-card", URBAN)
    assert {one["item"] for one in lines if one["requirement"] == "staff"} == {"employer", "staff"}
    assert len(lines) == 5 + 2 + 5
    owed = get(f"/v1/catalogue/responsibility?organisation={POLICE}&limit=200").json["lines"]
    assert {one["evidence_type"] for one in owed} == {"staff-list"}
    paged, after = [], ""
    while after is not None:
        page = get(f"/v1/catalogue/responsibility?service_item={ITEM}&limit=5&after={after}").json
        paged, after = [*paged, *page["lines"]], page["next"]
    assert paged == lines
    answer = get(f"/v1/catalogue/responsibility.csv?service_item={ITEM}", headers={"Accept-Language": "zh"})
    rows = [*csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))]
    assert rows[0][0] == "事项编码"
    assert len(rows) == 1 + len(lines)
    assert "'=cmd|' /C calc'!A0" in {cell for row in rows for cell in row}  # a spreadsheet must not run it
    desk = Administration(small_world.outside, small_world.rooms, small_world.check_connector)
    assert desk.responsibility(MARKET, "en").startswith("\ufeffservice item,")
    assert get("/v1/catalogue/responsibility?after=x").status_code == 422


# DCAT-AP --------------------------------------------------------------------------------------------------------------


def test_the_catalogue_as_dcat_ap_is_paged_and_holds_what_is_mandatory(small_world: World) -> None:
    secret = deepcopy(IDENTITY_CARD) | {"metadata": {"name": "secret"}}
    secret["spec"] |= {"share_type": "not_shared", "share_citation": text("演示条例"), "update_cycle": "yearly"}
    small_world.apply(secret)
    small_world.rooms.policy.renew()
    found, address = [], "/v1/catalogue/dcat?limit=2"
    while address:
        answer = small_world.client.get(address)
        assert answer.content_type == "application/ld+json"
        page = answer.json
        assert page["hydra:totalItems"] == 3
        assert {"dct:title", "dct:description", "dct:publisher"} <= page.keys()  # DCAT-AP: mandatory for a catalogue
        (service,) = page["dcat:service"]
        assert service["dcat:endpointURL"] == {"@id": f"{ORIGIN}/v1/evidence-requests"}
        found += page["dcat:dataset"]
        address = page["hydra:view"].get("hydra:next", {}).get("@id", "").removeprefix(ORIGIN)
    assert [one["dct:identifier"] for one in found] == ["identity-card", "secret", "staff-list"]
    for one in found:
        assert one["@type"] == "dcat:Dataset"
        assert {word["@language"] for word in one["dct:title"]} == {"zh", "en"}
        assert one["dct:description"]
    rights = {one["dct:identifier"]: one["dct:accessRights"]["@id"].rpartition("/")[2] for one in found}
    assert rights == {"identity-card": "RESTRICTED", "secret": "NON_PUBLIC", "staff-list": "RESTRICTED"}
    assert found[1]["dct:accrualPeriodicity"]["@id"].endswith("/frequency/ANNUAL")
    assert found[0]["@id"].removeprefix(ORIGIN) == "/v1/catalogue/evidence-types/identity-card"


# Out and in again -----------------------------------------------------------------------------------------------------


def test_everything_exported_is_read_back_with_its_new_members(small_world: World) -> None:
    desk = Administration(small_world.outside, small_world.rooms, small_world.check_connector)
    richer = deepcopy(IDENTITY_CARD)
    richer["spec"] |= {"source_of_truth": URBAN, "update_cycle": "real-time"}
    richer["spec"]["fields"]["until"] |= {"share_type": "unconditional", "share_citation": text("演示条例")}
    small_world.apply(*DIVISIONS, richer)
    path = small_world.tmp_path / "exported.yaml"
    path.write_text(desk.export(), encoding="utf-8")
    assert desk.diff([path]) == ()
    assert desk.apply([path]) == ()
    small_world.rooms.policy.renew()
    shown = small_world.client.get("/v1/catalogue/evidence-types/identity-card").json
    assert (shown["update_cycle"], shown["update_label"]["zh"]) == ("real-time", "实时")
    shares = {field["name"]: field["share_type"] for field in shown["fields"]}
    assert (shares["until"], shares["name"]) == ("unconditional", "conditional")
