"""One suite over every carrier of notices: the laws written on the port."""

from __future__ import annotations

import email
import email.policy
import json
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from idp.model.contact import Contact, ContactKind
from idp.notices import Message, NotDelivered, Sender, Undeliverable
from idp.notices.senders.smtp import SmtpSender
from idp.notices.senders.spool import SpoolSender
from idp.notices.senders.webhook import WebhookSender
from kernel.text import Text
from tests.doubles.mailbox import mail_server, nobody_listens

ADDRESS = "wang@example.org"
MESSAGE = Message("ntc_1", Contact(ContactKind.EMAIL, ADDRESS), Text("您的密码已更改。", "Your password was changed."))


@dataclass
class Carrier:
    """A sender with its far end: what arrived (id, address, words), a broken twin, a way to refuse for good."""

    sender: Sender
    arrived: Callable[[], list[tuple[str, str, str]]]
    broken: Sender
    refuse: Callable[[int], None] | None = None


def spool(stack: ExitStack, folder: Path) -> Carrier:
    def arrived() -> list[tuple[str, str, str]]:
        files = sorted((folder / "out").glob("*.json"))
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
        content = [json.loads(file.read_bytes()) for file in files]
        return [(each["id"], each["to"], each["zh"] + each["en"]) for each in content]

    (folder / "file").touch()
    return Carrier(SpoolSender(folder / "out"), arrived, SpoolSender(folder / "file" / "out"))


def webhook(stack: ExitStack, folder: Path) -> Carrier:
    taken: dict[str, dict[str, str]] = {}
    answers = [204]

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Authorization"] == "Bearer secret"
            if answers[0] < 300:
                taken[self.headers["Idempotency-Key"]] = body
            self.send_response(answers[0])
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    stack.callback(server.server_close)
    stack.callback(thread.join)
    stack.callback(server.shutdown)
    return Carrier(
        WebhookSender(f"http://127.0.0.1:{server.server_port}/send", "secret"),
        lambda: [(key, body["to"], body["zh"] + body["en"]) for key, body in taken.items()],
        WebhookSender(f"http://127.0.0.1:{nobody_listens()}/send"),
        lambda status: answers.__setitem__(0, status),
    )


def smtp(stack: ExitStack, folder: Path) -> Carrier:
    server = stack.enter_context(mail_server())

    def arrived() -> list[tuple[str, str, str]]:
        mails = [email.message_from_string(each, policy=email.policy.default) for each in server.mails]
        return [
            (
                mail["Message-ID"].partition("@")[0].strip("<"),
                mail["To"],
                mail.get_content().replace("\r", "").replace("\n", ""),
            )
            for mail in mails
        ]

    return Carrier(
        SmtpSender(f"127.0.0.1:{server.port}", "no-reply@example.org"),
        arrived,
        SmtpSender(f"127.0.0.1:{nobody_listens()}", "no-reply@example.org"),
        lambda status: server.answers.__setitem__("RCPT", f"{status} no {ADDRESS}"),
    )


@pytest.fixture(params=[spool, webhook, smtp], ids=["spool", "webhook", "smtp"])
def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Carrier]:
    with ExitStack() as stack:
        yield request.param(stack, tmp_path)


def test_what_is_delivered_has_arrived_whole_in_both_languages(carrier: Carrier) -> None:
    carrier.sender.deliver(MESSAGE)
    assert carrier.arrived() == [("ntc_1", ADDRESS, MESSAGE.text.zh + MESSAGE.text.en)]


def test_a_repeated_message_is_known_by_its_id(carrier: Carrier) -> None:
    carrier.sender.deliver(MESSAGE)
    carrier.sender.deliver(MESSAGE)
    assert {each[0] for each in carrier.arrived()} == {"ntc_1"}


def test_what_cannot_be_handed_over_now_is_worth_another_try_and_names_nobody(carrier: Carrier) -> None:
    with pytest.raises(NotDelivered) as caught:
        carrier.broken.deliver(MESSAGE)
    assert ADDRESS not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(("http", "mail", "outcome"), [(503, 450, NotDelivered), (422, 550, Undeliverable)])
def test_the_carrier_says_whether_another_try_is_worth_it(
    carrier: Carrier, http: int, mail: int, outcome: type[Exception]
) -> None:
    if carrier.refuse is None:
        return  # a folder refuses nothing
    carrier.refuse(mail if isinstance(carrier.sender, SmtpSender) else http)
    with pytest.raises(outcome) as caught:
        carrier.sender.deliver(MESSAGE)
    assert ADDRESS not in str(caught.value)
    assert carrier.arrived() == []


@pytest.mark.parametrize("verb", ["", "MAIL", "DATA", "."])
def test_what_a_mail_server_refuses_for_another_reason_than_the_address_is_worth_another_try(verb: str) -> None:
    with mail_server() as server:
        server.answers[verb] = f"550 no {ADDRESS}"
        sender = SmtpSender(f"127.0.0.1:{server.port}", "no-reply@example.org")
        with pytest.raises(NotDelivered):
            sender.deliver(MESSAGE)


def test_a_mail_server_carries_no_text_messages() -> None:
    to_a_phone = Message("ntc_2", Contact(ContactKind.PHONE, "13800000000"), MESSAGE.text)
    with pytest.raises(Undeliverable):
        SmtpSender("127.0.0.1:1", "no-reply@example.org").deliver(to_a_phone)
