"""The bodies of the endpoints of corrections."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.forms import Form, PartField, SubjectNumberForm, TextField, WholeNumber
from exchange.gateway.request import MOST_ITEMS
from policies.proceedings import LONGEST_REASON

_REASON = validate.Length(1, LONGEST_REASON, error="length")
_WORDS = validate.Length(0, LONGEST_REASON, error="length")
_CODE = validate.Length(1, 128, error="length")


class SaidForm(Form):
    """What is wrong: the field, what was seen there, what would be right, and why."""

    field = TextField(required=True, validate=_CODE)
    seen = TextField(validate=_WORDS)
    right = TextField(validate=_WORDS)
    reason = TextField(required=True, validate=_REASON)


class OpenCorrectionForm(SaidForm):
    """``POST /v1/corrections``: about an item this department received; ``subject`` where the token names nobody."""

    request = TextField(required=True, validate=_CODE)
    item = WholeNumber(required=True, validate=validate.Range(0, MOST_ITEMS - 1, error="choice"))
    subject = PartField(SubjectNumberForm)


class RowIsWrongForm(SaidForm):
    """``POST /v1/return-flows/<flow>/corrections``: about a row of a file (its ``_row``); ``subject`` as above."""

    row = TextField(required=True, validate=_CODE)
    subject = PartField(SubjectNumberForm)


class TakeCorrectionForm(Form):
    """Taking it up: nothing more to say."""


class WithdrawCorrectionForm(Form):
    """Taking it back: nothing more to say."""


WITHDRAW = WithdrawCorrectionForm()
"""Built once."""


class CorrectionReasonForm(Form):
    """Accepting it, or saying how the record was corrected."""

    reason = TextField(required=True, validate=_REASON)


class RejectCorrectionForm(CorrectionReasonForm):
    """Rejecting it, by the rule that is cited."""

    citation = TextField(required=True, validate=_REASON)


class CorrectionAnswer(Schema):
    """A correction as this caller may see it; ``commands`` are those this caller may give now.

    ``officer`` is the clerk for whom a system opened it, a name that tells nobody who that is; empty for none.
    ``clock`` says deadline, working days left and whether it is late, while it runs. ``particulars`` (whom it is about,
    what was seen and would be right) are shown to the officer who took it up, while there is work to do; ``cases`` are
    those of the reader's own department that received the record, ``flows`` its return flows that hold or held it, each
    with the ``row`` by which its files name it.
    """

    id = fields.String(required=True)
    status = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    revision = fields.Integer(required=True)
    evidence_type = fields.Dict(required=True)
    field = fields.Dict(required=True)
    provider = fields.Dict(required=True)
    consumer = fields.Dict(required=True)
    opener = fields.String(required=True)
    officer = fields.String(required=True)
    opened_at = fields.String(required=True)
    clock = fields.Dict(allow_none=True)
    note = fields.String(required=True)
    citation = fields.String(required=True)
    commands = fields.List(fields.String(), required=True)
    particulars = fields.Dict(allow_none=True)
    cases = fields.List(fields.String())
    flows = fields.List(fields.Dict(keys=fields.String(), values=fields.String()))
    history = fields.List(fields.Dict())


class CorrectionsAnswer(Schema):
    """Corrections, newest first; ``next`` is the ``before`` of the following page."""

    corrections = fields.List(fields.Nested(CorrectionAnswer), required=True)
    next = fields.String(allow_none=True)


class OpenedAnswer(Schema):
    """What was opened."""

    id = fields.String(required=True)
    status = fields.String(required=True)
    deadline = fields.String(required=True)


class StandingAnswer(Schema):
    """How a correction stands, for whoever opened it: ``deadline`` until it is answered, and what was answered.

    ``commands`` holds ``withdraw`` while it may be taken back.
    """

    id = fields.String(required=True)
    status = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    opened_at = fields.String(required=True)
    deadline = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)
    citation = fields.String(required=True)
    commands = fields.List(fields.String(), required=True)


class WithdrawnAnswer(Schema):
    """What was taken back."""

    id = fields.String(required=True)
    status = fields.String(required=True)
