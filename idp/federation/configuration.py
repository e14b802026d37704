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
from kernel.jose import SIGNATURE_ALGORITHMS
from kernel.outbound import LOOPBACK_NAMES
from kernel.text import Text

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_REQUIRED = frozenset({"name", "title", "issuer", "client_id", "levels"})
_OPTIONAL = frozenset({"client_secret_file", "scope", "name_claim", "number_claim", "signing_alg"})
_GIVEN = frozenset({BY_A_REGISTER, *AT_A_WINDOW})


def upstreams(path: Path | None) -> dict[str, Upstream]:
    """The providers by name, in the file's order. Raises ValueError, naming file and entry, for anything unclear."""
    if path is None:
        return {}
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        if written.keys() - {"upstream"}:
            raise ValueError("it holds [[upstream]] and nothing else")
        entries = written.get("upstream", [])
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
    words = {key: value for key, value in entry.items() if key not in ("title", "levels")}
    wrong = sorted(key for key, value in words.items() if not isinstance(value, str) or not value)
    if wrong:
        raise ValueError(f"{name}: {', '.join(wrong)}: a text that is not empty")
    if "openid" not in entry.get("scope", "openid").split():
        raise ValueError(f"{name}: scope holds openid")
    if entry.get("signing_alg", "ES256") not in SIGNATURE_ALGORITHMS:
        raise ValueError(f"{name}: signing_alg is one of {', '.join(sorted(SIGNATURE_ALGORITHMS))}")
    return Upstream(
        name=name,
        title=Text(str(entry["title"]["zh"]), str(entry["title"]["en"]))
        if _speaks(entry["title"])
        else _untitled(name),
        issuer=_issuer(entry["issuer"], name),
        client_id=str(entry["client_id"]),
        levels=_levels(entry["levels"], name),
        secret=_secret(entry, folder, name),
        **{key: str(entry[key]) for key in ("scope", "name_claim", "number_claim", "signing_alg") if key in entry},
    )


def _secret(entry: Mapping[str, Any], folder: Path, name: str) -> str | None:
    if "client_secret_file" not in entry:
        return None
    secret = (folder / str(entry["client_secret_file"])).read_text(encoding="utf-8").strip()
    if not secret:
        raise ValueError(f"{name}: client_secret_file holds no secret")
    return secret


def _speaks(title: object) -> bool:
    return isinstance(title, dict) and title.keys() == {"zh", "en"}


def _untitled(name: str) -> Text:
    raise ValueError(f"{name}: title has zh and en")


def _issuer(value: object, name: str) -> str:
    """OpenID Connect Discovery 1.0 §3: https, without query and fragment; http on this machine alone."""
    parts = urlsplit(str(value))
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES)
    if not safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{name}: issuer is an https address without query and fragment")
    return str(value)


def _levels(value: object, name: str) -> dict[str, int]:
    if not isinstance(value, dict) or not value or not all(_is_given(level) for level in value.values()):
        raise ValueError(f"{name}: levels gives each acr one of {', '.join(map(str, sorted(_GIVEN)))}")
    return {str(acr): level for acr, level in value.items()}


def _is_given(level: object) -> bool:
    return type(level) is int and level in _GIVEN
