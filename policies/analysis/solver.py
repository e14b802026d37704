"""Questions to the solver, each under a time limit: nobody can, here is somebody who can, or: not proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import cvc5

from policies.analysis.terms import Encoder, Term


@dataclass(frozen=True, slots=True)
class Limit:
    """How long one question may take: by the clock, and in the solver's own steps, which are the same everywhere."""

    milliseconds: int = 2000
    steps: int = 20_000_000


USUAL = Limit()


@dataclass(frozen=True, slots=True)
class Found:
    """A model: the value of each term in it."""

    value: Callable[[Term], Any]


class NotProved(Exception):
    """The solver gave no answer in time, or none that the real engines confirm; ``why`` is a stable word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Questioning:
    """One solver for several questions that share what is ``given``: it is read once."""

    def __init__(self, encoder: Encoder, given: Iterable[Term] = (), limit: Limit = USUAL) -> None:
        self._solver = solver = cvc5.Solver(encoder.manager)
        solver.setOption("incremental", "true")
        solver.setOption("produce-models", "true")
        solver.setOption("tlimit-per", str(limit.milliseconds))
        solver.setOption("rlimit-per", str(limit.steps))
        solver.setLogic("QF_LIA")
        for term in given:
            solver.assertFormula(term)
        solver.push()

    def find(self, wanted: Iterable[Term], preferred: Iterable[Term] = ()) -> Found | None:
        """A model of all that is wanted, with as much of the ``preferred`` as goes together; None when there is none.

        It can be read until the next question. Raises NotProved.
        """
        solver = self._solver
        solver.pop()
        solver.push()
        for term in wanted:
            solver.assertFormula(term)
        answer = solver.checkSat()
        if answer.isUnsat():
            return None
        if not answer.isSat():
            raise NotProved("time-limit")
        kept: list[Term] = []
        for term in preferred:
            if solver.checkSatAssuming(*kept, term).isSat():
                kept.append(term)
        if kept and not solver.checkSatAssuming(*kept).isSat():
            raise NotProved("time-limit")
        return Found(solver.getValue)
