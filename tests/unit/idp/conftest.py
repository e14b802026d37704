"""A provider, and one on each database."""

from tests.doubles.provider_fixtures import (
    browser,
    either_provider,
    empty_postgresql,
    empty_sqlite,
    fresh,
    party,
    provider,
)

__all__ = ["browser", "either_provider", "empty_postgresql", "empty_sqlite", "fresh", "party", "provider"]
