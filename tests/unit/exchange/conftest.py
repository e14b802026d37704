"""The exchange's world, for every test in this folder."""

from tests.doubles.exchange import prepared_postgresql, prepared_sqlite, small_world, world

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world", "world"]
