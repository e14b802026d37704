"""Templates: what departments ask for again and again, written once by governance and filled in by whoever asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Connection

from exchange.access import Access
from exchange.catalogue.grant_asked import check_members
from exchange.clocks.forms import WordsForm
from exchange.clocks.rules import TEMPLATE
from exchange.clocks.writing import RuleWriter
from exchange.forms import Form, ObjectField, PartField, TextField, YesNo
from exchange.forms import read as read_form
from exchange.in_force.snapshot import current
from exchange.store import request_rules
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.requests.content import LONGEST_TEXT
from policies.roles import Role

_NAME = re.compile(r"[a-z][a-z0-9-]{1,63}")
_UNKNOWN = Text("没有这一模板", "There is no such template")
_MEMBERS = ("purpose", "onward")


class TemplateForm(Form):
    """``PUT /v1/request-templates/<template>``: a title, and any part of what a request says."""

    title = PartField(WordsForm, required=True)
    grant = ObjectField(required=True)
    purpose = TextField(validate=validate.Length(1, LONGEST_TEXT, error="length"))
    onward = YesNo()


FORM = TemplateForm()
"""Built once."""


class TemplateAnswer(Schema):
    """A template."""

    id = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    grant = fields.Dict(required=True)
    purpose = fields.String()
    onward = fields.Boolean()


class TemplatesAnswer(Schema):
    """Templates, by id."""

    templates = fields.List(fields.Nested(TemplateAnswer), required=True)


@dataclass(frozen=True)
class Templates:
    """The template endpoints."""

    access: Access
    writer: RuleWriter
    clock: Clock

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/request-templates``. Raises Problem."""
        self.access.spend(self.access.officer(http).caller)
        with self.access.database.read() as connection:
            found = _newest(connection)
        return json_response({"templates": [dict(found[name]) for name in sorted(found)]})

    def change(self, http: HttpRequest, template: str) -> HttpResponse:
        """``PUT /v1/request-templates/<template>``. Raises Problem."""
        officer = self.access.officer(http, Role.GOVERNANCE_OFFICER)
        document = {"id": template, **read_form(FORM, http)}
        if not is_name(template):
            raise Problem(NOT_FOUND)
        check_members(current(self.access.policy).registry, document["grant"], http.language)
        self.writer.write(officer, TEMPLATE, template, local_day(self.clock.now()), document)
        return json_response(document)


def is_name(text: str) -> bool:
    """Whether a template can be called so."""
    return _NAME.fullmatch(text) is not None


def filled_in(connection: Connection, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A body with what its template says where it says nothing itself. Raises Problem (request.invalid)."""
    name = body.get("template")
    if name is None:
        return body
    template = _newest(connection).get(name)
    if template is None:
        raise Problem(INVALID_BODY, detail=_UNKNOWN)
    said = {member: template[member] for member in _MEMBERS if member in template}
    return {**said, **body, "grant": {**template["grant"], **body.get("grant", {})}}


def _newest(connection: Connection) -> dict[str, Mapping[str, Any]]:
    return {document["id"]: document for document in request_rules.documents(connection, TEMPLATE)}
