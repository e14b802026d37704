"""The operator's file of upstream providers (TOML): every mistake is found when the service starts.

::

    [[upstream]]
    name = "national-id"
    title = { zh = "国家网络身份认证", en = "National online identity" }
    issuer = "https://id.example"
    client_id = "tongban"
    client_secret_file = "secrets/national-id"      # left out: private_key_jwt with this provider's own key
    levels = { "urn:example:loa:substantial" = 3 }  # their acr → the level it gives here
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from idp.model.proofing import AT_A_WINDOW, BY_A_REGISTER
from idp.model.upstream import Upstream
from kernel.text import Text

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_REQUIRED = frozenset({"name", "title", "issuer", "client_id", "levels"})
_OPTIONAL = frozenset({"client_secret_file", "scope", "name_claim", "number_claim", "signing_alg"})
_GIVEN = frozenset({BY_A_REGISTER, *AT_A_WINDOW})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def upstreams(path: Path | None) -> dict[str, Upstream]:
    """The providers by name, in the file's order. Raises ValueError, naming file and entry, for anything unclear."""
    if path is None:
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("upstream", [])
        found = [_upstream(entry, path.parent) for entry in entries]
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{path}: no file of upstream providers: {error}") from None
    if (
        not found
        or len({each.name for each in found}) != len(found)
        or len({each.issuer for each in found}) != len(found)
    ):
        raise ValueError(f"{path}: names no upstream provider, or one twice")
    return {each.name: each for each in found}


def _upstream(entry: Mapping[str, Any], folder: Path) -> Upstream:
    if not entry.keys() >= _REQUIRED or not entry.keys() <= _REQUIRED | _OPTIONAL:
        raise ValueError(
            f"an [[upstream]] has {', '.join(sorted(_REQUIRED))}; optional: {', '.join(sorted(_OPTIONAL))}"
        )
    name = entry["name"]
    if not _NAME.fullmatch(name):
        raise ValueError("the name of an upstream is lower-case letters, digits and dashes")
    secret = entry.get("client_secret_file")
    return Upstream(
        name=name,
        title=Text(str(entry["title"]["zh"]), str(entry["title"]["en"]))
        if _speaks(entry["title"])
        else _untitled(name),
        issuer=_issuer(entry["issuer"], name),
        client_id=str(entry["client_id"]),
        levels=_levels(entry["levels"], name),
        secret=None if secret is None else (folder / secret).read_text(encoding="utf-8").strip(),
        **{key: str(entry[key]) for key in ("scope", "name_claim", "number_claim", "signing_alg") if key in entry},
    )


def _speaks(title: object) -> bool:
    return isinstance(title, dict) and title.keys() == {"zh", "en"}


def _untitled(name: str) -> Text:
    raise ValueError(f"{name}: title has zh and en")


def _issuer(value: object, name: str) -> str:
    """OpenID Connect Discovery 1.0 §3: https, without query and fragment; http on this machine alone."""
    parts = urlsplit(str(value))
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{name}: issuer is an https address without query and fragment")
    return str(value)


def _levels(value: object, name: str) -> dict[str, int]:
    if not isinstance(value, dict) or not value or not set(value.values()) <= _GIVEN:
        raise ValueError(f"{name}: levels gives each acr one of {', '.join(map(str, sorted(_GIVEN)))}")
    return {str(acr): level for acr, level in value.items()}
