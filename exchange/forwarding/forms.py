"""The bodies and answers of the endpoints of forwarding."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.forms import Form, ListField, TextField
from exchange.forwarding.addresses import LONGEST
from exchange.messages.words import URGENT, Kind
from policies.forwarding import Command, Language, Pace, Status, Way
from policies.roles import Role

CHOSEN = tuple(kind for kind in Kind if kind not in URGENT)
"""Kinds that an office may order or not; what is urgent goes to every address of the office."""
OFFICES = tuple(role for role in Role if role is not Role.EXCHANGE)


class ForwardingChangeForm(Form):
    """``POST /v1/forwardings/<forwarding>/change``: what goes there, when, and in which language."""

    kinds = ListField(
        TextField(validate=validate.OneOf([kind.value for kind in CHOSEN], error="choice")),
        required=True,
        validate=validate.Length(max=len(CHOSEN), error="length"),
    )
    pace = TextField(required=True, validate=validate.OneOf([pace.value for pace in Pace], error="choice"))
    language = TextField(required=True, validate=validate.OneOf([each.value for each in Language], error="choice"))


class ForwardingForm(ForwardingChangeForm):
    """``POST /v1/forwardings``: an address of an office that whoever asks holds."""

    role = TextField(required=True, validate=validate.OneOf([role.value for role in OFFICES], error="choice"))
    way = TextField(required=True, validate=validate.OneOf([way.value for way in Way], error="choice"))
    address = TextField(required=True, validate=validate.Length(1, LONGEST, error="length"))


ENTER, CHANGE = ForwardingForm(), ForwardingChangeForm()

_Post = Schema.from_dict(
    {
        "id": fields.String(required=True),
        "kind": fields.String(required=True, validate=validate.OneOf(("proof", "at-once", "digest"))),
        "outcome": fields.String(required=True, validate=validate.OneOf(("waiting", "delivered", "given-up"))),
        "trouble": fields.String(required=True, allow_none=True),
        "tries": fields.Integer(required=True),
        "messages": fields.Integer(required=True),
        "made_at": fields.String(required=True),
        "next_try": fields.String(required=True, allow_none=True),
        "settled_at": fields.String(required=True, allow_none=True),
    },
    name="ForwardingPost",
)
ForwardingAnswer = Schema.from_dict(
    {
        "forwarding": fields.String(required=True),
        "organisation": fields.String(required=True),
        "role": fields.String(required=True),
        "way": fields.String(required=True, validate=validate.OneOf([way.value for way in Way])),
        "address": fields.String(required=True, allow_none=True),
        "kinds": fields.List(fields.String(), required=True),
        "pace": fields.String(required=True, validate=validate.OneOf([pace.value for pace in Pace])),
        "language": fields.String(required=True, validate=validate.OneOf([each.value for each in Language])),
        "status": fields.String(required=True, validate=validate.OneOf([status.value for status in Status])),
        "trouble": fields.String(required=True, allow_none=True),
        "created_at": fields.String(required=True),
        "proven_at": fields.String(required=True, allow_none=True),
        "commands": fields.List(fields.String(validate=validate.OneOf([*Command])), required=True),
        "posts": fields.List(fields.Nested(_Post)),
    },
    name="ForwardingAnswer",
)
"""An address as its office sees it: ``trouble`` is why it is parked, ``posts`` the newest and what became of them.

``address`` is null where it cannot be unsealed any more.
"""
ForwardingsAnswer = Schema.from_dict(
    {
        "forwardings": fields.List(fields.Nested(ForwardingAnswer), required=True),
        "ways": fields.List(fields.String(), required=True),
        "roles": fields.List(fields.String(), required=True),
        "next": fields.String(required=True, allow_none=True),
    },
    name="ForwardingsAnswer",
)
"""Every address of the caller's offices; ``ways`` are those that this installation sends by, ``roles`` the offices."""
