"""The bodies by which officers change calendar tables and service levels, and the answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.forms import Form, ListField, PartField, TextField, WholeNumber, YesNo
from policies.clocks.calendar import MOST_EXCEPTIONS
from policies.clocks.profile import MOST_ORGANISATIONS, MOST_RULES, RULED, ShareType

_DAY = validate.Regexp(r"\A\d{4}-\d{2}-\d{2}\Z", error="form")
_MANY = validate.Length(max=MOST_EXCEPTIONS, error="length")


class WordsForm(Form):
    """A sentence in both languages."""

    zh = TextField(required=True, validate=validate.Length(1, 500, error="length"))
    en = TextField(required=True, validate=validate.Length(1, 500, error="length"))


class CalendarForm(Form):
    """``PUT /v1/calendar/<year>``: the exceptions of a year, as a notice announced them."""

    effective_from = TextField(required=True, validate=_DAY)
    citation = PartField(WordsForm, required=True)
    holidays = ListField(TextField(validate=_DAY), required=True, validate=_MANY)
    workdays = ListField(TextField(validate=_DAY), required=True, validate=_MANY)


class SlaRuleForm(Form):
    """A step has so many working days."""

    stage = TextField(required=True, validate=validate.OneOf([stage.value for stage in RULED], error="choice"))
    days = WholeNumber(required=True)
    share_type = TextField(validate=validate.OneOf([kind.value for kind in ShareType], error="choice"))
    published = YesNo()


class SlaProfileForm(Form):
    """``PUT /v1/sla-profiles/<profile>``: the working days of each step, by the law or rule that is cited."""

    effective_from = TextField(required=True, validate=_DAY)
    title = PartField(WordsForm, required=True)
    citation = PartField(WordsForm, required=True)
    general = YesNo(required=True)
    organisations = ListField(
        TextField(validate=validate.Length(1, 128, error="length")),
        load_default=list,
        validate=validate.Length(max=MOST_ORGANISATIONS, error="length"),
    )
    rules = ListField(PartField(SlaRuleForm), required=True, validate=validate.Length(1, MOST_RULES, error="length"))


CALENDAR_FORM, PROFILE_FORM = CalendarForm(), SlaProfileForm()
"""Each built once."""


class CalendarAnswer(Schema):
    """One year's exceptions; ``status`` is in-force, announced (counts from a later day) or replaced."""

    year = fields.Integer(required=True)
    effective_from = fields.String(required=True)
    citation = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    holidays = fields.List(fields.String(), required=True)
    workdays = fields.List(fields.String(), required=True)
    status = fields.String(required=True)


class CalendarsAnswer(Schema):
    """Calendar tables by year and the day they count from."""

    tables = fields.List(fields.Nested(CalendarAnswer), required=True)


class SlaProfileAnswer(Schema):
    """A profile in one version."""

    id = fields.String(required=True)
    effective_from = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    citation = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    general = fields.Boolean(required=True)
    organisations = fields.List(fields.String(), required=True)
    rules = fields.List(fields.Dict(), required=True)
    status = fields.String(required=True)


class SlaProfilesAnswer(Schema):
    """Profiles by id and the day they count from."""

    profiles = fields.List(fields.Nested(SlaProfileAnswer), required=True)
