"""The private key of the pages and the configuration are for their owner alone from the first moment on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exchange.console.registration import read_key
from kernel.private_files import created
from kernel.settings import SettingsError, load
from tongban import installation


@pytest.fixture
def nothing_forbidden(monkeypatch: pytest.MonkeyPatch):
    """A careless umask, and no second chance to forbid reading."""
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("nothing_forbidden")
def test_a_key_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "tongban.toml"
    urls = installation.database_urls(tmp_path, None)
    path.write_text(installation.configuration(tmp_path, installation.loopback(8400), urls, {}, {}), encoding="utf-8")
    settings = load(path, {})
    installation.make_keys(settings)
    key = settings.exchange.console_key
    assert key is not None
    assert key.stat().st_mode & 0o777 == 0o600
    assert read_key(key).alg == "ES256"
    with pytest.raises(FileExistsError):
        created(key)


@pytest.mark.parametrize("content", ["[]", "1", "null", '"x"', "{", "{}", ""])
def test_what_is_no_key_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "console.jwk"
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="console_key"):
        read_key(path)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_key(path)
