"""The OpenAPI 3.1 description of a service, generated from its route table and marshmallow schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from kernel.problems import MEDIA_TYPE, Fault, ProblemKind
from kernel.text import Text
from kernel.version import VERSION
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.routes import Parameter, Route

JSON = dict[str, Any]

_PROBLEM: JSON = {
    "type": "object",
    "description": "RFC 9457 problem details / 问题说明",
    "required": ["type", "title", "status", "code", "fault", "next_step", "trace_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": ["urn:tongban:problem:request.malformed"]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "stable in every language / 各语言下保持不变"},
        "fault": {"type": "string", "enum": [fault.value for fault in Fault], "description": "whose turn / 由谁处理"},
        "next_step": {"type": "string", "description": "what to do now / 现在该做什么"},
        "decision_id": {"type": "string"},
        "trace_id": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "W3C trace context"},
    },
}
_JSON_TYPE = "application/json"
_ANY_PROBLEM = {"default": {"$ref": "#/components/responses/Problem"}}
_DESCRIBES_ITSELF = Text("本服务的接口描述", "The description of this service's interface")


@dataclass(frozen=True, slots=True)
class Proofs:
    """How callers show who they are: `schemes` by name (OpenAPI security schemes), and for each word a route uses in
    `access` the names of those that will do ("officer" stands for "officer:panel", too). Another word needs none.
    """

    schemes: Mapping[str, JSON] = field(default_factory=dict)
    accepted: Mapping[str, Sequence[str]] = field(default_factory=dict)


BEARER: JSON = {"type": "http", "scheme": "bearer", "bearerFormat": "at+jwt", "description": "RFC 6750, RFC 9068"}
DPOP: JSON = {"type": "http", "scheme": "DPoP", "description": "RFC 9449: Authorization: DPoP …, and the DPoP header"}
MUTUAL_TLS: JSON = {"type": "mutualTLS", "description": "RFC 8705: the token is bound to the client's certificate"}


def describe(
    title: Text, routes: Sequence[Route], server: str = "", proofs: Proofs | None = None, version: str = VERSION
) -> JSON:
    """The document as plain data. `server` is the public origin; '' leaves addresses relative."""
    proofs = proofs or Proofs()
    spec = APISpec(
        title=_both(title),
        version=version,
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin()],
        info={"description": _both(_DESCRIBES_ITSELF), "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        servers=[{"url": server or "/"}],
        tags=[{"name": tag} for tag in sorted({route.tag for route in routes if route.tag})],
    )
    spec.components.schema("Problem", component=_PROBLEM)
    spec.components.response("Problem", component=_problem_response("Problem / 问题"))
    for name, scheme in proofs.schemes.items():
        spec.components.security_scheme(name, scheme)
    documented = [route for route in routes if route.documented and not route.page]
    for path in dict.fromkeys(route.template for route in documented):
        there = [route for route in documented if route.template == path]
        spec.path(path=path, operations={route.method.lower(): _operation(route, proofs) for route in there})
    return spec.to_dict()


def openapi_route(document: JSON) -> Route:
    """/openapi.json, answered with bytes prepared once."""
    body = orjson.dumps(document)
    headers = (("Content-Type", "application/json"), ("Cache-Control", "public, max-age=300"))

    def endpoint(request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponse(200, body, headers)

    return Route("GET", "/openapi.json", endpoint, "anyone", _DESCRIBES_ITSELF, tag="operations", hot=True)


def _operation(route: Route, proofs: Proofs) -> JSON:
    operation: JSON = {
        "operationId": _operation_id(route),
        "summary": _both(route.summary),
        "x-tongban-access": route.access,
        "security": [{name: []} for name in proofs.accepted.get(route.access.partition(":")[0], ())],
        "parameters": [*_path_parameters(route), *map(_parameter, route.parameters)],
        "responses": _responses(route),
    }
    if route.description is not None:
        operation["description"] = f"{route.description.zh}\n\n{route.description.en}"
    if route.tag:
        operation["tags"] = [route.tag]
    if route.request_schema is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.request_type, route.request_schema)}
    return operation


def _operation_id(route: Route) -> str:
    words = [word for word in route.template.replace("{", "by-").replace("}", "").replace(".", "-").split("/") if word]
    return "-".join([route.method.lower(), *words])


def _path_parameters(route: Route) -> list[JSON]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in route.path_parameters
    ]


def _parameter(parameter: Parameter) -> JSON:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": _both(parameter.description),
        "schema": {"type": "string"},
    }


def _responses(route: Route) -> JSON:
    success: JSON = {"description": _both(route.summary)}
    if route.response_schema is not None:
        success["content"] = _content(route.response_type, route.response_schema)
    elif route.response_type != _JSON_TYPE:  # text or octets, which no schema of ours describes further
        success["content"] = {route.response_type: {"schema": {"type": "string"}}}
    by_status: dict[str, list[ProblemKind]] = {}
    for kind in route.problems:
        by_status.setdefault(str(kind.status), []).append(kind)
    problems = {status: _problem_response(_list(kinds)) for status, kinds in sorted(by_status.items())}
    return {str(route.success): success, **problems, **_ANY_PROBLEM}


def _content(media_type: str, schema: type[Schema]) -> JSON:
    return {media_type: {"schema": schema}}


def _problem_response(description: str) -> JSON:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


def _list(kinds: Sequence[ProblemKind]) -> str:
    return "\n\n".join(f"`{kind.code}` {_both(kind.title)}" for kind in kinds)


def _both(text: Text) -> str:
    return f"{text.zh} / {text.en}"
