"""The bodies of the endpoints of ratings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.catalogue.naming import NamedAnswer
from exchange.forms import Form, TextField, WholeNumber, YesNo
from policies.proceedings import LONGEST_REASON
from policies.ratings.events import Grade

_REASON = validate.Length(1, LONGEST_REASON, error="length")


class RateForm(Form):
    """``POST /v1/cases/<case>/rating``: a grade from 1 (very dissatisfied) to 5 (very satisfied), and what went how."""

    grade = WholeNumber(required=True, validate=validate.OneOf([int(grade) for grade in Grade], error="choice"))
    words = TextField(validate=validate.Length(0, LONGEST_REASON, error="length"))


class RatingReasonForm(Form):
    """Every command but calling back: why, or what was done."""

    reason = TextField(required=True, validate=_REASON)


class CallBackForm(RatingReasonForm):
    """Calling back: whether they are satisfied now, and what they said."""

    satisfied = YesNo(required=True)


class RatingAnswer(Schema):
    """A rating as this caller may see it; ``commands`` are those this caller may give now.

    ``words`` are shown to officers of the department that handled the case; ``clock`` runs while there is work to do.
    """

    case = fields.String(required=True)
    grade = fields.Integer(required=True)
    status = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    revision = fields.Integer(required=True)
    organisation = fields.Dict(required=True)
    service_item = fields.Dict(required=True)
    rated_at = fields.String(required=True)
    clock = fields.Dict(allow_none=True)
    note = fields.String(required=True)
    satisfied = fields.Boolean(allow_none=True)
    commands = fields.List(fields.String(), required=True)
    words = fields.String(allow_none=True)
    history = fields.List(fields.Dict())


class RatingsAnswer(Schema):
    """Ratings, the newest case first; ``next`` is the ``before`` of the following page."""

    ratings = fields.List(fields.Nested(RatingAnswer), required=True)
    next = fields.String(allow_none=True)


class RatedAnswer(Schema):
    """What was rated."""

    case = fields.String(required=True)
    grade = fields.Integer(required=True)
    status = fields.String(required=True)


class UnratedCase(Schema):
    """A case of the caller's that ended and was not rated."""

    case = fields.String(required=True)
    organisation = fields.Nested(NamedAnswer, required=True)
    service_item = fields.Nested(NamedAnswer, required=True)
    closed_at = fields.String(required=True)


class UnratedAnswer(Schema):
    """What the caller may rate, the newest case first; ``next`` is the ``before`` of the following page."""

    cases = fields.List(fields.Nested(UnratedCase), required=True)
    next = fields.String(allow_none=True)


class DepartmentRatings(Schema):
    """A department's ratings: how many cases by grade, what does not count, and how bad ones ended."""

    organisation = fields.Dict(required=True)
    grades = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    rated = fields.Integer(required=True)
    excluded = fields.Integer(required=True)
    bad = fields.Integer(required=True)
    under_way = fields.Integer(required=True)
    satisfied_per_cent = fields.Integer(allow_none=True)


class RatingSummaryAnswer(Schema):
    """Ratings given in a period, department by department."""

    since = fields.String(data_key="from", required=True)
    until = fields.String(data_key="to", required=True)
    departments = fields.List(fields.Nested(DepartmentRatings), required=True)
