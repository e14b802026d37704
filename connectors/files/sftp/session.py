"""One SSH connection with an SFTP channel on it, which can list a folder and read files, and nothing else.

paramiko does SSH: key exchange, ciphers, who is who (RFC 4253, 4252, 4254). A host's key is compared with those that
are pinned; there is no place to learn a new one. Messages of SFTP are read by us, where time and bytes are counted.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paramiko
from paramiko.packet import Packetizer

from connectors.dialling import dial
from connectors.errors import SourceMisconfigured, SourceProblem, SourceTooLarge, SourceUnavailable
from connectors.files.sftp import wire
from connectors.files.sftp.line import Line
from connectors.files.sftp.messages import Messages
from connectors.files.sftp.settings import SftpSettings
from connectors.files.sftp.wire import Attributes
from connectors.hosts import is_link_local
from connectors.resilience import Deadline

_MOMENT = 2.0
_SILENT = "connectors.files.sftp.silent"
logging.getLogger(_SILENT).setLevel(logging.CRITICAL + 1)  # paramiko's words hold hosts, names of users and banners


class _Unhurried(Packetizer):
    """Keeps no time of its own, by a thread that the process would wait for: the line does."""

    def start_handshake(self, timeout: float) -> None:
        """Nothing: the line ends when time is over."""


class Session:
    """A connection. Serves one thread at a time; any thread may close it."""

    def __init__(self, settings: SftpSettings) -> None:
        self._settings = settings
        self._line: Line | None = None
        self._transport: paramiko.Transport | None = None
        self._messages: Messages | None = None
        self._closed = False

    def open(self, proof: paramiko.PKey | str, deadline: Deadline) -> None:
        """Connect, see that the host is the one, and prove who we are. Raises: SourceProblem."""
        told = self._settings
        line = self._line = Line.over(dial(told.host, told.port, lambda where: not is_link_local(where), deadline))
        with self._answering(deadline):
            transport = self._transport = paramiko.Transport(line, packetizer_class=_Unhurried)
            transport.set_log_channel(_SILENT)
            transport.get_security_options().key_types = told.algorithms
            transport.banner_timeout = transport.auth_timeout = deadline.left()
            transport.start_client(timeout=deadline.left())
            self._check_host(transport.get_remote_server_key())
            _prove(transport, told.username, proof)
            channel = transport.open_session(timeout=deadline.left())
            channel.invoke_subsystem("sftp")
            self._messages = Messages(channel, line)
            self._messages.greet()

    def listing(self, folder: bytes, deadline: Deadline, most: int) -> Iterator[tuple[bytes, Attributes]]:
        """The names in a folder as they come, with what is said of each. Raises: SourceProblem."""
        with self._answering(deadline):
            messages = self._ready()
            _check_folder(messages, folder)
            handle = messages.handle(wire.OPENDIR, wire.text(folder))
            left = most
            while (some := messages.names(handle)) is not None:
                for _ in range(some.whole()):
                    name, _, attributes = some.text(), some.text(), some.attributes()
                    left -= 1
                    if left < 0:
                        raise SourceTooLarge("listing")
                    yield name, attributes
            messages.close(handle)

    def fetch(self, path: bytes, expected: Attributes, write: Callable[[int, bytes], None], deadline: Deadline) -> None:
        """Hand out the bytes of a file that is exactly as expected, before and after. Raises: SourceProblem.

        SFTP follows links when it opens: that the path is no link is seen afterwards.
        """
        with self._answering(deadline):
            messages = self._ready()
            handle = messages.handle(wire.OPEN, wire.text(path) + wire.OPEN_TO_READ)
            _check_same(messages.attributes(wire.FSTAT, handle), expected)
            messages.copy(handle, expected.size or 0, write)
            _check_same(messages.attributes(wire.FSTAT, handle), expected)
            _check_same(messages.attributes(wire.LSTAT, path), expected)
            messages.close(handle)

    def close(self) -> None:
        """End the connection, whatever is under way on it."""
        self._closed = True
        if self._line is None:
            return
        self._line.end()
        if self._transport is not None:
            self._transport.close()
            if self._transport.is_alive():  # it may be reading still: the number of its socket must not be another's
                self._transport.join(_MOMENT)
        self._line.close()

    def _ready(self) -> Messages:
        if self._messages is None or self._closed:
            raise SourceUnavailable("closed")
        return self._messages

    def _check_host(self, key: paramiko.PKey) -> None:
        if all(key.asbytes() != base64.b64decode(pinned) for _, pinned in self._settings.host_keys):
            raise SourceUnavailable("host-key")

    @contextmanager
    def _answering(self, deadline: Deadline) -> Iterator[None]:
        """Whatever goes wrong inside is a SourceProblem, and nothing that anybody said is in it."""
        line = self._line
        if line is None or self._closed:
            raise SourceUnavailable("closed")
        with line.within(deadline):
            try:
                yield
            except Exception as error:  # noqa: BLE001 - a hostile server makes a library fail in ways of its own
                raise (SourceTooLarge("bytes") if line.flooded else _problem(error)) from None


def _prove(transport: paramiko.Transport, username: str, proof: paramiko.PKey | str) -> None:
    try:
        if isinstance(proof, str):
            transport.auth_password(username, proof, fallback=False)
        else:
            transport.auth_publickey(username, proof)
    except paramiko.AuthenticationException:
        if not transport.is_active():  # the line went, and nobody refused
            raise SourceUnavailable("cut-off") from None
        raise SourceMisconfigured("refused") from None


def _check_folder(messages: Messages, folder: bytes) -> None:
    try:
        told = messages.attributes(wire.LSTAT, folder)
    except SourceUnavailable as problem:
        raise (SourceUnavailable("folder") if problem.reason == "file-gone" else problem) from None
    if not told.is_folder:
        raise SourceMisconfigured("folder")


def _check_same(found: Attributes, expected: Attributes) -> None:
    if not found.is_file or (found.size, found.modified) != (expected.size, expected.modified):
        raise SourceUnavailable("file-changing")


def _problem(error: Exception) -> SourceProblem:
    return error if isinstance(error, SourceProblem) else SourceUnavailable("ssh")
