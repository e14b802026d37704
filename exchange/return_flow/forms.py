"""The bodies and answers of the return flow."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.catalogue.naming import NamedAnswer
from exchange.forms import Form, ListField, TextField
from exchange.return_flow.making import EVERY
from exchange.return_flow.rows import CHARSETS
from exchange.store.return_flows import Kind
from policies.return_flows import Command, Status

_CODE = validate.Regexp(r"\A[a-z][a-z0-9-]{0,63}\Z", error="form")
_FIELD = validate.Regexp(r"\A[a-z][a-z0-9_-]{0,63}\Z", error="form")
_ITEM = validate.Regexp(r"\A[0-9A-Z]{12,33}\Z", error="form")
_BASIS = validate.Regexp(r"\A[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}\Z", error="form")
_MOST_FIELDS = 200


class ReturnFlowForm(Form):
    """``POST /v1/return-flows``: which fields of which evidence, for what, how written, how often."""

    evidence_type = TextField(required=True, validate=_CODE)
    service_item = TextField(required=True, validate=_ITEM)
    legal_basis = TextField(required=True, validate=_BASIS)
    names = ListField(
        TextField(validate=_FIELD),
        data_key="fields",
        required=True,
        validate=validate.Length(1, _MOST_FIELDS, error="length"),
    )
    charset = TextField(required=True, validate=validate.OneOf(CHARSETS, error="choice"))
    every = TextField(required=True, validate=validate.OneOf([*EVERY], error="choice"))


class DepartmentReturnFlowForm(ReturnFlowForm):
    """``POST /v1/department/return-flows``: the same, for which system of the officer's department."""

    system = TextField(required=True, validate=validate.Length(1, 128, error="length"))


NEW, NEW_FOR = ReturnFlowForm(), DepartmentReturnFlowForm()

ReturnFlowAnswer = Schema.from_dict(
    {
        **{
            name: fields.String(required=True)
            for name in ("flow", "evidence_type", "service_item", "legal_basis", "status", "next_file", "created_at")
        },
        "fields": fields.List(fields.String(), required=True),
        "charset": fields.String(required=True, validate=validate.OneOf(CHARSETS)),
        "every": fields.String(required=True, validate=validate.OneOf([*EVERY])),
        "trouble": fields.String(required=True, allow_none=True),
    },
    name="ReturnFlowAnswer",
)
"""A return flow; ``trouble`` says why the last try made no file."""
ReturnFlowsAnswer = Schema.from_dict(
    {"flows": fields.List(fields.Nested(ReturnFlowAnswer), required=True)}, name="ReturnFlowsAnswer"
)
_Part = Schema.from_dict(
    {
        "number": fields.Integer(required=True),
        "size": fields.Integer(required=True),
        "sha256": fields.String(required=True),
    },
    name="ReturnFlowPart",
)
_File = Schema.from_dict(
    {
        "number": fields.Integer(required=True),
        "kind": fields.String(required=True, validate=validate.OneOf([kind.value for kind in Kind])),
        "made_at": fields.String(required=True),
        "division": fields.String(required=True),
        "columns": fields.List(fields.String(), required=True),
        "rows": fields.Integer(required=True),
        "unreadable": fields.Integer(required=True),
        "digest": fields.String(required=True),
        "parts": fields.List(fields.Nested(_Part), required=True),
        "receipt": fields.String(required=True),
    },
    name="ReturnFlowFile",
)
FilesAnswer = Schema.from_dict(
    {"files": fields.List(fields.Nested(_File), required=True), "more": fields.Boolean(required=True)},
    name="ReturnFlowFilesAnswer",
)
"""Files in order, each with its parts and the receipt of its entry; its ``digest`` is over those of its parts."""

_Making = Schema.from_dict(
    {name: fields.Integer(required=True) for name in ("number", "rows", "parts")}, name="ReturnFlowFileInTheMaking"
)
_parties = ("system", "consumer", "provider", "evidence_type", "service_item", "legal_basis")
DepartmentReturnFlowAnswer = Schema.from_dict(
    {
        "flow": fields.String(required=True),
        **{name: fields.Nested(NamedAnswer, required=True) for name in _parties},
        "fields": fields.List(fields.Nested(NamedAnswer), required=True),
        "division": fields.Nested(NamedAnswer, required=True, allow_none=True),
        "charset": fields.String(required=True, validate=validate.OneOf(CHARSETS)),
        "every": fields.String(required=True, validate=validate.OneOf([*EVERY])),
        "status": fields.String(required=True, validate=validate.OneOf([status.value for status in Status])),
        "trouble": fields.String(required=True, allow_none=True),
        "created_at": fields.String(required=True),
        "next_file": fields.String(required=True),
        "files": fields.Integer(required=True),
        "making": fields.Nested(_Making, required=True, allow_none=True),
        "commands": fields.List(fields.String(validate=validate.OneOf([*Command])), required=True),
    },
    name="DepartmentReturnFlowAnswer",
)
"""A return flow as officers see it: of which division, how many files were begun, which one is being made."""
DepartmentReturnFlowsAnswer = Schema.from_dict(
    {
        "flows": fields.List(fields.Nested(DepartmentReturnFlowAnswer), required=True),
        "next": fields.String(required=True, allow_none=True),
    },
    name="DepartmentReturnFlowsAnswer",
)
_FileWithFetches = Schema.from_dict(
    {
        **_File._declared_fields,  # noqa: SLF001 - marshmallow keeps them nowhere else
        "entry": fields.Integer(required=True),
        "since": fields.String(required=True, allow_none=True),
        "kept": fields.Boolean(required=True),
        "fetched": fields.Integer(required=True),
        "missing": fields.List(fields.Integer(), required=True),
        "fetched_at": fields.String(required=True, allow_none=True),
    },
    name="ReturnFlowFileWithFetches",
)
DepartmentFilesAnswer = Schema.from_dict(
    {
        "files": fields.List(fields.Nested(_FileWithFetches), required=True),
        "next": fields.Integer(required=True, allow_none=True),
    },
    name="DepartmentReturnFlowFilesAnswer",
)
"""Files, newest first: ``fetched`` counts parts that left, ``missing`` names those to go on with."""
_Offer = Schema.from_dict(
    {
        "grant": fields.String(required=True),
        "provider": fields.Nested(NamedAnswer, required=True),
        "evidence_type": fields.Nested(NamedAnswer, required=True),
        "service_items": fields.List(fields.Nested(NamedAnswer), required=True),
        "legal_basis": fields.Nested(NamedAnswer, required=True),
        "fields": fields.List(fields.Nested(NamedAnswer), required=True),
        "source_can": fields.Boolean(required=True),
    },
    name="ReturnFlowOffer",
)
ReturnFlowOffersAnswer = Schema.from_dict(
    {
        "systems": fields.List(fields.Nested(NamedAnswer), required=True),
        "offers": fields.List(fields.Nested(_Offer), required=True),
    },
    name="ReturnFlowOffersAnswer",
)
"""What grants in force let flow back to the officer's department."""
