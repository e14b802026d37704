"""The bodies and answers of the return flow."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.forms import Form, ListField, TextField
from exchange.return_flow.making import EVERY
from exchange.return_flow.rows import CHARSETS
from exchange.store.return_flows import Kind

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


NEW = ReturnFlowForm()

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
