"""The `jws` part of a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.faults import fault, within
from connectors.jws.trust import usable
from connectors.mapping.reading import Reader, expression
from connectors.rest.reading import json_place
from connectors.rest.service import KEYS, ServiceSettings, parse_service
from kernel import jose

_TEXT = {"$ref": "#/$defs/text"}
SETTINGS_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["audience", "trust"],
    "additionalProperties": False,
    "properties": {
        **{name: {"$ref": f"#/$defs/rest/properties/{name}"} for name in KEYS},
        "documents": _TEXT,
        "types": {"type": "array", "items": {"type": "string", "maxLength": 100}, "minItems": 1, "maxItems": 10},
        "audience": _TEXT,
        "max_age_seconds": {"type": "integer", "minimum": 1, "maximum": 315_360_000},
        "subject_path": _TEXT,
        "records": _TEXT,
        "trust": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": {
                "type": "object",
                "required": ["issuer", "algorithms"],
                "additionalProperties": False,
                "properties": {
                    "issuer": _TEXT,
                    "algorithms": {
                        "type": "array",
                        "items": {"enum": list(jose.SIGNATURE_ALGORITHMS)},
                        "minItems": 1,
                        "uniqueItems": True,
                    },
                    "keys": {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": 64},
                    "keys_secret": _TEXT,
                },
            },
        },
    },
}
"""JSON Schema of `spec.jws`; ``$ref`` leads into the published schema that it is put into."""


@dataclass(frozen=True, slots=True)
class JwsSettings:
    """An HTTP service, whom its documents are believed from, and what they mean.

    Attributes:
        documents: where the answer holds its documents; None where it is one.
        about: where a document says whom it is about.
        records: where a document holds its record or records; None where it is one.
        trust: the issuers as the manifest has them.
    """

    service: ServiceSettings
    documents: Reader | None
    about: Reader
    records: Reader | None
    audience: str
    types: tuple[str, ...]
    max_age: int
    trust: Sequence[Mapping[str, Any]]


def parse(settings: Mapping[str, Any], _: frozenset[str]) -> JwsSettings:
    """The settings in a manifest's `jws`. Raises: ManifestFault."""
    service = parse_service(settings)
    if isinstance(service.body, str):
        raise fault(("body",), "请求体须是 JSON", "the body is JSON")
    for number, entry in enumerate(settings["trust"]):
        with within("trust", number):
            _check(entry)
    with within("subject_path"):
        about = expression(settings.get("subject_path", "sub"))
    return JwsSettings(
        service=service,
        documents=json_place(settings, "documents"),
        about=about,
        records=json_place(settings, "records"),
        audience=settings["audience"],
        types=tuple(settings.get("types", ["JWT"])),
        max_age=settings.get("max_age_seconds", 300),
        trust=settings["trust"],
    )


def _check(entry: Mapping[str, Any]) -> None:
    if ("keys" in entry) == ("keys_secret" in entry):
        raise fault((), "keys 与 keys_secret 须写且只写一个", "give either keys or keys_secret")
    if "keys" in entry and len(usable(entry["keys"], entry["algorithms"])) != len(entry["keys"]):
        raise fault(("keys",), "有的公钥不能用于所列算法", "a key cannot be used with the listed algorithms")
