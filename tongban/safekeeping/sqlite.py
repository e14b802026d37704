"""One SQLite file: copied as a snapshot beside a service that goes on writing."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from kernel.private_files import created
from tongban.safekeeping.errors import NotKept

SUFFIX = "sqlite3"


def copy(url: URL, target: Path) -> None:
    """``VACUUM INTO``: one read transaction, and without what was deleted. Raises NotKept."""
    source = Path(url.database or "")
    if not source.is_file():
        raise NotKept(f"数据库文件 {source} 不存在", f"there is no database file {source}.")
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise NotKept(f"数据库 {source} 无法复制：{error}", f"{source} cannot be copied: {error}") from None
    target.chmod(0o600)


def refuse_occupied(url: URL) -> None:
    """Raises NotKept where the file is there already."""
    if Path(url.database or "").exists():
        raise NotKept(
            f"{url.database} 已存在，不会覆盖", f"{url.database} exists and is not overwritten: move it away first."
        )


def put(url: URL, source: Path) -> Path:
    """The copy in its place, durable; yields what was made."""
    target = Path(url.database or "")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with created(target) as file:
        with source.open("rb") as stream:
            shutil.copyfileobj(stream, file)
        file.flush()
        os.fsync(file.fileno())
    return target
