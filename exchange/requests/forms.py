"""The bodies of the access-request endpoints. Reasons and citations are recorded for auditors: they name nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, fields, validate

from exchange.forms import Form, ListField, ObjectField, PartField, TextField, WholeNumber, YesNo
from policies.proceedings import LONGEST_REASON
from policies.requests.commands import (
    AcceptRequest,
    ApproveRequest,
    Command,
    DisputeRequest,
    Found,
    MediateRequest,
    NegotiateRequest,
    OverturnRefusal,
    RefuseRequest,
    ReturnRequest,
    UpholdRefusal,
    WithdrawRequest,
)
from policies.requests.content import LONGEST_REFERENCE, LONGEST_TEXT, RefusalCode

MOST_CONSUMERS = 200
"""Departments of one bulk request; Chongqing has 37 districts and counties."""

_TEXT = validate.Length(1, LONGEST_TEXT, error="length")
_REASON = validate.Length(1, LONGEST_REASON, error="length")
_CODE = validate.Length(1, 128, error="length")


class AssessmentForm(Form):
    """An impact assessment (PIPL arts. 55-56)."""

    necessity = TextField(required=True, validate=_TEXT)
    risks = TextField(required=True, validate=_TEXT)
    measures = TextField(required=True, validate=_TEXT)
    assessed_on = TextField(required=True, validate=validate.Regexp(r"\A\d{4}-\d{2}-\d{2}\Z", error="form"))
    reference = TextField(required=True, validate=validate.Length(1, LONGEST_REFERENCE, error="length"))


class ContentForm(Form):
    """What is asked for: ``grant`` as the manifest of a grant has it, without what the catalogue knows already.

    Consumer, provider, kind and citation of the basis may be left out. With ``template``, what stands here replaces
    what stands there.
    """

    template = TextField(validate=_CODE)
    grant = ObjectField()
    purpose = TextField(validate=_TEXT)
    onward = YesNo()
    assessment = PartField(AssessmentForm)


class NewRequestForm(ContentForm):
    """``POST /v1/access-requests``: ``consumer`` is the officer's own department unless governance asks for another."""

    consumer = TextField(validate=_CODE)


class BulkRequestForm(ContentForm):
    """``POST /v1/access-requests/bulk``: the same for many departments, each a request and a clock of its own."""

    consumers = ListField(
        TextField(validate=_CODE), required=True, validate=validate.Length(1, MOST_CONSUMERS, error="length")
    )
    submit = YesNo()


class CommandForm(Form):
    """A command without more to say; ``revision`` is the one the officer saw, refused when it is no longer so."""

    revision = WholeNumber()


class ReviseForm(ContentForm):
    """``POST …/revise``: the whole text again."""

    revision = WholeNumber()


class RequestReasonForm(CommandForm):
    """Returning or disputing: why."""

    reason = TextField(required=True, validate=_REASON)


class RefuseForm(CommandForm):
    """Refusing: the kind of reason, the rule it stands on, and why."""

    code = TextField(required=True, validate=validate.OneOf([code.value for code in RefusalCode], error="choice"))
    citation = TextField(required=True, validate=_REASON)
    reason = TextField(required=True, validate=_REASON)


class FindingForm(CommandForm):
    """Mediating: what was found."""

    finding = TextField(required=True, validate=_REASON)


class CitationForm(CommandForm):
    """Ruling: the rule it stands on."""

    citation = TextField(required=True, validate=_REASON)


Body = Mapping[str, Any]

Look = Callable[[], Found]

COMMANDS: Mapping[str, tuple[type[Form], Callable[[Body, Look], Command]]] = MappingProxyType(
    {
        "return": (RequestReasonForm, lambda body, _look: ReturnRequest(body["reason"])),
        "accept": (CommandForm, lambda _body, look: AcceptRequest(look())),
        "approve": (CommandForm, lambda _body, look: ApproveRequest(look())),
        "refuse": (
            RefuseForm,
            lambda body, _look: RefuseRequest(RefusalCode(body["code"]), body["citation"], body["reason"]),
        ),
        "dispute": (RequestReasonForm, lambda body, _look: DisputeRequest(body["reason"])),
        "negotiate": (CommandForm, lambda _body, _look: NegotiateRequest()),
        "mediate": (FindingForm, lambda body, _look: MediateRequest(body["finding"])),
        "uphold": (CitationForm, lambda body, _look: UpholdRefusal(body["citation"])),
        "overturn": (CitationForm, lambda body, look: OverturnRefusal(body["citation"], look())),
        "withdraw": (CommandForm, lambda _body, _look: WithdrawRequest()),
    }
)
"""Commands by their names, with the form of their body; some ``look`` at what the catalogue says now."""


class AccessRequestAnswer(Schema):
    """A request as this caller may see it; ``commands`` are those this caller may give now.

    ``ref`` is the grant that follows an approval; ``notified``: the provider was told, and not asked.
    """

    id = fields.String(required=True)
    parent = fields.String(allow_none=True)
    status = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    revision = fields.Integer(required=True)
    consumer = fields.Dict(required=True)
    provider = fields.Dict(required=True)
    evidence_type = fields.Dict(required=True)
    sentence = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    purpose = fields.String(required=True)
    onward = fields.Boolean(required=True)
    share_type = fields.String(allow_none=True)
    clock = fields.Dict(allow_none=True)
    ref = fields.String(allow_none=True)
    notified = fields.Boolean(required=True)
    commands = fields.List(fields.String(), required=True)
    changed_at = fields.String(required=True)
    grant = fields.Dict()
    assessment = fields.Dict(allow_none=True)
    refusal = fields.Dict(allow_none=True)
    note = fields.String()
    history = fields.List(fields.Dict())


class AccessRequestsAnswer(Schema):
    """Requests, oldest first; ``next`` is the ``after`` of the following page."""

    requests = fields.List(fields.Nested(AccessRequestAnswer), required=True)
    next = fields.String(allow_none=True)


class BatchAnswer(Schema):
    """A bulk request: ``size`` departments; ``progress`` counts the requests that the caller may see, by phase."""

    id = fields.String(required=True)
    at = fields.String(required=True)
    evidence_type = fields.Dict(required=True)
    purpose = fields.String(required=True)
    size = fields.Integer(required=True)
    progress = fields.List(fields.Dict(), required=True)


class BatchesAnswer(Schema):
    """Bulk requests, the newest first; ``next`` is the ``after`` of the following page."""

    batches = fields.List(fields.Nested(BatchAnswer), required=True)
    next = fields.String(allow_none=True, required=True)


class BulkRequestAnswer(BatchAnswer):
    """A bulk request with each department's own request; ``parent`` is its ``id``, as its children name it."""

    parent = fields.String(required=True)
    commands = fields.List(fields.String(), required=True)
    requests = fields.List(fields.Nested(AccessRequestAnswer), required=True)
