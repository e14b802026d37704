"""Problems by RFC 9457, bilingual, with a stable code and whose turn it is."""

from __future__ import annotations

import pytest

from kernel import problems
from kernel.problems import Problem, ProblemKind
from kernel.text import Text

KINDS = [kind for kind in vars(problems).values() if isinstance(kind, ProblemKind)]


def test_rfc9457_3_1_members_follow_the_reader_and_codes_do_not() -> None:
    problem = Problem(problems.NOT_FOUND, detail=Text("没有这个办件", "No such case"), members={"decision_id": "d1"})
    english, chinese = problem.to_json("en", "4bf9"), problem.to_json("zh", "4bf9")
    assert english == {
        "type": "urn:tongban:problem:resource.not-found",
        "title": "Not found",
        "status": 404,
        "detail": "No such case",
        "code": "resource.not-found",
        "fault": "consumer",
        "next_step": "Check the address or the identifier.",
        "trace_id": "4bf9",
        "decision_id": "d1",
    }
    assert chinese["detail"] == "没有这个办件"
    assert chinese["code"] == english["code"]


def test_a_problem_without_detail_has_none_and_prints_its_code_alone() -> None:
    problem = Problem(problems.INTERNAL, headers=(("Retry-After", "1"),))
    assert "detail" not in problem.to_json("zh", "")
    assert str(problem) == "server.internal"
    assert problem.headers == (("Retry-After", "1"),)


def test_rfc9457_3_2_an_extension_does_not_replace_a_standard_member() -> None:
    with pytest.raises(ValueError, match="status"):
        Problem(problems.INTERNAL, members={"status": 200})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_stock_kind_speaks_both_languages_and_blames_fairly(kind: ProblemKind) -> None:
    assert all([kind.title.zh, kind.title.en, kind.next_step.zh, kind.next_step.en])
    assert (kind.fault is problems.Fault.CONSUMER) == (kind.status < 500)


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS) > 10
