"""The OpenAPI 3.1 description of a service, generated from its route table and marshmallow schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from kernel.problems import MEDIA_TYPE, Fault, ProblemKind
from kernel.text import Text
from kernel.version import VERSION
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.routes import Parameter, Refusals, Reply, Route

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
_OAUTH_ERROR: JSON = {
    "type": "object",
    "description": "RFC 6749 §5.2",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
_JSON_TYPE = "application/json"
_REFUSALS: Mapping[Refusals, JSON] = {
    Refusals.PROBLEM: {"description": "Problem / 问题", "schema": "Problem", "type": MEDIA_TYPE},
    Refusals.OAUTH: {"description": "OAuth 错误 / an OAuth error", "schema": "OAuthError", "type": _JSON_TYPE},
    Refusals.PAGE: {"description": "给人看的页面 / a page for people", "schema": None, "type": "text/html"},
}
_Description = Schema.from_dict(
    {"openapi": fields.String(required=True), "paths": fields.Dict(required=True)}, name="ApiDescription"
)
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
    spec.components.schema("OAuthError", component=_OAUTH_ERROR)
    for refusals, said in _REFUSALS.items():
        # What is refused before an endpoint is reached (a body that is too long, a service that is down) is a problem.
        content = _refusal("", "Problem", MEDIA_TYPE)["content"] | _refusal(**said)["content"]
        spec.components.response(refusals.value, component={"description": said["description"], "content": content})
    for name, scheme in proofs.schemes.items():
        spec.components.security_scheme(name, scheme)
    documented = [route for route in routes if route.documented and not route.page]
    for path in dict.fromkeys(route.template for route in documented):
        there = [route for route in documented if route.template == path]
        spec.path(path=path, operations={route.method.lower(): _operation(route, proofs) for route in there})
    document: JSON = _as_json_schema(spec.to_dict())
    return document


_OF_KIND = {
    "object": {"maxLength": "maxProperties", "minLength": "minProperties"},
    "array": {"maxLength": "maxItems", "minLength": "minItems"},
}
"""How JSON Schema calls the length of what is no string."""


def _as_json_schema(node: Any) -> Any:
    """Python's way to write the ends of a pattern, and of a length, as JSON Schema (ECMA-262) writes them."""
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    kinds = node.get("type")
    named = _OF_KIND.get(
        next((one for one in kinds if one != "null"), "") if isinstance(kinds, list) else str(kinds), {}
    )
    found = {named.get(name, name): _as_json_schema(value) for name, value in node.items()}
    if isinstance(found.get("pattern"), str):
        found["pattern"] = found["pattern"].replace(r"\A", "^").replace(r"\Z", "$")
    return found


def openapi_route(document: JSON) -> Route:
    """/openapi.json, answered with bytes prepared once."""
    body = orjson.dumps(document)
    headers = (("Content-Type", "application/json"), ("Cache-Control", "public, max-age=300"))

    def endpoint(request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponse(200, body, headers)

    said, tag = _DESCRIBES_ITSELF, "operations"
    return Route("GET", "/openapi.json", endpoint, "anyone", said, None, _Description, tag=tag, hot=True)


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
    success = Reply(route.success, route.summary, route.response_schema, route.response_type)
    described: JSON = {}
    for reply in (success, *route.replies):
        known = described.setdefault(str(reply.status), {"description": _both(reply.said)})
        if content := _content_of(reply):
            known.setdefault("content", {}).update(content)
        if reply.headers:
            known.setdefault("headers", {}).update(dict.fromkeys(reply.headers, _HEADER))
    by_status: dict[str, list[ProblemKind]] = {}
    for kind in route.problems:
        by_status.setdefault(str(kind.status), []).append(kind)
    for status, kinds in sorted(by_status.items()):
        problems = _refusal(_list(kinds), "Problem", MEDIA_TYPE)
        known = described.setdefault(status, {"description": problems["description"]})
        known.setdefault("content", {}).update(problems["content"])
    return {**described, "default": {"$ref": f"#/components/responses/{route.refusals.value}"}}


_HEADER = {"schema": {"type": "string"}}


def _content_of(reply: Reply) -> JSON:
    if reply.schema is not None:
        return _content(reply.media_type, reply.schema)
    if reply.media_type != _JSON_TYPE:  # text or octets, which no schema of ours describes further
        return {reply.media_type: {"schema": {"type": "string"}}}
    return {}


def _content(media_type: str, schema: type[Schema]) -> JSON:
    return {media_type: {"schema": schema}}


def _refusal(description: str, schema: str | None, type: str) -> JSON:  # noqa: A002 - as OpenAPI calls it
    said = {"type": "string"} if schema is None else {"$ref": f"#/components/schemas/{schema}"}
    return {"description": description, "content": {type: {"schema": said}}}


def _list(kinds: Sequence[ProblemKind]) -> str:
    return "\n\n".join(f"`{kind.code}` {_both(kind.title)}" for kind in kinds)


def _both(text: Text) -> str:
    return f"{text.zh} / {text.en}"
