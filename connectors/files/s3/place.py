"""The objects below a prefix of a bucket as a place that files come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from connectors.adapters import Opening
from connectors.errors import SourceGarbled, SourceMisconfigured, SourceTooLarge, SourceUnavailable
from connectors.files.fetched import Target, fetching
from connectors.files.place import Stamp
from connectors.files.s3.listing import Page, page
from connectors.files.s3.settings import S3Settings
from connectors.files.s3.signing import Signer, encoded, query
from connectors.files.workroom import Workroom
from connectors.resilience import Deadline
from connectors.rest import addresses
from connectors.rest.asking import refusal
from connectors.rest.request import Request
from connectors.rest.transport import Answer, Transport

_LISTING_SECONDS, _PIECE_SECONDS = 30.0, 60.0
_PIECE = 4 << 20
"""Bytes that are asked for at a time, and so held in memory."""
_PAGE_BYTES = 4 << 20
_PAGE = 500
"""Objects of a page: a longer one would meet the limit of marks in a document."""
_MOST_PAGES = 100
_PARTIAL, _GONE, _CHANGED, _NO_SUCH_PIECE = 206, 404, 412, 416


class S3Place:
    """The wanted objects right below a prefix; each is fetched only in the state that was listed."""

    remote = True

    def __init__(self, settings: S3Settings, wanted: Callable[[str], bool], room: Workroom, opening: Opening) -> None:
        """Raises: SourceMisconfigured where a secret is unknown or empty."""
        self._settings, self._wanted, self._room, self._clock = settings, wanted, room, opening.clock
        self._opening = opening
        self._signer = self._credentials()
        self._transport = Transport(
            max_bytes=max(_PIECE, _PAGE_BYTES),
            ca_file=settings.ca_file,
            private_only=addresses.is_plain(settings.endpoint),
        )

    def listing(self) -> Sequence[Stamp]:
        """The objects that are wanted. Raises: SourceProblem."""
        self._renew()
        deadline = Deadline(self._clock, _LISTING_SECONDS)
        found, token = list[Stamp](), ""
        for _ in range(_MOST_PAGES):
            told = self._page(token, deadline)
            found += [stamp for stamp in told.stamps if self._wanted(stamp.name)]
            token = told.token
            if not token:
                return found
        raise SourceTooLarge("listing")

    @contextmanager
    def open(self, stamp: Stamp) -> Iterator[BinaryIO]:
        """The object of a stamp, fetched whole. Raises: SourceProblem."""
        deadline = Deadline(self._clock, self._settings.patience)
        with fetching(self._room) as file:
            target = Target(file)
            for at in range(0, stamp.size, _PIECE):
                target.write(at, self._piece(stamp, at, min(_PIECE, stamp.size - at), deadline))
            file.seek(0)
            yield file

    def close(self) -> None:
        """Close every connection; one that is in use closes when its answer is there."""
        self._transport.close()

    def _renew(self) -> None:
        """Credentials that were given for a while are exchanged behind their names: they are read for each look."""
        if self._settings.token_secret:
            self._signer = self._credentials()

    def _credentials(self) -> Signer:
        told = self._settings
        key_id = told.key_id or self._secret(told.key_id_secret)
        token = self._secret(told.token_secret) if told.token_secret else ""
        return Signer(key_id, self._secret(told.secret), told.region, token)

    def _secret(self, name: str) -> str:
        secret = self._opening.secret(name).strip()
        if not secret or not secret.isascii() or not secret.isprintable():
            raise SourceMisconfigured("secret-unusable")
        return secret

    def _page(self, token: str, deadline: Deadline) -> Page:
        asked = {"list-type": "2", "delimiter": "/", "encoding-type": "url", "max-keys": str(_PAGE)}
        asked |= {"prefix": self._settings.prefix} if self._settings.prefix else {}
        asked |= {"continuation-token": token} if token else {}
        url = f"{self._settings.location}{'' if self._settings.path_style else '/'}?{query(list(asked.items()))}"
        answer = self._ask(url, {}, deadline.left(), _PAGE_BYTES)
        if answer.status != 200:
            raise refusal(answer.status)
        return page(answer.body, self._settings.prefix)

    def _piece(self, stamp: Stamp, at: int, count: int, deadline: Deadline) -> bytes:
        url = f"{self._settings.location}/{encoded(self._settings.prefix + stamp.name, safe='/')}"
        headers = {"if-match": stamp.version, "range": f"bytes={at}-{at + count - 1}"}
        answer = self._ask(url, headers, min(_PIECE_SECONDS, deadline.left()), count)
        _check_piece(answer, f"bytes {at}-{at + count - 1}/{stamp.size}", is_whole=count == stamp.size)
        if len(answer.body) != count:
            raise SourceUnavailable("cut-off")
        return answer.body

    def _ask(self, url: str, headers: Mapping[str, str], seconds: float, most: int) -> Answer:
        lines = self._signer.lines(url, headers, self._clock.now())
        return self._transport.exchange(Request(url, lines, None), seconds, max_bytes=most, fields=("content-range",))


def _check_piece(answer: Answer, expected: str, *, is_whole: bool) -> None:
    """That the answer is the piece that was asked for, of an object that is as it was (RFC 9110 §14.4, §13.1.1)."""
    if answer.status == _GONE:
        raise SourceUnavailable("file-gone")
    if answer.status in {_CHANGED, _NO_SUCH_PIECE}:
        raise SourceUnavailable("file-changing")
    if answer.status == 200:  # from the beginning, whatever was asked for
        if not is_whole:
            raise SourceGarbled("range")
        return
    if answer.status != _PARTIAL:
        raise refusal(answer.status)
    if list(answer.fields.get("content-range", ())) != [expected]:
        raise SourceUnavailable("file-changing")
