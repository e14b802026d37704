"""Stacks and what is made of them."""

import sys

from tests.benchmarks import profiling

STACKS = ["a/x.py:1 f;b/y.py:2 g 3000", "a/x.py:9 f;b/y.py:3 g 1000", "a/x.py:1 f 2000"]


def test_time_is_charged_to_a_line_itself_and_to_the_functions_above_it() -> None:
    said: list[str] = []
    profiling.summarize(STACKS, 10, said.append)
    assert said[1].split() == ["300.0", "b/y.py:2", "g"]
    heading = next(index for index, line in enumerate(said) if "by function" in line)
    assert [line.split() for line in said[heading + 1 :]] == [["600.0", "a/x.py", "f"], ["400.0", "b/y.py", "g"]]


def test_a_recursive_function_is_charged_once_a_stack() -> None:
    said: list[str] = []
    profiling.summarize(["a.py:1 f;a.py:2 f;a.py:2 f 500"], 1, said.append)
    assert said[-1].split() == ["500.0", "a.py", "f"]


def test_a_stack_is_one_line_with_the_outermost_call_first() -> None:
    frames = profiling.collapsed(sys._getframe()).split(";")
    assert frames[-1].startswith("tests/unit/benchmarks/test_profiling.py:")
    assert frames[-1].endswith("test_a_stack_is_one_line_with_the_outermost_call_first")
