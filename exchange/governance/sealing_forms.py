"""The bodies by which officers seal a person or company and lift that, and the answers: they name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from exchange.forms import Form, PartField, SubjectNumberForm, TextField, instant_of
from kernel.identifiers.subject import SubjectRef
from kernel.text import Text

_SENTENCE = validate.Length(1, 500, error="length")


@dataclass(frozen=True, slots=True)
class NewSealing:
    """Who is to be sealed, on which ground, until when."""

    subject: SubjectRef
    citation: Text
    until: datetime


class SealingCitationForm(Form):
    """The ground, in both languages. It is shown to auditors, so it names nobody."""

    zh = TextField(required=True, validate=_SENTENCE)
    en = TextField(required=True, validate=_SENTENCE)


class NewSealingForm(Form):
    """``POST /v1/sealings``.

    ``until`` is a date-time (RFC 3339), or a date: the start of that day in China. Exclusive.
    """

    subject = PartField(SubjectNumberForm, required=True)
    citation = PartField(SealingCitationForm, required=True)
    until = TextField(required=True, validate=validate.Length(10, 40, error="length"))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NewSealing:
        """The frozen command."""
        return NewSealing(data["subject"], Text(**data["citation"]), instant_of(data["until"], "until"))


class LiftForm(Form):
    """``POST /v1/sealings/<sealing>/lift``: why. It is recorded for every auditor to read, so it names nobody."""

    reason = TextField(required=True, validate=_SENTENCE)


NEW, LIFT = NewSealingForm(), LiftForm()
"""Each built once."""


class SealingAnswer(Schema):
    """An entry of the register: by which department, on which ground, until when, what may be done. Never of whom."""

    sealing = fields.String(required=True)
    organisation = fields.String(required=True)
    citation = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    sealed_at = fields.String(required=True)
    until = fields.String(required=True)
    lifted_at = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(("in-force", "lifted", "ended")))
    commands = fields.List(fields.String(validate=validate.OneOf(("lift",))), required=True)


class SealingsAnswer(Schema):
    """Entries, the newest first; ``next`` is the ``before`` of the following page."""

    sealings = fields.List(fields.Nested(SealingAnswer), required=True)
    next = fields.String(required=True, allow_none=True)
