"""The demonstration's world: rich enough to be believed, and nobody in it can be real."""

import json

import pytest

from kernel.identifiers import certificate_id, citizen_number, social_credit_code
from tongban.demo import world


@pytest.fixture(scope="module")
def made():
    return world.build()


def test_at_least_200_people_and_30_businesses(made):
    assert len({person["number"] for person in made["people"]}) == len(made["people"]) >= 200
    assert len(made["businesses"]) >= 30


def test_every_number_is_well_formed_and_of_the_unassigned_division(made):
    for person in made["people"]:
        assert citizen_number.parse(person["number"]).division == "500199"
    for business in made["businesses"]:
        assert social_credit_code.parse(business["code"]).value[8:11] == "DEM"


def test_the_same_seed_gives_the_same_world(made):
    assert json.dumps(world.build()) == json.dumps(made)
    assert json.dumps(world.build(seed=1)) != json.dumps(made)


def test_registers_speak_of_the_same_people(made):
    known = {person["number"] for person in made["people"]}
    assert {number for marriage in made["marriages"] for number in marriage["parties"]} <= known
    assert {title["holder_number"] for title in made["titles"]} <= known
    assert {worker["number"] for entry in made["employments"] for worker in entry["staff"]} <= known


def test_the_stories_start_from_what_they_tell(made):
    known = {person["number"] for person in made["people"]}
    owners = {title["holder_number"] for title in made["titles"]}
    (sale,), (death,), (pension,) = made["sales"], made["deaths"], made["pensions"]
    assert {sale["seller_number"], sale["buyer_number"], death["number"], *made["homes_elsewhere"]} <= known
    assert sale["seller_number"] in owners
    assert not {one.number for one in world.TENANTS} & (owners | {*made["homes_elsewhere"]})
    assert death["number"] == pension["number"] == made["certificates"][0]["number"]
    assert certificate_id.parse(made["certificates"][0]["certificate"]).issuer == world.POLICE
    assert {kin[role] for kin in made["kinships"] for role in ("child", "parent")} <= known


def test_bad_cases_are_among_them(made):
    assert any(certificate["valid_until"] < "2026/11" for certificate in made["health_certificates"])
    assert any(business["status"] == "04" for business in made["businesses"])
    assert any("·" in person["name"] for person in made["people"])
