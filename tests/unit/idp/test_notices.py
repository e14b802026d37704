"""Notices: told in the transaction of what they are about, on every confirmed channel, once each, however nodes die."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.model import contact
from idp.model.contact import Contact, ContactKind
from idp.notices import Courier, InvalidContact, NotDelivered, NoticeKind, Undeliverable
from idp.notices.courier import LEASE, delay
from idp.opening import vault
from idp.store import tables
from kernel.text import Text
from tests.doubles.identity_provider import PHONE, Provider
from tests.doubles.kept import kept
from tests.doubles.mailbox import Mailbox

TOLD = NoticeKind("test", Text("您的{what}已更改。", "Your {what} was changed."))
PASSWORD_WORD = Text("密码", "password")
MAIL = Contact(ContactKind.EMAIL, "wang@example.org")


def person_id(provider: Provider, username: str = "wang") -> str:
    with provider.database.read() as connection:
        column = tables.person.c
        return str(connection.execute(select(column.id).where(column.username == username)).scalar_one())


def tell(provider: Provider) -> int:
    person = person_id(provider)
    return provider.database.write(
        lambda connection: provider.notices.send(connection, person, TOLD, what=PASSWORD_WORD)
    )


def test_a_notice_goes_to_every_confirmed_channel_and_to_no_other(either_provider: Provider) -> None:
    person, channels = person_id(either_provider), either_provider.notices.channels
    other = Contact(ContactKind.EMAIL, "not-yet@example.org")

    def add(connection):
        waiting = channels.add(connection, person, MAIL)
        channels.add(connection, person, other)
        assert channels.confirm(connection, person, waiting)
        assert not channels.confirm(connection, person, waiting)

    either_provider.database.write(add)
    assert tell(either_provider) == 2
    either_provider.deliver()
    assert {message.to for message in either_provider.mailbox.messages} == {PHONE, MAIL}
    assert set(either_provider.mailbox.words()) == {"Your password was changed."}
    either_provider.deliver()
    assert len(either_provider.mailbox.messages) == 2


def test_a_channel_belongs_to_one_person(provider: Provider) -> None:
    wang, li, channels = person_id(provider), person_id(provider, "li"), provider.notices.channels
    with provider.database.read() as connection:
        [phone] = channels.of(connection, wang)
    assert not provider.database.write(lambda connection: channels.remove(connection, li, phone.id))
    assert provider.database.write(lambda connection: channels.remove(connection, wang, phone.id))
    assert tell(provider) == 0


def test_no_notice_about_what_did_not_happen(provider: Provider) -> None:
    person = person_id(provider)

    def change(connection):
        provider.notices.send(connection, person, TOLD, what=PASSWORD_WORD)
        raise ValueError("the change failed")

    with pytest.raises(ValueError, match="the change failed"):
        provider.database.write(change)
    provider.deliver()
    assert provider.mailbox.messages == []


def test_neither_address_nor_words_are_readable_in_the_database(provider: Provider) -> None:
    tell(provider)
    stored = [kept(provider.database, table) for table in ("contact_channel", "notice")]
    assert "[]" not in stored
    assert not any(PHONE.value in rows or "password" in rows for rows in stored)
    provider.deliver()
    with provider.database.read() as connection:
        assert connection.execute(select(tables.notice.c.sealed)).scalars().all() == [b""]


def test_a_failed_try_is_repeated_ever_more_slowly_under_the_same_id(provider: Provider) -> None:
    tell(provider)
    provider.mailbox.failures = [NotDelivered("away"), NotDelivered("away")]
    provider.deliver()
    provider.deliver()
    assert provider.mailbox.messages == []
    assert len(provider.mailbox.failures) == 1  # the second round came too early
    provider.clock.advance(delay(1).total_seconds())
    provider.deliver()
    provider.clock.advance(delay(1).total_seconds())
    provider.deliver()
    assert provider.mailbox.messages == []
    provider.clock.advance(delay(2).total_seconds())
    provider.deliver()
    assert len(provider.mailbox.messages) == 1


def test_what_the_carrier_refuses_for_good_is_given_up(provider: Provider) -> None:
    tell(provider)
    provider.mailbox.failures = [Undeliverable("no such number")]
    provider.deliver()
    provider.clock.advance(timedelta(days=1).total_seconds())
    provider.deliver()
    assert provider.mailbox.messages == []
    with provider.database.read() as connection:
        assert connection.execute(select(tables.notice.c.outcome)).scalars().all() == ["given-up"]


def test_many_couriers_deliver_each_notice_once_and_a_dead_one_holds_it_no_longer_than_its_lease(
    either_provider: Provider,
) -> None:
    for _ in range(10):
        tell(either_provider)
    mailbox = Mailbox()
    couriers = [
        Courier(either_provider.database, vault(either_provider.keys), mailbox, either_provider.clock) for _ in range(8)
    ]
    threads = [threading.Thread(target=each.round) for each in couriers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(mailbox.messages) == len({message.id for message in mailbox.messages}) == 10

    class Dies(BaseException):
        """The process ends between claim and hand-over."""

    tell(either_provider)
    either_provider.mailbox.failures = [Dies()]  # type: ignore[list-item]
    with pytest.raises(Dies):
        either_provider.deliver()
    either_provider.deliver()
    assert either_provider.mailbox.messages == []
    either_provider.clock.advance(LEASE.total_seconds())
    either_provider.deliver()
    assert len(either_provider.mailbox.messages) == 1


def test_the_courier_runs_until_it_is_closed(provider: Provider) -> None:
    mailbox = Mailbox()
    courier = Courier(provider.database, vault(provider.keys), mailbox, provider.clock)
    courier.start()
    tell(provider)
    until = threading.Event()
    for _ in range(100):
        if mailbox.messages:
            break
        until.wait(0.05)
    courier.close()
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize(
    ("kind", "text", "value", "masked"),
    [
        ("phone", " 138 0000-0000", "13800000000", "138****0000"),
        ("phone", "+86 13800000000", "+8613800000000", "+86*******0000"),
        ("email", "wang@example.org ", "wang@example.org", "w***@example.org"),
    ],
)
def test_contacts_have_one_spelling_and_are_shown_masked(kind: str, text: str, value: str, masked: str) -> None:
    parsed = contact.parse(ContactKind(kind), text)
    assert (parsed.value, parsed.masked) == (value, masked)
    assert value not in repr(parsed)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("phone", ""), ("phone", "12"), ("phone", "1" * 16), ("phone", "١٢٣٤٥٦"), ("email", "wang"),
        ("email", "a@b"), ("email", "a@b.c\nBcc: x@y.z"), ("email", f"{'a' * 250}@b.org"), ("email", "<a@b.org>"),
    ],
)  # fmt: skip
def test_what_is_no_contact_is_refused(kind: str, text: str) -> None:
    with pytest.raises(InvalidContact):
        contact.parse(ContactKind(kind), text)
