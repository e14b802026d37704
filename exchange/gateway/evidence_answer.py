"""The answer of ``POST /v1/evidence-requests`` as the interface description shows it."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from exchange.certificates.lifecycle import Status
from exchange.certificates.standing import UNKNOWN, FoundBy, Unknown

STATUSES = ("delivered", "partly-delivered", "refused", "awaiting-person", "awaiting-preview", "running", "failed")


class CertificateStatusOfEvidence(Schema):
    """How the certificate stands that the evidence is: since when, and as of when it was looked up.

    ``unknown`` with a ``reason`` where it is not known. ``found_by``: its identifier, or, where records bear none, its
    holder, who has one of that kind on record. ``told_by``: the exchange whose word it is, where it was not this one.
    """

    status = fields.String(required=True, validate=validate.OneOf([*(one.value for one in Status), UNKNOWN]))
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    since = fields.String(required=True, allow_none=True)
    as_of = fields.String(required=True)
    found_by = fields.String(validate=validate.OneOf([*FoundBy]))
    reason = fields.String(validate=validate.OneOf([*Unknown]))
    told_by = fields.String()


class ProvenanceAnswer(Schema):
    """Where a record comes from. ``field_times``: of released fields that the source dates by themselves.

    ``certificate_status``: of every record of an e-certificate. ``disputed``: where a correction of it is under way.
    """

    provider = fields.String(required=True)
    provider_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    source_time = fields.String(allow_none=True)
    retrieved_at = fields.String(required=True)
    trust_grade = fields.String(allow_none=True)
    field_times = fields.Dict(keys=fields.String(), values=fields.String())
    certificate_status = fields.Nested(CertificateStatusOfEvidence)
    disputed = fields.Boolean()


class WatermarkAnswer(Schema):
    """Whose evidence it is: who asked, in which request, when, and the line to put across it wherever it is shown."""

    consumer = fields.String(required=True)
    request = fields.String(required=True)
    at = fields.String(required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class ItemAnswer(Schema):
    """One item: the evidence with its seal and receipt, or the problem.

    ``until`` stands where the item waits: when it ends by itself; ``preview`` is the page on which
    its person decides, or answers first where ``reason`` is ``further-questions``. ``watermark`` stands where a grant
    obliges to it; it is part of what ``jws`` signs, like all but the receipt.
    """

    type = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    data = fields.Dict()
    answers = fields.List(fields.Dict())
    provenance = fields.Nested(ProvenanceAnswer)
    obligations = fields.List(fields.String())
    watermark = fields.Nested(WatermarkAnswer)
    decision_id = fields.String()
    jws = fields.String()
    receipt = fields.String()
    problem = fields.Dict()
    until = fields.String()
    preview = fields.String()
    reason = fields.String(validate=validate.OneOf(["further-questions"]))
    choice = fields.List(fields.Dict())


class EvidenceAnswer(Schema):
    """A request: settled, or with what still waits."""

    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    evidence = fields.List(fields.Nested(ItemAnswer), required=True)
