"""The exchange's world, for every test in this folder."""

from tests.doubles.exchange import small_world, world

__all__ = ["small_world", "world"]
