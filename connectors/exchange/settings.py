"""The `exchange` part of a manifest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.adapters import allowed_columns
from connectors.faults import fault, within
from connectors.rest import addresses
from kernel.ledger.verify import VerificationFailed
from kernel.ledger.verify.note import parse_vkey

_TEXT = {"$ref": "#/$defs/text"}
_TEXTS = (
    "origin",
    "token_url",
    "issuer",
    "client_id",
    "secret",
    "officer",
    "organisation",
    "service_item",
    "legal_basis",
    "evidence_type",
    "log_key",
)
SETTINGS_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": [*_TEXTS],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(_TEXTS, _TEXT),
        "columns": {"$ref": "#/$defs/columns"},
        "questions": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 20,
            "propertyNames": {"$ref": "#/$defs/field"},
            "additionalProperties": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {"name": {"$ref": "#/$defs/name"}, "args": {"type": "object", "maxProperties": 10}},
            },
        },
        "relays": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/field"},
        },
        "insecure_http": {"type": "boolean"},
        "ca_file": _TEXT,
        "client_certificate": _TEXT,
    },
}
"""JSON Schema of `spec.exchange`; ``$ref`` leads into the published schema that it is put into."""

_OFFICER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}")
_NUMBER = re.compile(r"\d{17}[\dXx]")


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """Another exchange, and on which ground we ask there.

    Attributes:
        origin: its address, which is the issuer of its evidence.
        token_url, issuer: of the identity provider it trusts.
        client_id, secret: our system there, and the secret that holds its private JWK.
        officer: who of us answers for the questions, by a staff identifier.
        organisation: what we are called there: whom evidence must be meant for.
        columns: the fields that are asked for.
        questions: what is asked instead of fields, by the column its answer is given as: the record stays there.
        relays: names of further questions of theirs that may be put to the person here, whose answers go there.
        log_key: the verifier key of its log (C2SP), pinned.
        client_certificate: the secret with our certificate and key; "" where a key is proven by DPoP.
    """

    origin: str
    token_url: str
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    officer: str
    organisation: str
    service_item: str
    legal_basis: str
    evidence_type: str
    log_key: str
    columns: tuple[str, ...]
    questions: Mapping[str, Mapping[str, Any]]
    relays: frozenset[str]
    ca_file: str
    client_certificate: str


def parse(settings: Mapping[str, Any], mapped: frozenset[str]) -> ExchangeSettings:
    """The settings in a manifest's `exchange`. Raises: ManifestFault."""
    for name in ("origin", "token_url"):
        with within(name):
            addresses.check(settings[name], insecure_http=settings.get("insecure_http", False))
    _check_origin(settings["origin"], certificate="client_certificate" in settings)
    if not _OFFICER.fullmatch(settings["officer"]) or _NUMBER.search(settings["officer"]):
        raise fault(("officer",), "应是工作人员编号，不得含身份证号码", "a staff identifier, without a citizen number")
    try:
        parse_vkey(settings["log_key"])
    except VerificationFailed:
        raise fault(("log_key",), "不是日志公钥", "this is no log key") from None
    questions = settings.get("questions", {})
    fields = mapped - questions.keys()
    if double := sorted(questions.keys() & set(settings.get("columns", ()))):
        raise fault(("questions", double[0]), "与字段同名", "a field has this name, too")
    return ExchangeSettings(
        **{name: settings[name] for name in _TEXTS},
        columns=allowed_columns(settings, fields) if fields or not questions else (),
        questions=questions,
        relays=frozenset(settings.get("relays", ())),
        ca_file=settings.get("ca_file", ""),
        client_certificate=settings.get("client_certificate", ""),
    )


def _check_origin(origin: str, *, certificate: bool) -> None:
    if origin.count("/") != 2:  # scheme, host, port: what the other exchange calls itself
        raise fault(("origin",), "只写协议、主机和端口", "scheme, host and port alone")
    if certificate and addresses.is_plain(origin):
        raise fault(("client_certificate",), "客户端证书须用 https", "a client certificate needs https")
