"""The bodies of the endpoints of challenges."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.catalogue.naming import NamedAnswer
from exchange.forms import Form, TextField
from policies.proceedings import LONGEST_REASON


class ChallengeForm(Form):
    """``POST /v1/usage/<entry>/challenges``: that the use was not mine, and what I know of it."""

    words = TextField(validate=validate.Length(0, LONGEST_REASON, error="length"))


class ChallengeReasonForm(Form):
    """Answering: why the use was in order, or what was done since it was not."""

    reason = TextField(required=True, validate=validate.Length(1, LONGEST_REASON, error="length"))


class OwnChallengeAnswer(Schema):
    """A challenge as whoever gave it sees it: ``deadline`` while it waits, ``note`` once it was answered."""

    id = fields.String(required=True)
    entry = fields.Integer(required=True)
    status = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    organisation = fields.Nested(NamedAnswer, required=True)
    opened_at = fields.String(required=True)
    deadline = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)


class ChallengeAnswer(Schema):
    """A challenge as this officer may see it; ``commands`` are those this officer may give now.

    ``words`` are shown to the data-protection officer of the department whose use it was; ``officer`` is who looked, a
    name that tells nobody who that is; ``clock`` runs until it is answered.
    """

    id = fields.String(required=True)
    status = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    revision = fields.Integer(required=True)
    organisation = fields.Nested(NamedAnswer, required=True)
    entry = fields.Integer(required=True)
    event = fields.String(required=True)
    used_at = fields.String(required=True)
    request = fields.String(required=True)
    case = fields.String(required=True)
    system = fields.String(required=True)
    officer = fields.String(required=True)
    evidence_type = fields.Nested(NamedAnswer, required=True)
    service_item = fields.Nested(NamedAnswer, required=True)
    legal_basis = fields.String(required=True)
    asked = fields.List(fields.String(), required=True)
    relation = fields.String(required=True)
    opened_at = fields.String(required=True)
    clock = fields.Dict(allow_none=True)
    note = fields.String(required=True)
    commands = fields.List(fields.String(), required=True)
    words = fields.String(allow_none=True)
    history = fields.List(fields.Dict())


class ChallengesAnswer(Schema):
    """Challenges, newest first; ``next`` is the ``before`` of the following page."""

    challenges = fields.List(fields.Nested(ChallengeAnswer), required=True)
    next = fields.String(allow_none=True)
