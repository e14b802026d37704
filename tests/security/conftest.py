"""A provider, and one on each database."""

from tests.doubles.provider_fixtures import *  # noqa: F403 - its fixtures, all of them
