"""The body and the answers of the preview endpoints."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.forms import Form, ObjectField, TextField
from exchange.gateway.evidence_answer import STATUSES
from exchange.previews.looking import Reply

_DIGEST = validate.Regexp(r"\Asha256:[0-9a-f]{64}\Z", error="form")


class PreviewReplyForm(Form):
    """``POST /v1/previews/<request>/<item>``: ``digest`` is that of exactly what was seen."""

    reply = TextField(required=True, validate=validate.OneOf([one.value for one in Reply], error="choice"))
    digest = TextField(required=True, validate=_DIGEST)


class FurtherAnswersForm(Form):
    """``POST /v1/previews/<request>/<item>/answers``: ``answers`` by the questions' names, ``digest`` as they came."""

    answers = ObjectField(required=True)
    digest = TextField(required=True, validate=_DIGEST)


class PreviewAnswer(Schema):
    """One item that waits for the caller; ``data``, ``answers`` and ``digest`` where it was asked for by itself.

    Where ``reason`` is ``further-questions`` nothing can be shown before its ``questions`` are answered: each has a
    name, words, a type (text; date as YYYY-MM-DD; year; choice, of ``choices``), and may be left empty where it is
    ``optional``; ``attempts_left`` may be wrong; ``elsewhere`` says that another exchange asks, and gets the answers.
    ``choice`` names other items of the request that meet the same requirement: agreeing to one closes the others.
    """

    request = fields.String(required=True)
    item = fields.Integer(required=True)
    consumer = fields.Dict(required=True)
    provider = fields.Dict(required=True)
    evidence_type = fields.Dict(required=True)
    service_item = fields.Dict(required=True)
    ground = fields.Dict(required=True)
    relation = fields.String(required=True)
    since = fields.String(required=True)
    until = fields.String(required=True)
    data = fields.List(fields.Dict())
    answers = fields.List(fields.Dict())
    provenance = fields.Dict()
    choice = fields.List(fields.Integer())
    reason = fields.String(validate=validate.OneOf(["further-questions"]))
    questions = fields.List(fields.Dict())
    elsewhere = fields.Boolean()
    attempts_left = fields.Integer()
    digest = fields.String()


class PreviewsAnswer(Schema):
    """Everything that waits for the caller."""

    previews = fields.List(fields.Nested(PreviewAnswer), required=True)


class PreviewReplyAnswer(Schema):
    """What became of the item."""

    request = fields.String(required=True)
    item = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
