"""Making a backup, beside services that run."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from kernel.database.engines import parse_url
from kernel.settings import Settings
from tongban.safekeeping import archive, postgresql, sqlite
from tongban.safekeeping.errors import NotKept

PRODUCTS = {"sqlite": sqlite, "postgresql": postgresql}


def back_up(file: Path, settings: Settings, configuration: Path | None, now: datetime, version: str) -> dict[str, Any]:
    """Write the archive; yields its manifest. Raises NotKept, and OSError for a file that cannot be written."""
    if file.exists():
        raise NotKept(f"{file} 已存在，不会覆盖", f"{file} exists and is not overwritten: name another file.")
    with tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".tongban-backup-") as folder:
        staged = Path(folder)
        copy_databases(settings, staged)
        for service, key_dir in (("idp", settings.idp.key_dir), ("exchange", settings.exchange.key_dir)):
            copy_files(key_dir, staged / "keys" / service)
        if settings.exchange.source_secrets is not None:
            copy_files(settings.exchange.source_secrets, staged / "secrets")
        if configuration is not None:
            (staged / "configuration").mkdir()
            shutil.copyfile(configuration, staged / "configuration" / "tongban.toml")
        facts = {"tongban": version, "made_at": now.isoformat(), "data_dir": str(settings.data_dir)}
        return archive.write(file, staged, facts)


def copy_databases(settings: Settings, staged: Path) -> None:
    """Each service's database as one snapshot."""
    (staged / "databases").mkdir()
    for service, url in (("idp", settings.idp.database_url), ("exchange", settings.exchange.database_url)):
        parts = parse_url(url)
        product = PRODUCTS[parts.get_backend_name()]
        product.copy(parts, staged / "databases" / f"{service}.{product.SUFFIX}")


def copy_files(folder: Path, target: Path) -> None:
    """The plain files of a folder; locks and drafts are nobody's to keep."""
    if not folder.is_dir():
        return
    target.mkdir(parents=True)
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            shutil.copyfile(path, target / path.name)
