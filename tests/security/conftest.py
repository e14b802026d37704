"""An identity provider to attack: on SQLite, and on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.browser import Browser
from tests.doubles.identity_provider import Provider, provider_at
from tests.doubles.relying_party import RelyingParty


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with provider_at(f"sqlite:///{tmp_path / 'idp.sqlite3'}", tmp_path) as running:
        yield running


@pytest.fixture
def either_provider(database_url: str, tmp_path: Path) -> Iterator[Provider]:
    with provider_at(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    return RelyingParty(provider)


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return Browser(provider)
