"""The bodies of the endpoints of emergency access. Reasons are recorded for auditors: they name nobody."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.forms import Form, TextField
from policies.emergency.opening import Finding
from policies.proceedings import LONGEST_REASON

_REASON = validate.Length(1, LONGEST_REASON, error="length")
_CODE = validate.Length(1, 128, error="length")


class AskEmergencyForm(Form):
    """``POST /v1/emergencies``: a template in force (its newest version, or ``<id>@<version>``), a case, and why."""

    template = TextField(required=True, validate=_CODE)
    case = TextField(required=True, validate=_CODE)
    reason = TextField(required=True, validate=_REASON)


class OpenEmergencyForm(Form):
    """Opening: nothing more to say."""


class EmergencyReasonForm(Form):
    """Declining, or ending before its time: why."""

    reason = TextField(required=True, validate=_REASON)


class ReviewEmergencyForm(Form):
    """Reviewing: what was found, in words."""

    finding = TextField(required=True, validate=validate.OneOf([one.value for one in Finding], error="choice"))
    words = TextField(required=True, validate=_REASON)


class EmergencyAnswer(Schema):
    """An opening as this caller may see it; ``commands`` are those this caller may give now.

    ``people`` counts those of whom its case is; ``items`` are what was asked for under it: names of fields and
    questions, never a value.
    """

    id = fields.String(required=True)
    status = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    revision = fields.Integer(required=True)
    template = fields.String(required=True)
    consumer = fields.Dict(required=True)
    provider = fields.Dict(required=True)
    case = fields.String(required=True)
    reason = fields.String(required=True)
    minutes = fields.Integer(required=True)
    notice_delay = fields.Dict(allow_none=True)
    asked_by = fields.String(required=True)
    asked_at = fields.String(required=True)
    opened_by = fields.String(allow_none=True)
    opened_at = fields.String(allow_none=True)
    ends = fields.String(allow_none=True)
    review_due = fields.String(allow_none=True)
    overdue = fields.Boolean(required=True)
    note = fields.String(required=True)
    review = fields.Dict(allow_none=True)
    commands = fields.List(fields.String(), required=True)
    people = fields.Integer()
    items_asked = fields.List(fields.Dict(), data_key="items")
    history = fields.List(fields.Dict())


class EmergenciesAnswer(Schema):
    """Openings, newest first; ``next`` is the ``before`` of the following page."""

    emergencies = fields.List(fields.Nested(EmergencyAnswer), required=True)
    next = fields.String(allow_none=True)


class EmergencyTemplateAnswer(Schema):
    """A template in force that the caller's department may ask to have opened."""

    template = fields.String(required=True)
    sentence = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    minutes = fields.Integer(required=True)
    notice_delay = fields.Dict(allow_none=True)


class EmergencyTemplatesAnswer(Schema):
    """Templates."""

    templates = fields.List(fields.Nested(EmergencyTemplateAnswer), required=True)
