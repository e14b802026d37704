"""Departments' addresses on paper: what they publish, what they answer, and what they were sent."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.canonical import JSON


@dataclass
class PaperDepartments:
    """``published`` and ``answers`` by address; an exception is raised. Without an entry: nothing there, and 200."""

    published: dict[str, JSON | Exception] = field(default_factory=dict)
    answers: dict[str, int | Exception] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    pinged: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    before_answering: threading.Event | None = None
    """A department that takes its time answers when this is set."""

    def json(self, url: str) -> JSON:
        self.fetched.append(url)
        found = self.published.get(url, {})
        if isinstance(found, Exception):
            raise found
        return found

    def post(self, url: str, fields: Mapping[str, str]) -> int:
        if self.before_answering is not None:
            self.before_answering.wait(5)
        self.told.append((url, dict(fields)))
        answer = self.answers.get(url, 200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def notify(self, url: str, bearer: str, body: Mapping[str, str]) -> int:
        self.pinged.append((url, bearer, dict(body)))
        answer = self.answers.get(url, 204)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def tokens(self, url: str) -> list[str]:
        """The logout tokens an address got."""
        return [fields["logout_token"] for told, fields in self.told if told == url]
