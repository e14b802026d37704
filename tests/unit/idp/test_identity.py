"""Levels of assurance are raised by proofs that are kept (ADR 0024): a register matches name and number."""

from __future__ import annotations

from typing import Any

import pytest

from idp.model.person import NewPerson
from idp.proofing.civil_register import CivilRegister
from idp.proofing.verifier import VerifierUnavailable
from idp.store import people, proofings
from tests.doubles.account import Account
from tests.doubles.civil_register import PaperRegister, http_register
from tests.doubles.identity_provider import LI, PASSWORD, WANG, Provider, citizen
from tests.doubles.mailbox import nobody_listens
from tests.doubles.relying_party import RelyingParty, claims_of

IDENTITY = "/account/identity"
CHEN = citizen(77)


@pytest.fixture
def chen(either_provider: Provider) -> Account:
    either_provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    either_provider.population.names[CHEN.value] = "陈晨"
    return Account(either_provider, "chen")


def prove(account: Account, name: str = "陈晨", number: str = CHEN.value) -> Any:
    return account.browser.submit(account.open(IDENTITY), name=name, number=number)


def test_name_and_number_that_match_a_register_are_level_2(chen: Account) -> None:
    provider = chen.provider
    before = provider.person("chen")
    done = prove(chen)
    assert done.status_code == 200, done.text
    assert CHEN.value not in done.text
    after = provider.person("chen")
    assert (after.id, after.assurance, after.name) == (before.id, 2, "陈晨")
    with provider.database.read() as connection:
        newest = proofings.of_person(connection, after.id)[0]
        sealed = people.sealed(connection, after.id)
    assert (newest.level, newest.method.value, newest.verifier) == (2, "register", "paper")
    assert newest.evidence is not None
    assert sealed.subject is not None
    assert CHEN.value.encode() not in sealed.subject
    [entry] = provider.events("IdentityProven")
    assert entry["facts"]["evidence"] == newest.evidence.hex()
    told = repr(provider.events())
    assert CHEN.value not in told
    assert "陈晨" not in told
    assert "ref-1" not in told


def test_proving_again_keeps_the_account_and_its_pairwise_identifiers(provider: Provider) -> None:
    """Continuity: departments go on knowing the person."""
    provider.population.names[LI.value] = "李丽"
    party = RelyingParty(provider)
    li = Account(provider, "li")
    li.open("/account")
    before = claims_of(party.tokens(li.browser)["id_token"])["sub"]
    done = prove(li, "李丽", LI.value)
    assert done.status_code == 200, done.text
    assert claims_of(party.tokens(li.browser)["id_token"])["sub"] == before
    assert provider.person("li").assurance == 2


def test_a_number_another_account_holds_is_never_moved(chen: Account) -> None:
    provider = chen.provider
    provider.population.names[WANG.value] = "王小明"
    refused = prove(chen, "王小明", WANG.value)
    assert refused.status_code == 422
    assert "找回" in refused.text
    assert provider.person("chen").assurance == 1
    assert provider.events("IdentityProven") == []


def test_an_account_never_becomes_another_persons(provider: Provider) -> None:
    provider.population.names[CHEN.value] = "陈晨"
    assert prove(Account(provider, "li")).status_code == 422
    assert provider.population.asked == 0
    assert provider.person("li").name == "李丽"


@pytest.mark.parametrize(
    ("name", "number"),
    [("王小明", CHEN.value), ("陈晨", citizen(78).value), ("", CHEN.value), ("陈晨", ""),
     ("陈晨", CHEN.value[:-1] + "?"), ("陈晨", "1" * 18), ("x" * 101, CHEN.value)],
)  # fmt: skip
def test_what_does_not_match_raises_nothing(provider: Provider, name: str, number: str) -> None:
    provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    provider.population.names[CHEN.value] = "陈晨"
    refused = prove(Account(provider, "chen"), name, number)
    assert refused.status_code == 422
    assert provider.person("chen").assurance == 1
    assert CHEN.value not in refused.text


def test_guesses_are_throttled(provider: Provider) -> None:
    provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    chen = Account(provider, "chen")
    statuses = [prove(chen, "某人", citizen(100 + number).value).status_code for number in range(6)]
    assert statuses[-1] == 429
    assert provider.population.asked < 6


def test_guesses_at_one_number_are_counted_whoever_makes_them(provider: Provider) -> None:
    statuses = []
    for name in ("one", "two", "three", "four", "five"):
        provider.administration.people.add(NewPerson(name, "某人", PASSWORD))
        statuses.append(prove(Account(provider, name), "某人").status_code)
    assert statuses == [422] * 4 + [429]
    assert provider.population.asked == 4


def test_a_silent_register_is_said_and_changes_nothing(provider: Provider) -> None:
    provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    provider.population.silent = True
    assert prove(Account(provider, "chen")).status_code == 503
    assert provider.person("chen").assurance == 1


def test_staff_are_not_raised_here(provider: Provider) -> None:
    officer = Account(provider, "officer")
    page = officer.open(IDENTITY)
    assert 'name="number"' not in page.text


@pytest.mark.parametrize("kind", ["paper", "http"])
def test_the_laws_of_a_verifier(kind: str) -> None:
    with http_register() as register:
        register.names[CHEN.value] = "陈晨"
        verifier = PaperRegister({CHEN.value: "陈晨"}) if kind == "paper" else CivilRegister(register.address)
        assert verifier.match("陈晨", CHEN) is not None
        assert verifier.match("王小明", CHEN) is None
        assert verifier.match("陈晨", LI) is None
        assert all(CHEN.value not in path for path in register.paths)


@pytest.mark.parametrize(
    "raw",
    [(500, b""), (200, b""), (200, b"[]"), (200, b'{"match": "yes"}'), (200, b'{"match": true}'), (302, b""),
     (200, b'{"match": true, "reference": ""}'), (200, b'{"match": true, "match": false}'), (200, b"x" * 20000)],
)  # fmt: skip
def test_anything_but_a_plain_answer_is_none(raw: tuple[int, bytes]) -> None:
    with http_register() as register:
        register.raw = raw
        with pytest.raises(VerifierUnavailable) as caught:
            CivilRegister(register.address).match("陈晨", CHEN)
        assert CHEN.value not in str(caught.value)


def test_a_register_that_is_away_or_elsewhere() -> None:
    for address in (f"http://127.0.0.1:{nobody_listens()}/", "http://192.0.2.1/"):
        with pytest.raises(VerifierUnavailable):
            CivilRegister(address).match("陈晨", CHEN)
