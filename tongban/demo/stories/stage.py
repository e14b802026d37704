"""What a story plays on: the running installation, its addresses, its people, and the narrator."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tongban.demo.narration import Narrator, StoryFailed
from tongban.demo.stories.browser import Browser
from tongban.demo.stories.people import Credentials
from tongban.officer import OfficerSession


@dataclass(frozen=True)
class Stage:
    """A running installation as the stories see it."""

    narrator: Narrator
    folder: Path
    issuer: str
    exchange: str
    sites: Mapping[str, str]
    people: Mapping[str, Credentials]
    log_key: str
    stop_department: Callable[[str], None]
    start_department: Callable[[str], None]
    neighbour: str = ""
    """The other province's exchange, where there is one."""
    officers: dict[str, OfficerSession] = field(default_factory=dict)
    """Officers who have signed in: a one-time code is not accepted twice, so nobody signs in again."""
    browsers: dict[str, Browser] = field(default_factory=dict)

    def browser_of(self, person: str) -> Browser:
        """A person's browser, with the session they have, from one story to the next."""
        return self.browsers.setdefault(person, Browser())

    def licences(self) -> dict[str, str]:
        """Division by licence number in the market regulator's own database: what was really written there."""
        with sqlite3.connect(self.folder / "departments" / "market" / "licences.sqlite3") as database:
            rows = database.execute("SELECT tyshxydm, xzqh FROM yyzz").fetchall()
        database.close()
        return dict(rows)

    def certificate_of(self, licence: str) -> str:
        """The e-certificate identifier of a licence, in the market regulator's own database."""
        with sqlite3.connect(self.folder / "departments" / "market" / "licences.sqlite3") as database:
            (found,) = database.execute("SELECT dzzzbs FROM yyzz WHERE tyshxydm = ?", (licence,)).fetchone()
        database.close()
        return str(found)

    def titles(self) -> dict[str, tuple[str, str]]:
        """(holder, state) by title in the property register's own database."""
        with sqlite3.connect(self.folder / "departments" / "property" / "titles.sqlite3") as database:
            rows = database.execute("SELECT title_number, holder_number, state FROM bdcqz").fetchall()
        database.close()
        return {title: (holder, state) for title, holder, state in rows}

    def households(self) -> dict[str, str]:
        """Household by person in the police's own database."""
        with sqlite3.connect(self.folder / "departments" / "population" / "population.sqlite3") as database:
            rows = database.execute("SELECT gmsfhm, hh FROM hkb").fetchall()
        database.close()
        return dict(rows)

    def pensions(self) -> dict[str, tuple[int, str]]:
        """(months, state) by person in the pension database of human resources."""
        with sqlite3.connect(self.folder / "departments" / "retirement" / "pensions.sqlite3") as database:
            rows = database.execute("SELECT sfzh, ljys, zt FROM ylj").fetchall()
        database.close()
        return {number: (months, state) for number, months, state in rows}

    def papers(self, *sites: str) -> tuple[int, int]:
        """Papers that were needed before, and uploads, as the exchange computed them for what was carried out."""
        counts = [row["uploads"] for site in sites for row in self.applications(site) if row["uploads"]]
        return sum(one["papers"] for one in counts), sum(one["uploads"] for one in counts)

    def site_file(self, site: str) -> dict[str, Any]:
        """What a website was given when it was registered: where the services are, who it is, and its key."""
        found: dict[str, Any] = json.loads((self.folder / "departments" / site / "site.json").read_text("utf-8"))
        return found

    def applications(self, site: str) -> list[dict[str, Any]]:
        """The applications a website has taken, from its own database."""
        with sqlite3.connect(self.folder / "departments" / site / "applications.sqlite3") as database:
            rows = database.execute("SELECT body FROM application").fetchall()
        database.close()
        return [json.loads(row[0]) for row in rows]

    def until_told(self, hear: Callable[[], list[dict[str, Any]]]) -> dict[str, Any]:
        """The first event, which the exchange hands out a moment after its cause. Raises StoryFailed."""
        for _attempt in range(40):
            if events := hear():
                return events[0]
            self.wait(0.25)
        raise StoryFailed("no event came")

    @staticmethod
    def wait(seconds: float) -> None:
        """Let time pass, as a person would before trying again."""
        time.sleep(seconds)
