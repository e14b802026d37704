"""Handing mail to a server: only what it says of the recipient is for good, and it has its time for all of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.mail import _MAILBOX, Mail, MailFolder, MailRelay, NotDelivered, Undeliverable
from tests.doubles.mailbox import MailServer, mail_server

TO = "office@example.cn"
MAIL = Mail("fwp_1", TO, "通办", "有新消息")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as listening:
        yield listening


def relay(server: MailServer, host: str = "127.0.0.1", **more: object) -> MailRelay:
    return MailRelay(f"{host}:{server.port}", "no-reply@example.cn", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ["550 no such user", "551 not here", "553 5.1.3 bad address", "550 5.1.1 none"])
def test_a_recipient_that_the_server_refuses_for_good_is_undeliverable(server: MailServer, answer: str) -> None:
    server.answers["RCPT"] = f"{answer} {TO}"
    with pytest.raises(Undeliverable) as caught:
        relay(server).deliver(MAIL)
    assert TO not in str(caught.value)


NO_MAILBOXES = (
    f"{TO}\r\nBcc: other@example.cn", f"{TO}\nX: y", f"{TO}, other@example.cn", f"office: {TO};", f"<{TO}>", "", "@",
    "office", "office@", "@example.cn", "a@b@c", "a@[", "a b@example.cn", f"{TO}\0", "\ud800@example.cn", f"{TO}\u2028",
    '"a"@example.cn',
)  # fmt: skip


@pytest.mark.parametrize("address", NO_MAILBOXES)
def test_what_is_no_mailbox_is_undeliverable_and_no_server_hears_of_it(server: MailServer, address: str) -> None:
    """It will never be one: trying it again and again helps nobody, and a second recipient was not meant."""
    server.answers[""] = "421 busy"
    with pytest.raises(Undeliverable) as caught:
        relay(server).deliver(replace(MAIL, to=address))
    assert not address or address not in str(caught.value)


@given(st.from_regex(_MAILBOX, fullmatch=True))
def test_whatever_may_be_a_mailbox_is_written_or_refused(address: str) -> None:
    with suppress(ValueError):
        assert MailRelay("127.0.0.1:1", "no-reply@example.cn")._written(replace(MAIL, to=address)).as_bytes()


def test_a_mailbox_that_reads_like_an_encoded_word_gets_the_mail_itself(server: MailServer) -> None:
    """RFC 2047 words are not decoded where the server is told whom the mail is for."""
    relay(server).deliver(replace(MAIL, to="=?utf-8?q?a=2Cb?=@example.cn"))
    assert len(server.mails) == 1
    assert server.recipients == ["<=?utf-8?q?a=2Cb?=@example.cn>"]


def test_a_mail_in_a_folder_is_whole_and_durable_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file first; then, with its name in it, the folder; then what the folder was made in."""
    folder, synced, sync = tmp_path / "new" / "out", [], os.fsync

    def seen(handle: int) -> None:
        opened = Path(f"/proc/self/fd/{handle}").readlink()
        synced.append((opened, (folder / "fwp_1.json").exists()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", seen)
    MailFolder(folder).deliver(replace(MAIL, headers=(("Auto-Submitted", "auto-generated"),)))
    kept = {"id": "fwp_1", "to": TO, "subject": "通办", "body": "有新消息"}
    assert json.loads((folder / "fwp_1.json").read_bytes()) == kept | {
        "headers": [["Auto-Submitted", "auto-generated"]]
    }
    assert synced == [(folder / ".fwp_1", False), (folder, True), (tmp_path / "new", True), (tmp_path, True)]


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("", "554 no service for you"),
        ("", "421 busy"),
        ("MAIL", "553 sender not yours"),
        ("MAIL", "530 log in first"),
        ("RCPT", "450 later"),
        ("RCPT", "552 full"),
        ("RCPT", "552 5.2.2 full"),
        ("RCPT", "550 5.2.2 full"),
        ("RCPT", "503 log in first"),
        ("RCPT", "530 log in first"),
        ("RCPT", "554 5.7.1 relay access denied"),
        ("RCPT", "550 5.7.54 unable to relay"),
        ("DATA", "554 no valid recipients"),
        (".", "552 disk full"),
        (".", "550 looks like spam"),
    ],
)
def test_every_other_refusal_is_trouble_with_the_server_and_worth_another_try(
    server: MailServer, verb: str, answer: str
) -> None:
    server.answers[verb] = answer
    with pytest.raises(NotDelivered):
        relay(server).deliver(MAIL)
    assert server.mails == []


def test_a_greeting_to_no_one_is_trouble_with_the_server(server: MailServer) -> None:
    server.answers |= {"EHLO": "550 go away", "HELO": "550 go away"}
    with pytest.raises(NotDelivered):
        relay(server).deliver(MAIL)


@pytest.mark.parametrize("token", ["user:expired", "user:密码", "no-password"])
def test_a_password_that_is_not_taken_condemns_no_address(server: MailServer, token: str) -> None:
    server.answers |= {"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 no"}
    with pytest.raises(NotDelivered):
        relay(server, token=token).deliver(MAIL)


@pytest.mark.parametrize("ehlo", ["250 test", "250-test\r\n250 STARTTLS"])
def test_a_server_elsewhere_without_working_tls_gets_nothing(server: MailServer, ehlo: str) -> None:
    server.answers |= {"EHLO": ehlo, "STAR": "554 no certificate"}
    with pytest.raises(NotDelivered):
        relay(server, "127.1").deliver(MAIL)  # not written as this machine is
    assert server.mails == []


@pytest.mark.parametrize("bye", ["421 gone", "500 what", "nonsense"])
def test_what_was_taken_over_is_delivered_whatever_the_server_says_to_a_goodbye(server: MailServer, bye: str) -> None:
    server.answers["QUIT"] = bye
    relay(server).deliver(MAIL)
    assert len(server.mails) == 1


def test_a_goodbye_does_not_hide_what_was_said_of_the_recipient(server: MailServer) -> None:
    server.answers |= {"RCPT": "550 no", "QUIT": "421 gone"}
    with pytest.raises(Undeliverable):
        relay(server).deliver(MAIL)


def test_a_server_that_says_a_little_now_and_then_is_broken_off(server: MailServer) -> None:
    server.trickle = 40  # two seconds; then it would take the mail
    with pytest.raises(NotDelivered):
        relay(server, within=0.3).deliver(MAIL)
    assert server.mails == []
