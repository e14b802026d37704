"""The `files.sftp` part of a manifest."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.faults import fault, within

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|[0-9a-fA-F:.]{2,45}")
_ALGORITHMS: Mapping[str, tuple[str, ...]] = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""Signatures a host may prove itself by, for each kind of key (RFC 8709, RFC 5656, RFC 8332): none of SHA-1."""


@dataclass(frozen=True, slots=True)
class SftpSettings:
    """A folder on an SFTP server.

    Attributes:
        host_keys: the kind and the Base64 of each key that the host may prove itself by: none other is believed.
        key_secret, password_secret: how we prove who we are; one of them is "".
        passphrase_secret: what the key is locked with; "" where it is not.
        folder: its path on the server.
        every: seconds between two looks.
        patience: seconds that fetching one file may take.
    """

    host: str
    port: int
    host_keys: tuple[tuple[str, str], ...]
    username: str
    key_secret: str
    passphrase_secret: str
    password_secret: str
    folder: str
    every: float
    patience: float

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The signatures the host may prove itself by."""
        return tuple(dict.fromkeys(name for kind, _ in self.host_keys for name in _ALGORITHMS[kind]))

    @property
    def identity(self) -> tuple[str, ...]:
        """Which folder this is, whatever way there is to it."""
        return ("sftp", self.host, str(self.port), self.folder)


def parse_sftp(settings: Mapping[str, Any]) -> SftpSettings:
    """Raises: ManifestFault."""
    if not _HOST.fullmatch(settings["host"]):
        raise fault(("host",), "须为主机名或地址，不含端口", "it must be a host's name or address, without a port")
    if ("key_secret" in settings) == ("password_secret" in settings):
        raise fault((), "key_secret 与 password_secret 须写且只写一个", "give either key_secret or password_secret")
    if "passphrase_secret" in settings and "key_secret" not in settings:
        raise fault(("passphrase_secret",), "只用于私钥（key_secret）", "it belongs to a private key (key_secret)")
    folder = settings["folder"]
    if "\0" in folder or ".." in folder.split("/"):
        raise fault(("folder",), "文件夹路径不得含 .. ", "a folder's path holds no ..")
    return SftpSettings(
        host=settings["host"],
        port=settings.get("port", 22),
        host_keys=tuple(_host_key(line, at) for at, line in enumerate(settings["host_keys"])),
        username=settings["username"],
        key_secret=settings.get("key_secret", ""),
        passphrase_secret=settings.get("passphrase_secret", ""),
        password_secret=settings.get("password_secret", ""),
        folder=folder.rstrip("/") or "/",
        every=float(settings.get("every_seconds", 300)),
        patience=float(settings.get("fetch_seconds", 600)),
    )


def _host_key(line: str, at: int) -> tuple[str, str]:
    """The kind and the key of a line as ``ssh-keyscan`` prints it, without the host."""
    kind, _, rest = line.partition(" ")
    told = rest.split(" ")[0]
    try:
        blob = base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    named = kind.encode()
    if kind not in _ALGORITHMS or not blob.startswith(len(named).to_bytes(4, "big") + named):
        with within("host_keys", at):
            raise fault(
                (), "须为“类型 Base64”，如 ssh-ed25519 AAAA…", "it must be “TYPE BASE64”, such as ssh-ed25519 AAAA…"
            )
    return kind, told
