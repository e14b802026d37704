"""A gateway over HTTP: the operator's own service that sends texts and mails."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from idp.notices.sender import Message, NotDelivered, Undeliverable
from kernel.canonical import encode
from kernel.outbound import AddressPolicy, OutboundClient, OutboundFailed, OutboundRefused

SECONDS = 10.0
_ANSWER_BYTES = 16 * 1024
_GONE_FOR_GOOD = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY})


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Posts JSON to one configured address; ``Idempotency-Key`` is the message's id, the token a bearer token."""

    address: str
    token: str = field(default="", repr=False)
    client: OutboundClient = field(default_factory=OutboundClient)

    def deliver(self, message: Message) -> None:
        """Any 2xx answer means taken over; 400, 410 and 422 mean never, everything else means later."""
        content = {"channel": message.to.kind.value, "to": message.to.value}
        body = encode({"id": message.id, "zh": message.text.zh, "en": message.text.en, **content})
        headers = [f"Idempotency-Key: {message.id}"]
        if self.token:
            headers.append(f"Authorization: Bearer {self.token}")
        try:
            answer = self.client.post(
                self.address, body, allow=self._policy(), headers=headers, max_bytes=_ANSWER_BYTES, timeout=SECONDS
            )
        except OutboundRefused:
            raise Undeliverable("the gateway's address is not allowed") from None
        except OutboundFailed:
            raise NotDelivered("the gateway did not answer as it should") from None
        if answer.status in _GONE_FOR_GOOD:
            raise Undeliverable(f"the gateway refused it with status {answer.status}")
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise NotDelivered(f"the gateway answered with status {answer.status}")

    def _policy(self) -> AddressPolicy:
        """Only the host the operator named, wherever that is; without TLS on this machine alone."""
        parts = urlsplit(self.address)
        return AddressPolicy(
            schemes=frozenset({parts.scheme}),
            hosts=frozenset({parts.hostname or ""}),
            allow_loopback=parts.scheme == "http",
            allow_private=parts.scheme == "https",
        )
