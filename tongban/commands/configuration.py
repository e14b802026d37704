"""Finding the configuration: the ``--config`` option, then ``TONGBAN_CONFIG``, then ``data/tongban.toml``."""

from __future__ import annotations

import os
from pathlib import Path

from kernel.settings import ExchangeSettings, IdpSettings, Settings, SettingsError, load
from tongban import preflight
from tongban.output import wrong

DEFAULT = Path("data/tongban.toml")


def config_path(named: str | None) -> Path | None:
    """The configuration file to read; None where only the environment speaks."""
    if named:
        return Path(named)
    return DEFAULT if DEFAULT.exists() else None


def load_settings(named: str | None) -> Settings:
    """The settings, or exit status 2 with one sentence. Worker processes find the same file through the environment."""
    path = config_path(named)
    if path is not None and not path.exists():
        wrong(f"找不到配置文件 {path}；新装请先运行 tongban init", f"There is no {path}: run tongban init first.")
    if path is not None:
        os.environ["TONGBAN_CONFIG"] = str(path.resolve())
    try:
        return load(path, os.environ)
    except SettingsError as error:
        wrong(error.text.zh, error.text.en)


def refuse_outdated(name: str, section: IdpSettings | ExchangeSettings) -> None:
    """Commands read and write today's tables only."""
    try:
        preflight.schema(name, section)
    except preflight.NotStartable as refusal:
        wrong(refusal.text.zh, refusal.text.en)
