"""What administrators do to an account is told to its owner, on every confirmed channel, in the same transaction."""

from __future__ import annotations

import pytest

from idp.administration import AdministrationError
from idp.model.contact import Contact, ContactKind
from idp.model.person import NewPerson, PersonKind
from tests.doubles.administrators import Console, appoint, person_id
from tests.doubles.identity_provider import MARKET, PASSWORD, PHONE, TOTP_SECRET, Provider

MAIL = Contact(ContactKind.EMAIL, "handler@example.org")


@pytest.fixture
def staffed(either_provider: Provider) -> Provider:
    """Administrators, and a member of staff who can be reached in two ways."""
    appoint(either_provider, "security", "market", "guard")
    handler = NewPerson(
        "handler", "经办人", PASSWORD, kind=PersonKind.STAFF, assurance=3, totp_secret=TOTP_SECRET,
        organisation=MARKET, roles=("window-clerk",), contacts=(PHONE, MAIL),
    )  # fmt: skip
    either_provider.administration.people.add(handler)
    return either_provider


def told(provider: Provider) -> list[tuple[Contact, str]]:
    """What arrived since the last look."""
    provider.deliver()
    messages = [(message.to, message.text.en) for message in provider.mailbox.messages]
    provider.mailbox.messages.clear()
    return messages


def test_the_owner_is_told_of_every_change_on_every_channel(staffed: Provider) -> None:
    desk = Console(staffed, "security")
    at = f"/people/{person_id(staffed, 'handler')}"
    told(staffed)
    for method, path, body, words in (
        ("PUT", "/roles", {"roles": ["window-clerk", "provider-officer"]}, "Window clerk, Provider officer."),
        ("PUT", "/roles", {"roles": []}, "they are now: none."),
        ("POST", "/sessions/end", None, "signed your account out everywhere"),
        ("POST", "/disable", None, "disabled your account"),
        ("POST", "/enable", None, "enabled your account"),
    ):
        assert desk.call(method, at + path, body).status_code == 204, path
        arrived = told(staffed)
        assert {contact for contact, _ in arrived} == {PHONE, MAIL}, path
        assert len(arrived) == 2
        assert all(words in text for _, text in arrived), arrived


def test_a_change_that_is_refused_or_waits_for_a_second_person_is_not_told(staffed: Provider) -> None:
    desk = Console(staffed, "security")
    handler = person_id(staffed, "handler")
    told(staffed)
    assert desk.call("POST", f"/people/{handler}/enable").status_code == 422  # it is not disabled
    asked = desk.call("PUT", f"/people/{handler}/roles", {"roles": ["department-administrator"]})
    assert asked.status_code == 202
    assert told(staffed) == []
    proposal = asked.json["proposal"]
    confirmed = Console(staffed, "guard").call(
        "POST", f"/proposals/{proposal['id']}/confirm", {"digest": proposal["digest"]}
    )
    assert confirmed.status_code == 204
    assert [text for _, text in told(staffed)].count(
        "An administrator changed your offices; they are now: Department administrator. "
        "If you do not know why, ask at a window."
    ) == 2  # fmt: skip


def test_the_operators_command_tells_as_well(staffed: Provider) -> None:
    staffed.administration.people.disable("wang")
    with pytest.raises(AdministrationError):
        staffed.administration.people.disable("wang")
    assert len(told(staffed)) == 1
