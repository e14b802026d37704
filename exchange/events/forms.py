"""The bodies and answers of the event endpoints."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.events.signal import Kind
from exchange.forms import Form, ListField, TextField
from exchange.store.subscriptions import Status, Way

_CODE = validate.Regexp(r"\A[a-z][a-z0-9-]{0,63}\Z", error="form")
MOST_TYPES = 200


class SubscriptionForm(Form):
    """``POST /v1/events/subscriptions``: kinds of events, and for those about evidence of which types."""

    events = ListField(
        TextField(validate=validate.OneOf([kind.value for kind in Kind], error="choice")),
        required=True,
        validate=validate.Length(1, len(Kind), error="length"),
    )
    evidence_types = ListField(TextField(validate=_CODE), validate=validate.Length(max=MOST_TYPES, error="length"))
    delivery = TextField(required=True, validate=validate.OneOf([way.value for way in Way], error="choice"))


SUBSCRIBE = SubscriptionForm()

SubscriptionAnswer = Schema.from_dict(
    {
        "subscription": fields.String(required=True),
        "events": fields.List(fields.String(), required=True),
        "evidence_types": fields.List(fields.String(), required=True),
        "delivery": fields.String(required=True, validate=validate.OneOf([way.value for way in Way])),
        "status": fields.String(required=True, validate=validate.OneOf([status.value for status in Status])),
        "created_at": fields.String(required=True),
        "last": fields.Integer(required=True),
        "acknowledged": fields.Integer(required=True),
        "failures": fields.Integer(required=True),
        "next_try": fields.String(required=True, allow_none=True),
    },
    name="EventSubscriptionAnswer",
)
"""A subscription; ``last`` is the number of its newest event, ``acknowledged`` up to which all have arrived."""
SubscriptionsAnswer = Schema.from_dict(
    {"subscriptions": fields.List(fields.Nested(SubscriptionAnswer), required=True)}, name="EventSubscriptionsAnswer"
)
EventsAnswer = Schema.from_dict(
    {
        "events": fields.List(fields.Dict(), required=True),
        "cursor": fields.Integer(required=True),
        "more": fields.Boolean(required=True),
    },
    name="EventsAnswer",
)
"""CloudEvents in order; ``cursor`` is the ``after`` of the next call, which acknowledges them."""
DataSchemaAnswer = Schema.from_dict(
    {"title": fields.String(required=True), "type": fields.String(required=True)}, name="EventDataSchemaAnswer"
)
