"""The bodies and answers of the campaign endpoints. Titles, words and reasons are recorded: they name nobody."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from exchange.forms import Form, TextField, WholeNumber
from policies.campaigns.events import Answer
from policies.campaigns.lifecycle import LONGEST_TITLE, MOST_DAYS
from policies.campaigns.selection import MOST_AGE, Selection
from policies.proceedings import LONGEST_REASON

_CODE = validate.Length(1, 128, error="length")
_WORDS = validate.Length(1, LONGEST_REASON, error="length")
_TITLE = [validate.Length(1, LONGEST_TITLE, error="length"), validate.Regexp(r"\A[^\x00-\x1f\x7f]*\Z", error="form")]


class SelectionForm(Form):
    """``POST /v1/campaigns/preview``: which grants in force; what is left out is any."""

    provider = TextField(validate=_CODE)
    consumer = TextField(validate=_CODE)
    evidence_type = TextField(validate=_CODE)
    in_force_days = WholeNumber(validate=validate.Range(0, MOST_AGE, error="choice"))


class NewCampaignForm(SelectionForm):
    """``POST /v1/campaigns``: ``digest`` is that of exactly what was previewed; ``days`` are working days."""

    title = TextField(required=True, validate=_TITLE)
    days = WholeNumber(required=True, validate=validate.Range(1, MOST_DAYS, error="choice"))
    digest = TextField(required=True, validate=validate.Regexp(r"\Asha256:[0-9a-f]{64}\Z", error="form"))


class AnswerForm(Form):
    """``POST /v1/campaigns/<campaign>/items/<number>/answer``; ``revision`` is that of the item as it was seen."""

    answer = TextField(required=True, validate=validate.OneOf([one.value for one in Answer], error="choice"))
    words = TextField(required=True, validate=_WORDS)
    revision = WholeNumber(validate=validate.Range(1, 1_000_000, error="choice"))


class CallOffForm(Form):
    """``POST /v1/campaigns/<campaign>/call-off``: why."""

    reason = TextField(required=True, validate=_WORDS)


SELECTION, NEW, ANSWER, CALL_OFF = SelectionForm(), NewCampaignForm(), AnswerForm(), CallOffForm()
"""Each built once."""


def selection_of(body: dict[str, Any]) -> Selection:
    """What a body chooses."""
    names = ("provider", "consumer", "evidence_type", "in_force_days")
    return Selection(**{name: body[name] for name in names if name in body})


def _texts() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), required=True)


def _numbers() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


CampaignAnswer = Schema.from_dict(
    {
        **{name: fields.String(required=True) for name in ("id", "title", "status", "opened_at")},
        "label": _texts(),
        "revision": fields.Integer(required=True),
        "selection": fields.Dict(required=True),
        "days": fields.Integer(required=True),
        "deadline": fields.String(required=True, allow_none=True),
        "days_left": fields.Integer(required=True),
        "over": fields.Boolean(required=True),
        "clock": _texts(),
        "items": _numbers(),
        "reason": fields.String(required=True, allow_none=True),
        "commands": fields.List(fields.String(), required=True),
    },
    name="CampaignAnswer",
)
"""A campaign; ``items`` counts those that the caller may see, by where they stand."""
CampaignsAnswer = Schema.from_dict(
    {
        "campaigns": fields.List(fields.Nested(CampaignAnswer), required=True),
        "next": fields.String(required=True, allow_none=True),
    },
    name="CampaignsAnswer",
)
CampaignItemAnswer = Schema.from_dict(
    {
        **{name: fields.String(required=True) for name in ("campaign", "grant", "current", "status", "changed_at")},
        "number": fields.Integer(required=True),
        "revision": fields.Integer(required=True),
        "label": _texts(),
        "grant_status": fields.String(required=True),
        "sentence": _texts(),
        **{name: fields.Dict(required=True) for name in ("provider", "consumer", "evidence_type", "usage")},
        "words": fields.String(required=True, allow_none=True),
        "suggestion": fields.String(required=True, allow_none=True),
        "may_answer": fields.Boolean(required=True),
        "tighten": fields.Boolean(required=True),
    },
    name="CampaignItemAnswer",
)
"""What a grant gives, its use in ninety days, and what was answered.

``current`` is the version in force that an answer is about, ``suggestion`` what its use speaks for (null for
a grant that is too young to say, or a template of emergency access); ``tighten``:
``POST /v1/grants/<grant>/tighten`` would draft the version without what nobody used.
"""
CampaignItemsAnswer = Schema.from_dict(
    {
        "items": fields.List(fields.Nested(CampaignItemAnswer), required=True),
        "next": fields.Integer(required=True, allow_none=True),
    },
    name="CampaignItemsAnswer",
)
ChoiceAnswer = Schema.from_dict(
    {
        "count": fields.Integer(required=True),
        "digest": fields.String(required=True),
        "grants": fields.List(fields.Dict(), required=True),
    },
    name="ChoiceAnswer",
)
"""The grants that a campaign would be about (the first of them listed), and the digest over all."""
