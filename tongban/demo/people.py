"""Who can sign in in the demonstration: citizens, an officer of each department that decides, those that ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyotp

from kernel.entropy import Entropy, token
from tongban.demo import world
from tongban.demo.stories.people import Credentials

DATA_BUREAU = "11500000DEM0000228"
HEALTH = "11500000DEM000065M"
MARKET = "11500000DEM000057T"
ESTATE = "11500000DEM00009X3"
POLICE = world.POLICE
HUMAN_RESOURCES = "11500000DEM000073G"
FUND = "11500000DEM00017XN"
TAX = "11500000DEM000161Y"
PROVIDERS = (POLICE, "11500000DEM0000490", MARKET, HEALTH, HUMAN_RESOURCES, ESTATE, TAX)


EVERY = "all"
"""Instead of one story's name: all of them."""
NEEDED = {"zhou": ("home-transfer", "cross-province"), "he": ("retirement",), "qin": ("cross-province",)}
"""People without whom all stories but these can be told; everybody else is always there."""
OFFICES: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "duty": (HEALTH, ("consumer-officer", "sponsor"), ("emergency",)),
    "sponsor": (HEALTH, ("sponsor",), ("emergency",)),
    "security": (DATA_BUREAU, ("security-administrator",), ("after-death",)),
}
"""Officers without whom all stories but a few can be told: organisation, roles, and those stories."""


@dataclass(frozen=True)
class Account:
    """A synthetic person's account at the identity provider, and which story they are in."""

    key: str
    name: str
    number: str
    story: str
    credentials: Credentials
    organisation: str | None = None
    roles: tuple[str, ...] = ()


def credentials(username: str, entropy: Entropy) -> Credentials:
    """A fresh password and one-time-code secret: no two demonstrations share them."""
    return Credentials(username, token(entropy, 12), pyotp.random_base32())


def accounts(people: Sequence[Mapping[str, Any]], entropy: Entropy, story: str = EVERY) -> Iterator[Account]:
    """Citizens first, then officers; who is in a few stories alone is left out where only others are told."""
    for key, citizen, told in (
        ("wang", world.WANG, "restaurant"),
        ("chen", world.CHEN, "newborn"),
        ("li", world.LI, "newborn"),
        ("zhou", world.ZHOU, "home-transfer"),
        ("he", world.HE, "retirement"),
        ("qin", world.QIN, "cross-province"),
    ):
        if story == EVERY or story in NEEDED.get(key, (story,)):
            yield Account(key, citizen.name, citizen.number, told, credentials(key, entropy))
    yield officer("author", world.ZHANG.name, world.ZHANG.number, DATA_BUREAU, ("governance-officer",), entropy)
    yield officer("approver", world.ZHAO.name, world.ZHAO.number, DATA_BUREAU, ("governance-approver",), entropy)
    heads = [one for one in people if one["household"]["relation"] == "户主"]
    protecting, asking, *staff = heads[-len(PROVIDERS) - 2 :]
    protects = ("data-protection-officer",)
    yield officer("protection", protecting["name"], protecting["number"], DATA_BUREAU, protects, entropy)
    yield officer("consumer", asking["name"], asking["number"], MARKET, ("consumer-officer",), entropy)
    yield from in_a_few(heads[: -len(PROVIDERS) - 2], entropy, story)
    for index, (provider, person) in enumerate(zip(PROVIDERS, staff, strict=True), start=1):
        if provider == TAX and story not in ("home-transfer", EVERY):
            continue
        yield officer(f"officer{index}", person["name"], person["number"], provider, ("provider-officer",), entropy)


def in_a_few(people: Sequence[Mapping[str, Any]], entropy: Entropy, story: str) -> Iterator[Account]:
    """The officers that this story, or every one, needs beside those who are always there."""
    for (key, office), one in zip(OFFICES.items(), people[-len(OFFICES) :], strict=True):
        organisation, roles, told = office
        if story in (*told, EVERY):
            where = story if story in told else told[0]
            yield officer(key, one["name"], one["number"], organisation, roles, entropy, where)


def officer(
    key: str,
    name: str,
    number: str,
    organisation: str,
    roles: tuple[str, ...],
    entropy: Entropy,
    story: str = "approval",
) -> Account:
    """A staff account."""
    return Account(key, name, number, story, credentials(key, entropy), organisation, roles)
