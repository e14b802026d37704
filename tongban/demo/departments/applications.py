"""The applications a website has taken, in its own small database."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

WAITS = {"awaiting-person", "awaiting-preview"}
"""The statuses of evidence that somebody looks up, or for which its person has to answer or agree first."""


@dataclass(frozen=True)
class Application:
    """One person's application: what they typed, what departments sent, what came of it."""

    identifier: str
    owner: str
    case: str
    answers: dict[str, str]
    state: str
    verifier: str
    proof_key: dict[str, str]
    location: str
    status: str = "waiting"
    evidence: list[dict[str, Any]] = field(default_factory=list)
    outcome: list[list[str]] = field(default_factory=list)
    uploads: dict[str, Any] = field(default_factory=dict)
    note: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def holding(self, evidence: list[dict[str, Any]], requests: list[str]) -> Application:
        """This application with the evidence that came, and under which requests it can be asked for again."""
        came = {item["status"] for item in evidence}
        status = "complete" if came == {"delivered"} else "awaiting" if came <= {"delivered", *WAITS} else "partial"
        return replace(self, evidence=evidence, requests=requests, status=status)

    def asked_anew(self, state: str, verifier: str, proof_key: dict[str, str], location: str) -> Application:
        """This application with a new pushed request, for which its owner signs in again."""
        return replace(self, state=state, verifier=verifier, proof_key=proof_key, location=location)

    def ended(
        self, status: str, outcome: list[list[str]] | None = None, uploads: dict[str, Any] | None = None
    ) -> Application:
        """This application, settled."""
        return replace(self, status=status, outcome=outcome or [], uploads=uploads or {})

    def stopped(self, zh: str, en: str) -> Application:
        """This application, which the department cannot carry out, and why."""
        return replace(self, status="stopped", note=[zh, en])

    @property
    def complete(self) -> bool:
        """Whether every item asked for was delivered."""
        return self.status == "complete"

    def data(self, kind: str) -> dict[str, Any]:
        """The released fields of the first delivered evidence of a type."""
        return next(item["data"] for item in self.evidence if item["type"] == kind)

    def certificate(self, kind: str) -> dict[str, Any]:
        """How the certificate stands that the first delivered evidence of a type is, as it says itself."""
        return next(item["provenance"]["certificate_status"] for item in self.evidence if item["type"] == kind)

    def answers_of(self, kind: str) -> list[dict[str, Any]]:
        """The answers of the first evidence of a type that has some."""
        return next(item["answers"] for item in self.evidence if item["type"] == kind and "answers" in item)

    def answer(self, kind: str, question: str) -> Any:
        """The answer to a question about evidence of a type."""
        return next(one["answer"] for one in self.answers_of(kind) if one["name"] == question)


class Applications:
    """A table of applications, looked up by identifier or by the state parameter of the pushed request."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False)
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS application (identifier TEXT PRIMARY KEY, state TEXT UNIQUE, body TEXT)"
        )

    def save(self, application: Application) -> None:
        """Insert or replace."""
        row = (application.identifier, application.state, json.dumps(asdict(application), ensure_ascii=False))
        with self.lock, self.database:
            self.database.execute("INSERT OR REPLACE INTO application VALUES (?,?,?)", row)

    def get(self, identifier: str) -> Application | None:
        """The application with this identifier."""
        return self._one("SELECT body FROM application WHERE identifier = ?", identifier)

    def by_state(self, state: str) -> Application | None:
        """The application whose pushed request carried this state."""
        return self._one("SELECT body FROM application WHERE state = ?", state)

    def _one(self, statement: str, value: str) -> Application | None:
        with self.lock:
            row = self.database.execute(statement, (value,)).fetchone()
        return Application(**json.loads(row[0])) if row else None
