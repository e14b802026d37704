"""The OpenAPI 3.1 description comes from the same table that is served."""

from __future__ import annotations

import json
import re

from marshmallow import Schema, fields, validate
from werkzeug.test import Client

from kernel.problems import NOT_FOUND, TOO_LARGE, TOO_MANY_REQUESTS
from kernel.text import Text
from kernel.version import VERSION
from kernel.web.openapi import DPOP, Proofs
from kernel.web.routes import Parameter, Refusals, Reply

from .conftest import echo, make_app, route


class SubjectSchema(Schema):
    scheme = fields.String(required=True)


class OpenCase(Schema):
    service_item = fields.String(required=True)
    subjects = fields.List(fields.Nested(SubjectSchema))


class Opened(Schema):
    case = fields.String(required=True, validate=validate.Regexp(r"\Acase_[0-9A-Z]{26}\Z"))
    facts = fields.Dict(validate=validate.Length(max=50))


ROUTES = [
    route(
        echo,
        "POST",
        "/v1/cases",
        request_schema=OpenCase,
        response_schema=Opened,
        success=201,
        tag="cases",
        access="system",
        problems=(NOT_FOUND, TOO_LARGE, TOO_MANY_REQUESTS),
        description=Text("说明", "Explanation"),
        hot=True,
    ),
    route(echo, "GET", "/v1/cases", parameters=(Parameter("status", Text("状态", "State")),)),
    route(echo, "GET", "/v1/cases/<case>/items/<int:number>"),
    route(echo, "POST", "/token", request_schema=Opened, request_type="application/x-www-form-urlencoded"),
    route(echo, "GET", "/proof", response_type="text/plain"),
    route(echo, "GET", "/hidden", documented=False),
    route(echo, "GET", "/page", page=True),
]


def document(**settings):
    return Client(make_app(*ROUTES, **settings)).get("/openapi.json").json


def test_every_documented_route_is_described_with_who_may_call():
    found = document()
    assert found["openapi"] == "3.1.0"
    opened = found["paths"]["/v1/cases"]["post"]
    assert opened["x-tongban-access"] == "system"
    assert opened["summary"] == "测试 / test"
    assert opened["description"] == "说明\n\nExplanation"
    assert set(opened["responses"]) == {"201", "404", "413", "429", "default"}
    assert "resource.not-found" in opened["responses"]["404"]["description"]
    assert {"/hidden", "/page", "/docs", "/static/kit/{name}"}.isdisjoint(found["paths"])
    assert {"/healthz", "/readyz", "/metrics"} <= found["paths"].keys()


def test_what_a_caller_needs_is_a_security_scheme_and_the_version_is_the_releases():
    routes = (route(echo, "GET", "/open"), route(echo, "GET", "/desk", access="officer:panel"))
    app = make_app(*routes, proofs=Proofs({"dpop": DPOP}, {"officer": ("dpop",)}))
    found = Client(app).get("/openapi.json").json
    assert found["info"]["version"] == VERSION
    assert found["components"]["securitySchemes"]["dpop"]["scheme"] == "DPoP"
    assert found["paths"]["/open"]["get"]["security"] == []
    assert found["paths"]["/desk"]["get"]["security"] == [{"dpop": []}]


def test_path_query_and_body_are_described():
    found = document()
    path = found["paths"]["/v1/cases/{case}/items/{number}"]["get"]
    assert [(each["name"], each["in"]) for each in path["parameters"]] == [("case", "path"), ("number", "path")]
    assert found["paths"]["/v1/cases"]["get"]["parameters"][0]["name"] == "status"
    assert "application/x-www-form-urlencoded" in found["paths"]["/token"]["post"]["requestBody"]["content"]
    schema = found["components"]["schemas"]["OpenCase"]
    assert schema["required"] == ["service_item"]


def test_an_answer_says_its_media_type_with_or_without_a_schema():
    found = document()
    [(kind, content)] = found["paths"]["/proof"]["get"]["responses"]["200"]["content"].items()
    assert (kind, content["schema"]) == ("text/plain", {"type": "string"})
    for path in ("/healthz", "/readyz", "/metrics"):
        assert found["paths"][path]["get"]["responses"]["200"]["content"], path


def test_every_reference_resolves_and_operation_ids_are_unique():
    found = document()
    for name in re.findall(r'"#/components/([^"]+)"', json.dumps(found)):
        part, _, key = name.partition("/")
        assert key in found["components"][part]
    operations = [operation["operationId"] for path in found["paths"].values() for operation in path.values()]
    assert len(operations) == len(set(operations))


def test_patterns_and_lengths_are_written_as_json_schema_writes_them():
    schema = document()["components"]["schemas"]["Opened"]["properties"]
    assert schema["case"]["pattern"] == "^case_[0-9A-Z]{26}$"
    assert schema["facts"]["maxProperties"] == 50
    assert "maxLength" not in schema["facts"]


def test_what_is_answered_beside_success_is_described_and_in_which_form_it_refuses():
    waits = Reply(202, Text("等待", "Waits"), Opened, headers=("Location",))
    signed = Reply(200, Text("已签名", "Signed"), media_type="application/jwt")
    routes = (
        route(echo, "POST", "/ask", response_schema=Opened, replies=(waits, signed), problems=(NOT_FOUND,)),
        route(echo, "POST", "/token", refusals=Refusals.OAUTH),
        route(echo, "POST", "/authorize", refusals=Refusals.PAGE, success=303),
    )
    found = Client(make_app(*routes)).get("/openapi.json").json
    said = found["paths"]["/ask"]["post"]["responses"]
    assert set(said) == {"200", "202", "404", "default"}
    assert set(said["200"]["content"]) == {"application/json", "application/jwt"}
    assert set(said["202"]["headers"]) == {"Location"}
    defaults = {
        path: found["paths"][path]["post"]["responses"]["default"]["$ref"]
        for path in found["paths"]
        if "post" in found["paths"][path]
    }
    assert defaults["/token"].endswith("OAuthError")
    assert defaults["/authorize"].endswith("ErrorPage")
    kinds = {name: set(each["content"]) for name, each in found["components"]["responses"].items()}
    problem = "application/problem+json"
    assert kinds == {
        "Problem": {problem},
        "OAuthError": {"application/json", problem},
        "ErrorPage": {"text/html", problem},
    }


def test_the_server_is_the_public_origin_when_there_is_one():
    assert document(public_origin="https://x.example")["servers"] == [{"url": "https://x.example"}]
    assert document()["servers"] == [{"url": "/"}]
