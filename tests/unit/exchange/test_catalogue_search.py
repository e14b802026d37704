"""Searching the catalogue: two-character words, English beginnings, width and case, pages, filters, hostile input."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from exchange.store import catalogue, epoch
from tests.doubles.exchange import IDENTITY_CARD, MARKET, POLICE, World, organisation


def evidence_type(code: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    spec = {**IDENTITY_CARD["spec"], "name": {"zh": zh, "en": en}, **more}
    return {"kind": "EvidenceType", "metadata": {"name": code}, "spec": spec}


TYPES = [
    evidence_type("household-register", "居民户口簿", "Household register"),
    evidence_type("household-move", "户口迁移证明书", "Certificate of a household's move"),
    evidence_type("no-home", "无房证明", "Certificate of no home", share_type="unconditional"),
    evidence_type("wide", "ＡＢＣ测试目录", "ＦＵＬＬ width", provider=MARKET),
    evidence_type("quoted", "百分%号_下划线'引号\"", "100% of 'it' \\ _"),
]


def codes(world: World, question: str, **more: str) -> list[str]:
    answer = world.client.get("/v1/catalogue/evidence-types", query_string={"q": question, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json["total"] == len(answer.json["items"])
    return [one["code"] for one in answer.json["items"]]


def test_words_of_both_scripts_are_found_in_the_order_of_fit(world: World) -> None:
    world.apply(*TYPES)
    world.rooms.policy.renew()
    assert codes(world, "户口") == ["household-register", "household-move"]  # the shorter name first
    assert codes(world, "证明") == ["no-home", "household-move"]
    assert codes(world, "簿") == ["household-register"]
    assert codes(world, "迁") == ["household-move"]
    assert codes(world, "HOUSE") == codes(world, "house") == ["household-register", "household-move"]
    assert codes(world, "certificate household") == ["household-move"]
    assert codes(world, "hold") == []
    assert codes(world, "abc") == codes(world, "ＡＢＣ") == codes(world, "full") == ["wide"]
    assert set(codes(world, "住址")) >= {"household-register", "identity-card"}  # an item's label
    assert codes(world, "口居") == codes(world, "户簿") == codes(world, "火箭") == []
    assert codes(world, "户口迁移证明书") == ["household-move"]


def test_filters_and_pages_cut_what_was_found(world: World) -> None:
    world.apply(*TYPES)
    world.rooms.policy.renew()
    assert codes(world, "证明", share_type="unconditional") == ["no-home"]
    assert codes(world, "测试", organisation=MARKET) == ["wide"]
    assert codes(world, "测试", organisation=POLICE) == []
    assert codes(world, "", organisation=MARKET) == ["wide"]
    assert codes(world, "", share_type="unconditional") == ["no-home"]
    get = world.client.get
    whole = get("/v1/catalogue/evidence-types?q=address").json
    seen: list[str] = []
    after = ""
    while after is not None:
        page = get("/v1/catalogue/evidence-types", query_string={"q": "address", "limit": 2, "after": after}).json
        assert page["total"] == whole["total"] == 6
        seen += [one["code"] for one in page["items"]]
        after = page["next"]
    assert seen == [one["code"] for one in whole["items"]]


def test_what_is_published_again_is_found_by_its_new_words_alone(world: World) -> None:
    world.apply(organisation(POLICE, "治安总队"))
    world.rooms.policy.renew()
    find = world.client.get
    assert find("/v1/catalogue/organisations", query_string={"q": "公安"}).json["total"] == 0
    assert find("/v1/catalogue/organisations", query_string={"q": "治安"}).json["items"][0]["code"] == POLICE
    assert find("/v1/catalogue/organisations", query_string={"q": POLICE.lower()}).json["total"] == 1


@pytest.mark.parametrize(
    "question",
    [
        *("%", "_", "'; DROP TABLE catalogue_word; --", '"', "\\", "(" * 100, "*", "🦊", "\U0010ffff", "a" * 900),
        *("一二三四五六七八九十" * 20, " ".join(f"w{n}" for n in range(60)), "\u202e户口"),
    ],
)
def test_a_hostile_question_finds_nothing_and_breaks_nothing(small_world: World, question: str) -> None:
    answer = small_world.client.get("/v1/catalogue/evidence-types", query_string={"q": question})
    assert answer.status_code == 200
    assert (answer.json["total"], answer.json["items"]) == (0, [])
    assert small_world.client.get("/v1/catalogue/evidence-types?q=staff").json["total"] == 1


def test_a_blank_question_is_none(small_world: World) -> None:
    whole = small_world.client.get("/v1/catalogue/evidence-types")
    for blank in ("\r\n", " ", ""):
        answer = small_world.client.get("/v1/catalogue/evidence-types", query_string={"q": blank})
        assert (answer.status_code, answer.json) == (200, whole.json)


def test_percent_and_underscore_mean_themselves(small_world: World) -> None:
    small_world.apply(*TYPES)
    small_world.rooms.policy.renew()
    assert codes(small_world, "100% of") == ["quoted"]
    assert codes(small_world, "百分%号") == ["quoted"]


@pytest.mark.parametrize(
    "asked", ["after=x", "after=1", "after=1.", "after=1.2.3", "after=-1.2", "after=99999999999.1", "share_type=all"]
)
def test_a_page_or_filter_that_cannot_be_is_refused(small_world: World, asked: str) -> None:
    answer = small_world.client.get(f"/v1/catalogue/evidence-types?q=staff&{asked}")
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")


def test_pages_of_two_nodes_fit_though_one_knew_less_when_it_began(world: World) -> None:
    """A page of the one and the next of the other neither repeat nor skip, whatever each had indexed first."""
    world.apply(*TYPES[1:])
    world.rooms.policy.renew()
    assert codes(world, "household") == ["household-move"]
    world.apply(evidence_type("a-household", "居民户口底册", "Household ledger"), TYPES[0])
    late = world.another_node()
    nodes = (world, late)
    for node in nodes:
        node.rooms.policy.renew()
    seen, after, total = [], "", codes(late, "household")
    while after is not None:
        asked = {"q": "household", "limit": 1, "after": after}
        one, other = (node.client.get("/v1/catalogue/evidence-types", query_string=asked).json for node in nodes)
        assert one == other
        seen += [entry["code"] for entry in one["items"]]
        after = one["next"]
    assert seen == total
    assert set(seen) == {"a-household", "household-move", "household-register"}


def test_what_was_withdrawn_is_found_no_more_and_found_again_when_it_returns(world: World) -> None:
    world.apply(*TYPES)
    world.rooms.policy.renew()
    assert codes(world, "无房") == ["no-home"]

    def withdraw(connection: Connection) -> None:
        catalogue.remove(connection, ("EvidenceType", "no-home"))
        epoch.advance(connection, catalogue=True)

    world.outside.database.write(withdraw)
    world.rooms.policy.renew()
    assert codes(world, "无房") == []
    world.apply(TYPES[2])
    world.rooms.policy.renew()
    assert codes(world, "无房") == ["no-home"]


def test_a_large_import_is_found_when_the_search_has_caught_up(small_world: World) -> None:
    """No question waits for a whole catalogue: until then it is answered from the one before."""
    small_world.rooms.catalogue.keep_up()
    small_world.apply(*(evidence_type(f"many-{n}", f"成批证照{n}", f"One of many {n}") for n in range(30)))
    small_world.rooms.policy.renew()
    assert codes(small_world, "成批证照") == []
    assert codes(small_world, "staff") == ["staff-list"]
    small_world.rooms.catalogue.keep_up()
    assert len(codes(small_world, "成批证照", limit="100")) == 30
