"""What must hold before a service is started, looked at by the parent: one sentence instead of a worker's traceback."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from pathlib import Path

from kernel import migrations
from kernel.clock import SystemClock
from kernel.database.engines import parse_url
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing
from kernel.ledger.errors import LedgerOwned
from kernel.ledger.ownership import Ownership
from kernel.settings import ExchangeSettings, IdpSettings
from kernel.text import Text

Section = IdpSettings | ExchangeSettings


class NotStartable(Exception):
    """The service cannot start as things stand; ``text`` says why and how to mend it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.text = Text(zh, en)


def check(name: str, settings: Section) -> None:
    """Raises NotStartable, KeyRingError, UnsafeDatabase or DatabaseUnavailable for the first thing in the way."""
    for look in (keys, schema, ledger, address):
        look(name, settings)


def keys(_name: str, settings: Section) -> None:
    """The key ring is there. Raises KeyRingError."""
    KeyRing.load(settings.key_dir, clock=SystemClock(), entropy=SystemEntropy())


def schema(name: str, settings: Section) -> None:
    """The database can be reached, is safe, and has the newest schema."""
    if not migrations.current(settings.database_url, f"{name}.store"):
        raise NotStartable(
            f"{name} 的数据库结构不是最新，请先运行 tongban db upgrade",
            f"the database of {name} is not at the newest schema: run tongban db upgrade",
        )


def ledger(name: str, settings: Section) -> None:
    """On SQLite, no other process serves the same log."""
    parts = parse_url(settings.database_url)
    if parts.get_backend_name() != "sqlite" or not parts.database:
        return
    try:
        Ownership(Path(parts.database)).release()
    except LedgerOwned:
        raise NotStartable(
            f"{name} 已有另一个进程在同一份数据上运行，请先停止它",
            f"another process serves {name} on the same data already: stop it first",
        ) from None


def address(name: str, settings: Section) -> None:
    """The address can be listened on."""
    host, _, port = settings.listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]") or "127.0.0.1", int(port)))
        except OSError as error:
            reason = _REASONS.get(error.errno or 0) or Text(str(error.strerror), str(error.strerror))
            raise NotStartable(
                f"{name} 无法监听 {settings.listen}：{reason.zh}；请改 {name}.listen，或停止占用它的程序",
                f"{name} cannot listen on {settings.listen}: {reason.en}; change {name}.listen, or stop what uses it",
            ) from None


_REASONS: Mapping[int, Text] = {
    errno.EADDRINUSE: Text("端口已被占用", "the port is taken"),
    errno.EADDRNOTAVAIL: Text("本机没有这个地址", "this machine has no such address"),
    errno.EACCES: Text("没有权限", "not permitted"),
}
