"""Invented people to practise on: the same few for every installation, of a division that is assigned to nobody.

Numbers carry the unassigned division 500199, so that no real person can have one; nothing is read from anywhere, so a
sandbox can reach no real source whatever its manifest says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from connectors.adapters import Adapter, Opening
from connectors.base import Raw
from connectors.memory import MemoryConnector
from kernel.identifiers import citizen_number
from kernel.identifiers.division import SYNTHETIC

NAME = "sandbox"
SUBJECT = "citizen_number"


def _person(serial: int, name: str, born: str, address: str, until: str) -> Mapping[str, Raw]:
    number = citizen_number.compose(SYNTHETIC, date.fromisoformat(born), serial).value
    return {SUBJECT: number, "name": name, "born": born, "address": address, "until": until}


PEOPLE: Sequence[Mapping[str, Raw]] = (
    _person(901, "沙箱甲", "1985-02-14", "演示区沙箱路 1 号", "2035-02-14"),
    _person(902, "欧阳沙箱", "1952-10-01", "演示区沙箱路 2 号", "长期"),
    _person(903, "沙·箱乙", "1999-12-31", "演示区沙箱路 3 号", "2020-01-01"),
    _person(904, "沙箱丙", "2019-06-01", "演示区沙箱路 4 号", "2029-06-01"),
)
"""An adult, an elder with a compound surname, one with a middle dot whose card has run out, and a child."""


def _open(_settings: Mapping[str, Any], opening: Opening) -> MemoryConnector:
    return MemoryConnector(PEOPLE, SUBJECT, max_bytes=opening.limits.max_bytes)


ADAPTER = Adapter(
    parse=lambda settings, _: settings,
    open=_open,
    settings_schema={"type": "object", "additionalProperties": False, "properties": {}},
)
