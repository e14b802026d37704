"""From an entry's octets to values: text as it is, other forms only where a manifest declares them."""

from __future__ import annotations

import base64
import re
import struct
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sansldap import SearchResultEntry

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.ldap.settings import LdapSettings
from connectors.mapping.dates import LONG_TERM

_GENERALIZED = re.compile(
    r"(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,]\d{1,9})?(Z|([+-])(\d\d)(\d\d)?)", re.ASCII
)  # RFC 4517 §3.3.13; a fraction is dropped
_BINARY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER = (0, 2**63 - 1)
"""MS-ADTS §2.2: an account with either of these never expires."""


def values_of(entry: SearchResultEntry, settings: LdapSettings) -> dict[str, Raw]:
    """The allowed attributes of an entry; one it does not have is None. Raises: SourceGarbled, SourceTooLarge."""
    found = by_name(entry)
    return {name: _value(found.get(name.lower(), ()), name.lower(), settings) for name in settings.columns}


def by_name(entry: SearchResultEntry) -> Mapping[str, Sequence[bytes]]:
    """Attributes by their names in small letters (RFC 4512 §2.5: case does not matter), those with options left out."""
    if any(";range=" in each.name.lower() for each in entry.attributes):
        raise SourceTooLarge("values")  # MS-ADTS §3.1.1.3.1.3.3: only some of the values are here
    return {each.name.lower(): each.values for each in entry.attributes if ";" not in each.name}


def text(value: bytes) -> str:
    """Octets as text. Raises: SourceGarbled for what is none, and was not declared to be anything else."""
    try:
        decoded = value.decode()
    except UnicodeDecodeError:
        raise SourceGarbled("binary") from None
    if _BINARY.search(decoded):
        raise SourceGarbled("binary")
    return decoded


def _value(values: Sequence[bytes], name: str, settings: LdapSettings) -> Raw:
    read = _FORMS[settings.forms[name]] if name in settings.forms else text
    try:
        each: list[Raw] = [read(value) for value in values]
    except (ValueError, OverflowError, struct.error):
        raise SourceGarbled("form") from None
    if name in settings.lists or len(each) > 1:  # several values of what was to have one: the mapping refuses a list
        return each
    return each[0] if each else None


def _generalized_time(value: bytes) -> datetime:
    match = _GENERALIZED.fullmatch(value.decode("ascii"))
    if match is None:
        raise ValueError("no such time")
    year, month, day, hour, minute, second, zone, sign, hours, minutes = match.groups()
    instant = datetime(int(year), int(month), int(day), int(hour), int(minute or 0), int(second or 0), tzinfo=UTC)
    if zone == "Z":
        return instant
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return instant - offset if sign == "+" else instant + offset


def _filetime(value: bytes) -> Raw:
    """Steps of 100 ns since 1601 (MS-DTYP §2.3.3), or `长期`."""
    if len(value) > 20:
        raise ValueError("no such time")
    steps = int(value.decode("ascii"))
    return LONG_TERM if steps in _NEVER else _EPOCH + timedelta(microseconds=steps // 10)


def _guid(value: bytes) -> str:
    """MS-DTYP §2.3.4.2: the first three parts are little-endian."""
    return str(uuid.UUID(bytes_le=value))


def _sid(value: bytes) -> str:
    """MS-DTYP §2.4.2.2 to §2.4.2.1."""
    revision, count = value[0:1], value[1:2]
    if revision != b"\x01" or len(value) != 8 + 4 * int.from_bytes(count, "big"):
        raise ValueError("no security identifier")
    parts = struct.unpack(f"<{count[0]}I", value[8:])
    return "-".join(["S", "1", str(int.from_bytes(value[2:8], "big")), *map(str, parts)])


_FORMS: Mapping[str, Callable[[bytes], Raw]] = {
    "generalized-time": _generalized_time,
    "filetime": _filetime,
    "guid": _guid,
    "sid": _sid,
    "hex": bytes.hex,
    "base64": lambda value: base64.b64encode(value).decode("ascii"),
}
