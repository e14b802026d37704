"""One contract for both doors: what an endpoint sees and what a caller gets do not depend on how it was reached."""

from __future__ import annotations

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs
from werkzeug.test import Client

from kernel.metrics import Metrics
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpResponse, json_response, redirect

from .conftest import echo, make_app, route


def refuse(request):
    raise Problem(NOT_FOUND, detail=Text("没有此案件。", "No such case."), members={"decision_id": "d1"})


def break_down(request):
    raise KeyError("citizen 500199200001010012")


def test_the_endpoint_sees_method_path_query_body_and_headers(door):
    client = door(echo, "POST", public_origin="https://id.example/")
    seen = client.post("/thing?a=1&b=%20", data=b"payload", headers={"DPoP": "proof"}).json
    assert (seen["method"], seen["path"], seen["query"], seen["body"]) == ("POST", "/thing", "a=1&b=%20", "payload")
    assert seen["headers"]["dpop"] == "proof"


def test_the_address_is_the_configured_origin_whatever_host_the_caller_names(door):
    client = door(echo, public_origin="https://id.example")
    assert client.get("/thing", headers={"Host": "evil.example"}).json["url"] == "https://id.example/thing"


def test_without_a_configured_origin_the_address_is_the_request_s(door):
    assert door(echo).get("/thing", base_url="http://127.0.0.1:8400").json["url"] == "http://127.0.0.1:8400/thing"


def test_rfc9457_a_problem_becomes_problem_json_in_the_readers_language(door):
    answer = door(refuse).get("/thing", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Content-Language"] == "en"
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.json["detail"] == "No such case."
    assert answer.json["decision_id"] == "d1"
    assert door(refuse).get("/thing").json["detail"] == "没有此案件。"


def test_an_unknown_exception_is_a_500_with_a_trace_id_and_a_log_line_without_its_message(door):
    with capture_logs() as logs:
        answer = door(break_down).get("/thing")
    assert answer.status_code == 500
    assert answer.json["code"] == "server.internal"
    (line,) = logs
    assert line["trace_id"] == answer.json["trace_id"]
    assert line["exception"] == "KeyError"
    assert any("break_down" in frame for frame in line["at"])
    assert "500199" not in repr(logs)
    assert "500199" not in answer.text


def test_the_service_s_own_translation_comes_first_and_may_decline(door):
    def translate(error, request):
        return json_response({"error": "invalid_request"}, 400) if isinstance(error, Problem) else None

    assert door(refuse, translate=translate).get("/thing").json == {"error": "invalid_request"}
    with capture_logs():
        assert door(break_down, translate=translate).get("/thing").status_code == 500


def test_a_faulty_translation_does_not_take_the_answer_away(door):
    def translate(error, request):
        raise RuntimeError

    with capture_logs() as logs:
        answer = door(refuse, translate=translate).get("/thing")
    assert answer.status_code == 404
    assert [line["route"] for line in logs] == ["translate"]


def test_w3c_trace_context_is_continued_or_begun(door):
    header = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    assert door(echo).get("/thing", headers=header).json["trace"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert len(door(echo).get("/thing").json["trace"]) == 32


@pytest.mark.parametrize("status", [200, 404])
def test_requests_are_counted_by_route_pattern_and_status_class(door, status):
    metrics = Metrics()
    door(lambda request: HttpResponse(status), metrics=metrics).get("/thing")
    counted = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if sample.name == "tongban_http_requests_total"
    }
    assert counted == {("/thing", f"{status // 100}xx"): 1.0}


def test_head_gives_the_headers_of_get_without_a_body(door):
    answer = door(lambda request: json_response({"a": 1})).head("/thing")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "7")


def test_options_names_the_methods(door):
    answer = door(echo, "POST").options("/thing")
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_another_method_is_405_and_says_which_are_allowed(door):
    answer = door(echo, "POST").get("/thing")
    assert (answer.status_code, answer.json["code"]) == (405, "request.method-not-allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_redirect_is_303_without_a_content_type(door):
    answer = door(lambda request: redirect("/next"), "POST").post("/thing")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/next")
    assert "Content-Type" not in answer.headers


def test_204_carries_no_content_length(door):
    answer = door(lambda request: HttpResponse(204), "POST").post("/thing")
    assert answer.status_code == 204
    assert "Content-Length" not in answer.headers


def test_a_status_outside_the_registry_still_has_a_status_line(door):
    assert door(lambda request: HttpResponse(299)).get("/thing").status_code == 299


def test_path_parameters_reach_the_endpoint():
    client = Client(make_app(route(echo, "POST", "/v1/cases/<case>/close")))
    assert client.post("/v1/cases/case_01/close").json["parameters"] == {"case": "case_01"}


@pytest.mark.parametrize("path", ["/nowhere", "//thing", "/thing/", "/thing/../thing2"])
def test_an_unknown_path_is_a_404_problem_and_never_a_redirect(path):
    answer = Client(make_app(route(echo))).get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "resource.not-found")
    assert answer.json["trace_id"] != "0" * 32


def test_two_methods_of_one_path_share_their_allow_header():
    client = Client(make_app(route(echo, "POST", "/v1/cases"), route(echo, "GET", "/v1/cases")))
    assert set(client.delete("/v1/cases").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_route_must_say_who_may_call_it():
    with pytest.raises(ValueError, match="who may call"):
        route(echo, access="")


@pytest.mark.parametrize("more", [{"path": "/v1/<case>"}, {"page": True}])
def test_a_hot_route_has_an_exact_path_and_is_no_page(more):
    with pytest.raises(ValueError, match="hot"):
        route(echo, hot=True, **more)


def test_json_answers_are_utf8():
    answer = json_response({"姓名": "李*明"}, 201, (("Location", "/x"),))
    assert json.loads(answer.body) == {"姓名": "李*明"}
    assert answer.header("LOCATION") == "/x"
    assert answer.header("etag") is None
