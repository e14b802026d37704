"""What goes over the wire, and what is read back from wrk."""

import pytest

from tests.benchmarks import load

LINE = (
    'RESULT {"requests": 1200, "seconds": 2.000000, "p50_ms": 3.100, "p99_ms": 9.900, "status": 1, "connect": 2, '
    '"read": 3, "write": 4, "timeout": 5, "wrong": 6, "exhausted": 7}'
)


def test_the_result_line_is_found_among_what_wrk_prints() -> None:
    measured = load.parse(f"Running 2s test @ http://127.0.0.1:1\n  Requests/sec: 600\n{LINE}\n")
    assert (measured.requests, measured.seconds, measured.p99_ms) == (1200, 2.0, 9.9)
    assert measured.errors == 1 + 2 + 3 + 4 + 5 + 6 + 7


def test_output_without_a_result_is_a_failure_and_not_a_zero() -> None:
    with pytest.raises(load.LoadFailed):
        load.parse("unable to connect to 127.0.0.1:1 Connection refused\n")


def test_a_request_is_complete_http_1_1() -> None:
    request = load.Request(8400, "POST", "/token", (("Accept", "*/*"),), b"a=b")
    assert request.raw() == (
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1:8400\r\nAccept: */*\r\nContent-Length: 3\r\n\r\na=b"
    )
    assert load.Request(1, "GET", "/jwks").raw() == b"GET /jwks HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"


@pytest.mark.parametrize(("cpu", "bound"), [(1.95, True), (1.0, False)])
def test_a_generator_at_its_limit_is_told(cpu: float, bound: bool) -> None:
    from dataclasses import replace

    assert replace(load.parse(LINE), generator_cpu=cpu).client_bound is bound
