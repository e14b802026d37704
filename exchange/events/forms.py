"""The bodies and answers of the event endpoints."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from exchange.catalogue.naming import NamedAnswer
from exchange.events.signal import Kind
from exchange.forms import Form, ListField, TextField, WholeNumber
from policies.subscriptions import Command, Status, Way

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


class DepartmentSubscriptionForm(SubscriptionForm):
    """``POST /v1/department/subscriptions``: the same, for which system of the officer's department."""

    system = TextField(required=True, validate=validate.Length(1, 128, error="length"))


class SendAgainForm(Form):
    """``POST …/send-again``: ``from`` which event on; without it, what waits is tried at once."""

    number = WholeNumber(data_key="from", validate=validate.Range(1, 10**15, error="length"))


SUBSCRIBE, SUBSCRIBE_FOR, SEND_AGAIN = SubscriptionForm(), DepartmentSubscriptionForm(), SendAgainForm()

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


_OneOfMine: dict[str, fields.Field[Any]] = {
    "subscription": fields.String(required=True),
    "system": fields.Nested(NamedAnswer, required=True),
    "organisation": fields.Nested(NamedAnswer, required=True),
    "events": fields.List(fields.String(), required=True),
    "evidence_types": fields.List(fields.Nested(NamedAnswer), required=True),
    "delivery": fields.String(required=True, validate=validate.OneOf([way.value for way in Way])),
    "status": fields.String(required=True, validate=validate.OneOf([status.value for status in Status])),
    "created_at": fields.String(required=True),
    "last": fields.Integer(required=True),
    "acknowledged": fields.Integer(required=True),
    "waiting": fields.Integer(required=True),
    "failures": fields.Integer(required=True),
    "next_try": fields.String(required=True, allow_none=True),
    "stuck": fields.Boolean(required=True),
    "trouble": fields.String(required=True, allow_none=True),
    "commands": fields.List(fields.String(validate=validate.OneOf([*Command])), required=True),
}
DepartmentSubscriptionAnswer = Schema.from_dict(
    {**_OneOfMine, "oldest": fields.Integer(allow_none=True)}, name="DepartmentSubscriptionAnswer"
)
"""A subscription as officers see it: ``trouble`` is why the last push failed, ``oldest`` the first event still kept."""
DepartmentSubscriptionsAnswer = Schema.from_dict(
    {
        "subscriptions": fields.List(fields.Nested(DepartmentSubscriptionAnswer), required=True),
        "next": fields.String(required=True, allow_none=True),
    },
    name="DepartmentSubscriptionsAnswer",
)
_ToldEvent = Schema.from_dict(
    {
        "number": fields.Integer(required=True),
        "id": fields.String(required=True),
        "type": fields.String(required=True),
        "label": fields.Dict(required=True),
        "evidence_type": fields.Nested(NamedAnswer, required=True, allow_none=True),
        "at": fields.String(required=True),
        "state": fields.String(required=True, validate=validate.OneOf(("arrived", "failing", "waiting"))),
    },
    name="ToldEvent",
)
ToldEventsAnswer = Schema.from_dict(
    {
        "events": fields.List(fields.Nested(_ToldEvent), required=True),
        "next": fields.Integer(required=True, allow_none=True),
    },
    name="ToldEventsAnswer",
)
"""Events of one subscription, newest first, without whom they are about; ``next`` is the following ``before``."""
_SystemOffered = Schema.from_dict(
    {
        "system": fields.String(required=True),
        "title": fields.Dict(required=True),
        "webhook": fields.Boolean(required=True),
        "evidence_types": fields.List(fields.Nested(NamedAnswer), required=True),
    },
    name="SystemThatMaySubscribe",
)
_EventOffered = Schema.from_dict(
    {
        "type": fields.String(required=True),
        "label": fields.Dict(required=True),
        "about_evidence": fields.Boolean(required=True),
    },
    name="KindOfEvent",
)
SubscriptionOffersAnswer = Schema.from_dict(
    {
        "systems": fields.List(fields.Nested(_SystemOffered), required=True),
        "events": fields.List(fields.Nested(_EventOffered), required=True),
    },
    name="SubscriptionOffersAnswer",
)
"""Systems of the officer's department with the evidence types they may be told of, and every kind of event."""
