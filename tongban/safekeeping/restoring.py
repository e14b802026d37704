"""Restoring a backup to where its configuration says, or into another folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

from sqlalchemy import URL

from kernel.database.engines import parse_url
from kernel.private_files import created
from kernel.settings import Settings, load
from tongban.safekeeping import archive, sqlite
from tongban.safekeeping.errors import NotKept
from tongban.safekeeping.keeping import PRODUCTS

CONFIGURATION = "tongban.toml"


def restore(file: Path, data: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Put everything in its place and yield the configuration's path (None: the environment configures all).

    Nothing is overwritten: raises NotKept while a database, a key ring or a configuration is there. What could not be
    finished is taken away again.
    """
    with tempfile.TemporaryDirectory(prefix="tongban-restore-") as folder:
        staged = Path(folder)
        with archive.unpacked(file, staged) as manifest:
            target = (data or Path(manifest["data_dir"])).absolute()
            kept = staged / "configuration" / CONFIGURATION
            if kept.exists():
                move(kept, manifest["data_dir"], target)
            return Restoration(staged, target, understood(kept, target, environ)).carry_out()


def understood(configuration: Path, target: Path, environ: Mapping[str, str]) -> Settings:
    """The settings as they will be read: relative paths begin where the file will lie. Raises SettingsError."""
    if not configuration.exists():
        return load(None, environ)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target / f".{CONFIGURATION}.{os.getpid()}"
    try:
        place(configuration, draft)
        return load(draft, environ)
    finally:
        draft.unlink(missing_ok=True)


def move(configuration: Path, old: str, new: Path) -> None:
    """Have every path below the old data folder begin with the new one."""
    text = configuration.read_text(encoding="utf-8")
    for before in (json.dumps(old, ensure_ascii=False)[1:-1], old):
        text = text.replace(f"{before}/", f"{json.dumps(str(new), ensure_ascii=False)[1:-1]}/")
        text = text.replace(f'"{before}"', json.dumps(str(new), ensure_ascii=False))
    configuration.write_text(text, encoding="utf-8")


class Restoration:
    """One unpacked archive on its way to its place."""

    def __init__(self, staged: Path, target: Path, settings: Settings) -> None:
        self._staged, self._target, self._settings = staged, target, settings
        self._databases: dict[str, URL] = {
            "idp": parse_url(settings.idp.database_url),
            "exchange": parse_url(settings.exchange.database_url),
        }

    def carry_out(self) -> Path | None:
        """Look everywhere first, then write."""
        for service, url in self._databases.items():
            self._product(service, url).refuse_occupied(url)
        for folder in self._folders().values():
            if folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
                raise NotKept(f"{folder} 不是空的，不会覆盖", f"{folder} is not empty and is not overwritten.")
        if (self._target / CONFIGURATION).exists():
            raise NotKept(
                f"{self._target / CONFIGURATION} 已存在，不会覆盖；请用 --data 指定另一个目录",
                f"{self._target / CONFIGURATION} exists and is not overwritten: name another folder with --data.",
            )
        with ExitStack() as undoing:
            made = self._write(undoing)
            undoing.pop_all()
        return made

    def _folders(self) -> dict[str, Path]:
        settings = self._settings
        folders = {"keys/idp": settings.idp.key_dir, "keys/exchange": settings.exchange.key_dir}
        if settings.exchange.source_secrets is not None:
            folders["secrets"] = settings.exchange.source_secrets
        return folders

    def _product(self, service: str, url: URL) -> ModuleType:
        product = PRODUCTS[url.get_backend_name()]
        if not (self._staged / "databases" / f"{service}.{product.SUFFIX}").exists():
            raise NotKept(
                "备份出自另一种数据库产品，配置须与备份时相同",
                "the backup was made from another database product: configure the same one.",
            )
        return product

    def _write(self, undoing: ExitStack) -> Path | None:
        for name, folder in self._folders().items():
            if (self._staged / name).is_dir():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                for path in (self._staged / name).iterdir():
                    undoing.callback((folder / path.name).unlink, missing_ok=True)
                    place(path, folder / path.name)
        for service, url in self._databases.items():
            product = PRODUCTS[url.get_backend_name()]
            source = self._staged / "databases" / f"{service}.{product.SUFFIX}"
            if product is sqlite:
                undoing.callback(Path(url.database or "").unlink, missing_ok=True)
            product.put(url, source)
        kept = self._staged / "configuration" / CONFIGURATION
        if not kept.exists():
            return None
        place(kept, self._target / CONFIGURATION)
        return self._target / CONFIGURATION


def place(source: Path, target: Path) -> None:
    """A copy for its owner alone."""
    with created(target) as file:
        with source.open("rb") as stream:
            shutil.copyfileobj(stream, file)
        file.flush()
        os.fsync(file.fileno())
