"""The bodies of the endpoints of tasks, and how a task is described to developers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.forms import Form, ObjectField, TextField
from policies.proceedings import LONGEST_REASON

_WORDS = validate.Length(1, LONGEST_REASON, error="length")
MOST_FIELDS = 200


class PlainTaskForm(Form):
    """Taking, putting back, finding nothing: nothing more to say."""


class HandOverTaskForm(Form):
    """Leaving it to the substitute: why. It is recorded for auditors and names nobody."""

    reason = TextField(required=True, validate=_WORDS)


class RefuseTaskForm(Form):
    """Refusing: why, and by which provision. Both go to whoever asked and into the ledger, and name nobody."""

    reason = TextField(required=True, validate=_WORDS)
    citation = TextField(required=True, validate=_WORDS)


class QuestionTaskForm(Form):
    """Asking back, and answering what was asked: in words, which are sealed."""

    text = TextField(required=True, validate=_WORDS)


class AnswerTaskForm(Form):
    """The record: a value for each field of the task's ``form`` that has one, by the field's name."""

    values = ObjectField(required=True, validate=validate.Length(0, MOST_FIELDS, error="length"))


class TaskAnswer(Schema):
    """A task as this caller may see it; ``commands`` are those this caller may give now.

    ``subject`` (whom it is about), ``form`` (the fields to fill in), ``guidance`` and ``refusals`` stand there for the
    one officer who took it, and each first sight of the subject is an entry of the ledger; ``question`` and ``reply``
    for that officer and for the department that asked.
    """

    id = fields.String(required=True)
    status = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    revision = fields.Integer(required=True)
    evidence_type = fields.Dict(required=True)
    service_item = fields.Dict(required=True)
    legal_basis = fields.Dict(required=True)
    consumer = fields.Dict(required=True)
    case = fields.String(required=True)
    relation = fields.String(required=True)
    items_asked = fields.List(fields.Dict(), required=True, data_key="fields")
    predicates = fields.List(fields.Dict(), required=True)
    office = fields.Dict(required=True)
    substitute = fields.Dict(allow_none=True)
    turn = fields.Integer(required=True)
    opened_at = fields.String(required=True)
    deadline = fields.String(allow_none=True)
    days_left = fields.Integer(allow_none=True)
    left = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    overdue = fields.Boolean(required=True)
    own = fields.Boolean(required=True)
    entry = fields.Integer(required=True)
    reason = fields.String(required=True)
    citation = fields.String(required=True)
    commands = fields.List(fields.String(), required=True)
    subject = fields.Dict()
    form = fields.List(fields.Dict())
    guidance = fields.Dict(allow_none=True)
    refusals = fields.List(fields.Dict())
    question = fields.String()
    reply = fields.String()
    history = fields.List(fields.Dict())


class TasksAnswer(Schema):
    """Tasks, oldest first; ``next`` is the ``after`` of the following page."""

    tasks = fields.List(fields.Nested(TaskAnswer), required=True)
    next = fields.String(allow_none=True)
