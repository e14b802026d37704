"""People from a file: all of them or none, in the encodings that spreadsheets write."""

import pytest

from idp.administration import AdministrationError, text_of
from idp.model.person import NewPerson
from kernel.identifiers.subject import SubjectRef
from tests.doubles.identity_provider import Provider, citizen

HEADER = "username,name,password,citizen_number,assurance\n"


def line(name: str, number: str = "") -> str:
    return f"{name},某{name},correct horse battery,{number},{2 if number else 1}\n"


STANDING = 4
"""Accounts the provider of these tests begins with."""


def accounts(provider: Provider) -> int:
    return len(provider.events("PersonAdded")) - STANDING


@pytest.mark.parametrize(
    "lines",
    [
        [line("one", citizen(11).value), line("one")],
        [line("one", citizen(11).value), line("two", citizen(11).value)],
    ],
)
def test_a_name_or_number_that_stands_twice_leaves_no_account_behind(provider: Provider, lines: list[str]) -> None:
    with pytest.raises(AdministrationError) as refusal:
        provider.administration.people.import_file([HEADER, *lines])
    assert "line 3" in refusal.value.text.en
    assert accounts(provider) == 0
    assert provider.administration.people.import_file([HEADER, line("one"), line("two")]) == 2
    assert accounts(provider) == 2


def test_a_name_that_is_taken_already_leaves_no_account_behind(provider: Provider) -> None:
    provider.administration.people.import_file([HEADER, line("two")])
    with pytest.raises(AdministrationError):
        provider.administration.people.import_file([HEADER, line("one"), line("two")])
    assert accounts(provider) == 1


def test_more_accounts_than_one_batch_of_the_log_are_one_transaction(either_provider: Provider, monkeypatch) -> None:
    monkeypatch.setattr(type(either_provider.administration.people), "_hashed", lambda _self, _password: "$argon2id$")
    lines = [line(f"person{number}") for number in range(150)]
    with pytest.raises(AdministrationError):
        either_provider.administration.people.import_file([HEADER, *lines, line("person0")])
    assert accounts(either_provider) == 0
    assert either_provider.administration.people.import_file([HEADER, *lines]) == 150
    assert accounts(either_provider) == 150


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_in_the_encoding_it_was_written_in(encoding: str) -> None:
    assert text_of((HEADER + line("王小明")).encode(encoding)) == HEADER + line("王小明")


@pytest.mark.parametrize("data", [b"\xff\xff\xff", "用户".encode("utf-16")])
def test_any_other_encoding_is_said_in_one_sentence(data: bytes) -> None:
    with pytest.raises(AdministrationError):
        text_of(data)


@pytest.mark.parametrize("value", ["123", citizen(11).value[:-1] + "A", citizen(11).value.replace("1990", "1991")])
def test_a_number_with_a_wrong_form_or_check_character_makes_no_account(provider: Provider, value: str) -> None:
    new = NewPerson("one", "某某", "correct horse battery", assurance=2, subject=SubjectRef("citizen-number", value))
    with pytest.raises(AdministrationError) as refusal:
        provider.administration.people.add(new)
    assert value not in refusal.value.text.en + refusal.value.text.zh
    assert accounts(provider) == 0
